package com.decentdb.examples.webflux;

import org.jspecify.annotations.Nullable;
import org.springframework.data.annotation.Id;

/**
 * One thing to do.
 *
 * @param id given by the database; null before
 * @param title what to do
 * @param done whether it is done
 * @param position its place on the board, from 0 without gaps
 */
record Item(@Id @Nullable Long id, String title, boolean done, int position) {

    Item changed(@Nullable String newTitle, @Nullable Boolean newDone) {
        return new Item(id, newTitle == null ? title : newTitle, newDone == null ? done : newDone, position);
    }

    Item at(int newPosition) {
        return new Item(id, title, done, newPosition);
    }
}
