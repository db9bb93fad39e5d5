//! A session stands behind a `ddb_db_t`: one connection with its transaction, its plans and its prepared statements.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Instant;

use parking_lot::{Mutex, MutexGuard};
use std::ops::{Deref, DerefMut};

use crate::catalog::Catalog;
use crate::engine::database::{connect, generation, Flusher, Location, OpenMode, Options, Shared, SyncMode};
use crate::engine::inspection::Inspections;
use crate::engine::queue::Queue;
use crate::engine::watch::Capture;
use crate::error::Result;
use crate::sqlite::interrupt::{Interrupt, Running};
use crate::sqlite::{Connection, Statement};

use super::command::{ApplicationName, AuditContext};
use super::ids::Counts;
use super::plan::PlanCache;
use super::prepared::Prepared;
use super::sequences::Sequences;
use super::transaction::Transaction;

/// SQLite's own choice. Running a statement needs a dozen at most.
const PIECES_OF_MEMORY: i32 = 40;

/// Safe to use from many threads: everything that touches the connection takes the lock of the core, one call at a time.
pub struct Session {
    pub shared: Arc<Shared>,
    pub options: Arc<Options>,
    pub queue: Arc<Queue>,
    in_transaction: Arc<AtomicBool>,
    interrupt: Interrupt,
    core: Mutex<Core>,
}

/// The core during a call on the handle, which another thread may interrupt.
pub struct CoreGuard<'a> {
    /// Ends before the lock is free for the next call.
    _running: Running<'a>,
    core: MutexGuard<'a, Core>,
}

impl Deref for CoreGuard<'_> {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.core
    }
}

impl DerefMut for CoreGuard<'_> {
    fn deref_mut(&mut self) -> &mut Core {
        &mut self.core
    }
}

/// The part of a session behind its lock. Fields are dropped in order: every statement before the connection.
pub struct Core {
    pub(in crate::engine) shared: Arc<Shared>,
    pub(in crate::engine) options: Arc<Options>,
    statements: Vec<Option<Box<Prepared>>>,
    free: Vec<usize>,
    /// Slots of prepared statements that may still read from SQLite.
    streaming: Vec<usize>,
    pub(in crate::engine) plans: PlanCache,
    pub(in crate::engine) control: Control,
    pub(in crate::engine) catalog: Arc<Catalog>,
    /// The SQLite schema version `catalog` belongs to; -1 when it must be read again.
    pub(in crate::engine) catalog_version: i64,
    /// Rises whenever plans compiled earlier may be wrong.
    pub(in crate::engine) epoch: u64,
    pub(in crate::engine) transaction: Option<Transaction>,
    pub(in crate::engine) in_transaction: Arc<AtomicBool>,
    /// Boxed: SQLite holds its address while changes are captured.
    pub(in crate::engine) capture: Box<Capture>,
    pub(in crate::engine) audit: AuditContext,
    pub(in crate::engine) application_name: ApplicationName,
    /// Boxed: SQLite holds its address while a statement runs.
    pub(in crate::engine) counts: Box<Counts>,
    pub(in crate::engine) sequences: Sequences,
    pub(in crate::engine) queue: Arc<Queue>,
    pub(in crate::engine) inspections: Inspections,
    pub(in crate::engine) connection: Connection,
    /// Ends last, and syncs the writes that closing the connection did not.
    pub(in crate::engine) flusher: Option<Flusher>,
}

/// Statements every session needs over and over.
pub(crate) struct Control {
    pub begin: Statement,
    pub begin_immediate: Statement,
    pub upgrade: Statement,
    pub commit: Statement,
    pub rollback: Statement,
    pub schema_version: Statement,
    pub kept_ids: Statement,
    pub keep_id: Statement,
    pub forget_id: Statement,
    pub hold_clock: Statement,
    pub release_clock: Statement,
}

impl Session {
    pub fn open(path: &str, mode: OpenMode, options: &str) -> Result<Arc<Self>> {
        let options = Arc::new(Options::parse(options)?);
        let location = Location::resolve(path, mode, &options)?;
        let connection = connect(&location, mode, &options)?;
        let prepare = |sql: &str| connection.prepare(sql);
        let control = Control {
            begin: prepare("BEGIN")?,
            begin_immediate: prepare("BEGIN IMMEDIATE")?,
            upgrade: prepare("UPDATE __ddb_meta SET value = value WHERE 0")?,
            commit: prepare("COMMIT")?,
            rollback: prepare("ROLLBACK")?,
            schema_version: prepare("PRAGMA schema_version")?,
            kept_ids: prepare("SELECT name, highest FROM main.__ddb_ids")?,
            keep_id: prepare("INSERT OR REPLACE INTO main.__ddb_ids VALUES (?1, ?2)")?,
            forget_id: prepare("DELETE FROM main.__ddb_ids WHERE name = ?1")?,
            hold_clock: prepare("SELECT ddb_hold_clock(1)")?,
            release_clock: prepare("SELECT ddb_hold_clock(0)")?,
        };
        let flusher = match (options.sync_mode, location.beside("-wal")) {
            (SyncMode::Async(interval), Some(log)) => Some(Flusher::start(log, interval)?),
            _ => None,
        };
        let inspections = Inspections::register(&connection)?;
        let audit = AuditContext::register(&connection)?;
        let application_name = ApplicationName::register(&connection)?;
        let counts = Box::new(Counts::register(&connection)?);
        let sequences = Sequences::register(&connection)?;
        connection.set_memory_aside(PIECES_OF_MEMORY)?;
        let queue = Arc::new(Queue::new(options.queue.clone()));
        let shared = Shared::acquire(location);
        let in_transaction = Arc::new(AtomicBool::new(false));
        let core = Core {
            shared: Arc::clone(&shared),
            options: Arc::clone(&options),
            statements: Vec::new(),
            free: Vec::new(),
            streaming: Vec::new(),
            plans: PlanCache::new(options.plan_cache_enabled, options.plan_cache_bytes),
            control,
            catalog: Arc::default(),
            catalog_version: -1,
            epoch: 0,
            transaction: None,
            in_transaction: Arc::clone(&in_transaction),
            capture: Box::default(),
            audit,
            application_name,
            counts,
            sequences,
            queue: Arc::clone(&queue),
            inspections,
            connection,
            flusher,
        };
        Ok(Arc::new(Self {
            shared,
            options,
            queue,
            in_transaction,
            interrupt: Interrupt::default(),
            core: Mutex::new(core),
        }))
    }

    pub fn core(&self) -> CoreGuard<'_> {
        self.run(self.core.lock())
    }

    fn run<'a>(&'a self, mut core: MutexGuard<'a, Core>) -> CoreGuard<'a> {
        core.recover();
        CoreGuard { _running: self.interrupt.open(), core }
    }

    /// Ends the call that runs on this handle, if there is one. Any thread may call this; it waits for nothing.
    pub fn interrupt(&self) {
        self.interrupt.request();
    }

    /// The core, unless another thread uses it until `deadline`.
    pub(in crate::engine) fn core_until(&self, deadline: Option<Instant>) -> Option<CoreGuard<'_>> {
        let Some(deadline) = deadline else { return Some(self.core()) };
        self.core.try_lock_until(deadline).map(|core| self.run(core))
    }

    /// Whether an explicit transaction is open; does not wait for a statement that is running.
    pub fn in_transaction(&self) -> bool {
        self.in_transaction.load(Ordering::Acquire)
    }

    /// Runs `body` with the prepared statement in `slot`.
    pub fn with_prepared<T>(&self, slot: usize, body: impl FnOnce(&mut Core, &mut Prepared) -> Result<T>) -> Result<T> {
        /// Puts the statement back, also when `body` panics.
        struct Lease<'a> {
            core: CoreGuard<'a>,
            slot: usize,
            prepared: Option<Box<Prepared>>,
        }
        impl Drop for Lease<'_> {
            fn drop(&mut self) {
                if let Some(prepared) = self.prepared.take() {
                    if prepared.is_streaming() {
                        self.core.streaming.push(self.slot);
                    }
                    self.core.statements[self.slot] = Some(prepared);
                }
            }
        }
        let mut core = self.core();
        let prepared = core.lease(slot);
        let mut lease = Lease { core, slot, prepared: Some(prepared) };
        let Lease { core, prepared: Some(prepared), .. } = &mut lease else {
            unreachable!("a lease begins with its statement")
        };
        body(core, prepared)
    }
}

impl Core {
    /// A call that panicked may have left the transaction of its statement open.
    fn recover(&mut self) {
        if self.transaction.as_ref().is_some_and(|open| !open.explicit) {
            self.abandon_transaction();
        }
    }

    fn lease(&mut self, slot: usize) -> Box<Prepared> {
        if let Some(at) = self.streaming.iter().position(|each| *each == slot) {
            self.streaming.swap_remove(at);
        }
        self.statements[slot].take().expect("a live statement handle has its slot")
    }

    pub fn add_prepared(&mut self, prepared: Prepared) -> usize {
        match self.free.pop() {
            Some(slot) => {
                self.statements[slot] = Some(Box::new(prepared));
                slot
            }
            None => {
                self.statements.push(Some(Box::new(prepared)));
                self.statements.len() - 1
            }
        }
    }

    /// Ends the prepared statement in `slot`; its plan stays for the next one with the same text.
    pub fn remove_prepared(&mut self, slot: usize) {
        let mut prepared = self.lease(slot);
        prepared.reset();
        if let Some(plan) = prepared.take_plan() {
            self.plans.put(plan, self.epoch);
        }
        self.free.push(slot);
    }

    /// Reads every result that is still streaming into memory, so that later statements cannot change it and sees its own
    /// snapshot.
    pub(in crate::engine) fn drain_streams(&mut self) {
        while let Some(slot) = self.streaming.pop() {
            if let Some(prepared) = &mut self.statements[slot] {
                prepared.materialise(&self.catalog);
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.shared.release();
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        // Before the write lock goes with the transaction.
        self.drain_streams();
        self.abandon_transaction();
        // SQLite itself leaves a log alone whose file has moved.
        if generation::require_own(&self.connection, &self.shared.location).is_err() {
            self.connection.keep_log();
        }
    }
}
