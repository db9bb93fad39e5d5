//! The error names the violated constraint, also where tables change inside transactions.

use crate::support::*;

fn family() -> Db {
    let db = Db::memory();
    for statement in [
        "CREATE TABLE a (id INT PRIMARY KEY)",
        "CREATE TABLE b (id INT PRIMARY KEY)",
        "CREATE TABLE c (id INT PRIMARY KEY, a INT CONSTRAINT to_a REFERENCES a (id), b INT REFERENCES b (id) \
         ON DELETE RESTRICT, up INT REFERENCES c (id), CONSTRAINT named CHECK (id < 100))",
        "CREATE TABLE d (a INT REFERENCES a (id) ON DELETE CASCADE, CONSTRAINT named CHECK (a > 0))",
        "INSERT INTO a VALUES (1), (2)",
        "INSERT INTO b VALUES (1), (2)",
        "INSERT INTO c VALUES (1, 1, 1, NULL)",
        "INSERT INTO d VALUES (2)",
    ] {
        db.run(statement);
    }
    db
}

#[test]
fn a_violation_names_its_foreign_key() {
    let db = family();
    for (statement, message, constraint) in [
        ("INSERT INTO c VALUES (2, 9, 1, 1)", "foreign key on c references missing parent row in a", "to_a"),
        ("INSERT INTO c VALUES (2, 1, 9, 1)", "foreign key on c references missing parent row in b", "fk_c_b"),
        ("INSERT INTO c VALUES (2, 1, 1, 9)", "foreign key on c references missing parent row in c", "fk_c_up"),
        ("UPDATE c SET b = 7", "foreign key on c references missing parent row in b", "fk_c_b"),
        ("DELETE FROM a", "DELETE on a violates a foreign key from c", "to_a"),
        ("DELETE FROM b", "DELETE on b violates a foreign key from c", "fk_c_b"),
        ("UPDATE a SET id = 5 WHERE id = 2", "UPDATE on a violates a foreign key from d", "fk_d_a"),
    ] {
        let failure = db.fail(statement);
        assert_eq!(failure.sqlstate(), "23503", "{statement}");
        assert_eq!((failure.message(), &failure.json["constraint"]), (message, &constraint.into()), "{statement}");
        assert_eq!((db.count("a"), db.count("b"), db.count("c"), db.count("d")), (2, 2, 1, 1), "{statement}");
    }
    // The same inside a transaction, which continues.
    db.begin().unwrap();
    db.run("INSERT INTO c VALUES (2, 1, 1, 1)");
    assert_eq!(db.fail("INSERT INTO c VALUES (3, 1, 1, 9)").json["constraint"], "fk_c_up");
    db.commit().unwrap();
    assert_eq!(db.count("c"), 2);
    assert_eq!(db.fail("INSERT INTO c VALUES (4, 8, 1, 1)").json["column"], "a");
}

#[test]
fn tables_may_share_the_name_of_a_constraint() {
    let db = family();
    assert_eq!(db.fail("INSERT INTO d VALUES (0)").json["relation"], "d");
    assert_eq!(db.fail("UPDATE c SET id = 100").json["relation"], "c");
}

#[test]
fn an_altered_table_belongs_to_its_transaction() {
    let db = family();
    db.begin().unwrap();
    db.run("DELETE FROM d");
    db.run("INSERT INTO d VALUES (1)");
    db.run("ALTER TABLE a ADD COLUMN n TEXT NOT NULL DEFAULT 'x' CHECK (n <> '')");
    // Moving the rows of a referenced table deleted no row that references it.
    assert_eq!((db.count("a"), db.count("c"), db.count("d")), (2, 1, 1));
    assert_eq!(db.fail("ALTER TABLE a ADD CONSTRAINT one UNIQUE (n)").sqlstate(), "23505");
    assert_eq!(db.fail("INSERT INTO d VALUES (9)").sqlstate(), "23503");
    assert_eq!(db.fail("UPDATE a SET n = ''").sqlstate(), "23514");
    db.run("DELETE FROM a WHERE id = 2");
    db.rollback().unwrap();
    assert_eq!(db.fail("SELECT n FROM a").sqlstate(), "42703");
    assert_eq!((db.count("a"), db.count("d")), (2, 1));
    db.run("ALTER TABLE a ADD COLUMN n TEXT NOT NULL DEFAULT 'x' CHECK (n <> '')");
    db.run("DELETE FROM a WHERE id = 2");
    assert_eq!(db.count("d"), 0);
    assert_eq!(db.fail("DROP TABLE a").sqlstate(), "2BP01");
    assert_eq!(db.fail("DELETE FROM a").sqlstate(), "23503");
}
