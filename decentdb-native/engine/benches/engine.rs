//! Rough figures of the engine through its C interface beside a plain rusqlite loop: `cargo bench`.

#![allow(clippy::undocumented_unsafe_blocks)]

#[path = "../tests/abi/mod.rs"]
mod abi;

use std::hint::black_box;
use std::time::{Duration, Instant};

use abi::*;
use decentdb::abi::*;

const ROWS: i64 = 100_000;
const SPELL: Duration = Duration::from_secs(2);

/// Operations per second of `operation`, which is given a counter.
fn rate(mut operation: impl FnMut(u64)) -> f64 {
    for at in 0..1000 {
        operation(at);
    }
    let begun = Instant::now();
    let mut count = 0;
    while begun.elapsed() < SPELL {
        for _ in 0..16 {
            operation(count);
            count += 1;
        }
    }
    count as f64 / begun.elapsed().as_secs_f64()
}

fn key(at: u64) -> i64 {
    (at.wrapping_mul(7919) % ROWS as u64) as i64
}

fn report(what: &str, rate: f64) {
    println!("{what:<50} {rate:>12.0} /s  {:>10.2} us", 1e6 / rate);
}

fn main() {
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT, f FLOAT, m INTEGER)");
    let insert = db.prepare("INSERT INTO n VALUES ($1, $2, $3, $4)").unwrap();
    db.begin().unwrap();
    for id in 0..ROWS {
        insert.bind(&[V::Int(id), t(&format!("name of number {id:>5}")), V::Float(id as f64), V::Int(-id)]).unwrap();
        insert.affected().unwrap();
    }
    db.commit().unwrap();
    drop(insert);

    reads(&db);
    plain_reads(&file);
    writes(&db);
    queued(&file);
}

fn reads(db: &Db) {
    let point = db.prepare("SELECT id, name, f, m FROM n WHERE id = $1").unwrap();
    let (mut values, mut columns, mut has_row) = (std::ptr::null(), 0, 0);
    let found = rate(|at| {
        let status =
            unsafe { ddb_stmt_bind_int64_step_row_view(point.0, 1, key(at), &mut values, &mut columns, &mut has_row) };
        assert!(status == OK && has_row == 1);
    });
    report("point read, one call (bind + step + row view)", found);
    let mut rows = 0;
    let found = rate(|at| unsafe {
        assert_eq!(ddb_stmt_bind_int64(point.0, 1, key(at)), OK);
        assert_eq!(ddb_stmt_fetch_row_views(point.0, 0, 256, &mut values, &mut rows, &mut columns), OK);
        assert_eq!(rows, 1);
    });
    report("point read, two calls (bind, fetch)", found);
    drop(point);
    let found = rate(|at| drop(black_box(db.execute("SELECT name FROM n WHERE id = $1", &[V::Int(key(at))]))));
    report("point read, ddb_db_execute and result copied", found);
    let range = db.prepare("SELECT id, name, f, m FROM n WHERE id >= $1 LIMIT 1000").unwrap();
    let found = rate(|at| unsafe {
        assert_eq!(ddb_stmt_bind_int64(range.0, 1, key(at) % (ROWS - 1000)), OK);
        assert_eq!(ddb_stmt_fetch_row_views(range.0, 0, 1024, &mut values, &mut rows, &mut columns), OK);
        assert_eq!((rows, columns), (1000, 4));
    });
    report("1000 rows x 4 columns as views", found);
}

fn plain_reads(file: &TempDb) {
    let plain = rusqlite::Connection::open(&file.path).unwrap();
    let read = |row: &rusqlite::Row<'_>| {
        let name = row.get_ref(1)?.as_str()?.len();
        black_box((row.get::<_, i64>(0)?, name, row.get::<_, f64>(2)?, row.get::<_, i64>(3)?));
        Ok(())
    };
    let mut point = plain.prepare("SELECT id, name, f, m FROM n WHERE id = ?1").unwrap();
    report("rusqlite: point read", rate(|at| point.query_row([key(at)], read).unwrap()));
    let mut range = plain.prepare("SELECT id, name, f, m FROM n WHERE id >= ?1 LIMIT 1000").unwrap();
    let found = rate(|at| {
        let mut rows = range.query([key(at) % (ROWS - 1000)]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            read(row).unwrap();
        }
    });
    report("rusqlite: 1000 rows x 4 columns read", found);
}

fn writes(db: &Db) {
    db.run("CREATE TABLE w (id INTEGER PRIMARY KEY, name TEXT)");
    let insert = db.prepare("INSERT INTO w (name) VALUES ($1)").unwrap();
    let found = rate(|_| {
        insert.bind(&[t("a name of some length")]).unwrap();
        insert.affected().unwrap();
    });
    report("autocommitted insert, synchronous=FULL", found);
    let batch = db.prepare("INSERT INTO w (id) VALUES ($1)").unwrap();
    let mut next = 1_000_000_000;
    let mut ids = vec![0; 1000];
    let begun = Instant::now();
    let mut count = 0;
    while begun.elapsed() < SPELL {
        ids.fill_with(|| {
            next += 1;
            next
        });
        check(unsafe { ddb_stmt_execute_batch_i64(batch.0, ids.len(), ids.as_ptr(), std::ptr::null_mut()) }).unwrap();
        count += 1;
    }
    report("batch of 1000 inserts, synchronous=FULL", f64::from(count) / begun.elapsed().as_secs_f64());
}

fn queued(file: &TempDb) {
    for threads in [1, 4, 16, 64] {
        let db = file.open();
        let begun = Instant::now();
        let all: u64 = std::thread::scope(|scope| {
            let insert = || {
                let mut count = 0;
                while begun.elapsed() < SPELL {
                    let values = [t("a name of some length")];
                    db.queued("INSERT INTO w (name) VALUES ($1)", &values, u64::MAX).unwrap();
                    count += 1;
                }
                count
            };
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(insert)).collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).sum()
        });
        let rate = all as f64 / begun.elapsed().as_secs_f64();
        report(&format!("queued insert, {threads} threads, synchronous=FULL"), rate);
        let metrics = db.metrics();
        let mean = metrics.group_commit_commits_covered as f64 / metrics.group_commit_batches as f64;
        println!("{:50} mean batch {mean:.1}, largest {}", "", metrics.group_commit_max_batch);
    }
}
