package com.decentdb.r2dbc.cluster.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.cluster.nodes.Frame;
import com.decentdb.r2dbc.cluster.nodes.Frame.Body;
import com.decentdb.r2dbc.cluster.nodes.Wire;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers of real nodes are understood, and nothing else is. */
class RepliesTests {

    private static final String LEADER = "0300000001000000 be55318c8571c12d 3132372e302e302e 313a313930303100";
    private static final String DATABASE = "0100000004000000 0000000000000000";
    private static final String RESULT = "0200000006000000 0100000000000000 0100000000000000";
    private static final String FAILURE =
            "0500000000000000 0100000000000000 6e65617220225345 4c4543223a207379 6e74617820657272 6f72000000000000";
    private static final String TWO_COLUMNS = "0700000007000000 0200000000000000 6964000000000000 6e00000000000000"
            + "3100000000000000 0100000000000000 68656c6c6f000000 ffffffffffffffff";
    private static final String FLAGS_AND_DATES = "0f00000007000000 0200000000000000 666c616700000000 6474000000000000"
            + "ab00000000000000 0100000000000000 323032362d30312d 30312030303a3030 3a30300000000000"
            + "9b00000000000000 0000000000000000 00f1536500000000"
            + "ab00000000000000 0000000000000000 0000000000000000 ffffffffffffffff";

    static List<byte[]> golden() {
        return List.of(
                Frame.hex(LEADER),
                Frame.hex(DATABASE),
                Frame.hex(RESULT),
                Frame.hex(FAILURE),
                Frame.hex(TWO_COLUMNS),
                Frame.hex(FLAGS_AND_DATES),
                Wire.servers(List.of("127.0.0.1:9001", "h:2")).bytes(),
                Wire.statement(3, 2).bytes(),
                Frame.of(Wire.METADATA, new Body().word(1).word(2)).bytes(),
                Frame.of(Wire.FILES, new Body().word(1).text("app").word(8).word(42))
                        .bytes(),
                seventeenColumns().bytes());
    }

    @Test
    void theLeaderIsRead() {
        assertThat(decode(LEADER)).isEqualTo(new Reply.Leader(0x2dc171858c3155beL, "127.0.0.1:19001"));
        assertThat(decode(Wire.server(0, "").bytes())).isEqualTo(new Reply.Leader(0, ""));
    }

    @Test
    void aDatabaseAResultAndAFailureAreRead() {
        assertThat(decode(DATABASE)).isEqualTo(new Reply.Database(0));
        assertThat(decode(RESULT)).isEqualTo(new Reply.Result(1, 1));
        assertThat(decode(FAILURE)).isEqualTo(new Reply.Failure(1, "near \"SELEC\": syntax error"));
        assertThat(decode(Wire.failure(10_506, "leadership lost").bytes()))
                .isEqualTo(new Reply.Failure(10_506, "leadership lost"));
    }

    /** As 1.11.1 answers when the first rows of a query cannot be computed, or its table is gone. */
    @Test
    void aFailureBehindColumnsAndRowsIsRead() {
        String columns = "0700000000000000 0200000000000000 6964000000000000 6c6162656c000000"
                + "0100000000000000 6e6f207375636820 7461626c653a2073 68656c6600000000";
        String rows =
                "0d00000000000000 0200000000000000 6900000000000000 6200000000000000 3100000000000000 0100000000000000"
                        + "7800000000000000 3100000000000000 0200000000000000 7800000000000000 0100000000000000 696e746567657220"
                        + "6f766572666c6f77 0000000000000000";

        assertThat(decode(columns)).isEqualTo(new Reply.Failure(1, "no such table: shelf"));
        assertThat(decode(rows)).isEqualTo(new Reply.Failure(1, "integer overflow"));
    }

    @Test
    void rowsAreRead() {
        RowsFrame rows = ((Reply.Rows) decode(TWO_COLUMNS)).frame();

        assertThat(rows.names()).containsExactly("id", "n");
        assertThat(rows.rows()).isEqualTo(1);
        assertThat(rows.more()).isFalse();
        assertThat(rows.int64(0, 0)).isEqualTo(1);
        assertThat(rows.text(0, 1)).isEqualTo("hello");
    }

    @Test
    void everyRowHasTypesOfItsOwn() {
        RowsFrame rows = ((Reply.Rows) decode(FLAGS_AND_DATES)).frame();

        assertThat(rows.rows()).isEqualTo(3);
        assertThat(rows.type(0, 0)).isEqualTo(DecentDbType.BOOL);
        assertThat(rows.bool(0, 0)).isTrue();
        assertThat(rows.bool(1, 0)).isFalse();
        assertThat(rows.type(0, 1)).isEqualTo(DecentDbType.TIMESTAMP);
        assertThat(rows.micros(0, 1)).isEqualTo(1_767_225_600_000_000L);
        assertThat(rows.type(1, 1)).isEqualTo(DecentDbType.TIMESTAMP);
        assertThat(rows.micros(1, 1)).isEqualTo(1_700_000_000_000_000L);
        // NULL in a column declared as a time arrives as an empty text, and in one of BOOLEAN as false.
        assertThat(rows.isNull(2, 1)).isTrue();
        assertThat(rows.isNull(2, 0)).isFalse();
    }

    @Test
    void aSeventeenthColumnTakesASecondWordOfTypes() {
        RowsFrame rows = ((Reply.Rows) decode(seventeenColumns().bytes())).frame();

        assertThat(rows.columns()).isEqualTo(17);
        assertThat(rows.int64(0, 0)).isEqualTo(1);
        assertThat(rows.float64(0, 1)).isEqualTo(1.5);
        assertThat(rows.text(0, 2)).isEqualTo("x");
        assertThat(rows.bytes(0, 3)).containsExactly(1);
        assertThat(rows.isNull(0, 4)).isTrue();
        assertThat(rows.int64(0, 16)).isEqualTo(16);
    }

    @Test
    void anEmptyFrameMayBeFollowedByMore() {
        RowsFrame rows = ((Reply.Rows) decode(Wire.rows("a", true).bytes())).frame();

        assertThat(rows.rows()).isZero();
        assertThat(rows.more()).isTrue();
    }

    @Test
    void membersHaveUnsignedIdsAndRoles() {
        Body body = new Body().word(1).word(-2).text("[::1]:9001").word(2);

        assertThat(decode(Frame.of(Wire.SERVERS, body).bytes()))
                .isEqualTo(new Reply.Nodes(List.of(new Reply.Node(-2, "[::1]:9001", 2))));
    }

    @Test
    void aPreparedStatementShowsWhatTheNodeUnderstands() {
        Frame newer = new Frame(
                Wire.STATEMENT, 1, new Body().half(0).half(1).word(2).word(8).bytes());

        assertThat(decode(Wire.statement(1, 2).bytes())).isEqualTo(new Reply.Prepared(1, 2, 0));
        assertThat(decode(newer.bytes())).isEqualTo(new Reply.Prepared(1, 2, 1));
    }

    @Test
    void filesAreReadWithTheirBytes() {
        Body body =
                new Body().word(2).text("app").word(8).word(1).text("app-wal").word(0);

        Reply.Files files = (Reply.Files) decode(Frame.of(Wire.FILES, body).bytes());

        assertThat(files.files()).map(Reply.File::name).containsExactly("app", "app-wal");
        assertThat(files.files().get(0).content()).isEqualTo(new Body().word(1).bytes());
        assertThat(files.files().get(1).content()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("golden")
    void anAnswerThatIsCutOffOrTooLongIsRefused(byte[] frame) {
        byte[] body = Arrays.copyOfRange(frame, 8, frame.length);

        assertThat(IntStream.range(0, body.length / 8))
                .allSatisfy(words -> refused(frame, Arrays.copyOf(body, words * 8)));
        refused(frame, Arrays.copyOf(body, body.length + 8));
    }

    @ParameterizedTest
    @MethodSource("golden")
    void damagedBytesAreReadOrRefusedAndNothingElse(byte[] frame) {
        Random random = new Random(frame.length);
        for (int round = 0; round < 20_000; round++) {
            byte[] damaged = frame.clone();
            for (int hits = 1 + random.nextInt(4); hits > 0; hits--) {
                damaged[8 + random.nextInt(damaged.length - 8)] = (byte) random.nextInt();
            }
            try {
                readAll(decode(damaged));
            } catch (WireException e) {
                assertThat(e).hasMessageMatching("(?s).+");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MAX_VALUE, Integer.MAX_VALUE, 1L << 32, 100})
    void aNumberOfElementsThatCannotBeThereIsRefused(long claimed) {
        for (int type : new int[] {Wire.SERVERS, Wire.ROWS, Wire.FILES}) {
            refused(
                    Frame.of(type, new Body().word(claimed).word(0)).bytes(),
                    new Body().word(claimed).word(0).bytes());
        }
    }

    @Test
    void unknownAnswersAreRefused() {
        refused(Frame.of(11, new Body().word(0)).bytes(), new byte[8]);
    }

    private static void refused(byte[] frame, byte[] body) {
        assertThatExceptionOfType(WireException.class).isThrownBy(() -> Replies.decode(frame[4], frame[5], body));
    }

    /** Every cell by its type, as results do. */
    private static void readAll(Reply reply) {
        if (!(reply instanceof Reply.Rows answer)) {
            return;
        }
        RowsFrame rows = answer.frame();
        for (int row = 0; row < rows.rows(); row++) {
            for (int column = 0; column < rows.columns(); column++) {
                if (!rows.isNull(row, column)) {
                    readCell(rows, row, column);
                }
            }
        }
    }

    private static void readCell(RowsFrame rows, int row, int column) {
        switch (rows.type(row, column)) {
            case INT64 -> rows.int64(row, column);
            case FLOAT64 -> rows.float64(row, column);
            case BOOL -> rows.bool(row, column);
            case TEXT -> rows.text(row, column);
            case BLOB -> rows.bytes(row, column);
            case DATE -> rows.dateDays(row, column);
            case TIMESTAMP -> rows.micros(row, column);
            default -> throw new AssertionError("A cell has the type " + rows.type(row, column));
        }
    }

    private static Frame seventeenColumns() {
        Body body = new Body().word(17);
        IntStream.range(0, 17).forEach(column -> body.text("c" + column));
        body.raw(Frame.hex("2143151111111111 0100000000000000"));
        body.word(1).number(1.5).text("x").blob(new byte[] {1}).word(0);
        IntStream.range(5, 17).forEach(body::word);
        return Frame.of(Wire.ROWS, body.word(Wire.DONE));
    }

    private static Reply decode(String hex) {
        return decode(Frame.hex(hex));
    }

    private static Reply decode(byte[] frame) {
        assertThat(frame.length).isEqualTo(8 + 8 * frame[0]);
        return Replies.decode(frame[4], frame[5], Arrays.copyOfRange(frame, 8, frame.length));
    }
}
