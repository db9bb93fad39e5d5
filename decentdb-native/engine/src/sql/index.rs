//! CREATE INDEX.

use std::sync::Arc;

use sqlparser::ast::{CreateIndex, IndexColumn, IndexType, OrderBySort};

use crate::catalog::{Catalog, Change, Index, Method};
use crate::error::{Error, Result};

use super::binder::{Binder, Kind};
use super::create::{already_exists, ddl, written};
use super::parse::{object, path, quote, require_user_name};
use super::place::{place, placed};
use super::select::refuse;
use super::Parts;

impl Binder<'_> {
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
        let path = path(&create.table_name)?;
        require_user_name(&path.name).map_err(|_| Error::unknown_relation(&path.name))?;
        let home = self.home(&path);
        let table = home.table(&path.name).cloned().ok_or_else(|| Error::unknown_relation(&path.name))?;
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
        let index = Index {
            name: index_name,
            table: table.name.clone(),
            unique: create.unique,
            columns,
            expression,
            method: Method::BTree,
            predicate_sql: create.predicate.as_ref().map(ToString::to_string),
            ddl: written(text),
        };
        Ok(ddl(vec![sql], placed(Change::PutIndex(Arc::new(index)), table.temporary)))
    }
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
