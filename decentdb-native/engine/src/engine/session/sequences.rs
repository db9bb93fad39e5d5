//! The functions of sequences. The present values are rows of a table, which a function reads and changes in the transaction of
//! the statement that calls it: a rollback takes a value back, and no two transactions get the same one, since only one writes.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::OptionalExtension;

use crate::catalog::key;
use crate::error::{Error, Result, Status};
use crate::functions;
use crate::sql::{sequence_name, CURRENT_VALUE, LAST_VALUE, NEXT_VALUE, SET_VALUE};
use crate::sqlite::{self, Connection};

/// The values that the open transaction took, which `currval` and `lastval` give. Programs share handles, so that
/// they end with the transaction.
#[derive(Clone, Default)]
pub(in crate::engine) struct Sequences(Arc<Mutex<Taken>>);

#[derive(Default)]
struct Taken {
    values: HashMap<String, i64>,
    last: Option<i64>,
}

/// The row of a sequence.
struct State {
    value: i64,
    called: bool,
    increment: i64,
    lowest: i64,
    highest: i64,
    cycles: bool,
}

impl Sequences {
    pub fn register(connection: &Connection) -> Result<Self> {
        let sequences = Self::default();
        // Not deterministic: every call gives another value. Defaults of columns call it.
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
        let (next, set) = (sequences.clone(), sequences.clone());
        let (current, last) = (sequences.clone(), sequences.clone());
        let inner = connection.inner();
        inner
            .create_scalar_function(NEXT_VALUE, 1, flags, move |context: &Context<'_>| next.next(context))
            .and_then(|()| {
                inner.create_scalar_function(SET_VALUE, 3, flags, move |context: &Context<'_>| set.set(context))
            })
            .and_then(|()| {
                inner.create_scalar_function(CURRENT_VALUE, 1, flags, move |context: &Context<'_>| {
                    let name = name(context)?;
                    let value = current.0.lock().values.get(&name).copied();
                    value.ok_or_else(|| raise(&untaken(&format!("currval of sequence {name}"))))
                })
            })
            .and_then(|()| {
                inner.create_scalar_function(LAST_VALUE, 0, flags, move |_: &Context<'_>| {
                    last.0.lock().last.ok_or_else(|| raise(&untaken("lastval")))
                })
            })
            .map_err(|error| sqlite::from_rusqlite(&error))?;
        Ok(sequences)
    }

    pub fn forget(&self) {
        let mut taken = self.0.lock();
        if taken.last.is_some() {
            *taken = Taken::default();
        }
    }

    fn next(&self, context: &Context<'_>) -> rusqlite::Result<i64> {
        let name = name(context)?;
        // SAFETY: the connection is used within the call alone.
        let connection = unsafe { context.get_connection()? };
        let state = read(&connection, &name)?;
        let value = state.next(&name).map_err(|error| raise(&error))?;
        write(&connection, &name, value, true)?;
        self.took(name, value);
        Ok(value)
    }

    fn set(&self, context: &Context<'_>) -> rusqlite::Result<Option<i64>> {
        let name = name(context)?;
        let (Some(value), Some(called)) = (context.get::<Option<i64>>(1)?, context.get::<Option<bool>>(2)?) else {
            return Ok(None);
        };
        // SAFETY: the connection is used within the call alone.
        let connection = unsafe { context.get_connection()? };
        let State { lowest, highest, .. } = read(&connection, &name)?;
        if value < lowest || value > highest {
            let message = format!("setval: {value} is outside of the values of sequence {name} ({lowest}..{highest})");
            return Err(raise(&Error::new(Status::Sql, "sql.out_of_range", Some("22003"), message)));
        }
        write(&connection, &name, value, called)?;
        if called {
            self.took(name, value);
        }
        Ok(Some(value))
    }

    fn took(&self, name: String, value: i64) {
        let mut taken = self.0.lock();
        taken.values.insert(name, value);
        taken.last = Some(value);
    }
}

impl State {
    fn next(&self, name: &str) -> Result<i64> {
        if !self.called {
            return Ok(self.value);
        }
        let up = self.increment > 0;
        match self.value.checked_add(self.increment) {
            Some(next) if (self.lowest..=self.highest).contains(&next) => Ok(next),
            _ if self.cycles => Ok(if up { self.lowest } else { self.highest }),
            _ => {
                let (end, bound) = if up { ("maximum", self.highest) } else { ("minimum", self.lowest) };
                let message = format!("nextval: reached {end} value of sequence {name} ({bound})");
                Err(Error::new(Status::Sql, "sql.out_of_range", Some("2200H"), message))
            }
        }
    }
}

fn raise(error: &Error) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(functions::failure(error).into())
}

fn untaken(what: &str) -> Error {
    let message = format!("{what} is not defined: the open transaction has not called nextval");
    Error::new(Status::Sql, "sql.sequence_unused", Some("55000"), message)
}

/// The key of the sequence that the first argument names.
fn name(context: &Context<'_>) -> rusqlite::Result<String> {
    let text: Option<String> = context.get(0)?;
    sequence_name(&text.unwrap_or_default()).map(|name| key(&name)).map_err(|error| raise(&error))
}

fn read(connection: &rusqlite::Connection, name: &str) -> rusqlite::Result<State> {
    let sql = "SELECT value, called, increment, lowest, highest, cycles FROM main.__ddb_sequences WHERE name = ?1";
    let state = connection.prepare(sql).and_then(|mut statement| {
        let row = |row: &rusqlite::Row<'_>| {
            Ok(State {
                value: row.get(0)?,
                called: row.get(1)?,
                increment: row.get(2)?,
                lowest: row.get(3)?,
                highest: row.get(4)?,
                cycles: row.get(5)?,
            })
        };
        statement.query_row([name], row).optional()
    });
    match state {
        Ok(Some(state)) => Ok(state),
        // Without the first sequence there is no table.
        Ok(None) => Err(raise(&Error::unknown_sequence(name))),
        Err(error) if error.to_string().contains("no such table") => Err(raise(&Error::unknown_sequence(name))),
        Err(error) => Err(error),
    }
}

fn write(connection: &rusqlite::Connection, name: &str, value: i64, called: bool) -> rusqlite::Result<()> {
    let sql = "UPDATE main.__ddb_sequences SET value = ?2, called = ?3 WHERE name = ?1";
    connection.prepare(sql)?.execute((name, value, called)).map(drop)
}
