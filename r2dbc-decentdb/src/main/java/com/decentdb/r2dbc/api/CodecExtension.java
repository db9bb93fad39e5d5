package com.decentdb.r2dbc.api;

import java.util.function.Function;

/**
 * Teaches the driver a class of the application, by saying which class the driver knows already stands for it. Found by
 * {@link java.util.ServiceLoader}: name the implementation, which needs a public constructor without parameters, in
 * {@code META-INF/services/com.decentdb.r2dbc.api.CodecExtension}. From then on the class can be bound wherever a value
 * can, and read with {@code row.get(index, Money.class)}; SQL NULL is read as null without asking the extension.
 *
 * <p>Extensions are loaded once per JVM, when the first value is bound or read. One that cannot be loaded or breaks a
 * rule is left out whole, with a warning in the log that names it and a note in the error of every use of a class that is
 * then unknown; the driver works without it.
 *
 * <pre>{@code
 * public final class MoneyExtension implements CodecExtension {
 *     public void register(Registry registry) {
 *         registry.add(Money.class, BigDecimal.class, Money::amount, Money::new);
 *     }
 * }
 * }</pre>
 */
public interface CodecExtension {

    /**
     * Called once; adds the classes.
     *
     * @param registry where to add them, during this call only
     */
    void register(Registry registry);

    /** Where an extension adds its classes. */
    interface Registry {

        /**
         * Adds a class. The functions are called on the thread that binds or reads, by several threads at once, and never
         * with null. An exception of theirs reaches that caller as an error that names the extension.
         *
         * @param type the class of the application, or an interface or superclass of bound values
         * @param standard a class the driver knows by itself, such as {@code BigDecimal} or {@code String}
         * @param write turns a value into the one to store; must not return null
         * @param read turns a value that was read into one of the class; must not return null
         * @param <T> the class of the application
         * @param <S> the class the driver knows
         * @throws IllegalArgumentException if the driver, or another extension, has {@code type} already, or the driver
         *     does not know {@code standard}
         */
        <T, S> void add(
                Class<T> type,
                Class<S> standard,
                Function<? super T, ? extends S> write,
                Function<? super S, ? extends T> read);
    }
}
