package com.decentdb.r2dbc.transport;

import com.decentdb.r2dbc.api.DecentDbErrorDetails;
import io.r2dbc.spi.R2dbcBadGrammarException;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcPermissionDeniedException;
import io.r2dbc.spi.R2dbcRollbackException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The exceptions of R2DBC with details. {@link Errors} decides which one belongs to an SQLSTATE. */
@SuppressWarnings("serial") // A new version of the driver reads no exceptions of an old one.
final class DriverExceptions {

    /** Of an error about which there is nothing to say but its message. */
    static final DecentDbErrorDetails NO_DETAILS = new DecentDbErrorDetails(null, null, List.of(), null, "", null);

    private DriverExceptions() {}

    /** The message with those details that it does not name. */
    static String describe(String message, DecentDbErrorDetails details) {
        List<String> unnamed = new ArrayList<>();
        String table = details.table();
        if (table != null && !names(message, table)) {
            unnamed.add("table " + table);
        }
        List<String> columns = details.columns();
        if (!columns.stream().allMatch(column -> names(message, column))) {
            unnamed.add((columns.size() == 1 ? "column " : "columns ") + String.join(", ", columns));
        }
        String constraint = details.constraint();
        if (constraint != null && !names(message, constraint)) {
            unnamed.add("constraint " + constraint);
        }
        StringBuilder text = new StringBuilder(message);
        if (!unnamed.isEmpty()) {
            text.append(" [").append(String.join(", ", unnamed)).append(']');
        }
        DecentDbErrorDetails.Position position = details.position();
        if (position != null) {
            text.append(" at line ").append(position.line()).append(", column ").append(position.column());
        }
        String hint = details.hint();
        return hint == null
                ? text.toString()
                : text.append(" (").append(hint).append(')').toString();
    }

    /** Whether the message has the name as a word. */
    private static boolean names(String message, String name) {
        for (int at = message.indexOf(name); at >= 0; at = message.indexOf(name, at + 1)) {
            int behind = at + name.length();
            boolean begins = at == 0 || !Character.isJavaIdentifierPart(message.charAt(at - 1));
            boolean ends = behind == message.length() || !Character.isJavaIdentifierPart(message.charAt(behind));
            if (begins && ends) {
                return true;
            }
        }
        return false;
    }

    static final class DataIntegrityViolation extends R2dbcDataIntegrityViolationException
            implements DecentDbErrorDetails.Holder {

        private final DecentDbErrorDetails details;

        DataIntegrityViolation(
                String message,
                String sqlState,
                int code,
                @Nullable String sql,
                @Nullable Throwable cause,
                DecentDbErrorDetails details) {
            super(message, sqlState, code, sql, cause);
            this.details = details;
        }

        @Override
        public DecentDbErrorDetails errorDetails() {
            return details;
        }
    }

    static final class BadGrammar extends R2dbcBadGrammarException implements DecentDbErrorDetails.Holder {

        private final DecentDbErrorDetails details;

        BadGrammar(
                String message,
                String sqlState,
                int code,
                @Nullable String sql,
                @Nullable Throwable cause,
                DecentDbErrorDetails details) {
            super(message, sqlState, code, sql, cause);
            this.details = details;
        }

        @Override
        public DecentDbErrorDetails errorDetails() {
            return details;
        }
    }

    static final class PermissionDenied extends R2dbcPermissionDeniedException implements DecentDbErrorDetails.Holder {

        private final DecentDbErrorDetails details;

        PermissionDenied(
                String message,
                String sqlState,
                int code,
                @Nullable String sql,
                @Nullable Throwable cause,
                DecentDbErrorDetails details) {
            super(message, sqlState, code, sql, cause);
            this.details = details;
        }

        @Override
        public DecentDbErrorDetails errorDetails() {
            return details;
        }
    }

    static final class Rollback extends R2dbcRollbackException implements DecentDbErrorDetails.Holder {

        private final DecentDbErrorDetails details;

        Rollback(
                String message,
                String sqlState,
                int code,
                @Nullable String sql,
                @Nullable Throwable cause,
                DecentDbErrorDetails details) {
            super(message, sqlState, code, sql, cause);
            this.details = details;
        }

        @Override
        public DecentDbErrorDetails errorDetails() {
            return details;
        }
    }

    static class TransientResource extends R2dbcTransientResourceException implements DecentDbErrorDetails.Holder {

        private final DecentDbErrorDetails details;

        TransientResource(
                String message,
                String sqlState,
                int code,
                @Nullable String sql,
                @Nullable Throwable cause,
                DecentDbErrorDetails details) {
            super(message, sqlState, code, sql, cause);
            this.details = details;
        }

        @Override
        public DecentDbErrorDetails errorDetails() {
            return details;
        }
    }

    static final class Timeout extends R2dbcTimeoutException implements DecentDbErrorDetails.Holder {

        private final DecentDbErrorDetails details;

        Timeout(
                String message,
                String sqlState,
                int code,
                @Nullable String sql,
                @Nullable Throwable cause,
                DecentDbErrorDetails details) {
            super(message, sqlState, code, sql, cause);
            this.details = details;
        }

        @Override
        public DecentDbErrorDetails errorDetails() {
            return details;
        }
    }

    static final class NonTransientResource extends R2dbcNonTransientResourceException
            implements DecentDbErrorDetails.Holder {

        private final DecentDbErrorDetails details;

        NonTransientResource(
                String message,
                String sqlState,
                int code,
                @Nullable String sql,
                @Nullable Throwable cause,
                DecentDbErrorDetails details) {
            super(message, sqlState, code, sql, cause);
            this.details = details;
        }

        @Override
        public DecentDbErrorDetails errorDetails() {
            return details;
        }
    }
}
