//! Full-text search: `fulltext_match` and `bm25`, and the options of its indexes.

use sqlparser::ast::{BinaryOperator, Expr, FunctionArg, Value as Literal};

use crate::catalog::{Index, Method};
use crate::error::{Error, Result, Status};
use crate::search::Analyzer;
use crate::sql::bind::binder::{Binder, Ex, ExKind, Search};
use crate::sql::bind::scope::{Relation, Scope};
use crate::sql::emit::{options_literal, shadow_table};
use crate::sql::errors::wrong_arguments;
use crate::value::Type;

fn semantic(message: String) -> Error {
    Error::new(Status::Sql, "sql.fulltext", Some("42601"), format!("FTS semantic error: {message}"))
}

impl Binder<'_> {
    /// `fulltext_match(index, query)`
    pub fn fulltext_match(&mut self, arguments: &[FunctionArg], scope: &Scope<'_>) -> Result<Ex> {
        let Ok([name, query]) = <[Ex; 2]>::try_from(self.arguments(arguments, scope)?) else {
            return Err(wrong_arguments("fulltext_match"));
        };
        let (index, relation) = self.full_text_index("fulltext_match", &name, scope)?;
        let qualifier = relation.qualifier.clone();
        let id = self.row_id(relation)?;
        let query = self.fix(query, &Type::Text, None, None);
        if !matches!(query.ty, Type::Text | Type::Dynamic) {
            let message = format!("the query of fulltext_match must be TEXT, not {}", query.type_name());
            return Err(Error::type_mismatch(message));
        }
        let query = format!("ddb_fts_query({}, {})", query.sql, options_literal(&index));
        let table = shadow_table(&index);
        let sql = format!("({id} IN (SELECT rowid FROM {table} WHERE {table} MATCH {query}))");
        let known = self
            .searches
            .iter()
            .any(|other| other.index == index.name && other.qualifier == qualifier && other.query == query);
        if !known {
            self.searches.push(Search { index: index.name.clone(), qualifier, query });
        }
        Ok(Ex::new(sql, Type::Bool, false))
    }

    /// `bm25(index)`: how well a row fits the `fulltext_match` of the same query block; higher is better.
    pub fn bm25(&mut self, arguments: &[FunctionArg], scope: &Scope<'_>) -> Result<Ex> {
        let Ok([name]) = <[Ex; 1]>::try_from(self.arguments(arguments, scope)?) else {
            return Err(wrong_arguments("bm25"));
        };
        let (index, relation) = self.full_text_index("bm25", &name, scope)?;
        let id = self.row_id(relation)?;
        let searches = self.searches.iter().filter(|search| search.index == index.name);
        let mut queries = searches.filter(|search| search.qualifier == relation.qualifier).map(|search| &search.query);
        let name = &index.name;
        let query = match (queries.next(), queries.next()) {
            (Some(query), None) => query,
            (None, _) => {
                let message = format!("bm25('{name}') needs fulltext_match('{name}', ...) in the WHERE beside it");
                return Err(semantic(message));
            }
            (Some(_), Some(_)) => {
                return Err(semantic(format!("bm25('{name}') stands beside several queries of the index")));
            }
        };
        let table = shadow_table(&index);
        // Scored once for all rows: the subquery inside depends on nothing around it.
        let sql = format!(
            "(WITH scored(id, score) AS MATERIALIZED (SELECT rowid, ddb_bm25({table}) FROM {table} \
             WHERE {table} MATCH {query}) SELECT score FROM scored WHERE id = {id})"
        );
        Ok(Ex::new(sql, Type::Float64, true))
    }

    fn row_id(&mut self, relation: &Relation) -> Result<String> {
        let id = relation.row_id().ok_or_else(|| Error::internal("the rows of an indexed table have no id"))?;
        self.names(&id.qualifier);
        Ok(id.sql())
    }

    /// The full-text index that a literal names, and the one relation of the query block whose rows it holds.
    fn full_text_index<'s>(
        &self,
        function: &str,
        name: &Ex,
        scope: &'s Scope<'_>,
    ) -> Result<(std::sync::Arc<Index>, &'s Relation)> {
        let ExKind::Text(name) = &name.kind else {
            return Err(semantic(format!("the first argument of {function} must be the name of an index, in quotes")));
        };
        if !self.index_tables {
            return Err(Error::unsupported(format!("{function} in a stored definition")));
        }
        let index = self.catalog.index(name).filter(|index| matches!(index.method, Method::FullText(_)));
        let Some(index) = index else {
            let message = format!("unknown full-text index {name}");
            return Err(Error::new(Status::Sql, "sql.relation_not_found", Some("42704"), message)
                .with("relation", name.clone()));
        };
        let of_index = |relation: &&Relation| {
            relation.table.as_ref().is_some_and(|table| !table.temporary && table.name == index.table)
        };
        let mut relations = scope.relations.iter().filter(of_index);
        match (relations.next(), relations.next()) {
            (Some(relation), None) => Ok((index.clone(), relation)),
            (None, _) => {
                Err(semantic(format!("{function}('{name}') needs the table {} in the FROM beside it", index.table)))
            }
            (Some(_), Some(_)) => {
                Err(semantic(format!("the table {} of {function}('{name}') is in FROM more than once", index.table)))
            }
        }
    }
}

fn wrong_option(message: String) -> Error {
    Error::new(Status::Sql, "sql.fulltext", Some("22023"), format!("FTS DDL error: {message}"))
}

/// `WITH (tokenizer = 'unicode', prefix = '2,3', ...)`
pub(crate) fn fulltext_analyzer(options: &[Expr]) -> Result<Analyzer> {
    let mut analyzer = Analyzer::default();
    let mut seen: Vec<String> = Vec::new();
    for option in options {
        let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = option else {
            return Err(wrong_option(format!("{option} is no option; write name = value")));
        };
        let (Expr::Identifier(name), Expr::Value(value)) = (left.as_ref(), right.as_ref()) else {
            return Err(wrong_option(format!("{option} is no option; write name = value")));
        };
        let mut name = name.value.to_ascii_lowercase();
        if name == "case_fold" {
            name = "case_folded".to_owned();
        }
        if seen.contains(&name) {
            return Err(wrong_option(format!("the option {name} is given twice")));
        }
        let text = match &value.value {
            Literal::SingleQuotedString(text) => text.trim().to_ascii_lowercase(),
            Literal::Boolean(flag) => flag.to_string(),
            _ => return Err(wrong_option(format!("the option {name} needs a text"))),
        };
        match (name.as_str(), text.as_str()) {
            ("tokenizer", "unicode") | ("language", "simple") | ("stemming", "none") => {}
            ("stopwords", "none" | "builtin") => analyzer.stopwords = text == "builtin",
            ("case_folded", "true" | "false") => analyzer.case_folded = text == "true",
            ("diacritics", "preserve" | "remove") => analyzer.diacritics_removed = text == "remove",
            ("prefix", lengths) => analyzer.prefix = prefix_lengths(lengths)?,
            ("tokenizer" | "language" | "stemming" | "stopwords" | "case_folded" | "diacritics", _) => {
                return Err(wrong_option(format!("unsupported value '{text}' for option {name}")));
            }
            _ => return Err(wrong_option(format!("unknown fulltext option {name}"))),
        }
        seen.push(name);
    }
    Ok(analyzer)
}

/// Up to three lengths from 1 to 8 between commas, or `none`.
fn prefix_lengths(text: &str) -> Result<Vec<u8>> {
    let mut lengths: Vec<u8> = Vec::new();
    if text.is_empty() || text == "none" {
        return Ok(lengths);
    }
    for part in text.split(',') {
        match part.trim().parse() {
            Ok(length @ 1..=8) if !lengths.contains(&length) && lengths.len() < 3 => lengths.push(length),
            _ => {
                let message = format!("prefix = '{text}' must be up to three distinct lengths from 1 to 8");
                return Err(wrong_option(message));
            }
        }
    }
    lengths.sort_unstable();
    Ok(lengths)
}

/// The relation of the query block, and the column of its table, that an expression passes on unchanged.
pub(crate) fn base_column<'s>(ex: &Ex, scope: &'s Scope<'_>) -> Option<(&'s Relation, String)> {
    let (_, column) = ex.source.as_ref().filter(|_| ex.kind == ExKind::Column)?;
    let is_own = |relation: &&Relation| ex.relations.len() == 1 && ex.relations.contains(&relation.qualifier);
    let is_stored = |relation: &&Relation| relation.table.as_ref().is_some_and(|table| !table.temporary);
    let relation = scope.relations.iter().filter(is_stored).find(is_own)?;
    Some((relation, column.clone()))
}
