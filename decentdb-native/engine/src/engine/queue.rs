//! The write queue of a handle: many blocked callers, one durable commit for all that wait.
//!
//! The queue has no thread. A caller that finds no executor becomes it, runs the requests that are waiting in one
//! transaction, its own among them, and hands the role to the next in line. A request is acknowledged after the commit that
//! covers it.

use std::collections::VecDeque;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicU8, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::c_layout::WriteQueueMetrics;
use crate::engine::database::{Location, QueueOptions, SyncMode};
use crate::engine::session::{Core, QueryResult, Session};
use crate::engine::watch::Source;
use crate::error::{Error, Result, Status};
use crate::sql::Program;
use crate::sqlite::interrupt;
use crate::value::Value;

/// How long a request may wait for its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueTimeout {
    /// As the handle was opened with.
    Default,
    /// Zero: only if it can start at once.
    After(Duration),
}

pub struct Queue {
    options: QueueOptions,
    /// How long requests may wait for their start by default, set after the handle was opened; -1 is as it was opened with.
    busy_timeout_ms: AtomicI64,
    state: Mutex<State>,
    /// Signalled when requests leave the queue.
    space: Condvar,
    /// Signalled when requests enter the queue, for an executor that waits for its batch to fill.
    arrival: Condvar,
    metrics: Metrics,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Arc<Request>>,
    /// Some caller is the executor, or was woken to become it.
    led: bool,
    /// The handle was freed.
    closed: bool,
}

#[derive(Default)]
struct Metrics {
    admitted: AtomicU64,
    rejected: AtomicU64,
    timed_out: AtomicU64,
    canceled: AtomicU64,
    executed: AtomicU64,
    committed: AtomicU64,
    failed: AtomicU64,
    batches: AtomicU64,
    syncs: AtomicU64,
    max_batch: AtomicU64,
    covered: AtomicU64,
    saved: AtomicU64,
    wait_ns: AtomicU64,
}

const QUEUED: u8 = 0;
const RUNNING: u8 = 1;
const ABANDONED: u8 = 2;
const CLOSED: u8 = 3;

struct Request {
    sql: String,
    params: Vec<Value>,
    enqueued: Instant,
    /// Decides, once, between execution, giving up and the end of the queue.
    fate: AtomicU8,
    signal: Mutex<Signal>,
    wake: Condvar,
}

#[derive(Default)]
struct Signal {
    lead: bool,
    outcome: Option<Result<QueryResult>>,
}

impl Request {
    fn decide(&self, fate: u8) -> bool {
        self.fate.compare_exchange(QUEUED, fate, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    fn finish(&self, outcome: Result<QueryResult>) {
        let mut signal = self.signal.lock();
        if signal.outcome.is_none() {
            signal.outcome = Some(outcome);
            self.wake.notify_all();
        }
    }
}

/// The reason why a waiting caller woke.
enum Woken {
    Finished(Result<QueryResult>),
    Lead,
    Late,
}

impl Queue {
    pub fn new(options: QueueOptions) -> Self {
        Self {
            options,
            busy_timeout_ms: AtomicI64::new(-1),
            state: Mutex::default(),
            space: Condvar::new(),
            arrival: Condvar::new(),
            metrics: Metrics::default(),
        }
    }

    /// How long a request without a timeout may wait for its start; `None` is without limit.
    pub fn default_timeout(&self) -> Option<Duration> {
        match u64::try_from(self.busy_timeout_ms.load(Ordering::Acquire)) {
            Ok(0) => None,
            Ok(millis) => Some(Duration::from_millis(millis)),
            Err(_) => self.options.default_timeout,
        }
    }

    pub fn set_busy_timeout(&self, timeout: Duration) {
        let millis = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX);
        self.busy_timeout_ms.store(millis, Ordering::Release);
    }

    pub fn metrics(&self) -> WriteQueueMetrics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let metrics = &self.metrics;
        WriteQueueMetrics {
            capacity: self.options.capacity,
            current_depth: self.state.lock().waiting.len(),
            admitted: read(&metrics.admitted),
            rejected: read(&metrics.rejected),
            timed_out: read(&metrics.timed_out),
            canceled: read(&metrics.canceled),
            executed: read(&metrics.executed),
            committed: read(&metrics.committed),
            failed: read(&metrics.failed),
            group_commit_batches: read(&metrics.batches),
            group_commit_syncs: read(&metrics.syncs),
            group_commit_max_batch: read(&metrics.max_batch),
            group_commit_commits_covered: read(&metrics.covered),
            physical_syncs_saved: read(&metrics.saved),
            total_queue_wait_ns: read(&metrics.wait_ns),
        }
    }

    /// Takes the request into the queue, waiting for room until `deadline`; true if the caller is the executor now.
    fn admit(&self, request: &Arc<Request>, immediate: bool, deadline: Option<Instant>) -> Result<bool> {
        let mut state = self.state.lock();
        while state.closed || state.waiting.len() >= self.options.capacity {
            if state.closed {
                return Err(self.closed());
            }
            if immediate {
                add(&self.metrics.rejected, 1);
                return Err(Error {
                    retryable: true,
                    ..Error::new(
                        Status::QueueFull,
                        "queue.full",
                        Some("53400"),
                        format!("the write queue is full: capacity {}", self.options.capacity),
                    )
                });
            }
            let late = match deadline {
                Some(deadline) => self.space.wait_until(&mut state, deadline).timed_out(),
                None => {
                    self.space.wait(&mut state);
                    false
                }
            };
            if late && !state.closed && state.waiting.len() >= self.options.capacity {
                return Err(self.timed_out("queue admission"));
            }
        }
        add(&self.metrics.admitted, 1);
        let leads = !state.led;
        if immediate && !leads {
            return Err(self.timed_out("execution started"));
        }
        state.led = true;
        state.waiting.push_back(Arc::clone(request));
        drop(state);
        self.arrival.notify_one();
        Ok(leads)
    }

    fn timed_out(&self, before: &str) -> Error {
        add(&self.metrics.timed_out, 1);
        Error {
            retryable: true,
            ..Error::new(
                Status::Timeout,
                "queue.write_timeout",
                Some("HYT00"),
                format!("queued write timed out before {before}; it was not executed"),
            )
        }
    }

    fn closed(&self) -> Error {
        add(&self.metrics.canceled, 1);
        Error::new(
            Status::QueueClosed,
            "queue.closed",
            Some("08003"),
            "the handle of the write queue was freed before the queued write started; it was not executed",
        )
    }

    /// Ends the queue: every request that has not been started fails, and never will be.
    pub fn close(&self) {
        let waiting = {
            let mut state = self.state.lock();
            state.closed = true;
            std::mem::take(&mut state.waiting)
        };
        for request in waiting {
            if request.decide(CLOSED) {
                request.finish(Err(self.closed()));
            }
        }
        self.space.notify_all();
        self.arrival.notify_all();
    }

    /// Takes `request` out again; true if it had not been started and now never will be.
    fn abandon(&self, request: &Arc<Request>) -> bool {
        if !request.decide(ABANDONED) {
            return false;
        }
        self.state.lock().waiting.retain(|each| !Arc::ptr_eq(each, request));
        self.space.notify_one();
        true
    }

    /// Up to a batch of requests, which from now on cannot time out.
    fn gather(&self) -> Vec<Arc<Request>> {
        let limit = if self.options.group_commit { self.options.max_batch } else { 1 };
        let mut batch = Vec::new();
        let mut state = self.state.lock();
        while batch.len() < limit {
            let Some(request) = state.waiting.pop_front() else { break };
            if request.decide(RUNNING) {
                add(&self.metrics.wait_ns, request.enqueued.elapsed().as_nanos() as u64);
                batch.push(request);
            }
        }
        drop(state);
        self.space.notify_all();
        batch
    }

    /// Gives the batch time to fill, but no more than the executor has itself.
    fn linger(&self, deadline: Option<Instant>) {
        if self.options.max_group_delay.is_zero() || !self.options.group_commit {
            return;
        }
        let filled = Instant::now() + self.options.max_group_delay;
        let until = deadline.map_or(filled, |deadline| deadline.min(filled));
        let mut state = self.state.lock();
        while state.waiting.len() < self.options.max_batch && !state.closed {
            if self.arrival.wait_until(&mut state, until).timed_out() {
                return;
            }
        }
    }

    /// Makes the caller that waits longest the executor.
    fn hand_over(&self) {
        let mut state = self.state.lock();
        while let Some(next) = state.waiting.front() {
            if next.fate.load(Ordering::Acquire) != QUEUED {
                state.waiting.pop_front();
                continue;
            }
            next.signal.lock().lead = true;
            next.wake.notify_all();
            return;
        }
        state.led = false;
    }

    fn count(&self, results: &[Result<QueryResult>]) {
        let failed = results.iter().filter(|result| result.is_err()).count() as u64;
        add(&self.metrics.failed, failed);
        add(&self.metrics.committed, results.len() as u64 - failed);
    }

    fn count_commit(&self, covered: u64, synced: bool) {
        let metrics = &self.metrics;
        add(&metrics.batches, 1);
        add(&metrics.covered, covered);
        if synced {
            add(&metrics.syncs, 1);
            add(&metrics.saved, covered - 1);
        }
        metrics.max_batch.fetch_max(covered, Ordering::Relaxed);
    }
}

fn add(counter: &AtomicU64, value: u64) {
    counter.fetch_add(value, Ordering::Relaxed);
}

impl Session {
    /// Runs one statement through the queue and returns when it is durable. [`Status::Timeout`] means that it was not and
    /// will not be executed.
    pub fn execute_queued(&self, sql: &str, params: Vec<Value>, timeout: QueueTimeout) -> Result<QueryResult> {
        let queue = &self.queue;
        let timeout = match timeout {
            QueueTimeout::Default => queue.default_timeout(),
            QueueTimeout::After(timeout) => Some(timeout),
        };
        let immediate = timeout.is_some_and(|timeout| timeout.is_zero());
        let enqueued = Instant::now();
        // A wait beyond the clock's range is one without bound.
        let deadline = timeout.and_then(|timeout| enqueued.checked_add(timeout));
        let request = Arc::new(Request {
            sql: sql.to_owned(),
            params,
            enqueued,
            fate: AtomicU8::new(QUEUED),
            signal: Mutex::default(),
            wake: Condvar::new(),
        });
        let mut woken =
            if queue.admit(&request, immediate, deadline)? { Woken::Lead } else { self.wait(&request, deadline) };
        loop {
            match woken {
                Woken::Finished(outcome) => return outcome,
                Woken::Late => return Err(queue.timed_out("execution started")),
                Woken::Lead => {
                    self.lead(&request, deadline);
                    woken = self.wait(&request, deadline);
                }
            }
        }
    }

    fn wait(&self, request: &Arc<Request>, deadline: Option<Instant>) -> Woken {
        let mut signal = request.signal.lock();
        loop {
            if let Some(outcome) = signal.outcome.take() {
                return Woken::Finished(outcome);
            }
            if std::mem::take(&mut signal.lead) {
                return Woken::Lead;
            }
            let undecided = request.fate.load(Ordering::Acquire) == QUEUED;
            match deadline.filter(|_| undecided) {
                None if request.fate.load(Ordering::Acquire) == ABANDONED => return Woken::Late,
                None => request.wake.wait(&mut signal),
                Some(deadline) => {
                    if request.wake.wait_until(&mut signal, deadline).timed_out() {
                        drop(signal);
                        let abandoned = self.queue.abandon(request);
                        signal = request.signal.lock();
                        if abandoned {
                            if std::mem::take(&mut signal.lead) {
                                // The role came too late for this caller.
                                drop(signal);
                                self.queue.hand_over();
                            }
                            return Woken::Late;
                        }
                    }
                }
            }
        }
    }

    /// Runs batches until the request of this caller is done, then passes the role on.
    fn lead(&self, own: &Arc<Request>, deadline: Option<Instant>) {
        struct HandOver<'a>(&'a Queue);
        impl Drop for HandOver<'_> {
            fn drop(&mut self) {
                self.0.hand_over();
            }
        }
        let _hand_over = HandOver(&self.queue);
        while own.fate.load(Ordering::Acquire) == QUEUED {
            self.queue.linger(deadline);
            let begun = self.core_until(deadline).map(|mut core| {
                let begun = begin_batch(&mut core, deadline);
                (core, begun)
            });
            let late = || deadline.is_some_and(|deadline| Instant::now() >= deadline);
            match begun {
                Some((mut core, Ok(()))) => self.run_batch(&mut core, Ok(())),
                // A lock is taken for longer than this caller wants to wait; the next in line may have more time.
                None | Some((_, Err(Error { status: Status::Busy | Status::Timeout, .. })))
                    if late() && self.queue.abandon(own) =>
                {
                    return;
                }
                Some((mut core, Err(error))) => self.run_batch(&mut core, Err(error)),
                None => {}
            }
        }
    }

    fn run_batch(&self, core: &mut Core, begun: Result<()>) {
        // Only now, so that requests may time out while the locks are awaited.
        let batch = self.queue.gather();
        if let Err(error) = begun {
            add(&self.queue.metrics.failed, batch.len() as u64);
            for request in batch {
                request.finish(Err(error.clone()));
            }
            return;
        }
        let results = catch_unwind(AssertUnwindSafe(|| self.commit_batch(core, &batch)));
        if core.transaction.is_some() {
            core.abandon_transaction();
        }
        match results {
            Ok(results) => {
                self.queue.count(&results);
                for (request, result) in batch.iter().zip(results) {
                    request.finish(result);
                }
            }
            Err(_) => {
                add(&self.queue.metrics.failed, batch.len() as u64);
                for request in batch {
                    request.finish(Err(panicked()));
                }
            }
        }
    }

    /// Executes the requests in the open transaction and commits; one result for each. If one of them takes the whole
    /// transaction with it, it fails alone: those before it run again.
    fn commit_batch(&self, core: &mut Core, batch: &[Arc<Request>]) -> Vec<Result<QueryResult>> {
        let mut results: Vec<Option<Result<QueryResult>>> = batch.iter().map(|_| None).collect();
        let mut started = 0;
        while let Some(at) = results.iter().position(Option::is_none) {
            if core.transaction.is_none() {
                if let Err(error) = begin_batch(core, None) {
                    results.iter_mut().for_each(|result| _ = result.get_or_insert_with(|| Err(error.clone())));
                    break;
                }
            }
            if at == started {
                started += 1;
                add(&self.queue.metrics.executed, 1);
            }
            let done = core.execute_in_batch(&batch[at]);
            if core.transaction.is_none() {
                results.iter_mut().filter(|result| matches!(result, Some(Ok(_)))).for_each(|undone| *undone = None);
            }
            results[at] = Some(done);
        }
        let mut results: Vec<_> = results.into_iter().flatten().collect();
        let done = || results.iter().filter_map(|result| result.as_ref().ok());
        let covered = done().count() as u64;
        let synced = self.options.sync_mode == SyncMode::Full
            && self.shared.location != Location::Memory
            && done().any(QueryResult::changed_something);
        if covered == 0 {
            return results;
        }
        // It covers statements that no one asked to end.
        let _ = interrupt::close();
        match core.commit() {
            Ok(_) => self.queue.count_commit(covered, synced),
            Err(error) => {
                results.iter_mut().filter(|result| result.is_ok()).for_each(|result| *result = Err(error.clone()));
            }
        }
        results
    }
}

fn begin_batch(core: &mut Core, deadline: Option<Instant>) -> Result<()> {
    if core.transaction.is_some() {
        return Err(Error::transaction("queued writes are refused while a transaction is open on the handle")
            .hint("use another handle for the transaction"));
    }
    let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
    core.begin_write(false, Source::Queued, left.min(core.options.lock_timeout))
}

fn panicked() -> Error {
    Error::new(Status::Panic, "panic.write_queue", Some("XX000"), "the queued write panicked; it was rolled back")
}

impl Core {
    /// The transaction of the batch is gone afterwards if the request did not leave it as it was, or ended it.
    fn execute_in_batch(&mut self, request: &Request) -> Result<QueryResult> {
        interrupt::reopen();
        let done = catch_unwind(AssertUnwindSafe(|| {
            let plan = self.checkout(&request.sql, &request.params)?;
            let refused = matches!(plan.compiled.program, Program::Transaction(_));
            self.plans.put(plan, self.epoch);
            if refused {
                return Err(Error::transaction("the write queue does not take transaction control statements"));
            }
            self.execute(&request.sql, &request.params, Source::Queued)
        }));
        done.unwrap_or_else(|_| {
            self.abandon_transaction();
            Err(panicked())
        })
    }
}
