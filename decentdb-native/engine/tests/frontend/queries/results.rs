//! Queries: their rows, column names and column types.

use crate::support;

use decentdb::testing::value::{Type, Value};
use support::Database;

fn shop() -> Database {
    Database::with(&[
        "CREATE TABLE a (id INT PRIMARY KEY, g TEXT, v DECIMAL, f FLOAT, ts TIMESTAMPTZ)",
        "INSERT INTO a VALUES (1, 'x', '1.5', 1.5, '2024-01-01T00:00:00Z'), (2, 'x', '1.50', 2, NULL), \
         (3, 'y', '10', 3, '2024-06-01T12:00:00+02:00'), (4, NULL, NULL, NULL, NULL)",
        "CREATE TABLE b (id INT PRIMARY KEY, a_id INT REFERENCES a(id), n TEXT UNIQUE)",
        "INSERT INTO b VALUES (10, 1, 'p'), (11, 1, 'q'), (12, 3, 'r')",
        "CREATE VIEW totals (k, total) AS SELECT g, sum(v) FROM a GROUP BY g",
    ])
}

#[test]
fn queries_return_the_rows_they_should() {
    let mut database = shop();
    let cases: &[(&str, &[&str])] = &[
        // joins
        (
            "SELECT a.id, b.n FROM a LEFT JOIN b ON b.a_id = a.id ORDER BY a.id, b.n",
            &["1|p", "1|q", "2|NULL", "3|r", "4|NULL"],
        ),
        (
            "SELECT a.id, b.n FROM a RIGHT JOIN b ON b.a_id = a.id AND a.id > 1 ORDER BY b.id",
            &["NULL|p", "NULL|q", "3|r"],
        ),
        ("SELECT id, b.n FROM a FULL JOIN b USING (id) WHERE id > 3 ORDER BY id", &["4|NULL", "10|p", "11|q", "12|r"]),
        ("SELECT count(*) FROM a, b", &["12"]),
        ("SELECT x.id FROM a x, a y JOIN b ON b.a_id = y.id WHERE x.id = y.id AND b.n = 'r'", &["3"]),
        // grouping
        ("SELECT g, count(*), sum(v) FROM a GROUP BY g HAVING count(*) > 1", &["x|2|3.00"]),
        ("SELECT v, count(*) FROM a GROUP BY 1 ORDER BY v DESC", &["10|1", "1.5|2", "NULL|1"]),
        ("SELECT upper(g) AS u, count(*) FROM a GROUP BY u ORDER BY u", &["NULL|1", "X|2", "Y|1"]),
        ("SELECT count(DISTINCT v), sum(DISTINCT v), avg(id) FROM a", &["2|11.5|2.5"]),
        ("SELECT string_agg(g, '-' ORDER BY id DESC) FROM a", &["y-x-x"]),
        ("SELECT count(*) FILTER (WHERE f > 1.5) FROM a", &["2"]),
        ("SELECT bool_and(f > 1), bool_or(f > 2.5) FROM a", &["true|true"]),
        // decimals by value
        ("SELECT DISTINCT v FROM a ORDER BY v", &["NULL", "1.5", "10"]),
        ("SELECT id FROM a WHERE v IN (1.500, 10) ORDER BY id", &["1", "2", "3"]),
        ("SELECT id FROM a WHERE v IN (SELECT v FROM a WHERE id = 2) ORDER BY id", &["1", "2"]),
        ("SELECT id FROM a WHERE v BETWEEN 1 AND 2.5", &["1", "2"]),
        ("SELECT max(v), min(v) FROM a", &["10|1.5"]),
        ("SELECT w FROM (SELECT v + 1 AS w FROM a) q GROUP BY w ORDER BY w", &["NULL", "2.5", "11"]),
        ("SELECT count(*) FROM (SELECT v FROM a UNION SELECT 1.500 UNION SELECT 10) u", &["3"]),
        ("SELECT sum(total) FROM totals WHERE total > 2.99", &["13.00"]),
        ("SELECT 0.1::decimal + 0.2::decimal = 0.3", &["true"]),
        // subqueries and common table expressions
        ("SELECT id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.a_id = a.id)", &["1", "3"]),
        ("SELECT id, (SELECT count(*) FROM b WHERE b.a_id = a.id) FROM a", &["1|2", "2|0", "3|1", "4|0"]),
        ("WITH x AS (SELECT v * 2 AS w FROM a), y(q) AS (SELECT w FROM x WHERE w > 3) SELECT q FROM y", &["20"]),
        ("WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT sum(n) FROM r", &["15"]),
        ("SELECT * FROM (SELECT id AS x, id + 1 AS x FROM a WHERE id = 1) q", &["1|2"]),
        ("SELECT x FROM (VALUES (1), (2.5)) AS v(x)", &["1", "2.5"]),
        ("SELECT 0xff, 0x7FFFFFFFFFFFFFFF, 1_000, x'ff' = '\\xff'", &["255|9223372036854775807|1000|true"]),
        // set operations
        ("SELECT id FROM a EXCEPT (SELECT a_id FROM b UNION SELECT 2)", &["4"]),
        ("SELECT id FROM a INTERSECT SELECT a_id FROM b ORDER BY id DESC", &["3", "1"]),
        ("(SELECT id FROM a LIMIT 1) UNION ALL (SELECT id FROM b ORDER BY id DESC LIMIT 1)", &["1", "12"]),
        // order and limits
        ("SELECT id FROM a ORDER BY v DESC NULLS LAST, id LIMIT 2 OFFSET 1", &["1", "2"]),
        ("SELECT id AS k FROM a ORDER BY k DESC FETCH FIRST 1 ROW ONLY", &["4"]),
        // expressions
        ("SELECT 7 / 2, 7 % 3, 1 / 0, 7.5 % 2", &["3|1|NULL|1.5"]),
        ("SELECT CASE g WHEN 'x' THEN 1 WHEN 'y' THEN 2.5 END FROM a", &["1", "1", "2.5", "NULL"]),
        ("SELECT nullif(v, 1.5), coalesce(v, 0), greatest(v, 2) FROM a WHERE id > 2", &["10|10|10", "NULL|0|NULL"]),
        (
            "SELECT 'abc' LIKE 'a%', 'abc' LIKE 'A%', 'abc' ILIKE 'A_C', 'a%c' LIKE 'a!%c' ESCAPE '!'",
            &["true|false|true|true"],
        ),
        ("SELECT id FROM a WHERE g IS DISTINCT FROM 'x'", &["3", "4"]),
        ("SELECT id FROM a WHERE ts > '2024-03-01'", &["3"]),
        ("SELECT ts + INTERVAL '1 month' FROM a WHERE id = 3", &["2024-07-01T10:00:00.000000Z"]),
        ("SELECT EXTRACT(year FROM ts), date_trunc('month', ts)::date FROM a WHERE id = 3", &["2024|2024-06-01"]),
        ("SELECT g || id || v FROM a WHERE id = 1", &["x11.5"]),
        ("SELECT substring('abcdef' FROM 2 FOR 3), trim(BOTH 'x' FROM 'xax'), position('b' IN 'abc')", &["bcd|a|2"]),
        (
            "SELECT lpad('a', 3, 'xy'), left('abc', -1), split_part('a,b', ',', 2), initcap('ab cd')",
            &["xya|ab|b|Ab Cd"],
        ),
        ("SELECT round(2.345::decimal, 2), round(2.5), floor(-1.5), abs(-3), power(2, 3)", &["2.35|3|-2|3|8"]),
        ("SELECT '5'::int + 1, 2.9::int, true::int, '2024-02-29'::date", &["6|2|1|2024-02-29"]),
        ("SELECT * FROM generate_series(5, 1, -2)", &["5", "3", "1"]),
        ("SELECT n FROM generate_series(1, 4) AS g(n) JOIN a ON a.id = n WHERE a.g = 'y'", &["3"]),
    ];
    for (statement, expected) in cases {
        assert_eq!(&database.texts(statement), expected, "{statement}");
    }
}

#[test]
fn columns_are_named_as_in_postgresql() {
    let mut database = shop();
    for (statement, names) in [
        ("SELECT COUNT(*), max(id), Sum(id) FILTER (WHERE true) FROM a", vec!["count", "max", "sum"]),
        ("SELECT id, id + 1, ID, A.Id, (id), f AS \"F\" FROM a", vec!["id", "?column?", "id", "id", "id", "F"]),
        ("SELECT 1, 'x', NULL, true, -id, id IS NULL, id IN (1) FROM a", vec!["?column?"; 7]),
        ("SELECT id::text, (id + 1)::text, '1'::bigint, DATE '2024-01-01' FROM a", vec!["id", "text", "int8", "date"]),
        ("SELECT CAST(1 AS INT), CAST(1 AS DECIMAL(9,2)), CAST('x' AS VARCHAR(3))", vec!["int4", "numeric", "varchar"]),
        ("SELECT CASE WHEN true THEN 1 END, CASE WHEN true THEN 1 ELSE id END FROM a", vec!["case", "id"]),
        ("SELECT coalesce(1, 2), nullif(1, 2), greatest(1, 2)", vec!["coalesce", "nullif", "greatest"]),
        ("SELECT (SELECT max(id) FROM a), EXISTS (SELECT 1)", vec!["max", "exists"]),
        (
            "SELECT trim('x'), substr('x', 1), substring('x' FROM 1), extract(year FROM now())",
            vec!["btrim", "substr", "substring", "extract"],
        ),
        ("SELECT row_number() OVER (), current_date", vec!["row_number", "current_date"]),
        ("SELECT 'a' || 'b', INTERVAL '1 day'", vec!["?column?", "interval"]),
        ("SELECT * FROM (SELECT max(id), 1 FROM a) AS s", vec!["max", "?column?"]),
        ("VALUES (1, 2)", vec!["column1", "column2"]),
        ("SELECT * FROM generate_series(1, 2) AS i", vec!["i"]),
        ("SELECT i, i.value, value FROM generate_series(1, 2) AS i", vec!["i", "value", "value"]),
        ("SELECT n FROM generate_series(1, 2) AS i (n)", vec!["n"]),
        ("SELECT * FROM totals", vec!["k", "total"]),
        ("SELECT t.* FROM a AS t JOIN b USING (id)", vec!["id", "g", "v", "f", "ts"]),
        ("SELECT * FROM a JOIN b USING (id)", vec!["id", "g", "v", "f", "ts", "a_id", "n"]),
    ] {
        assert_eq!(database.run(statement).names, names, "{statement}");
    }
}

#[test]
fn the_type_of_a_cell_is_that_of_its_expression() {
    use Type::{Bool, Date, Decimal, Float64, Int64, Interval, Text, Timestamp, TimestampTz, Uuid};
    let mut database = shop();
    for (statement, types) in [
        (
            "SELECT id + 1, id + 1.5, v + 1, v + 1.5, v + f, id / 2 FROM a",
            vec![Int64, Float64, Decimal, Decimal, Float64, Int64],
        ),
        (
            "SELECT sum(id), sum(v), sum(f), avg(v), avg(id), count(*), max(ts) FROM a",
            vec![Int64, Decimal, Float64, Decimal, Float64, Int64, TimestampTz],
        ),
        ("SELECT id = 1, g IS NULL, NOT true, g LIKE 'x', id IN (1) FROM a", vec![Bool; 5]),
        (
            "SELECT now(), current_date, DATE '2024-01-01', TIMESTAMP '2024-01-01', INTERVAL '1 day'",
            vec![TimestampTz, Date, Date, Timestamp, Interval],
        ),
        (
            "SELECT DATE '2024-01-01' + INTERVAL '1 day', gen_random_uuid(), id::text FROM a",
            vec![Timestamp, Uuid, Text],
        ),
        (
            "SELECT NULL::int, coalesce(NULL, v), CASE WHEN true THEN id ELSE 1.5 END FROM a",
            vec![Int64, Decimal, Float64],
        ),
    ] {
        assert_eq!(database.run(statement).types, types, "{statement}");
    }
}

#[test]
fn parameters_take_their_type_from_where_they_stand() {
    let mut database = shop();
    let id = |rows: support::Rows| rows.rows.iter().map(|row| row[0].clone()).collect::<Vec<_>>();
    let found = database.query(
        "SELECT id FROM a WHERE v = $1 AND ts > $2",
        &[Value::Text("1.500".into()), Value::Text("2023-01-01".into())],
    );
    assert_eq!(id(found), [Value::Int64(1)]);
    let found = database.query("SELECT id FROM a WHERE v = $1 ORDER BY id", &[Value::Int64(10)]);
    assert_eq!(id(found), [Value::Int64(3)]);
    let found = database
        .query("SELECT id FROM a WHERE g = $1 OR $1 IS NULL ORDER BY id LIMIT $2", &[Value::Null, Value::Int64(2)]);
    assert_eq!(id(found), [Value::Int64(1), Value::Int64(2)]);
    database.query(
        "INSERT INTO a (id, g, v, ts) VALUES ($1, $2, $3, $4)",
        &[Value::Text("7".into()), Value::Int64(5), Value::Int64(3), Value::Timestamp(0)],
    );
    assert_eq!(database.texts("SELECT g, v, ts FROM a WHERE id = 7"), ["5|3|1970-01-01T00:00:00.000000Z"]);
}

#[test]
fn a_bare_parameter_comes_back_as_it_was_bound() {
    let mut database = shop();
    for value in [
        Value::Int64(5),
        Value::Text("x".into()),
        Value::Decimal { unscaled: 150, scale: 2 },
        Value::Uuid([7; 16]),
        Value::Date(3),
        Value::Bool(true),
    ] {
        let rows = database.query("SELECT $1", std::slice::from_ref(&value));
        assert_eq!(rows.rows, [[value]]);
    }
}

#[test]
fn a_query_with_groups_shows_what_they_decide() {
    let mut database = Database::with(&[
        "CREATE TABLE g (id INT PRIMARY KEY, a INT, b TEXT, u TEXT NOT NULL UNIQUE, n TEXT UNIQUE)",
        "INSERT INTO g VALUES (1, 1, 'x', 'p', 'p'), (2, 1, 'y', 'q', NULL)",
    ]);
    for query in [
        "SELECT a + 1, count(*) FROM g GROUP BY a",
        "SELECT (A + 1) * 2 FROM g GROUP BY g.a + 1",
        "SELECT upper(b) FROM g GROUP BY UPPER(g.b)",
        "SELECT id, a, b FROM g GROUP BY id",
        "SELECT * FROM g GROUP BY u",
        "SELECT x.a, y.b FROM g x JOIN g y USING (id) GROUP BY x.id, y.id",
        "SELECT a AS k, max(b) FROM g GROUP BY k ORDER BY k, min(b)",
        "SELECT b, a FROM g GROUP BY 1, 2 HAVING b > 'a' AND max(id) > 0",
        "SELECT a, (SELECT count(*) FROM g x WHERE x.a = g.a) FROM g GROUP BY a",
        "SELECT a, max((SELECT x.b FROM g x WHERE x.id = g.id)) FROM g GROUP BY a",
        "SELECT a, (SELECT max(g.b)) FROM g GROUP BY a",
        "SELECT (SELECT g.b), count(*) FROM g GROUP BY (SELECT g.b)",
        "SELECT a, sum(count(*)) OVER (ORDER BY a) FROM g GROUP BY a",
        "SELECT CASE a WHEN 1 THEN 'one' ELSE 'more' END FROM g GROUP BY CASE a WHEN 1 THEN 'one' ELSE 'more' END",
        "SELECT count(*), 'x', $1 FROM g",
        "SELECT DISTINCT ON (a) a, b FROM g ORDER BY b DESC",
        "SELECT a, count(*) OVER () FROM g",
        "SELECT id FROM g WHERE a = (SELECT max(x.a) FROM g x WHERE x.id = g.id)",
    ] {
        if let Err(error) = database.try_run(query, &vec![Value::Int64(1); query.matches("$1").count()]) {
            panic!("{query}: {error}");
        }
    }
    for query in [
        "SELECT a, count(*) FROM g",
        "SELECT a, b FROM g GROUP BY a",
        "SELECT a FROM g GROUP BY a + 1",
        "SELECT b FROM g GROUP BY n",
        "SELECT a FROM g GROUP BY a HAVING b = 'x'",
        "SELECT a FROM g HAVING count(*) > 1",
        "SELECT count(*) FROM g HAVING a > 1",
        "SELECT a FROM g GROUP BY a ORDER BY b",
        "SELECT count(*) FROM g ORDER BY a",
        "SELECT a FROM g ORDER BY count(*)",
        "SELECT x.a, y.b FROM g x JOIN g y USING (id) GROUP BY x.id",
        "SELECT q.a FROM (SELECT a, id FROM g) q GROUP BY q.id",
        "SELECT a, (SELECT count(*) FROM g x WHERE x.b = g.b) FROM g GROUP BY a",
        "SELECT a, (SELECT sum(x.id + g.id) FROM g x) FROM g GROUP BY a",
        "SELECT a, sum(id) OVER () FROM g GROUP BY a",
        "SELECT DISTINCT ON (b) a FROM g GROUP BY a",
        "SELECT g.* FROM g GROUP BY a",
    ] {
        let error = database.fails(query);
        assert_eq!(error.sqlstate, Some("42803"), "{query}: {error}");
        assert!(error.message.contains("must stand in GROUP BY"), "{query}: {error}");
    }
}

#[test]
fn long_chains_of_arithmetic_count_as_short_ones_do() {
    let mut database = Database::with(&["CREATE TABLE c (a INT, f FLOAT64)", "INSERT INTO c VALUES (3, 0.5)"]);
    let chain = |first: &str, rest: &str, times: usize| format!("SELECT {first}{} FROM c", rest.repeat(times));
    for (sql, expected) in [
        (chain("1", " + 1", 20_000), "20001"),
        (chain("a", " + a - 1", 10_000), "20003"),
        (chain("a", " * 2 / 2", 500), "3"),
        (chain("a", " + f", 200), "103"),
        (chain("f", " + f", 20_000), "10000.5"),
        (chain("f", " / f * f", 100), "0.5"),
        (chain("a", " + NULL + a", 100), "NULL"),
        (chain("max(a)", " + 1", 20_000), "20003"),
        (chain("a", " / 0 + a", 100), "NULL"),
        (chain("f", " / 0.0 + f", 100), "NULL"),
        (chain("(a = 3", " OR a = 4", 5_000) + "", "true"),
    ] {
        let sql = if sql.contains("(a = 3") { sql.replace(" FROM", ") FROM") } else { sql };
        assert_eq!(database.texts(&sql), [expected], "{}", &sql[..40]);
    }
    let error = database.fails(&chain("9223372036854775807", " + a - a", 20));
    assert_eq!(error.sqlstate, Some("22003"));
}
