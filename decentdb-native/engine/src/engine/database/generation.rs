//! Recognises a log that was not written for the file beside it. The header of the file holds its generation: a number that
//! is random at first and rises with the first transaction of every log. So the first transaction of a log holds the first page
//! of the file with the new generation, and the file has that generation, or the one before until a checkpoint has moved the
//! page.

use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufReader, ErrorKind, Read};
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::error::{Error, Result, Status};
use crate::sqlite::Connection;

use super::open::{Header, Location, FORMAT_VERSION};

/// Where the header has `user_version`: the version of the format in the last byte, and the generation before it.
const FIELD: usize = 60;
const VERSION_BITS: u32 = 8;
const GENERATIONS: u32 = 1 << (u32::BITS - VERSION_BITS);

/// Looks at the file and its log, two in a row of which have to agree. Another process may move the log into the file and begin
/// anew between the two reads of one look; after the next look the file is at least as new as the log of this one.
const LOOKS: usize = 8;
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);

const LOG_MAGIC: u32 = 0x377f_0682;
const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// The version of the format in the header of a file.
pub fn format_version(header: &Header) -> u32 {
    u32::from(header[FIELD + 3])
}

/// The version of the format as the connection sees it, which also takes the log into account, and a transaction cut short.
pub fn stored_version(connection: &Connection) -> Result<u32> {
    Ok(user_version(connection)? % (1 << VERSION_BITS))
}

/// Gives a new database, or a copy, today's format and a generation that no log has.
pub fn begin(connection: &rusqlite::Connection) -> rusqlite::Result<()> {
    let random = RandomState::new().hash_one(FIELD) as u32 % GENERATIONS;
    connection.execute_batch(&assignment(random))
}

/// Raises the generation in the open transaction, which has the right to write, if it may be the first one of a log. Fails
/// if the content of the file was replaced: the log would be a log of what is there no more.
pub fn raise(connection: &Connection, location: &Location) -> Result<()> {
    let Location::File(path) = location else { return Ok(()) };
    match connection.wal_index() {
        // SQLite begins the log anew only when the file contains all of it.
        Some(log) if log.frames != log.checkpointed => Ok(()),
        log => {
            let current = current(connection)?;
            if log.is_some() && in_file(connection)?.is_some_and(|found| found != current) {
                return Err(foreign(path, location));
            }
            connection.execute(&assignment((current + 1) % GENERATIONS))
        }
    }
}

/// Refuses a file that is not the one whose log the connection has, because its content was replaced.
pub fn require_own(connection: &Connection, location: &Location) -> Result<()> {
    let Location::File(path) = location else { return Ok(()) };
    for look in 0..LOOKS {
        if look > 0 {
            thread::sleep(BETWEEN_LOOKS);
        }
        // In this order: other processes may take the log further meanwhile, but the file never gets ahead of it.
        let found = in_file(connection)?;
        if found.is_none_or(|found| current(connection).is_ok_and(|current| distance(found, current) <= 1)) {
            return Ok(());
        }
    }
    Err(foreign(path, location))
}

/// Refuses a log that belongs to another file, or to another state of this one. Every log of a file that is `counted` has
/// generations; those of the first format had none.
pub fn require_own_log(connection: &Connection, location: &Location, counted: bool) -> Result<()> {
    let (Location::File(path), Some(log)) = (location, location.beside("-wal")) else { return Ok(()) };
    let mut last = None;
    for _ in 0..LOOKS {
        let Some(found) = in_file(connection)? else { return Ok(()) };
        let verdict = Verdict::of(&log, found, counted);
        let verdict = verdict.map_err(|cause| Error::io(format!("cannot read {}: {cause}", log.display())))?;
        if verdict == Verdict::Own {
            return Ok(());
        }
        if last.replace((found, verdict)) == Some((found, verdict)) {
            return Err(foreign(path, location));
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    // It changes at every look: it is in use, by a process that made sure of it.
    Ok(())
}

fn foreign(path: &Path, location: &Location) -> Error {
    let beside = |suffix| location.beside(suffix).unwrap_or_default();
    let (file, log, shared) = (path.display(), beside("-wal"), beside("-shm"));
    let (log, shared) = (log.display(), shared.display());
    let message = format!(
        "{file} and its log {log} do not belong together: the log was written for another file, or for another state of this one"
    );
    Error::new(Status::Io, "io.foreign_log", Some("58030"), message).hint(format!(
        "nothing was changed; to use the file as it is, for example after restoring it from a backup, close everything that has it open and remove {log} and {shared}; to keep what the log holds, put back the file it was written for"
    ))
}

fn assignment(generation: u32) -> String {
    format!("PRAGMA user_version = {}", (generation << VERSION_BITS | FORMAT_VERSION) as i32)
}

fn user_version(connection: &Connection) -> Result<u32> {
    Ok(connection.query_i64("PRAGMA user_version")? as u32)
}

fn current(connection: &Connection) -> Result<u32> {
    Ok(user_version(connection)? >> VERSION_BITS)
}

/// The generation in the file itself, whatever the log holds; `None` while the file is empty.
fn in_file(connection: &Connection) -> Result<Option<u32>> {
    let mut header: Header = [0; 100];
    let whole = connection.read_start(&mut header)?;
    Ok(whole.then(|| word(&header, FIELD) >> VERSION_BITS))
}

/// How many steps lead from one generation to another.
fn distance(from: u32, to: u32) -> u32 {
    to.wrapping_sub(from) % GENERATIONS
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Whether a log continues a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It does, or holds no transaction, so that SQLite takes nothing from it.
    Own,
    /// It continues files of other generations: the first and the last of its own, if it has any.
    Foreign(Option<(u32, u32)>),
}

impl Verdict {
    /// Reads the log up to the first header that continues a file of the generation `wanted`.
    fn of(log: &Path, wanted: u32, counted: bool) -> std::io::Result<Self> {
        let mut frames = match File::open(log) {
            Ok(file) => match Frames::of(BufReader::with_capacity(1 << 16, file))? {
                Some(frames) => frames,
                None => return Ok(Verdict::Own),
            },
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Verdict::Own),
            Err(cause) => return Err(cause),
        };
        let (mut seen, mut committed) = (None, false);
        while let Some((page, commit)) = frames.next()? {
            if page == 1 && frames.page.len() > FIELD + 4 {
                let last = word(&frames.page, FIELD) >> VERSION_BITS;
                let first = seen.map_or(last, |(first, _)| first);
                // The file may have the generation before the first one still.
                let before = first.wrapping_sub(1) % GENERATIONS;
                if distance(before, wanted) <= distance(before, last) {
                    return Ok(Verdict::Own);
                }
                seen = Some((first, last));
            }
            committed |= commit;
            if commit && seen.is_none() && counted {
                return Ok(Verdict::Foreign(None));
            }
        }
        Ok(if committed && (counted || seen.is_some()) { Verdict::Foreign(seen) } else { Verdict::Own })
    }
}

/// The frames of a log that SQLite would take for valid: their salt is that of the log, and their checksum is right.
struct Frames {
    log: BufReader<File>,
    big_endian: bool,
    salt: [u8; 8],
    checksum: (u32, u32),
    page: Vec<u8>,
}

impl Frames {
    fn of(mut log: BufReader<File>) -> std::io::Result<Option<Self>> {
        let mut header = [0; LOG_HEADER];
        if !fill(&mut log, &mut header)? || word(&header, 0) & !1 != LOG_MAGIC {
            return Ok(None);
        }
        let big_endian = word(&header, 0) & 1 == 1;
        let checksum = add(big_endian, (0, 0), &header[..24]);
        let page_size = word(&header, 8) as usize;
        let valid = checksum == (word(&header, 24), word(&header, 28))
            && page_size.is_power_of_two()
            && (512..=65536).contains(&page_size);
        let mut salt = [0; 8];
        salt.copy_from_slice(&header[16..24]);
        Ok(valid.then(|| Self { log, big_endian, salt, checksum, page: vec![0; page_size] }))
    }

    /// The number of the next page, whose content is in `page` then, and whether a transaction ends with it.
    fn next(&mut self) -> std::io::Result<Option<(u32, bool)>> {
        let mut header = [0; FRAME_HEADER];
        if !fill(&mut self.log, &mut header)? || header[8..16] != self.salt || !fill(&mut self.log, &mut self.page)? {
            return Ok(None);
        }
        self.checksum = add(self.big_endian, self.checksum, &header[..8]);
        self.checksum = add(self.big_endian, self.checksum, &self.page);
        let valid = self.checksum == (word(&header, 16), word(&header, 20));
        Ok(valid.then(|| (word(&header, 0), word(&header, 4) != 0)))
    }
}

/// Continues the checksum of SQLite's log over `bytes`.
fn add(big_endian: bool, (mut first, mut second): (u32, u32), bytes: &[u8]) -> (u32, u32) {
    let number = |at: usize| {
        let number = word(bytes, at);
        if big_endian {
            number
        } else {
            number.swap_bytes()
        }
    };
    for at in (0..bytes.len()).step_by(8) {
        first = first.wrapping_add(number(at)).wrapping_add(second);
        second = second.wrapping_add(number(at + 4)).wrapping_add(first);
    }
    (first, second)
}

/// Fills `buffer`; false if the log ends before.
fn fill(log: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<bool> {
    match log.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(cause) if cause.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(cause) => Err(cause),
    }
}
