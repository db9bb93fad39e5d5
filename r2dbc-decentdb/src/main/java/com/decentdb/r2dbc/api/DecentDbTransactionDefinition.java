package com.decentdb.r2dbc.api;

import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.TransactionDefinition;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a transaction is to be: whether it only reads, how long its first statement may wait, what it is called. Immutable; each
 * method returns another definition.
 *
 * <pre>{@code
 * connection.beginTransaction(
 *         DecentDbTransactionDefinition.create().name("transfer").lockWaitTimeout(Duration.ofSeconds(2)))
 * }</pre>
 */
public final class DecentDbTransactionDefinition implements TransactionDefinition {

    /** After which time a transaction is rolled back, see {@link #transactionTimeout}. */
    public static final Option<Duration> TRANSACTION_TIMEOUT = Option.valueOf("transactionTimeout");

    private static final DecentDbTransactionDefinition DEFAULTS = new DecentDbTransactionDefinition(Map.of());

    private final Map<Option<?>, Object> attributes;

    private DecentDbTransactionDefinition(Map<Option<?>, Object> attributes) {
        this.attributes = attributes;
    }

    /**
     * A read-write transaction that waits as long as the connection's lock-wait timeout.
     *
     * @return a definition that says nothing yet
     */
    public static DecentDbTransactionDefinition create() {
        return DEFAULTS;
    }

    /**
     * A copy of what DecentDB understands of another definition.
     *
     * @param definition any definition
     * @return a definition with the same attributes
     * @throws IllegalArgumentException if the definition is null or an attribute has a value of a wrong type or a negative
     *     duration
     */
    public static DecentDbTransactionDefinition from(TransactionDefinition definition) {
        if (definition == null) {
            throw new IllegalArgumentException("The definition must not be null");
        }
        if (definition instanceof DecentDbTransactionDefinition same) {
            return same;
        }
        DecentDbTransactionDefinition copy = DEFAULTS;
        IsolationLevel level = attribute(definition, ISOLATION_LEVEL, IsolationLevel.class);
        if (level != null) {
            copy = copy.isolationLevel(level);
        }
        Boolean readOnly = attribute(definition, READ_ONLY, Boolean.class);
        if (readOnly != null) {
            copy = copy.with(READ_ONLY, readOnly);
        }
        String name = attribute(definition, NAME, String.class);
        if (name != null) {
            copy = copy.name(name);
        }
        Duration wait = attribute(definition, LOCK_WAIT_TIMEOUT, Duration.class);
        if (wait != null) {
            copy = copy.lockWaitTimeout(wait);
        }
        Duration timeout = attribute(definition, TRANSACTION_TIMEOUT, Duration.class);
        return timeout == null ? copy : copy.transactionTimeout(timeout);
    }

    /**
     * A transaction that only reads: it waits for no writer and sees one snapshot. Statements that write are refused.
     *
     * @return the definition with this attribute
     */
    public DecentDbTransactionDefinition readOnly() {
        return with(READ_ONLY, true);
    }

    /**
     * A transaction that may write, which is the default.
     *
     * @return the definition with this attribute
     */
    public DecentDbTransactionDefinition readWrite() {
        return with(READ_ONLY, false);
    }

    /**
     * How long its first statement may wait for the write lock, or that of a read-only one for a read lane.
     *
     * @param timeout zero for not at all
     * @return the definition with this attribute
     */
    public DecentDbTransactionDefinition lockWaitTimeout(Duration timeout) {
        requireNonNull(timeout, "lock-wait timeout");
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("The lock-wait timeout must not be negative, it is " + timeout);
        }
        return with(LOCK_WAIT_TIMEOUT, timeout);
    }

    /**
     * How long it may be open, for a database on a cluster, where an open transaction holds the right to write of all clients. The time
     * counts from its first statement, once that has the right to write. Then whatever runs in it is ended and it is rolled back:
     * its statements and {@code commitTransaction()} end with SQLSTATE 40001 until {@code rollbackTransaction()}. A commit that is on
     * its way by then decides by itself. Without this attribute there is no limit. Inside this process, where
     * {@code idleTransactionTimeout} and {@code statementTimeout} serve the purpose, {@code beginTransaction} refuses it with SQLSTATE
     * 0A000.
     *
     * @param timeout longer than zero
     * @return the definition with this attribute
     */
    public DecentDbTransactionDefinition transactionTimeout(Duration timeout) {
        requireNonNull(timeout, "transaction timeout");
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("The transaction timeout must be longer than zero, it is " + timeout
                    + "; leave it out for no limit");
        }
        return with(TRANSACTION_TIMEOUT, timeout);
    }

    /**
     * The name of the transaction. The error of a lock wait that timed out names the transaction that holds the write lock.
     *
     * @param name any text
     * @return the definition with this attribute
     */
    public DecentDbTransactionDefinition name(String name) {
        requireNonNull(name, "name");
        return with(NAME, name);
    }

    /**
     * The isolation asked for. Every level DecentDB knows is kept by the same means, see {@link DecentDbConnection}.
     *
     * @param level one of R2DBC's or {@link DecentDbConnection#SNAPSHOT}
     * @return the definition with this attribute
     */
    public DecentDbTransactionDefinition isolationLevel(IsolationLevel level) {
        requireNonNull(level, "isolation level");
        return with(ISOLATION_LEVEL, level);
    }

    @Override
    @SuppressWarnings("unchecked") // every attribute is put there by a method that knows its type
    public <T> @Nullable T getAttribute(Option<T> option) {
        return (T) attributes.get(option);
    }

    private DecentDbTransactionDefinition with(Option<?> option, Object value) {
        Map<Option<?>, Object> more = new LinkedHashMap<>(attributes);
        more.put(option, value);
        return new DecentDbTransactionDefinition(more);
    }

    /** Definitions made from maps may hold anything. */
    private static <T> @Nullable T attribute(TransactionDefinition definition, Option<?> option, Class<T> type) {
        Object value = definition.getAttribute(option);
        if (value != null && !type.isInstance(value)) {
            throw new IllegalArgumentException(
                    "The attribute '" + option.name() + "' of a transaction definition must be of " + type.getName()
                            + ", but is the " + value.getClass().getName() + " '" + value + "'");
        }
        return type.cast(value);
    }

    private static void requireNonNull(@Nullable Object value, String what) {
        if (value == null) {
            throw new IllegalArgumentException("The " + what + " must not be null");
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof DecentDbTransactionDefinition that && attributes.equals(that.attributes);
    }

    @Override
    public int hashCode() {
        return attributes.hashCode();
    }

    @Override
    public String toString() {
        return "DecentDbTransactionDefinition" + attributes;
    }
}
