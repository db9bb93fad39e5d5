//! The wish of another thread to end the call that runs on a connection.
//!
//! A call reaches its [`Interrupt`] through its thread, so that SQLite, the functions and the loops of the engine ask the same
//! question without passing it along.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicU8, Ordering};

use rusqlite::ffi;

use crate::error::{Error, Result};

/// No call runs, or the one that runs can no longer be ended.
const CLOSED: u8 = 0;
/// A call runs.
const OPEN: u8 = 1;
/// The call shall end.
const REQUESTED: u8 = 2;
/// A step of the call has failed for it; the steps that follow undo what it did.
const DELIVERED: u8 = 3;

/// How many steps of its programs SQLite takes between two questions: about a tenth of a millisecond.
const STEPS: c_int = 4096;

thread_local! {
    static CURRENT: Cell<*const Interrupt> = const { Cell::new(ptr::null()) };
}

/// One for each connection. A request meets the call that is open at that moment or none, so that one which has returned
/// never ends a later call.
#[derive(Default)]
pub struct Interrupt(AtomicU8);

impl Interrupt {
    /// Opens the call of this thread, until the result is dropped.
    pub fn open(&self) -> Running<'_> {
        self.0.store(OPEN, Ordering::Release);
        Running { interrupt: self, outer: CURRENT.replace(self) }
    }

    /// Ends the call that is open, if there is one.
    pub fn request(&self) {
        // The call has ended, or ends already, if this fails.
        let _ = self.0.compare_exchange(OPEN, REQUESTED, Ordering::AcqRel, Ordering::Acquire);
    }

    fn deliver(&self) -> bool {
        self.0.load(Ordering::Acquire) == REQUESTED
            && self.0.compare_exchange(REQUESTED, DELIVERED, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// The call that runs on this thread.
pub struct Running<'a> {
    interrupt: &'a Interrupt,
    outer: *const Interrupt,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.interrupt.0.store(CLOSED, Ordering::Release);
        CURRENT.set(self.outer);
    }
}

fn current<T>(of: impl FnOnce(&Interrupt) -> T) -> Option<T> {
    // SAFETY: a `Running` of this thread borrows it, and takes it away when it ends.
    unsafe { CURRENT.get().as_ref() }.map(of)
}

/// Fails if the call of this thread shall end. True for one question only: what is asked afterwards undoes the call.
pub fn check() -> Result<()> {
    match current(Interrupt::deliver) {
        Some(true) => Err(Error::interrupted()),
        _ => Ok(()),
    }
}

/// Whether the call of this thread shall end, for a loop that only stops early: [`check`] must follow before its result counts.
pub fn requested() -> bool {
    current(|interrupt| interrupt.0.load(Ordering::Relaxed)) == Some(REQUESTED)
}

/// As [`check`], for a step that must not follow one which failed for a request, although another statement reported it.
pub fn check_again() -> Result<()> {
    check()?;
    match current(|interrupt| interrupt.0.load(Ordering::Acquire)) {
        Some(DELIVERED) => Err(Error::interrupted()),
        _ => Ok(()),
    }
}

/// Closes the call to requests before it makes durable what it did; fails if it shall end.
pub fn close() -> Result<()> {
    match current(|interrupt| interrupt.0.swap(CLOSED, Ordering::AcqRel)) {
        Some(REQUESTED | DELIVERED) => Err(Error::interrupted()),
        _ => Ok(()),
    }
}

/// Opens the call anew: a request before this ended something else.
pub fn reopen() {
    current(|interrupt| interrupt.0.store(OPEN, Ordering::Release));
}

/// Makes SQLite ask while it compiles and runs statements. SQLite rolls back the transaction of a write that it ends.
pub fn watch(db: *mut ffi::sqlite3) {
    // SAFETY: a live connection; the callback needs no argument.
    unsafe { ffi::sqlite3_progress_handler(db, STEPS, Some(progress), ptr::null_mut()) };
}

unsafe extern "C" fn progress(_: *mut c_void) -> c_int {
    c_int::from(current(Interrupt::deliver) == Some(true))
}
