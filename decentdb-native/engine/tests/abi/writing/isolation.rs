//! Statements and transactions see their snapshot, whatever others commit meanwhile. A failing statement leaves nothing
//! behind.

use crate::support::*;

fn pair() -> (TempDb, Db, Db) {
    let file = TempDb::new();
    let (one, two) = (file.open(), file.open());
    one.run("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)");
    one.run("INSERT INTO t VALUES (1, 10), (2, 20), (3, 30)");
    (file, one, two)
}

fn ids(db: &Db) -> Vec<i64> {
    let number = |row: &Vec<V>| if let V::Int(id) = row[0] { id } else { panic!("{row:?}") };
    db.run("SELECT id FROM t ORDER BY id").rows.iter().map(number).collect()
}

#[test]
fn a_statement_reads_one_snapshot_to_its_end() {
    let (_file, one, two) = pair();
    let select = one.prepare("SELECT id, n FROM t ORDER BY id").unwrap();
    assert_eq!(select.fetch(false, 1).unwrap(), [[V::Int(1), V::Int(10)]]);
    two.run("UPDATE t SET n = n + 1");
    two.run("DELETE FROM t WHERE id = 3");
    assert_eq!(select.fetch(false, 0).unwrap(), [[V::Int(2), V::Int(20)], [V::Int(3), V::Int(30)]]);
    // The next statement sees the committed rows.
    assert_eq!(ids(&one), [1, 2]);
}

#[test]
fn a_statement_does_not_see_what_its_own_handle_writes_after_its_start() {
    let (_file, one, _two) = pair();
    for explicit in [false, true] {
        if explicit {
            one.begin().unwrap();
        }
        let before = ids(&one);
        let select = one.prepare("SELECT id FROM t ORDER BY id").unwrap();
        assert!(select.step().unwrap());
        one.run("INSERT INTO t SELECT id + 100, n FROM t WHERE id < 100");
        one.run("DELETE FROM t WHERE id = 3 OR id > 200");
        let rest = select.fetch(true, 0).unwrap();
        assert_eq!(rest, before.iter().map(|id| [V::Int(*id)]).collect::<Vec<_>>());
        if explicit {
            one.rollback().unwrap();
        } else {
            one.run("DELETE FROM t WHERE id > 100");
            one.run("INSERT INTO t VALUES (3, 30)");
        }
    }
}

#[test]
fn an_insert_does_not_read_the_rows_it_inserts() {
    let (_file, one, _two) = pair();
    assert_eq!(one.run("INSERT INTO t SELECT id + 10, n FROM t").affected, 3);
    assert_eq!(one.run("UPDATE t SET id = id + 1000 WHERE id < 1000").affected, 6);
    assert_eq!(ids(&one), [1001, 1002, 1003, 1011, 1012, 1013]);
}

#[test]
fn a_transaction_reads_its_snapshot_and_its_own_writes() {
    let (_file, one, two) = pair();
    one.begin().unwrap();
    two.begin().unwrap();
    two.run("INSERT INTO t VALUES (4, 40)");
    assert_eq!((ids(&two), ids(&one)), (vec![1, 2, 3, 4], vec![1, 2, 3]));
    two.commit().unwrap();
    assert_eq!(ids(&one), [1, 2, 3]);
    assert_eq!(one.run("SELECT sum(n) FROM t").rows, [[V::Int(60)]]);
    one.commit().unwrap();
    assert_eq!(ids(&one), [1, 2, 3, 4]);
}

#[test]
fn transactions_that_only_read_never_conflict() {
    let (_file, one, two) = pair();
    one.begin().unwrap();
    for round in 0..20 {
        two.execute("UPDATE t SET n = $1", &[V::Int(round)]).unwrap();
        assert_eq!(one.run("SELECT n FROM t ORDER BY id").rows, [[V::Int(10)], [V::Int(20)], [V::Int(30)]]);
    }
    one.run("SAVEPOINT s");
    one.run("RELEASE s");
    one.commit().unwrap();
}

#[test]
fn a_lost_transaction_leaves_nothing_and_the_next_one_succeeds() {
    let (_file, one, two) = pair();
    one.begin().unwrap();
    one.run("SAVEPOINT s");
    two.run("UPDATE t SET n = 0 WHERE id = 1");
    let failure = one.fail("INSERT INTO t VALUES (4, 40)");
    assert_eq!((failure.sqlstate(), &failure.json["retryable"]), ("40001", &true.into()));
    assert!(!one.in_transaction());
    assert_eq!(one.fail("ROLLBACK TO s").status, TRANSACTION);
    one.begin().unwrap();
    one.run("INSERT INTO t VALUES (4, 40)");
    one.commit().unwrap();
    assert_eq!(ids(&two), [1, 2, 3, 4]);
}

#[test]
fn write_skew_is_a_conflict() {
    let (_file, one, two) = pair();
    one.begin().unwrap();
    two.begin().unwrap();
    one.run("UPDATE t SET n = (SELECT sum(n) FROM t WHERE id > 1) WHERE id = 1");
    one.commit().unwrap();
    // The second transaction writes a different row, but it reads a row that has changed since.
    assert_eq!(two.fail("UPDATE t SET n = (SELECT sum(n) FROM t WHERE id < 2) WHERE id = 2").sqlstate(), "40001");
}

#[test]
fn savepoints_undo_data_and_definitions_of_what_came_after() {
    let (_file, one, two) = pair();
    one.begin().unwrap();
    one.run("UPDATE t SET n = 11 WHERE id = 1");
    one.run("SAVEPOINT a");
    one.run("DELETE FROM t");
    one.run("CREATE TABLE u (x INTEGER)");
    one.run("SAVEPOINT a");
    one.run("INSERT INTO u VALUES (1)");
    one.run("ROLLBACK TO a");
    assert_eq!(one.count("u"), 0);
    one.run("RELEASE a");
    // The name refers to the first savepoint again.
    one.run("ROLLBACK TO a");
    assert_eq!(one.fail("SELECT * FROM u").sqlstate(), "42P01");
    one.run("INSERT INTO t VALUES (4, 40)");
    one.commit().unwrap();
    assert_eq!(two.run("SELECT sum(n) FROM t").rows, [[V::Int(101)]]);
}

#[test]
fn a_failing_statement_undoes_its_cascades_and_nothing_else() {
    let db = Db::memory();
    db.run("CREATE TABLE parent (id INTEGER PRIMARY KEY)");
    db.run("CREATE TABLE child (id INTEGER PRIMARY KEY, p INTEGER REFERENCES parent (id) ON DELETE CASCADE)");
    db.run("CREATE TABLE keeper (id INTEGER PRIMARY KEY, c INTEGER NOT NULL REFERENCES child (id) ON DELETE RESTRICT)");
    db.run("INSERT INTO parent VALUES (1), (2), (3)");
    db.run("INSERT INTO child VALUES (10, 1), (20, 2), (30, 3)");
    db.run("INSERT INTO keeper VALUES (100, 30)");
    db.begin().unwrap();
    db.run("INSERT INTO parent VALUES (4)");
    assert_eq!(db.fail("DELETE FROM parent").sqlstate(), "23503");
    assert!(db.in_transaction());
    assert_eq!((db.count("parent"), db.count("child"), db.count("keeper")), (4, 3, 1));
    db.run("DELETE FROM parent WHERE id = 1");
    db.commit().unwrap();
    assert_eq!((db.count("parent"), db.count("child")), (3, 2));
}

#[test]
fn a_failure_after_many_rows_undoes_them_all() {
    let (_file, one, two) = pair();
    one.begin().unwrap();
    one.run("UPDATE t SET n = n + 1");
    // The function fails on the last row.
    assert_eq!(one.fail("UPDATE t SET n = 9223372036854775807 - 2 + id").sqlstate(), "22003");
    assert_eq!(one.run("SELECT sum(n) FROM t").rows, [[V::Int(63)]]);
    assert_eq!(one.fail("INSERT INTO t SELECT 7 - id, n FROM t UNION ALL SELECT 1, 1").sqlstate(), "23505");
    assert_eq!(ids(&one), [1, 2, 3]);
    let batch = one.prepare("INSERT INTO t VALUES ($1, $2)").unwrap();
    batch.bind(&[V::Int(9), V::Int(9)]).unwrap();
    assert_eq!(batch.affected().unwrap(), 1);
    one.commit().unwrap();
    assert_eq!(ids(&two), [1, 2, 3, 9]);
}

#[test]
fn an_insert_that_may_fail_by_row_keeps_none_of_its_rows() {
    let (_file, one, _two) = pair();
    assert_eq!(one.fail("INSERT INTO t VALUES (4, 1), (5, 1), (1, 1)").sqlstate(), "23505");
    assert_eq!(ids(&one), [1, 2, 3]);
    assert!(!one.in_transaction());
    assert_eq!(one.run("INSERT INTO t VALUES (4, 1), (1, 1) ON CONFLICT DO NOTHING").affected, 1);
}
