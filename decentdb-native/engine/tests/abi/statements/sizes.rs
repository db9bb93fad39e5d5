//! `enforce_declared_sizes`: columns hold their values to the sizes they are declared with.

use crate::support::*;

const TABLE: &str =
    "CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(3), c CHAR(2), s SMALLINT, i INTEGER, d DECIMAL(5, 2))";

fn enforcing(database: &TempDb) -> Db {
    database.open_with("enforce_declared_sizes=true")
}

fn sqlstate(db: &Db, sql: &str) -> String {
    db.fail(sql).sqlstate().to_owned()
}

#[test]
fn every_way_of_writing_a_value_is_held_to_the_size() {
    let database = TempDb::new();
    let db = enforcing(&database);
    db.run(TABLE);
    db.run("INSERT INTO t VALUES (1, 'äöü', 'ab', 32767, 2147483647, 999.994)");
    for (sql, expected) in [
        ("INSERT INTO t (v) VALUES ('abcd')", "22001"),
        ("INSERT INTO t (c) VALUES ('abc')", "22001"),
        ("INSERT INTO t (s) VALUES (32768)", "22003"),
        ("INSERT INTO t (i) VALUES (-2147483649)", "22003"),
        ("INSERT INTO t (d) VALUES (1000)", "22003"),
        ("INSERT INTO t (id) VALUES (2147483648)", "22003"),
        ("INSERT INTO t (v) SELECT v || 'x' FROM t", "22001"),
        ("UPDATE t SET v = 'abcd'", "22001"),
        ("UPDATE t SET (s, i) = (SELECT 32768, 1)", "22003"),
        ("INSERT INTO t (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET v = 'abcd'", "22001"),
        ("ALTER TABLE t ADD COLUMN e VARCHAR(1) DEFAULT 'xy'", "22001"),
        ("ALTER TABLE t ALTER COLUMN v TYPE VARCHAR(2)", "22001"),
    ] {
        assert_eq!(sqlstate(&db, sql), expected, "{sql}");
    }
    assert_eq!(sqlstate_of(db.execute("INSERT INTO t (v) VALUES ($1)", &[t("abcd")])), "22001");
    let rows = db.run("SELECT v, c, s, i, d FROM t");
    assert_eq!(rows.rows.len(), 1);
    assert_eq!(db.count("t WHERE CAST(d AS TEXT) = '999.99'"), 1);
}

fn sqlstate_of(outcome: Outcome<Rows>) -> String {
    match outcome {
        Ok(_) => "none".to_owned(),
        Err(failure) => failure.sqlstate().to_owned(),
    }
}

#[test]
fn blanks_are_cut_off_and_fractions_are_rounded() {
    let database = TempDb::new();
    let db = enforcing(&database);
    db.run(TABLE);
    db.run("INSERT INTO t (v, d) VALUES ('abc   ', 1.005), (NULL, NULL)");
    assert_eq!(db.count("t WHERE v = 'abc' AND d = 1.01"), 1);
    assert_eq!(db.count("t WHERE v IS NULL AND d IS NULL"), 1);
}

#[test]
fn the_sizes_stay_with_the_columns_whoever_writes() {
    let database = TempDb::new();
    let enforcing = enforcing(&database);
    enforcing.run(TABLE);
    let plain = database.open();
    plain.run("CREATE TABLE free (v VARCHAR(3))");
    assert_eq!(sqlstate(&plain, "INSERT INTO t (v) VALUES ('abcd')"), "22001");
    enforcing.run("INSERT INTO free VALUES ('abcd')");
    enforcing.run("ALTER TABLE t RENAME COLUMN v TO w");
    enforcing.run("ALTER TABLE t DROP COLUMN c");
    assert_eq!(sqlstate(&plain, "INSERT INTO t (w) VALUES ('abcd')"), "22001");
}

#[test]
fn without_the_option_sizes_are_only_described() {
    let database = TempDb::new();
    let db = database.open();
    db.run(TABLE);
    db.run("INSERT INTO t VALUES (4294967296, 'abcd', 'abc', 99999, 4294967296, 12345.678)");
    assert_eq!(db.count("t"), 1);
}

#[test]
fn digits_that_no_decimal_has_cannot_be_enforced() {
    let database = TempDb::new();
    let db = enforcing(&database);
    for size in ["19", "5, 6", "5, -1"] {
        let failure = db.fail(&format!("CREATE TABLE d (n DECIMAL({size}))"));
        assert_eq!(failure.sqlstate(), "0A000", "{size}");
    }
}
