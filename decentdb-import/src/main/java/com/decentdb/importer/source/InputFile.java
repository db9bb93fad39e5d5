package com.decentdb.importer.source;

import com.decentdb.importer.ImportException;
import com.github.luben.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/** A file that is read from its beginning to its end, unpacked if it is compressed, and knows how far it has come. */
final class InputFile extends FilterInputStream {

    private final Counter counter;

    private InputFile(Counter counter, InputStream unpacked) {
        super(unpacked);
        this.counter = counter;
    }

    /** The size of the file, which has to be there. */
    static long size(Path path) {
        if (!Files.isRegularFile(path)) {
            throw new ImportException("there is no such file");
        }
        try {
            return Files.size(path);
        } catch (IOException e) {
            throw new ImportException(0, "it cannot be read: " + e, e);
        }
    }

    /** The name, the size and the time of the last change. */
    static String identity(Path path) {
        try {
            return path.getFileName() + " (" + size(path) + " bytes of "
                    + Files.getLastModifiedTime(path).toInstant() + ")";
        } catch (IOException e) {
            throw new ImportException(0, "it cannot be read: " + e, e);
        }
    }

    static InputFile open(Path path) {
        Counter counter;
        try {
            counter = new Counter(Files.newInputStream(path));
        } catch (NoSuchFileException e) {
            throw new ImportException(0, "there is no such file", e);
        } catch (IOException e) {
            throw new ImportException(0, "it cannot be read: " + e, e);
        }
        try {
            return new InputFile(counter, unpacked(counter));
        } catch (IOException e) {
            try {
                counter.close();
            } catch (IOException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw new ImportException(0, "it cannot be unpacked: " + e.getMessage(), e);
        }
    }

    private static InputStream unpacked(InputStream raw) throws IOException {
        BufferedInputStream buffered = new BufferedInputStream(raw, 1 << 16);
        buffered.mark(4);
        byte[] head = buffered.readNBytes(4);
        buffered.reset();
        if (head.length >= 2 && head[0] == 0x1f && (head[1] & 0xff) == 0x8b) {
            return new GZIPInputStream(buffered, 1 << 16);
        }
        if (head.length == 4
                && head[0] == 0x28
                && (head[1] & 0xff) == 0xb5
                && head[2] == 0x2f
                && (head[3] & 0xff) == 0xfd) {
            return new ZstdInputStream(buffered);
        }
        return buffered;
    }

    /** The bytes of the file, as it lies on disk, that were read. */
    long position() {
        return counter.count;
    }

    private static final class Counter extends FilterInputStream {

        private long count;

        Counter(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            int read = super.read();
            advance(read < 0 ? 0 : 1);
            return read;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int read = super.read(bytes, offset, length);
            advance(Math.max(read, 0));
            return read;
        }

        private void advance(int by) {
            count += by;
        }
    }
}
