package com.decentdb.importer.plan;

import com.decentdb.importer.schema.Findings;
import com.decentdb.importer.text.Names;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Names in the target. The engine does not tell ASCII letters' cases apart, so names that differ in nothing else get a number. */
final class Naming {

    private final boolean preserveCase;
    private final Findings findings;
    private final Set<String> taken = new HashSet<>();
    private final Map<String, String> given = new HashMap<>();

    Naming(boolean preserveCase, Findings findings) {
        this.preserveCase = preserveCase;
        this.findings = findings;
    }

    /** Gives a name of the source the one it has in the target. */
    String give(String kind, String source, long line) {
        String wanted = source.replace('.', '_');
        wanted = preserveCase ? wanted : Names.lower(wanted);
        String name = wanted;
        for (int i = 2; !taken.add(Names.lower(name)); i++) {
            name = wanted + "_" + i;
        }
        given.put(source, name);
        if (!name.equals(source)) {
            findings.changed(kind + source, line, "its name is " + name);
        }
        return name;
    }

    /** The name in the target; null if the source's was not given one. */
    @Nullable
    String of(String source) {
        @Nullable String exact = given.get(source);
        if (exact != null) {
            return exact;
        }
        for (Map.Entry<String, String> one : given.entrySet()) {
            if (one.getKey().equalsIgnoreCase(source)) {
                return one.getValue();
            }
        }
        return null;
    }

    /** Names that are different in more than their case, by those of the source. */
    Map<String, String> renamed() {
        Map<String, String> renamed = new HashMap<>();
        given.forEach((source, name) -> {
            if (!source.equalsIgnoreCase(name)) {
                renamed.put(source, name);
            }
        });
        return renamed;
    }
}
