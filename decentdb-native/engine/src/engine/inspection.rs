//! The rows of the `sys.*` views. They are made when a statement that reads them starts, so that they are as of one moment, and
//! handed to it through a function of the connection.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::functions::FunctionFlags;
use serde_json::{json, Value as Json};

use crate::engine::database::{Coordination, Location, FORMAT_VERSION};
use crate::engine::session::Core;
use crate::error::Result;
use crate::sql::{Inspection, INSPECTION_ROWS};
use crate::sqlite::{self, Connection, WalIndex};

const MIB: u64 = 1024 * 1024;

/// The rows of the views that the statement at hand reads, as text.
pub struct Inspections(Arc<Mutex<BTreeMap<&'static str, String>>>);

impl Inspections {
    /// Registers the function that the statements read the rows through.
    pub fn register(connection: &Connection) -> Result<Self> {
        let rows: Arc<Mutex<BTreeMap<&'static str, String>>> = Arc::default();
        let known = Arc::clone(&rows);
        // Deterministic within a statement: SQLite asks once for each use.
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
        connection
            .inner()
            .create_scalar_function(INSPECTION_ROWS, 1, flags, move |context| {
                let view: String = context.get(0)?;
                Ok(known.lock().get(view.as_str()).cloned())
            })
            .map_err(|error| sqlite::from_rusqlite(&error))?;
        Ok(Self(rows))
    }
}

/// The state of the write-ahead log.
#[derive(Default)]
struct Log {
    index: WalIndex,
    file_bytes: u64,
    /// How often the log was begun anew after everything in it was in the database file.
    generation: u32,
}

impl Core {
    /// Makes the rows of `views` for the statement that is about to start.
    pub(super) fn inspect(&self, views: &[Inspection]) -> Result<()> {
        for view in views {
            let rows = match view {
                Inspection::PlanCacheSummary => self.plan_cache_summary(),
                Inspection::ProcessCoordination => self.process_coordination(),
                Inspection::ReactiveMetrics => self.reactive_metrics(),
                Inspection::ReactiveSubscriptions => self.reactive_subscriptions(),
                Inspection::StorageMetrics => self.storage_metrics()?,
                Inspection::WalMetrics => self.wal_metrics()?,
                Inspection::WriteQueueMetrics => self.write_queue_metrics(),
            };
            self.inspections.0.lock().insert(view.name(), rows.to_string());
        }
        Ok(())
    }

    fn plan_cache_summary(&self) -> Json {
        let stats = self.plan_cache_stats();
        let lookups = stats.hits + stats.misses;
        let hit_rate = if lookups == 0 { 0.0 } else { stats.hits as f64 * 100.0 / lookups as f64 };
        json!([[
            "connection",
            stats.entries,
            stats.hits,
            stats.misses,
            stats.evictions,
            stats.bytes,
            stats.max_bytes,
            stats.oversized,
            hit_rate,
        ]])
    }

    /// Processes coordinate through the WAL index; it is rebuilt from the log where it is missing.
    fn process_coordination(&self) -> Json {
        let mode = self.options.coordination;
        let log = self.log();
        let path = self.shared.location.beside("-shm");
        let enabled = path.is_some();
        let lsn = self.shared.last_lsn();
        json!([[
            mode.name(),
            enabled,
            enabled || mode == Coordination::SingleProcess,
            path.map(|path| path.to_string_lossy().into_owned()),
            log.index.version,
            log.index.change,
            lsn,
            log.generation,
            lsn,
            null,
        ]])
    }

    fn reactive_metrics(&self) -> Json {
        let metrics = self.shared.hub.metrics();
        json!([[
            metrics.kinds.iter().sum::<u64>(),
            metrics.kinds[0],
            metrics.kinds[1],
            metrics.kinds[2],
            metrics.kinds[3],
            metrics.published,
            metrics.delivered,
            metrics.dropped,
            metrics.lagged,
            metrics.truncated,
        ]])
    }

    fn reactive_subscriptions(&self) -> Json {
        let rows = self.shared.hub.subscriptions().into_iter().map(|watch| {
            json!([
                watch.id,
                watch.kind,
                watch.created_micros,
                watch.capacity,
                watch.depth,
                watch.last_delivered,
                watch.dropped,
                watch.lagged,
                watch.dependencies.to_string(),
            ])
        });
        rows.collect()
    }

    fn storage_metrics(&self) -> Result<Json> {
        let log = self.log();
        let (path, wal_path) = match &self.shared.location {
            Location::Memory => (":memory:".to_owned(), None),
            Location::File(path) => (path.display().to_string(), self.shared.location.beside("-wal")),
        };
        Ok(json!([[
            path,
            wal_path.map(|path| path.to_string_lossy().into_owned()),
            FORMAT_VERSION,
            self.connection.query_i64("PRAGMA page_size")?,
            self.options.cache_bytes / MIB,
            self.connection.query_i64("PRAGMA page_count")?,
            self.catalog.cookie,
            self.shared.last_lsn(),
            log.file_bytes,
            self.shared.checkpointed_lsn(),
            self.shared.readers(),
            log.index.frames,
            0,
            self.shared.location != Location::Memory,
        ]]))
    }

    /// The frames of the log are its page versions; none of them is held in memory.
    fn wal_metrics(&self) -> Result<Json> {
        let log = self.log();
        Ok(json!([[
            self.shared.last_lsn(),
            log.file_bytes,
            self.shared.readers(),
            self.connection.query_i64("PRAGMA page_count")?,
            log.generation,
            0,
            log.index.frames,
            0,
            log.index.frames,
            self.shared.location != Location::Memory,
        ]]))
    }

    /// The counters that the program reported, or those of the handle's own queue.
    fn write_queue_metrics(&self) -> Json {
        let metrics = self.shared.reported_queue().unwrap_or_else(|| self.queue.metrics());
        let kept = |counter: u64| (counter != u64::MAX).then_some(counter);
        json!([[
            metrics.capacity,
            metrics.current_depth,
            kept(metrics.admitted),
            kept(metrics.rejected),
            kept(metrics.timed_out),
            kept(metrics.canceled),
            metrics.executed,
            metrics.committed,
            metrics.failed,
            metrics.group_commit_batches,
            metrics.group_commit_syncs,
            metrics.group_commit_max_batch,
            metrics.group_commit_commits_covered,
            metrics.physical_syncs_saved,
            metrics.total_queue_wait_ns,
        ]])
    }

    /// Frames in the write-ahead log.
    pub(super) fn log_frames(&self) -> u32 {
        self.log().index.frames
    }

    fn log(&self) -> Log {
        let Some(path) = self.shared.location.beside("-wal") else { return Log::default() };
        Log {
            index: self.connection.wal_index().unwrap_or_default(),
            file_bytes: std::fs::metadata(&path).map_or(0, |found| found.len()),
            generation: checkpoint_sequence(&path).unwrap_or(0),
        }
    }
}

/// The counter in the header of the log. SQLite locks nothing on this file, so it may be opened beside SQLite's descriptor.
fn checkpoint_sequence(log: &Path) -> Option<u32> {
    let mut header = [0u8; 16];
    File::open(log).and_then(|mut file| file.read_exact(&mut header)).ok()?;
    Some(u32::from_be_bytes([header[12], header[13], header[14], header[15]]))
}
