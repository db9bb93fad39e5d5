//! ALTER TABLE.

use sqlparser::ast::AlterTable;

use crate::error::{Error, Result};

use super::binder::Binder;
use super::Parts;

impl Binder<'_> {
    pub fn alter_table(&mut self, alter: &AlterTable) -> Result<Parts> {
        let _ = alter;
        Err(Error::unsupported("ALTER TABLE"))
    }
}
