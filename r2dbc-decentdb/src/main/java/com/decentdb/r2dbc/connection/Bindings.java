package com.decentdb.r2dbc.connection;

import com.decentdb.r2dbc.codec.Codecs;
import com.decentdb.r2dbc.codec.Value;
import com.decentdb.r2dbc.settings.SessionSettings;
import com.decentdb.r2dbc.sql.SqlCommand;
import com.decentdb.r2dbc.sql.SqlScript;
import com.decentdb.r2dbc.transport.Errors;
import io.r2dbc.spi.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The arguments of a statement, checked against its parameters while they are bound. */
public final class Bindings {

    private static final Value[] NONE = {};

    private final SqlScript script;
    private final SessionSettings settings;
    private List<@Nullable Value[]> complete = List.of();
    private @Nullable Value[] current;
    /** Whether an execution has the current list, which must not change then. */
    private boolean given;

    Bindings(SqlScript script, SessionSettings settings) {
        this.script = script;
        this.settings = settings;
        this.current = new Value[script.parameterCount()];
    }

    void bind(int index, @Nullable Object value) {
        bindAt(checked(index), value);
    }

    void bind(String name, @Nullable Object value) {
        bindAt(checked(name), value);
    }

    void bindNull(int index, @Nullable Class<?> type) {
        requireType(type);
        set(checked(index), Value.NULL);
    }

    void bindNull(String name, @Nullable Class<?> type) {
        requireType(type);
        set(checked(name), Value.NULL);
    }

    /** Ends one list of arguments and begins another. */
    void add() {
        requireComplete();
        if (complete.isEmpty()) {
            complete = new ArrayList<>();
        }
        complete.add(current);
        current = new Value[script.parameterCount()];
        given = false;
    }

    /** All lists of arguments given so far; later binding does not change them. */
    List<Value[]> finish() {
        if (script.parameterCount() > 0 || complete.isEmpty()) {
            requireComplete();
            if (complete.isEmpty()) {
                given = true;
                return List.<Value[]>of(filled(current));
            }
        }
        List<Value[]> lists = new ArrayList<>(complete.size() + 1);
        complete.forEach(list -> lists.add(filled(list.clone())));
        if (script.parameterCount() > 0) {
            lists.add(filled(current.clone()));
        }
        return lists;
    }

    /** Closes gaps, which parameters that the text does not use leave. */
    private static Value[] filled(@Nullable Value[] list) {
        for (int i = 0; i < list.length; i++) {
            if (list[i] == null) {
                list[i] = Value.NULL;
            }
        }
        return list;
    }

    /** Whether some arguments arrive as streams, which are to be gathered before execution. */
    static boolean streamed(List<Value[]> lists) {
        // An iterator would be an object for each execution.
        for (int i = 0; i < lists.size(); i++) {
            for (Value value : lists.get(i)) {
                if (value instanceof Value.Streamed) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Arguments given all at once, in the order of the parameters; streamed ones are gathered first. */
    public static Mono<Value[]> encodeAll(SqlScript script, SessionSettings settings, @Nullable Object[] arguments) {
        requireOnePerParameter(script, arguments);
        Value[] values = new Value[arguments.length];
        boolean streamed = false;
        for (int i = 0; i < values.length; i++) {
            Object argument = arguments[i];
            values[i] = argument == null ? Value.NULL : encode(script, i, argument, settings);
            streamed |= values[i] instanceof Value.Streamed;
        }
        return streamed ? gather(values) : Mono.just(values);
    }

    /**
     * Refuses arguments given all at once that are too few or too many.
     *
     * @throws IllegalArgumentException if there is not one for each parameter
     */
    static void requireOnePerParameter(SqlScript script, @Nullable Object @Nullable [] arguments) {
        if (arguments == null) {
            throw new IllegalArgumentException(
                    "The array of arguments must not be null; for the one argument NULL give (Object) null");
        }
        if (arguments.length != script.parameterCount()) {
            throw new IllegalArgumentException("The statement has " + counted(script.parameterCount(), "parameter")
                    + ", but " + counted(arguments.length, "argument")
                    + (arguments.length == 1 ? " was given" : " were given") + hint(script));
        }
    }

    private static String hint(SqlScript script) {
        String hint = script.styleHint();
        return hint == null ? "" : " (" + hint + ")";
    }

    private static String counted(int number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }

    /** The values of one statement of a script, out of a complete list of arguments. */
    public static Value[] select(SqlCommand command, Value[] arguments) {
        List<Integer> wanted = command.parameters();
        if (wanted.size() == arguments.length) {
            return arguments;
        }
        Value[] selected = wanted.isEmpty() ? NONE : new Value[wanted.size()];
        for (int i = 0; i < selected.length; i++) {
            selected[i] = arguments[wanted.get(i) - 1];
        }
        return selected;
    }

    static Mono<List<Value[]>> gather(List<Value[]> lists) {
        return Flux.fromIterable(lists).concatMap(Bindings::gather).collectList();
    }

    private static Mono<Value[]> gather(Value[] list) {
        return Flux.fromArray(list)
                .concatMap(value -> value instanceof Value.Streamed large ? large.content() : Mono.just(value))
                .collectList()
                .map(values -> values.toArray(NONE));
    }

    private void requireComplete() {
        List<Integer> numbers = script.parameters();
        for (int i = 0; i < numbers.size(); i++) {
            int number = numbers.get(i);
            if (current[number - 1] == null) {
                throw new IllegalStateException("Parameter " + script.parameterName(number)
                        + " is not bound; bind all of " + names() + " before add() or execute()");
            }
        }
    }

    private void bindAt(int index, @Nullable Object value) {
        set(index, encode(script, index, value, settings));
    }

    private void set(int index, Value value) {
        if (given) {
            current = current.clone();
            given = false;
        }
        current[index] = value;
    }

    private int checked(int index) {
        if (index < 0 || index >= script.parameterCount()) {
            throw new IndexOutOfBoundsException("Parameter index " + index + " is out of range: the statement has "
                    + counted(script.parameterCount(), "parameter") + ", counted from 0" + hint(script));
        }
        return index;
    }

    private int checked(String name) {
        int number = script.parameter(Arguments.required(name, "parameter name"));
        if (number > 0) {
            return number - 1;
        }
        throw new NoSuchElementException(
                "The statement has no parameter '" + Errors.shorten(name) + "'; it has " + names()
                        + (script.parameters().isEmpty() ? "" : ", which may also be bound by index, counted from 0")
                        + hint(script));
    }

    private List<String> names() {
        return script.parameters().stream().map(script::parameterName).toList();
    }

    private static Value encode(SqlScript script, int index, @Nullable Object value, SessionSettings settings) {
        Object content = value instanceof Parameter parameter ? parameter.getValue() : value;
        if (content != null && script.isListed(index + 1) && Codecs.instance().encodesAsArray(content)) {
            throw new IllegalArgumentException(script.parameterName(index + 1)
                    + " stands for one value of IN (..) and cannot be a collection; write = ANY(..), or <> ALL(..) for NOT IN,"
                    + " where the engine has these, or a parameter for each value");
        }
        return encode(value, settings);
    }

    private static Value encode(@Nullable Object value, SessionSettings settings) {
        if (value == null) {
            throw new IllegalArgumentException("The value must not be null; use bindNull");
        }
        if (value instanceof Parameter parameter) {
            if (value instanceof Parameter.Out) {
                throw new IllegalArgumentException("DecentDB has no procedures and thus no out parameters");
            }
            Object content = parameter.getValue();
            return content == null
                    ? Value.NULL
                    : Codecs.instance().encode(content, parameter.getType(), settings.textForNumbers());
        }
        return Codecs.instance().encode(value, settings.textForNumbers());
    }

    private static void requireType(@Nullable Class<?> type) {
        Arguments.required(type, "type");
    }
}
