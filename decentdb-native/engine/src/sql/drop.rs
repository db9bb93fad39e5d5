//! DROP TABLE, DROP VIEW and DROP INDEX.

use sqlparser::ast::{Analyze, ObjectName, ObjectType};

use crate::catalog::Change;
use crate::error::{Error, Result, Status};

use super::binder::Binder;
use super::create::ddl;
use super::parse::{object, quote, require_user_name};
use super::select::refuse;
use super::Parts;

pub(super) fn depends(message: String) -> Error {
    Error::new(Status::Sql, "sql.dependent_objects", Some("2BP01"), message)
}

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
                let written = object(written)?;
                require_user_name(&written).map_err(|_| Error::unknown_relation(&written))?;
                let table = self.catalog.table(&written).ok_or_else(|| Error::unknown_relation(&written))?;
                format!("ANALYZE {}", quote(&table.name))
            }
        };
        Ok(ddl(vec![sql], Change::Nothing))
    }

    pub fn drop_object(&mut self, kind: ObjectType, if_exists: bool, names: &[ObjectName]) -> Result<Parts> {
        let mut statements = Vec::new();
        let mut changes = Vec::new();
        let dropped = names.iter().map(object).collect::<Result<Vec<_>>>()?;
        for name in &dropped {
            require_user_name(name).map_err(|_| Error::unknown_relation(name))?;
            let found = match kind {
                ObjectType::Table => match self.catalog.table(name) {
                    Some(table) => {
                        let table = table.name.clone();
                        self.require_unreferenced(&table, &dropped)?;
                        statements.push(format!("DROP TABLE {}", quote(&table)));
                        changes.push(Change::DropTable(table));
                        true
                    }
                    None => false,
                },
                ObjectType::View => match self.catalog.view(name) {
                    Some(view) => {
                        self.require_unread(&view.name, &dropped)?;
                        statements.push(format!("DROP VIEW {}", quote(&view.name)));
                        changes.push(Change::DropView(view.name.clone()));
                        true
                    }
                    None => false,
                },
                ObjectType::Index => match self.catalog.index(name) {
                    Some(index) => {
                        statements.push(format!("DROP INDEX {}", quote(&index.name)));
                        changes.push(Change::DropIndex(index.name.clone()));
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
        let change = match changes.len() {
            0 => Change::Nothing,
            1 => changes.remove(0),
            _ => Change::Several(changes),
        };
        Ok(ddl(statements, change))
    }

    /// A view stays while others read it.
    pub fn require_unread(&self, view: &str, dropped: &[String]) -> Result<()> {
        let goes = |name: &str| dropped.iter().any(|other| other.eq_ignore_ascii_case(name));
        let reader = self.catalog.views.values().find(|other| other.views.iter().any(|used| used == view));
        match reader.filter(|other| !goes(&other.name)) {
            Some(other) => {
                let message = format!("cannot drop view {view} because view {} still reads it", other.name);
                Err(depends(message).with("relation", view))
            }
            None => Ok(()),
        }
    }

    /// A table stays while foreign keys or views of others need it.
    fn require_unreferenced(&self, table: &str, dropped: &[String]) -> Result<()> {
        let goes = |name: &str| dropped.iter().any(|other| other.eq_ignore_ascii_case(name));
        for other in self.catalog.tables.values() {
            let references = other.foreign_keys.iter().any(|key| key.referenced_table == table);
            if references && other.name != table && !goes(&other.name) {
                let other = &other.name;
                let message = format!("cannot drop table {table} because foreign keys still reference it from {other}");
                return Err(depends(message).with("relation", table));
            }
        }
        match self.catalog.views.values().find(|view| view.dependencies.iter().any(|used| used == table)) {
            Some(view) => {
                let message = format!("cannot drop table {table} because view {} still reads it", view.name);
                Err(depends(message).with("relation", table))
            }
            None => Ok(()),
        }
    }
}

fn unknown(kind: ObjectType, name: &str) -> Error {
    let (what, sqlstate) = match kind {
        ObjectType::Table => ("table", "42P01"),
        ObjectType::View => ("view", "42P01"),
        _ => ("index", "42704"),
    };
    Error::new(Status::Sql, "sql.relation_not_found", Some(sqlstate), format!("unknown {what} {name}"))
        .with("relation", name)
}
