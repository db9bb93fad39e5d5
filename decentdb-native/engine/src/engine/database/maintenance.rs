//! Checkpoints, copies and the state of a handle.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use serde_json::{json, Value as Json};

use crate::catalog::Table;
use crate::engine::session::{Core, PlanCacheStats};
use crate::error::{Error, Result, Status};
use crate::sqlite::{self, interrupt, Step};
use crate::value::Stored;

use super::generation;
use super::open::{Location, FORMAT_VERSION};

const BACKUP_PAGES_PER_STEP: i32 = 1024;
/// Writers wait meanwhile, so a checkpoint does not wait for readers as long as a write may wait for its turn.
const CHECKPOINT_WAIT: Duration = Duration::from_secs(2);

impl Core {
    pub(in crate::engine) fn refuse_in_transaction(&self, what: &str) -> Result<()> {
        if self.transaction.is_some() {
            Err(Error::transaction(format!("{what} is not possible while a transaction is open on this handle")))
        } else {
            Ok(())
        }
    }

    /// Moves the WAL into the database file and truncates it. Open snapshots elsewhere are waited for, but not long.
    pub fn checkpoint(&mut self) -> Result<()> {
        self.refuse_in_transaction("a checkpoint")?;
        self.drain_streams();
        if self.shared.location == Location::Memory {
            return Ok(());
        }
        let _turn = self.shared.lock_writer(self.options.lock_timeout)?;
        self.require_own_file()?;
        self.connection.busy_timeout(CHECKPOINT_WAIT.min(self.options.lock_timeout))?;
        let done = self.truncate_wal();
        self.connection.busy_timeout(self.options.lock_timeout)?;
        if done.is_ok() {
            self.shared.checkpointed();
        }
        done
    }

    fn truncate_wal(&self) -> Result<()> {
        let mut statement = self.connection.prepare("PRAGMA wal_checkpoint(TRUNCATE)")?;
        if statement.step()? == Step::Row && statement.column_i64(0) != 0 {
            return Err(Error {
                retryable: true,
                ..Error::new(
                    Status::Busy,
                    "busy.checkpoint",
                    Some("55P03"),
                    "the checkpoint could not finish: a snapshot or a transaction is open elsewhere",
                )
            });
        }
        Ok(())
    }

    /// Writes a consistent copy to `path`, which must not exist.
    pub fn save_as(&mut self, path: &str) -> Result<()> {
        self.refuse_in_transaction("save_as")?;
        self.drain_streams();
        // Absolute, so that no path is taken for a URI.
        let target =
            &std::path::absolute(path).map_err(|cause| Error::io(format!("cannot save to {path}: {cause}")))?;
        if path.is_empty() || path.eq_ignore_ascii_case(":memory:") {
            return Err(Error::io("save_as needs the path of a file"));
        }
        // Claims the name: nothing that is there, or comes at the same time, is overwritten.
        std::fs::File::options().write(true).create_new(true).open(target).map_err(|cause| match cause.kind() {
            ErrorKind::AlreadyExists => Error::io(format!("cannot save to {path}: the file already exists")),
            _ => Error::io(format!("cannot save to {path}: {cause}")),
        })?;
        let copied = self.copy_to(target);
        if copied.is_err() {
            let _ = std::fs::remove_file(target);
        }
        copied.map_err(|error| Error { message: format!("cannot save to {path}: {}", error.message), ..error })
    }

    fn copy_to(&self, target: &Path) -> Result<()> {
        let failed = |error: rusqlite::Error| sqlite::from_rusqlite(&error);
        let mut copy = rusqlite::Connection::open(target).map_err(failed)?;
        copy.execute_batch("PRAGMA synchronous = FULL").map_err(failed)?;
        {
            // One read transaction over the whole copy, so that writers meanwhile do not restart it.
            self.connection.execute("BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1;")?;
            let done = copy_pages(self.connection.inner(), &mut copy);
            self.connection.execute("ROLLBACK")?;
            done?;
        }
        // The log of this database must not take the copy for its file. Without a log of its own, a copy that a crash cuts short
        // is whole or has a journal.
        copy.execute_batch("PRAGMA journal_mode = DELETE").map_err(failed)?;
        generation::begin(&copy).map_err(failed)
    }

    pub fn set_audit_context(&mut self, key: &str, value: String) {
        self.audit.set(key.to_owned(), Stored::Text(value));
    }

    pub fn clear_audit_context(&mut self, key: Option<&str>) {
        self.audit.clear(key);
    }

    pub fn plan_cache_stats(&self) -> PlanCacheStats {
        self.plans.stats()
    }

    pub fn flush_plan_cache(&mut self) {
        self.plans.clear();
    }

    pub fn storage_state(&mut self) -> Result<Json> {
        self.read_catalog()?;
        let wal = self.shared.location.beside("-wal");
        let path = match &self.shared.location {
            Location::Memory => ":memory:".to_owned(),
            Location::File(path) => path.display().to_string(),
        };
        let wal_bytes = wal.as_ref().and_then(|wal| std::fs::metadata(wal).ok()).map_or(0, |found| found.len());
        let page_size = self.connection.query_i64("PRAGMA page_size")?;
        Ok(json!({
            "engine": "bundled",
            "path": path,
            "format_version": FORMAT_VERSION,
            "page_size": page_size,
            "page_count": self.connection.query_i64("PRAGMA page_count")?,
            "free_page_count": self.connection.query_i64("PRAGMA freelist_count")?,
            "schema_cookie": self.catalog.cookie,
            "wal_end_lsn": self.shared.last_lsn(),
            "wal_path": wal.map(|wal| wal.to_string_lossy().into_owned()),
            "wal_file_size": wal_bytes,
            "wal_versions": self.log_frames(),
            "active_readers": self.shared.readers(),
            "warning_count": 0,
            "shared_wal": wal_bytes > 0,
            "profile": self.options.profile,
        }))
    }

    /// Rows in a table of the catalogue.
    pub fn row_count(&self, table: &Table) -> Result<u64> {
        let schema = if table.temporary { "temp" } else { "main" };
        let name = table.name.replace('"', "\"\"");
        let count = self.connection.query_i64(&format!("SELECT count(*) FROM {schema}.\"{name}\""))?;
        Ok(count as u64)
    }
}

fn copy_pages(from: &rusqlite::Connection, to: &mut rusqlite::Connection) -> Result<()> {
    let failed = |error: rusqlite::Error| sqlite::from_rusqlite(&error);
    let backup = Backup::new(from, to).map_err(failed)?;
    while backup.step(BACKUP_PAGES_PER_STEP).map_err(failed)? != StepResult::Done {
        interrupt::check()?;
    }
    Ok(())
}
