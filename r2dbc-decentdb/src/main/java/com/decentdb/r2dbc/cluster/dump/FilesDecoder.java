package com.decentdb.r2dbc.cluster.dump;

import com.decentdb.r2dbc.api.cluster.DumpChunk;
import com.decentdb.r2dbc.cluster.wire.Replies;
import com.decentdb.r2dbc.cluster.wire.WireException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Cuts the answer to a dump into {@link DumpChunk}s while it arrives, and ends it with {@link #END}; a failure is passed on as it is. Of an
 * answer of any size it holds what has just arrived.
 */
final class FilesDecoder extends ByteToMessageDecoder {

    /** Behind the last piece. */
    static final Object END = new Object();

    private static final int WORD = 8;
    private static final int FILES = 9;
    private static final int LONGEST_CHUNK = 64 * 1024;
    private static final int LONGEST_FAILURE = 64 * 1024;
    private static final int LONGEST_NAME = 4096;

    private enum Step {
        HEADER,
        FAILURE,
        COUNT,
        NAME,
        SIZE,
        CONTENT,
        OVER
    }

    private Step step = Step.HEADER;
    /** Of the answer, not read yet. */
    private long bytesLeft;

    private long filesLeft;
    private String name = "";
    private long size;
    private long offset;

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        switch (step) {
            case HEADER -> header(in);
            case FAILURE -> failure(in, out);
            case COUNT -> count(in, out);
            case NAME -> name(in);
            case SIZE -> size(in, out);
            case CONTENT -> content(in, out);
            case OVER -> throw new WireException("not a dqlite node: it sent bytes behind the answer");
        }
    }

    private void header(ByteBuf in) {
        if (in.readableBytes() < WORD) {
            return;
        }
        bytesLeft = in.readUnsignedIntLE() * WORD;
        int type = in.readUnsignedByte();
        in.skipBytes(3);
        if (type == 0 && bytesLeft <= LONGEST_FAILURE) {
            step = Step.FAILURE;
        } else if (type == FILES) {
            step = Step.COUNT;
        } else {
            throw new WireException(
                    "not a dqlite node: it answered a dump with type " + type + " of " + bytesLeft + " bytes");
        }
    }

    private void failure(ByteBuf in, List<Object> out) {
        if (in.readableBytes() >= bytesLeft) {
            byte[] body = new byte[(int) bytesLeft];
            in.readBytes(body);
            step = Step.OVER;
            out.add(Replies.decode(0, 0, body));
        }
    }

    private void count(ByteBuf in, List<Object> out) {
        if (in.readableBytes() >= WORD) {
            filesLeft = take(in);
            if (filesLeft < 0 || filesLeft > bytesLeft / (2 * WORD)) {
                throw new WireException("A dump claims " + Long.toUnsignedString(filesLeft) + " files");
            }
            next(out);
        }
    }

    private void name(ByteBuf in) {
        int length = in.bytesBefore((byte) 0);
        if (length < 0 && in.readableBytes() > LONGEST_NAME) {
            throw new WireException("A file of a dump has a name without an end");
        }
        int padded = length / WORD * WORD + WORD;
        if (length < 0 || in.readableBytes() < padded) {
            return;
        }
        need(padded);
        name = in.toString(in.readerIndex(), length, StandardCharsets.UTF_8);
        in.skipBytes(padded);
        step = Step.SIZE;
    }

    private void size(ByteBuf in, List<Object> out) {
        if (in.readableBytes() < WORD) {
            return;
        }
        size = take(in);
        offset = 0;
        if (size < 0 || size > bytesLeft) {
            throw new WireException(
                    "A file of a dump claims " + Long.toUnsignedString(size) + " bytes of " + bytesLeft);
        }
        step = Step.CONTENT;
        if (size == 0) {
            piece(new byte[0], out);
        }
    }

    private void content(ByteBuf in, List<Object> out) {
        byte[] bytes = new byte[(int) Math.min(Math.min(in.readableBytes(), LONGEST_CHUNK), size - offset)];
        in.readBytes(bytes);
        need(bytes.length);
        piece(bytes, out);
    }

    private void piece(byte[] bytes, List<Object> out) {
        out.add(new DumpChunk(name, offset, size, ByteBuffer.wrap(bytes).asReadOnlyBuffer()));
        offset += bytes.length;
        if (offset == size) {
            filesLeft--;
            next(out);
        }
    }

    private void next(List<Object> out) {
        step = filesLeft > 0 ? Step.NAME : Step.OVER;
        if (step == Step.OVER) {
            if (bytesLeft > 0) {
                throw new WireException("A dump has " + bytesLeft + " bytes behind its files");
            }
            out.add(END);
        }
    }

    private long take(ByteBuf in) {
        need(WORD);
        return in.readLongLE();
    }

    private void need(int bytes) {
        bytesLeft -= bytes;
        if (bytesLeft < 0) {
            throw new WireException("A dump ends in the middle of a file");
        }
    }
}
