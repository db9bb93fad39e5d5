//! ALTER TABLE: columns and constraints come, change and go.
//!
//! The changes are made to the catalogue's definition of the table; then the rows move into a table of that definition.

use std::sync::Arc;

use sqlparser::ast::{
    AlterColumnOperation, AlterTable, AlterTableOperation as Operation, ColumnDef, DropBehavior, Expr,
    RenameTableNameKind, TableConstraint, UnaryOperator,
};

use crate::catalog::{Change, Column, ForeignKey, Table};
use crate::error::{Error, Result, Status};
use crate::sql::bind::{Binder, Ex, ExKind};
use crate::sql::errors::{depends, refuse};
use crate::sql::grammar::{
    declared_of, expression, name, object, quote, require_user_name, shape_of, type_of, without_position,
};
use crate::sql::program::Parts;
use crate::value::Type;

use super::create::owned;
use super::generated::require_sound;
use super::index::{definition, key_index};
use super::keys::{require_distinct_names, settle_keys, table_constraint};
use super::stored_expr::{ident, mentions, names_column};
use super::table_text::table_text;
use super::trigger::follow_triggers;
use super::view::{follow_views, require_no_temporary};

/// A table on its way from one definition to the next.
pub(crate) struct Alteration {
    pub old: Arc<Table>,
    pub new: Table,
    /// For every column that is not generated, the SQL over the old rows that fills it.
    pub fill: Vec<(String, String)>,
    /// Foreign keys that are not checked against the tables they reference yet.
    pending: Vec<ForeignKey>,
    /// Columns that SQLite can add by itself, and nothing else.
    simple: Vec<String>,
    /// Something happened that is not in `simple`.
    rebuild: bool,
}

impl Binder<'_> {
    pub fn alter_table(&mut self, alter: &AlterTable) -> Result<Parts> {
        refuse(alter.only || alter.location.is_some() || alter.on_cluster.is_some(), "this form of ALTER TABLE")?;
        refuse(alter.table_type.is_some(), "this form of ALTER TABLE")?;
        let written = object(&alter.name)?;
        require_user_name(&written).map_err(|_| Error::unknown_relation(&written))?;
        let home = self.catalog.home(&written);
        let Some(table) = home.table(&written).cloned() else {
            if let Some(view) = home.view(&written) {
                let message = format!("{} is a view, not a table", view.name);
                return Err(Error::new(Status::Sql, "sql.wrong_object", Some("42809"), message)
                    .with("relation", view.name.clone())
                    .hint("ALTER VIEW renames a view, CREATE OR REPLACE VIEW changes it"));
            }
            if alter.if_exists {
                return Ok(Parts::ddl(Vec::new(), Change::Nothing));
            }
            return Err(Error::unknown_relation(&written));
        };
        refuse(table.temporary, "ALTER TABLE of a temporary table")?;
        match alter.operations.as_slice() {
            [Operation::RenameColumn { old_column_name, new_column_name }] => {
                return self.rename_column(&table, &name(old_column_name), name(new_column_name));
            }
            [Operation::RenameTable { table_name: RenameTableNameKind::To(to) }] => {
                return self.rename_table(&table, object(to)?);
            }
            _ => {}
        }
        let fill = table.columns.iter().filter(|column| column.generated_sql.is_none());
        let mut altered = Alteration {
            new: table.as_ref().clone(),
            fill: fill.map(|column| (column.name.clone(), quote(&column.name))).collect(),
            old: table,
            pending: Vec::new(),
            simple: Vec::new(),
            rebuild: false,
        };
        for operation in &alter.operations {
            self.alter(&mut altered, operation)?;
        }
        self.complete(altered)
    }

    fn alter(&mut self, altered: &mut Alteration, operation: &Operation) -> Result<()> {
        match operation {
            Operation::AddColumn { if_not_exists, column_def, column_position: None, .. } => {
                if *if_not_exists && altered.new.column(&name(&column_def.name)).is_some() {
                    return Ok(());
                }
                self.add_column(altered, column_def)
            }
            Operation::DropColumn { column_names, if_exists, drop_behavior, .. } => {
                restricted(drop_behavior.as_ref())?;
                for column in column_names {
                    let column = name(column);
                    if !*if_exists || altered.new.column(&column).is_some() {
                        self.drop_column(altered, &column)?;
                    }
                }
                Ok(())
            }
            Operation::AlterColumn { column_name, op } => self.alter_column(altered, &name(column_name), op),
            Operation::AddConstraint { constraint, not_valid } => {
                refuse(*not_valid, "NOT VALID")?;
                altered.rebuild = true;
                add_constraint(altered, constraint)
            }
            Operation::DropConstraint { if_exists, name: constraint, drop_behavior } => {
                restricted(drop_behavior.as_ref())?;
                let constraint = name(constraint);
                if !drop_constraint(&mut altered.new, &constraint) {
                    return if *if_exists { Ok(()) } else { Err(unknown_constraint(&altered.new, &constraint)) };
                }
                altered.rebuild = true;
                Ok(())
            }
            Operation::RenameConstraint { old_name, new_name } => {
                altered.rebuild = true;
                rename_constraint(&mut altered.new, &name(old_name), &name(new_name))
            }
            Operation::RenameColumn { .. } | Operation::RenameTable { .. } => {
                Err(Error::unsupported("RENAME together with other changes of a table"))
            }
            other => {
                let text = crate::sql::errors::shorten(&other.to_string());
                Err(Error::unsupported(format!("ALTER TABLE ... {text}")))
            }
        }
    }

    fn add_column(&mut self, altered: &mut Alteration, definition: &ColumnDef) -> Result<()> {
        let before = (altered.new.primary_key.len(), altered.new.uniques.len(), altered.new.checks.len());
        let keys = altered.pending.len();
        self.column_definition(&mut altered.new, definition, &mut altered.pending)?;
        let after = (altered.new.primary_key.len(), altered.new.uniques.len(), altered.new.checks.len());
        let Some(added) = altered.new.columns.last() else {
            return Err(Error::internal("the added column is missing"));
        };
        let constant =
            added.default_sql.as_ref().map_or(Ok(true), |sql| expression(sql).map(|expr| is_constant(&expr)))?;
        let fill = match &added.default_sql {
            Some(default) => self.default_value(default, added)?,
            None => Ex::null(),
        };
        // SQLite would take a value that is held to a size for one that is not constant.
        let constant = constant && (added.size.is_none() || added.default_sql.is_none());
        let filled = constant && (added.nullable || fill.kind != ExKind::Null);
        let generated = added.generated_sql.is_some();
        if before == after && keys == altered.pending.len() && filled && !generated {
            altered.simple.push(added.name.clone());
        } else {
            altered.rebuild = true;
        }
        if !generated {
            altered.fill.push((added.name.clone(), fill.sql));
        }
        Ok(())
    }

    fn drop_column(&mut self, altered: &mut Alteration, written: &str) -> Result<()> {
        let column = known(&altered.new, written)?;
        let table = &altered.new;
        let needed = |by: String| {
            Err(depends(format!("cannot drop column {column} because {by}"))
                .with("relation", table.name.clone())
                .with("column", column.clone()))
        };
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
        let from = |other: &&Column| other.generated_sql.as_ref().is_some_and(|sql| mentions(sql, &column));
        if let Some(generated) = table.columns.iter().find(from) {
            return needed(format!("the generated column {} uses it", generated.name));
        }
        if let Some(index) = self.index_using(table, &column) {
            return needed(format!("the index {index} uses it"));
        }
        if table.columns.len() == 1 {
            return needed("a table needs at least one column".to_owned());
        }
        altered.new.columns.retain(|other| other.name != column);
        altered.fill.retain(|(other, _)| *other != column);
        altered.rebuild = true;
        Ok(())
    }

    fn alter_column(&mut self, altered: &mut Alteration, written: &str, change: &AlterColumnOperation) -> Result<()> {
        let column = known(&altered.new, written)?;
        let table_name = altered.new.name.clone();
        let primary = altered.new.primary_key.contains(&column);
        let Some(definition) = altered.new.columns.iter_mut().find(|other| other.name == column) else {
            return Err(Error::internal("a known column is missing"));
        };
        altered.rebuild = true;
        match change {
            AlterColumnOperation::SetNotNull => definition.nullable = false,
            AlterColumnOperation::DropNotNull => {
                if primary {
                    let message = format!("column {column} is part of the primary key and cannot take NULL");
                    return Err(Error::new(Status::Sql, "sql.invalid_table", Some("42P16"), message)
                        .with("relation", table_name)
                        .with("column", column));
                }
                definition.nullable = true;
            }
            AlterColumnOperation::SetDefault { value } => {
                let sql = value.to_string();
                self.default_value(&sql, definition)?;
                definition.default_sql = Some(sql);
            }
            AlterColumnOperation::DropDefault => definition.default_sql = None,
            AlterColumnOperation::SetDataType { data_type, using, .. } => {
                definition.ty = owned(&type_of(data_type)?, &table_name, &column);
                definition.shape = shape_of(data_type)?;
                definition.declared = declared_of(data_type);
                definition.size = self.size(data_type)?;
                let definition = definition.clone();
                if let Some(default) = &definition.default_sql {
                    self.default_value(default, &definition)?;
                }
                if definition.generated_sql.is_some() {
                    refuse(using.is_some(), "USING for a generated column")?;
                    return Ok(());
                }
                let was_there = (column.clone(), quote(&column));
                if !altered.fill.contains(&was_there) {
                    return Err(Error::unsupported("changing the type of a column twice in one ALTER TABLE"));
                }
                let own = Expr::Identifier(ident(&column));
                let value = self.steady(using.as_ref().unwrap_or(&own), &altered.old, "the conversion of a column")?;
                let value = self.retyped(value, &definition)?;
                let value = self.shaped(value, &definition);
                altered.fill.iter_mut().filter(|(other, _)| *other == column).for_each(|(_, sql)| {
                    sql.clone_from(&value.sql);
                });
            }
            AlterColumnOperation::AddGenerated { .. } => return Err(Error::unsupported("ADD GENERATED AS IDENTITY")),
        }
        Ok(())
    }

    /// The values of a column that takes another type, brought to it as an UPDATE would.
    fn retyped(&mut self, from: Ex, column: &Column) -> Result<Ex> {
        // The labels of one ENUM are those of another by their text.
        let from = match (&from.ty, &column.ty) {
            (Type::Enum(old), Type::Enum(new)) if old.labels != new.labels => self.cast(from, &Type::Text)?,
            _ => from,
        };
        self.assign(from, &column.ty, &column.name, None, column.nullable).map_err(|error| {
            if error.sqlstate == Some("42804") {
                let hint = format!("say how the values are converted: ... TYPE {} USING expression", column.ty.name());
                error.hint(hint)
            } else {
                error
            }
        })
    }

    fn referenced(&self, table: &Table, column: &String) -> bool {
        let keys = self.catalog.tables.values().flat_map(|other| &other.foreign_keys);
        keys.filter(|key| key.referenced_table == table.name).any(|key| key.referenced_columns.contains(column))
    }

    /// An index that uses a column.
    fn index_using(&self, table: &Table, column: &str) -> Option<&str> {
        // Those of foreign keys go with their key.
        let mut indexes = self.catalog.indexes.values().filter(|index| index.table == table.name && !index.foreign_key);
        let found = indexes.find(|index| {
            index.columns.iter().chain(&index.include).any(|key| key == column)
                || definition(index).map_or(true, |mut create| names_column(&mut create, column))
        });
        found.map(|index| index.name.as_str())
    }

    /// Settles the new definition against everything that knows the table, and emits the statements for SQLite.
    fn complete(&mut self, mut altered: Alteration) -> Result<Parts> {
        if !altered.rebuild && altered.simple.is_empty() {
            return Ok(Parts::ddl(Vec::new(), Change::Nothing));
        }
        settle_keys(&mut altered.new);
        let mut added = Vec::new();
        for key in std::mem::take(&mut altered.pending) {
            let key = self.resolve_foreign_key(&altered.new, key)?;
            added.push(key.clone());
            altered.new.foreign_keys.push(key);
        }
        require_sound(&altered.new)?;
        require_distinct_names(&altered.new)?;
        altered.new.ddl = table_text(&altered.new);

        let mut changes = vec![Change::PutTable(Arc::new(altered.new.clone()))];
        let table = &altered.new;
        let keyed = |columns: &[String]| table.foreign_keys.iter().any(|key| key.columns == columns);
        for index in self.catalog.indexes.values().filter(|index| index.foreign_key && index.table == table.name) {
            if !keyed(&index.columns) {
                changes.push(Change::DropIndex(index.name.clone()));
            }
        }
        let mut next = self.catalog.with(&Change::Several(changes.clone()));
        for key in &added {
            if let Some(index) = key_index(&next, table, key) {
                let change = Change::PutIndex(Arc::new(index));
                next = next.with(&change);
                changes.push(change);
            }
        }

        let mut after = Binder::new(&next, &[], Vec::new());
        after.require_references(table)?;
        let mut statements = if altered.rebuild {
            after.rebuild(&altered)?
        } else {
            let mut statements = Vec::with_capacity(altered.simple.len());
            for column in altered.simple.iter().filter_map(|column| table.column(column)) {
                let definition = after.column_sql(table, column)?;
                statements.push(format!("ALTER TABLE {} ADD COLUMN {definition}", quote(&table.name)));
            }
            statements
        };
        statements.extend(added.iter().map(|key| self.foreign_key_check(table, key)));
        let because = format!("cannot alter table {}", table.name);
        if altered.rebuild {
            require_no_temporary(&next, &table.name, &because)?;
        }
        let mut changed = follow_views(&mut next, &table.name, &because, &mut statements, &mut changes)?;
        changed.push(table.name.clone());
        statements.extend(follow_triggers(&next, &changed, &because)?);
        Ok(Parts::ddl(statements, Change::all(changes)))
    }

    /// Foreign keys from and to an altered table still fit it.
    fn require_references(&self, table: &Table) -> Result<()> {
        for other in self.catalog.tables.values() {
            for key in &other.foreign_keys {
                if key.referenced_table != table.name && other.name != table.name {
                    continue;
                }
                self.resolve_foreign_key(other, key.clone()).map_err(|error| {
                    let constraint = key.constraint_name(&other.name);
                    let (table, reason) = (&table.name, error.message);
                    depends(format!("cannot alter table {table} because foreign key {constraint} needs it: {reason}"))
                        .with("relation", other.name.clone())
                        .with("constraint", constraint)
                })?;
            }
        }
        Ok(())
    }
}

fn restricted(behavior: Option<&DropBehavior>) -> Result<()> {
    refuse(behavior == Some(&DropBehavior::Cascade), "CASCADE")
}

/// A literal, so that SQLite can keep it as the value of rows written before.
fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) => true,
        Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr } => matches!(**expr, Expr::Value(_)),
        _ => false,
    }
}

pub(crate) fn known(table: &Table, written: &str) -> Result<String> {
    let found = table.column(written).map(|column| column.name.clone());
    found.ok_or_else(|| Error::unknown_column(written).with("relation", table.name.clone()))
}

fn add_constraint(altered: &mut Alteration, constraint: &TableConstraint) -> Result<()> {
    let keyed = altered.new.primary_key.is_empty();
    table_constraint(&mut altered.new, constraint, &mut altered.pending).map_err(without_position)?;
    if keyed {
        require_values(altered);
    }
    Ok(())
}

/// SQLite would number rows whose new key is NULL.
fn require_values(altered: &mut Alteration) {
    let Some(id) = altered.new.row_id().map(|column| column.name.clone()) else { return };
    let failure = crate::functions::failure(&crate::sql::emit::not_null(&altered.new.name, &id));
    let failure = crate::sql::grammar::text_literal(&failure);
    for (_, sql) in altered.fill.iter_mut().filter(|(column, _)| *column == id) {
        *sql = format!("ifnull({sql}, ddb_fail({failure}))");
    }
}

fn drop_constraint(table: &mut Table, constraint: &str) -> bool {
    let named = |name: &str| name.eq_ignore_ascii_case(constraint);
    if !table.primary_key.is_empty() && named(&table.primary_key_name) {
        table.primary_key.clear();
        table.primary_key_name.clear();
        return true;
    }
    let table_name = table.name.clone();
    let count = |table: &Table| table.uniques.len() + table.checks.len() + table.foreign_keys.len();
    let before = count(table);
    table.uniques.retain(|unique| !named(&unique.name));
    table.checks.retain(|check| !named(&check.name));
    table.foreign_keys.retain(|key| !named(&key.constraint_name(&table_name)));
    count(table) < before
}

fn rename_constraint(table: &mut Table, from: &str, to: &str) -> Result<()> {
    let named = |name: &str| name.eq_ignore_ascii_case(from);
    if to.is_empty() || to.contains('\0') {
        return Err(Error::syntax("a name must not be empty"));
    }
    if !table.primary_key.is_empty() && named(&table.primary_key_name) {
        to.clone_into(&mut table.primary_key_name);
    } else if let Some(unique) = table.uniques.iter_mut().find(|unique| named(&unique.name)) {
        to.clone_into(&mut unique.name);
    } else if let Some(check) = table.checks.iter_mut().find(|check| named(&check.name)) {
        to.clone_into(&mut check.name);
        check.named = true;
    } else if let Some(key) = table.foreign_keys.iter_mut().find(|key| named(&key.constraint_name(&table.name))) {
        key.name = Some(to.to_owned());
    } else {
        return Err(unknown_constraint(table, from));
    }
    Ok(())
}

fn unknown_constraint(table: &Table, constraint: &str) -> Error {
    let message = format!("unknown constraint {constraint} on {}", table.name);
    Error::new(Status::Sql, "sql.unknown_constraint", Some("42704"), message)
        .with("relation", table.name.clone())
        .with("constraint", constraint)
}
