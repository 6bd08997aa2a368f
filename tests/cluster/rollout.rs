//! A rolling update of the portal under load: nobody notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use reqwest::header::{COOKIE, HOST, HeaderValue};
use tokio::sync::Mutex;

use crate::kubectl::{here, items, kubectl, objects, rolled_out, text};
use crate::site::{PORTAL, signed_in};
use crate::steps::Figures;

/// Between two requests: 50 a second.
const PACE: Duration = Duration::from_millis(20);

pub async fn loses_no_request(figures: &mut Figures) -> Result<()> {
    here(&["scale", "deployment/web-server", "--replicas=2"]).await?;
    rolled_out("deployment/web-server").await?;
    let address = service().await?;
    let mut people = Vec::new();
    for name in ["volga", "ural", "manager"] {
        people.push(signed_in(name).await?.cookies().context("a cookie of the portal")?);
    }
    let load = Load::start(address, people);
    tokio::time::sleep(Duration::from_secs(3)).await;
    here(&["rollout", "restart", "deployment/web-server"]).await?;
    let rolled = rolled_out("deployment/web-server").await;
    // The last of the old pods still drains.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let (asked, slowest, failed) = load.end().await;
    here(&["scale", "deployment/web-server", "--replicas=1"]).await?;
    rolled?;
    ensure!(failed.is_empty(), "{} of {asked} requests failed, first: {}", failed.len(), failed[0]);
    ensure!(asked > 500, "only {asked} requests were made");
    figures.note("rolling update of the portal", format!("{asked} requests, 0 failed, slowest {slowest} ms"));
    Ok(())
}

/// An address by which this machine reaches all pods of the web server, not one.
pub async fn service() -> Result<String> {
    let service = objects(&["service/web-server"]).await?;
    let mut addresses = vec![format!("http://{}", text(&service, "/spec/clusterIP"))];
    if let Some(port) = service.pointer("/spec/ports/0/nodePort") {
        let nodes = crate::kubectl::read(&["get", "nodes", "-o", "json"]).await?;
        for node in items(&nodes) {
            let all = node["status"]["addresses"].as_array().cloned().unwrap_or_default();
            let internal = all.iter().filter(|address| address["type"] == "InternalIP");
            addresses.extend(internal.map(|address| format!("http://{}:{port}", text(address, "/address"))));
        }
        addresses.push(format!("http://127.0.0.1:{port}"));
    }
    let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    let http = builder.connect_timeout(Duration::from_secs(2)).build()?;
    for address in &addresses {
        if http.get(address).header(HOST, host()).send().await.is_ok() {
            return Ok(address.clone());
        }
    }
    let context = kubectl(&["config", "current-context"]).await.unwrap_or_default();
    bail!(
        "This machine reaches no address of service web-server ({}) of {}: give the service a NodePort.",
        addresses.join(", "),
        context.trim()
    )
}

fn host() -> &'static str {
    PORTAL.trim_start_matches("http://")
}

/// Requests at an even pace, every other one over a fresh connection.
struct Load {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicU64>,
    slowest: Arc<AtomicU64>,
    failed: Arc<Mutex<Vec<String>>>,
    ends: tokio::task::JoinHandle<()>,
}

impl Load {
    fn start(address: String, people: Vec<HeaderValue>) -> Self {
        let (stop, asked, slowest) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default(), Arc::default());
        let failed = Arc::new(Mutex::new(Vec::new()));
        let client = |kept: usize| {
            let builder = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(kept);
            builder.redirect(reqwest::redirect::Policy::none()).timeout(Duration::from_secs(30)).build()
        };
        let (stopped, counter, longest, complaints) =
            (Arc::clone(&stop), Arc::clone(&asked), Arc::clone(&slowest), Arc::clone(&failed));
        let ends = tokio::spawn(async move {
            let (Ok(keeping), Ok(fresh)) = (client(16), client(0)) else { return };
            let (mut pace, mut all) = (tokio::time::interval(PACE), Vec::new());
            while !stopped.load(Ordering::Relaxed) {
                pace.tick().await;
                let number = counter.fetch_add(1, Ordering::Relaxed);
                let http = if number / 8 % 2 == number % 2 { &keeping } else { &fresh };
                // Six reports a second by people who are signed in; the rest touches no store. What is tried is the roll-out,
                // not the limits that hold a crowd off ClickHouse.
                let person = number.is_multiple_of(8).then(|| people.get(number as usize / 8 % people.len())).flatten();
                let path = if person.is_some() { "/reports/sales" } else { "/signed-out" };
                let mut request = http.get(format!("{address}{path}")).header(HOST, host());
                if let Some(cookies) = person {
                    request = request.header(COOKIE, cookies);
                }
                let (longest, complaints): (Arc<AtomicU64>, _) = (Arc::clone(&longest), Arc::clone(&complaints));
                all.push(tokio::spawn(async move {
                    let began = Instant::now();
                    let failure = match request.send().await {
                        // Not even a way to sign in again.
                        Ok(answer) if answer.status().is_success() => {
                            answer.text().await.err().map(|e| format!("{e:?}"))
                        }
                        Ok(answer) => Some(format!("{path}: {}", answer.status())),
                        Err(error) => Some(format!("{path}: {error:?}")),
                    };
                    longest.fetch_max(began.elapsed().as_millis() as u64, Ordering::Relaxed);
                    if let Some(failure) = failure {
                        complaints.lock().await.push(failure);
                    }
                }));
            }
            for request in all {
                let _ = request.await;
            }
        });
        Self { stop, asked, slowest, failed, ends }
    }

    /// Requests, the slowest in milliseconds, and what failed.
    async fn end(self) -> (u64, u64, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.ends.await;
        let failed = std::mem::take(&mut *self.failed.lock().await);
        (self.asked.load(Ordering::Relaxed), self.slowest.load(Ordering::Relaxed), failed)
    }
}
