package com.decentdb.importer.source;

import com.decentdb.importer.schema.ColumnType;
import com.decentdb.importer.schema.Findings;
import com.decentdb.importer.schema.SourceSchema;
import com.decentdb.importer.schema.SourceTable;
import com.decentdb.importer.text.Dialect;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A database to import. It is read by one thread: first the schema, then the rows. */
public interface Source extends AutoCloseable {

    /** The name that errors and the report give it. */
    String name();

    Dialect dialect();

    /**
     * Reads the schema, with the types that the columns will have. Tables are in the order in which {@link #rows} gives
     * their rows, unless {@link #anyOrder}.
     */
    SourceSchema schema(Request request, Findings findings);

    /**
     * The text by which an import that goes on knows that the source is the same: its rows must come in the same order.
     *
     * @return the name of the file with its size and the time of its last change
     */
    String identity();

    /** Whether {@link #rows} follows the order it is given. */
    boolean anyOrder();

    /** Gives all rows of these tables to the sink. */
    void rows(List<SourceTable> tables, Sink sink);

    /** How much was read, in the unit of {@link #size}. */
    long position();

    long size();

    @Override
    void close();

    /**
     * The wishes of an import.
     *
     * @param wanted the tables whose rows are of interest
     * @param cluster whether values keep the types that they have in SQLite
     * @param existing the table of the target with this name; null if there is none
     */
    record Request(Predicate<String> wanted, boolean cluster, Function<String, @Nullable ExistingTable> existing) {}

    /** A table that the target has already; the types of its columns are in their order. */
    record ExistingTable(String name, Map<String, ColumnType> columns) {}

    /** The taker of rows. Any of its methods may end the import with an exception. */
    interface Sink {

        /**
         * A row.
         *
         * @param values one for each column of the table; of generated columns they are ignored
         */
        void row(SourceTable table, long line, @Nullable Object[] values);

        /** A row that cannot be read. */
        void unreadable(SourceTable table, long line, String reason);
    }
}
