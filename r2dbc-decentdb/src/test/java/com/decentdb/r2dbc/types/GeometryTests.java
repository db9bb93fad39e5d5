package com.decentdb.r2dbc.types;

import static com.decentdb.r2dbc.TestDatabase.await;
import static com.decentdb.r2dbc.TestDatabase.awaitAll;
import static com.decentdb.r2dbc.TestDatabase.awaitValue;
import static org.assertj.core.api.Assertions.assertThat;

import com.decentdb.r2dbc.TestDatabase;
import com.decentdb.r2dbc.api.DecentDbConnection;
import com.decentdb.r2dbc.api.DecentDbType;
import com.decentdb.r2dbc.api.WatchEvent;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.R2dbcBadGrammarException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.Point;
import org.locationtech.jts.geom.Polygon;
import org.locationtech.jts.io.ParseException;
import org.locationtech.jts.io.WKBWriter;
import org.locationtech.jts.io.WKTReader;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Shapes, as bytes and as what JTS makes of them. */
class GeometryTests {

    @RegisterExtension
    final TestDatabase database = new TestDatabase();

    private DecentDbConnection connection;

    @BeforeEach
    void createTable() {
        connection = database.connect();
        await(connection.execute(
                "CREATE TABLE place (id INTEGER PRIMARY KEY, g GEOMETRY, h GEOMETRY(POINT, 4326), w GEOGRAPHY)"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "POINT (1 2)|0",
                "POINT (1 2)|4326",
                "POINT Z (1 2 3)|4326",
                "POINT M (1 2 3)|0",
                "POINT ZM (1 2 3 4)|0",
                "LINESTRING (0 0, 1 1, 2 0)|3857",
                "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 1))|0",
                "MULTIPOINT ((1 2), (3 4))|4326",
                "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))|0",
                "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))|0"
            })
    void survivesTheWayThereAndBackWithItsReferenceSystem(String text, int srid) {
        Geometry shape = shape(text, srid);
        await(connection.execute("DROP TABLE place"));
        String type = text.replaceAll("^([A-Z]+( Z?M?)?) ?\\(.*", "$1").replace(" ", "");
        await(connection.execute(
                "CREATE TABLE place (id INTEGER PRIMARY KEY, g GEOMETRY(" + type + ", " + srid + "))"));
        await(connection.execute("INSERT INTO place (id, g) VALUES (1, $1)", shape));
        await(connection.executeQueued("INSERT INTO place (id, g) VALUES (2, $1)", shape));

        for (int id = 1; id <= 2; id++) {
            Geometry read = awaitValue(connection.fetchValue("SELECT g FROM place WHERE id = $1", Geometry.class, id));
            assertThat((Object) read).isEqualTo(shape);
            assertThat(read.getSRID()).isEqualTo(srid);
            assertThat((Double) read.getCoordinate().getZ())
                    .isEqualTo((Double) shape.getCoordinate().getZ());
            assertThat((Double) read.getCoordinate().getM())
                    .isEqualTo((Double) shape.getCoordinate().getM());
        }
    }

    @Test
    void isReadAsItsOwnClassAndNoOther() {
        await(connection.execute("INSERT INTO place (id, g) VALUES (1, $1)", shape("POINT (1 2)", 0)));

        assertThat(awaitValue(connection.fetchValue("SELECT g FROM place", Point.class))
                        .getX())
                .isEqualTo(1);
        connection
                .fetchValue("SELECT g FROM place", Polygon.class)
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error ->
                        assertThat(error).hasMessageContaining("GEOMETRY").hasMessageContaining("Polygon"));
    }

    @Test
    void onTheGlobeIsBoundByItsType() {
        Geometry shape = shape("POINT (13.4 52.5)", 4326);
        insert("w", DecentDbType.GEOGRAPHY, shape);
        if (database.bundled()) {
            // DecentDB makes no GEOGRAPHY of a GEOMETRY by itself.
            await(connection.execute("INSERT INTO place (w) VALUES ($1)", shape));
        }

        assertThat(awaitAll(connection.fetchAll("SELECT ST_AsText(w) FROM place")))
                .isNotEmpty();
        assertThat((Object) awaitValue(connection.fetchValue("SELECT w FROM place", Geometry.class)))
                .isEqualTo(shape);
    }

    @Test
    void asBytesIsBoundByItsTypeOrAFunction() {
        byte[] wkb = new WKBWriter().write(shape("POINT (1 2)", 0));
        byte[] ewkb = new WKBWriter(2, true).write(shape("POINT (1 2)", 4326));
        // DecentDB wants to know the reference system.
        insert(
                "g",
                DecentDbType.GEOMETRY,
                database.bundled() ? wkb : new WKBWriter(2, true).write(shape("POINT (1 2)", 0)));
        insert("h", DecentDbType.GEOMETRY, ByteBuffer.wrap(ewkb));
        insert("w", DecentDbType.GEOGRAPHY, ewkb);
        await(connection.execute("INSERT INTO place (g) VALUES (ST_GeomFromWKB($1))", wkb));
        await(connection.execute("INSERT INTO place (w) VALUES (ST_GeogFromWKB($1))", ewkb));

        assertThat(awaitAll(connection.fetchAll("SELECT ST_X(g), ST_SRID(g) FROM place WHERE g IS NOT NULL")))
                .containsExactly(List.of(1.0, 0L), List.of(1.0, 0L));
        assertThat(awaitAll(connection.fetchAll("SELECT ST_Y(h), ST_SRID(h) FROM place WHERE h IS NOT NULL")))
                .containsExactly(List.of(2.0, 4326L));
        assertThat(awaitValue(connection.fetchValue("SELECT w FROM place WHERE w IS NOT NULL", byte[].class)))
                .hasSize(25);
        assertThat(awaitValue(connection.fetchValue("SELECT g FROM place WHERE g IS NOT NULL", Object.class)))
                .isInstanceOf(ByteBuffer.class);
    }

    @Test
    void asBytesAloneIsABlobWhichTheEngineRefuses() {
        connection
                .execute("INSERT INTO place (g) VALUES ($1)", new WKBWriter().write(shape("POINT (1 2)", 0)))
                .as(StepVerifier::create)
                .verifyErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(R2dbcBadGrammarException.class)
                        .hasMessageContaining("GEOMETRY"));
    }

    @Test
    void isAnArgumentOfAQueryAndOfAWatch() {
        Geometry here = shape("POINT (1 2)", 0);
        await(connection.execute("INSERT INTO place (id, g) VALUES (1, $1)", here));
        String sql = "SELECT id FROM place WHERE ST_Intersects(g, $1) AND id = $2";

        assertThat(awaitValue(connection.fetchValue(sql, Long.class, here, 1))).isOne();
        connection
                .watchQuery(sql, here, 1)
                .as(StepVerifier::create)
                .assertNext(event -> assertThat(event)
                        .isInstanceOfSatisfying(
                                WatchEvent.Initial.class,
                                initial -> assertThat(initial.snapshot()).hasSize(1)))
                .thenCancel()
                .verify(TestDatabase.PATIENCE);
    }

    private void insert(String column, DecentDbType type, Object bytes) {
        await(Mono.from(connection
                        .createStatement("INSERT INTO place (" + column + ") VALUES ($1)")
                        .bind(0, Parameters.in(type, bytes))
                        .execute())
                .flatMap(result -> Mono.from(result.getRowsUpdated())));
    }

    private static Geometry shape(String text, int srid) {
        try {
            Geometry shape = new WKTReader().read(text);
            shape.setSRID(srid);
            return shape;
        } catch (ParseException e) {
            throw new IllegalArgumentException(text, e);
        }
    }
}
