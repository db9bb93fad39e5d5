package com.decentdb.r2dbc.cluster.wire;

/** Bytes that no node sends: the connection they came over is of no use any more. */
public final class WireException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public WireException(String message) {
        super(message);
    }
}
