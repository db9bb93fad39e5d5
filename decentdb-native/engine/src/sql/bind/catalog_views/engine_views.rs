//! `sys.*`: the state of the engine, as relations. Their columns are known here; their rows are made by the engine at each
//! execution and reach the statement through the function [`INSPECTION_ROWS`].

use sqlparser::ast::{ObjectName, ObjectNamePart};

use crate::error::{Error, Result};
use crate::sql::grammar::{name, quote};
use crate::value::Type::{Bool, Float64, Int64, Text};

use super::schema_views::Columns;

/// The function that gives the rows of a view, as a JSON array of arrays.
pub const INSPECTION_ROWS: &str = "ddb_inspection_rows";

const SCHEMA: &str = "sys";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Inspection {
    PlanCacheSummary,
    ProcessCoordination,
    ReactiveMetrics,
    ReactiveSubscriptions,
    StorageMetrics,
    WalMetrics,
    WriteQueueMetrics,
}

const VIEWS: &[Inspection] = &[
    Inspection::PlanCacheSummary,
    Inspection::ProcessCoordination,
    Inspection::ReactiveMetrics,
    Inspection::ReactiveSubscriptions,
    Inspection::StorageMetrics,
    Inspection::WalMetrics,
    Inspection::WriteQueueMetrics,
];

/// Views of DecentDB on features that this engine does not have.
const ABSENT: &[&str] = &[
    "branches",
    "doctor_findings",
    "extensions",
    "fix_plan",
    "index_usage",
    "lock_waits",
    "plan_cache",
    "process_lock_metrics",
    "process_readers",
    "sessions",
    "slow_queries",
];

impl Inspection {
    /// The view `written` names, as `sys.wal_metrics` or `sys_wal_metrics`; `None` if it is a name of another schema.
    pub(crate) fn find(written: &ObjectName) -> Result<Option<Self>> {
        let (view, qualified) = match written.0.as_slice() {
            [ObjectNamePart::Identifier(schema), ObjectNamePart::Identifier(view)]
                if name(schema).eq_ignore_ascii_case(SCHEMA) =>
            {
                (name(view).to_ascii_lowercase(), true)
            }
            [ObjectNamePart::Identifier(view)] => match name(view).to_ascii_lowercase().strip_prefix("sys_") {
                Some(view) => (view.to_owned(), false),
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        if let Some(found) = VIEWS.iter().find(|each| each.name() == view) {
            return Ok(Some(*found));
        }
        if ABSENT.contains(&view.as_str()) || view.starts_with("sync_") {
            return Err(Error::unsupported(format!("{SCHEMA}.{view}")));
        }
        if !qualified {
            return Ok(None);
        }
        Err(Error::unknown_relation(&format!("{SCHEMA}.{view}")))
    }

    pub fn name(self) -> &'static str {
        match self {
            Inspection::PlanCacheSummary => "plan_cache_summary",
            Inspection::ProcessCoordination => "process_coordination",
            Inspection::ReactiveMetrics => "reactive_metrics",
            Inspection::ReactiveSubscriptions => "reactive_subscriptions",
            Inspection::StorageMetrics => "storage_metrics",
            Inspection::WalMetrics => "wal_metrics",
            Inspection::WriteQueueMetrics => "write_queue_metrics",
        }
    }

    /// The rows as SQL. Reading a table makes SQLite notice a schema that has changed since.
    pub(crate) fn sql(self) -> String {
        let columns = self.columns().iter().enumerate();
        let list: Vec<String> =
            columns.map(|(at, (name, ..))| format!("json_extract(value, '$[{at}]') AS {}", quote(name))).collect();
        format!(
            "SELECT {} FROM json_each({INSPECTION_ROWS}('{}')) WHERE EXISTS (SELECT 1 FROM __ddb_meta)",
            list.join(", "),
            self.name()
        )
    }

    pub(crate) fn columns(self) -> Columns {
        match self {
            Inspection::PlanCacheSummary => &[
                ("scope", Text, false),
                ("total_entries", Int64, false),
                ("total_hits", Int64, false),
                ("total_misses", Int64, false),
                ("total_evictions", Int64, false),
                ("total_size_bytes", Int64, false),
                ("max_size_bytes", Int64, false),
                ("total_oversized_refusals", Int64, false),
                ("hit_rate", Float64, false),
            ],
            Inspection::ProcessCoordination => &[
                ("mode", Text, false),
                ("enabled", Bool, false),
                ("supported", Bool, false),
                ("coord_path", Text, true),
                ("coord_version", Int64, false),
                ("coordinator_generation", Int64, false),
                ("wal_end_lsn", Int64, false),
                ("checkpoint_generation", Int64, false),
                ("last_refresh_lsn", Int64, false),
                ("last_refresh_age_ms", Int64, true),
            ],
            Inspection::ReactiveMetrics => &[
                ("active_watch_count", Int64, false),
                ("table_watch_count", Int64, false),
                ("range_watch_count", Int64, false),
                ("query_watch_count", Int64, false),
                ("change_stream_count", Int64, false),
                ("events_published", Int64, false),
                ("events_delivered", Int64, false),
                ("events_dropped", Int64, false),
                ("lagged_watch_count", Int64, false),
                ("row_change_events_truncated", Int64, false),
            ],
            Inspection::ReactiveSubscriptions => &[
                ("watch_id", Int64, false),
                ("kind", Text, false),
                ("created_at_micros", Int64, false),
                ("queue_capacity", Int64, false),
                ("queue_depth", Int64, false),
                ("last_delivered_event_id", Int64, false),
                ("dropped_events", Int64, false),
                ("lagged", Bool, false),
                ("dependencies_json", Text, false),
            ],
            Inspection::StorageMetrics => &[
                ("path", Text, false),
                ("wal_path", Text, true),
                ("format_version", Int64, false),
                ("page_size", Int64, false),
                ("cache_size_mb", Int64, false),
                ("page_count", Int64, false),
                ("schema_cookie", Int64, false),
                ("wal_end_lsn", Int64, false),
                ("wal_file_size", Int64, false),
                ("last_checkpoint_lsn", Int64, false),
                ("active_readers", Int64, false),
                ("wal_versions", Int64, false),
                ("warning_count", Int64, false),
                ("shared_wal", Bool, false),
            ],
            Inspection::WalMetrics => &[
                ("latest_lsn", Int64, false),
                ("file_size_bytes", Int64, false),
                ("active_readers", Int64, false),
                ("max_page_count", Int64, false),
                ("checkpoint_epoch", Int64, false),
                ("warning_count", Int64, false),
                ("version_count", Int64, false),
                ("resident_versions", Int64, false),
                ("on_disk_versions", Int64, false),
                ("shared_wal", Bool, false),
            ],
            Inspection::WriteQueueMetrics => &[
                ("capacity", Int64, false),
                ("current_depth", Int64, false),
                ("admitted", Int64, true),
                ("rejected", Int64, true),
                ("timed_out", Int64, true),
                ("canceled", Int64, true),
                ("executed", Int64, false),
                ("committed", Int64, false),
                ("failed", Int64, false),
                ("group_commit_batches", Int64, false),
                ("group_commit_syncs", Int64, false),
                ("group_commit_max_batch", Int64, false),
                ("group_commit_commits_covered", Int64, false),
                ("physical_syncs_saved", Int64, false),
                ("total_queue_wait_ns", Int64, false),
            ],
        }
    }
}
