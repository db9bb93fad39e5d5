package com.decentdb.r2dbc.runtime;

import java.time.Duration;

/**
 * The right to write to a database, held by one at a time and handed on in the order it was asked for. Nobody waits for
 * it with a thread. Thread-safe.
 */
final class WriteLease {

    /** Somebody who asks for the lease. */
    interface Claimant extends WaitQueue.Waiter {

        /**
         * The lease is there; must not block. Called on the thread of the caller of {@link #acquire} or
         * {@link #release}.
         *
         * @return false to pass it on because nobody waits for it any more
         */
        boolean granted();
    }

    private final WaitQueue<Claimant> claimants = new WaitQueue<>(Integer.MAX_VALUE);
    private boolean held;

    void acquire(Claimant claimant) {
        synchronized (this) {
            if (held) {
                claimants.add(claimant);
                return;
            }
            held = true;
        }
        if (!claimant.granted()) {
            release();
        }
    }

    void release() {
        Claimant next;
        do {
            synchronized (this) {
                next = claimants.poll();
                if (next == null) {
                    held = false;
                }
            }
        } while (next != null && !next.granted());
    }

    /** Removes a claimant that gave up. */
    void withdraw(Claimant claimant) {
        claimants.remove(claimant);
    }

    /** Whether somebody waits. */
    boolean contended() {
        return !claimants.isEmpty();
    }

    synchronized boolean held() {
        return held;
    }

    /** A claim without a time limit. */
    static Claimant claim(Runnable whenGranted) {
        return new Claimant() {
            @Override
            public boolean granted() {
                whenGranted.run();
                return true;
            }

            @Override
            public boolean waiting() {
                return true;
            }

            @Override
            public long deadline() {
                return NEVER;
            }

            @Override
            public void expire() {
                throw new IllegalStateException("A claim without a deadline cannot expire");
            }
        };
    }

    /** A claim that answers a request, within the request's time limit. */
    static Claimant claim(Exchange<?> exchange, Runnable whenGranted) {
        return new ExchangeClaim(exchange, whenGranted);
    }

    /** What a timeout says. */
    static String timeoutMessage(String what, Duration lockWait) {
        return what + " waited " + lockWait.toMillis()
                + " ms for the right to write, which another transaction holds; it was not started."
                + " Shorten that transaction or raise lockWaitTimeout";
    }

    private record ExchangeClaim(Exchange<?> exchange, Runnable whenGranted) implements Claimant, WaitQueue.Request {

        @Override
        public boolean granted() {
            if (!exchange.start()) {
                return false;
            }
            whenGranted.run();
            return true;
        }
    }
}
