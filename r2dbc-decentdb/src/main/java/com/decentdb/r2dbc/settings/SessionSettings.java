package com.decentdb.r2dbc.settings;

import com.decentdb.r2dbc.api.DecentDbOptions;
import com.decentdb.r2dbc.sql.ParameterStyle;
import com.decentdb.r2dbc.sql.SqlScript;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.time.Duration;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * The options of a connection factory that every transport shares, checked.
 *
 * @param lockWait how long to wait for the write lock unless a connection or transaction says otherwise
 * @param statementTimeout how long to wait for a statement's first response; zero means without limit
 * @param idleTransaction after which time without a statement a transaction is rolled back; zero means never
 * @param fetchSize how many rows to read at once
 * @param writeQueueEnabled whether writes outside transactions go through the write queue
 * @param queueTimeout how long a queued write may wait to be started; zero means without limit
 * @param connectTimeout how long opening a connection may take; zero means without limit
 * @param parameterStyle how SQL text names its parameters
 * @param textForNumbers whether decimals are stored as text, so that they may have any number of digits
 */
public record SessionSettings(
        Duration lockWait,
        Duration statementTimeout,
        Duration idleTransaction,
        int fetchSize,
        boolean writeQueueEnabled,
        Duration queueTimeout,
        Duration connectTimeout,
        ParameterStyle parameterStyle,
        boolean textForNumbers) {

    private static final Logger LOG = Loggers.getLogger(SessionSettings.class);
    private static final Duration DEFAULT_LOCK_WAIT = Duration.ofSeconds(30);
    private static final Duration DEFAULT_CONNECT_TIMEOUT = Duration.ofSeconds(30);
    private static final int MAX_FETCH_SIZE = 65_536;

    /** Like {@link #of(ConnectionFactoryOptions, Duration, boolean)} without a bound of statements, for engines that hold decimals. */
    public static SessionSettings of(ConnectionFactoryOptions options) {
        return of(options, Duration.ZERO, false);
    }

    /**
     * Reads and checks the options.
     *
     * @param statementTimeout unless the options say otherwise
     * @param textForNumbers whether the transport stores decimals as text
     * @throws io.r2dbc.spi.R2dbcNonTransientResourceException if one is wrong; the message names it
     */
    public static SessionSettings of(
            ConnectionFactoryOptions options, Duration statementTimeout, boolean textForNumbers) {
        OptionReader reader = new OptionReader(options);
        warnAboutMisspelled(options);
        return new SessionSettings(
                reader.duration(ConnectionFactoryOptions.LOCK_WAIT_TIMEOUT, DEFAULT_LOCK_WAIT),
                reader.duration(ConnectionFactoryOptions.STATEMENT_TIMEOUT, statementTimeout),
                reader.duration(DecentDbOptions.IDLE_TRANSACTION_TIMEOUT, Duration.ZERO),
                Math.min(MAX_FETCH_SIZE, reader.integer(DecentDbOptions.FETCH_SIZE, 256, 1)),
                reader.flag(DecentDbOptions.WRITE_QUEUE_ENABLED, false),
                reader.duration(DecentDbOptions.WRITE_QUEUE_DEFAULT_TIMEOUT, Duration.ZERO),
                reader.duration(ConnectionFactoryOptions.CONNECT_TIMEOUT, DEFAULT_CONNECT_TIMEOUT),
                reader.constant(
                        DecentDbOptions.PARAMETER_STYLE,
                        ParameterStyle.class,
                        ParameterStyle.NATIVE,
                        "native, jdbc or named"),
                textForNumbers);
    }

    /** Cuts SQL text whose parameters are named as the options say. */
    public SqlScript parse(String sql) {
        if (sql == null) {
            throw new IllegalArgumentException("The SQL text must not be null");
        }
        SqlScript script = SqlScript.parse(sql, parameterStyle);
        if (script.commands().isEmpty()) {
            throw new IllegalArgumentException("The SQL text holds no statement");
        }
        return script;
    }

    /** Options a driver does not know must be tolerated; one that is almost ours is worth a warning. */
    private static void warnAboutMisspelled(ConnectionFactoryOptions options) {
        for (String name : OptionNames.of(options)) {
            String meant = OptionNames.meantBy(name);
            if (meant != null) {
                LOG.warn("Option '{}' is unknown and ignored; did you mean '{}'?", name, meant);
            }
        }
    }
}
