//! Reads the configuration, opens what the portal needs, serves until told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use metrics_exporter_prometheus::PrometheusBuilder;
use portal::web::health::{self, Health};
use portal::{config::Config, serve::serve, state::App};
use shared::report::catalogue::Catalogue;
use tokio::net::TcpListener;

fn main() -> std::process::ExitCode {
    shared::telemetry::init();
    let asked = std::env::args().nth(1);
    let (done, failure) = match asked.as_deref() {
        None | Some("serve") => (run(), "The portal does not start"),
        Some("check-reports") => (check_reports(), "The reports do not fit"),
        Some(other) => {
            let unknown = anyhow::anyhow!("{other} is no command of the portal: take serve or check-reports");
            (Err(unknown), "The portal does not start")
        }
    };
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(cause) => {
            tracing::error!("{failure}: {cause:#}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// Are the reports, the site's own included, what the warehouse can answer? Reads `PORTAL_REPORTS_DIR` and `CLICKHOUSE_*`.
#[tokio::main]
async fn check_reports() -> anyhow::Result<()> {
    let folder = shared::env::optional("PORTAL_REPORTS_DIR").map(std::path::PathBuf::from);
    let catalogue = Catalogue::read(folder.as_deref())?;
    let count = catalogue.all().len();
    let client = shared::clickhouse::Settings::from_env("portal_ro")?.client();
    shared::report::check::against(&client, &catalogue).await?;
    tracing::info!(reports = count, "All reports fit the warehouse");
    Ok(())
}

#[tokio::main]
async fn run() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let metrics = PrometheusBuilder::new().install_recorder().context("install the metrics recorder")?;
    let stop = shared::shutdown::on_signal().context("listen for signals")?;
    let limits = config.limits.clone();
    let pages = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("PORTAL_LISTEN: listen on {}", config.listen))?;
    let probes = TcpListener::bind(config.health_listen)
        .await
        .with_context(|| format!("PORTAL_HEALTH_LISTEN: listen on {}", config.health_listen))?;
    let (address, health_address) = (pages.local_addr()?, probes.local_addr()?);
    let app = App::new(config)?;

    let is_stopping = Arc::new(AtomicBool::new(false));
    let health = Health { postgres: app.postgres.clone(), metrics, is_stopping: is_stopping.clone() };
    // Probes are answered to the very end.
    tokio::spawn(async move { axum::serve(probes, health::routes(health)).await });
    let tending = tokio::spawn(app.clone().tend(stop.clone()));
    let announced = stop.clone();
    tokio::spawn(async move {
        announced.cancelled().await;
        is_stopping.store(true, Ordering::Relaxed);
    });

    tracing::info!(%address, %health_address, url = %app.config.public, "The portal serves");
    serve(pages, portal::app(app.clone()), &limits, stop).await;
    tending.await.context("end what goes on beside the requests")?;
    app.postgres.close().await;
    tracing::info!("The portal has stopped");
    Ok(())
}
