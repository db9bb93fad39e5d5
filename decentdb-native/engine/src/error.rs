//! The error type of the engine and its mapping to the status codes and diagnostics of the C ABI.

use std::fmt;
use std::time::Duration;

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

/// The subcodes that have a section in DecentDB's documentation of errors. `docs` in the diagnostic names that section.
const DOCUMENTED: &[&str] = &[
    "sql.syntax",
    "sql.relation_not_found",
    "sql.column_not_found",
    "sql.ambiguous_column",
    "sql.parameter_missing",
    "sql.unsupported_feature",
    "constraint.unique",
    "constraint.not_null",
    "constraint.check",
    "constraint.foreign_key",
    "transaction.no_active_transaction",
    "transaction.invalid_state",
    "queue.write_timeout",
    "queue.canceled",
    "queue.full",
    "queue.closed",
    "busy.writer_lock",
    "coordination.lock_timeout",
    "io.permission_denied",
    "io.disk_full",
    "io.not_found",
    "format.unsupported_version",
    "corruption.database_header",
    "internal.panic_captured",
    "internal.invariant",
];

/// An error in the terms of the diagnostic JSON: status, subcode, SQLSTATE, message, context.
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
    pub context: Box<Map<String, Json>>,
    /// SQLite's extended code of a violated constraint. The message is SQLite's own until the engine explains it.
    pub constraint_code: Option<i32>,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn new(
        status: Status,
        subcode: &'static str,
        sqlstate: Option<&'static str>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            subcode,
            sqlstate,
            message: message.into(),
            retryable: false,
            hint: None,
            context: Box::default(),
            constraint_code: None,
        }
    }

    pub fn syntax(message: impl Into<String>) -> Self {
        Self::new(Status::Sql, "sql.syntax", Some("42601"), message)
    }

    /// A construct of the dialect that this engine refuses; `what` names it.
    pub fn unsupported(what: impl fmt::Display) -> Self {
        Self::new(
            Status::Sql,
            "sql.unsupported_feature",
            Some("0A000"),
            format!("{what} is not supported by this engine"),
        )
    }

    pub fn unknown_relation(name: &str) -> Self {
        Self::new(Status::Sql, "sql.relation_not_found", Some("42P01"), format!("unknown table or view {name}"))
            .with("relation", name)
    }

    pub fn unknown_sequence(name: &str) -> Self {
        Self::new(Status::Sql, "sql.relation_not_found", Some("42P01"), format!("unknown sequence {name}"))
            .with("relation", name)
    }

    pub fn unknown_column(name: &str) -> Self {
        Self::new(Status::Sql, "sql.column_not_found", Some("42703"), format!("unknown column {name}"))
            .with("column", name)
    }

    pub fn type_mismatch(message: impl Into<String>) -> Self {
        Self::new(Status::Sql, "sql.type_mismatch", Some("42804"), message)
    }

    /// Another handle or process has committed since this transaction's snapshot; the transaction has ended.
    pub fn conflict() -> Self {
        let mut error = Self::new(
            Status::Transaction,
            "transaction.conflict",
            Some("40001"),
            "transaction conflict: the database was changed after this transaction began; it was rolled back",
        )
        .hint("run the transaction again");
        error.retryable = true;
        error
    }

    /// Another thread ended the call.
    pub fn interrupted() -> Self {
        Self::new(Status::Canceled, "sql.canceled", Some("57014"), "the statement was interrupted")
    }

    pub fn transaction(message: impl Into<String>) -> Self {
        Self::new(Status::Transaction, "transaction.invalid_state", Some("25000"), message)
    }

    pub fn no_transaction(message: impl Into<String>) -> Self {
        Self::new(Status::Transaction, "transaction.no_active_transaction", Some("25000"), message)
    }

    /// A lock of the database was not free within `timeout`: BUSY without waiting, otherwise TIMEOUT.
    pub fn lock_unavailable(timeout: Duration, holder: &str) -> Self {
        if timeout.is_zero() {
            let message = format!("the database is being written by {holder} and process_coordination_timeout_ms is 0");
            return Self { retryable: true, ..Self::new(Status::Busy, "busy.writer_lock", Some("55P03"), message) };
        }
        let millis = timeout.as_millis();
        Self::lock_timeout(format!("waited {millis} ms for the write lock of the database, held by {holder}"))
            .hint("end the other transaction, or raise process_coordination_timeout_ms")
    }

    /// The write lock was not free within the configured time.
    pub fn lock_timeout(message: impl Into<String>) -> Self {
        let mut error = Self::new(Status::Timeout, "coordination.lock_timeout", Some("55P03"), message);
        error.retryable = true;
        error
    }

    pub fn io(message: impl Into<String>) -> Self {
        Self::new(Status::Io, "io.unknown", Some("58030"), message)
    }

    /// A call that breaks the contract of the C interface: NULL pointers, dead handles, indexes out of range.
    pub fn misuse(message: impl Into<String>) -> Self {
        Self::new(Status::Sql, "abi.invalid_argument", None, message)
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Status::Internal, "internal.invariant", Some("XX000"), message)
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

impl Status {
    pub fn code_name(self) -> &'static str {
        match self {
            Status::Ok => "OK",
            Status::Io => "ERR_IO",
            Status::Corruption => "ERR_CORRUPTION",
            Status::Constraint => "ERR_CONSTRAINT",
            Status::Transaction => "ERR_TRANSACTION",
            Status::Sql => "ERR_SQL",
            Status::Internal => "ERR_INTERNAL",
            Status::Panic => "ERR_PANIC",
            Status::UnsupportedFormatVersion => "ERR_UNSUPPORTED_FORMAT_VERSION",
            Status::Busy => "ERR_BUSY",
            Status::Timeout => "ERR_TIMEOUT",
            Status::Canceled => "ERR_CANCELED",
            Status::QueueFull => "ERR_QUEUE_FULL",
            Status::QueueClosed => "ERR_QUEUE_CLOSED",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Status::Ok => "",
            Status::Io => "I/O error: ",
            Status::Corruption => "database corruption: ",
            Status::Constraint => "constraint violation: ",
            Status::Transaction => "transaction error: ",
            Status::Sql => "SQL error: ",
            Status::Internal => "internal engine error: ",
            Status::Panic => "panic captured at boundary: ",
            Status::UnsupportedFormatVersion => "unsupported database format: ",
            Status::Busy => "busy: ",
            Status::Timeout => "operation timed out: ",
            Status::Canceled => "operation canceled: ",
            Status::QueueFull => "write queue full: ",
            Status::QueueClosed => "write queue closed: ",
        }
    }
}

impl Error {
    /// The message of `ddb_last_error_message`, which starts with the class of the error.
    pub fn prefixed(&self) -> String {
        format!("{}{}", self.status.prefix(), self.message)
    }

    /// The diagnostic of `ddb_last_error_json`.
    pub fn diagnostic(&self) -> Json {
        let mut json = Map::new();
        json.insert("version".into(), 1.into());
        json.insert("code".into(), (self.status as u32).into());
        json.insert("code_name".into(), self.status.code_name().into());
        json.insert("subcode".into(), self.subcode.into());
        if let Some(sqlstate) = self.sqlstate {
            json.insert("sqlstate".into(), sqlstate.into());
        }
        json.insert("message".into(), self.message.clone().into());
        json.insert("retryable".into(), self.retryable.into());
        json.insert("permanent".into(), (!self.retryable).into());
        json.insert("redaction".into(), "default".into());
        for (key, value) in self.context.iter() {
            json.insert(key.clone(), value.clone());
        }
        if let Some(hint) = &self.hint {
            json.insert("hint".into(), hint.clone().into());
        }
        if DOCUMENTED.contains(&self.subcode) {
            json.insert("docs".into(), format!("errors/{}", self.subcode.replace(['.', '_'], "-")).into());
        }
        Json::Object(json)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
