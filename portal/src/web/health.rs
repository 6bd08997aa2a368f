//! `/livez`, `/readyz`, `/metrics`: on a port of their own, never routed from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use sqlx::PgPool;

/// Shorter than a probe's usual patience.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Clone)]
pub struct Health {
    pub postgres: PgPool,
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

/// Postgres answers and its schema is at least ours. ClickHouse or Keycloak away leaves a portal that is ready: its pages
/// say what is missing.
async fn ready(State(health): State<Health>) -> (StatusCode, &'static str) {
    if health.is_stopping.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    let newest = shared::postgres::MIGRATIONS.iter().map(|migration| migration.version).max();
    let question =
        sqlx::query_scalar::<_, bool>("SELECT EXISTS (SELECT FROM _sqlx_migrations WHERE version = $1 AND success)");
    let answer = tokio::time::timeout(PATIENCE, question.bind(newest).fetch_one(&health.postgres)).await;
    match answer {
        Ok(Ok(true)) => (StatusCode::OK, "ready\n"),
        Ok(Ok(false)) => {
            (StatusCode::SERVICE_UNAVAILABLE, "the schema in PostgreSQL is older than this portal: run migrate\n")
        }
        Ok(Err(sqlx::Error::Database(_))) => {
            (StatusCode::SERVICE_UNAVAILABLE, "PostgreSQL has no schema yet: run migrate\n")
        }
        _ => (StatusCode::SERVICE_UNAVAILABLE, "PostgreSQL does not answer\n"),
    }
}
