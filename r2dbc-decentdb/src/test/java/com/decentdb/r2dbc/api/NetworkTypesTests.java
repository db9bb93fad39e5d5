package com.decentdb.r2dbc.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NetworkTypesTests {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0.0.0.0/0",
                "10.0.0.0/8",
                "192.168.1.1/32",
                "2001:db8:0:0:0:0:0:0/32",
                "0:0:0:0:0:0:0:0/0",
                "0:0:0:0:0:0:0:1/128",
                "0:0:0:0:0:ffff:102:300/120"
            })
    void aNetworkReadsWhatItWrites(String text) {
        assertThat(Cidr.parse(text))
                .hasToString(text)
                .isEqualTo(Cidr.parse(text))
                .hasSameHashCodeAs(Cidr.parse(text));
    }

    @Test
    void aNetworkOfMappedAddressesStaysOne() {
        assertThat(Cidr.parse("::ffff:1.2.3.0/120"))
                .isEqualTo(Cidr.parse("0:0:0:0:0:ffff:102:300/120"))
                .isNotEqualTo(Cidr.parse("1.2.3.0/24"))
                .satisfies(cidr -> assertThat(cidr.address()).isInstanceOf(Inet6Address.class));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "10.0.0.0",
                "10.0.0.0/",
                "10.0.0.0/33",
                "10.0.0.0/-1",
                "10.0/8",
                "10.0.0.1/8",
                "256.0.0.0/8",
                "010.0.0.0/8",
                "localhost/8",
                "dead.beef/8",
                "2001:db8::/129",
                "2001:db8::1/64",
                "1::2::3/128",
                "fe80::1%1/128",
                "[::1]/128",
                " 10.0.0.0/8",
                "10.0.0.0/8 ",
                "10.0.0.0/0x8"
            })
    void aNetworkRefusesWhatIsNone(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Cidr.parse(text));
    }

    @RepeatedTest(50)
    void aNetworkHoldsTheAddressItWasMadeOf(RepetitionInfo repetition) throws UnknownHostException {
        Random random = new Random(repetition.getCurrentRepetition());
        byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
        random.nextBytes(bytes);
        int prefix = random.nextInt(bytes.length * 8 + 1);

        Cidr cidr = Cidr.of(InetAddress.getByAddress(bytes), prefix);

        byte[] network = cidr.address().getAddress();
        for (int bit = 0; bit < bytes.length * 8; bit++) {
            boolean expected = bit < prefix && bit(bytes, bit);
            assertThat(bit(network, bit)).as("bit %s of %s", bit, cidr).isEqualTo(expected);
        }
        assertThat(Cidr.parse(cidr.toString())).isEqualTo(cidr);
    }

    @Test
    void aNetworkSaysWhatHelps() throws UnknownHostException {
        InetAddress host = InetAddress.getByName("10.1.2.3");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Cidr(host, 8))
                .withMessageContaining("10.1.2.3/8")
                .withMessageContaining("Cidr.of");
        assertThat(Cidr.of(host, 8)).hasToString("10.0.0.0/8");
    }

    @ParameterizedTest
    @ValueSource(strings = {"08:00:2b:01:02:03", "ff:ff:ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"})
    void aHardwareAddressReadsWhatItWrites(String text) {
        MacAddress address = MacAddress.parse(text);

        assertThat(address).hasToString(text).isEqualTo(MacAddress.of(address.toByteArray()));
        assertThat(MacAddress.parse(text.replace(':', '-').toUpperCase(Locale.ROOT)))
                .isEqualTo(address);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "08:00:2b:01:02",
                "08:00:2b:01:02:03:04",
                "08:00-2b:01:02:03",
                "08002b010203",
                "0:0:2b:1:2:3",
                "08:00:2b:01:02:0g",
                "08:00:2b:01:02:03:",
                "08:00:2b:01:02:03:04-05"
            })
    void aHardwareAddressRefusesWhatIsNone(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> MacAddress.parse(text))
                .withMessageContaining("'" + text + "'");
    }

    @Test
    void aHardwareAddressHasSixOrEightBytes() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> MacAddress.of(new byte[7]))
                .withMessageContaining("not 7");
    }

    private static boolean bit(byte[] bytes, int bit) {
        return (bytes[bit / 8] & (0x80 >>> (bit % 8))) != 0;
    }
}
