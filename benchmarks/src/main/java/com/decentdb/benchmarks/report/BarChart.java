package com.decentdb.benchmarks.report;

import com.decentdb.benchmarks.report.Results.Spread;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Horizontal bars in groups, as SVG: medians, with a whisker from the least to the greatest. */
final class BarChart {

    private static final int WIDTH = 860;
    private static final int LABELS = 150;
    private static final int VALUES = 110;
    private static final int LINE = 20;

    private final String title;
    private final List<Entry> entries = new ArrayList<>();

    BarChart(String title) {
        this.title = title;
    }

    /** A heading or a bar. */
    private sealed interface Entry {}

    private record Heading(String text) implements Entry {}

    private record Bar(String name, Spread spread, String value, boolean own) implements Entry {}

    void group(String name) {
        entries.add(new Heading(name));
    }

    void bar(String name, Spread spread, String value, boolean own) {
        entries.add(new Bar(name, spread, value, own));
    }

    String svg() {
        double greatest = 0;
        for (Entry entry : entries) {
            if (entry instanceof Bar bar) {
                greatest = Math.max(greatest, bar.spread.max());
            }
        }
        double scale = (WIDTH - LABELS - VALUES) / Math.max(greatest, 1e-9);
        int height = (entries.size() + 2) * LINE;
        StringBuilder svg = new StringBuilder();
        svg.append(format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
                        + " font-family=\"sans-serif\" font-size=\"12\">%n",
                WIDTH, height, WIDTH, height));
        svg.append("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
        svg.append(format("<text x=\"10\" y=\"%d\" font-size=\"14\" font-weight=\"bold\">%s</text>%n", LINE, title));
        int y = 2 * LINE;
        for (Entry entry : entries) {
            if (entry instanceof Bar bar) {
                append(svg, bar, y, scale);
            } else if (entry instanceof Heading heading) {
                svg.append(format("<text x=\"10\" y=\"%d\" font-weight=\"bold\">%s</text>%n", y + 10, heading.text));
            }
            y += LINE;
        }
        return svg.append("</svg>\n").toString();
    }

    private static void append(StringBuilder svg, Bar bar, int y, double scale) {
        int middle = y + 6;
        double min = LABELS + bar.spread.min() * scale;
        double max = LABELS + bar.spread.max() * scale;
        svg.append(format("<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n", LABELS - 6, y + 10, bar.name));
        svg.append(format(
                "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"12\" fill=\"%s\"/>%n",
                LABELS, y, bar.spread.median() * scale, bar.own ? "#1f6feb" : "#9aa4b2"));
        svg.append(format(
                "<path d=\"M%.1f %d H%.1f M%.1f %d V%d M%.1f %d V%d\" stroke=\"#24292f\" fill=\"none\"/>%n",
                min, middle, max, min, middle - 3, middle + 3, max, middle - 3, middle + 3));
        svg.append(format("<text x=\"%.1f\" y=\"%d\">%s</text>%n", max + 6, y + 10, bar.value));
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
