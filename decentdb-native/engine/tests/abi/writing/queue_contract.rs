//! The contract of the write queue, with exact numbers. Another handle writes while requests pile up, so the test knows
//! which requests run together.

use std::collections::BTreeSet;
use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Mutex;
use std::thread::{scope, yield_now, Scope, ScopedJoinHandle};

use decentdb::testing::abi::*;
use decentdb::testing::c_layout::WriteQueueMetrics;

use crate::support::*;

const DEFAULT: u64 = u64::MAX;
const QUEUE_CLOSED: u32 = 13;

/// A handle whose queued writes wait until [`Blocked::release`].
struct Blocked {
    file: TempDb,
    db: Db,
    other: Db,
}

impl Blocked {
    fn new(options: &str) -> Self {
        let file = TempDb::new();
        let db = file.open_with(options);
        db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, at INTEGER UNIQUE)");
        let other = file.open();
        other.run("BEGIN IMMEDIATE");
        Self { file, db, other }
    }

    /// Sends a request and returns once the request waits in the queue.
    fn send<'s>(&'s self, scope: &'s Scope<'s, '_>, sql: &'s str, at: i64) -> ScopedJoinHandle<'s, Outcome<Rows>> {
        let depth = self.db.metrics().current_depth;
        let params = if sql.contains("$1") { vec![V::Int(at)] } else { Vec::new() };
        let thread = scope.spawn(move || self.db.queued(sql, &params, DEFAULT));
        while self.db.metrics().current_depth == depth {
            yield_now();
        }
        thread
    }

    fn release(&self) {
        self.other.rollback().unwrap();
    }
}

const INSERT: &str = "INSERT INTO t (at) VALUES ($1)";

/// The metrics without the waiting time, which is only asserted to be positive.
fn counted(db: &Db) -> WriteQueueMetrics {
    let metrics = db.metrics();
    assert!(metrics.total_queue_wait_ns > 0);
    WriteQueueMetrics { total_queue_wait_ns: 0, ..metrics }
}

#[test]
fn waiting_requests_share_commits_of_at_most_a_batch_in_the_order_they_came() {
    let blocked = Blocked::new("write_queue_max_batch=4;write_queue_capacity=10");
    assert_eq!(blocked.db.metrics(), WriteQueueMetrics { capacity: 10, ..Default::default() });
    scope(|scope| {
        let all: Vec<_> = (0..10).map(|at| blocked.send(scope, INSERT, 100 - at)).collect();
        assert_eq!(blocked.db.metrics().current_depth, 10);
        blocked.release();
        all.into_iter().for_each(|one| assert_eq!(one.join().unwrap().unwrap().affected, 1));
    });
    let order = blocked.db.run("SELECT at FROM t ORDER BY id").rows;
    assert_eq!(order, (0..10).map(|at| vec![V::Int(100 - at)]).collect::<Vec<_>>());
    let expected = WriteQueueMetrics {
        capacity: 10,
        admitted: 10,
        executed: 10,
        committed: 10,
        group_commit_batches: 3,
        group_commit_syncs: 3,
        group_commit_max_batch: 4,
        group_commit_commits_covered: 10,
        physical_syncs_saved: 7,
        ..Default::default()
    };
    assert_eq!(counted(&blocked.db), expected);
}

#[test]
fn every_request_has_an_outcome_of_its_own() {
    let blocked = Blocked::new("");
    scope(|scope| {
        let returning = blocked.send(scope, "INSERT INTO t (at) VALUES ($1), (8) RETURNING at", 7);
        let duplicate = blocked.send(scope, INSERT, 7);
        let control = blocked.send(scope, "COMMIT", 0);
        let several = blocked.send(scope, "DELETE FROM t; DELETE FROM t", 0);
        let nonsense = blocked.send(scope, "DELETE FROM nowhere", 0);
        let ddl = blocked.send(scope, "CREATE TABLE u (id INTEGER)", 0);
        let uses_ddl = blocked.send(scope, "INSERT INTO u VALUES ($1)", 1);
        let select = blocked.send(scope, "SELECT count(*) FROM t", 0);
        blocked.release();
        assert_eq!(returning.join().unwrap().unwrap().rows, [[V::Int(7)], [V::Int(8)]]);
        assert_eq!(duplicate.join().unwrap().unwrap_err().status, CONSTRAINT);
        assert_eq!(control.join().unwrap().unwrap_err().status, TRANSACTION);
        for refused in [several, nonsense] {
            assert_eq!(refused.join().unwrap().unwrap_err().status, SQL);
        }
        ddl.join().unwrap().unwrap();
        assert_eq!(uses_ddl.join().unwrap().unwrap().affected, 1);
        assert_eq!(select.join().unwrap().unwrap().rows, [[V::Int(2)]]);
    });
    let expected = WriteQueueMetrics {
        capacity: 1024,
        admitted: 8,
        executed: 8,
        committed: 4,
        failed: 4,
        group_commit_batches: 1,
        group_commit_syncs: 1,
        group_commit_max_batch: 4,
        group_commit_commits_covered: 4,
        physical_syncs_saved: 3,
        ..Default::default()
    };
    assert_eq!(counted(&blocked.db), expected);
}

#[test]
fn a_request_that_rolls_everything_back_fails_alone() {
    let blocked = Blocked::new("");
    blocked.release();
    // The dialect has no such trigger; SQLite does the same when a disk is full.
    let trigger = "CREATE TRIGGER boom BEFORE INSERT ON t WHEN new.at = 13 BEGIN SELECT RAISE(ROLLBACK, 'boom'); END";
    rusqlite::Connection::open(&blocked.file.path).unwrap().execute_batch(trigger).unwrap();
    let watch = blocked.db.change_stream("{}").unwrap();
    watch.expect("initial");
    blocked.other.run("BEGIN IMMEDIATE");
    scope(|scope| {
        let all: Vec<_> = [11, 12, 13, 14, 13, 15].map(|at| blocked.send(scope, INSERT, at)).into();
        blocked.release();
        let failed: Vec<bool> = all.into_iter().map(|one| one.join().unwrap().is_err()).collect();
        assert_eq!(failed, [false, false, true, false, true, false]);
    });
    assert_eq!(blocked.db.run("SELECT at FROM t ORDER BY id").rows, [11, 12, 14, 15].map(|at| vec![V::Int(at)]));
    let metrics = counted(&blocked.db);
    assert_eq!((metrics.executed, metrics.committed, metrics.failed, metrics.group_commit_batches), (6, 4, 2, 1));
    assert_eq!(watch.expect("change")["row_changes"].as_array().unwrap().len(), 4);
    watch.expect_none();
}

#[test]
fn without_group_commit_every_request_has_its_own() {
    let blocked = Blocked::new("write_queue_strict_group_commit=false");
    scope(|scope| {
        let all: Vec<_> = (0..3).map(|at| blocked.send(scope, INSERT, at)).collect();
        blocked.release();
        all.into_iter().for_each(|one| drop(one.join().unwrap().unwrap()));
    });
    let metrics = counted(&blocked.db);
    assert_eq!((metrics.group_commit_batches, metrics.group_commit_syncs, metrics.group_commit_max_batch), (3, 3, 1));
    assert_eq!((metrics.group_commit_commits_covered, metrics.physical_syncs_saved), (3, 0));
}

#[test]
fn a_sync_is_counted_only_where_there_is_something_to_sync() {
    let memory = Db::memory();
    memory.queued("CREATE TABLE t (id INTEGER)", &[], DEFAULT).unwrap();
    let file = TempDb::new();
    let normal = file.open_with("wal_sync_mode=normal");
    normal.queued("CREATE TABLE t (id INTEGER)", &[], DEFAULT).unwrap();
    let full = file.open();
    full.queued("SELECT count(*) FROM t", &[], DEFAULT).unwrap();
    full.queued("DELETE FROM t", &[], DEFAULT).unwrap();
    for (db, batches) in [(&memory, 1), (&normal, 1), (&full, 2)] {
        assert_eq!((db.metrics().group_commit_batches, db.metrics().group_commit_syncs), (batches, 0));
    }
    full.queued("INSERT INTO t VALUES (1)", &[], DEFAULT).unwrap();
    assert_eq!((full.metrics().group_commit_batches, full.metrics().group_commit_syncs), (3, 1));
}

#[test]
fn a_request_that_cannot_wait_learns_which_limit_it_hit() {
    let blocked = Blocked::new("write_queue_capacity=2");
    scope(|scope| {
        let first = blocked.send(scope, INSERT, 1);
        // The queue has room, but the request cannot start at once; then the queue has no room in time.
        assert_eq!(blocked.db.queued(INSERT, &[V::Int(2)], 0).unwrap_err().subcode(), "queue.write_timeout");
        assert_eq!(blocked.db.queued(INSERT, &[V::Int(2)], 1).unwrap_err().status, TIMEOUT);
        let second = blocked.send(scope, INSERT, 2);
        assert_eq!(blocked.db.queued(INSERT, &[V::Int(3)], 0).unwrap_err().status, QUEUE_FULL);
        let late = blocked.db.queued(INSERT, &[V::Int(3)], 1).unwrap_err();
        assert!(late.status == TIMEOUT && late.message().contains("admission"), "{late:?}");
        blocked.release();
        first.join().unwrap().unwrap();
        second.join().unwrap().unwrap();
    });
    let expected = WriteQueueMetrics {
        capacity: 2,
        admitted: 4,
        rejected: 1,
        timed_out: 3,
        executed: 2,
        committed: 2,
        group_commit_batches: 1,
        group_commit_syncs: 1,
        group_commit_max_batch: 2,
        group_commit_commits_covered: 2,
        physical_syncs_saved: 1,
        ..Default::default()
    };
    assert_eq!(counted(&blocked.db), expected);
    assert_eq!(blocked.db.count("t"), 2);
}

#[test]
fn the_default_timeout_is_that_of_the_handle() {
    let blocked = Blocked::new("write_queue_default_timeout_ms=5");
    assert_eq!(blocked.db.queued(INSERT, &[V::Int(1)], DEFAULT).unwrap_err().subcode(), "queue.write_timeout");
    blocked.release();
    blocked.db.queued(INSERT, &[V::Int(1)], 60_000).unwrap();
}

#[test]
fn an_executor_does_not_wait_longer_for_its_batch_than_it_may_itself() {
    let db = Db::open(":memory:", "write_queue_max_group_delay_us=3600000000").unwrap();
    db.queued("CREATE TABLE t (id INTEGER)", &[], 0).unwrap();
    db.queued("INSERT INTO t VALUES (1)", &[], 1).unwrap();
    assert_eq!(db.count("t"), 1);
}

#[test]
fn a_timeout_says_that_the_write_never_ran() {
    const WORKERS: i64 = 6;
    const EACH: i64 = 1000;
    let db = Db::memory();
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    let (done, refused) = (Mutex::new(BTreeSet::new()), AtomicU64::new(0));
    let over = AtomicBool::new(false);
    scope(|scope| {
        // Keeps the handle busy, so that executors wait for it while deadlines pass.
        let busy = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                db.run("SELECT count(*) FROM generate_series(1, 2000)");
            }
        });
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let (db, done, refused) = (&db, &done, &refused);
                scope.spawn(move || {
                    for at in 0..EACH {
                        let id = worker * EACH + at;
                        match db.queued("INSERT INTO t VALUES ($1)", &[V::Int(id)], (at % 3) as u64) {
                            Ok(_) => assert!(done.lock().unwrap().insert(id)),
                            Err(failure) => {
                                assert_eq!((failure.status, failure.subcode()), (TIMEOUT, "queue.write_timeout"));
                                refused.fetch_add(1, Ordering::Relaxed);
                            }
                        }
                    }
                })
            })
            .collect();
        workers.into_iter().for_each(|worker| worker.join().unwrap());
        over.store(true, Ordering::Relaxed);
        busy.join().unwrap();
    });
    let there = db.run("SELECT id FROM t ORDER BY id").rows;
    let done = done.into_inner().unwrap();
    assert_eq!(there, done.iter().map(|id| vec![V::Int(*id)]).collect::<Vec<_>>());
    let (metrics, refused) = (db.metrics(), refused.into_inner());
    assert_eq!(
        (metrics.executed, metrics.committed, metrics.timed_out),
        (done.len() as u64, done.len() as u64, refused)
    );
    assert_eq!((metrics.admitted, metrics.rejected, metrics.current_depth), ((WORKERS * EACH) as u64, 0, 0));
}

/// A handle that one thread frees while others use it.
fn free(address: usize) -> u32 {
    let mut handle = address as *mut c_void;
    unsafe { ddb_db_free(&mut handle) }
}

fn queued(address: usize, at: i64) -> Outcome<Rows> {
    ManuallyDrop::new(Db(address as *mut c_void)).queued(INSERT, &[V::Int(at)], DEFAULT)
}

#[test]
fn freeing_the_handle_refuses_waiting_requests() {
    let blocked = ManuallyDrop::new(Blocked::new("write_queue_capacity=4"));
    let address = blocked.db.0 as usize;
    let depth = || blocked.db.metrics().current_depth;
    scope(|scope| {
        let executor = scope.spawn(move || queued(address, 0));
        while depth() < 1 {
            yield_now();
        }
        let waiting: Vec<_> = (1..4).map(|at| scope.spawn(move || queued(address, at))).collect();
        while depth() < 4 {
            yield_now();
        }
        // This request has no room yet. The queue refuses it, whether it waits for room or comes after the end.
        let outside = scope.spawn(move || queued(address, 4));
        assert_eq!(free(address), OK);
        for one in waiting {
            let failure = one.join().unwrap().unwrap_err();
            assert_eq!((failure.status, failure.subcode()), (QUEUE_CLOSED, "queue.closed"));
        }
        assert!(matches!(outside.join().unwrap().unwrap_err().status, QUEUE_CLOSED | SQL));
        blocked.other.rollback().unwrap();
        assert_eq!(executor.join().unwrap().unwrap_err().status, QUEUE_CLOSED);
    });
    assert_eq!(blocked.other.count("t"), 0);
    let Blocked { file, db, other } = ManuallyDrop::into_inner(blocked);
    std::mem::forget(db);
    drop((other, file));
}

#[test]
fn freeing_the_handle_at_any_moment_loses_no_acknowledged_write() {
    for _ in 0..60 {
        let file = TempDb::new();
        let keeper = file.open();
        keeper.run("CREATE TABLE t (id INTEGER PRIMARY KEY, at INTEGER)");
        let db = ManuallyDrop::new(file.open_with("wal_sync_mode=normal"));
        let address = db.0 as usize;
        let acknowledged = AtomicU64::new(0);
        scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| loop {
                    match queued(address, 1) {
                        Ok(_) => acknowledged.fetch_add(1, Ordering::Relaxed),
                        Err(failure) => {
                            assert!(matches!(failure.status, QUEUE_CLOSED | SQL), "{failure:?}");
                            return;
                        }
                    };
                });
            }
            while acknowledged.load(Ordering::Relaxed) < 5 {
                yield_now();
            }
            assert_eq!(free(address), OK);
        });
        assert_eq!(keeper.count("t") as u64, acknowledged.into_inner());
    }
}

#[test]
fn direct_writers_and_the_queue_take_turns() {
    let file = TempDb::new();
    let queue = file.open_with("wal_sync_mode=normal");
    queue.run("CREATE TABLE t (id INTEGER PRIMARY KEY, at INTEGER)");
    let over = AtomicBool::new(false);
    let (direct, queued) = (AtomicU64::new(0), AtomicU64::new(0));
    scope(|scope| {
        for worker in 0..4 {
            let (file, queue, over, direct, queued) = (&file, &queue, &over, &direct, &queued);
            scope.spawn(move || {
                let own = file.open_with("wal_sync_mode=normal");
                while !over.load(Ordering::Relaxed) {
                    if worker % 2 == 0 {
                        own.run("INSERT INTO t (at) VALUES (1)");
                        direct.fetch_add(1, Ordering::Relaxed);
                    } else {
                        queue.queued("INSERT INTO t (at) VALUES (2)", &[], DEFAULT).unwrap();
                        queued.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        // The loop ends only if neither side starves the other.
        while direct.load(Ordering::Relaxed) < 100 || queued.load(Ordering::Relaxed) < 100 {
            yield_now();
        }
        over.store(true, Ordering::Relaxed);
    });
    assert_eq!(queue.count("t") as u64, direct.into_inner() + queued.into_inner());
}
