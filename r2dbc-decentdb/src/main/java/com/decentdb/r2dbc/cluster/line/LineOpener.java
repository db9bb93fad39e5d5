package com.decentdb.r2dbc.cluster.line;

import com.decentdb.r2dbc.cluster.channel.ChannelLost;
import com.decentdb.r2dbc.cluster.channel.Dialer;
import com.decentdb.r2dbc.cluster.channel.NodeChannel;
import com.decentdb.r2dbc.cluster.leader.LeaderFinder;
import com.decentdb.r2dbc.cluster.leader.NodeAddress;
import com.decentdb.r2dbc.cluster.meter.Census;
import com.decentdb.r2dbc.cluster.meter.ClusterMeters;
import com.decentdb.r2dbc.cluster.statement.Failures;
import com.decentdb.r2dbc.cluster.statement.Trouble;
import com.decentdb.r2dbc.cluster.wire.Reply;
import com.decentdb.r2dbc.cluster.wire.Requests;
import io.netty.channel.EventLoop;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Opens lines: finds the leader, dials it, opens the database. Confined to the loop. */
public final class LineOpener {

    private static final long FIRST_PAUSE_MILLIS = 25;
    private static final long LONGEST_PAUSE_MILLIS = 500;

    /** Takes a line; exactly one of the methods is called. */
    public interface Opened {

        void opened(Line line);

        void failed(R2dbcException error);
    }

    /**
     * How to open lines.
     *
     * @param serverVersion {@code auto}, or what the user says
     */
    public record Settings(
            String database,
            Duration connectTimeout,
            Duration statementTimeout,
            Duration failoverTimeout,
            String serverVersion) {}

    private final EventLoop loop;
    private final Dialer dialer;
    private final LeaderFinder finder;
    private final Settings settings;
    private final ClusterMeters meters;
    private final Set<Line> lines = new HashSet<>();
    private volatile @Nullable ServerFeatures features;
    private long epochOfFeatures;

    public LineOpener(EventLoop loop, Dialer dialer, LeaderFinder finder, Settings settings, ClusterMeters meters) {
        this.loop = loop;
        this.dialer = dialer;
        this.finder = finder;
        this.settings = settings;
        this.meters = meters;
    }

    /** The features of the latest leader, null before there was one; any thread. */
    public @Nullable ServerFeatures features() {
        return features;
    }

    /**
     * Opens a line to the leader within failoverTimeout.
     *
     * @return gives up; a line that is opened nevertheless is closed
     */
    public Runnable open(Opened opened) {
        return open(settings.failoverTimeout(), opened);
    }

    public Runnable open(Duration timeout, Opened opened) {
        Attempt attempt = new Attempt(opened, timeout);
        attempt.begin();
        return attempt::cancel;
    }

    /** The open lines. */
    public List<Census.Channel> census() {
        return lines.stream().map(Line::census).toList();
    }

    /** Asks whether the leader of a line still leads. */
    public void check(Line line, Runnable ifSo, Runnable otherwise) {
        line.ask(Requests.leader(), settings.connectTimeout(), new NodeChannel.Answer() {
            @Override
            public void reply(Reply reply) {
                if (reply instanceof Reply.Leader named && leads(line, named)) {
                    ifSo.run();
                } else {
                    line.close();
                    finder.doubt(line.epoch(), "it denied when it was asked after a pause");
                    otherwise.run();
                }
            }

            @Override
            public void lost(ChannelLost why) {
                finder.doubt(line.epoch(), why.message());
                otherwise.run();
            }
        });
    }

    private boolean leads(Line line, Reply.Leader named) {
        LeaderFinder.Leader current = finder.current();
        try {
            return current != null
                    && current.epoch() == line.epoch()
                    && finder.reachable(NodeAddress.parse(named.address())).equals(current.address());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private final class Owner implements Line.Owner {

        private final long epoch;

        Owner(long epoch) {
            this.epoch = epoch;
        }

        @Override
        public void broken(ChannelLost why) {
            finder.doubt(epoch, why.message());
        }

        @Override
        public void closed(Line line) {
            lines.remove(line);
        }

        @Override
        public void requested(ClusterMeters.Kind kind, ClusterMeters.Outcome outcome, long nanos) {
            meters.requested(kind, outcome, nanos);
        }
    }

    private final class Attempt implements LeaderFinder.Seeker {

        private final Opened opened;
        private final long deadline;
        private final Duration timeout;
        private Runnable giveUp = () -> {};
        private long pauseMillis = FIRST_PAUSE_MILLIS;
        private boolean over;
        private @Nullable NodeChannel channel;

        Attempt(Opened opened, Duration timeout) {
            this.opened = opened;
            this.timeout = timeout;
            this.deadline = System.nanoTime() + timeout.toNanos();
        }

        void begin() {
            if (!over) {
                giveUp = finder.find(Duration.ofNanos(Math.max(1, left())), this);
            }
        }

        private long left() {
            return deadline - System.nanoTime();
        }

        @Override
        public void found(LeaderFinder.Leader leader) {
            if (over) {
                return;
            }
            NodeChannel spare = finder.takeSpare(leader);
            if (spare != null) {
                openDatabase(leader, spare);
                return;
            }
            long most = Math.max(1, Math.min(left(), settings.connectTimeout().toNanos()));
            NodeAddress address = leader.address();
            giveUp = dialer.dial(address.host(), address.port(), any -> true, most, new Dialer.Dialed() {
                @Override
                public void connected(NodeChannel dialled) {
                    openDatabase(leader, dialled);
                }

                @Override
                public void failed(ChannelLost why) {
                    again(leader, why.message());
                }
            });
        }

        @Override
        public void notFound(R2dbcException error) {
            end(error);
        }

        private void openDatabase(LeaderFinder.Leader leader, NodeChannel of) {
            channel = of;
            long most = Math.max(1, Math.min(left(), settings.connectTimeout().toNanos()));
            of.ask(Requests.open(settings.database()), most, new NodeChannel.Answer() {
                @Override
                public void reply(Reply reply) {
                    if (reply instanceof Reply.Database) {
                        probed(leader, of);
                    } else if (reply instanceof Reply.Failure failure) {
                        of.close();
                        refused(leader, new Trouble.Refusal(failure.code(), failure.message()));
                    } else {
                        end(Failures.ofRead(new Trouble.Loss(of.refuse(reply), true), null));
                    }
                }

                @Override
                public void lost(ChannelLost why) {
                    again(leader, why.message());
                }
            });
        }

        private void refused(LeaderFinder.Leader leader, Trouble.Refusal refusal) {
            if (refusal.notExecuted() || refusal.unknown() || refusal.busy()) {
                again(leader, refusal.message());
            } else {
                end(Failures.ofRead(refusal, null));
            }
        }

        private void probed(LeaderFinder.Leader leader, NodeChannel of) {
            ServerFeatures known = features;
            if (known != null && epochOfFeatures == leader.epoch()) {
                succeed(leader, of, known);
                return;
            }
            FeatureProbe.start(of, settings.connectTimeout(), settings.serverVersion(), (found, why) -> {
                if (found == null) {
                    of.close();
                    again(leader, String.valueOf(why));
                    return;
                }
                features = found;
                epochOfFeatures = leader.epoch();
                succeed(leader, of, found);
            });
        }

        private void succeed(LeaderFinder.Leader leader, NodeChannel of, ServerFeatures found) {
            if (over) {
                of.close();
                return;
            }
            over = true;
            Line line = new Line(of, leader.epoch(), found, settings.statementTimeout(), new Owner(leader.epoch()));
            if (line.isOpen()) {
                lines.add(line);
            }
            opened.opened(line);
        }

        /** The leader cannot be used: it is looked for again, as long as there is time. */
        private void again(LeaderFinder.Leader leader, String why) {
            if (over) {
                return;
            }
            finder.doubt(leader.epoch(), why);
            long pause = Math.min(TimeUnit.MILLISECONDS.toNanos(pauseMillis), Math.max(1, left()));
            pauseMillis = Math.min(LONGEST_PAUSE_MILLIS, 2 * pauseMillis);
            if (left() <= 0) {
                end(Failures.connectionFailure(
                        "No connection to the leader " + leader.address() + " within " + timeout.toMillis() + " ms: "
                                + why,
                        0,
                        null));
                return;
            }
            var unused = loop.schedule(this::begin, pause, TimeUnit.NANOSECONDS);
        }

        private void end(R2dbcException error) {
            if (!over) {
                over = true;
                opened.failed(error);
            }
        }

        void cancel() {
            if (!over) {
                over = true;
                giveUp.run();
                NodeChannel unused = channel;
                if (unused != null) {
                    unused.close();
                }
            }
        }
    }
}
