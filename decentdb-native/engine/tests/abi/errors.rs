//! The last error of a thread and its diagnostic.

use std::ffi::CStr;
use std::ptr::null_mut;

use crate::support::*;
use decentdb::testing::abi::*;

fn last_message() -> Option<String> {
    let message = ddb_last_error_message();
    (!message.is_null()).then(|| unsafe { CStr::from_ptr(message) }.to_str().unwrap().to_owned())
}

fn last_json() -> Option<String> {
    let mut text = null_mut();
    assert_eq!(unsafe { ddb_last_error_json(&mut text) }, OK);
    (!text.is_null()).then(|| take_string(text))
}

#[test]
fn a_diagnostic_names_code_subcode_and_sqlstate() {
    let db = Db::memory();
    let failure = db.fail("SELEC 1");
    assert_eq!(failure.status, SQL);
    assert_eq!(failure.json["version"], 1);
    assert_eq!(failure.json["code"], 5);
    assert_eq!(failure.json["code_name"], "ERR_SQL");
    assert_eq!(failure.subcode(), "sql.syntax");
    assert_eq!(failure.sqlstate(), "42601");
    assert_eq!(failure.json["retryable"], false);
    assert_eq!(failure.json["permanent"], true);
    assert_eq!(failure.json["redaction"], "default");
}

#[test]
fn the_message_has_the_class_in_front_and_stays_until_the_next_call() {
    let db = Db::memory();
    let mut stmt = null_mut();
    assert_eq!(unsafe { ddb_db_prepare(db.0, c("SELECT * FROM nowhere").as_ptr(), &mut stmt) }, SQL);
    assert!(stmt.is_null());
    let message = last_message().unwrap();
    assert!(message.starts_with("SQL error: ") && message.contains("nowhere"), "{message}");
    assert!(last_json().is_some());
    // The accessors do not clear the error, although freeing the string is a call.
    assert_eq!(unsafe { ddb_db_prepare(db.0, c("SELECT * FROM nowhere").as_ptr(), &mut stmt) }, SQL);
    let mut text = null_mut();
    assert_eq!(unsafe { ddb_last_error_json(&mut text) }, OK);
    assert!(last_message().is_some());
    take_string(text);
    assert!(last_message().is_none());
}

#[test]
fn every_successful_call_clears_the_error() {
    let db = Db::memory();
    db.fail("nonsense");
    db.run("SELECT 1");
    assert!(last_message().is_none());
    assert!(last_json().is_none());
}

#[test]
fn errors_belong_to_their_thread() {
    let db = Db::memory();
    let mut result = null_mut();
    assert_eq!(unsafe { ddb_db_execute(db.0, c("nonsense").as_ptr(), std::ptr::null(), 0, &mut result) }, SQL);
    std::thread::spawn(|| assert!(last_message().is_none())).join().unwrap();
    assert!(last_message().is_some());
}

#[test]
fn each_constraint_has_its_own_error() {
    let db = Db::memory();
    db.run("CREATE TABLE parent (id INTEGER PRIMARY KEY)");
    db.run(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, n INTEGER CHECK (n > 0), \
            p INTEGER REFERENCES parent(id))",
    );
    db.run("INSERT INTO t VALUES (1, 'a', 1, NULL)");
    for (sql, subcode, sqlstate) in [
        ("INSERT INTO t VALUES (1, 'b', 1, NULL)", "constraint.unique", "23505"),
        ("INSERT INTO t VALUES (2, 'a', 1, NULL)", "constraint.unique", "23505"),
        ("INSERT INTO t VALUES (2, NULL, 1, NULL)", "constraint.not_null", "23502"),
        ("INSERT INTO t VALUES (2, 'b', 0, NULL)", "constraint.check", "23514"),
        ("INSERT INTO t VALUES (2, 'b', 1, 7)", "constraint.foreign_key", "23503"),
    ] {
        let failure = db.fail(sql);
        assert_eq!((failure.status, failure.subcode(), failure.sqlstate()), (CONSTRAINT, subcode, sqlstate), "{sql}");
    }
    let failure = db.fail("INSERT INTO t VALUES (2, NULL, 1, NULL)");
    assert_eq!((&failure.json["relation"], &failure.json["column"]), (&"t".into(), &"name".into()));
    assert_eq!(db.count("t"), 1);
}

#[test]
fn null_and_invalid_arguments_are_errors() {
    let db = Db::memory();
    let mut result = null_mut();
    unsafe {
        assert_eq!(ddb_db_execute(db.0, std::ptr::null(), std::ptr::null(), 0, &mut result), SQL);
        assert_eq!(ddb_db_execute(db.0, c("SELECT 1").as_ptr(), std::ptr::null(), 0, null_mut()), SQL);
        assert_eq!(ddb_db_execute(db.0, c("SELECT 1").as_ptr(), std::ptr::null(), 3, &mut result), SQL);
        assert_eq!(ddb_db_execute(db.0, c"\xff\xfe".as_ptr(), std::ptr::null(), 0, &mut result), SQL);
        assert_eq!(ddb_db_open(std::ptr::null(), &mut result), SQL);
        assert_eq!(ddb_last_error_json(null_mut()), SQL);
        assert_eq!(ddb_string_free(null_mut()), OK);
        assert_eq!(ddb_value_dispose(null_mut()), OK);
        assert_eq!(ddb_value_init(null_mut()), SQL);
    }
    let failure = db.execute("SELECT $1", &[V::Other(99)]).unwrap_err();
    assert!(failure.message().contains("99 is not a value tag"), "{failure:?}");
}

#[test]
fn what_the_engine_does_not_have_says_so() {
    let db = Db::memory();
    let mut text = null_mut();
    let mut result = null_mut();
    unsafe {
        let statuses = [
            ddb_db_sync_execute_json(db.0, c("{}").as_ptr(), &mut text),
            ddb_db_branch_execute_json(db.0, c("{}").as_ptr(), &mut text),
            ddb_extension_validate_json(c("{}").as_ptr(), &mut text),
            ddb_extension_list_json(db.0, c("{}").as_ptr(), &mut text),
            ddb_runtime_tracing_snapshot(db.0, c("sessions").as_ptr(), &mut text),
            ddb_runtime_tracing_reset(db.0, c("lock_waits").as_ptr()),
            ddb_db_execute_on_branch(db.0, c("b").as_ptr(), c("SELECT 1").as_ptr(), std::ptr::null(), 0, &mut result),
        ];
        assert!(statuses.iter().all(|status| *status == SQL), "{statuses:?}");
    }
    let failure = check(ddb_sync_changeset_create_json(db.0, c("{}").as_ptr(), &mut text)).unwrap_err();
    assert_eq!((failure.subcode(), failure.sqlstate()), ("sql.unsupported_feature", "0A000"));
    assert!(text.is_null() && result.is_null());
}
