//! Wrong or unsupported statements are refused with the SQLSTATE that a driver needs, and the message names the
//! construct.

use crate::support;

use decentdb::testing::value::Value;
use support::Database;

fn database() -> Database {
    Database::with(&[
        "CREATE TABLE t (id INT PRIMARY KEY, n TEXT NOT NULL, d DECIMAL, dt DATE, b BOOL, u UUID, e ENUM('lo', 'hi'), \
         bl BLOB, CONSTRAINT positive CHECK (d > 0), UNIQUE (n))",
        "CREATE TABLE c (a INT, b INT, t_id INT, PRIMARY KEY (a, b), CONSTRAINT parent FOREIGN KEY (t_id) REFERENCES t)",
        "INSERT INTO t (id, n) VALUES (1, 'one')",
        "INSERT INTO c VALUES (1, 1, 1)",
        "CREATE UNIQUE INDEX by_lower ON t (lower(n)) WHERE b",
        "CREATE VIEW v AS SELECT id FROM t",
        "CREATE VIEW w AS SELECT id FROM v",
    ])
}

#[test]
fn wrong_statements_name_what_is_wrong() {
    let mut database = database();
    for (statement, sqlstate, message) in [
        // syntax
        ("SELEC 1", "42601", "syntax error: Expected: an SQL statement, found: SELEC"),
        ("", "42601", "expected exactly one SQL statement, got none"),
        ("-- nothing", "42601", "expected exactly one SQL statement, got none"),
        ("SELECT 1; SELECT 2", "42601", "expected exactly one SQL statement, got several"),
        ("SELECT $2", "42601", "parameter $1 is missing: parameters count from $1"),
        ("SELECT $0", "42601", "$0 is no parameter"),
        // names
        ("SELECT * FROM nope", "42P01", "unknown table or view nope"),
        ("SELECT nope FROM t", "42703", "unknown column nope"),
        ("SELECT id FROM t a, t b", "42702", "ambiguous column reference id"),
        ("SELECT 1 FROM t, t", "42712", "table name t is given more than once"),
        ("DROP TABLE nope", "42P01", "unknown table nope"),
        ("CREATE TABLE t (a INT)", "42P07", "object t already exists"),
        ("SELECT nosuch(1)", "42883", "unknown function nosuch"),
        ("SELECT length(1, 2)", "42883", "length does not take these arguments"),
        ("SELECT * FROM information_schema.nope", "42P01", "unknown table or view information_schema.nope"),
        ("DELETE FROM sqlite_schema", "42P01", "unknown table or view sqlite_schema"),
        // types
        ("SELECT * FROM t WHERE n = 5", "42804", "cannot compare TEXT and INT64"),
        ("SELECT * FROM t WHERE b = 1", "42804", "cannot compare BOOL and INT64"),
        ("SELECT * FROM t WHERE n", "42804", "the condition of WHERE must be BOOL, not TEXT"),
        ("SELECT dt * 2 FROM t", "42804", "* is not defined for DATE and INT64"),
        ("SELECT CASE WHEN true THEN 1 ELSE n END FROM t", "42804", "CASE types INT64 and TEXT cannot be matched"),
        (
            "SELECT n FROM t UNION SELECT id FROM t",
            "42804",
            "column 1 of a set operation has types TEXT and INT64, \
          which do not match",
        ),
        ("SELECT count(*) FROM t WHERE count(*) > 1", "42803", "the aggregate count cannot stand in WHERE"),
        ("SELECT n, count(*) FROM t", "42803", "the column t.n must stand in GROUP BY or in an aggregate"),
        ("SELECT * FROM t GROUP BY d", "42803", "the column t.id must stand in GROUP BY or in an aggregate"),
        ("SELECT DISTINCT n FROM t ORDER BY id", "42P10", "with DISTINCT, ORDER BY may name only what the list shows"),
        (
            "SELECT n LIKE 'a\\' FROM t",
            "22025",
            "the pattern of LIKE ends in its escape character; double it to match it",
        ),
        ("SELECT CAST(u AS INT) FROM t", "42846", "cannot cast UUID to INT64"),
        ("SELECT CAST('1e400' AS FLOAT64)", "22003", "1e400 is out of range for FLOAT64"),
        ("SELECT CAST('-1e400' AS FLOAT64)", "22003", "-1e400 is out of range for FLOAT64"),
        // JSON
        ("SELECT n -> 'a' FROM t", "22032", "the text is not valid JSON"),
        ("SELECT json_type('{}', 'a')", "22033", "bad JSON path: 'a'"),
        ("SELECT id -> 'a' FROM t", "42804", "-> needs TEXT, not INT64"),
        ("SELECT json_object('a')", "42883", "json_object does not take these arguments"),
        ("SELECT json_set('{}', 'a', 1)", "22033", "bad JSON path: 'a'; a path starts with $"),
        ("SELECT json_set('{}', '$.a')", "42883", "json_set does not take these arguments"),
        ("SELECT json_patch('{', '{}')", "22032", "the text is not valid JSON"),
        ("SELECT json_array(bl) FROM t", "42804", "json_array is not defined for BLOB"),
        // row values
        ("SELECT * FROM c WHERE (a, b) IN ((1, 2), (3, 4, 5))", "42601", "a row of 2 cannot be compared with one of 3"),
        ("SELECT * FROM c WHERE (a, b) IN ((1, 'x'))", "22P02", "invalid value for INT64: \"x\""),
        // windows
        (
            "SELECT id FROM t WHERE rank() OVER () = 1",
            "42P20",
            "the window function rank cannot stand in FROM or WHERE",
        ),
        (
            "SELECT id FROM t GROUP BY id HAVING sum(id) OVER () > 1",
            "42P20",
            "the window function sum cannot stand in GROUP BY or HAVING",
        ),
        ("SELECT sum(rank() OVER ()) FROM t", "42P20", "the window function rank cannot stand in an aggregate"),
        (
            "SELECT sum(rank() OVER ()) OVER () FROM t",
            "42P20",
            "the window function rank cannot stand in another window function",
        ),
        ("SELECT rank() OVER () AS r FROM t GROUP BY r", "42P20", "the window function in r cannot stand in GROUP BY"),
        ("SELECT rank() FROM t", "42P20", "the window function rank needs OVER"),
        ("SELECT lower(n) OVER () FROM t", "42P20", "lower is neither a window function nor an aggregate"),
        (
            "SELECT sum(id) OVER (ROWS BETWEEN CURRENT ROW AND 1 PRECEDING) FROM t",
            "42P20",
            "a frame cannot reach from CURRENT ROW to 1 PRECEDING",
        ),
        ("SELECT rank() OVER w FROM t", "42704", "unknown window w"),
        ("SELECT ntile(0) OVER () FROM t", "22023", "ntile takes a number above zero"),
        ("SELECT ntile(id - 1) OVER () FROM t", "22023", "ntile and nth_value take a number above zero"),
        ("SELECT rank(1) OVER () FROM t", "42883", "rank does not take these arguments"),
        ("UPDATE t SET id = rank() OVER ()", "42P20", "the window function rank cannot stand in this place"),
        // values
        ("INSERT INTO t (n, dt) VALUES ('x', 'soon')", "22007", "invalid value for DATE: \"soon\" for column dt"),
        ("INSERT INTO t (n, d) VALUES ('x', 'much')", "22P02", "invalid value for DECIMAL: \"much\" for column d"),
        (
            "INSERT INTO t (n, d) VALUES ('x', '99999999999999999999')",
            "22003",
            "99999999999999999999 is out of range for DECIMAL for column d",
        ),
        (
            "INSERT INTO t (n, b) VALUES ('x', 1)",
            "42804",
            "a value of type INT64 cannot be stored as BOOL for column b",
        ),
        (
            "INSERT INTO t (n, bl) VALUES ('x', 'text')",
            "42804",
            "a value of type TEXT cannot be stored as BLOB for column bl",
        ),
        (
            "INSERT INTO t (id, n) VALUES (1.5, 'x')",
            "22003",
            "1.5, which has a fraction, is out of range for INT64 for column id",
        ),
        ("INSERT INTO t (n, u) SELECT n, n FROM t", "22P02", "invalid value for UUID: \"one\" for column u"),
        ("UPDATE t SET e = 'mid'", "22P02", "invalid ENUM label mid for column e"),
        ("UPDATE t SET e = n", "22P02", "invalid ENUM label one for column e"),
        ("SELECT 9223372036854775807 + 1", "22003", "the result is out of range for INT64"),
        ("SELECT -(-9223372036854775808)", "22003", "the result is out of range for INT64"),
        ("SELECT sum(9223372036854775807) FROM generate_series(1, 2)", "22003", "the result is out of range for INT64"),
        ("SELECT 999999999999999999::decimal * 100", "22003", "999999999999999999 * 100 is out of range for DECIMAL"),
        ("SELECT id FROM t LIMIT -1", "22023", "LIMIT and OFFSET must not be negative"),
        ("INSERT INTO t (id) VALUES (1, 2)", "42601", "INSERT on t expected 1 values but received 2"),
        // constraints
        ("INSERT INTO t (n) VALUES (NULL)", "23502", "column t.n may not be NULL"),
        ("INSERT INTO t (id, n) VALUES (1, 'x')", "23505", "unique constraint pk_t_id on t was violated"),
        ("INSERT INTO t (n) VALUES ('one')", "23505", "unique constraint uq_t_n on t was violated"),
        (
            "INSERT INTO t (n, b) VALUES ('x', true), ('X', true)",
            "23505",
            "unique constraint by_lower on t was violated",
        ),
        ("INSERT INTO c VALUES (1, 1, NULL)", "23505", "unique constraint pk_c_a_b on c was violated"),
        ("UPDATE t SET d = -1", "23514", "CHECK constraint failed on table t"),
        ("INSERT INTO c VALUES (2, 2, 99)", "23503", "foreign key on c references missing parent row in t"),
        ("DELETE FROM t", "23503", "DELETE on t violates a foreign key from c"),
        ("DROP TABLE t", "2BP01", "cannot drop table t because foreign keys still reference it from c"),
        ("DROP VIEW v", "2BP01", "cannot drop view v because view w still reads it"),
        ("ALTER TABLE t RENAME COLUMN d TO x", "2BP01", "cannot rename in table t because view v reads it"),
    ] {
        let error = database.fails(statement);
        assert_eq!((error.sqlstate, error.message.as_str()), (Some(sqlstate), message), "{statement}");
    }
}

#[test]
fn errors_name_place_and_cause() {
    let mut database = database();
    let error = database.fails("SELECT id,\n  nope FROM t");
    assert_eq!(error.context["position"], serde_json::json!({ "line": 2, "column": 3 }));
    assert_eq!(error.context["column"], "nope");
    let error = database.fails("INSERT INTO t (n) VALUES ('one')");
    assert_eq!((&error.context["relation"], &error.context["constraint"]), (&"t".into(), &"uq_t_n".into()));
    let error = database.fails("INSERT INTO c VALUES (2, 2, 99)");
    assert_eq!((&error.context["constraint"], &error.context["column"]), (&"parent".into(), &"t_id".into()));
    let error = database.fails("UPDATE t SET d = 0");
    assert_eq!(error.context["constraint"], "positive");
}

#[test]
fn unsupported_constructs_are_named() {
    let mut database = database();
    for (statement, named) in [
        ("SELECT count(DISTINCT n) OVER () FROM t", "DISTINCT or ALL in a window function"),
        ("SELECT sum(id) OVER (ORDER BY id ROWS id PRECEDING) FROM t", "a frame offset that is no literal"),
        ("SELECT sum(id) OVER (ORDER BY d RANGE 1 PRECEDING) FROM t", "RANGE with an offset over DECIMAL"),
        ("SELECT lag(id) IGNORE NULLS OVER (ORDER BY id) FROM t", "IGNORE or RESPECT NULLS"),
        ("SELECT * FROM t FOR UPDATE", "FOR UPDATE or FOR SHARE"),
        ("SELECT id FROM t WHERE id BETWEEN SYMMETRIC 2 AND 1", "BETWEEN SYMMETRIC"),
        ("ALTER INDEX words REBUILD", "ALTER INDEX"),
        ("SELECT sum(id) OVER (ORDER BY id ROWS 1 PRECEDING EXCLUDE TIES) FROM t", "EXCLUDE in a window frame"),
        (
            "SELECT sum(id) OVER (ORDER BY d RANGE INTERVAL '1 month' PRECEDING) FROM t",
            "RANGE with an offset over DECIMAL",
        ),
        (
            "SELECT sum(id) OVER (ORDER BY dt RANGE INTERVAL '1 month' PRECEDING) FROM t",
            "a frame offset of months or years",
        ),
        ("SELECT id FROM t TABLESAMPLE SYSTEM (1)", "TABLESAMPLE"),
        ("SELECT * FROM t WHERE id < ANY(ARRAY[1])", "< ANY of ARRAY"),
        ("SELECT * FROM t WHERE (id, id) < ANY (SELECT 1, 2)", "< ANY of row values"),
        ("SELECT * FROM t WHERE random() < ANY (SELECT 0.5)", "a value that changes with each call beside < ANY"),
        ("SELECT (1, 2)", "a row value outside a comparison"),
        ("SELECT CASE random() WHEN 0.5 THEN 1 END", "CASE with an operand that changes with each call"),
        ("SELECT id FROM t ORDER BY n COLLATE \"C\"", "the collation \"C\""),
        ("SELECT n COLLATE NOCASE FROM t", "COLLATE outside a comparison and ORDER BY"),
        ("SELECT count(*) FROM t GROUP BY n COLLATE NOCASE", "COLLATE outside a comparison and ORDER BY"),
        ("SELECT '{}'::xml", "type xml"),
        ("SELECT * FROM t RIGHT JOIN LATERAL (SELECT 1) x ON true", "LATERAL in a RIGHT or FULL JOIN"),
        ("WITH q AS (DELETE FROM t RETURNING id) SELECT * FROM q", "a data-changing statement inside a query"),
        (
            "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x FROM s), s AS (SELECT x FROM r) SELECT * FROM r",
            "a reference to s here",
        ),
        (
            "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT a.x FROM r a, r b) SELECT * FROM r",
            "reading r twice in its own definition",
        ),
        (
            "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT 2 WHERE 1 IN (SELECT x FROM r)) SELECT * FROM r",
            "reading r in a subquery of its own definition",
        ),
        (
            "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT DISTINCT x FROM r) SELECT * FROM r",
            "DISTINCT in the repeated query of WITH RECURSIVE",
        ),
        ("CREATE VIEW x AS SELECT * FROM sqlite_schema", "a view of the schema's own views"),
        ("SELECT * FROM s.t", "the qualified name s.t"),
        ("CREATE TABLE x (a serial)", "a serial or identity column that is not the primary key alone"),
        (
            "CREATE TABLE x (a INT GENERATED ALWAYS AS IDENTITY)",
            "a serial or identity column that is not the primary key alone",
        ),
        (
            "CREATE TABLE x (a INT PRIMARY KEY GENERATED ALWAYS AS IDENTITY (START WITH 5))",
            "an option of an identity column",
        ),
        ("CREATE MASK m ON t (n) USING ('x')", "CREATE MASK"),
        ("DROP MASK m", "DROP MASK"),
        ("CREATE POLICY p ON t USING (id = 1)", "CREATE POLICY"),
        ("ALTER POLICY p ON t USING (id = 1)", "ALTER POLICY"),
        ("DROP POLICY p", "DROP POLICY"),
        ("ALTER EXTENSION e ENABLE", "ALTER EXTENSION"),
        ("SELECT * FROM sys.extensions", "sys.extensions"),
        ("SELECT * FROM sys_sync_peers", "sys.sync_peers"),
        ("SELECT * FROM sys.process_lock_metrics", "sys.process_lock_metrics"),
        ("CREATE TABLE x (a INT, b TIMESTAMPTZ GENERATED ALWAYS AS (now()) STORED)", "now in a generated column"),
        ("ALTER TABLE t RENAME n TO x, ADD COLUMN y INT", "RENAME together with other changes of a table"),
        ("ALTER TABLE t ADD CONSTRAINT x CHECK (id > 0) NOT VALID", "NOT VALID"),
        ("ALTER TABLE t DROP CONSTRAINT positive CASCADE", "CASCADE"),
        ("ALTER TABLE t ALTER COLUMN n ADD GENERATED ALWAYS AS IDENTITY", "ADD GENERATED AS IDENTITY"),
        ("ALTER VIEW v AS SELECT 1", "ALTER VIEW"),
        ("CREATE TABLE x (a INT) PARTITION BY RANGE (a)", "PARTITION BY"),
        ("CREATE TABLE x (a INT) WITH (fillfactor = 70)", "an option of CREATE TABLE"),
        ("CREATE TABLE x (a INT CHECK (now() > '2024-01-01'))", "now in a CHECK constraint"),
        ("CREATE INDEX CONCURRENTLY i ON t (n)", "CREATE INDEX CONCURRENTLY"),
        ("CREATE INDEX i ON t USING hash (n)", "CREATE INDEX USING HASH"),
        ("CREATE MATERIALIZED VIEW x AS SELECT 1", "CREATE MATERIALIZED VIEW"),
        ("CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()", "a BEFORE trigger"),
        ("CREATE FUNCTION f() RETURNS INT AS 'x' LANGUAGE sql", "CREATE FUNCTION"),
        ("CREATE SCHEMA s", "CREATE SCHEMA"),
        ("MERGE INTO t USING c ON t.id = c.a WHEN MATCHED THEN DELETE", "MERGE"),
        ("EXPLAIN ANALYZE DELETE FROM t", "EXPLAIN of anything but a query or a change of rows"),
        ("PRAGMA auto_vacuum", "PRAGMA auto_vacuum"),
        ("SET search_path = x", "SET search_path = x"),
        ("VACUUM", "VACUUM"),
        ("GRANT SELECT ON t TO bob", "GRANT"),
        ("BEGIN ISOLATION LEVEL SERIALIZABLE", "this form of BEGIN"),
        ("CREATE VIEW x AS SELECT $1", "a parameter in a statement that defines the schema"),
    ] {
        let error = database.fails(statement);
        assert_eq!(error.sqlstate, Some("0A000"), "{statement}: {}", error.message);
        assert_eq!(error.message, format!("{named} is not supported by this engine"), "{statement}");
    }
}

#[test]
fn what_can_be_written_otherwise_has_a_hint() {
    let mut database = database();
    database.run("CREATE TABLE k (a BOOL, b TEXT, j JSON, dt DATE)");
    let cast = "CAST converts it";
    let typed = "CAST one of them, or bind a value of the other one's type";
    for (statement, values, hint) in [
        ("INSERT INTO k (a) VALUES ($1)", vec![Value::Int64(1)], cast),
        ("INSERT INTO k (b) VALUES ($1)", vec![Value::Blob(vec![1])], cast),
        ("INSERT INTO k (b) VALUES ($1)", vec![Value::Interval { months: 0, days: 1, micros: 0 }], cast),
        ("INSERT INTO k (dt) VALUES ($1)", vec![Value::Timestamp(0)], cast),
        ("INSERT INTO k (a) SELECT id FROM t", vec![], cast),
        ("INSERT INTO k (b) SELECT bl FROM t", vec![], cast),
        ("SELECT * FROM t WHERE n = 5", vec![], typed),
        ("SELECT * FROM t WHERE n = $1", vec![Value::Int64(5)], typed),
        ("UPDATE t SET d = -1", vec![], "the condition of positive is d > 0"),
        ("INSERT INTO k (j) VALUES ('{')", vec![], "the condition of ck_k_1 is json_valid(\"j\")"),
    ] {
        let error = database.try_run(statement, &values).expect_err(statement);
        assert_eq!(error.hint.as_deref(), Some(hint), "{statement}: {error}");
    }
}
