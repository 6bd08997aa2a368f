//! Volumes where the cluster has no default StorageClass: a folder of the node for each claim that waits.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::images;
use crate::kubectl::{NAMESPACE, items, kubectl, objects, read, tell, text, until};

const TEMPLATE: &str = include_str!("volumes.yaml");
const MAKERS: &str = "portal-test-volumes";
const DEFAULT_CLASS: &str = "/metadata/annotations/storageclass.kubernetes.io~1is-default-class";

/// True when claims are served by the cluster itself.
pub async fn cluster_serves_them() -> Result<bool> {
    let classes = read(&["get", "storageclass", "-o", "json"]).await?;
    Ok(items(&classes).iter().any(|class| text(class, DEFAULT_CLASS) == "true"))
}

/// Serves every claim of the namespace as it comes, for ever.
pub async fn serve() -> Result<()> {
    let mut served = BTreeSet::new();
    let image = with_a_shell().await?;
    loop {
        if let Ok(claims) = objects(&["persistentvolumeclaims"]).await {
            for claim in items(&claims).iter().filter(|claim| text(claim, "/status/phase") == "Pending") {
                let name = text(claim, "/metadata/name").to_owned();
                if !served.contains(&name) && make(claim, &name, &image).await? {
                    served.insert(name);
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// An image that can make a folder: ours have no shell.
async fn with_a_shell() -> Result<String> {
    let public = images::public().await?;
    public.into_iter().find(|name| name.starts_with("postgres:")).context("an image of PostgreSQL in the dev overlay")
}

/// Makes the volume of a claim; false while no pod says who will own it.
async fn make(claim: &Value, name: &str, image: &str) -> Result<bool> {
    let pods = objects(&["pods"]).await?;
    let claims = |pod: &&Value| {
        let volumes = pod["spec"]["volumes"].as_array().cloned().unwrap_or_default();
        volumes.iter().any(|volume| text(volume, "/persistentVolumeClaim/claimName") == name)
    };
    let Some(pod) = items(&pods).iter().find(claims) else { return Ok(false) };
    let owner = ["/spec/securityContext/runAsUser", "/spec/containers/0/securityContext/runAsUser"]
        .iter()
        .find_map(|path| pod.pointer(path)?.as_u64())
        .with_context(|| format!("{} names no user", text(pod, "/metadata/name")))?;
    let manifest = TEMPLATE
        .replace("${CLAIM}", name)
        .replace("${NAMESPACE}", NAMESPACE)
        .replace("${SIZE}", text(claim, "/spec/resources/requests/storage"))
        .replace("${IMAGE}", image)
        .replace("${OWNER}", &owner.to_string());
    // The pod first: the claim is bound, and its own pod started, once the folder is there.
    let (volume, maker) = split(&manifest);
    tell(&["apply", "-f", "-"], &maker).await?;
    let maker = format!("make-{name}");
    until("the folder is made", Duration::from_secs(60), async || {
        Ok(kubectl(&["-n", MAKERS, "logs", &maker]).await?.contains("made"))
    })
    .await?;
    tell(&["apply", "-f", "-"], volume).await?;
    Ok(true)
}

/// The volume, and all but it.
fn split(manifest: &str) -> (&str, String) {
    let documents: Vec<&str> = manifest.split("\n---\n").collect();
    (documents[1], [documents[0], documents[2]].join("\n---\n"))
}

/// Removes the volumes and their folders.
pub async fn forget() -> Result<()> {
    kubectl(&["delete", "persistentvolume", "-l", "portal-test=volume", "--wait=false"]).await?;
    kubectl(&["delete", "namespace", MAKERS, "--ignore-not-found", "--timeout=120s"]).await.map(drop)
}
