package com.decentdb.r2dbc.spring;

import com.decentdb.r2dbc.api.DecentDbErrorDetails;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Says in two lines, in place of a stack trace, why an application of Spring Boot cannot start when the driver could not open its
 * database: a folder that is missing, a file that another process has locked, an option that is wrong, a native library that cannot
 * be loaded. Found by Spring Boot, from 3.5 on.
 */
public final class DecentDbFailureAnalyzer extends AbstractFailureAnalyzer<R2dbcException> {

    /** Connecting, the system, keys, and the locks of others. */
    private static final Pattern OPENING = Pattern.compile("08...|58...|28...|55P03|HYT01");

    /** The advice of the last sentence of an error that has no hint. */
    private static final Pattern ADVICE = Pattern.compile("(?s)^(.*[.;]) (\\p{Lu}.*)$");

    private static final String CORRECT =
            "Correct it in spring.r2dbc.url, or in the property of that name in spring.r2dbc.properties.";

    /** Of a cluster that cannot be reached. */
    private static final String WAIT = "Make the database reachable, or name another one in spring.r2dbc.url.";

    /** Creates the analyzer; called by Spring Boot. */
    public DecentDbFailureAnalyzer() {}

    /** Leaves errors of other drivers, and those of statements, to others. */
    @Override
    protected @Nullable FailureAnalysis analyze(Throwable rootFailure, R2dbcException cause) {
        String state = cause.getSqlState();
        if (!(cause instanceof DecentDbErrorDetails.Holder driver)
                || state == null
                || !OPENING.matcher(state).matches()) {
            return null;
        }
        String message = String.valueOf(cause.getMessage());
        String hint = driver.errorDetails().hint();
        if (hint != null) {
            String appended = " (" + hint + ")";
            return new FailureAnalysis(
                    sentence(
                            message.endsWith(appended)
                                    ? message.substring(0, message.length() - appended.length())
                                    : message),
                    sentence(hint),
                    cause);
        }
        Matcher advice = ADVICE.matcher(message);
        return advice.matches()
                ? new FailureAnalysis(advice.group(1), sentence(advice.group(2)), cause)
                : new FailureAnalysis(
                        sentence(message), cause instanceof R2dbcTransientResourceException ? WAIT : CORRECT, cause);
    }

    private static String sentence(String text) {
        String capital = text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
        return capital.endsWith(".") ? capital : capital + ".";
    }
}
