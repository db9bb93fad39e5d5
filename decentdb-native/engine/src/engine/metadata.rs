//! Descriptions of schema and statements, as JSON.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::catalog::{self, Catalog};
use crate::engine::database::FORMAT_VERSION;
use crate::engine::session::Core;
use crate::error::{Error, Result};
use crate::sql;

impl Core {
    /// Counts rows and reads the catalogue in one snapshot.
    fn with_snapshot<T>(&mut self, body: impl FnOnce(&Self, &Catalog) -> Result<T>) -> Result<T> {
        if self.transaction.is_some() {
            return body(self, &Arc::clone(&self.catalog));
        }
        self.drain_streams();
        self.control.begin.run()?;
        let done = self.sync_catalog().and_then(|()| body(self, &Arc::clone(&self.catalog)));
        self.control.rollback.run()?;
        done
    }

    pub fn list_tables(&mut self) -> Result<Json> {
        self.with_snapshot(|core, catalog| catalog::list_tables_json(catalog, |table| core.row_count(table)))
    }

    pub fn describe_table(&mut self, name: &str) -> Result<Json> {
        self.with_snapshot(|core, catalog| catalog::describe_table_json(catalog, name, |table| core.row_count(table)))
    }

    pub fn list_indexes(&mut self) -> Result<Json> {
        self.with_snapshot(|_, catalog| Ok(catalog::list_indexes_json(catalog)))
    }

    pub fn list_views(&mut self) -> Result<Json> {
        self.with_snapshot(|_, catalog| Ok(catalog::list_views_json(catalog)))
    }

    pub fn list_triggers(&mut self) -> Result<Json> {
        self.with_snapshot(|_, catalog| Ok(catalog::list_triggers_json(catalog)))
    }

    pub fn table_ddl(&mut self, name: &str) -> Result<String> {
        self.with_snapshot(|_, catalog| {
            catalog.home(name).table(name).map(|table| table.ddl.clone()).ok_or_else(|| Error::unknown_relation(name))
        })
    }

    pub fn view_ddl(&mut self, name: &str) -> Result<String> {
        self.with_snapshot(|_, catalog| {
            catalog.home(name).view(name).map(|view| view.ddl.clone()).ok_or_else(|| Error::unknown_relation(name))
        })
    }

    pub fn schema_snapshot(&mut self) -> Result<Json> {
        self.with_snapshot(|core, catalog| catalog::schema_snapshot_json(catalog, |table| core.row_count(table)))
    }

    pub fn tooling_metadata(&mut self) -> Result<Json> {
        self.with_snapshot(|core, catalog| {
            catalog::tooling_metadata_json(catalog, FORMAT_VERSION, |table| core.row_count(table))
        })
    }

    pub fn describe_query(&mut self, sql: &str) -> Result<Json> {
        self.read_catalog()?;
        sql::describe_json(sql, &self.catalog)
    }
}
