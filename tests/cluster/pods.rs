//! The pod of each part deleted in turn: it comes back, nothing crash-loops, nothing is lost.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use crate::change::sell;
use crate::kubectl::{Pod, here, pods, text, until};
use crate::site::Site;
use crate::steps::Figures;

const PARTS: [&str; 12] = [
    "postgres",
    "clickhouse",
    "kafka",
    "keycloak",
    "web-server",
    "backend-service-1",
    "backend-service-2",
    "etl-extractor",
    "etl-loader",
    "report-service",
    "onec",
    "mail",
];
/// Never end by themselves, whatever is missing.
const OURS: [&str; 7] =
    ["web-server", "backend-service-1", "backend-service-2", "etl-extractor", "etl-loader", "report-service", "onec"];

pub async fn come_back(site: &Site, figures: &mut Figures) -> Result<()> {
    let before = restarts().await?;
    for part in PARTS {
        post_a_sale(site).await?;
        let gone = pods(part).await?;
        ensure!(!gone.is_empty(), "There is no pod of {part}.");
        let started = Instant::now();
        for pod in &gone {
            here(&["delete", "pod", &pod.name, "--wait=false"]).await?;
        }
        let is_new = |pod: &Pod| gone.iter().all(|old| old.uid != pod.uid);
        until(&format!("{part} is back"), Duration::from_secs(300), async || {
            let now = pods(part).await?;
            Ok(now.len() >= gone.len() && now.iter().all(|pod| pod.is_ready && is_new(pod)))
        })
        .await?;
        figures.seconds(&format!("pod of {part} deleted → ready again"), started.elapsed());
    }
    until("every pod is ready", Duration::from_secs(300), async || {
        Ok(pods("").await?.iter().filter(|pod| is_lasting(pod)).all(|pod| pod.is_ready))
    })
    .await?;
    no_crash_loop(&before).await?;
    site.await_equal().await
}

/// Something under way whenever a part goes. A sale posted before the stand-in's own pod goes is gone with it.
async fn post_a_sale(site: &Site) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let path = format!("/documents?dealer={}&limit=1", stack::onec::dealer(2));
        let posted = async {
            let documents = site.onec(&path, None).await?;
            sell(site, 2, text(&documents, "/0/products/0"), 1234.5).await
        };
        match posted.await {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() > end => bail!(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(300)).await,
        }
    }
}

async fn restarts() -> Result<BTreeMap<String, u64>> {
    Ok(pods("").await?.into_iter().map(|pod| (pod.uid, pod.restarts)).collect())
}

async fn no_crash_loop(before: &BTreeMap<String, u64>) -> Result<()> {
    for pod in pods("").await? {
        let more = pod.restarts - before.get(&pod.uid).copied().unwrap_or(0).min(pod.restarts);
        let allowed = if OURS.contains(&pod.part.as_str()) { 0 } else { 1 };
        ensure!(more <= allowed, "{} restarted {more} times while other parts were gone", pod.name);
        ensure!(!pod.waits.contains("CrashLoop"), "{} crash-loops", pod.name);
    }
    Ok(())
}

/// No pod of a Job.
fn is_lasting(pod: &Pod) -> bool {
    PARTS.contains(&pod.part.as_str())
}
