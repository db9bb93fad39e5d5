package com.decentdb.ffi;

import static com.decentdb.ffi.AbiLoader.Bound.ABI;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ParametersTests {

    @Test
    void valuesStartAsNullAndGoBackToNull() {
        Parameters p = Parameters.of(2);
        assertThat(p.count()).isEqualTo(2);
        assertThat(p.tag(0)).isEqualTo(ValueTag.NULL);
        p.setText(0, "text");
        p.setInt64(1, 1);
        assertThat(p.tag(0)).isEqualTo(ValueTag.TEXT);
        p.setNull(1);
        assertThat(p.tag(1)).isEqualTo(ValueTag.NULL);
        p.setNull(0);
        assertThat(p.tag(0)).isEqualTo(ValueTag.NULL);
    }

    @Test
    void anIndexOutOfRangeIsRefused() {
        Parameters p = Parameters.of(1);
        assertThatThrownBy(() -> p.setInt64(1, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> p.setNull(-1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatIllegalArgumentException().isThrownBy(() -> Parameters.of(-1));
    }

    @Test
    void textThatUtf8CannotCarryIsRefusedAndNamed() {
        Parameters p = Parameters.of(2);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> p.setText(1, "ab\uD83D"))
                .withMessage("parameter $2 contains an unpaired surrogate at index 2");
        assertThatIllegalArgumentException().isThrownBy(() -> p.setText(1, "\uDE00\uD83D"));
        p.setText(1, "\uD83D\uDE00");
    }

    @Test
    void parametersThatAreResetAreAsGoodAsNewOnes() {
        Parameters p = Parameters.of(2);
        p.setText(0, "text");
        p.setUuid(1, new UUID(-1, -1));

        p.reset(3);
        assertThat(p.count()).isEqualTo(3);
        for (int i = 0; i < 3; i++) {
            assertThat(p.tag(i)).isEqualTo(ValueTag.NULL);
        }
        p.setInt64(1, 7);
        assertThat(p.longAt(1, CellLayout.INT64)).isEqualTo(7);
        assertThat(p.encodedSize()).isEqualTo(3 * CellLayout.SIZE);
    }

    @Test
    void addressesOfTheWrongLengthAreRefused() {
        Parameters p = Parameters.of(1);
        assertThatIllegalArgumentException().isThrownBy(() -> p.setIpAddr(0, new byte[5]));
        assertThatIllegalArgumentException().isThrownBy(() -> p.setMacAddr(0, new byte[7]));
        assertThatIllegalArgumentException().isThrownBy(() -> p.setCidr(0, new byte[4], 33));
        assertThatIllegalArgumentException().isThrownBy(() -> p.setCidr(0, new byte[16], -1));
        assertThatIllegalArgumentException().isThrownBy(() -> p.setDecimal(0, 1, 256));
    }

    @Test
    void valuesThatChangeWhileTheyAreWrittenNeverMisleadNativeCode() throws Exception {
        Parameters p = Parameters.of(2);
        TestDatabase.library();
        Thread other = new Thread(() -> {
            for (int i = 0; i < 20_000; i++) {
                p.setText(1, "x".repeat(i % 300));
                p.setInt64(1, Long.MAX_VALUE);
                p.setBlob(0, new byte[i % 100]);
            }
        });
        other.start();
        Scratch scratch = Scratch.ofThread();
        while (other.isAlive()) {
            try {
                long address = scratch.encode(p);
                int size = p.encodedSize();
                ByteBuffer encoded = ABI.view(address, 2 * CellLayout.SIZE);
                for (int cell = 0; cell < 2 * CellLayout.SIZE; cell += CellLayout.SIZE) {
                    if (CellLayout.pointsToData(encoded.getInt(cell))) {
                        long data = encoded.getLong(cell + CellLayout.DATA) - address;
                        long length = encoded.getLong(cell + CellLayout.LENGTH);
                        assertThat(data + length).isBetween(0L, (long) size);
                    }
                }
                assertThat(scratch.writeData(p, 0)).isBetween(0, p.encodedSize());
            } catch (IndexOutOfBoundsException e) {
                // Scratch refused the values, which is just as safe.
            }
        }
        other.join();
    }
}
