//! The events of watches: every kind of change, type and key, within the bounds of an event.

use serde_json::{json, Value as Json};

use crate::support::*;

fn watched(db: &Db, request: &str) -> Watch {
    let watch = db.change_stream(request).unwrap();
    watch.expect("initial");
    watch
}

/// The row changes of the next event as `operation table before after`.
fn changes(watch: &Watch) -> Vec<String> {
    let event = watch.expect("change");
    assert_eq!(event["row_changes_truncated"], false);
    let changes = event["row_changes"].as_array().unwrap().iter();
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    changes
        .map(|row| format!("{} {} {} {}", text(&row["operation"]), text(&row["table"]), row["before"], row["after"]))
        .collect()
}

#[test]
fn every_type_is_spelt_as_decentdb_spells_it() {
    let db = Db::memory();
    db.run(
        "CREATE TABLE k (id INTEGER PRIMARY KEY, i INT, f FLOAT, b BOOLEAN, t TEXT, bl BLOB, d DECIMAL(10,2), u UUID, \
         ts TIMESTAMP, tz TIMESTAMPTZ, da DATE, ti TIME, iv INTERVAL, e ENUM('x','y'), ip IPADDR, ci CIDR, ma MACADDR)",
    );
    let watch = watched(&db, "{}");
    db.run(
        "INSERT INTO k VALUES (1, 5, 2.0, true, 'a\u{1}é', X'00616263', 12.30, '00112233-4455-6677-8899-aabbccddeeff', \
         '2024-01-02 03:04:05.678', '2024-01-02 03:04:05+02:00', '2024-02-29', '03:04:05.5', \
         INTERVAL '1 month 2 days 3 hours', 'y', '10.0.0.1', '10.0.0.0/8', '08:00:2b:01:02:03'), \
         (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    );
    let event = watch.expect("change");
    let row = json!({
        "id": 1, "i": 5, "f": 2.0, "b": true, "t": "a\u{1}é", "bl": "00616263", "d": "12.30",
        "u": "00112233-4455-6677-8899-aabbccddeeff", "ts": 1_704_164_645_678_000_i64,
        "tz": "2024-01-02T01:04:05.000000Z", "da": "2024-02-29", "ti": "03:04:05.500000", "iv": "1 2 10800000000",
        "e": "y", "ip": "10.0.0.1", "ci": "10.0.0.0/8", "ma": "08:00:2b:01:02:03",
    });
    let after = &event["row_changes"][0]["after"];
    for (name, value) in row.as_object().unwrap() {
        assert_eq!(&after[name], value, "{name}");
    }
    assert!(event["row_changes"][1]["after"]
        .as_object()
        .unwrap()
        .iter()
        .all(|(key, value)| key == "id" || value.is_null()));
    // JSON cannot express infinity.
    db.execute("UPDATE k SET f = $1 WHERE id = 2", &[V::Float(f64::INFINITY)]).unwrap();
    assert_eq!(watch.expect("change")["row_changes"][0]["after"]["f"], Json::Null);
}

#[test]
fn rows_that_a_statement_changes_along_the_way_are_reported() {
    let db = Db::memory();
    db.run("CREATE TABLE p (id INTEGER PRIMARY KEY, n TEXT UNIQUE)");
    db.run("CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p(id) ON DELETE SET NULL ON UPDATE CASCADE)");
    let watch = watched(&db, "{}");
    db.run("INSERT INTO p VALUES (1, 'a')");
    changes(&watch);
    db.run("INSERT INTO p VALUES (1, 'b'), (2, 'c') ON CONFLICT (id) DO UPDATE SET n = excluded.n");
    assert_eq!(changes(&watch), [r#"update p {"id":1,"n":"a"} {"id":1,"n":"b"}"#, r#"insert p null {"id":2,"n":"c"}"#]);
    db.run("INSERT INTO p VALUES (1, 'z') ON CONFLICT DO NOTHING");
    watch.expect_none();
    db.run("INSERT INTO c SELECT id + 9, id FROM p");
    assert_eq!(changes(&watch), [r#"insert c null {"id":10,"p":1}"#, r#"insert c null {"id":11,"p":2}"#]);
    db.run("UPDATE p SET id = 3 WHERE id = 1");
    let moved = changes(&watch);
    assert!(moved.contains(&r#"update p {"id":1,"n":"b"} {"id":3,"n":"b"}"#.to_owned()), "{moved:?}");
    assert!(moved.contains(&r#"update c {"id":10,"p":1} {"id":10,"p":3}"#.to_owned()), "{moved:?}");
    db.run("DELETE FROM p WHERE id = 2");
    let gone = changes(&watch);
    assert!(gone.contains(&r#"delete p {"id":2,"n":"c"} null"#.to_owned()), "{gone:?}");
    assert!(gone.contains(&r#"update c {"id":11,"p":2} {"id":11,"p":null}"#.to_owned()), "{gone:?}");
    db.run("TRUNCATE TABLE c");
    assert_eq!(changes(&watch), [r#"delete c {"id":10,"p":3} null"#, r#"delete c {"id":11,"p":null} null"#]);
}

#[test]
fn rows_written_before_a_column_was_added_have_its_default() {
    let db = Db::memory();
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    db.run("INSERT INTO t VALUES (1)");
    db.run("ALTER TABLE t ADD COLUMN n TEXT DEFAULT 'd'");
    let watch = watched(&db, "{}");
    db.run("UPDATE t SET n = 'e'");
    assert_eq!(changes(&watch), [r#"update t {"id":1,"n":"d"} {"id":1,"n":"e"}"#]);
}

#[test]
fn changes_that_a_savepoint_undoes_are_not_reported() {
    let db = Db::memory();
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    let watch = watched(&db, "{}");
    db.begin().unwrap();
    db.run("SAVEPOINT a");
    db.run("INSERT INTO t SELECT value FROM generate_series(1, 5000)");
    db.run("CREATE TABLE u (id INTEGER)");
    db.run("ROLLBACK TO a");
    db.run("INSERT INTO t VALUES (7)");
    db.commit().unwrap();
    assert_eq!(changes(&watch), [r#"insert t null {"id":7}"#]);
}

#[test]
fn keys_of_every_type_and_of_many_columns_have_ranges() {
    let db = Db::memory();
    // Type, lower, upper (outside), keys below, inside, above.
    for (ty, lower, upper, below, inside, above) in [
        ("INTEGER", "-3", "10", "-4", "9", "10"),
        ("TEXT", r#""b""#, r#""c""#, "'a'", "'bz'", "'c'"),
        ("DECIMAL(10,2)", r#""9.5""#, "100", "9.49", "10.00", "100.00"),
        ("DATE", r#""2024-01-01""#, r#""2024-02-01""#, "'2023-12-31'", "'2024-01-31'", "'2024-02-01'"),
        (
            "UUID",
            r#""00000000-0000-0000-0000-000000000010""#,
            r#""00000000-0000-0000-0000-000000000020""#,
            "'00000000-0000-0000-0000-00000000000f'",
            "'00000000-0000-0000-0000-00000000001f'",
            "'00000000-0000-0000-0000-000000000020'",
        ),
        (
            "TIMESTAMP",
            r#""1969-01-01 00:00:00""#,
            r#""1971-01-01 00:00:00""#,
            "'1968-01-01 00:00:00'",
            "'1970-01-01 00:00:00'",
            "'1971-01-01 00:00:00'",
        ),
    ] {
        db.run(&format!("CREATE TABLE r (k {ty} PRIMARY KEY)"));
        let request = format!(r#"{{"table":"r","lower":{lower},"upper":{upper},"upper_inclusive":false}}"#);
        let watch = db.watch_range(&request).unwrap();
        watch.expect("initial");
        db.run(&format!("INSERT INTO r VALUES ({below}), ({above})"));
        watch.expect_none();
        db.run(&format!("INSERT INTO r VALUES ({inside})"));
        assert_eq!(watch.expect("invalidate")["row_changes"].as_array().unwrap().len(), 1, "{ty}");
        drop(watch);
        db.run("DROP TABLE r");
    }
}

#[test]
fn the_range_of_a_composite_key_goes_by_its_first_columns() {
    let db = Db::memory();
    db.run("CREATE TABLE r (v TEXT, b INTEGER, a TEXT, PRIMARY KEY (a, b))");
    let hears = |request: &str, key: &str| {
        let watch = db.watch_range(request).unwrap();
        watch.expect("initial");
        db.run(&format!("INSERT INTO r (a, b) VALUES {key}"));
        let heard = watch.next(0).is_ok();
        db.run("DELETE FROM r");
        heard
    };
    let pairs = r#"{"table":"r","lower":["m",3],"upper":["p",5]}"#;
    for (key, inside) in
        [("('m',2)", false), ("('m',3)", true), ("('n',99)", true), ("('p',5)", true), ("('p',6)", false)]
    {
        assert_eq!(hears(pairs, key), inside, "{key}");
    }
    let first = r#"{"table":"r","lower":"m","lower_inclusive":false,"upper":["p"]}"#;
    for (key, inside) in [("('m',2)", false), ("('n',1)", true), ("('p',99)", true), ("('q',0)", false)] {
        assert_eq!(hears(first, key), inside, "{key}");
    }
    // A change of the columns moves the key within the row, not out of the range.
    let watch = db.watch_range(r#"{"table":"r","lower":["m",3],"upper":["m",3]}"#).unwrap();
    watch.expect("initial");
    db.run("ALTER TABLE r DROP COLUMN v");
    db.run("ALTER TABLE r ADD COLUMN w TEXT");
    watch.expect("invalidate");
    watch.expect("invalidate");
    db.run("INSERT INTO r (a, b) VALUES ('m', 4)");
    watch.expect_none();
    db.run("INSERT INTO r (a, b) VALUES ('m', 3)");
    watch.expect("invalidate");
}

#[test]
fn images_are_kept_within_bounds() {
    let db = Db::memory();
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB)");
    let watch = watched(&db, "{}");
    let mebibytes = |count: usize| V::Blob(vec![7; count * 1024 * 1024]);
    db.execute("INSERT INTO t VALUES (1, $1)", &[mebibytes(15)]).unwrap();
    let event = watch.expect("change");
    assert_eq!(event["row_changes_truncated"], false);
    db.begin().unwrap();
    db.run("INSERT INTO t VALUES (2, NULL)");
    db.execute("INSERT INTO t VALUES (3, $1)", &[mebibytes(17)]).unwrap();
    db.run("INSERT INTO t VALUES (4, NULL)");
    db.commit().unwrap();
    let event = watch.expect("change");
    assert_eq!((&event["row_changes_truncated"], event["row_changes"].as_array().unwrap().len()), (&json!(true), 1));
    // The size of unfetched events makes a watch lag long before their number does.
    for id in 5..10 {
        db.execute("INSERT INTO t VALUES ($1, $2)", &[V::Int(id), mebibytes(15)]).unwrap();
    }
    watch.expect("lagged");
    watch.expect_none();
    db.run("DELETE FROM t WHERE id = 2");
    assert_eq!(changes(&watch).len(), 1);
}

#[test]
fn hundreds_of_watches_hear_the_same_commits() {
    let db = Db::memory();
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    let watches: Vec<Watch> = (0..400).map(|_| watched(&db, r#"{"queue_capacity":2}"#)).collect();
    db.run("INSERT INTO t VALUES (1)");
    db.run("INSERT INTO t VALUES (2)");
    let ids: Vec<Json> =
        watches[0..1].iter().flat_map(|watch| [watch.expect("change"), watch.expect("change")]).collect();
    for watch in &watches[1..] {
        for id in &ids {
            assert_eq!(watch.expect("change")["event_id"], id["event_id"]);
        }
        watch.expect_none();
    }
}

#[test]
fn a_request_that_is_wrong_is_refused_by_the_name_of_its_field() {
    let db = Db::memory();
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    db.run("CREATE TABLE pair (a INTEGER, b TEXT, PRIMARY KEY (a, b))");
    db.run("CREATE TABLE bare (x INTEGER)");
    let deep = format!(r#"{{"tables":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    type Open = fn(&Db, &str) -> Outcome<Watch>;
    let requests: [(Open, &[(&str, &str)]); 4] = [
        (
            Db::watch_table,
            &[
                ("{}", "tables"),
                (r#"{"tables":[]}"#, "tables"),
                (r#"{"tables":"t"}"#, "tables"),
                (r#"{"tables":[["t"]]}"#, "tables"),
                (r#"{"tables":["t","nowhere"]}"#, "nowhere"),
                (r#"{"tables":["__ddb_meta"]}"#, "__ddb_meta"),
                (r#"{"tables":["t"],"queue_capacity":"9"}"#, "queue_capacity"),
                (r#"{"tables":["t"],"queue_capacity":-1}"#, "queue_capacity"),
                (r#"{"tables":["t"],"queue_capacity":1.5}"#, "queue_capacity"),
                (r#"["t"]"#, "object"),
                ("null", "object"),
                ("", "JSON"),
                (r#"{"tables":["t"]} x"#, "JSON"),
                (&deep, "JSON"),
            ],
        ),
        (
            Db::watch_range,
            &[
                ("{}", "table"),
                (r#"{"table":["t"]}"#, "table"),
                (r#"{"table":"nowhere"}"#, "nowhere"),
                (r#"{"table":"bare"}"#, "primary key"),
                (r#"{"table":"t","lower":{}}"#, "lower"),
                (r#"{"table":"t","lower":"x"}"#, "lower"),
                (r#"{"table":"t","lower":[]}"#, "lower"),
                (r#"{"table":"t","upper":[1,2]}"#, "upper"),
                (r#"{"table":"pair","upper":[1,null]}"#, "upper"),
                (r#"{"table":"pair","upper":[[1]]}"#, "upper"),
                (r#"{"table":"t","upper":1e400}"#, "JSON"),
                (r#"{"table":"t","upper":99999999999999999999}"#, "upper"),
                (r#"{"table":"t","lower":1,"lower_inclusive":1}"#, "lower_inclusive"),
            ],
        ),
        (
            Db::watch_query,
            &[
                ("{}", "sql"),
                (r#"{"sql":["SELECT"]}"#, "sql"),
                (r#"{"sql":"SELECT id FROM t","params":{}}"#, "params"),
                (r#"{"sql":"SELECT id FROM t WHERE id = $1","params":[[1]]}"#, "params"),
                (r#"{"sql":"SELECT id FROM t","params":[1]}"#, "parameters"),
                (r#"{"sql":"SELECT id FROM t WHERE id = $1"}"#, "parameter $1"),
                (r#"{"sql":"SELECT id FROM t","queue_capacity":true}"#, "queue_capacity"),
            ],
        ),
        (Db::change_stream, &[(r#"{"tables":{}}"#, "tables"), (r#"{"tables":["nowhere"]}"#, "nowhere")]),
    ];
    for (open, cases) in requests {
        for (request, named) in cases {
            let shown: String = request.chars().take(80).collect();
            let failure = open(&db, request).err().unwrap_or_else(|| panic!("{shown} was accepted"));
            assert_eq!(failure.status, SQL, "{shown}: {failure:?}");
            assert!(failure.message().contains(named), "{shown}: {failure:?}");
        }
    }
    // The engine limits the capacity to 1..=8192.
    for (capacity, kept) in [("0", 1), ("18446744073709551615", 3)] {
        let watch = watched(&db, &format!(r#"{{"queue_capacity":{capacity}}}"#));
        for id in 0..3 {
            db.run(&format!("INSERT INTO t VALUES ({id})"));
        }
        let first = watch.next(0).unwrap();
        assert_eq!(first["type"], if kept == 1 { "lagged" } else { "change" });
        db.run("DELETE FROM t");
    }
}
