//! The names of columns that a query does not name, which are those that PostgreSQL gives them.

use sqlparser::ast::{DataType, Expr, SelectItem, SetExpr, TimezoneInfo, TrimWhereField};

use crate::sql::grammar::name;

/// The name of a column that says nothing else.
const UNNAMED: &str = "?column?";

/// How well a name fits: a type's gives way to that of what it is made from.
enum Figured {
    Nothing,
    Type(String),
    Name(String),
}

/// The name of an expression of a list without an alias.
pub(super) fn column_name(expr: &Expr) -> String {
    match figure(expr) {
        Figured::Nothing => UNNAMED.to_owned(),
        Figured::Type(found) | Figured::Name(found) => found,
    }
}

fn figure(expr: &Expr) -> Figured {
    let named = |text: &str| Figured::Name(text.to_owned());
    match expr {
        Expr::Identifier(ident) => Figured::Name(name(ident)),
        Expr::CompoundIdentifier(parts) => parts.last().map_or(Figured::Nothing, |part| Figured::Name(name(part))),
        Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => figure(inner),
        Expr::Cast { expr: inner, data_type, .. } => match figure(inner) {
            Figured::Name(found) => Figured::Name(found),
            _ => Figured::Type(type_name(data_type)),
        },
        Expr::TypedString(typed) => Figured::Type(type_name(&typed.data_type)),
        Expr::Interval(_) => Figured::Type("interval".to_owned()),
        Expr::Function(function) => {
            let part = function.name.0.last().and_then(|part| part.as_ident());
            part.map_or(Figured::Nothing, |part| Figured::Name(name(part)))
        }
        Expr::Case { else_result, .. } => match else_result.as_deref().map(figure) {
            Some(Figured::Name(found)) => Figured::Name(found),
            _ => Figured::Type("case".to_owned()),
        },
        Expr::Exists { negated: false, .. } => named("exists"),
        Expr::Subquery(query) => match query.body.as_ref() {
            SetExpr::Select(select) => match select.projection.first() {
                Some(SelectItem::UnnamedExpr(expr)) => figure(expr),
                Some(SelectItem::ExprWithAlias { alias, .. }) => Figured::Name(name(alias)),
                _ => Figured::Nothing,
            },
            SetExpr::Values(_) => named("column1"),
            _ => Figured::Nothing,
        },
        Expr::Array(_) => named("array"),
        Expr::Tuple(_) => named("row"),
        Expr::Extract { .. } => named("extract"),
        Expr::Ceil { .. } => named("ceil"),
        Expr::Floor { .. } => named("floor"),
        Expr::Position { .. } => named("position"),
        Expr::Substring { shorthand, .. } => named(if *shorthand { "substr" } else { "substring" }),
        Expr::Overlay { .. } => named("overlay"),
        Expr::AtTimeZone { .. } => named("timezone"),
        Expr::Trim { trim_where, .. } => named(match trim_where {
            Some(TrimWhereField::Leading) => "ltrim",
            Some(TrimWhereField::Trailing) => "rtrim",
            None | Some(TrimWhereField::Both) => "btrim",
        }),
        _ => Figured::Nothing,
    }
}

/// The name that PostgreSQL has for a type, whichever alias it is written by.
fn type_name(data_type: &DataType) -> String {
    use DataType as D;
    let known = match data_type {
        D::SmallInt(_) | D::Int2(_) => "int2",
        D::Int(_) | D::Integer(_) | D::Int4(_) => "int4",
        D::BigInt(_) | D::Int8(_) | D::Int64 => "int8",
        D::Real | D::Float4 => "float4",
        D::Double(_) | D::DoublePrecision | D::Float(_) | D::Float8 | D::Float64 => "float8",
        D::Decimal(_) | D::Numeric(_) | D::Dec(_) => "numeric",
        D::Bool | D::Boolean => "bool",
        D::Varchar(_) | D::CharacterVarying(_) | D::CharVarying(_) => "varchar",
        D::Char(_) | D::Character(_) => "bpchar",
        D::Timestamp(_, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => "timestamptz",
        D::Timestamp(..) | D::Datetime(_) => "timestamp",
        D::Time(..) => "time",
        D::Blob(_) => "bytea",
        other => {
            let text = other.to_string().to_ascii_lowercase();
            return text.split('(').next().unwrap_or_default().to_owned();
        }
    };
    known.to_owned()
}
