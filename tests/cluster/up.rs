//! From nothing to a dealer who sees rows.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::forward::Forwards;
use crate::kubectl::{items, objects, until};
use crate::site::{Site, rows, signed_in};
use crate::steps::folder;
use crate::{skaffold, volumes};

/// Our images, named in a file for those commands of skaffold that build none.
pub async fn build() -> Result<()> {
    skaffold::run("build", &["build", "--file-output", &built()]).await
}

/// `skaffold verify`: the smoke test as a Job in the cluster.
pub async fn verify() -> Result<()> {
    build().await?;
    skaffold::run("verify", &["verify", "--build-artifacts", &built()]).await
}

fn built() -> String {
    folder().join("images.json").display().to_string()
}

/// `skaffold run` to ready.
pub async fn deploy() -> Result<()> {
    let run = skaffold::run("run", &["run", "--profile=dev"]);
    if volumes::cluster_serves_them().await? {
        return run.await;
    }
    tokio::select! { outcome = run => outcome, failed = volumes::serve() => failed }
}

/// A dealer signs in and sees rows: they came through extractor, Kafka, loader and ClickHouse. How long that took.
pub async fn first_report(since: Instant) -> Result<(Forwards, Site, Duration)> {
    let (forwards, site) = (Forwards::open().await?, Site::open().await?);
    until("the setup Jobs are done", Duration::from_secs(600), async || {
        let jobs = objects(&["jobs"]).await?;
        Ok(items(&jobs).iter().all(|job| job.pointer("/status/succeeded").is_some()))
    })
    .await?;
    until("the portal answers", Duration::from_secs(60), async || {
        Ok(stack::http()?.get("http://127.0.0.1:21800/").send().await?.status().as_u16() < 500)
    })
    .await?;
    let volga = signed_in("volga").await?;
    let end = Instant::now() + Duration::from_secs(600);
    loop {
        let answer = volga.get("/reports/sales").await;
        if answer.status.is_success() && rows(&answer.text) > 0 {
            return Ok((forwards, site, since.elapsed()));
        }
        if Instant::now() > end {
            bail!("no rows on the Sales page after ten minutes: {} {}", answer.status, answer.text);
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}
