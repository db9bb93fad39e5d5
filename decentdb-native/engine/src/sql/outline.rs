//! The upper nodes of a plan, which SQLite does not report: those that the statement itself names.

use sqlparser::ast::{
    Distinct, GroupByExpr, LimitClause, Query, Select, SelectItem, SetExpr, SetQuantifier, Statement, TableObject,
};

use super::errors::shorten;

/// The nodes from the top down, named as DecentDB names them.
pub(super) fn outline(statement: &Statement) -> Vec<String> {
    match statement {
        Statement::Query(query) => of_query(query),
        Statement::Insert(insert) => vec![match &insert.table {
            TableObject::TableName(table) => format!("Insert(table={table})"),
            _ => "Insert".to_owned(),
        }],
        Statement::Update(update) => vec![format!("Update(table={})", shorten(&update.table.to_string()))],
        _ => vec!["Delete".to_owned()],
    }
}

fn of_query(query: &Query) -> Vec<String> {
    let mut nodes = Vec::new();
    if query.limit_clause.is_some() || query.fetch.is_some() {
        let (mut limit, mut offset) = ("none".to_owned(), "none".to_owned());
        if let Some(LimitClause::LimitOffset { limit: most, offset: first, .. }) = &query.limit_clause {
            limit = most.as_ref().map_or(limit, ToString::to_string);
            offset = first.as_ref().map_or(offset, |first| first.value.to_string());
        }
        if let Some(most) = query.fetch.as_ref().and_then(|fetch| fetch.quantity.as_ref()) {
            limit = most.to_string();
        }
        nodes.push(format!("Limit(limit={}, offset={})", shorten(&limit), shorten(&offset)));
    }
    match query.body.as_ref() {
        SetExpr::Select(select) => of_select(select, &mut nodes),
        SetExpr::Query(inner) => nodes.extend(of_query(inner)),
        SetExpr::SetOperation { op, set_quantifier, .. } => {
            nodes.push(format!("SetOp({op}, all={})", *set_quantifier == SetQuantifier::All));
        }
        SetExpr::Values(values) => nodes.push(format!("Values(rows={})", values.rows.len())),
        _ => {}
    }
    nodes
}

fn of_select(select: &Select, nodes: &mut Vec<String>) {
    let list: Vec<String> = select.projection.iter().take(8).map(SelectItem::to_string).collect();
    if let Some(Distinct::Distinct | Distinct::On(_)) = &select.distinct {
        nodes.push("Distinct".to_owned());
    }
    nodes.push(format!("Project({})", shorten(&list.join(", "))));
    if let GroupByExpr::Expressions(terms, _) = &select.group_by {
        if !terms.is_empty() {
            let terms: Vec<String> = terms.iter().take(8).map(ToString::to_string).collect();
            nodes.push(format!("Aggregate(group_by={})", shorten(&terms.join(", "))));
        }
    }
    if let Some(condition) = &select.selection {
        nodes.push(format!("Filter({})", shorten(&condition.to_string())));
    }
}
