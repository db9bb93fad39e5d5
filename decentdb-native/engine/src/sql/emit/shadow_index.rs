//! Indexes that SQLite keeps as tables: a virtual table beside the indexed one, kept true by triggers.

use crate::catalog::{key, Catalog, Index, Method, Table};
use crate::error::{Error, Result};
use crate::sql::grammar::{quote, text_literal};

use super::qualified_name::qualified_name;

/// The quoted name of `part`, an object that belongs to an index.
fn named(index: &str, part: &str) -> String {
    quote(&format!("__ddb_index_{}{part}", key(index)))
}

/// The virtual table behind an index.
pub(crate) fn shadow_table(index: &Index) -> String {
    named(&index.name, "")
}

/// The name by which SQLite knows the id of a table's rows.
pub(crate) fn row_id_column(table: &Table) -> Result<&'static str> {
    let own = table.row_id().map(|column| key(&column.name));
    let free = ["rowid", "_rowid_", "oid"].into_iter().find(|name| {
        table.columns.iter().all(|column| !column.name.eq_ignore_ascii_case(name)) || own.as_deref() == Some(name)
    });
    free.ok_or_else(|| Error::unsupported("such an index on a table with columns named rowid, _rowid_ and oid"))
}

/// The module of the virtual table, and the values it keeps of a row.
struct Layout {
    module: String,
    id: &'static str,
    columns: Vec<String>,
    /// Which values make up a row worth keeping, over the columns.
    kept: String,
}

fn layout(index: &Index) -> Option<Layout> {
    let quoted: Vec<String> = index.columns.iter().map(|column| quote(column)).collect();
    let numbered = |prefix: &str, count: usize| (0..count).map(|at| format!("{prefix}{at}")).collect::<Vec<_>>();
    // Nothing of the texts is stored twice; rows are found by their ids alone.
    let contentless = "content='', contentless_delete=1";
    Some(match &index.method {
        Method::BTree => return None,
        Method::FullText(analyzer) => {
            let columns = numbered("c", quoted.len());
            let mut module =
                format!("fts5({}, {contentless}, tokenize=\"{}\"", columns.join(", "), analyzer.tokenizer());
            if !analyzer.prefix.is_empty() {
                let lengths: Vec<String> = analyzer.prefix.iter().map(ToString::to_string).collect();
                module.push_str(&format!(", prefix='{}'", lengths.join(" ")));
            }
            module.push(')');
            Layout {
                module,
                id: "rowid",
                kept: columns.iter().map(|column| format!("{column} <> ''")).collect::<Vec<_>>().join(" OR "),
                columns,
            }
        }
        Method::Trigram => Layout {
            module: format!("fts5(c0, {contentless}, detail=none, tokenize='trigram case_sensitive 1')"),
            id: "rowid",
            columns: numbered("c", 1),
            kept: "c0 IS NOT NULL".to_owned(),
        },
        Method::Spatial => Layout {
            module: "rtree(id, c0, c1, c2, c3)".to_owned(),
            id: "id",
            columns: numbered("c", 4),
            kept: "c0 IS NOT NULL".to_owned(),
        },
    })
}

/// The value of each column of the virtual table for the row that `row` qualifies.
fn values(index: &Index, row: &str) -> Vec<String> {
    let columns = index.columns.iter().map(|column| format!("{row}.{}", quote(column)));
    match &index.method {
        Method::BTree => Vec::new(),
        Method::FullText(_) => {
            let options = options_literal(index);
            columns.map(|column| format!("ddb_fts_document({column}, {options})")).collect()
        }
        Method::Trigram => columns.map(|column| format!("ddb_trigram_text({column})")).collect(),
        Method::Spatial => {
            let columns = columns.collect::<Vec<_>>().join(", ");
            (0..4).map(|side| format!("ddb_st_bound({columns}, {side})")).collect()
        }
    }
}

/// The options of a full-text index as its functions take them.
pub(crate) fn options_literal(index: &Index) -> String {
    match &index.method {
        Method::FullText(analyzer) => text_literal(&serde_json::to_string(analyzer).unwrap_or_default()),
        _ => "NULL".to_owned(),
    }
}

/// The statements that create the table and triggers of an index and fill it from the rows that are there; nothing for an index that
/// is SQLite's own.
pub(crate) fn create_shadow_index(table: &Table, index: &Index) -> Result<Vec<String>> {
    let Some(layout) = layout(index) else { return Ok(Vec::new()) };
    let (storage, on, id) = (shadow_table(index), quote(&table.name), row_id_column(table)?);
    let insert = |row: &str, from: &str| {
        let values = layout.columns.iter().zip(values(index, row));
        let values: Vec<String> = values.map(|(name, value)| format!("{value} AS {name}")).collect();
        format!(
            "INSERT INTO {storage}({}, {columns}) SELECT id, {columns} FROM (SELECT {row}.{id} AS id, {}{from}) WHERE {}",
            layout.id,
            values.join(", "),
            layout.kept,
            columns = layout.columns.join(", "),
        )
    };
    let delete = format!("DELETE FROM {storage} WHERE {} = old.{id}", layout.id);
    let differs: Vec<String> = std::iter::once(id.to_owned())
        .chain(index.columns.iter().map(|column| quote(column)))
        .map(|column| format!("old.{column} IS NOT new.{column}"))
        .collect();
    let trigger = |event: &str, when: &str, body: &str| {
        let name = named(&index.name, &format!("_{}", event.to_ascii_lowercase()));
        format!("CREATE TRIGGER {name} AFTER {event} ON {on}{when} BEGIN {body}; END")
    };
    Ok(vec![
        format!("CREATE VIRTUAL TABLE {storage} USING {}", layout.module),
        insert("t", &format!(" FROM {on} AS t")),
        trigger("INSERT", "", &insert("new", "")),
        trigger("DELETE", "", &delete),
        trigger("UPDATE", &format!(" WHEN {}", differs.join(" OR ")), &format!("{delete}; {}", insert("new", ""))),
    ])
}

/// The statements that remove an index.
pub(crate) fn drop_index(index: &Index, temporary: bool) -> Vec<String> {
    if index.method == Method::BTree {
        return vec![format!("DROP INDEX {}", qualified_name(&index.name, temporary))];
    }
    let triggers = ["_insert", "_delete", "_update"].map(|part| format!("DROP TRIGGER {}", named(&index.name, part)));
    triggers.into_iter().chain([format!("DROP TABLE {}", shadow_table(index))]).collect()
}

/// The statements that remove those indexes of a table that do not disappear with it; to be run before the table goes.
pub(crate) fn drop_shadow_indexes(catalog: &Catalog, table: &str) -> Vec<String> {
    let own = catalog.indexes.values().filter(|index| index.table == table && index.method != Method::BTree);
    own.flat_map(|index| drop_index(index, false)).collect()
}
