//! Table functions of three arguments and one column, computed row by row.

use std::borrow::Cow;
use std::ffi::{c_int, CStr};
use std::marker::PhantomData;

use rusqlite::types::{Value, ValueRef};
use rusqlite::vtab::{
    Context, Filters, IndexConstraintOp, IndexInfo, Module, VTab, VTabConfig, VTabConnection, VTabCursor,
};
use rusqlite::{ffi, Connection, Result};

/// The rows of one call.
pub trait Rows {
    /// The value of the current row; `None` after the last row.
    fn current(&self) -> Option<Value>;
    fn advance(&mut self) -> Result<()>;
}

/// Begins a call.
pub type Start = fn([ValueRef<'_>; 3]) -> Result<Box<dyn Rows>>;

#[repr(C)]
struct Table {
    /// SQLite's base struct, which must come first.
    base: ffi::sqlite3_vtab,
    start: Start,
}

// SAFETY: the struct has the layout of C and begins with SQLite's base struct.
unsafe impl<'vtab> VTab<'vtab> for Table {
    type Aux = Start;
    type Cursor = Cursor<'vtab>;

    fn connect(
        connection: &mut VTabConnection,
        start: Option<&Start>,
        _module: &[u8],
        _database: &[u8],
        _table: &[u8],
        _arguments: &[&[u8]],
    ) -> Result<(Cow<'static, CStr>, Self)> {
        let start = *start.ok_or(rusqlite::Error::InvalidQuery)?;
        connection.config(VTabConfig::Innocuous)?;
        let columns = c"CREATE TABLE x(value, start HIDDEN, stop HIDDEN, step HIDDEN)";
        Ok((Cow::Borrowed(columns), Self { base: ffi::sqlite3_vtab::default(), start }))
    }

    fn best_index(&self, info: &mut IndexInfo) -> Result<bool> {
        let mut found = [None; 3];
        for (at, constraint) in info.constraints().enumerate() {
            let argument = usize::try_from(constraint.column() - 1).ok().and_then(|column| found.get_mut(column));
            let equal = constraint.operator() == IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_EQ;
            if let (Some(place), true, true) = (argument, equal, constraint.is_usable()) {
                place.get_or_insert(at);
            }
        }
        for (at, place) in found.into_iter().enumerate() {
            // A different order of the tables provides all arguments before the call.
            let Some(place) = place else { return Ok(false) };
            let mut usage = info.constraint_usage(place);
            usage.set_argv_index(at as c_int + 1);
            usage.set_omit(true);
        }
        info.set_estimated_cost(1000.0);
        info.set_estimated_rows(1000);
        Ok(true)
    }

    fn open(&'vtab mut self) -> Result<Cursor<'vtab>> {
        Ok(Cursor {
            base: ffi::sqlite3_vtab_cursor::default(),
            start: self.start,
            rows: None,
            count: 0,
            table: PhantomData,
        })
    }
}

#[repr(C)]
struct Cursor<'vtab> {
    /// SQLite's base struct, which must come first.
    base: ffi::sqlite3_vtab_cursor,
    start: Start,
    rows: Option<Box<dyn Rows>>,
    count: i64,
    table: PhantomData<&'vtab Table>,
}

// SAFETY: the struct has the layout of C and begins with SQLite's base struct.
unsafe impl VTabCursor for Cursor<'_> {
    fn filter(&mut self, _plan: c_int, _name: Option<&str>, arguments: &Filters<'_>) -> Result<()> {
        let mut values = arguments.iter();
        let mut next = || values.next().ok_or(rusqlite::Error::InvalidQuery);
        self.count = 1;
        self.rows = Some((self.start)([next()?, next()?, next()?])?);
        Ok(())
    }

    fn next(&mut self) -> Result<()> {
        self.count += 1;
        self.rows.as_mut().map_or(Ok(()), |rows| rows.advance())
    }

    fn eof(&self) -> bool {
        self.rows.as_ref().is_none_or(|rows| rows.current().is_none())
    }

    fn column(&self, context: &mut Context, column: c_int) -> Result<()> {
        let value = self.rows.as_ref().filter(|_| column == 0).and_then(|rows| rows.current());
        context.set_result(value.unwrap_or(Value::Null))
    }

    fn rowid(&self) -> Result<i64> {
        Ok(self.count)
    }
}

/// Registers a table function on `connection`.
pub fn register(connection: &Connection, name: &'static CStr, start: Start) -> Result<()> {
    const MODULE: Module<Table> = Module::eponymous_only_module();
    connection.create_module(name, &MODULE, Some(start))
}
