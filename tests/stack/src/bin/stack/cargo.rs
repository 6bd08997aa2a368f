//! Cargo as a step: its output in a log, its errors on the terminal.

use std::path::Path;

use anyhow::{Result, bail};
use stack::parts;
use stack::process::Launch;
use stack::progress::{shown, step};

/// Runs cargo with these words; when it fails, what it said is printed.
pub async fn cargo(name: &str, words: &[&str], log: &Path) -> Result<()> {
    cargo_in(&parts::workspace(), None, name, words, log).await
}

/// The same in another workspace, with a target folder of its own.
pub async fn cargo_in(folder: &Path, target: Option<&Path>, name: &str, words: &[&str], log: &Path) -> Result<()> {
    step(name, Some(log), async {
        let mut launch = Launch::new("cargo", program(), log).args(words).folder(folder);
        if let Some(target) = target {
            launch = launch.env("CARGO_TARGET_DIR", target);
        }
        let mut process = launch.start()?;
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
