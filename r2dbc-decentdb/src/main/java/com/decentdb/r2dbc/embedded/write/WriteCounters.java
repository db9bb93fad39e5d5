package com.decentdb.r2dbc.embedded.write;

/** Counts what a group committer did. Confined to the tasks of its lane. */
public final class WriteCounters {

    private long executed;
    private long committed;
    private long failed;
    private long groups;
    private long largestGroup;
    private long commits;
    private long waitNanos;

    void started(GroupedWrite<?> write) {
        executed++;
        waitNanos += write.waitedNanos();
    }

    void committed(int writes) {
        committed += writes;
        commits++;
        groups++;
        largestGroup = Math.max(largestGroup, writes);
    }

    void failed(int writes) {
        failed += writes;
    }

    public long executed() {
        return executed;
    }

    public long committed() {
        return committed;
    }

    public long failed() {
        return failed;
    }

    public long groups() {
        return groups;
    }

    public long largestGroup() {
        return largestGroup;
    }

    public long commits() {
        return commits;
    }

    public long waitNanos() {
        return waitNanos;
    }
}
