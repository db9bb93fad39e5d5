package com.decentdb.importer.source;

import com.decentdb.importer.schema.Findings;
import com.decentdb.importer.schema.SourceSchema;
import com.decentdb.importer.schema.SourceTable;
import com.decentdb.importer.text.Dialect;
import java.util.List;
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
     *
     * @param wanted the tables whose rows are of interest
     */
    SourceSchema schema(Predicate<String> wanted, Findings findings);

    /** Whether {@link #rows} follows the order it is given. */
    boolean anyOrder();

    /** Gives all rows of these tables to the sink. */
    void rows(List<SourceTable> tables, Sink sink);

    /** How much was read, in the unit of {@link #size}. */
    long position();

    long size();

    @Override
    void close();

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
