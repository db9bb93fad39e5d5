//! Files that are damaged, foreign, unwritable, moved away or too large: the error names the file, and the file is
//! unchanged.

use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{symlink, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::ptr::null_mut;

use decentdb::testing::abi::*;

use crate::child;
use crate::support::*;

const FILE: &str = "DECENTDB_TEST_FILE";

/// A closed database with some pages of rows.
fn filled() -> TempDb {
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
    db.run("CREATE INDEX by_name ON t (name)");
    db.begin().unwrap();
    for id in 0..400 {
        db.execute("INSERT INTO t VALUES ($1, $2)", &[V::Int(id), t(&"x".repeat(100))]).unwrap();
    }
    db.commit().unwrap();
    drop(db);
    assert_eq!(names(file.dir.path()), ["test.ddb"]);
    file
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The error of opening the file. The file stays as it is, and no other file appears beside it.
#[track_caller]
fn refused(file: &TempDb) -> Failure {
    let before = (fs::read(&file.path).ok(), names(file.dir.path()));
    let failure = Db::open(file.path(), "").err().expect("a refusal");
    assert!(failure.message().contains(file.path()), "{failure:?}");
    assert!(before == (fs::read(&file.path).ok(), names(file.dir.path())), "{failure:?}");
    failure
}

#[test]
fn a_truncated_file_is_refused_at_any_length() {
    let file = filled();
    let whole = fs::read(&file.path).unwrap();
    let pages = whole.len() / 4096;
    let lengths = [1, 15, 16, 99, 100, 101, 511, 512, 4095, 4096, 4097, whole.len() - 4096, whole.len() - 1];
    for length in lengths.into_iter().chain((2..pages).map(|page| page * 4096)) {
        fs::write(&file.path, &whole[..length]).unwrap();
        let failure = refused(&file);
        let expected = if length < 100 { UNSUPPORTED_FORMAT } else { CORRUPTION };
        assert_eq!(failure.status, expected, "{length}: {failure:?}");
        assert!(length < 100 || failure.json["hint"].is_string());
    }
    fs::write(&file.path, &whole).unwrap();
    assert_eq!(file.open().count("t"), 400);
}

#[test]
fn a_damaged_page_is_corruption_where_it_is_read() {
    let file = filled();
    let whole = fs::read(&file.path).unwrap();
    let mut found = 0;
    for page in 0..whole.len() / 4096 {
        let mut damaged = whole.clone();
        let start = if page == 0 { 100 } else { page * 4096 };
        damaged[start..(page + 1) * 4096].fill(0xa5);
        fs::write(&file.path, &damaged).unwrap();
        let outcome = Db::open(file.path(), "").and_then(|db| {
            db.execute("SELECT sum(length(name)) FROM t", &[])?;
            db.execute("SELECT count(*) FROM t WHERE name > 'a'", &[])
        });
        if let Err(failure) = outcome {
            assert_eq!(failure.status, CORRUPTION, "page {page}: {failure:?}");
            assert!(failure.message().contains(file.path()), "{failure:?}");
            found += 1;
        }
        assert!(fs::read(&file.path).unwrap() == damaged, "page {page}");
    }
    assert!(found > 10, "{found}");
}

#[test]
fn a_log_without_its_database_is_ignored() {
    let file = filled();
    fs::write(format!("{}-wal", file.path()), b"left over by something else, and no log at all").unwrap();
    assert_eq!(file.open().count("t"), 400);
    assert_eq!(names(file.dir.path()), ["test.ddb"]);
    let db = file.open();
    db.run("INSERT INTO t VALUES (1000, 'in the log')");
    let log = fs::read(format!("{}-wal", file.path())).unwrap();
    drop(db);
    fs::remove_file(&file.path).unwrap();
    fs::write(format!("{}-wal", file.path()), log).unwrap();
    assert_eq!(file.open().fail("SELECT * FROM t").sqlstate(), "42P01");
}

#[test]
fn what_is_no_file_is_refused() {
    let file = TempDb::new();
    let missing = file.dir.path().join("no/such/directory/test.ddb");
    let failure = Db::open(missing.to_str().unwrap(), "").err().unwrap();
    assert!(failure.status == IO && failure.message().contains("no/such/directory"), "{failure:?}");
    for path in [file.dir.path().to_str().unwrap(), "/dev/null", ""] {
        assert_eq!(Db::open(path, "").err().unwrap().status, IO, "{path}");
    }
    let mut db = null_mut();
    let failure = check(unsafe { ddb_db_open(c(file.path()).as_ptr(), &mut db) }).unwrap_err();
    assert!(failure.status == IO && failure.message().contains(file.path()));
    assert!(names(file.dir.path()).is_empty());
}

#[test]
fn symbolic_links_share_the_database_and_hard_links_are_refused() {
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE t (id INTEGER)");
    let link = file.dir.path().join("link.ddb");
    symlink(&file.path, &link).unwrap();
    let watch = db.watch_table(r#"{"tables": ["t"]}"#).unwrap();
    watch.expect("initial");
    let linked = Db::open(link.to_str().unwrap(), "process_coordination_timeout_ms=0").unwrap();
    linked.run("INSERT INTO t VALUES (1)");
    watch.expect("invalidate");
    db.run("BEGIN IMMEDIATE");
    assert!(linked.fail("INSERT INTO t VALUES (2)").message().contains("this process"));
    db.rollback().unwrap();
    drop((watch, linked, db));
    fs::hard_link(&file.path, file.dir.path().join("hard.ddb")).unwrap();
    let failure = refused(&file);
    assert!(failure.status == IO && failure.message().contains("hard links"), "{failure:?}");
    fs::remove_file(&link).unwrap();
    fs::remove_file(file.dir.path().join("hard.ddb")).unwrap();
    assert_eq!(file.open().count("t"), 1);
}

#[test]
fn a_file_that_was_moved_away_takes_no_writes() {
    let file = TempDb::new();
    let db = file.open();
    db.run("CREATE TABLE t (id INTEGER)");
    let away = file.dir.path().join("away.ddb");
    fs::rename(&file.path, &away).unwrap();
    let failure = db.fail("INSERT INTO t VALUES (1)");
    assert!(failure.status == IO && failure.message().contains(file.path()), "{failure:?}");
    assert_eq!(db.queued("INSERT INTO t VALUES (1)", &[], u64::MAX).unwrap_err().status, IO);
    db.begin().unwrap();
    assert_eq!(db.count("t"), 0);
    assert_eq!(db.fail("INSERT INTO t VALUES (1)").status, IO);
    db.rollback().unwrap();
    fs::rename(&away, &file.path).unwrap();
    db.run("INSERT INTO t VALUES (1)");
    assert_eq!(db.count("t"), 1);
}

#[test]
fn a_file_in_the_place_of_a_deleted_one_is_another_database() {
    let file = TempDb::new();
    let old = file.open();
    old.run("CREATE TABLE t (id INTEGER)");
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(format!("{}{suffix}", file.path())).unwrap();
    }
    let new = file.open();
    // Both databases have the same number of schema changes, so only the file distinguishes them.
    new.run("CREATE TABLE u (name TEXT)");
    new.run("INSERT INTO u VALUES ('a')");
    assert_eq!(new.run("SELECT name FROM u").rows, [[t("a")]]);
    assert_eq!(new.fail("SELECT * FROM t").sqlstate(), "42P01");
    assert_eq!(old.fail("INSERT INTO t VALUES (1)").status, IO);
    assert_eq!(old.count("t"), 0);
    assert_eq!(file.open().count("u"), 1);
}

/// Runs in a child process: opens the file and writes, as a user without privileges.
#[test]
fn open_without_privileges() {
    let Ok(path) = std::env::var(FILE) else { return };
    let outcome = Db::open(&path, "").and_then(|db| db.execute("INSERT INTO t VALUES (1000, 'x')", &[]));
    match outcome {
        Ok(_) => println!("outcome: written"),
        Err(failure) => println!("outcome: {} {} hint: {}", failure.status, failure.message(), failure.json["hint"]),
    }
}

/// The outcome that the child reports. The child runs as user nobody if this process is root, which no mode bits
/// restrict.
fn as_anybody(file: &TempDb) -> String {
    let executable = file.dir.path().join("exe");
    // Not copied by this process: a child that another test starts meanwhile would keep the copy open for writing, and
    // a file that is open for writing cannot be executed.
    assert!(Command::new("cp").arg(std::env::current_exe().unwrap()).arg(&executable).status().unwrap().success());
    let mut command = Command::new(&executable);
    let test = child::test_name(module_path!(), "open_without_privileges");
    command.args(["--exact", &test, "--nocapture"]).env(FILE, file.path());
    if unsafe { libc::geteuid() } == 0 {
        command.uid(65534).gid(65534);
    }
    let output = command.output();
    fs::remove_file(&executable).unwrap();
    let text = child::succeeded(&output.unwrap());
    text.split_once("outcome: ").unwrap().1.lines().next().unwrap().to_owned()
}

#[test]
fn what_may_not_be_written_is_refused() {
    let mode = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for (file_mode, directory_mode) in [(0o666, 0o777), (0o444, 0o777), (0o000, 0o777), (0o666, 0o555)] {
        let file = filled();
        let sub = file.dir.path().join("sub");
        fs::create_dir(&sub).unwrap();
        let inner = sub.join("test.ddb");
        fs::rename(&file.path, &inner).unwrap();
        let file = TempDb { path: inner.clone(), dir: file.dir };
        let before = fs::read(&inner).unwrap();
        mode(file.dir.path(), 0o755);
        mode(&inner, file_mode);
        mode(&sub, directory_mode);
        let outcome = as_anybody(&file);
        mode(&sub, 0o777);
        mode(&inner, 0o666);
        assert_eq!(names(&sub), ["test.ddb"], "{outcome}");
        if (file_mode, directory_mode) == (0o666, 0o777) {
            assert_eq!(outcome, "written");
            continue;
        }
        assert!(
            outcome.starts_with("1 ") && outcome.contains(file.path()),
            "{file_mode:o} {directory_mode:o}: {outcome}"
        );
        assert!(outcome.contains("hint: \""), "{outcome}");
        assert!(fs::read(&inner).unwrap() == before);
    }
}

fn limit_file_size(bytes: Option<u64>) {
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        let mut limit = std::mem::zeroed::<libc::rlimit>();
        assert_eq!(libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit), 0);
        limit.rlim_cur = bytes.map_or(limit.rlim_max, |bytes| bytes as libc::rlim_t);
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &limit), 0);
    }
}

/// Runs in a child process, because the limit applies to the whole process.
#[test]
fn write_until_the_disk_is_full() {
    let Ok(path) = std::env::var(FILE) else { return };
    let db = Db::open(&path, "").unwrap();
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
    let large = t(&"x".repeat(20_000));
    let insert = |id: i64| db.execute("INSERT INTO t VALUES ($1, $2)", &[V::Int(id), large.clone()]);
    let fill = |from: i64| (from..from + 1000).find_map(|id| insert(id).err().map(|failure| (id, failure)));
    limit_file_size(Some(400_000));
    let (written, failure) = fill(0).expect("the limit is reached");
    assert_eq!((failure.status, failure.sqlstate(), failure.subcode()), (IO, "53100", "io.disk_full"), "{failure:?}");
    assert!(failure.message().contains("test.ddb") && failure.json["hint"].is_string(), "{failure:?}");
    assert_eq!(db.count("t"), written);
    // A transaction that fails for lack of space leaves nothing behind.
    db.begin().unwrap();
    db.run("UPDATE t SET name = 'changed' WHERE id = 0");
    let failed = fill(5000).is_some() || db.commit().is_err();
    assert!(failed);
    if db.in_transaction() {
        db.rollback().unwrap();
    }
    assert_eq!(
        db.run("SELECT count(*), count(*) FILTER (WHERE name = 'changed') FROM t").rows,
        [[V::Int(written), V::Int(0)]]
    );
    assert_eq!(
        db.queued("INSERT INTO t SELECT id + 9000, name FROM t", &[], u64::MAX).unwrap_err().sqlstate(),
        "53100"
    );
    limit_file_size(None);
    insert(written).unwrap();
    assert_eq!(db.count("t"), written + 1);
    check(ddb_db_checkpoint(db.0)).unwrap();
    drop(db);
    let plain = rusqlite::Connection::open(&path).unwrap();
    let sound: String = plain.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    println!("outcome: {sound}");
}

#[test]
fn a_full_disk_fails_what_does_not_fit_and_nothing_else() {
    let file = TempDb::new();
    let output =
        child::command(module_path!(), "write_until_the_disk_is_full", &[(FILE, file.path())]).output().unwrap();
    assert!(child::succeeded(&output).contains("outcome: ok"));
}

/// Runs in a child process, because a process does not see its own locks.
#[test]
fn look_for_a_lock() {
    let Ok(path) = std::env::var(FILE) else { return };
    let file = fs::File::open(path).unwrap();
    let mut lock = unsafe { std::mem::zeroed::<libc::flock>() };
    lock.l_type = libc::F_WRLCK as libc::c_short;
    assert_ne!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETLK, &mut lock) }, -1);
    println!("outcome: {}", if lock.l_type == libc::F_UNLCK as libc::c_short { "free" } else { "locked" });
}

#[test]
fn the_locks_of_a_process_last_as_long_as_its_handles() {
    let file = TempDb::new();
    let outcome = || {
        child::succeeded(&child::command(module_path!(), "look_for_a_lock", &[(FILE, file.path())]).output().unwrap())
    };
    let db = file.open();
    db.run("CREATE TABLE t (id INTEGER)");
    assert!(outcome().contains("outcome: locked"));
    // If the engine opened and closed the file beside SQLite, the whole process would lose its locks.
    let second = file.open();
    assert!(outcome().contains("outcome: locked"));
    assert_eq!(Db::open(file.path(), "profile=nonsense").err().unwrap().status, SQL);
    check(ddb_db_checkpoint(db.0)).unwrap();
    db.run("SELECT * FROM sys.storage_metrics");
    db.json(ddb_db_inspect_storage_state_json).unwrap();
    drop(second);
    assert!(outcome().contains("outcome: locked"));
    drop(db);
    assert!(outcome().contains("outcome: free"));
}
