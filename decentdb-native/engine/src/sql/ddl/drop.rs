//! DROP TABLE, DROP VIEW, DROP INDEX and DROP SEQUENCE.

use std::sync::Arc;

use sqlparser::ast::{Analyze, ObjectName, ObjectType};

use crate::catalog::{Change, Table, Trigger, View};
use crate::error::{Error, Result, Status};
use crate::sql::bind::Binder;
use crate::sql::emit::{drop_index, drop_shadow_indexes, in_schema, qualified_name};
use crate::sql::errors::{depends, refuse};
use crate::sql::grammar::{path, require_user_name, Path, Schema};
use crate::sql::program::Parts;

use super::rebuild::forget_ids;

impl Binder<'_> {
    /// Gathers the statistics the planner uses.
    pub fn analyze(&mut self, analyze: &Analyze) -> Result<Parts> {
        let Analyze { table_name, partitions: None, for_columns: false, cache_metadata: false, noscan: false, .. } =
            analyze
        else {
            return Err(Error::unsupported("an option of ANALYZE"));
        };
        refuse(analyze.compute_statistics || !analyze.columns.is_empty(), "an option of ANALYZE")?;
        let sql = match table_name {
            None => "ANALYZE".to_owned(),
            Some(written) => {
                let path = path(written)?;
                let unknown = || Error::unknown_relation(&path.name);
                require_user_name(&path.name).map_err(|_| unknown())?;
                let table = self.home(&path).table(&path.name).ok_or_else(unknown)?;
                format!("ANALYZE {}", qualified_name(&table.name, table.temporary))
            }
        };
        Ok(Parts::ddl(vec![sql], Change::Nothing))
    }

    pub fn drop_object(
        &mut self,
        kind: ObjectType,
        if_exists: bool,
        names: &[ObjectName],
        cascade: bool,
    ) -> Result<Parts> {
        let mut statements = Vec::new();
        let mut changes = Vec::new();
        let mut dropped = Vec::new();
        for written in names {
            dropped.push((kind, path(written)?));
        }
        if cascade {
            // A view goes before those it reads.
            for view in self.readers(&dropped) {
                let schema = Some(if view.temporary { Schema::Temp } else { Schema::Main });
                let known = |(_, path): &(ObjectType, Path)| path.name.eq_ignore_ascii_case(&view.name);
                if !dropped.iter().any(known) {
                    dropped.insert(0, (ObjectType::View, Path { schema, name: view.name.clone() }));
                }
            }
        }
        for (kind, path) in &dropped {
            let kind = *kind;
            let name = path.name.as_str();
            require_user_name(name).map_err(|_| Error::unknown_relation(name))?;
            let home = match (kind, path.schema) {
                (ObjectType::Index, None) if self.catalog.temp().index(name).is_some() => self.catalog.temp(),
                (ObjectType::Index | ObjectType::Sequence, None) => self.catalog,
                _ => self.home(path),
            };
            let temporary = !std::ptr::eq(home, self.catalog);
            let goes = |other: &str, of: bool| {
                dropped.iter().any(|(_, path)| {
                    let home = self.home(path);
                    path.name.eq_ignore_ascii_case(other) && of != std::ptr::eq(home, self.catalog)
                })
            };
            let found = match kind {
                ObjectType::Table => match home.table(name) {
                    Some(table) => {
                        self.require_unreferenced(table, &goes)?;
                        if !temporary {
                            self.require_unused_by_triggers("table", &table.name, &goes)?;
                            statements.extend(drop_shadow_indexes(self.catalog, &table.name));
                        }
                        statements.push(format!("DROP TABLE {}", qualified_name(&table.name, temporary)));
                        if !temporary && table.row_id().is_some() {
                            statements.push(forget_ids(&table.name));
                        }
                        changes.push(in_schema(Change::DropTable(table.name.clone()), temporary));
                        true
                    }
                    None => false,
                },
                ObjectType::View => match home.view(name) {
                    Some(view) => {
                        self.require_unread(&view.name, temporary, &goes)?;
                        if !temporary {
                            self.require_unused_by_triggers("view", &view.name, &goes)?;
                        }
                        statements.push(format!("DROP VIEW {}", qualified_name(&view.name, temporary)));
                        changes.push(in_schema(Change::DropView(view.name.clone()), temporary));
                        true
                    }
                    None => false,
                },
                ObjectType::Index => match home.index(name) {
                    Some(index) => {
                        statements.extend(drop_index(index, temporary));
                        changes.push(in_schema(Change::DropIndex(index.name.clone()), temporary));
                        true
                    }
                    None => false,
                },
                ObjectType::Sequence => match home.sequence(name) {
                    Some(sequence) => {
                        statements.push(self.drop_sequence(sequence)?);
                        changes.push(Change::DropSequence(sequence.name.clone()));
                        true
                    }
                    None => false,
                },
                other => return Err(Error::unsupported(format!("DROP {other}"))),
            };
            if !found && !if_exists {
                return Err(unknown(kind, name));
            }
        }
        Ok(Parts::ddl(statements, together(changes)?))
    }

    /// The views that read what is dropped, directly or through each other, each before those that read it.
    fn readers(&self, dropped: &[(ObjectType, Path)]) -> Vec<Arc<View>> {
        let views = self.catalog.all_views();
        let mut gone: Vec<String> = dropped.iter().map(|(_, path)| path.name.to_ascii_lowercase()).collect();
        let mut found: Vec<Arc<View>> = Vec::new();
        loop {
            let reads = |view: &View| {
                let mut names = view.views.iter().chain(&view.dependencies).chain(&view.temporaries);
                names.any(|name| gone.contains(&name.to_ascii_lowercase()))
            };
            let known = |view: &View| gone.contains(&view.name.to_ascii_lowercase());
            let Some(next) = views.iter().find(|view| !known(view) && reads(view)) else { return found };
            gone.push(next.name.to_ascii_lowercase());
            found.push(Arc::clone(next));
        }
    }

    /// A view stays while others read it; `goes` says whether an object is dropped by the same statement.
    pub fn require_unread(&self, view: &str, temporary: bool, goes: &dyn Fn(&str, bool) -> bool) -> Result<()> {
        let reads = |other: &View| {
            let names = if temporary { &other.temporaries } else { &other.views };
            names.iter().any(|used| used == view)
        };
        let readers = self.catalog.all_views();
        match readers.into_iter().find(|other| reads(other) && !goes(&other.name, other.temporary)) {
            Some(other) => {
                let message = format!("cannot drop view {view} because view {} still reads it", other.name);
                Err(depends(message).with("relation", view))
            }
            None => Ok(()),
        }
    }

    /// A table or view stays while the actions of triggers elsewhere need it.
    pub fn require_unused_by_triggers(&self, what: &str, name: &str, goes: &dyn Fn(&str, bool) -> bool) -> Result<()> {
        let uses = |trigger: &Trigger| trigger.dependencies.iter().chain(&trigger.views).any(|used| used == name);
        let mut triggers = self.catalog.triggers.values();
        match triggers.find(|trigger| uses(trigger) && !goes(&trigger.target, false)) {
            Some(trigger) => {
                let message = format!("cannot drop {what} {name} because trigger {} still uses it", trigger.name);
                Err(depends(message).with("relation", name))
            }
            None => Ok(()),
        }
    }

    /// A table stays while foreign keys or views of others need it.
    fn require_unreferenced(&self, table: &Table, goes: &dyn Fn(&str, bool) -> bool) -> Result<()> {
        let Table { name, temporary, .. } = table;
        let references = |other: &Table| other.foreign_keys.iter().any(|key| key.referenced_table == *name);
        let mut others = self.catalog.tables.values().filter(|other| !temporary && other.name != *name);
        if let Some(other) = others.find(|other| references(other) && !goes(&other.name, false)) {
            let other = &other.name;
            let message = format!("cannot drop table {name} because foreign keys still reference it from {other}");
            return Err(depends(message).with("relation", name.as_str()));
        }
        let reads = |view: &View| {
            let names = if *temporary { &view.temporaries } else { &view.dependencies };
            names.contains(name)
        };
        match self.catalog.all_views().into_iter().find(|view| reads(view) && !goes(&view.name, view.temporary)) {
            Some(view) => {
                let message = format!("cannot drop table {name} because view {} still reads it", view.name);
                Err(depends(message).with("relation", name.as_str()))
            }
            None => Ok(()),
        }
    }
}

/// Several changes as one; those of temporary objects and of the database are not mixed, as they commit apart.
fn together(mut changes: Vec<Change>) -> Result<Change> {
    if changes.len() < 2 {
        return Ok(changes.pop().unwrap_or(Change::Nothing));
    }
    let temporary = changes.iter().filter(|change| matches!(change, Change::Temporary(_))).count();
    if temporary == 0 {
        return Ok(Change::Several(changes));
    }
    if temporary < changes.len() {
        return Err(Error::unsupported("one DROP of temporary objects and objects of the database"));
    }
    let inner = changes.into_iter().map(|change| match change {
        Change::Temporary(change) => *change,
        other => other,
    });
    Ok(Change::Temporary(Box::new(Change::Several(inner.collect()))))
}

pub(crate) fn unknown(kind: ObjectType, name: &str) -> Error {
    let (what, sqlstate) = match kind {
        ObjectType::Table => ("table", "42P01"),
        ObjectType::View => ("view", "42P01"),
        ObjectType::Sequence => ("sequence", "42P01"),
        _ => ("index", "42704"),
    };
    Error::new(Status::Sql, "sql.relation_not_found", Some(sqlstate), format!("unknown {what} {name}"))
        .with("relation", name)
}
