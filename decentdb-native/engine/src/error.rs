//! The one error type of the engine and its mapping to the status codes and diagnostics of the C ABI.

use std::fmt;

use serde_json::{Map, Value as Json};

/// Status codes of the C ABI v7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    Ok = 0,
    Io = 1,
    Corruption = 2,
    Constraint = 3,
    Transaction = 4,
    Sql = 5,
    Internal = 6,
    Panic = 7,
    UnsupportedFormatVersion = 8,
    Busy = 9,
    Timeout = 10,
    Canceled = 11,
    QueueFull = 12,
    QueueClosed = 13,
}

/// What went wrong, in the terms of the diagnostic JSON: status, subcode, SQLSTATE, message, context.
#[derive(Clone, Debug)]
pub struct Error {
    pub status: Status,
    /// Stable machine-readable name such as `sql.syntax`.
    pub subcode: &'static str,
    pub sqlstate: Option<&'static str>,
    pub message: String,
    pub retryable: bool,
    pub hint: Option<String>,
    /// Additional members of the diagnostic: `relation`, `column`, `constraint`, `position`, ...
    pub context: Map<String, Json>,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn new(
        status: Status,
        subcode: &'static str,
        sqlstate: Option<&'static str>,
        message: impl Into<String>,
    ) -> Self {
        Self { status, subcode, sqlstate, message: message.into(), retryable: false, hint: None, context: Map::new() }
    }

    pub fn syntax(message: impl Into<String>) -> Self {
        Self::new(Status::Sql, "sql.syntax", Some("42601"), message)
    }

    /// A construct of the dialect that this engine refuses; `what` names it.
    pub fn unsupported(what: impl fmt::Display) -> Self {
        Self::new(Status::Sql, "sql.unsupported", Some("0A000"), format!("{what} is not supported by this engine"))
    }

    pub fn unknown_relation(name: &str) -> Self {
        Self::new(Status::Sql, "sql.relation_not_found", Some("42P01"), format!("unknown table or view {name}"))
            .with("relation", name)
    }

    pub fn unknown_column(name: &str) -> Self {
        Self::new(Status::Sql, "sql.column_not_found", Some("42703"), format!("unknown column {name}"))
            .with("column", name)
    }

    pub fn type_mismatch(message: impl Into<String>) -> Self {
        Self::new(Status::Sql, "sql.type_mismatch", Some("42804"), message)
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Status::Internal, "internal.error", Some("XX000"), message)
    }

    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Json>) -> Self {
        self.context.insert(key.to_owned(), value.into());
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
