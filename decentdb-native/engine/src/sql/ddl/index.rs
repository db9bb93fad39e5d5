//! CREATE INDEX.

use std::sync::Arc;

use sqlparser::ast::{CreateIndex, Expr, IndexColumn, IndexType, OrderBySort, Statement};

use crate::catalog::{Catalog, Change, ForeignKey, Index, Method, Table};
use crate::error::{Error, Result, Status};
use crate::sql::bind::{fulltext_analyzer, Binder, ExKind};
use crate::sql::emit::{create_shadow_index, in_schema, qualified_name};
use crate::sql::errors::{already_exists, duplicate_column, refuse};
use crate::sql::grammar::{name, object, path, quote, require_user_name, statement, tokenize};
use crate::sql::program::Parts;
use crate::value::Type;

use super::stored_expr::{ident, written};

impl Binder<'_> {
    pub fn create_index(&mut self, create: &CreateIndex, text: &str) -> Result<Parts> {
        let path = path(&create.table_name)?;
        require_user_name(&path.name).map_err(|_| Error::unknown_relation(&path.name))?;
        let home = self.home(&path);
        if home.view(&path.name).is_some() {
            let message = format!("cannot create an index on view {}", path.name);
            return Err(wrong_object(message).with("relation", path.name));
        }
        let table = home.table(&path.name).cloned().ok_or_else(|| Error::unknown_relation(&path.name))?;
        let (index_name, text) = match &create.name {
            Some(given) => (object(given)?, written(text)),
            None => {
                let keys: Vec<String> = create.columns.iter().map(|key| key.column.expr.to_string()).collect();
                let name = free_name(home, &format!("idx_{}_{}", table.name, keys.join("_")));
                let named = CreateIndex { name: Some(ident(&name).into()), ..create.clone() };
                (name, named.to_string())
            }
        };
        require_user_name(&index_name)?;
        if home.contains(&index_name) {
            if create.if_not_exists && home.index(&index_name).is_some() {
                return Ok(Parts::ddl(Vec::new(), Change::Nothing));
            }
            return Err(already_exists(&index_name));
        }
        let (index, statements) = self.bind_index(create, &table, index_name, text)?;
        Ok(Parts::ddl(statements, in_schema(Change::PutIndex(Arc::new(index)), table.temporary)))
    }

    /// The statements that make an index of the catalogue for SQLite.
    pub fn index_sql(&mut self, index: &Index, table: &Table) -> Result<Vec<String>> {
        let create = definition(index)?;
        Ok(self.bind_index(&create, table, index.name.clone(), index.ddl.clone())?.1)
    }

    /// The index as the catalogue keeps it, and the statements for SQLite.
    fn bind_index(
        &mut self,
        create: &CreateIndex,
        table: &Table,
        index_name: String,
        ddl: String,
    ) -> Result<(Index, Vec<String>)> {
        refuse(create.concurrently || create.r#async, "CREATE INDEX CONCURRENTLY")?;
        refuse(create.nulls_distinct == Some(false), "NULLS NOT DISTINCT")?;
        refuse(!create.index_options.is_empty() || !create.alter_options.is_empty(), "an option of CREATE INDEX")?;
        let method = method(create)?;
        if !matches!(method, Method::FullText(_)) {
            refuse(!create.with.is_empty(), "an option of CREATE INDEX")?;
        }
        if method != Method::BTree {
            refuse(table.temporary, &format!("a {} index on a temporary table", method.name()))?;
            require_plain(create, &method, table)?;
        }
        let mut keys = Vec::with_capacity(create.columns.len());
        let mut columns = Vec::with_capacity(create.columns.len());
        let mut expression = false;
        for IndexColumn { column, operator_class } in &create.columns {
            refuse(operator_class.is_some(), "an operator class")?;
            refuse(column.with_fill.is_some(), "WITH FILL")?;
            let ex = self.steady(&column.expr, table, "an index")?;
            let plain = ex.kind == ExKind::Column;
            expression |= !plain;
            columns.push(match &ex.source {
                Some((_, column)) if plain => column.clone(),
                _ => column.expr.to_string(),
            });
            let mut key = if plain { ex.sql.clone() } else { format!("({})", ex.sql) };
            if let (Some(collation), false) = (ex.ty.collation(), plain) {
                key = format!("{key} COLLATE {collation}");
            }
            // Where its NULLs stand changes no result, so NULLS FIRST and LAST need no counterpart.
            match &column.options.sort {
                None | Some(OrderBySort::Asc) => {}
                Some(OrderBySort::Desc) => key.push_str(" DESC"),
                Some(_) => return Err(Error::unsupported("USING in the order of an index")),
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(Error::syntax("an index needs at least one column"));
        }
        let include = included(create, table, &columns)?;
        refuse(!include.is_empty() && expression, "INCLUDE in an index of expressions")?;
        if !create.unique {
            // At the end of the key they make the index a covering one; in a unique one they would be part of the key.
            keys.extend(include.iter().map(|column| quote(column)));
        }
        // An index lives where its table does.
        let unique = if create.unique { "UNIQUE " } else { "" };
        let (on, keys) = (quote(&table.name), keys.join(", "));
        let mut sql = format!("CREATE {unique}INDEX {} ON {on} ({keys})", qualified_name(&index_name, table.temporary));
        if let Some(predicate) = &create.predicate {
            sql.push_str(&format!(" WHERE {}", self.steady_bool(predicate, table, "the condition of an index")?));
        }
        let derived = method != Method::BTree;
        let index = Index {
            name: index_name,
            table: table.name.clone(),
            unique: create.unique,
            columns,
            expression,
            method,
            predicate_sql: create.predicate.as_ref().map(ToString::to_string),
            include,
            foreign_key: false,
            ddl,
        };
        let statements = if derived { create_shadow_index(table, &index)? } else { vec![sql] };
        Ok((index, statements))
    }
}

fn method(create: &CreateIndex) -> Result<Method> {
    Ok(match &create.using {
        None | Some(IndexType::BTree) => Method::BTree,
        // PostgreSQL's index methods for trigrams.
        Some(IndexType::GIN) => Method::Trigram,
        Some(IndexType::Custom(name)) if name.value.eq_ignore_ascii_case("trigram") => Method::Trigram,
        Some(IndexType::Custom(name)) if name.value.eq_ignore_ascii_case("spatial") => Method::Spatial,
        Some(IndexType::Custom(name)) if name.value.eq_ignore_ascii_case("fulltext") => {
            Method::FullText(fulltext_analyzer(&create.with)?)
        }
        Some(other) => return Err(Error::unsupported(format!("CREATE INDEX USING {other}"))),
    })
}

/// Indexes of texts and shapes are on plain columns of their types, and on all rows.
fn require_plain(create: &CreateIndex, method: &Method, table: &Table) -> Result<()> {
    let kind = method.name();
    refuse(!create.include.is_empty(), &format!("INCLUDE in a {kind} index"))?;
    refuse(create.unique, &format!("UNIQUE of a {kind} index"))?;
    refuse(create.predicate.is_some(), &format!("a condition of a {kind} index"))?;
    for IndexColumn { column, operator_class } in &create.columns {
        let Expr::Identifier(ident) = &column.expr else {
            return Err(Error::unsupported(format!("an expression in a {kind} index")));
        };
        let ordered = column.options.sort.is_some() || column.options.nulls_first.is_some();
        refuse(ordered || operator_class.is_some(), &format!("an order or operator class in a {kind} index"))?;
        let written = name(ident);
        let found = table.column(&written).ok_or_else(|| Error::unknown_column(&written))?;
        let (fits, wanted) = match method {
            Method::Spatial => (matches!(found.ty, Type::Geometry | Type::Geography), "GEOMETRY or GEOGRAPHY"),
            _ => (found.ty == Type::Text, "TEXT"),
        };
        if !fits {
            let message = format!("a {kind} index needs columns of type {wanted}, not {}", found.ty.name());
            return Err(Error::type_mismatch(message).with("column", found.name.clone()));
        }
    }
    let several = create.columns.len() > 1 && matches!(method, Method::Trigram | Method::Spatial);
    refuse(several, &format!("several columns in a {kind} index"))
}

fn included(create: &CreateIndex, table: &Table, keys: &[String]) -> Result<Vec<String>> {
    let mut include: Vec<String> = Vec::with_capacity(create.include.len());
    for written in &create.include {
        let written = name(written);
        let column = table.column(&written).ok_or_else(|| Error::unknown_column(&written))?;
        if keys.contains(&column.name) || include.contains(&column.name) {
            return Err(duplicate_column(&column.name));
        }
        include.push(column.name.clone());
    }
    Ok(include)
}

/// The statement that created an index, as the grammar reads it.
pub(super) fn definition(index: &Index) -> Result<CreateIndex> {
    match statement(tokenize(&index.ddl)?)? {
        Statement::CreateIndex(create) => Ok(create),
        _ => Err(Error::internal(format!("the definition of index {} is none", index.name))),
    }
}

/// The index that finds the rows of a foreign key; none where a key of the table begins with the same columns.
pub(super) fn key_index(catalog: &Catalog, table: &Table, key: &ForeignKey) -> Option<Index> {
    let uniques = table.uniques.iter().map(|unique| &unique.columns);
    let serves = |columns: &[String]| columns.starts_with(&key.columns);
    let indexed = catalog.indexes.values().filter(|index| index.table == table.name && index.predicate_sql.is_none());
    if uniques.chain([&table.primary_key]).chain(indexed.map(|index| &index.columns)).any(|columns| serves(columns)) {
        return None;
    }
    let name = free_name(catalog, &format!("fk_{}_{}_idx", table.name, key.columns.join("_")));
    let columns: Vec<String> = key.columns.iter().map(|column| quote(column)).collect();
    Some(Index {
        ddl: format!("CREATE INDEX {} ON {} ({})", quote(&name), quote(&table.name), columns.join(", ")),
        name,
        table: table.name.clone(),
        unique: false,
        columns: key.columns.clone(),
        expression: false,
        method: Method::BTree,
        predicate_sql: None,
        include: Vec::new(),
        foreign_key: true,
    })
}

fn wrong_object(message: String) -> Error {
    Error::new(Status::Sql, "sql.wrong_object", Some("42809"), message)
}

fn free_name(catalog: &Catalog, wanted: &str) -> String {
    let base: String = wanted.chars().filter(|c| c.is_alphanumeric() || *c == '_').take(60).collect();
    let mut candidate = base.clone();
    let mut number = 1;
    while catalog.contains(&candidate) {
        candidate = format!("{base}_{number}");
        number += 1;
    }
    candidate
}
