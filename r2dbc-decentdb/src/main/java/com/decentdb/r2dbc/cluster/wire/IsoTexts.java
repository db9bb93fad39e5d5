package com.decentdb.r2dbc.cluster.wire;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Dates and times as clients of dqlite write them: a date, possibly a time behind it, possibly an offset behind that. */
public final class IsoTexts {

    private static final LocalDateTime EPOCH = LocalDate.EPOCH.atStartOfDay();

    private static final DateTimeFormatter READ = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE)
            .optionalStart()
            .appendPattern("['T'][ ]HH:mm")
            .optionalStart()
            .appendPattern(":ss")
            .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
            .optionalEnd()
            .optionalStart()
            .appendOffset("+HH:mm", "Z")
            .optionalEnd()
            .optionalEnd()
            .toFormatter(Locale.ROOT);

    private static final DateTimeFormatter WRITE = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE)
            .appendPattern(" HH:mm:ss")
            .appendFraction(ChronoField.NANO_OF_SECOND, 0, 6, true)
            .toFormatter(Locale.ROOT);

    private IsoTexts() {}

    /** Microseconds since the epoch, in UTC unless the text has an offset; null if it is no date. */
    public static @Nullable Long micros(String text) {
        try {
            TemporalAccessor parsed = READ.parse(text);
            LocalTime time = parsed.query(TemporalQueries.localTime());
            LocalDateTime local = LocalDate.from(parsed).atTime(time == null ? LocalTime.MIDNIGHT : time);
            ZoneOffset offset = parsed.query(TemporalQueries.offset());
            long seconds = offset == null ? 0 : offset.getTotalSeconds();
            return ChronoUnit.MICROS.between(EPOCH, local.minusSeconds(seconds).truncatedTo(ChronoUnit.MICROS));
        } catch (DateTimeException | ArithmeticException e) {
            return null;
        }
    }

    /** A local date and time. */
    public static String dateTime(long micros) {
        return WRITE.format(EPOCH.plus(micros, ChronoUnit.MICROS));
    }

    /** An instant, in UTC, so that the order of the texts is that of time. */
    public static String instant(long micros) {
        return dateTime(micros) + "+00:00";
    }

    public static String date(int days) {
        return DateTimeFormatter.ISO_LOCAL_DATE.format(LocalDate.ofEpochDay(days));
    }
}
