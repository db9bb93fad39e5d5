//! Window functions: their values and types.

use crate::support;

use decentdb::testing::value::Type;
use support::Database;

fn sales() -> Database {
    Database::with(&[
        "CREATE TABLE s (id INT PRIMARY KEY, g TEXT, v DECIMAL, f FLOAT, d DATE)",
        "INSERT INTO s VALUES (1, 'x', '1.5', 1, '2024-01-01'), (2, 'x', '1.50', 2, '2024-01-02'), \
         (3, 'x', '10', 4, '2024-01-02'), (4, 'y', '2', 8, NULL), (5, 'y', NULL, NULL, '2024-02-01')",
    ])
}

#[test]
fn windows_give_the_rows_they_should() {
    let mut database = sales();
    let cases: &[(&str, &[&str])] = &[
        (
            "SELECT id, row_number() OVER (PARTITION BY g ORDER BY id DESC) FROM s ORDER BY id",
            &["1|3", "2|2", "3|1", "4|2", "5|1"],
        ),
        // DECIMAL is ordered and grouped by value.
        (
            "SELECT id, rank() OVER (ORDER BY v), dense_rank() OVER (ORDER BY v) FROM s ORDER BY id",
            &["1|2|2", "2|2|2", "3|5|4", "4|4|3", "5|1|1"],
        ),
        ("SELECT id, count(*) OVER (PARTITION BY v) FROM s ORDER BY id", &["1|2", "2|2", "3|1", "4|1", "5|1"]),
        ("SELECT ntile(2) OVER (ORDER BY id) FROM s", &["1", "1", "1", "2", "2"]),
        (
            "SELECT id, lag(id) OVER w, lead(id, 2) OVER w, lag(v, 1, 0.5) OVER w FROM s WINDOW w AS (ORDER BY id)",
            &["1|NULL|3|0.5", "2|1|4|1.5", "3|2|5|1.50", "4|3|NULL|10", "5|4|NULL|2"],
        ),
        (
            "SELECT id, first_value(d) OVER w, last_value(d) OVER w, nth_value(id, 2) OVER w FROM s \
             WINDOW w AS (PARTITION BY g ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
            &[
                "1|2024-01-01|2024-01-02|2",
                "2|2024-01-01|2024-01-02|2",
                "3|2024-01-01|2024-01-02|2",
                "4|NULL|2024-02-01|5",
                "5|NULL|2024-02-01|5",
            ],
        ),
        // moving frames
        (
            "SELECT id, sum(v) OVER (ORDER BY id ROWS 1 PRECEDING), sum(v) OVER (ORDER BY id) FROM s",
            &["1|1.5|1.5", "2|3.00|3.00", "3|11.50|13.00", "4|12|15.00", "5|2|15.00"],
        ),
        (
            "SELECT avg(v) OVER (ORDER BY id ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING) FROM s",
            &["5.75", "6", "2", "NULL", "NULL"],
        ),
        ("SELECT max(v) OVER (ORDER BY id ROWS 1 PRECEDING) FROM s", &["1.5", "1.50", "10", "10", "2"]),
        ("SELECT sum(id) OVER (ORDER BY id RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM s", &["3", "6", "9", "12", "9"]),
        ("SELECT var_pop(f) OVER (ORDER BY id ROWS 1 PRECEDING) FROM s", &["0", "0.25", "1", "4", "0"]),
        ("SELECT string_agg(g, '-') OVER (ORDER BY id ROWS 1 PRECEDING) FROM s", &["x", "x-x", "x-x", "x-y", "y-y"]),
        ("SELECT count(*) FILTER (WHERE f > 1) OVER (ORDER BY id) FROM s", &["0", "1", "2", "3", "3"]),
        // over groups, in ORDER BY, in subqueries and views
        ("SELECT g, sum(count(*)) OVER (ORDER BY g) FROM s GROUP BY g", &["x|3", "y|5"]),
        ("SELECT id FROM s ORDER BY row_number() OVER (ORDER BY id DESC) LIMIT 2", &["5", "4"]),
        (
            "SELECT id FROM (SELECT id, rank() OVER (PARTITION BY g ORDER BY f DESC) AS r FROM s) q WHERE r = 1 ORDER BY id",
            &["3", "4"],
        ),
    ];
    for (statement, expected) in cases {
        assert_eq!(database.texts(statement), *expected, "{statement}");
    }
    database.run("CREATE VIEW running AS SELECT id, sum(v) OVER (ORDER BY id) AS total FROM s");
    assert_eq!(database.texts("SELECT total + 1 FROM running WHERE id = 2"), ["4.00"]);
}

#[test]
fn windows_are_typed() {
    let mut database = sales();
    let rows = database.run(
        "SELECT row_number() OVER w, percent_rank() OVER w, ntile(3) OVER w, lag(d) OVER w, first_value(v) OVER w, \
         sum(id) OVER w, sum(v) OVER w, avg(id) OVER w, avg(v) OVER w, min(d) OVER w, bool_and(f > 1) OVER w, \
         count(*) OVER w, string_agg(g, ',') OVER w, lead(id, 1, 1.5) OVER w FROM s WINDOW w AS (ORDER BY id)",
    );
    use Type::{Bool, Date, Decimal, Float64, Int64, Text};
    assert_eq!(
        rows.types,
        [Int64, Float64, Int64, Date, Decimal, Int64, Decimal, Float64, Decimal, Date, Bool, Int64, Text, Float64]
    );
    assert_eq!(rows.rows.len(), 5);
}

#[test]
fn decimal_sums_do_not_depend_on_the_order() {
    let mut database = Database::new();
    let big = "999999999999999999::decimal";
    assert_eq!(
        database.texts(&format!(
            "SELECT sum(CASE WHEN i <= 10 THEN {big} ELSE -({big}) END), sum(0.5::decimal) FROM generate_series(1, 20) g(i)"
        )),
        ["0|10.0"]
    );
    let error = database.fails(&format!("SELECT sum({big}) FROM generate_series(1, 10)"));
    assert_eq!(error.sqlstate, Some("22003"));
}
