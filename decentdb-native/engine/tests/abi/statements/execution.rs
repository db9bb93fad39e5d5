//! Executing, preparing, binding and fetching.

use std::ptr::null_mut;

use crate::support::*;
use decentdb::testing::abi::*;
use decentdb::testing::c_layout::ValueView;

fn numbers(count: i64) -> Db {
    let db = Db::memory();
    db.run("CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT, half FLOAT)");
    let insert = db.prepare("INSERT INTO n VALUES ($1, $2, $3)").unwrap();
    db.begin().unwrap();
    for id in 1..=count {
        insert.bind(&[V::Int(id), t(&format!("n{id}")), V::Float(id as f64 / 2.0)]).unwrap();
        assert_eq!(insert.affected().unwrap(), 1);
    }
    db.commit().unwrap();
    db
}

#[test]
fn execute_gives_names_rows_and_affected_rows() {
    let db = Db::memory();
    assert_eq!(db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, ok BOOLEAN)").affected, 0);
    assert_eq!(db.run("INSERT INTO t VALUES (1, 'a', true), (2, NULL, false)").affected, 2);
    let rows = db.run("SELECT id, name, ok AS fine FROM t ORDER BY id");
    assert_eq!(rows.names, ["id", "name", "fine"]);
    assert_eq!(rows.rows, [[V::Int(1), t("a"), V::Bool(true)], [V::Int(2), V::Null, V::Bool(false)]]);
    assert_eq!(db.run("UPDATE t SET name = 'x'").affected, 2);
    assert_eq!(db.run("DELETE FROM t WHERE id = 7").affected, 0);
    let returned = db.run("DELETE FROM t WHERE id = 1 RETURNING name");
    assert_eq!((returned.rows, returned.affected), (vec![vec![t("x")]], 1));
}

#[test]
fn only_one_statement_is_executed_and_nothing_of_several() {
    let db = Db::memory();
    db.run("CREATE TABLE t (id INTEGER)");
    let failure = db.fail("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)");
    assert_eq!(failure.status, SQL);
    assert_eq!(db.count("t"), 0);
    assert_eq!(db.fail("").status, SQL);
    assert_eq!(db.fail("-- nothing").status, SQL);
    db.run("INSERT INTO t VALUES (1);");
}

#[test]
fn every_kind_of_value_is_bound_and_read() {
    let db = Db::memory();
    let values = [V::Int(-5), V::Float(2.5), V::Bool(true), t("zß水🍌"), V::Blob(vec![0, 255]), V::Null];
    let rows = db.execute("SELECT $1, $2, $3, $4, $5, $6", &values).unwrap();
    assert_eq!(rows.rows, [values]);
    let empty = [t(""), V::Blob(Vec::new())];
    assert_eq!(db.execute("SELECT $1, $2", &empty).unwrap().rows, [empty]);
}

#[test]
fn a_value_that_cannot_be_stored_is_refused() {
    let db = Db::memory();
    db.run("CREATE TABLE t (f FLOAT)");
    let failure = db.execute("INSERT INTO t VALUES ($1)", &[V::Float(f64::NAN)]).unwrap_err();
    assert_eq!(failure.sqlstate(), "22003");
    assert_eq!(failure.json["parameter"]["index"], 1);
    assert_eq!(db.count("t"), 0);
}

#[test]
fn every_parameter_must_be_bound() {
    let db = Db::memory();
    let stmt = db.prepare("SELECT $1, $2").unwrap();
    check(ddb_stmt_bind_int64(stmt.0, 2, 1)).unwrap();
    let failure = stmt.step().unwrap_err();
    assert_eq!(failure.sqlstate(), "07002");
    assert!(failure.message().contains("$1"), "{failure:?}");
    assert_eq!(db.execute("SELECT $1, $2", &[V::Int(1)]).unwrap_err().sqlstate(), "07002");
    assert_eq!(check(ddb_stmt_bind_int64(stmt.0, 0, 1)).unwrap_err().status, SQL);
    assert_eq!(check(ddb_stmt_bind_int64(stmt.0, 3, 1)).unwrap_err().sqlstate(), "07001");
    assert_eq!(db.execute("SELECT 1", &[V::Int(1)]).unwrap_err().sqlstate(), "07001");
    stmt.bind(&[V::Int(1), V::Int(2)]).unwrap();
    assert!(stmt.step().unwrap());
}

#[test]
fn metadata_of_a_statement_does_not_execute_it() {
    let db = Db::memory();
    db.run("CREATE TABLE t (id INTEGER)");
    let stmt = db.prepare("INSERT INTO t VALUES ($1) RETURNING id").unwrap();
    let mut columns = 0;
    check(unsafe { ddb_stmt_column_count(stmt.0, &mut columns) }).unwrap();
    assert_eq!(columns, 1);
    let mut name = null_mut();
    check(unsafe { ddb_stmt_column_name_copy(stmt.0, 0, &mut name) }).unwrap();
    assert_eq!(take_string(name), "id");
    assert_eq!(check(unsafe { ddb_stmt_column_name_copy(stmt.0, 1, &mut name) }).unwrap_err().status, SQL);
    assert_eq!(db.count("t"), 0);
}

#[test]
fn stepping_executes_once_and_reset_executes_again() {
    let db = Db::memory();
    db.run("CREATE TABLE t (id INTEGER)");
    let stmt = db.prepare("INSERT INTO t VALUES ($1)").unwrap();
    stmt.bind(&[V::Int(1)]).unwrap();
    assert!(!stmt.step().unwrap());
    assert!(!stmt.step().unwrap());
    assert_eq!(stmt.affected().unwrap(), 1);
    assert_eq!(db.count("t"), 1);
    stmt.reset();
    assert!(!stmt.step().unwrap());
    assert_eq!(db.count("t"), 2);
    check(ddb_stmt_clear_bindings(stmt.0)).unwrap();
    assert_eq!(stmt.step().unwrap_err().sqlstate(), "07002");
    assert_eq!(db.count("t"), 2);
}

#[test]
fn blocks_are_fetched_one_after_the_other() {
    let db = numbers(10);
    let stmt = db.prepare("SELECT id, name FROM n ORDER BY id").unwrap();
    let ids = |rows: &[Vec<V>]| rows.iter().map(|row| row[0].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&stmt.fetch(false, 4).unwrap()), [1, 2, 3, 4].map(V::Int));
    assert_eq!(stmt.row().unwrap(), [V::Int(4), t("n4")]);
    assert_eq!(stmt.fetch(true, 3).unwrap(), [4, 5, 6].map(|id| vec![V::Int(id), t(&format!("n{id}"))]));
    assert!(stmt.step().unwrap());
    assert_eq!(stmt.row().unwrap(), [V::Int(7), t("n7")]);
    assert_eq!(ids(&stmt.fetch(false, 0).unwrap()), [8, 9, 10].map(V::Int));
    assert!(stmt.fetch(false, 5).unwrap().is_empty());
    assert!(!stmt.step().unwrap());
    assert!(stmt.row().is_err());
    stmt.reset();
    assert_eq!(stmt.fetch(false, 0).unwrap().len(), 10);
}

#[test]
fn the_text_of_a_block_is_contiguous() {
    let db = numbers(3000);
    let stmt = db.prepare("SELECT name, id, name FROM n ORDER BY id").unwrap();
    let (mut values, mut rows, mut columns) = (std::ptr::null(), 0, 0);
    check(unsafe { ddb_stmt_fetch_row_views(stmt.0, 0, 0, &mut values, &mut rows, &mut columns) }).unwrap();
    assert_eq!((rows, columns), (3000, 3));
    let views: &[ValueView] = unsafe { std::slice::from_raw_parts(values, rows * columns) };
    let mut next = views[0].data;
    for (at, view) in views.iter().enumerate().filter(|(at, _)| at % 3 != 1) {
        assert_eq!(view.data, next, "cell {at}");
        assert_eq!(V::read(view), t(&format!("n{}", at / 3 + 1)));
        next = unsafe { next.add(view.len) };
    }
}

#[test]
fn a_result_does_not_change_under_its_reader() {
    let db = numbers(100);
    let stmt = db.prepare("SELECT id FROM n ORDER BY id").unwrap();
    assert_eq!(stmt.fetch(false, 1).unwrap().len(), 1);
    db.run("DELETE FROM n WHERE id > 50");
    db.run("INSERT INTO n VALUES (1000, 'new', 1.0)");
    assert_eq!(stmt.fetch(false, 0).unwrap().len(), 99);
    db.begin().unwrap();
    stmt.reset();
    assert_eq!(stmt.fetch(false, 1).unwrap().len(), 1);
    db.run("DELETE FROM n");
    assert_eq!(stmt.fetch(false, 10).unwrap().len(), 10);
    db.rollback().unwrap();
    assert_eq!(stmt.fetch(false, 0).unwrap().len(), 40);
    assert_eq!(db.count("n"), 51);
}

#[test]
fn a_new_statement_sees_new_commits_while_another_still_streams() {
    let file = TempDb::new();
    let (reader, writer) = (file.open(), file.open());
    writer.run("CREATE TABLE t (id INTEGER)");
    writer.run("INSERT INTO t VALUES (1), (2), (3)");
    let stream = reader.prepare("SELECT id FROM t").unwrap();
    assert!(stream.step().unwrap());
    writer.run("INSERT INTO t VALUES (4)");
    assert_eq!(reader.count("t"), 4);
    assert_eq!(stream.fetch(false, 0).unwrap().len(), 2);
}

#[test]
fn statements_follow_the_schema() {
    let file = TempDb::new();
    let (one, two) = (file.open(), file.open());
    one.run("CREATE TABLE t (a INTEGER)");
    one.run("INSERT INTO t VALUES (1)");
    let stmt = one.prepare("SELECT * FROM t").unwrap();
    assert_eq!(stmt.fetch(false, 0).unwrap(), [[V::Int(1)]]);
    two.run("DROP TABLE t");
    two.run("CREATE TABLE t (a BOOLEAN, b TEXT)");
    two.run("INSERT INTO t VALUES (true, 'b')");
    stmt.reset();
    assert_eq!(stmt.fetch(false, 0).unwrap(), [[V::Bool(true), t("b")]]);
    let insert = one.prepare("INSERT INTO t VALUES (false, 'c') RETURNING *").unwrap();
    two.run("DROP TABLE t");
    two.run("CREATE TABLE t (x TEXT, y TEXT)");
    // The statement is compiled again: its columns and values are TEXT now.
    assert!(insert.step().unwrap());
    assert_eq!(insert.row().unwrap(), [t("false"), t("c")]);
    assert_eq!(one.count("t"), 1);
}

#[test]
fn the_same_statement_takes_values_of_several_types() {
    let db = Db::memory();
    let stmt = db.prepare("SELECT $1").unwrap();
    for value in [V::Int(1), V::Null, t("x"), V::Bool(false), V::Float(0.5), V::Int(2)] {
        stmt.bind(std::slice::from_ref(&value)).unwrap();
        assert_eq!(stmt.fetch(false, 0).unwrap(), [[value]]);
    }
}

#[test]
fn transaction_control_cannot_be_prepared() {
    let db = Db::memory();
    for sql in ["BEGIN", "COMMIT", "SAVEPOINT s"] {
        assert_eq!(db.prepare(sql).err().unwrap().status, TRANSACTION, "{sql}");
    }
}

#[test]
fn combined_calls_bind_and_step_in_one() {
    let db = numbers(5);
    let by_id = db.prepare("SELECT id, name, half FROM n WHERE id = $1").unwrap();
    let (mut values, mut columns, mut has_row) = (std::ptr::null(), 0, 0);
    unsafe {
        check(ddb_stmt_bind_int64_step_row_view(by_id.0, 1, 3, &mut values, &mut columns, &mut has_row)).unwrap();
        assert_eq!((columns, has_row), (3, 1));
        assert_eq!(V::read(&*values.add(1)), t("n3"));
        check(ddb_stmt_bind_int64_step_row_view(by_id.0, 1, 9, &mut values, &mut columns, &mut has_row)).unwrap();
        assert_eq!((values.is_null(), columns, has_row), (true, 0, 0));
        let (mut id, mut data, mut len, mut half) = (0, std::ptr::null(), 0, 0.0);
        check(ddb_stmt_bind_int64_step_i64_text_f64(
            by_id.0,
            1,
            4,
            &mut id,
            &mut data,
            &mut len,
            &mut half,
            &mut has_row,
        ))
        .unwrap();
        assert_eq!((id, std::slice::from_raw_parts(data, len), half, has_row), (4, &b"n4"[..], 2.0, 1));
        let by_name = db.prepare("SELECT id FROM n WHERE name = $1").unwrap();
        check(ddb_stmt_bind_text_step_row_view(
            by_name.0,
            1,
            c("n2").as_ptr(),
            2,
            &mut values,
            &mut columns,
            &mut has_row,
        ))
        .unwrap();
        assert_eq!(V::read(&*values), V::Int(2));
    }
    let all = db.prepare("SELECT id, name, half FROM n ORDER BY id").unwrap();
    let (mut rows, mut count) = (std::ptr::null(), 0);
    unsafe {
        check(ddb_stmt_fetch_rows_i64_text_f64(all.0, 0, 2, &mut rows, &mut count)).unwrap();
        assert_eq!((count, (*rows).int64_value, (*rows.add(1)).float64_value), (2, 1, 1.0));
        check(ddb_stmt_fetch_rows_i64_text_f64(all.0, 0, 0, &mut rows, &mut count)).unwrap();
        assert_eq!((count, (*rows.add(2)).int64_value), (3, 5));
    }
}

#[test]
fn rows_of_other_types_stay_where_they_are() {
    let db = numbers(5);
    let fetch = |statement: &Stmt, current: u8, max: usize| {
        let (mut rows, mut count) = (std::ptr::null(), 0);
        check(unsafe { ddb_stmt_fetch_rows_i64_text_f64(statement.0, current, max, &mut rows, &mut count) })
            .map(|()| (0..count).map(|at| unsafe { (*rows.add(at)).int64_value }).collect::<Vec<_>>())
    };
    for max in [0, 1, 2, 3, 5, 9] {
        let mixed = db.prepare("SELECT id, CASE WHEN id = 4 THEN NULL ELSE name END, half FROM n ORDER BY id").unwrap();
        let (mut found, mut refusals) = (Vec::new(), 0);
        loop {
            match fetch(&mixed, 0, max) {
                Ok(rows) if rows.is_empty() => break,
                Ok(rows) => found.extend(rows),
                Err(error) => {
                    assert_eq!(error.sqlstate(), "42804");
                    refusals += 1;
                    assert!(mixed.step().unwrap());
                    match mixed.row().unwrap()[0] {
                        V::Int(id) => found.push(id),
                        _ => unreachable!("an id is an integer"),
                    }
                }
            }
        }
        assert_eq!((found, refusals > 0), (vec![1, 2, 3, 4, 5], true), "{max} at a time");
    }
    // The current row is part of the block, too, and still current after the refusal.
    let text = db.prepare("SELECT name, id, half FROM n ORDER BY id").unwrap();
    assert!(text.step().unwrap());
    assert!(fetch(&text, 1, 3).is_err());
    assert_eq!(text.row().unwrap()[0], t("n1"));
    let (mut values, mut count, mut columns) = (std::ptr::null(), 0, 0);
    check(unsafe { ddb_stmt_fetch_row_views(text.0, 1, 0, &mut values, &mut count, &mut columns) }).unwrap();
    assert_eq!((count, columns), (5, 3));
    assert_eq!(unsafe { V::read(&*values.add(12)) }, t("n5"));
}

#[test]
fn rebinding_executes_at_once() {
    let db = numbers(3);
    let mut affected = 0;
    let delete = db.prepare("DELETE FROM n WHERE id = $1").unwrap();
    check(unsafe { ddb_stmt_rebind_int64_execute(delete.0, 2, &mut affected) }).unwrap();
    assert_eq!(affected, 1);
    check(unsafe { ddb_stmt_rebind_int64_execute(delete.0, 2, &mut affected) }).unwrap();
    assert_eq!(affected, 0);
    let rename = db.prepare("UPDATE n SET name = $1 WHERE id = $2").unwrap();
    check(unsafe { ddb_stmt_rebind_text_int64_execute(rename.0, c("x").as_ptr(), 1, 1, &mut affected) }).unwrap();
    assert_eq!(affected, 1);
    let found = db.prepare("DELETE FROM n WHERE id = $1 AND name = $2").unwrap();
    check(unsafe { ddb_stmt_rebind_int64_text_execute(found.0, 1, c("x").as_ptr(), 1, &mut affected) }).unwrap();
    assert_eq!(affected, 1);
    assert_eq!(db.count("n"), 1);
}

#[test]
fn a_batch_is_all_or_nothing() {
    let db = Db::memory();
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    let insert = db.prepare("INSERT INTO t VALUES ($1)").unwrap();
    let batch = |ids: &[i64]| {
        let mut total = 0;
        check(unsafe { ddb_stmt_execute_batch_i64(insert.0, ids.len(), ids.as_ptr(), &mut total) }).map(|()| total)
    };
    assert_eq!(batch(&[1, 2, 3]).unwrap(), 3);
    assert_eq!(batch(&[4, 5, 1]).unwrap_err().status, CONSTRAINT);
    assert_eq!(db.count("t"), 3);
    db.begin().unwrap();
    db.run("INSERT INTO t VALUES (10)");
    assert_eq!(batch(&[4, 5, 1]).unwrap_err().status, CONSTRAINT);
    assert_eq!(batch(&[6]).unwrap(), 1);
    db.commit().unwrap();
    assert_eq!(db.count("t"), 5);
    assert_eq!(batch(&[]).unwrap(), 0);
}

#[test]
fn batches_take_several_types() {
    let db = Db::memory();
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, f FLOAT, b BOOLEAN)");
    let stmt = db.prepare("INSERT INTO t (id, name, f) VALUES ($1, $2, $3)").unwrap();
    let names = [c("a"), c("bc")];
    let pointers = names.each_ref().map(|name| name.as_ptr());
    let lengths = [1, 2];
    let mut total = 0;
    unsafe {
        check(ddb_stmt_execute_batch_i64_text_f64(
            stmt.0,
            2,
            [1, 2].as_ptr(),
            pointers.as_ptr(),
            lengths.as_ptr(),
            [0.5, 1.5].as_ptr(),
            &mut total,
        ))
        .unwrap();
        assert_eq!(total, 2);
        let stmt = db.prepare("INSERT INTO t (id, b, name, f) VALUES ($1, $2, $3, $4)").unwrap();
        let signature = c("ibtf");
        let typed = |signature: *const std::ffi::c_char| {
            check(ddb_stmt_execute_batch_typed(
                stmt.0,
                2,
                signature,
                [3, 1, 4, 0].as_ptr(),
                [2.5, 3.5].as_ptr(),
                pointers.as_ptr(),
                lengths.as_ptr(),
                null_mut(),
            ))
        };
        typed(signature.as_ptr()).unwrap();
        assert!(typed(c("ixtf").as_ptr()).unwrap_err().message().contains('x'));
        assert_eq!(typed(c("it").as_ptr()).unwrap_err().sqlstate(), "07001");
    }
    let rows = db.run("SELECT id, name, f, b FROM t ORDER BY id").rows;
    assert_eq!(rows[1], [V::Int(2), t("bc"), V::Float(1.5), V::Null]);
    assert_eq!(rows[3], [V::Int(4), t("bc"), V::Float(3.5), V::Bool(false)]);
}

#[test]
fn copied_values_are_owned_by_the_caller() {
    let db = numbers(2);
    let stmt = db.prepare("SELECT name, id FROM n ORDER BY id").unwrap();
    let mut value = ValueView::default();
    assert_eq!(
        check(unsafe { ddb_stmt_value_copy(stmt.0, 0, &mut value) }).unwrap_err().subcode(),
        "abi.no_current_row"
    );
    stmt.step().unwrap();
    check(unsafe { ddb_stmt_value_copy(stmt.0, 0, &mut value) }).unwrap();
    drop(stmt);
    assert_eq!(V::read(&value), t("n1"));
    let stale = value;
    check(unsafe { ddb_value_dispose(&mut value) }).unwrap();
    assert_eq!(value.tag, 0);
    check(unsafe { ddb_value_dispose(&mut value) }).unwrap();
    let mut again = stale;
    assert_eq!(check(unsafe { ddb_value_dispose(&mut again) }).unwrap_err().status, SQL);
}

#[test]
fn the_plan_cache_is_bounded_and_counts() {
    let db = Db::open(":memory:", "plan_cache_max_bytes=20000").unwrap();
    let summary = || {
        let mut summary = std::mem::MaybeUninit::uninit();
        check(unsafe { ddb_plan_cache_summary(db.0, summary.as_mut_ptr()) }).unwrap();
        unsafe { summary.assume_init() }
    };
    for _ in 0..3 {
        db.run("SELECT 1");
    }
    assert!(summary().total_hits >= 2);
    for number in 0..200 {
        db.run(&format!("SELECT {number} + 1"));
    }
    let full = summary();
    assert!(full.total_evictions > 0 && full.total_size_bytes <= 20000, "{}", full.total_size_bytes);
    assert!(full.total_entries > 0 && full.max_size_bytes == 20000);
    check(ddb_plan_cache_flush(db.0)).unwrap();
    assert_eq!((summary().total_entries, summary().total_size_bytes), (0, 0));
}

#[test]
fn queries_are_described_without_running() {
    let db = numbers(1);
    let mut text = null_mut();
    let sql = c("SELECT id, name FROM n WHERE id = $1");
    check(unsafe { ddb_db_describe_query_json(db.0, sql.as_ptr(), &mut text) }).unwrap();
    let json: serde_json::Value = serde_json::from_str(&take_string(text)).unwrap();
    assert_eq!(json["read_only"], true);
    assert_eq!(json["result_columns"][1]["type_name"], "TEXT");
    assert_eq!(json["parameters"][0]["name"], "$1");
    let sql = c("DELETE FROM n");
    check(unsafe { ddb_db_describe_query_json(db.0, sql.as_ptr(), &mut text) }).unwrap();
    let json: serde_json::Value = serde_json::from_str(&take_string(text)).unwrap();
    assert_eq!(json["read_only"], false);
    assert_eq!(db.count("n"), 1);
    let tables = db.json(ddb_db_list_tables_json).unwrap();
    assert_eq!((&tables[0]["name"], &tables[0]["row_count"]), (&"n".into(), &1.into()));
}

#[test]
fn one_document_describes_the_schema() {
    let db = numbers(3);
    let snapshot = db.json(ddb_db_get_schema_snapshot_json).unwrap();
    assert_eq!((&snapshot["tables"][0]["name"], &snapshot["tables"][0]["row_count"]), (&"n".into(), &3.into()));
    let metadata = db.json(ddb_db_get_tooling_metadata_json).unwrap();
    assert_eq!(metadata["schema"], snapshot);
    let version = unsafe { std::ffi::CStr::from_ptr(ddb_version()) };
    assert_eq!(metadata["engine_version"].as_str(), version.to_str().ok());
}

#[test]
fn ids_of_deleted_rows_are_not_given_again() {
    let db = Db::memory();
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT)");
    let insert = || match db.run("INSERT INTO t (n) VALUES ('x') RETURNING id").rows[0][0] {
        V::Int(id) => id,
        ref other => panic!("{other:?}"),
    };
    assert_eq!((insert(), insert()), (1, 2));
    db.run("DELETE FROM t WHERE id = 2");
    assert_eq!(insert(), 3);
    db.run("INSERT INTO t VALUES (10, 'y')");
    db.run("DELETE FROM t");
    assert_eq!(insert(), 11);
    db.begin().unwrap();
    insert();
    db.rollback().unwrap();
    assert_eq!(insert(), 12);
    db.run("ALTER TABLE t RENAME TO u");
    db.run("DELETE FROM u");
    db.run("ALTER TABLE u RENAME TO t");
    assert_eq!(insert(), 13);
    db.run("DROP TABLE t");
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT)");
    assert_eq!(insert(), 1);
}

#[test]
fn the_schema_can_be_queried() {
    let file = TempDb::new();
    let (db, other) = (file.open(), file.open());
    let tables = "SELECT table_name, table_type FROM information_schema.tables ORDER BY 1";
    assert!(db.run(tables).rows.is_empty());
    other.run("CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT NOT NULL DEFAULT 'x', d DECIMAL)");
    other.run("CREATE VIEW v AS SELECT n FROM t");
    assert_eq!(db.run(tables).rows, [[t("t"), t("BASE TABLE")], [t("v"), t("VIEW")]]);
    let columns = db.run(
        "SELECT c.column_name, c.ordinal_position, c.column_default, c.is_nullable, c.data_type \
         FROM information_schema.columns c JOIN information_schema.tables USING (table_name) \
         WHERE table_type = 'BASE TABLE' ORDER BY 2",
    );
    assert_eq!(
        columns.rows,
        [
            [t("id"), V::Int(1), V::Null, t("NO"), t("INT64")],
            [t("n"), V::Int(2), t("'x'"), t("NO"), t("TEXT")],
            [t("d"), V::Int(3), V::Null, t("YES"), t("DECIMAL")],
        ]
    );
    let objects = db.run("SELECT type, name, tbl_name FROM sqlite_schema");
    let expected = [["table", "t", "t"], ["view", "v", "v"], ["index", "pk_t_id", "t"]];
    assert_eq!(objects.rows, expected.map(|row| row.map(t)));
    assert_eq!(db.run("SELECT schema_name FROM information_schema.schemata").rows, [[t("main")], [t("temp")]]);
    let prepared = db.prepare("SELECT count(*) FROM information_schema.tables").unwrap();
    assert_eq!(prepared.fetch(false, 0).unwrap(), [[V::Int(2)]]);
    other.run("DROP VIEW v");
    prepared.reset();
    assert_eq!(prepared.fetch(false, 0).unwrap(), [[V::Int(1)]]);
}

#[test]
fn a_parameter_may_decide_which_index_helps() {
    let db = Db::memory();
    db.run("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)");
    db.run("CREATE TABLE addresses (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users(id))");
    db.run("CREATE INDEX known ON addresses (user_id) WHERE user_id > 10");
    db.run("INSERT INTO users VALUES (1, 'a')");
    db.run("INSERT INTO addresses VALUES (10, 1), (11, 1)");
    db.run("ANALYZE");
    let joined =
        "SELECT u.id, a.id FROM users u LEFT JOIN addresses a ON u.id = a.user_id WHERE u.id = $1 ORDER BY a.id";
    for _ in 0..3 {
        let rows = db.execute(joined, &[V::Int(1)]).unwrap().rows;
        assert_eq!(rows, [[V::Int(1), V::Int(10)], [V::Int(1), V::Int(11)]]);
    }
    assert_eq!(db.execute("SELECT id FROM addresses WHERE user_id = $1", &[V::Int(1)]).unwrap().rows.len(), 2);
}

#[test]
fn an_insert_returns_the_id_of_its_own_row() {
    let db = Db::memory();
    db.run("CREATE TABLE log (at INT PRIMARY KEY, what TEXT)");
    db.run("INSERT INTO log VALUES (40, 'before')");
    db.run("CREATE TABLE t (id INT PRIMARY KEY, n TEXT UNIQUE)");
    db.run("CREATE INDEX words ON t USING fulltext (n)");
    let action = "decentdb_exec_sql('INSERT INTO log (what) VALUES (''t'')')";
    db.run(&format!("CREATE TRIGGER w AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION {action}"));
    let insert = db.prepare("INSERT INTO t (n) VALUES ($1) RETURNING id AS key").unwrap();
    for (name, id) in [("a", 1), ("b", 2)] {
        insert.bind(&[t(name)]).unwrap();
        assert_eq!(insert.affected().unwrap(), 1);
        assert!(insert.step().unwrap());
        assert_eq!(insert.row().unwrap(), [V::Int(id)]);
        assert!(!insert.step().unwrap());
    }
    insert.bind(&[t("a")]).unwrap();
    assert_eq!(insert.step().unwrap_err().sqlstate(), "23505");
    assert_eq!(db.run("INSERT INTO t (n) VALUES ('h'), ('i') RETURNING id").rows, [[V::Int(3)], [V::Int(4)]]);
    for (statement, id) in [
        ("INSERT INTO t VALUES (7, 'c') RETURNING id", 7),
        ("INSERT INTO t DEFAULT VALUES RETURNING t.id", 8),
        ("WITH q AS (SELECT 1 AS one) INSERT INTO t (n) VALUES ('d') RETURNING (id)", 9),
        ("INSERT INTO t AS x (id, n) VALUES (-3, 'e') RETURNING x.id", -3),
        ("INSERT INTO t (n) VALUES ('f') RETURNING id + 100", 110),
        ("INSERT INTO t (n) VALUES ('f') ON CONFLICT (n) DO UPDATE SET n = 'g' RETURNING id", 10),
    ] {
        assert_eq!(db.run(statement).rows, [[V::Int(id)]], "{statement}");
    }
}
