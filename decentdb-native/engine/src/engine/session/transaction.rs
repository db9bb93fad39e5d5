//! Transactions of a session. An autocommitted write is a transaction of one statement.

use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::catalog::Catalog;
use crate::engine::database::load_catalog;
use crate::engine::database::{generation, Flusher, Location, ReaderMark, WriteGuard};
use crate::engine::translate_error::explain;
use crate::engine::watch::{CommitEvent, Mark, Source};
use crate::error::{Error, Result, Status};
use crate::sql::TransactionControl;
use crate::sqlite::{interrupt, preupdate, Step};

use super::core::Core;
use super::ids::Kept;

pub(in crate::engine) struct Transaction {
    /// Begun by the caller, rather than around one statement or one batch of queued writes.
    pub explicit: bool,
    /// The last commit when the snapshot was taken.
    base_lsn: u64,
    /// Present from the first write on.
    writer: Option<WriteGuard>,
    /// The catalogue has changes that no other session may see yet.
    pub schema_dirty: bool,
    /// The temporary objects when it began.
    before: Arc<Catalog>,
    savepoints: Vec<Savepoint>,
    /// The ids kept in the database, read at need; nothing else changes them while this transaction may write.
    pub kept: Option<Vec<Kept>>,
    /// The table whose ids the last statement that touched any has touched, and its highest one now.
    pub highest: Option<(Arc<str>, Option<i64>)>,
    /// A write ran. Even one that changes no row may leave pages to commit: one that failed, or that emptied an empty table.
    wrote: bool,
    source: Source,
    /// Present in an explicit transaction: it holds a snapshot for as long as the caller pleases.
    _reader: Option<ReaderMark>,
}

struct Savepoint {
    name: String,
    mark: Mark,
    /// The temporary objects when it was made.
    before: Arc<Catalog>,
}

impl Core {
    pub fn transaction_control(&mut self, control: &TransactionControl) -> Result<()> {
        match control {
            TransactionControl::Begin { immediate } => self.begin(*immediate),
            TransactionControl::Commit => self.commit_explicit().map(drop),
            TransactionControl::Rollback => self.rollback(),
            TransactionControl::Savepoint(name) => self.savepoint(name),
            TransactionControl::Release(name) => self.release_savepoint(name),
            TransactionControl::RollbackTo(name) => self.rollback_to(name),
        }
    }

    /// Begins an explicit transaction; its snapshot is taken now.
    pub fn begin(&mut self, immediate: bool) -> Result<()> {
        if self.transaction.is_some() {
            return Err(Error::transaction("a transaction is already active on this handle"));
        }
        self.drain_streams();
        interrupt::check_again()?;
        if immediate {
            self.begin_write(true, Source::Direct, self.options.lock_timeout)?;
        } else {
            self.begin_deferred(true)?;
        }
        self.set_in_transaction(true);
        Ok(())
    }

    fn begin_deferred(&mut self, explicit: bool) -> Result<()> {
        let base_lsn = self.shared.last_lsn();
        self.control.begin.run()?;
        self.transaction = Some(Transaction {
            explicit,
            base_lsn,
            writer: None,
            schema_dirty: false,
            before: Arc::clone(&self.catalog),
            savepoints: Vec::new(),
            kept: None,
            highest: None,
            wrote: false,
            source: Source::Direct,
            _reader: explicit.then(|| self.shared.enter()),
        });
        // Reading fixes the snapshot of a deferred transaction.
        self.sync_or_abandon()
    }

    /// Begins a transaction that may write at once; waits for its turn among the handles of this process for `wait`.
    pub(in crate::engine) fn begin_write(&mut self, explicit: bool, source: Source, wait: Duration) -> Result<()> {
        self.drain_streams();
        let guard = self.shared.lock_writer(wait)?;
        self.require_durable()?;
        self.control.begin_immediate.run()?;
        self.transaction = Some(Transaction {
            explicit,
            base_lsn: self.shared.last_lsn(),
            writer: Some(guard),
            schema_dirty: false,
            before: Arc::clone(&self.catalog),
            savepoints: Vec::new(),
            kept: None,
            highest: None,
            wrote: false,
            source,
            _reader: explicit.then(|| self.shared.enter()),
        });
        self.sync_capture();
        self.sync_or_abandon()
    }

    /// Refuses to write where it would be lost: into a file that is no longer there, or after a sync that failed.
    fn require_durable(&self) -> Result<()> {
        self.require_unmoved()?;
        self.flusher.as_ref().map_or(Ok(()), Flusher::check)
    }

    fn require_unmoved(&self) -> Result<()> {
        if self.connection.has_moved() {
            return Err(moved(&self.shared.location));
        }
        Ok(())
    }

    /// Refuses to move the log into a file that it was not written for.
    pub(in crate::engine) fn require_own_file(&self) -> Result<()> {
        self.require_unmoved()?;
        generation::require_own(&self.connection, &self.shared.location)
    }

    fn sync_or_abandon(&mut self) -> Result<()> {
        let synced = self.sync_catalog();
        if synced.is_err() {
            self.abandon_transaction();
        }
        synced
    }

    /// Runs `body` as a write: inside the open transaction, or in a separate one that is durable when this returns. If
    /// `body` fails, everything it did is undone. One that is `temporary` writes nothing but temporary objects of this handle.
    pub(in crate::engine) fn write<T>(
        &mut self,
        temporary: bool,
        source: Source,
        body: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        self.drain_streams();
        interrupt::check_again()?;
        if temporary {
            return self.write_temporary(body);
        }
        if self.transaction.is_some() {
            self.become_writer()?;
            self.sync_capture();
            self.note_write();
            let mark = self.capture.mark();
            let done = body(self);
            match &done {
                Ok(_) => self.capture.wrote(),
                Err(_) => {
                    self.capture.rewind(&mark);
                    self.forget_kept();
                    self.notice_abort();
                }
            }
            return done;
        }
        self.begin_write(false, source, self.options.lock_timeout)?;
        self.note_write();
        match body(self) {
            Ok(value) => {
                self.capture.wrote();
                self.commit()?;
                Ok(value)
            }
            Err(error) => {
                self.abandon_transaction();
                Err(error)
            }
        }
    }

    fn note_write(&mut self) {
        if let Some(open) = &mut self.transaction {
            open.wrote = true;
        }
    }

    /// As [`Core::write`], but waits for no other handle and reports no event.
    fn write_temporary<T>(&mut self, body: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.transaction.is_some() {
            let done = body(self);
            if done.is_err() {
                self.notice_abort();
            }
            return done;
        }
        self.begin_deferred(false)?;
        match body(self) {
            Ok(value) => {
                self.commit()?;
                Ok(value)
            }
            Err(error) => {
                self.abandon_transaction();
                Err(error)
            }
        }
    }

    /// Runs `body`, which takes several steps, so that its failure undoes all of them and nothing else.
    pub(in crate::engine) fn atomically<T>(&mut self, body: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.connection.execute("SAVEPOINT __ddb_statement")?;
        let done = body(self);
        if done.is_err() && !self.connection.is_autocommit() {
            self.connection.execute("ROLLBACK TO __ddb_statement")?;
        }
        if !self.connection.is_autocommit() {
            self.connection.execute("RELEASE __ddb_statement")?;
        }
        done
    }

    /// Turns the snapshot of the open transaction into a writer's. If it is no longer the newest, the transaction has lost:
    /// it is rolled back, and the error asks the caller to run it again.
    fn become_writer(&mut self) -> Result<()> {
        if self.transaction.as_ref().is_none_or(|open| open.writer.is_some()) {
            return Ok(());
        }
        let timeout = self.options.lock_timeout;
        let deadline = Instant::now() + timeout.min(Duration::from_secs(1 << 30));
        let guard = self.shared.lock_writer(timeout)?;
        self.require_durable()?;
        loop {
            match self.control.upgrade.run() {
                Ok(()) => break,
                Err(error) if error.status == Status::Transaction => {
                    self.abandon_transaction();
                    return Err(error);
                }
                // SQLite does not wait here: the holder of the lock will probably commit, which decides against this one.
                Err(error) if error.status == Status::Timeout && Instant::now() < deadline => {
                    interrupt::check()?;
                    thread::sleep(Duration::from_millis(1));
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(open) = &mut self.transaction {
            open.writer = Some(guard);
        }
        Ok(())
    }

    /// Commits the explicit transaction and gives the position of the commit; of a transaction that wrote nothing, the
    /// position of its snapshot. One that is interrupted before it begins leaves the transaction open.
    pub fn commit_explicit(&mut self) -> Result<u64> {
        self.require_explicit("COMMIT")?;
        self.commit()
    }

    /// Time stands still in a transaction of the caller's: now() is when it began.
    fn set_in_transaction(&mut self, open: bool) {
        if self.in_transaction.swap(open, Ordering::AcqRel) != open {
            let clock = if open { &mut self.control.hold_clock } else { &mut self.control.release_clock };
            // It computes a constant; nothing is lost but the standstill if there is no memory for it.
            let _ = clock.run();
        }
    }

    fn require_explicit(&self, what: &str) -> Result<()> {
        if self.transaction.as_ref().is_some_and(|open| open.explicit) {
            Ok(())
        } else {
            Err(Error::no_transaction(format!("{what}: no active SQL transaction on this handle")))
        }
    }

    pub(in crate::engine) fn commit(&mut self) -> Result<u64> {
        self.drain_streams();
        if let Err(interrupted) = interrupt::close() {
            if self.transaction.as_ref().is_some_and(|open| !open.explicit) {
                self.abandon_transaction();
            }
            return Err(interrupted);
        }
        if let Err(error) = self.begin_generation().and_then(|()| self.control.commit.run()) {
            // For example a deferred foreign key, or a full disk: nothing of the transaction stays.
            let error = explain(error, None, &self.catalog);
            self.abandon_transaction();
            return Err(error);
        }
        self.set_in_transaction(false);
        self.sequences.forget();
        let Some(done) = self.transaction.take() else {
            return Err(Error::internal("commit without a transaction"));
        };
        let Some(guard) = done.writer else {
            return Ok(done.base_lsn);
        };
        if let Some(flusher) = &self.flusher {
            flusher.committed();
        }
        let lsn = self.shared.next_lsn();
        if done.schema_dirty {
            self.shared.publish_catalog(self.catalog_version, Arc::clone(&self.catalog).without_temp());
        }
        if self.shared.hub.is_watched() {
            let event = CommitEvent::new(lsn, done.source, Arc::clone(&self.catalog), &mut self.capture);
            self.shared.hub.publish(event);
        }
        self.capture.clear();
        // Only now may the next writer commit: events are published in the order of commits.
        drop(guard);
        Ok(lsn)
    }

    /// Has the first transaction of a log carry the next generation of the file.
    fn begin_generation(&self) -> Result<()> {
        match &self.transaction {
            Some(open) if open.wrote => generation::raise(&self.connection, &self.shared.location),
            _ => Ok(()),
        }
    }

    pub fn rollback(&mut self) -> Result<()> {
        self.require_explicit("ROLLBACK")?;
        self.abandon_transaction();
        Ok(())
    }

    /// Rolls back whatever is open, or tidies up after SQLite did so itself.
    pub(in crate::engine) fn abandon_transaction(&mut self) {
        self.drain_streams();
        if !self.connection.is_autocommit() {
            let _ = self.control.rollback.run();
        }
        if let Some(gone) = self.transaction.take() {
            self.restore_temporaries(&gone.before);
            if gone.schema_dirty {
                self.forget_catalog();
            }
        }
        self.capture.clear();
        self.sequences.forget();
        self.set_in_transaction(false);
    }

    /// Drops the ids read from the database, which a rollback may have changed.
    pub(in crate::engine) fn forget_kept(&mut self) {
        if let Some(open) = &mut self.transaction {
            open.kept = None;
            open.highest = None;
        }
    }

    /// After a failed statement: some errors, such as a full disk, make SQLite roll back everything.
    fn notice_abort(&mut self) {
        if self.transaction.is_some() && self.connection.is_autocommit() {
            self.abandon_transaction();
        }
    }

    fn savepoint(&mut self, name: &str) -> Result<()> {
        self.require_explicit("SAVEPOINT")?;
        let name = name.to_ascii_lowercase();
        self.connection.execute(&format!("SAVEPOINT {}", quote(&name)))?;
        let mark = self.capture.mark();
        let before = Arc::clone(&self.catalog);
        if let Some(open) = &mut self.transaction {
            open.savepoints.push(Savepoint { name, mark, before });
        }
        Ok(())
    }

    fn find_savepoint(&self, name: &str, what: &str) -> Result<usize> {
        self.require_explicit(what)?;
        let name = name.to_ascii_lowercase();
        let open = self.transaction.as_ref().and_then(|open| open.savepoints.iter().rposition(|own| own.name == name));
        open.ok_or_else(|| {
            Error::new(
                Status::Transaction,
                "transaction.unknown_savepoint",
                Some("3B001"),
                format!("savepoint {name} does not exist"),
            )
        })
    }

    fn release_savepoint(&mut self, name: &str) -> Result<()> {
        let at = self.find_savepoint(name, "RELEASE SAVEPOINT")?;
        self.drain_streams();
        self.connection.execute(&format!("RELEASE {}", quote(&name.to_ascii_lowercase())))?;
        if let Some(open) = &mut self.transaction {
            open.savepoints.truncate(at);
        }
        Ok(())
    }

    /// Undoes everything since the savepoint, which stays.
    fn rollback_to(&mut self, name: &str) -> Result<()> {
        let at = self.find_savepoint(name, "ROLLBACK TO SAVEPOINT")?;
        self.drain_streams();
        self.connection.execute(&format!("ROLLBACK TO {}", quote(&name.to_ascii_lowercase())))?;
        let Some(open) = &mut self.transaction else { return Ok(()) };
        open.kept = None;
        open.highest = None;
        open.savepoints.truncate(at + 1);
        let dirty = open.schema_dirty;
        if let Some(savepoint) = open.savepoints.last() {
            self.capture.rewind(&savepoint.mark);
            let before = Arc::clone(&savepoint.before);
            self.restore_temporaries(&before);
        }
        if dirty {
            self.forget_catalog();
            self.sync_catalog()?;
        }
        Ok(())
    }

    /// Makes the temporary objects those of an earlier catalogue again.
    fn restore_temporaries(&mut self, before: &Catalog) {
        let restored = Arc::clone(&self.catalog).with_temp_of(before);
        if !Arc::ptr_eq(&restored, &self.catalog) {
            self.catalog = restored;
            self.new_epoch();
        }
    }

    /// The handle's temporary objects are others now; the schema of the database is as it was.
    pub(in crate::engine) fn set_temporaries(&mut self, next: Catalog) {
        self.catalog = Arc::new(next);
        self.new_epoch();
    }

    /// Makes the catalogue that of the open transaction.
    pub(in crate::engine) fn sync_catalog(&mut self) -> Result<()> {
        let version = self.schema_version()?;
        if version == self.catalog_version {
            return Ok(());
        }
        // A version inside an open change of the schema says nothing to other sessions.
        let dirty = self.transaction.as_ref().is_some_and(|open| open.schema_dirty);
        let known = if dirty { None } else { self.shared.catalog(version) };
        let catalog = match known {
            Some(catalog) => catalog,
            None => {
                let catalog = Arc::new(load_catalog(&self.connection)?);
                if !dirty {
                    self.shared.publish_catalog(version, Arc::clone(&catalog));
                }
                catalog
            }
        };
        self.set_catalog(version, catalog.with_temp_of(&self.catalog));
        Ok(())
    }

    pub(in crate::engine) fn schema_version(&mut self) -> Result<i64> {
        let step = self.control.schema_version.step()?;
        let version = self.control.schema_version.column_i64(0);
        self.control.schema_version.reset();
        match step {
            Step::Row => Ok(version),
            Step::Done => Err(Error::internal("SQLite gave no schema version")),
        }
    }

    pub(in crate::engine) fn set_catalog(&mut self, version: i64, catalog: Arc<Catalog>) {
        self.catalog = catalog;
        self.catalog_version = version;
        self.new_epoch();
    }

    fn forget_catalog(&mut self) {
        self.catalog_version = -1;
        self.new_epoch();
    }

    fn new_epoch(&mut self) {
        self.epoch += 1;
        self.plans.clear();
    }

    /// Switches the capture of row changes on while the database is watched, off otherwise.
    fn sync_capture(&mut self) {
        let wanted = self.shared.hub.is_watched();
        if wanted == self.capture.is_on() {
            return;
        }
        let db = self.connection.raw();
        if wanted {
            // SAFETY: the capture is boxed, lives as long as the connection, and is only touched between statements.
            unsafe { preupdate::install(db, &mut *self.capture as *mut crate::engine::watch::Capture) };
        } else {
            preupdate::uninstall(db);
        }
        self.capture.switch(wanted);
        // A DELETE without WHERE compiled before would empty the table without telling the hook.
        self.new_epoch();
    }
}

fn moved(location: &Location) -> Error {
    let shown = match location {
        Location::Memory => ":memory:".into(),
        Location::File(path) => path.to_string_lossy(),
    };
    Error::io(format!("the database file {shown} was deleted, renamed or replaced while it was open"))
        .hint("nothing was written; close the handles of the database and open it anew")
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
