//! Watches and change streams.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Barrier;

use decentdb::testing::abi::*;
use serde_json::json;

use crate::support::*;

fn items(db: &Db) {
    db.run("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)");
}

#[test]
fn images_show_generated_columns() {
    let db = Db::memory();
    db.run("CREATE TABLE g (twice INT GENERATED ALWAYS AS (a * 2) STORED, id INTEGER PRIMARY KEY, a INT)");
    let watch = db.watch_table(r#"{"tables":["g"]}"#).unwrap();
    watch.expect("initial");
    db.run("INSERT INTO g (id, a) VALUES (1, 4)");
    assert_eq!(watch.expect("invalidate")["row_changes"][0]["after"], json!({"twice": 8, "id": 1, "a": 4}));
    db.run("UPDATE g SET a = 5");
    let change = &watch.expect("invalidate")["row_changes"][0];
    assert_eq!((&change["before"]["twice"], &change["after"]["twice"]), (&json!(8), &json!(10)));
}

#[test]
fn a_table_watch_reports_changes_with_their_images() {
    let db = Db::memory();
    items(&db);
    let watch = db.watch_table(r#"{"tables":["ITEMS"]}"#).unwrap();
    let initial = watch.expect("initial");
    assert_eq!(initial["schema_version"], 1);
    db.run("INSERT INTO items VALUES (1, 'a'), (2, 'b')");
    let event = watch.expect("invalidate");
    assert_eq!(event["watch_id"], initial["watch_id"]);
    assert_eq!(event["tables"], json!(["items"]));
    assert_eq!((&event["source"], &event["schema_changed"]), (&json!("direct"), &json!(false)));
    assert_eq!(event["row_changes_truncated"], false);
    assert_eq!(
        event["row_changes"],
        json!([
            {"table": "items", "operation": "insert", "primary_key": {"id": 1}, "before": null,
             "after": {"id": 1, "name": "a"}, "detail": "full_row"},
            {"table": "items", "operation": "insert", "primary_key": {"id": 2}, "before": null,
             "after": {"id": 2, "name": "b"}, "detail": "full_row"},
        ])
    );
    db.run("UPDATE items SET name = 'c' WHERE id = 2");
    let change = &watch.expect("invalidate")["row_changes"][0];
    assert_eq!((&change["before"]["name"], &change["after"]["name"]), (&json!("b"), &json!("c")));
    db.run("DELETE FROM items");
    let event = watch.expect("invalidate");
    assert_eq!(event["row_changes"].as_array().unwrap().len(), 2);
    assert_eq!(event["row_changes"][0]["operation"], "delete");
    assert_eq!(event["row_changes"][0]["after"], json!(null));
    watch.expect_none();
}

#[test]
fn one_event_for_each_commit_and_none_for_a_rollback() {
    let db = Db::memory();
    items(&db);
    let watch = db.watch_table(r#"{"tables":["items"]}"#).unwrap();
    watch.expect("initial");
    db.begin().unwrap();
    db.run("INSERT INTO items VALUES (1, 'a')");
    db.run("SAVEPOINT s");
    db.run("INSERT INTO items VALUES (2, 'b')");
    db.run("ROLLBACK TO s");
    assert!(db.execute("INSERT INTO items VALUES (3, 'c'), (1, 'again')", &[]).is_err());
    db.run("INSERT INTO items VALUES (4, 'd')");
    watch.expect_none();
    let lsn = db.commit().unwrap();
    let event = watch.expect("invalidate");
    assert_eq!(event["commit_lsn"], lsn);
    let keys: Vec<_> =
        event["row_changes"].as_array().unwrap().iter().map(|change| change["primary_key"]["id"].clone()).collect();
    assert_eq!(keys, [json!(1), json!(4)]);
    db.begin().unwrap();
    db.run("DELETE FROM items");
    db.rollback().unwrap();
    assert!(db.execute("INSERT INTO items VALUES (9, 'x'), (1, 'y')", &[]).is_err());
    db.run("UPDATE items SET name = 'z' WHERE id = 77");
    watch.expect_none();
}

#[test]
fn a_change_stream_names_tables_and_counts() {
    let file = TempDb::new();
    let (db, other) = (file.open(), file.open());
    items(&db);
    db.run("CREATE TABLE notes (id INTEGER PRIMARY KEY)");
    let all = db.change_stream("{}").unwrap();
    let notes = db.change_stream(r#"{"tables":["notes"]}"#).unwrap();
    all.expect("initial");
    notes.expect("initial");
    other.queued("INSERT INTO items VALUES (1, 'a')", &[], u64::MAX).unwrap();
    let event = all.expect("change");
    assert_eq!(event["source"], "queued");
    assert_eq!(event["table_changes"], json!([{"table": "items", "schema_changed": false, "row_change_count": 1}]));
    notes.expect_none();
    other.run("INSERT INTO notes VALUES (1)");
    assert_eq!(notes.expect("change")["row_changes"][0]["table"], "notes");
    other.run("CREATE TABLE more (id INTEGER)");
    let event = notes.expect("change");
    assert_eq!(event["table_changes"][0], json!({"table": "more", "schema_changed": true, "row_change_count": 0}));
}

#[test]
fn a_query_watch_begins_with_its_rows_and_hears_of_its_tables() {
    let db = Db::memory();
    items(&db);
    db.run("CREATE TABLE notes (id INTEGER PRIMARY KEY)");
    db.run("INSERT INTO items VALUES (1, 'a')");
    let watch = db.watch_query(r#"{"sql":"SELECT id, name FROM items WHERE id < $1","params":[5]}"#).unwrap();
    let initial = watch.expect("initial");
    assert_eq!((&initial["columns"], &initial["rows"]), (&json!(["id", "name"]), &json!([[1, "a"]])));
    db.run("INSERT INTO notes VALUES (1)");
    watch.expect_none();
    db.run("INSERT INTO items VALUES (7, 'b')");
    assert_eq!(watch.expect("invalidate")["tables"], json!(["items"]));
    for request in [
        r#"{"sql":"DELETE FROM items"}"#,
        r#"{"sql":"SELECT 1"}"#,
        r#"{"sql":"SELECT nonsense FROM items"}"#,
        r#"{"sql":7}"#,
        "[]",
        "{",
    ] {
        assert_eq!(db.watch_query(request).err().unwrap().status, SQL, "{request}");
    }
    let unknown = db.watch_table(r#"{"tables":["nowhere"]}"#).err().unwrap();
    assert!(unknown.message().contains("unknown watch table nowhere"));
    assert_eq!(db.watch_table("{}").err().unwrap().status, SQL);
}

#[test]
fn no_commit_falls_between_the_rows_and_the_events_of_a_query_watch() {
    let file = TempDb::new();
    let (db, writer) = (file.open(), file.open_with("wal_sync_mode=normal"));
    items(&db);
    // This stream keeps recording switched on, so that every event is complete.
    let _always = db.watch_table(r#"{"tables":["items"],"queue_capacity":1}"#).unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for id in 0..400 {
                writer.execute("INSERT INTO items VALUES ($1, 'x')", &[V::Int(id)]).unwrap();
            }
        });
        while !writer.is_finished() {
            let watch = db.watch_query(r#"{"sql":"SELECT count(*) FROM items"}"#).unwrap();
            let seen = watch.expect("initial")["rows"][0][0].as_i64().unwrap();
            if seen < 400 {
                // The snapshot does not hold the next row, so its event must arrive.
                loop {
                    let event = watch.expect("invalidate");
                    if event["row_changes"].as_array().unwrap().iter().any(|change| change["primary_key"]["id"] == seen)
                    {
                        break;
                    }
                    assert_eq!(event["row_changes_truncated"], false);
                }
            }
        }
    });
}

#[test]
fn a_range_watch_hears_of_its_keys_only() {
    let db = Db::memory();
    items(&db);
    let request = r#"{"table":"items","lower":10,"upper":20,"upper_inclusive":false}"#;
    let watch = db.watch_range(request).unwrap();
    watch.expect("initial");
    db.run("INSERT INTO items VALUES (9, 'no'), (20, 'no')");
    watch.expect_none();
    db.run("INSERT INTO items VALUES (10, 'yes'), (30, 'no')");
    assert_eq!(watch.expect("invalidate")["row_changes"].as_array().unwrap().len(), 1);
    db.run("UPDATE items SET id = 40 WHERE id = 10");
    assert_eq!(watch.expect("invalidate")["row_changes"][0]["before"]["id"], 10);
    db.run("UPDATE items SET id = 19 WHERE id = 9");
    watch.expect("invalidate");
    db.run("CREATE TABLE plain (x INTEGER)");
    watch.expect("invalidate");
    assert_eq!(db.watch_range(r#"{"table":"plain"}"#).err().unwrap().status, SQL);
}

#[test]
fn a_slow_reader_learns_once_what_it_missed() {
    let db = Db::memory();
    items(&db);
    let watch = db.watch_table(r#"{"tables":["items"],"queue_capacity":3}"#).unwrap();
    watch.expect("initial");
    db.run("INSERT INTO items VALUES (0, 'first')");
    let first = watch.expect("invalidate")["event_id"].as_u64().unwrap();
    for id in 1..=10 {
        db.run(&format!("INSERT INTO items VALUES ({id}, 'x')"));
    }
    let lagged = watch.expect("lagged");
    assert_eq!(lagged["reason"], "queue_overflow");
    assert_eq!(
        (lagged["last_seen_event_id"].as_u64(), lagged["latest_event_id"].as_u64()),
        (Some(first), Some(first + 10))
    );
    watch.expect_none();
    db.run("INSERT INTO items VALUES (11, 'x')");
    assert_eq!(watch.expect("invalidate")["event_id"], first + 11);
}

#[test]
fn very_many_row_changes_are_cut_and_said_to_be() {
    let db = Db::memory();
    items(&db);
    let watch = db.watch_table(r#"{"tables":["items"]}"#).unwrap();
    watch.expect("initial");
    db.begin().unwrap();
    let insert = db.prepare("INSERT INTO items VALUES ($1, 'x')").unwrap();
    let ids: Vec<i64> = (0..5000).collect();
    check(unsafe { ddb_stmt_execute_batch_i64(insert.0, ids.len(), ids.as_ptr(), std::ptr::null_mut()) }).unwrap();
    db.commit().unwrap();
    let event = watch.expect("invalidate");
    assert_eq!(event["row_changes_truncated"], true);
    assert_eq!(event["row_changes"].as_array().unwrap().len(), 4096);
}

#[test]
fn a_transaction_begun_before_the_first_watch_is_marked_incomplete() {
    let file = TempDb::new();
    let (db, other) = (file.open(), file.open());
    items(&db);
    db.begin().unwrap();
    db.run("INSERT INTO items VALUES (1, 'unseen')");
    let watch = other.watch_table(r#"{"tables":["items"]}"#).unwrap();
    watch.expect("initial");
    db.run("INSERT INTO items VALUES (2, 'seen')");
    db.commit().unwrap();
    let event = watch.expect("invalidate");
    assert_eq!((&event["row_changes_truncated"], &event["tables"]), (&json!(true), &json!(["items"])));
}

#[test]
fn changes_of_the_schema_reach_every_watch() {
    let db = Db::memory();
    items(&db);
    let watch = db.watch_table(r#"{"tables":["items"]}"#).unwrap();
    watch.expect("initial");
    db.run("CREATE TABLE other (id INTEGER)");
    let event = watch.expect("invalidate");
    assert_eq!((&event["schema_changed"], &event["tables"]), (&json!(true), &json!(["other"])));
    db.run("CREATE TABLE IF NOT EXISTS other (id INTEGER)");
    watch.expect_none();
}

#[test]
fn events_write_every_type_as_json() {
    let db = Db::memory();
    db.run("CREATE TABLE k (id INTEGER PRIMARY KEY, d DECIMAL(10,2), u UUID, ts TIMESTAMP, b BYTEA, day DATE, ok BOOLEAN, f FLOAT)");
    let watch = db.watch_table(r#"{"tables":["k"]}"#).unwrap();
    watch.expect("initial");
    db.run(
        "INSERT INTO k VALUES (1, 12.30, '00112233-4455-6677-8899-aabbccddeeff', '1970-01-01 00:00:01', CAST('\\x0aff' AS BYTEA), \
         '2024-02-29', true, 0.5)",
    );
    assert_eq!(
        watch.expect("invalidate")["row_changes"][0]["after"],
        json!({"id": 1, "d": "12.30", "u": "00112233-4455-6677-8899-aabbccddeeff", "ts": 1_000_000, "b": "0aff",
               "day": "2024-02-29", "ok": true, "f": 0.5})
    );
}

#[test]
fn commits_of_many_threads_arrive_in_order() {
    let file = TempDb::new();
    let db = file.open_with("wal_sync_mode=normal");
    items(&db);
    let watch = db.change_stream(r#"{"queue_capacity":8192}"#).unwrap();
    watch.expect("initial");
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let file = &file;
            scope.spawn(move || {
                let db = file.open_with("wal_sync_mode=normal");
                for at in 0..100 {
                    let id = V::Int(worker * 100 + at);
                    if at % 2 == 0 {
                        db.execute("INSERT INTO items VALUES ($1, 'x')", &[id]).unwrap();
                    } else {
                        db.queued("INSERT INTO items VALUES ($1, 'x')", &[id], u64::MAX).unwrap();
                    }
                }
            });
        }
    });
    let (mut seen, mut last) = (0, (0, 0));
    while seen < 400 {
        let event = watch.expect("change");
        let now = (event["event_id"].as_u64().unwrap(), event["commit_lsn"].as_u64().unwrap());
        assert!(now.0 == last.0 + 1 && now.1 > last.1, "{now:?} after {last:?}");
        last = now;
        seen += event["row_changes"].as_array().unwrap().len();
    }
    assert_eq!(seen, 400);
}

#[test]
fn closing_wakes_waiting_readers() {
    let db = Db::memory();
    items(&db);
    let closed = AtomicUsize::new(0);
    for round in 0..2000 {
        let mut watch = db.watch_table(r#"{"tables":["items"]}"#).unwrap();
        watch.expect("initial");
        let barrier = Barrier::new(3);
        let handle = watch.0 as usize;
        std::thread::scope(|scope| {
            for _ in 0..2 {
                let (barrier, closed) = (&barrier, &closed);
                scope.spawn(move || {
                    barrier.wait();
                    loop {
                        match next_event(handle as *mut _, 10_000) {
                            Ok(event) if event["type"] == "closed" => {
                                closed.fetch_add(1, Ordering::Relaxed);
                                return;
                            }
                            Ok(event) => assert_eq!(event["type"], "invalidate"),
                            // This call came after the close.
                            Err(failure) => {
                                assert_eq!(failure.status, SQL, "{failure:?}");
                                return;
                            }
                        }
                    }
                });
            }
            barrier.wait();
            if round % 3 == 0 {
                db.run("INSERT INTO items (name) VALUES ('x')");
            } else if round % 3 == 1 {
                std::thread::yield_now();
            } else if round % 200 == 2 {
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
            check(unsafe { ddb_watch_close(&mut watch.0) }).unwrap();
        });
    }
    assert!(closed.load(Ordering::Relaxed) > 0);
}

#[test]
fn a_watch_outlives_the_handle_it_was_opened_with() {
    let file = TempDb::new();
    let db = file.open();
    items(&db);
    let watch = db.watch_table(r#"{"tables":["items"]}"#).unwrap();
    watch.expect("initial");
    drop(db);
    watch.expect_none();
    file.open().run("INSERT INTO items VALUES (1, 'a')");
    watch.expect("invalidate");
}

#[test]
fn rows_deleted_by_a_foreign_key_are_reported_too() {
    let db = Db::memory();
    db.run("CREATE TABLE parent (id INTEGER PRIMARY KEY)");
    db.run("CREATE TABLE child (id INTEGER PRIMARY KEY, p INTEGER REFERENCES parent(id) ON DELETE CASCADE)");
    db.run("INSERT INTO parent VALUES (1)");
    db.run("INSERT INTO child VALUES (10, 1), (11, 1)");
    let watch = db.watch_table(r#"{"tables":["child"]}"#).unwrap();
    watch.expect("initial");
    db.run("DELETE FROM parent");
    let event = watch.expect("invalidate");
    assert_eq!((&event["tables"], event["row_changes"].as_array().unwrap().len()), (&json!(["child"]), 2));
}
