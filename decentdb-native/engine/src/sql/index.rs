//! CREATE INDEX.

use std::sync::Arc;

use sqlparser::ast::{CreateIndex, Expr, IndexColumn, IndexType, OrderBySort};

use crate::catalog::{Catalog, Change, Index, Method, Table};
use crate::error::{Error, Result};
use crate::value::Type;

use super::binder::{Binder, Kind};
use super::create::{already_exists, ddl, written};
use super::derived;
use super::parse::{self, object, path, quote, require_user_name};
use super::place::{place, placed};
use super::search::analyzer;
use super::select::refuse;
use super::Parts;

impl Binder<'_> {
    pub fn create_index(&mut self, create: &CreateIndex, text: &str) -> Result<Parts> {
        refuse(create.concurrently || create.r#async, "CREATE INDEX CONCURRENTLY")?;
        refuse(!create.include.is_empty(), "INCLUDE")?;
        refuse(create.nulls_distinct == Some(false), "NULLS NOT DISTINCT")?;
        refuse(!create.index_options.is_empty() || !create.alter_options.is_empty(), "an option of CREATE INDEX")?;
        let method = method(create)?;
        if !matches!(method, Method::FullText(_)) {
            refuse(!create.with.is_empty(), "an option of CREATE INDEX")?;
        }
        let path = path(&create.table_name)?;
        require_user_name(&path.name).map_err(|_| Error::unknown_relation(&path.name))?;
        let home = self.home(&path);
        let table = home.table(&path.name).cloned().ok_or_else(|| Error::unknown_relation(&path.name))?;
        if method != Method::BTree {
            refuse(table.temporary, &format!("a {} index on a temporary table", method.name()))?;
            require_plain(create, &method, &table)?;
        }
        let mut keys = Vec::with_capacity(create.columns.len());
        let mut columns = Vec::with_capacity(create.columns.len());
        let mut expression = false;
        for IndexColumn { column, operator_class } in &create.columns {
            refuse(operator_class.is_some(), "an operator class")?;
            refuse(column.with_fill.is_some(), "WITH FILL")?;
            let ex = self.steady(&column.expr, &table, "an index")?;
            let plain = ex.kind == Kind::Column;
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
                None | Some(OrderBySort::Asc) => {}
                Some(OrderBySort::Desc) => key.push_str(" DESC"),
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
            None => free_name(home, &format!("idx_{}_{}", table.name, columns.join("_"))),
        };
        require_user_name(&index_name)?;
        if home.contains(&index_name) {
            if create.if_not_exists && home.index(&index_name).is_some() {
                return Ok(ddl(Vec::new(), Change::Nothing));
            }
            return Err(already_exists(&index_name));
        }
        let unique = if create.unique { "UNIQUE " } else { "" };
        let (on, keys) = (quote(&table.name), keys.join(", "));
        // An index lives where its table does.
        let mut sql = format!("CREATE {unique}INDEX {} ON {on} ({keys})", place(&index_name, table.temporary));
        if let Some(predicate) = &create.predicate {
            sql.push_str(&format!(" WHERE {}", self.steady_bool(predicate, &table, "the condition of an index")?));
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
            ddl: written(text),
        };
        let statements = if derived { derived::create(&table, &index)? } else { vec![sql] };
        Ok(ddl(statements, placed(Change::PutIndex(Arc::new(index)), table.temporary)))
    }
}

fn method(create: &CreateIndex) -> Result<Method> {
    Ok(match &create.using {
        None | Some(IndexType::BTree) => Method::BTree,
        // What PostgreSQL keeps trigrams in.
        Some(IndexType::GIN) => Method::Trigram,
        Some(IndexType::Custom(name)) if name.value.eq_ignore_ascii_case("trigram") => Method::Trigram,
        Some(IndexType::Custom(name)) if name.value.eq_ignore_ascii_case("spatial") => Method::Spatial,
        Some(IndexType::Custom(name)) if name.value.eq_ignore_ascii_case("fulltext") => {
            Method::FullText(analyzer(&create.with)?)
        }
        Some(other) => return Err(Error::unsupported(format!("CREATE INDEX USING {other}"))),
    })
}

/// Indexes of texts and shapes are on plain columns of their types, and on all rows.
fn require_plain(create: &CreateIndex, method: &Method, table: &Table) -> Result<()> {
    let name = method.name();
    refuse(create.unique, &format!("UNIQUE of a {name} index"))?;
    refuse(create.predicate.is_some(), &format!("a condition of a {name} index"))?;
    for IndexColumn { column, operator_class } in &create.columns {
        let Expr::Identifier(ident) = &column.expr else {
            return Err(Error::unsupported(format!("an expression in a {name} index")));
        };
        let ordered = column.options.sort.is_some() || column.options.nulls_first.is_some();
        refuse(ordered || operator_class.is_some(), &format!("an order or operator class in a {name} index"))?;
        let written = parse::name(ident);
        let found = table.column(&written).ok_or_else(|| Error::unknown_column(&written))?;
        let (fits, wanted) = match method {
            Method::Spatial => (matches!(found.ty, Type::Geometry | Type::Geography), "GEOMETRY or GEOGRAPHY"),
            _ => (found.ty == Type::Text, "TEXT"),
        };
        if !fits {
            let message = format!("a {name} index needs columns of type {wanted}, not {}", found.ty.name());
            return Err(Error::type_mismatch(message).with("column", found.name.clone()));
        }
    }
    let several = create.columns.len() > 1 && matches!(method, Method::Trigram | Method::Spatial);
    refuse(several, &format!("several columns in a {name} index"))
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
