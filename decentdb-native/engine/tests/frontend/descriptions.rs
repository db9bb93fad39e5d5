//! The front end describes statements and tables without running them.

use crate::support;

use decentdb::testing::catalog;
use decentdb::testing::sql;
use serde_json::{json, Value as Json};
use support::Database;

fn database() -> Database {
    Database::with(&[
        "CREATE TABLE t (id INT PRIMARY KEY, n TEXT NOT NULL UNIQUE, d DECIMAL(10, 2) DEFAULT 1.5 CHECK (d > 0))",
        "CREATE TABLE c (a INT, b INT, t_id INT REFERENCES t (id) ON DELETE CASCADE, PRIMARY KEY (a, b), CHECK (a > b))",
    ])
}

fn described(statement: &str) -> Json {
    sql::describe_json(statement, &database().catalog).unwrap()
}

#[test]
fn parameters_and_columns_have_types_and_sources() {
    let found = described("SELECT id, n AS name, d + 1, COUNT(*) FROM t WHERE id = $1 AND n LIKE $2 GROUP BY id");
    assert_eq!(found["statement_kind"], "query");
    assert_eq!(found["read_only"], true);
    assert_eq!(
        found["parameters"][0],
        json!({
            "position": 1, "name": "$1", "type_name": "INT64", "nullable": false, "source": "catalog_column",
            "source_table": "t", "source_column": "id", "diagnostics": []
        })
    );
    assert_eq!(found["parameters"][1]["type_name"], "TEXT");
    assert_eq!(found["parameters"][1]["source"], "expression_context");
    assert_eq!(
        found["result_columns"][1],
        json!({
            "ordinal": 1, "name": "name", "type_name": "TEXT", "nullable": false, "source": "expression",
            "source_table": "t", "source_column": "n", "expression_sql": "n", "diagnostics": []
        })
    );
    let columns: Vec<_> = (0..4)
        .map(|at| {
            let column = &found["result_columns"][at];
            (column["name"].as_str().unwrap(), column["type_name"].as_str().unwrap(), column["nullable"].as_bool())
        })
        .collect();
    assert_eq!(
        columns,
        [
            ("id", "INT64", Some(false)),
            ("name", "TEXT", Some(false)),
            ("?column?", "DECIMAL", Some(true)),
            ("count", "INT64", Some(false)),
        ]
    );
}

#[test]
fn writes_are_described_too() {
    let found = described("INSERT INTO t (n, d) VALUES ($1, $2) RETURNING id, n AS x");
    assert_eq!((&found["statement_kind"], &found["read_only"]), (&json!("insert"), &json!(false)));
    assert_eq!(found["parameters"][1]["type_name"], "DECIMAL");
    assert_eq!(found["parameters"][1]["nullable"], true);
    assert_eq!(found["result_columns"][1]["name"], "x");
    assert_eq!(described("UPDATE t SET n = $1 WHERE id = $2")["parameters"][1]["source_column"], "id");
    assert_eq!(described("DELETE FROM t")["statement_kind"], "delete");
    assert_eq!(described("CREATE TABLE q (a INT)")["statement_kind"], "create_table");
    assert_eq!(described("EXPLAIN SELECT 1")["result_columns"][0]["name"], "plan");
}

#[test]
fn every_kind_of_statement_is_described() {
    let found = described("SELECT id + 1 AS x, * FROM t");
    let column = |at: usize| {
        let column = &found["result_columns"][at];
        (column["name"].as_str().unwrap(), column["source"].as_str().unwrap(), column["expression_sql"].as_str())
    };
    assert_eq!(column(0), ("x", "expression", Some("id + 1")));
    assert_eq!(column(1), ("id", "catalog_column", None));
    assert_eq!(described("SELECT id FROM t UNION SELECT 2")["result_columns"][0]["expression_sql"], "id");
    assert_eq!(described("WITH c AS (SELECT n FROM t) SELECT * FROM c")["result_columns"][0]["source_column"], "n");
    for (statement, kind, read_only) in [
        ("PRAGMA page_size", "pragma", true),
        ("PRAGMA user_version = 3", "pragma", false),
        ("SELECT * FROM information_schema.tables", "query", true),
        ("SELECT * FROM pragma_table_info('t')", "query", true),
        ("EXPLAIN ANALYZE SELECT * FROM t WHERE id = $1", "explain", true),
        ("ANALYZE", "analyze", false),
        ("TRUNCATE TABLE c", "truncate_table", false),
        ("CREATE TEMP TABLE x AS SELECT 1 AS a", "create_table_as", false),
        ("SET AUDIT CONTEXT tenant_id = 'a'", "set_audit_context", false),
        (
            "CREATE TRIGGER w AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION decentdb_exec_sql('DELETE FROM c')",
            "create_trigger",
            false,
        ),
        ("DROP TRIGGER IF EXISTS w ON t", "drop_trigger", false),
    ] {
        let found = described(statement);
        assert_eq!((&found["statement_kind"], &found["read_only"]), (&json!(kind), &json!(read_only)), "{statement}");
    }
}

#[test]
fn a_description_marks_what_it_does_not_know() {
    let found = described("SELECT $1, $2::int");
    assert_eq!(found["parameters"][0]["type_name"], Json::Null);
    assert_eq!(found["parameters"][0]["diagnostics"][0], "parameter type could not be inferred from context");
    assert_eq!(found["result_columns"][0]["type_name"], Json::Null);
    assert_eq!(found["parameters"][1]["type_name"], "INT64");
    assert!(sql::describe_json("BEGIN", &database().catalog).is_err());
}

#[test]
fn tables_are_described() {
    let database = database();
    let found = catalog::describe_table_json(&database.catalog, "T", |_| Ok(7)).unwrap();
    assert_eq!(found["row_count"], 7);
    assert_eq!(found["primary_key_columns"], json!(["id"]));
    assert_eq!(
        found["columns"][2],
        json!({
            "name": "d", "column_type": "DECIMAL", "nullable": true, "default_sql": "1.5", "primary_key": false,
            "unique": false, "auto_increment": false, "checks": ["d > 0"], "foreign_key": null
        })
    );
    assert_eq!(found["columns"][0]["auto_increment"], true);
    assert_eq!(found["columns"][1]["unique"], true);
    let found = catalog::describe_table_json(&database.catalog, "c", |_| Ok(0)).unwrap();
    let key = json!({
        "name": null, "columns": ["t_id"], "referenced_table": "t", "referenced_columns": ["id"],
        "on_delete": "CASCADE", "on_update": "NO ACTION"
    });
    assert_eq!((&found["foreign_keys"][0], &found["columns"][2]["foreign_key"]), (&key, &key));
    assert_eq!(found["checks"], json!(["a > b"]));
    let all = catalog::list_tables_json(&database.catalog, |_| Ok(0)).unwrap();
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    let error = catalog::describe_table_json(&database.catalog, "nope", |_| Ok(0)).unwrap_err();
    assert_eq!(error.sqlstate, Some("42P01"));
}

#[test]
fn the_snapshot_holds_the_whole_schema() {
    let mut database = database();
    database.run("CREATE INDEX by_d ON t (d) WHERE d > 1");
    database.run("CREATE VIEW v AS SELECT n FROM t");
    let found = catalog::schema_snapshot_json(&database.catalog, |table| Ok(table.name.len() as u64)).unwrap();
    assert_eq!((&found["snapshot_version"], &found["schema_cookie"]), (&json!(1), &json!(database.catalog.cookie)));
    assert_eq!(found["tables"][0]["name"], "c");
    let table = &found["tables"][1];
    assert_eq!(table["row_count"], 1);
    assert!(table["ddl"].as_str().unwrap().starts_with("CREATE TABLE t (id INT PRIMARY KEY, n TEXT NOT NULL UNIQUE"));
    assert_eq!(
        table["columns"][2],
        json!({
            "name": "d", "column_type": "DECIMAL", "nullable": true, "default_sql": "1.5", "primary_key": false,
            "unique": false, "auto_increment": false, "generated_sql": null, "generated_stored": true,
            "checks": [{ "name": null, "expression_sql": "d > 0" }], "foreign_key": null
        })
    );
    assert_eq!(found["tables"][0]["checks"], json!([{ "name": null, "expression_sql": "a > b" }]));
    assert_eq!(found["tables"][0]["columns"][2]["foreign_key"], found["tables"][0]["foreign_keys"][0]);
    assert_eq!(found["views"][0]["ddl"], "CREATE VIEW v AS SELECT n FROM t");
    let indexes: Vec<_> = found["indexes"].as_array().unwrap().iter().map(|index| &index["name"]).collect();
    assert_eq!(indexes, ["by_d", "fk_c_t_id_idx", "pk_c_a_b", "pk_t_id", "uq_t_n"]);
    assert_eq!(
        found["indexes"][0],
        json!({
            "name": "by_d", "table_name": "t", "kind": "btree", "unique": false, "columns": ["d"],
            "include_columns": [], "predicate_sql": "d > 1", "full_text_options_json": null, "fresh": true,
            "temporary": false, "ddl": "CREATE INDEX by_d ON t (d) WHERE d > 1"
        })
    );
    assert_eq!(found["indexes"][2]["ddl"], "CREATE UNIQUE INDEX \"pk_c_a_b\" ON \"c\" (\"a\", \"b\")");
    assert_eq!(found["triggers"], json!([]));
}

#[test]
fn tools_learn_the_type_of_every_column() {
    let database = Database::with(&["CREATE TABLE t (z INT, e ENUM('a'), ts TIMESTAMPTZ)", "CREATE TABLE a (b UUID)"]);
    let found = catalog::tooling_metadata_json(&database.catalog, 3, |_| Ok(0)).unwrap();
    assert_eq!((&found["metadata_version"], &found["database_format_version"]), (&json!(1), &json!(3)));
    assert_eq!(found["schema"], catalog::schema_snapshot_json(&database.catalog, |_| Ok(0)).unwrap());
    assert_eq!(found["schema_fingerprint"], database.catalog.fingerprint());
    let types = found["column_type_metadata"].as_array().unwrap().iter().map(|column| {
        let info = &column["type_info"];
        format!(
            "{}.{} {} {} {}",
            column["table_name"].as_str().unwrap(),
            column["column_name"].as_str().unwrap(),
            column["column_type"].as_str().unwrap(),
            info["value_kind"].as_str().unwrap(),
            info["c_value_tag"]
        )
    });
    assert_eq!(
        types.collect::<Vec<_>>(),
        ["a.b UUID uuid 7", "t.e ENUM enum_id 11", "t.ts TIMESTAMPTZ timestamptz_micros 16", "t.z INT64 int64 1"]
    );
}
