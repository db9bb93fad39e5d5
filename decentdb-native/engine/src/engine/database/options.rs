//! The options of `ddb_db_open_with_options` and its siblings.

use std::time::Duration;

use crate::error::{Error, Result, Status};
use crate::sql::Sizes;

const PAGE_BYTES: u64 = 4096;
const MIB: u64 = 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncMode {
    /// Every commit is synced before it is acknowledged.
    Full,
    /// Commits are synced at checkpoints: a power cut may lose the last ones, never their order.
    Normal,
    /// Commits are synced within this time after they were acknowledged.
    Async(Duration),
}

/// How processes are kept apart. SQLite's file locks order them always, in every mode: they order the handles of one process
/// as well, and a file system without them is refused because it has no write-ahead log either. The rest of the choice
/// is that `required` refuses a database that no other process could see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coordination {
    Auto,
    Required,
    SingleProcess,
}

impl Coordination {
    pub fn name(self) -> &'static str {
        match self {
            Coordination::Auto => "auto",
            Coordination::Required => "required",
            Coordination::SingleProcess => "single_process_unsafe",
        }
    }
}

/// The options of a handle. Explicit keys win over the profile, in any order.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    pub profile: &'static str,
    pub cache_bytes: u64,
    pub sync_mode: SyncMode,
    /// Frames in the WAL after which a commit checkpoints; 0 never.
    pub checkpoint_pages: u64,
    pub coordination: Coordination,
    /// How long a write waits for the write lock; zero fails at once.
    pub lock_timeout: Duration,
    pub queue: QueueOptions,
    pub plan_cache_enabled: bool,
    pub plan_cache_bytes: u64,
    pub sizes: Sizes,
}

#[derive(Clone, Debug, PartialEq)]
pub struct QueueOptions {
    pub capacity: usize,
    /// How long a queued write may wait for its start; `None` without bound.
    pub default_timeout: Option<Duration>,
    /// One durable commit for all requests of a batch; off: one for each request.
    pub group_commit: bool,
    pub max_batch: usize,
    /// How long the executor waits for a batch to fill.
    pub max_group_delay: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            profile: "default",
            cache_bytes: 4 * MIB,
            sync_mode: SyncMode::Full,
            checkpoint_pages: 4096,
            coordination: Coordination::Auto,
            lock_timeout: Duration::from_secs(30),
            queue: QueueOptions {
                capacity: 1024,
                default_timeout: None,
                group_commit: true,
                max_batch: 64,
                max_group_delay: Duration::ZERO,
            },
            plan_cache_enabled: true,
            plan_cache_bytes: 262_144,
            sizes: Sizes::Described,
        }
    }
}

impl Options {
    /// Parses `key=value` pairs separated by white space, commas or semicolons.
    pub fn parse(text: &str) -> Result<Self> {
        let mut pairs = Vec::new();
        for item in text.split(|c: char| c.is_whitespace() || c == ',' || c == ';').filter(|item| !item.is_empty()) {
            let (key, value) = item.split_once('=').ok_or_else(|| {
                Error::new(
                    Status::Sql,
                    "options.syntax",
                    None,
                    format!("database option {item} has no value: options are written key=value"),
                )
            })?;
            pairs.push((key.trim().to_ascii_lowercase(), value.trim()));
        }
        let mut options = Self::default();
        for (key, value) in &pairs {
            if key == "profile" || key == "performance_profile" {
                options.apply_profile(value)?;
            }
        }
        for (key, value) in &pairs {
            options.apply(key, value)?;
        }
        Ok(options)
    }

    fn apply_profile(&mut self, value: &str) -> Result<()> {
        let (profile, cache_mib, checkpoints) = match value.to_ascii_lowercase().as_str() {
            "default" => ("default", 4, true),
            "balanced" => ("balanced", 16, true),
            "low_memory" => ("low_memory", 4, true),
            "embedded_fast" => ("embedded_fast", 32, false),
            "tuned_durable" | "tuned" => ("tuned_durable", 64, false),
            _ => {
                return Err(invalid("profile", value, "default, balanced, low_memory, embedded_fast or tuned_durable"))
            }
        };
        self.profile = profile;
        self.cache_bytes = cache_mib * MIB;
        if !checkpoints {
            self.checkpoint_pages = 0;
        }
        Ok(())
    }

    fn apply(&mut self, key: &str, value: &str) -> Result<()> {
        match key {
            "profile" | "performance_profile" => {}
            "cache_size" | "cache_size_mb" => self.cache_bytes = cache_size(key, value)?,
            "wal_autocheckpoint" | "wal_checkpoint_threshold_pages" => self.checkpoint_pages = number(key, value)?,
            "wal_checkpoint_threshold_bytes" => {
                let bytes: u64 = number(key, value)?;
                self.checkpoint_pages = bytes.div_ceil(PAGE_BYTES);
            }
            "wal_sync_mode" | "synchronous" => self.sync_mode = sync_mode(key, value)?,
            "process_coordination" => {
                self.coordination = match value.to_ascii_lowercase().as_str() {
                    "auto" => Coordination::Auto,
                    "required" => Coordination::Required,
                    "single_process_unsafe" | "off" => Coordination::SingleProcess,
                    _ => return Err(invalid(key, value, "auto, required, single_process_unsafe or off")),
                }
            }
            "process_coordination_timeout_ms" => self.lock_timeout = Duration::from_millis(number(key, value)?),
            // Queued writes are always possible; the key asks bindings to prefer them.
            "write_queue_enabled" => {
                boolean(key, value)?;
            }
            "write_queue_capacity" => self.queue.capacity = positive(key, value)?,
            "write_queue_default_timeout_ms" => {
                let millis = number(key, value)?;
                self.queue.default_timeout = (millis > 0).then(|| Duration::from_millis(millis));
            }
            "write_queue_strict_group_commit" | "write_queue_group_commit" => {
                self.queue.group_commit = boolean(key, value)?;
            }
            "write_queue_max_batch" => self.queue.max_batch = positive(key, value)?,
            "write_queue_max_group_delay_us" => {
                self.queue.max_group_delay = Duration::from_micros(number(key, value)?);
            }
            "plan_cache_enabled" => self.plan_cache_enabled = boolean(key, value)?,
            "enforce_declared_sizes" => {
                self.sizes = if boolean(key, value)? { Sizes::Enforced } else { Sizes::Described };
            }
            "plan_cache_max_bytes" => self.plan_cache_bytes = number(key, value)?,
            // Choices of DecentDB's own storage that have no counterpart here: checked, without effect.
            "paged_row_storage" | "retain_paged_row_sources_after_commit" | "persistent_pk_index" => {
                boolean(key, value)?;
            }
            "encryption_key" | "tde_key" | "encryption_key_hex" | "tde_key_hex" => {
                return Err(Error::unsupported(format!("database encryption (option {key})"))
                    .hint("remove the option and encrypt the file system, or use a libdecentdb with encryption"))
            }
            "allow_extension" | "allow_unsigned_extensions" => {
                return Err(Error::unsupported(format!("loading extensions (option {key})")))
            }
            _ => {
                return Err(Error::new(
                    Status::Sql,
                    "options.unknown_key",
                    None,
                    format!("unsupported database option: {key}"),
                ))
            }
        }
        Ok(())
    }
}

fn sync_mode(key: &str, value: &str) -> Result<SyncMode> {
    let lower = value.to_ascii_lowercase();
    match lower.as_str() {
        "full" => return Ok(SyncMode::Full),
        "normal" => return Ok(SyncMode::Normal),
        _ => {}
    }
    let interval = lower.strip_prefix("async_commit:").and_then(|millis| millis.parse::<u32>().ok());
    match interval {
        Some(millis) if millis > 0 => Ok(SyncMode::Async(Duration::from_millis(millis.into()))),
        _ => Err(invalid(key, value, "full, normal or async_commit:<milliseconds>")),
    }
}

fn invalid(key: &str, value: &str, expected: &str) -> Error {
    Error::new(
        Status::Sql,
        "options.invalid_value",
        None,
        format!("database option {key}: {value:?} is not valid, expected {expected}"),
    )
}

fn number(key: &str, value: &str) -> Result<u64> {
    value.parse().map_err(|_| invalid(key, value, "a whole number"))
}

fn positive(key: &str, value: &str) -> Result<usize> {
    match value.parse::<usize>() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(invalid(key, value, "a whole number above 0")),
    }
}

fn boolean(key: &str, value: &str) -> Result<bool> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err(invalid(key, value, "true or false")),
    }
}

/// A bare number counts pages, also for `cache_size_mb`, as in DecentDB.
fn cache_size(key: &str, value: &str) -> Result<u64> {
    let expected = "a number of pages, or a size such as 512KB, 16MB or 1GB";
    let lower = value.to_ascii_lowercase();
    let digits = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &lower[digits.len()..] {
        "" => PAGE_BYTES,
        "k" | "kb" => 1024,
        "m" | "mb" => MIB,
        "g" | "gb" => 1024 * MIB,
        _ => return Err(invalid(key, value, expected)),
    };
    let count: u64 = digits.parse().map_err(|_| invalid(key, value, expected))?;
    match count.checked_mul(unit) {
        Some(bytes) if bytes > 0 && bytes <= 1 << 40 => Ok(bytes),
        _ => Err(invalid(key, value, expected)),
    }
}
