//! The state that the handles of one database share within the process: the write lock, the commit clock, the catalogue last read
//! and the watches.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parking_lot::lock_api::{RawMutex as _, RawMutexFair as _, RawMutexTimed as _};
use parking_lot::{Mutex, RawMutex};

use crate::c_layout::WriteQueueMetrics;
use crate::catalog::Catalog;
use crate::engine::watch::Hub;
use crate::error::{Error, Result};
use crate::sqlite::interrupt;

use super::open::Location;

/// How long a wait lasts before it finds out that it was interrupted; it goes to the end of the line then.
const MAX_WAIT: Duration = Duration::from_millis(100);

static REGISTRY: LazyLock<Mutex<HashMap<PathBuf, Weak<Shared>>>> = LazyLock::new(Mutex::default);

pub struct Shared {
    pub location: Location,
    /// Which file the path named when the first handle was opened.
    identity: Option<FileIdentity>,
    writer: RawMutex,
    clock: Clock,
    /// The catalogue as committed under this SQLite schema version.
    catalog: Mutex<Option<(i64, Arc<Catalog>)>>,
    pub hub: Hub,
    handles: AtomicUsize,
    readers: AtomicUsize,
    checkpointed: AtomicU64,
    /// The counters of a queue that the program keeps in place of the engine's.
    reported_queue: Mutex<Option<WriteQueueMetrics>>,
}

impl Shared {
    /// The state of `location`; every `:memory:` database has its own.
    pub fn acquire(location: Location) -> Arc<Self> {
        let Location::File(path) = &location else {
            return Arc::new(Self::new(location));
        };
        let identity = FileIdentity::of(path);
        let mut registry = REGISTRY.lock();
        registry.retain(|_, state| state.strong_count() > 0);
        // Handles of a file that was replaced since keep their own state.
        let known = registry.get(path).and_then(Weak::upgrade);
        if let Some(state) = known.filter(|state| state.identity == identity) {
            if state.handles.fetch_add(1, Ordering::AcqRel) == 0 {
                // Kept alive by a watch only: the file may have been replaced since.
                *state.catalog.lock() = None;
            }
            return state;
        }
        let path = path.clone();
        let state = Arc::new(Self::new(location));
        registry.insert(path, Arc::downgrade(&state));
        state
    }

    fn new(location: Location) -> Self {
        let identity = match &location {
            Location::Memory => None,
            Location::File(path) => FileIdentity::of(path),
        };
        Self {
            location,
            identity,
            writer: RawMutex::INIT,
            clock: Clock::new(),
            catalog: Mutex::new(None),
            hub: Hub::default(),
            handles: AtomicUsize::new(1),
            readers: AtomicUsize::new(0),
            checkpointed: AtomicU64::new(0),
            reported_queue: Mutex::new(None),
        }
    }

    pub fn release(&self) {
        self.handles.fetch_sub(1, Ordering::AcqRel);
    }

    /// Forgets the state of `path`, so that the next open starts afresh; refused while handles are open.
    pub fn evict(path: &Path) -> Result<()> {
        let key = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let mut registry = REGISTRY.lock();
        if let Some(state) = registry.get(&key).and_then(Weak::upgrade) {
            let handles = state.handles.load(Ordering::Acquire);
            if handles > 0 {
                return Err(Error::transaction(format!(
                    "{} is still open through {handles} handle(s) of this process",
                    key.display()
                ))
                .hint("free the handles first"));
            }
        }
        registry.remove(&key);
        Ok(())
    }

    /// Waits in line for the right to write. Zero fails at once with BUSY, a longer wait with TIMEOUT.
    pub fn lock_writer(self: &Arc<Self>, timeout: Duration) -> Result<WriteGuard> {
        let mut left = timeout;
        while !self.writer.try_lock_for(left.min(MAX_WAIT)) {
            interrupt::check()?;
            left = left.saturating_sub(MAX_WAIT);
            if left.is_zero() {
                return Err(Error::lock_unavailable(timeout, "another handle of this process"));
            }
        }
        Ok(WriteGuard { shared: Arc::clone(self) })
    }

    /// The catalogue of the schema version, if it is the one last read.
    pub fn catalog(&self, version: i64) -> Option<Arc<Catalog>> {
        let known = self.catalog.lock();
        known.as_ref().filter(|(of, _)| *of == version).map(|(_, catalog)| Arc::clone(catalog))
    }

    /// Keeps a catalogue read from, or written by, a committed transaction.
    pub fn publish_catalog(&self, version: i64, catalog: Arc<Catalog>) {
        *self.catalog.lock() = Some((version, catalog));
    }

    /// The position of the last commit of this process, or the time of the first open.
    pub fn last_lsn(&self) -> u64 {
        self.clock.last()
    }

    /// Takes the counters of a queue that the program keeps; `None` if it keeps none.
    pub fn report_queue(&self, metrics: Option<WriteQueueMetrics>) {
        *self.reported_queue.lock() = metrics;
    }

    pub fn reported_queue(&self) -> Option<WriteQueueMetrics> {
        *self.reported_queue.lock()
    }

    /// Takes notice of a transaction a caller began.
    pub fn enter(self: &Arc<Self>) -> ReaderMark {
        self.readers.fetch_add(1, Ordering::Relaxed);
        ReaderMark(Arc::clone(self))
    }

    /// The transactions that callers of this process have open.
    pub fn readers(&self) -> usize {
        self.readers.load(Ordering::Relaxed)
    }

    /// Everything committed so far is in the database file; call it under the write lock.
    pub fn checkpointed(&self) {
        self.checkpointed.store(self.last_lsn(), Ordering::Relaxed);
    }

    /// The position of the last complete checkpoint a caller of this process asked for; 0 if there was none.
    pub fn checkpointed_lsn(&self) -> u64 {
        self.checkpointed.load(Ordering::Relaxed)
    }

    /// The position of a new commit; call it under the write lock.
    pub fn next_lsn(&self) -> u64 {
        self.clock.tick()
    }
}

/// An open transaction, as long as this lives.
pub struct ReaderMark(Arc<Shared>);

impl Drop for ReaderMark {
    fn drop(&mut self) {
        self.0.readers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The identity of a file, which differs from that of an earlier file of the same path; `None` where the system has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileIdentity {
    device: u64,
    inode: u64,
}

impl FileIdentity {
    #[cfg(unix)]
    fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let found = std::fs::metadata(path).ok()?;
        Some(Self { device: found.dev(), inode: found.ino() })
    }

    #[cfg(not(unix))]
    fn of(_path: &Path) -> Option<Self> {
        None
    }
}

/// The right to write, kept from the first write of a transaction until its end; may be dropped by another thread.
pub struct WriteGuard {
    shared: Arc<Shared>,
}

impl Drop for WriteGuard {
    fn drop(&mut self) {
        // SAFETY: this guard stands for the lock, which is handed to the next in line.
        unsafe { self.shared.writer.unlock_fair() };
    }
}

/// Commit positions: a hybrid logical clock of microseconds since 1970. A position is above every earlier one, in this process
/// and, as long as the system clock is not set back, over restarts and other processes. Nothing of it is stored.
struct Clock(AtomicU64);

impl Clock {
    fn new() -> Self {
        Self(AtomicU64::new(now_micros()))
    }

    fn last(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    fn tick(&self) -> u64 {
        let now = now_micros();
        let next = |last: u64| now.max(last + 1);
        let update = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| Some(next(last)));
        update.map_or(now, next)
    }
}

pub fn now_micros() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_micros() as u64)
}
