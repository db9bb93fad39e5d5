package com.decentdb.r2dbc.api.cluster;

import io.r2dbc.spi.Closeable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Administers a cluster. Calls that change it go to the leader and are sent once: if the answer is lost, the error is an
 * {@link com.decentdb.r2dbc.api.OutcomeUnknownException}, SQLSTATE 08007, and {@link #members()} says what became of it. What a
 * node refuses ends with SQLSTATE 0A000, 42000 or 58000 and its message. Without a leader within {@code failoverTimeout} the error
 * is 08001 and says what each node answered.
 *
 * <p>All publishers are cold: each subscriber makes a call of its own. Signals arrive on a thread of the driver that may not be
 * blocked for long. Thread-safe.
 */
public interface ClusterAdmin extends Closeable {

    /**
     * The node that leads.
     *
     * @return a Mono of the leader, as it confirmed itself
     */
    Mono<ClusterNode> leader();

    /**
     * All nodes, as the leader lists them.
     *
     * @return a Flux of the nodes
     */
    Flux<ClusterNode> members();

    /**
     * Adds a node, which runs already, as a spare; {@link #assign} makes more of it.
     *
     * @param id its id, an unsigned number other than 0
     * @param address where the other nodes reach it, {@code host:port}
     * @return a Mono that completes when the cluster knows the node
     */
    Mono<Void> add(long id, String address);

    /**
     * Gives a node a role. A node that becomes a voter or standby receives the data first.
     *
     * @param id the node
     * @param role its role from now on
     * @return a Mono that completes when it has the role
     */
    Mono<Void> assign(long id, NodeRole role);

    /**
     * Removes a node from the cluster; its process goes on and serves nobody.
     *
     * @param id the node
     * @return a Mono that completes when the cluster has forgotten it
     */
    Mono<Void> remove(long id);

    /**
     * Makes a node the leader. Transactions that are open are rolled back, and whether a write was executed that arrives meanwhile is
     * unknown: the old leader hangs up on those that send one.
     *
     * @param id a voter
     * @return a Mono that completes when the old leader has handed over
     */
    Mono<Void> transferLeadership(long id);

    /**
     * Makes some other voter the leader. Transactions that are open are rolled back.
     *
     * @return a Mono that completes when the old leader has handed over
     */
    Mono<Void> transferLeadership();

    /**
     * The ratings of a node.
     *
     * @param address the node, {@code host:port}
     * @return a Mono of its ratings
     */
    Mono<NodeDescription> describe(String address);

    /**
     * Gives a node a weight.
     *
     * @param address the node, {@code host:port}
     * @param weight an unsigned number
     * @return a Mono that completes when the node has it
     */
    Mono<Void> setWeight(String address, long weight);

    /**
     * Copies a database as the leader has it at one moment: two files which together open with SQLite. What the subscriber does not
     * request stays on its way, so that a dump of any size takes little memory; cancelling ends it.
     *
     * @param database the name of the database
     * @return a Flux of the pieces of the files, in order
     */
    Flux<DumpChunk> dump(String database);

    /**
     * The leader, and each one after it. While there are subscribers the leader is asked every second whether it still leads. Of changes
     * that follow one another faster than a subscriber requests them it gets the last.
     *
     * @return a Flux that ends when this is closed
     */
    Flux<LeaderChange> leaderChanges();

    /**
     * Finds the values by which nodes die: a text in a column declared as {@code BOOLEAN}, or a fraction or bytes in one declared as
     * {@code DATETIME}, {@code DATE} or {@code TIMESTAMP}, ends the node that selects it. Finding them is safe. Overwrite them, or
     * select them in an expression, such as {@code flag || ''}.
     *
     * @param table a table of the database of the URL
     * @return a Flux of the values, in no particular order
     */
    Flux<UnreadableValue> findUnreadable(String table);

    /**
     * Records the changes of a table from now on, whoever makes them: {@link #enableChangeLog(String, ChangeLogLimits)} with the limits
     * that the log has, {@link ChangeLogLimits#DEFAULT} for a new one.
     *
     * @param table a table of the database of the URL
     * @return a Mono that completes when it is so
     */
    Mono<Void> enableChangeLog(String table);

    /**
     * Records the changes of a table from now on, whoever makes them, so that change streams report them and watches of the table or of
     * ranges of its keys are precise. Triggers write them to the table {@code decentdb_change_log} within the transactions that
     * make them; a write of one row takes about three times as long within a transaction. The last id that an {@code INSERT}
     * reports stays what it was. Does nothing if the table is recorded as it is.
     *
     * <p>When this driver alters the table or its indexes, the triggers are made anew with it, or what they cannot follow is refused
     * (0A000). To be called again after another client did so; until then its change streams end with an error that says so. A column can be dropped only while the changes of its table are not recorded.
     *
     * @param table a table of the database of the URL
     * @param limits how much the log keeps from now on, of all tables together
     * @return a Mono that completes when it is so; an error of SQLSTATE 42P01 if there is no such table, and of 0A000 for a view, a
     *     virtual table, or one with a unique index over an expression. If it is {@code 08007}, repeat the call
     */
    Mono<Void> enableChangeLog(String table, ChangeLogLimits limits);

    /**
     * Ends what {@link #enableChangeLog} began; change streams of the table end with an error. The changes recorded so far stay. Does
     * nothing if changes of the table are not recorded.
     *
     * @param table a table of the database of the URL
     * @return a Mono that completes when it is so; an error of SQLSTATE 42P01 if there is no such table
     */
    Mono<Void> disableChangeLog(String table);

    /**
     * Ends what is under way and gives the connections up. Idempotent.
     *
     * @return a Mono that completes when that is done
     */
    @Override
    Mono<Void> close();
}
