package com.decentdb.importer.text;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Writes expressions and queries of a source as the engine reads them. The engine refuses the rest; nothing changes its meaning here. */
public final class Expressions {

    private static final Map<String, String> OPERATORS =
            Map.of("~~", "LIKE", "!~~", "NOT LIKE", "~~*", "ILIKE", "!~~*", "NOT ILIKE", "==", "=");

    private final String text;
    private final List<Token> tokens;
    private final Set<String> types;
    private final Map<String, String> names;
    private final StringBuilder out = new StringBuilder();
    private int at;

    private Expressions(String text, Dialect dialect, Set<String> types, Map<String, String> names) {
        this.text = text;
        this.tokens = new TokenReader(text, 1, dialect).all();
        this.types = types;
        this.names = names;
    }

    /**
     * The text in the engine's dialect.
     *
     * @param types types that have no name there; casts to them are left out, since their values are texts
     * @param names names of the source, with their schema unless it is the plain one, that are different in the target
     */
    public static String of(String text, Dialect dialect, Set<String> types, Map<String, String> names) {
        return new Expressions(text, dialect, types, names).write();
    }

    private String write() {
        while (!tokens.get(at).isEnd()) {
            if (!list() && !cast() && !qualified() && !collation()) {
                token(tokens.get(at++));
            }
        }
        return out.toString().trim();
    }

    private Token peek(int ahead) {
        return tokens.get(Math.min(at + ahead, tokens.size() - 1));
    }

    private void token(Token token) {
        switch (token.kind()) {
            case QUOTED -> put(token, Names.quote(names.getOrDefault(token.value(), token.value())));
            case WORD -> {
                @Nullable String renamed = peek(0).symbol("(") ? null : names.get(token.value());
                put(token, renamed == null ? text.substring(token.start(), token.end()) : Names.quote(renamed));
            }
            case STRING -> put(token, Names.literal(token.value()));
            case SYMBOL -> put(token, OPERATORS.getOrDefault(token.value(), token.value()));
            default -> put(token, text.substring(token.start(), token.end()));
        }
    }

    /** A blank stands where the source had blanks or comments. */
    private void put(Token token, String written) {
        if (token.start() > 0 && out.length() > 0) {
            char before = text.charAt(token.start() - 1);
            if (Character.isWhitespace(before) || (before == '/' && !written.startsWith("/"))) {
                out.append(' ');
            }
        }
        out.append(written);
    }

    /** {@code = ANY (ARRAY[..])} is {@code IN (..)}, which every engine has. */
    private boolean list() {
        boolean any = peek(0).symbol("=") && peek(1).word("any");
        boolean all = peek(0).symbol("<>") && peek(1).word("all");
        if (!any && !all) {
            return false;
        }
        int open = at + 2;
        int depth = 0;
        while (tokens.get(open).symbol("(")) {
            open++;
            depth++;
        }
        if (depth == 0
                || !tokens.get(open).word("array")
                || !tokens.get(open + 1).symbol("[")) {
            return false;
        }
        put(tokens.get(at), any ? "IN (" : "NOT IN (");
        at = open + 2;
        int nested = 0;
        while (!tokens.get(at).isEnd() && !(nested == 0 && tokens.get(at).symbol("]"))) {
            nested += tokens.get(at).symbol("[") ? 1 : tokens.get(at).symbol("]") ? -1 : 0;
            if (!cast() && !qualified() && !collation()) {
                token(tokens.get(at++));
            }
        }
        at++;
        out.append(')');
        while (depth > 0 && !tokens.get(at).isEnd()) {
            // Casts of the whole array lie between its parentheses.
            depth -= tokens.get(at).symbol(")") ? 1 : 0;
            at++;
        }
        return true;
    }

    /** Leaves out casts to types without a name in the target, and to arrays, which stand only where lists are compared. */
    private boolean cast() {
        if (!peek(0).symbol("::")) {
            return false;
        }
        int from = at;
        at++;
        String type = at < tokens.size() && peek(0).isName() ? tokens.get(at++).value() : "";
        while (peek(0).symbol(".") && peek(1).isName()) {
            type = TokenReader.isPlainSchema(type) ? peek(1).value() : type + "." + peek(1).value();
            at += 2;
        }
        if (types.contains(type) || type.equals("regclass")) {
            return true;
        }
        at = from;
        token(tokens.get(at++));
        return true;
    }

    private boolean qualified() {
        if (!peek(0).isName() || !peek(1).symbol(".") || !peek(2).isName()) {
            return false;
        }
        String schema = peek(0).value();
        if (TokenReader.isPlainSchema(schema)) {
            put(peek(0), "");
            at += 2;
            return true;
        }
        @Nullable String renamed = names.get(schema + "." + peek(2).value());
        if (renamed == null) {
            return false;
        }
        put(peek(0), Names.quote(renamed));
        at += 3;
        return true;
    }

    /** The collations that compare as the engine does. */
    private boolean collation() {
        if (!peek(0).word("collate")) {
            return false;
        }
        int name = peek(2).symbol(".") ? 3 : 1;
        String collation = peek(name).value();
        if (!Set.of("C", "POSIX", "default", "binary", "BINARY").contains(collation)) {
            return false;
        }
        at += name + 1;
        return true;
    }
}
