package com.decentdb.benchmarks.report;

import com.decentdb.benchmarks.peer.Operation;
import com.decentdb.benchmarks.peer.Sample;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** The samples of a run, and what is made of them. The n-th samples of all peers in a cell belong to the same round. */
public final class Results {

    private final Map<Cell, Map<String, List<Sample>>> samples = new LinkedHashMap<>();
    private final Map<String, List<Long>> firstRows = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();

    /** The unit of comparison: an operation with so many callers. */
    public record Cell(Operation operation, int inFlight) {}

    public void add(Cell cell, String peer, Sample sample) {
        samples.computeIfAbsent(cell, absent -> new LinkedHashMap<>())
                .computeIfAbsent(peer, absent -> new ArrayList<>())
                .add(sample);
    }

    /** Takes back what a peer that failed has shown so far: the rest of the rounds would lack it. */
    public void remove(Cell cell, String peer) {
        samples.getOrDefault(cell, Map.of()).remove(peer);
    }

    public void addFirstRow(String peer, long nanos) {
        firstRows.computeIfAbsent(peer, absent -> new ArrayList<>()).add(nanos);
    }

    /** Adds a sentence that the reader of the tables must know. */
    public void note(String sentence) {
        if (!notes.contains(sentence)) {
            notes.add(sentence);
        }
    }

    List<String> notes() {
        return Collections.unmodifiableList(notes);
    }

    List<Cell> cells() {
        return List.copyOf(samples.keySet());
    }

    Set<String> peers(Cell cell) {
        return Collections.unmodifiableSet(samples.getOrDefault(cell, Map.of()).keySet());
    }

    /** Nanoseconds from the start of a process to its first row, by peer. */
    Map<String, Spread> firstRows() {
        Map<String, Spread> spreads = new LinkedHashMap<>();
        firstRows.forEach(
                (peer, nanos) -> spreads.put(peer, Spread.of(nanos.stream().mapToDouble(Long::doubleValue))));
        return spreads;
    }

    Spread spread(Cell cell, String peer, ToDoubleFunction<Sample> value) {
        return Spread.of(of(cell, peer).stream().mapToDouble(value));
    }

    /** How many times faster one peer is than another, by the medians of pairs of the same round. */
    Spread ratio(Cell cell, String peer, String other) {
        List<Sample> ours = of(cell, peer);
        List<Sample> theirs = of(cell, other);
        return Spread.of(IntStream.range(0, Math.min(ours.size(), theirs.size()))
                .mapToDouble(i -> ours.get(i).perSecond() / theirs.get(i).perSecond()));
    }

    private List<Sample> of(Cell cell, String peer) {
        return samples.getOrDefault(cell, Map.of()).getOrDefault(peer, List.of());
    }

    /** Median, least and greatest of some values. */
    record Spread(double median, double min, double max) {

        static Spread of(DoubleStream values) {
            double[] sorted = values.sorted().toArray();
            if (sorted.length == 0) {
                return new Spread(Double.NaN, Double.NaN, Double.NaN);
            }
            int middle = sorted.length / 2;
            double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
            return new Spread(median, sorted[0], sorted[sorted.length - 1]);
        }
    }
}
