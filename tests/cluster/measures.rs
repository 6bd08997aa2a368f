//! Memory of each pod, as the kubelet counts it, and sizes of images.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::images;
use crate::kubectl::{NAMESPACE, items, kubectl, objects, pods, read, text, until};
use crate::steps::Figures;

pub async fn note(figures: &mut Figures) -> Result<()> {
    memory(figures).await?;
    let deployments = objects(&["deployments,statefulsets"]).await?;
    let mut names: Vec<&str> = items(&deployments)
        .iter()
        .flat_map(|workload| workload["spec"]["template"]["spec"]["containers"].as_array().into_iter().flatten())
        .map(|container| text(container, "/image"))
        .collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        if let Ok(size) = images::size(name).await {
            let short = name.rsplit_once(':').filter(|_| name.starts_with("dealer-portal/")).map_or(name, |(it, _)| it);
            figures.note(format!("image {short}"), format!("{size} MB"));
        }
    }
    Ok(())
}

async fn memory(figures: &mut Figures) -> Result<()> {
    let pods = pods("").await?;
    ensure!(!pods.is_empty(), "no pods");
    let mut used = Vec::new();
    // The kubelet counts now and then: a pod that has just come is at nothing yet.
    until("the kubelet has counted every pod", Duration::from_secs(90), async || {
        used = counted().await?;
        Ok(pods
            .iter()
            .filter(|pod| pod.is_ready)
            .all(|pod| used.iter().any(|(name, bytes)| *name == pod.name && *bytes > 1_000_000)))
    })
    .await?;
    for pod in pods.iter().filter(|pod| pod.is_ready) {
        let bytes = used.iter().find(|(name, _)| *name == pod.name).map_or(0, |(_, bytes)| *bytes);
        figures.note(format!("memory of {}", pod.part), format!("{} MB", bytes / 1_000_000));
    }
    Ok(())
}

/// Pods of ours on every node, with their working sets in bytes.
async fn counted() -> Result<Vec<(String, u64)>> {
    let nodes = read(&["get", "nodes", "-o", "json"]).await?;
    let mut used = Vec::new();
    for node in items(&nodes) {
        let path = format!("/api/v1/nodes/{}/proxy/stats/summary", text(node, "/metadata/name"));
        let summary: Value = serde_json::from_str(&kubectl(&["get", "--raw", &path]).await?)?;
        let all = summary["pods"].as_array().cloned().unwrap_or_default();
        let ours = all.into_iter().filter(|pod| text(pod, "/podRef/namespace") == NAMESPACE);
        used.extend(ours.filter_map(|pod| {
            let bytes = pod.pointer("/memory/workingSetBytes").and_then(Value::as_u64)?;
            Some((text(&pod, "/podRef/name").to_owned(), bytes))
        }));
    }
    Ok(used)
}
