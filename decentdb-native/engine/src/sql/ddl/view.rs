//! CREATE VIEW, and views that follow changes of the tables they read.

use std::sync::Arc;

use sqlparser::ast::{
    AlterTable, AlterTableOperation as Operation, CreateTableOptions, CreateView, ObjectType, RenameTableNameKind,
    Statement,
};

use crate::catalog::{Catalog, Change, Trigger, View, ViewColumn};
use crate::error::{Error, Result};
use crate::sql::bind::{Binder, ScopeColumn};
use crate::sql::emit::{in_schema, qualified_name};
use crate::sql::errors::{already_exists, depends, duplicate_column, refuse};
use crate::sql::grammar::{name, object, quote, require_user_name, statement, tokenize, without_position};
use crate::sql::program::Parts;

use super::drop::unknown;
use super::stored_expr::{ident, written};
use super::trigger::follow_triggers;

impl Binder<'_> {
    pub fn create_view(&mut self, create: &CreateView, text: &str) -> Result<Parts> {
        refuse(create.materialized, "CREATE MATERIALIZED VIEW")?;
        refuse(create.or_alter || create.secure || create.copy_grants, "this form of CREATE VIEW")?;
        refuse(create.to.is_some() || create.params.is_some(), "this form of CREATE VIEW")?;
        refuse(create.options != CreateTableOptions::None || create.comment.is_some(), "an option of CREATE VIEW")?;
        refuse(!create.cluster_by.is_empty() || create.with_no_schema_binding, "an option of CREATE VIEW")?;
        let (view_name, home) = self.new_relation(&create.name, create.temporary)?;
        let temporary = !std::ptr::eq(home, self.catalog);
        let mut replaced = None;
        if home.contains(&view_name) {
            replaced = home.view(&view_name).map(|view| view.name.clone());
            if create.if_not_exists && replaced.is_some() {
                return Ok(Parts::ddl(Vec::new(), Change::Nothing));
            }
            if !create.or_replace || replaced.is_none() {
                return Err(already_exists(&view_name));
            }
        }
        let (view, sql) = self.bind_view(create, view_name, written(text), temporary)?;
        let mut statements = Vec::new();
        let mut changes = vec![Change::PutView(Arc::new(view.clone()))];
        if let Some(replaced) = &replaced {
            if reads(home, &view, replaced) {
                return Err(Error::syntax(format!("view {} cannot read itself", view.name)));
            }
            statements.push(format!("DROP VIEW {}", qualified_name(replaced, temporary)));
        }
        statements.push(sql);
        if temporary {
            if let Some(replaced) = &replaced {
                self.require_unread(replaced, true, &|_, _| false)?;
            }
        } else if let Some(replaced) = &replaced {
            require_no_temporary(self.catalog, replaced, &format!("cannot replace view {replaced}"))?;
            let mut next = self.catalog.with(&changes[0]);
            let because = format!("cannot replace view {replaced}");
            let mut changed = follow_views(&mut next, replaced, &because, &mut statements, &mut changes)?;
            changed.push(replaced.clone());
            statements.extend(follow_triggers(&next, &changed, &because)?);
        }
        Ok(Parts::ddl(statements, in_schema(Change::all(changes), temporary)))
    }

    /// The view as the catalogue keeps it, and the statement for SQLite.
    fn bind_view(
        &mut self,
        create: &CreateView,
        view_name: String,
        ddl: String,
        temporary: bool,
    ) -> Result<(View, String)> {
        // A name that means an object of the database goes on doing so, whatever temporary objects come.
        self.qualify = temporary;
        let mut bound = self.query(&create.query, None)?;
        refuse(self.draws, "a view that takes a value of a sequence")?;
        refuse(self.saw_system, "a view of the schema's own views")?;
        if let (false, [used, ..]) = (temporary, self.temporaries.as_slice()) {
            return Err(Error::unsupported(format!("a view of the database that reads the temporary {used}"))
                .hint("create it as a TEMP VIEW, or write main. before the name"));
        }
        rename_view(&mut bound.columns, create, &view_name)?;
        let names: Vec<String> = bound.columns.iter().map(|column| quote(&column.name)).collect();
        let sql =
            format!("CREATE VIEW {} ({}) AS {}", qualified_name(&view_name, temporary), names.join(", "), bound.sql);
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
            ddl,
            temporary,
        };
        Ok((view, sql))
    }

    pub fn alter_view(&mut self, alter: &AlterTable) -> Result<Parts> {
        let [Operation::RenameTable { table_name: RenameTableNameKind::To(to) }] = alter.operations.as_slice() else {
            return Err(Error::unsupported("ALTER VIEW with anything but RENAME TO"));
        };
        let (written, to) = (object(&alter.name)?, object(to)?);
        refuse(self.catalog.temp().view(&written).is_some(), "ALTER VIEW of a temporary view")?;
        let Some(view) = self.catalog.view(&written).cloned() else {
            if alter.if_exists {
                return Ok(Parts::ddl(Vec::new(), Change::Nothing));
            }
            return Err(unknown(ObjectType::View, &written));
        };
        require_user_name(&to)?;
        if self.catalog.contains(&to) {
            return Err(already_exists(&to));
        }
        self.require_unread(&view.name, false, &|_, _| false)?;
        let mut create = definition(&view)?;
        create.name = ident(&to).into();
        create.or_replace = false;
        create.if_not_exists = false;
        let text = create.to_string();
        let (renamed, sql) = self.bind_view(&create, to.clone(), text, false)?;
        let mut changes = vec![Change::DropView(view.name.clone()), Change::PutView(Arc::new(renamed))];
        for trigger in self.catalog.triggers.values() {
            if trigger.views.contains(&view.name) {
                let message = format!("cannot rename view {} because trigger {} uses it", view.name, trigger.name);
                return Err(depends(message).with("relation", view.name.clone()));
            }
            if trigger.target == view.name {
                let mut trigger = Trigger { target: to.clone(), ..trigger.as_ref().clone() };
                trigger.ddl = trigger.render();
                changes.push(Change::PutTrigger(Arc::new(trigger)));
            }
        }
        let change = Change::Several(changes);
        let mut statements = vec![format!("DROP VIEW {}", qualified_name(&view.name, false)), sql];
        statements.extend(self.triggers_sql(&self.catalog.with(&change), &to)?);
        Ok(Parts::ddl(statements, change))
    }
}

fn definition(view: &View) -> Result<CreateView> {
    match statement(tokenize(&view.ddl)?)? {
        Statement::CreateView(create) => Ok(create),
        _ => Err(Error::internal(format!("the definition of view {} is none", view.name))),
    }
}

/// A temporary view belongs to a handle and cannot change with the database.
pub(super) fn require_no_temporary(catalog: &Catalog, changed: &str, because: &str) -> Result<()> {
    let reader = catalog
        .temp()
        .views
        .values()
        .find(|view| view.dependencies.iter().any(|table| table == changed) || reads(catalog, view, changed));
    match reader {
        Some(view) => {
            Err(depends(format!("{because} because the temporary view {} reads it", view.name))
                .with("relation", changed))
        }
        None => Ok(()),
    }
}

/// Whether a view reads another, directly or through further views.
fn reads(catalog: &Catalog, view: &View, other: &str) -> bool {
    view.views.iter().any(|used| {
        used.eq_ignore_ascii_case(other) || catalog.view(used).is_some_and(|used| reads(catalog, used, other))
    })
}

/// Binds again every view that reads the relation `changed`, which `next` holds as it will be. A view is its text: `*`
/// takes in new columns, a column of another type gives the view that type. A change that a view cannot follow is refused with
/// `because`. Gives the names of the views that followed; their triggers are gone.
pub(super) fn follow_views(
    next: &mut Catalog,
    changed: &str,
    because: &str,
    statements: &mut Vec<String>,
    changes: &mut Vec<Change>,
) -> Result<Vec<String>> {
    let mut names_followed = Vec::new();
    let mut waiting: Vec<Arc<View>> = next
        .views
        .values()
        .filter(|view| view.dependencies.iter().any(|table| table == changed) || reads(next, view, changed))
        .cloned()
        .collect();
    while !waiting.is_empty() {
        let names: Vec<String> = waiting.iter().map(|view| view.name.clone()).collect();
        // A view comes after those it reads.
        let (ready, rest): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|view| !names.iter().any(|name| view.views.contains(name)));
        if ready.is_empty() {
            return Err(Error::internal("views read each other"));
        }
        for view in ready {
            let create = definition(&view)?;
            let mut binder = Binder::new(next, &[], Vec::new());
            let bound = binder.bind_view(&create, view.name.clone(), view.ddl.clone(), false);
            let (followed, sql) = bound.map_err(without_position).map_err(|error| {
                depends(format!("{because} because view {} needs it as it is: {}", view.name, error.message))
                    .with("relation", changed)
            })?;
            statements.push(format!("DROP VIEW {}", qualified_name(&view.name, false)));
            statements.push(sql);
            let change = Change::PutView(Arc::new(followed));
            *next = next.with(&change);
            changes.push(change);
            names_followed.push(view.name.clone());
        }
        waiting = rest;
    }
    Ok(names_followed)
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
