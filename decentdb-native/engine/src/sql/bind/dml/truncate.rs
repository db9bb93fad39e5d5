//! TRUNCATE.

use std::sync::Arc;

use sqlparser::ast::{CascadeOption, Truncate, TruncateIdentityOption};

use crate::catalog::{Table, TriggerEvent};
use crate::error::{Error, Result};
use crate::sql::bind::binder::Binder;
use crate::sql::emit::qualified_name;
use crate::sql::errors::{depends, refuse};
use crate::sql::grammar::{path, require_user_name, text_literal};
use crate::sql::program::{Parts, Program, StatementKind};

impl Binder<'_> {
    pub fn truncate(&mut self, truncate: &Truncate) -> Result<Parts> {
        refuse(truncate.partitions.is_some() || truncate.if_exists, "this form of TRUNCATE")?;
        refuse(truncate.on_cluster.is_some(), "this form of TRUNCATE")?;
        let [target] = truncate.table_names.as_slice() else {
            return Err(Error::unsupported("TRUNCATE of several tables"));
        };
        let path = path(&target.name)?;
        let unknown = || Error::unknown_relation(&path.name);
        require_user_name(&path.name).map_err(|_| unknown())?;
        let home = self.home(&path);
        refuse(home.view(&path.name).is_some(), "TRUNCATE of a view")?;
        let table = Arc::clone(home.table(&path.name).ok_or_else(unknown)?);
        let cascade = matches!(truncate.cascade, Some(CascadeOption::Cascade));
        let mut emptied = Vec::new();
        self.emptied_with(&table, cascade, &mut Vec::new(), &mut emptied)?;
        // Tables that reference each other are empty in the end.
        let restart = matches!(truncate.identity, Some(TruncateIdentityOption::Restart));
        let mut script = vec!["PRAGMA defer_foreign_keys = ON".to_owned()];
        for table in &emptied {
            if self.catalog.triggers_of(&table.name, TriggerEvent::Delete).next().is_some() && !table.temporary {
                let message = format!("TRUNCATE of {}, which has a DELETE trigger,", table.name);
                return Err(Error::unsupported(message).hint("write DELETE FROM, which fires it"));
            }
            if table.temporary {
                self.uses_temporary(&table.name);
            } else {
                self.uses(&table.name);
            }
            script.push(format!("DELETE FROM {}", qualified_name(&table.name, table.temporary)));
            if restart && table.row_id().is_some() {
                let kept = if table.temporary { "temp.sqlite_sequence" } else { "main.__ddb_ids" };
                script.push(format!("DELETE FROM {kept} WHERE name = {}", text_literal(&table.name)));
            }
        }
        let names = emptied.iter().filter(|_| !restart).map(|table| table.name.clone());
        self.numbering.emptied = Some(names.collect());
        script.push("PRAGMA defer_foreign_keys = OFF".to_owned());
        Ok(Parts {
            kind: StatementKind::Delete,
            program: Program::Script(script),
            columns: Vec::new(),
            target: Some(table),
            id_only: None,
        })
    }

    /// Puts `table` and, before it, the tables that reference it among the `emptied`.
    fn emptied_with(
        &self,
        table: &Arc<Table>,
        cascade: bool,
        seen: &mut Vec<String>,
        emptied: &mut Vec<Arc<Table>>,
    ) -> Result<()> {
        if seen.contains(&table.name) {
            return Ok(());
        }
        seen.push(table.name.clone());
        let references = |other: &Table| other.foreign_keys.iter().any(|key| key.referenced_table == table.name);
        for other in self.catalog.tables.values().filter(|other| !table.temporary && references(other)) {
            if !cascade && other.name != table.name {
                let message = format!("cannot truncate table {}: {} references it", table.name, other.name);
                return Err(depends(message).with("relation", table.name.as_str()).hint("write CASCADE"));
            }
            self.emptied_with(other, cascade, seen, emptied)?;
        }
        emptied.push(Arc::clone(table));
        Ok(())
    }
}
