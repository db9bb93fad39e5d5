package com.decentdb.r2dbc.cluster.wire;

import java.util.List;

/** An answer of a node. */
@SuppressWarnings("ArrayRecordComponent")
public sealed interface Reply {

    record Failure(long code, String message) implements Reply {}

    /** The leader as the node knows it: 0 and "" if it knows none. */
    record Leader(long id, String address) implements Reply {}

    record Welcome(long heartbeatMillis) implements Reply {}

    record Nodes(List<Node> nodes) implements Reply {}

    record Database(int id) implements Reply {}

    /**
     * A prepared statement.
     *
     * @param schema 1 if the node understands requests of schema 1
     */
    record Prepared(int id, long parameters, int schema) implements Reply {}

    record Result(long lastRowId, long changed) implements Reply {}

    record Rows(RowsFrame frame) implements Reply {}

    record Empty() implements Reply {}

    record Files(List<File> files) implements Reply {}

    record Metadata(long failureDomain, long weight) implements Reply {}

    /**
     * A node of the cluster.
     *
     * @param id unsigned
     * @param role 0 voter, 1 standby, 2 spare
     */
    record Node(long id, String address, int role) {}

    record File(String name, byte[] content) {}
}
