//! Statements about the handle itself, which no SQLite statement does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::Value as SqlValue;

use crate::error::{Error, Result};
use crate::sql::{SessionCommand, APPLICATION_NAME, AUDIT_ALL, AUDIT_VALUE};
use crate::sqlite::{self, Connection, Step};
use crate::value::Stored;

use super::core::Core;
use super::execute::Written;
use super::rows::RowSet;

/// The audit context of the application; the statements of its handle read it.
pub struct AuditContext(Arc<Mutex<BTreeMap<String, Stored>>>);

impl AuditContext {
    /// Registers the functions that statements read the values through.
    pub fn register(connection: &Connection) -> Result<Self> {
        let values: Arc<Mutex<BTreeMap<String, Stored>>> = Arc::default();
        let failed = |error: rusqlite::Error| sqlite::from_rusqlite(&error);
        let (one, all) = (Arc::clone(&values), Arc::clone(&values));
        let flags = FunctionFlags::SQLITE_UTF8;
        let value = move |context: &rusqlite::functions::Context<'_>| {
            let key: Option<String> = context.get(0)?;
            let values = one.lock();
            Ok(match key.and_then(|key| values.get(&key)) {
                Some(Stored::Text(text)) => SqlValue::Text(text.clone()),
                Some(Stored::Integer(number)) => SqlValue::Integer(*number),
                _ => SqlValue::Null,
            })
        };
        connection.inner().create_scalar_function(AUDIT_VALUE, 1, flags, value).map_err(failed)?;
        let document = move |_: &rusqlite::functions::Context<'_>| {
            let values = all.lock();
            let json = values.iter().map(|(key, value)| {
                let value = match value {
                    Stored::Text(text) => text.clone().into(),
                    Stored::Integer(number) => (*number).into(),
                    _ => serde_json::Value::Null,
                };
                (key.clone(), value)
            });
            Ok(serde_json::Value::Object(json.collect()).to_string())
        };
        connection.inner().create_scalar_function(AUDIT_ALL, 0, flags, document).map_err(failed)?;
        Ok(Self(values))
    }

    pub fn set(&self, key: String, value: Stored) {
        self.0.lock().insert(key, value);
    }

    /// Forgets one value, or all of them.
    pub fn clear(&self, key: Option<&str>) {
        match key {
            Some(key) => drop(self.0.lock().remove(key)),
            None => self.0.lock().clear(),
        }
    }
}

/// The name that the application gave itself with SET; it ends with the handle.
#[derive(Clone, Default)]
pub struct ApplicationName(Arc<Mutex<String>>);

impl ApplicationName {
    /// Registers the function that SHOW reads it through.
    pub fn register(connection: &Connection) -> Result<Self> {
        let name = Self::default();
        let own = name.clone();
        let read = move |_: &rusqlite::functions::Context<'_>| Ok(own.0.lock().clone());
        let registered =
            connection.inner().create_scalar_function(APPLICATION_NAME, 0, FunctionFlags::SQLITE_UTF8, read);
        registered.map_err(|error| sqlite::from_rusqlite(&error))?;
        Ok(name)
    }
}

impl Core {
    pub(in crate::engine) fn session_command(&mut self, command: &SessionCommand) -> Result<Written> {
        match command {
            SessionCommand::FlushPlans => self.flush_plan_cache(),
            SessionCommand::BusyTimeout(millis) => self.queue.set_busy_timeout(Duration::from_millis(*millis)),
            SessionCommand::ShowBusyTimeout => {
                let millis = self.queue.default_timeout().map_or(0, |timeout| timeout.as_millis());
                return self.rows_of(&format!("SELECT {millis}"), 1);
            }
            SessionCommand::Checkpoint(mode) => return self.checkpoint_in(mode),
            SessionCommand::Confirm { pragma, query, value } => self.confirm(pragma, query, value)?,
            SessionCommand::ConfirmSetting => {}
            SessionCommand::SetApplicationName(name) => self.application_name.0.lock().clone_from(name),
            SessionCommand::SetAudit { key, value: Some(value) } => self.audit.set(key.clone(), value.clone()),
            SessionCommand::SetAudit { key, value: None } => self.audit.clear(Some(key)),
        }
        Ok(Written { rows: RowSet::default(), affected: 0 })
    }

    pub(super) fn rows_of(&self, sql: &str, columns: usize) -> Result<Written> {
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = RowSet::new(columns);
        while statement.step()? == Step::Row {
            rows.push(&statement);
        }
        let affected = rows.len() as u64;
        Ok(Written { rows, affected })
    }

    /// Accepts an assignment of the value that is in force already.
    fn confirm(&self, pragma: &str, query: &str, value: &str) -> Result<()> {
        let current = self.connection.query_text(&format!("SELECT CAST(({query}) AS TEXT)"))?;
        if current.eq_ignore_ascii_case(value) {
            return Ok(());
        }
        let error = Error::unsupported(format!("PRAGMA {pragma} = {value} on an open database"));
        Err(error.hint(format!("it is {current}; what can be chosen is an option of opening the database")))
    }

    fn checkpoint_in(&mut self, mode: &str) -> Result<Written> {
        self.refuse_in_transaction("a checkpoint")?;
        self.drain_streams();
        let _turn = self.shared.lock_writer(self.options.lock_timeout)?;
        self.require_own_file()?;
        let done = self.rows_of(&format!("PRAGMA wal_checkpoint({mode})"), 3);
        if done.is_ok() {
            self.shared.checkpointed();
        }
        done
    }
}
