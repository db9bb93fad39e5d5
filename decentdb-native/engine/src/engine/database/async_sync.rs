//! `wal_sync_mode=async_commit:<ms>`: commits are acknowledged before they are synced, and a thread of the handle syncs the log
//! within the interval. A power cut loses the commits of the last interval at most, never their order; a killed process
//! loses nothing. Checkpoints sync on their own, and freeing the handle syncs the rest.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::error::{Error, Result};

pub struct Flusher {
    inner: Arc<Inner>,
    thread: Option<JoinHandle<()>>,
}

struct Inner {
    log: PathBuf,
    interval: Duration,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    /// There are commits that no sync has covered.
    dirty: bool,
    stopping: bool,
    /// The reason why a sync failed; the commits it should have covered may be lost even if later syncs succeed.
    failed: Option<String>,
}

impl Flusher {
    /// Starts the thread that syncs `log`.
    pub fn start(log: PathBuf, interval: Duration) -> Result<Self> {
        let inner = Arc::new(Inner { log, interval, state: Mutex::default(), wake: Condvar::new() });
        let own = Arc::clone(&inner);
        let thread = thread::Builder::new().name("decentdb-sync".to_owned()).spawn(move || own.run());
        let thread =
            thread.map_err(|cause| Error::io(format!("cannot start the thread that syncs commits: {cause}")))?;
        Ok(Self { inner, thread: Some(thread) })
    }

    /// Takes notice of a commit.
    pub fn committed(&self) {
        let mut state = self.inner.state.lock();
        if !state.dirty {
            state.dirty = true;
            self.inner.wake.notify_one();
        }
    }

    /// Fails if commits that were acknowledged may be lost.
    pub fn check(&self) -> Result<()> {
        match &self.inner.state.lock().failed {
            None => Ok(()),
            Some(cause) => Err(Error::io(format!(
                "the last commits may not be durable: syncing {} failed: {cause}",
                self.inner.log.display()
            ))
            .hint("open the database anew and check its last changes")),
        }
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.inner.state.lock().stopping = true;
        self.inner.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Inner {
    fn run(&self) {
        let mut state = self.state.lock();
        loop {
            while !state.dirty && !state.stopping {
                self.wake.wait(&mut state);
            }
            let due = Instant::now() + self.interval;
            while !state.stopping && !self.wake.wait_until(&mut state, due).timed_out() {}
            let last = state.stopping;
            if std::mem::take(&mut state.dirty) {
                drop(state);
                let synced = sync(&self.log);
                state = self.state.lock();
                if let Err(cause) = synced {
                    state.failed = Some(cause.to_string());
                }
            }
            if last {
                return;
            }
        }
    }
}

/// SQLite holds no locks on the log itself, so that it may be opened beside SQLite's own descriptor.
fn sync(log: &Path) -> std::io::Result<()> {
    match File::options().write(true).open(log) {
        Ok(file) => file.sync_data(),
        // The last handle has moved everything into the database file, and synced that.
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(cause),
    }
}
