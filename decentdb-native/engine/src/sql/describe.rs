//! The description of a statement that is not executed.

use serde_json::{json, Value as Json};
use sqlparser::ast::{SelectItem, SetExpr, Statement};
use sqlparser::tokenizer::TokenWithSpan;

use crate::catalog::Catalog;
use crate::error::{Error, Result, Status};
use crate::sql::grammar::tokenize;
use crate::sql::{compile_for, Compiled, Parsed, Sizes};
use crate::stack;
use crate::value::Type;

use super::program::StatementKind;

/// The description of a statement for the C ABI: kind, parameters, result columns.
pub fn describe_json(sql: &str, catalog: &Catalog) -> Result<Json> {
    let compiled = compile_for(sql, catalog, &[], Sizes::Described)?;
    if compiled.kind == StatementKind::Transaction {
        let message = "prepared statements do not support transaction control";
        return Err(Error::new(Status::Sql, "sql.unsupported_feature", Some("0A000"), message));
    }
    let tokens = tokenize(sql)?;
    stack::with_room(compiled.levels, || describe(tokens, sql, &compiled, catalog))
}

fn describe(tokens: Vec<TokenWithSpan>, sql: &str, compiled: &Compiled, catalog: &Catalog) -> Result<Json> {
    let statement = Parsed::read(tokens)?;
    let expressions = match &statement {
        Parsed::Statement(statement) => expressions(statement, compiled.columns.len()),
        _ => vec![None; compiled.columns.len()],
    };
    let parameters: Vec<Json> = compiled.params.iter().enumerate().map(|(at, param)| parameter(at, param)).collect();
    let columns: Vec<Json> = compiled
        .columns
        .iter()
        .enumerate()
        .map(|(at, column)| result_column(at, column, expressions[at].as_ref()))
        .collect();
    Ok(json!({
        "contract_version": 1,
        "sql": sql,
        "statement_kind": match &statement {
            Parsed::Statement(statement) => statement_kind(statement),
            Parsed::Trigger(_) => "create_trigger",
            Parsed::Pragma(_) => "pragma",
            Parsed::Audit(_) => "set_audit_context",
            Parsed::Sequence(_) => "other",
        },
        "read_only": compiled.read_only,
        "schema_cookie": catalog.cookie,
        "temp_schema_cookie": catalog.temp().cookie,
        "schema_fingerprint": catalog.fingerprint(),
        "parameters": parameters,
        "result_columns": columns,
        "diagnostics": [],
    }))
}

fn parameter(at: usize, param: &super::program::Param) -> Json {
    let (table, column) = param.source.clone().unzip();
    let (source, diagnostics) = match (&param.ty, &param.source) {
        (None, _) => ("unknown", vec!["parameter type could not be inferred from context"]),
        (_, Some(_)) => ("catalog_column", Vec::new()),
        (_, None) => ("expression_context", Vec::new()),
    };
    json!({
        "position": at + 1,
        "name": format!("${}", at + 1),
        "type_name": param.ty.as_ref().map(Type::name),
        "nullable": param.ty.as_ref().map(|_| param.nullable.unwrap_or(true)),
        "source": source,
        "source_table": table,
        "source_column": column,
        "diagnostics": diagnostics,
    })
}

fn result_column(at: usize, column: &super::program::ResultColumn, expression: Option<&String>) -> Json {
    let (table, name) = column.source.clone().unzip();
    let known = column.ty != Type::Dynamic;
    let diagnostics = if known { vec![] } else { vec!["type could not be inferred without execution"] };
    json!({
        "ordinal": at,
        "name": column.name,
        "type_name": known.then(|| column.ty.name()),
        "nullable": column.nullable,
        "source": if expression.is_none() && table.is_some() { "catalog_column" } else { "expression" },
        "source_table": table,
        "source_column": name,
        "expression_sql": expression,
        "diagnostics": diagnostics,
    })
}

/// The expression behind each column of the result, as written; none for a column of a `*` or of something without a list.
fn expressions(statement: &Statement, width: usize) -> Vec<Option<String>> {
    let items: &[SelectItem] = match statement {
        Statement::Query(query) => first_list(&query.body),
        Statement::Insert(insert) => insert.returning.as_deref().unwrap_or_default(),
        Statement::Update(update) => update.returning.as_deref().unwrap_or_default(),
        Statement::Delete(delete) => delete.returning.as_deref().unwrap_or_default(),
        _ => &[],
    };
    let text = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr.to_string()),
        _ => None,
    };
    let texts: Vec<Option<String>> = items.iter().map(text).collect();
    let stars = texts.iter().filter(|text| text.is_none()).count();
    let mut columns = Vec::with_capacity(width);
    for text in texts {
        match text {
            // One star stands for all columns that are left; of several, each might stand for any number.
            None if stars == 1 => columns.resize((columns.len() + width + 1).saturating_sub(items.len()), None),
            None => return vec![None; width],
            text => columns.push(text),
        }
    }
    columns.resize(width, None);
    columns
}

/// The list that names the columns of a query: of a set operation, that of its first side.
fn first_list(body: &SetExpr) -> &[SelectItem] {
    match body {
        SetExpr::Select(select) => &select.projection,
        SetExpr::SetOperation { left, .. } => first_list(left),
        SetExpr::Query(query) => first_list(&query.body),
        _ => &[],
    }
}

fn statement_kind(statement: &Statement) -> &'static str {
    match statement {
        Statement::Query(_) => "query",
        Statement::Insert(_) => "insert",
        Statement::Update(_) => "update",
        Statement::Truncate(_) => "truncate_table",
        Statement::Delete(_) => "delete",
        Statement::CreateTable(create) if create.query.is_some() => "create_table_as",
        Statement::CreateTable(_) => "create_table",
        Statement::CreateIndex(_) => "create_index",
        Statement::CreateView(_) => "create_view",
        Statement::AlterTable(_) => "alter_table",
        Statement::Drop { object_type, .. } => match object_type {
            sqlparser::ast::ObjectType::Table => "drop_table",
            sqlparser::ast::ObjectType::View => "drop_view",
            sqlparser::ast::ObjectType::Sequence => "other",
            _ => "drop_index",
        },
        Statement::Explain { .. } => "explain",
        Statement::Analyze(_) => "analyze",
        Statement::DropTrigger(_) => "drop_trigger",
        _ => "other",
    }
}
