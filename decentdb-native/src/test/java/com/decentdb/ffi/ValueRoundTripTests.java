package com.decentdb.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Writes a value of every type to a column of the engine and reads it again, by every way the binding has. */
class ValueRoundTripTests {

    private static final UUID SOME_UUID = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");

    @TempDir
    Path folder;

    record Sample(String type, ValueTag tag, Consumer<Parameters> write, BiConsumer<RowBlock, Integer> read) {

        @Override
        public String toString() {
            return type + " " + tag;
        }
    }

    static Stream<Sample> samples() {
        return Stream.of(
                int64("BIGINT", 0),
                int64("BIGINT", Long.MAX_VALUE),
                int64("BIGINT", Long.MIN_VALUE),
                float64(Math.PI),
                float64(Double.MIN_VALUE),
                float64(-Double.MAX_VALUE),
                new Sample(
                        "BOOLEAN",
                        ValueTag.BOOL,
                        p -> p.setBool(0, true),
                        (b, r) -> assertThat(b.bool(r, 0)).isTrue()),
                new Sample(
                        "BOOLEAN",
                        ValueTag.BOOL,
                        p -> p.setBool(0, false),
                        (b, r) -> assertThat(b.bool(r, 0)).isFalse()),
                text(""),
                text("plain"),
                text("Grüße, 世界, \uD83D\uDE00"),
                text("x".repeat(3_000_000)),
                blob(0),
                blob(1),
                blob(100_000),
                new Sample("DECIMAL(18,4)", ValueTag.DECIMAL, p -> p.setDecimal(0, -12_345, 4), (b, r) -> {
                    assertThat(b.decimalUnscaled(r, 0)).isEqualTo(-12_345);
                    assertThat(b.decimalScale(r, 0)).isEqualTo(4);
                }),
                new Sample(
                        "UUID",
                        ValueTag.UUID,
                        p -> p.setUuid(0, SOME_UUID),
                        (b, r) -> assertThat(b.uuid(r, 0)).isEqualTo(SOME_UUID)),
                new Sample(
                        "TIMESTAMP",
                        ValueTag.TIMESTAMP,
                        p -> p.setTimestamp(0, -1_000_001),
                        (b, r) -> assertThat(b.timestampMicros(r, 0)).isEqualTo(-1_000_001)),
                new Sample(
                        "TIMESTAMPTZ",
                        ValueTag.TIMESTAMPTZ,
                        p -> p.setTimestampTz(0, 1_700_000_000_123_456L),
                        (b, r) -> assertThat(b.timestampTzMicros(r, 0)).isEqualTo(1_700_000_000_123_456L)),
                new Sample(
                        "DATE",
                        ValueTag.DATE,
                        p -> p.setDate(0, -1),
                        (b, r) -> assertThat(b.dateDays(r, 0)).isEqualTo(-1)),
                new Sample(
                        "TIME",
                        ValueTag.TIME,
                        p -> p.setTime(0, 86_399_999_999L),
                        (b, r) -> assertThat(b.timeMicros(r, 0)).isEqualTo(86_399_999_999L)),
                new Sample("INTERVAL", ValueTag.INTERVAL, p -> p.setInterval(0, 14, -3, 5), (b, r) -> {
                    assertThat(b.intervalMonths(r, 0)).isEqualTo(14);
                    assertThat(b.intervalDays(r, 0)).isEqualTo(-3);
                    assertThat(b.intervalMicros(r, 0)).isEqualTo(5);
                }),
                address("INET", ValueTag.IPADDR, (byte) 10, (byte) 0, (byte) 0, (byte) 1),
                address("INET", ValueTag.IPADDR, new byte[] {0x20, 1, 0xd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}),
                new Sample("CIDR", ValueTag.CIDR, p -> p.setCidr(0, new byte[] {10, 1, 0, 0}, 16), (b, r) -> {
                    assertThat(b.ipAddress(r, 0)).containsExactly(10, 1, 0, 0);
                    assertThat(b.cidrPrefixLength(r, 0)).isEqualTo(16);
                }),
                mac((byte) 1, (byte) 2, (byte) 3, (byte) 4, (byte) 5, (byte) -1),
                mac((byte) 1, (byte) 2, (byte) 3, (byte) 4, (byte) 5, (byte) 6, (byte) 7, (byte) -1),
                point("GEOMETRY(POINT)", ValueTag.GEOMETRY),
                point("GEOGRAPHY(POINT,4326)", ValueTag.GEOGRAPHY));
    }

    @ParameterizedTest
    @MethodSource("samples")
    void aValueComesBackAsItWentIn(Sample sample) {
        Parameters value = TestDatabase.parameters(1, sample.write());
        try (TestDatabase test = new TestDatabase(folder)) {
            test.run("CREATE TABLE v (v " + sample.type() + ", way TEXT)");
            test.db.execute("INSERT INTO v VALUES ($1, 'execute')", value).close();
            test.db
                    .executeQueued("INSERT INTO v VALUES ($1, 'queued')", value, NativeDatabase.DEFAULT_TIMEOUT)
                    .close();
            long expected = 2;
            try (NativeStatement insert = test.db.prepare("INSERT INTO v VALUES ($1, 'statement')")) {
                if (insert.accepts(value)) {
                    insert.bind(value);
                    assertThat(insert.affectedRows()).isEqualTo(1);
                    expected++;
                } else {
                    assertThatIllegalArgumentException().isThrownBy(() -> insert.bind(value));
                }
            }
            try (NativeStatement select = test.db.prepare("SELECT v, way FROM v")) {
                check(select.fetch(10), expected, sample);
            }
            check(test.query("SELECT v, way FROM v"), expected, sample);
        }
    }

    private static void check(RowBlock block, long rows, Sample sample) {
        assertThat(block.rows()).isEqualTo((int) rows);
        for (int row = 0; row < rows; row++) {
            assertThat(block.tag(row, 0)).as(block.text(row, 1)).isEqualTo(sample.tag());
            sample.read().accept(block, row);
        }
    }

    @Test
    void anEnumLabelIsReadAndBoundByItsNumbers() {
        try (TestDatabase test = new TestDatabase(folder, "CREATE TABLE e (id INTEGER PRIMARY KEY, e ENUM('a','b'))")) {
            test.run("INSERT INTO e VALUES (1, 'a'), (2, 'b')");
            RowBlock rows = test.query("SELECT e FROM e ORDER BY id");
            assertThat(rows.tag(1, 0)).isEqualTo(ValueTag.ENUM);
            assertThat(rows.enumLabelId(0, 0)).isZero();
            assertThat(rows.enumLabelId(1, 0)).isEqualTo(1);
            assertThat(rows.enumTypeId(1, 0)).isEqualTo(rows.enumTypeId(0, 0)).isNotZero();
            Parameters label = TestDatabase.parameters(1, p -> p.setEnum(0, rows.enumTypeId(1, 0), 1));
            assertThat(test.query("SELECT id FROM e WHERE e = $1", label).int64(0, 0))
                    .isEqualTo(2);
        }
    }

    @Test
    void nullIsBoundAndRead() {
        try (TestDatabase test = new TestDatabase(folder, "CREATE TABLE v (a BIGINT, b TEXT)");
                NativeStatement insert = test.db.prepare("INSERT INTO v VALUES ($1, $2)")) {
            Parameters p = Parameters.of(2);
            insert.bind(p);
            assertThat(insert.affectedRows()).isEqualTo(1);
            p.setInt64(0, 1);
            test.db.execute("INSERT INTO v VALUES ($1, $2)", p).close();
            RowBlock rows = test.query("SELECT a, b FROM v");
            assertThat(rows.isNull(0, 0)).isTrue();
            assertThat(rows.isNull(0, 1)).isTrue();
            assertThat(rows.int64(1, 0)).isEqualTo(1);
            assertThat(rows.isNull(1, 1)).isTrue();
        }
    }

    @Test
    void parametersLargerThanTheKeptScratchArePassedOnceAndLetGo() {
        try (TestDatabase test = new TestDatabase(folder, "CREATE TABLE v (b BLOB)")) {
            for (int size : new int[] {5_000_000, 10, 2_000_000}) {
                Parameters p = TestDatabase.parameters(1, v -> v.setBlob(0, new byte[size]));
                test.db.execute("INSERT INTO v VALUES ($1)", p).close();
            }
            RowBlock rows = test.query("SELECT b FROM v");
            assertThat(rows.bytes(0, 0)).hasSize(5_000_000);
            assertThat(rows.bytes(1, 0)).hasSize(10);
            assertThat(rows.bytes(2, 0)).hasSize(2_000_000);
        }
    }

    @Test
    void aSelectedParameterKeepsItsTag() {
        try (TestDatabase test = new TestDatabase(folder)) {
            Parameters p = TestDatabase.parameters(1, v -> v.setUuid(0, SOME_UUID));
            assertThat(test.query("SELECT $1", p).uuid(0, 0)).isEqualTo(SOME_UUID);
        }
    }

    private static Sample int64(String type, long value) {
        return new Sample(
                type,
                ValueTag.INT64,
                p -> p.setInt64(0, value),
                (b, r) -> assertThat(b.int64(r, 0)).isEqualTo(value));
    }

    private static Sample float64(double value) {
        return new Sample(
                "DOUBLE PRECISION",
                ValueTag.FLOAT64,
                p -> p.setFloat64(0, value),
                (b, r) -> assertThat(b.float64(r, 0)).isEqualTo(value));
    }

    private static Sample text(String value) {
        return new Sample(
                "TEXT",
                ValueTag.TEXT,
                p -> p.setText(0, value),
                (b, r) -> assertThat(b.text(r, 0)).isEqualTo(value));
    }

    private static Sample blob(int length) {
        byte[] value = new byte[length];
        for (int i = 0; i < length; i++) {
            value[i] = (byte) i;
        }
        return new Sample(
                "BLOB",
                ValueTag.BLOB,
                p -> p.setBlob(0, value),
                (b, r) -> assertThat(b.bytes(r, 0)).isEqualTo(value));
    }

    private static Sample address(String type, ValueTag tag, byte... address) {
        return new Sample(
                type,
                tag,
                p -> p.setIpAddr(0, address),
                (b, r) -> assertThat(b.ipAddress(r, 0)).isEqualTo(address));
    }

    private static Sample mac(byte... address) {
        String type = address.length == 6 ? "MACADDR" : "MACADDR8";
        return new Sample(
                type,
                ValueTag.MACADDR,
                p -> p.setMacAddr(0, address),
                (b, r) -> assertThat(b.macAddress(r, 0)).isEqualTo(address));
    }

    private static Sample point(String type, ValueTag tag) {
        byte[] wkb = ByteBuffer.allocate(21)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 1)
                .putInt(1)
                .putDouble(16.5)
                .putDouble(48.25)
                .array();
        Consumer<Parameters> write =
                tag == ValueTag.GEOMETRY ? p -> p.setGeometry(0, wkb) : p -> p.setGeography(0, wkb);
        // The engine may add a spatial reference; the coordinates stay last.
        return new Sample(
                type,
                tag,
                write,
                (b, r) -> assertThat(b.bytes(r, 0)).endsWith(java.util.Arrays.copyOfRange(wkb, 5, 21)));
    }
}
