//! Statements of the dialect: definitions, writes, and the errors they raise.

use crate::support;

use decentdb::testing::catalog;
use decentdb::testing::value::{Type, Value};
use support::Database;

fn people() -> Database {
    Database::with(&[
        "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, born DATE, paid DECIMAL(10,2) DEFAULT 1.50, \
         active BOOL DEFAULT true, CONSTRAINT fair CHECK (paid >= 0), UNIQUE (name))",
        "INSERT INTO people (name, born, paid) VALUES ('Ada', '1815-12-10', 10.50), ('Bob', NULL, '3')",
        "INSERT INTO people (name) VALUES ('Cy')",
    ])
}

#[test]
fn rows_come_back_with_the_types_of_their_columns() {
    let mut database = people();
    let rows = database.run("SELECT * FROM people ORDER BY id");
    assert_eq!(rows.names, ["id", "name", "born", "paid", "active"]);
    assert_eq!(rows.types, [Type::Int64, Type::Text, Type::Date, Type::Decimal, Type::Bool]);
    assert_eq!(
        rows.rows[0],
        [
            Value::Int64(1),
            Value::Text("Ada".into()),
            Value::Date(-56270),
            Value::Decimal { unscaled: 1050, scale: 2 },
            Value::Bool(true),
        ]
    );
    assert_eq!(rows.rows[2][3], Value::Decimal { unscaled: 150, scale: 2 });
}

#[test]
fn rows_are_updated_and_deleted() {
    let mut database = people();
    let rows =
        database.run("UPDATE people SET paid = paid * 2, name = 'Bobby' WHERE id = 2 RETURNING id, paid, name AS n");
    assert_eq!(rows.names, ["id", "paid", "n"]);
    assert_eq!(rows.rows[0][1], Value::Decimal { unscaled: 6, scale: 0 });
    assert_eq!(database.texts("DELETE FROM people AS p WHERE p.born IS NULL RETURNING p.name"), ["Bobby", "Cy"]);
    assert_eq!(database.texts("SELECT COUNT(*) FROM people"), ["1"]);
}

#[test]
fn the_catalogue_survives_in_its_storage() {
    let database = people();
    let loaded = catalog::load(&database.connection).unwrap();
    assert_eq!(loaded.cookie, 1);
    let table = loaded.table("PEOPLE").unwrap();
    assert_eq!(table.columns.len(), 5);
    assert_eq!(table.checks[0].name, "fair");
    assert!(table.ddl.starts_with("CREATE TABLE people"));
}

#[test]
fn dropped_tables_are_gone() {
    let mut database = people();
    database.run("DROP TABLE people");
    assert_eq!(database.fails("SELECT * FROM people").sqlstate, Some("42P01"));
    database.run("DROP TABLE IF EXISTS people");
    assert_eq!(catalog::load(&database.connection).unwrap().tables.len(), 0);
}

#[test]
fn inserts_take_defaults_conflicts_and_queries() {
    let mut database = Database::with(&[
        "CREATE TABLE t (id INT PRIMARY KEY, n TEXT DEFAULT 'new', d DECIMAL DEFAULT 1.50, at TIMESTAMP DEFAULT now(), \
         CONSTRAINT one_name UNIQUE (n))",
    ]);
    for (statement, expected) in [
        ("INSERT INTO t DEFAULT VALUES RETURNING id, n, d, at IS NOT NULL", vec!["1|new|1.50|true"]),
        (
            "INSERT INTO t VALUES (5, 'a', DEFAULT, NULL), (DEFAULT, 'b', 2, DEFAULT) RETURNING id, d",
            vec!["5|1.50", "6|2"],
        ),
        ("INSERT INTO t (id, n) VALUES (5, 'x') ON CONFLICT DO NOTHING RETURNING id", vec![]),
        (
            "INSERT INTO t (id, n) VALUES (5, 'x') ON CONFLICT (id) DO UPDATE SET n = excluded.n || n RETURNING n",
            vec!["xa"],
        ),
        (
            "INSERT INTO t (n) VALUES ('xa') ON CONFLICT ON CONSTRAINT one_name DO UPDATE SET d = t.d + 1 \
             WHERE t.d < 2 RETURNING d",
            vec!["2.50"],
        ),
        ("INSERT INTO t (n) VALUES ('xa') ON CONFLICT (n) DO UPDATE SET d = 0 WHERE t.d < 2 RETURNING d", vec![]),
        (
            "INSERT INTO t AS o (id, n) VALUES (6, 'y') ON CONFLICT (id) DO UPDATE SET n = o.n || 'k' RETURNING n",
            vec!["bk"],
        ),
        ("INSERT INTO t (id, n, d) SELECT id + 100, 'c' || id, id FROM t WHERE id < 6 RETURNING *, id * 2", vec![]),
    ] {
        let rows = database.texts(statement);
        if statement.contains("SELECT id + 100") {
            assert_eq!(rows.len(), 2, "{statement}");
            assert!(rows[0].starts_with("101|c1|1|") && rows[0].ends_with("|202"), "{rows:?}");
        } else {
            assert_eq!(rows, expected, "{statement}");
        }
    }
}

#[test]
fn updates_return_the_new_values() {
    let mut database = people();
    for (statement, expected) in [
        ("UPDATE people SET paid = DEFAULT, name = lower(name) WHERE paid > 3 RETURNING name, paid", vec!["ada|1.50"]),
        ("UPDATE people AS p SET paid = p.paid + 0.5 WHERE p.id IN (SELECT 1) RETURNING p.paid, id", vec!["2.00|1"]),
        ("UPDATE people SET paid = '7' WHERE born = '1815-12-10' RETURNING paid", vec!["7"]),
        ("DELETE FROM people WHERE born < DATE '1900-01-01' RETURNING *", vec!["1|ada|1815-12-10|7|true"]),
        ("TRUNCATE TABLE people", vec![]),
        ("SELECT count(*) FROM people", vec!["0"]),
    ] {
        assert_eq!(database.texts(statement), expected, "{statement}");
    }
}

#[test]
fn tables_are_altered() {
    let mut database = people();
    database.run("CREATE TABLE pets (id INT PRIMARY KEY, owner INT REFERENCES people(id) ON DELETE CASCADE)");
    database.run("CREATE INDEX by_born ON people (born)");
    database.run("INSERT INTO pets VALUES (1, 1)");
    for statement in [
        "ALTER TABLE people ADD COLUMN mood ENUM('sad', 'glad') NOT NULL DEFAULT 'glad'",
        "ALTER TABLE people ADD COLUMN age INT CHECK (age > 0)",
        "ALTER TABLE people ADD COLUMN IF NOT EXISTS age INT",
        "ALTER TABLE people RENAME COLUMN name TO title",
        "ALTER TABLE people RENAME COLUMN born TO birth",
        "ALTER TABLE people DROP COLUMN active",
        "ALTER TABLE people RENAME TO persons",
        "ALTER TABLE pets RENAME COLUMN id TO pet",
    ] {
        database.run(statement);
    }
    assert_eq!(database.texts("SELECT title, mood::text, age FROM persons WHERE id = 1"), ["Ada|glad|NULL"]);
    assert_eq!(database.fails("INSERT INTO persons (title, age) VALUES ('x', 0)").sqlstate, Some("23514"));
    assert_eq!(
        database.fails("INSERT INTO pets VALUES (2, 99)").message,
        "foreign key on pets references missing parent row in persons"
    );
    let loaded = catalog::load(&database.connection).unwrap();
    assert_eq!(loaded.index("by_born").unwrap().columns, ["birth"]);
    assert_eq!(loaded.index("by_born").unwrap().table, "persons");
    // The definition that the catalogue shows creates the same table.
    let definition = loaded.table("persons").unwrap().ddl.clone();
    let mut copy = Database::with(&[&definition]);
    copy.run("INSERT INTO persons (title, mood) VALUES ('Eve', 'sad')");
    assert_eq!(copy.texts("SELECT id, title, paid, mood::text FROM persons"), ["1|Eve|1.50|sad"]);
    assert_eq!(database.fails("ALTER TABLE persons DROP COLUMN id").sqlstate, Some("2BP01"));
    assert_eq!(database.fails("ALTER TABLE persons DROP COLUMN birth").sqlstate, Some("2BP01"));
    assert_eq!(database.fails("ALTER TABLE persons ADD COLUMN x INT NOT NULL").sqlstate, Some("23502"));
}

#[test]
fn views_and_indexes_come_and_go() {
    let mut database = people();
    for statement in [
        "CREATE VIEW rich (who, how_much) AS SELECT name, paid FROM people WHERE paid > 2",
        "CREATE VIEW richest AS SELECT max(how_much) AS top FROM rich",
        "CREATE OR REPLACE VIEW richest AS SELECT max(how_much) AS top FROM rich WHERE who <> 'Ada'",
        "CREATE INDEX by_paid ON people (paid)",
        "CREATE INDEX IF NOT EXISTS by_paid ON people (paid)",
        "CREATE UNIQUE INDEX one_lower ON people (lower(name), (paid + 1) DESC) WHERE active",
        "CREATE TABLE copied AS SELECT who, how_much * 2 AS twice FROM rich",
        "ANALYZE people",
    ] {
        database.run(statement);
    }
    assert_eq!(database.texts("SELECT top FROM richest"), ["3"]);
    assert_eq!(database.texts("SELECT who, twice FROM copied ORDER BY twice DESC"), ["Ada|21.00", "Bob|6"]);
    assert_eq!(
        database.texts("EXPLAIN SELECT * FROM people WHERE paid = 3"),
        ["SEARCH people USING INDEX by_paid (paid=?)"]
    );
    assert_eq!(database.catalog.view("richest").unwrap().dependencies, ["people"]);
    database.run("DROP VIEW richest, rich");
    database.run("DROP INDEX by_paid");
    database.run("DROP INDEX IF EXISTS by_paid");
    assert_eq!(database.catalog.indexes.len(), 1);
    database.run("DROP TABLE people, copied");
    let loaded = catalog::load(&database.connection).unwrap();
    assert_eq!((loaded.tables.len(), loaded.views.len(), loaded.indexes.len()), (0, 0, 0));
}

#[test]
fn every_type_is_stored_compared_and_ordered_by_value() {
    let mut database = Database::with(&[
        "CREATE TABLE t (id INT PRIMARY KEY, i INTERVAL, ip INET, net CIDR, mac MACADDR, tm TIME, e ENUM('lo', 'hi'), \
         u UUID, bl BLOB, tz TIMESTAMP WITH TIME ZONE)",
        "INSERT INTO t (i, ip, net, mac, tm, e, u, bl, tz) VALUES \
         ('1 month', '10.0.0.9', '10.1.2.3/8', '08:00:2b:01:02:03', '23:00', 'hi', \
          '550e8400-e29b-41d4-a716-446655440000', x'0102', '2024-01-01 00:00:00-01'), \
         ('29 days', '9.0.0.10', '9.0.0.0/24', '08002b010202', '9:05', 'lo', NULL, NULL, '2024-01-01 00:30:00Z')",
    ]);
    for column in ["i", "ip", "net", "mac", "tm", "e"] {
        assert_eq!(database.texts(&format!("SELECT id FROM t ORDER BY {column}")), ["2", "1"], "{column}");
        assert_eq!(
            database.texts(&format!("SELECT max({column}) = (SELECT {column} FROM t WHERE id = 1) FROM t")),
            ["true"]
        );
    }
    for (statement, expected) in [
        ("SELECT id FROM t WHERE i = INTERVAL '30 days'", vec!["1"]),
        ("SELECT id FROM t WHERE ip < '10.0.0.0'", vec!["2"]),
        ("SELECT id FROM t WHERE net = '10.0.0.0/8' AND mac > '08:00:2b:01:02:02'", vec!["1"]),
        ("SELECT id FROM t WHERE e > 'lo'", vec!["1"]),
        ("SELECT id FROM t WHERE tz > '2024-01-01 00:45:00'", vec!["1"]),
        (
            "SELECT i, ip, net, mac, tm, e::text, tz FROM t WHERE id = 1",
            vec!["1 0 0|10.0.0.9|10.0.0.0/8|08:00:2b:01:02:03|23:00:00.000000|hi|2024-01-01T01:00:00.000000Z"],
        ),
    ] {
        assert_eq!(database.texts(statement), expected, "{statement}");
    }
}

#[test]
fn ordinary_words_are_names() {
    let words =
        "name type value key date time timestamp user_id index level position role status state year month day \
                 hour minute second count sum min max text data start first last top format sample sort cluster \
                 partition range rows row zone at version action comment password language location owner path public \
                 result schema session source system tag tags title token transaction trigger url view work interval \
                 length number note options data_type uuid json content rank replace reset rule share sequence set_id \
                 policy pivot qualify minus global connect settings body area domain kind label lower upper";
    for word in words.split_ascii_whitespace() {
        let mut database = Database::new();
        database.run(&format!("CREATE TABLE t (id INT PRIMARY KEY, {word} TEXT)"));
        database.run(&format!("INSERT INTO t (id, {word}) VALUES (1, 'x')"));
        database.run(&format!("UPDATE t SET {word} = 'y' WHERE {word} = 'x'"));
        let rows = database.run(&format!("SELECT {word}, t.{word} FROM t WHERE {word} = 'y' ORDER BY {word}"));
        assert_eq!((rows.names[0].as_str(), rows.rows.len()), (word, 1), "{word}");
    }
}
