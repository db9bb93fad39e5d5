package com.decentdb.examples.webflux;

import org.jspecify.annotations.Nullable;

/**
 * What is to be changed of an item; null for what stays.
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
