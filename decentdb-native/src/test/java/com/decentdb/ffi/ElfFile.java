package com.decentdb.ffi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The libraries and versions that a 64-bit ELF library asks of the system that loads it.
 *
 * @param machine the number of the processor
 * @param needed the libraries it is linked to
 * @param versions the versions of their symbols, such as {@code GLIBC_2.17}
 */
record ElfFile(int machine, List<String> needed, List<String> versions) {

    static final int X86_64 = 62;
    static final int AARCH64 = 183;

    private static final int LOAD = 1;
    private static final int DYNAMIC = 2;
    private static final long NEEDED = 1;
    private static final long STRINGS = 5;
    private static final long VERSIONS = 0x6ffffffeL;

    static ElfFile read(byte[] library) {
        ByteBuffer file = ByteBuffer.wrap(library).order(ByteOrder.LITTLE_ENDIAN);
        if (file.getInt(0) != 0x464c457f || file.get(4) != 2) {
            throw new IllegalArgumentException("no 64-bit ELF file");
        }
        long strings = 0;
        long versions = 0;
        List<Long> needed = new ArrayList<>();
        int dynamic = Math.toIntExact(file.getLong(segment(file, DYNAMIC, 0) + 8));
        for (int at = dynamic; file.getLong(at) != 0; at += 16) {
            long tag = file.getLong(at);
            long value = file.getLong(at + 8);
            if (tag == NEEDED) {
                needed.add(value);
            } else if (tag == STRINGS) {
                strings = value;
            } else if (tag == VERSIONS) {
                versions = value;
            }
        }
        int names = offset(file, strings);
        return new ElfFile(
                file.getShort(18),
                needed.stream().map(name -> text(file, names + name.intValue())).toList(),
                versions == 0 ? List.of() : versions(file, offset(file, versions), names));
    }

    /** The libraries are a chain of records, and so are the versions of each. */
    private static List<String> versions(ByteBuffer file, int first, int names) {
        List<String> found = new ArrayList<>();
        int library = first;
        while (true) {
            int version = library + file.getInt(library + 8);
            for (int left = file.getShort(library + 2); left > 0; left--) {
                found.add(text(file, names + file.getInt(version + 8)));
                version += file.getInt(version + 12);
            }
            int next = file.getInt(library + 12);
            if (next == 0) {
                return found;
            }
            library += next;
        }
    }

    /** Returns where the header of the first segment of a type is whose memory has an address; any, for the address 0. */
    private static int segment(ByteBuffer file, int type, long address) {
        int header = Math.toIntExact(file.getLong(32));
        for (int left = file.getShort(56); left > 0; left--) {
            long start = file.getLong(header + 16);
            if (file.getInt(header) == type
                    && (address == 0 || (start <= address && address < start + file.getLong(header + 32)))) {
                return header;
            }
            header += file.getShort(54);
        }
        throw new IllegalArgumentException("no segment of type " + type + " for " + address);
    }

    private static int offset(ByteBuffer file, long address) {
        int header = segment(file, LOAD, address);
        return Math.toIntExact(address - file.getLong(header + 16) + file.getLong(header + 8));
    }

    private static String text(ByteBuffer file, int at) {
        StringBuilder text = new StringBuilder();
        for (int end = at; file.get(end) != 0; end++) {
            text.append((char) file.get(end));
        }
        return text.toString();
    }
}
