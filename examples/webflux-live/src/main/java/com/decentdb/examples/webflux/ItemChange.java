package com.decentdb.examples.webflux;

import org.jspecify.annotations.Nullable;

/**
 * The changes to an item; null for a value that stays.
 *
 * @param position how many items shall be above it
 */
record ItemChange(
        @Nullable String title,
        @Nullable Boolean done,
        @Nullable Integer position) {

    Item applyTo(Item item) {
        Item changed = title == null ? item : item.withTitle(title);
        return done == null ? changed : changed.withDone(done);
    }
}
