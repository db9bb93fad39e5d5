//! The typed catalogue: what SQLite's own schema cannot say about tables and columns.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::value::Type;

/// An immutable snapshot of the schema. Names are kept as written and looked up by their ASCII lower case.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Rises with every change of the schema.
    pub cookie: u32,
    pub tables: BTreeMap<String, Arc<Table>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    pub primary_key: Vec<String>,
    /// The statement that created it, as written.
    pub ddl: String,
    pub temporary: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    pub ty: Type,
    pub nullable: bool,
    pub default_sql: Option<String>,
    pub auto_increment: bool,
    pub unique: bool,
}

/// What a DDL statement does to the catalogue; applied in the SQLite transaction that runs the statement.
#[derive(Clone, Debug)]
pub enum Change {
    PutTable(Arc<Table>),
    DropTable(String),
    /// The statement changes nothing that is kept here (`IF NOT EXISTS` that exists).
    Nothing,
}
