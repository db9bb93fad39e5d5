//! Runs a case and returns the outcome of each of its steps.

use crate::case::{Call, Case, File, Mode, Request};
use crate::library::{Called, Database, Failed, Library, Rows};
use crate::outcome::{canonical_json, Outcome};
use crate::value::{self, Parameter};

/// The outcome of a step, and the message if it failed.
#[derive(Clone)]
pub struct Answered {
    pub outcome: Outcome,
    pub message: String,
}

pub fn case(library: &Library, file: &File, case: &Case) -> Vec<Answered> {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let path = match case.head.file {
        true => folder.path().join("case.ddb").to_str().expect("the path is UTF-8").to_owned(),
        false => ":memory:".to_owned(),
    };
    let mut database = Some(open(library, &path, case));
    for sql in file.setup(case) {
        if let Some(Err(mut failed)) = database.as_ref().map(|database| database.execute(sql, &[])) {
            failed.failure.setup = Some(sql.to_owned());
            return vec![Answered::from(failed); case.steps.len()];
        }
    }
    let mut answers = Vec::new();
    for (at, step) in case.steps.iter().enumerate() {
        if let Some(Call::Reopen) = step.request.call {
            database.take();
            database = Some(open(library, &path, case));
        }
        let database = database.as_ref().expect("the database is open");
        let done = request(database, &step.request, &case.step_id(at));
        answers.push(done.map_or_else(Answered::from, |outcome| Answered { outcome, message: String::new() }));
    }
    answers
}

fn open<'a>(library: &'a Library, path: &str, case: &Case) -> Database<'a> {
    library.open(path).unwrap_or_else(|failed| panic!("{}: cannot open {path}: {}", case.id, failed.message))
}

impl From<Box<Failed>> for Answered {
    fn from(failed: Box<Failed>) -> Answered {
        Answered { outcome: Outcome::failed(failed.failure), message: failed.message }
    }
}

fn request(database: &Database, request: &Request, id: &str) -> Called<Outcome> {
    let Some(sql) = &request.sql else {
        return call(database, request);
    };
    let parse = |text: &String| value::parse(text).unwrap_or_else(|| panic!("{id}: {text} is no parameter"));
    let parameters: Vec<Parameter> = request.params.iter().map(parse).collect();
    let rows = match request.mode {
        Mode::Execute => database.execute(sql, &parameters),
        Mode::Queued => database.execute_queued(sql, &parameters),
        Mode::Step => database.step(sql, &parameters),
        Mode::Fetch => database.fetch(sql, &parameters),
    };
    rows.map(|rows| outcome(rows, request.tags_only))
}

fn outcome(read: Rows, tags_only: bool) -> Outcome {
    if tags_only {
        let tags = read.tags.iter().map(|tag| value::tag_name(*tag).to_owned()).collect();
        return Outcome { columns: read.columns, rows: vec![tags], ..Outcome::default() };
    }
    let own_count = read.columns.is_empty() || read.affected != read.rows.len() as u64;
    Outcome {
        columns: read.columns,
        rows: read.rows,
        affected: own_count.then_some(read.affected),
        ..Outcome::default()
    }
}

fn call(database: &Database, request: &Request) -> Called<Outcome> {
    let json = |text: String| Outcome { json: Some(canonical_json(&text)), ..Outcome::default() };
    let text = |text: String| Outcome { text: Some(text), ..Outcome::default() };
    let done = |()| text("done".to_owned());
    let argument = &request.argument;
    match request.call.expect("a step has either sql or a call") {
        Call::ListTables => database.text("ddb_db_list_tables_json").map(json),
        Call::DescribeTable => database.text_of("ddb_db_describe_table_json", argument).map(json),
        Call::TableDdl => database.text_of("ddb_db_get_table_ddl", argument).map(text),
        Call::ListIndexes => database.text("ddb_db_list_indexes_json").map(json),
        Call::ListViews => database.text("ddb_db_list_views_json").map(json),
        Call::ViewDdl => database.text_of("ddb_db_get_view_ddl", argument).map(text),
        Call::ListTriggers => database.text("ddb_db_list_triggers_json").map(json),
        Call::SchemaSnapshot => database.text("ddb_db_get_schema_snapshot_json").map(json),
        Call::ToolingMetadata => database.text("ddb_db_get_tooling_metadata_json").map(json),
        Call::DescribeQuery => database.text_of("ddb_db_describe_query_json", argument).map(json),
        Call::BeginTransaction => database.call("ddb_db_begin_transaction").map(done),
        Call::CommitTransaction => database.commit().map(done),
        Call::RollbackTransaction => database.call("ddb_db_rollback_transaction").map(done),
        Call::InTransaction => database.in_transaction().map(|flag| text(flag.to_string())),
        Call::Checkpoint => database.call("ddb_db_checkpoint").map(done),
        Call::Reopen => Ok(done(())),
    }
}
