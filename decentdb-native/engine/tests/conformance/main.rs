//! The conformance suite: compares the answers of any library with DecentDB's C ABI to those of DecentDB.
//!
//! The library is the one that `DECENTDB_NATIVE_LIB` names, else the one just built. The expectations in `cases` are
//! recorded from DecentDB itself. Where the bundled engine differs on purpose, `differences.toml` gives the reason and
//! its answer. Arguments that are not options select the cases whose id contains one of them. With
//! `CONFORMANCE_RECORD=1` the suite records the answers instead of comparing them: DecentDB's in `cases`, the bundled
//! engine's for the differences already listed.
#![allow(clippy::undocumented_unsafe_blocks)]

mod case;
mod differences;
mod library;
mod outcome;
mod record;
mod report;
mod run;
mod structs;
mod value;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use case::File;
use differences::Differences;
use library::Library;
use report::Report;

fn main() -> ExitCode {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let started = Instant::now();
    let library = Library::load(&library_path());
    let files = case::load(&folder.join("cases"));
    let differences = Differences::load(&folder.join("differences.toml"), &files);
    let bundled = library.version.ends_with(&differences.engine);
    println!("\n{} {}", library.path.display(), library.version);

    let selected = |id: &str| arguments.is_empty() || arguments.iter().any(|part| id.contains(part));
    let mut answers = run_all(&library, &files, &selected);
    let mut report = Report::default();
    if bundled {
        adopt_made_up_names(&files, &mut answers, &mut report);
    }
    if std::env::var_os("CONFORMANCE_RECORD").is_some_and(|value| value == "1") {
        match bundled {
            true => record::differences(&folder.join("differences.toml"), &files, &answers),
            false => record::cases(&files, &answers),
        }
        return ExitCode::SUCCESS;
    }
    for (file, answers) in files.iter().zip(&answers) {
        for (case, answer) in file.cases.iter().zip(answers) {
            if let Some(answer) = answer {
                report.judge(file, case, answer, bundled.then_some(&differences));
            }
        }
    }
    report.print(started.elapsed())
}

/// The answer of one case: the outcome of each of its steps.
type Answer = Vec<run::Answered>;

/// Puts DecentDB's names for unnamed columns into the answers, and counts the steps where they differ.
fn adopt_made_up_names(files: &[File], answers: &mut [Vec<Option<Answer>>], report: &mut Report) {
    for (file, answers) in files.iter().zip(answers) {
        for (case, answer) in file.cases.iter().zip(answers) {
            for (step, answered) in case.steps.iter().zip(answer.iter_mut().flatten()) {
                if answered.outcome.adopt_made_up_names(&step.expected) {
                    report.differs("The bundled engine calls columns without a name as PostgreSQL does.");
                }
            }
        }
    }
}

/// The answers in the order of the files and cases, without the cases that are not selected. Each file has a thread.
fn run_all(library: &Library, files: &[File], selected: &(dyn Fn(&str) -> bool + Sync)) -> Vec<Vec<Option<Answer>>> {
    std::thread::scope(|scope| {
        let running: Vec<_> = files
            .iter()
            .map(|file| {
                scope.spawn(move || {
                    let answer = |case: &case::Case| selected(&case.id).then(|| run::case(library, file, case));
                    file.cases.iter().map(answer).collect()
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().expect("the cases run")).collect()
    })
}

fn library_path() -> PathBuf {
    match std::env::var_os("DECENTDB_NATIVE_LIB") {
        Some(path) => path.into(),
        // Cargo puts the cdylib beside the executables of the tests.
        None => std::env::current_exe().expect("the test has a path").with_file_name(format!(
            "{}decentdb{}",
            std::env::consts::DLL_PREFIX,
            std::env::consts::DLL_SUFFIX
        )),
    }
}
