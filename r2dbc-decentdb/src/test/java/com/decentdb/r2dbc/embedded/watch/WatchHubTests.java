package com.decentdb.r2dbc.embedded.watch;

import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.ffi.NativeDatabase;
import com.decentdb.r2dbc.transport.WatchRequest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

class WatchHubTests {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static WatchHub hub(WatchSource source) {
        return new WatchHub(source, Thread::new, error -> error, event -> {}, new HiddenRows(true));
    }

    @Test
    void outlivesAHandleThatCannotBeClosed() throws InterruptedException {
        WatchHub hub = hub(new FailingSource());
        for (int i = 0; i < 3; i++) {
            StepVerifier.create(hub.watch(new WatchRequest.Changes(List.of(), false), Runnable::run))
                    .expectErrorMessage("no watch")
                    .verify(PATIENCE);
        }
        CountDownLatch gone = new CountDownLatch(1);
        hub.close(gone::countDown);

        assertThat(gone.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void closesAHandleThatNobodyWatchedThrough() throws InterruptedException {
        OpenSource source = new OpenSource();
        CountDownLatch gone = new CountDownLatch(1);
        hub(source).close(gone::countDown);

        assertThat(gone.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(source.isOpen()).isFalse();
    }

    /** A handle that is open from the beginning. */
    private static final class OpenSource implements WatchSource {

        private volatile boolean open = true;

        @Override
        public <T> void call(Function<NativeDatabase, T> call, BiConsumer<@Nullable T, @Nullable Throwable> done) {
            throw new AssertionError("Nobody watches");
        }

        @Override
        public boolean isOpen() {
            return open;
        }

        @Override
        public void rest() {
            // It stays open.
        }

        @Override
        public void close() {
            open = false;
        }
    }

    /** An engine that creates no watch and refuses to close. */
    private static final class FailingSource implements WatchSource {

        @Override
        public <T> void call(Function<NativeDatabase, T> call, BiConsumer<@Nullable T, @Nullable Throwable> done) {
            done.accept(null, new IllegalStateException("no watch"));
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void rest() {
            throw new IllegalStateException("cannot close");
        }

        @Override
        public void close() {
            rest();
        }
    }
}
