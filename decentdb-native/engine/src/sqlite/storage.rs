//! Reads the state of a database file through SQLite's own open descriptors. The engine never opens the file or its
//! `-shm` a second time: closing any descriptor of a file drops the POSIX locks that the whole process holds on it.

use std::ffi::{c_int, c_void};
use std::ptr;

use rusqlite::ffi;

use super::error::from_code;
use super::Connection;
use crate::error::{Error, Result};

/// The bytes of shared memory that SQLite maps at once.
const REGION_BYTES: c_int = 32 * 1024;
/// The WAL index holds its header twice; a reader compares both copies.
const HEADER_WORDS: usize = 12;
const ATTEMPTS: usize = 100;

/// The state of the write-ahead log, which all processes share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WalIndex {
    pub version: u32,
    /// Rises with every commit of any process; restarts when the log is rebuilt.
    pub change: u32,
    /// Frames of the log that belong to commits.
    pub frames: u32,
    /// Frames of commits that the database file contains as well.
    pub checkpointed: u32,
}

impl Connection {
    /// The descriptor of the database file.
    fn file(&self) -> Result<(*mut ffi::sqlite3_file, &ffi::sqlite3_io_methods)> {
        let mut file: *mut ffi::sqlite3_file = ptr::null_mut();
        let place: *mut *mut ffi::sqlite3_file = &mut file;
        // SAFETY: a live connection; the pointer is written to `file`.
        let code = unsafe {
            ffi::sqlite3_file_control(self.raw(), c"main".as_ptr(), ffi::SQLITE_FCNTL_FILE_POINTER, place.cast())
        };
        if code != ffi::SQLITE_OK {
            return Err(from_code(self.raw(), code));
        }
        // SAFETY: SQLite's descriptor lives as long as the connection; its methods are static.
        match unsafe { file.as_ref().and_then(|file| file.pMethods.as_ref()) } {
            Some(methods) => Ok((file, methods)),
            None => Err(Error::internal("SQLite has no file open")),
        }
    }

    /// Fills `buffer` with the first bytes of the file; false if it is shorter. Takes no lock and leaves no trace.
    pub fn read_start(&self, buffer: &mut [u8]) -> Result<bool> {
        let (file, methods) = self.file()?;
        let Some(read) = methods.xRead else {
            return Err(Error::internal("SQLite's file cannot be read"));
        };
        // SAFETY: an open file and its own method; the length is that of the buffer.
        match unsafe { read(file, buffer.as_mut_ptr().cast(), buffer.len() as c_int, 0) } {
            ffi::SQLITE_OK => Ok(true),
            ffi::SQLITE_IOERR_SHORT_READ => Ok(false),
            code => Err(from_code(self.raw(), code)),
        }
    }

    /// Whether the path no longer names this file, because it was deleted, renamed or replaced.
    pub fn has_moved(&self) -> bool {
        let mut moved: c_int = 0;
        let place: *mut c_int = &mut moved;
        // SAFETY: a live connection; the answer is written to `moved`.
        let code = unsafe {
            ffi::sqlite3_file_control(self.raw(), c"main".as_ptr(), ffi::SQLITE_FCNTL_HAS_MOVED, place.cast())
        };
        code == ffi::SQLITE_OK && moved != 0
    }

    pub fn is_read_only(&self) -> bool {
        // SAFETY: a live connection and a constant name.
        unsafe { ffi::sqlite3_db_readonly(self.raw(), c"main".as_ptr()) == 1 }
    }

    /// The state of the log; `None` while the database has none.
    pub fn wal_index(&self) -> Option<WalIndex> {
        let (file, methods) = self.file().ok()?;
        if methods.iVersion < 2 {
            return None;
        }
        let mut region: *mut c_void = ptr::null_mut();
        // SAFETY: an open file and its own method; the region is not extended, and stays mapped while the file is open.
        let code = unsafe { methods.xShmMap?(file, 0, REGION_BYTES, 0, &mut region) };
        if code != ffi::SQLITE_OK || region.is_null() {
            return None;
        }
        let words: *const u32 = region.cast();
        // SAFETY: two headers and one word more lie within the mapped region; other processes may write to it
        // meanwhile.
        let word = |at: usize| unsafe { ptr::read_volatile(words.add(at)) };
        let header = |from: usize| -> [u32; HEADER_WORDS] { std::array::from_fn(|at| word(from + at)) };
        (0..ATTEMPTS).find_map(|_| {
            let (first, second) = (header(0), header(HEADER_WORDS));
            let consistent = first == second;
            consistent.then(|| WalIndex {
                version: first[0],
                change: first[2],
                frames: first[4],
                checkpointed: word(2 * HEADER_WORDS).min(first[4]),
            })
        })
    }
}
