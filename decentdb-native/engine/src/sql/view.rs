//! CREATE VIEW.

use std::sync::Arc;

use sqlparser::ast::{CreateTableOptions, CreateView};

use crate::catalog::{Change, View, ViewColumn};
use crate::error::{Error, Result};

use super::binder::Binder;
use super::create::{already_exists, ddl, duplicate_column, written};
use super::parse::{name, quote};
use super::place::{place, placed};
use super::scope::ScopeColumn;
use super::select::refuse;
use super::Parts;

impl Binder<'_> {
    pub fn create_view(&mut self, create: &CreateView, text: &str) -> Result<Parts> {
        refuse(create.materialized, "CREATE MATERIALIZED VIEW")?;
        refuse(create.or_alter || create.secure || create.copy_grants, "this form of CREATE VIEW")?;
        refuse(create.to.is_some() || create.params.is_some(), "this form of CREATE VIEW")?;
        refuse(create.options != CreateTableOptions::None || create.comment.is_some(), "an option of CREATE VIEW")?;
        refuse(!create.cluster_by.is_empty() || create.with_no_schema_binding, "an option of CREATE VIEW")?;
        let (view_name, home) = self.new_relation(&create.name, create.temporary)?;
        let temporary = !std::ptr::eq(home, self.catalog);
        let mut statements = Vec::new();
        if home.contains(&view_name) {
            let is_view = home.view(&view_name).is_some();
            if create.if_not_exists && is_view {
                return Ok(ddl(Vec::new(), Change::Nothing));
            }
            if !(create.or_replace && is_view) {
                return Err(already_exists(&view_name));
            }
            self.require_unread(&view_name, temporary, &|_, _| false)?;
            statements.push(format!("DROP VIEW {}", place(&view_name, temporary)));
        }
        // A name that means an object of the database goes on doing so, whatever temporary objects come.
        self.qualify = temporary;
        let mut bound = self.query(&create.query, None)?;
        refuse(self.saw_system, "a view of the schema's own views")?;
        if let (false, [used, ..]) = (temporary, self.temporaries.as_slice()) {
            return Err(Error::unsupported(format!("a view of the database that reads the temporary {used}"))
                .hint("create it as a TEMP VIEW, or write main. before the name"));
        }
        rename_view(&mut bound.columns, create, &view_name)?;
        let names: Vec<String> = bound.columns.iter().map(|column| quote(&column.name)).collect();
        let (place, names) = (place(&view_name, temporary), names.join(", "));
        statements.push(format!("CREATE VIEW {place} ({names}) AS {}", bound.sql));
        if !temporary && home.view(&view_name).is_some() {
            // They went with the view that is replaced.
            statements.extend(self.triggers_sql(self.catalog, &view_name)?);
        }
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
            temporaries: self.temporaries.clone(),
            ddl: written(text),
            temporary,
        };
        let read = if temporary { &view.temporaries } else { &view.views };
        if read.iter().any(|used| used.eq_ignore_ascii_case(&view.name)) {
            return Err(Error::syntax(format!("view {} cannot read itself", view.name)));
        }
        Ok(ddl(statements, placed(Change::PutView(Arc::new(view)), temporary)))
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
