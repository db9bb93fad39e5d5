package com.decentdb.r2dbc.cluster.admin;

import com.decentdb.r2dbc.cluster.wire.Reply;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A request of administration.
 *
 * @param name for messages
 * @param frame the whole request
 * @param changes whether it changes the cluster, so that a lost answer leaves open whether it did
 * @param result the result out of the answer, null if the answer is not one to this request
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record NodeRequest<T>(String name, byte[] frame, boolean changes, Function<Reply, @Nullable T> result) {

    /** One that changes something and is answered by nothing but that it did. */
    static NodeRequest<Boolean> change(String name, byte[] frame) {
        return new NodeRequest<>(name, frame, true, reply -> reply instanceof Reply.Empty ? Boolean.TRUE : null);
    }
}
