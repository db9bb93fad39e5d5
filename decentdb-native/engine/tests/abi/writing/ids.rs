//! No id is given twice, whatever became of the row that had it.

use std::collections::BTreeSet;

use crate::support::*;

const TABLE: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)";

fn number(cell: &V) -> i64 {
    match cell {
        V::Int(number) => *number,
        other => panic!("{other:?}"),
    }
}

/// The first column of what `sql` gives.
fn numbers(db: &Db, sql: &str) -> Vec<i64> {
    db.run(sql).rows.iter().map(|row| number(&row[0])).collect()
}

fn next(db: &Db) -> i64 {
    numbers(db, "INSERT INTO t (name) VALUES ('next') RETURNING id")[0]
}

/// A table with the rows 1 to 5.
fn five() -> Db {
    let db = Db::memory();
    db.run(TABLE);
    db.run("INSERT INTO t (name) VALUES ('a'), ('b'), ('c'), ('d'), ('e')");
    db
}

fn action(sql: &str) -> String {
    format!("FOR EACH ROW EXECUTE FUNCTION decentdb_exec_sql('{}')", sql.replace('\'', "''"))
}

#[test]
fn the_id_of_a_row_that_left_is_not_given_again() {
    for leaves in [
        "DELETE FROM t WHERE id = 5",
        "DELETE FROM t WHERE id > 2",
        "DELETE FROM t",
        "DELETE FROM t RETURNING id",
        "WITH old AS (SELECT 5 AS id) DELETE FROM t WHERE id IN (SELECT id FROM old)",
        "TRUNCATE t",
        "TRUNCATE t CONTINUE IDENTITY",
        "UPDATE t SET id = -5 WHERE id = 5",
        "UPDATE t SET (id, name) = (0, 'moved') WHERE id = 5",
        "INSERT INTO t VALUES (5, 'e') ON CONFLICT (id) DO UPDATE SET id = -1",
    ] {
        let db = five();
        db.run(leaves);
        assert_eq!(next(&db), 6, "{leaves}");
        assert_eq!(next(&db), 7, "{leaves}");
    }
}

#[test]
fn every_form_of_insert_knows_the_ids_of_rows_that_left() {
    for insert in [
        "INSERT INTO t (name) VALUES ('a'), ('b')",
        "INSERT INTO t VALUES (NULL, 'a'), (NULL, 'b')",
        "INSERT INTO t (name, id) VALUES ('a', DEFAULT), ('b', DEFAULT)",
        "INSERT INTO t (name) SELECT 'x' FROM generate_series(1, 2)",
        "INSERT INTO t AS own (name) VALUES ('a'), ('b') ON CONFLICT DO NOTHING",
        "WITH two AS (SELECT 'x' AS n FROM generate_series(1, 2)) INSERT INTO t (name) SELECT n FROM two",
    ] {
        let db = five();
        db.run("DELETE FROM t WHERE id > 3");
        db.run(insert);
        assert_eq!(numbers(&db, "SELECT id FROM t WHERE id > 3"), [6, 7], "{insert}");
    }
    let db = five();
    db.run("DELETE FROM t");
    db.run("INSERT INTO t DEFAULT VALUES");
    let insert = db.prepare("INSERT INTO t (id, name) VALUES ($1, $2)").unwrap();
    insert.bind(&[V::Null, t("bound")]).unwrap();
    insert.affected().unwrap();
    db.queued("INSERT INTO t (name) VALUES ('queued')", &[], u64::MAX).unwrap();
    assert_eq!(numbers(&db, "SELECT id FROM t"), [6, 7, 8]);
}

#[test]
fn rows_of_an_ordered_query_are_numbered_in_that_order() {
    let db = five();
    db.run("DELETE FROM t WHERE id = 5");
    db.run("INSERT INTO t (name) SELECT name FROM t ORDER BY name DESC");
    let names = db.run("SELECT name FROM t WHERE id > 5 ORDER BY id").rows;
    assert_eq!(names, [[t("d")], [t("c")], [t("b")], [t("a")]]);
}

#[test]
fn a_deletion_that_was_undone_keeps_nothing() {
    let db = five();
    db.begin().unwrap();
    assert_eq!(next(&db), 6);
    db.run("DELETE FROM t WHERE id = 6");
    db.rollback().unwrap();
    assert_eq!(next(&db), 6);
    db.begin().unwrap();
    db.run("DELETE FROM t WHERE id = 6");
    db.run("SAVEPOINT a");
    assert_eq!(next(&db), 7);
    db.run("DELETE FROM t WHERE id = 7");
    db.run("ROLLBACK TO SAVEPOINT a");
    assert_eq!(next(&db), 7);
    db.commit().unwrap();
    assert_eq!(next(&db), 8);
}

#[test]
fn a_chosen_id_counts_as_given() {
    let db = five();
    db.run("INSERT INTO t VALUES (100, 'chosen')");
    db.run("DELETE FROM t WHERE id = 100");
    db.run("INSERT INTO t VALUES (NULL, 'a'), (200, 'b'), (NULL, 'c')");
    assert_eq!(numbers(&db, "SELECT id FROM t WHERE id > 5"), [101, 200, 201]);
    db.run("UPDATE t SET id = 300 WHERE id = 201");
    db.run("UPDATE t SET id = 3000 - id WHERE id = 300");
    db.run("DELETE FROM t WHERE id > 5");
    assert_eq!(next(&db), 2701);
}

#[test]
fn ids_begin_at_one_beside_negative_ones() {
    for chosen in ["VALUES (-7, 'x')", "VALUES (-7, 'x'), (-8, 'y')", "SELECT -7, 'x'"] {
        let db = Db::memory();
        db.run(TABLE);
        db.run(&format!("INSERT INTO t {chosen}"));
        assert_eq!(next(&db), 1, "{chosen}");
    }
    let db = five();
    db.run("UPDATE t SET id = -id");
    assert_eq!(next(&db), 6);
}

#[test]
fn after_the_largest_id_there_is_none() {
    for chosen in [
        "INSERT INTO t VALUES (9223372036854775807, 'x')",
        "INSERT INTO t VALUES (9223372036854775807, 'x'), (7, 'y')",
        "INSERT INTO t SELECT 9223372036854775807, 'x'",
        "UPDATE t SET id = 9223372036854775807 WHERE id = 5",
    ] {
        let db = five();
        db.run(chosen);
        let insert = "INSERT INTO t (name) VALUES ('none')";
        assert_eq!(db.fail(insert).sqlstate(), "2200H", "{chosen}");
        db.run("DELETE FROM t WHERE id > 5");
        assert_eq!(db.fail(insert).sqlstate(), "2200H", "{chosen}");
        db.run("INSERT INTO t VALUES (6, 'still possible')");
        db.run("TRUNCATE t RESTART IDENTITY");
        assert_eq!(next(&db), 1);
    }
}

#[test]
fn a_changed_table_keeps_them_and_a_new_one_begins_anew() {
    let db = five();
    db.run("DELETE FROM t WHERE id > 2");
    db.run("ALTER TABLE t ADD CONSTRAINT named CHECK (name <> '')");
    db.run("ALTER TABLE t ADD COLUMN more TEXT");
    db.run("ALTER TABLE t RENAME TO u");
    db.run("ALTER TABLE u RENAME COLUMN id TO key");
    db.run("ALTER TABLE u RENAME TO t");
    assert_eq!(numbers(&db, "INSERT INTO t (name) VALUES ('next') RETURNING key"), [6]);
    db.run("DELETE FROM t");
    db.run("DROP TABLE t");
    db.run(TABLE);
    assert_eq!(next(&db), 1);
    db.run("DELETE FROM t");
    db.run("TRUNCATE t RESTART IDENTITY");
    assert_eq!(next(&db), 1);
}

#[test]
fn triggers_and_cascades_take_and_give_ids_too() {
    let db = five();
    db.run("CREATE TABLE c (id INTEGER PRIMARY KEY, t INTEGER REFERENCES t (id) ON DELETE CASCADE)");
    db.run("INSERT INTO c (t) VALUES (1), (2), (5)");
    db.run("DELETE FROM t WHERE id = 5");
    assert_eq!(numbers(&db, "INSERT INTO c (t) VALUES (1) RETURNING id"), [4]);
    db.run("CREATE TABLE log (id INTEGER PRIMARY KEY, n INTEGER)");
    db.run(&format!("CREATE TRIGGER logs AFTER INSERT ON t {}", action("INSERT INTO log (n) VALUES (1)")));
    db.run("INSERT INTO t (name) VALUES ('a'), ('b')");
    db.run("DELETE FROM log");
    db.run("INSERT INTO t (name) VALUES ('c'), ('d')");
    assert_eq!(numbers(&db, "SELECT id FROM log"), [3, 4]);
    db.run(&format!("CREATE TRIGGER at_once AFTER INSERT ON log {}", action("DELETE FROM log")));
    db.run("INSERT INTO t (name) VALUES ('e'), ('f')");
    db.run("DROP TRIGGER at_once ON log");
    db.run("INSERT INTO t (name) VALUES ('g')");
    assert_eq!(numbers(&db, "SELECT id FROM log"), [7]);
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % sides
    }
}

/// All ids that were ever given.
#[derive(Clone, Default)]
struct Given {
    /// Those of `t`.
    ids: BTreeSet<i64>,
    /// Those of `log` that outlived their statement.
    logged: BTreeSet<i64>,
}

/// A file with several handles, and the ids that were given, as they would be after a rollback to any open savepoint.
struct History {
    file: TempDb,
    handles: Vec<Db>,
    dice: Dice,
    given: Vec<Given>,
    /// The handle with an open transaction.
    open: Option<usize>,
    log: Vec<String>,
}

impl History {
    fn new(seed: u64) -> History {
        let file = TempDb::new();
        let handles = vec![file.open(), file.open()];
        let db = &handles[0];
        db.run(TABLE);
        db.run("CREATE TABLE log (id INTEGER PRIMARY KEY, n INTEGER)");
        if seed % 2 == 1 {
            db.run(&format!("CREATE TRIGGER logs AFTER INSERT ON t {}", action("INSERT INTO log (n) VALUES (1)")));
            let some = action("DELETE FROM log WHERE id % 3 = 0");
            db.run(&format!("CREATE TRIGGER some_at_once AFTER INSERT ON log {some}"));
        }
        History { file, handles, dice: Dice(seed), given: vec![Given::default()], open: None, log: Vec::new() }
    }

    /// The handle of the next statement.
    fn db(&mut self) -> usize {
        match self.open {
            Some(at) => at,
            None => self.dice.roll(2) as usize,
        }
    }

    fn given(&mut self) -> &mut BTreeSet<i64> {
        &mut self.given.last_mut().unwrap().ids
    }

    /// Checks that the ids of `log` that came with a statement are above all that were there.
    fn look_at_log(&mut self) {
        let at = self.db();
        let live: BTreeSet<i64> = numbers(&self.handles[at], "SELECT id FROM log").into_iter().collect();
        let logged = &mut self.given.last_mut().unwrap().logged;
        let last = logged.last().copied().unwrap_or(0);
        let again: Vec<_> = live.difference(logged).filter(|id| **id <= last).collect();
        assert!(again.is_empty(), "{again:?} were given before\n{}", self.log.join("\n"));
        logged.extend(live);
    }

    fn run(&mut self, at: usize, sql: &str) -> Rows {
        self.log.push(format!("{at}: {sql}"));
        match self.handles[at].execute(sql, &[]) {
            Ok(rows) => rows,
            Err(failure) => panic!("{failure:?}\n{}", self.log.join("\n")),
        }
    }

    /// Runs an insert that returns its ids, of which none was given before unless it is `chosen`.
    fn insert(&mut self, sql: &str, chosen: Option<i64>) {
        let at = self.db();
        let ids: Vec<i64> = self.run(at, sql).rows.iter().map(|row| number(&row[0])).collect();
        let log = self.log.join("\n");
        for id in ids {
            let new = id > self.given().last().copied().unwrap_or(0);
            assert!(new || chosen == Some(id), "{id} was given before\n{log}");
            self.given().insert(id);
        }
    }

    fn step(&mut self) {
        let (some, few) = (self.dice.roll(40) as i64, self.dice.roll(3) + 1);
        let highest = self.given().last().copied().unwrap_or(0);
        let at = self.db();
        match self.dice.roll(26) {
            0..=3 => self.insert("INSERT INTO t (name) VALUES ('a') RETURNING id", None),
            4 => self.insert("INSERT INTO t (name) VALUES ('a'), ('b') RETURNING id", None),
            5 => self
                .insert(&format!("INSERT INTO t (name) SELECT 'x' FROM generate_series(1, {few}) RETURNING id"), None),
            6 => {
                let id = highest + few as i64;
                self.insert(&format!("INSERT INTO t VALUES ({id}, 'chosen') RETURNING id"), Some(id));
            }
            7 => drop(self.run(at, "DELETE FROM t WHERE id = (SELECT max(id) FROM t)")),
            8 => drop(self.run(at, &format!("DELETE FROM t WHERE id > {}", highest - some % 5))),
            9 => drop(self.run(at, &format!("DELETE FROM t WHERE id = {some}"))),
            10 => drop(self.run(at, ["DELETE FROM t", "TRUNCATE t"][some as usize % 2])),
            11 => {
                let to = highest + some + 1;
                let moved = format!("UPDATE t SET id = {to} WHERE id = (SELECT max(id) FROM t)");
                if self.run(at, &moved).affected > 0 {
                    self.given().insert(to);
                }
            }
            12 => drop(self.run(at, "UPDATE t SET id = -id WHERE id = (SELECT max(id) FROM t WHERE id > 0)")),
            13..=14 if self.open.is_none() => {
                self.run(at, ["BEGIN", "BEGIN IMMEDIATE"][some as usize % 2]);
                self.open = Some(at);
                self.given.push(self.given.last().unwrap().clone());
            }
            15 if self.open.is_some() => {
                self.run(at, "SAVEPOINT s");
                self.given.push(self.given.last().unwrap().clone());
            }
            16 if self.given.len() > 2 => {
                self.run(at, "ROLLBACK TO SAVEPOINT s");
                self.given.pop();
                self.given.push(self.given.last().unwrap().clone());
            }
            17 if self.open.is_some() => {
                self.run(at, "ROLLBACK");
                self.open = None;
                self.given.truncate(1);
            }
            18..=19 if self.open.is_some() => {
                self.run(at, "COMMIT");
                self.open = None;
                self.given = vec![self.given.pop().unwrap()];
            }
            20 if self.open.is_none() => {
                self.handles[at] = self.file.open();
                if some % 4 == 0 {
                    self.handles.clear();
                    self.handles = vec![self.file.open(), self.file.open()];
                }
            }
            21 => {
                let twice = "INSERT INTO t (id, name) VALUES (NULL, 'a'), (-99, 'b'), (-99, 'c')";
                assert_eq!(self.handles[at].fail(twice).sqlstate(), "23505");
            }
            22 => {
                let to = highest + few as i64;
                let moved = format!("ON CONFLICT (id) DO UPDATE SET id = {to}");
                let ids = self.run(at, &format!("INSERT INTO t VALUES ({some}, 'chosen') {moved} RETURNING id"));
                self.given().insert(number(&ids.rows[0][0]));
            }
            23 => drop(self.run(at, ["DELETE FROM log", "TRUNCATE log"][some as usize % 2])),
            24 => drop(self.run(at, "DELETE FROM log WHERE id = (SELECT max(id) FROM log)")),
            25 if self.open.is_none() => {
                let queued = self.handles[at].queued("INSERT INTO t (name) VALUES ('q') RETURNING id", &[], u64::MAX);
                let id = number(&queued.unwrap().rows[0][0]);
                assert!(id > highest, "{id} was given before\n{}", self.log.join("\n"));
                self.given().insert(id);
            }
            _ => {}
        }
    }
}

#[test]
fn no_history_gives_an_id_twice() {
    for seed in 0..60 {
        let mut history = History::new(seed);
        for _ in 0..150 {
            history.step();
            history.look_at_log();
        }
    }
}
