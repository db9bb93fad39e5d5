//! Several processes on one file.

#![allow(clippy::undocumented_unsafe_blocks)]

#[path = "abi/child.rs"]
mod child;
#[path = "abi/support.rs"]
mod support;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};

use decentdb::testing::abi::*;
use support::*;

const PATH: &str = "DECENTDB_TEST_PATH";
const SQL_TEXT: &str = "DECENTDB_TEST_SQL";
const OPTIONS: &str = "DECENTDB_TEST_OPTIONS";
const WORKER: &str = "DECENTDB_TEST_WORKER";

/// Runs in a child process: executes the statements of [`SQL_TEXT`].
#[test]
fn run_in_another_process() {
    let (Ok(path), Ok(sql)) = (std::env::var(PATH), std::env::var(SQL_TEXT)) else { return };
    let db = Db::open(&path, "").unwrap();
    for statement in sql.split(';') {
        db.run(statement);
    }
}

fn elsewhere(file: &TempDb, sql: &str) {
    let output = child::command(module_path!(), "run_in_another_process", &[(PATH, file.path()), (SQL_TEXT, sql)])
        .output()
        .unwrap();
    child::succeeded(&output);
}

/// Runs in a child process: executes each line of its input as a statement and prints the outcome.
#[test]
fn serve() {
    let (Ok(path), Ok(options)) = (std::env::var(PATH), std::env::var(OPTIONS)) else { return };
    let db = Db::open(&path, &options).unwrap();
    println!("answer: open");
    for line in std::io::stdin().lines() {
        match db.execute(&line.unwrap(), &[]) {
            Ok(rows) => println!("answer: {:?}", rows.rows),
            Err(failure) => println!("answer: {} {}", failure.status, failure.subcode()),
        }
    }
}

/// A handle in another process.
struct Other {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Other {
    fn start(file: &TempDb, options: &str) -> Other {
        let mut command = child::command(module_path!(), "serve", &[(PATH, file.path()), (OPTIONS, options)]);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut other = Other { child, lines };
        assert_eq!(other.answer(), "open");
        other
    }

    fn answer(&mut self) -> String {
        loop {
            let line = self.lines.next().expect("an answer").unwrap();
            if let Some((_, answer)) = line.split_once("answer: ") {
                return answer.to_owned();
            }
        }
    }

    fn run(&mut self, sql: &str) -> String {
        writeln!(self.child.stdin.as_ref().unwrap(), "{sql}").unwrap();
        self.answer()
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
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
fn a_transaction_that_lost_to_another_process_fails() {
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

#[test]
fn a_snapshot_stays_as_it_is_while_others_commit() {
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE t (a INTEGER)");
    let mut other = Other::start(&file, "");
    other.run("BEGIN");
    for round in 0..10 {
        db.execute("INSERT INTO t VALUES ($1)", &[V::Int(round)]).unwrap();
        assert_eq!(other.run("SELECT count(*) FROM t"), "[[Int(0)]]");
    }
    // The transaction has only read, so it can proceed.
    assert_eq!(other.run("COMMIT"), "[]");
    assert_eq!(other.run("SELECT count(*) FROM t"), "[[Int(10)]]");
}

#[test]
fn the_writer_of_another_process_is_waited_for_as_long_as_configured() {
    let file = TempDb::new();
    file.open().run("CREATE TABLE t (a INTEGER)");
    let mut other = Other::start(&file, "");
    assert_eq!(other.run("BEGIN IMMEDIATE"), "[]");
    let hasty = file.open_with("process_coordination_timeout_ms=0");
    let patient = file.open_with("process_coordination_timeout_ms=40");
    for sql in ["INSERT INTO t VALUES (1)", "CREATE TABLE u (a INTEGER)", "BEGIN IMMEDIATE"] {
        let failure = hasty.fail(sql);
        assert_eq!((failure.status, failure.subcode()), (BUSY, "busy.writer_lock"), "{sql}");
        let failure = patient.fail(sql);
        assert_eq!((failure.status, failure.subcode()), (TIMEOUT, "coordination.lock_timeout"), "{sql}");
    }
    assert_eq!(hasty.queued("INSERT INTO t VALUES (1)", &[], u64::MAX).unwrap_err().status, BUSY);
    assert_eq!(patient.queued("INSERT INTO t VALUES (1)", &[], u64::MAX).unwrap_err().status, TIMEOUT);
    // Readers do not block writers.
    assert_eq!(hasty.count("t"), 0);
    other.run("ROLLBACK");
    hasty.run("INSERT INTO t VALUES (1)");
    assert_eq!(other.run("SELECT a FROM t"), "[[Int(1)]]");
}

#[test]
fn the_writer_lock_of_a_killed_process_is_free() {
    let file = TempDb::new();
    let db = file.open_with("process_coordination_timeout_ms=0");
    db.run("CREATE TABLE t (a INTEGER)");
    for round in 0..5 {
        let mut other = Other::start(&file, "");
        other.run("BEGIN");
        assert_eq!(other.run("INSERT INTO t SELECT value FROM generate_series(1, 5000)"), "[]");
        assert_eq!(db.fail("INSERT INTO t VALUES (0)").status, BUSY);
        other.kill();
        db.run("INSERT INTO t VALUES (0)");
        assert_eq!(db.count("t"), round + 1);
    }
}

const ACCOUNTS: i64 = 8;
const ROUNDS: i64 = 60;

/// Runs in a child process: moves money between accounts and counts the moves.
#[test]
fn move_money() {
    let (Ok(path), Ok(worker)) = (std::env::var(PATH), std::env::var(WORKER)) else { return };
    let worker: i64 = worker.parse().unwrap();
    let db = Db::open(&path, "wal_sync_mode=normal").unwrap();
    for round in 0..ROUNDS {
        let (from, to) = (V::Int((worker + round) % ACCOUNTS), V::Int((worker + round * 5 + 1) % ACCOUNTS));
        let mut conflicts = 0;
        loop {
            db.begin().unwrap();
            let done = (|| {
                let balance = db.execute("SELECT balance FROM accounts WHERE id = $1", std::slice::from_ref(&from))?;
                let V::Int(balance) = balance.rows[0][0] else { panic!("{balance:?}") };
                let params = [V::Int(balance - 1), from.clone()];
                db.execute("UPDATE accounts SET balance = $1 WHERE id = $2", &params)?;
                db.execute("UPDATE accounts SET balance = balance + 1 WHERE id = $1", std::slice::from_ref(&to))?;
                db.commit()
            })();
            match done {
                Ok(_) => break,
                Err(failure) => {
                    assert_eq!((failure.status, failure.sqlstate()), (TRANSACTION, "40001"), "{failure:?}");
                    assert_eq!(failure.json["retryable"], true);
                    assert!(!db.in_transaction());
                    conflicts += 1;
                    assert!(conflicts < 10_000);
                }
            }
        }
        db.run("UPDATE counters SET n = n + 1 WHERE kind = 'direct'");
        db.queued("UPDATE counters SET n = n + 1 WHERE kind = 'queued'", &[], u64::MAX).unwrap();
        assert_eq!(db.run("SELECT sum(balance) FROM accounts").rows, [[V::Int(100 * ACCOUNTS)]]);
    }
}

#[test]
fn processes_lose_no_update_of_each_other() {
    const PROCESSES: i64 = 3;
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER)");
    db.run("CREATE TABLE counters (kind TEXT PRIMARY KEY, n INTEGER)");
    db.run("INSERT INTO counters VALUES ('direct', 0), ('queued', 0)");
    for id in 0..ACCOUNTS {
        db.execute("INSERT INTO accounts VALUES ($1, 100)", &[V::Int(id)]).unwrap();
    }
    let children: Vec<_> = (0..PROCESSES)
        .map(|worker| {
            let worker = worker.to_string();
            child::command(module_path!(), "move_money", &[(PATH, file.path()), (WORKER, &worker)]).spawn().unwrap()
        })
        .collect();
    for child in children {
        child::succeeded(&child.wait_with_output().unwrap());
    }
    assert_eq!(db.run("SELECT sum(balance) FROM accounts").rows, [[V::Int(100 * ACCOUNTS)]]);
    let expected = V::Int(PROCESSES * ROUNDS);
    assert_eq!(
        db.run("SELECT kind, n FROM counters ORDER BY kind").rows,
        [[t("direct"), expected.clone()], [t("queued"), expected]]
    );
}

#[test]
fn an_id_that_another_process_took_away_is_not_given_again() {
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER)");
    let mut other = Other::start(&file, "");
    let insert = "INSERT INTO t (a) VALUES (0) RETURNING id";
    for round in 0..100 {
        assert_eq!(db.run(insert).rows, [[V::Int(2 * round + 1)]]);
        assert_eq!(other.run("DELETE FROM t"), "[]");
        assert_eq!(other.run(insert), format!("[[Int({})]]", 2 * round + 2));
        db.run("DELETE FROM t WHERE id > 1");
    }
}

/// Runs in a child process: opens the file, writes and closes it, again and again.
#[test]
fn come_and_go() {
    let (Ok(path), Ok(worker)) = (std::env::var(PATH), std::env::var(WORKER)) else { return };
    for round in 0..40 {
        let db = Db::open(&path, "wal_sync_mode=normal;wal_autocheckpoint=3").unwrap();
        db.execute("INSERT INTO t (a) VALUES ($1)", &[V::Int(worker.parse().unwrap())]).unwrap();
        if round % 3 == 0 {
            // Another process may be reading.
            let _ = check(ddb_db_checkpoint(db.0));
        }
    }
}

#[test]
fn the_log_of_a_file_is_never_taken_for_another_while_processes_come_and_go() {
    const PROCESSES: i64 = 4;
    let file = TempDb::new();
    file.open().run("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER)");
    let start = |worker: i64| {
        let worker = worker.to_string();
        child::command(module_path!(), "come_and_go", &[(PATH, file.path()), (WORKER, &worker)]).spawn().unwrap()
    };
    let children: Vec<_> = (0..PROCESSES).map(start).collect();
    for child in children {
        child::succeeded(&child.wait_with_output().unwrap());
    }
    assert_eq!(file.open().count("t"), PROCESSES * 40);
}

#[test]
fn commits_acknowledged_before_their_sync_are_seen_and_kept() {
    let file = TempDb::new();
    file.open().run("CREATE TABLE t (a INTEGER)");
    for round in 0..3 {
        let mut other = Other::start(&file, "wal_sync_mode=async_commit:1");
        assert_eq!(other.run("INSERT INTO t VALUES (1)"), "[]");
        assert_eq!(file.open().count("t"), round + 1);
        other.kill();
        assert_eq!(file.open().count("t"), round + 1);
    }
}
