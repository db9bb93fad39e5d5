//! Watches: the commits each one reports, and the events not fetched yet.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use serde_json::{json, Value as Json};

use crate::catalog::Catalog;
use crate::engine::database::now_micros;
use crate::error::{Error, Result, Status};

use super::event::document;
use super::key_range::KeyRange;
use super::row_changes::{Capture, Changes};

pub const DEFAULT_CAPACITY: usize = 1024;
pub const MAX_CAPACITY: usize = 8192;

/// Bytes of row images that may wait in one watch.
const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;

/// The way in which a commit was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Direct,
    Queued,
}

impl Source {
    pub fn name(self) -> &'static str {
        match self {
            Source::Direct => "direct",
            Source::Queued => "queued",
        }
    }
}

/// One commit, shared by every watch it concerns; its document is written when it is fetched.
pub struct CommitEvent {
    pub id: u64,
    pub lsn: u64,
    pub source: Source,
    /// The catalogue after the commit.
    pub catalog: Arc<Catalog>,
    pub changes: Changes,
}

impl CommitEvent {
    /// Takes the changes out of `capture`. The hub numbers the event.
    pub fn new(lsn: u64, source: Source, catalog: Arc<Catalog>, capture: &mut Capture) -> Self {
        let mut changes = capture.take();
        if changes.unknown {
            // Part of the transaction ran before anyone watched: it may concern every table.
            changes.truncated = true;
            changes.tables = catalog.tables.values().map(|table| Arc::from(table.name.as_str())).collect();
        }
        Self { id: 0, lsn, source, catalog, changes }
    }
}

/// The subject of a watch. Table names are in lower case.
pub enum Filter {
    Tables(Vec<String>),
    Query(Vec<String>),
    Range(KeyRange),
    Stream(Option<Vec<String>>),
}

impl Filter {
    pub fn includes_table(&self, table: &str) -> bool {
        match self {
            Filter::Tables(tables) | Filter::Query(tables) | Filter::Stream(Some(tables)) => {
                tables.iter().any(|own| own.eq_ignore_ascii_case(table))
            }
            Filter::Range(range) => range.table.eq_ignore_ascii_case(table),
            Filter::Stream(None) => true,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Filter::Tables(_) => "table",
            Filter::Range(_) => "range",
            Filter::Query(_) => "query",
            Filter::Stream(_) => "change_stream",
        }
    }

    fn dependencies(&self) -> Json {
        match self {
            Filter::Tables(tables) | Filter::Query(tables) | Filter::Stream(Some(tables)) => {
                json!({ "tables": tables })
            }
            Filter::Stream(None) => json!({ "tables": null }),
            Filter::Range(range) => range.described.clone(),
        }
    }

    fn matches(&self, event: &CommitEvent) -> bool {
        let changes = &event.changes;
        if changes.schema_changed || matches!(self, Filter::Stream(None)) {
            return true;
        }
        if !changes.tables.iter().any(|table| self.includes_table(table)) {
            return false;
        }
        match self {
            Filter::Range(range) => {
                let range = range.within(&event.catalog);
                changes.truncated || changes.rows.iter().any(|row| range.includes(row))
            }
            _ => true,
        }
    }
}

/// The watches of one database.
#[derive(Default)]
pub struct Hub {
    watched: AtomicUsize,
    state: Mutex<HubState>,
}

#[derive(Default)]
struct HubState {
    last_watch_id: u64,
    last_event_id: u64,
    watches: Vec<Arc<Watch>>,
    published: u64,
    delivered: u64,
    dropped: u64,
    truncated: u64,
}

/// Counters of the events of a database since its first handle was opened, and its watches.
pub struct Metrics {
    /// Watches of tables, ranges and queries, and change streams.
    pub kinds: [u64; 4],
    pub published: u64,
    /// Events that entered the queues of watches.
    pub delivered: u64,
    /// Events that queues lost.
    pub dropped: u64,
    pub lagged: u64,
    /// Events without all their row changes.
    pub truncated: u64,
}

/// A watch as `sys.reactive_subscriptions` shows it.
pub struct Subscription {
    pub id: u64,
    pub kind: &'static str,
    pub created_micros: u64,
    pub capacity: usize,
    pub depth: usize,
    pub last_delivered: u64,
    pub dropped: u64,
    pub lagged: bool,
    pub dependencies: Json,
}

impl Hub {
    pub fn is_watched(&self) -> bool {
        self.watched.load(Ordering::Acquire) > 0
    }

    /// From now on `filter` sees every commit.
    pub fn register(&self, filter: Filter, capacity: usize) -> Arc<Watch> {
        let mut state = self.state.lock();
        state.last_watch_id += 1;
        let watch = Arc::new(Watch {
            id: state.last_watch_id,
            filter,
            capacity: capacity.clamp(1, MAX_CAPACITY),
            created_micros: now_micros(),
            queue: Mutex::default(),
            arrived: Condvar::new(),
        });
        state.watches.push(Arc::clone(&watch));
        self.watched.store(state.watches.len(), Ordering::Release);
        watch
    }

    pub fn unregister(&self, watch: &Watch) {
        let mut state = self.state.lock();
        state.watches.retain(|each| each.id != watch.id);
        self.watched.store(state.watches.len(), Ordering::Release);
    }

    /// Hands a commit to the watches it concerns; called under the write lock.
    pub fn publish(&self, mut event: CommitEvent) {
        if event.changes.tables.is_empty() && !event.changes.schema_changed && !event.changes.unknown {
            return;
        }
        let mut state = self.state.lock();
        state.last_event_id += 1;
        event.id = state.last_event_id;
        let event = Arc::new(event);
        let state = &mut *state;
        state.published += 1;
        state.truncated += u64::from(event.changes.truncated);
        for watch in &state.watches {
            if watch.filter.matches(&event) {
                match watch.enqueue(&event) {
                    0 => state.delivered += 1,
                    dropped => state.dropped += dropped,
                }
            }
        }
    }

    pub fn metrics(&self) -> Metrics {
        let state = self.state.lock();
        let count = |kind: &str| state.watches.iter().filter(|watch| watch.filter.kind() == kind).count() as u64;
        Metrics {
            kinds: ["table", "range", "query", "change_stream"].map(count),
            published: state.published,
            delivered: state.delivered,
            dropped: state.dropped,
            lagged: state.watches.iter().filter(|watch| watch.queue.lock().is_lagged()).count() as u64,
            truncated: state.truncated,
        }
    }

    pub fn subscriptions(&self) -> Vec<Subscription> {
        self.state.lock().watches.iter().map(|watch| watch.describe()).collect()
    }
}

/// A registered watch; it stays usable for the threads inside `next` until the last of them has left.
pub struct Watch {
    pub id: u64,
    pub filter: Filter,
    capacity: usize,
    created_micros: u64,
    queue: Mutex<WatchQueue>,
    arrived: Condvar,
}

#[derive(Default)]
struct WatchQueue {
    events: VecDeque<Entry>,
    /// The size of the images of `events`.
    bytes: usize,
    last_delivered: u64,
    dropped: u64,
    closed: bool,
}

impl WatchQueue {
    fn is_lagged(&self) -> bool {
        matches!(self.events.back(), Some(Entry::Lagged { .. }))
    }
}

enum Entry {
    Initial(Json),
    Commit(Arc<CommitEvent>),
    /// Events were dropped up to the one with this id and position.
    Lagged {
        event_id: u64,
        lsn: u64,
    },
}

impl Watch {
    /// Puts the first event in front, whatever was published meanwhile.
    pub fn begin(&self, initial: Json) {
        self.queue.lock().events.push_front(Entry::Initial(initial));
        self.arrived.notify_one();
    }

    /// Takes the event in and gives how many were lost over it: none, or all that wait and this one.
    fn enqueue(&self, event: &Arc<CommitEvent>) -> u64 {
        let mut queue = self.queue.lock();
        let initial = usize::from(matches!(queue.events.front(), Some(Entry::Initial(_))));
        let waiting = queue.events.len() - initial;
        if let Some(Entry::Lagged { event_id, lsn }) = queue.events.back_mut() {
            // The notice of an earlier loss is not fetched yet: one notice is enough.
            *event_id = event.id;
            *lsn = event.lsn;
            queue.dropped += 1;
            return 1;
        }
        let bytes = queue.bytes + event.changes.bytes;
        let dropped = if waiting >= self.capacity || bytes > MAX_WAITING_BYTES {
            queue.events.truncate(initial);
            queue.bytes = 0;
            queue.events.push_back(Entry::Lagged { event_id: event.id, lsn: event.lsn });
            waiting as u64 + 1
        } else {
            queue.bytes = bytes;
            queue.events.push_back(Entry::Commit(Arc::clone(event)));
            0
        };
        queue.dropped += dropped;
        self.arrived.notify_one();
        dropped
    }

    fn describe(&self) -> Subscription {
        let queue = self.queue.lock();
        Subscription {
            id: self.id,
            kind: self.filter.kind(),
            created_micros: self.created_micros,
            capacity: self.capacity,
            depth: queue.events.len(),
            last_delivered: queue.last_delivered,
            dropped: queue.dropped,
            lagged: queue.is_lagged(),
            dependencies: self.filter.dependencies(),
        }
    }

    /// The next event as JSON, waiting for it at most `timeout`. Every call after [`Watch::close`] gives `closed`.
    pub fn next(&self, timeout: Duration) -> Result<Json> {
        let deadline = Instant::now() + timeout;
        let mut queue = self.queue.lock();
        loop {
            if queue.closed {
                return Ok(json!({ "schema_version": 1, "type": "closed" }));
            }
            if let Some(entry) = queue.events.pop_front() {
                let last_seen = queue.last_delivered;
                match &entry {
                    Entry::Commit(event) => {
                        queue.bytes -= event.changes.bytes;
                        queue.last_delivered = event.id;
                    }
                    Entry::Lagged { event_id, .. } => queue.last_delivered = *event_id,
                    Entry::Initial(_) => {}
                }
                drop(queue);
                return Ok(self.document(entry, last_seen));
            }
            if self.arrived.wait_until(&mut queue, deadline).timed_out() && queue.events.is_empty() && !queue.closed {
                return Err(Error::new(
                    Status::Timeout,
                    "watch.timeout",
                    None,
                    format!("no event within {} ms", timeout.as_millis()),
                ));
            }
        }
    }

    fn document(&self, entry: Entry, last_seen: u64) -> Json {
        match entry {
            Entry::Initial(json) => json,
            Entry::Commit(event) => document(self, &event),
            Entry::Lagged { event_id, lsn } => json!({
                "schema_version": 1,
                "type": "lagged",
                "watch_id": self.id,
                "last_seen_event_id": last_seen,
                "latest_event_id": event_id,
                "latest_commit_lsn": lsn,
                "reason": "queue_overflow",
            }),
        }
    }

    /// Wakes every thread inside `next`.
    pub fn close(&self) {
        let mut queue = self.queue.lock();
        queue.closed = true;
        queue.events.clear();
        drop(queue);
        self.arrived.notify_all();
    }
}
