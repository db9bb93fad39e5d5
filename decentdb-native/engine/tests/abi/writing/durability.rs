//! Committed rows are present after reopening and in copies.

use std::fs;

use decentdb::testing::abi::*;

use crate::support::*;

#[test]
fn committed_rows_are_there_again() {
    let file = TempDb::new();
    {
        let db = file.open();
        db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, ok BOOLEAN)");
        db.run("INSERT INTO t VALUES (1, 'a', true)");
        db.begin().unwrap();
        db.run("INSERT INTO t VALUES (2, 'b', false)");
    }
    let db = file.open();
    assert_eq!(db.run("SELECT * FROM t").rows, [[V::Int(1), t("a"), V::Bool(true)]]);
}

#[test]
fn positions_of_commits_rise_over_restarts() {
    let file = TempDb::new();
    let mut last = 0;
    for round in 0..5 {
        let db = file.open();
        db.run("CREATE TABLE IF NOT EXISTS t (id INTEGER)");
        db.begin().unwrap();
        db.run("INSERT INTO t VALUES (1)");
        let lsn = db.commit().unwrap();
        assert!(lsn > last, "round {round}: {lsn} after {last}");
        last = lsn;
    }
}

#[test]
fn a_checkpoint_empties_the_log() {
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE t (id INTEGER)");
    db.run("INSERT INTO t VALUES (1)");
    let log = format!("{}-wal", file.path());
    assert!(fs::metadata(&log).unwrap().len() > 0);
    check(ddb_db_checkpoint(db.0)).unwrap();
    assert_eq!(fs::metadata(&log).unwrap().len(), 0);
    let state = db.json(ddb_db_inspect_storage_state_json).unwrap();
    assert_eq!((&state["wal_file_size"], &state["page_size"]), (&0.into(), &4096.into()));
    db.begin().unwrap();
    assert_eq!(check(ddb_db_checkpoint(db.0)).unwrap_err().status, TRANSACTION);
    db.rollback().unwrap();
    let reader = file.open_with("process_coordination_timeout_ms=10");
    reader.begin().unwrap();
    db.run("INSERT INTO t VALUES (2)");
    let hasty = file.open_with("process_coordination_timeout_ms=10");
    assert_eq!(check(ddb_db_checkpoint(hasty.0)).unwrap_err().status, BUSY);
    reader.rollback().unwrap();
    check(ddb_db_checkpoint(hasty.0)).unwrap();
}

#[test]
fn a_copy_is_a_database_of_its_own() {
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE t (id INTEGER)");
    db.run("INSERT INTO t VALUES (1)");
    let copy = file.dir.path().join("copy.ddb");
    let path = c(copy.to_str().unwrap());
    check(unsafe { ddb_db_save_as(db.0, path.as_ptr()) }).unwrap();
    db.run("INSERT INTO t VALUES (2)");
    let copied = Db::open(copy.to_str().unwrap(), "").unwrap();
    assert_eq!((copied.count("t"), db.count("t")), (1, 2));
    let failure = check(unsafe { ddb_db_save_as(db.0, path.as_ptr()) }).unwrap_err();
    assert!(failure.status == IO && failure.message().contains("already exists"));
    assert_eq!(copied.count("t"), 1);
    let memory = Db::memory();
    memory.run("CREATE TABLE m (id INTEGER)");
    let saved = file.dir.path().join("memory.ddb");
    check(unsafe { ddb_db_save_as(memory.0, c(saved.to_str().unwrap()).as_ptr()) }).unwrap();
    assert_eq!(Db::open(saved.to_str().unwrap(), "").unwrap().count("m"), 0);
}

#[test]
fn the_shared_state_of_a_path_goes_with_its_handles() {
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE t (id INTEGER)");
    let path = c(file.path());
    assert_eq!(check(unsafe { ddb_evict_shared_wal(path.as_ptr()) }).unwrap_err().status, TRANSACTION);
    drop(db);
    check(unsafe { ddb_evict_shared_wal(path.as_ptr()) }).unwrap();
    fs::remove_file(&file.path).unwrap();
    assert_eq!(file.open().fail("SELECT * FROM t").sqlstate(), "42P01");
}

#[test]
fn the_audit_context_belongs_to_the_handle() {
    let db = Db::memory();
    let set = |key: &str, value: &str| {
        check(unsafe { ddb_db_set_audit_context_text(db.0, c(key).as_ptr(), value.as_ptr().cast(), value.len()) })
    };
    set("user", "ana").unwrap();
    assert_eq!(set("", "x").unwrap_err().status, SQL);
    check(unsafe { ddb_db_clear_audit_context(db.0, c("user").as_ptr()) }).unwrap();
    check(unsafe { ddb_db_clear_audit_context(db.0, std::ptr::null()) }).unwrap();
}
