//! Generated columns: the engine computes them from the row, and no statement writes them.

use crate::support;

use support::Database;

fn database() -> Database {
    Database::with(&[
        "CREATE TABLE t (id INT PRIMARY KEY, a INT, twice INT GENERATED ALWAYS AS (a * 2) STORED, p DECIMAL, \
         gross DECIMAL GENERATED ALWAYS AS (p * 1.2) STORED CHECK (gross < 100), n TEXT, \
         low TEXT GENERATED ALWAYS AS (lower(n)) STORED UNIQUE)",
    ])
}

#[test]
fn generated_columns_follow_the_row() {
    let mut database = database();
    database.run("INSERT INTO t VALUES (1, 5, 10, 'Äx')");
    assert_eq!(database.texts("SELECT * FROM t"), ["1|5|10|10|12.0|Äx|äx"]);
    database.run("INSERT INTO t (a, n) VALUES (NULL, 'b')");
    database.run("UPDATE t SET a = a + 1, p = 2");
    assert_eq!(
        database.texts("SELECT a, twice, gross, low FROM t WHERE gross = 2.4 ORDER BY id"),
        ["6|12|2.4|äx", "NULL|NULL|2.4|b"]
    );
    assert_eq!(database.texts("UPDATE t SET a = 9 WHERE id = 2 RETURNING twice"), ["18"]);
    let rows = database.run("SELECT gross, twice FROM t");
    assert_eq!(rows.types.iter().map(|ty| ty.name()).collect::<Vec<_>>(), ["DECIMAL", "INT64"]);
    database.run("CREATE INDEX by_gross ON t (gross)");
    assert_eq!(database.texts("SELECT id FROM t ORDER BY gross DESC, id"), ["1", "2"]);
}

#[test]
fn generated_columns_are_not_written_elsewhere() {
    let mut database = database();
    database.run("INSERT INTO t (a, n) VALUES (1, 'x')");
    for (statement, sqlstate, message) in [
        ("INSERT INTO t (a, twice) VALUES (1, 2)", "428C9", "column twice is generated and cannot be written"),
        ("UPDATE t SET twice = 2", "428C9", "column twice is generated and cannot be written"),
        (
            "INSERT INTO t (id, n) VALUES (1, 'y') ON CONFLICT (id) DO UPDATE SET low = 'z'",
            "428C9",
            "column low is generated and cannot be written",
        ),
        ("INSERT INTO t VALUES (1, 2, 3, 4, 5, 6, 7)", "42601", "INSERT on t expected 4 values but received 7"),
        ("INSERT INTO t (n) VALUES ('X')", "23505", "unique constraint uq_t_low on t was violated"),
        ("UPDATE t SET p = 90", "23514", "CHECK constraint failed on table t"),
        (
            "CREATE TABLE x (a INT, b INT DEFAULT 1 GENERATED ALWAYS AS (a) STORED)",
            "42P16",
            "the generated column b cannot have a DEFAULT",
        ),
        (
            "CREATE TABLE x (a INT, b INT GENERATED ALWAYS AS (a) STORED PRIMARY KEY)",
            "42P16",
            "the generated column b cannot be part of the primary key",
        ),
        (
            "CREATE TABLE x (a INT, b INT GENERATED ALWAYS AS (c) STORED, c INT GENERATED ALWAYS AS (a) STORED)",
            "42P16",
            "the generated column b cannot use the generated column c",
        ),
        ("CREATE TABLE x (a INT, b INT GENERATED ALWAYS AS (nope) STORED)", "42703", "unknown column nope"),
        ("CREATE TABLE x (a INT, b INT GENERATED ALWAYS AS (a))", "42601", ""),
        (
            "CREATE TABLE x (b INT GENERATED ALWAYS AS (1) STORED)",
            "42P16",
            "the generated column b cannot stand in a table without other columns",
        ),
        ("ALTER TABLE t DROP COLUMN a", "2BP01", "cannot drop column a because the generated column twice uses it"),
    ] {
        let error = database.fails(statement);
        assert_eq!(error.sqlstate, Some(sqlstate), "{statement}: {}", error.message);
        assert!(message.is_empty() || error.message == message, "{statement}: {}", error.message);
    }
}

#[test]
fn the_schema_shows_the_expression() {
    let mut database = database();
    let snapshot = |database: &Database| {
        decentdb::testing::catalog::schema_snapshot_json(&database.catalog, |_| Ok(0)).unwrap()["tables"][0].clone()
    };
    assert_eq!(snapshot(&database)["columns"][2]["generated_sql"], "a * 2");
    database.run("ALTER TABLE t ADD COLUMN more INT");
    let ddl = snapshot(&database)["ddl"].as_str().unwrap().to_owned();
    assert!(ddl.contains("\"twice\" INT64 GENERATED ALWAYS AS (a * 2) STORED"), "{ddl}");
    database.run("DROP TABLE t");
    database.run(&ddl);
    database.run("INSERT INTO t (a) VALUES (4)");
    assert_eq!(database.texts("SELECT twice FROM t"), ["8"]);
}

#[test]
fn virtual_columns_are_made_by_every_read() {
    let mut database = Database::with(&[
        "CREATE TABLE v (a INT, b INT GENERATED ALWAYS AS (a + 1) VIRTUAL, c INT GENERATED ALWAYS AS (a + 2) STORED)",
        "INSERT INTO v VALUES (1), (NULL)",
    ]);
    assert_eq!(database.texts("SELECT * FROM v ORDER BY a"), ["NULL|NULL|NULL", "1|2|3"]);
    database.run("CREATE UNIQUE INDEX by_b ON v (b)");
    assert_eq!(database.fails("INSERT INTO v VALUES (1)").sqlstate, Some("23505"));
    let snapshot = decentdb::testing::catalog::schema_snapshot_json(&database.catalog, |_| Ok(0)).unwrap();
    let columns = &snapshot["tables"][0]["columns"];
    assert_eq!((&columns[1]["generated_sql"], &columns[1]["generated_stored"]), (&"a + 1".into(), &false.into()));
    assert_eq!(columns[2]["generated_stored"], true);
    // The text of an altered table keeps the generated columns.
    database.run("ALTER TABLE v ADD COLUMN d INT GENERATED ALWAYS AS (a * 10) VIRTUAL");
    let ddl = database.catalog.table("v").unwrap().ddl.clone();
    assert!(ddl.contains("\"b\" INT64 GENERATED ALWAYS AS (a + 1) VIRTUAL"), "{ddl}");
    assert_eq!(database.texts("SELECT d, b FROM v WHERE a = 1"), ["10|2"]);
}

#[test]
fn generated_columns_follow_changes_of_the_table() {
    let mut database = database();
    database.run("INSERT INTO t (a, p) VALUES (3, 5)");
    database.run("ALTER TABLE t ADD COLUMN thrice INT GENERATED ALWAYS AS (a * 3) STORED CHECK (thrice < 100)");
    database.run("ALTER TABLE t RENAME COLUMN a TO amount");
    assert_eq!(database.texts("SELECT amount, twice, thrice FROM t"), ["3|6|9"]);
    let table = database.catalog.table("t").unwrap().clone();
    assert_eq!(table.column("thrice").unwrap().generated_sql.as_deref(), Some("\"amount\" * 3"));
    assert_eq!(database.fails("UPDATE t SET amount = 40").sqlstate, Some("23514"));
    database.run("ALTER TABLE t ALTER COLUMN twice TYPE TEXT");
    assert_eq!(database.texts("SELECT twice || '!' FROM t"), ["6!"]);
    let error = database.fails("ALTER TABLE t ALTER COLUMN amount TYPE TEXT");
    assert_eq!(error.sqlstate, Some("42804"), "{}", error.message);
}
