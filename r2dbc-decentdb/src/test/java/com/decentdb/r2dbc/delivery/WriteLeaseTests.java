package com.decentdb.r2dbc.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class WriteLeaseTests {

    private final WriteLease lease = new WriteLease();
    private final List<String> granted = new ArrayList<>();

    @Test
    void isHandedOnInTheOrderItWasAskedFor() {
        ask("first");
        ask("second");
        ask("third");
        assertThat(granted).containsExactly("first");

        lease.release();
        lease.release();

        assertThat(granted).containsExactly("first", "second", "third");
        lease.release();
        assertThat(lease.held()).isFalse();
    }

    @Test
    void passesOverThoseWhoGaveUp() {
        ask("first");
        request("cancelled", Duration.ofMinutes(1)).subscribe().dispose();
        ask("third");

        lease.release();

        assertThat(granted).containsExactly("first", "third");
    }

    @Test
    void tellsThoseWhoseTimeIsUpAndForgetsThem() {
        ask("first");

        request("late", Duration.ofMillis(20))
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcTimeoutException.class)
                        .hasMessageContaining("late waited")
                        .hasMessageContaining("which first has held"));

        assertThat(lease.contended()).isFalse();
        lease.release();
        assertThat(granted).containsExactly("first");
        assertThat(lease.held()).isFalse();
    }

    private void ask(String name) {
        lease.acquire(WriteLease.claim(name, Runnable::run, () -> granted.add(name)));
    }

    private Mono<String> request(String name, Duration wait) {
        return Exchange.mono(Runnable::run, exchange -> {
            exchange.expiresAt(Deadlines.after(wait), () -> lease.timeout(name, wait, null));
            WriteLease.Claimant claim = WriteLease.claim(name, exchange, Runnable::run, () -> granted.add(name));
            exchange.onCancel(() -> lease.withdraw(claim));
            lease.acquire(claim);
        });
    }
}
