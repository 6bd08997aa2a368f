//! The images: those of the public names where no registry provides them, and how large all are.

use anyhow::{Context, Result, ensure};
use stack::parts;
use stack::process::Launch;
use stack::progress;
use tokio::process::Command;

use crate::kubectl::kubectl;
use crate::steps::folder;

/// The images of the parts that are not ours, as the dev overlay names them.
pub async fn public() -> Result<Vec<String>> {
    let overlay = parts::workspace().join("manifests/overlays/dev");
    let rendered = kubectl(&["kustomize", &overlay.display().to_string()]).await?;
    let images = rendered.lines().filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix("image: "));
    let mut names: Vec<_> = images.filter(|name| !name.starts_with("dealer-portal/")).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    ensure!(!names.is_empty(), "The dev overlay names no image.");
    Ok(names)
}

/// Has every public image in the cluster's Docker: pulled where a registry answers, made of packages where none does.
pub async fn provide() -> Result<()> {
    for image in public().await? {
        if size(&image).await.is_err() && docker(&["pull", "--quiet", &image]).await.is_err() {
            let script = parts::workspace().join("tests/images/build");
            return progress::run(Launch::new("tests/images/build", script, folder().join("images.log"))).await;
        }
    }
    Ok(())
}

/// The size of an image in MB.
pub async fn size(image: &str) -> Result<u64> {
    let bytes = docker(&["image", "inspect", "--format", "{{.Size}}", image]).await?;
    let bytes: u64 = bytes.trim().parse().with_context(|| format!("the size of {image}"))?;
    Ok(bytes / 1_000_000)
}

async fn docker(words: &[&str]) -> Result<String> {
    let output = Command::new("docker").args(words).kill_on_drop(true).output().await.context("start docker")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "docker {}: {}", words.join(" "), complaint.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
