package com.decentdb.r2dbc.settings;

import com.decentdb.r2dbc.api.DecentDbOptions;
import com.decentdb.r2dbc.api.cluster.ClusterOptions;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The names of the options this driver reads, and which of them a name like it was meant to be. */
final class OptionNames {

    private static final int MOST_SLIPS = 3;
    /** A slip needs more letters than this beside it: a short name is close to many others. */
    private static final int LETTERS_PER_SLIP = 4;

    /** Those of {@code DecentDb.createPool}. */
    private static final List<String> POOL = List.of("minSize", "maxSize", "acquireTimeout");

    private static final Set<String> KNOWN = known();

    private OptionNames() {}

    /** In loops: a JVM would have to make each lambda of a pipeline. */
    private static Set<String> known() {
        Set<String> names = new LinkedHashSet<>();
        DecentDbOptions.OWN.forEach(option -> names.add(option.name()));
        ClusterOptions.ALL.forEach(option -> names.add(option.name()));
        names.addAll(DecentDbOptions.ENGINE_OPTIONS);
        names.addAll(POOL);
        DecentDbOptions.KEYS.forEach(option -> names.add(option.name()));
        names.add(ConnectionFactoryOptions.LOCK_WAIT_TIMEOUT.name());
        names.add(ConnectionFactoryOptions.STATEMENT_TIMEOUT.name());
        names.add(ConnectionFactoryOptions.CONNECT_TIMEOUT.name());
        names.add(ConnectionFactoryOptions.PASSWORD.name());
        return names;
    }

    /** All names among the options, known or not. */
    static List<String> of(ConnectionFactoryOptions options) {
        List<String> names = new ArrayList<>();
        // The filter of a copy is the one place where options show their names.
        ConnectionFactoryOptions.builder().from(options, option -> names.add(option.name()));
        return names;
    }

    /** The option that an unknown name was probably meant to be, null if it is known or like none. */
    static @Nullable String meantBy(String name) {
        if (KNOWN.contains(name)) {
            return null;
        }
        String letters = letters(name);
        String closest = null;
        int fewest = Integer.MAX_VALUE;
        for (String known : KNOWN) {
            String wanted = letters(known);
            int slips = distance(letters, wanted);
            if (slips <= Math.min(MOST_SLIPS, (wanted.length() - 1) / LETTERS_PER_SLIP) && slips < fewest) {
                closest = known;
                fewest = slips;
            }
        }
        return closest;
    }

    /** Case and separators are no difference. */
    private static String letters(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[_-]", "");
    }

    /** How many letters are to be added, dropped or replaced to turn one text into the other. */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int column = 0; column < row.length; column++) {
            row[column] = column;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }
}
