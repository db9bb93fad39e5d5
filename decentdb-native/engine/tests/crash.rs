//! A process is killed in the middle of its writes, again and again. Acknowledged writes are present, other writes are
//! present as a whole or not at all, and the file is sound. `CRASH_ROUNDS` is the number of kills, 20 by default.
#![allow(clippy::undocumented_unsafe_blocks)]

#[path = "abi/child.rs"]
mod child;
#[path = "abi/support.rs"]
mod support;

use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead, BufReader, Lines};
use std::process::ChildStdout;

use decentdb::testing::abi::*;

use support::*;

const FILE: &str = "DECENTDB_TEST_FILE";
const ROUND: &str = "DECENTDB_TEST_ROUND";
const ACCOUNTS: i64 = 10;
const BALANCE: i64 = 100;
/// Rows a transaction inserts.
const GROUP: i64 = 5;

/// Runs in the child process that is killed. It prints a line for every write that succeeded.
#[test]
fn write_until_killed() {
    let (Ok(path), Ok(round)) = (std::env::var(FILE), std::env::var(ROUND)) else { return };
    let round: i64 = round.parse().unwrap();
    let mode = ["full", "normal", "async_commit:2"][(round % 3) as usize];
    let options = format!("wal_sync_mode={mode};wal_autocheckpoint={}", if round % 2 == 0 { 20 } else { 1000 });
    let open = || Db::open(&path, &options).unwrap();
    let shared = open();
    std::thread::scope(|scope| {
        scope.spawn(|| autocommit(&open(), round));
        scope.spawn(|| transactions(&open(), round));
        for worker in 0..3 {
            let shared = &shared;
            scope.spawn(move || queued(shared, round, worker));
        }
        scope.spawn(|| definitions(&open(), round));
        scope.spawn(|| rows_that_leave(&open()));
    });
}

fn row(db: &Db, kind: &str, round: i64, at: i64) -> Outcome<Rows> {
    let values = [t(kind), V::Int(round), V::Int(at), t(&"payload ".repeat((at % 40) as usize))];
    db.execute("INSERT INTO written (kind, round, n, payload) VALUES ($1, $2, $3, $4)", &values)
}

fn autocommit(db: &Db, round: i64) {
    for at in 0.. {
        row(db, "direct", round, at).unwrap();
        println!("acknowledged direct {at}");
    }
}

fn transactions(db: &Db, round: i64) {
    for at in 0.. {
        db.run("BEGIN IMMEDIATE");
        for each in 0..GROUP {
            row(db, "group", round, at * GROUP + each).unwrap();
        }
        let transfer = "UPDATE accounts SET balance = balance + $1 WHERE id = $2";
        db.execute(transfer, &[V::Int(-1), V::Int(at % ACCOUNTS)]).unwrap();
        db.execute(transfer, &[V::Int(1), V::Int((at + 3) % ACCOUNTS)]).unwrap();
        db.commit().unwrap();
        println!("acknowledged group {at}");
    }
}

fn queued(db: &Db, round: i64, worker: i64) {
    for at in (worker..).step_by(3) {
        let values = [V::Int(round), V::Int(at)];
        let sql = "INSERT INTO written (kind, round, n, payload) VALUES ('queued', $1, $2, 'x')";
        db.queued(sql, &values, u64::MAX).unwrap();
        println!("acknowledged queued {at}");
    }
}

/// Rows that are deleted as soon as their id is known.
fn rows_that_leave(db: &Db) {
    loop {
        let id = db.run("INSERT INTO leaving (name) VALUES ('x') RETURNING id").rows[0][0].clone();
        let V::Int(number) = id else { panic!("{id:?}") };
        println!("acknowledged left {number}");
        db.execute("DELETE FROM leaving WHERE id = $1", &[id]).unwrap();
    }
}

fn definitions(db: &Db, round: i64) {
    for at in 0.. {
        db.run(&format!("CREATE TABLE made_{round}_{at} (id INTEGER PRIMARY KEY, price DECIMAL(10, 2))"));
        println!("acknowledged created {at}");
        if at > 0 {
            db.run(&format!("DROP TABLE made_{round}_{}", at - 1));
            println!("acknowledged dropped {}", at - 1);
        }
        if at % 4 == 3 {
            // The checkpoint may fail while another thread is in a statement.
            let _ = check(ddb_db_checkpoint(db.0));
        }
    }
}

/// The acknowledged writes by kind.
#[derive(Default)]
struct Acknowledged {
    kinds: HashMap<String, BTreeSet<i64>>,
    count: u64,
}

impl Acknowledged {
    /// Reads the next acknowledgement; false at the end.
    fn read(&mut self, lines: &mut Lines<BufReader<ChildStdout>>) -> bool {
        for line in lines.map_while(Result::ok) {
            let Some((_, what)) = line.split_once("acknowledged ") else { continue };
            let (kind, number) = what.split_once(' ').unwrap();
            self.kinds.entry(kind.to_owned()).or_default().insert(number.parse().unwrap());
            self.count += 1;
            return true;
        }
        false
    }

    fn of(&self, kind: &str) -> BTreeSet<i64> {
        self.kinds.get(kind).cloned().unwrap_or_default()
    }
}

fn crash(file: &TempDb, round: i64) -> Acknowledged {
    let round_text = round.to_string();
    let mut command =
        child::command(module_path!(), "write_until_killed", &[(FILE, file.path()), (ROUND, &round_text)]);
    let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Acknowledged::default();
    // Some rounds kill the process before the first acknowledgement.
    while acknowledged.count < (round * 7919 % 97) as u64 {
        assert!(acknowledged.read(&mut lines), "the writer ended by itself");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    while acknowledged.read(&mut lines) {}
    acknowledged
}

fn numbers(db: &Db, kind: &str, round: i64) -> BTreeSet<i64> {
    let rows = db.execute("SELECT n FROM written WHERE kind = $1 AND round = $2", &[t(kind), V::Int(round)]);
    let number = |row: &Vec<V>| match row[0] {
        V::Int(number) => number,
        ref other => panic!("{other:?}"),
    };
    rows.unwrap().rows.iter().map(number).collect()
}

fn verify(db: &Db, round: i64, acknowledged: &Acknowledged) {
    for kind in ["direct", "queued"] {
        let (found, expected) = (numbers(db, kind, round), acknowledged.of(kind));
        let lost: Vec<_> = expected.difference(&found).collect();
        assert!(lost.is_empty(), "round {round}: lost {kind} {lost:?}");
    }
    // These writes run one after the other, so at most one of them is present without an acknowledgement.
    let direct = numbers(db, "direct", round);
    assert!(direct.len() <= acknowledged.of("direct").len() + 1);
    let rows = numbers(db, "group", round);
    let groups: BTreeSet<i64> = rows.iter().map(|row| row / GROUP).collect();
    assert_eq!(rows.len() as i64, groups.len() as i64 * GROUP, "round {round}: half a transaction");
    assert!(acknowledged.of("group").is_subset(&groups), "round {round}: lost a transaction");
    assert_eq!(db.run("SELECT sum(balance) FROM accounts").rows, [[V::Int(ACCOUNTS * BALANCE)]], "round {round}");
    let made = db.run("SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'made%'").rows;
    let made: BTreeSet<String> =
        made.iter().map(|row| if let [V::Text(name)] = &row[..] { name.clone() } else { panic!() }).collect();
    if let Some(last) = acknowledged.of("created").last() {
        assert!(made.contains(&format!("made_{round}_{last}")), "round {round}: lost table {last} of {made:?}");
    }
    for gone in acknowledged.of("dropped") {
        assert!(!made.contains(&format!("made_{round}_{gone}")), "round {round}: table {gone} is back");
    }
    let last = acknowledged.of("left").last().copied().unwrap_or(0);
    let next = db.run("INSERT INTO leaving (name) VALUES ('x') RETURNING id").rows;
    assert!(matches!(next[0][0], V::Int(id) if id > last), "round {round}: {next:?} after {last}");
    for name in made {
        db.run(&format!("INSERT INTO {name} VALUES (1, 1.5)"));
        db.run(&format!("DROP TABLE {name}"));
    }
}

fn sound(file: &TempDb) -> String {
    let plain = rusqlite::Connection::open(&file.path).unwrap();
    plain.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap()
}

#[test]
fn what_was_acknowledged_outlives_the_process_and_nothing_is_there_by_half() {
    let rounds: i64 =
        std::env::var("CRASH_ROUNDS").map_or(20, |rounds| rounds.parse().expect("CRASH_ROUNDS is a number"));
    let file = TempDb::new();
    {
        let db = file.open();
        db.run("CREATE TABLE written (kind TEXT, round INTEGER, n INTEGER, payload TEXT, UNIQUE (kind, round, n))");
        db.run("CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER)");
        db.run("CREATE TABLE leaving (id INTEGER PRIMARY KEY, name TEXT)");
        for id in 0..ACCOUNTS {
            db.execute("INSERT INTO accounts VALUES ($1, $2)", &[V::Int(id), V::Int(BALANCE)]).unwrap();
        }
    }
    let (mut writes, mut rows) = (0, 0);
    for round in 0..rounds {
        let acknowledged = crash(&file, round);
        writes += acknowledged.count;
        let db = file.open();
        verify(&db, round, &acknowledged);
        let earlier = db.execute("SELECT count(*) FROM written WHERE round < $1", &[V::Int(round)]).unwrap();
        assert_eq!(earlier.rows, [[V::Int(rows)]], "round {round}: rows of earlier rounds changed");
        rows = db.count("written");
        drop(db);
        assert_eq!(sound(&file), "ok", "round {round}");
    }
    println!(
        "{rounds} kills, {writes} acknowledged writes, {rows} rows: nothing lost, no partial transaction, every check sound"
    );
}
