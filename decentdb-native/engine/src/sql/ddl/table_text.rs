//! The text of a table that was altered: the statement that would create it.

use crate::catalog::{Check, Column, ForeignKey, Table};
use crate::sql::grammar::{quote, text_literal};
use crate::types::size::Size;
use crate::value::Type;

fn list(names: &[String]) -> String {
    names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ")
}

fn check(check: &Check) -> String {
    let name = if check.named { format!("CONSTRAINT {} ", quote(&check.name)) } else { String::new() };
    format!("{name}CHECK ({})", check.sql)
}

fn references(key: &ForeignKey) -> String {
    let mut text = format!("REFERENCES {} ({})", quote(&key.referenced_table), list(&key.referenced_columns));
    for (event, action) in [("DELETE", &key.on_delete), ("UPDATE", &key.on_update)] {
        if action != "NO ACTION" {
            text.push_str(&format!(" ON {event} {action}"));
        }
    }
    text
}

fn constraint(key: &ForeignKey) -> String {
    key.name.as_ref().map_or_else(String::new, |name| format!("CONSTRAINT {} ", quote(name)))
}

fn column(table: &Table, column: &Column) -> String {
    let plain = || column.size.map_or_else(|| column.ty.name().to_owned(), Size::sql);
    let ty = column.declared.clone().unwrap_or_else(plain);
    let mut text = format!("{} {ty}", quote(&column.name));
    if let Type::Enum(of) = &column.ty {
        let labels: Vec<String> = of.labels.iter().map(|label| text_literal(label)).collect();
        text.push_str(&format!("({})", labels.join(", ")));
    }
    if let Some(shape) = &column.shape {
        text.push_str(&shape.arguments());
    }
    if !column.nullable && !table.primary_key.contains(&column.name) {
        text.push_str(" NOT NULL");
    }
    if let Some(identity) = column.identity {
        text.push_str(&format!(" {}", identity.sql()));
    }
    if let Some(default) = &column.default_sql {
        text.push_str(&format!(" DEFAULT {default}"));
    }
    if let Some(generated) = &column.generated_sql {
        let kept = if column.generated_stored { "STORED" } else { "VIRTUAL" };
        text.push_str(&format!(" GENERATED ALWAYS AS ({generated}) {kept}"));
    }
    for own in table.checks.iter().filter(|check| check.column.as_ref() == Some(&column.name)) {
        text.push_str(&format!(" {}", check(own)));
    }
    for key in table.foreign_keys.iter().filter(|key| key.inline && key.columns == [column.name.as_str()]) {
        text.push_str(&format!(" {}{}", constraint(key), references(key)));
    }
    text
}

pub(crate) fn table_text(table: &Table) -> String {
    let mut parts: Vec<String> = table.columns.iter().map(|each| column(table, each)).collect();
    if !table.primary_key.is_empty() {
        let name = quote(&table.primary_key_name);
        parts.push(format!("CONSTRAINT {name} PRIMARY KEY ({})", list(&table.primary_key)));
    }
    for unique in &table.uniques {
        parts.push(format!("CONSTRAINT {} UNIQUE ({})", quote(&unique.name), list(&unique.columns)));
    }
    parts.extend(table.checks.iter().filter(|check| check.column.is_none()).map(check));
    for key in table.foreign_keys.iter().filter(|key| !key.inline) {
        parts.push(format!("{}FOREIGN KEY ({}) {}", constraint(key), list(&key.columns), references(key)));
    }
    format!("CREATE TABLE {} ({})", quote(&table.name), parts.join(", "))
}
