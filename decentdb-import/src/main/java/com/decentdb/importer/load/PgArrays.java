package com.decentdb.importer.load;

import com.decentdb.importer.schema.ColumnType.Kind;
import java.nio.charset.StandardCharsets;

/** PostgreSQL's text of an array as a JSON array: {@code {1,NULL,{a}}} is {@code [1,null,["a"]]}. */
final class PgArrays {

    private final String text;
    private final Kind element;
    private final StringBuilder json = new StringBuilder();
    private int at;

    private PgArrays(String text, Kind element) {
        this.text = text;
        this.element = element;
    }

    static String toJson(String text, Kind element) {
        PgArrays array = new PgArrays(text, element);
        if (text.startsWith("[")) {
            // Bounds other than from 1 on stand before the members.
            int members = text.indexOf("={");
            array.at = members < 0 ? 0 : members + 1;
        }
        array.array();
        if (array.at != text.length()) {
            throw array.malformed();
        }
        return array.json.toString();
    }

    private IllegalArgumentException malformed() {
        return new IllegalArgumentException("'" + text + "' is not an array");
    }

    private char peek() {
        if (at >= text.length()) {
            throw malformed();
        }
        return text.charAt(at);
    }

    private void array() {
        if (peek() != '{') {
            throw malformed();
        }
        at++;
        json.append('[');
        boolean first = true;
        while (peek() != '}') {
            if (!first) {
                if (peek() != ',') {
                    throw malformed();
                }
                at++;
                json.append(',');
            }
            first = false;
            member();
        }
        at++;
        json.append(']');
    }

    private void member() {
        if (peek() == '{') {
            array();
        } else if (peek() == '"') {
            at++;
            StringBuilder value = new StringBuilder();
            while (peek() != '"') {
                if (peek() == '\\') {
                    at++;
                }
                value.append(peek());
                at++;
            }
            at++;
            value(value.toString());
        } else {
            int start = at;
            while (peek() != ',' && peek() != '}') {
                at++;
            }
            String value = text.substring(start, at);
            if (value.equals("NULL")) {
                json.append("null");
            } else {
                value(value);
            }
        }
    }

    private void value(String value) {
        boolean bare = switch (element) {
            case INT64, FLOAT64, DECIMAL -> !value.equals("NaN") && !value.endsWith("Infinity");
            case JSON -> true;
            default -> false;
        };
        if (element == Kind.BOOL) {
            json.append(value.equals("t") ? "true" : "false");
        } else if (bare) {
            json.append(value);
        } else {
            quote(value);
        }
    }

    private void quote(String value) {
        json.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ') {
                json.append("\\u00").append(hex(c));
            } else {
                json.append(c);
            }
        }
        json.append('"');
    }

    private static String hex(char c) {
        byte[] digits = {(byte) "0123456789abcdef".charAt(c >> 4), (byte) "0123456789abcdef".charAt(c & 15)};
        return new String(digits, StandardCharsets.US_ASCII);
    }
}
