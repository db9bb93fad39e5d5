package com.decentdb.r2dbc.result;

import com.decentdb.r2dbc.codec.Codecs;
import com.decentdb.r2dbc.transport.Column;
import io.r2dbc.spi.RowMetadata;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** The columns of a result; shared by its rows. */
public final class DefaultRowMetadata implements RowMetadata, Codecs.ColumnNames {

    private final List<Column> columns;
    /** Made when asked for; few programs do. */
    private volatile @Nullable List<DefaultColumnMetadata> metadata;

    public DefaultRowMetadata(List<Column> columns) {
        this.columns = columns;
    }

    @Override
    public String name(int column) {
        return columns.get(column).name();
    }

    /** Fails if there is no column at that index. */
    void check(int index) {
        if (index < 0 || index >= columns.size()) {
            throw new IndexOutOfBoundsException(
                    "Column index " + index + " is not within 0 to " + (columns.size() - 1));
        }
    }

    @Override
    public DefaultColumnMetadata getColumnMetadata(int index) {
        check(index);
        return getColumnMetadatas().get(index);
    }

    @Override
    public DefaultColumnMetadata getColumnMetadata(String name) {
        return getColumnMetadata(indexOf(name));
    }

    @Override
    public List<DefaultColumnMetadata> getColumnMetadatas() {
        List<DefaultColumnMetadata> made = metadata;
        if (made == null) {
            made = columns.stream().map(DefaultColumnMetadata::new).toList();
            metadata = made;
        }
        return made;
    }

    @Override
    public boolean contains(String columnName) {
        return find(columnName) >= 0;
    }

    /** The index of the first column of that name, in any case. */
    int indexOf(String name) {
        int index = find(name);
        if (index < 0) {
            throw new NoSuchElementException("No column is named '" + name + "'; there are " + names());
        }
        return index;
    }

    List<String> names() {
        return columns.stream().map(Column::name).toList();
    }

    @Override
    public String toString() {
        return "DecentDbRowMetadata" + getColumnMetadatas();
    }

    private int find(String name) {
        if (name == null) {
            throw new IllegalArgumentException("The column name must not be null");
        }
        for (int i = 0; i < columns.size(); i++) {
            if (columns.get(i).name().equalsIgnoreCase(name)) {
                return i;
            }
        }
        return -1;
    }
}
