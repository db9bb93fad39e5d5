//! Open modes, options and files of other programs.

use std::fs;
use std::ptr::null_mut;

use decentdb::testing::abi::*;

use crate::support::*;

fn refused(options: &str) -> Failure {
    Db::open(":memory:", options).err().unwrap_or_else(|| panic!("{options} was accepted"))
}

#[test]
fn every_documented_option_is_accepted() {
    for options in [
        "profile=default",
        "profile=balanced",
        "performance_profile=low_memory",
        "profile=embedded_fast",
        "profile=tuned",
        "cache_size=100",
        "cache_size=16MB, cache_size_mb=2G",
        "cache_size=512kb",
        "wal_autocheckpoint=0",
        "wal_checkpoint_threshold_pages=10;wal_checkpoint_threshold_bytes=1000000",
        "wal_sync_mode=NORMAL",
        "synchronous=full",
        "wal_sync_mode=async_commit:5",
        "process_coordination=auto",
        "process_coordination=single_process_unsafe",
        "process_coordination=off",
        "process_coordination_timeout_ms=125",
        "process_coordination_timeout_ms=18446744073709551615",
        "write_queue_enabled=true write_queue_capacity=17",
        "write_queue_default_timeout_ms=25\nwrite_queue_strict_group_commit=off",
        "write_queue_group_commit=yes",
        "write_queue_max_batch=9",
        "write_queue_max_group_delay_us=1000",
        "enforce_declared_sizes=on",
        "plan_cache_enabled=0,plan_cache_max_bytes=1",
        "paged_row_storage=true;retain_paged_row_sources_after_commit=no;persistent_pk_index=1",
        " ; , ",
    ] {
        let db = Db::open(":memory:", options).unwrap_or_else(|failure| panic!("{options}: {failure:?}"));
        db.run("CREATE TABLE t (id INTEGER)");
        db.queued("INSERT INTO t VALUES (1)", &[], u64::MAX).unwrap();
    }
}

#[test]
fn wrong_options_are_named() {
    let unknown = refused("no_such_option=1");
    assert_eq!((unknown.status, unknown.subcode()), (SQL, "options.unknown_key"));
    assert!(unknown.message().contains("unsupported database option: no_such_option"));
    for options in [
        "cache_size",
        "cache_size=abc",
        "cache_size=0",
        "profile=fast",
        "wal_sync_mode=maybe",
        "wal_sync_mode=async_commit",
        "wal_sync_mode=async_commit:0",
        "write_queue_capacity=0",
        "write_queue_enabled=perhaps",
        "process_coordination_timeout_ms=-1",
        "write_queue_max_batch=x",
    ] {
        let failure = refused(options);
        assert_eq!(failure.status, SQL, "{options}");
        let key = options.split('=').next().unwrap();
        assert!(failure.message().contains(key), "{failure:?}");
    }
    for options in ["encryption_key=secret", "tde_key_hex=00", "allow_extension=x"] {
        let failure = refused(options);
        assert_eq!(failure.subcode(), "sql.unsupported_feature", "{options}");
        assert!(!failure.message().contains("secret"));
    }
    assert_eq!(refused("process_coordination=required").status, TRANSACTION);
}

#[test]
fn the_queue_is_bounded_as_configured() {
    let db = Db::open(":memory:", "write_queue_capacity=17").unwrap();
    assert_eq!(db.metrics().capacity, 17);
}

#[test]
fn open_modes_ask_for_what_is_there() {
    let file = TempDb::new();
    let path = c(file.path());
    let mut db = null_mut();
    unsafe {
        let missing = check(ddb_db_open(path.as_ptr(), &mut db)).unwrap_err();
        assert_eq!(missing.status, IO);
        assert!(db.is_null() && !file.path.exists());
        check(ddb_db_create(path.as_ptr(), &mut db)).unwrap();
        check(ddb_db_free(&mut db)).unwrap();
        let exists = check(ddb_db_create(path.as_ptr(), &mut db)).unwrap_err();
        assert!(exists.status == IO && exists.message().contains("already exists"));
        check(ddb_db_open(path.as_ptr(), &mut db)).unwrap();
        check(ddb_db_free(&mut db)).unwrap();
        check(ddb_db_open_or_create(path.as_ptr(), &mut db)).unwrap();
        check(ddb_db_free(&mut db)).unwrap();
        check(ddb_db_open_with_options(path.as_ptr(), std::ptr::null(), &mut db)).unwrap();
        check(ddb_db_free(&mut db)).unwrap();
        let nowhere = file.dir.path().join("no/such/dir/x.ddb");
        let failure = check(ddb_db_open_or_create(c(nowhere.to_str().unwrap()).as_ptr(), &mut db)).unwrap_err();
        assert_eq!(failure.status, IO);
        assert_eq!(check(ddb_db_open_or_create(c("").as_ptr(), &mut db)).unwrap_err().status, IO);
    }
}

#[test]
fn many_may_open_a_new_file_at_once() {
    for _ in 0..20 {
        let file = TempDb::new();
        let barrier = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    barrier.wait();
                    file.open().run("CREATE TABLE IF NOT EXISTS t (id INTEGER)");
                });
            }
        });
        assert_eq!(file.open().count("t"), 0);
        let made = TempDb::new();
        let path = c(made.path());
        let created = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    barrier.wait();
                    let mut db = null_mut();
                    match unsafe { ddb_db_create(path.as_ptr(), &mut db) } {
                        OK => created.fetch_add(1, std::sync::atomic::Ordering::Relaxed),
                        status => {
                            assert_eq!(status, IO);
                            0
                        }
                    };
                    unsafe { ddb_db_free(&mut db) };
                });
            }
        });
        assert_eq!(created.into_inner(), 1);
    }
}

#[test]
fn files_of_other_programs_are_named_and_not_touched() {
    let file = TempDb::new();
    let mut decentdb = b"DECENTDB\0\0\0\0\0\0\0\0".to_vec();
    decentdb.resize(8192, 7);
    let sqlite = file.dir.path().join("plain.sqlite");
    rusqlite::Connection::open(&sqlite).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let sqlite = fs::read(sqlite).unwrap();
    let text =
        b"just some notes, longer than the header of a database file would be, so that length is not what gives it \
        away as something else"
            .to_vec();
    for (content, subcode, named) in [
        (decentdb, "format.decentdb", "DecentDB engine"),
        (sqlite, "format.sqlite", "SQLite database"),
        (text, "format.unknown", "not a database"),
        (b"x".to_vec(), "format.unknown", "not a database"),
    ] {
        fs::write(&file.path, &content).unwrap();
        let before: Vec<_> = fs::read_dir(file.dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        let failure = Db::open(file.path(), "").err().unwrap();
        assert_eq!((failure.status, failure.subcode()), (UNSUPPORTED_FORMAT, subcode));
        assert!(failure.message().contains(named) && failure.message().contains(file.path()), "{failure:?}");
        assert_eq!(fs::read(&file.path).unwrap(), content);
        let after: Vec<_> = fs::read_dir(file.dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(before, after);
    }
    let failure = Db::open(file.dir.path().to_str().unwrap(), "").err().unwrap();
    assert!(failure.status == IO && failure.message().contains("is a directory"));
}

#[test]
fn an_empty_file_becomes_a_database_only_when_one_may_be_created() {
    let file = TempDb::new();
    fs::write(&file.path, b"").unwrap();
    let mut db = null_mut();
    assert_eq!(unsafe { ddb_db_open(c(file.path()).as_ptr(), &mut db) }, IO);
    file.open().run("CREATE TABLE t (id INTEGER)");
    assert_eq!(file.open().count("t"), 0);
}

#[test]
fn a_file_of_a_later_version_is_refused() {
    let file = TempDb::new();
    drop(file.open());
    rusqlite::Connection::open(&file.path)
        .unwrap()
        .execute_batch("PRAGMA user_version = 99; PRAGMA journal_mode = DELETE")
        .unwrap();
    let failure = Db::open(file.path(), "").err().unwrap();
    assert_eq!((failure.status, failure.subcode()), (UNSUPPORTED_FORMAT, "format.unsupported_version"));
    assert!(failure.message().contains("99"));
}

#[test]
fn memory_databases_are_private() {
    let one = Db::open(":MEMORY:", "").unwrap();
    one.run("CREATE TABLE t (id INTEGER)");
    assert_eq!(Db::memory().fail("SELECT * FROM t").sqlstate(), "42P01");
}
