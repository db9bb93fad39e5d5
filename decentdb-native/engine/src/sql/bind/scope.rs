//! The meaning of names at a place in a statement.

use std::sync::Arc;

use crate::catalog::Table;
use crate::error::{Error, Result};
use crate::sql::emit::row_id_column;
use crate::sql::errors::{ambiguous, given_twice};
use crate::sql::grammar::quote;
use crate::value::Type;

/// A column of a table, view, subquery or CTE as seen by the expressions around it.
#[derive(Clone, Debug)]
pub(crate) struct ScopeColumn {
    pub name: String,
    /// The name in the emitted SQL, distinct within the relation.
    pub sql_name: String,
    pub ty: Type,
    pub nullable: bool,
    pub source: Option<(String, String)>,
    /// A literal or NULL, whose type a set operation may still decide.
    pub literal: bool,
}

impl ScopeColumn {
    /// The column under the name it was found by.
    fn called(&self, name: &str) -> Self {
        let mut column = self.clone();
        if !column.name.eq_ignore_ascii_case(name) {
            name.clone_into(&mut column.name);
        }
        column
    }
}

/// A column of the emitted SQL whose value is computed from its relation, by its name there.
pub(crate) type Computed = (&'static str, fn(&str) -> String);

/// Something in FROM.
#[derive(Clone, Debug)]
pub(crate) struct Relation {
    /// The qualifier by which names refer to it.
    pub name: String,
    /// The quoted qualifier in the emitted SQL; empty where columns stand alone.
    pub qualifier: String,
    pub columns: Vec<ScopeColumn>,
    /// The base table it is, so that its rows have ids.
    pub table: Option<Arc<Table>>,
    /// Columns merged into another relation's by USING: not part of `*`, and found there when unqualified.
    pub merged: Vec<String>,
    pub computed: &'static [Computed],
    /// Columns of the emitted SQL that are computed from others of the relation, and how.
    pub unpacked: Vec<(String, String)>,
    /// Its first column is also called `value`.
    pub has_value: bool,
    /// Columns that stand for several when unqualified, as USING makes them in a FULL or RIGHT JOIN, with what they are
    /// computed by.
    pub shared: Vec<(String, String)>,
}

impl Relation {
    pub fn new(name: &str, columns: Vec<ScopeColumn>) -> Self {
        let (merged, shared) = (Vec::new(), Vec::new());
        Self {
            name: name.to_owned(),
            qualifier: quote(name),
            columns,
            table: None,
            merged,
            computed: &[],
            unpacked: Vec::new(),
            has_value: false,
            shared,
        }
    }

    /// A table of the catalogue.
    pub fn table(table: &Arc<Table>, columns: Vec<ScopeColumn>) -> Self {
        Self { table: Some(Arc::clone(table)), ..Self::new(&table.name, columns) }
    }

    /// The id of its rows; none for a relation that is not a base table.
    pub fn row_id(&self) -> Option<RowId> {
        let table = self.table.as_ref()?;
        Some(RowId { qualifier: self.qualifier.clone(), column: row_id_column(table).ok()? })
    }

    fn find(&self, name: &str) -> Result<Option<&ScopeColumn>> {
        let mut found = self.columns.iter().filter(|column| column.name.eq_ignore_ascii_case(name));
        let first = found.next();
        match found.next() {
            Some(_) => Err(ambiguous(name)),
            None if first.is_none() && self.has_value && name.eq_ignore_ascii_case("value") => Ok(self.columns.first()),
            None => Ok(first),
        }
    }

    pub fn is_merged(&self, name: &str) -> bool {
        self.merged.iter().any(|merged| merged.eq_ignore_ascii_case(name))
    }

    fn is_shared(&self, name: &str) -> bool {
        self.shared.iter().any(|(shared, _)| shared.eq_ignore_ascii_case(name))
    }

    /// A column by its name alone.
    pub fn unqualified_sql(&self, column: &ScopeColumn) -> String {
        let shared = self.shared.iter().find(|(name, _)| name.eq_ignore_ascii_case(&column.name));
        shared.map_or_else(|| self.column_sql(column), |(_, sql)| sql.clone())
    }

    pub fn column_sql(&self, column: &ScopeColumn) -> String {
        if let Some((_, compute)) = self.computed.iter().find(|(name, _)| *name == column.sql_name) {
            compute(&self.qualifier)
        } else if let Some((_, sql)) = self.unpacked.iter().find(|(name, _)| *name == column.sql_name) {
            sql.clone()
        } else if self.qualifier.is_empty() {
            quote(&column.sql_name)
        } else {
            format!("{}.{}", self.qualifier, quote(&column.sql_name))
        }
    }
}

/// The id of a relation's rows: its qualifier and its name.
pub(crate) struct RowId {
    pub qualifier: String,
    pub column: &'static str,
}

impl RowId {
    pub fn sql(&self) -> String {
        format!("{}.{}", self.qualifier, self.column)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Scope<'p> {
    pub relations: Vec<Relation>,
    pub parent: Option<&'p Scope<'p>>,
}

#[derive(Debug)]
pub(crate) struct Found {
    pub sql: String,
    pub column: ScopeColumn,
    /// The qualifiers in `sql`.
    pub relations: Vec<String>,
    /// The scope it was found in, by its address, if that is one around the place.
    pub outer: Option<usize>,
}

impl<'p> Scope<'p> {
    pub fn within(parent: Option<&'p Scope<'p>>) -> Self {
        Self { relations: Vec::new(), parent }
    }

    pub fn of(relation: Relation) -> Self {
        Self { relations: vec![relation], parent: None }
    }

    /// Adds a relation whose name is not taken yet.
    pub fn add(&mut self, relation: Relation) -> Result<()> {
        if self.relations.iter().any(|known| known.name.eq_ignore_ascii_case(&relation.name)) {
            return Err(given_twice(&relation.name));
        }
        self.relations.push(relation);
        Ok(())
    }

    pub fn column(&self, name: &str) -> Result<Found> {
        let mut scope = Some(self);
        while let Some(current) = scope {
            let mut found: Option<Found> = None;
            for relation in &current.relations {
                if relation.is_merged(name) {
                    continue;
                }
                if let Some(column) = relation.find(name)? {
                    if found.is_some() {
                        return Err(ambiguous(name));
                    }
                    let shared = relation.is_shared(name);
                    let sources = current.relations.iter().filter(|other| shared || other.name == relation.name);
                    found = Some(Found {
                        sql: relation.unqualified_sql(column),
                        column: column.called(name),
                        relations: sources.map(|source| source.qualifier.clone()).collect(),
                        outer: self.outer(current),
                    });
                }
            }
            if let Some(found) = found {
                return Ok(found);
            }
            scope = current.parent;
        }
        Err(Error::unknown_column(name))
    }

    pub fn qualified(&self, relation: &str, name: &str) -> Result<Found> {
        let (found, home) = self.relation_in(relation)?;
        match found.find(name)? {
            Some(column) => Ok(Found {
                sql: found.column_sql(column),
                column: column.called(name),
                relations: vec![found.qualifier.clone()],
                outer: self.outer(home),
            }),
            None => Err(Error::unknown_column(name).with("relation", found.name.clone())),
        }
    }

    pub fn relation(&self, name: &str) -> Result<&Relation> {
        self.relation_in(name).map(|(relation, _)| relation)
    }

    fn relation_in(&self, name: &str) -> Result<(&Relation, &Self)> {
        let mut scope = Some(self);
        while let Some(current) = scope {
            if let Some(found) = current.relations.iter().find(|known| known.name.eq_ignore_ascii_case(name)) {
                return Ok((found, current));
            }
            scope = current.parent;
        }
        Err(Error::unknown_relation(name))
    }

    /// A number that differs from those of the other scopes in use.
    pub fn address(&self) -> usize {
        std::ptr::from_ref(self).cast::<()>() as usize
    }

    fn outer(&self, home: &Self) -> Option<usize> {
        Some(home.address()).filter(|address| *address != self.address())
    }
}

/// Whether aggregates, or window functions, may stand at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aggregates {
    Allowed,
    Inside(&'static str),
}
