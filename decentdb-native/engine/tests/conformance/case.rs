//! The cases: the statements to run and their recorded outcomes.
//!
//! A file holds `[[case]]` tables. A case is one step, or has several as `[[case.step]]` tables. It starts in a new
//! database in memory, or in a file with `file = true`, after the statements of its `setup`. An entry `@name` of
//! `setup` stands for the list of that name in the file's `[setups]`.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::Deserialize;
use toml_edit::{DocumentMut, Item, Table};

use crate::outcome::Outcome;

pub struct File {
    pub path: PathBuf,
    pub document: DocumentMut,
    pub setups: BTreeMap<String, Vec<String>>,
    pub cases: Vec<Case>,
}

pub struct Case {
    pub id: String,
    pub head: Head,
    pub steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    #[serde(default)]
    pub setup: Vec<String>,
    #[serde(default)]
    pub file: bool,
}

pub struct Step {
    pub request: Request,
    pub expected: Outcome,
}

/// Either `sql` with its parameters, or a `call` of a different function, with its argument if it takes one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub sql: Option<String>,
    #[serde(default)]
    pub params: Vec<String>,
    #[serde(default)]
    pub mode: Mode,
    pub call: Option<Call>,
    #[serde(default)]
    pub argument: String,
    /// Compares only the column names and the tags of the first row: the values differ between engines.
    #[serde(default)]
    pub tags_only: bool,
    /// Text that the error message must contain, in upper or lower case.
    #[serde(default)]
    pub mentions: Vec<String>,
}

/// The functions that run a statement.
#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// `ddb_db_execute`
    #[default]
    Execute,
    /// `ddb_db_execute_queued`
    Queued,
    /// `ddb_db_prepare`, then `ddb_stmt_step` and a copy of each value
    Step,
    /// `ddb_db_prepare`, then `ddb_stmt_fetch_row_views` in blocks of two rows
    Fetch,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    ListTables,
    DescribeTable,
    TableDdl,
    ListIndexes,
    ListViews,
    ViewDdl,
    ListTriggers,
    SchemaSnapshot,
    ToolingMetadata,
    DescribeQuery,
    BeginTransaction,
    CommitTransaction,
    RollbackTransaction,
    InTransaction,
    Checkpoint,
    /// Frees the handle and opens the file again.
    Reopen,
}

impl Request {
    pub fn title(&self) -> String {
        match &self.sql {
            Some(sql) if self.params.is_empty() => sql.clone(),
            Some(sql) => format!("{sql} with {}", self.params.join(", ")),
            None => format!("{:?} {}", self.call.expect("a step has either sql or a call"), self.argument),
        }
    }
}

impl Case {
    /// The name of a step in messages and in the list of differences: the id of the case, and the number of the step if
    /// there are several.
    pub fn step_id(&self, index: usize) -> String {
        match self.steps.len() {
            1 => self.id.clone(),
            _ => format!("{}#{}", self.id, index + 1),
        }
    }
}

/// The files of cases in the order of their names.
pub fn load(folder: &Path) -> Vec<File> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let files: Vec<File> = paths.into_iter().map(File::load).collect();
    let mut ids = HashSet::new();
    for case in files.iter().flat_map(|file| &file.cases) {
        assert!(ids.insert(&case.id), "two cases have the id {}", case.id);
    }
    files
}

impl File {
    fn load(path: PathBuf) -> File {
        let document = read_toml(&path);
        let mut rest = document.as_table().clone();
        let cases = rest.remove("case").unwrap_or_else(|| panic!("{}: no [[case]]", path.display()));
        let cases = tables(&cases).map(|table| read_case(table.clone(), &path)).collect();
        let setups = rest.remove("setups").map(|setups| match setups {
            Item::Table(setups) => read(setups, &path, "setups"),
            _ => panic!("{}: [setups] is a table", path.display()),
        });
        assert!(rest.is_empty(), "{}: only [setups] and [[case]] are known", path.display());
        File { path, document, setups: setups.unwrap_or_default(), cases }
    }

    /// The statements that come before the steps of a case.
    pub fn setup<'a>(&'a self, case: &'a Case) -> impl Iterator<Item = &'a str> {
        case.head.setup.iter().flat_map(move |entry| match entry.strip_prefix('@') {
            Some(name) => match self.setups.get(name) {
                Some(statements) => statements.iter().map(String::as_str).collect(),
                None => panic!("{}: there is no setup {name}", case.id),
            },
            None => vec![entry.as_str()],
        })
    }
}

pub fn read_toml(path: &Path) -> DocumentMut {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn tables(item: &Item) -> impl Iterator<Item = &Table> {
    item.as_array_of_tables().expect("cases, steps and differences are arrays of tables").iter()
}

fn read_case(mut table: Table, path: &Path) -> Case {
    let id = take_id(&mut table, path);
    let mut head = Table::new();
    for key in ["setup", "file"] {
        if let Some(item) = table.remove(key) {
            head.insert(key, item);
        }
    }
    let steps = match table.remove("step") {
        Some(steps) => {
            assert!(table.is_empty(), "{id}: it is either one step or has several");
            tables(&steps).map(|step| read_step(step.clone(), path, &id)).collect()
        }
        None => vec![read_step(table, path, &id)],
    };
    Case { head: read(head, path, &id), id, steps }
}

fn read_step(mut table: Table, path: &Path, id: &str) -> Step {
    let expected = take_outcome(&mut table, path, id);
    let request: Request = read(table, path, id);
    assert!(request.sql.is_some() != request.call.is_some(), "{id}: a step has either sql or a call");
    Step { request, expected }
}

pub fn take_id(table: &mut Table, path: &Path) -> String {
    match table.remove("id").as_ref().and_then(Item::as_str) {
        Some(id) => id.to_owned(),
        None => panic!("{}: an entry has no id", path.display()),
    }
}

pub fn take_outcome(table: &mut Table, path: &Path, id: &str) -> Outcome {
    let mut outcome = Table::new();
    for key in Outcome::KEYS {
        if let Some(item) = table.remove(key) {
            outcome.insert(key, item);
        }
    }
    read(outcome, path, id)
}

pub fn read<T: DeserializeOwned>(table: Table, path: &Path, id: &str) -> T {
    toml_edit::de::from_document(DocumentMut::from(table))
        .unwrap_or_else(|error| panic!("{}: {id}: {error}", path.display()))
}
