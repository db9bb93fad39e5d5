package com.decentdb.r2dbc.spring;

import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.decentdb.r2dbc.TestDatabase;
import io.r2dbc.spi.ConnectionFactory;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.dao.OptimisticLockingFailureException;
import org.springframework.data.annotation.CreatedDate;
import org.springframework.data.annotation.Id;
import org.springframework.data.annotation.LastModifiedDate;
import org.springframework.data.annotation.Version;
import org.springframework.data.domain.PageRequest;
import org.springframework.data.domain.Pageable;
import org.springframework.data.domain.Sort;
import org.springframework.data.r2dbc.config.EnableR2dbcAuditing;
import org.springframework.data.r2dbc.core.R2dbcEntityTemplate;
import org.springframework.data.r2dbc.repository.Modifying;
import org.springframework.data.r2dbc.repository.Query;
import org.springframework.data.r2dbc.repository.R2dbcRepository;
import org.springframework.data.r2dbc.repository.config.EnableR2dbcRepositories;
import org.springframework.data.relational.core.query.Criteria;
import org.springframework.data.relational.core.query.Update;
import org.springframework.data.relational.core.sql.LockMode;
import org.springframework.data.relational.repository.Lock;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Repositories and the entity template of Spring Data R2DBC. */
@ParameterizedClass
@EnumSource(Access.class)
class RepositoryTests {

    @RegisterExtension
    final SpringDatabase spring;

    RepositoryTests(Access access) {
        spring = new SpringDatabase(access, RepositoryConfiguration.class);
    }

    @BeforeEach
    void createTable() {
        spring.run("CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT NOT NULL UNIQUE, pages INTEGER NOT NULL,"
                + " genre TEXT, version INTEGER NOT NULL, created_at TIMESTAMPTZ, changed_at TIMESTAMPTZ)");
    }

    @Test
    void savingInsertsWithAGeneratedIdAndThenUpdates() {
        Book book = awaitValue(books().save(book("Emma", 474)));
        assertThat(book.id).isPositive();
        Instant written = requireNonNull(book.createdAt);
        assertThat(book.changedAt).isEqualTo(written);

        book.pages = 475;
        Book changed = awaitValue(books().save(book));

        Book read = awaitValue(books().findById(id(book)));
        assertThat(read.pages).isEqualTo(475);
        assertThat(read.version).isEqualTo(changed.version).isEqualTo(1);
        assertThat(read.genre).isEqualTo(Genre.NOVEL);
        assertThat(read.createdAt).isEqualTo(written.truncatedTo(ChronoUnit.MICROS));
        assertThat(awaitValue(books().count())).isEqualTo(1);
    }

    @Test
    void anOutdatedVersionIsRefused() {
        Book first = awaitValue(books().save(book("Emma", 474)));
        Book second = awaitValue(books().findById(id(first)));
        first.pages = 1;
        awaitValue(books().save(first));

        second.pages = 2;
        books().save(second).as(StepVerifier::create).verifyError(OptimisticLockingFailureException.class);

        assertThat(awaitValue(books().findById(id(first))).pages).isEqualTo(1);
    }

    @Test
    void aDuplicateIsRefused() {
        books().save(book("Emma", 474))
                .then(books().save(book("Emma", 500)))
                .as(StepVerifier::create)
                .verifyError(DuplicateKeyException.class);
    }

    @Test
    void derivedQueries() {
        shelve();

        assertThat(titles(books().findByTitleStartingWith("The"))).containsExactlyInAnyOrder("The Trial", "The Castle");
        assertThat(titles(books().findByPagesBetweenOrderByPagesDesc(200, 400)))
                .containsExactly("The Castle", "The Trial");
        assertThat(titles(books().findByGenre(Genre.POETRY))).containsExactly("Duino Elegies");
        assertThat(titles(books().findByTitleContainingIgnoreCase("EM"))).containsExactly("Emma");
        assertThat(titles(books().findByTitleIn(List.of("Emma", "Ulysses"))))
                .containsExactlyInAnyOrder("Emma", "Ulysses");
        assertThat(titles(books().findTop2ByOrderByPagesDesc())).containsExactly("Ulysses", "Emma");
        assertThat(awaitValue(books().existsByTitle("Emma"))).isTrue();
        assertThat(awaitValue(books().existsByTitle("Faust"))).isFalse();
        assertThat(awaitValue(books().countByPagesGreaterThan(300))).isEqualTo(3);
        assertThat(awaitValue(books().deleteByGenre(Genre.POETRY))).isEqualTo(1);
        assertThat(awaitValue(books().count())).isEqualTo(4);
    }

    @Test
    void pagesAndSorting() {
        shelve();
        Sort byTitle = Sort.by("title");

        assertThat(titles(books().findAllBy(PageRequest.of(0, 2, byTitle)))).containsExactly("Duino Elegies", "Emma");
        assertThat(titles(books().findAllBy(PageRequest.of(1, 2, byTitle)))).containsExactly("The Castle", "The Trial");
        assertThat(titles(books().findAllBy(PageRequest.of(2, 2, byTitle)))).containsExactly("Ulysses");
        assertThat(titles(books().findAll(Sort.by(Sort.Order.desc("pages").nullsLast()))))
                .startsWith("Ulysses");
    }

    @Test
    void queriesWithNamedParameters() {
        shelve();

        assertThat(titles(books().longerThan(300, Genre.NOVEL))).containsExactly("Emma", "The Castle", "Ulysses");
        assertThat(awaitValue(books().rename("Emma", "Emma, annotated"))).isEqualTo(1);
        assertThat(awaitAll(books().findProjectedByPagesLessThan(300)))
                .extracting(TitleOnly::getTitle)
                .containsExactlyInAnyOrder("Duino Elegies", "The Trial");
        assertThat(awaitAll(books().pagesPerGenre()))
                .containsExactly(new GenrePages(Genre.NOVEL, 1903), new GenrePages(Genre.POETRY, 132));
    }

    @Test
    void upserts() {
        assumeTrue(spring.returnsRows());
        Book inserted = awaitValue(books().put("Emma", 1));
        Book updated = awaitValue(books().put("Emma", 474));

        assertThat(updated.id).isEqualTo(inserted.id);
        assertThat(updated.pages).isEqualTo(474);
    }

    @Test
    void manyAtOnce() {
        awaitAll(books().saveAll(Flux.range(1, 50).map(i -> book("Volume " + i, i))));
        assertThat(awaitValue(books().count())).isEqualTo(50);

        books().deleteAllById(List.of(1L, 2L)).as(StepVerifier::create).verifyComplete();
        books().deleteAll(books().findByPagesBetweenOrderByPagesDesc(3, 10))
                .as(StepVerifier::create)
                .verifyComplete();
        assertThat(awaitValue(books().count())).isEqualTo(40);

        books().deleteAll().as(StepVerifier::create).verifyComplete();
        assertThat(awaitValue(books().count())).isZero();
    }

    @Test
    void lockingReadsNeedNoClause() {
        shelve();

        books().findLockedByTitle("Emma")
                .map(book -> book.title)
                .as(spring.transaction(0)::transactional)
                .as(StepVerifier::create)
                .expectNext("Emma")
                .verifyComplete();
    }

    @Test
    void theEntityTemplate() {
        R2dbcEntityTemplate template = spring.bean(R2dbcEntityTemplate.class);
        shelve();
        var novels = org.springframework.data.relational.core.query.Query.query(
                Criteria.where("genre").is(Genre.NOVEL).and("pages").lessThan(480));

        assertThat(awaitValue(template.count(novels, Book.class))).isEqualTo(3);
        assertThat(awaitValue(template.update(novels, Update.update("pages", 480), Book.class)))
                .isEqualTo(3);
        template.select(Book.class)
                .matching(org.springframework.data.relational.core.query.Query.query(
                                Criteria.where("pages").is(480))
                        .sort(Sort.by("title"))
                        .offset(1))
                .first()
                .map(book -> book.title)
                .as(StepVerifier::create)
                .expectNext("The Castle")
                .verifyComplete();
        assertThat(awaitValue(template.delete(Book.class).all())).isEqualTo(5);
    }

    private Books books() {
        return spring.bean(Books.class);
    }

    private void shelve() {
        Book elegies = book("Duino Elegies", 132);
        elegies.genre = Genre.POETRY;
        awaitAll(books().saveAll(List.of(
                book("Emma", 474), book("The Trial", 255), book("The Castle", 394), elegies, book("Ulysses", 780))));
    }

    private static List<String> titles(Flux<Book> books) {
        return TestDatabase.awaitAll(books.map(book -> book.title));
    }

    private static long id(Book book) {
        return requireNonNull(book.id);
    }

    private static Book book(String title, int pages) {
        return new Book(title, pages, Genre.NOVEL);
    }

    enum Genre {
        NOVEL,
        POETRY
    }

    static final class Book {

        @Id
        @Nullable
        Long id;

        String title;
        int pages;
        Genre genre;

        @Version
        @Nullable
        Integer version;

        @CreatedDate
        @Nullable
        Instant createdAt;

        @LastModifiedDate
        @Nullable
        Instant changedAt;

        Book(String title, int pages, Genre genre) {
            this.title = title;
            this.pages = pages;
            this.genre = genre;
        }
    }

    record GenrePages(Genre genre, int pages) {}

    interface TitleOnly {

        String getTitle();
    }

    interface Books extends R2dbcRepository<Book, Long> {

        Flux<Book> findByTitleStartingWith(String prefix);

        Flux<Book> findByTitleContainingIgnoreCase(String part);

        Flux<Book> findByTitleIn(List<String> titles);

        Flux<Book> findByPagesBetweenOrderByPagesDesc(int from, int to);

        Flux<Book> findByGenre(Genre genre);

        Flux<Book> findTop2ByOrderByPagesDesc();

        Flux<Book> findAllBy(Pageable page);

        Flux<TitleOnly> findProjectedByPagesLessThan(int pages);

        Mono<Boolean> existsByTitle(String title);

        Mono<Long> countByPagesGreaterThan(int pages);

        Mono<Integer> deleteByGenre(Genre genre);

        @Lock(LockMode.PESSIMISTIC_WRITE)
        Mono<Book> findLockedByTitle(String title);

        @Query("SELECT * FROM book WHERE pages > :pages AND genre = :genre AND pages > :pages ORDER BY title")
        Flux<Book> longerThan(int pages, Genre genre);

        @Query("SELECT genre, sum(pages) AS pages FROM book GROUP BY genre ORDER BY genre")
        Flux<GenrePages> pagesPerGenre();

        @Query("INSERT INTO book (title, pages, version) VALUES (:title, :pages, 0)"
                + " ON CONFLICT (title) DO UPDATE SET pages = EXCLUDED.pages RETURNING *")
        Mono<Book> put(String title, int pages);

        @Modifying
        @Query("UPDATE book SET title = :to WHERE title = :from")
        Mono<Long> rename(String from, String to);
    }

    @EnableR2dbcAuditing
    @EnableR2dbcRepositories(considerNestedRepositories = true)
    static class RepositoryConfiguration extends SpringDatabase.Configuration {

        RepositoryConfiguration(ConnectionFactory factory) {
            super(factory);
        }
    }
}
