//! Opening watches from their JSON requests.

use std::sync::Arc;

use serde_json::{json, Value as Json};

use crate::catalog::Table;
use crate::engine::database::Shared;
use crate::engine::session::{cell_value, is_read, Core, Session};
use crate::error::{Error, Result, Status};
use crate::sql::StatementKind;
use crate::value::Value;

use super::event::value_json;
use super::hub::{Filter, Source, Watch, DEFAULT_CAPACITY, MAX_CAPACITY};
use super::key_range::KeyRange;

/// The object behind a `ddb_watch_t`. It keeps the shared state of its database alive, not the handle it was opened with.
pub struct WatchHandle {
    shared: Arc<Shared>,
    pub watch: Arc<Watch>,
}

impl WatchHandle {
    fn register(session: &Session, filter: Filter, request: &Json) -> Result<Self> {
        let capacity = match &request["queue_capacity"] {
            Json::Null => DEFAULT_CAPACITY,
            json => match json.as_u64() {
                Some(capacity) => usize::try_from(capacity).unwrap_or(MAX_CAPACITY),
                None => return Err(Error::misuse("queue_capacity must be a whole number that is not negative")),
            },
        };
        let shared = Arc::clone(&session.shared);
        let watch = shared.hub.register(filter, capacity);
        Ok(Self { shared, watch })
    }

    pub fn close(&self) {
        self.shared.hub.unregister(&self.watch);
        self.watch.close();
    }
}

impl Drop for WatchHandle {
    fn drop(&mut self) {
        self.close();
    }
}

pub fn parse_request(text: &str) -> Result<Json> {
    match serde_json::from_str::<Json>(text) {
        Ok(json @ Json::Object(_)) => Ok(json),
        Ok(_) => Err(Error::misuse("the request must be a JSON object")),
        Err(error) => Err(Error::misuse(format!("the request is not valid JSON: {error}"))),
    }
}

impl Session {
    pub fn watch_tables(&self, request: &Json) -> Result<WatchHandle> {
        let tables = table_names(request)?.filter(|tables| !tables.is_empty());
        let tables = tables.ok_or_else(|| Error::misuse("tables must name at least one table to watch"))?;
        let tables = self.core().known_tables(&tables)?;
        self.open_plain(Filter::Tables(tables), request)
    }

    pub fn change_stream(&self, request: &Json) -> Result<WatchHandle> {
        let tables = match table_names(request)?.filter(|tables| !tables.is_empty()) {
            Some(tables) => Some(self.core().known_tables(&tables)?),
            None => None,
        };
        self.open_plain(Filter::Stream(tables), request)
    }

    pub fn watch_range(&self, request: &Json) -> Result<WatchHandle> {
        let name = request["table"].as_str().ok_or_else(|| Error::misuse("table must name the table to watch"))?;
        let range = {
            let mut core = self.core();
            core.read_catalog()?;
            let table = core.watchable(name)?;
            KeyRange::new(table, request)?
        };
        self.open_plain(Filter::Range(range), request)
    }

    fn open_plain(&self, filter: Filter, request: &Json) -> Result<WatchHandle> {
        let handle = WatchHandle::register(self, filter, request)?;
        let cookie = self.core().catalog.cookie;
        handle.watch.begin(json!({
            "schema_version": 1,
            "type": "initial",
            "watch_id": handle.watch.id,
            "snapshot_lsn": self.shared.last_lsn(),
            "schema_cookie": cookie,
        }));
        Ok(handle)
    }

    /// Registers first and reads the snapshot then, so that no commit falls between.
    pub fn watch_query(&self, request: &Json) -> Result<WatchHandle> {
        let sql = request["sql"].as_str().ok_or_else(|| Error::misuse("sql must hold the query to watch"))?;
        let params: Vec<Value> = match &request["params"] {
            Json::Null => Vec::new(),
            Json::Array(params) => params.iter().map(|param| json_value(param, "params")).collect::<Result<_>>()?,
            _ => return Err(Error::misuse("params must be an array")),
        };
        let mut core = self.core();
        if core.transaction.is_some() {
            return Err(Error::transaction("a query cannot be watched while a transaction is open on the handle")
                .hint("commit first, or open the watch on another handle"));
        }
        let plan = core.checkout(sql, &params)?;
        let compiled = Arc::clone(&plan.compiled);
        let epoch = core.epoch;
        core.plans.put(plan, epoch);
        if compiled.kind != StatementKind::Select || !is_read(&compiled) {
            return Err(Error::new(
                Status::Sql,
                "watch.not_a_query",
                None,
                "query subscriptions require a read-only SELECT",
            ));
        }
        if let [name, ..] = compiled.temporaries.as_slice() {
            return Err(not_watchable(name));
        }
        if compiled.tables.is_empty() {
            return Err(Error::new(
                Status::Sql,
                "watch.no_tables",
                None,
                "the query reads no table, so its result never changes",
            ));
        }
        let handle = WatchHandle::register(self, Filter::Query(compiled.tables.clone()), request)?;
        let snapshot_lsn = self.shared.last_lsn();
        let result = core.execute(sql, &params, Source::Direct)?;
        let rows: Vec<Json> = (0..result.rows.len())
            .map(|row| {
                let cells = result.types.iter().enumerate();
                cells.map(|(at, ty)| value_json(&cell_value(result.rows.cell(row, at), ty), ty)).collect()
            })
            .collect();
        let columns: Vec<&str> = result.compiled.columns.iter().map(|column| column.name.as_str()).collect();
        handle.watch.begin(json!({
            "schema_version": 1,
            "type": "initial",
            "watch_id": handle.watch.id,
            "snapshot_lsn": snapshot_lsn,
            "schema_cookie": core.catalog.cookie,
            "columns": columns,
            "rows": rows,
        }));
        Ok(handle)
    }
}

impl Core {
    /// Brings the catalogue up to date outside a transaction.
    pub fn read_catalog(&mut self) -> Result<()> {
        if self.transaction.is_some() {
            return Ok(());
        }
        self.control.begin.run()?;
        let synced = self.sync_catalog();
        self.control.rollback.run()?;
        synced
    }

    fn known_tables(&mut self, names: &[String]) -> Result<Vec<String>> {
        self.read_catalog()?;
        names.iter().map(|name| self.watchable(name).map(|table| table.name.clone())).collect()
    }

    fn watchable(&self, name: &str) -> Result<&Table> {
        match self.catalog.home(name).table(name) {
            Some(table) if table.temporary => Err(not_watchable(name)),
            Some(table) => Ok(table),
            None => Err(unknown_table(name)),
        }
    }
}

fn not_watchable(name: &str) -> Error {
    Error::unsupported(format!("watching {name}, which is temporary,"))
        .hint("no one but this handle can change a temporary table")
        .with("relation", name)
}

fn unknown_table(name: &str) -> Error {
    let mut error = Error::unknown_relation(name);
    error.message = format!("unknown watch table {name}");
    error
}

fn table_names(request: &Json) -> Result<Option<Vec<String>>> {
    let wrong = || Error::misuse("tables must be an array of table names");
    match &request["tables"] {
        Json::Null => Ok(None),
        Json::Array(names) => {
            names.iter().map(|name| name.as_str().map(str::to_owned).ok_or_else(wrong)).collect::<Result<_>>().map(Some)
        }
        _ => Err(wrong()),
    }
}

/// A value of the request's `field`.
pub fn json_value(json: &Json, field: &str) -> Result<Value> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::String(text) => Value::Text(text.clone()),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Int64(whole),
            (None, Some(float)) => Value::Float64(float),
            (None, None) => return Err(Error::misuse(format!("{field}: the number {number} is out of range"))),
        },
        Json::Array(_) | Json::Object(_) => {
            return Err(Error::misuse(format!("{field}: values must be null, booleans, numbers or strings")))
        }
    })
}
