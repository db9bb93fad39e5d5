package com.decentdb.importer.schema;

import com.decentdb.importer.ImportReport.Finding;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The findings about the schema, for the report. */
public final class Findings {

    private final List<Finding> changed = new ArrayList<>();
    private final List<Finding> skipped = new ArrayList<>();
    private final List<Finding> warnings = new ArrayList<>();
    private final Map<String, long[]> counted = new LinkedHashMap<>();

    public void changed(String object, long line, String reason) {
        changed.add(new Finding(object, line, reason));
    }

    public void skipped(String object, long line, String reason) {
        skipped.add(new Finding(object, line, reason));
    }

    public void warning(String object, long line, String reason) {
        warnings.add(new Finding(object, line, reason));
    }

    /** Something that is skipped often and of which only the number and the first line matter. */
    public void skippedOften(String kind, long line) {
        counted.computeIfAbsent(kind, key -> new long[] {0, line})[0]++;
    }

    public List<Finding> changed() {
        return List.copyOf(changed);
    }

    public List<Finding> skipped() {
        List<Finding> all = new ArrayList<>(skipped);
        counted.forEach((kind, count) -> all.add(new Finding(
                kind, count[1], count[0] + (count[0] == 1 ? " statement" : " statements, the first on this line"))));
        return all;
    }

    public List<Finding> warnings() {
        return List.copyOf(warnings);
    }
}
