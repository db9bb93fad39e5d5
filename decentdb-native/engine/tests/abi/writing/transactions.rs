//! Transactions of one handle and between two.

use crate::support::*;

fn pair() -> (TempDb, Db, Db) {
    let file = TempDb::new();
    let (one, two) = (file.open(), file.open());
    one.run("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)");
    one.run("INSERT INTO t VALUES (1, 0)");
    (file, one, two)
}

#[test]
fn commit_keeps_and_rollback_undoes() {
    let db = Db::memory();
    db.run("CREATE TABLE t (id INTEGER)");
    db.begin().unwrap();
    assert!(db.in_transaction());
    db.run("INSERT INTO t VALUES (1)");
    db.commit().unwrap();
    assert!(!db.in_transaction());
    db.begin().unwrap();
    db.run("INSERT INTO t VALUES (2)");
    db.rollback().unwrap();
    assert_eq!(db.count("t"), 1);
}

#[test]
fn time_stands_still_in_a_transaction() {
    let db = Db::memory();
    db.begin().unwrap();
    let begun = db.run("SELECT now()::text");
    // This takes far longer than one microsecond of the clock.
    db.run("SELECT count(*) FROM generate_series(1, 10000)");
    assert_eq!(format!("{:?}", db.run("SELECT now()::text").rows), format!("{:?}", begun.rows));
    db.commit().unwrap();
    assert_ne!(format!("{:?}", db.run("SELECT now()::text").rows), format!("{:?}", begun.rows));
}

#[test]
fn misplaced_control_is_refused() {
    let db = Db::memory();
    assert_eq!(db.commit().unwrap_err().status, TRANSACTION);
    assert_eq!(db.rollback().unwrap_err().sqlstate(), "25000");
    assert_eq!(db.fail("SAVEPOINT s").status, TRANSACTION);
    db.begin().unwrap();
    assert_eq!(db.begin().unwrap_err().status, TRANSACTION);
    assert_eq!(db.fail("ROLLBACK TO nowhere").sqlstate(), "3B001");
    db.rollback().unwrap();
}

#[test]
fn positions_of_commits_rise() {
    let (_file, one, two) = pair();
    let mut last = 0;
    for round in 0..20 {
        let db = if round % 2 == 0 { &one } else { &two };
        db.begin().unwrap();
        db.run("UPDATE t SET n = n + 1");
        let lsn = db.commit().unwrap();
        assert!(lsn > last, "{lsn} after {last}");
        last = lsn;
    }
    one.begin().unwrap();
    one.run("SELECT * FROM t");
    assert_eq!(one.commit().unwrap(), last);
}

#[test]
fn the_snapshot_is_taken_at_begin() {
    let (_file, one, two) = pair();
    one.begin().unwrap();
    two.run("INSERT INTO t VALUES (2, 0)");
    assert_eq!(one.count("t"), 1);
    one.commit().unwrap();
    assert_eq!(one.count("t"), 2);
}

#[test]
fn the_first_committer_wins() {
    let (_file, one, two) = pair();
    one.begin().unwrap();
    two.begin().unwrap();
    two.run("UPDATE t SET n = n + 1");
    two.commit().unwrap();
    let failure = one.fail("UPDATE t SET n = n + 10");
    assert_eq!((failure.status, failure.subcode(), failure.sqlstate()), (TRANSACTION, "transaction.conflict", "40001"));
    assert_eq!(failure.json["retryable"], true);
    assert!(!one.in_transaction());
    assert_eq!(one.commit().unwrap_err().sqlstate(), "25000");
    one.run("UPDATE t SET n = n + 10");
    assert_eq!(two.run("SELECT n FROM t").rows, [[V::Int(11)]]);
}

#[test]
fn concurrent_increments_are_never_lost() {
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)");
    db.run("INSERT INTO t VALUES (1, 0)");
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let file = &file;
            scope.spawn(move || {
                let db = file.open_with("wal_sync_mode=normal");
                for round in 0..50 {
                    if (worker + round) % 2 == 0 {
                        db.run("UPDATE t SET n = n + 1");
                        continue;
                    }
                    loop {
                        db.begin().unwrap();
                        let done = db.execute("UPDATE t SET n = n + 1", &[]).and_then(|_| db.commit());
                        match done {
                            Ok(_) => break,
                            Err(failure) => assert_eq!(failure.subcode(), "transaction.conflict"),
                        }
                    }
                }
            });
        }
    });
    assert_eq!(db.run("SELECT n FROM t").rows, [[V::Int(200)]]);
}

#[test]
fn a_writer_is_waited_for_as_long_as_configured() {
    let file = TempDb::new();
    let one = file.open();
    one.run("CREATE TABLE t (id INTEGER)");
    one.run("BEGIN IMMEDIATE");
    let hasty = file.open_with("process_coordination_timeout_ms=0");
    let failure = hasty.fail("INSERT INTO t VALUES (1)");
    assert_eq!((failure.status, failure.sqlstate()), (BUSY, "55P03"));
    let patient = file.open_with("process_coordination_timeout_ms=50");
    let failure = patient.fail("INSERT INTO t VALUES (1)");
    assert_eq!((failure.status, failure.subcode()), (TIMEOUT, "coordination.lock_timeout"));
    assert_eq!(failure.json["retryable"], true);
    one.rollback().unwrap();
    hasty.run("INSERT INTO t VALUES (1)");
    patient.run("INSERT INTO t VALUES (1)");
}

#[test]
fn a_freed_handle_lets_go_of_the_write_lock() {
    let file = TempDb::new();
    let one = file.open();
    one.run("CREATE TABLE t (id INTEGER)");
    one.run("BEGIN IMMEDIATE");
    one.run("INSERT INTO t VALUES (1)");
    drop(one);
    let two = file.open_with("process_coordination_timeout_ms=0");
    two.run("INSERT INTO t VALUES (2)");
    assert_eq!(two.count("t"), 1);
}

#[test]
fn a_failing_statement_undoes_itself_and_nothing_else() {
    let (_file, one, _two) = pair();
    one.begin().unwrap();
    one.run("INSERT INTO t VALUES (2, 0)");
    assert_eq!(one.fail("INSERT INTO t VALUES (3, 0), (4, 0), (1, 0)").status, CONSTRAINT);
    assert!(one.in_transaction());
    one.run("INSERT INTO t VALUES (5, 0)");
    one.commit().unwrap();
    assert_eq!(one.run("SELECT id FROM t ORDER BY id").rows, [[V::Int(1)], [V::Int(2)], [V::Int(5)]]);
}

#[test]
fn sql_spellings_of_control_are_understood() {
    let db = Db::memory();
    db.run("CREATE TABLE t (id INTEGER)");
    let begins = [
        "BEGIN",
        "BEGIN TRANSACTION",
        "begin deferred",
        "BEGIN IMMEDIATE TRANSACTION",
        "BEGIN EXCLUSIVE;",
        "START TRANSACTION",
        "BEGIN WORK",
        "/* c */ BEGIN",
    ];
    let ends = [
        "COMMIT",
        "END",
        "END TRANSACTION",
        "COMMIT TRANSACTION",
        "COMMIT WORK",
        "ROLLBACK",
        "ROLLBACK TRANSACTION",
        "ROLLBACK WORK",
    ];
    for (begin, end) in begins.iter().zip(ends) {
        db.run(begin);
        assert!(db.in_transaction(), "{begin}");
        db.run("INSERT INTO t VALUES (1)");
        db.run(end);
        assert!(!db.in_transaction(), "{end}");
    }
    assert_eq!(db.count("t"), 5);
}

#[test]
fn savepoints_nest() {
    let db = Db::memory();
    db.run("CREATE TABLE t (id INTEGER)");
    db.begin().unwrap();
    db.run("INSERT INTO t VALUES (1)");
    db.run("SAVEPOINT a");
    db.run("INSERT INTO t VALUES (2)");
    db.run("SAVEPOINT B");
    db.run("INSERT INTO t VALUES (3)");
    db.run("ROLLBACK TO SAVEPOINT b");
    assert_eq!(db.count("t"), 2);
    db.run("ROLLBACK TO a");
    assert_eq!(db.count("t"), 1);
    assert_eq!(db.fail("RELEASE b").sqlstate(), "3B001");
    db.run("RELEASE SAVEPOINT a");
    db.commit().unwrap();
    assert_eq!(db.count("t"), 1);
}

#[test]
fn changes_of_the_schema_are_transactional() {
    let (_file, one, two) = pair();
    one.begin().unwrap();
    one.run("CREATE TABLE fresh (id INTEGER, ok BOOLEAN)");
    one.run("INSERT INTO fresh VALUES (1, true)");
    assert_eq!(one.run("SELECT ok FROM fresh").rows, [[V::Bool(true)]]);
    assert_eq!(two.fail("SELECT * FROM fresh").sqlstate(), "42P01");
    one.rollback().unwrap();
    assert_eq!(one.fail("SELECT * FROM fresh").sqlstate(), "42P01");
    one.begin().unwrap();
    one.run("SAVEPOINT s");
    one.run("CREATE TABLE fresh (name TEXT)");
    one.run("ROLLBACK TO s");
    assert_eq!(one.fail("SELECT * FROM fresh").sqlstate(), "42P01");
    one.run("CREATE TABLE fresh (x FLOAT)");
    one.run("INSERT INTO fresh VALUES (1.5)");
    one.commit().unwrap();
    assert_eq!(two.run("SELECT x FROM fresh").rows, [[V::Float(1.5)]]);
}

/// A connection that shares nothing with the handles, like a connection of another process.
fn stranger(file: &TempDb) -> rusqlite::Connection {
    rusqlite::Connection::open(&file.path).unwrap()
}

#[test]
fn a_writer_outside_the_process_is_waited_for() {
    let (file, one, _two) = pair();
    let stranger = stranger(&file);
    stranger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let hasty = file.open_with("process_coordination_timeout_ms=0");
    assert_eq!(hasty.fail("UPDATE t SET n = 1").status, BUSY);
    let patient = file.open_with("process_coordination_timeout_ms=40");
    assert_eq!(patient.fail("UPDATE t SET n = 1").status, TIMEOUT);
    patient.begin().unwrap();
    assert_eq!(patient.fail("UPDATE t SET n = 1").status, TIMEOUT);
    assert!(patient.in_transaction());
    stranger.execute_batch("ROLLBACK").unwrap();
    patient.run("UPDATE t SET n = 1");
    patient.commit().unwrap();
    assert_eq!(one.run("SELECT n FROM t").rows, [[V::Int(1)]]);
}

#[test]
fn a_commit_outside_the_process_is_a_conflict_too() {
    let (file, one, _two) = pair();
    one.begin().unwrap();
    stranger(&file).execute_batch("UPDATE t SET n = 5").unwrap();
    assert_eq!(one.fail("UPDATE t SET n = 1").subcode(), "transaction.conflict");
    assert!(!one.in_transaction());
    assert_eq!(one.run("SELECT n FROM t").rows, [[V::Int(5)]]);
}

#[test]
fn a_transaction_moves_between_threads() {
    let (_file, one, two) = pair();
    std::thread::scope(|scope| {
        scope.spawn(|| one.run("BEGIN IMMEDIATE"));
    });
    std::thread::scope(|scope| {
        scope.spawn(|| one.run("UPDATE t SET n = 3"));
    });
    one.commit().unwrap();
    two.run("UPDATE t SET n = n + 1");
    assert_eq!(two.run("SELECT n FROM t").rows, [[V::Int(4)]]);
}

#[test]
fn waiting_distinguishes_a_lock_that_keeps_readers_out() {
    let file = TempDb::new();
    file.open().run("CREATE TABLE t (id INTEGER)");
    let stranger = stranger(&file);
    stranger.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE").unwrap();
    let failure = Db::open(file.path(), "process_coordination_timeout_ms=0").err().unwrap();
    assert_eq!((failure.status, failure.subcode()), (BUSY, "busy.writer_lock"), "{failure:?}");
    let failure = Db::open(file.path(), "process_coordination_timeout_ms=30").err().unwrap();
    assert_eq!((failure.status, failure.subcode()), (TIMEOUT, "coordination.lock_timeout"), "{failure:?}");
    drop(stranger);
    assert_eq!(file.open().count("t"), 0);
}
