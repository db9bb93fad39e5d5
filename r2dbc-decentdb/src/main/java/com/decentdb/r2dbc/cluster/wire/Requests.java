package com.decentdb.r2dbc.cluster.wire;

import java.nio.charset.StandardCharsets;

/** The requests, each as a whole frame. None has an empty body, which a node does not survive. */
public final class Requests {

    private static final byte[] HANDSHAKE = {1, 0, 0, 0, 0, 0, 0, 0};
    /** A node that is to open a longer one hangs up. */
    private static final int LONGEST_NAME = 500;

    private Requests() {}

    /** The first word of every connection: version 1. It has no answer. */
    public static byte[] handshake() {
        return HANDSHAKE.clone();
    }

    public static byte[] leader() {
        return new Words().int64(0).frame(0, 0);
    }

    /**
     * Opens the database of the connection.
     *
     * @throws IllegalArgumentException if it has a name that no node survives; the message says why
     */
    public static byte[] open(String database) {
        return new Words().text(named(database)).int64(0).text("").frame(3, 0);
    }

    /** Takes names that SQLite does not take for something else than a file, since nodes do not survive the first write to it. */
    private static String named(String database) {
        if (database.isEmpty()) {
            throw new IllegalArgumentException("A database of a cluster needs a name");
        }
        if (database.startsWith(":") || database.startsWith("file:")) {
            throw new IllegalArgumentException(
                    "A database of a cluster cannot have a name that begins with ':' or 'file:', which SQLite"
                            + " reserves");
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(database)) {
            throw new IllegalArgumentException("The name of a database has half a character, an unpaired surrogate");
        }
        if (database.getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME) {
            throw new IllegalArgumentException(
                    "A database of a cluster has a name of at most " + LONGEST_NAME + " bytes in UTF-8");
        }
        return database;
    }

    public static byte[] prepare(String sql, int schema) {
        return new Words().int64(0).text(sql).frame(4, schema);
    }

    public static byte[] exec(int statement, Tuple arguments) {
        return withStatement(5, statement, arguments);
    }

    public static byte[] query(int statement, Tuple arguments) {
        return withStatement(6, statement, arguments);
    }

    public static byte[] finalizeStatement(int statement) {
        return new Words().int32(0).int32(statement).frame(7, 0);
    }

    public static byte[] execSql(String sql, Tuple arguments) {
        return withText(8, sql, arguments);
    }

    public static byte[] querySql(String sql, Tuple arguments) {
        return withText(9, sql, arguments);
    }

    /** Adds a node as a spare. */
    public static byte[] add(long id, String address) {
        return new Words().int64(id).text(address).frame(12, 0);
    }

    public static byte[] assign(long id, int role) {
        return new Words().int64(id).int64(role).frame(13, 0);
    }

    public static byte[] remove(long id) {
        return new Words().int64(id).frame(14, 0);
    }

    public static byte[] dump(String database) {
        return new Words().text(named(database)).frame(15, 0);
    }

    /** Asks for the nodes with their roles. */
    public static byte[] cluster() {
        return new Words().int64(1).frame(16, 0);
    }

    /** Hands leadership over; 0 for any node. */
    public static byte[] transfer(long id) {
        return new Words().int64(id).frame(17, 0);
    }

    /** Asks for weight and failure domain, in the only format that a node survives. */
    public static byte[] describe() {
        return new Words().int64(0).frame(18, 0);
    }

    public static byte[] weight(long weight) {
        return new Words().int64(weight).frame(19, 0);
    }

    private static byte[] withStatement(int type, int statement, Tuple arguments) {
        Words words = new Words().int32(0).int32(statement);
        arguments.writeTo(words);
        return words.frame(type, arguments.schema());
    }

    private static byte[] withText(int type, String sql, Tuple arguments) {
        Words words = new Words().int64(0).text(sql);
        arguments.writeTo(words);
        return words.frame(type, arguments.schema());
    }
}
