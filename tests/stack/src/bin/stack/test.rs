//! `./dev test`: all checks and tests in an isolated stack, or some tests in a stack kept warm. The tests of the
//! manifests need no stack: `./dev test manifests [NAME…]` runs them alone. `./dev test --nightly` runs those that kill, for longer.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use stack::install::{Wanted, install};
use stack::isolated::Isolated;
use stack::parts::{self, Parts};
use stack::process::Launch;
use stack::progress::step;

use crate::cargo::{build_programs, cargo, program};
use crate::keep;
use crate::place::{self, Variables};
use crate::running;

/// Words for cargo: which test programs.
const WORKSPACE: [&str; 1] = ["--workspace"];
const KILLING: [&str; 3] = ["--workspace", "--test", "end_to_end"];
const MANIFESTS: [&str; 3] = ["--workspace", "--test", "manifests"];

pub async fn run(names: &[String], nightly: bool) -> Result<ExitCode> {
    running::unless_stopped(async {
        match names {
            [] if nightly => killing().await,
            [] => everything().await,
            [first, names @ ..] if first == "manifests" => manifests(names).await,
            _ => some(names).await,
        }
    })
    .await
}

async fn everything() -> Result<ExitCode> {
    let (parts, logs) = (Parts::locate(), place::logs());
    let log = |name: &str| logs.join(format!("test-{name}.log"));
    install(&parts, &logs, Wanted::Everything).await?;
    cargo("Format", &["fmt", "--all", "--check"], &log("fmt")).await?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    cargo("Clippy", &clippy, &log("clippy")).await?;
    build_programs(&log("build"), false).await?;
    cargo("Build the tests", &["test", "--workspace", "--no-run"], &log("build-tests")).await?;
    let isolated = step("PostgreSQL, Kafka, Keycloak", None, Isolated::start(&parts)).await?;
    tests(&WORKSPACE, &isolated.variables(), &[], &log("tests")).await
}

/// The tests that kill, for as long as it takes to meet what is rare; one after the other, so that each has the machine.
async fn killing() -> Result<ExitCode> {
    let (parts, logs) = (Parts::locate(), place::logs());
    install(&parts, &logs, Wanted::Everything).await?;
    build_programs(&logs.join("nightly-build.log"), false).await?;
    let isolated = step("PostgreSQL, Kafka, Keycloak", None, Isolated::start(&parts)).await?;
    let mut variables = isolated.variables();
    variables.push(("KILL_SECONDS".to_owned(), "420".to_owned()));
    let words = ["killed_again_and_again", "--nocapture", "--test-threads=1"].map(str::to_owned);
    tests(&KILLING, &variables, &words, &logs.join("nightly-tests.log")).await
}

async fn manifests(names: &[String]) -> Result<ExitCode> {
    let logs = place::logs();
    install(&Parts::locate(), &logs, Wanted::ManifestTools).await?;
    tests(&MANIFESTS, &Vec::new(), names, &logs.join("test-manifests.log")).await
}

async fn some(names: &[String]) -> Result<ExitCode> {
    let (parts, logs) = (Parts::locate(), place::logs());
    install(&parts, &logs, Wanted::Everything).await?;
    build_programs(&logs.join("test-build.log"), false).await?;
    cargo("Build the tests", &["test", "--workspace", "--no-run"], &logs.join("test-build-tests.log")).await?;
    let variables = step("Kept test stack", Some(&logs.join("keep.log")), keep::warm()).await?;
    let code = tests(&WORKSPACE, &variables, names, &logs.join("test-tests.log")).await;
    keep::touch()?;
    code
}

/// Runs the tests, shows their output as it comes, and ends with the totals as the last line.
async fn tests(which: &[&str], variables: &Variables, names: &[String], log: &Path) -> Result<ExitCode> {
    let mut process = Launch::new("cargo", program(), log)
        .args(["test", "--no-fail-fast"])
        .args(which.iter().copied())
        .arg("--")
        .args(names)
        .envs(variables.iter().cloned())
        // A test says itself what it missed; what the programs said last matters more than where it stood.
        .env("RUST_BACKTRACE", "0")
        .folder(parts::workspace())
        .start()?;
    let mut shown = 0;
    while process.is_running() {
        shown = show_from(log, shown)?;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    show_from(log, shown)?;
    let succeeded = process.ended().is_some_and(|status| status.success());
    let mut totals = Totals::of(&process.output());
    // A test program that crashed, or that did not compile, reports no totals of its own.
    if !succeeded && totals.failed == 0 {
        totals.failed = 1;
    }
    println!("{} passed, {} failed", totals.passed, totals.failed);
    Ok(if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints what a growing file has from `start` on; where the next part begins.
fn show_from(path: &Path, start: u64) -> Result<u64> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    let read = file.read_to_end(&mut bytes)?;
    std::io::stdout().write_all(&bytes)?;
    std::io::stdout().flush()?;
    Ok(start + u64::try_from(read)?)
}

#[derive(Debug, PartialEq, Eq, Default)]
struct Totals {
    passed: u64,
    failed: u64,
}

impl Totals {
    /// Adds up the lines `test result: ok. 3 passed; 0 failed; …`.
    fn of(output: &str) -> Self {
        let mut totals = Self::default();
        for line in output.lines().filter(|line| line.trim_start().starts_with("test result:")) {
            let number_before = |word: &str| {
                let before = line.split(word).next().unwrap_or_default();
                before.split_whitespace().last().and_then(|number| number.parse::<u64>().ok()).unwrap_or_default()
            };
            totals.passed += number_before(" passed;");
            totals.failed += number_before(" failed;");
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::Totals;

    #[test]
    fn the_totals_of_all_programs_are_added_up() {
        let output = "test a ... ok\ntest result: ok. 12 passed; 0 failed; 0 ignored; 0 measured\n\n\
                      test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured\n";
        assert_eq!(Totals::of(output), Totals { passed: 15, failed: 2 });
    }
}
