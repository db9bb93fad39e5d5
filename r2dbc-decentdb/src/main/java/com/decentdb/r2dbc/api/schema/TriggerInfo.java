package com.decentdb.r2dbc.api.schema;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A trigger.
 *
 * @param name its name
 * @param target the table or view whose changes fire it
 * @param timing when it fires, such as {@code AFTER}
 * @param event which changes fire it, such as {@code INSERT}
 * @param onView whether the target is a view
 * @param actionSql the SQL it runs
 * @param json the description as the engine gave it
 */
public record TriggerInfo(
        String name,
        String target,
        String timing,
        String event,
        boolean onView,
        String actionSql,
        Map<String, @Nullable Object> json) {}
