//! Files beside the log of another one, and files of an older format.

use std::fs;
use std::path::Path;

use decentdb::testing::abi::*;

use crate::support::*;

/// A closed database with rows.
fn filled(rows: i64) -> TempDb {
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
    db.run(&format!("INSERT INTO t (name) SELECT 'x' FROM generate_series(1, {rows})"));
    drop(db);
    file
}

fn log(file: &TempDb) -> String {
    format!("{}-wal", file.path())
}

/// Copies the file to the path of `target`, with the log of the open database if it has one.
fn copy(file: &TempDb, target: &TempDb) {
    fs::copy(file.path(), target.path()).unwrap();
    if Path::new(&log(file)).exists() {
        fs::copy(log(file), log(target)).unwrap();
    }
}

/// Checks that opening the file fails because of its log, changes nothing and says what to do.
#[track_caller]
fn refused(file: &TempDb) {
    let content = || -> Vec<_> {
        let mut entries: Vec<_> = fs::read_dir(file.dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        entries.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    };
    let before = content();
    let failure = Db::open(file.path(), "").err().expect("a refusal");
    assert!(before == content(), "{failure:?}");
    assert_eq!((failure.status, failure.subcode()), (IO, "io.foreign_log"), "{failure:?}");
    let hint = failure.json["hint"].as_str().unwrap();
    assert!(failure.message().contains(file.path()) && failure.message().contains(&log(file)), "{failure:?}");
    assert!(hint.contains(&log(file)) && hint.contains("test.ddb-shm") && hint.contains("remove"), "{hint}");
}

#[test]
fn a_backup_beside_the_log_of_another_database_is_refused() {
    let (file, other) = (filled(400), filled(10));
    let db = other.open();
    db.run("DELETE FROM t");
    fs::copy(log(&other), log(&file)).unwrap();
    refused(&file);
    fs::remove_file(log(&file)).unwrap();
    assert_eq!(file.open().count("t"), 400);
}

#[test]
fn a_log_of_plain_sqlite_is_refused() {
    let (file, other) = (filled(400), TempDb::new());
    let plain = rusqlite::Connection::open(&other.path).unwrap();
    plain.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE a (b); INSERT INTO a VALUES (1)").unwrap();
    plain.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO a VALUES (2)").unwrap();
    fs::copy(log(&other), log(&file)).unwrap();
    refused(&file);
}

#[test]
fn a_backup_beside_the_log_of_a_later_state_is_refused() {
    let (file, crashed) = (filled(400), TempDb::new());
    let backup = fs::read(&file.path).unwrap();
    let db = file.open();
    for _ in 0..3 {
        db.run("INSERT INTO t (name) VALUES ('y')");
        check(ddb_db_checkpoint(db.0)).unwrap();
    }
    db.run("DELETE FROM t");
    copy(&file, &crashed);
    assert_eq!(crashed.open().count("t"), 0);
    copy(&file, &crashed);
    fs::write(&crashed.path, backup).unwrap();
    refused(&crashed);
}

#[test]
fn a_saved_copy_beside_the_log_of_its_original_is_refused() {
    let (file, saved) = (filled(400), TempDb::new());
    let db = file.open();
    db.run("DELETE FROM t WHERE id > 100");
    check(unsafe { ddb_db_save_as(db.0, c(saved.path()).as_ptr()) }).unwrap();
    assert!(!Path::new(&log(&saved)).exists());
    fs::copy(log(&file), log(&saved)).unwrap();
    refused(&saved);
    fs::remove_file(log(&saved)).unwrap();
    assert_eq!(saved.open().count("t"), 100);
}

#[test]
fn a_file_overwritten_while_it_is_open_stays_as_it_is() {
    let (file, backup) = (filled(400), filled(7));
    let whole = fs::read(&backup.path).unwrap();
    let db = file.open();
    db.run("DELETE FROM t");
    fs::write(&file.path, &whole).unwrap();
    assert_eq!(check(ddb_db_checkpoint(db.0)).unwrap_err().subcode(), "io.foreign_log");
    assert_eq!(db.fail("PRAGMA wal_checkpoint").subcode(), "io.foreign_log");
    refused(&file);
    drop(db);
    assert!(fs::read(&file.path).unwrap() == whole);
    refused(&file);
    fs::remove_file(log(&file)).unwrap();
    assert_eq!(file.open().count("t"), 7);
}

#[test]
fn the_log_of_a_database_is_never_refused() {
    let file = TempDb::new();
    let db = Db::open(file.path(), "wal_autocheckpoint=3").unwrap();
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
    db.run("CREATE TABLE empty (id INTEGER PRIMARY KEY)");
    let reader = file.open();
    for id in 0..300 {
        // Readers keep the log from being begun anew, now and then, and checkpoints from moving all of it.
        if id % 7 == 0 {
            reader.begin().unwrap();
            reader.count("t");
        } else if id % 7 == 4 {
            reader.rollback().unwrap();
        }
        db.run(["BEGIN IMMEDIATE", "BEGIN", "SELECT 1", "SELECT 1", "ANALYZE"][id as usize % 5]);
        if id % 5 == 1 {
            db.run("SAVEPOINT a");
            db.run("INSERT INTO t VALUES (-1, 'undone')");
            db.run("ROLLBACK TO SAVEPOINT a");
        }
        if id % 3 == 0 {
            // Neither changes a row, and both leave pages to write.
            db.run("DELETE FROM empty");
            assert_eq!(db.fail("INSERT INTO t VALUES (-2, 'x'), (-2, 'y')").sqlstate(), "23505");
        }
        db.execute("INSERT INTO t VALUES ($1, $2)", &[V::Int(id), t(&"x".repeat(3000))]).unwrap();
        if id % 5 < 2 {
            db.commit().unwrap();
        }
        if id % 11 == 0 && !reader.in_transaction() {
            check(ddb_db_checkpoint(db.0)).unwrap();
        }
        let crashed = TempDb::new();
        copy(&file, &crashed);
        assert_eq!(crashed.open().count("t"), id + 1);
        assert_eq!(file.open().count("t"), id + 1);
    }
}

/// Makes a closed file one of the first format, in which SQLite counted the ids.
fn first_format(file: &TempDb) {
    let plain = rusqlite::Connection::open(&file.path).unwrap();
    plain
        .execute_batch(
            "DROP TABLE __ddb_ids; CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT); DROP TABLE a;
             PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = replace(sql, '\"id\" INTEGER PRIMARY KEY', '\"id\" INTEGER PRIMARY KEY AUTOINCREMENT');
             PRAGMA writable_schema = OFF; PRAGMA user_version = 1",
        )
        .unwrap();
}

#[test]
fn a_file_of_the_first_format_keeps_its_promise() {
    let file = filled(5);
    {
        let db = file.open();
        db.run("CREATE TABLE log (id INTEGER PRIMARY KEY, n INTEGER)");
        db.run(
            "CREATE TRIGGER logs AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION \
             decentdb_exec_sql('INSERT INTO log (n) VALUES (1)')",
        );
        db.run("CREATE TABLE empty (id INTEGER PRIMARY KEY)");
    }
    first_format(&file);
    {
        let plain = rusqlite::Connection::open(&file.path).unwrap();
        plain
            .execute_batch(
                "DROP TRIGGER \"t.insert\"; \
                 CREATE TRIGGER \"t.insert\" AFTER INSERT ON t BEGIN INSERT INTO log (n) VALUES (1); END; \
                 INSERT INTO t (name) VALUES ('six'), ('seven'); DELETE FROM t WHERE id > 2; DELETE FROM log",
            )
            .unwrap();
    }
    let db = file.open();
    assert_eq!(db.run("INSERT INTO t (name) VALUES ('next') RETURNING id").rows, [[V::Int(8)]]);
    assert_eq!(db.run("SELECT id FROM log").rows, [[V::Int(3)]]);
    db.run("INSERT INTO empty DEFAULT VALUES");
    db.run("DELETE FROM empty");
    drop(db);
    let db = file.open();
    assert_eq!(db.run("INSERT INTO empty DEFAULT VALUES RETURNING id").rows, [[V::Int(2)]]);
    assert_eq!(db.run("PRAGMA integrity_check").rows, [[t("ok")]]);
    drop(db);
    let plain = rusqlite::Connection::open(&file.path).unwrap();
    let left = "SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%AUTOINCREMENT%'";
    assert_eq!(plain.query_row(left, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn a_file_of_the_first_format_in_use_elsewhere_is_left_alone() {
    let file = filled(5);
    first_format(&file);
    let plain = rusqlite::Connection::open(&file.path).unwrap();
    plain.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)).unwrap();
    let failure = Db::open(file.path(), "process_coordination_timeout_ms=20").err().unwrap();
    assert_eq!((failure.status, failure.subcode()), (BUSY, "busy.upgrade"), "{failure:?}");
    assert_eq!(plain.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)).unwrap(), 1);
    drop(plain);
    assert_eq!(file.open().count("t"), 5);
}
