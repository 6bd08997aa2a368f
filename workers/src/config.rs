//! The variables of extractor and loader. Built once at start; a value that does not fit stops it and is named.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;
use secrecy::SecretString;
use shared::dataset::{Catalogue, Dataset};
use shared::env::{self, EnvError};
use shared::{clickhouse, postgres};

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

    /// The dataset of this topic.
    pub fn dataset(&self, datasets: &Catalogue, topic: &str) -> Option<Dataset> {
        datasets.all().iter().copied().find(|dataset| self.topic(*dataset) == topic)
    }

    pub fn dead_letters(&self) -> String {
        format!("{}.{}", self.prefix, crate::kafka::topics::DEAD_LETTERS)
    }
}

/// librdkafka takes anything, and then never connects.
fn is_host_and_port(broker: &str) -> bool {
    broker.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}

/// The password of the 1C user. A file is read again for every request, so a rotated secret needs no restart.
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
    /// How long a refused password rests at first and at most.
    pub refused: (Duration, Duration),
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
            refused: (Duration::from_secs(300), Duration::from_secs(3600)),
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
    /// Catalogs: all keys; documents: those dated within the last days; registers and virtual tables: all rows.
    Usual,
    /// Documents of all dates.
    Everything,
    /// Nothing is read: what was sent is compared with what stands in the warehouse.
    Audit,
    /// Not asked of 1C: `off`. The pass writes its marker only.
    Nothing,
}

impl Reach {
    /// The word of the table `cron_job`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Everything => "everything",
            Self::Audit => "audit",
            Self::Nothing => "nothing",
        }
    }
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
    /// `sales`, `sales-full`, `sales-audit`.
    pub name: String,
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
    /// `CLICKHOUSE_USER` defaults to `audit_ro`.
    pub clickhouse: clickhouse::Settings,
    pub kafka: KafkaSettings,
    pub onec: OnecSettings,
    /// `ONEC_TIMEZONE` (Europe/Moscow): cron lines and "today" are meant in it.
    pub timezone: Tz,
    /// `DATASETS_DIR`: files of the site, each in place of ours of the same name, and folders of its own.
    pub datasets: Catalogue,
    /// `ONEC_CONFIGURATION` (ut11): which mapping of a dataset is used.
    pub configuration: String,
    /// `EXTRACT_CRON` and `EXTRACT_CRON_<DATASET>`: seconds first, or `off`; the datasets say how often they are read otherwise.
    /// `_FULL` behind either: when documents of all dates are compared. `EXTRACT_CRON_AUDIT`: when what was sent is compared with
    /// the warehouse.
    pub jobs: Vec<Job>,
    /// `EXTRACT_WINDOW_DAYS`: of all documents; without it as their datasets say.
    pub window_days: Option<u32>,
    /// `HEALTH_LISTEN` (127.0.0.1:0).
    pub health: SocketAddr,
    pub rhythm: Rhythm,
}

impl ExtractorConfig {
    pub fn from_env() -> Result<Self, EnvError> {
        Self::of(clickhouse::Settings::from_env("audit_ro")?)
    }

    /// With a user of ClickHouse that was found elsewhere.
    pub fn of(clickhouse: clickhouse::Settings) -> Result<Self, EnvError> {
        former_names()?;
        let datasets = Catalogue::from_env()?;
        Ok(Self {
            database: postgres::Settings::from_env("extractor", Duration::from_secs(30))?,
            clickhouse,
            kafka: KafkaSettings::from_env()?,
            onec: OnecSettings::from_env()?,
            timezone: env::parsed("ONEC_TIMEZONE", chrono_tz::Europe::Moscow)?,
            jobs: jobs_from_env(&datasets)?,
            datasets,
            configuration: configuration_from_env(),
            window_days: window_from_env()?,
            health: health_from_env()?,
            rhythm: Rhythm::default(),
        })
    }
}

/// Variables of a release before, which would be passed over in silence.
fn former_names() -> Result<(), EnvError> {
    for (former, now) in [
        ("MAPPINGS_DIR", "DATASETS_DIR, where the mapping of sales is sales/ut11.toml or sales.ut11.toml"),
        ("EXTRACT_SALES_WINDOW_DAYS", "EXTRACT_WINDOW_DAYS"),
    ] {
        if env::optional(former).is_some() {
            return Err(EnvError::new(former, format!("is not read any more: give {now}.")));
        }
    }
    Ok(())
}

/// `ONEC_CONFIGURATION`.
pub fn configuration_from_env() -> String {
    env::or("ONEC_CONFIGURATION", "ut11")
}

fn window_from_env() -> Result<Option<u32>, EnvError> {
    let days = env::parsed("EXTRACT_WINDOW_DAYS", 0)?;
    match (env::optional("EXTRACT_WINDOW_DAYS"), days) {
        (None, _) => Ok(None),
        (Some(_), 1..=3660) => Ok(Some(days)),
        (Some(_), days) => {
            Err(EnvError::new("EXTRACT_WINDOW_DAYS", format!("is {days}: a window has 1 to 3660 days.")))
        }
    }
}

/// What `off` stands for: the rhythm is the dataset's own.
const OFF: &str = "off";

/// When the ledger is compared with the warehouse.
const AUDIT: &str = "0 30 4 * * *";

/// The jobs with their cron lines.
pub fn jobs_from_env(datasets: &Catalogue) -> Result<Vec<Job>, EnvError> {
    let mut jobs = Vec::new();
    for dataset in datasets.all() {
        jobs.extend(jobs_of(*dataset)?);
    }
    Ok(jobs)
}

fn jobs_of(dataset: Dataset) -> Result<Vec<Job>, EnvError> {
    let (name, variable) = (dataset.name(), format!("EXTRACT_CRON_{}", dataset.variable()));
    let job = |name: String, reach, cron| Job { name, dataset, reach, cron, catch_up: CatchUp::Latest };
    let Some(cron) = cron_of(&variable, "EXTRACT_CRON", &dataset.cron)? else {
        // Its marker says that there is nothing to wait for, as often as it would be read.
        let cron = cron_line(&variable, &dataset.cron)?;
        return Ok(vec![job(name.to_owned(), Reach::Nothing, cron)]);
    };
    let mut jobs = vec![job(name.to_owned(), Reach::Usual, cron)];
    if let Some(nightly) = &dataset.nightly {
        let cron = cron_of(&format!("{variable}_FULL"), "EXTRACT_CRON_FULL", nightly)?;
        jobs.extend(cron.map(|cron| job(format!("{name}-full"), Reach::Everything, cron)));
    }
    // The ledger keeps no rows of a snapshot.
    if !dataset.is_snapshot() {
        let cron = cron_of("EXTRACT_CRON_AUDIT", "EXTRACT_CRON_AUDIT", AUDIT)?;
        jobs.extend(cron.map(|cron| job(format!("{name}-audit"), Reach::Audit, cron)));
    }
    Ok(jobs)
}

/// The variable's line, or that of all datasets, or the default. None: off.
fn cron_of(variable: &str, of_all: &str, default: &str) -> Result<Option<CronLine>, EnvError> {
    let given = [variable, of_all].into_iter().find_map(|name| env::optional(name).map(|line| (name, line)));
    let (name, line) = given.unwrap_or_else(|| (variable, default.to_owned()));
    if line.trim() == OFF { Ok(None) } else { cron_line(name, &line).map(Some) }
}

fn cron_line(variable: &str, line: &str) -> Result<CronLine, EnvError> {
    let problem = |cause| format!("is {line:?}, which is neither off nor a cron line of six fields: {cause}.");
    CronLine::parse(line).map_err(|cause| EnvError::new(variable, problem(cause)))
}

/// The datasets that are asked of 1C: those that are not `off`.
pub fn datasets_asked(datasets: &Catalogue) -> Result<Vec<Dataset>, EnvError> {
    let jobs = jobs_from_env(datasets)?.into_iter();
    Ok(jobs.filter(|job| job.reach == Reach::Usual).map(|job| job.dataset).collect())
}

pub(crate) fn health_from_env() -> Result<SocketAddr, EnvError> {
    env::parsed("HEALTH_LISTEN", SocketAddr::from(([127, 0, 0, 1], 0)))
}

/// When batches are cut: those of a dataset's partitions go in together. Not variables: tests make them small.
#[derive(Debug, Clone)]
pub struct Cut {
    /// Of a dataset. At 100 000 rows an insert costs ClickHouse, merges included, half of what it costs at 40 000.
    pub rows: usize,
    pub bytes: usize,
    pub after: Duration,
    /// Rows in memory over all datasets, growing and going in: beyond half of it batches are cut early, beyond it
    /// Kafka waits.
    pub held_bytes: usize,
}

impl Default for Cut {
    fn default() -> Self {
        Self { rows: 100_000, bytes: 16 << 20, after: Duration::from_secs(5), held_bytes: 40 << 20 }
    }
}

/// Everything the loader reads.
#[derive(Debug, Clone)]
pub struct LoaderConfig {
    pub database: postgres::Settings,
    /// `CLICKHOUSE_USER` defaults to `loader`.
    pub clickhouse: clickhouse::Settings,
    pub kafka: KafkaSettings,
    /// `DATASETS_DIR`.
    pub datasets: Catalogue,
    pub health: SocketAddr,
    pub cut: Cut,
}

impl LoaderConfig {
    pub fn from_env() -> Result<Self, EnvError> {
        Self::of(clickhouse::Settings::from_env("loader")?)
    }

    /// With a user of ClickHouse that was found elsewhere.
    pub fn of(clickhouse: clickhouse::Settings) -> Result<Self, EnvError> {
        Ok(Self {
            database: postgres::Settings::from_env("loader", Duration::from_secs(30))?,
            clickhouse,
            kafka: KafkaSettings::from_env()?,
            datasets: Catalogue::from_env()?,
            health: health_from_env()?,
            cut: Cut::default(),
        })
    }
}
