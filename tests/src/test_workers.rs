//! The 1C stand-in, extractor, loader and migrate for a test, on stores of its own.

use std::path::Path;

use serde_json::Value;
use shared::dataset::Dataset;
use stack::onec::{Onec, Settings};
use stack::process::{Launch, Process};

use crate::test_clickhouse::TestClickHouse;
use crate::test_postgres::TestPostgres;
use crate::test_processes::launch;
use crate::test_topics::TestTopics;

/// A 1C stand-in of one test, with its admin port.
#[derive(Debug)]
pub struct TestOnec {
    pub server: Onec,
    http: reqwest::Client,
    _folder: tempfile::TempDir,
}

impl TestOnec {
    /// Five dealers, forty products, five hundred lines.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same with other sizes, or another seed.
    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = crate::folder();
        let mut settings = Settings::small(folder.path().join("onec.log")).expect("free ports");
        change(&mut settings);
        let server = Onec::start(&settings).await.expect("start the 1C stand-in");
        Self { server, http: stack::http().expect("a client"), _folder: folder }
    }

    /// `ONEC_URL`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Asks the admin port, such as `/ledger?dataset=sales`.
    pub async fn ask(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.server.admin_url());
        let answer = self.http.get(url).send().await.expect("ask the stand-in");
        let status = answer.status();
        let text = answer.text().await.expect("an answer of the stand-in");
        assert!(status.is_success(), "GET {path}: {status} {text}");
        serde_json::from_str(&text).expect("JSON of the stand-in")
    }

    /// Changes something, such as `/documents/<ref>/redate` with `{"date": …}`; null where nothing is answered.
    pub async fn change(&self, path: &str, body: Value) -> Value {
        self.change_by(path, body.to_string()).await
    }

    /// The same by JSON to the letter: `1E2` and `-0.0` arrive as they are.
    pub async fn change_by(&self, path: &str, body: String) -> Value {
        let url = format!("{}{path}", self.server.admin_url());
        let request = self.http.post(url).header("content-type", "application/json").body(body.clone());
        let answer = request.send().await.expect("tell the stand-in");
        let status = answer.status();
        let text = answer.text().await.expect("an answer of the stand-in");
        assert!(status.is_success(), "POST {path} {body}: {status} {text}");
        if text.trim().is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON of the stand-in") }
    }

    /// The variables of an extractor that reads it as fast as it may.
    pub fn variables(&self) -> Vec<(String, String)> {
        let (user, password) = (stack::onec::USER.to_owned(), stack::onec::PASSWORD.to_owned());
        [
            ("ONEC_URL", self.url()),
            ("ONEC_USER", user),
            ("ONEC_PASSWORD", password),
            ("ONEC_REQUESTS_PER_SECOND", "1000".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}

/// The extractor's words: every dataset each second. `.start()` runs it; variables may be added or overridden before.
pub fn extractor(
    onec: &TestOnec,
    postgres: &TestPostgres,
    clickhouse: &TestClickHouse,
    topics: &TestTopics,
    folder: &Path,
) -> Launch {
    launch("extractor", folder)
        .envs(onec.variables())
        .envs(clickhouse.variables("audit_ro"))
        .envs(topics.variables())
        .env("DATABASE_URL", &postgres.url)
        .envs(each_second())
}

/// What most tests look at, and few.
const EACH_SECOND: [&str; 6] = ["sales", "returns", "products", "dealers", "currencies", "units"];
const SELDOM: [&str; 4] = ["orders", "stock", "warehouses", "cancel_reasons"];

/// The variables by which an extractor reads each second what most tests look at, and what a site adds; ten datasets a second are more
/// than a small machine reads beside the test. Of ours, those that few tests look at are read seldom, and all others not at all.
pub fn each_second() -> impl Iterator<Item = (String, String)> {
    let rhythm = |dataset: &Dataset| {
        let line = match dataset.name() {
            name if EACH_SECOND.contains(&name) => return None,
            name if SELDOM.contains(&name) => "*/5 * * * * *",
            _ => "off",
        };
        Some((format!("EXTRACT_CRON_{}", dataset.variable()), line.to_owned()))
    };
    let of_all = [("EXTRACT_CRON".to_owned(), "* * * * * *".to_owned())];
    crate::datasets().all().iter().filter_map(rhythm).chain(of_all).collect::<Vec<_>>().into_iter()
}

/// Whether such an extractor reads this dataset of ours.
pub fn is_read(dataset: Dataset) -> bool {
    EACH_SECOND.contains(&dataset.name()) || SELDOM.contains(&dataset.name())
}

/// The variables by which an extractor reads these datasets each second, and no other.
pub fn only(datasets: &[&str]) -> Vec<(String, String)> {
    let each = datasets.iter().map(|name| (format!("EXTRACT_CRON_{}", name.to_uppercase()), "* * * * * *".to_owned()));
    let others = each_second().filter(|(name, _)| name != "EXTRACT_CRON").map(|(name, _)| (name, "off".to_owned()));
    others.chain([("EXTRACT_CRON".to_owned(), "off".to_owned())]).chain(each).collect()
}

/// The loader's words.
pub fn loader(topics: &TestTopics, postgres: &TestPostgres, clickhouse: &TestClickHouse, folder: &Path) -> Launch {
    launch("loader", folder)
        .envs(topics.variables())
        .envs(clickhouse.variables("loader"))
        .env("DATABASE_URL", &postgres.url)
}

/// The reporter's words. Its files lie where those of a portal over the same folder do.
pub fn reporter(postgres: &TestPostgres, clickhouse: &TestClickHouse, folder: &Path) -> Launch {
    launch("reporter", folder)
        .envs(clickhouse.variables("export_ro"))
        .env("CLICKHOUSE_CANCELLER_PASSWORD", TestClickHouse::password("canceller"))
        .env("EXPORT_FILES", crate::test_portal::export_files(folder))
        .env("EXPORT_RETRY_SECONDS", "1")
        .env("DATABASE_URL", &postgres.url)
}

/// Runs `migrate` over both stores and demands its success.
pub async fn migrate(postgres_url: &str, clickhouse: &TestClickHouse, folder: &Path) -> Process {
    let launch = launch("migrate", folder).envs(clickhouse.variables("migrator")).env("DATABASE_URL", postgres_url);
    let mut process = launch.start().expect("start migrate");
    let status = process.finished(std::time::Duration::from_secs(60)).await.expect("migrate ends within a minute");
    assert!(status.success(), "migrate failed: {}", process.output());
    process
}
