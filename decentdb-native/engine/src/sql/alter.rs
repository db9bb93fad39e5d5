//! ALTER TABLE: adding, dropping and renaming columns, renaming tables.

use std::sync::Arc;

use sqlparser::ast::{AlterTable, AlterTableOperation as Operation, ColumnDef, RenameTableNameKind};
use sqlparser::tokenizer::Token;

use crate::catalog::{Catalog, Change, Column, Table, Trigger};
use crate::error::{Error, Result, Status};

use super::binder::Binder;
use super::create::{already_exists, ddl};
use super::drop::depends;
use super::parse::{name, object, quote, require_user_name, tokenize};
use super::select::refuse;
use super::Parts;

impl Binder<'_> {
    pub fn alter_table(&mut self, alter: &AlterTable) -> Result<Parts> {
        refuse(alter.only || alter.location.is_some() || alter.on_cluster.is_some(), "this form of ALTER TABLE")?;
        refuse(alter.table_type.is_some(), "this form of ALTER TABLE")?;
        let written = object(&alter.name)?;
        require_user_name(&written).map_err(|_| Error::unknown_relation(&written))?;
        let home = self.catalog.home(&written);
        let Some(table) = home.table(&written).cloned() else {
            if alter.if_exists {
                return Ok(ddl(Vec::new(), Change::Nothing));
            }
            return Err(Error::unknown_relation(&written));
        };
        refuse(table.temporary, "ALTER TABLE of a temporary table")?;
        let [operation] = alter.operations.as_slice() else {
            return Err(Error::unsupported("several changes in one ALTER TABLE"));
        };
        match operation {
            Operation::AddColumn { if_not_exists, column_def, column_position: None, .. } => {
                if *if_not_exists && table.column(&name(&column_def.name)).is_some() {
                    return Ok(ddl(Vec::new(), Change::Nothing));
                }
                self.add_column(&table, column_def)
            }
            Operation::DropColumn { column_names, if_exists, drop_behavior: None, .. } => {
                let [column] = column_names.as_slice() else {
                    return Err(Error::unsupported("dropping several columns at once"));
                };
                let column = name(column);
                if *if_exists && table.column(&column).is_none() {
                    return Ok(ddl(Vec::new(), Change::Nothing));
                }
                self.drop_column(&table, &column)
            }
            Operation::RenameColumn { old_column_name, new_column_name } => {
                self.rename_column(&table, &name(old_column_name), name(new_column_name))
            }
            Operation::RenameTable { table_name: RenameTableNameKind::To(to) } => {
                self.rename_table(&table, object(to)?)
            }
            other => {
                let text = super::expr::shorten(&other.to_string());
                Err(Error::unsupported(format!("ALTER TABLE ... {text}")))
            }
        }
    }

    fn add_column(&mut self, table: &Table, definition: &ColumnDef) -> Result<Parts> {
        let mut next = table.clone();
        let mut pending = Vec::new();
        // Every row that is there gets the same value.
        self.steady = Some("the DEFAULT of an added column");
        let defined = self.column_definition(&mut next, definition, &mut pending);
        self.steady = None;
        defined?;
        let column = name(&definition.name);
        if next.primary_key != table.primary_key || next.uniques.len() != table.uniques.len() {
            return Err(Error::unsupported("PRIMARY KEY or UNIQUE on an added column").hint("create a unique index"));
        }
        let Some(added) = next.column(&column).cloned() else {
            return Err(Error::internal("the added column is missing"));
        };
        refuse(added.generated_sql.is_some(), "adding a generated column")?;
        if !added.nullable && added.default_sql.is_none() {
            let message = format!("column {column} is NOT NULL and needs a DEFAULT for the rows that are there");
            return Err(Error::new(Status::Sql, "sql.invalid_table", Some("42P16"), message).with("column", column));
        }
        let mut sql = format!("ALTER TABLE {} ADD COLUMN {}", quote(&table.name), self.column_sql(&next, &added)?);
        for check in next.checks.iter().skip(table.checks.len()) {
            sql.push_str(&format!(" CONSTRAINT {} CHECK ({})", quote(&check.name), self.check_sql(&next, check)?));
        }
        for key in pending {
            let key = self.resolve_foreign_key(&next, key)?;
            sql.push_str(&format!(
                " REFERENCES {} ({}) ON DELETE {} ON UPDATE {}",
                quote(&key.referenced_table),
                quote(&key.referenced_columns[0]),
                key.on_delete,
                key.on_update
            ));
            next.foreign_keys.push(key);
        }
        next.ddl = render(&next);
        Ok(ddl(vec![sql], Change::PutTable(Arc::new(next))))
    }

    fn drop_column(&mut self, table: &Table, written: &str) -> Result<Parts> {
        let column = known(table, written)?;
        self.require_no_view(table)?;
        let needed = |by: String| Err(depends(format!("cannot drop column {column} because {by}")));
        let used = |columns: &[String]| columns.contains(&column);
        if used(&table.primary_key) || table.uniques.iter().any(|unique| used(&unique.columns)) {
            return needed("it is part of a key".to_owned());
        }
        if table.foreign_keys.iter().any(|key| used(&key.columns)) || self.referenced(table, &column) {
            return needed("a foreign key uses it".to_owned());
        }
        if let Some(check) = table.checks.iter().find(|check| mentions(&check.sql, &column)) {
            return needed(format!("the constraint {} uses it", check.name));
        }
        if let Some(generated) = generated_from(table, &column) {
            return needed(format!("the generated column {generated} uses it"));
        }
        if let Some(index) = self.index_using(table, &column, true) {
            return needed(format!("the index {index} uses it"));
        }
        if table.columns.len() == 1 {
            return needed("a table needs at least one column".to_owned());
        }
        let mut next = table.clone();
        next.columns.retain(|other| other.name != column);
        next.ddl = render(&next);
        let sql = format!("ALTER TABLE {} DROP COLUMN {}", quote(&table.name), quote(&column));
        Ok(ddl(vec![sql], Change::PutTable(Arc::new(next))))
    }

    fn rename_column(&mut self, table: &Table, written: &str, to: String) -> Result<Parts> {
        let column = known(table, written)?;
        if table.column(&to).is_some_and(|other| other.name != column) {
            let message = format!("column {to} exists already");
            return Err(Error::new(Status::Sql, "sql.duplicate_column", Some("42701"), message).with("column", to));
        }
        if to.is_empty() || to.contains('\0') {
            return Err(Error::syntax("a name must not be empty"));
        }
        self.require_no_view(table)?;
        // Their text is kept as written and cannot be rewritten.
        if let Some(check) = table.checks.iter().find(|check| mentions(&check.sql, &column)) {
            return Err(depends(format!("cannot rename column {column}: the constraint {} uses it", check.name)));
        }
        if let Some(generated) = generated_from(table, &column) {
            let message = format!("cannot rename column {column}: the generated column {generated} uses it");
            return Err(depends(message));
        }
        if let Some(index) = self.index_using(table, &column, false) {
            return Err(depends(format!("cannot rename column {column}: the index {index} uses it")));
        }
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
        for key in &mut next.foreign_keys {
            rename(&mut key.columns);
            if key.referenced_table == table.name {
                rename(&mut key.referenced_columns);
            }
        }
        next.ddl = render(&next);
        let mut changes = vec![Change::PutTable(Arc::new(next))];
        for other in self.catalog.tables.values().filter(|other| other.name != table.name) {
            if other.foreign_keys.iter().any(|key| key.referenced_table == table.name) {
                let mut other = other.as_ref().clone();
                let keys = other.foreign_keys.iter_mut().filter(|key| key.referenced_table == table.name);
                keys.for_each(|key| rename(&mut key.referenced_columns));
                other.ddl = render(&other);
                changes.push(Change::PutTable(Arc::new(other)));
            }
        }
        for index in self.catalog.indexes.values().filter(|index| index.table == table.name) {
            if index.columns.contains(&column) {
                let mut index = index.as_ref().clone();
                rename(&mut index.columns);
                changes.push(Change::PutIndex(Arc::new(index)));
            }
        }
        let sql = format!("ALTER TABLE {} RENAME COLUMN {} TO {}", quote(&table.name), quote(&column), quote(&to));
        Ok(ddl(vec![sql], Change::Several(changes)))
    }

    fn rename_table(&mut self, table: &Table, to: String) -> Result<Parts> {
        require_user_name(&to)?;
        if self.catalog.contains(&to) {
            return Err(already_exists(&to));
        }
        self.require_no_view(table)?;
        let retarget = |other: &mut Table| {
            let keys = other.foreign_keys.iter_mut().filter(|key| key.referenced_table == table.name);
            keys.for_each(|key| key.referenced_table.clone_from(&to));
            other.ddl = render(other);
        };
        let mut next = table.clone();
        next.name.clone_from(&to);
        retarget(&mut next);
        let mut changes = vec![Change::DropTable(table.name.clone()), Change::PutTable(Arc::new(next))];
        for other in self.catalog.tables.values().filter(|other| other.name != table.name) {
            if other.foreign_keys.iter().any(|key| key.referenced_table == table.name) {
                let mut other = other.as_ref().clone();
                retarget(&mut other);
                changes.push(Change::PutTable(Arc::new(other)));
            }
        }
        for index in self.catalog.indexes.values().filter(|index| index.table == table.name) {
            let mut index = index.as_ref().clone();
            index.table.clone_from(&to);
            changes.push(Change::PutIndex(Arc::new(index)));
        }
        for trigger in self.catalog.triggers.values().filter(|trigger| trigger.target == table.name) {
            let mut trigger = trigger.as_ref().clone();
            trigger.target.clone_from(&to);
            trigger.ddl = trigger.render();
            changes.push(Change::PutTrigger(Arc::new(trigger)));
        }
        let change = Change::Several(changes);
        let mut statements = self.triggers_sql(&Catalog::default(), &table.name)?;
        statements.push(format!("ALTER TABLE {} RENAME TO {}", quote(&table.name), quote(&to)));
        statements.extend(self.triggers_sql(&self.catalog.with(&change), &to)?);
        Ok(ddl(statements, change))
    }

    fn require_no_view(&self, table: &Table) -> Result<()> {
        match self.catalog.views.values().find(|view| view.dependencies.contains(&table.name)) {
            Some(view) => {
                let message = format!("cannot alter table {} because view {} reads it", table.name, view.name);
                Err(depends(message).with("relation", table.name.clone()))
            }
            None => {
                let uses = |trigger: &Trigger| trigger.dependencies.contains(&table.name);
                match self.catalog.triggers.values().find(|trigger| uses(trigger)) {
                    Some(trigger) => {
                        let message =
                            format!("cannot alter table {} because trigger {} uses it", table.name, trigger.name);
                        Err(depends(message).with("relation", table.name.clone()))
                    }
                    None => Ok(()),
                }
            }
        }
    }

    fn referenced(&self, table: &Table, column: &String) -> bool {
        let keys = self.catalog.tables.values().flat_map(|other| &other.foreign_keys);
        keys.filter(|key| key.referenced_table == table.name).any(|key| key.referenced_columns.contains(column))
    }

    /// An index that uses a column; `plain` counts those that name it as a key too.
    fn index_using(&self, table: &Table, column: &str, plain: bool) -> Option<&str> {
        let mut indexes = self.catalog.indexes.values().filter(|index| index.table == table.name);
        let found = indexes.find(|index| {
            let key = |key: &String| if key == column { plain } else { mentions(key, column) };
            index.columns.iter().any(key) || index.predicate_sql.as_ref().is_some_and(|sql| mentions(sql, column))
        });
        found.map(|index| index.name.as_str())
    }
}

fn known(table: &Table, written: &str) -> Result<String> {
    let found = table.column(written).map(|column| column.name.clone());
    found.ok_or_else(|| Error::unknown_column(written).with("relation", table.name.clone()))
}

/// A generated column that is made from another one.
fn generated_from<'t>(table: &'t Table, column: &str) -> Option<&'t str> {
    let uses = |other: &&Column| other.generated_sql.as_ref().is_some_and(|sql| mentions(sql, column));
    table.columns.iter().find(uses).map(|other| other.name.as_str())
}

/// Whether text kept in the catalogue uses a name; text that cannot be read counts as using it.
fn mentions(sql: &str, column: &str) -> bool {
    tokenize(sql).map_or(true, |tokens| {
        tokens.iter().any(|token| matches!(&token.token, Token::Word(word) if word.value.eq_ignore_ascii_case(column)))
    })
}

/// The statement that would create an altered table.
fn render(table: &Table) -> String {
    use crate::value::Type;
    let list = |names: &[String]| names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ");
    let mut parts: Vec<String> = Vec::new();
    for column in &table.columns {
        let mut part = format!("{} {}", quote(&column.name), column.ty.name());
        if let Type::Enum(of) = &column.ty {
            let labels: Vec<String> = of.labels.iter().map(|label| super::parse::text_literal(label)).collect();
            part.push_str(&format!("({})", labels.join(", ")));
        }
        if let Some(shape) = &column.shape {
            part.push_str(&shape.arguments());
        }
        if !column.nullable && !table.primary_key.contains(&column.name) {
            part.push_str(" NOT NULL");
        }
        if let Some(default) = &column.default_sql {
            part.push_str(&format!(" DEFAULT {default}"));
        }
        if let Some(generated) = &column.generated_sql {
            part.push_str(&format!(" GENERATED ALWAYS AS ({generated}) STORED"));
        }
        parts.push(part);
    }
    if !table.primary_key.is_empty() {
        let constraint = quote(&table.primary_key_name);
        parts.push(format!("CONSTRAINT {constraint} PRIMARY KEY ({})", list(&table.primary_key)));
    }
    for unique in &table.uniques {
        parts.push(format!("CONSTRAINT {} UNIQUE ({})", quote(&unique.name), list(&unique.columns)));
    }
    for check in &table.checks {
        parts.push(format!("CONSTRAINT {} CHECK ({})", quote(&check.name), check.sql));
    }
    for key in &table.foreign_keys {
        let constraint = key.name.as_ref().map_or_else(String::new, |name| format!("CONSTRAINT {} ", quote(name)));
        parts.push(format!(
            "{constraint}FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE {} ON UPDATE {}",
            list(&key.columns),
            quote(&key.referenced_table),
            list(&key.referenced_columns),
            key.on_delete,
            key.on_update
        ));
    }
    format!("CREATE TABLE {} ({})", quote(&table.name), parts.join(", "))
}
