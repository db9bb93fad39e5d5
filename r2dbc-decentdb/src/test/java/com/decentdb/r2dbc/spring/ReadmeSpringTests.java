package com.decentdb.r2dbc.spring;

import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.ConnectionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.data.annotation.Id;
import org.springframework.data.domain.PageRequest;
import org.springframework.data.domain.Pageable;
import org.springframework.data.r2dbc.repository.Query;
import org.springframework.data.r2dbc.repository.config.EnableR2dbcRepositories;
import org.springframework.data.repository.reactive.ReactiveCrudRepository;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The Spring examples of the README, run. */
class ReadmeSpringTests {

    @RegisterExtension
    final SpringDatabase spring = new SpringDatabase(Access.FACTORY, RepositoryConfiguration.class);

    @Test
    void repository() {
        spring.run("CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT NOT NULL UNIQUE, pages INTEGER NOT NULL)");
        Books books = spring.bean(Books.class);

        Book emma = awaitValue(books.save(new Book(null, "Emma", 1)));
        awaitValue(books.save(new Book(null, "Emma, annotated", 700)));

        assertThat(awaitValue(books.put("Emma", 474))).isEqualTo(new Book(emma.id, "Emma", 474));
        assertThat(awaitAll(books.findByTitleContainingOrderByPagesDesc("mm", PageRequest.of(0, 1))))
                .extracting(Book::pages)
                .containsExactly(700);
    }

    record Book(@Id @Nullable Long id, String title, int pages) {}

    interface Books extends ReactiveCrudRepository<Book, Long> {
        Flux<Book> findByTitleContainingOrderByPagesDesc(String part, Pageable page);

        @Query("INSERT INTO book (title, pages) VALUES (:title, :pages)"
                + " ON CONFLICT (title) DO UPDATE SET pages = EXCLUDED.pages RETURNING *")
        Mono<Book> put(String title, int pages);
    }

    @EnableR2dbcRepositories(considerNestedRepositories = true)
    static class RepositoryConfiguration extends SpringDatabase.Configuration {

        RepositoryConfiguration(ConnectionFactory factory) {
            super(factory);
        }
    }
}
