//! Cargo as a step: its output in a log, its errors on the terminal.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Result, bail};
use stack::parts;
use stack::process::Launch;
use stack::progress::{shown, step};

/// Runs cargo with these words; when it fails, what it said is printed.
pub async fn cargo(name: &str, words: &[&str], log: &Path) -> Result<()> {
    cargo_with(&parts::workspace(), &[], name, words, log).await
}

/// The same in another workspace, or with other variables.
pub async fn cargo_with(
    folder: &Path,
    variables: &[(&str, OsString)],
    name: &str,
    words: &[&str],
    log: &Path,
) -> Result<()> {
    step(name, Some(log), async {
        let launch = Launch::new("cargo", program(), log).args(words).folder(folder);
        let mut process = launch.envs(variables.iter().cloned()).start()?;
        while process.is_running() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        if process.ended().is_some_and(|status| status.success()) {
            return Ok(());
        }
        eprintln!("\n{}", process.output().trim_end());
        bail!("cargo {} failed: mend what it says above. Log: {}", words.join(" "), shown(log).display())
    })
    .await
}

/// The programs of the product and of the stack.
pub async fn build_programs(log: &Path, release: bool) -> Result<()> {
    let mut words = vec!["build", "--workspace", "--bins"];
    if release {
        words.push("--release");
    }
    cargo("Build", &words, log).await
}

/// The cargo that runs this, or the one in PATH.
pub fn program() -> String {
    shared::env::or("CARGO", "cargo")
}
