//! CREATE TABLE, CREATE INDEX and CREATE VIEW.

use std::sync::Arc;

use sqlparser::ast::helpers::stmt_create_table::CreateTableBuilder;
use sqlparser::ast::{
    ColumnDef, ColumnOption, CreateIndex, CreateTable, CreateTableOptions, CreateView, Expr, ForeignKeyConstraint,
    HiveFormat, IndexColumn, IndexType, NullsDistinctOption, ReferentialAction, TableConstraint,
};

use crate::catalog::{Catalog, Change, Check, Column, ForeignKey, Index, Table, Unique, View, ViewColumn};
use crate::error::{Error, Result, Status};
use crate::value::{EnumType, Type};

use super::binder::{same, Aggregates, Binder};
use super::dml::require_column_type;
use super::from::table_columns;
use super::generated::{expression_of, require_sound};
use super::names::{enum_id, type_of};
use super::parse::{name, object, quote, require_user_name};
use super::scope::{Relation, Scope, ScopeColumn};
use super::select::refuse;
use super::{Kind, Parts, Program};

pub(super) fn ddl(statements: Vec<String>, change: Change) -> Parts {
    Parts { kind: Kind::Ddl, program: Program::Ddl { statements, change }, columns: Vec::new(), target: None }
}

pub(super) fn exists(catalog: &Catalog, name: &str) -> bool {
    catalog.table(name).is_some() || catalog.view(name).is_some() || catalog.index(name).is_some()
}

pub(super) fn already_exists(name: &str) -> Error {
    Error::new(Status::Sql, "sql.already_exists", Some("42P07"), format!("object {name} already exists"))
        .with("relation", name)
}

/// The statement as written, without what ends it.
fn written(text: &str) -> String {
    text.trim().trim_end_matches(';').trim_end().to_owned()
}

/// The scope of expressions that may name only the table's own columns, and without a qualifier.
pub(super) fn row_scope(table: &Table) -> Scope<'static> {
    let mut relation = Relation::new(&table.name, table_columns(table));
    relation.qualifier = String::new();
    Scope::of(relation)
}

impl Binder<'_> {
    pub fn create_table(&mut self, create: &CreateTable, text: &str) -> Result<Parts> {
        refuse_table(create)?;
        let table_name = object(&create.name)?;
        require_user_name(&table_name)?;
        if exists(self.catalog, &table_name) {
            if create.if_not_exists && self.catalog.table(&table_name).is_some() {
                return Ok(ddl(Vec::new(), Change::Nothing));
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
            temporary: false,
        };
        if let Some(query) = &create.query {
            refuse(!create.columns.is_empty() || !create.constraints.is_empty(), "columns in CREATE TABLE AS")?;
            return self.create_table_as(table, query);
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
        for key in pending {
            let key = self.resolve_foreign_key(&table, key)?;
            table.foreign_keys.push(key);
        }
        require_sound(&table)?;
        let sql = self.table_sql(&table)?;
        Ok(ddl(vec![sql], Change::PutTable(Arc::new(table))))
    }

    fn create_table_as(&mut self, mut table: Table, query: &sqlparser::ast::Query) -> Result<Parts> {
        let bound = self.query(query, None)?;
        let mut list = Vec::with_capacity(bound.columns.len());
        for column in &bound.columns {
            require_column_type(&column.ty, &column.name)?;
            if table.column(&column.name).is_some() {
                return Err(duplicate_column(&column.name));
            }
            list.push(quote(&column.sql_name));
            table.columns.push(Column {
                name: column.name.clone(),
                ty: owned(&column.ty, &table.name, &column.name),
                nullable: true,
                default_sql: None,
                generated_sql: None,
                auto_increment: false,
                unique: false,
            });
        }
        let create = self.table_sql(&table)?;
        let fill = format!("INSERT INTO {} SELECT {} FROM ({})", quote(&table.name), list.join(", "), bound.sql);
        Ok(ddl(vec![create, fill], Change::PutTable(Arc::new(table))))
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
        let at = |error| super::parse::position(error, definition.name.span.start);
        let ty = owned(&type_of(&definition.data_type).map_err(at)?, &table.name, &column_name);
        let mut column = Column {
            name: column_name.clone(),
            ty,
            nullable: true,
            default_sql: None,
            generated_sql: None,
            auto_increment: false,
            unique: false,
        };
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
                ColumnOption::Generated { .. } | ColumnOption::Identity(_) => {
                    column.generated_sql = Some(expression_of(&option.option).map_err(at)?);
                }
                ColumnOption::Collation(_) => return Err(at(Error::unsupported("COLLATE"))),
                other => return Err(at(Error::unsupported(format!("the column option {other}")))),
            }
        }
        table.columns.push(column);
        Ok(())
    }

    /// Completes and checks a foreign key against the table it references.
    pub fn resolve_foreign_key(&self, table: &Table, mut key: ForeignKey) -> Result<ForeignKey> {
        let other = if key.referenced_table.eq_ignore_ascii_case(&table.name) {
            table
        } else {
            self.catalog.table(&key.referenced_table).ok_or_else(|| Error::unknown_relation(&key.referenced_table))?
        };
        key.referenced_table = other.name.clone();
        if key.referenced_columns.is_empty() {
            key.referenced_columns = other.primary_key.clone();
        }
        let names = |names: &[String], of: &Table| {
            let found = names.iter().map(|name| {
                let column =
                    of.column(name).ok_or_else(|| Error::unknown_column(name).with("relation", of.name.clone()));
                column.map(|column| (column.name.clone(), column.ty.clone()))
            });
            found.collect::<Result<Vec<_>>>()
        };
        let own = names(&key.columns, table)?;
        let theirs = names(&key.referenced_columns, other)?;
        if own.len() != theirs.len() || own.is_empty() {
            let message = format!("the foreign key on {} references another number of columns", table.name);
            return Err(Error::new(Status::Sql, "sql.invalid_foreign_key", Some("42830"), message));
        }
        for ((from, from_type), (to, to_type)) in own.iter().zip(&theirs) {
            if !same(from_type, to_type) {
                return Err(Error::type_mismatch(format!(
                    "the foreign key column {}.{from} is {} but {}.{to} is {}",
                    table.name,
                    from_type.name(),
                    other.name,
                    to_type.name()
                )));
            }
        }
        key.columns = own.into_iter().map(|(name, _)| name).collect();
        key.referenced_columns = theirs.into_iter().map(|(name, _)| name).collect();
        let mut wanted = key.referenced_columns.clone();
        wanted.sort();
        let is_key = |columns: &[String]| {
            let mut columns = columns.to_vec();
            columns.sort();
            columns == wanted
        };
        let indexed = self.catalog.indexes.values().any(|index| {
            let whole = index.unique && !index.expression && index.predicate_sql.is_none();
            whole && index.table == other.name && is_key(&index.columns)
        });
        if !is_key(&other.primary_key) && !other.uniques.iter().any(|unique| is_key(&unique.columns)) && !indexed {
            let message = format!(
                "the foreign key on {} references columns of {} that are neither primary key nor unique",
                table.name, other.name
            );
            return Err(Error::new(Status::Sql, "sql.invalid_foreign_key", Some("42830"), message));
        }
        Ok(key)
    }

    /// The definition of one column for SQLite.
    pub fn column_sql(&mut self, table: &Table, column: &Column) -> Result<String> {
        let quoted = quote(&column.name);
        if table.row_id().is_some_and(|id| id.name == column.name) {
            // Ids of deleted rows are never given again.
            return Ok(format!("{quoted} INTEGER PRIMARY KEY AUTOINCREMENT"));
        }
        let mut sql = format!("{quoted} {}", column.ty.storage());
        if let Some(collation) = column.ty.collation() {
            sql.push_str(&format!(" COLLATE {collation}"));
        }
        if !column.nullable {
            sql.push_str(" NOT NULL");
        }
        if let Some(default) = &column.default_sql {
            sql.push_str(&format!(" DEFAULT ({})", self.default_value(default, column)?.sql));
        }
        if let Some(generated) = &column.generated_sql {
            sql.push_str(&self.generated_sql(table, column, generated)?);
        }
        if column.ty == Type::Bool {
            sql.push_str(&format!(" CHECK ({quoted} IN (0, 1))"));
        }
        Ok(sql)
    }

    fn table_sql(&mut self, table: &Table) -> Result<String> {
        let mut parts = Vec::new();
        for column in &table.columns {
            parts.push(self.column_sql(table, column)?);
        }
        let list = |names: &[String]| names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ");
        if !table.primary_key.is_empty() && table.row_id().is_none() {
            let constraint = quote(&table.primary_key_name);
            parts.push(format!("CONSTRAINT {constraint} PRIMARY KEY ({})", list(&table.primary_key)));
        }
        for unique in &table.uniques {
            parts.push(format!("CONSTRAINT {} UNIQUE ({})", quote(&unique.name), list(&unique.columns)));
        }
        for check in &table.checks {
            parts.push(format!("CONSTRAINT {} CHECK ({})", quote(&check.name), self.check_sql(table, check)?));
        }
        for key in &table.foreign_keys {
            parts.push(format!(
                "FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE {} ON UPDATE {}",
                list(&key.columns),
                quote(&key.referenced_table),
                list(&key.referenced_columns),
                key.on_delete,
                key.on_update
            ));
        }
        Ok(format!("CREATE TABLE {} ({}) STRICT", quote(&table.name), parts.join(", ")))
    }

    pub fn check_sql(&mut self, table: &Table, check: &Check) -> Result<String> {
        let expr = super::parse::expression(&check.sql)?;
        self.steady_bool(&expr, table, "a CHECK constraint").map_err(super::parse::without_position)
    }

    fn steady_bool(&mut self, expr: &Expr, table: &Table, place: &'static str) -> Result<String> {
        let ex = self.steady(expr, table, place)?;
        Ok(self.require_bool(ex, place)?.sql)
    }

    /// An expression over the columns of a row alone.
    pub fn steady(&mut self, expr: &Expr, table: &Table, place: &'static str) -> Result<super::binder::Ex> {
        self.aggregates = Aggregates::Inside(place);
        self.steady = Some(place);
        let ex = self.expr(expr, &row_scope(table));
        self.steady = None;
        ex
    }

    pub fn create_index(&mut self, create: &CreateIndex, text: &str) -> Result<Parts> {
        refuse(create.concurrently || create.r#async, "CREATE INDEX CONCURRENTLY")?;
        refuse(!create.include.is_empty(), "INCLUDE")?;
        refuse(create.nulls_distinct == Some(false), "NULLS NOT DISTINCT")?;
        refuse(!create.with.is_empty() || !create.index_options.is_empty(), "an option of CREATE INDEX")?;
        refuse(!create.alter_options.is_empty(), "an option of CREATE INDEX")?;
        match &create.using {
            None | Some(IndexType::BTree) => {}
            Some(other) => return Err(Error::unsupported(format!("CREATE INDEX USING {other}"))),
        }
        let table_name = object(&create.table_name)?;
        require_user_name(&table_name).map_err(|_| Error::unknown_relation(&table_name))?;
        let table = self.catalog.table(&table_name).cloned().ok_or_else(|| Error::unknown_relation(&table_name))?;
        let mut keys = Vec::with_capacity(create.columns.len());
        let mut columns = Vec::with_capacity(create.columns.len());
        let mut expression = false;
        for IndexColumn { column, operator_class } in &create.columns {
            refuse(operator_class.is_some(), "an operator class")?;
            refuse(column.with_fill.is_some(), "WITH FILL")?;
            let ex = self.steady(&column.expr, &table, "an index")?;
            let plain = ex.kind == super::binder::Kind::Column;
            expression |= !plain;
            columns.push(match &ex.source {
                Some((_, column)) if plain => column.clone(),
                _ => column.expr.to_string(),
            });
            let mut key = if plain { ex.sql.clone() } else { format!("({})", ex.sql) };
            if let (Some(collation), false) = (ex.ty.collation(), plain) {
                key = format!("{key} COLLATE {collation}");
            }
            match &column.options.sort {
                None | Some(sqlparser::ast::OrderBySort::Asc) => {}
                Some(sqlparser::ast::OrderBySort::Desc) => key.push_str(" DESC"),
                Some(_) => return Err(Error::unsupported("USING in the order of an index")),
            }
            refuse(column.options.nulls_first.is_some(), "NULLS FIRST or LAST in an index")?;
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(Error::syntax("an index needs at least one column"));
        }
        let index_name = match &create.name {
            Some(written) => object(written)?,
            None => free_name(self.catalog, &format!("idx_{}_{}", table.name, columns.join("_"))),
        };
        require_user_name(&index_name)?;
        if exists(self.catalog, &index_name) {
            if create.if_not_exists && self.catalog.index(&index_name).is_some() {
                return Ok(ddl(Vec::new(), Change::Nothing));
            }
            return Err(already_exists(&index_name));
        }
        let unique = if create.unique { "UNIQUE " } else { "" };
        let (on, keys) = (quote(&table.name), keys.join(", "));
        let mut sql = format!("CREATE {unique}INDEX {} ON {on} ({keys})", quote(&index_name));
        if let Some(predicate) = &create.predicate {
            sql.push_str(&format!(" WHERE {}", self.steady_bool(predicate, &table, "the condition of an index")?));
        }
        let index = Index {
            name: index_name,
            table: table.name.clone(),
            unique: create.unique,
            columns,
            expression,
            predicate_sql: create.predicate.as_ref().map(ToString::to_string),
            ddl: written(text),
        };
        Ok(ddl(vec![sql], Change::PutIndex(Arc::new(index))))
    }

    pub fn create_view(&mut self, create: &CreateView, text: &str) -> Result<Parts> {
        refuse(create.materialized, "CREATE MATERIALIZED VIEW")?;
        refuse(create.temporary, "CREATE TEMP VIEW")?;
        refuse(create.or_alter || create.secure || create.copy_grants, "this form of CREATE VIEW")?;
        refuse(create.to.is_some() || create.params.is_some(), "this form of CREATE VIEW")?;
        refuse(create.options != CreateTableOptions::None || create.comment.is_some(), "an option of CREATE VIEW")?;
        refuse(!create.cluster_by.is_empty() || create.with_no_schema_binding, "an option of CREATE VIEW")?;
        let view_name = object(&create.name)?;
        require_user_name(&view_name)?;
        let mut statements = Vec::new();
        if exists(self.catalog, &view_name) {
            let is_view = self.catalog.view(&view_name).is_some();
            if create.if_not_exists && is_view {
                return Ok(ddl(Vec::new(), Change::Nothing));
            }
            if !(create.or_replace && is_view) {
                return Err(already_exists(&view_name));
            }
            self.require_unread(&view_name, &[])?;
            statements.push(format!("DROP VIEW {}", quote(&view_name)));
        }
        let mut bound = self.query(&create.query, None)?;
        refuse(self.saw_system, "a view of the schema's own views")?;
        rename_view(&mut bound.columns, create, &view_name)?;
        let names: Vec<String> = bound.columns.iter().map(|column| quote(&column.name)).collect();
        statements.push(format!("CREATE VIEW {} ({}) AS {}", quote(&view_name), names.join(", "), bound.sql));
        let columns = bound.columns.into_iter().map(|column| ViewColumn {
            name: column.name,
            ty: column.ty,
            nullable: column.nullable,
            source: column.source,
        });
        let view = View {
            name: view_name,
            columns: columns.collect(),
            sql_text: create.query.to_string(),
            dependencies: self.tables.clone(),
            views: self.views.clone(),
            ddl: written(text),
            temporary: false,
        };
        if view.views.iter().any(|used| used.eq_ignore_ascii_case(&view.name)) {
            return Err(Error::syntax(format!("view {} cannot read itself", view.name)));
        }
        Ok(ddl(statements, Change::PutView(Arc::new(view))))
    }
}

fn rename_view(columns: &mut [ScopeColumn], create: &CreateView, view: &str) -> Result<()> {
    if create.columns.len() > columns.len() {
        return Err(Error::syntax(format!("view {view} names more columns than its query has")));
    }
    for (column, definition) in columns.iter_mut().zip(&create.columns) {
        refuse(definition.data_type.is_some() || definition.options.is_some(), "a type or option of a view column")?;
        column.name = name(&definition.name);
    }
    for (at, column) in columns.iter().enumerate() {
        if columns[..at].iter().any(|other| other.name.eq_ignore_ascii_case(&column.name)) {
            return Err(duplicate_column(&column.name).hint("give the columns of the view distinct names with AS"));
        }
    }
    Ok(())
}

fn free_name(catalog: &Catalog, wanted: &str) -> String {
    let base: String = wanted.chars().filter(|c| c.is_alphanumeric() || *c == '_').take(60).collect();
    let mut candidate = base.clone();
    let mut number = 1;
    while exists(catalog, &candidate) {
        candidate = format!("{base}_{number}");
        number += 1;
    }
    candidate
}

/// An ENUM gets its id from the column that declares it.
fn owned(ty: &Type, table: &str, column: &str) -> Type {
    match ty {
        Type::Enum(of) => {
            let id = enum_id(table, column, &of.labels);
            Type::Enum(Arc::new(EnumType { id, labels: of.labels.clone() }))
        }
        other => other.clone(),
    }
}

fn duplicate_column(column: &str) -> Error {
    let message = format!("column {column} is defined more than once");
    Error::new(Status::Sql, "sql.duplicate_column", Some("42701"), message).with("column", column)
}

fn set_primary_key(table: &mut Table, columns: Vec<String>, constraint: Option<String>) -> Result<()> {
    if !table.primary_key.is_empty() {
        let message = format!("table {} has more than one primary key", table.name);
        return Err(Error::new(Status::Sql, "sql.invalid_table", Some("42P16"), message));
    }
    table.primary_key_name = constraint.unwrap_or_else(|| format!("pk_{}_{}", table.name, columns.join("_")));
    table.primary_key = columns;
    Ok(())
}

fn add_unique(table: &mut Table, columns: Vec<String>, constraint: Option<String>) {
    let name = constraint.unwrap_or_else(|| format!("uq_{}_{}", table.name, columns.join("_")));
    table.uniques.push(Unique { name, columns });
}

fn add_check(table: &mut Table, constraint: Option<String>, expr: &Expr, column: Option<String>) {
    let named = constraint.is_some();
    let name = constraint.unwrap_or_else(|| format!("ck_{}_{}", table.name, table.checks.len() + 1));
    table.checks.push(Check { name, named, sql: expr.to_string(), column });
}

fn foreign_key(
    key: &ForeignKeyConstraint,
    constraint: Option<String>,
    columns: Vec<String>,
    inline: bool,
) -> Result<ForeignKey> {
    refuse(key.match_kind.is_some(), "MATCH in a foreign key")?;
    refuse(key.characteristics.is_some(), "a deferrable constraint")?;
    let action = |action: &Option<ReferentialAction>| match action {
        None | Some(ReferentialAction::NoAction) => "NO ACTION".to_owned(),
        Some(action) => action.to_string(),
    };
    Ok(ForeignKey {
        name: constraint.or_else(|| key.name.as_ref().map(name)),
        columns,
        referenced_table: object(&key.foreign_table)?,
        referenced_columns: key.referred_columns.iter().map(name).collect(),
        on_delete: action(&key.on_delete),
        on_update: action(&key.on_update),
        inline,
    })
}

fn key_columns(table: &Table, columns: &[IndexColumn]) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::with_capacity(columns.len());
    for column in columns {
        let options = &column.column.options;
        let plain = options.sort.is_none() && options.nulls_first.is_none() && column.operator_class.is_none();
        refuse(!plain, "an order or operator class in a constraint")?;
        let Expr::Identifier(ident) = &column.column.expr else {
            return Err(Error::unsupported("an expression in a constraint; create an index"));
        };
        let written = name(ident);
        let found = table.column(&written).ok_or_else(|| Error::unknown_column(&written))?;
        if names.contains(&found.name) {
            return Err(duplicate_column(&found.name));
        }
        names.push(found.name.clone());
    }
    Ok(names)
}

pub(super) fn table_constraint(
    table: &mut Table,
    constraint: &TableConstraint,
    pending: &mut Vec<ForeignKey>,
) -> Result<()> {
    match constraint {
        TableConstraint::PrimaryKey(key) => {
            refuse(key.characteristics.is_some() || !key.include.is_empty(), "an option of PRIMARY KEY")?;
            let columns = key_columns(table, &key.columns)?;
            set_primary_key(table, columns, key.name.as_ref().map(name))
        }
        TableConstraint::Unique(unique) => {
            refuse(unique.characteristics.is_some() || !unique.include.is_empty(), "an option of UNIQUE")?;
            refuse(unique.nulls_distinct == NullsDistinctOption::NotDistinct, "NULLS NOT DISTINCT")?;
            let columns = key_columns(table, &unique.columns)?;
            add_unique(table, columns, unique.name.as_ref().map(name));
            Ok(())
        }
        TableConstraint::Check(check) => {
            refuse(check.enforced == Some(false) || check.no_inherit, "NOT ENFORCED or NO INHERIT")?;
            add_check(table, check.name.as_ref().map(name), &check.expr, None);
            Ok(())
        }
        TableConstraint::ForeignKey(key) => {
            let columns = key.columns.iter().map(name).collect();
            pending.push(foreign_key(key, None, columns, false)?);
            Ok(())
        }
        other => Err(Error::unsupported(format!("the constraint {other}"))),
    }
}

/// What keys mean for their columns.
fn settle_keys(table: &mut Table) {
    let row_id = table.row_id().map(|column| column.name.clone());
    for column in &mut table.columns {
        if table.primary_key.contains(&column.name) {
            column.nullable = false;
            column.auto_increment = row_id.as_ref() == Some(&column.name);
            column.unique |= table.primary_key.len() == 1;
        }
        column.unique |= table.uniques.iter().any(|unique| unique.columns == [column.name.as_str()]);
    }
}

fn refuse_table(create: &CreateTable) -> Result<()> {
    refuse(create.temporary, "CREATE TEMP TABLE")?;
    refuse(create.or_replace, "CREATE OR REPLACE TABLE")?;
    refuse(create.like.is_some() || create.clone.is_some(), "CREATE TABLE LIKE")?;
    refuse(create.inherits.is_some() || create.partition_of.is_some(), "INHERITS or PARTITION OF")?;
    refuse(create.partition_by.is_some(), "PARTITION BY")?;
    // The grammar knows many more options of many databases; whatever is left over is one of them.
    let mut rest = create.clone();
    rest.if_not_exists = false;
    rest.columns.clear();
    rest.constraints.clear();
    rest.query = None;
    if rest.hive_formats.as_ref().is_some_and(|formats| *formats == HiveFormat::default()) {
        rest.hive_formats = None;
    }
    refuse(rest != CreateTableBuilder::new(create.name.clone()).build(), "an option of CREATE TABLE")
}
