//! Compares answers with expectations and reports to people.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use crate::case::{Case, File};
use crate::differences::Differences;
use crate::outcome::Outcome;
use crate::run::Answered;

#[derive(Default)]
pub struct Report {
    cases: usize,
    steps: usize,
    failed_cases: usize,
    failures: Vec<String>,
    /// The number of steps by the reason of their difference.
    differences: BTreeMap<String, usize>,
}

impl Report {
    /// Judges a case; the differences are those of the library that answered.
    pub fn judge(&mut self, file: &File, case: &Case, answers: &[Answered], differences: Option<&Differences>) {
        self.cases += 1;
        let failures = self.failures.len();
        for (at, (step, answered)) in case.steps.iter().zip(answers).enumerate() {
            self.steps += 1;
            let id = case.step_id(at);
            let difference = differences.and_then(|differences| differences.of(&id));
            let expected = difference.map_or(&step.expected, |difference| &difference.expected);
            let mut problems = Vec::new();
            if !step.expected.is_recorded() {
                problems.push("nothing is recorded for it".to_owned());
            }
            if let Some(difference) = difference {
                self.differs(&difference.reason);
                if answered.outcome == step.expected {
                    problems.push(format!("it is listed as a difference but is none: {}", difference.reason));
                }
            }
            if answered.outcome != *expected {
                problems.push(compare(expected, &answered.outcome));
            }
            let message = answered.message.to_lowercase();
            for name in step.request.mentions.iter().filter(|name| !message.contains(&name.to_lowercase())) {
                problems.push(format!("the message does not name {name}"));
            }
            if problems.is_empty() {
                continue;
            }
            if !answered.message.is_empty() {
                problems.push(format!("message: {}", answered.message));
            }
            let name = file.path.file_name().unwrap_or_default().to_string_lossy();
            self.failures.push(format!("{id} ({name})\n  {}\n    {}", step.request.title(), problems.join("\n    ")));
        }
        self.failed_cases += usize::from(self.failures.len() > failures);
    }

    /// Counts a step that differs for a reason.
    pub fn differs(&mut self, reason: &str) {
        *self.differences.entry(reason.to_owned()).or_default() += 1;
    }

    pub fn print(&self, elapsed: Duration) -> ExitCode {
        for failure in &self.failures {
            println!("\n{failure}");
        }
        let listed: usize = self.differences.values().sum();
        println!(
            "\n{} cases of {} steps, {listed} listed differences, {} cases failed, in {:.1} s",
            self.cases,
            self.steps,
            self.failed_cases,
            elapsed.as_secs_f64()
        );
        for (reason, count) in &self.differences {
            println!("  {count:4}  {reason}");
        }
        match self.failures.is_empty() {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        }
    }
}

/// The two outcomes line by line: expected lines with `-`, received lines with `+`.
fn compare(expected: &Outcome, actual: &Outcome) -> String {
    let (expected, actual) = (expected.lines(), actual.lines());
    let mut lines = Vec::new();
    for at in 0..expected.len().max(actual.len()) {
        match (expected.get(at), actual.get(at)) {
            (Some(expected), Some(actual)) if expected == actual => lines.push(format!("  {actual}")),
            (expected, actual) => {
                lines.extend(expected.map(|line| format!("- {line}")));
                lines.extend(actual.map(|line| format!("+ {line}")));
            }
        }
    }
    lines.join("\n    ")
}
