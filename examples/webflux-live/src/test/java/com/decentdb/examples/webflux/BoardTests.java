package com.decentdb.examples.webflux;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.http.MediaType.APPLICATION_PROBLEM_JSON;
import static org.springframework.http.MediaType.TEXT_EVENT_STREAM;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.test.web.reactive.server.WebTestClient;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** The board as its users see it, over HTTP. */
@SpringBootTest(
        webEnvironment = WebEnvironment.RANDOM_PORT,
        properties = "spring.r2dbc.url=r2dbc:decentdb:mem:///board")
class BoardTests {

    private final WebTestClient client;
    private final Board board;
    private final Items items;

    BoardTests(@LocalServerPort int port, @Autowired Board board, @Autowired Items items) {
        this.client = WebTestClient.bindToServer()
                .baseUrl("http://localhost:" + port)
                .responseTimeout(Duration.ofSeconds(30))
                .build();
        this.board = board;
        this.items = items;
    }

    @BeforeEach
    void clear() {
        items.deleteAll().block();
    }

    @Test
    void itemsAreAddedAtTheEnd() {
        Item tea = add("Make tea");
        Item cup = add("Find a cup");

        assertThat(board()).containsExactly(tea, cup);
        assertThat(cup).isEqualTo(new Item(cup.id(), "Find a cup", false, 1));
        assertThat(read("/items/" + tea.id())).isEqualTo(tea);
    }

    @Test
    void whatIsAbsentFromAChangeStaysAsItIs() {
        Item tea = add("Make tea");

        assertThat(change(tea, Map.of("done", true))).isEqualTo(new Item(tea.id(), "Make tea", true, 0));
        assertThat(change(tea, Map.of("title", "Drink tea"))).isEqualTo(new Item(tea.id(), "Drink tea", true, 0));
        assertThat(board()).containsExactly(new Item(tea.id(), "Drink tea", true, 0));
    }

    @Test
    void itemsAreMovedAndKeepTheirPlacesWithoutGaps() {
        add("a");
        add("b");
        Item c = add("c");

        assertThat(change(c, Map.of("position", 0)).position()).isZero();
        assertThat(titles()).containsExactly("c", "a", "b");
        assertThat(change(c, Map.of("position", 99)).position()).isEqualTo(2);
        assertThat(titles()).containsExactly("a", "b", "c");
        assertThat(board()).extracting(Item::position).containsExactly(0, 1, 2);
    }

    @Test
    void itemsAreRemoved() {
        Item a = add("a");
        add("b");

        client.delete().uri("/items/{id}", a.id()).exchange().expectStatus().isNoContent();

        assertThat(titles()).containsExactly("b");
        assertThat(board()).extracting(Item::position).containsExactly(0);
    }

    @Test
    void itemsAddedAtTheSameTimeGetAPlaceEach() {
        Flux.range(0, 50).flatMap(i -> board.add("item " + i)).blockLast();

        assertThat(board())
                .extracting(Item::position)
                .containsExactlyElementsOf(() -> IntStream.range(0, 50).iterator());
    }

    @Test
    void thoseWhoLookOnSeeEveryChange() {
        Flux<List<Item>> live = client.get()
                .uri("/items/live")
                .accept(TEXT_EVENT_STREAM)
                .exchange()
                .expectStatus()
                .isOk()
                .returnResult(new ParameterizedTypeReference<List<Item>>() {})
                .getResponseBody();

        live.as(StepVerifier::create)
                .expectNext(List.of())
                .then(() -> add("Make tea"))
                .assertNext(items -> assertThat(items).extracting(Item::title).containsExactly("Make tea"))
                .then(() -> items.deleteAll().block())
                .expectNext(List.of())
                .thenCancel()
                .verify(Duration.ofSeconds(30));
    }

    @Test
    void wrongInputIsAProblemThatNamesTheField() {
        Item tea = add("Make tea");

        client.post()
                .uri("/items")
                .bodyValue(Map.of("title", " "))
                .exchange()
                .expectStatus()
                .isBadRequest()
                .expectHeader()
                .contentTypeCompatibleWith(APPLICATION_PROBLEM_JSON)
                .expectBody()
                .jsonPath("$.errors.title")
                .isEqualTo("must not be blank");
        client.patch()
                .uri("/items/{id}", tea.id())
                .bodyValue(Map.of("position", -1, "title", "x".repeat(201)))
                .exchange()
                .expectStatus()
                .isBadRequest()
                .expectBody()
                .jsonPath("$.errors.position")
                .isNotEmpty()
                .jsonPath("$.errors.title")
                .isNotEmpty();
        assertThat(board()).containsExactly(tea);
    }

    @Test
    void anUnknownItemIsAProblem() {
        expectMissing(client.get().uri("/items/42"));
        expectMissing(client.patch().uri("/items/42").bodyValue(Map.of("done", true)));
        expectMissing(client.delete().uri("/items/42"));
    }

    private static void expectMissing(WebTestClient.RequestHeadersSpec<?> request) {
        request.exchange()
                .expectStatus()
                .isNotFound()
                .expectHeader()
                .contentTypeCompatibleWith(APPLICATION_PROBLEM_JSON)
                .expectBody()
                .jsonPath("$.detail")
                .isEqualTo("There is no item 42 on the board");
    }

    private Item add(String title) {
        var added = client.post()
                .uri("/items")
                .bodyValue(Map.of("title", title))
                .exchange()
                .expectStatus()
                .isEqualTo(HttpStatus.CREATED)
                .expectBody(Item.class)
                .returnResult();
        Item item = requireNonNull(added.getResponseBody());
        assertThat(added.getResponseHeaders().getFirst(HttpHeaders.LOCATION)).isEqualTo("/items/" + item.id());
        return item;
    }

    private Item change(Item item, Map<String, ?> change) {
        return requireNonNull(client.patch()
                .uri("/items/{id}", item.id())
                .bodyValue(change)
                .exchange()
                .expectStatus()
                .isOk()
                .expectBody(Item.class)
                .returnResult()
                .getResponseBody());
    }

    private Item read(String uri) {
        return requireNonNull(client.get()
                .uri(uri)
                .exchange()
                .expectStatus()
                .isOk()
                .expectBody(Item.class)
                .returnResult()
                .getResponseBody());
    }

    private List<Item> board() {
        return requireNonNull(client.get()
                .uri("/items")
                .exchange()
                .expectStatus()
                .isOk()
                .expectBodyList(Item.class)
                .returnResult()
                .getResponseBody());
    }

    private List<String> titles() {
        return board().stream().map(Item::title).toList();
    }
}
