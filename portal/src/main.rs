//! Reads the configuration, opens what the portal needs, serves until told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use metrics_exporter_prometheus::PrometheusBuilder;
use portal::surface::{Surface, Surfaces};
use portal::web::health::{self, Health};
use portal::{config::Config, live_assets, serve::serve, state::App};
use shared::report::catalogue::Catalogue;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The web server that dealers see.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serves until told to stop; the same without a word.
    Serve {
        /// Only this part of it; without the word, all.
        #[arg(long)]
        surface: Option<Surface>,
        /// And everything that works behind it, in the same process: migrate, topics, extractor, loader, reporter.
        #[arg(long, conflicts_with = "surface")]
        with_workers: bool,
    },
    /// Asks ClickHouse whether the reports, the site's own included, are what it can answer.
    CheckReports,
}

const FAILED: &str = "The portal does not run";

fn main() -> std::process::ExitCode {
    let args = Args::parse();
    #[cfg(feature = "workers")]
    if let Some(Command::Serve { with_workers: true, .. }) = args.command {
        workers::memory::share_one_heap();
    }
    shared::telemetry::init();
    let (done, failure) = match args.command {
        None => (run(None, false).and_then(follow), FAILED),
        Some(Command::Serve { surface, with_workers }) => (run(surface, with_workers).and_then(follow), FAILED),
        Some(Command::CheckReports) => (check_reports(), "The reports do not fit"),
    };
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(cause) => {
            tracing::error!("{failure}: {cause:#}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// Reads `PORTAL_REPORTS_DIR` and `CLICKHOUSE_*`.
#[tokio::main]
async fn check_reports() -> anyhow::Result<()> {
    let folder = shared::env::optional("PORTAL_REPORTS_DIR").map(std::path::PathBuf::from);
    let catalogue = Catalogue::read(&shared::dataset::Catalogue::from_env()?, folder.as_deref())?;
    let count = catalogue.all().len();
    let client = shared::clickhouse::Settings::from_env("portal_ro")?.client();
    let wrong = shared::report::fit::against(&client, catalogue.all()).await.context("ask ClickHouse")?;
    if !wrong.is_empty() {
        anyhow::bail!("{}", wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    }
    tracing::info!(reports = count, "All reports fit the warehouse");
    Ok(())
}

/// What comes after serving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    End,
    /// Files of `PORTAL_ASSETS_DIR` have changed.
    Again,
}

/// Becomes the same program anew, with the same arguments and variables.
fn follow(next: Next) -> anyhow::Result<()> {
    use std::os::unix::process::CommandExt as _;
    if next == Next::End {
        return Ok(());
    }
    let program = std::env::current_exe().context("find the portal's own program")?;
    Err(std::process::Command::new(program).args(std::env::args_os().skip(1)).exec()).context("start again")
}

/// Has the workers work until the token is cancelled, which they do themselves where one of them fails.
#[cfg(feature = "workers")]
fn start_workers(end: CancellationToken) -> anyhow::Result<JoinHandle<anyhow::Result<()>>> {
    Ok(tokio::spawn(workers::together::Together::from_env()?.run(end)))
}

#[cfg(not(feature = "workers"))]
fn start_workers(_: CancellationToken) -> anyhow::Result<JoinHandle<anyhow::Result<()>>> {
    anyhow::bail!("--with-workers: this program was built without them. Run extractor, loader and reporter beside it.")
}

#[tokio::main]
async fn run(surface: Option<Surface>, with_workers: bool) -> anyhow::Result<Next> {
    let config = Config::from_env(Surfaces::of(surface))?;
    let metrics = PrometheusBuilder::new().install_recorder().context("install the metrics recorder")?;
    let stop = shared::shutdown::on_signal().context("listen for signals")?;
    let mut limits = config.limits.clone();
    let pages = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("PORTAL_LISTEN: listen on {}", config.listen))?;
    let probes = TcpListener::bind(config.health_listen)
        .await
        .with_context(|| format!("PORTAL_HEALTH_LISTEN: listen on {}", config.health_listen))?;
    let (address, health_address) = (pages.local_addr()?, probes.local_addr()?);
    let end = stop.child_token();
    let watching = config.assets_dir.clone().map(|folder| {
        live_assets::lay_over(&folder, &config);
        limits.drain = live_assets::DRAIN;
        let (config, end) = (config.clone(), end.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = end.cancelled() => {}
                () = live_assets::changed(&folder, &config) => end.cancel(),
            }
        })
    });
    let app = App::new(config)?;
    let working = with_workers.then(|| start_workers(end.clone())).transpose()?;

    let is_stopping = Arc::new(AtomicBool::new(false));
    let health = Health {
        postgres: app.postgres.clone(),
        datasets: app.config.datasets.clone(),
        metrics,
        is_stopping: is_stopping.clone(),
    };
    // Probes are answered to the very end.
    tokio::spawn(async move { axum::serve(probes, health::routes(health)).await });
    let tending = tokio::spawn(app.clone().tend(end.clone()));
    let announced = end.clone();
    tokio::spawn(async move {
        announced.cancelled().await;
        is_stopping.store(true, Ordering::Relaxed);
    });

    tracing::info!(%address, %health_address, url = %app.config.public, "The portal serves");
    serve(pages, portal::app(app.clone()), &limits, end).await;
    tending.await.context("end what goes on beside the requests")?;
    app.postgres.close().await;
    if let Some(working) = working {
        working.await.context("the workers panicked")??;
    }
    if let Some(watching) = watching
        && !stop.is_cancelled()
    {
        watching.await.context("end the look at the assets")?;
        return Ok(Next::Again);
    }
    tracing::info!("The portal has stopped");
    Ok(Next::End)
}
