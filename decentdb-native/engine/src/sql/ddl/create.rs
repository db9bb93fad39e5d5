//! CREATE TABLE.

use std::sync::Arc;

use sqlparser::ast::helpers::stmt_create_table::CreateTableBuilder;
use sqlparser::ast::{
    ColumnDef, ColumnOption, CreateTable, DataType, HiveFormat, NullsDistinctOption, ObjectName, Query,
};

use crate::catalog::{Change, Column, ForeignKey, Identity, Table};
use crate::error::{Error, Result, Status};
use crate::sql::bind::{require_column_type, Binder};
use crate::sql::emit::{in_schema, qualified_name};
use crate::sql::errors::{already_exists, duplicate_column, refuse};
use crate::sql::grammar::{declared_of, enum_id, expression, name, object, quote, shape_of, size_of, type_of};
use crate::sql::program::Parts;
use crate::types::size::Size;
use crate::value::{EnumType, Type};

use super::generated::{expression_of, identity_of, is_serial, require_sound};
use super::index::key_index;
use super::keys::{
    add_check, add_unique, foreign_key, require_distinct_names, set_primary_key, settle_keys, table_constraint,
};
use super::stored_expr::written;

impl Binder<'_> {
    pub fn create_table(&mut self, create: &CreateTable, text: &str) -> Result<Parts> {
        refuse_table(create)?;
        let (table_name, home) = self.new_relation(&create.name, create.temporary)?;
        if home.contains(&table_name) {
            if create.if_not_exists && home.table(&table_name).is_some() {
                return Ok(Parts::ddl(Vec::new(), Change::Nothing));
            }
            return Err(already_exists(&table_name));
        }
        let mut table = Table {
            name: table_name,
            columns: Vec::new(),
            primary_key: Vec::new(),
            primary_key_name: String::new(),
            uniques: Vec::new(),
            checks: Vec::new(),
            foreign_keys: Vec::new(),
            ddl: written(text),
            temporary: !std::ptr::eq(home, self.catalog),
        };
        if let Some(query) = &create.query {
            refuse(!create.constraints.is_empty(), "constraints in CREATE TABLE AS")?;
            let with_data = create.with_data.as_ref().is_none_or(|with| with.data);
            return self.create_table_as(table, &create.columns, query, with_data);
        }
        let mut pending = Vec::new();
        for definition in &create.columns {
            self.column_definition(&mut table, definition, &mut pending)?;
        }
        if table.columns.is_empty() {
            return Err(Error::syntax(format!("table {} needs at least one column", table.name)));
        }
        for constraint in &create.constraints {
            table_constraint(&mut table, constraint, &mut pending)?;
        }
        settle_keys(&mut table);
        refuse(table.temporary && !pending.is_empty(), "a foreign key on a temporary table")?;
        for key in pending {
            let key = self.resolve_foreign_key(&table, key)?;
            table.foreign_keys.push(key);
        }
        require_sound(&table)?;
        require_distinct_names(&table)?;
        let mut statements = vec![self.table_sql(&table)?];
        let mut changes = vec![Change::PutTable(Arc::new(table.clone()))];
        let mut next = self.catalog.with(&changes[0]);
        for key in &table.foreign_keys {
            if let Some(index) = key_index(&next, &table, key) {
                statements.extend(self.index_sql(&index, &table)?);
                changes.push(Change::PutIndex(Arc::new(index)));
                next = next.with(&changes[changes.len() - 1]);
            }
        }
        Ok(Parts::ddl(statements, in_schema(Change::all(changes), table.temporary)))
    }

    fn create_table_as(
        &mut self,
        mut table: Table,
        names: &[ColumnDef],
        query: &Query,
        with_data: bool,
    ) -> Result<Parts> {
        let mut bound = self.query(query, None)?;
        if names.len() > bound.columns.len() {
            let message = format!("CREATE TABLE {} AS names more columns than its query has", table.name);
            return Err(Error::syntax(message));
        }
        for (column, definition) in bound.columns.iter_mut().zip(names) {
            let plain = definition.data_type == DataType::Unspecified && definition.options.is_empty();
            refuse(!plain, "a type or option of a column in CREATE TABLE AS")?;
            column.name = name(&definition.name);
        }
        let mut list = Vec::with_capacity(bound.columns.len());
        for column in &bound.columns {
            require_column_type(&column.ty, &column.name)?;
            if table.column(&column.name).is_some() {
                return Err(duplicate_column(&column.name));
            }
            list.push(quote(&column.sql_name));
            table.columns.push(Column::new(&column.name, owned(&column.ty, &table.name, &column.name)));
        }
        let create = self.table_sql(&table)?;
        let mut statements = vec![create];
        if with_data {
            let into = qualified_name(&table.name, table.temporary);
            statements.push(format!("INSERT INTO {into} SELECT {} FROM ({})", list.join(", "), bound.sql));
        }
        let temporary = table.temporary;
        Ok(Parts::ddl(statements, in_schema(Change::PutTable(Arc::new(table)), temporary)))
    }

    /// The size that values of a new column are held to.
    pub fn size(&self, data_type: &DataType) -> Result<Option<Size>> {
        if self.enforces_sizes {
            size_of(data_type)
        } else {
            Ok(None)
        }
    }

    pub fn column_definition(
        &mut self,
        table: &mut Table,
        definition: &ColumnDef,
        pending: &mut Vec<ForeignKey>,
    ) -> Result<()> {
        let column_name = name(&definition.name);
        if table.column(&column_name).is_some() {
            return Err(duplicate_column(&column_name));
        }
        let at = |error| crate::sql::grammar::position(error, definition.name.span.start);
        let serial = is_serial(&definition.data_type);
        let ty = match serial {
            true => Type::Int64,
            false => owned(&type_of(&definition.data_type).map_err(at)?, &table.name, &column_name),
        };
        let mut column = Column::new(&column_name, ty);
        column.identity = serial.then_some(Identity::ByDefault);
        column.nullable = !serial;
        column.shape = shape_of(&definition.data_type).map_err(at)?;
        column.declared = declared_of(&definition.data_type);
        column.size = self.size(&definition.data_type).map_err(at)?;
        for option in &definition.options {
            let constraint = option.name.as_ref().map(name);
            match &option.option {
                ColumnOption::Null => {}
                ColumnOption::NotNull => column.nullable = false,
                ColumnOption::Default(expr) => {
                    let sql = expr.to_string();
                    self.default_value(&sql, &column)?;
                    column.default_sql = Some(sql);
                }
                ColumnOption::PrimaryKey(key) => {
                    refuse(key.characteristics.is_some(), "a deferrable constraint")?;
                    set_primary_key(table, vec![column_name.clone()], constraint)?;
                }
                ColumnOption::Unique(unique) => {
                    refuse(unique.characteristics.is_some(), "a deferrable constraint")?;
                    refuse(unique.nulls_distinct == NullsDistinctOption::NotDistinct, "NULLS NOT DISTINCT")?;
                    add_unique(table, vec![column_name.clone()], constraint);
                }
                ColumnOption::Check(check) => {
                    refuse(check.enforced == Some(false) || check.no_inherit, "NOT ENFORCED or NO INHERIT")?;
                    add_check(table, constraint, &check.expr, Some(column_name.clone()));
                }
                ColumnOption::ForeignKey(key) => {
                    pending.push(foreign_key(key, constraint, vec![column_name.clone()], true)?);
                }
                ColumnOption::Generated { generation_expr: None, .. } => {
                    column.identity = Some(identity_of(&option.option).map_err(at)?);
                    column.nullable = false;
                }
                ColumnOption::Generated { .. } | ColumnOption::Identity(_) => {
                    let (expression, stored) = expression_of(&option.option).map_err(at)?;
                    column.generated_sql = Some(expression);
                    column.generated_stored = stored;
                }
                ColumnOption::Collation(_) => return Err(at(Error::unsupported("COLLATE"))),
                other => return Err(at(Error::unsupported(format!("the column option {other}")))),
            }
        }
        if matches!(definition.data_type, DataType::JSON | DataType::JSONB) {
            let valid = expression(&format!("json_valid({})", quote(&column_name)))?;
            add_check(table, None, &valid, Some(column_name));
        }
        table.columns.push(column);
        Ok(())
    }
}

/// An ENUM gets its id from the column that declares it.
pub(super) fn owned(ty: &Type, table: &str, column: &str) -> Type {
    match ty {
        Type::Enum(of) => {
            let id = enum_id(table, column, &of.labels);
            Type::Enum(Arc::new(EnumType { id, labels: of.labels.clone() }))
        }
        other => other.clone(),
    }
}

/// The schemas are there, and there are no others.
pub(crate) fn create_schema(schema: &ObjectName, if_not_exists: bool) -> Result<Parts> {
    let name = object(schema)?;
    match name.to_ascii_lowercase().as_str() {
        "main" | "public" | "temp" if if_not_exists => Ok(Parts::ddl(Vec::new(), Change::Nothing)),
        "main" | "public" | "temp" => {
            let message = format!("schema {name} already exists");
            Err(Error::new(Status::Sql, "sql.already_exists", Some("42P06"), message))
        }
        _ => Err(Error::unsupported("CREATE SCHEMA").hint("the schemas are main, also called public, and temp")),
    }
}

fn refuse_table(create: &CreateTable) -> Result<()> {
    refuse(create.or_replace, "CREATE OR REPLACE TABLE")?;
    refuse(create.like.is_some() || create.clone.is_some(), "CREATE TABLE LIKE")?;
    refuse(create.inherits.is_some() || create.partition_of.is_some(), "INHERITS or PARTITION OF")?;
    refuse(create.partition_by.is_some(), "PARTITION BY")?;
    // The grammar knows many more options of many databases; whatever is left over is one of them.
    let mut rest = create.clone();
    rest.if_not_exists = false;
    rest.temporary = false;
    rest.columns.clear();
    rest.constraints.clear();
    rest.query = None;
    if rest.with_data.as_ref().is_some_and(|with| with.statistics.is_none()) {
        rest.with_data = None;
    }
    if rest.hive_formats.as_ref().is_some_and(|formats| *formats == HiveFormat::default()) {
        rest.hive_formats = None;
    }
    refuse(rest != CreateTableBuilder::new(create.name.clone()).build(), "an option of CREATE TABLE")
}
