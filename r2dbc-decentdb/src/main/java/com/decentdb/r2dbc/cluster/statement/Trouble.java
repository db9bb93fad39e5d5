package com.decentdb.r2dbc.cluster.statement;

import com.decentdb.r2dbc.cluster.channel.ChannelLost;
import java.util.List;

/** Why a statement has no result. */
public sealed interface Trouble {

    /** The codes by which SQLite and dqlite say that nothing was executed, since another node leads. */
    long NOT_LEADER = 10_250;

    long NOT_LEADER_BEFORE_1_0 = 8_202;

    /**
     * Raft's own codes, which 1.11 passes on when it is deposed before it begins with a statement. In SQLite they mean that memory
     * ran out, that the database may only be read, and that the statement was interrupted, with messages that say so.
     */
    long RAFT_NOT_LEADER = 7;

    long RAFT_LEADERSHIP_LOST = 8;

    long RAFT_SHUTDOWN = 9;

    /**
     * The node refused it.
     *
     * @param code SQLite's extended code, or dqlite's own from 1001
     */
    record Refusal(long code, String message) implements Trouble {

        private static final List<String> WORDS_OF_SQLITE = List.of("out of memory", "readonly", "interrupted");

        /** Whether Raft refused it with one of its codes, and not SQLite with the same one. */
        private boolean byRaft(long raftCode) {
            return code == raftCode && WORDS_OF_SQLITE.stream().noneMatch(message::contains);
        }

        /** SQLite's primary code; dqlite's own codes have none. */
        public int primary() {
            return code >= 1001 && code <= 1005 ? (int) code : (int) (code & 0xff);
        }
    }

    /**
     * The channel ended.
     *
     * @param sent whether the node may have seen the statement
     */
    record Loss(ChannelLost why, boolean sent) implements Trouble {}

    /** Whether it is certain that nothing was executed, and another node is to be asked. */
    default boolean notExecuted() {
        if (this instanceof Refusal refusal) {
            return refusal.code() == NOT_LEADER
                    || refusal.code() == NOT_LEADER_BEFORE_1_0
                    || refusal.byRaft(RAFT_NOT_LEADER)
                    || (refusal.primary() == 12 && refusal.message().contains("no database"));
        }
        return this instanceof Loss loss && !loss.sent();
    }

    /** The same for a write, or a transaction that is to begin. */
    default boolean notBegun() {
        return notExecuted()
                || (this instanceof Refusal refusal
                        && (refusal.byRaft(RAFT_LEADERSHIP_LOST) || refusal.byRaft(RAFT_SHUTDOWN)));
    }

    /** Of a BEGIN: whether it was refused since a transaction is open already. */
    default boolean withinAnother() {
        return this instanceof Refusal refusal && refusal.primary() == 1;
    }

    /** Whether a write that was sent may have been executed or not. */
    default boolean unknown() {
        return this instanceof Refusal refusal
                ? !notExecuted() && (refusal.primary() == 10 || refusal.primary() == 4)
                : !notExecuted();
    }

    /** Whether another client writes, or the node is busy with itself: it may be tried again. */
    default boolean busy() {
        return this instanceof Refusal refusal && refusal.primary() == 5 && !snapshotIsOld();
    }

    /** Whether a transaction read before another client wrote. */
    default boolean snapshotIsOld() {
        return this instanceof Refusal refusal && refusal.code() == 517;
    }

    /** Whether the leader is to be looked for. */
    default boolean doubtsLeader() {
        if (this instanceof Loss loss) {
            return switch (loss.why().kind()) {
                case GIVEN_UP, TOO_LARGE, FAILED -> false;
                default -> true;
            };
        }
        return notBegun() || (this instanceof Refusal refusal && refusal.code() == 10_506);
    }

    /** Whether a node that reports this has rolled the transaction back. */
    default boolean endsTransaction() {
        return !(this instanceof Refusal refusal)
                || notExecuted()
                || snapshotIsOld()
                || switch (refusal.primary()) {
                    case 4, 7, 9, 10, 11, 13 -> true;
                    default -> false;
                };
    }

    /** Whether it broke a constraint. */
    default boolean constraint() {
        return this instanceof Refusal refusal && refusal.primary() == 19;
    }

    /** Whether there was no transaction to end. */
    default boolean noTransaction() {
        return this instanceof Refusal refusal && refusal.message().contains("no transaction is active");
    }
}
