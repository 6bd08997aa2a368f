//! The variables of extractor and loader. Built once at start; a value that does not fit stops it and is named.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;
use secrecy::SecretString;
use shared::env::{self, EnvError};
use shared::{clickhouse, postgres};

use crate::datasets::Dataset;
use crate::extract::cron::CronLine;

/// `KAFKA_BROKERS` and `KAFKA_TOPIC_PREFIX` (default `erp`).
#[derive(Debug, Clone)]
pub struct KafkaSettings {
    pub brokers: String,
    pub prefix: String,
}

impl KafkaSettings {
    pub fn from_env() -> Result<Self, EnvError> {
        let prefix = env::or("KAFKA_TOPIC_PREFIX", "erp");
        let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
        if prefix.len() > 200 || !prefix.chars().all(fits) {
            let problem = format!("is {prefix:?}: a prefix has letters, digits, '.', '_' and '-' only.");
            return Err(EnvError::new("KAFKA_TOPIC_PREFIX", problem));
        }
        let brokers = env::required("KAFKA_BROKERS")?;
        if !brokers.split(',').all(|broker| is_host_and_port(broker.trim())) {
            let problem = format!("is {brokers:?}: give host:port, several with commas between.");
            return Err(EnvError::new("KAFKA_BROKERS", problem));
        }
        Ok(Self { brokers, prefix })
    }

    pub fn topic(&self, dataset: Dataset) -> String {
        format!("{}.{}", self.prefix, dataset.topic())
    }

    pub fn dead_letters(&self) -> String {
        format!("{}.{}", self.prefix, crate::datasets::DEAD_LETTERS)
    }
}

/// librdkafka takes anything, and then never connects.
fn is_host_and_port(broker: &str) -> bool {
    broker.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}

/// The password of the 1C user. A file is read again after a refusal, so a rotated secret needs no restart.
#[derive(Debug, Clone)]
pub enum Password {
    Fixed(SecretString),
    File(PathBuf),
}

impl Password {
    fn from_env() -> Result<Self, EnvError> {
        match (env::optional("ONEC_PASSWORD"), env::optional("ONEC_PASSWORD_FILE")) {
            (None, Some(path)) => {
                env::secret("ONEC_PASSWORD")?;
                Ok(Self::File(PathBuf::from(path)))
            }
            _ => env::secret("ONEC_PASSWORD").map(Self::Fixed),
        }
    }
}

/// The 1C server: `ONEC_URL`, `ONEC_USER`, `ONEC_PASSWORD` (or `_FILE`), `ONEC_REQUESTS_PER_SECOND` (4).
#[derive(Debug, Clone)]
pub struct OnecSettings {
    /// The OData root: `http://host/publication/odata/standard.odata`.
    pub url: String,
    pub user: String,
    pub password: Password,
    pub requests_per_second: f64,
    pub limits: Limits,
}

/// How long 1C may take and how much it may send. Not variables: tests shorten them.
#[derive(Debug, Clone)]
pub struct Limits {
    pub connect: Duration,
    pub first_byte: Duration,
    pub between_bytes: Duration,
    /// Of the decompressed answer.
    pub body_bytes: usize,
    /// What a page aims at.
    pub page_bytes: usize,
    /// The shortest and the longest pause between tries.
    pub backoff: (Duration, Duration),
    pub tries: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(60),
            between_bytes: Duration::from_secs(30),
            body_bytes: 64 * 1024 * 1024,
            page_bytes: 8 * 1024 * 1024,
            backoff: (Duration::from_millis(500), Duration::from_secs(30)),
            tries: 6,
        }
    }
}

impl OnecSettings {
    pub fn from_env() -> Result<Self, EnvError> {
        let requests_per_second = env::parsed("ONEC_REQUESTS_PER_SECOND", 4.0)?;
        if !(0.01..=10_000.0).contains(&requests_per_second) {
            let problem = format!("is {requests_per_second}: it must lie between 0.01 and 10000.");
            return Err(EnvError::new("ONEC_REQUESTS_PER_SECOND", problem));
        }
        Ok(Self {
            url: env::http_url("ONEC_URL")?,
            user: env::required("ONEC_USER")?,
            password: Password::from_env()?,
            requests_per_second,
            limits: Limits::default(),
        })
    }
}

/// How a job reads its dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Catalogs: all keys; documents: those dated within the last days.
    Usual,
    /// Documents of all dates.
    Everything,
    /// Not asked of 1C: `off`. The pass writes its marker only.
    Nothing,
}

/// What becomes of slots that nobody ran in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatchUp {
    All,
    Latest,
    None,
}

/// A cron line and what it starts.
#[derive(Debug, Clone)]
pub struct Job {
    pub name: &'static str,
    pub dataset: Dataset,
    pub reach: Reach,
    pub cron: CronLine,
    pub catch_up: CatchUp,
}

/// Rhythms of leases and ticks. Not variables: only tests shorten them.
#[derive(Debug, Clone)]
pub struct Rhythm {
    pub lease: Duration,
    pub heartbeat: Duration,
    pub poll: Duration,
    /// How long a pass may go on after SIGTERM.
    pub drain: Duration,
    /// The first pause after a failed attempt; each further one doubles it.
    pub retry: Duration,
    pub attempts: i32,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(60),
            heartbeat: Duration::from_secs(15),
            poll: Duration::from_secs(1),
            drain: Duration::from_secs(20),
            retry: Duration::from_secs(60),
            attempts: 5,
        }
    }
}

/// Everything the extractor reads.
#[derive(Debug, Clone)]
pub struct ExtractorConfig {
    pub database: postgres::Settings,
    pub kafka: KafkaSettings,
    pub onec: OnecSettings,
    /// `ONEC_TIMEZONE` (Europe/Moscow): cron lines and "today" are meant in it.
    pub timezone: Tz,
    /// `MAPPINGS_DIR`: mapping files of the site, each in place of ours of the same name.
    pub mappings: Option<PathBuf>,
    /// `EXTRACT_CRON_` and `PRODUCTS`, `DEALERS`, `CURRENCIES`, `UNITS`, `SALES`, `SALES_FULL`, `RETURNS`, `RETURNS_FULL`: seconds
    /// first; or `off`.
    pub jobs: Vec<Job>,
    /// `EXTRACT_SALES_WINDOW_DAYS` (90): of returns, too.
    pub window_days: u32,
    /// `HEALTH_LISTEN` (127.0.0.1:0).
    pub health: SocketAddr,
    pub rhythm: Rhythm,
}

impl ExtractorConfig {
    pub fn from_env() -> Result<Self, EnvError> {
        let window_days = env::parsed("EXTRACT_SALES_WINDOW_DAYS", 90)?;
        if !(1..=3660).contains(&window_days) {
            let problem = format!("is {window_days}: a window has 1 to 3660 days.");
            return Err(EnvError::new("EXTRACT_SALES_WINDOW_DAYS", problem));
        }
        Ok(Self {
            database: postgres::Settings::from_env("extractor", Duration::from_secs(30))?,
            kafka: KafkaSettings::from_env()?,
            onec: OnecSettings::from_env()?,
            timezone: env::parsed("ONEC_TIMEZONE", chrono_tz::Europe::Moscow)?,
            mappings: env::optional_folder("MAPPINGS_DIR")?,
            jobs: jobs_from_env()?,
            window_days,
            health: health_from_env()?,
            rhythm: Rhythm::default(),
        })
    }
}

/// What `off` stands for: the rhythm is the default's.
const OFF: &str = "off";

fn jobs_from_env() -> Result<Vec<Job>, EnvError> {
    use Dataset::{Currencies, Dealers, Products, Returns, Sales, Units};
    use Reach::{Everything, Usual};
    let (seldom, often, nightly) = ("0 */5 * * * *", "0 * * * * *", "0 0 2 * * *");
    let mut jobs = Vec::new();
    for (name, dataset, reach, variable, default) in [
        ("dealers", Dealers, Usual, "EXTRACT_CRON_DEALERS", seldom),
        ("products", Products, Usual, "EXTRACT_CRON_PRODUCTS", seldom),
        ("currencies", Currencies, Usual, "EXTRACT_CRON_CURRENCIES", seldom),
        ("units", Units, Usual, "EXTRACT_CRON_UNITS", seldom),
        ("sales", Sales, Usual, "EXTRACT_CRON_SALES", often),
        ("sales-full", Sales, Everything, "EXTRACT_CRON_SALES_FULL", nightly),
        ("returns", Returns, Usual, "EXTRACT_CRON_RETURNS", often),
        ("returns-full", Returns, Everything, "EXTRACT_CRON_RETURNS_FULL", nightly),
    ] {
        let line = env::or(variable, default);
        let (reach, line) = match (line.trim(), reach) {
            (OFF, Everything) => continue,
            (OFF, _) => (Reach::Nothing, default.to_owned()),
            _ => (reach, line),
        };
        let cron = CronLine::parse(&line).map_err(|cause| {
            EnvError::new(
                variable,
                format!("is {line:?}, which is neither off nor a cron line of six fields: {cause}."),
            )
        })?;
        jobs.push(Job { name, dataset, reach, cron, catch_up: CatchUp::Latest });
    }
    let off: Vec<Dataset> = jobs.iter().filter(|job| job.reach == Reach::Nothing).map(|job| job.dataset).collect();
    jobs.retain(|job| job.reach == Reach::Nothing || !off.contains(&job.dataset));
    Ok(jobs)
}

/// The datasets that are asked of 1C: those that are not `off`.
pub fn datasets_asked() -> Result<Vec<Dataset>, EnvError> {
    Ok(jobs_from_env()?.into_iter().filter(|job| job.reach == Reach::Usual).map(|job| job.dataset).collect())
}

fn health_from_env() -> Result<SocketAddr, EnvError> {
    env::parsed("HEALTH_LISTEN", SocketAddr::from(([127, 0, 0, 1], 0)))
}

/// When a batch is cut. Not variables: tests make them small.
#[derive(Debug, Clone)]
pub struct Cut {
    pub rows: usize,
    pub bytes: usize,
    pub after: Duration,
    /// Rows in memory over all partitions, growing and going in: beyond half of it batches are cut early, beyond it
    /// Kafka waits.
    pub held_bytes: usize,
}

impl Default for Cut {
    fn default() -> Self {
        Self { rows: 50_000, bytes: 32 << 20, after: Duration::from_secs(5), held_bytes: 64 << 20 }
    }
}

/// Everything the loader reads.
#[derive(Debug, Clone)]
pub struct LoaderConfig {
    pub database: postgres::Settings,
    /// `CLICKHOUSE_USER` defaults to `loader`.
    pub clickhouse: clickhouse::Settings,
    pub kafka: KafkaSettings,
    pub health: SocketAddr,
    pub cut: Cut,
}

impl LoaderConfig {
    pub fn from_env() -> Result<Self, EnvError> {
        Ok(Self {
            database: postgres::Settings::from_env("loader", Duration::from_secs(30))?,
            clickhouse: clickhouse::Settings::from_env("loader")?,
            kafka: KafkaSettings::from_env()?,
            health: health_from_env()?,
            cut: Cut::default(),
        })
    }
}
