package com.decentdb.examples.webflux;

import org.jspecify.annotations.Nullable;
import org.springframework.data.annotation.Id;

/**
 * Something to do.
 *
 * @param id null until it is stored
 * @param position its place on the board, ascending from the top, possibly with gaps
 */
record Item(@Id @Nullable Long id, String title, boolean done, int position) {

    Item withTitle(String other) {
        return new Item(id, other, done, position);
    }

    Item withDone(boolean other) {
        return new Item(id, title, other, position);
    }

    Item withPosition(int other) {
        return new Item(id, title, done, other);
    }
}
