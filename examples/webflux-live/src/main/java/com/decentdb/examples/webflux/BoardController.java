package com.decentdb.examples.webflux;

import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.PositiveOrZero;
import jakarta.validation.constraints.Size;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The board over HTTP; errors are {@code application/problem+json}. */
@RestController
@RequestMapping("/items")
class BoardController {

    private final Board board;
    private final LiveBoard live;

    BoardController(Board board, LiveBoard live) {
        this.board = board;
        this.live = live;
    }

    record NewItem(@NotBlank @Size(max = 200) String title) {}

    /** What is absent stays as it is. */
    record ItemChange(
            @Nullable @Pattern(regexp = ".*\\S.*", message = "must not be blank") @Size(max = 200)
            String title,

            @Nullable Boolean done,
            @Nullable @PositiveOrZero Integer position) {}

    @GetMapping
    Flux<Item> all() {
        return board.items();
    }

    /** The whole board as one server-sent event, now and after every change. */
    @GetMapping(path = "/live", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    Flux<List<Item>> live() {
        return live.items();
    }

    @GetMapping("/{id}")
    Mono<Item> one(@PathVariable long id) {
        return board.item(id).switchIfEmpty(missing(id));
    }

    @PostMapping
    Mono<ResponseEntity<Item>> add(@Valid @RequestBody NewItem item) {
        return board.add(item.title())
                .map(added -> ResponseEntity.created(URI.create("/items/" + added.id()))
                        .body(added));
    }

    @PatchMapping("/{id}")
    Mono<Item> change(@PathVariable long id, @Valid @RequestBody ItemChange change) {
        return board.change(id, change.title(), change.done(), change.position())
                .switchIfEmpty(missing(id));
    }

    @DeleteMapping("/{id}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    Mono<Void> remove(@PathVariable long id) {
        return board.remove(id).flatMap(removed -> removed ? Mono.empty() : missing(id));
    }

    private static <T> Mono<T> missing(long id) {
        return Mono.error(
                () -> new ResponseStatusException(HttpStatus.NOT_FOUND, "There is no item " + id + " on the board"));
    }
}
