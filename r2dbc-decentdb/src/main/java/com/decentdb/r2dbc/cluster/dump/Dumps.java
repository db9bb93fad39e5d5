package com.decentdb.r2dbc.cluster.dump;

import com.decentdb.r2dbc.api.cluster.DumpChunk;
import com.decentdb.r2dbc.cluster.channel.Dialer;
import com.decentdb.r2dbc.cluster.channel.EventLoops;
import com.decentdb.r2dbc.cluster.leader.LeaderFinder;
import com.decentdb.r2dbc.cluster.line.Line;
import com.decentdb.r2dbc.cluster.line.LineOpener;
import com.decentdb.r2dbc.delivery.Lifetime;
import com.decentdb.r2dbc.transport.Errors;
import io.netty.channel.EventLoop;
import io.r2dbc.spi.R2dbcException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Asks the leader for dumps of the database of a factory. A node that was deposed gives one as well, an old one: so the leader has to say
 * that it leads just before.
 *
 * @param keep takes the connection on which it said so
 */
public record Dumps(
        EventLoop loop, LineOpener opener, LeaderFinder finder, Dialer dialer, Settings settings, Consumer<Line> keep) {

    /** Which database, and how long things may take. */
    public record Settings(String database, Duration failover, Duration connect, Duration statement) {}

    /**
     * Writes the database to a new file, and its log beside it.
     *
     * @param session ends when nobody is interested any more, and the copy with an error
     * @param delivery runs the subscriber's signals
     */
    public Mono<Void> saveAs(Path path, Lifetime session, Executor delivery) {
        Flux<DumpChunk> wanted = session.bound(dump(), Errors::closed);
        return CopiedFiles.write(wanted, path, settings.database())
                .onErrorMap(error -> Errors.map(error, null))
                .publishOn(Schedulers.fromExecutor(delivery));
    }

    /** The files of the database, as the leader has them at one moment; read from the node as they are requested. */
    public Flux<DumpChunk> dump() {
        return Flux.create(sink -> loop.execute(() -> {
            Attempt attempt =
                    new Attempt(sink, System.nanoTime() + settings.failover().toNanos());
            sink.onDispose(() -> EventLoops.giveUp(loop, attempt::cancel));
            attempt.begin();
        }));
    }

    /** One dump, from the search for the leader on; confined to the loop. */
    private final class Attempt implements LineOpener.Opened {

        private final FluxSink<DumpChunk> sink;
        private final long deadline;
        private Runnable giveUp = () -> {};
        private @Nullable DumpCall call;
        private boolean over;

        Attempt(FluxSink<DumpChunk> sink, long deadline) {
            this.sink = sink;
            this.deadline = deadline;
        }

        void begin() {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                failed(Errors.of(
                        "08001",
                        "No node confirmed within failoverTimeout that it leads, so that none was asked for a dump",
                        null));
            } else if (!over) {
                giveUp = opener.open(Duration.ofNanos(left), this);
            }
        }

        @Override
        public void opened(Line line) {
            opener.check(line, () -> leads(line), this::begin);
        }

        private void leads(Line line) {
            LeaderFinder.Leader leader = finder.current();
            keep.accept(line);
            if (leader == null) {
                begin();
            } else if (!over) {
                DumpCall begun = new DumpCall(leader.address(), settings.database(), settings.statement(), sink);
                call = begun;
                begun.begin(dialer, settings.connect());
            }
        }

        @Override
        public void failed(R2dbcException error) {
            if (!over) {
                over = true;
                sink.error(error);
            }
        }

        void cancel() {
            over = true;
            giveUp.run();
            DumpCall begun = call;
            if (begun != null) {
                begun.cancel();
            }
        }
    }
}
