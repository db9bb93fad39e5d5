//! The outcome of a step, in the form in which it is recorded and compared.

use serde::Deserialize;
use serde_json::Value as Json;

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    #[serde(default)]
    pub columns: Vec<String>,
    #[serde(default)]
    pub rows: Vec<Vec<String>>,
    /// Absent where it equals the number of rows.
    pub affected: Option<u64>,
    pub error: Option<Failure>,
    /// The JSON of a call, with sorted members and without those that change from run to run.
    pub json: Option<String>,
    /// The text of a call.
    pub text: Option<String>,
}

/// The parts of an error that programs look at.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    pub status: String,
    pub sqlstate: Option<String>,
    pub subcode: Option<String>,
    pub relation: Option<String>,
    pub column: Option<String>,
    pub constraint: Option<String>,
    pub index: Option<String>,
    /// The statement of the setup that failed, so that no step could run.
    pub setup: Option<String>,
}

impl Outcome {
    /// The keys in the order in which they are written.
    pub const KEYS: [&str; 6] = ["columns", "rows", "affected", "error", "json", "text"];

    pub fn is_recorded(&self) -> bool {
        *self != Outcome::default()
    }

    /// Takes over the names that DecentDB made up for columns without one: `col` and the position, or the text of `COUNT(*)`.
    /// The bundled engine calls such columns as PostgreSQL does. Returns whether a name differed.
    pub fn adopt_made_up_names(&mut self, recorded: &Outcome) -> bool {
        let mut adopted = false;
        if self.columns.len() == recorded.columns.len() {
            for (at, (own, name)) in self.columns.iter_mut().zip(&recorded.columns).enumerate() {
                if own != name && (*name == format!("col{}", at + 1) || name == "COUNT(*)") {
                    own.clone_from(name);
                    adopted = true;
                }
            }
        }
        adopted
    }

    pub fn failed(failure: Failure) -> Outcome {
        Outcome { error: Some(failure), ..Outcome::default() }
    }

    /// The outcome as lines of text, to be compared by eye.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(error) = &self.error {
            lines.push(error.members().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", "));
        }
        if !self.columns.is_empty() {
            lines.push(format!("columns: {}", self.columns.join(", ")));
        }
        lines.extend(self.rows.iter().map(|row| format!("[{}]", row.join(", "))));
        lines.extend(self.affected.map(|count| format!("affected {count}")));
        lines.extend(self.json.iter().flat_map(|json| json.lines().map(str::to_owned)));
        lines.extend(self.text.clone());
        lines
    }
}

impl Failure {
    /// The members that are present, with their names.
    pub fn members(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("status", Some(&self.status)),
            ("sqlstate", self.sqlstate.as_ref()),
            ("subcode", self.subcode.as_ref()),
            ("relation", self.relation.as_ref()),
            ("column", self.column.as_ref()),
            ("constraint", self.constraint.as_ref()),
            ("index", self.index.as_ref()),
            ("setup", self.setup.as_ref()),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value.as_str())))
    }
}

/// Members of the metadata that change with each run or version.
const VOLATILE: [&str; 6] = [
    "schema_cookie",
    "temp_schema_cookie",
    "schema_fingerprint",
    "schema_fingerprint_algorithm",
    "engine_version",
    "database_format_version",
];

/// JSON with its members in a fixed order.
pub fn canonical_json(text: &str) -> String {
    match serde_json::from_str::<Json>(text) {
        Ok(mut json) => {
            canonicalise(&mut json);
            serde_json::to_string_pretty(&json).expect("JSON can be written") + "\n"
        }
        Err(error) => format!("no JSON: {error}: {text}"),
    }
}

fn canonicalise(json: &mut Json) {
    match json {
        Json::Object(members) => {
            members.retain(|name, _| !VOLATILE.contains(&name.as_str()));
            members.sort_keys();
            members.values_mut().for_each(canonicalise);
        }
        Json::Array(items) => items.iter_mut().for_each(canonicalise),
        _ => {}
    }
}
