package com.decentdb.importer.source;

import com.decentdb.importer.ImportException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The lines of a text, decoded strictly. A line that cannot be decoded is an error only for whoever asks for its text. */
final class LineReader implements Closeable {

    private static final int LONGEST = 1 << 30;

    private final InputStream in;
    private Charset charset = StandardCharsets.UTF_8;
    private byte[] buffer = new byte[1 << 16];
    private int from;
    private int filled;
    private int end;
    private long line;
    private boolean terminated;

    LineReader(InputStream in) {
        this.in = in;
    }

    void charset(Charset other) {
        charset = other;
    }

    /** Goes to the next line; false at the end of the text. */
    boolean next() {
        from = line == 0 ? 0 : end + (terminated ? 1 : 0);
        int scan = from;
        line++;
        while (true) {
            for (int i = scan; i < filled; i++) {
                if (buffer[i] == '\n') {
                    end = i;
                    terminated = true;
                    return true;
                }
            }
            scan = filled;
            if (from > 0 && filled == buffer.length) {
                System.arraycopy(buffer, from, buffer, 0, filled - from);
                filled -= from;
                scan -= from;
                from = 0;
            } else if (filled == buffer.length) {
                if (buffer.length >= LONGEST) {
                    throw new ImportException(line, "a line is longer than " + LONGEST + " bytes");
                }
                buffer = Arrays.copyOf(buffer, buffer.length * 2);
            }
            int read = read();
            if (read < 0) {
                end = filled;
                terminated = false;
                return end > from;
            }
            filled += read;
        }
    }

    private int read() {
        try {
            return in.read(buffer, filled, buffer.length - filled);
        } catch (IOException e) {
            // Decompressors report so what was cut off or damaged.
            throw new ImportException(line, "the file cannot be read further: " + e.getMessage(), e);
        }
    }

    /** The number of the line, from 1. */
    long line() {
        return line;
    }

    /** Whether the line ended with a line feed, and not with the file. */
    boolean terminated() {
        return terminated;
    }

    int length() {
        return end - from;
    }

    boolean is(String ascii) {
        int length = end - from;
        if (length > 0 && buffer[end - 1] == '\r') {
            length--;
        }
        if (length != ascii.length()) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (buffer[from + i] != ascii.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** The text of the line. */
    String text() {
        String text = new String(buffer, from, end - from, charset);
        if (text.indexOf('\uFFFD') >= 0) {
            try {
                charset.newDecoder().decode(ByteBuffer.wrap(buffer, from, end - from));
            } catch (CharacterCodingException e) {
                throw new ImportException(line, "the line is not " + charset + ", the encoding of the file", e);
            }
        }
        return text;
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
