package com.decentdb.r2dbc.cluster.statement;

import com.decentdb.r2dbc.api.DecentDbErrorDetails;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.sql.SqlOrigin;
import com.decentdb.r2dbc.transport.ErrorText;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The details that SQLite's texts name of an error; a node passes on nothing else. SQLite does not quote names in them. */
final class SqliteDetails {

    private static final ErrorText TEXTS = new ErrorText(List.of(
            "^UNIQUE constraint failed: index '(?<constraint>.+)'$",
            "^(?:UNIQUE|PRIMARY KEY|NOT NULL) constraint failed: (?<qualified>.+)$",
            "^CHECK constraint failed: (?<constraint>.+)$",
            "^table (?<table>.+) has no column named (?<column>.+)$",
            "^no such column: (?:.+\\.)?(?<column>[^ .]+)",
            "^no such (?:table|view): (?:main\\.)?(?<table>.+)$"));

    private static final Pattern NEAR = Pattern.compile("^near \"(?<token>.+)\": syntax error");

    private SqliteDetails() {}

    /** @param statement the statement that failed, null where there is none */
    static DecentDbErrorDetails of(Trouble.Refusal refusal, @Nullable SqlCommand statement) {
        String message = refusal.message();
        SqlOrigin origin = refusal.primary() == 1 && statement != null ? statement.origin() : null;
        return TEXTS.read(message)
                .details(
                        origin == null ? null : place(message, origin),
                        Long.toString(refusal.code()),
                        origin == null ? null : origin.styleHint());
    }

    private static SqlOrigin.@Nullable Place place(String message, SqlOrigin origin) {
        Matcher near = NEAR.matcher(message);
        if (near.find()) {
            // SQLite does not say where the token stands: it is certain only where there is one.
            return origin.ofOnly(near.group("token"));
        }
        return message.equals("incomplete input") ? origin.atEnd() : null;
    }
}
