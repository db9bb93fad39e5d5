package com.decentdb.r2dbc.cluster.statement;

import com.decentdb.r2dbc.api.OutcomeUnknownException;
import com.decentdb.r2dbc.cluster.channel.ChannelLost;
import com.decentdb.r2dbc.cluster.meter.ClusterLog;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import org.jspecify.annotations.Nullable;

/**
 * The errors of a cluster as users see them. A write is either certainly not executed, or its error says that nobody knows.
 */
public final class Failures {

    private Failures() {}

    /** The error of a read outside a transaction. */
    public static R2dbcException ofRead(Trouble trouble, @Nullable SqlCommand sql) {
        if (trouble instanceof Trouble.Refusal refusal) {
            return refusal.code() == 10_506 || refusal.primary() == 4
                    ? connectionFailure(
                            "The leader was lost while it ran the query: " + refusal.message(),
                            code(refusal),
                            source(sql))
                    : ofRefusal(refusal, sql);
        }
        return ofLoss((Trouble.Loss) trouble, source(sql));
    }

    /** The error of a write outside a transaction. */
    public static R2dbcException ofWrite(Trouble trouble, @Nullable SqlCommand sql) {
        if (trouble.unknown()) {
            return unknown("the write", trouble, source(sql));
        }
        return trouble instanceof Trouble.Refusal refusal
                ? ofRefusal(refusal, sql)
                : ofLoss((Trouble.Loss) trouble, source(sql));
    }

    /** The error of a statement in a transaction. */
    public static R2dbcException inTransaction(Trouble trouble, @Nullable SqlCommand sql) {
        if (trouble instanceof Trouble.Loss loss) {
            return switch (loss.why().kind()) {
                case TIMED_OUT, TOO_LARGE -> ofLoss(loss, source(sql));
                case GIVEN_UP ->
                    Errors.of("57014", "The statement was ended: " + loss.why().message(), source(sql));
                default ->
                    rolledBack(
                            "the connection to the leader was lost: "
                                    + loss.why().message(),
                            0,
                            source(sql));
            };
        }
        Trouble.Refusal refusal = (Trouble.Refusal) trouble;
        if (refusal.notExecuted() || refusal.unknown()) {
            return rolledBack("the leader was lost: " + refusal.message(), code(refusal), source(sql));
        }
        return ofRefusal(refusal, sql);
    }

    /** The error of a commit. */
    public static R2dbcException ofCommit(Trouble trouble) {
        if (trouble.notExecuted() || trouble.noTransaction()) {
            String why =
                    trouble instanceof Trouble.Refusal refusal ? refusal.message() : "the connection was lost before";
            return rolledBack("it was not open any more when it was to be committed: " + why, 0, "COMMIT");
        }
        if (trouble.unknown()) {
            return unknown("the transaction", trouble, "COMMIT");
        }
        return trouble.busy()
                ? rolledBack("the node stayed too busy to commit it", 5, "COMMIT")
                : Errors.map(ofRefusal((Trouble.Refusal) trouble, null), "COMMIT");
    }

    /** The transaction is gone. */
    public static R2dbcException rolledBack(String why, int code, @Nullable String sql) {
        return Errors.of(
                "40001", "The transaction was rolled back, since " + why + ". It may be repeated", code, sql, null);
    }

    private static OutcomeUnknownException unknown(String what, Trouble trouble, @Nullable String sql) {
        String why = trouble instanceof Trouble.Refusal refusal
                ? refusal.message()
                : ((Trouble.Loss) trouble).why().message();
        @Nullable
        Throwable cause = trouble instanceof Trouble.Loss loss ? loss.why().cause() : null;
        int code = trouble instanceof Trouble.Refusal refusal ? code(refusal) : 0;
        ClusterLog.warn("Whether {} was committed is unknown: {}", what, why);
        return new OutcomeUnknownException(
                "Whether " + what + " was committed is unknown, since the leader did not confirm it: " + why
                        + ". Read before you repeat it",
                code,
                sql,
                cause);
    }

    private static R2dbcException ofLoss(Trouble.Loss loss, @Nullable String sql) {
        String why = loss.why().message();
        return switch (loss.why().kind()) {
            case TIMED_OUT ->
                Errors.of(
                        "57014",
                        "The leader gave no answer within statementTimeout; the connection to it was closed",
                        sql);
            case PROTOCOL ->
                Errors.of(
                        "08P01",
                        "The leader broke the protocol: " + why,
                        0,
                        sql,
                        loss.why().cause());
            case TOO_LARGE ->
                Errors.of(
                        "54000",
                        "The statement was ended: " + why,
                        0,
                        sql,
                        loss.why().cause());
            case FAILED -> driverFailed(loss.why(), sql);
            default -> connectionFailure("The connection to the leader was lost: " + why, 0, sql);
        };
    }

    private static R2dbcException driverFailed(ChannelLost why, @Nullable String sql) {
        Throwable cause = why.cause();
        return cause == null ? Errors.of("XX000", why.message(), sql) : Errors.map(cause, sql);
    }

    /** The connection broke during something that only read. */
    public static R2dbcException connectionFailure(String message, int code, @Nullable String sql) {
        return Errors.transientFailure("08006", message, code, sql, null);
    }

    /** There are too many sessions with a connection of their own. */
    public static R2dbcException tooManyPinned(int most) {
        return Errors.of(
                "53300",
                "There are " + most
                        + " connections with TEMP objects or settings already (maxPinnedConnections); close one, or"
                        + " raise the option",
                null);
    }

    /** A node understood a call that is no statement, and does not want to do it. */
    public static R2dbcException refusedBy(String call, String node, long code, String message) {
        return Errors.of("58000", node + " refused " + call + ": " + message, (int) code, null, null);
    }

    /** The answer to a call that changes nothing was lost. */
    public static R2dbcException noAnswer(String call, String node, ChannelLost why) {
        String message = "No answer of " + node + " to " + call + ": " + why.message();
        return switch (why.kind()) {
            case TIMED_OUT -> Errors.of("57014", message, 0, null, why.cause());
            case PROTOCOL, TOO_LARGE -> Errors.of("08P01", message, 0, null, why.cause());
            case FAILED -> driverFailed(why, null);
            default -> Errors.transientFailure("08006", message, 0, null, why.cause());
        };
    }

    private static int code(Trouble.Refusal refusal) {
        return (int) refusal.code();
    }

    /** A refusal by the node, whatever the context of the request. */
    private static R2dbcException ofRefusal(Trouble.Refusal refusal, @Nullable SqlCommand command) {
        String sql = source(command);
        int code = code(refusal);
        String message = refusal.message();
        if (refusal.notExecuted()) {
            return connectionFailure(
                    "The node is not the leader any more; the statement was not executed: " + message, code, sql);
        }
        if (refusal.snapshotIsOld()) {
            return rolledBack("another client wrote after it had begun to read", code, sql);
        }
        return switch (refusal.primary()) {
            case 5, 6 ->
                Errors.of("55P03", "Another client holds the write lock of the cluster: " + message, code, sql, null);
            case 7, 13 -> Errors.of("53" + (refusal.primary() == 7 ? "200" : "100"), message, code, sql, null);
            default ->
                Errors.ofDatabase(sqlState(refusal), message, code, sql, null, SqliteDetails.of(refusal, command));
        };
    }

    private static @Nullable String source(@Nullable SqlCommand sql) {
        return sql == null ? null : sql.source();
    }

    private static String sqlState(Trouble.Refusal refusal) {
        return switch (refusal.primary()) {
            case 1 -> ofMessage(refusal.message());
            case 8 -> "25006";
            case 9 -> "57014";
            case 10 -> "58030";
            case 11, 24, 26 -> "XX001";
            case 18 -> "54000";
            case 19 -> ofConstraint(refusal.code());
            case 20 -> "22018";
            case 22 -> "0A000";
            case 23 -> "42501";
            case 25 -> "07002";
            case 100 -> "42000";
            case 1001, 1002, 1005 -> "08P01";
            default -> "58000";
        };
    }

    private static String ofConstraint(long code) {
        return switch ((int) code) {
            case 2067, 1555, 2579 -> "23505";
            case 1299 -> "23502";
            case 275 -> "23514";
            case 787 -> "23503";
            default -> "23000";
        };
    }

    private static String ofMessage(String message) {
        if (message.contains("syntax error")
                || message.contains("incomplete input")
                || message.contains("unrecognized token")) {
            return "42601";
        } else if (message.contains("no such table") || message.contains("no such view")) {
            return "42P01";
        } else if (message.contains("no such column") || message.contains("has no column")) {
            return "42703";
        } else if (message.contains("no such function")) {
            return "42883";
        }
        return "42000";
    }
}
