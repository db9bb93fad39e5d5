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
import com.decentdb.r2dbc.transport.Errors;
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
    private static final long LONGEST_PAUSE_MILLIS = 100;

    /** Takes a line; exactly one of the methods is called. */
    public interface Opened {

        /** The line is the receiver's. If this throws something, the line is closed, and {@link #failed} called nevertheless. */
        void opened(Line line);

        void failed(R2dbcException error);
    }

    /** Hands a line over, whatever the receiver throws. */
    public static void hand(Line line, Opened to) {
        try {
            to.opened(line);
        } catch (Throwable e) {
            line.close();
            to.failed(Errors.map(e, null));
        }
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
    /** The features that the user declares; null if the leader is to be asked. */
    private final @Nullable ServerFeatures declared;

    private volatile @Nullable ServerFeatures learned;
    private long epochOfLearned;
    /** Whether the features of leaders matter; most programs never need those that not every version has. */
    private boolean asks;

    private boolean hasOpened;

    public LineOpener(EventLoop loop, Dialer dialer, LeaderFinder finder, Settings settings, ClusterMeters meters) {
        this.loop = loop;
        this.dialer = dialer;
        this.finder = finder;
        this.settings = settings;
        this.meters = meters;
        this.declared = settings.serverVersion().equals("auto") ? null : ServerFeatures.of(settings.serverVersion());
    }

    /** The features of the latest leader that was asked for them, or those that the user declares; any thread. */
    public ServerFeatures features() {
        ServerFeatures known = learned;
        return known != null ? known : declared != null ? declared : ServerFeatures.UNKNOWN;
    }

    /** Whether {@link #features} says more than that they are unknown; any thread. */
    public boolean knowsFeatures() {
        return learned != null || declared != null;
    }

    private ServerFeatures featuresOf(long epoch) {
        ServerFeatures known = learned;
        return known != null && epochOfLearned == epoch ? known : declared != null ? declared : ServerFeatures.UNKNOWN;
    }

    /** Lets every leader be asked for its features from now on, before a line to it is used. */
    public void askForFeatures() {
        asks = true;
    }

    /** The loop to which it is confined. */
    public EventLoop loop() {
        return loop;
    }

    /** Whether there was a line already. */
    public boolean hasOpened() {
        return hasOpened;
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

    /** Asks whether the leader of a line still leads; runs one of the actions, which throw nothing. */
    public void check(Line line, Runnable ifSo, Runnable otherwise) {
        try {
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
        } catch (Throwable e) {
            // There was no memory for the question.
            line.close();
            otherwise.run();
        }
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
        public ServerFeatures features() {
            return featuresOf(epoch);
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
        /** The trouble that a leader made which was found. */
        private @Nullable String trouble;

        Attempt(Opened opened, Duration timeout) {
            this.opened = opened;
            this.timeout = timeout;
            this.deadline = System.nanoTime() + timeout.toNanos();
        }

        void begin() {
            try {
                if (!over) {
                    giveUp = finder.find(Duration.ofNanos(Math.max(1, left())), this);
                }
            } catch (Throwable e) {
                end(Errors.map(e, null));
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
            end(trouble == null ? error : unreachable(trouble + "; " + error.getMessage()));
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
            if (!asks || (learned != null && epochOfLearned == leader.epoch())) {
                succeed(leader, of);
                return;
            }
            FeatureProbe.start(of, settings.connectTimeout(), (found, why) -> {
                if (found == null) {
                    of.close();
                    again(leader, String.valueOf(why));
                    return;
                }
                learned = found;
                epochOfLearned = leader.epoch();
                succeed(leader, of);
            });
        }

        private void succeed(LeaderFinder.Leader leader, NodeChannel of) {
            if (over) {
                of.close();
                return;
            }
            Line line = new Line(of, leader.epoch(), settings.statementTimeout(), new Owner(leader.epoch()));
            if (line.isOpen()) {
                lines.add(line);
            }
            over = true;
            hasOpened = true;
            hand(line, opened);
        }

        /** The leader cannot be used: it is looked for again, as long as there is time. */
        private void again(LeaderFinder.Leader leader, String why) {
            if (over) {
                return;
            }
            finder.doubt(leader.epoch(), why);
            trouble = leader.address() + ": " + why;
            long pause = Math.min(TimeUnit.MILLISECONDS.toNanos(pauseMillis), Math.max(1, left()));
            pauseMillis = Math.min(LONGEST_PAUSE_MILLIS, 2 * pauseMillis);
            if (left() <= 0) {
                end(unreachable(trouble));
                return;
            }
            try {
                var unused = loop.schedule(this::begin, pause, TimeUnit.NANOSECONDS);
            } catch (Throwable e) {
                end(Errors.map(e, null));
            }
        }

        private R2dbcException unreachable(String why) {
            return Errors.transientFailure(
                    "08001",
                    "No connection to the leader of '" + settings.database() + "' within " + timeout.toMillis()
                            + " ms (failoverTimeout): " + why,
                    0,
                    null,
                    null);
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
