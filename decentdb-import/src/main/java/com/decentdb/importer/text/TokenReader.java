package com.decentdb.importer.text;

import com.decentdb.importer.ImportException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Reads a statement token by token. */
public final class TokenReader {

    private final String text;
    private final List<Token> tokens;
    private int at;

    public TokenReader(String text, long line, Dialect dialect) {
        this.text = text;
        this.tokens = Lexer.tokens(text, line, dialect);
    }

    public Token peek() {
        return tokens.get(at);
    }

    public Token peek(int ahead) {
        return tokens.get(Math.min(at + ahead, tokens.size() - 1));
    }

    public Token next() {
        Token token = tokens.get(at);
        if (!token.isEnd()) {
            at++;
        }
        return token;
    }

    public boolean atEnd() {
        return peek().isEnd() || peek().symbol(";");
    }

    /** Takes the words and symbols if they are next, all of them or none. */
    public boolean take(String... expected) {
        for (int i = 0; i < expected.length; i++) {
            if (!peek(i).word(expected[i]) && !peek(i).symbol(expected[i])) {
                return false;
            }
        }
        at += expected.length;
        return true;
    }

    public void expect(String expected) {
        if (!take(expected)) {
            throw wrong("'" + expected + "'");
        }
    }

    public ImportException wrong(String expected) {
        Token token = peek();
        String found =
                token.isEnd() ? "the end of the statement" : "'" + text.substring(token.start(), token.end()) + "'";
        return new ImportException(token.line(), "expected " + expected + ", found " + found);
    }

    public String name() {
        if (!peek().isName()) {
            throw wrong("a name");
        }
        return next().value();
    }

    /** A name with its schema before it, unless that is the one all tables are in. */
    public String qualifiedName() {
        String name = name();
        while (peek().symbol(".")) {
            next();
            String inner = name();
            name = isPlainSchema(name) ? inner : name + "." + inner;
        }
        return name;
    }

    static boolean isPlainSchema(String schema) {
        return schema.equals("public") || schema.equals("main") || schema.equals("pg_catalog");
    }

    /** The names between parentheses. */
    public List<String> names() {
        List<String> names = new ArrayList<>();
        expect("(");
        do {
            names.add(name());
            // SQLite allows these behind the columns of a key.
            if (take("COLLATE")) {
                name();
            }
            if (!take("ASC")) {
                take("DESC");
            }
        } while (take(","));
        expect(")");
        return names;
    }

    /** The text between a parenthesis, which is next, and the one that closes it. */
    public String parenthesised() {
        Token open = peek();
        expect("(");
        String inner = textUntil(token -> token.symbol(")"));
        if (peek().isEnd()) {
            throw new ImportException(open.line(), "a parenthesis is not closed");
        }
        expect(")");
        return inner;
    }

    /** The text up to a token outside parentheses that ends it, or to the end of the statement. */
    public String textUntil(Predicate<Token> end) {
        int start = peek().start();
        int last = start;
        int depth = 0;
        while (!peek().isEnd() && !(depth == 0 && (peek().symbol(";") || end.test(peek())))) {
            Token token = next();
            if (token.symbol("(") || token.symbol("[")) {
                depth++;
            } else if (token.symbol(")") || token.symbol("]")) {
                depth--;
            }
            last = token.end();
        }
        return text.substring(start, last);
    }

    /** The text of the tokens from a position on, up to the present one. */
    public String textSince(Token first) {
        int end = at == 0 ? first.start() : tokens.get(at - 1).end();
        return text.substring(first.start(), Math.max(end, first.start()));
    }

    /** The text from here to the end of the statement. */
    public String rest() {
        return textUntil(token -> false);
    }

    public @Nullable String nameIf(String keyword) {
        return take(keyword) ? name() : null;
    }

    List<Token> all() {
        return tokens;
    }
}
