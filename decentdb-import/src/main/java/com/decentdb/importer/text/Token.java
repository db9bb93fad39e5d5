package com.decentdb.importer.text;

/**
 * A token of SQL text.
 *
 * @param kind its kind
 * @param value the name, the content of a literal, or the symbol; without quotes
 * @param start its first character in the text
 * @param end the character behind it
 * @param line its line in the source
 */
public record Token(Kind kind, String value, int start, int end, long line) {

    enum Kind {
        WORD,
        QUOTED,
        STRING,
        NUMBER,
        SYMBOL,
        END
    }

    public boolean word(String keyword) {
        return kind == Kind.WORD && value.equalsIgnoreCase(keyword);
    }

    public boolean symbol(String text) {
        return kind == Kind.SYMBOL && value.equals(text);
    }

    public boolean isName() {
        return kind == Kind.WORD || kind == Kind.QUOTED;
    }

    public boolean isString() {
        return kind == Kind.STRING;
    }

    public boolean isEnd() {
        return kind == Kind.END;
    }
}
