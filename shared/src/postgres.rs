//! PostgreSQL: `DATABASE_URL` to a pool whose every wait has a deadline; the schema's migrations.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::env::{self, EnvError};

/// Forward-only, embedded; `migrate` runs them before anything starts.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

/// What a pool needs. `statement_timeout`: 5 s for the portal, 30 s for workers (reliability of the whole, not taste).
#[derive(Debug, Clone)]
pub struct Settings {
    pub url: String,
    pub application_name: &'static str,
    pub max_connections: u32,
    pub statement_timeout: Duration,
}

impl Settings {
    /// `DATABASE_URL`, required: `postgres://user:password@host:port/database`.
    pub fn from_env(application_name: &'static str, statement_timeout: Duration) -> Result<Self, EnvError> {
        let url = env::required("DATABASE_URL")?;
        PgConnectOptions::from_str(&url)
            .map_err(|cause| EnvError::new("DATABASE_URL", format!("is no PostgreSQL address: {cause}.")))?;
        let max_connections = env::parsed("DATABASE_MAX_CONNECTIONS", 10)?;
        Ok(Self { url, application_name, max_connections, statement_timeout })
    }
}

/// A pool that connects when first asked, so that a process starts while PostgreSQL is still away.
pub fn pool(settings: &Settings) -> sqlx::Result<PgPool> {
    let options = PgConnectOptions::from_str(&settings.url)?.application_name(settings.application_name).options([
        ("statement_timeout", settings.statement_timeout.as_millis().to_string()),
        ("lock_timeout", "2000".to_owned()),
        ("idle_in_transaction_session_timeout", "15000".to_owned()),
    ]);
    Ok(PgPoolOptions::new()
        .max_connections(settings.max_connections)
        .acquire_timeout(Duration::from_secs(2))
        .max_lifetime(Duration::from_secs(30 * 60))
        .idle_timeout(Duration::from_secs(10 * 60))
        .test_before_acquire(true)
        .connect_lazy_with(options))
}

pub async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    MIGRATIONS.run(pool).await
}
