//! The typed catalogue: the properties of tables and columns that SQLite's own schema cannot express.

mod json;
mod snapshot;
mod storage;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use serde::{Deserialize, Serialize};

pub use json::{
    describe_table_json, index_definitions, list_indexes_json, list_tables_json, list_triggers_json, list_views_json,
};
pub use snapshot::{schema_snapshot_json, tooling_metadata_json};
pub use storage::{apply, create_storage, load};

use crate::search::Analyzer;
use crate::spatial::Shape;
use crate::stack::{MAX_LEVELS, MAX_STORED_LEVELS};
use crate::value::Type;

/// What a view, trigger or foreign key adds to the depth of a statement, besides its own text.
const LINK_LEVELS: usize = 3;

/// An immutable snapshot of the schema. Names are kept as written and looked up by their ASCII lower case.
///
/// The catalogue holds the objects of the database. The temporary objects of a handle form a second catalogue in
/// `temp`. Of the lookups by name, only [`Catalog::home`] searches it.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Rises with every change of the schema.
    pub cookie: u32,
    pub tables: BTreeMap<String, Arc<Table>>,
    pub views: BTreeMap<String, Arc<View>>,
    pub indexes: BTreeMap<String, Arc<Index>>,
    pub triggers: BTreeMap<String, Arc<Trigger>>,
    /// The temporary objects of the handle; `None` until the handle creates the first one.
    temp: Option<Arc<Catalog>>,
    fingerprint: OnceLock<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    pub primary_key: Vec<String>,
    /// The name of the primary key constraint.
    #[serde(default)]
    pub primary_key_name: String,
    #[serde(default)]
    pub uniques: Vec<Unique>,
    #[serde(default)]
    pub checks: Vec<Check>,
    #[serde(default)]
    pub foreign_keys: Vec<ForeignKey>,
    /// The statement that created it, as written.
    pub ddl: String,
    pub temporary: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    pub ty: Type,
    /// The shapes that a column of a spatial type accepts; any shape if absent.
    #[serde(default)]
    pub shape: Option<Shape>,
    pub nullable: bool,
    /// The expression after DEFAULT, in the dialect.
    pub default_sql: Option<String>,
    /// The expression of a generated column, in the dialect.
    #[serde(default)]
    pub generated_sql: Option<String>,
    /// Whether a generated value is stored rather than computed by every read.
    #[serde(default = "yes")]
    pub generated_stored: bool,
    pub auto_increment: bool,
    /// A constraint on this column alone makes its values distinct.
    pub unique: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Unique {
    pub name: String,
    pub columns: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Check {
    /// The name that SQLite reports; generated if the statement names none.
    pub name: String,
    pub named: bool,
    /// The condition, in the dialect.
    pub sql: String,
    /// The column whose definition contains the constraint.
    pub column: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ForeignKey {
    pub name: Option<String>,
    pub columns: Vec<String>,
    pub referenced_table: String,
    pub referenced_columns: Vec<String>,
    pub on_delete: String,
    pub on_update: String,
    /// Whether a column definition contains the constraint rather than the table.
    pub inline: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct View {
    pub name: String,
    pub columns: Vec<ViewColumn>,
    /// The query, in the dialect.
    pub sql_text: String,
    /// Base tables, views expanded.
    pub dependencies: Vec<String>,
    /// Views it reads by name.
    #[serde(default)]
    pub views: Vec<String>,
    /// Temporary tables and views it reads by name; only a temporary view may.
    #[serde(skip)]
    pub temporaries: Vec<String>,
    pub ddl: String,
    pub temporary: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ViewColumn {
    pub name: String,
    pub ty: Type,
    pub nullable: bool,
    pub source: Option<(String, String)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Index {
    pub name: String,
    pub table: String,
    pub unique: bool,
    /// Column names, or expressions in the dialect.
    pub columns: Vec<String>,
    /// Whether its keys include an expression.
    pub expression: bool,
    #[serde(default)]
    pub method: Method,
    pub predicate_sql: Option<String>,
    /// Columns that the index contains without being ordered by them.
    #[serde(default)]
    pub include: Vec<String>,
    /// Whether the engine created it for a foreign key; it is dropped with that key.
    #[serde(default)]
    pub foreign_key: bool,
    pub ddl: String,
}

/// How an index finds rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Method {
    #[default]
    BTree,
    /// Words of texts.
    FullText(Analyzer),
    /// Substrings of texts.
    Trigram,
    /// Bounding boxes.
    Spatial,
}

impl Method {
    /// The spelling used in metadata.
    pub fn name(&self) -> &'static str {
        match self {
            Method::BTree => "btree",
            Method::FullText(_) => "fulltext",
            Method::Trigram => "trigram",
            Method::Spatial => "spatial",
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trigger {
    pub name: String,
    /// The table or view it belongs to.
    pub target: String,
    pub timing: TriggerTiming,
    pub events: Vec<TriggerEvent>,
    /// The statement it runs, in the dialect.
    pub action_sql: String,
    /// Base tables the action reads or writes, views expanded.
    pub dependencies: Vec<String>,
    /// Views the action uses by name.
    pub views: Vec<String>,
    pub ddl: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerTiming {
    /// Of a table.
    After,
    /// Of a view.
    InsteadOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerEvent {
    Insert,
    Update,
    Delete,
}

fn yes() -> bool {
    true
}

/// The effect of a DDL statement on the catalogue, applied in the SQLite transaction that runs the statement.
#[derive(Clone, Debug)]
pub enum Change {
    PutTable(Arc<Table>),
    /// Also drops the table's indexes and triggers.
    DropTable(String),
    PutView(Arc<View>),
    /// Also drops the view's triggers.
    DropView(String),
    PutIndex(Arc<Index>),
    DropIndex(String),
    PutTrigger(Arc<Trigger>),
    DropTrigger(String),
    Several(Vec<Change>),
    /// A change of the temporary objects of the handle, which is not stored.
    Temporary(Box<Change>),
    /// The statement does not change the catalogue, such as `IF NOT EXISTS` of an existing object.
    Nothing,
}

impl Change {
    /// All of `changes`, in their order.
    pub fn all(mut changes: Vec<Change>) -> Change {
        match changes.len() {
            0 => Change::Nothing,
            1 => changes.remove(0),
            _ => Change::Several(changes),
        }
    }
}

/// The key by which names are looked up.
pub fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

impl ForeignKey {
    /// The name in errors and DROP CONSTRAINT, also if the statement named none.
    pub fn constraint_name(&self, table: &str) -> String {
        self.name.clone().unwrap_or_else(|| format!("fk_{table}_{}", self.columns.join("_")))
    }
}

impl Column {
    /// A column with a type and no other property.
    pub fn new(name: &str, ty: Type) -> Self {
        Self {
            name: name.to_owned(),
            ty,
            shape: None,
            nullable: true,
            default_sql: None,
            generated_sql: None,
            generated_stored: true,
            auto_increment: false,
            unique: false,
        }
    }
}

impl Table {
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The single INT64 column that is the primary key and so identifies the row.
    pub fn row_id(&self) -> Option<&Column> {
        match self.primary_key.as_slice() {
            [only] => self.column(only).filter(|column| column.ty == Type::Int64),
            _ => None,
        }
    }
}

impl Trigger {
    /// The statement that creates it.
    pub fn render(&self) -> String {
        let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let events: Vec<&str> = self.events.iter().map(|event| event.sql()).collect();
        format!(
            "CREATE TRIGGER {} {} {} ON {} FOR EACH ROW EXECUTE FUNCTION decentdb_exec_sql('{}')",
            quote(&self.name),
            self.timing.sql(),
            events.join(" OR "),
            quote(&self.target),
            self.action_sql.replace('\'', "''")
        )
    }
}

impl TriggerTiming {
    pub fn sql(self) -> &'static str {
        match self {
            TriggerTiming::After => "AFTER",
            TriggerTiming::InsteadOf => "INSTEAD OF",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            TriggerTiming::After => "after",
            TriggerTiming::InsteadOf => "instead_of",
        }
    }
}

impl TriggerEvent {
    pub fn sql(self) -> &'static str {
        match self {
            TriggerEvent::Insert => "INSERT",
            TriggerEvent::Update => "UPDATE",
            TriggerEvent::Delete => "DELETE",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            TriggerEvent::Insert => "insert",
            TriggerEvent::Update => "update",
            TriggerEvent::Delete => "delete",
        }
    }

    /// Its bit in the mask of a trigger's events.
    pub fn bit(self) -> u32 {
        match self {
            TriggerEvent::Insert => 1,
            TriggerEvent::Update => 2,
            TriggerEvent::Delete => 4,
        }
    }
}

impl Catalog {
    /// How deep SQLite may nest what a statement leads to, besides the statement: views, triggers, and the actions of foreign keys.
    pub fn levels(&self) -> usize {
        let text = |sql: &str| (sql.len() / 2).min(MAX_STORED_LEVELS) + LINK_LEVELS;
        let acts = |key: &ForeignKey| [&key.on_delete, &key.on_update].into_iter().any(|action| action != "NO ACTION");
        let of = |catalog: &Catalog| -> usize {
            let views = catalog.views.values().map(|view| text(&view.sql_text));
            let triggers = catalog.triggers.values().map(|trigger| text(&trigger.action_sql));
            let keys = catalog.tables.values().map(|table| table.foreign_keys.iter().filter(|key| acts(key)).count());
            views.chain(triggers).chain(keys.map(|count| count * LINK_LEVELS)).sum()
        };
        (of(self) + self.temp.as_deref().map_or(0, of)).min(MAX_LEVELS)
    }

    pub fn trigger(&self, name: &str) -> Option<&Arc<Trigger>> {
        self.triggers.get(&key(name))
    }

    /// The triggers of a table or view for an event, ordered by name.
    pub fn triggers_of<'c>(&'c self, target: &'c str, event: TriggerEvent) -> impl Iterator<Item = &'c Arc<Trigger>> {
        let triggers = self.triggers.values();
        triggers.filter(move |each| each.target.eq_ignore_ascii_case(target) && each.events.contains(&event))
    }

    pub fn table(&self, name: &str) -> Option<&Arc<Table>> {
        self.tables.get(&key(name))
    }

    pub fn view(&self, name: &str) -> Option<&Arc<View>> {
        self.views.get(&key(name))
    }

    pub fn index(&self, name: &str) -> Option<&Arc<Index>> {
        self.indexes.get(&key(name))
    }

    /// The temporary objects. Their cookie rises with every change of them.
    pub fn temp(&self) -> &Catalog {
        static NONE: LazyLock<Catalog> = LazyLock::new(Catalog::default);
        self.temp.as_deref().unwrap_or(&NONE)
    }

    /// The catalogue that holds the table or view of an unqualified `name`: a temporary object hides one of the
    /// database.
    pub fn home(&self, name: &str) -> &Catalog {
        let temp = self.temp();
        if temp.table(name).is_some() || temp.view(name).is_some() {
            temp
        } else {
            self
        }
    }

    /// Whether this catalogue has a table, view or index of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.table(name).is_some() || self.view(name).is_some() || self.index(name).is_some()
    }

    /// The tables of the database and the temporary tables, ordered by name.
    pub fn all_tables(&self) -> Vec<&Arc<Table>> {
        let mut tables: Vec<_> = self.tables.values().chain(self.temp().tables.values()).collect();
        tables.sort_by_key(|table| key(&table.name));
        tables
    }

    /// The views of the database and the temporary views, ordered by name.
    pub fn all_views(&self) -> Vec<&Arc<View>> {
        let mut views: Vec<_> = self.views.values().chain(self.temp().views.values()).collect();
        views.sort_by_key(|view| key(&view.name));
        views
    }

    /// The objects of this database together with the temporary objects of `other`.
    #[must_use]
    pub fn with_temp_of(self: Arc<Self>, other: &Catalog) -> Arc<Self> {
        match (&self.temp, &other.temp) {
            (None, None) => self,
            (Some(own), Some(other)) if Arc::ptr_eq(own, other) => self,
            _ => Arc::new(Catalog { temp: other.temp.clone(), fingerprint: OnceLock::new(), ..self.as_ref().clone() }),
        }
    }

    /// The objects of the database without the temporary ones.
    #[must_use]
    pub fn without_temp(self: Arc<Self>) -> Arc<Self> {
        self.with_temp_of(&Catalog::default())
    }

    /// A digest of all definitions, computed on first use.
    pub fn fingerprint(&self) -> &str {
        self.fingerprint.get_or_init(|| snapshot::fingerprint(self))
    }

    /// This catalogue after `change`, with the next cookie.
    #[must_use]
    pub fn with(&self, change: &Change) -> Catalog {
        let mut next = Catalog { fingerprint: OnceLock::new(), ..self.clone() };
        match change {
            Change::Nothing => {}
            Change::Temporary(change) => next.temp = Some(Arc::new(self.temp().with(change))),
            change => {
                next.cookie = next.cookie.wrapping_add(1);
                next.put(change);
            }
        }
        next
    }

    fn put(&mut self, change: &Change) {
        match change {
            Change::PutTable(table) => {
                self.tables.insert(key(&table.name), table.clone());
            }
            Change::DropTable(name) => {
                self.tables.remove(&key(name));
                self.indexes.retain(|_, index| !index.table.eq_ignore_ascii_case(name));
                self.triggers.retain(|_, trigger| !trigger.target.eq_ignore_ascii_case(name));
            }
            Change::PutView(view) => {
                self.views.insert(key(&view.name), view.clone());
            }
            Change::DropView(name) => {
                self.views.remove(&key(name));
                self.triggers.retain(|_, trigger| !trigger.target.eq_ignore_ascii_case(name));
            }
            Change::PutIndex(index) => {
                self.indexes.insert(key(&index.name), index.clone());
            }
            Change::DropIndex(name) => {
                self.indexes.remove(&key(name));
            }
            Change::PutTrigger(trigger) => {
                self.triggers.insert(key(&trigger.name), trigger.clone());
            }
            Change::DropTrigger(name) => {
                self.triggers.remove(&key(name));
            }
            Change::Several(changes) => changes.iter().for_each(|change| self.put(change)),
            Change::Temporary(_) | Change::Nothing => {}
        }
    }
}
