package com.decentdb.r2dbc.embedded.watch;

import com.decentdb.r2dbc.delivery.threads.Persistent;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Hands the answer to a call of the engine to the hub's thread, as soon as there is memory for that. */
final class HubAnswer<T> implements BiConsumer<@Nullable T, @Nullable Throwable> {

    private final Runnable submission;
    private @Nullable T outcome;
    private @Nullable Throwable failure;

    /**
     * An answer that is to come.
     *
     * @param hub runs a command on the hub's thread
     * @param received gets the answer there
     */
    HubAnswer(Consumer<Runnable> hub, BiConsumer<@Nullable T, @Nullable Throwable> received) {
        Runnable command = () -> received.accept(outcome, failure);
        submission = () -> hub.accept(command);
    }

    @Override
    public void accept(@Nullable T answer, @Nullable Throwable error) {
        outcome = answer;
        failure = error;
        Persistent.insist(submission);
    }
}
