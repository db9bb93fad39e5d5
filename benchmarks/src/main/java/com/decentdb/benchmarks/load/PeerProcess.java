package com.decentdb.benchmarks.load;

import com.decentdb.benchmarks.peer.Operation;
import com.decentdb.benchmarks.peer.Peer;
import com.decentdb.benchmarks.peer.PeerKind;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A peer in a process of its own, which is idle until a line comes from its standard input. It answers each with a line:
 *
 * <ul>
 *   <li>at the start, {@code ready} and its version;
 *   <li>to {@code supports POINT 64}, {@code yes} or {@code no};
 *   <li>to {@code run POINT 64 1500}, a sample of that operation with 64 in flight for 1500 ms, or {@code failed} and why.
 * </ul>
 *
 * <p>The end of the input ends it. With the argument {@code first} it reads one row, reports {@code row} and ends.
 */
public final class PeerProcess {

    private PeerProcess() {}

    public static void main(String[] args) throws Exception {
        PeerKind kind = PeerKind.valueOf(args[0]);
        try (Peer peer = kind.open(Path.of(args[1]))) {
            if (args.length > 2) {
                peer.run(Operation.POINT, 1, Duration.ZERO);
                answer("row");
            } else {
                answer("ready " + peer.version());
                serve(peer);
            }
        }
        // A driver's threads may outlive its database by design.
        System.exit(0);
    }

    private static void serve(Peer peer) throws Exception {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            String[] words = line.split(" ", -1);
            Operation operation = Operation.valueOf(words[1]);
            int inFlight = Integer.parseInt(words[2]);
            if (words[0].equals("supports")) {
                answer(peer.supports(operation, inFlight) ? "yes" : "no");
            } else {
                answer(run(peer, operation, inFlight, Duration.ofMillis(Long.parseLong(words[3]))));
            }
        }
    }

    private static String run(Peer peer, Operation operation, int inFlight, Duration time) {
        try {
            return peer.run(operation, inFlight, time).toLine();
        } catch (Exception e) {
            e.printStackTrace();
            return ("failed " + e).replaceAll("\\s+", " ");
        }
    }

    private static void answer(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
