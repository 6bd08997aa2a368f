//! What a handler may ask for. Nothing here connects when it is made: the portal starts while every part is away.

use std::sync::Arc;

use sqlx::PgPool;

use crate::config::Config;

/// Shared by all requests; cloned per request for the price of a counter.
#[derive(Clone)]
pub struct App(Arc<Parts>);

pub struct Parts {
    pub config: Config,
    pub postgres: PgPool,
    /// Signed in as `portal_ro`: parameterised views of `report`, read only.
    pub clickhouse: clickhouse::Client,
}

impl App {
    pub fn new(config: Config) -> anyhow::Result<Self> {
        let postgres = shared::postgres::pool(&config.postgres)?;
        let clickhouse = config.clickhouse.client();
        Ok(Self(Arc::new(Parts { config, postgres, clickhouse })))
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
