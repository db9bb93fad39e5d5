//! Expressions the catalogue keeps as text: which columns they name, and renaming those.

use std::ops::ControlFlow;

use sqlparser::ast::{visit_expressions_mut, CreateIndex, Expr, Ident, VisitMut};

use crate::error::Result;
use crate::sql::grammar::{expression, name};

/// A name as the grammar keeps it.
pub(super) fn ident(name: &str) -> Ident {
    Ident::with_quote('"', name)
}

/// Whether anything in `node`, which speaks of one table only, names `column`. It changes nothing; the visits that may are
/// compiled for [`Renaming`] already, and others would take as much code again.
pub(super) fn names_column(node: &mut impl VisitMut, column: &str) -> bool {
    let named = |ident: &Ident| name(ident).eq_ignore_ascii_case(column);
    visit_expressions_mut(node, |expr| match expr {
        Expr::Identifier(ident) if named(ident) => ControlFlow::Break(()),
        Expr::CompoundIdentifier(parts) if parts.last().is_some_and(named) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    })
    .is_break()
}

/// The same of an expression kept as text; one that cannot be read counts as naming it.
pub(super) fn mentions(sql: &str, column: &str) -> bool {
    expression(sql).map_or(true, |mut expr| names_column(&mut expr, column))
}

/// Those of `columns` that an expression kept as text names; one that cannot be read counts as naming them all.
pub(crate) fn columns_named<'c>(sql: &str, columns: impl Iterator<Item = &'c str>) -> Vec<&'c str> {
    match expression(sql) {
        Ok(mut expr) => columns.filter(|column| names_column(&mut expr, column)).collect(),
        Err(_) => columns.collect(),
    }
}

/// A column or the table of an expression gets another name.
pub(crate) enum Renaming<'n> {
    Column { from: &'n str, to: &'n str },
    Table { to: &'n str },
}

impl Renaming<'_> {
    pub fn apply(&self, node: &mut impl VisitMut) {
        let _ = visit_expressions_mut(node, |expr| {
            let (table, column) = match expr {
                Expr::Identifier(column) => (None, Some(column)),
                Expr::CompoundIdentifier(parts) => match parts.as_mut_slice() {
                    [table, column] => (Some(table), Some(column)),
                    _ => (None, None),
                },
                _ => (None, None),
            };
            match (self, table, column) {
                (Renaming::Column { from, to }, _, Some(column)) if name(column).eq_ignore_ascii_case(from) => {
                    *column = ident(to);
                }
                (Renaming::Table { to }, Some(table), _) => *table = ident(to),
                _ => {}
            }
            ControlFlow::<()>::Continue(())
        });
    }

    /// An expression kept as text, renamed; the text stays as it was written where nothing changes.
    pub fn text(&self, sql: &str) -> Result<String> {
        let before = expression(sql)?;
        let mut after = before.clone();
        self.apply(&mut after);
        Ok(if after == before { sql.to_owned() } else { after.to_string() })
    }

    /// The definition of an index of the table.
    pub fn index(&self, create: &mut CreateIndex) {
        for key in &mut create.columns {
            self.apply(&mut key.column.expr);
        }
        if let Some(predicate) = &mut create.predicate {
            self.apply(predicate);
        }
        match self {
            Renaming::Column { from, to } => {
                let renamed = create.include.iter_mut().filter(|include| name(include).eq_ignore_ascii_case(from));
                renamed.for_each(|include| *include = ident(to));
            }
            Renaming::Table { to } => create.table_name = ident(to).into(),
        }
    }
}

/// The statement as written, without the terminating semicolon.
pub(super) fn written(text: &str) -> String {
    text.trim().trim_end_matches(';').trim_end().to_owned()
}
