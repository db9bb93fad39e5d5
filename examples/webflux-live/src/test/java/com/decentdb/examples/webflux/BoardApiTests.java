package com.decentdb.examples.webflux;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.http.MediaType;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.test.web.reactive.server.WebTestClient;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

class BoardApiTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private Server server;
    private WebTestClient client;

    @BeforeEach
    void start() {
        server = serve();
        client = WebTestClient.bindToServer()
                .baseUrl(server.url())
                .responseTimeout(PATIENCE)
                .build();
    }

    /** Starts the application on the database of this test, which outlives it. */
    Server serve() {
        return Server.start(directory);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void itemsAreAddedAtTheBottom() {
        add("one");
        add("  two  ");

        assertThat(titles()).containsExactly("one", "two");
    }

    @Test
    void anItemIsRenamedCheckedAndMoved() {
        add("one");
        Item two = add("two");
        Item three = add("three");

        change(three, Map.of("position", 0));
        change(two, Map.of("title", "2", "done", true, "position", 99));

        assertThat(items()).extracting(Item::title).containsExactly("three", "one", "2");
        assertThat(items()).extracting(Item::done).containsExactly(false, false, true);
    }

    @Test
    void anItemIsDeleted() {
        Item one = add("one");
        add("two");

        client.delete().uri("/items/{id}", one.id()).exchange().expectStatus().isNoContent();

        assertThat(titles()).containsExactly("two");
    }

    @Test
    void anErrorIsReportedAsAProblem() {
        for (String title : List.of("", "   ", "x".repeat(201))) {
            client.post()
                    .uri("/items")
                    .bodyValue(Map.of("title", title))
                    .exchange()
                    .expectStatus()
                    .isBadRequest()
                    .expectBody()
                    .jsonPath("$.detail")
                    .isEqualTo("An item needs a title of 1 to 200 characters.");
        }
        client.patch()
                .uri("/items/4711")
                .bodyValue(Map.of("done", true))
                .exchange()
                .expectStatus()
                .isNotFound()
                .expectHeader()
                .contentType(MediaType.APPLICATION_PROBLEM_JSON)
                .expectBody()
                .jsonPath("$.detail")
                .isEqualTo("There is no item 4711 any more.");
        client.delete().uri("/items/4711").exchange().expectStatus().isNotFound();
        assertThat(items()).isEmpty();
    }

    @Test
    void everySubscriberOfTheEventsFollowsEveryChange() {
        StepVerifier.create(Flux.zip(boards(), boards()), 1)
                .assertNext(boards -> assertThat(boards.getT1()).isEmpty())
                .then(() -> add("one"))
                .thenRequest(1)
                .assertNext(boards -> assertThat(boards)
                        .allSatisfy(
                                board -> assertThat((List<?>) board).asString().contains("one")))
                .thenCancel()
                .verify(PATIENCE);
    }

    @Test
    void itemsOutliveTheServer() {
        add("one");

        stop();
        start();

        assertThat(titles()).containsExactly("one");
    }

    @Test
    void manyWhoChangeTheOrderAtOnceLeaveEveryItemAPlaceOfItsOwn() {
        List<Item> all = IntStream.range(0, 10).mapToObj(i -> add("item " + i)).toList();

        Flux.fromIterable(all)
                .repeat(4)
                .parallel(4)
                .runOn(Schedulers.boundedElastic())
                .doOnNext(item -> change(item, Map.of("position", item.title().length() % 3)))
                .sequential()
                .blockLast(PATIENCE);

        assertThat(items()).extracting(Item::position).doesNotHaveDuplicates().hasSize(10);
    }

    private Item add(String title) {
        return one(client.post()
                .uri("/items")
                .bodyValue(Map.of("title", title))
                .exchange()
                .expectStatus()
                .isCreated());
    }

    private Item change(Item item, Map<String, Object> change) {
        return one(client.patch()
                .uri("/items/{id}", item.id())
                .bodyValue(change)
                .exchange()
                .expectStatus()
                .isOk());
    }

    private static Item one(WebTestClient.ResponseSpec response) {
        Item item = response.expectBody(Item.class).returnResult().getResponseBody();
        return requireNonNull(item);
    }

    private List<Item> items() {
        List<Item> items = client.get()
                .uri("/items")
                .exchange()
                .expectStatus()
                .isOk()
                .expectBodyList(Item.class)
                .returnResult()
                .getResponseBody();
        return requireNonNull(items);
    }

    private List<String> titles() {
        return items().stream().map(Item::title).toList();
    }

    private Flux<List<Item>> boards() {
        return client.get()
                .uri("/events")
                .accept(MediaType.TEXT_EVENT_STREAM)
                .exchange()
                .returnResult(new ParameterizedTypeReference<ServerSentEvent<List<Item>>>() {})
                .getResponseBody()
                .filter(event -> "board".equals(event.event()))
                .mapNotNull(ServerSentEvent::data);
    }
}
