//! Where an object lives: in the database, or with the handle.

use sqlparser::ast::ObjectName;

use crate::catalog::{Catalog, Change};
use crate::error::{Error, Result};
use crate::sql::bind::Binder;
use crate::sql::grammar::{path, quote, require_user_name, Schema};

/// A name that means exactly one object in the emitted SQL.
pub(crate) fn qualified_name(name: &str, temporary: bool) -> String {
    format!("{}.{}", if temporary { "temp" } else { "main" }, quote(name))
}

/// The change of the catalogue that holds the object.
pub(crate) fn in_schema(change: Change, temporary: bool) -> Change {
    if temporary {
        Change::Temporary(Box::new(change))
    } else {
        change
    }
}

impl<'a> Binder<'a> {
    /// The name of a table or view to be created and the catalogue it goes to.
    pub fn new_relation(&self, written: &ObjectName, temporary: bool) -> Result<(String, &'a Catalog)> {
        let path = path(written)?;
        require_user_name(&path.name)?;
        match path.schema {
            Some(Schema::Main) if temporary => {
                Err(Error::syntax(format!("a temporary object cannot be created in the schema main: {written}")))
            }
            Some(Schema::Temp) => Ok((path.name, self.catalog.temp())),
            _ if temporary => Ok((path.name, self.catalog.temp())),
            _ => Ok((path.name, self.catalog)),
        }
    }
}
