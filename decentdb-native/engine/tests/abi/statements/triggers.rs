//! Triggers: one statement for each row that is inserted into, changed in or deleted from a table or view.

use crate::support::*;
use decentdb::testing::abi::*;
use serde_json::json;

fn action(sql: &str) -> String {
    format!("FOR EACH ROW EXECUTE FUNCTION decentdb_exec_sql('{}')", sql.replace('\'', "''"))
}

fn database() -> Db {
    let db = Db::memory();
    db.run("CREATE TABLE t (id INT PRIMARY KEY, n TEXT)");
    db.run("CREATE TABLE log (at INT PRIMARY KEY, what TEXT NOT NULL)");
    db
}

fn log(db: &Db) -> Vec<V> {
    db.run("SELECT what FROM log ORDER BY at").rows.into_iter().flatten().collect()
}

#[test]
fn fire_for_each_row_in_the_order_of_their_names() {
    let db = database();
    db.run(&format!("CREATE TRIGGER b AFTER INSERT OR DELETE ON t {}", action("INSERT INTO log (what) VALUES ('b')")));
    db.run(&format!("CREATE TRIGGER a AFTER INSERT ON t {}", action("INSERT INTO log (what) VALUES ('a')")));
    assert_eq!(db.run("INSERT INTO t VALUES (1, 'x'), (2, 'y')").affected, 2);
    assert_eq!(log(&db), [t("a"), t("b"), t("a"), t("b")]);
    db.run("UPDATE t SET n = 'z'");
    db.run("DELETE FROM t WHERE id = 1");
    assert_eq!(log(&db).len(), 5);
    db.run("DROP TRIGGER b ON t");
    db.run("INSERT INTO t VALUES (3, 'z')");
    assert_eq!(log(&db)[5..], [t("a")]);
    assert_eq!(db.fail("DROP TRIGGER b ON t").sqlstate(), "42704");
    db.run("DROP TRIGGER IF EXISTS b ON t");
    assert_eq!(db.fail("DROP TRIGGER a ON log").sqlstate(), "42704");
}

#[test]
fn stand_in_for_writes_to_a_view() {
    let db = database();
    db.run("INSERT INTO t VALUES (1, 'x'), (2, 'y')");
    db.run("CREATE VIEW v AS SELECT id, n FROM t");
    assert_eq!(db.fail("INSERT INTO v VALUES (3, 'z')").sqlstate(), "42809");
    db.run(&format!(
        "CREATE TRIGGER w INSTEAD OF INSERT OR UPDATE OR DELETE ON v {}",
        action("INSERT INTO log (what) VALUES ('instead')")
    ));
    assert_eq!(db.run("INSERT INTO v VALUES (3, 'z')").affected, 1);
    assert_eq!(db.run("UPDATE v SET n = $1::text WHERE id > 0".replace("$1::text", "'q'").as_str()).affected, 2);
    assert_eq!(db.run("DELETE FROM v WHERE id = 1").affected, 1);
    assert_eq!((log(&db).len(), db.count("t")), (4, 2));
    assert_eq!(db.fail("INSERT INTO v VALUES (4, 'z') RETURNING id").sqlstate(), "0A000");
    db.run("CREATE OR REPLACE VIEW v AS SELECT id, n FROM t WHERE id > 1");
    assert_eq!(db.run("DELETE FROM v").affected, 1);
    db.run("DROP VIEW v");
    assert_eq!(db.json(ddb_db_list_triggers_json).unwrap(), json!([]));
}

#[test]
fn undo_with_their_statement_and_notify_watches() {
    let db = database();
    db.run(&format!("CREATE TRIGGER w AFTER UPDATE ON t {}", action("INSERT INTO log VALUES (1, 'once')")));
    db.run("INSERT INTO t VALUES (1, 'x'), (2, 'y')");
    let watch = db.watch_table(r#"{"tables":["log"]}"#).unwrap();
    watch.expect("initial");
    assert_eq!(db.fail("UPDATE t SET n = 'z'").sqlstate(), "23505");
    assert_eq!(db.run("SELECT count(*) FROM t WHERE n = 'z'").rows, [[V::Int(0)]]);
    watch.expect_none();
    db.run("UPDATE t SET n = 'z' WHERE id = 1");
    assert_eq!(watch.expect("invalidate")["row_changes"][0]["after"], json!({ "at": 1, "what": "once" }));
}

#[test]
fn that_fire_each_other_without_end_are_an_error() {
    let db = database();
    db.run(&format!("CREATE TRIGGER w AFTER INSERT ON t {}", action("INSERT INTO t (n) VALUES ('again')")));
    let failure = db.fail("INSERT INTO t (n) VALUES ('x')");
    assert_eq!(failure.sqlstate(), "54001", "{failure:?}");
    assert_eq!(db.count("t"), 0);
}

#[test]
fn are_listed_in_metadata_and_survive_the_handle() {
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE t (a INT)");
    db.run("CREATE TABLE log (what TEXT)");
    let ddl = format!("CREATE TRIGGER w AFTER INSERT OR DELETE ON t {}", action("INSERT INTO log VALUES ('w')"));
    db.run(&ddl);
    drop(db);
    let db = file.open();
    db.run("INSERT INTO t VALUES (1)");
    assert_eq!(db.count("log"), 1);
    assert_eq!(
        db.json(ddb_db_list_triggers_json).unwrap(),
        json!([{ "name": "w", "target_name": "t", "kind": "AFTER", "event": "INSERT OR DELETE", "on_view": false,
                 "action_sql": "INSERT INTO log VALUES ('w')" }])
    );
    assert_eq!(
        db.json(ddb_db_get_schema_snapshot_json).unwrap()["triggers"],
        json!([{ "name": "w", "target_name": "t", "target_kind": "table", "timing": "after",
                 "events": ["insert", "delete"], "events_mask": 5, "for_each_row": true, "temporary": false,
                 "action_sql": "INSERT INTO log VALUES ('w')", "ddl": ddl }])
    );
    assert_eq!(db.run("SELECT name, tbl_name FROM sqlite_schema WHERE type = 'trigger'").rows, [[t("w"), t("t")]]);
    db.run("ALTER TABLE t RENAME TO u");
    db.run("INSERT INTO u VALUES (2)");
    assert_eq!(db.count("log"), 2);
    db.run("CREATE TABLE t (a INT)");
    db.run("INSERT INTO t VALUES (3)");
    assert_eq!(db.count("log"), 2);
    assert_eq!(db.fail("DROP TABLE log").sqlstate(), "2BP01");
    assert_eq!(db.fail("ALTER TABLE log RENAME TO journal").sqlstate(), "2BP01");
    db.run("DROP TABLE u");
    assert_eq!(db.json(ddb_db_list_triggers_json).unwrap(), json!([]));
    db.run("DROP TABLE log");
}

#[test]
fn of_other_forms_are_refused_by_name() {
    let db = database();
    db.run("CREATE TEMP TABLE s (a INT)");
    db.run("CREATE VIEW v AS SELECT id FROM t");
    let insert = action("INSERT INTO log (what) VALUES ('x')");
    for (statement, sqlstate) in [
        (format!("CREATE TRIGGER w BEFORE INSERT ON t {insert}"), "0A000"),
        (format!("CREATE TRIGGER w AFTER INSERT ON s {insert}"), "0A000"),
        (format!("CREATE TRIGGER w AFTER INSERT ON v {insert}"), "0A000"),
        (format!("CREATE TRIGGER w INSTEAD OF INSERT ON t {insert}"), "0A000"),
        (format!("CREATE TRIGGER w AFTER INSERT ON nope {insert}"), "42P01"),
        (format!("CREATE TRIGGER t AFTER INSERT ON t {insert}"), "42P07"),
        (format!("CREATE TRIGGER w AFTER UPDATE OF n ON t {insert}"), "0A000"),
        ("CREATE TRIGGER w AFTER INSERT ON t EXECUTE FUNCTION decentdb_exec_sql('')".to_owned(), "0A000"),
        ("CREATE TRIGGER w AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f('')".to_owned(), "0A000"),
        (format!("CREATE TRIGGER w AFTER INSERT ON t {}", action("SELECT 1")), "42P17"),
        (format!("CREATE TRIGGER w AFTER INSERT ON t {}", action("DELETE FROM log; DELETE FROM log")), "42601"),
        (format!("CREATE TRIGGER w AFTER INSERT ON t {}", action("DELETE FROM log WHERE at = $1")), "0A000"),
        (format!("CREATE TRIGGER w AFTER INSERT ON t {}", action("DELETE FROM s")), "42P01"),
        (format!("CREATE TRIGGER w AFTER INSERT ON t {}", action("DELETE FROM log RETURNING at")), "0A000"),
        (format!("CREATE TRIGGER w AFTER INSERT ON t {}", action("DELETE FROM log l WHERE l.at = 1")), "0A000"),
    ] {
        assert_eq!(db.fail(&statement).sqlstate(), sqlstate, "{statement}");
    }
}

#[test]
fn do_not_fire_on_truncate() {
    let db = database();
    db.run("CREATE TABLE child (t INT REFERENCES t (id), self INT PRIMARY KEY, up INT REFERENCES child (self))");
    db.run("INSERT INTO t (n) VALUES ('x'), ('y')");
    db.run("INSERT INTO child VALUES (1, 1, NULL), (2, 2, 1)");
    assert_eq!(db.fail("TRUNCATE TABLE t").sqlstate(), "2BP01");
    assert_eq!(db.run("TRUNCATE TABLE t RESTART IDENTITY CASCADE").affected, 0);
    assert_eq!((db.count("t"), db.count("child")), (0, 0));
    assert_eq!(db.run("INSERT INTO t (n) VALUES ('z') RETURNING id").rows, [[V::Int(1)]]);
    db.run(&format!("CREATE TRIGGER w AFTER DELETE ON child {}", action("INSERT INTO log (what) VALUES ('x')")));
    assert_eq!(db.fail("TRUNCATE child").sqlstate(), "0A000");
}
