package com.decentdb.importer.plan;

import com.decentdb.importer.schema.Findings;
import com.decentdb.importer.schema.SourceSchema;
import com.decentdb.importer.schema.SourceSchema.View;
import com.decentdb.importer.text.Dialect;
import com.decentdb.importer.text.Expressions;
import com.decentdb.importer.text.Names;
import io.r2dbc.spi.R2dbcException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Plans views, which may refer to each other in any order. */
final class ViewPlanner {

    private final Plan plan;
    private final Engine scratch;
    private final Findings findings;
    private final Naming names;
    private final Map<View, String> reasons = new HashMap<>();

    ViewPlanner(Plan plan, Engine scratch, Findings findings, Naming names) {
        this.plan = plan;
        this.scratch = scratch;
        this.findings = findings;
        this.names = names;
    }

    void views(SourceSchema schema, Dialect dialect, boolean columnsRenamed) {
        List<View> waiting = new ArrayList<>(schema.views.values());
        Map<View, String> sql = new HashMap<>();
        for (View view : waiting) {
            String name = names.give("view ", view.name(), view.line());
            sql.put(view, name);
        }
        boolean found = true;
        while (found) {
            found = false;
            for (Iterator<View> views = waiting.iterator(); views.hasNext(); ) {
                View view = views.next();
                if (columnsRenamed) {
                    reasons.put(view, "columns of its tables have other names in the target");
                } else if (accept(view, String.valueOf(sql.get(view)), schema, dialect)) {
                    views.remove();
                    found = true;
                }
            }
        }
        waiting.forEach(view -> findings.skipped(
                "view " + view.name() + ": " + view.query(), view.line(), String.valueOf(reasons.get(view))));
    }

    private boolean accept(View view, String name, SourceSchema schema, Dialect dialect) {
        String query = Expressions.of(view.query(), dialect, schema.types, names.renamed());
        String sql = "CREATE VIEW " + Names.quote(name) + (view.columns() == null ? "" : " (" + view.columns() + ")")
                + " AS " + query;
        @Nullable String refused = scratch.refusal(sql);
        if (refused == null) {
            try {
                scratch.fetch("SELECT * FROM " + Names.quote(name));
                plan.after.add(sql);
                return true;
            } catch (R2dbcException e) {
                scratch.execute("DROP VIEW " + Names.quote(name));
                refused = e.getMessage();
            }
        }
        reasons.put(view, "the engine refuses it: " + refused);
        return false;
    }
}
