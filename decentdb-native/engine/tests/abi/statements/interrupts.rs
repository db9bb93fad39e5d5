//! Interrupts: one thread ends the call that a second thread runs on the same handle.

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::support::*;
use decentdb::testing::abi::*;

const ENDLESS: &str = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r";
const ENDLESS_WRITE: &str =
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) INSERT INTO t SELECT count(*) FROM r";
const ENDLESS_UPDATE: &str = "UPDATE t SET n = (WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) \
                              SELECT count(*) FROM r) WHERE n = 1";

#[derive(Clone, Copy)]
struct Handle(*mut c_void);

unsafe impl Send for Handle {}
unsafe impl Sync for Handle {}

impl Handle {
    fn interrupt(self) -> u32 {
        ddb_ext_db_interrupt(self.0)
    }
}

/// Runs `call`, while a second thread interrupts the handle until it ends.
fn interrupted<T>(db: &Db, call: impl FnOnce() -> Outcome<T>) -> Failure {
    let handle = Handle(db.0);
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Acquire) {
                thread::sleep(Duration::from_millis(1));
                assert_eq!(handle.interrupt(), OK);
            }
        });
        let outcome = call();
        ended.store(true, Ordering::Release);
        outcome.map(drop).expect_err("the call was to be interrupted")
    })
}

fn assert_canceled(failure: &Failure) {
    assert_eq!((failure.status, failure.sqlstate(), failure.subcode()), (11, "57014", "sql.canceled"), "{failure:?}");
}

fn table() -> Db {
    let db = Db::memory();
    db.run("CREATE TABLE t (n INT)");
    db.run("INSERT INTO t VALUES (1), (2)");
    db
}

#[test]
fn end_a_query() {
    let db = table();
    assert_canceled(&interrupted(&db, || db.execute(ENDLESS, &[])));
    assert_eq!(db.count("t"), 2);
}

#[test]
fn end_a_prepared_query_that_gives_rows() {
    let db = table();
    let rows = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r";
    let stmt = db.prepare(rows).unwrap();
    assert_canceled(&interrupted(&db, || loop {
        stmt.fetch(false, 100)?;
    } as Outcome<()>));
    stmt.reset();
    assert_eq!(stmt.fetch(false, 2).unwrap(), [[V::Int(1)], [V::Int(2)]]);
}

#[test]
fn end_a_query_that_a_changed_schema_compiles_anew() {
    let file = TempDb::new();
    let (db, other) = (file.open(), file.open());
    db.run("CREATE TABLE t (n INT)");
    db.run("INSERT INTO t VALUES (1)");
    let endless = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r, t";
    let stmt = db.prepare(endless).unwrap();
    other.run("CREATE TABLE u (n INT)");
    assert_canceled(&interrupted(&db, || stmt.fetch(false, 1)));
}

#[test]
fn undo_a_write_outside_a_transaction() {
    let db = table();
    for write in [ENDLESS_WRITE, ENDLESS_UPDATE] {
        assert_canceled(&interrupted(&db, || db.execute(write, &[])));
        assert!(!db.in_transaction());
        assert_eq!(db.count("t WHERE n IN (1, 2)"), 2);
    }
    db.run("INSERT INTO t VALUES (3)");
}

#[test]
fn of_a_query_leave_the_transaction_open() {
    let db = table();
    db.begin().unwrap();
    db.run("INSERT INTO t VALUES (3)");
    assert_canceled(&interrupted(&db, || db.execute(ENDLESS, &[])));
    assert!(db.in_transaction());
    db.commit().unwrap();
    assert_eq!(db.count("t"), 3);
}

#[test]
fn of_a_write_in_a_transaction_roll_it_back_unless_it_is_reported_open() {
    let db = table();
    db.begin().unwrap();
    db.run("INSERT INTO t VALUES (3)");
    // One that comes before the write has begun leaves the transaction open.
    while db.in_transaction() {
        assert_eq!(db.count("t"), 3);
        assert_canceled(&interrupted(&db, || db.execute(ENDLESS_WRITE, &[])));
    }
    assert_eq!(db.count("t"), 2);
    assert_eq!(db.commit().unwrap_err().sqlstate(), "25000");
    db.begin().unwrap();
    db.run("INSERT INTO t VALUES (3)");
    db.commit().unwrap();
    assert_eq!(db.count("t"), 3);
}

#[test]
fn end_a_long_comparison_of_texts() {
    let db = Db::memory();
    let slow = "SELECT repeat('a', 2000000) LIKE '%' || repeat('a', 1000000) || 'b'";
    assert_canceled(&interrupted(&db, || db.execute(slow, &[])));
}

#[test]
fn end_the_wait_for_another_handle() {
    let file = TempDb::new();
    let (writer, db) = (file.open(), file.open_with("process_coordination_timeout_ms=600000"));
    writer.run("CREATE TABLE t (n INT)");
    writer.begin().unwrap();
    writer.run("INSERT INTO t VALUES (1)");
    assert_canceled(&interrupted(&db, || db.execute("INSERT INTO t VALUES (2)", &[])));
    writer.commit().unwrap();
    db.run("INSERT INTO t VALUES (2)");
    assert_eq!(db.count("t"), 2);
}

#[test]
fn of_an_idle_handle_do_nothing() {
    let db = table();
    assert_eq!(Handle(db.0).interrupt(), OK);
    assert_eq!(db.count("t"), 2);
    db.run("INSERT INTO t VALUES (3)");
}

#[test]
fn never_end_a_call_that_begins_after_them() {
    let db = table();
    let handle = Handle(db.0);
    let update = db.prepare("UPDATE t SET n = n + $1 WHERE n < 0").unwrap();
    let mut ended = 0;
    for round in 0..1_000 {
        let outcome = thread::scope(|scope| {
            let interrupter = scope.spawn(|| {
                for _ in 0..round % 50 {
                    std::hint::spin_loop();
                }
                assert_eq!(handle.interrupt(), OK);
            });
            let outcome = match round % 3 {
                0 => db.execute("INSERT INTO t VALUES (9)", &[]).map(drop),
                1 => update.bind(&[V::Int(1)]).and_then(|()| update.affected()).map(drop),
                _ => db.execute("SELECT count(*) FROM t", &[]).map(drop),
            };
            interrupter.join().unwrap();
            outcome
        });
        if let Err(failure) = outcome {
            assert_canceled(&failure);
            ended += 1;
        }
        assert!(!db.in_transaction());
        db.count("t");
        db.run("DELETE FROM t WHERE n = 9");
    }
    assert_eq!(db.count("t"), 2, "{ended} calls were ended");
}
