//! Runs compiled statements on an SQLite database in memory, as the engine does on a file.

use std::sync::Arc;

use decentdb::testing::catalog::{self, Catalog};
use decentdb::testing::error::{Error, Result, Status};
use decentdb::testing::functions;
use decentdb::testing::sql::{self, Compiled, Program};
use decentdb::testing::types::{self, Raw};
use decentdb::testing::value::{Stored, Type, Value};
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{ffi, params_from_iter, Connection};

pub struct Database {
    pub connection: Connection,
    pub catalog: Arc<Catalog>,
}

#[derive(Debug)]
pub struct Rows {
    pub names: Vec<String>,
    pub types: Vec<Type>,
    pub rows: Vec<Vec<Value>>,
}

impl Database {
    pub fn new() -> Self {
        let connection = Connection::open_in_memory().unwrap();
        functions::register(&connection).unwrap();
        catalog::create_storage(&connection).unwrap();
        connection.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        let catalog = Arc::new(catalog::load(&connection).unwrap());
        Self { connection, catalog }
    }

    pub fn with(statements: &[&str]) -> Self {
        let mut database = Self::new();
        for statement in statements {
            database.run(statement);
        }
        database
    }

    #[track_caller]
    pub fn run(&mut self, statement: &str) -> Rows {
        self.try_run(statement, &[]).unwrap_or_else(|error| panic!("{statement}: {error:?}"))
    }

    #[track_caller]
    pub fn query(&mut self, statement: &str, values: &[Value]) -> Rows {
        self.try_run(statement, values).unwrap_or_else(|error| panic!("{statement}: {error:?}"))
    }

    #[track_caller]
    pub fn fails(&mut self, statement: &str) -> Error {
        self.try_run(statement, &[]).map(|rows| panic!("{statement} gave {rows:?}")).unwrap_err()
    }

    /// The rows as text: `|` separates the cells, and NULL is written `NULL`.
    #[track_caller]
    pub fn texts(&mut self, statement: &str) -> Vec<String> {
        let cell = |value: &Value| match value {
            Value::Null => "NULL".to_owned(),
            value => types::iso_text(value),
        };
        self.run(statement).rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join("|")).collect()
    }

    pub fn try_run(&mut self, statement: &str, values: &[Value]) -> Result<Rows> {
        let tags: Vec<Option<Type>> = values.iter().map(|value| Type::from_tag(value.tag())).collect();
        let compiled = sql::compile(statement, &self.catalog, &tags, sql::Sizes::Described)?;
        match &compiled.program {
            Program::Statement(text) => self.execute(text, &compiled, values),
            Program::Explain { query, .. } => {
                let text = format!("EXPLAIN QUERY PLAN {query}");
                let mut prepared = self.connection.prepare(&text).map_err(|error| self.failure(&error, &compiled))?;
                let lines: rusqlite::Result<Vec<String>> = prepared
                    .query_map(params_from_iter(compiled.params.iter().map(|_| rusqlite::types::Null)), |row| {
                        row.get(3)
                    })
                    .unwrap()
                    .collect();
                let rows = lines.unwrap().into_iter().map(|line| vec![Value::Text(line)]).collect();
                Ok(Rows { names: vec!["plan".into()], types: vec![Type::Text], rows })
            }
            Program::Ddl { statements, change } => {
                let next = self.catalog.with(change);
                self.connection.execute_batch("SAVEPOINT ddl").unwrap();
                let enforce = |on| self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, on).unwrap();
                enforce(false);
                let done = statements.iter().try_for_each(|text| {
                    self.connection.execute_batch(text).map_err(|error| failure(&error, &compiled, &next))
                });
                enforce(true);
                if let Err(error) = done {
                    self.connection.execute_batch("ROLLBACK TO ddl; RELEASE ddl").unwrap();
                    return Err(error);
                }
                catalog::apply(&self.connection, change, next.cookie)?;
                self.connection.execute_batch("RELEASE ddl").unwrap();
                self.catalog = Arc::new(next);
                Ok(Rows { names: Vec::new(), types: Vec::new(), rows: Vec::new() })
            }
            Program::Script(statements) => {
                self.connection
                    .execute_batch(&statements.join(";"))
                    .map_err(|error| self.failure(&error, &compiled))?;
                Ok(Rows { names: Vec::new(), types: Vec::new(), rows: Vec::new() })
            }
            Program::Session(_) => panic!("the engine runs {statement}"),
            Program::Transaction(_) => panic!("the tests of the front end run no transactions"),
        }
    }

    fn execute(&self, text: &str, compiled: &Compiled, values: &[Value]) -> Result<Rows> {
        let mut bound = Vec::new();
        for index in 0..compiled.params.len() {
            let value = values.get(index).unwrap_or(&Value::Null);
            bound.push(match sql::bind(compiled, index, value)? {
                Stored::Null => rusqlite::types::Value::Null,
                Stored::Integer(number) => number.into(),
                Stored::Real(number) => number.into(),
                Stored::Text(text) => text.into(),
                Stored::Blob(bytes) => bytes.into(),
            });
        }
        let mut prepared = self.connection.prepare(text).map_err(|error| {
            eprintln!("emitted: {text}");
            self.failure(&error, compiled)
        })?;
        let names: Vec<String> = compiled.columns.iter().map(|column| column.name.clone()).collect();
        let types: Vec<Type> = compiled.columns.iter().map(|column| column.ty.clone()).collect();
        let mut cursor = prepared.query(params_from_iter(bound)).map_err(|error| self.failure(&error, compiled))?;
        let mut rows = Vec::new();
        while let Some(row) = cursor.next().map_err(|error| self.failure(&error, compiled))? {
            let mut cells = Vec::new();
            for (at, ty) in types.iter().enumerate() {
                let raw = match row.get_ref(at).unwrap() {
                    ValueRef::Null => Raw::Null,
                    ValueRef::Integer(number) => Raw::Integer(number),
                    ValueRef::Real(number) => Raw::Real(number),
                    ValueRef::Text(bytes) => Raw::Text(std::str::from_utf8(bytes).unwrap()),
                    ValueRef::Blob(bytes) => Raw::Blob(bytes),
                };
                cells.push(types::load(raw, ty).unwrap_or_else(|| panic!("{text}: {raw:?} is no {}", ty.name())));
            }
            rows.push(cells);
        }
        Ok(Rows { names, types, rows })
    }

    fn failure(&self, error: &rusqlite::Error, compiled: &Compiled) -> Error {
        failure(error, compiled, &self.catalog)
    }
}

fn failure(error: &rusqlite::Error, compiled: &Compiled, catalog: &Catalog) -> Error {
    let message = match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        other => other.to_string(),
    };
    if let Some(error) = functions::decode_error(&message) {
        return error;
    }
    match error.sqlite_error() {
        Some(ffi::Error { code: ffi::ErrorCode::ConstraintViolation, extended_code: 787 }) => {
            match sql::suspects(compiled, catalog).as_slice() {
                [only] => sql::foreign_key_error(compiled, Some(only)),
                _ => sql::foreign_key_error(compiled, None),
            }
        }
        Some(ffi::Error { code: ffi::ErrorCode::ConstraintViolation, extended_code }) => sql::constraint_error(
            *extended_code,
            &message,
            compiled.target.as_ref().map(|table| table.name.as_str()),
            catalog,
        ),
        _ => Error::new(Status::Internal, "internal.sqlite", None, format!("SQLite: {message}")),
    }
}

/// Compares the text of each expression's value, or its error, with the expected text.
#[track_caller]
pub fn gives(cases: &[(&str, &str)]) {
    let mut database = Database::new();
    let mut wrong = Vec::new();
    for (expression, expected) in cases {
        let found = match database.try_run(&format!("SELECT {expression}"), &[]) {
            Ok(rows) => match &rows.rows[0][0] {
                Value::Null => "NULL".to_owned(),
                value => types::iso_text(value),
            },
            Err(error) => format!("{} {}", error.sqlstate.unwrap_or("-"), error.message),
        };
        if found != *expected {
            wrong.push(format!("{expression}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
