//! Tests that need a process of their own: the test binary runs one of its tests again.

use std::process::{Command, Output, Stdio};

/// The command that runs `test` with `arguments` in the environment.
pub fn command(test: &str, arguments: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).envs(arguments.iter().copied());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Waits for the child and checks that it succeeded; what it wrote.
#[track_caller]
pub fn succeeded(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}
