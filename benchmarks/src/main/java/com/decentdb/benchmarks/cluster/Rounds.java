package com.decentdb.benchmarks.cluster;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The answers of the peers to each command, round by round; the n-th of each peer belong to the same round. */
final class Rounds {

    private final Map<String, Map<String, List<Answer>>> answers = new LinkedHashMap<>();

    /** Numbers by name. */
    record Answer(Map<String, Double> numbers) {

        static Answer parse(String line) {
            Map<String, Double> numbers = new HashMap<>();
            for (String pair : line.split(" ", -1)) {
                String[] parts = pair.split("=", 2);
                numbers.put(parts[0], Double.valueOf(parts[1]));
            }
            return new Answer(numbers);
        }

        double get(String name) {
            return numbers.getOrDefault(name, Double.NaN);
        }

        double millis(String name) {
            return get(name) / 1e6;
        }

        double perSecond() {
            return get("ops") * 1e9 / get("nanos");
        }

        /** Of a hundred operations. */
        double failed() {
            return 100 * get("failures") / (get("failures") + get("ops"));
        }
    }

    void add(String command, String peer, Answer answer) {
        answers.computeIfAbsent(command, absent -> new LinkedHashMap<>())
                .computeIfAbsent(peer, absent -> new ArrayList<>())
                .add(answer);
    }

    /** The median over the rounds; not a number where the peer was not measured. */
    double median(String command, String peer, ToDoubleFunction<Answer> value) {
        return median(of(command, peer).stream().mapToDouble(value).toArray());
    }

    /** The median of the ratios within each round. */
    double ratio(String command, String peer, String other, ToDoubleFunction<Answer> value) {
        List<Answer> ours = of(command, peer);
        List<Answer> theirs = of(command, other);
        double[] ratios = new double[Math.min(ours.size(), theirs.size())];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = value.applyAsDouble(ours.get(i)) / value.applyAsDouble(theirs.get(i));
        }
        return median(ratios);
    }

    double greatest(String command, String peer, ToDoubleFunction<Answer> value) {
        return of(command, peer).stream().mapToDouble(value).max().orElse(Double.NaN);
    }

    private List<Answer> of(String command, String peer) {
        return answers.getOrDefault(command, Map.of()).getOrDefault(peer, List.of());
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        if (sorted.length == 0) {
            return Double.NaN;
        }
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
