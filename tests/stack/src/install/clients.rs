//! The package clients that the parts come through. On Debian, root gets missing ones by apt; anybody else gets one
//! sentence that names them.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use shared::env;

use super::Wanted;
use crate::process::Launch;
use crate::progress::{run, step};

/// A program that must be there, and the Debian package that brings it.
type Client = (&'static str, &'static str);

const FOR_SERVERS: [Client; 5] =
    [("node", "nodejs"), ("npm", "npm"), ("python3", "python3"), ("mvn", "maven"), ("tar", "tar")];
const FOR_MANIFEST_TOOLS: [Client; 1] = [("go", "golang-go")];

/// Finds the clients, or installs them, or says which are missing.
pub async fn ensure(logs: &Path, wanted: Wanted) -> Result<()> {
    let missing = missing(wanted).await;
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
    if crate::is_root() && find("apt-get").is_some() {
        let log = logs.join("install-apt.log");
        step("Package clients (apt)", Some(&log), async {
            let apt = || Launch::new("apt-get", "apt-get", &log).env("DEBIAN_FRONTEND", "noninteractive");
            run(apt().arg("update")).await?;
            run(apt().args(["install", "-y", "--no-install-recommends"]).args(packages.iter().copied())).await
        })
        .await?;
        return Ok(());
    }
    let names: Vec<_> = missing.iter().map(|(program, _)| *program).collect();
    bail!(
        "Missing on this machine: {}. Install them (on Debian: apt install {}) and start again.",
        names.join(", "),
        packages.join(" ")
    )
}

async fn missing(wanted: Wanted) -> Vec<Client> {
    let mut missing = Vec::new();
    if wanted.servers() {
        missing.extend(FOR_SERVERS);
    }
    if wanted.manifest_tools() {
        missing.extend(FOR_MANIFEST_TOOLS);
    }
    missing.retain(|(program, _)| find(program).is_none());
    if wanted.servers() && find("python3").is_some() && !has_pip().await {
        missing.push(("pip", "python3-pip"));
    }
    if wanted.servers() && crate::is_root() && find("unshare").is_none() {
        missing.push(("unshare", "util-linux"));
    }
    missing
}

async fn has_pip() -> bool {
    let ask = tokio::process::Command::new("python3").args(["-m", "pip", "--version"]).output().await;
    ask.is_ok_and(|output| output.status.success())
}

/// Where `PATH` has a program.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::optional("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}
