//! The write queue: group commit, bounds, timeouts, and metrics that add up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Barrier;
use std::time::Duration;

use crate::support::*;

const DEFAULT: u64 = u64::MAX;

fn table(db: &Db) {
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, worker INTEGER)");
}

#[test]
fn many_threads_share_commits_and_lose_nothing() {
    const THREADS: i64 = 64;
    const EACH: i64 = 100;
    let file = TempDb::new();
    let db = file.open_with("wal_sync_mode=full");
    table(&db);
    std::thread::scope(|scope| {
        for worker in 0..THREADS {
            let db = &db;
            scope.spawn(move || {
                for at in 0..EACH {
                    let values = [V::Int(worker * EACH + at), V::Int(worker)];
                    let rows = db.queued("INSERT INTO t VALUES ($1, $2)", &values, DEFAULT).unwrap();
                    assert_eq!(rows.affected, 1);
                }
            });
        }
    });
    let all = (THREADS * EACH) as u64;
    assert_eq!(db.count("t"), THREADS * EACH);
    let metrics = db.metrics();
    assert_eq!((metrics.admitted, metrics.executed, metrics.committed), (all, all, all));
    assert_eq!((metrics.failed, metrics.rejected, metrics.timed_out, metrics.canceled), (0, 0, 0, 0));
    assert_eq!((metrics.capacity, metrics.current_depth), (1024, 0));
    assert_eq!(metrics.group_commit_commits_covered, all);
    assert_eq!(metrics.group_commit_syncs, metrics.group_commit_batches);
    assert_eq!(metrics.physical_syncs_saved, all - metrics.group_commit_syncs);
    assert!(metrics.group_commit_max_batch > 1 && metrics.group_commit_max_batch <= 64);
    assert!(metrics.total_queue_wait_ns > 0);
}

#[test]
fn a_failing_request_is_its_own_failure() {
    let file = TempDb::new();
    let db = file.open_with("write_queue_max_group_delay_us=20000");
    table(&db);
    let failures = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for worker in 0..32 {
            let (db, failures) = (&db, &failures);
            scope.spawn(move || {
                // Two of each key: exactly one of them wins.
                let done = db.queued(
                    "INSERT INTO t VALUES ($1, 0), ($2, 0)",
                    &[V::Int(worker / 2), V::Int(1000 + worker)],
                    DEFAULT,
                );
                if let Err(failure) = done {
                    assert_eq!(failure.subcode(), "constraint.unique");
                    failures.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(failures.load(Ordering::Relaxed), 16);
    assert_eq!(db.count("t"), 32);
    let metrics = db.metrics();
    assert_eq!((metrics.executed, metrics.committed, metrics.failed), (32, 16, 16));
}

#[test]
fn results_of_queued_statements_come_back() {
    let db = Db::memory();
    table(&db);
    let rows = db.queued("INSERT INTO t VALUES (1, 2) RETURNING id, worker", &[], DEFAULT).unwrap();
    assert_eq!(rows.rows, [[V::Int(1), V::Int(2)]]);
    db.queued("CREATE TABLE u (id INTEGER)", &[], DEFAULT).unwrap();
    assert_eq!(db.queued("SELECT count(*) FROM u", &[], DEFAULT).unwrap().rows, [[V::Int(0)]]);
}

#[test]
fn transaction_control_is_refused() {
    let db = Db::memory();
    for sql in ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT s"] {
        assert_eq!(db.queued(sql, &[], DEFAULT).unwrap_err().status, TRANSACTION, "{sql}");
    }
    assert!(!db.in_transaction());
    assert_eq!(db.metrics().failed, 4);
}

#[test]
fn a_handle_with_a_transaction_takes_no_queued_writes() {
    let db = Db::memory();
    table(&db);
    db.begin().unwrap();
    assert_eq!(db.queued("INSERT INTO t VALUES (1, 1)", &[], DEFAULT).unwrap_err().status, TRANSACTION);
    db.commit().unwrap();
    assert_eq!(db.count("t"), 0);
    db.queued("INSERT INTO t VALUES (1, 1)", &[], DEFAULT).unwrap();
}

#[test]
fn timed_out_means_never_executed() {
    let file = TempDb::new();
    let db = file.open();
    table(&db);
    let other = file.open();
    for round in 0..20 {
        other.run("BEGIN IMMEDIATE");
        let barrier = Barrier::new(17);
        let refused = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for worker in 0..16 {
                let (db, barrier, refused) = (&db, &barrier, &refused);
                scope.spawn(move || {
                    barrier.wait();
                    let id = V::Int(round * 100 + worker);
                    match db.queued("INSERT INTO t VALUES ($1, 0)", std::slice::from_ref(&id), (worker % 8) as u64) {
                        Ok(_) => {}
                        Err(failure) => {
                            assert_eq!(failure.status, TIMEOUT, "{failure:?}");
                            assert_eq!(failure.subcode(), "queue.write_timeout");
                            refused.fetch_add(1, Ordering::Relaxed);
                            // The refused request never ran, so its id is still free.
                            db.queued("INSERT INTO t VALUES ($1, 1)", &[id], DEFAULT).unwrap();
                        }
                    }
                });
            }
            barrier.wait();
            std::thread::sleep(Duration::from_millis(round as u64 % 10));
            other.rollback().unwrap();
        });
        assert_eq!(db.count("t"), 16 * (round + 1));
        let again = db.run(&format!("SELECT count(*) FROM t WHERE worker = 1 AND id >= {}", round * 100)).rows;
        assert_eq!(again, [[V::Int(refused.load(Ordering::Relaxed) as i64)]]);
    }
    let metrics = db.metrics();
    assert_eq!(metrics.admitted, metrics.executed + metrics.timed_out);
    assert_eq!((metrics.failed, metrics.committed), (0, 320));
}

#[test]
fn a_full_queue_refuses_requests_that_cannot_wait() {
    let file = TempDb::new();
    let db = file.open_with("write_queue_capacity=2;write_queue_max_batch=1");
    table(&db);
    let other = file.open();
    other.run("BEGIN IMMEDIATE");
    std::thread::scope(|scope| {
        for worker in 0..2 {
            let db = &db;
            scope.spawn(move || db.queued("INSERT INTO t VALUES ($1, 0)", &[V::Int(worker)], DEFAULT).unwrap());
        }
        while db.metrics().current_depth < 2 {
            std::thread::yield_now();
        }
        let full = db.queued("INSERT INTO t VALUES (9, 0)", &[], 0).unwrap_err();
        assert_eq!(full.status, QUEUE_FULL);
        let late = db.queued("INSERT INTO t VALUES (9, 0)", &[], 20).unwrap_err();
        assert_eq!(late.status, TIMEOUT);
        assert_eq!((db.metrics().rejected, db.metrics().timed_out), (1, 1));
        other.rollback().unwrap();
    });
    assert_eq!(db.count("t"), 2);
}

#[test]
fn a_writer_elsewhere_times_requests_out_by_the_lock_timeout() {
    let file = TempDb::new();
    let db = file.open_with("process_coordination_timeout_ms=30");
    table(&db);
    let other = file.open();
    other.run("BEGIN IMMEDIATE");
    let failure = db.queued("INSERT INTO t VALUES (1, 1)", &[], DEFAULT).unwrap_err();
    assert_eq!((failure.status, failure.subcode()), (TIMEOUT, "coordination.lock_timeout"));
    other.rollback().unwrap();
    assert_eq!(db.count("t"), 0);
    db.queued("INSERT INTO t VALUES (1, 1)", &[], DEFAULT).unwrap();
}

#[test]
fn queued_and_direct_writes_of_several_handles_mix() {
    let file = TempDb::new();
    let queued = file.open_with("wal_sync_mode=normal");
    table(&queued);
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let (queued, file) = (&queued, &file);
            scope.spawn(move || {
                let own = file.open_with("wal_sync_mode=normal");
                for at in 0..50 {
                    let values = [V::Int(worker * 50 + at), V::Int(worker)];
                    if worker % 2 == 0 {
                        queued.queued("INSERT INTO t VALUES ($1, $2)", &values, DEFAULT).unwrap();
                    } else {
                        own.execute("INSERT INTO t VALUES ($1, $2)", &values).unwrap();
                    }
                }
            });
        }
    });
    assert_eq!(queued.count("t"), 400);
}
