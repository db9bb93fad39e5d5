package com.decentdb.r2dbc.spring;

import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.r2dbc.spi.ConnectionFactory;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.data.annotation.Id;
import org.springframework.data.domain.Example;
import org.springframework.data.domain.ExampleMatcher;
import org.springframework.data.r2dbc.repository.R2dbcRepository;
import org.springframework.data.r2dbc.repository.config.EnableR2dbcRepositories;
import reactor.core.publisher.Flux;

/** Spring Data makes patterns of values: it escapes {@code %}, {@code _} and the backslash in them, and binds each on its own. */
@ParameterizedClass
@EnumSource(Access.class)
class PatternTests {

    @RegisterExtension
    final SpringDatabase spring;

    PatternTests(Access access) {
        spring = new SpringDatabase(access, RepositoryConfiguration.class);
    }

    @BeforeEach
    void createTable() {
        spring.run(
                "CREATE TABLE note (id INTEGER PRIMARY KEY, title TEXT NOT NULL)",
                "INSERT INTO note VALUES (1, '50% off'), (2, '500 off'), (3, 'a_b'), (4, 'axb'), (5, 'c\\d'), (6, 'c\\\\d')");
    }

    @Test
    void containing() {
        assertThat(ids(notes().findByTitleContaining("50%"))).containsExactly(1L);
        assertThat(ids(notes().findByTitleContaining("_"))).containsExactly(3L);
        assertThat(ids(notes().findByTitleContaining("\\"))).containsExactly(5L, 6L);
        assertThat(ids(notes().findByTitleContaining("\\\\"))).containsExactly(6L);
        assertThat(ids(notes().findByTitleContainingIgnoreCase("A_B"))).containsExactly(3L);
    }

    @Test
    void startingAndEnding() {
        assertThat(ids(notes().findByTitleStartingWith("50%"))).containsExactly(1L);
        assertThat(ids(notes().findByTitleStartingWith("c\\d"))).containsExactly(5L);
        assertThat(ids(notes().findByTitleEndingWith("_b"))).containsExactly(3L);
        assertThat(ids(notes().findByTitleEndingWith("\\\\d"))).containsExactly(6L);
    }

    @Test
    void notContaining() {
        assertThat(ids(notes().findByTitleNotContaining("_"))).containsExactly(1L, 2L, 4L, 5L, 6L);
        assertThat(ids(notes().findByTitleNotContaining("%"))).containsExactly(2L, 3L, 4L, 5L, 6L);
        assertThat(ids(notes().findByTitleNotContaining("\\"))).containsExactly(1L, 2L, 3L, 4L);
    }

    @Test
    void queriesByExample() {
        ExampleMatcher containing =
                ExampleMatcher.matching().withStringMatcher(ExampleMatcher.StringMatcher.CONTAINING);

        assertThat(ids(notes().findAll(Example.of(new Note(null, "0%"), containing))))
                .containsExactly(1L);
        assertThat(ids(notes().findAll(Example.of(new Note(null, "_"), containing))))
                .containsExactly(3L);
        assertThat(ids(notes().findAll(Example.of(new Note(null, "c\\d"), containing))))
                .containsExactly(5L);
    }

    @Test
    void moreIdsThanASmallIntegerCounts() {
        // SQLite takes 32,766 parameters.
        assumeFalse(spring.onCluster());
        assertThat(ids(notes().findAllById(
                                LongStream.rangeClosed(4, 40_003).boxed().toList())))
                .containsExactly(4L, 5L, 6L);
    }

    private Notes notes() {
        return spring.bean(Notes.class);
    }

    private static List<Long> ids(Flux<Note> notes) {
        return awaitAll(notes.mapNotNull(Note::id).sort());
    }

    record Note(@Id @Nullable Long id, String title) {}

    interface Notes extends R2dbcRepository<Note, Long> {

        Flux<Note> findByTitleContaining(String part);

        Flux<Note> findByTitleContainingIgnoreCase(String part);

        Flux<Note> findByTitleNotContaining(String part);

        Flux<Note> findByTitleStartingWith(String prefix);

        Flux<Note> findByTitleEndingWith(String suffix);
    }

    @EnableR2dbcRepositories(considerNestedRepositories = true)
    static class RepositoryConfiguration extends SpringDatabase.Configuration {

        RepositoryConfiguration(ConnectionFactory factory) {
            super(factory);
        }
    }
}
