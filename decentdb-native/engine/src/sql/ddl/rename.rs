//! ALTER TABLE ... RENAME: every text that names the table or column follows.

use std::sync::Arc;

use crate::catalog::{Catalog, Change, Table, Trigger};
use crate::error::{Error, Result, Status};
use crate::sql::bind::Binder;
use crate::sql::emit::{create_shadow_index, drop_shadow_indexes};
use crate::sql::errors::{already_exists, depends};
use crate::sql::grammar::{quote, require_user_name, text_literal};
use crate::sql::program::Parts;

use super::alter::known;
use super::index::definition;
use super::stored_expr::Renaming;
use super::table_text::table_text;

impl Binder<'_> {
    pub fn rename_column(&mut self, table: &Table, written: &str, to: String) -> Result<Parts> {
        let column = known(table, written)?;
        if table.column(&to).is_some_and(|other| other.name != column) {
            let message = format!("column {to} already exists on {}", table.name);
            return Err(Error::new(Status::Sql, "sql.duplicate_column", Some("42701"), message)
                .with("relation", table.name.clone())
                .with("column", to));
        }
        if to.is_empty() || to.contains('\0') {
            return Err(Error::syntax("a name must not be empty"));
        }
        self.require_no_view(table)?;
        let renaming = Renaming::Column { from: &column, to: &to };
        let rename = |names: &mut Vec<String>| {
            names.iter_mut().filter(|name| **name == column).for_each(|name| name.clone_from(&to));
        };
        let mut next = table.clone();
        next.columns.iter_mut().filter(|other| other.name == column).for_each(|other| other.name.clone_from(&to));
        rename(&mut next.primary_key);
        next.uniques.iter_mut().for_each(|unique| rename(&mut unique.columns));
        next.checks.iter_mut().filter(|check| check.column.as_ref() == Some(&column)).for_each(|check| {
            check.column = Some(to.clone());
        });
        next.foreign_keys.iter_mut().for_each(|key| rename(&mut key.columns));
        let sql = format!("ALTER TABLE {} RENAME COLUMN {} TO {}", quote(&table.name), quote(&column), quote(&to));
        self.renamed(table, next, &renaming, sql, |key| rename(&mut key.referenced_columns))
    }

    pub fn rename_table(&mut self, table: &Table, to: String) -> Result<Parts> {
        require_user_name(&to)?;
        if self.catalog.contains(&to) {
            return Err(already_exists(&to));
        }
        self.require_no_view(table)?;
        let next = Table { name: to.clone(), ..table.clone() };
        let (from, into) = (text_literal(&table.name), text_literal(&to));
        let sql = format!(
            "ALTER TABLE {} RENAME TO {}; UPDATE __ddb_ids SET name = {into} WHERE name = {from}",
            quote(&table.name),
            quote(&to)
        );
        self.renamed(table, next, &Renaming::Table { to: &to }, sql, |key| key.referenced_table.clone_from(&to))
    }

    /// Renames in the expressions of the table, in its indexes, and with `retarget` in the foreign keys that reference it;
    /// SQLite does the same to its own texts.
    fn renamed(
        &self,
        table: &Table,
        mut next: Table,
        renaming: &Renaming<'_>,
        sql: String,
        retarget: impl Fn(&mut crate::catalog::ForeignKey),
    ) -> Result<Parts> {
        let follow = |other: &mut Table| {
            other.foreign_keys.iter_mut().filter(|key| key.referenced_table == table.name).for_each(&retarget);
            other.ddl = table_text(other);
        };
        for check in &mut next.checks {
            check.sql = renaming.text(&check.sql)?;
        }
        for generated in next.columns.iter_mut().filter_map(|column| column.generated_sql.as_mut()) {
            *generated = renaming.text(generated)?;
        }
        follow(&mut next);
        let mut statements = drop_shadow_indexes(self.catalog, &table.name);
        statements.push(sql);
        let mut changes = Vec::new();
        if next.name != table.name {
            changes.push(Change::DropTable(table.name.clone()));
        }
        for index in self.catalog.indexes.values().filter(|index| index.table == table.name) {
            let mut create = definition(index)?;
            renaming.index(&mut create);
            let mut index = index.as_ref().clone();
            index.table.clone_from(&next.name);
            if let Renaming::Column { from, to } = renaming {
                let columns = index.columns.iter_mut().chain(&mut index.include);
                columns.filter(|column| column == from).for_each(|column| (*to).clone_into(column));
            }
            // An expression among the keys is kept as its text.
            for (key, text) in index.columns.iter_mut().zip(&create.columns) {
                if next.column(key).is_none() {
                    *key = text.column.expr.to_string();
                }
            }
            index.predicate_sql = create.predicate.as_ref().map(ToString::to_string);
            index.ddl = create.to_string();
            statements.extend(create_shadow_index(&next, &index)?);
            changes.push(Change::PutIndex(Arc::new(index)));
        }
        let next_name = next.name.clone();
        changes.push(Change::PutTable(Arc::new(next)));
        for other in self.catalog.tables.values().filter(|other| other.name != table.name) {
            if other.foreign_keys.iter().any(|key| key.referenced_table == table.name) {
                let mut other = other.as_ref().clone();
                follow(&mut other);
                changes.push(Change::PutTable(Arc::new(other)));
            }
        }
        if next_name != table.name {
            for trigger in self.catalog.triggers.values().filter(|trigger| trigger.target == table.name) {
                let mut trigger = Trigger { target: next_name.clone(), ..trigger.as_ref().clone() };
                trigger.ddl = trigger.render();
                changes.push(Change::PutTrigger(Arc::new(trigger)));
            }
        }
        let change = Change::Several(changes);
        let mut all = self.triggers_sql(&Catalog::default(), &table.name)?;
        all.extend(statements);
        all.extend(self.triggers_sql(&self.catalog.with(&change), &next_name)?);
        Ok(Parts::ddl(all, change))
    }

    fn require_no_view(&self, table: &Table) -> Result<()> {
        match self.catalog.all_views().into_iter().find(|view| view.dependencies.contains(&table.name)) {
            Some(view) => {
                let message = format!("cannot rename in table {} because view {} reads it", table.name, view.name);
                Err(depends(message).with("relation", table.name.clone()))
            }
            None => {
                let mut triggers = self.catalog.triggers.values();
                match triggers.find(|trigger| trigger.dependencies.contains(&table.name)) {
                    Some(trigger) => {
                        let name = &trigger.name;
                        let message = format!("cannot rename in table {} because trigger {name} uses it", table.name);
                        Err(depends(message).with("relation", table.name.clone()))
                    }
                    None => Ok(()),
                }
            }
        }
    }
}
