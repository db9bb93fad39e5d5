//! Text that nests or chains every construct of the grammar, on threads with little stack: each statement gives a result or an
//! error, and never takes the process with it.

use std::ptr::null_mut;
use std::thread;

use crate::support::*;
use decentdb::testing::abi::*;

const STACKS: [usize; 3] = [256 * 1024, 1024 * 1024, 8 * 1024 * 1024];
const DEPTHS: [usize; 7] = [1, 2, 30, 200, 500, 4_000, 100_000];

/// A statement: `before`, `open` as often as it is deep, `middle`, `close` as often, `after`.
const CONSTRUCTS: &[[&str; 5]] = &[
    ["SELECT ", "(", "1", ")", ""],
    ["SELECT ", "- ", "1", "", ""],
    ["SELECT ", "+ ", "1", "", ""],
    ["SELECT ", "~ ", "1", "", ""],
    ["SELECT ", "NOT ", "true", "", ""],
    ["SELECT ", "abs(", "1", ")", ""],
    ["SELECT ", "coalesce(NULL, ", "1", ")", ""],
    ["SELECT ", "CAST(", "1", " AS INT)", ""],
    ["SELECT ", "CASE WHEN true THEN ", "1", " END", ""],
    ["SELECT ", "CASE WHEN ", "true", " THEN true END", ""],
    ["SELECT ", "CASE ", "1", " WHEN 1 THEN 1 END", ""],
    ["SELECT ", "(SELECT ", "1", ")", ""],
    ["SELECT ", "EXISTS (SELECT ", "1", ")", ""],
    ["SELECT 1 ", "IN (SELECT 1 WHERE 1 ", "= 1", ")", ""],
    ["SELECT ", "1 IN (2, ", "1", ")", ""],
    ["SELECT ", "1 BETWEEN ", "1", " AND 2", ""],
    ["SELECT ", "substring('x' FROM ", "1", ")", ""],
    ["SELECT ", "trim(", "'x'", ")", ""],
    ["SELECT ", "extract(year FROM ", "DATE '2024-01-01'", ")", ""],
    ["SELECT ", "INTERVAL ", "'1 day'", "", ""],
    ["SELECT ", "ARRAY[", "1", "]", ""],
    ["SELECT ", "ROW(", "1", ")", ""],
    ["SELECT ", "((1, ", "1", "), 2)", ""],
    ["SELECT ", "sum(", "1", ") OVER ()", ""],
    ["SELECT ", "sum(1) OVER (ORDER BY ", "1", ")", ""],
    ["SELECT ", "{", "1", "}", ""],
    ["SELECT CAST(NULL AS ", "ARRAY<", "INT", ">", ")"],
    ["SELECT CAST(NULL AS ", "STRUCT<a ", "INT", ">", ")"],
    ["SELECT * FROM ", "(SELECT * FROM ", "t", ") AS x", ""],
    ["SELECT * FROM ", "(", "t", ")", ""],
    ["SELECT * FROM ", "(t JOIN ", "t", " ON true)", ""],
    ["SELECT * FROM t ", "LEFT JOIN t ", "", "ON true ", ""],
    ["", "(", "SELECT 1", ")", ""],
    ["", "(SELECT 1 UNION ", "SELECT 1", ")", ""],
    ["", "WITH x AS (", "SELECT 1", ") SELECT * FROM x", ""],
    ["", "EXPLAIN ", "SELECT 1", "", ""],
    ["", "EXPLAIN ANALYZE ", "SELECT 1", "", ""],
    ["", "EXPLAIN (ANALYZE) ", "SELECT 1", "", ""],
    ["", "DESCRIBE ", "SELECT 1", "", ""],
    ["", "PREPARE p AS ", "SELECT 1", "", ""],
    ["", "CASE WHEN true THEN ", "SELECT 1", "; END CASE", ""],
    ["", "IF true THEN ", "SELECT 1", "; END IF", ""],
    ["", "BEGIN ", "SELECT 1", "; END", ""],
    ["", "CREATE TABLE z AS ", "SELECT 1", "", ""],
    ["CREATE TABLE z (a INT CHECK (", "(", "a > 0", ")", "))"],
    ["CREATE TABLE z (a INT DEFAULT ", "(", "1", ")", ")"],
    ["CREATE TABLE z (a INT, b INT GENERATED ALWAYS AS (", "abs(", "a", ")", ") STORED)"],
    ["CREATE INDEX z ON t (", "abs(", "id", ")", ")"],
    ["CREATE VIEW z AS SELECT ", "abs(", "id", ")", " AS x FROM t"],
    [
        "CREATE TRIGGER z AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION decentdb_exec_sql('UPDATE t SET id = ",
        "abs(",
        "id",
        ")",
        "')",
    ],
    ["INSERT INTO t (id) VALUES (", "abs(", "1", ")", ")"],
    ["UPDATE t SET id = ", "abs(", "id", ")", ""],
    ["DELETE FROM t WHERE ", "NOT ", "true", "", ""],
    ["SELECT 1", "", "", " + 1", ""],
    ["SELECT 1", "", "", " - 1", ""],
    ["SELECT 1", "", "", " * 1", ""],
    ["SELECT 1.5", "", "", " + 1.5", ""],
    ["SELECT 1", "", "", " & 1", ""],
    ["SELECT 'x'", "", "", " || 'x'", ""],
    ["SELECT true", "", "", " AND true", ""],
    ["SELECT false", "", "", " OR false", ""],
    ["SELECT 1", "", "", " = 1", ""],
    ["SELECT 'x'", "", "", " LIKE 'x'", ""],
    ["SELECT true", "", "", " IS TRUE", ""],
    ["SELECT true", "", "", " IS NULL", ""],
    ["SELECT 1", "", "", "::int", ""],
    ["SELECT 'x'", "", "", " COLLATE nocase", ""],
    ["SELECT now()", "", "", " AT TIME ZONE 'UTC'", ""],
    ["SELECT '{}'", "", "", " -> 'a'", ""],
    ["SELECT id", "", "", "[1]", ""],
    ["SELECT CAST(NULL AS INT", "", "", "[]", ")"],
    ["SELECT id", "", "", ".x", ""],
    ["SELECT 1", "", "", ", 1", ""],
    ["SELECT * FROM t WHERE id = 1", "", "", " OR id = 1", ""],
    ["SELECT * FROM t WHERE id = 1", "", "", " AND id = 1 OR id = 2", ""],
    ["SELECT * FROM t WHERE id IN (1", "", "", ", 1", ")"],
    ["SELECT 1", "", "", " UNION ALL SELECT 1", ""],
    ["SELECT 1", "", "", " UNION SELECT 1", ""],
    ["SELECT 1", "", "", " EXCEPT SELECT 2", ""],
    ["SELECT id, n FROM t", "", "", " UNION ALL SELECT id, n FROM t", " ORDER BY 1"],
    ["SELECT * FROM t", "", "", " CROSS JOIN t", ""],
    ["VALUES (1)", "", "", ", (1)", ""],
    ["INSERT INTO t (id) VALUES (1)", "", "", ", (1)", ""],
];

fn text([before, open, middle, close, after]: &[&str; 5], deep: usize) -> String {
    [before, open.repeat(deep).as_str(), middle, close.repeat(deep).as_str(), after].concat()
}

fn on_a_stack<T: Send>(bytes: usize, body: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| thread::Builder::new().stack_size(bytes).spawn_scoped(scope, body).unwrap().join().unwrap())
}

fn describe(db: &Db, sql: &str) {
    let mut json = null_mut();
    if check(unsafe { ddb_db_describe_query_json(db.0, c(sql).as_ptr(), &mut json) }).is_ok() {
        take_string(json);
    }
}

fn database() -> Db {
    let db = Db::memory();
    db.run("CREATE TABLE t (id INT PRIMARY KEY, n TEXT)");
    db.run("INSERT INTO t VALUES (1, 'x')");
    db
}

#[test]
fn gives_a_result_or_an_error_on_every_stack() {
    for construct in CONSTRUCTS {
        for deep in DEPTHS {
            let sql = text(construct, deep);
            // The deepest are refused before anything recurses; reading them takes a while.
            let stacks = if deep > 4_000 { &STACKS[..1] } else { &STACKS[..] };
            for bytes in stacks.iter().copied() {
                let outcome = on_a_stack(bytes, || {
                    let db = database();
                    describe(&db, &sql);
                    db.execute(&sql, &[]).map(|rows| rows.rows.len())
                });
                let shown = &sql[..sql.len().min(60)];
                if let Err(failure) = outcome {
                    assert!(!matches!(failure.sqlstate(), "" | "XX000"), "{deep} on {bytes}: {shown}: {failure:?}");
                }
            }
        }
    }
}

#[test]
fn that_is_a_long_chain_runs() {
    on_a_stack(STACKS[0], || {
        let db = database();
        let run = |construct: [&str; 5]| db.run(&text(&construct, 10_000)).rows;
        assert_eq!(run(["SELECT id FROM t WHERE id = 1", "", "", " OR id = 1", ""]), [[V::Int(1)]]);
        assert_eq!(run(["SELECT id FROM t WHERE id = 1", "", "", " AND id = 1", ""]), [[V::Int(1)]]);
        assert_eq!(run(["SELECT 1", "", "", " + 1", ""]), [[V::Int(10_001)]]);
        assert_eq!(run(["SELECT length('x'", "", "", " || 'x'", ")"]), [[V::Int(10_001)]]);
        assert_eq!(run(["SELECT 1", "", "", " UNION ALL SELECT 1", ""]).len(), 10_001);
    });
}

#[test]
fn beyond_the_bounds_is_refused_as_too_complex() {
    let db = database();
    for sql in [
        text(&["SELECT ", "(", "1", ")", ""], 5_000),
        text(&["SELECT 1", "", "", " + 1", ""], 200_000),
        text(&["CREATE VIEW v AS SELECT 1", "", "", " + 1", " AS x"], 2_000),
    ] {
        assert_eq!(db.fail(&sql).sqlstate(), "54001");
    }
}

#[test]
fn runs_over_eight_hundred_tables_that_cascade() {
    on_a_stack(STACKS[0], || {
        let db = Db::memory();
        db.begin().unwrap();
        db.run("CREATE TABLE t0 (id INT PRIMARY KEY)");
        db.run("INSERT INTO t0 VALUES (1)");
        for at in 1..800 {
            let before = at - 1;
            db.run(&format!("CREATE TABLE t{at} (id INT PRIMARY KEY REFERENCES t{before} (id) ON DELETE CASCADE)"));
            db.run(&format!("INSERT INTO t{at} VALUES (1)"));
        }
        db.commit().unwrap();
        db.run("DELETE FROM t0");
        assert_eq!(db.count("t799"), 0);
    });
}

#[test]
fn runs_over_rows_that_cascade_deeply() {
    on_a_stack(STACKS[0], || {
        let db = Db::memory();
        db.run("CREATE TABLE t (id INT PRIMARY KEY, parent INT REFERENCES t (id) ON DELETE CASCADE)");
        db.run("INSERT INTO t VALUES (1, NULL)");
        db.run("INSERT INTO t SELECT n, n - 1 FROM generate_series(2, 5000) AS s(n)");
        db.run("DELETE FROM t WHERE id = 1");
        assert_eq!(db.count("t"), 0);
    });
}

#[test]
fn reads_json_as_deep_as_json_may_be() {
    on_a_stack(STACKS[0], || {
        let db = Db::memory();
        for deep in [1, 100, 999, 1_000, 1_001, 100_000] {
            for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                let json = format!("{}1{}", open.repeat(deep), close.repeat(deep));
                for call in ["json_valid($1)", "json_extract($1, '$')", "json_type($1)", "$1 -> '$.a[0]'"] {
                    let _ = db.execute(&format!("SELECT {call}"), &[t(&json)]);
                }
            }
            let shape = format!("{}1 2{}", "POINT(".repeat(deep), ")".repeat(deep));
            assert!(db.execute("SELECT ST_AsText(ST_GeomFromText($1))", &[t(&shape)]).is_ok() == (deep == 1));
        }
    });
}
