//! `/livez`, `/readyz`, `/metrics`: on a port of their own, never routed from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use shared::dataset::Catalogue;
use sqlx::PgPool;

#[derive(Clone)]
pub struct Health {
    pub postgres: PgPool,
    pub datasets: Catalogue,
    pub metrics: PrometheusHandle,
    /// Set while the portal finishes what is under way: no new visitors, please.
    pub is_stopping: Arc<AtomicBool>,
}

pub fn routes(health: Health) -> Router {
    Router::new()
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(async |State(health): State<Health>| health.metrics.render()))
        .with_state(health)
}

/// Postgres answers, and both schemas are at least ours. ClickHouse or Keycloak away leaves a portal that is ready: its
/// pages say what is missing.
async fn ready(State(health): State<Health>) -> (StatusCode, String) {
    if health.is_stopping.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n".to_owned());
    }
    match shared::schema::check(&health.postgres, &health.datasets).await {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(not_yet) => (StatusCode::SERVICE_UNAVAILABLE, format!("{not_yet}\n")),
    }
}
