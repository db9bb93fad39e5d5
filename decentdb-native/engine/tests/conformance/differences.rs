//! The answers in which the bundled engine differs from DecentDB on purpose, with the reasons.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use toml_edit::{Item, Table};

use crate::case::{self, File};
use crate::outcome::Outcome;

pub struct Differences {
    /// The suffix of the version of the engine to which the differences belong.
    pub engine: String,
    /// By the id of the step.
    by_step: BTreeMap<String, Difference>,
}

pub struct Difference {
    pub reason: String,
    pub expected: Outcome,
}

impl Differences {
    pub fn load(path: &Path, files: &[File]) -> Differences {
        let known: HashSet<String> = files
            .iter()
            .flat_map(|file| &file.cases)
            .flat_map(|case| (0..case.steps.len()).map(|at| case.step_id(at)))
            .collect();
        let document = case::read_toml(path);
        let engine = document["engine"].as_str().expect("the differences name their engine").to_owned();
        let mut by_step = BTreeMap::new();
        for group in document.get("difference").into_iter().flat_map(case::tables) {
            let reason = group.get("reason").and_then(Item::as_str).unwrap_or_default();
            assert!(!reason.is_empty(), "{}: a group of differences has no reason", path.display());
            for entry in group.get("case").into_iter().flat_map(case::tables) {
                let (id, expected) = read_entry(entry.clone(), path);
                assert!(known.contains(&id), "{}: there is no case {id}", path.display());
                let difference = Difference { reason: reason.to_owned(), expected };
                assert!(by_step.insert(id.clone(), difference).is_none(), "{}: {id} is listed twice", path.display());
            }
        }
        Differences { engine, by_step }
    }

    pub fn of(&self, step_id: &str) -> Option<&Difference> {
        self.by_step.get(step_id)
    }
}

fn read_entry(mut table: Table, path: &Path) -> (String, Outcome) {
    let id = case::take_id(&mut table, path);
    let outcome = case::take_outcome(&mut table, path, &id);
    assert!(table.is_empty(), "{}: {id}: only an id and an outcome are known", path.display());
    (id, outcome)
}
