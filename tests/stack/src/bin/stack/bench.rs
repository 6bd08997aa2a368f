//! `./dev bench`: the benchmark of `tests`, built for release, in a stack of its own. `--against COMMIT` builds that
//! commit's programs too, each commit in a git worktree below `.dev/against` and all in one target folder there: what
//! is built once is kept for the next run.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use stack::install::{Wanted, install};
use stack::isolated::Isolated;
use stack::parts::{self, Parts};
use stack::process::Launch;
use stack::progress::step;

use crate::cargo::{build_programs, cargo, cargo_with, program};
use crate::{place, running};

/// No measurement takes longer.
const LONGEST: Duration = Duration::from_secs(2 * 60 * 60);

pub async fn run(words: &[String]) -> Result<ExitCode> {
    let (against, words) = against(words)?;
    running::unless_stopped(async {
        let (parts, logs) = (Parts::locate(), place::logs());
        install(&parts, &logs, Wanted::ServersAndBrowser).await?;
        let other = match &against {
            Some(commit) => other_build(commit, &logs).await?,
            None => Vec::new(),
        };
        build_programs(&logs.join("bench-build.log"), true).await?;
        let build = ["build", "-p", "tests", "--release", "--bin", "bench"];
        cargo("Build the benchmark", &build, &logs.join("bench-build-tests.log")).await?;
        let isolated = step("PostgreSQL, Kafka, Keycloak", None, Isolated::start(&parts)).await?;
        let mut bench = Launch::new("bench", program(), logs.join("bench.log"))
            .args(["run", "-q", "-p", "tests", "--release", "--bin", "bench", "--"])
            .args(words)
            .args(other)
            .envs(isolated.variables())
            .folder(parts::workspace())
            .on_terminal()
            .start()?;
        let status = bench.finished(LONGEST).await;
        Ok(if status.is_some_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
    .await
}

/// The commit of `--against`, and the words without it.
fn against(words: &[String]) -> Result<(Option<String>, Vec<String>)> {
    let (mut commit, mut rest) = (None, Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.strip_prefix("--against") {
            Some("") => commit = Some(words.next().context("--against wants a commit: name one.")?.clone()),
            Some(given) if given.starts_with('=') => commit = Some(given[1..].to_owned()),
            _ => rest.push(word.clone()),
        }
    }
    Ok((commit.map(|commit| whole_name(&commit)).transpose()?, rest))
}

fn git(words: &[&str]) -> Result<String> {
    let output = Command::new("git").args(words).current_dir(parts::workspace()).output().context("run git")?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    ensure!(output.status.success(), "git {} failed: {}", words.join(" "), said(&output.stderr));
    Ok(said(&output.stdout))
}

fn whole_name(commit: &str) -> Result<String> {
    let Ok(name) = git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{commit}^{{commit}}")])
    else {
        bail!("There is no commit {commit} in this repository: name one that git log shows.")
    };
    Ok(name)
}

/// Builds a commit's programs; the words that tell the benchmark where they are.
async fn other_build(commit: &str, logs: &Path) -> Result<Vec<String>> {
    let folder = parts::dev_folder().join("against");
    let (sources, target) = (folder.join(&commit[..12]), folder.join("target"));
    worktree(commit, &sources)?;
    let build = ["build", "--release", "--locked", "-p", "portal", "-p", "workers", "--bins"];
    let name = format!("Build {}", &commit[..7]);
    let target_folder = [("CARGO_TARGET_DIR", target.clone().into_os_string())];
    cargo_with(&sources, &target_folder, &name, &build, &logs.join("bench-build-against.log")).await?;
    let programs = target.join("release");
    let path = |path: PathBuf| path.display().to_string();
    Ok(vec![
        format!("--against={commit}"),
        format!("--against-sources={}", path(sources)),
        format!("--against-programs={}", path(programs)),
    ])
}

/// The commit's sources. A commit never changes: what is there is right.
fn worktree(commit: &str, sources: &Path) -> Result<()> {
    if sources.join("Cargo.toml").is_file() {
        return Ok(());
    }
    // Forced: git may remember a worktree whose folder was deleted with `.dev`.
    git(&["worktree", "add", "--force", "--detach", &sources.display().to_string(), commit]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::against;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_commit_may_stand_anywhere_and_is_checked() {
        assert_eq!(against(&words("portal --lines 5")).unwrap(), (None, words("portal --lines 5")));
        for text in ["--against HEAD portal --lines 5", "portal --against=HEAD --lines 5"] {
            let (commit, rest) = against(&words(text)).unwrap();
            assert_eq!((commit.unwrap().len(), rest), (40, words("portal --lines 5")));
        }
        let none = against(&words("--against no-such-commit")).unwrap_err().to_string();
        assert!(none.contains("no commit no-such-commit"), "{none}");
        assert!(against(&words("--against")).is_err());
    }
}
