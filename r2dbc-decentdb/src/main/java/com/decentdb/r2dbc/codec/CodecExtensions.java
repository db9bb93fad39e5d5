package com.decentdb.r2dbc.codec;

import com.decentdb.r2dbc.api.CodecExtension;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * The codecs that applications bring.
 *
 * @param codecs in the order found
 * @param refusals which extensions were left out, and why
 */
record CodecExtensions(List<Codec<?>> codecs, List<String> refusals) {

    private static final Logger LOG = Loggers.getLogger(CodecExtension.class);

    /** Loads every extension by itself: what is wrong with one is no reason to do without the others. */
    static CodecExtensions load(ClassLoader services, Map<Class<?>, Codec<?>> standard) {
        Map<Class<?>, Codec<?>> added = new LinkedHashMap<>();
        List<String> refusals = new ArrayList<>();
        Iterator<CodecExtension> found =
                ServiceLoader.load(CodecExtension.class, services).iterator();
        boolean more = true;
        while (more) {
            CodecExtension extension = null;
            try {
                more = found.hasNext();
                if (more) {
                    extension = found.next();
                    added.putAll(register(extension, standard, added));
                }
            } catch (RuntimeException | LinkageError | ServiceConfigurationError e) {
                String refusal = extension == null
                        ? String.valueOf(e.getMessage())
                        : "the codec extension " + extension.getClass().getName() + ": " + e;
                // The same again means that the loader itself cannot get any further.
                more &= !refusals.contains(refusal);
                LOG.warn("A codec extension is left out: " + refusal, e);
                refusals.add(refusal);
            }
        }
        return new CodecExtensions(List.copyOf(added.values()), List.copyOf(refusals));
    }

    private static Map<Class<?>, Codec<?>> register(
            CodecExtension extension, Map<Class<?>, Codec<?>> standard, Map<Class<?>, Codec<?>> others) {
        Map<Class<?>, Codec<?>> own = new LinkedHashMap<>();
        extension.register(new CodecExtension.Registry() {
            @Override
            public <T, S> void add(
                    Class<T> type,
                    Class<S> standardType,
                    Function<? super T, ? extends S> write,
                    Function<? super S, ? extends T> read) {
                requireNonNull(type, standardType, write, read);
                if (type == Object.class || standard.containsKey(type) || type.isPrimitive()) {
                    throw new IllegalArgumentException("the driver itself reads and binds " + type.getName());
                }
                if (others.containsKey(type) || own.containsKey(type)) {
                    throw new IllegalArgumentException(type.getName() + " was added already");
                }
                Codec<?> codec = standard.get(standardType);
                if (codec == null) {
                    throw new IllegalArgumentException("the driver does not know " + standardType.getName() + "; add "
                            + type.getName() + " by way of one of " + standard.keySet());
                }
                own.put(type, mapped(extension, type, codec, standardType, write, read));
            }
        });
        return own;
    }

    private static <T, S> Codec<T> mapped(
            CodecExtension extension,
            Class<T> type,
            Codec<?> codec,
            Class<S> standardType,
            Function<? super T, ? extends S> write,
            Function<? super S, ? extends T> read) {
        return new Codec<>(
                type,
                value -> codec.encode(call(extension, write, value, standardType)),
                (rows, row, column, cellType) -> {
                    Object value = codec.decoder().decode(rows, row, column, cellType);
                    return value == null ? null : call(extension, read, standardType.cast(value), type);
                });
    }

    private static <A, B> B call(
            CodecExtension extension, Function<? super A, ? extends B> function, A value, Class<B> to) {
        B result;
        try {
            result = function.apply(value);
        } catch (RuntimeException e) {
            throw new Misfit(
                    Misfit.TEXT, "the codec extension " + extension.getClass().getName() + " failed with " + e, e);
        }
        if (result == null) {
            throw new Misfit(
                    Misfit.TEXT,
                    "the codec extension " + extension.getClass().getName() + " returned null instead of "
                            + to.getName());
        }
        return result;
    }

    private static void requireNonNull(@Nullable Object... arguments) {
        for (Object argument : arguments) {
            if (argument == null) {
                throw new IllegalArgumentException("an argument of add is null");
            }
        }
    }
}
