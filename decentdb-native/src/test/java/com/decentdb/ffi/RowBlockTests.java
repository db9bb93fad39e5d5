package com.decentdb.ffi;

import static com.decentdb.ffi.AbiLoader.Bound.ABI;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** Encodes values as an engine lays them out and decodes them again, with no engine between. */
class RowBlockTests {

    @BeforeAll
    static void bindTheAccessToMemory() {
        TestDatabase.library();
    }

    @Test
    void everyTagIsDecodedFromItsOwnFields() {
        UUID uuid = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
        byte[] v4 = {(byte) 192, (byte) 168, 0, 1};
        byte[] v6 = {0x20, 1, 0xd, (byte) 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
        byte[] mac6 = {1, 2, 3, 4, 5, (byte) 0xff};
        byte[] mac8 = {1, 2, 3, 4, 5, 6, 7, (byte) 0x80};
        Parameters p = Parameters.of(24);
        p.setInt64(1, Long.MIN_VALUE);
        p.setFloat64(2, -0.0);
        p.setBool(3, true);
        p.setText(4, "a b \uD83D\uDE00");
        p.setBlob(5, new byte[] {0, -1, 7});
        p.setDecimal(6, -123_456_789_012_345_678L, 18);
        p.setUuid(7, uuid);
        p.setTimestamp(8, -1);
        p.setGeometry(9, new byte[] {1, 2});
        p.setGeography(10, new byte[] {3});
        p.setEnum(11, -1L, 3);
        p.setIpAddr(12, v4);
        p.setCidr(13, v6, 128);
        p.setDate(14, -719_162);
        p.setTime(15, 86_399_999_999L);
        p.setTimestampTz(16, 253_402_300_799_999_999L);
        p.setInterval(17, -13, -40, -5_000_000_000L);
        p.setMacAddr(18, mac6);
        p.setIpAddr(19, v6);
        p.setCidr(20, v4, 0);
        p.setMacAddr(21, mac8);
        p.setText(22, "");
        p.setBlob(23, new byte[0]);

        RowBlock block = decode(p, 1, 24);

        for (int i = 0; i <= 18; i++) {
            assertThat(block.tag(0, i)).isEqualTo(ValueTag.of(i)).isEqualTo(p.tag(i));
            assertThat(block.isNull(0, i)).isEqualTo(i == 0);
        }
        assertThat(block.int64(0, 1)).isEqualTo(Long.MIN_VALUE);
        assertThat(Double.doubleToRawLongBits(block.float64(0, 2))).isEqualTo(Double.doubleToRawLongBits(-0.0));
        assertThat(block.bool(0, 3)).isTrue();
        assertThat(block.text(0, 4)).isEqualTo("a b \uD83D\uDE00");
        assertThat(block.bytes(0, 5)).containsExactly(0, -1, 7);
        assertThat(block.decimalUnscaled(0, 6)).isEqualTo(-123_456_789_012_345_678L);
        assertThat(block.decimalScale(0, 6)).isEqualTo(18);
        assertThat(block.uuid(0, 7)).isEqualTo(uuid);
        assertThat(block.timestampMicros(0, 8)).isEqualTo(-1);
        assertThat(block.bytes(0, 9)).containsExactly(1, 2);
        assertThat(block.bytes(0, 10)).containsExactly(3);
        assertThat(block.enumTypeId(0, 11)).isEqualTo(-1L);
        assertThat(block.enumLabelId(0, 11)).isEqualTo(3);
        assertThat(block.ipAddress(0, 12)).isEqualTo(v4);
        assertThat(block.ipAddress(0, 13)).isEqualTo(v6);
        assertThat(block.cidrPrefixLength(0, 13)).isEqualTo(128);
        assertThat(block.dateDays(0, 14)).isEqualTo(-719_162);
        assertThat(block.timeMicros(0, 15)).isEqualTo(86_399_999_999L);
        assertThat(block.timestampTzMicros(0, 16)).isEqualTo(253_402_300_799_999_999L);
        assertThat(block.intervalMonths(0, 17)).isEqualTo(-13);
        assertThat(block.intervalDays(0, 17)).isEqualTo(-40);
        assertThat(block.intervalMicros(0, 17)).isEqualTo(-5_000_000_000L);
        assertThat(block.macAddress(0, 18)).isEqualTo(mac6);
        assertThat(block.ipAddress(0, 19)).isEqualTo(v6);
        assertThat(block.ipAddress(0, 20)).isEqualTo(v4);
        assertThat(block.cidrPrefixLength(0, 20)).isZero();
        assertThat(block.macAddress(0, 21)).isEqualTo(mac8);
        assertThat(block.text(0, 22)).isEmpty();
        assertThat(block.bytes(0, 23)).isEmpty();
    }

    @RepeatedTest(50)
    void randomBlocksComeBackAsTheyWereWritten() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int rows = random.nextInt(40);
        int columns = 1 + random.nextInt(12);
        Parameters p = Parameters.of(rows * columns);
        List<BiConsumer<RowBlock, int[]>> checks = new ArrayList<>();
        for (int i = 0; i < rows * columns; i++) {
            checks.add(setRandom(p, i, random));
        }

        RowBlock block = decode(p, rows, columns);

        assertThat(block.rows()).isEqualTo(rows);
        assertThat(block.columns()).isEqualTo(columns);
        for (int i = 0; i < checks.size(); i++) {
            int[] at = {i / columns, i % columns};
            BiConsumer<RowBlock, int[]> check = checks.get(i);
            assertThat(block)
                    .as("seed %d, row %d, column %d", seed, at[0], at[1])
                    .satisfies(b -> check.accept(b, at));
        }
    }

    private static BiConsumer<RowBlock, int[]> setRandom(Parameters p, int i, Random random) {
        long number = random.nextLong();
        switch (random.nextInt(6)) {
            case 0 -> {
                p.setInt64(i, number);
                return (b, at) -> assertThat(b.int64(at[0], at[1])).isEqualTo(number);
            }
            case 1 -> {
                String text = random.ints(random.nextInt(30), 0, 0xD800)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString();
                p.setText(i, text);
                return (b, at) -> assertThat(b.text(at[0], at[1])).isEqualTo(text);
            }
            case 2 -> {
                byte[] bytes = new byte[random.nextInt(600)];
                random.nextBytes(bytes);
                p.setBlob(i, bytes);
                return (b, at) -> assertThat(b.bytes(at[0], at[1])).isEqualTo(bytes);
            }
            case 3 -> {
                int scale = random.nextInt(19);
                p.setDecimal(i, number, scale);
                return (b, at) -> {
                    assertThat(b.decimalUnscaled(at[0], at[1])).isEqualTo(number);
                    assertThat(b.decimalScale(at[0], at[1])).isEqualTo(scale);
                };
            }
            case 4 -> {
                UUID uuid = new UUID(number, random.nextLong());
                p.setUuid(i, uuid);
                return (b, at) -> assertThat(b.uuid(at[0], at[1])).isEqualTo(uuid);
            }
            default -> {
                p.setNull(i);
                return (b, at) -> assertThat(b.isNull(at[0], at[1])).isTrue();
            }
        }
    }

    @Test
    void textScatteredOverMemoryInAnyOrderIsFound() {
        ByteBuffer far = text("far");
        ByteBuffer near = text("near");
        ByteBuffer third = text("third");
        ByteBuffer[] order = {near, far, third, near, far};
        String[] expected = {"near", "far", "third", "near", "far"};
        ByteBuffer cells =
                ByteBuffer.allocateDirect(order.length * CellLayout.SIZE).order(ByteOrder.nativeOrder());
        for (int i = 0; i < order.length; i++) {
            cells.putInt(i * CellLayout.SIZE, ValueTag.TEXT.code());
            cells.putLong(i * CellLayout.SIZE + CellLayout.DATA, ABI.addressOf(order[i]));
            cells.putLong(i * CellLayout.SIZE + CellLayout.LENGTH, expected[i].length());
        }
        RowBlock block;
        try {
            RowBlockReader reader = new RowBlockReader(order.length, 1);
            reader.readViews(cells, 0, order.length);
            block = reader.finish();
        } finally {
            Reference.reachabilityFence(order);
        }
        for (int i = 0; i < order.length; i++) {
            assertThat(block.text(i, 0)).isEqualTo(expected[i]);
        }
    }

    @Test
    void anEmptyValueIsNeverDereferenced() {
        ByteBuffer cells = ByteBuffer.allocateDirect(2 * CellLayout.SIZE).order(ByteOrder.nativeOrder());
        for (int i = 0; i < 2; i++) {
            cells.putInt(i * CellLayout.SIZE, ValueTag.TEXT.code());
            cells.putLong(i * CellLayout.SIZE + CellLayout.DATA, i == 0 ? 0 : 1);
        }
        RowBlockReader reader = new RowBlockReader(2, 1);
        reader.readViews(cells, 0, 2);
        RowBlock block = reader.finish();
        assertThat(block.text(0, 0)).isEmpty();
        assertThat(block.text(1, 0)).isEmpty();
    }

    @Test
    void readingAValueAsAnotherTypeNamesBoth() {
        RowBlock block = decode(TestDatabase.int64(1), 1, 1);
        assertThatIllegalStateException()
                .isThrownBy(() -> block.text(0, 0))
                .withMessage("row 0, column 0 holds INT64, not TEXT");
        assertThatIllegalStateException().isThrownBy(() -> block.bytes(0, 0)).withMessageContaining("not BLOB");
        assertThatIllegalStateException()
                .isThrownBy(() -> block.ipAddress(0, 0))
                .withMessageContaining("not IPADDR");
    }

    @Test
    void aPlaceOutsideTheBlockIsRefused() {
        RowBlock block = decode(Parameters.of(6), 2, 3);
        assertThat(block.isNull(1, 2)).isTrue();
        assertThatThrownBy(() -> block.isNull(2, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> block.isNull(0, 3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> block.tag(0, -1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void anUnknownTagIsAnError() {
        ByteBuffer cells = ByteBuffer.allocateDirect(CellLayout.SIZE).order(ByteOrder.nativeOrder());
        cells.putInt(0, 19);
        RowBlockReader reader = new RowBlockReader(1, 1);
        assertThatThrownBy(() -> reader.readViews(cells, 0, 1))
                .isInstanceOf(NativeException.class)
                .hasMessageContaining("19");
    }

    private static RowBlock decode(Parameters values, int rows, int columns) {
        Scratch scratch = Scratch.ofThread();
        long address = scratch.encode(values);
        RowBlockReader reader = new RowBlockReader(rows, columns);
        int cells = rows * columns;
        if (cells > 0) {
            reader.readViews(ABI.view(address, cells * CellLayout.SIZE), 0, cells);
        }
        return reader.finish();
    }

    private static ByteBuffer text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocateDirect(bytes.length).put(0, bytes);
    }
}
