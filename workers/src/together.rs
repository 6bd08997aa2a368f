//! All workers in one process, that of the portal (`portal serve --with-workers`): a small installation is one program and three stores.
//! Each works as it does alone, beside others of its kind too.

use std::time::Duration;

use anyhow::Context as _;
use shared::clickhouse;
use shared::env::{self, EnvError};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::{ExtractorConfig, LoaderConfig};
use crate::deliver::{self, ReporterConfig};
use crate::kafka::topics;
use crate::migrate::{self, MigrateConfig};
use crate::{extract, load};

/// How long the stores may take to come up.
const PATIENCE: Duration = Duration::from_secs(600);

/// What each of them reads when it is alone, but for the passwords of ClickHouse's users: each has a variable of its own.
/// `DATABASE_URL` names one that owns the schema.
#[derive(Debug)]
pub struct Together {
    migrate: MigrateConfig,
    extractor: ExtractorConfig,
    loader: LoaderConfig,
    reporter: ReporterConfig,
}

impl Together {
    pub fn from_env() -> Result<Self, EnvError> {
        if env::optional("HEALTH_LISTEN").is_some() {
            let problem = "is one address, and with workers in one process each has a port of its own: leave it out.";
            return Err(EnvError::new("HEALTH_LISTEN", problem));
        }
        let user = clickhouse::Settings::of_user;
        Ok(Self {
            migrate: MigrateConfig::of(user("migrator", "CLICKHOUSE_MIGRATOR_PASSWORD")?)?,
            extractor: ExtractorConfig::of(user("audit_ro", "CLICKHOUSE_AUDIT_RO_PASSWORD")?)?,
            loader: LoaderConfig::of(user("loader", "CLICKHOUSE_LOADER_PASSWORD")?)?,
            reporter: ReporterConfig::of(user("export_ro", "CLICKHOUSE_EXPORT_RO_PASSWORD")?)?,
        })
    }

    /// Brings schemas and topics, and works until the token is cancelled. The first that fails ends them all: it cancels the token,
    /// the others finish what is under way, and its error is returned.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let (kafka, datasets) = (self.extractor.kafka.clone(), self.extractor.datasets.clone());
        let ready = async move || {
            migrate::run(self.migrate, PATIENCE).await?;
            topics::make_once_reachable(&kafka, &datasets).await.context("make the topics").map(drop)
        };
        let mut parts = JoinSet::new();
        on_own_thread(&mut parts, &stop, async move |stop| {
            tokio::select! {
                () = stop.cancelled() => Ok(()),
                ready = ready() => ready,
            }
        });
        on_own_thread(&mut parts, &stop, async move |stop| extract::run(self.extractor, stop).await);
        on_own_thread(&mut parts, &stop, async move |stop| load::run(self.loader, stop).await);
        on_own_thread(&mut parts, &stop, async move |stop| deliver::run(self.reporter, stop).await);
        let mut first = Ok(());
        while let Some(ended) = parts.join_next().await {
            if let Err(error) = ended.context("a worker panicked").flatten() {
                stop.cancel();
                first = first.and(Err(error));
            }
        }
        first
    }
}

/// The loop of each has a thread of its own, as that of a program has its first one: what it does between two waits holds up no other.
fn on_own_thread(
    parts: &mut JoinSet<anyhow::Result<()>>,
    stop: &CancellationToken,
    run: impl AsyncFnOnce(CancellationToken) -> anyhow::Result<()> + Send + 'static,
) {
    let (runtime, stop) = (Handle::current(), stop.clone());
    parts.spawn_blocking(move || runtime.block_on(run(stop)));
}
