//! Tests that need a process to themselves: the test program runs one of its tests again.

// Not every test program uses all of it.
#![allow(dead_code)]

use std::process::{Command, Output, Stdio};

/// The name by which the test program knows `test` of `module`, which is the caller's `module_path!()`.
pub fn test_name(module: &str, test: &str) -> String {
    match module.split_once("::") {
        Some((_, inside)) => format!("{inside}::{test}"),
        None => test.to_owned(),
    }
}

/// The command that runs `test` of `module` with `variables` in the environment.
pub fn command(module: &str, test: &str, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &test_name(module, test), "--nocapture"]).envs(variables.iter().copied());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Checks that the child ran its one test and succeeded; returns what it wrote.
#[track_caller]
pub fn succeeded(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("running 1 test"), "{text}");
    text
}
