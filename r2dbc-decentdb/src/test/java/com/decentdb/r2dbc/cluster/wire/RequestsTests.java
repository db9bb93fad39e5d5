package com.decentdb.r2dbc.cluster.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.decentdb.r2dbc.cluster.nodes.Frame;
import com.decentdb.r2dbc.cluster.nodes.Frame.Body;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Requests are, byte for byte, what a real node has answered. */
class RequestsTests {

    @Test
    void aConnectionBeginsWithTheVersion() {
        assertThat(Requests.handshake()).isEqualTo(Frame.hex("0100000000000000"));
    }

    @Test
    void theLeaderIsAskedFor() {
        assertThat(Requests.leader()).isEqualTo(Frame.hex("0100000000000000 0000000000000000"));
    }

    @Test
    void aDatabaseIsOpened() {
        assertThat(Requests.open("wire.db"))
                .isEqualTo(Frame.hex("0300000003000000 776972652e646200 0000000000000000 0000000000000000"));
    }

    @Test
    void aStatementIsExecuted() {
        assertThat(Requests.execSql("INSERT INTO t(n) VALUES(?)", new Tuple(List.of(new Param.Text("hello")))))
                .isEqualTo(Frame.hex("0700000008000000 0000000000000000 494e534552542049 4e544f2074286e29"
                        + "2056414c55455328 3f29000000000000 0103000000000000 68656c6c6f000000"));
    }

    @Test
    void aQueryIsRun() {
        assertThat(Requests.querySql("SELECT id,n FROM t WHERE id=?", new Tuple(List.of(new Param.Int(1)))))
                .isEqualTo(Frame.hex("0700000009000000 0000000000000000 53454c4543542069 642c6e2046524f4d"
                        + "2074205748455245 2069643d3f000000 0101000000000000 0100000000000000"));
    }

    @Test
    void theMembersAreAskedForWithTheirRoles() {
        assertThat(Requests.cluster()).isEqualTo(Frame.hex("0100000010000000 0100000000000000"));
    }

    @Test
    void everyTypeOfArgumentHasItsForm() {
        Tuple tuple = new Tuple(List.of(
                new Param.Int(1),
                new Param.Int(-1),
                new Param.Real(1.5),
                new Param.Text("x"),
                new Param.Blob(new byte[] {1}),
                Param.NULL,
                new Param.Bool(true),
                new Param.Iso("2026-01-01")));

        assertThat(Requests.exec(0, tuple))
                .isEqualTo(Frame.hex("0d00000005000000 0000000000000000 080101020304050b 0a00000000000000"
                        + "0100000000000000 ffffffffffffffff 000000000000f83f 7800000000000000"
                        + "0100000000000000 0100000000000000 0000000000000000 0100000000000000"
                        + "323032362d30312d 3031000000000000"));
    }

    @Test
    void moreThan255ArgumentsAreWrittenInTheNewerForm() {
        List<Param> params = Collections.nCopies(256, new Param.Int(7));
        Body expected = new Body().half(0).half(3).half(256);
        params.forEach(param -> expected.raw(new byte[] {1}));
        expected.pad();
        params.forEach(param -> expected.word(7));

        assertThat(Requests.query(3, new Tuple(params))).isEqualTo(new Frame(6, 1, expected.bytes()).bytes());
        assertThat(Requests.query(3, new Tuple(params.subList(0, 255)))[5]).isZero();
    }

    @Test
    void textOfWholeWordsEndsInAWordOfZeros() {
        byte[] written = Requests.prepare("SELECT 1", 1);

        assertThat(written)
                .isEqualTo(new Frame(4, 1, new Body().word(0).text("SELECT 1").bytes()).bytes());
        assertThat(written).hasSize(8 + 8 + 16);
    }

    @Test
    void textIsWrittenAsUtf8() {
        String sql = "SELECT 'ü€😀'";

        assertThat(new String(Requests.execSql(sql, Tuple.NONE), StandardCharsets.UTF_8))
                .contains(sql);
    }

    @Test
    void requestsOfAdministrationHaveTheirNumbers() {
        assertThat(Requests.add(-2, "h:1"))
                .isEqualTo(bytes(12, new Body().word(-2).text("h:1")));
        assertThat(Requests.assign(2, 1)).isEqualTo(bytes(13, new Body().word(2).word(1)));
        assertThat(Requests.remove(3)).isEqualTo(bytes(14, new Body().word(3)));
        assertThat(Requests.dump("app")).isEqualTo(bytes(15, new Body().text("app")));
        assertThat(Requests.transfer(0)).isEqualTo(bytes(17, new Body().word(0)));
        assertThat(Requests.describe()).isEqualTo(bytes(18, new Body().word(0)));
        assertThat(Requests.weight(5)).isEqualTo(bytes(19, new Body().word(5)));
        assertThat(Requests.finalizeStatement(4))
                .isEqualTo(bytes(7, new Body().half(0).half(4)));
    }

    @Test
    void aDatabaseWithoutANameIsNeverSent() {
        assertThatIllegalArgumentException().isThrownBy(() -> Requests.open(""));
        assertThatIllegalArgumentException().isThrownBy(() -> Requests.dump(""));
    }

    /** SQLite would make a database in memory of it, and the node would end with the first write. */
    @Test
    void aDatabaseThatWouldBeNoFileIsNeverSent() {
        assertThatIllegalArgumentException().isThrownBy(() -> Requests.open(":memory:"));
        assertThatIllegalArgumentException().isThrownBy(() -> Requests.open("file:app?mode=memory"));
    }

    /** An empty name would end the node, and half a statement could change all rows. */
    @Test
    void aTextThatWouldEndEarlierForTheNodeIsNeverSent() {
        assertThatIllegalArgumentException().isThrownBy(() -> Requests.open("\0app"));
        assertThatIllegalArgumentException().isThrownBy(() -> Requests.dump("a\0pp"));
        assertThatIllegalArgumentException().isThrownBy(() -> Requests.prepare("DELETE FROM t\0 WHERE 0", 0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Requests.query(1, new Tuple(List.of(new Param.Text("a\0b")))))
                .withMessageContaining("index 1");
    }

    private static byte[] bytes(int type, Body body) {
        return Frame.of(type, body).bytes();
    }
}
