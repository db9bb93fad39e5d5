//! Compares the engine through its C interface with SQLite's own C interface: the same tables, the same build of
//! SQLite, the same durability (WAL, synchronous = FULL), in alternating rounds of one run. `cargo bench` runs all,
//! `cargo bench -- short` takes a first look, `cargo bench -- range` runs one benchmark.

#![allow(clippy::undocumented_unsafe_blocks)]

mod plain;
#[path = "../../tests/abi/support.rs"]
mod support;

use std::cell::Cell;
use std::hint::black_box;
use std::ptr::{null, null_mut};
use std::thread;
use std::time::{Duration, Instant};

use decentdb::testing::abi::*;
use plain::{GroupCommit, Plain};
use support::*;

const ROWS: i64 = 100_000;
const RANGE: i64 = 1000;
const CALLERS: usize = 64;

const TABLE: &str = "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT, f FLOAT, m INTEGER)";
const LOG: &str = "CREATE TABLE w (id INTEGER PRIMARY KEY, name TEXT)";
/// The dialect never reuses an id. SQLite promises that only with AUTOINCREMENT.
const PLAIN_LOG: &str = "CREATE TABLE w (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT)";
/// SQLite may reuse its ids once the highest row is deleted.
const PLAIN_LOG_WITH_REUSE: &str = "CREATE TABLE r (id INTEGER PRIMARY KEY, name TEXT)";
const POINT: &str = "SELECT id, name, f, m FROM n WHERE id = $1";
const RANGE_OF_1000: &str = "SELECT id, name, f, m FROM n WHERE id >= $1 LIMIT 1000";
const INSERT: &str = "INSERT INTO w (name) VALUES ($1)";
const INSERT_WITH_REUSE: &str = "INSERT INTO r (name) VALUES ($1)";
const DELETE: &str = "DELETE FROM n WHERE id = $1";
const DELETE_LAST: &str = "DELETE FROM w WHERE id = (SELECT max(id) FROM w)";
const EMPTY: &str = "DELETE FROM n";
const NAME: &str = "a name of some length";

/// The warm-up of each side, the length of a round, and the number of rounds that count.
struct Pace {
    warm_up: Duration,
    turn: Duration,
    turns: usize,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let short = arguments.iter().any(|argument| argument == "short");
    let wanted = |what: &str| arguments.iter().filter(|word| *word != "short").all(|word| what == word);
    let pace = if short {
        Pace { warm_up: Duration::from_millis(500), turn: Duration::from_millis(250), turns: 4 }
    } else {
        Pace { warm_up: Duration::from_secs(8), turn: Duration::from_secs(1), turns: 10 }
    };
    let (ours, file) = filled();
    let (theirs, _folder) = plain_filled();
    println!("{:<44} {:>12} {:>12} {:>8}  limit", "operation", "engine/s", "SQLite/s", "time");
    if wanted("point") {
        point_read(&pace, &ours, &theirs);
    }
    if wanted("range") {
        range_read(&pace, &ours, &theirs);
    }
    if wanted("inserts") {
        transaction_of_1000(&pace, &ours, &theirs);
    }
    if wanted("deletes") {
        transaction_of_1000_deletes(&pace, &ours, &theirs);
        emptying(&pace, &ours, &theirs);
        last_rows_that_come_and_go(&pace, &ours, &theirs);
    }
    if wanted("queue") {
        queued(&pace, &file, &theirs);
    }
}

/// Prints the medians of both sides and the time of ours as a multiple of theirs.
fn compare(
    what: &str,
    limit: Option<f64>,
    pace: &Pace,
    mut ours: impl FnMut(Duration) -> f64,
    mut theirs: impl FnMut(Duration) -> f64,
) {
    ours(pace.warm_up);
    theirs(pace.warm_up);
    let turns: Vec<(f64, f64)> = (0..pace.turns).map(|_| (ours(pace.turn), theirs(pace.turn))).collect();
    let ours = median(turns.iter().map(|turn| turn.0));
    let theirs = median(turns.iter().map(|turn| turn.1));
    let ratio = median(turns.iter().map(|turn| turn.1 / turn.0));
    let limit = limit.map_or_else(String::new, |limit| format!("{limit:.2}x"));
    println!("{what:<44} {ours:>12.0} {theirs:>12.0} {ratio:>7.2}x  {limit}");
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0
}

/// Operations per second of `operation` over `spell`.
fn rate(spell: Duration, mut operation: impl FnMut()) -> f64 {
    let begun = Instant::now();
    let mut count = 0u64;
    while begun.elapsed() < spell {
        operation();
        count += 1;
    }
    count as f64 / begun.elapsed().as_secs_f64()
}

/// Keys in an order that is the same for both sides and does not follow the pages of the index.
fn keys() -> impl Fn() -> i64 {
    let at = Cell::new(0u64);
    move || {
        at.set(at.get() + 1);
        (at.get().wrapping_mul(7919) % ROWS as u64) as i64
    }
}

fn filled() -> (Db, TempDb) {
    let file = TempDb::new();
    let db = file.open();
    db.run(TABLE);
    db.run(LOG);
    let insert = db.prepare("INSERT INTO n VALUES ($1, $2, $3, $4)").unwrap();
    db.begin().unwrap();
    for id in 0..ROWS {
        insert.bind(&[V::Int(id), t(&name(id)), V::Float(id as f64), V::Int(-id)]).unwrap();
        insert.affected().unwrap();
    }
    db.commit().unwrap();
    drop(insert);
    (db, file)
}

fn plain_filled() -> (Plain, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let plain = Plain::create(&folder.path().join("plain.db"));
    plain.run(TABLE);
    plain.run(PLAIN_LOG);
    plain.run(PLAIN_LOG_WITH_REUSE);
    plain.run("BEGIN");
    let insert = plain.prepare("INSERT INTO n VALUES ($1, $2, $3, $4)");
    for id in 0..ROWS {
        insert.bind_i64(1, id);
        insert.bind_text(2, &name(id));
        insert.bind_f64(3, id as f64);
        insert.bind_i64(4, -id);
        insert.run();
    }
    drop(insert);
    plain.run("COMMIT");
    (plain, folder)
}

fn name(id: i64) -> String {
    format!("name of number {id:>5}")
}

fn point_read(pace: &Pace, ours: &Db, theirs: &Plain) {
    let statement = ours.prepare(POINT).unwrap();
    let (mut values, mut columns, mut has_row) = (null(), 0, 0);
    let key = keys();
    let ours = |spell| {
        rate(spell, || unsafe {
            let status =
                ddb_stmt_bind_int64_step_row_view(statement.0, 1, key(), &mut values, &mut columns, &mut has_row);
            assert!(status == OK && has_row == 1);
        })
    };
    let statement = theirs.prepare(POINT);
    let key = keys();
    let theirs = |spell| {
        rate(spell, || {
            statement.bind_i64(1, key());
            assert!(statement.step());
            black_box(statement.row());
            statement.reset();
        })
    };
    compare("point read by a prepared statement", Some(1.5), pace, ours, theirs);
}

fn range_read(pace: &Pace, ours: &Db, theirs: &Plain) {
    let statement = ours.prepare(RANGE_OF_1000).unwrap();
    let (mut values, mut rows, mut columns) = (null(), 0, 0);
    let key = keys();
    let ours = |spell| {
        rate(spell, || unsafe {
            assert_eq!(ddb_stmt_bind_int64(statement.0, 1, key() % (ROWS - RANGE)), OK);
            assert_eq!(ddb_stmt_fetch_row_views(statement.0, 0, 1024, &mut values, &mut rows, &mut columns), OK);
            assert_eq!((rows, columns), (RANGE as usize, 4));
        })
    };
    let statement = theirs.prepare(RANGE_OF_1000);
    let key = keys();
    let theirs = |spell| {
        rate(spell, || {
            statement.bind_i64(1, key() % (ROWS - RANGE));
            while statement.step() {
                black_box(statement.row());
            }
            statement.reset();
        })
    };
    compare("range of 1000 rows x 4 columns", Some(1.6), pace, ours, theirs);
}

fn transaction_of_1000(pace: &Pace, ours: &Db, theirs: &Plain) {
    let statement = ours.prepare(INSERT).unwrap();
    let ours = |spell| {
        rate(spell, || unsafe {
            assert_eq!(ddb_db_begin_transaction(ours.0), OK);
            for _ in 0..1000 {
                assert_eq!(ddb_stmt_bind_text(statement.0, 1, NAME.as_ptr().cast(), NAME.len()), OK);
                let mut affected = 0;
                assert_eq!(ddb_stmt_affected_rows(statement.0, &mut affected), OK);
                assert_eq!(affected, 1);
            }
            assert_eq!(ddb_db_commit_transaction(ours.0, null_mut()), OK);
        })
    };
    let plain = |insert: &str| {
        let statement = theirs.prepare(insert);
        move |spell| {
            rate(spell, || {
                theirs.run("BEGIN IMMEDIATE");
                for _ in 0..1000 {
                    statement.bind_text(1, NAME);
                    statement.run();
                }
                theirs.run("COMMIT");
            })
        }
    };
    compare("transaction of 1000 inserts", Some(1.5), pace, ours, plain(INSERT));
    compare("the same, SQLite may give ids again", None, pace, ours, plain(INSERT_WITH_REUSE));
}

/// Runs a transaction of `body` and undoes it.
fn undone(ours: &Db, body: impl Fn()) {
    assert_eq!(ddb_db_begin_transaction(ours.0), OK);
    body();
    assert_eq!(ddb_db_rollback_transaction(ours.0), OK);
}

fn undone_plain(theirs: &Plain, body: impl Fn()) {
    theirs.run("BEGIN IMMEDIATE");
    body();
    theirs.run("ROLLBACK");
}

fn transaction_of_1000_deletes(pace: &Pace, ours: &Db, theirs: &Plain) {
    let statement = ours.prepare(DELETE).unwrap();
    let (key, their_key) = (keys(), keys());
    let ours = |spell| {
        rate(spell, || {
            undone(ours, || {
                for _ in 0..1000 {
                    statement.bind(&[V::Int(key())]).unwrap();
                    assert_eq!(statement.affected().unwrap(), 1);
                }
            })
        })
    };
    let plain = theirs.prepare(DELETE);
    let theirs = |spell| {
        rate(spell, || {
            undone_plain(theirs, || {
                for _ in 0..1000 {
                    plain.bind_i64(1, their_key());
                    plain.run();
                }
            })
        })
    };
    compare("transaction of 1000 deletes by id", None, pace, ours, theirs);
}

fn emptying(pace: &Pace, ours: &Db, theirs: &Plain) {
    let statement = ours.prepare(EMPTY).unwrap();
    let ours = |spell| {
        rate(spell, || {
            undone(ours, || {
                statement.reset();
                assert_eq!(statement.affected().unwrap(), ROWS as u64);
            })
        })
    };
    let plain = theirs.prepare(EMPTY);
    let theirs = |spell| rate(spell, || undone_plain(theirs, || plain.run()));
    compare("deleting all 100000 rows at once", None, pace, ours, theirs);
}

fn last_rows_that_come_and_go(pace: &Pace, ours: &Db, theirs: &Plain) {
    let (insert, delete) = (ours.prepare(INSERT).unwrap(), ours.prepare(DELETE_LAST).unwrap());
    let ours = |spell| {
        rate(spell, || {
            undone(ours, || {
                for _ in 0..1000 {
                    insert.bind(&[t(NAME)]).unwrap();
                    assert_eq!(insert.affected().unwrap(), 1);
                    delete.reset();
                    assert_eq!(delete.affected().unwrap(), 1);
                }
            })
        })
    };
    let (their_insert, their_delete) = (theirs.prepare(INSERT), theirs.prepare(DELETE_LAST));
    let theirs = |spell| {
        rate(spell, || {
            undone_plain(theirs, || {
                for _ in 0..1000 {
                    their_insert.bind_text(1, NAME);
                    their_insert.run();
                    their_delete.run();
                }
            })
        })
    };
    compare("1000 times: insert, delete the last row", None, pace, ours, theirs);
}

fn queued(pace: &Pace, file: &TempDb, theirs: &Plain) {
    let ours = |spell| {
        let db = file.open();
        callers(spell, || {
            db.queued(INSERT, &[t(NAME)], u64::MAX).unwrap();
        })
    };
    let group = GroupCommit::new(theirs, INSERT);
    let theirs = |spell| callers(spell, || group.insert(NAME));
    compare("queued durable insert, 64 callers", Some(1.0 / 0.6), pace, ours, theirs);
}

/// Operations per second of all callers together. Each caller waits for its operation before it starts the next.
fn callers(spell: Duration, operation: impl Fn() + Sync) -> f64 {
    let begun = Instant::now();
    let done: u64 = thread::scope(|scope| {
        let caller = || {
            let mut count = 0;
            while begun.elapsed() < spell {
                operation();
                count += 1;
            }
            count
        };
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(caller)).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).sum()
    });
    done as f64 / begun.elapsed().as_secs_f64()
}
