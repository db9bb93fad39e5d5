//! Writes outcomes into the files and leaves the rest of the files unchanged.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use toml_edit::{Array, InlineTable, Item, Table, Value};

use crate::case::{self, File};
use crate::outcome::Outcome;
use crate::Answer;

/// Writes the answers of DecentDB into the files of the cases.
pub fn cases(files: &[File], answers: &[Vec<Option<Answer>>]) {
    for (file, answers) in files.iter().zip(answers) {
        let mut document = file.document.clone();
        let tables = document["case"].as_array_of_tables_mut().expect("the file was read");
        for (table, answer) in tables.iter_mut().zip(answers) {
            let Some(answer) = answer else { continue };
            match table.get_mut("step").and_then(Item::as_array_of_tables_mut) {
                Some(steps) => steps.iter_mut().zip(answer).for_each(|(step, answered)| write(step, &answered.outcome)),
                None => write(table, &answer[0].outcome),
            }
            if let Some(setup) = answer[0].outcome.error.as_ref().and_then(|error| error.setup.as_ref()) {
                eprintln!("{}: the setup fails: {setup}: {}", table["id"], answer[0].message);
            }
        }
        fs::write(&file.path, document.to_string()).expect("the file can be written");
    }
}

/// Writes the answers of the bundled engine into the list of differences, for the steps that the list contains. Steps
/// that no longer differ are removed.
pub fn differences(path: &Path, files: &[File], answers: &[Vec<Option<Answer>>]) {
    let mut outcomes = BTreeMap::new();
    for (case, answer) in files.iter().zip(answers).flat_map(|(file, answers)| file.cases.iter().zip(answers)) {
        for (at, answered) in answer.iter().flatten().enumerate() {
            outcomes.insert(case.step_id(at), (&case.steps[at].expected, &answered.outcome));
        }
    }
    let mut document = case::read_toml(path);
    let groups = document.get_mut("difference").and_then(Item::as_array_of_tables_mut);
    for group in groups.into_iter().flat_map(|groups| groups.iter_mut()) {
        let Some(entries) = group.get_mut("case").and_then(Item::as_array_of_tables_mut) else { continue };
        let of = |entry: &Table| entry.get("id").and_then(Item::as_str).and_then(|id| outcomes.get(id)).copied();
        entries.retain(|entry| of(entry).is_none_or(|(recorded, own)| recorded != own));
        for entry in entries.iter_mut() {
            if let Some((_, own)) = of(entry) {
                write(entry, own);
            }
        }
    }
    if let Some(groups) = document.get_mut("difference").and_then(Item::as_array_of_tables_mut) {
        groups.retain(|group| {
            group.get("case").and_then(Item::as_array_of_tables).is_some_and(|cases| !cases.is_empty())
        });
    }
    fs::write(path, document.to_string()).expect("the file can be written");
}

fn write(table: &mut Table, outcome: &Outcome) {
    for key in Outcome::KEYS {
        table.remove(key);
    }
    let mut set = |key: &str, value: Value| {
        table.insert(key, Item::Value(value));
    };
    if !outcome.columns.is_empty() || !outcome.rows.is_empty() {
        set("columns", outcome.columns.iter().collect::<Array>().into());
        set("rows", rows(&outcome.rows).into());
    }
    if let Some(affected) = outcome.affected {
        set("affected", (affected as i64).into());
    }
    if let Some(error) = &outcome.error {
        set("error", error.members().collect::<InlineTable>().into());
    }
    if let Some(json) = &outcome.json {
        set("json", json.as_str().into());
    }
    if let Some(text) = &outcome.text {
        set("text", text.as_str().into());
    }
}

/// Writes a single row on the line of its key, and several rows on one line each.
fn rows(rows: &[Vec<String>]) -> Array {
    let mut array: Array = rows.iter().map(|row| Value::from(row.iter().collect::<Array>())).collect();
    if rows.len() > 1 {
        array.iter_mut().for_each(|row| row.decor_mut().set_prefix("\n  "));
        array.set_trailing_comma(true);
        array.set_trailing("\n");
    }
    array
}
