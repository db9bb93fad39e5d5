package com.decentdb.ffi;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Text for native code. */
final class Utf8 {

    private Utf8() {}

    /** Encodes a string argument with its terminator. */
    static byte[] cString(String value, String noun) {
        if (value.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(noun + " contains U+0000 at index " + value.indexOf('\0')
                    + ", which cannot be passed to the engine");
        }
        byte[] bytes = encode(value, noun);
        return Arrays.copyOf(bytes, bytes.length + 1);
    }

    /** Encodes text, and refuses text that UTF-8 cannot carry instead of replacing it. */
    static byte[] encode(String value, String noun) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (Character.isSurrogate(c)) {
                if (Character.isLowSurrogate(c)
                        || i + 1 == value.length()
                        || !Character.isLowSurrogate(value.charAt(i + 1))) {
                    throw new IllegalArgumentException(noun + " contains an unpaired surrogate at index " + i);
                }
                i++;
            }
        }
        return value.getBytes(StandardCharsets.UTF_8);
    }
}
