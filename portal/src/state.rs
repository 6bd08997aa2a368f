//! What a handler may ask for. Nothing here connects when it is made: the portal starts while every part is away.

use std::sync::Arc;
use std::time::Duration;

use shared::file_store::FileStore;
use shared::report::catalogue::Catalogue;
use shared::report::run::{Engine, RunError};
use sqlx::PgPool;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use crate::audit::{self, Lately};
use crate::auth::{oidc::Oidc, seal::Sealer, session};
use crate::breaker::Breaker;
use crate::config::Config;
use crate::directory::Directory;
use crate::error::{AppError, Part};
use crate::web::flow::InFlight;
use crate::web::limits::Limits;

/// ClickHouse answers this many reports of one portal at a time, files included.
const REPORTS_AT_ONCE: usize = 8;

/// Shared by all requests; cloned per request for the price of a counter.
#[derive(Clone)]
pub struct App(Arc<Parts>);

pub struct Parts {
    pub config: Config,
    pub postgres: PgPool,
    /// Signed in as `portal_ro`: parameterised views of `report`, read only. Every question goes through `reports_breaker`.
    pub clickhouse: clickhouse::Client,
    pub reports_breaker: Breaker,
    /// Runs reports over that client.
    pub engine: Engine,
    pub oidc: Oidc,
    /// None: only those are known who have been here.
    pub directory: Option<Directory>,
    pub sealer: Sealer,
    pub limits: Limits,
    pub in_flight: Arc<InFlight>,
    /// What was written to the audit lately.
    pub lately: Lately,
    /// Finished exports.
    pub files: Option<FileStore>,
    /// Cancelled when the portal is asked to stop: what would go on without end, ends.
    pub stopping: CancellationToken,
}

impl App {
    pub fn new(config: Config) -> anyhow::Result<Self> {
        let parts = Parts {
            postgres: shared::postgres::pool(&config.postgres),
            engine: engine(&config)?,
            clickhouse: config.clickhouse.client(),
            reports_breaker: Breaker::new(Part::Reports, REPORTS_AT_ONCE),
            oidc: Oidc::new(&config.oidc, &config.public)?,
            directory: Directory::new(&config.oidc)?,
            sealer: Sealer::new(&config.secret_key)?,
            limits: Limits::new(&config.limits),
            in_flight: Arc::new(InFlight::new(config.limits.requests_in_flight)),
            lately: Lately::default(),
            files: config.export_files.clone(),
            stopping: CancellationToken::new(),
            config,
        };
        Ok(Self(Arc::new(parts)))
    }

    /// A question to the warehouse, behind its breaker.
    pub async fn ask<T>(&self, question: impl Future<Output = Result<T, RunError>>) -> Result<T, AppError> {
        self.reports_breaker.run(question, RunError::is_outage).await
    }

    /// The same for a file: its place is held until dropped, for ClickHouse goes on answering.
    pub async fn ask_for_file<T>(
        &self,
        question: impl Future<Output = Result<T, RunError>>,
    ) -> Result<(T, OwnedSemaphorePermit), AppError> {
        self.reports_breaker.begin(question, RunError::is_outage).await
    }

    /// What goes on beside the requests, until stopped: finding Keycloak, forgetting what has expired.
    pub async fn tend(self, stop: CancellationToken) {
        let sweep = async {
            let mut turns = tokio::time::interval(Duration::from_secs(10 * 60));
            loop {
                turns.tick().await;
                self.limits.sweep();
                if let Err(cause) = session::sweep(&self.postgres).await {
                    tracing::warn!(%cause, "Expired sessions could not be deleted: tried again in ten minutes");
                }
                if let Err(cause) = audit::forget(&self.postgres, self.config.audit_days).await {
                    tracing::warn!(%cause, "Old events of the audit could not be deleted: tried again in ten minutes");
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => self.stopping.cancel(),
            () = async { tokio::join!(self.oidc.warm_up(), sweep, self.check_reports()); } => {}
        }
    }
}

impl App {
    /// Asks ClickHouse once whether the reports fit it, as soon as it is there with its schema. A report that does not fit
    /// is named and stays: the others work.
    async fn check_reports(&self) {
        while shared::schema::check(&self.postgres, &self.config.datasets).await.is_err() {
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        loop {
            match self.engine.check().await {
                Ok(wrong) => {
                    for cause in wrong {
                        tracing::error!(%cause, "A report does not fit the warehouse");
                    }
                    return;
                }
                Err(_) => tokio::time::sleep(Duration::from_secs(5)).await,
            }
        }
    }
}

/// The catalogue is read here: a wrong report stops the start, by file and line.
fn engine(config: &Config) -> anyhow::Result<Engine> {
    let catalogue = Catalogue::read(&config.datasets, config.reports_dir.as_deref())?;
    Ok(Engine::new(config.clickhouse.client(), catalogue, config.timezone))
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
