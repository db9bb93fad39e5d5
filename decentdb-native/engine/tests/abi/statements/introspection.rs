//! SQL by which a session reports about itself: PRAGMA, EXPLAIN ANALYZE, the audit context.

use crate::support::*;
use decentdb::testing::abi::*;

fn one(db: &Db, sql: &str) -> V {
    db.run(sql).rows[0][0].clone()
}

#[test]
fn settings_are_reported_truthfully_and_not_changed() {
    let file = TempDb::new();
    let db = file.open();
    assert_eq!(one(&db, "PRAGMA page_size"), V::Int(4096));
    assert_eq!(one(&db, "pragma journal_mode;"), t("wal"));
    assert_eq!(one(&db, "PRAGMA main.synchronous"), V::Int(2));
    assert_eq!(one(&db, "PRAGMA foreign_keys"), V::Int(1));
    assert_eq!(one(&db, "PRAGMA encoding"), t("UTF-8"));
    assert_eq!(one(&db, "PRAGMA cache_size"), V::Int(1024));
    assert_eq!(db.run("PRAGMA integrity_check").names, ["integrity_check"]);
    assert_eq!(one(&db, "PRAGMA quick_check"), t("ok"));
    for same in
        ["page_size = 4096", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = on", "encoding = UTF-8"]
    {
        assert_eq!(db.run(&format!("PRAGMA {same}")).affected, 0);
    }
    for other in ["page_size = 512", "journal_mode = DELETE", "synchronous = OFF", "foreign_keys = OFF"] {
        assert_eq!(db.fail(&format!("PRAGMA {other}")).sqlstate(), "0A000", "{other}");
    }
    let refused = db.fail("PRAGMA auto_vacuum");
    assert_eq!(refused.message(), "PRAGMA auto_vacuum is not supported by this engine");
    assert!(refused.json["hint"].as_str().unwrap().contains("user_version"));
    assert_eq!(db.fail("PRAGMA table_info").sqlstate(), "42601");
    assert_eq!(db.fail("PRAGMA page_size(3)").sqlstate(), "42601");
    let prepared = db.prepare("PRAGMA page_size").unwrap();
    assert_eq!(prepared.fetch(false, 0).unwrap(), [[V::Int(4096)]]);
}

#[test]
fn versions_of_the_application_are_kept() {
    let file = TempDb::new();
    let db = file.open();
    assert_eq!(one(&db, "PRAGMA user_version"), V::Int(0));
    db.run("PRAGMA user_version = -7");
    db.begin().unwrap();
    db.run("PRAGMA application_id = 12");
    db.rollback().unwrap();
    drop(db);
    let db = file.open();
    assert_eq!((one(&db, "PRAGMA user_version"), one(&db, "PRAGMA application_id")), (V::Int(-7), V::Int(0)));
    assert_eq!(db.fail("PRAGMA user_version = 3000000000").sqlstate(), "42601");
    let before = one(&db, "PRAGMA schema_version");
    db.run("CREATE TABLE t (a INT)");
    assert_ne!(one(&db, "PRAGMA schema_version"), before);
    db.run("CREATE TEMP TABLE s (a INT)");
    assert_eq!(one(&db, "PRAGMA temp.schema_version"), V::Int(1));
}

#[test]
fn commands_act_on_the_handle() {
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE t (a INT)");
    let done = db.run("PRAGMA wal_checkpoint(TRUNCATE)");
    assert_eq!((done.names.join(" "), &done.rows[0][0]), ("busy log checkpointed".to_owned(), &V::Int(0)));
    assert_eq!(db.fail("PRAGMA wal_checkpoint(SOON)").sqlstate(), "42601");
    assert_eq!(one(&db, "PRAGMA busy_timeout"), V::Int(0));
    db.run("PRAGMA busy_timeout = 250");
    assert_eq!(one(&db, "PRAGMA busy_timeout"), V::Int(250));
    db.run("PRAGMA flush_plan_cache");
    assert_eq!(db.fail("PRAGMA busy_timeout = -1").sqlstate(), "42601");
}

#[test]
fn the_schema_is_reported_as_tools_expect_it() {
    let db = Db::memory();
    db.run("CREATE TABLE p (id INT PRIMARY KEY)");
    db.run(
        "CREATE TABLE t (id INT PRIMARY KEY, n TEXT NOT NULL DEFAULT 'x', p INT REFERENCES p ON DELETE CASCADE, g INT \
            GENERATED ALWAYS AS (id + 1) STORED)",
    );
    db.run("CREATE INDEX i ON t (n DESC, lower(n)) WHERE p IS NULL");
    db.run("CREATE TEMP TABLE s (a UUID)");
    let info = db.run("PRAGMA table_info(t)");
    assert_eq!(info.names.join(" "), "cid name type notnull dflt_value pk");
    assert_eq!(info.rows[1], [V::Int(1), t("n"), t("TEXT"), V::Int(1), t("'x'"), V::Int(0)]);
    assert_eq!(db.run("PRAGMA table_xinfo('t')").rows[3][6], V::Int(3));
    assert_eq!(db.run("PRAGMA temp.table_info(s)").rows[0][2], t("UUID"));
    assert_eq!(db.fail("PRAGMA main.table_info(s)").sqlstate(), "42P01");
    assert_eq!(db.fail("PRAGMA index_info(nope)").sqlstate(), "42P01");
    assert_eq!(
        db.run("SELECT i.name FROM pragma_table_info('t') i WHERE i.pk = 1").rows,
        db.run("SELECT name FROM main.pragma_table_info('t') LIMIT 1").rows
    );
    assert_eq!(db.run("SELECT * FROM pragma_table_info('nope')").rows.len(), 0);
    assert_eq!(
        db.run("SELECT name, partial FROM pragma_index_list('t') WHERE origin = 'c'").rows,
        [[t("fk_t_p_idx"), V::Int(0)], [t("i"), V::Int(1)]]
    );
    assert_eq!(
        db.run("SELECT cid, \"desc\" FROM pragma_index_xinfo('i')").rows,
        [[V::Int(1), V::Int(1)], [V::Int(-2), V::Int(0)]]
    );
    assert_eq!(db.run("PRAGMA foreign_key_list(t)").rows[0][2..5], [t("p"), t("p"), t("id")]);
    assert_eq!(
        db.run("SELECT schema, name, ncol FROM pragma_table_list() ORDER BY name").rows,
        [[t("main"), t("p"), V::Int(1)], [t("temp"), t("s"), V::Int(1)], [t("main"), t("t"), V::Int(4)]]
    );
    assert_eq!(db.run("PRAGMA database_list").rows, [[V::Int(0), t("main"), t(":memory:")]]);
}

#[test]
fn explain_analyze_runs_the_query() {
    let db = Db::memory();
    db.run("CREATE TABLE t (a INT PRIMARY KEY)");
    db.run("INSERT INTO t VALUES (1), (2), (3)");
    for spelling in ["EXPLAIN ANALYZE", "EXPLAIN (ANALYZE)", "EXPLAIN (ANALYZE TRUE)"] {
        let plan = db.execute(&format!("{spelling} SELECT * FROM t WHERE a > $1"), &[V::Int(1)]).unwrap();
        assert_eq!(plan.names, ["plan"]);
        let lines: Vec<&str> = plan.rows.iter().map(|row| text(&row[0])).collect();
        assert_eq!(lines[..2], ["Project(*)", "  Filter(a > $1)"]);
        assert!(lines[2].starts_with("    IndexSeek(SEARCH t USING INTEGER PRIMARY KEY"), "{lines:?}");
        assert_eq!(lines[3], "Actual Rows: 2");
        assert!(lines[4].starts_with("Actual Time: ") && lines[4].ends_with(" ms"), "{lines:?}");
    }
    assert_eq!(db.fail("EXPLAIN ANALYZE DELETE FROM t").sqlstate(), "0A000");
    assert_eq!(db.fail("EXPLAIN (VERBOSE) SELECT 1").sqlstate(), "0A000");
    let prepared = db.prepare("EXPLAIN ANALYZE SELECT count(*) FROM t").unwrap();
    assert_eq!(prepared.fetch(false, 0).unwrap()[2], [t("Actual Rows: 1")]);
}

#[test]
fn a_plan_is_a_tree_of_nodes_with_the_names_of_decentdb() {
    let db = Db::memory();
    db.run("CREATE TABLE t (a INT PRIMARY KEY, b TEXT)");
    let plan = |statement: &str| {
        let plan = db.execute(&format!("EXPLAIN {statement}"), &[]).unwrap();
        plan.rows.iter().map(|row| text(&row[0]).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        plan("SELECT b, count(*) FROM t WHERE a > 1 GROUP BY b LIMIT 3"),
        [
            "Limit(limit=3, offset=none)",
            "  Project(b, count(*))",
            "    Aggregate(group_by=b)",
            "      Filter(a > 1)",
            "        IndexSeek(SEARCH t USING INTEGER PRIMARY KEY (rowid>?))",
            "        Aggregate(USE TEMP B-TREE FOR GROUP BY)",
        ]
    );
    assert_eq!(plan("SELECT 1"), ["Project(1)", "  Empty(SCAN CONSTANT ROW)"]);
    assert_eq!(
        plan("SELECT b FROM t ORDER BY b"),
        ["Project(b)", "  TableScan(SCAN t)", "  Sort(USE TEMP B-TREE FOR ORDER BY)"]
    );
    assert_eq!(plan("SELECT a FROM t UNION ALL SELECT a FROM t")[0], "SetOp(UNION, all=true)");
    assert_eq!(plan("DELETE FROM t")[..1], ["Delete"]);
    assert_eq!(plan("INSERT INTO t VALUES (1, 'x')")[0], "Insert(table=t)");
    assert_eq!(db.count("t"), 0);
}

fn text(value: &V) -> &str {
    match value {
        V::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_audit_context_can_be_read() {
    let file = TempDb::new();
    let (db, other) = (file.open(), file.open());
    assert_eq!(one(&db, "SELECT current_tenant()"), V::Null);
    db.run("SET AUDIT CONTEXT tenant_id = 'it''s'");
    db.run("SET AUDIT CONTEXT level = 3");
    // SAFETY: both pointers are C strings, and the length is that of the second.
    assert_eq!(unsafe { ddb_db_set_audit_context_text(db.0, c("actor").as_ptr(), c("ann").as_ptr(), 3) }, OK);
    assert_eq!(
        db.run("SELECT current_tenant(), current_actor(), current_audit_context('level')").rows,
        [[t("it's"), t("ann"), V::Int(3)]]
    );
    assert_eq!(
        db.run("SELECT key, value FROM sys_audit_context WHERE key <> 'level' ORDER BY key").rows,
        [[t("actor"), t("ann")], [t("tenant_id"), t("it's")]]
    );
    db.run("CREATE TABLE t (a INT)");
    db.run("CREATE TABLE log (who TEXT)");
    db.run(
        "CREATE TRIGGER w AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION \
            decentdb_exec_sql('INSERT INTO log VALUES (current_actor())')",
    );
    db.run("INSERT INTO t VALUES (1)");
    other.run("INSERT INTO t VALUES (2)");
    assert_eq!(db.run("SELECT who FROM log").rows, [[t("ann")], [V::Null]]);
    db.run("SET AUDIT CONTEXT tenant_id = NULL");
    assert_eq!(one(&db, "SELECT current_tenant()"), V::Null);
    assert_eq!(db.fail("SET AUDIT CONTEXT x = 1.5").sqlstate(), "42601");
    assert_eq!(db.fail("SET AUDIT CONTEXT x").sqlstate(), "42601");
    assert_eq!(db.fail("CREATE TABLE u (a TEXT CHECK (a = current_actor()))").sqlstate(), "0A000");
}
