package com.decentdb.examples.webflux;

import java.time.Duration;
import java.util.List;
import org.springframework.http.HttpStatus;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The board over HTTP: {@code /items} to change it, {@code /events} to follow it. */
@RestController
class BoardController {

    private static final int MAX_TITLE = 200;

    /** A connection that is gone is only noticed by writing to it. */
    private static final Duration HEARTBEAT = Duration.ofSeconds(15);

    private final Board board;

    BoardController(Board board) {
        this.board = board;
    }

    @GetMapping("/items")
    Flux<Item> all() {
        return board.all();
    }

    @PostMapping("/items")
    @ResponseStatus(HttpStatus.CREATED)
    Mono<Item> add(@RequestBody ItemChange item) {
        if (item.title() == null) {
            throw badTitle();
        }
        return board.add(checked(item.title()));
    }

    @PatchMapping("/items/{id}")
    Mono<Item> change(@PathVariable long id, @RequestBody ItemChange change) {
        String title = change.title();
        ItemChange checked = title == null ? change : new ItemChange(checked(title), change.done(), change.position());
        return board.change(id, checked).switchIfEmpty(Mono.error(() -> notFound(id)));
    }

    @DeleteMapping("/items/{id}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    Mono<Void> remove(@PathVariable long id) {
        return board.remove(id)
                .filter(Boolean::booleanValue)
                .switchIfEmpty(Mono.error(() -> notFound(id)))
                .then();
    }

    /** The board as events named {@code board}: at once, and after every change. */
    @GetMapping("/events")
    Flux<ServerSentEvent<List<Item>>> events() {
        Flux<ServerSentEvent<List<Item>>> boards = board.live()
                .map(items -> ServerSentEvent.builder(items).event("board").build());
        Flux<ServerSentEvent<List<Item>>> heartbeats = Flux.interval(HEARTBEAT)
                .onBackpressureDrop()
                .map(beat -> ServerSentEvent.<List<Item>>builder().comment("").build());
        return boards.publish(shared -> shared.mergeWith(heartbeats.takeUntilOther(shared.ignoreElements())));
    }

    private static String checked(String title) {
        String trimmed = title.strip();
        if (trimmed.isEmpty() || trimmed.length() > MAX_TITLE) {
            throw badTitle();
        }
        return trimmed;
    }

    private static ResponseStatusException badTitle() {
        return new ResponseStatusException(
                HttpStatus.BAD_REQUEST, "An item needs a title of 1 to " + MAX_TITLE + " characters.");
    }

    private static ResponseStatusException notFound(long id) {
        return new ResponseStatusException(HttpStatus.NOT_FOUND, "There is no item " + id + " any more.");
    }
}
