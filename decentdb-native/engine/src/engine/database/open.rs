//! The database file: how it is opened, created and recognised. A file of another program is never touched.

use std::fs::{File, Metadata};
use std::io::ErrorKind;
use std::path::{Display, Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::stored_catalog::{create_catalog, prepare_connection};
use crate::error::{Error, Result, Status};
use crate::sqlite::{self, from_rusqlite_on, Connection};

use super::generation;
use super::options::{Coordination, Options, SyncMode};
use super::upgrade::upgrade;

/// `DDBS` in the header field that SQLite reserves for this purpose.
const APPLICATION_ID: u32 = 0x4444_4253;
/// Version of the engine's own tables; the last byte of `user_version` in the header.
pub const FORMAT_VERSION: u32 = 2;
/// The oldest version that is read; opening a file makes it one of [`FORMAT_VERSION`].
const OLDEST_VERSION: u32 = 1;

const SQLITE_MAGIC: &[u8] = b"SQLite format 3\0";
const DECENTDB_MAGIC: &[u8] = b"DECENTDB\0";

/// The beginning of an SQLite file.
pub type Header = [u8; 100];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    Create,
    Open,
    OpenOrCreate,
}

/// Where a database lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    Memory,
    /// Canonical, so that every spelling of a path meets the same shared state.
    File(PathBuf),
}

impl Location {
    /// SQLite's name for a file beside that of the database: `suffix` is `-wal` or `-shm`.
    pub fn beside(&self, suffix: &str) -> Option<PathBuf> {
        let Location::File(path) = self else { return None };
        let mut name = path.clone().into_os_string();
        name.push(suffix);
        Some(name.into())
    }

    /// Resolves `path` and checks that `mode` allows opening it; changes nothing.
    pub fn resolve(path: &str, mode: OpenMode, options: &Options) -> Result<Self> {
        if path.is_empty() {
            return Err(Error::io("the database path is empty"));
        }
        if path.eq_ignore_ascii_case(":memory:") {
            if options.coordination == Coordination::Required {
                return Err(Error::transaction(
                    "process_coordination=required cannot be met by :memory:, which no other process can see",
                ));
            }
            return Ok(Location::Memory);
        }
        let given = Path::new(path);
        match std::fs::metadata(given) {
            Ok(found) if found.is_dir() => Err(Error::io(format!("{path} is a directory, not a database file"))),
            Ok(found) if !found.is_file() => Err(Error::io(format!("{path} is not a regular file"))),
            Ok(_) if mode == OpenMode::Create => {
                Err(Error::io(format!("cannot create the database {path}: the file already exists"))
                    .hint("open it, or use open_or_create"))
            }
            Ok(found) if found.len() == 0 && mode == OpenMode::Open => {
                Err(Error::io(format!("{path} is empty, not a database")).hint("use open_or_create"))
            }
            Ok(found) => {
                refuse_second_name(path, &found)?;
                canonical(given)
            }
            Err(cause) if cause.kind() == ErrorKind::NotFound && mode != OpenMode::Open => canonical(given),
            Err(cause) if cause.kind() == ErrorKind::NotFound => {
                Err(Error::io(format!("the database {path} does not exist")).hint("use open_or_create"))
            }
            Err(cause) => Err(Error::io(format!("cannot open {path}: {cause}"))),
        }
    }
}

/// SQLite names the log after the file, so that two names of one file would have two logs and lose the contents of either.
#[cfg(unix)]
fn refuse_second_name(path: &str, found: &Metadata) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    if found.nlink() > 1 {
        return Err(Error::io(format!("{path} has {} names (hard links)", found.nlink()))
            .hint("remove the other hard links, or replace them by symbolic links, which are safe"));
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_second_name(_path: &str, _found: &Metadata) -> Result<()> {
    Ok(())
}

fn canonical(path: &Path) -> Result<Location> {
    let failed = |cause: std::io::Error| Error::io(format!("cannot open {}: {cause}", path.display()));
    if path.exists() {
        return path.canonicalize().map(Location::File).map_err(failed);
    }
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let name = path.file_name().ok_or_else(|| Error::io(format!("{} does not name a file", path.display())))?;
    let parent = parent.canonicalize().map_err(|cause| {
        Error::io(format!("cannot create {}: directory {}: {cause}", path.display(), parent.display()))
    })?;
    Ok(Location::File(parent.join(name)))
}

/// Refuses every file that is not a database of this engine, naming its format. It is read through SQLite's descriptor.
fn recognise(connection: &Connection, shown: &Display<'_>) -> Result<Header> {
    let mut header: Header = [0; 100];
    let whole = connection.read_start(&mut header).map_err(|error| cannot_open(shown, error))?;
    let foreign = |subcode, message: String| Error::new(Status::UnsupportedFormatVersion, subcode, None, message);
    if header.starts_with(DECENTDB_MAGIC) {
        return Err(foreign(
            "format.decentdb",
            format!(
                "{shown} is a file of the DecentDB engine; this is the bundled engine, which stores its data in SQLite"
            ),
        )
        .hint("load libdecentdb to open this file, or give the bundled engine another path"));
    }
    if !whole || !header.starts_with(SQLITE_MAGIC) {
        return Err(foreign("format.unknown", format!("{shown} is not a database file")));
    }
    let field = |at: usize| field(&header, at);
    if field(68) != APPLICATION_ID {
        return Err(foreign(
            "format.sqlite",
            format!("{shown} is an SQLite database that was not created by this engine"),
        )
        .hint("give another path; the tables of an SQLite file have to be imported"));
    }
    match generation::format_version(&header) {
        OLDEST_VERSION..=FORMAT_VERSION => Ok(header),
        other => Err(foreign(
            "format.unsupported_version",
            format!("{shown} has format version {other}; this engine reads version {FORMAT_VERSION} and older ones"),
        )
        .hint("open it with the version of the engine that wrote it")),
    }
}

fn field(header: &Header, at: usize) -> u32 {
    u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
}

/// A file shorter than its header says lost its end, unless the log still holds it. SQLite would find out page by page.
fn refuse_truncated(path: &Path, location: &Location, header: &Header) -> Result<()> {
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
    // In this order: another process may be moving the log into the file.
    if location.beside("-wal").is_some_and(|log| length(&log) > 0) {
        return Ok(());
    }
    let page_size = match u64::from(u16::from_be_bytes([header[16], header[17]])) {
        1 => 65536,
        size => size,
    };
    let (wanted, found) = (u64::from(field(header, 28)) * page_size, length(path));
    if found >= wanted {
        return Ok(());
    }
    let shown = path.display();
    let message = format!("{shown} is truncated: it has {found} bytes, its header says {wanted}");
    Err(Error::new(Status::Corruption, "corruption.truncated", Some("XX001"), message)
        .hint("restore the file from a copy, together with its -wal file if there is one"))
}

/// Opens the connection of a handle; a new file is made ours in one transaction before anything else. Nothing of a failed
/// creation stays behind.
pub fn connect(location: &Location, mode: OpenMode, options: &Options) -> Result<Connection> {
    // One at a time, so that handles opening the same new file do not meet in SQLite's locks.
    static OPENING: Mutex<()> = Mutex::new(());
    let _turn = OPENING.lock();
    let Location::File(path) = location else {
        return configure(Connection::open_in_memory()?, location, options);
    };
    let created = mode != OpenMode::Open && create_new(path, mode)?;
    let connection = open(path, location, options);
    if connection.is_err() && created && std::fs::metadata(path).is_ok_and(|found| found.len() == 0) {
        let _ = std::fs::remove_file(path);
    }
    connection
}

fn open(path: &Path, location: &Location, options: &Options) -> Result<Connection> {
    let shown = path.display();
    let connection = Connection::open(path).map_err(|error| cannot_open(&shown, error))?;
    // Empty files become databases. SQLite takes those of one byte for empty too, which we do not.
    if std::fs::metadata(path).map_or(true, |found| found.len() > 0) {
        let header = recognise(&connection, &shown)?;
        refuse_truncated(path, location, &header)?;
        generation::require_own_log(&connection, location, generation::format_version(&header) == FORMAT_VERSION)?;
    }
    if connection.is_read_only() {
        return Err(Error::new(
            Status::Io,
            "io.permission_denied",
            Some("58030"),
            format!("cannot open {shown}: the file is read-only"),
        )
        .hint("this process must be allowed to write the database file and its directory"));
    }
    configure(connection, location, options).map_err(|error| cannot_open(&shown, error))
}

fn cannot_open(shown: &Display<'_>, error: Error) -> Error {
    if error.message.contains(&shown.to_string()) {
        return error;
    }
    Error { message: format!("cannot open {shown}: {}", error.message), ..error }
}

/// Creates the file, which must be new in mode [`OpenMode::Create`]; false if it is there already.
fn create_new(path: &Path, mode: OpenMode) -> Result<bool> {
    match File::options().write(true).create_new(true).open(path) {
        Ok(_) => Ok(true),
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists && mode == OpenMode::OpenOrCreate => Ok(false),
        Err(cause) => Err(Error::io(format!("cannot create {}: {cause}", path.display()))),
    }
}

fn configure(connection: Connection, location: &Location, options: &Options) -> Result<Connection> {
    connection.busy_timeout(options.lock_timeout)?;
    connection.keep_plans_stable()?;
    connection.set_memory_aside(0)?;
    sqlite::interrupt::watch(connection.raw());
    prepare_connection(&connection)?;
    connection.execute("PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON; PRAGMA temp_store = MEMORY;")?;
    if connection.query_i64("PRAGMA application_id")? != i64::from(APPLICATION_ID) {
        initialise(&connection)?;
    }
    if let Location::File(path) = location {
        if generation::stored_version(&connection)? != FORMAT_VERSION {
            upgrade(&connection, path, options)?;
        }
        // After the file is recognisable: in WAL mode the header on disk changes only at checkpoints.
        use_write_ahead_log(&connection, options)?;
    }
    connection.execute(match options.sync_mode {
        SyncMode::Full => "PRAGMA synchronous = FULL",
        SyncMode::Normal | SyncMode::Async(_) => "PRAGMA synchronous = NORMAL",
    })?;
    connection.execute(&format!(
        "PRAGMA cache_size = -{}; PRAGMA wal_autocheckpoint = {};",
        (options.cache_bytes / 1024).max(1),
        options.checkpoint_pages.min(i32::MAX as u64)
    ))?;
    Ok(connection)
}

/// Switches a new file to WAL mode. SQLite does not wait for another process that uses the file at that moment.
fn use_write_ahead_log(connection: &Connection, options: &Options) -> Result<()> {
    let begun = Instant::now();
    loop {
        match connection.query_text("PRAGMA journal_mode = WAL") {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                return Err(Error::io(format!(
                    "the file system does not support a write-ahead log (journal mode {mode})"
                )))
            }
            Err(error) if error.status == Status::Timeout && begun.elapsed() < options.lock_timeout => {
                thread::sleep(Duration::from_millis(2));
            }
            Err(error) => return Err(error),
        }
    }
}

fn initialise(connection: &Connection) -> Result<()> {
    connection.execute("BEGIN IMMEDIATE")?;
    let made = (|| {
        // Another process may have been first.
        if connection.query_i64("PRAGMA application_id")? == i64::from(APPLICATION_ID) {
            return Ok(());
        }
        if connection.query_i64("SELECT count(*) FROM sqlite_schema")? > 0 {
            return Err(Error::io("the file was empty a moment ago and is now used by another program"));
        }
        create_catalog(connection)?;
        connection.execute(&format!("PRAGMA application_id = {APPLICATION_ID}"))?;
        generation::begin(connection.inner()).map_err(|error| from_rusqlite_on(connection.raw(), &error))
    })();
    match made {
        Ok(()) => connection.execute("COMMIT"),
        Err(error) => {
            let _ = connection.execute("ROLLBACK");
            Err(error)
        }
    }
}
