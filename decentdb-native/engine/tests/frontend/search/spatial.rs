//! GEOMETRY and GEOGRAPHY: values, functions, columns and indexes.

use crate::support;

use std::cell::RefCell;

use decentdb::testing::catalog;
use decentdb::testing::value::{Type, Value};
use proptest::prelude::*;
use support::Database;

#[track_caller]
fn all_give(database: &mut Database, cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        assert_eq!(database.texts(&format!("SELECT {expression}")), [*expected], "{expression}");
    }
}

#[test]
fn shapes_are_made_and_read() {
    all_give(
        &mut Database::new(),
        &[
            ("ST_AsText(ST_Point(1, 2.5))", "SRID=0;POINT(1 2.5)"),
            ("ST_AsText(ST_PointZM(1, 2, 3, 4))", "SRID=0;POINT ZM(1 2 3 4)"),
            ("ST_AsText(ST_PointM(1, 2, 3))", "SRID=0;POINT M(1 2 3)"),
            ("ST_AsText(ST_GeogPointZ(1, 2, 3))", "SRID=4326;POINT Z(1 2 3)"),
            (
                "ST_AsText(ST_GeomFromText('srid=3857; linestring z (0 0 1, 1 1 2)'))",
                "SRID=3857;LINESTRING Z(0 0 1,1 1 2)",
            ),
            ("ST_AsText(ST_GeomFromText('MULTIPOINT(1 2, (3 4))', 5))", "SRID=5;MULTIPOINT((1 2),(3 4))"),
            (
                "ST_AsText(ST_GeomFromText('MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))'))",
                "SRID=0;MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))",
            ),
            ("ST_AsGeoJSON(ST_Point(1, 2))", "{\"type\":\"Point\",\"coordinates\":[1.0,2.0]}"),
            (
                "ST_AsText(ST_GeogFromGeoJSON('{\"type\":\"MultiLineString\",\"coordinates\":[[[0,0],[1,1]]]}'))",
                "SRID=4326;MULTILINESTRING((0 0,1 1))",
            ),
            ("ST_AsBinary(ST_Point(1, 2))", "010100002000000000000000000000f03f0000000000000040"),
            ("ST_AsText(ST_GeomFromWKB(ST_AsBinary(ST_Point(1, 2))))", "SRID=0;POINT(1 2)"),
            ("ST_SRID(ST_SetSRID(ST_Point(1, 2), 3857))", "3857"),
            ("ST_GeometryType(ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))'))", "POLYGON"),
            ("ST_X(ST_Point(1, 2)) + ST_Y(ST_Point(1, 2))", "3"),
            ("ST_Z(ST_Point(1, 2))", "NULL"),
            ("ST_M(ST_PointM(1, 2, 7))", "7"),
            ("ST_IsValid(ST_Point(1, 2))", "true"),
            ("ST_Point(NULL, 2)", "NULL"),
            ("ST_AsText(NULL)", "NULL"),
        ],
    );
}

#[test]
fn values_are_stored_in_one_form() {
    let mut database = Database::with(&["CREATE TABLE t (id INT PRIMARY KEY, g GEOMETRY, e GEOGRAPHY)"]);
    // Big endian and without an SRID.
    let mut point = vec![0, 0, 0, 0, 1];
    point.extend([1.0f64, 2.0].iter().flat_map(|ordinate| ordinate.to_be_bytes()));
    let insert = "INSERT INTO t VALUES (1, $1, $2)";
    database.query(insert, &[Value::Geometry(point.clone()), Value::Geography(point.clone())]);
    let rows = database.run("SELECT g, e FROM t");
    assert_eq!(rows.types, [Type::Geometry, Type::Geography]);
    let stored = |srid: u32| {
        let mut bytes = vec![1, 1, 0, 0, 0x20];
        bytes.extend(srid.to_le_bytes());
        bytes.extend([1.0f64, 2.0].iter().flat_map(|ordinate| ordinate.to_le_bytes()));
        bytes
    };
    assert_eq!(rows.rows[0], [Value::Geometry(stored(0)), Value::Geography(stored(4326))]);
    let rows = database.query("SELECT ST_AsText($1), $1", &[Value::Geometry(point)]);
    assert_eq!(rows.rows[0], [Value::Text("SRID=0;POINT(1 2)".into()), Value::Geometry(stored(0))]);
}

#[test]
fn shapes_are_measured_and_compared() {
    let square = "ST_GeomFromText('POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,2 1,2 2,1 2,1 1))')";
    let cases = [
        ("ST_Distance(ST_Point(0, 0), ST_Point(3, 4))", "5"),
        ("ST_Point(0, 0) <-> ST_Point(3, 4)", "5"),
        ("ST_Distance(@, ST_Point(7, 8))", "5"),
        ("ST_Distance(@, ST_Point(1.5, 1.5))", "0.5"),
        ("ST_Distance(@, ST_Point(3, 3))", "0"),
        ("ST_DWithin(ST_Point(0, 0), ST_Point(3, 4), 5)", "true"),
        ("ST_DWithin(ST_Point(0, 0), ST_Point(3, 4), -1)", "false"),
        ("ST_Area(@)", "15"),
        ("ST_Length(ST_GeomFromText('LINESTRING(0 0,3 4,3 5)'))", "6"),
        ("ST_Contains(@, ST_Point(3, 3))", "true"),
        ("ST_Contains(@, ST_Point(1.5, 1.5))", "false"),
        ("ST_Contains(@, ST_Point(0, 2))", "false"),
        ("ST_Intersects(@, ST_Point(0, 2))", "true"),
        ("ST_Within(ST_Point(3, 3), @)", "true"),
        ("ST_Contains(@, ST_GeomFromText('LINESTRING(0.5 0.5,3 0.5)'))", "true"),
        ("ST_Contains(@, ST_GeomFromText('LINESTRING(0.5 1.5,3 1.5)'))", "false"),
        ("ST_Contains(@, ST_GeomFromText('LINESTRING(0 0,4 0)'))", "false"),
        ("ST_Contains(@, @)", "true"),
        ("ST_Contains(@, ST_GeomFromText('POLYGON((2 2,4 2,4 4,2 4,2 2))'))", "true"),
        ("ST_Contains(@, ST_GeomFromText('POLYGON((0 0,4 0,4 4,0 4,0 0))'))", "false"),
        ("ST_Contains(ST_GeomFromText('LINESTRING(0 0,2 2,4 4)'), ST_GeomFromText('LINESTRING(1 1,3 3)'))", "true"),
        ("ST_Equals(ST_GeomFromText('LINESTRING(0 0,2 2,4 4)'), ST_GeomFromText('LINESTRING(4 4,0 0)'))", "true"),
        ("ST_Equals(@, ST_GeomFromText('POLYGON((4 0,4 4,0 4,0 0,4 0),(2 1,2 2,1 2,1 1,2 1))'))", "true"),
        ("ST_Intersects(ST_GeomFromText('LINESTRING(0 2,2 0)'), ST_GeomFromText('LINESTRING(0 0,2 2)'))", "true"),
        ("ST_Intersects(ST_GeomFromText('LINESTRING(0 1,1 0)'), ST_GeomFromText('LINESTRING(2 0,2 2)'))", "false"),
        // Berlin and Paris; a degree of a great circle
        ("round(ST_Distance(ST_GeogPoint(13.4050, 52.52), ST_GeogPoint(2.3522, 48.8566)) / 1000)", "877"),
        ("round(ST_Distance(ST_GeogPoint(179.5, 0), ST_GeogPoint(-179.5, 0)))", "111195"),
        ("round(ST_Area(ST_GeogFromText('POLYGON((0 0,1 0,1 1,0 1,0 0))')) / 1000000)", "12364"),
        ("ST_Distance(NULL, ST_Point(1, 2))", "NULL"),
    ];
    let mut database = Database::new();
    for (expression, expected) in cases {
        let expression = expression.replace('@', square);
        assert_eq!(database.texts(&format!("SELECT {expression}")), [expected], "{expression}");
    }
}

#[test]
fn columns_take_what_they_declare() {
    let mut database = Database::with(&[
        "CREATE TABLE t (id INT PRIMARY KEY, a GEOMETRY(POINTZ, 3857), b geometry(LineString), c GEOGRAPHY(POINT,4326), \
         d GEOMETRY DEFAULT ST_Point(1, 2), e GEOMETRY(ANY, 9))",
        "INSERT INTO t (id, a) VALUES (1, ST_SetSRID(ST_PointZ(1, 2, 3), 3857))",
    ]);
    assert_eq!(
        database.texts("SELECT ST_AsText(a), ST_AsText(d) FROM t"),
        ["SRID=3857;POINT Z(1 2 3)|SRID=0;POINT(1 2)"]
    );
    for (statement, sqlstate, message) in [
        ("UPDATE t SET a = ST_PointZ(1, 2, 3)", "23514", "column a takes SRID 3857 only, not 0"),
        ("UPDATE t SET a = ST_SetSRID(ST_Point(1, 2), 3857)", "23514", "column a takes XYZ coordinates only, not XY"),
        ("INSERT INTO t (b) VALUES (ST_Point(1, 2))", "23514", "column b takes LINESTRING only, not POINT"),
        ("INSERT INTO t (b) SELECT ST_Point(1, 2)", "23514", "column b takes LINESTRING only, not POINT"),
        ("UPDATE t SET c = ST_GeogFromText('POLYGON((0 0,1 0,1 1,0 0))')", "23514", "column c takes POINT only"),
        ("UPDATE t SET d = ST_SetSRID(ST_Point(1, 2), 5)", "23514", "column d takes SRID 0 only, not 5"),
        ("UPDATE t SET d = 'POINT(1 2)'", "42804", "TEXT"),
        ("CREATE TABLE u (g GEOMETRY(CIRCLE))", "22023", "GEOMETRY has no shape CIRCLE"),
        ("CREATE TABLE u (g GEOMETRY(POINT, x))", "22023", "x is not an SRID"),
        ("CREATE TABLE u (g GEOGRAPHY(POINT, 3857))", "0A000", "GEOGRAPHY takes POINT, POLYGON and MULTIPOLYGON"),
        ("CREATE TABLE u (g GEOGRAPHY(LINESTRING))", "0A000", "GEOGRAPHY takes POINT, POLYGON and MULTIPOLYGON"),
        ("SELECT * FROM t WHERE d = d", "0A000", "comparing values of type GEOMETRY"),
    ] {
        let error = database.fails(statement);
        assert_eq!(error.sqlstate, Some(sqlstate), "{statement}: {}", error.message);
        assert!(error.message.contains(message), "{statement}: {}", error.message);
    }
    let metadata = catalog::tooling_metadata_json(&database.catalog, 1, |_| Ok(0)).unwrap();
    let types = metadata["column_type_metadata"].as_array().unwrap();
    let spatial = |column: &str| {
        let found = types.iter().find(|each| each["column_name"] == column).unwrap();
        found["type_info"]["spatial"].clone()
    };
    assert_eq!(spatial("a"), serde_json::json!({ "subtype": "POINT", "dimensions": "XYZ", "srid": 3857 }));
    assert_eq!(spatial("d"), serde_json::json!({ "subtype": "ANY", "dimensions": "ANY", "srid": 0 }));
    assert_eq!(spatial("id"), serde_json::Value::Null);
}

#[test]
fn wrong_input_says_what_is_wrong() {
    let mut database = Database::new();
    for (expression, sqlstate, message) in [
        ("ST_GeomFromText('CIRCLE(1 2)')", "22P02", "a shape such as POINT should be at"),
        ("ST_GeomFromText('POINT(1)')", "22P02", "a position of two to four numbers"),
        ("ST_GeomFromText('POINT(1 2')", "22P02", "it ends where ) should be"),
        ("ST_GeomFromText('POINT(1 2) x')", "22P02", "the end should be at"),
        ("ST_GeomFromText('LINESTRING(1 2)')", "22P02", "a line needs two positions"),
        ("ST_GeomFromText('LINESTRING(1 2, 1 2 3)')", "22P02", "a position of XY"),
        ("ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 1))')", "22P02", "must be closed"),
        ("ST_GeomFromText('POINT(nan 1)')", "22P02", "finite"),
        ("ST_GeomFromText('SRID=4326;POINT(1 2)', 5)", "22023", "has the SRID 4326, not 5"),
        ("ST_GeogPoint(181, 0)", "22P02", "longitudes to 180"),
        ("ST_GeomFromGeoJSON('{}')", "22P02", "type must be"),
        ("ST_X(ST_GeomFromText('LINESTRING(1 2,3 4)'))", "22023", "which only a POINT has"),
        ("ST_Distance(ST_Point(1, 2), ST_SetSRID(ST_Point(1, 2), 5))", "22023", "different SRIDs, 0 and 5"),
        ("ST_Distance(ST_Point(1, 2), ST_GeogPoint(1, 2))", "42804", "two shapes of one type"),
        ("ST_SetSRID(ST_GeogPoint(1, 2), 5)", "22P02", "4326 only"),
        ("ST_Area(ST_Point(1, 2))", "0A000", "ST_Area of a POINT"),
        ("ST_AsText('POINT(1 2)')", "42804", "needs GEOMETRY or GEOGRAPHY, not TEXT"),
        ("ST_Point(1)", "42883", "does not take these arguments"),
        ("ST_Buffer(ST_Point(1, 2), 3)", "0A000", "st_buffer"),
    ] {
        let error = database.fails(&format!("SELECT {expression}"));
        assert_eq!(error.sqlstate, Some(sqlstate), "{expression}: {}", error.message);
        assert!(error.message.contains(message), "{expression}: {}", error.message);
    }
}

#[test]
fn a_spatial_index_is_used_and_kept() {
    let mut database = Database::with(&[
        "CREATE TABLE places (id INT PRIMARY KEY, at GEOMETRY, earth GEOGRAPHY(POINT))",
        "INSERT INTO places SELECT value, ST_Point(value % 100, value / 100), ST_GeogPoint(value % 360 - 180, 0) \
         FROM generate_series(1, 2000)",
        "CREATE TABLE bare AS SELECT * FROM places",
        "CREATE INDEX by_place ON places USING spatial (at)",
        "CREATE INDEX by_earth ON places USING spatial (earth)",
    ]);
    for condition in [
        "ST_DWithin(at, ST_Point(50, 5), 3)",
        "ST_Intersects(ST_GeomFromText('POLYGON((1.5 1,8 1,8 6,1.5 1))'), at) AND id > 3",
        "(ST_Within(at, ST_GeomFromText('POLYGON((1.5 1,8 1,8 6,1.5 1))')))",
        "ST_Equals(at, ST_Point(7, 7))",
        "ST_DWithin(earth, ST_GeogPoint(179.9, 0), 300000)",
        "ST_DWithin(earth, ST_GeogPoint(0, 90), 10007600)",
        "ST_DWithin(earth, ST_GeogPoint(10, 40), 4600000)",
        "NOT ST_DWithin(at, ST_Point(50, 5), 40)",
    ] {
        let rows = |database: &mut Database, table: &str| {
            database.texts(&format!("SELECT id FROM {table} WHERE {condition} ORDER BY id"))
        };
        let expected = rows(&mut database, "bare");
        assert!(!expected.is_empty(), "{condition}");
        assert_eq!(rows(&mut database, "places"), expected, "{condition}");
        let plan = database.texts(&format!("EXPLAIN SELECT id FROM places WHERE {condition}")).join("; ");
        assert_eq!(plan.contains("VIRTUAL TABLE INDEX"), !condition.starts_with("NOT"), "{condition}: {plan}");
    }
    let near = "SELECT id FROM places WHERE ST_DWithin(at, ST_Point(500, 500), 1)";
    assert!(database.texts(near).is_empty());
    database.run("UPDATE places SET at = ST_Point(500, 500) WHERE id = 7");
    assert_eq!(database.texts(near), ["7"]);
    database.run("DELETE FROM places WHERE id = 7");
    assert!(database.texts(near).is_empty());
    let joined = "SELECT count(*) FROM places p JOIN bare b ON p.id = b.id WHERE ST_Intersects(p.at, b.at)";
    assert_eq!(database.texts(joined), ["1999"]);
    let indexes = catalog::list_indexes_json(&database.catalog);
    assert!(indexes.as_array().unwrap().iter().any(|index| index["kind"] == "spatial"), "{indexes}");
    let error = database.fails("CREATE INDEX i ON places USING spatial (id)");
    assert_eq!(error.message, "a spatial index needs columns of type GEOMETRY or GEOGRAPHY, not INT64");
}

#[test]
fn any_bytes_and_texts_give_a_shape_or_an_error() {
    let database = RefCell::new(Database::new());
    let check = |statement: &str, value: Value| {
        let mut database = database.borrow_mut();
        let shown = format!("{value:?}");
        match database.try_run(statement, &[value]) {
            Ok(rows) => {
                let again = "SELECT ST_AsText(ST_GeomFromText($1))";
                let text = rows.rows[0][0].clone();
                assert_eq!(database.query(again, std::slice::from_ref(&text)).rows[0][0], text, "{shown}");
            }
            Err(error) => assert_eq!(error.sqlstate, Some("22P02"), "{shown}: {}", error.message),
        }
    };
    let kind = (0u8..8, prop::sample::select(vec![0u8, 0x20, 0x40, 0x80, 0xa0, 0xc0, 0xe0]), any::<bool>());
    let bytes = (kind, prop::collection::vec(prop_oneof![0u8..3, any::<u8>()], 0..80)).prop_map(
        |((kind, flags, little), rest)| {
            let mut bytes = if little { vec![1, kind, 0, 0, flags] } else { vec![0, flags, 0, 0, kind] };
            bytes.extend(rest);
            bytes
        },
    );
    let piece = prop::sample::select(vec![
        "POINT",
        "MULTI",
        "LINESTRING",
        "POLYGON",
        "Z",
        "M",
        " ",
        "(",
        ")",
        ",",
        "1 2",
        "0 0",
        "-1e308",
        "SRID=",
        "4326;",
        "é",
    ]);
    let texts = prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat());
    let config = ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() };
    proptest::test_runner::TestRunner::new(config)
        .run(&(prop_oneof![bytes, any::<Vec<u8>>()], prop_oneof![texts, any::<String>()]), |(bytes, text)| {
            check("SELECT ST_AsText($1)", Value::Geometry(bytes.clone()));
            check("SELECT ST_AsText(ST_GeogFromWKB($1))", Value::Blob(bytes));
            check("SELECT ST_AsText(ST_GeomFromText($1))", Value::Text(text.clone()));
            check("SELECT ST_AsText(ST_GeomFromGeoJSON($1))", Value::Text(text));
            Ok(())
        })
        .unwrap();
    // Counts that exceed the data, and very deep nesting.
    check("SELECT ST_AsText($1)", Value::Geometry(vec![1, 6, 0, 0, 0, 255, 255, 255, 255]));
    check("SELECT ST_AsText(ST_GeomFromText($1))", Value::Text(format!("MULTIPOLYGON{}", "(".repeat(100_000))));
    check("SELECT ST_AsText(ST_GeomFromGeoJSON($1))", Value::Text("[".repeat(100_000)));
}
