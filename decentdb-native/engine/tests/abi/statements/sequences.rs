//! Sequences across handles, transactions and watches.

use crate::support::*;

fn value(db: &Db, sql: &str) -> i64 {
    match db.run(sql).rows.as_slice() {
        [row] => match row.as_slice() {
            [V::Int(number)] => *number,
            other => panic!("{sql}: {other:?}"),
        },
        other => panic!("{sql}: {other:?}"),
    }
}

#[test]
fn a_value_is_given_once_among_handles_and_after_opening_again() {
    let database = TempDb::new();
    {
        let (first, second) = (database.open(), database.open());
        first.run("CREATE SEQUENCE s START WITH 10");
        assert_eq!(value(&first, "SELECT nextval('s')"), 10);
        assert_eq!(value(&second, "SELECT nextval('s')"), 11);
        first.begin().unwrap();
        assert_eq!(value(&first, "SELECT nextval('s')"), 12);
        first.rollback().unwrap();
        assert_eq!(value(&second, "SELECT nextval('s')"), 12);
    }
    assert_eq!(value(&database.open(), "SELECT nextval('s')"), 13);
}

#[test]
fn a_prepared_statement_takes_a_value_with_each_execution() {
    let db = Db::memory();
    db.run("CREATE SEQUENCE s");
    let next = db.prepare("SELECT nextval('s') + $1").unwrap();
    for expected in [101, 102, 103] {
        next.bind(&[V::Int(100)]).unwrap();
        assert!(next.step().unwrap());
        assert_eq!(next.row().unwrap(), [V::Int(expected)]);
        assert!(!next.step().unwrap());
        next.reset();
    }
}

#[test]
fn the_present_value_belongs_to_the_transaction_that_took_it() {
    let database = TempDb::new();
    let (first, second) = (database.open(), database.open());
    first.run("CREATE SEQUENCE s");
    assert_eq!(value(&first, "SELECT nextval('s')"), 1);
    for sql in ["SELECT currval('s')", "SELECT lastval()"] {
        assert_eq!(first.fail(sql).sqlstate(), "55000", "{sql}");
    }
    first.begin().unwrap();
    first.run("SELECT nextval('s'), setval('s', 41), nextval('s')");
    assert_eq!(value(&first, "SELECT currval('s')"), 42);
    assert_eq!(second.fail("SELECT currval('s')").sqlstate(), "55000");
    first.commit().unwrap();
    assert_eq!(first.fail("SELECT lastval()").sqlstate(), "55000");
}

#[test]
fn a_default_fills_the_rows_of_every_kind_of_insert() {
    let db = Db::memory();
    db.run("CREATE SEQUENCE s INCREMENT BY 10");
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, n BIGINT NOT NULL DEFAULT nextval('s'))");
    db.run("INSERT INTO t DEFAULT VALUES");
    db.run("INSERT INTO t (id) VALUES (5), (6) ON CONFLICT DO NOTHING");
    db.run("INSERT INTO t (id) SELECT id + 10 FROM t");
    db.run("CREATE TABLE log (id INTEGER)");
    db.run("CREATE TRIGGER tr AFTER INSERT ON log FOR EACH ROW EXECUTE FUNCTION decentdb_exec_sql('INSERT INTO t (id) VALUES (100)')");
    db.run("INSERT INTO log VALUES (1)");
    assert_eq!(value(&db, "SELECT n FROM t WHERE id = 100"), 61);
    assert_eq!(db.count("t"), 7);
    assert_eq!(value(&db, "SELECT COUNT(DISTINCT n) FROM t"), 7);
}

#[test]
fn a_default_gives_ids_too() {
    let db = Db::memory();
    db.run("CREATE SEQUENCE s START WITH 100 INCREMENT BY 10");
    db.run("CREATE TABLE t (id BIGINT PRIMARY KEY DEFAULT nextval('s'), v TEXT)");
    let id = |sql: &str| value(&db, &format!("{sql} RETURNING id"));
    assert_eq!(id("INSERT INTO t (v) VALUES ('a')"), 100);
    assert_eq!(id("INSERT INTO t DEFAULT VALUES"), 110);
    assert_eq!(id("INSERT INTO t VALUES (DEFAULT, 'b')"), 120);
    assert_eq!(id("INSERT INTO t (v) SELECT 'c'"), 130);
    assert_eq!(id("INSERT INTO t (id, v) VALUES (7, 'd')"), 7);
    db.run("INSERT INTO t (v) SELECT v FROM t WHERE id < 120");
    assert_eq!(value(&db, "SELECT MAX(id) FROM t"), 160);
    // Also where the highest id is kept aside, and beside conflicts.
    db.run("DELETE FROM t WHERE id > 120");
    assert_eq!(id("INSERT INTO t (v) VALUES ('e')"), 170);
    assert_eq!(id("INSERT INTO t DEFAULT VALUES"), 180);
    db.run("SELECT setval('s', 110)");
    db.run("INSERT INTO t (v) VALUES ('f'), ('g') ON CONFLICT (id) DO UPDATE SET v = 'h'");
    assert_eq!(value(&db, "SELECT id FROM t WHERE v = 'h'"), 120);
    assert_eq!(value(&db, "SELECT id FROM t WHERE v = 'g'"), 130);

    db.run("CREATE TABLE u (id INTEGER PRIMARY KEY DEFAULT 7, v TEXT)");
    assert_eq!(value(&db, "INSERT INTO u (v) VALUES ('a') RETURNING id"), 7);
    assert_eq!(db.fail("INSERT INTO u (v) VALUES ('b')").sqlstate(), "23505");
}

#[test]
fn taking_a_value_wakes_no_watch_of_a_table() {
    let database = TempDb::new();
    let db = database.open();
    db.run("CREATE TABLE t (id INTEGER)");
    db.run("CREATE SEQUENCE s");
    let watch = db.watch_table(r#"{"tables":["t"]}"#).unwrap();
    watch.expect("initial");
    db.run("SELECT nextval('s')");
    watch.expect_none();
}
