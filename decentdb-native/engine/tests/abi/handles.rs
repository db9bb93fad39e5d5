//! Misuse of handles is an error, never a crash.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Barrier;

use decentdb::testing::abi::*;

use crate::support::*;

#[test]
fn null_wrong_and_freed_handles_are_errors() {
    let db = Db::memory();
    let mut stmt = null_mut();
    unsafe {
        check(ddb_db_prepare(db.0, c("SELECT 1").as_ptr(), &mut stmt)).unwrap();
        let mut has_row = 0;
        for wrong in [null_mut(), 0x10 as *mut c_void, 0x1234_5678 as *mut c_void, db.0, usize::MAX as *mut c_void] {
            let failure = check(ddb_stmt_step(wrong, &mut has_row)).unwrap_err();
            assert_eq!((failure.status, failure.subcode()), (SQL, "abi.invalid_argument"));
        }
        let mut stale = stmt;
        check(ddb_stmt_free(&mut stmt)).unwrap();
        assert!(stmt.is_null());
        check(ddb_stmt_free(&mut stmt)).unwrap();
        check(ddb_stmt_free(null_mut())).unwrap();
        assert_eq!(check(ddb_stmt_free(&mut stale)).unwrap_err().status, SQL);
        assert!(check(ddb_stmt_step(stale, &mut has_row)).unwrap_err().message().contains("freed"));
        assert_eq!(ddb_db_begin_transaction(null_mut()), SQL);
        let mut other_kind = db.0;
        assert_eq!(ddb_result_free(&mut other_kind), SQL);
        let mut text = null_mut();
        assert_eq!(ddb_watch_next_json(db.0, 0, &mut text), SQL);
    }
    db.run("SELECT 1");
}

#[test]
fn statements_keep_their_database_open() {
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE t (id INTEGER)");
    let insert = db.prepare("INSERT INTO t VALUES (1)").unwrap();
    drop(db);
    assert_eq!(insert.affected().unwrap(), 1);
    drop(insert);
    assert_eq!(file.open().count("t"), 1);
}

#[test]
fn freeing_races_with_use() {
    for _ in 0..300 {
        let db = Db::memory();
        db.run("CREATE TABLE t (id INTEGER)");
        let mut stmt = null_mut();
        check(unsafe { ddb_db_prepare(db.0, c("INSERT INTO t VALUES ($1)").as_ptr(), &mut stmt) }).unwrap();
        let (address, barrier) = (stmt as usize, Barrier::new(4));
        std::thread::scope(|scope| {
            for worker in 0..2 {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    loop {
                        let mut affected = 0;
                        let status = unsafe { ddb_stmt_rebind_int64_execute(address as *mut _, worker, &mut affected) };
                        if status != OK {
                            assert_eq!(status, SQL);
                            return;
                        }
                    }
                });
            }
            let frees: Vec<_> = (0..2)
                .map(|_| {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        barrier.wait();
                        std::thread::yield_now();
                        let mut own = address as *mut c_void;
                        unsafe { ddb_stmt_free(&mut own) }
                    })
                })
                .collect();
            let mut statuses: Vec<u32> = frees.into_iter().map(|free| free.join().unwrap()).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [OK, SQL]);
        });
    }
}

#[test]
fn strings_are_freed_once() {
    let db = Db::memory();
    let mut text = null_mut();
    unsafe {
        check(ddb_db_list_tables_json(db.0, &mut text)).unwrap();
        let mut copy = text;
        check(ddb_string_free(&mut text)).unwrap();
        assert_eq!(ddb_string_free(&mut copy), SQL);
        let mut foreign = c("mine").into_raw();
        assert_eq!(ddb_string_free(&mut foreign), SQL);
        drop(std::ffi::CString::from_raw(foreign));
    }
}

#[test]
fn a_deep_or_huge_statement_is_an_error_at_worst() {
    let db = Db::memory();
    let deep = format!("SELECT {}1{}", "(".repeat(20_000), ")".repeat(20_000));
    assert_ne!(db.execute(&deep, &[]).err().map(|failure| failure.status), Some(7));
    let long = format!("SELECT {}", vec!["1"; 3000].join(","));
    assert_ne!(db.execute(&long, &[]).err().map(|failure| failure.status), Some(7));
    db.run("SELECT 1");
}
