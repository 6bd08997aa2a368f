//! `./dev test-cluster`: the test program `cluster` of `tests`, against the cluster that KUBECONFIG names.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use stack::parts::{self, Parts};
use stack::process::Launch;

use crate::cargo::cargo;
use crate::{place, running};

/// Nothing it does takes longer.
const LONGEST: Duration = Duration::from_secs(3 * 60 * 60);
/// What it runs, and whence people have it.
const TOOLS: [(&str, &str); 3] = [
    ("kubectl", "the cluster's own release of it"),
    ("skaffold", "2.16 or newer, or ./dev test, which builds one"),
    ("docker", "the client of the Docker that builds for the cluster"),
];

pub async fn run(words: &[String]) -> Result<ExitCode> {
    let path = search_path()?;
    demand_tools(&path)?;
    demand_cluster(&path)?;
    running::unless_stopped(async {
        let program = build().await?;
        let mut test = Launch::new("test-cluster", program, place::logs().join("test-cluster.log"))
            .args(words)
            .env("PATH", path)
            .folder(parts::workspace())
            .on_terminal()
            // It takes away what it made.
            .stop_within(Duration::from_secs(240))
            .start()?;
        let status = test.finished(LONGEST).await;
        Ok(if status.is_some_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
    .await
}

/// Builds the test, and says where it stands. It is not run through cargo, which would end before it when told to stop.
async fn build() -> Result<PathBuf> {
    let log = place::logs().join("test-cluster-build.log");
    let words = ["test", "-p", "tests", "--test", "cluster", "--no-run", "--message-format=json-render-diagnostics"];
    cargo("Build the test", &words, &log).await?;
    let said = std::fs::read_to_string(&log)?;
    let messages = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let made = messages.filter(|message| message["target"]["name"] == "cluster");
    let program = made.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).next_back();
    program.with_context(|| format!("cargo names no program: read {}", log.display()))
}

/// What stands in PATH, then what `./dev test` built.
fn search_path() -> Result<OsString> {
    let here = shared::env::or("PATH", "");
    let all = std::env::split_paths(&here).chain([Parts::locate().tool("")]);
    std::env::join_paths(all).context("a search path for programs")
}

fn demand_tools(path: &OsString) -> Result<()> {
    let there = |tool: &str| std::env::split_paths(path).any(|folder| is_program(&folder.join(tool)));
    let missing: Vec<_> =
        TOOLS.iter().filter(|(tool, _)| !there(tool)).map(|(tool, whence)| format!("{tool} ({whence})")).collect();
    if !missing.is_empty() {
        bail!("Not in PATH: {}. Install what is missing and start again.", missing.join(", "));
    }
    Ok(())
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

fn demand_cluster(path: &OsString) -> Result<()> {
    let mut kubectl = Command::new("kubectl");
    let ask = kubectl.args(["get", "--raw", "/readyz", "--request-timeout=10s"]).env("PATH", path);
    let output = ask.stdin(Stdio::null()).output().context("start kubectl")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it says nothing");
        bail!("No cluster answers: start one and name its file in KUBECONFIG (kubectl: {}).", last.trim());
    }
    Ok(())
}
