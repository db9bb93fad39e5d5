//! Joins.

use sqlparser::ast::{Join, JoinConstraint, JoinOperator, TableFactor, TableWithJoins};

use crate::error::{Error, Result};
use crate::sql::bind::binder::{Aggregates, Binder, Ex};
use crate::sql::bind::scope::{Relation, Scope};
use crate::sql::errors::{ambiguous, refuse, shorten};
use crate::sql::grammar::object;

impl Binder<'_> {
    /// Emits FROM and fills the scope; `None` without FROM.
    pub fn from(&mut self, from: &[TableWithJoins], scope: &mut Scope<'_>) -> Result<Option<String>> {
        let mut sql = String::new();
        for (at, item) in from.iter().enumerate() {
            let text = self.table_with_joins(item, scope)?;
            if at == 0 {
                sql = text;
            } else if item.joins.is_empty() {
                sql = format!("{sql} JOIN {text}");
            } else {
                // A comma binds more loosely than JOIN.
                sql = format!("{sql} JOIN ({text})");
            }
        }
        Ok((!from.is_empty()).then_some(sql))
    }

    pub fn table_with_joins(&mut self, item: &TableWithJoins, scope: &mut Scope<'_>) -> Result<String> {
        let first = scope.relations.len();
        let mut sql = self.factor(&item.relation, scope)?;
        for join in &item.joins {
            sql = self.join(sql, join, scope, first)?;
        }
        Ok(sql)
    }

    fn join(&mut self, left: String, join: &Join, scope: &mut Scope<'_>, first: usize) -> Result<String> {
        refuse(join.global, "GLOBAL JOIN")?;
        let middle = scope.relations.len();
        let right = self.factor(&join.relation, scope)?;
        let (keyword, constraint, left_optional, right_optional) = match &join.join_operator {
            JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => ("JOIN", constraint, false, false),
            JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => {
                ("LEFT JOIN", constraint, false, true)
            }
            JoinOperator::Right(_) | JoinOperator::RightOuter(_) | JoinOperator::FullOuter(_) if is_lateral(join) => {
                return Err(Error::unsupported("LATERAL in a RIGHT or FULL JOIN"));
            }
            JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
                ("RIGHT JOIN", constraint, true, false)
            }
            JoinOperator::FullOuter(constraint) => ("FULL JOIN", constraint, true, true),
            JoinOperator::CrossJoin(constraint @ JoinConstraint::None) => ("JOIN", constraint, false, false),
            _ => return Err(Error::unsupported(shorten(join.to_string().trim()))),
        };
        let cross = matches!(join.join_operator, JoinOperator::CrossJoin(_));
        let condition = match constraint {
            JoinConstraint::On(condition) => {
                let aggregates = std::mem::replace(&mut self.aggregates, Aggregates::Inside("ON"));
                let condition = self.condition_expr(condition, scope, "the condition of ON")?;
                self.aggregates = aggregates;
                format!(" ON {}", condition.sql)
            }
            JoinConstraint::Using(names) => {
                let names = names.iter().map(object).collect::<Result<Vec<_>>>()?;
                self.using(&names, scope, first, middle, keyword)?
            }
            JoinConstraint::Natural => {
                let names = common_names(scope, first, middle);
                self.using(&names, scope, first, middle, keyword)?
            }
            JoinConstraint::None if cross => String::new(),
            JoinConstraint::None => return Err(Error::syntax("JOIN needs ON or USING")),
        };
        for (at, relation) in scope.relations.iter_mut().enumerate().skip(first) {
            if (at < middle && left_optional) || (at >= middle && right_optional) {
                relation.columns.iter_mut().for_each(|column| column.nullable = true);
            }
        }
        Ok(format!("{left} {keyword} {right}{condition}"))
    }

    /// The condition of USING: each name stands for one column on either side, of whatever name SQLite knows it by.
    fn using(
        &mut self,
        names: &[String],
        scope: &mut Scope<'_>,
        first: usize,
        middle: usize,
        keyword: &str,
    ) -> Result<String> {
        let mut terms = Vec::with_capacity(names.len());
        for name in names {
            let (at, left) = side(&scope.relations[first..middle], name)?;
            let (_, right) = side(&scope.relations[middle..], name)?;
            terms.push(self.compare(left.clone(), "=", right.clone())?.sql);
            for relation in &mut scope.relations[middle..] {
                if relation.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name)) {
                    relation.merged.push(name.clone());
                }
            }
            let both = match keyword {
                "FULL JOIN" => {
                    let (_, both) = self.unify(vec![left, right], "USING")?;
                    let texts: Vec<&str> = both.iter().map(|ex| ex.sql.as_str()).collect();
                    format!("coalesce({})", texts.join(", "))
                }
                "RIGHT JOIN" => right.sql,
                _ => continue,
            };
            let shared = &mut scope.relations[first + at].shared;
            shared.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            shared.push((name.clone(), both));
        }
        Ok(match terms.is_empty() {
            true => String::new(),
            false => format!(" ON {}", terms.join(" AND ")),
        })
    }
}

fn is_lateral(join: &Join) -> bool {
    matches!(join.relation, TableFactor::Derived { lateral: true, .. })
}

/// The column a name alone means among relations, and which of them has it.
fn side(relations: &[Relation], name: &str) -> Result<(usize, Ex)> {
    let mut found =
        relations.iter().enumerate().filter(|(_, relation)| !relation.is_merged(name)).flat_map(|(at, relation)| {
            let columns = relation.columns.iter().filter(|column| column.name.eq_ignore_ascii_case(name));
            columns.map(move |column| (at, relation.unqualified_sql(column), column))
        });
    match (found.next(), found.next()) {
        (Some((at, sql, column)), None) => Ok((at, Ex::new(sql, column.ty.clone(), column.nullable))),
        (Some(_), Some(_)) => Err(ambiguous(name)),
        (None, _) => Err(Error::unknown_column(name)),
    }
}

fn common_names(scope: &Scope<'_>, first: usize, middle: usize) -> Vec<String> {
    let left = scope.relations[first..middle]
        .iter()
        .flat_map(|relation| relation.columns.iter().filter(|column| !relation.is_merged(&column.name)));
    left.filter(|column| {
        scope.relations[middle..]
            .iter()
            .any(|relation| relation.columns.iter().any(|other| other.name.eq_ignore_ascii_case(&column.name)))
    })
    .map(|column| column.name.clone())
    .collect()
}
