//! Two processes on one file.

#![allow(clippy::undocumented_unsafe_blocks)]

mod abi;

use std::process::Command;

use abi::*;

const PATH: &str = "DECENTDB_TEST_PATH";
const SQL_TEXT: &str = "DECENTDB_TEST_SQL";

/// Not a test of its own: what the other process runs.
#[test]
fn run_in_another_process() {
    let (Ok(path), Ok(sql)) = (std::env::var(PATH), std::env::var(SQL_TEXT)) else { return };
    let db = Db::open(&path, "").unwrap();
    for statement in sql.split(';') {
        db.run(statement);
    }
}

fn elsewhere(file: &TempDb, sql: &str) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "run_in_another_process"])
        .env(PATH, file.path())
        .env(SQL_TEXT, sql)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn changes_of_another_process_are_seen() {
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE t (a INTEGER)");
    let stmt = db.prepare("SELECT a FROM t").unwrap();
    assert!(stmt.fetch(false, 0).unwrap().is_empty());
    elsewhere(&file, "INSERT INTO t VALUES (1)");
    stmt.reset();
    assert_eq!(stmt.fetch(false, 0).unwrap(), [[V::Int(1)]]);
}

#[test]
fn types_follow_a_schema_changed_by_another_process() {
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE t (a INTEGER)");
    let select = db.prepare("SELECT * FROM t").unwrap();
    assert!(select.fetch(false, 0).unwrap().is_empty());
    let insert = db.prepare("INSERT INTO t (a) VALUES ($1)").unwrap();
    elsewhere(&file, "DROP TABLE t; CREATE TABLE t (a BOOLEAN, b TEXT); INSERT INTO t VALUES (true, 'x')");
    select.reset();
    assert_eq!(select.fetch(false, 0).unwrap(), [[V::Bool(true), t("x")]]);
    insert.bind(&[V::Bool(false)]).unwrap();
    assert_eq!(insert.affected().unwrap(), 1);
    assert_eq!(db.run("SELECT a, b FROM t WHERE b IS NULL").rows, [[V::Bool(false), V::Null]]);
}

#[test]
fn a_transaction_that_lost_to_another_process_is_told_so() {
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE t (a INTEGER)");
    db.begin().unwrap();
    assert_eq!(db.count("t"), 0);
    elsewhere(&file, "INSERT INTO t VALUES (1)");
    assert_eq!(db.count("t"), 0);
    assert_eq!(db.fail("INSERT INTO t VALUES (2)").sqlstate(), "40001");
    assert_eq!(db.count("t"), 1);
}
