//! Indexes, as MySQL describes them.

use crate::catalog::{index_definitions, Catalog, Index};
use crate::sql::bind::catalog_views::schema_views::{texts, Columns};
use crate::sql::grammar::text_literal;
use crate::value::Type;

use super::{null, path, schema, text_or_null, yes_or_no, Row};

pub(super) const STATISTICS: Columns = &[
    ("table_catalog", Type::Text, false),
    ("table_schema", Type::Text, false),
    ("table_name", Type::Text, false),
    ("non_unique", Type::Int64, false),
    ("index_schema", Type::Text, false),
    ("index_name", Type::Text, false),
    ("seq_in_index", Type::Int64, false),
    ("column_name", Type::Text, true),
    ("collation", Type::Text, true),
    ("cardinality", Type::Int64, true),
    ("sub_part", Type::Int64, true),
    ("packed", Type::Text, true),
    ("nullable", Type::Text, false),
    ("index_type", Type::Text, false),
    ("comment", Type::Text, false),
    ("index_comment", Type::Text, false),
    ("is_visible", Type::Text, false),
    ("expression", Type::Text, true),
    ("filter_condition", Type::Text, true),
    ("is_included", Type::Text, false),
];

/// One row for each key of an index, and behind them one for each column that it only contains.
pub(super) fn statistics(catalog: &Catalog) -> Vec<Row> {
    let mut rows = Vec::new();
    for (home, temporary) in [(catalog, false), (catalog.temp(), true)] {
        for index in index_definitions(home).into_values() {
            let keys = index.columns.iter().map(|key| (key, false));
            let included = index.include.iter().map(|column| (column, true));
            for (at, (key, included)) in keys.chain(included).enumerate() {
                rows.push(row(home, temporary, &index, at, key, included));
            }
        }
    }
    rows
}

fn row(home: &Catalog, temporary: bool, index: &Index, at: usize, key: &str, included: bool) -> Row {
    let column = home.table(&index.table).and_then(|table| table.column(key));
    let mut row = path(temporary, &index.table);
    row.push(u8::from(!index.unique).to_string());
    row.extend(texts(&[schema(temporary), &index.name]));
    row.push((at + 1).to_string());
    row.push(text_or_null(column.map(|column| column.name.as_str())));
    row.push(order(index, at, included));
    row.extend([null(), null(), null()]);
    let nullable = column.is_none_or(|column| column.nullable);
    row.extend(texts(&[if nullable { "YES" } else { "" }, &index.method.name().to_ascii_uppercase(), "", "", "YES"]));
    row.push(text_or_null(if column.is_none() { Some(key) } else { None }));
    row.push(text_or_null(index.predicate_sql.as_deref()));
    row.push(yes_or_no(included));
    row
}

/// `A` for a key in ascending order, `D` for one in descending order; NULL where there is no order. SQLite knows it.
fn order(index: &Index, at: usize, included: bool) -> String {
    if included || !index.method.is_ordered() {
        return null();
    }
    let name = text_literal(&index.name);
    format!(
        "CASE (SELECT x.\"desc\" FROM pragma_index_xinfo({name}) AS x WHERE x.seqno = {at}) WHEN 1 THEN 'D' ELSE 'A' END"
    )
}
