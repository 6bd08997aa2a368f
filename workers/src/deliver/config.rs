//! The variables of the reporter. Built once at start; a value that does not fit stops it and is named.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;
use shared::dataset::Catalogue;
use shared::env::{self, EnvError};
use shared::file_store::FileStore;
use shared::jobs::Rhythm;
use shared::{clickhouse, postgres};

use super::mail::MailConfig;

/// Everything the reporter reads.
#[derive(Debug, Clone)]
pub struct ReporterConfig {
    pub database: postgres::Settings,
    /// `CLICKHOUSE_USER` defaults to `export_ro`.
    pub clickhouse: clickhouse::Settings,
    /// `CLICKHOUSE_CANCELLER_PASSWORD` (or `_FILE`), required: of the user `canceller`, which ends queries.
    pub canceller: clickhouse::Settings,
    /// `EXPORT_FILES`, required: see `shared::file_store`.
    pub files: FileStore,
    /// `DATASETS_DIR`.
    pub datasets: Catalogue,
    /// `PORTAL_REPORTS_DIR`: a site's own reports, the same as the portal has.
    pub reports_dir: Option<PathBuf>,
    /// `ONEC_TIMEZONE` (Europe/Moscow): the infobase's days are the reports' days.
    pub timezone: Tz,
    /// `HEALTH_LISTEN` (127.0.0.1:0).
    pub health: SocketAddr,
    /// `EXPORT_LEASE_SECONDS` (60): how long a job waits for a worker that is silent, 3 to 600. `EXPORT_RETRY_SECONDS` (10):
    /// the first pause after a failure, 1 to 600. `EXPORT_KEEP_HOURS` (24): how long a file may be had, 1 to 720.
    pub rhythm: Rhythm,
    /// None: no mail is set up, and no delivery goes out.
    pub mail: Option<MailConfig>,
}

impl ReporterConfig {
    pub fn from_env() -> Result<Self, EnvError> {
        Self::of(clickhouse::Settings::from_env("export_ro")?)
    }

    /// With a user of ClickHouse that was found elsewhere.
    pub fn of(clickhouse: clickhouse::Settings) -> Result<Self, EnvError> {
        let canceller = clickhouse::Settings::of_user("canceller", "CLICKHOUSE_CANCELLER_PASSWORD")?;
        let usual = Rhythm::default();
        Ok(Self {
            database: postgres::Settings::from_env("reporter", Duration::from_secs(30))?,
            clickhouse,
            canceller,
            files: FileStore::from_env()?,
            datasets: Catalogue::from_env()?,
            reports_dir: env::optional("PORTAL_REPORTS_DIR").map(PathBuf::from),
            timezone: env::parsed("ONEC_TIMEZONE", chrono_tz::Europe::Moscow)?,
            health: crate::config::health_from_env()?,
            rhythm: Rhythm {
                lease: seconds("EXPORT_LEASE_SECONDS", usual.lease, 3..=600)?,
                retry: seconds("EXPORT_RETRY_SECONDS", usual.retry, 1..=600)?,
                keep: hours("EXPORT_KEEP_HOURS", usual.keep)?,
                ..usual
            },
            mail: MailConfig::from_env()?,
        })
    }
}

fn seconds(name: &str, usual: Duration, fitting: std::ops::RangeInclusive<u64>) -> Result<Duration, EnvError> {
    let given = env::parsed(name, usual.as_secs())?;
    if fitting.contains(&given) {
        return Ok(Duration::from_secs(given));
    }
    Err(EnvError::new(name, format!("is {given}: give {} to {} seconds.", fitting.start(), fitting.end())))
}

fn hours(name: &str, usual: Duration) -> Result<Duration, EnvError> {
    match env::parsed(name, usual.as_secs() / 3600)? {
        hours @ 1..=720 => Ok(Duration::from_secs(hours * 3600)),
        hours => Err(EnvError::new(name, format!("is {hours}: give 1 to 720 hours."))),
    }
}
