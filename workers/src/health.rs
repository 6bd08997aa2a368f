//! /livez, /readyz and /metrics on a port of their own.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

/// A loop that has not turned for this long is dead.
const LONGEST_TURN_S: i64 = 120;

/// What the process tells about itself. Cheap to clone.
#[derive(Clone)]
pub struct Health {
    /// What is missing, in a sentence; nothing when ready.
    missing: Arc<Mutex<Option<String>>>,
    turned_at: Arc<AtomicI64>,
}

impl Default for Health {
    fn default() -> Self {
        Self { missing: Arc::new(Mutex::new(Some("The start is under way.".to_owned()))), turned_at: Arc::default() }
    }
}

impl Health {
    /// The main loop has come round.
    pub fn turned(&self) {
        self.turned_at.store(shared::clock::now().timestamp(), Ordering::Relaxed);
    }

    /// Stores and topics have answered.
    pub fn ready(&self) {
        self.set(None);
    }

    /// Why not, in a sentence for the probe.
    pub fn not_ready(&self, missing: impl Into<String>) {
        self.set(Some(missing.into()));
    }

    fn set(&self, missing: Option<String>) {
        *self.missing.lock().unwrap_or_else(PoisonError::into_inner) = missing;
    }

    fn is_alive(&self) -> bool {
        shared::clock::now().timestamp() - self.turned_at.load(Ordering::Relaxed) < LONGEST_TURN_S
    }

    /// Serves until the token is cancelled. Port 0 takes a free one; the log names it.
    pub async fn serve(&self, listen: SocketAddr, stop: CancellationToken) -> anyhow::Result<()> {
        self.turned();
        let listener = tokio::net::TcpListener::bind(listen)
            .await
            .with_context(|| format!("HEALTH_LISTEN is {listen}, which cannot be listened on"))?;
        let address = listener.local_addr().context("ask for the address of the health port")?;
        tracing::info!(health.address = %address, "Health and metrics at http://{address}");
        let router = Router::new()
            .route("/livez", get(livez))
            .route("/readyz", get(readyz))
            .route("/metrics", get(|| async { recorder().map(|recorder| recorder.render()).unwrap_or_default() }))
            .with_state(self.clone());
        recorder();
        tokio::spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
            if let Err(error) = served {
                tracing::error!("The health port ended: {error}");
            }
        });
        Ok(())
    }
}

async fn livez(State(health): State<Health>) -> (StatusCode, &'static str) {
    if health.is_alive() { (StatusCode::OK, "alive\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "stuck\n") }
}

async fn readyz(State(health): State<Health>) -> (StatusCode, String) {
    match &*health.missing.lock().unwrap_or_else(PoisonError::into_inner) {
        None => (StatusCode::OK, "ready\n".to_owned()),
        Some(missing) => (StatusCode::SERVICE_UNAVAILABLE, format!("{missing}\n")),
    }
}

/// One recorder a process, however many workers it runs.
fn recorder() -> Option<&'static PrometheusHandle> {
    static RECORDER: std::sync::OnceLock<Option<PrometheusHandle>> = std::sync::OnceLock::new();
    RECORDER.get_or_init(|| PrometheusBuilder::new().install_recorder().ok()).as_ref()
}
