//! Statements of the dialect, run.

mod support;

use decentdb::catalog;
use decentdb::value::{Type, Value};
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
