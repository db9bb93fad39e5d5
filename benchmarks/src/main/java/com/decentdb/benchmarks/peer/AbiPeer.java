package com.decentdb.benchmarks.peer;

import com.decentdb.benchmarks.peer.Items.Item;
import com.decentdb.ffi.NativeDatabase;
import com.decentdb.ffi.NativeLibrary;
import com.decentdb.ffi.NativeResult;
import com.decentdb.ffi.NativeStatement;
import com.decentdb.ffi.OpenMode;
import com.decentdb.ffi.Parameters;
import com.decentdb.ffi.RowBlock;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** The engine without the driver, called through the binding: the difference to the driver is the driver's price. */
final class AbiPeer implements Peer {

    private static final int FETCH_SIZE = 256;

    private final NativeLibrary library;
    private final NativeDatabase database;
    private final NativeStatement point;
    private final NativeStatement range;
    private final NativeStatement insert;
    private final AtomicLong nextId;

    AbiPeer(Path file) {
        library = NativeLibrary.load(null);
        database = library.open(file.toString(), OpenMode.OPEN_OR_CREATE, "");
        database.execute(Items.CREATE, Parameters.of(0)).close();
        point = database.prepare(Items.POINT);
        range = database.prepare(Items.RANGE_OF_ROWS);
        insert = database.prepare(Items.INSERT);
        long next = nextId();
        if (next < Items.ROWS) {
            insertAll(next, (int) (Items.ROWS - next));
        }
        nextId = new AtomicLong(nextId());
    }

    private long nextId() {
        try (NativeResult result = database.execute(Items.NEXT_ID, Parameters.of(0))) {
            return result.rows().int64(0, 0);
        }
    }

    @Override
    public String version() {
        return "ABI " + library.abiVersion() + ", engine " + library.version();
    }

    @Override
    public boolean supports(Operation operation, int inFlight) {
        return inFlight == 1 ? operation != Operation.BATCH : operation == Operation.QUEUED;
    }

    @Override
    public Sample run(Operation operation, int inFlight, Duration time) throws Exception {
        long before = database.writeQueueMetrics().groupCommitSyncs();
        Sample sample = Loop.blocking(inFlight, operation.rows(), time, caller -> () -> call(operation.next()));
        return operation == Operation.QUEUED
                ? sample.withSyncs(database.writeQueueMetrics().groupCommitSyncs() - before)
                : sample;
    }

    private long call(Operation operation) {
        return switch (operation) {
            case POINT -> point(Items.anyId());
            case RANGE -> range(Items.anyStart(Items.RANGE), Items.RANGE);
            case SCAN -> range(0, Items.ROWS);
            case INSERT -> insert(nextId.getAndIncrement());
            case QUEUED -> insertQueued(nextId.getAndIncrement());
            case TRANSACTION -> insertAll(nextId.getAndAdd(Items.RANGE), Items.RANGE);
            case POINT_BLOCK, MIX, BATCH -> throw new IllegalArgumentException(operation + " is none of the binding");
        };
    }

    private long point(long id) {
        Parameters values = Parameters.of(1);
        values.setInt64(0, id);
        point.bind(values);
        List<Item> items = new ArrayList<>(1);
        take(point.fetch(1), items);
        point.reset();
        return items.size();
    }

    private long range(long from, int count) {
        Parameters values = Parameters.of(2);
        values.setInt64(0, from);
        values.setInt64(1, count);
        range.bind(values);
        List<Item> items = new ArrayList<>(count);
        RowBlock rows;
        do {
            rows = range.fetch(FETCH_SIZE);
            take(rows, items);
        } while (rows.rows() > 0);
        range.reset();
        return items.size();
    }

    private static void take(RowBlock rows, List<Item> items) {
        for (int row = 0; row < rows.rows(); row++) {
            items.add(new Item(rows.int64(row, 0), rows.text(row, 1), rows.float64(row, 2), rows.int64(row, 3)));
        }
    }

    private long insert(long id) {
        insert.bind(values(id));
        return insert.affectedRows();
    }

    private long insertQueued(long id) {
        try (NativeResult result = database.executeQueued(Items.INSERT, values(id), NativeDatabase.DEFAULT_TIMEOUT)) {
            return result.affectedRows();
        }
    }

    private long insertAll(long from, int count) {
        database.begin();
        long rows = 0;
        for (int i = 0; i < count; i++) {
            rows += insert(from + i);
        }
        database.commit();
        return rows;
    }

    private static Parameters values(long id) {
        Parameters values = Parameters.of(4);
        values.setInt64(0, id);
        values.setText(1, Item.name(id));
        values.setFloat64(2, Item.score(id));
        values.setInt64(3, Item.stamp(id));
        return values;
    }

    @Override
    public void close() {
        point.close();
        range.close();
        insert.close();
        database.close();
    }
}
