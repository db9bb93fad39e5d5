package com.decentdb.r2dbc.cluster.database;

import com.decentdb.r2dbc.cluster.channel.EventLoops;
import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.LineOpener;
import com.decentdb.r2dbc.delivery.Exchange;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.R2dbcException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** Opens one line for all requests that wait for one. Confined to the loop. */
final class SharedLine implements LineOpener.Opened {

    private final LineOpener opener;
    private final Consumer<Line> keep;
    /** Those that wait, with what is done when there is a line. */
    private final Map<Exchange<?>, Runnable> waiting = new LinkedHashMap<>();

    private Runnable giveUp = () -> {};

    /** @param keep takes the line */
    SharedLine(LineOpener opener, Consumer<Line> keep) {
        this.opener = opener;
        this.keep = keep;
    }

    /**
     * Opens a line, unless one is being opened.
     *
     * @param whenOpened answers the request, which is started by then
     */
    void open(Exchange<?> exchange, Runnable whenOpened) {
        waiting.put(exchange, whenOpened);
        exchange.onCancel(() -> EventLoops.giveUp(opener.loop(), () -> forget(exchange)));
        if (waiting.size() == 1) {
            giveUp = opener.open(this);
        }
    }

    /** A request was cancelled; the last one takes the search with it. */
    private void forget(Exchange<?> exchange) {
        if (waiting.remove(exchange) != null && waiting.isEmpty()) {
            giveUp.run();
        }
    }

    @Override
    public void opened(Line line) {
        keep.accept(line);
        Map<Exchange<?>, Runnable> served = new LinkedHashMap<>(waiting);
        waiting.clear();
        served.forEach((exchange, whenOpened) -> {
            try {
                if (exchange.start()) {
                    whenOpened.run();
                }
            } catch (Throwable e) {
                exchange.fail(Errors.map(e, null));
            }
        });
    }

    @Override
    public void failed(R2dbcException error) {
        Map<Exchange<?>, Runnable> refused = new LinkedHashMap<>(waiting);
        waiting.clear();
        refused.keySet().forEach(exchange -> exchange.fail(error));
    }
}
