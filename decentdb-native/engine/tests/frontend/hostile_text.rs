//! Text that no caller should send: the front end answers with an error or a statement, and never crashes.

use crate::support;

use decentdb::testing::sql;
use proptest::prelude::*;
use support::Database;

fn database() -> Database {
    Database::with(&[
        "CREATE TABLE t (id INT PRIMARY KEY, n TEXT, d DECIMAL, dt DATE, b BOOL)",
        "CREATE TABLE c (a INT, t_id INT REFERENCES t(id), PRIMARY KEY (a, t_id))",
        "CREATE VIEW v AS SELECT id, n || 'x' AS y FROM t",
    ])
}

const SEEDS: &[&str] = &[
    "SELECT t.id, count(*) FROM t LEFT JOIN c ON c.t_id = t.id WHERE t.n LIKE 'a%' GROUP BY 1 HAVING count(*) > 1",
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r ORDER BY n LIMIT 3",
    "INSERT INTO t (n, d) VALUES ($1, $2), ('x', 1.5) ON CONFLICT (id) DO UPDATE SET n = excluded.n RETURNING *",
    "UPDATE t SET d = d * 2 + 1, dt = '2024-01-01' WHERE id IN (SELECT a FROM c) AND NOT b RETURNING id AS x",
    "DELETE FROM t WHERE dt BETWEEN $1 AND $2 OR (CASE WHEN b THEN d ELSE 0 END) > 10",
    "CREATE TABLE z (a INT PRIMARY KEY, b ENUM('x','y') DEFAULT 'x', c DECIMAL(10,2) CHECK (c > 0), UNIQUE (b, c))",
    "CREATE UNIQUE INDEX i ON t (lower(n), d DESC) WHERE b",
    "SELECT x.y FROM (VALUES (1, 'a'), (2, NULL)) AS x(z, y) UNION SELECT n FROM t EXCEPT SELECT y FROM v",
    "ALTER TABLE t ADD COLUMN z TIMESTAMPTZ NOT NULL DEFAULT '2024-01-01'",
    "SELECT CAST(n AS INT), d::text, EXTRACT(year FROM dt), dt + INTERVAL '1 day', coalesce(n, '') || id FROM t",
];

fn compile(database: &Database, text: &str) {
    let _ = sql::compile(text, &database.catalog, &[], sql::Sizes::Described);
    let _ = sql::describe_json(text, &database.catalog);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mutated_statements(seed in 0..SEEDS.len(), edits in prop::collection::vec((0usize..200, "[ -~]{0,3}|é|'|\\(|SELECT "), 1..6)) {
        let database = database();
        let mut text: Vec<char> = SEEDS[seed].chars().collect();
        for (at, with) in edits {
            let at = at % (text.len() + 1);
            let end = (at + with.chars().count()).min(text.len());
            text.splice(at..end, with.chars());
        }
        compile(&database, &text.into_iter().collect::<String>());
    }

    #[test]
    fn shuffled_words(words in prop::collection::vec(0usize..60, 1..25)) {
        let database = database();
        let all: Vec<&str> = SEEDS.iter().flat_map(|seed| seed.split(' ')).collect();
        let text: Vec<&str> = words.into_iter().map(|word| all[word * 7 % all.len()]).collect();
        compile(&database, &text.join(" "));
    }
}

/// Runs on a stack as small as that of a JVM thread may be.
fn on_a_small_stack(body: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(512 * 1024).spawn(body).unwrap().join().unwrap();
}

#[test]
fn deep_nesting_is_an_error_or_a_chain() {
    on_a_small_stack(|| {
        let database = database();
        let deep = 5_000;
        for text in [
            format!("SELECT {}1{}", "(".repeat(deep), ")".repeat(deep)),
            format!("SELECT {}1", "- ".repeat(deep)),
            format!("SELECT {}true", "NOT ".repeat(deep)),
            format!("SELECT 1{}", " + 1".repeat(deep)),
            format!("SELECT true{}", " AND true".repeat(deep)),
            format!("SELECT 1{}", "::int".repeat(deep)),
            format!("SELECT 1{}", " UNION SELECT 1".repeat(deep)),
            format!("SELECT {}1{}", "(SELECT ".repeat(deep), ")".repeat(deep)),
            format!("SELECT {}1{}", "abs(".repeat(deep), ")".repeat(deep)),
            format!("SELECT {}1{}", "CASE WHEN true THEN ".repeat(deep), " END".repeat(deep)),
            format!("SELECT a{}", " IS NULL".repeat(deep)),
            format!("SELECT * FROM {}t{}", "(".repeat(deep), ")".repeat(deep)),
            format!("SELECT a{}", "[1]".repeat(deep)),
        ] {
            let error = sql::compile(&text, &database.catalog, &[], sql::Sizes::Described).err();
            let state = error.as_ref().map(|error| error.sqlstate);
            assert!(matches!(state, None | Some(Some("54001" | "42601" | "0A000" | "42703"))), "{error:?}");
        }
    });
}

#[test]
fn long_but_reasonable_statements_run() {
    on_a_small_stack(|| {
        let mut database = database();
        let rows: Vec<String> = (1..=2_000).map(|id| format!("({id}, 'n{id}')")).collect();
        database.run(&format!("INSERT INTO t (id, n) VALUES {}", rows.join(", ")));
        let list: Vec<String> = (1..=5_000).map(|id| id.to_string()).collect();
        assert_eq!(database.texts(&format!("SELECT count(*) FROM t WHERE id IN ({})", list.join(", "))), ["2000"]);
        let any: Vec<String> = (1..=300).map(|id| format!("id = {id}")).collect();
        assert_eq!(database.texts(&format!("SELECT count(*) FROM t WHERE {}", any.join(" OR "))), ["300"]);
        let nested = format!("SELECT {}1{}", "(".repeat(40), ")".repeat(40));
        assert_eq!(database.texts(&nested), ["1"]);
    });
}

#[test]
fn the_engines_own_tables_are_out_of_reach() {
    let mut database = database();
    for text in [
        "SELECT * FROM __ddb_catalog",
        "DELETE FROM __ddb_meta",
        "INSERT INTO \"__DDB_META\" VALUES ('a', 1)",
        "DROP TABLE __ddb_catalog",
        "CREATE TABLE sqlite_x (a INT)",
        "CREATE INDEX i ON __ddb_catalog (name)",
        "ALTER TABLE t RENAME TO __ddb_t",
    ] {
        let error = database.fails(text);
        assert!(matches!(error.sqlstate, Some("42P01" | "42939")), "{text}: {error:?}");
    }
}
