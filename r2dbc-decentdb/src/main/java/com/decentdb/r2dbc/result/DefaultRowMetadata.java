package com.decentdb.r2dbc.result;

import com.decentdb.r2dbc.transport.Column;
import io.r2dbc.spi.RowMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;

/** The columns of a result; shared by its rows. */
public final class DefaultRowMetadata implements RowMetadata {

    private final List<DefaultColumnMetadata> columns;

    public DefaultRowMetadata(List<Column> columns) {
        List<DefaultColumnMetadata> wrapped = new ArrayList<>(columns.size());
        columns.forEach(column -> wrapped.add(new DefaultColumnMetadata(column)));
        this.columns = List.copyOf(wrapped);
    }

    @Override
    public DefaultColumnMetadata getColumnMetadata(int index) {
        if (index < 0 || index >= columns.size()) {
            throw new IndexOutOfBoundsException(
                    "Column index " + index + " is not within 0 to " + (columns.size() - 1));
        }
        return columns.get(index);
    }

    @Override
    public DefaultColumnMetadata getColumnMetadata(String name) {
        return columns.get(indexOf(name));
    }

    @Override
    public List<DefaultColumnMetadata> getColumnMetadatas() {
        return columns;
    }

    @Override
    public boolean contains(String columnName) {
        return find(columnName) >= 0;
    }

    /** The index of the first column of that name, in any case. */
    int indexOf(String name) {
        int index = find(name);
        if (index < 0) {
            throw new NoSuchElementException("No column is named '" + name + "'; there are "
                    + columns.stream().map(DefaultColumnMetadata::getName).toList());
        }
        return index;
    }

    private int find(String name) {
        if (name == null) {
            throw new IllegalArgumentException("The column name must not be null");
        }
        for (int i = 0; i < columns.size(); i++) {
            if (columns.get(i).getName().equalsIgnoreCase(name)) {
                return i;
            }
        }
        return -1;
    }
}
