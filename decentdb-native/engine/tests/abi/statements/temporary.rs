//! Temporary tables, views and indexes: one handle sees them, they end with it, and they affect no other handle.

use crate::support::*;
use decentdb::testing::abi::*;
use serde_json::json;

fn named(list: &serde_json::Value, name: &str) -> Vec<bool> {
    let found = list.as_array().unwrap().iter().filter(|each| each["name"] == name);
    found.map(|each| each["temporary"].as_bool().unwrap()).collect()
}

#[test]
fn belong_to_their_handle_and_go_with_it() {
    let file = TempDb::new();
    let (one, two) = (file.open(), file.open());
    one.run("CREATE TEMP TABLE scratch (id INT PRIMARY KEY, n TEXT NOT NULL UNIQUE, e ENUM('a', 'b'))");
    one.run("CREATE INDEX by_n ON scratch (n)");
    one.run("CREATE TEMPORARY VIEW names AS SELECT n FROM scratch WHERE id > 1");
    one.run("INSERT INTO scratch (n, e) VALUES ('x', 'b'), ('y', 'a')");
    assert_eq!(one.run("SELECT * FROM names").rows, [[t("y")]]);
    assert_eq!(one.run("SELECT * FROM temp.scratch ORDER BY id LIMIT 1").rows[0][..2], [V::Int(1), t("x")]);
    assert_eq!(
        one.fail("INSERT INTO scratch (n) VALUES ('x')").message(),
        "unique constraint uq_scratch_n on scratch was violated"
    );
    assert_eq!(two.fail("SELECT * FROM scratch").sqlstate(), "42P01");
    two.run("CREATE TABLE scratch (a INT)");
    drop(one);
    let one = file.open();
    assert_eq!(one.run("SELECT * FROM scratch").names, ["a"]);
    assert_eq!(one.fail("SELECT * FROM names").sqlstate(), "42P01");
}

#[test]
fn are_made_from_queries_and_fed_from_tables() {
    let db = Db::memory();
    db.run("CREATE TABLE t (id INT PRIMARY KEY, d DATE, u UUID)");
    db.run("INSERT INTO t VALUES (1, '2024-02-29', '00000000-0000-0000-0000-000000000001')");
    db.run("CREATE TEMP TABLE s AS SELECT id + 1 AS id, d, u FROM t");
    assert_eq!(db.run("INSERT INTO s SELECT * FROM t RETURNING id").rows, [[V::Int(1)]]);
    assert_eq!(db.run("SELECT s.id, t.d = s.d, s.u = t.u FROM s JOIN t USING (d) ORDER BY 1").rows.len(), 2);
    assert_eq!(db.run("UPDATE s SET d = NULL WHERE true").affected, 2);
    assert_eq!(db.run("TRUNCATE s").affected, 0);
}

#[test]
fn hide_objects_of_the_database() {
    let db = Db::memory();
    db.run("CREATE TABLE t (a INT)");
    db.run("CREATE VIEW v AS SELECT a FROM t");
    db.run("CREATE TEMP VIEW w AS SELECT a FROM t");
    db.run("INSERT INTO t VALUES (1)");
    let select = db.prepare("SELECT * FROM t").unwrap();
    select.step().unwrap();
    select.reset();
    db.run("CREATE TEMP TABLE t (b TEXT PRIMARY KEY)");
    db.run("INSERT INTO t VALUES ('temporary')");
    // The view keeps reading the table of the database; a bare name now means the temporary table.
    assert_eq!(db.run("SELECT * FROM v").rows, [[V::Int(1)]]);
    assert_eq!(db.run("SELECT * FROM w").rows, [[V::Int(1)]]);
    select.step().unwrap();
    assert_eq!(select.row().unwrap(), [t("temporary")]);
    assert_eq!(db.run("SELECT x.a, y.b FROM main.t x, temp.t y").rows, [[V::Int(1), t("temporary")]]);
    db.run("INSERT INTO main.t VALUES (2)");
    db.run("UPDATE main.t SET a = a + 1");
    assert_eq!(db.run("DELETE FROM main.t WHERE a = 3 RETURNING a").rows, [[V::Int(3)]]);
    db.run("CREATE UNIQUE INDEX once ON main.t (a)");
    assert_eq!(db.fail("INSERT INTO main.t VALUES (2)").message(), "unique constraint once on t was violated");
    assert_eq!(db.fail("INSERT INTO t VALUES ('temporary')").message(), "unique constraint pk_t_b on t was violated");
    assert_eq!(db.fail("CREATE VIEW x AS SELECT * FROM t").sqlstate(), "0A000");
    db.run("CREATE VIEW x AS SELECT * FROM main.t");
    select.reset();
    db.run("DROP TABLE t");
    select.step().unwrap();
    assert_eq!(select.row().unwrap(), [V::Int(2)]);
    select.reset();
    assert_eq!(db.fail("DROP TABLE t").message(), "cannot drop table t because view v still reads it");
}

#[test]
fn obey_transactions_and_savepoints() {
    let db = Db::memory();
    let statement = db.prepare("SELECT count(*) FROM information_schema.tables").unwrap();
    let tables = || {
        statement.reset();
        statement.step().unwrap();
        statement.row().unwrap().remove(0)
    };
    db.begin().unwrap();
    db.run("CREATE TEMP TABLE s (a INT)");
    db.run("SAVEPOINT p");
    db.run("CREATE TEMP TABLE q (a INT)");
    db.run("DROP TABLE s");
    assert_eq!((db.fail("SELECT * FROM s").sqlstate(), tables()), ("42P01", V::Int(1)));
    db.run("ROLLBACK TO p");
    db.run("INSERT INTO s VALUES (1)");
    assert_eq!((db.fail("SELECT * FROM q").sqlstate(), tables()), ("42P01", V::Int(1)));
    db.commit().unwrap();
    db.begin().unwrap();
    db.run("INSERT INTO s VALUES (2)");
    db.run("CREATE INDEX i ON s (a)");
    db.rollback().unwrap();
    assert_eq!(db.count("s"), 1);
    assert_eq!(db.fail("DROP INDEX i").sqlstate(), "42704");
    assert_eq!(db.fail("CREATE TEMP TABLE broken AS SELECT 1 / x FROM s").sqlstate(), "42703");
    assert_eq!(db.fail("SELECT * FROM broken").sqlstate(), "42P01");
}

#[test]
fn are_written_while_someone_else_writes() {
    let file = TempDb::new();
    let (one, two) = (file.open_with("process_coordination_timeout_ms=0"), file.open());
    two.run("CREATE TABLE t (a INT)");
    two.run("BEGIN IMMEDIATE");
    two.run("INSERT INTO t VALUES (1)");
    assert_eq!(one.fail("INSERT INTO t VALUES (2)").status, BUSY);
    one.run("CREATE TEMP TABLE s AS SELECT * FROM t");
    one.begin().unwrap();
    one.run("INSERT INTO s VALUES (1), (2)");
    assert_eq!(one.count("t"), 0);
    two.commit().unwrap();
    // The transaction keeps the snapshot of its begin and may still commit: it has written nothing to the database.
    assert_eq!(one.count("t"), 0);
    one.commit().unwrap();
    assert_eq!((one.count("s"), one.count("t")), (2, 1));
}

#[test]
fn are_no_one_elses_business() {
    let file = TempDb::new();
    let (one, two) = (file.open(), file.open());
    one.run("CREATE TABLE t (a INT PRIMARY KEY)");
    let stream = two.change_stream("{}").unwrap();
    stream.expect("initial");
    let before = two.json(ddb_db_get_tooling_metadata_json).unwrap();
    one.run("CREATE TEMP TABLE t (a INT PRIMARY KEY)");
    one.run("INSERT INTO t VALUES (1)");
    one.run("CREATE TEMP VIEW w AS SELECT * FROM main.t");
    stream.expect_none();
    assert_eq!(two.json(ddb_db_get_tooling_metadata_json).unwrap(), before);
    for refused in [
        one.watch_table(r#"{"tables":["t"]}"#),
        one.watch_range(r#"{"table":"t"}"#),
        one.watch_query(r#"{"sql":"SELECT * FROM t"}"#),
        one.watch_query(r#"{"sql":"SELECT * FROM w"}"#),
    ] {
        let failure = refused.err().unwrap();
        assert_eq!(failure.sqlstate(), "0A000");
        assert!(failure.message().contains("temporary"), "{failure:?}");
    }
    // A write to a table of the database is reported even if a temporary table has the same name.
    one.begin().unwrap();
    one.run("INSERT INTO t VALUES (2)");
    one.run("INSERT INTO main.t VALUES (7)");
    one.commit().unwrap();
    let changes = &stream.expect("change")["row_changes"];
    assert_eq!(changes.as_array().unwrap().len(), 1);
    assert_eq!(changes[0]["after"], json!({ "a": 7 }));
}

#[test]
fn are_distinguished_in_metadata() {
    let db = Db::memory();
    db.run("CREATE TABLE t (a INT)");
    let before = db.json(ddb_db_get_tooling_metadata_json).unwrap();
    assert_eq!(before["temp_schema_cookie"], 0);
    db.run("CREATE TEMP TABLE t (b TEXT UNIQUE)");
    db.run("CREATE TEMP VIEW w AS SELECT b FROM t");
    db.run("CREATE INDEX i ON t (b)");
    db.run("INSERT INTO t VALUES ('x')");
    let after = db.json(ddb_db_get_tooling_metadata_json).unwrap();
    assert_eq!((&after["schema_cookie"], &after["temp_schema_cookie"]), (&before["schema_cookie"], &json!(3)));
    assert_ne!(after["schema_fingerprint"], before["schema_fingerprint"]);
    let schema = &after["schema"];
    assert_eq!(named(&schema["tables"], "t"), [false, true]);
    assert_eq!((&schema["tables"][0]["row_count"], &schema["tables"][1]["row_count"]), (&json!(0), &json!(1)));
    assert_eq!(named(&schema["views"], "w"), [true]);
    assert_eq!(schema["views"][0]["dependencies"], json!(["t"]));
    assert_eq!(named(&schema["indexes"], "i"), [true]);
    assert_eq!(db.json(ddb_db_list_tables_json).unwrap()[1]["temporary"], true);
    assert_eq!(
        db.run("SELECT table_schema, table_type FROM information_schema.tables WHERE table_name = 't' ORDER BY 1").rows,
        [[t("main"), t("BASE TABLE")], [t("temp"), t("LOCAL TEMPORARY")]]
    );
    assert_eq!(
        db.run("SELECT c.table_schema, c.column_name FROM information_schema.columns c JOIN information_schema.schemata s \
                ON s.schema_name = c.table_schema WHERE table_name = 't' ORDER BY 1")
            .rows,
        [[t("main"), t("a")], [t("temp"), t("b")]]
    );
    assert_eq!(db.run("SELECT name FROM sqlite_master WHERE type = 'table'").rows, [[t("t")]]);
    assert_eq!(
        db.run("SELECT type, name FROM sqlite_temp_schema ORDER BY name").rows,
        db.run("SELECT type, name FROM temp.sqlite_master ORDER BY name").rows
    );
    assert_eq!(db.run("SELECT name FROM temp.sqlite_schema WHERE type = 'view'").rows, [[t("w")]]);
}

#[test]
fn have_limits_that_are_named() {
    let db = Db::memory();
    db.run("CREATE TABLE p (id INT PRIMARY KEY)");
    db.run("CREATE TEMP TABLE s (a INT)");
    db.run("CREATE TEMP VIEW w AS SELECT a FROM s");
    for (statement, sqlstate) in [
        ("CREATE TEMP TABLE c (p INT REFERENCES p)", "0A000"),
        ("ALTER TABLE s ADD COLUMN b INT", "0A000"),
        ("CREATE TEMP TABLE main.x (a INT)", "42601"),
        ("CREATE TEMP TABLE s (a INT)", "42P07"),
        ("CREATE TEMP VIEW s AS SELECT 1 AS a", "42P07"),
        ("DROP TABLE s", "2BP01"),
        ("DROP TABLE main.s", "42P01"),
        ("CREATE TABLE elsewhere.x (a INT)", "0A000"),
        ("SELECT * FROM elsewhere.p", "0A000"),
    ] {
        assert_eq!(db.fail(statement).sqlstate(), sqlstate, "{statement}");
    }
    db.run("CREATE TEMP TABLE IF NOT EXISTS s (a INT)");
    db.run("CREATE TABLE temp.also (a INT)");
    db.run("DROP VIEW w");
    db.run("DROP TABLE temp.s, also");
    assert_eq!(db.run("SELECT * FROM sqlite_temp_schema").rows.len(), 0);
}

#[test]
fn go_through_the_write_queue() {
    let db = Db::memory();
    db.queued("CREATE TEMP TABLE s (a INT PRIMARY KEY)", &[], 1000).unwrap();
    db.queued("INSERT INTO s VALUES ($1)", &[V::Int(1)], 1000).unwrap();
    assert!(db.queued("INSERT INTO s VALUES (1)", &[], 1000).is_err());
    assert_eq!(db.count("s"), 1);
}
