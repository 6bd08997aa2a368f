//! Both overlays as the API server takes them: applied by the server, with every warning an error, and nothing kept.

use anyhow::{Result, ensure};
use stack::parts;

use crate::kubectl::{kubectl, tell};

pub async fn are_taken() -> Result<()> {
    for overlay in ["dev", "production"] {
        is_taken(overlay).await?;
    }
    Ok(())
}

async fn is_taken(overlay: &str) -> Result<()> {
    let folder = parts::workspace().join("manifests/overlays").join(overlay);
    let rendered = kubectl(&["kustomize", &folder.display().to_string()]).await?;
    let groups = kubectl(&["api-versions"]).await?;
    let known = |object: &&str| {
        let version = object.lines().find_map(|line| line.strip_prefix("apiVersion: ")).unwrap_or_default();
        groups.lines().any(|group| group == version)
    };
    let (fitting, foreign): (Vec<&str>, Vec<&str>) = rendered.split("\n---\n").partition(known);
    for object in foreign {
        eprintln!("     {overlay}: {} left out, the cluster does not know its kind", named(object));
    }
    ensure!(fitting.len() > 20, "The {overlay} overlay renders {} objects.", fitting.len());
    let namespace: Vec<&str> =
        fitting.iter().copied().filter(|object| object.contains("\nkind: Namespace\n")).collect();
    let name = namespace.first().map(|object| named(object)).unwrap_or_default();
    let was_there = kubectl(&["get", "namespace", &name]).await.is_ok();
    // A server-side dry run needs the namespace to be there.
    let apply = ["--warnings-as-errors", "apply", "--server-side", "--field-manager=test-cluster", "-f", "-"];
    tell(&[&apply[..], &["--force-conflicts"]].concat(), &namespace.join("\n---\n")).await?;
    let outcome =
        tell(&[&apply[..], &["--force-conflicts", "--dry-run=server"]].concat(), &fitting.join("\n---\n")).await;
    if !was_there {
        kubectl(&["delete", "namespace", &name]).await?;
    }
    outcome.map(drop)
}

/// The object's own name, in the order in which kustomize prints.
fn named(object: &str) -> String {
    let (_, metadata) = object.split_once("metadata:\n").unwrap_or_default();
    metadata.lines().find_map(|line| line.strip_prefix("  name: ")).unwrap_or_default().to_owned()
}
