//! Calls that no caller should make, through the C interface. For every text, value, request and option the answer is a
//! result or an error that names a cause, never a panic or an internal error.
//!
//! `HOSTILE_CASES` is the number of cases of each property, `HOSTILE_SEED` the seed of the random cases.

use std::ptr::null_mut;

use decentdb::testing::abi::*;
use decentdb::testing::c_layout::ValueView;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use crate::support::*;

const SCHEMA: &[&str] = &[
    "CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT, d DECIMAL(10,2), dt DATE, b BOOLEAN, f FLOAT, u UUID, ts TIMESTAMP, \
     bl BLOB, e ENUM('x','y'), iv INTERVAL)",
    "CREATE TABLE c (a INTEGER, t_id INTEGER REFERENCES t(id) ON DELETE CASCADE, PRIMARY KEY (a, t_id))",
    "CREATE VIEW v AS SELECT id, n || 'x' AS y FROM t",
    "INSERT INTO t (id, n, d, dt, b, f) VALUES (1, 'one', 1.50, '2024-01-01', true, 0.5), (2, NULL, -2.25, NULL, false, 1e300)",
    "INSERT INTO c VALUES (1, 1), (2, 1), (3, 2)",
];

/// Valid statements; `$1` takes values of any type.
const CORPUS: &[&str] = &[
    "SELECT t.id, count(*) FROM t LEFT JOIN c ON c.t_id = t.id WHERE t.n LIKE $1 GROUP BY 1 HAVING count(*) > 1 ORDER BY 2 DESC",
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT sum(n), avg(n) FROM r",
    "INSERT INTO t (n, d) VALUES ($1, $2), ('x', 1.5) ON CONFLICT (id) DO UPDATE SET n = excluded.n RETURNING *",
    "INSERT INTO t VALUES ($1, $1, $1, $1, $1, $1, $1, $1, $1, $1, $1)",
    "UPDATE t SET d = d * 2 + $1, dt = '2024-01-01' WHERE id IN (SELECT a FROM c) AND NOT b RETURNING id AS x",
    "DELETE FROM t WHERE dt BETWEEN $1 AND $2 OR (CASE WHEN b THEN d ELSE 0 END) > 10",
    "CREATE TABLE z (a INT PRIMARY KEY, b ENUM('x','y') DEFAULT 'x', c DECIMAL(10,2) CHECK (c > 0), UNIQUE (b, c))",
    "CREATE UNIQUE INDEX i ON t (lower(n), d DESC) WHERE b",
    "SELECT x.y FROM (VALUES (1, 'a'), (2, NULL)) AS x(z, y) UNION SELECT n FROM t EXCEPT SELECT y FROM v",
    "ALTER TABLE t ADD COLUMN z TIMESTAMPTZ NOT NULL DEFAULT '2024-01-01'",
    "SELECT CAST(n AS INT), d::text, EXTRACT(year FROM dt), dt + INTERVAL '1 day', coalesce(n, '') || id FROM t",
    "SELECT row_number() OVER (PARTITION BY b ORDER BY d), lag(id, 1) OVER (ORDER BY id) FROM t LIMIT 3 OFFSET $1",
    "SELECT id + $1, d * $1, f / $1, -id, id % 3, n || $1, $1 = id, $1 < dt FROM t",
    "SELECT abs($1), upper($1), length($1), substr($1, 1, 2), round($1, 1), coalesce($1, 1)",
    "SELECT * FROM generate_series(1, 10, 3) AS g WHERE g.value <> $1",
    "EXPLAIN SELECT * FROM t WHERE id = $1",
    "TRUNCATE TABLE c",
    "DROP VIEW v",
    "ALTER TABLE c RENAME TO cc",
    "SELECT $1",
];

fn cases() -> u32 {
    std::env::var("HOSTILE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(150)
}

/// Runs the same cases every time, unless `HOSTILE_SEED` is set.
fn check_all<S: Strategy>(strategy: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let seed: u64 = std::env::var("HOSTILE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    TestRunner::new_with_rng(config, rng).run(&strategy, test).unwrap_or_else(|failure| panic!("{failure}"));
}

fn database() -> Db {
    let db = Db::memory();
    SCHEMA.iter().for_each(|sql| drop(db.run(sql)));
    db
}

/// Fails the case on a panic, an internal error or an error without a message.
fn sane<T>(outcome: Outcome<T>, what: &str) -> Result<(), TestCaseError> {
    match outcome {
        Err(failure) if matches!(failure.status, 6 | 7) => Err(TestCaseError::fail(format!("{what}: {failure:?}"))),
        Err(failure) if failure.message().is_empty() => Err(TestCaseError::fail(format!("{what}: no message"))),
        _ => Ok(()),
    }
}

fn run(db: &Db, sql: &str, params: &[ValueView]) -> Outcome<()> {
    let mut result = null_mut();
    check(unsafe { ddb_db_execute(db.0, c(sql).as_ptr(), params.as_ptr(), params.len(), &mut result) })?;
    let (mut rows, mut columns) = (0, 0);
    unsafe {
        check(ddb_result_row_count(result, &mut rows))?;
        check(ddb_result_column_count(result, &mut columns))?;
        let mut value = ValueView::default();
        for at in 0..rows.min(20) * columns {
            check(ddb_result_value_copy(result, at / columns, at % columns, &mut value))?;
        }
        check(ddb_value_dispose(&mut value))?;
        check(ddb_result_free(&mut result))
    }
}

/// A statement of the corpus in which some tokens are inserted, removed or replaced by tokens of other statements.
fn mutated() -> impl Strategy<Value = String> {
    let tokens = |sql: &str| -> Vec<String> {
        let mut tokens = vec![String::new()];
        for letter in sql.chars() {
            let last = tokens.last_mut().unwrap();
            let joins =
                |a: char, b: char| (a.is_alphanumeric() || "_$".contains(a)) && (b.is_alphanumeric() || b == '_');
            match last.chars().last() {
                Some(before) if !joins(before, letter) => tokens.push(letter.to_string()),
                _ => last.push(letter),
            }
        }
        tokens
    };
    let all: Vec<String> = CORPUS.iter().flat_map(|sql| tokens(sql)).collect();
    let edit = (0..1000usize, 0..all.len(), 0..4u8);
    (0..CORPUS.len(), prop::collection::vec(edit, 0..5)).prop_map(move |(seed, edits)| {
        let mut text = tokens(CORPUS[seed]);
        for (at, with, how) in edits {
            let at = at % text.len().max(1);
            match how {
                0 => text.insert(at.min(text.len()), all[with].clone()),
                1 if !text.is_empty() => drop(text.remove(at)),
                2 if !text.is_empty() => text[at] = all[with].clone(),
                _ => {
                    let from = with % text.len().max(1);
                    let part: Vec<String> = text[from..(from + 6).min(text.len())].to_vec();
                    text.splice(at..at, part);
                }
            }
        }
        text.concat()
    })
}

/// A value that prints its fields when a case fails.
#[derive(Clone, Copy)]
struct Given(ValueView);

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(view) = self;
        let (number, float, small) = (view.int64_value, view.float64_value, view.bool_value);
        write!(f, "tag {} of {number} {float} {small} {:?}", view.tag, unsafe { view.bytes() })
    }
}

fn value() -> impl Strategy<Value = Given> {
    static DATA: &[u8] = b"12.5e3 2024-01-01 \xc3\xa9\0'%_";
    let number = prop_oneof![Just(0), Just(1), Just(-1), Just(i64::MAX), Just(i64::MIN), any::<i64>()];
    let float = prop_oneof![Just(0.0), Just(f64::NAN), Just(f64::INFINITY), Just(-1e308), any::<f64>()];
    let bytes = (0..=DATA.len(), 0..=DATA.len());
    (0..22u32, number, float, bytes, any::<[u8; 16]>(), any::<u8>()).prop_map(
        |(tag, number, float, (a, b), bytes, small)| {
            let data = &DATA[a.min(b)..a.max(b)];
            Given(ValueView {
                tag,
                bool_value: small,
                int64_value: number,
                float64_value: float,
                decimal_scaled: number,
                decimal_scale: small,
                data: data.as_ptr(),
                len: data.len(),
                uuid_bytes: bytes,
                timestamp_micros: number,
                enum_type_id: number as u64,
                enum_label_id: u64::from(small),
                ip_family: small % 9,
                cidr_prefix_len: small,
                ip_cidr_addr_bytes: bytes,
                date_days: number as i32,
                time_micros: number,
                timestamptz_micros: number,
                interval_months: number as i32,
                interval_days: number as i32,
                interval_micros: number,
                ..ValueView::default()
            })
        },
    )
}

#[test]
fn any_statement() {
    check_all(mutated(), |sql| {
        // An edited recursion may have lost its end and would never finish.
        if sql.contains("RECURSIVE") && !CORPUS.contains(&sql.as_str()) {
            return Ok(());
        }
        let db = database();
        let watch = db.change_stream("{}").unwrap();
        let view = V::Int(1).view();
        sane(run(&db, &sql, &[]), &sql)?;
        sane(run(&db, &sql, &[view]), &sql)?;
        sane(db.queued(&sql, &[V::Int(1), V::Int(2)], 0), &sql)?;
        sane(db.prepare(&sql).map(drop), &sql)?;
        let mut json = null_mut();
        let described = check(unsafe { ddb_db_describe_query_json(db.0, c(&sql).as_ptr(), &mut json) });
        sane(described.map(|()| drop(take_string(json))), &sql)?;
        sane(watch.next(0), &sql)?;
        prop_assert!(db.execute("SELECT 1", &[]).is_ok());
        Ok(())
    });
}

#[test]
fn any_bytes() {
    check_all(prop::collection::vec(1..=255u8, 0..60), |bytes| {
        let db = database();
        let (sql, mut result) = (std::ffi::CString::new(bytes).unwrap(), null_mut());
        sane(check(unsafe { ddb_db_execute(db.0, sql.as_ptr(), std::ptr::null(), 0, &mut result) }), "bytes")?;
        check(unsafe { ddb_result_free(&mut result) }).unwrap();
        sane(check(unsafe { ddb_db_prepare(db.0, sql.as_ptr(), &mut result) }), "bytes")?;
        check(unsafe { ddb_stmt_free(&mut result) }).unwrap();
        Ok(())
    });
}

#[test]
fn any_value_in_any_statement() {
    check_all((0..CORPUS.len(), value(), value()), |(seed, one, two)| {
        let db = database();
        let watch = db.change_stream("{}").unwrap();
        for params in [&[][..], &[one.0], &[one.0, two.0]] {
            sane(run(&db, CORPUS[seed], params), CORPUS[seed])?;
        }
        while let Ok(event) = watch.next(0) {
            prop_assert!(event["type"].is_string());
        }
        Ok(())
    });
}

#[test]
fn any_request_of_a_watch() {
    let fields = ["tables", "table", "lower", "upper", "lower_inclusive", "sql", "params", "queue_capacity", "other"];
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("\"t\"".to_owned()),
        Just("\"c\"".to_owned()),
        Just("\"SELECT id FROM t WHERE id > $1\"".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:e}")),
        "[ -~]{0,6}",
    ];
    let json = leaf.prop_recursive(4, 12, 3, |inner| {
        prop::collection::vec(inner, 0..3).prop_map(|items| format!("[{}]", items.join(",")))
    });
    let members = prop::collection::vec((0..fields.len(), json), 0..5);
    check_all(members, |members| {
        let db = database();
        let members: Vec<String> = members.into_iter().map(|(at, json)| format!("\"{}\":{json}", fields[at])).collect();
        let request = format!("{{{}}}", members.join(","));
        for watch in
            [db.watch_table(&request), db.watch_range(&request), db.watch_query(&request), db.change_stream(&request)]
        {
            match watch {
                Ok(watch) => {
                    db.run("UPDATE t SET n = 'z'");
                    db.run("DELETE FROM c WHERE a = 3");
                    while let Ok(event) = watch.next(0) {
                        prop_assert!(event["type"].is_string());
                    }
                }
                refused => sane(refused, &request)?,
            }
        }
        Ok(())
    });
}

#[test]
fn any_options() {
    let keys = prop_oneof![
        Just("write_queue_capacity"),
        Just("write_queue_max_batch"),
        Just("write_queue_max_group_delay_us"),
        Just("write_queue_default_timeout_ms"),
        Just("write_queue_strict_group_commit"),
        Just("profile"),
        Just("cache_size"),
        Just("wal_sync_mode"),
        Just("process_coordination"),
        Just("process_coordination_timeout_ms"),
        Just("cache_size_mb"),
        Just("wal_checkpoint_threshold_pages"),
        Just("plan_cache_max_bytes"),
        Just("nonsense"),
    ];
    let values = prop_oneof![
        Just("0".to_owned()),
        Just("1".to_owned()),
        Just("-1".to_owned()),
        Just("18446744073709551615".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("true".to_owned()),
        Just("full".to_owned()),
        Just("64MB".to_owned()),
        Just("50%".to_owned()),
        "[ -~]{0,8}",
    ];
    let pair = (keys, values, "[,; =]{1,2}").prop_map(|(key, value, end)| format!("{key}={value}{end}"));
    check_all(prop::collection::vec(pair, 0..4), |pairs| {
        let text = pairs.concat();
        match Db::open(":memory:", &text) {
            Ok(db) => {
                db.run("CREATE TABLE t (id INTEGER)");
                sane(db.queued("INSERT INTO t VALUES (1)", &[], 1), &text)?;
            }
            refused => sane(refused.map(drop), &text)?,
        }
        Ok(())
    });
}
