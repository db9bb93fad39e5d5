package com.decentdb.r2dbc.sql;

import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeException;
import com.decentdb.ffi.NativeLibrary;
import com.decentdb.ffi.NativeResult;
import com.decentdb.ffi.OpenMode;
import com.decentdb.ffi.Parameters;
import com.decentdb.r2dbc.sql.SqlLexer.Token;
import java.util.List;
import java.util.Random;
import java.util.StringJoiner;
import org.junit.jupiter.api.Test;

/** The lexer and the engine agree on where comments end. */
class CommentTests {

    private static final List<String> PIECES =
            List.of("--", "\r", "\n", "\r\n", "/*", "*/", "/", "*", "-", " ", ", 2", "'--'", "'/*'");

    @Test
    void theEngineAnswersToATextAsToItsTokens() {
        Random random = new Random(7);
        try (NativeDatabase database = NativeLibrary.load(null).open(":memory:", OpenMode.OPEN_OR_CREATE, "")) {
            for (int round = 0; round < 3000; round++) {
                StringBuilder sql = new StringBuilder("SELECT 1 ");
                for (int piece = random.nextInt(8); piece >= 0; piece--) {
                    sql.append(PIECES.get(random.nextInt(PIECES.size())));
                }
                String text = sql.append(" , 3").toString();

                assertThat(answer(database, text))
                        .as(text.replace("\r", "\\r").replace("\n", "\\n"))
                        .isEqualTo(answer(database, tokens(text)));
            }
        }
    }

    private static String tokens(String sql) {
        SqlLexer lexer = new SqlLexer(sql);
        StringJoiner tokens = new StringJoiner(" ");
        int end = -1;
        while (lexer.next() != Token.END) {
            // Two characters of one operator stay together.
            tokens.add(lexer.start() == end ? "\b" + lexer.text() : lexer.text());
            end = lexer.end();
        }
        return tokens.toString().replace(" \b", "");
    }

    /** The width of the result, -1 for a statement that is refused. */
    private static int answer(NativeDatabase database, String sql) {
        try (NativeResult result = database.execute(sql, Parameters.of(0))) {
            return result.columnCount();
        } catch (NativeException e) {
            return -1;
        }
    }
}
