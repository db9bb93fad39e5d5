//! Trigram indexes: LIKE and ILIKE use the index and return the same rows as without it.

use crate::support;

use std::cell::RefCell;

use decentdb::testing::catalog;
use decentdb::testing::value::Value;
use proptest::prelude::*;
use support::Database;

fn names() -> Database {
    Database::with(&[
        "CREATE TABLE people (id INT PRIMARY KEY, name TEXT, n INT)",
        "CREATE INDEX by_name ON people USING trigram (name)",
        "INSERT INTO people VALUES (1, 'John Smith', 1), (2, 'Ann SMITHERS', 2), (3, 'Öztürk', 3), (4, NULL, 4), \
         (5, '100%', 5), (6, 'sm', 6)",
    ])
}

#[test]
fn patterns_find_the_same_rows_with_and_without_the_index() {
    let mut database = names();
    let patterns =
        ["%smith%", "%Smith%", "%SMITH%", "sm%", "%sm%", "_ohn%", "%ÖZT%", "%özt%", "100\\%", "%", "", "John Smith"];
    let mut answers: Vec<Vec<String>> = Vec::new();
    for pass in 0..2 {
        let mut at = 0;
        for operator in ["LIKE", "ILIKE", "NOT LIKE"] {
            for pattern in patterns {
                let statement =
                    format!("SELECT id FROM people WHERE name {operator} '{pattern}' AND n > 0 ORDER BY id");
                let literal = database.texts(&statement);
                let statement = format!("SELECT id FROM people AS p WHERE (p.name {operator} $1) ORDER BY id");
                let bound = database.query(&statement, &[Value::Text(pattern.to_owned())]).rows;
                let bound: Vec<String> = bound.iter().map(|row| decentdb::testing::types::to_text(&row[0])).collect();
                assert_eq!(literal, bound, "{operator} {pattern}");
                if pass == 0 {
                    answers.push(literal);
                } else {
                    assert_eq!(literal, answers[at], "{operator} {pattern}");
                }
                at += 1;
            }
        }
        if pass == 0 {
            database.run("DROP INDEX by_name");
        }
    }
}

#[test]
fn the_index_is_used_and_kept() {
    let mut database = names();
    let plan = database.texts("EXPLAIN SELECT id FROM people WHERE name ILIKE '%smith%'").join("; ");
    assert!(plan.contains("USING INTEGER PRIMARY KEY (rowid=?)") && plan.contains("__ddb_index_by_name"), "{plan}");
    let short = database.texts("EXPLAIN SELECT id FROM people WHERE name ILIKE '%sm%'").join("; ");
    assert!(!short.contains("__ddb_index_by_name"), "{short}");
    assert_eq!(database.texts("UPDATE people SET name = 'Jones' WHERE name LIKE '%Smith%' RETURNING id"), ["1"]);
    assert_eq!(database.texts("SELECT id FROM people WHERE name LIKE '%Jones%'"), ["1"]);
    assert_eq!(database.texts("DELETE FROM people WHERE name ILIKE '%jones%' RETURNING id"), ["1"]);
    assert!(database.texts("SELECT id FROM people WHERE name LIKE '%Jones%'").is_empty());
    let indexes = catalog::list_indexes_json(&database.catalog);
    assert!(indexes.as_array().unwrap().iter().any(|index| index["kind"] == "trigram"), "{indexes}");
}

#[test]
fn what_it_cannot_index_is_refused() {
    let mut database = names();
    for (statement, message) in [
        ("CREATE INDEX i ON people USING trigram (n)", "a trigram index needs columns of type TEXT, not INT64"),
        ("CREATE INDEX i ON people USING gin (name, name)", "several columns in a trigram index"),
        ("CREATE INDEX i ON people USING trigram (name) WHERE n > 1", "a condition of a trigram index"),
    ] {
        let error = database.fails(statement);
        assert!(error.message.contains(message), "{statement}: {}", error.message);
    }
}

#[test]
fn any_pattern_and_text_give_the_same_with_and_without_the_index() {
    let database = RefCell::new(Database::with(&[
        "CREATE TABLE a (id INT PRIMARY KEY, t TEXT)",
        "CREATE TABLE b (id INT PRIMARY KEY, t TEXT)",
        "CREATE INDEX trigrams ON a USING trigram (t)",
    ]));
    let piece = prop::sample::select(vec!["a", "B", "b", "İ", "ı", "ẞ", "Σ", "ς", "\"", "%", "_", "\\", "𝔘", "é", " "]);
    let text = || prop::collection::vec(piece.clone(), 0..8).prop_map(|pieces| pieces.concat());
    let config = ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() };
    proptest::test_runner::TestRunner::new(config)
        .run(&(text(), text(), any::<bool>()), |(value, pattern, wide)| {
            let mut database = database.borrow_mut();
            // A pattern that ends in its escape character is refused.
            let open = pattern.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1;
            let pattern = if open { format!("{pattern}\\") } else { pattern };
            let pattern = Value::Text(if wide { format!("%{pattern}%") } else { pattern });
            for table in ["a", "b"] {
                database.query(&format!("INSERT INTO {table} (t) VALUES ($1)"), &[Value::Text(value.clone())]);
            }
            for operator in ["LIKE", "ILIKE"] {
                let mut found = |table: &str| {
                    let statement = format!("SELECT id FROM {table} WHERE t {operator} $1 ORDER BY id");
                    database.query(&statement, std::slice::from_ref(&pattern)).rows
                };
                assert_eq!(found("a"), found("b"), "{operator} {pattern:?}");
            }
            Ok(())
        })
        .unwrap();
}
