//! Full-text indexes: the rows that queries find, their order, and the index following its table.

use crate::support;

use std::cell::RefCell;

use decentdb::testing::catalog;
use decentdb::testing::value::Value;
use proptest::prelude::*;
use support::Database;

fn documents() -> Database {
    Database::with(&[
        "CREATE TABLE docs (id INT PRIMARY KEY, title TEXT, body TEXT, n INT)",
        "INSERT INTO docs VALUES (1, 'Embedded database', 'A small embedded database engine', 1), \
         (2, 'Search', 'full text search in a database', 2), (3, 'Cooking', 'bread, well-known', 3), (4, NULL, NULL, 4)",
        "CREATE INDEX docs_search ON docs USING fulltext (title, body) WITH (prefix = '2,3')",
    ])
}

#[track_caller]
fn finds(database: &mut Database, query: &str) -> Vec<i64> {
    let rows = database.query(
        "SELECT id FROM docs WHERE fulltext_match('docs_search', $1) ORDER BY id",
        &[Value::Text(query.to_owned())],
    );
    rows.rows.iter().map(|row| if let Value::Int64(id) = row[0] { id } else { panic!("{row:?}") }).collect()
}

#[test]
fn queries_find_words_phrases_prefixes_and_alternatives() {
    let mut database = documents();
    for (query, expected) in [
        ("database", vec![1, 2]),
        ("DATABASE", vec![1, 2]),
        ("database search", vec![2]),
        ("cooking OR search", vec![2, 3]),
        ("database -search", vec![1]),
        ("database -search OR bread", vec![1, 3]),
        ("\"embedded database\"", vec![1]),
        ("\"database embedded\"", vec![]),
        // a phrase does not extend from one column into the next
        ("\"search full\"", vec![]),
        ("cooking bread", vec![3]),
        ("data*", vec![1, 2]),
        ("well-known", vec![3]),
        ("nothing", vec![]),
        ("!?", vec![]),
        ("or NOT", vec![]),
    ] {
        assert_eq!(finds(&mut database, query), expected, "{query}");
    }
    let rows = database.query("SELECT id FROM docs WHERE fulltext_match('docs_search', $1)", &[Value::Null]);
    assert!(rows.rows.is_empty());
}

#[test]
fn it_is_a_condition_like_any_other() {
    let mut database = documents();
    for (statement, expected) in [
        ("SELECT id FROM docs WHERE fulltext_match('docs_search', 'database') AND n > 1", vec!["2"]),
        ("SELECT id FROM docs WHERE NOT fulltext_match('docs_search', 'database') ORDER BY id", vec!["3", "4"]),
        (
            "SELECT fulltext_match('docs_search', 'bread') FROM docs ORDER BY id",
            vec!["false", "false", "true", "false"],
        ),
        (
            "SELECT d.id, o.n FROM docs AS d JOIN (SELECT n FROM docs) AS o ON o.n = d.id \
             WHERE fulltext_match('docs_search', 'cooking')",
            vec!["3|3"],
        ),
        (
            "SELECT n FROM docs AS o WHERE EXISTS (SELECT 1 FROM docs AS d WHERE d.id = o.id \
             AND fulltext_match('docs_search', 'cooking'))",
            vec!["3"],
        ),
        ("WITH c AS (SELECT id FROM docs WHERE fulltext_match('docs_search', 'bread')) SELECT id FROM c", vec!["3"]),
        ("UPDATE docs SET n = 0 WHERE fulltext_match('docs_search', 'bread') RETURNING id", vec!["3"]),
        ("DELETE FROM docs WHERE fulltext_match('docs_search', 'bread') RETURNING id", vec!["3"]),
    ] {
        assert_eq!(database.texts(statement), expected, "{statement}");
    }
}

#[test]
fn better_matches_score_higher() {
    let mut database = Database::with(&[
        "CREATE TABLE docs (id INT PRIMARY KEY, body TEXT)",
        "CREATE INDEX docs_search ON docs USING fulltext (body)",
        "INSERT INTO docs VALUES (1, 'apple pear plum cherry'), (2, 'apple apple apple pear'), (3, 'apple'), (4, 'fig')",
    ]);
    let ranked = "SELECT id, bm25('docs_search') > 0 AS positive FROM docs WHERE fulltext_match('docs_search', $1) \
                  ORDER BY bm25('docs_search') DESC, id";
    let mut order = |query: &str| {
        let rows = database.query(ranked, &[Value::Text(query.to_owned())]).rows;
        assert!(rows.iter().all(|row| row[1] == Value::Bool(true)), "{rows:?}");
        rows.into_iter().map(|row| row[0].clone()).collect::<Vec<_>>()
    };
    // Words in most of the rows still count: more occurrences rank higher, and longer texts rank lower.
    assert_eq!(order("apple"), [2, 3, 1].map(Value::Int64));
    // Rare words count more.
    assert_eq!(order("apple OR fig")[0], Value::Int64(4));
    let score = database.texts("SELECT bm25('docs_search') FROM docs WHERE fulltext_match('docs_search', 'fig')");
    // The row has one word; all four rows have ten.
    let (length, weight) = (1.0 / 2.5, (1.0f64 + 3.5 / 1.5).ln());
    let expected = weight * 2.2 / (1.0 + 1.2 * (0.25 + 0.75 * length));
    assert!((score[0].parse::<f64>().unwrap() - expected).abs() < 1e-12, "{score:?} {expected}");
}

#[test]
fn the_index_follows_its_table() {
    let mut database = documents();
    database.run("INSERT INTO docs VALUES (5, 'fresh', NULL, 5)");
    assert_eq!(finds(&mut database, "fresh"), [5]);
    database.run("UPDATE docs SET title = 'stale' WHERE id = 5");
    assert_eq!((finds(&mut database, "fresh"), finds(&mut database, "stale")), (vec![], vec![5]));
    // The id of the row changes with its key.
    database.run("UPDATE docs SET id = 50 WHERE id = 5");
    assert_eq!(finds(&mut database, "stale"), [50]);
    database.run("INSERT INTO docs (id, title) VALUES (50, 'x') ON CONFLICT (id) DO UPDATE SET title = 'merged'");
    assert_eq!((finds(&mut database, "stale"), finds(&mut database, "merged")), (vec![], vec![50]));
    database.run("UPDATE docs SET title = NULL WHERE id = 50");
    assert_eq!(finds(&mut database, "merged"), [0i64; 0]);
    database.connection.execute_batch("SAVEPOINT s").unwrap();
    database.run("DELETE FROM docs WHERE id = 1");
    database.run("INSERT INTO docs VALUES (6, 'ghost', NULL, 6)");
    assert_eq!((finds(&mut database, "engine"), finds(&mut database, "ghost")), (vec![], vec![6]));
    database.connection.execute_batch("ROLLBACK TO s; RELEASE s").unwrap();
    assert_eq!((finds(&mut database, "engine"), finds(&mut database, "ghost")), (vec![1], vec![]));
    database.run("TRUNCATE docs");
    database.run("INSERT INTO docs VALUES (1, 'again', NULL, 1)");
    assert_eq!((finds(&mut database, "database"), finds(&mut database, "again")), (vec![], vec![1]));
}

#[test]
fn rows_without_a_numeric_key_and_cascades_are_followed_too() {
    let mut database = Database::with(&[
        "CREATE TABLE parent (name TEXT PRIMARY KEY)",
        "CREATE TABLE child (\"rowid\" TEXT, name TEXT REFERENCES parent ON DELETE CASCADE ON UPDATE CASCADE, note TEXT)",
        "CREATE INDEX notes ON child USING fulltext (name, note)",
        "INSERT INTO parent VALUES ('ann'), ('bob')",
        "INSERT INTO child VALUES ('x', 'ann', 'first'), ('y', 'bob', 'second')",
    ]);
    database.connection.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    let search = |query| format!("SELECT note FROM child WHERE fulltext_match('notes', '{query}')");
    assert_eq!(database.texts(&search("bob")), ["second"]);
    database.run("UPDATE parent SET name = 'rob' WHERE name = 'bob'");
    assert_eq!((database.texts(&search("bob")).len(), database.texts(&search("rob")).len()), (0, 1));
    database.run("DELETE FROM parent WHERE name = 'ann'");
    assert!(database.texts(&search("first")).is_empty());
}

#[test]
fn changes_of_the_schema_take_the_index_along() {
    let mut database = documents();
    database.run("ALTER TABLE docs RENAME TO papers");
    database.run("ALTER TABLE papers RENAME COLUMN title TO heading");
    database.run("INSERT INTO papers VALUES (9, 'renamed', NULL, 9)");
    let search = "SELECT id FROM papers WHERE fulltext_match('docs_search', 'renamed')";
    assert_eq!(database.texts(search), ["9"]);
    let error = database.fails("ALTER TABLE papers DROP COLUMN body");
    assert_eq!(error.message, "cannot drop column body because the index docs_search uses it");
    database.run("DROP INDEX docs_search");
    assert_eq!(database.fails(search).message, "unknown full-text index docs_search");
    database.run("CREATE INDEX docs_search ON papers USING fulltext (heading)");
    assert_eq!(database.texts(search), ["9"]);
    database.run("DROP TABLE papers");
    let left = "SELECT count(*) FROM sqlite_schema WHERE name LIKE '\\_\\_ddb\\_index%' ESCAPE '\\'";
    let left: i64 = database.connection.query_row(left, [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}

#[test]
fn options_decide_what_is_found() {
    let mut database = Database::with(&[
        "CREATE TABLE t (id INT PRIMARY KEY, a TEXT)",
        "INSERT INTO t VALUES (1, 'The Café of Rust'), (2, 'the cafe')",
        "CREATE INDEX plain ON t USING fulltext (a)",
        "CREATE INDEX folded ON t USING fulltext (a) WITH (diacritics = 'remove', stopwords = 'builtin')",
        "CREATE INDEX exact ON t USING FULLTEXT (a) WITH (case_folded = false, prefix = '1', tokenizer = 'unicode')",
    ]);
    for (index, query, expected) in [
        ("plain", "cafe", "2"),
        ("plain", "CAFÉ", "1"),
        ("plain", "of", "1"),
        ("folded", "cafe", "1,2"),
        ("folded", "café", "1,2"),
        ("folded", "the café", "1,2"),
        ("folded", "the", ""),
        ("exact", "rust", ""),
        ("exact", "Rust", "1"),
        ("exact", "R*", "1"),
        ("exact", "r*", ""),
        ("exact", "T*", "1"),
    ] {
        let statement = format!(
            "SELECT COALESCE(string_agg(id, ',' ORDER BY id), '') FROM t WHERE fulltext_match('{index}', '{query}')"
        );
        assert_eq!(database.texts(&statement), [expected], "{index} {query}");
    }
}

#[test]
fn metadata_describes_the_index() {
    let database = documents();
    let indexes = catalog::list_indexes_json(&database.catalog);
    let index = indexes.as_array().unwrap().iter().find(|index| index["name"] == "docs_search").unwrap();
    assert_eq!(index["kind"], "fulltext");
    assert_eq!(index["columns"], serde_json::json!(["title", "body"]));
    assert_eq!(index["fresh"], true);
    let options: serde_json::Value = serde_json::from_str(index["full_text_options_json"].as_str().unwrap()).unwrap();
    assert_eq!(options["tokenizer"], "unicode");
    assert_eq!(options["prefix"], serde_json::json!({ "enabled": true, "lengths": [2, 3] }));
    assert_eq!(indexes.as_array().unwrap().len(), 2, "{indexes}");
}

#[test]
fn what_is_wrong_is_said() {
    let mut database = documents();
    for (statement, sqlstate, message) in [
        (
            "SELECT bm25('docs_search') FROM docs",
            "42601",
            "FTS semantic error: bm25('docs_search') needs fulltext_match",
        ),
        ("SELECT 1 WHERE fulltext_match('docs_search', 'x')", "42601", "needs the table docs in the FROM beside it"),
        (
            "SELECT 1 FROM docs AS a, docs AS b WHERE fulltext_match('docs_search', 'x')",
            "42601",
            "the table docs of fulltext_match('docs_search') is in FROM more than once",
        ),
        ("SELECT 1 FROM docs WHERE fulltext_match('nope', 'x')", "42704", "unknown full-text index nope"),
        ("SELECT 1 FROM docs WHERE fulltext_match(title, 'x')", "42601", "must be the name of an index, in quotes"),
        ("SELECT 1 FROM docs WHERE fulltext_match('docs_search', 1)", "42804", "must be TEXT, not INT64"),
        ("SELECT 1 FROM docs WHERE fulltext_match('docs_search')", "42883", "does not take these arguments"),
        (
            "SELECT 1 FROM docs WHERE fulltext_match('docs_search', '\"x')",
            "42601",
            "FTS query error: a phrase does not end",
        ),
        (
            "SELECT 1 FROM docs WHERE fulltext_match('docs_search', 'd*')",
            "42601",
            "a prefix needs at least 2 characters",
        ),
        (
            "CREATE VIEW v AS SELECT id FROM docs WHERE fulltext_match('docs_search', 'x')",
            "0A000",
            "fulltext_match in a stored definition is not supported",
        ),
        (
            "CREATE INDEX i ON docs USING fulltext (n)",
            "42804",
            "a fulltext index needs columns of type TEXT, not INT64",
        ),
        ("CREATE UNIQUE INDEX i ON docs USING fulltext (title)", "0A000", "UNIQUE of a fulltext index"),
        ("CREATE INDEX i ON docs USING fulltext (title) WHERE n > 1", "0A000", "a condition of a fulltext index"),
        ("CREATE INDEX i ON docs USING fulltext (lower(title))", "0A000", "an expression in a fulltext index"),
        ("CREATE INDEX i ON docs USING fts (title)", "0A000", "CREATE INDEX USING fts is not supported"),
        (
            "CREATE INDEX i ON docs USING fulltext (title) WITH (stemming = 'english')",
            "22023",
            "FTS DDL error: unsupported value 'english' for option stemming",
        ),
        ("CREATE INDEX i ON docs USING fulltext (title) WITH (x = 'y')", "22023", "unknown fulltext option x"),
        (
            "CREATE INDEX i ON docs USING fulltext (title) WITH (prefix = '9')",
            "22023",
            "prefix = '9' must be up to three",
        ),
        ("CREATE INDEX i ON docs (title) WITH (prefix = '2')", "0A000", "an option of CREATE INDEX"),
    ] {
        let error = database.fails(statement);
        assert_eq!(error.sqlstate, Some(sqlstate), "{statement}: {}", error.message);
        assert!(error.message.contains(message), "{statement}: {}", error.message);
    }
}

#[test]
fn any_text_can_be_indexed_and_asked_for() {
    let database = RefCell::new(documents());
    let insert = "INSERT INTO docs (id, title, body) VALUES (100, $1, $1) ON CONFLICT (id) DO UPDATE SET title = $1";
    let search = "SELECT bm25('docs_search') FROM docs WHERE fulltext_match('docs_search', $1)";
    let run = |text: &str| {
        let mut database = database.borrow_mut();
        let value = [Value::Text(text.to_owned())];
        database.try_run(insert, &value).unwrap();
        if let Err(error) = database.try_run(search, &value) {
            assert_eq!(error.sqlstate, Some("42601"), "{text:?}: {}", error.message);
            assert!(error.message.starts_with("FTS query error: "), "{text:?}: {}", error.message);
        }
    };
    let pieces = prop::sample::select(vec![
        "a", "OR ", " ", "-", "\"", "*", "\\", "NEAR(", ")", "^", ":", "{", "}", "+", "AND ", "NOT ", "é", "\u{301}",
        "word", "'", ";", "title:", "𝔘", "ß", ",",
    ]);
    let texts = prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&prop_oneof![texts, "[^\0]*"], |text| {
            run(&text);
            Ok(())
        })
        .unwrap();
    run(&"a ".repeat(256));
    run(&"a OR ".repeat(5000));
    run(&format!("\"{}\"", "x ".repeat(20_000)));
}
