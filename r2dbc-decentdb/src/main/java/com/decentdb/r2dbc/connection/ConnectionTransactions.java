package com.decentdb.r2dbc.connection;

import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbTransactionDefinition;
import com.decentdb.r2dbc.settings.SessionSettings;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.sql.TransactionControl;
import com.decentdb.r2dbc.transport.Command;
import com.decentdb.r2dbc.transport.Cursor;
import com.decentdb.r2dbc.transport.ErrorText;
import com.decentdb.r2dbc.transport.Errors;
import com.decentdb.r2dbc.transport.Session;
import com.decentdb.r2dbc.transport.TransactionOptions;
import com.decentdb.r2dbc.transport.Waits;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.TransactionDefinition;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The rules of R2DBC about transactions of one connection: auto-commit, isolation levels, savepoints, and transaction
 * control written as SQL. Nothing here starts before its Mono is subscribed to.
 */
final class ConnectionTransactions {

    private static final Set<IsolationLevel> LEVELS = Set.of(
            DecentDbConnection.SNAPSHOT,
            IsolationLevel.SERIALIZABLE,
            IsolationLevel.REPEATABLE_READ,
            IsolationLevel.READ_COMMITTED,
            IsolationLevel.READ_UNCOMMITTED);

    private final Session session;
    private final Duration defaultLockWait;
    private final Duration idleTimeout;
    private volatile Duration lockWait;
    private volatile boolean autoCommit = true;
    private volatile IsolationLevel isolation = DecentDbConnection.SNAPSHOT;
    private volatile @Nullable IsolationLevel ofTransaction;

    ConnectionTransactions(Session session, SessionSettings settings) {
        this.session = session;
        this.defaultLockWait = settings.lockWait();
        this.idleTimeout = settings.idleTransaction();
        this.lockWait = defaultLockWait;
        session.setLockWait(lockWait);
    }

    /** How long writes outside transactions, and transactions without a limit of their definition, wait for the write lock. */
    Duration lockWait() {
        return lockWait;
    }

    final void setLockWait(Duration timeout) {
        lockWait = timeout;
        session.setLockWait(timeout);
    }

    /** Begins a transaction with the defaults of the connection. */
    Mono<Void> begin() {
        return begin(DecentDbTransactionDefinition.create());
    }

    Mono<Void> begin(DecentDbTransactionDefinition definition) {
        IsolationLevel level = definition.getAttribute(TransactionDefinition.ISOLATION_LEVEL);
        if (level != null && !LEVELS.contains(level)) {
            return Mono.error(unsupported(level));
        }
        Duration wait = definition.getAttribute(TransactionDefinition.LOCK_WAIT_TIMEOUT);
        Duration timeout = definition.getAttribute(DecentDbTransactionDefinition.TRANSACTION_TIMEOUT);
        boolean readOnly = Boolean.TRUE.equals(definition.getAttribute(TransactionDefinition.READ_ONLY));
        return session.begin(new TransactionOptions(
                        readOnly,
                        wait == null ? lockWait : Waits.atMostUnlimited(wait),
                        idleTimeout,
                        timeout == null ? Duration.ZERO : Waits.atMostUnlimited(timeout),
                        definition.getAttribute(TransactionDefinition.NAME)))
                .doOnSuccess(begun -> ofTransaction = level);
    }

    Mono<Void> commit() {
        return session.commit();
    }

    Mono<Void> rollback() {
        return session.rollback();
    }

    /** Whether the next statement begins a transaction, because auto-commit is off and none is open. */
    boolean beginsWithNextStatement() {
        return !autoCommit && !session.inTransaction() && session.isOpen();
    }

    boolean autoCommit() {
        return autoCommit && !session.inTransaction();
    }

    Mono<Void> setAutoCommit(boolean wanted) {
        if (wanted == autoCommit()) {
            autoCommit = wanted;
            return Mono.empty();
        }
        Mono<Void> committed = session.inTransaction() ? session.commit() : Mono.empty();
        return committed.doOnSuccess(done -> autoCommit = wanted);
    }

    IsolationLevel isolation() {
        IsolationLevel level = ofTransaction;
        return level != null && session.inTransaction() ? level : isolation;
    }

    Mono<Void> setIsolation(IsolationLevel level) {
        return LEVELS.contains(level)
                ? Mono.fromRunnable(() -> {
                    isolation = level;
                    ofTransaction = null;
                })
                : Mono.error(unsupported(level));
    }

    /**
     * Begins a transaction if none is open, as R2DBC has it.
     *
     * @param quoted the name of the savepoint as an SQL identifier
     */
    Mono<Void> createSavepoint(String quoted) {
        return Mono.defer(() -> session.inTransaction() ? Mono.<Void>empty() : begin())
                .then(savepoint("SAVEPOINT " + quoted));
    }

    Mono<Void> releaseSavepoint(String quoted) {
        return savepoint("RELEASE SAVEPOINT " + quoted);
    }

    Mono<Void> rollbackToSavepoint(String quoted) {
        return savepoint("ROLLBACK TO SAVEPOINT " + quoted);
    }

    private Mono<Void> savepoint(String sql) {
        return Mono.defer(() -> {
            if (!session.inTransaction()) {
                return Mono.error(Errors.of("25P01", "No transaction is open, so there are no savepoints", sql));
            }
            return session.execute(Command.of(SqlCommand.of(sql), 1, lockWait))
                    .doOnNext(Cursor::close)
                    .then();
        });
    }

    /** Transaction control written as SQL does the same as the methods. */
    Mono<Void> control(SqlCommand sql, TransactionControl control) {
        if (control.unexpected() != null) {
            return Mono.error(unexpected(sql, control.unexpected()));
        }
        String savepoint = Identifiers.quote(String.valueOf(control.savepoint()));
        return switch (sql.kind()) {
            case BEGIN -> begin(definition(control));
            case COMMIT -> commit();
            case ROLLBACK -> rollback();
            case SAVEPOINT -> autoCommit() ? Mono.error(noTransaction("SAVEPOINT")) : createSavepoint(savepoint);
            case RELEASE -> releaseSavepoint(savepoint);
            case ROLLBACK_TO -> rollbackToSavepoint(savepoint);
            default -> setTransaction(definition(control));
        };
    }

    private static R2dbcException unexpected(SqlCommand sql, String token) {
        return Errors.ofDatabase(
                "42601",
                "Syntax error: unexpected " + token,
                0,
                sql.source(),
                null,
                ErrorText.Names.NONE.details(sql.origin().ofOnly(token), "", null));
    }

    private static R2dbcException noTransaction(String what) {
        return Errors.of(
                "25P01", what + " is about the open transaction, but there is none; begin one before it", null);
    }

    private static DecentDbTransactionDefinition definition(TransactionControl control) {
        DecentDbTransactionDefinition definition = DecentDbTransactionDefinition.create();
        if (control.readOnly() != null) {
            definition = control.readOnly() ? definition.readOnly() : definition.readWrite();
        }
        String level = control.isolationLevel();
        return level == null ? definition : definition.isolationLevel(IsolationLevel.valueOf(level));
    }

    /** {@code SET TRANSACTION} concerns the open transaction, or with auto-commit off the one that begins with it. */
    private Mono<Void> setTransaction(DecentDbTransactionDefinition definition) {
        if (!session.inTransaction()) {
            return autoCommit && session.isOpen() ? Mono.error(noTransaction("SET TRANSACTION")) : begin(definition);
        }
        IsolationLevel level = definition.getAttribute(TransactionDefinition.ISOLATION_LEVEL);
        if (level != null && !LEVELS.contains(level)) {
            return Mono.error(unsupported(level));
        }
        Boolean readOnly = definition.getAttribute(TransactionDefinition.READ_ONLY);
        Mono<Void> changed = readOnly == null ? Mono.empty() : session.setReadOnly(readOnly);
        return level == null ? changed : changed.doOnSuccess(done -> ofTransaction = level);
    }

    /** Whether the settings are those of a new connection and no transaction is open. */
    boolean inInitialState() {
        return autoCommit
                && !session.inTransaction()
                && isolation == DecentDbConnection.SNAPSHOT
                && lockWait.equals(defaultLockWait);
    }

    /** Sets everything as on a new connection; the open transaction, if any, is ended by the session. */
    void reset() {
        autoCommit = true;
        isolation = DecentDbConnection.SNAPSHOT;
        ofTransaction = null;
        setLockWait(defaultLockWait);
    }

    private static RuntimeException unsupported(IsolationLevel level) {
        return Errors.of("0A000", "The isolation level " + level.asSql() + " is not known to DecentDB", null);
    }
}
