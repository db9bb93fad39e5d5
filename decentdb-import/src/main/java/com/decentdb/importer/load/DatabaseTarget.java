package com.decentdb.importer.load;

import com.decentdb.importer.ImportOptions;
import com.decentdb.importer.Unfinished;
import com.decentdb.importer.plan.Engine;
import com.decentdb.importer.schema.ColumnType;
import com.decentdb.importer.schema.ColumnType.Kind;
import com.decentdb.importer.source.Source.ExistingTable;
import com.decentdb.importer.text.Names;
import com.decentdb.r2dbc.api.schema.TableColumn;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A database that exists, that is in memory, or that a cluster has: everybody sees what is committed. */
final class DatabaseTarget implements Target {

    private static final int COMMIT_EVERY = 50_000;
    /** A transaction on a cluster holds up all others that write, and is one entry of its log. */
    private static final int COMMIT_EVERY_ON_CLUSTER = 10_000;

    private final ConnectionFactoryOptions options;
    private final ImportOptions choices;

    DatabaseTarget(ConnectionFactoryOptions options, ImportOptions choices) {
        this.options = options;
        this.choices = choices;
    }

    /** On a cluster statements are tried in a transaction of the database, which is undone: only a server knows what it accepts. */
    @Override
    public Engine trial() {
        return isCluster() ? Engine.undone(options) : Target.memory(options);
    }

    @Override
    public Engine open() {
        return new Engine(options);
    }

    @Override
    public int commitEvery() {
        if (choices.commitEvery() != ImportOptions.BY_TARGET) {
            return choices.commitEvery();
        }
        if (isCluster()) {
            return COMMIT_EVERY_ON_CLUSTER;
        }
        return choices.unfinished() == Unfinished.REFUSE ? 0 : COMMIT_EVERY;
    }

    @Override
    public boolean isHidden() {
        return false;
    }

    @Override
    public boolean replacesTables() {
        return choices.overwrite();
    }

    @Override
    public boolean isCluster() {
        return "dqlite".equals(options.getValue(ConnectionFactoryOptions.PROTOCOL));
    }

    @Override
    public @Nullable ExistingTable existing(String table) {
        try (Engine engine = open()) {
            String found = engine.fetch("SELECT name, type FROM sqlite_schema").stream()
                    .filter(row -> "table".equals(row.get(1)))
                    .map(row -> String.valueOf(row.get(0)))
                    .filter(name -> Names.lower(name).equals(Names.lower(table)))
                    .findFirst()
                    .orElse(null);
            if (found == null || Journal.hasMade(engine, found)) {
                return null;
            }
            Map<String, ColumnType> columns = new LinkedHashMap<>();
            for (TableColumn column : engine.columns(found)) {
                String type = column.type().name();
                Kind kind = Stream.of(Kind.values())
                        .filter(each -> each.name().equals(type))
                        .findFirst()
                        .orElse(Kind.TEXT);
                columns.put(column.name(), new ColumnType(kind, type));
            }
            return new ExistingTable(found, columns);
        }
    }

    @Override
    public void complete() {
        // It is where it belongs.
    }

    @Override
    public void close() {
        // The engine undid what was not committed.
    }
}
