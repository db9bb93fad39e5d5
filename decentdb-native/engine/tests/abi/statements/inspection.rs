//! The `sys.*` views, in which the engine reports about itself.

use std::fs;

use decentdb::testing::abi::*;
use decentdb::testing::c_layout::WriteQueueMetrics;

use crate::support::*;

/// The only row of a view, by column name.
fn row(db: &Db, view: &str) -> impl Fn(&str) -> V {
    let result = db.run(&format!("SELECT * FROM sys.{view}"));
    assert_eq!(result.rows.len(), 1, "{view}");
    move |column| {
        let at = result.names.iter().position(|name| name == column);
        result.rows[0][at.unwrap_or_else(|| panic!("no column {column}"))].clone()
    }
}

fn int(value: &V) -> i64 {
    match value {
        V::Int(number) => *number,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_views_have_the_columns_of_decentdb() {
    let db = Db::memory();
    for (view, columns) in [
        (
            "process_coordination",
            "mode enabled supported coord_path coord_version coordinator_generation wal_end_lsn \
             checkpoint_generation last_refresh_lsn last_refresh_age_ms",
        ),
        (
            "write_queue_metrics",
            "capacity current_depth admitted rejected timed_out canceled executed committed failed \
             group_commit_batches group_commit_syncs group_commit_max_batch group_commit_commits_covered \
             physical_syncs_saved total_queue_wait_ns",
        ),
        (
            "wal_metrics",
            "latest_lsn file_size_bytes active_readers max_page_count checkpoint_epoch warning_count version_count \
             resident_versions on_disk_versions shared_wal",
        ),
        (
            "storage_metrics",
            "path wal_path format_version page_size cache_size_mb page_count schema_cookie wal_end_lsn wal_file_size \
             last_checkpoint_lsn active_readers wal_versions warning_count shared_wal",
        ),
        (
            "reactive_metrics",
            "active_watch_count table_watch_count range_watch_count query_watch_count change_stream_count \
             events_published events_delivered events_dropped lagged_watch_count row_change_events_truncated",
        ),
        (
            "reactive_subscriptions",
            "watch_id kind created_at_micros queue_capacity queue_depth last_delivered_event_id dropped_events lagged \
             dependencies_json",
        ),
        (
            "plan_cache_summary",
            "scope total_entries total_hits total_misses total_evictions total_size_bytes max_size_bytes \
             total_oversized_refusals hit_rate",
        ),
    ] {
        let names = db.run(&format!("SELECT * FROM sys.{view}")).names;
        assert_eq!(names, columns.split_whitespace().collect::<Vec<_>>(), "{view}");
    }
}

#[test]
fn the_views_are_relations_like_others() {
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE limits (name TEXT, value INTEGER)");
    db.run("INSERT INTO limits VALUES ('queue', 1024)");
    let joined = "SELECT l.name FROM SYS.write_queue_metrics AS q JOIN limits l ON l.value = q.capacity \
         WHERE q.failed = $1 ORDER BY q.admitted";
    assert_eq!(db.execute(joined, &[V::Int(0)]).unwrap().rows, [[t("queue")]]);
    assert_eq!(db.run("SELECT enabled FROM sys.process_coordination WHERE NOT enabled").rows.len(), 0);
    assert_eq!(
        db.run("SELECT (SELECT mode FROM sys.process_coordination) AS mode, count(*) FROM sys.wal_metrics").rows,
        [[t("auto"), V::Int(1)]]
    );
    db.run("INSERT INTO limits SELECT 'pages', page_size FROM sys.storage_metrics");
    assert_eq!(db.run("SELECT value FROM limits WHERE name = 'pages'").rows, [[V::Int(4096)]]);
    let mut text = std::ptr::null_mut();
    let sql = c("SELECT hit_rate, scope, total_hits FROM sys.plan_cache_summary");
    check(unsafe { ddb_db_describe_query_json(db.0, sql.as_ptr(), &mut text) }).unwrap();
    let described: serde_json::Value = serde_json::from_str(&take_string(text)).unwrap();
    let types: Vec<_> =
        described["result_columns"].as_array().unwrap().iter().map(|column| column["type_name"].clone()).collect();
    assert_eq!(types, ["FLOAT64", "TEXT", "INT64"], "{described}");
}

#[test]
fn the_values_are_those_of_each_execution() {
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    let admitted = db.prepare("SELECT admitted, committed FROM sys.write_queue_metrics").unwrap();
    for round in 0..3 {
        assert_eq!(admitted.fetch(false, 0).unwrap(), [[V::Int(round), V::Int(round)]]);
        admitted.reset();
        db.queued("INSERT INTO t VALUES ($1)", &[V::Int(round)], u64::MAX).unwrap();
    }
    db.begin().unwrap();
    let summary = row(&db, "wal_metrics");
    assert_eq!(int(&summary("active_readers")), 1);
    db.rollback().unwrap();
    assert_eq!(int(&row(&db, "wal_metrics")("active_readers")), 0);
}

#[test]
fn the_log_is_measured() {
    let file = TempDb::new();
    let db = file.open_with("cache_size=16MB");
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    db.begin().unwrap();
    db.run("INSERT INTO t VALUES (1)");
    let lsn = db.commit().unwrap() as i64;
    let wal = format!("{}-wal", file.path());
    let metrics = row(&db, "wal_metrics");
    let frames = int(&metrics("version_count"));
    assert_eq!(int(&metrics("file_size_bytes")), fs::metadata(&wal).unwrap().len() as i64);
    assert_eq!(int(&metrics("file_size_bytes")), 32 + frames * (4096 + 24));
    assert_eq!((int(&metrics("latest_lsn")), metrics("shared_wal")), (lsn, V::Bool(true)));
    let storage = row(&db, "storage_metrics");
    assert_eq!(
        (storage("path"), storage("wal_path")),
        (t(file.path.canonicalize().unwrap().to_str().unwrap()), t(&wal))
    );
    assert_eq!((storage("cache_size_mb"), storage("wal_versions")), (V::Int(16), V::Int(frames)));
    assert_eq!(storage("last_checkpoint_lsn"), V::Int(0));
    check(ddb_db_checkpoint(db.0)).unwrap();
    let storage = row(&db, "storage_metrics");
    assert_eq!((storage("last_checkpoint_lsn"), storage("wal_versions")), (V::Int(lsn), V::Int(0)));
    assert_eq!(int(&storage("page_count")) * 4096, fs::metadata(&file.path).unwrap().len() as i64);
}

#[test]
fn coordination_is_reported_as_it_is() {
    let file = TempDb::new();
    for (option, mode) in [
        ("", "auto"),
        ("process_coordination=required", "required"),
        ("process_coordination=off", "single_process_unsafe"),
    ] {
        let db = file.open_with(option);
        let one = row(&db, "process_coordination");
        // SQLite's locks are on in every mode.
        assert_eq!((one("mode"), one("enabled"), one("supported")), (t(mode), V::Bool(true), V::Bool(true)));
        let V::Text(path) = one("coord_path") else { panic!("a path") };
        assert!(path.ends_with("test.ddb-shm") && fs::metadata(&path).is_ok(), "{path}");
        assert!(int(&one("coord_version")) > 0);
        db.run("CREATE TABLE IF NOT EXISTS t (id INTEGER)");
        let before = int(&row(&db, "process_coordination")("coordinator_generation"));
        db.run("INSERT INTO t VALUES (1)");
        let after = row(&db, "process_coordination");
        assert_eq!(int(&after("coordinator_generation")), before + 1);
    }
    for (option, mode, supported) in
        [("", "auto", false), ("process_coordination=single_process_unsafe", "single_process_unsafe", true)]
    {
        let db = Db::open(":memory:", option).unwrap();
        let one = row(&db, "process_coordination");
        assert_eq!((one("mode"), one("enabled")), (t(mode), V::Bool(false)));
        assert_eq!((one("supported"), one("coord_path")), (V::Bool(supported), V::Null));
    }
}

#[test]
fn watches_are_listed_and_counted() {
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    assert_eq!(db.run("SELECT * FROM sys.reactive_subscriptions").rows.len(), 0);
    let table = db.watch_table(r#"{"tables": ["t"], "queue_capacity": 2}"#).unwrap();
    let _range = db.watch_range(r#"{"table": "t", "lower": 5}"#).unwrap();
    let _query = db.watch_query(r#"{"sql": "SELECT id FROM t"}"#).unwrap();
    let _stream = db.change_stream("{}").unwrap();
    table.expect("initial");
    for id in 0..3 {
        db.execute("INSERT INTO t VALUES ($1)", &[V::Int(id)]).unwrap();
    }
    let listed = db.run(
        "SELECT kind, queue_capacity, queue_depth, dropped_events, lagged FROM sys.reactive_subscriptions \
         ORDER BY watch_id",
    );
    assert_eq!(
        listed.rows,
        [
            [t("table"), V::Int(2), V::Int(1), V::Int(3), V::Bool(true)],
            [t("range"), V::Int(1024), V::Int(1), V::Int(0), V::Bool(false)],
            [t("query"), V::Int(1024), V::Int(4), V::Int(0), V::Bool(false)],
            [t("change_stream"), V::Int(1024), V::Int(4), V::Int(0), V::Bool(false)],
        ]
    );
    let metrics = row(&db, "reactive_metrics");
    assert_eq!((metrics("active_watch_count"), metrics("table_watch_count")), (V::Int(4), V::Int(1)));
    assert_eq!((metrics("events_published"), metrics("lagged_watch_count")), (V::Int(3), V::Int(1)));
    // Two for the watch of the table until it overflowed, three each for the query and the stream.
    assert_eq!((metrics("events_delivered"), metrics("events_dropped")), (V::Int(8), V::Int(3)));
    let range = db.run("SELECT dependencies_json FROM sys.reactive_subscriptions WHERE kind = 'range'").rows;
    let V::Text(json) = &range[0][0] else { panic!("{range:?}") };
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!((&json["table"], &json["lower"], &json["lower_inclusive"]), (&"t".into(), &5.into(), &true.into()));
    drop(table);
    assert_eq!(row(&db, "reactive_metrics")("active_watch_count"), V::Int(3));
}

#[test]
fn other_names_are_refused() {
    let db = Db::memory();
    for view in ["sync_status", "sync_conflicts", "slow_queries", "process_readers", "plan_cache", "sessions"] {
        let failure = db.fail(&format!("SELECT * FROM sys.{view}"));
        assert_eq!(failure.sqlstate(), "0A000", "{view}");
        assert!(failure.message().contains(&format!("sys.{view}")), "{failure:?}");
    }
    assert_eq!(db.fail("SELECT * FROM sys.nonsense").sqlstate(), "42P01");
    assert_eq!(db.fail("CREATE VIEW v AS SELECT * FROM sys.wal_metrics").sqlstate(), "0A000");
    db.fail("DELETE FROM sys.wal_metrics");
    db.fail("SELECT ddb_inspection_rows('wal_metrics')");
}

/// The counters of a queue that a program keeps.
fn report() -> WriteQueueMetrics {
    WriteQueueMetrics {
        capacity: 7,
        current_depth: 3,
        admitted: u64::MAX,
        rejected: u64::MAX,
        timed_out: u64::MAX,
        canceled: u64::MAX,
        executed: 12,
        committed: 11,
        failed: 1,
        group_commit_batches: 4,
        group_commit_syncs: 4,
        group_commit_max_batch: 5,
        group_commit_commits_covered: 11,
        physical_syncs_saved: 7,
        total_queue_wait_ns: 1234,
    }
}

#[test]
fn the_queue_of_a_program_is_shown_on_all_handles() {
    let file = TempDb::new();
    let (db, other) = (file.open(), file.open());
    let own = row(&db, "write_queue_metrics")("capacity");
    check(unsafe { ddb_ext_db_report_write_queue(db.0, &report()) }).unwrap();
    for handle in [&db, &other] {
        let shown = row(handle, "write_queue_metrics");
        assert_eq!((int(&shown("capacity")), int(&shown("current_depth"))), (7, 3));
        assert_eq!((int(&shown("executed")), int(&shown("total_queue_wait_ns"))), (12, 1234));
        assert_eq!(shown("admitted"), V::Null, "the program does not count it");
    }
    assert_ne!(db.metrics().capacity, 7, "the engine's own queue");
    check(unsafe { ddb_ext_db_report_write_queue(other.0, std::ptr::null()) }).unwrap();
    assert_eq!(row(&db, "write_queue_metrics")("capacity"), own);
    assert_eq!(row(&db, "write_queue_metrics")("admitted"), V::Int(0));
}
