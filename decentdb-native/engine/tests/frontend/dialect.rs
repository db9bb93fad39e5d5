//! The dialect beyond plain queries, each form with the rows it returns.

use crate::support;

use support::Database;

fn database() -> Database {
    Database::with(&[
        "CREATE TABLE t (id INT PRIMARY KEY, n TEXT, d DECIMAL, f FLOAT, ts TIMESTAMP, day DATE)",
        "INSERT INTO t VALUES (1, 'a', '1.0', 1, '2024-01-01 00:00', '2024-01-01'), \
         (2, 'B', '2.50', 0.1, '2024-01-01 00:30', '2024-01-02'), (3, 'b', NULL, NULL, '2024-01-01 02:00', '2024-01-09')",
        "CREATE TABLE u (id INT PRIMARY KEY, t_id INT, m TEXT)",
        "INSERT INTO u VALUES (1, 1, 'p'), (4, 1, 'q'), (5, 3, 'r')",
    ])
}

#[track_caller]
fn check(cases: &[(&str, &[&str])]) {
    let mut database = database();
    for (statement, expected) in cases {
        assert_eq!(&database.texts(statement), expected, "{statement}");
    }
}

#[test]
fn rows_and_lists_compare() {
    check(&[
        (
            "SELECT (1, 2) = (1, 2), (1, NULL) = (1, 2), (1, NULL) = (2, 2), (1, NULL) < (2, 2)",
            &["true|NULL|false|true"],
        ),
        ("SELECT id FROM t WHERE (id, n) >= (2, 'C')", &["3"]),
        ("SELECT id FROM t WHERE (id, d) = (SELECT 2, 2.500)", &["2"]),
        ("SELECT id FROM t WHERE (SELECT 2, 'B') < (id, n)", &["3"]),
        ("SELECT id FROM t WHERE (d, id) IN (SELECT 1.00, 1 UNION ALL SELECT 2.5, 2)", &["1", "2"]),
        ("SELECT id FROM t WHERE (id, n) IN (VALUES (1, 'a'), (3, 'x'))", &["1"]),
        ("SELECT id FROM t WHERE (n, id) IS NOT DISTINCT FROM ('b', 3)", &["3"]),
        ("SELECT id FROM t WHERE d BETWEEN 1 AND 2.5 AND id NOT BETWEEN 2 AND 9", &["1"]),
        ("SELECT n FROM t WHERE n LIKE 'a%' OR n LIKE '_'", &["a", "B", "b"]),
    ]);
}

#[test]
fn any_and_all_follow_three_valued_logic() {
    check(&[
        ("SELECT 2 > ANY (SELECT 1), 2 > ANY (SELECT 2), 2 > ANY (SELECT 3 UNION SELECT NULL)", &["true|false|NULL"]),
        ("SELECT 2 < ALL (SELECT 3), 2 < ALL (SELECT 2 UNION SELECT NULL), 2 < ALL (SELECT 3 UNION SELECT NULL)", &["true|false|NULL"]),
        ("SELECT 2 = ALL (SELECT 2), 2 = ALL (SELECT 2 UNION SELECT 3), 2 <> ANY (SELECT 2), 2 <> ANY (SELECT 2 UNION SELECT 3)", &["true|false|false|true"]),
        ("SELECT NULL > ANY (SELECT 1 WHERE false), NULL > ALL (SELECT 1 WHERE false), NULL > ANY (SELECT 1)", &["false|true|NULL"]),
        ("SELECT id FROM t WHERE d >= ALL (SELECT b.d FROM t b WHERE b.d IS NOT NULL)", &["2"]),
        ("SELECT id FROM t WHERE id = SOME (SELECT t_id FROM u)", &["1", "3"]),
        ("SELECT t.n FROM t GROUP BY t.n HAVING count(*) >= ALL (SELECT 1)", &["B", "a", "b"]),
    ]);
}

#[test]
fn numbers_compare_by_value_across_types() {
    check(&[
        ("SELECT 0.1::decimal = 0.1::float, 0.3::decimal = 0.1::float + 0.2::float", &["true|false"]),
        ("SELECT 9007199254740993::decimal = 9007199254740992::float, 9007199254740993::decimal > 9007199254740992::float", &["false|true"]),
        ("SELECT 9007199254740993 IN (9007199254740992::float), 1.10::decimal IN (1.1::float, 2::float)", &["false|true"]),
        ("SELECT 0.123456789012345678::decimal < 0.12345678901234568::float, 0.123456789012345678::decimal = 0.12345678901234568::float", &["true|false"]),
        ("SELECT -0.5::decimal < 1e300::float, 0.5::decimal > -1e300::float, 0.5::decimal < 1e-300::float", &["true|true|false"]),
        ("SELECT a.id, b.id FROM t a JOIN t b ON a.d = b.f", &["1|1"]),
        ("SELECT id FROM t WHERE d IS NOT DISTINCT FROM f", &["1", "3"]),
    ]);
}

#[test]
fn a_collation_does_not_leak_out_of_a_comparison() {
    check(&[
        // Inside row values, DECIMAL compares by value and TEXT as it is.
        ("SELECT CASE WHEN d = 1 THEN '1.0' END = '1.00' FROM t WHERE id = 1", &["false"]),
        ("SELECT '1.00' = CASE WHEN d = 1 THEN '1.0' END FROM t WHERE id = 1", &["false"]),
        (
            "SELECT count(*) FROM (SELECT CASE WHEN d = 1 THEN '1.0' ELSE '1.00' END AS x FROM t) q GROUP BY x",
            &["1", "2"],
        ),
        ("SELECT id FROM t ORDER BY n COLLATE NOCASE, id DESC", &["1", "3", "2"]),
        ("SELECT id FROM t WHERE n COLLATE NOCASE = 'b' AND 'A' < n", &["2", "3"]),
        ("SELECT 'a ' COLLATE RTRIM = 'a', 'B' = 'b' COLLATE NOCASE, 'B' COLLATE BINARY = 'b'", &["true|true|false"]),
    ]);
}

#[test]
fn joins_merge_the_columns_of_using() {
    check(&[
        ("SELECT * FROM (SELECT id, n FROM t) AS x(k, a) JOIN (SELECT t_id, m FROM u) AS y(k, b) USING (k)", &["1|a|p", "1|a|q", "3|b|r"]),
        ("SELECT k, x.k, y.k FROM t AS x(k) FULL JOIN u AS y(k) USING (k) ORDER BY k", &["1|1|1", "2|2|NULL", "3|3|NULL", "4|NULL|4", "5|NULL|5"]),
        ("SELECT id, m FROM t RIGHT JOIN u USING (id) ORDER BY id", &["1|p", "4|q", "5|r"]),
        ("SELECT id FROM t FULL JOIN u USING (id) FULL JOIN (SELECT 9 AS id UNION SELECT 5) v USING (id) ORDER BY id", &["1", "2", "3", "4", "5", "9"]),
        ("SELECT a.id FROM t a NATURAL JOIN (SELECT id, n FROM t WHERE id > 1) b", &["2", "3"]),
        ("SELECT a.id, c.m FROM t a LEFT JOIN (t b JOIN u c ON c.t_id = b.id) ON b.id = a.id ORDER BY 1, 2", &["1|p", "1|q", "2|NULL", "3|r"]),
    ]);
}

#[test]
fn the_first_of_each_group_is_kept() {
    check(&[
        ("SELECT DISTINCT ON (t_id) t_id, m FROM u ORDER BY t_id, m DESC", &["1|q", "3|r"]),
        ("SELECT DISTINCT ON (t_id) id FROM u ORDER BY id DESC LIMIT 1", &["5"]),
        ("SELECT DISTINCT ON (v) v FROM (SELECT 1.5 AS v UNION ALL SELECT 1.50) q ORDER BY v", &["1.5"]),
        ("SELECT DISTINCT ON (1) lower(n), count(*) FROM t GROUP BY n ORDER BY 1, 2", &["a|1", "b|1"]),
    ]);
}

#[test]
fn set_operations_count_and_order() {
    check(&[
        ("SELECT 1 UNION ALL SELECT 1 INTERSECT ALL SELECT 1", &["1", "1"]),
        ("(SELECT 1 UNION ALL SELECT 1 UNION ALL SELECT 2) EXCEPT ALL SELECT 1 ORDER BY 1", &["1", "2"]),
        (
            "(SELECT 1.0::decimal UNION ALL SELECT 1.00::decimal UNION ALL SELECT 2) INTERSECT ALL (SELECT 1 UNION ALL SELECT 1)",
            &["1.0", "1.00"],
        ),
        ("SELECT id FROM t UNION SELECT 7 ORDER BY id % 2, id", &["2", "1", "3", "7"]),
        ("VALUES (1, 'x'), (2, 'y') ORDER BY 1 DESC LIMIT 1", &["2|y"]),
        ("VALUES (1), (2) OFFSET 1 ROWS FETCH NEXT 1 ROWS ONLY", &["2"]),
    ]);
}

#[test]
fn common_table_expressions_recur_without_a_limit_of_their_own() {
    check(&[
        ("WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r OFFSET 4999 LIMIT 1", &["5000"]),
        ("WITH RECURSIVE r(n) AS ((SELECT 1) UNION (SELECT n % 3 + 1 FROM r)) SELECT n FROM r", &["1", "2", "3"]),
        ("WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 3), b AS MATERIALIZED (SELECT sum(n) AS s FROM a) SELECT s FROM b", &["6"]),
        // A name hides the table only after its definition.
        ("WITH t AS (SELECT * FROM t WHERE id = 2) SELECT id FROM t", &["2"]),
        ("WITH u AS (SELECT id FROM t), t AS (SELECT 9 AS id) SELECT count(*) FROM u", &["3"]),
        ("SELECT count(*) FROM t WHERE id IN (WITH q AS (SELECT t_id FROM u) SELECT t_id FROM q)", &["2"]),
    ]);
}

#[test]
fn windows_extend_each_other_and_reach_by_value() {
    check(&[
        ("SELECT sum(id) OVER (w ROWS 1 PRECEDING) FROM t WINDOW w AS (ORDER BY id)", &["1", "3", "5"]),
        ("SELECT sum(id) OVER x FROM t WINDOW w AS (PARTITION BY id % 2), x AS (w ORDER BY id) ORDER BY id", &["1", "2", "4"]),
        ("SELECT count(*) OVER (ORDER BY ts RANGE BETWEEN INTERVAL '1 hour' PRECEDING AND CURRENT ROW) FROM t ORDER BY id", &["1", "2", "1"]),
        ("SELECT count(*) OVER (ORDER BY day DESC RANGE BETWEEN INTERVAL '1 day' PRECEDING AND CURRENT ROW) FROM t ORDER BY id", &["2", "1", "1"]),
        ("SELECT count(*) OVER (ORDER BY f RANGE 0.95 PRECEDING) FROM t ORDER BY id", &["2", "1", "1"]),
        ("SELECT sum(id) OVER (ORDER BY id GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t", &["1", "3", "5"]),
    ]);
    let negative = database().fails("SELECT sum(id) OVER (ROWS -1 PRECEDING) FROM t");
    assert_eq!(negative.sqlstate, Some("22013"));
}

#[test]
fn data_changes_take_every_form() {
    check(&[
        ("INSERT INTO u SELECT 1, 2, 'x' ON CONFLICT DO NOTHING RETURNING id", &[]),
        ("INSERT INTO u (id, m) SELECT 1, 'x' ON CONFLICT (id) DO UPDATE SET m = u.m || excluded.m RETURNING *", &["1|1|px"]),
        ("INSERT INTO u (id, m) SELECT id, n FROM t WHERE id = 2 ON CONFLICT ON CONSTRAINT pk_u_id DO NOTHING RETURNING id", &["2"]),
        ("WITH q AS (SELECT 7 AS i) INSERT INTO u (id, m) SELECT i, 'seven' FROM q RETURNING m", &["seven"]),
        ("WITH q(i) AS (VALUES (7)) UPDATE u SET (t_id, m) = (2, DEFAULT) WHERE id IN (SELECT i FROM q) RETURNING *", &["7|2|NULL"]),
        ("UPDATE u AS x SET (m, t_id) = (SELECT n, id FROM t WHERE id = x.t_id) WHERE x.id = 7 RETURNING x.m, t_id + 1 AS next", &["B|3"]),
        ("UPDATE u SET m = t.n FROM t WHERE t.id = u.t_id AND u.id = 5 RETURNING u.*", &["5|3|b"]),
        ("DELETE FROM u USING t WHERE t.id = u.t_id AND t.n = 'b' RETURNING u.id", &["5"]),
        ("WITH q AS (SELECT 7 AS i) DELETE FROM u WHERE id IN (SELECT i FROM q) RETURNING id", &["7"]),
    ]);
}

#[test]
fn common_plans_use_indexes() {
    let mut database = Database::with(&[
        "CREATE TABLE k (id INT PRIMARY KEY, d DECIMAL, u UUID, ts TIMESTAMP, n TEXT, f FLOAT, v INTERVAL)",
        "CREATE INDEX k_d ON k (d)",
        "CREATE INDEX k_u ON k (u)",
        "CREATE INDEX k_ts ON k (ts, id)",
        "CREATE INDEX k_n ON k (n)",
        "CREATE INDEX k_f ON k (f)",
        "CREATE INDEX k_v ON k (v)",
    ]);
    for (query, index) in [
        ("SELECT * FROM k WHERE id = $1", "PRIMARY KEY"),
        ("SELECT * FROM k WHERE d = $1", "k_d"),
        ("SELECT * FROM k WHERE d = 1.50", "k_d"),
        ("SELECT * FROM k WHERE d BETWEEN $1 AND $2", "k_d"),
        ("SELECT * FROM k WHERE d IN (1.5, 2)", "k_d"),
        ("SELECT * FROM k WHERE u = $1", "k_u"),
        ("SELECT * FROM k WHERE ts >= $1 AND ts < $2", "k_ts"),
        ("SELECT * FROM k WHERE (ts, id) > ($1, $2) ORDER BY ts, id LIMIT 10", "k_ts"),
        ("SELECT * FROM k WHERE n = $1", "k_n"),
        ("SELECT * FROM k WHERE n LIKE 'abc%'", "k_n"),
        ("SELECT * FROM k WHERE f > 1.5::decimal", "k_f"),
        ("SELECT * FROM k WHERE v = '1 day'", "k_v"),
        ("SELECT d FROM k ORDER BY d", "k_d"),
        ("SELECT max(ts) FROM k", "k_ts"),
        ("SELECT a.n FROM k a JOIN k b ON b.d = a.d WHERE a.id = 1", "k_d"),
        ("SELECT a.n FROM k a JOIN k b USING (u) WHERE a.id = 1", "k_u"),
    ] {
        let plan = database.texts(&format!("EXPLAIN {query}")).join("; ");
        let scans = plan.contains("SCAN") && !plan.contains("USING");
        assert!(plan.contains(index) && !scans && !plan.contains("TEMP B-TREE"), "{query}: {plan}");
    }
}
