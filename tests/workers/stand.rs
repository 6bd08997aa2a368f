//! The workers' stand: a 1C base, stores of the test's own, and the words to start extractor and loader over them.

use serde_json::Value;
use stack::onec::Settings;
use stack::process::{Launch, Process};
use tests::ledger::{self, SOON};
use tests::{TestClickHouse, TestOnec, TestPostgres, TestTopics, clickhouse, folder, postgres, test_workers, topics};

pub struct Stand {
    pub onec: TestOnec,
    pub postgres: TestPostgres,
    pub clickhouse: TestClickHouse,
    pub topics: TestTopics,
    pub folder: tempfile::TempDir,
}

impl Stand {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let (onec, postgres, clickhouse, topics) =
            tokio::join!(TestOnec::start_with(change), postgres(), clickhouse(), topics());
        Self { onec, postgres, clickhouse, topics, folder: folder() }
    }

    pub fn extractor(&self) -> Launch {
        test_workers::extractor(&self.onec, &self.postgres, &self.clickhouse, &self.topics, self.folder.path())
    }

    /// An operator's command to the extractors that run: it needs the database alone. What it printed.
    pub async fn command(&self, words: &[&str]) -> String {
        let launch = tests::launch("extractor", self.folder.path());
        let mut command = start(launch.args(words).env("DATABASE_URL", &self.postgres.url));
        let status = command.finished(SOON).await.expect("the command ends");
        assert!(status.success(), "{words:?}: {}", command.output());
        command.output()
    }

    pub fn loader(&self) -> Launch {
        test_workers::loader(&self.topics, &self.postgres, &self.clickhouse, self.folder.path())
    }

    /// Both workers, once the warehouse equals the base.
    pub async fn both(&self) -> (Process, Process) {
        let (extractor, loader) = (start(self.extractor()), start(self.loader()));
        self.await_equal().await;
        (extractor, loader)
    }

    /// Waits until the warehouse holds exactly what the base's ledger says.
    pub async fn await_equal(&self) {
        ledger::await_equal(&self.onec, &self.clickhouse, SOON).await;
    }

    /// Waits until a pass over sales that began after now has landed whole.
    pub async fn await_pass(&self) {
        ledger::await_pass(&self.clickhouse, "sales").await;
    }

    /// The newest documents of dealer 1 that stand in the reports, as the stand-in shows them.
    pub async fn documents(&self) -> Vec<Value> {
        let path = format!("/documents?dealer={}&sale=true&limit=200", stack::onec::dealer(1));
        let all = self.onec.ask(&path).await;
        let stands = |document: &&Value| document["is_posted"] == true && document["is_deleted"] != true;
        all.as_array().expect("a list of documents").iter().filter(stands).cloned().collect()
    }

    /// Changes a document: `what` as in the stand-in's README.
    pub async fn change(&self, document: &Value, what: &str, body: Value) {
        self.onec.change(&format!("/documents/{}/{what}", text(document, "ref")), body).await;
    }

    /// The stand-in turns bad this way: see its README.
    pub async fn fault(&self, fault: Value) {
        self.onec.change("/faults", fault).await;
    }

    pub async fn heal(&self) {
        self.onec.change("/faults/clear", Value::Null).await;
    }

    /// One number from PostgreSQL.
    pub async fn postgres_count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.postgres.pool).await.expect("ask PostgreSQL")
    }

    /// One number from ClickHouse.
    pub async fn warehouse_count(&self, query: &str) -> u64 {
        self.clickhouse.client("audit_ro").query(query).fetch_one().await.expect("ask ClickHouse")
    }
}

pub fn start(launch: Launch) -> Process {
    launch.start().expect("start a worker")
}

/// A text field of the stand-in's answer.
pub fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("{field} in {value}"))
}

/// Waits for a log line that holds all of `words`.
pub async fn await_line(process: &Process, words: &[&str]) {
    let logs = tokio::time::timeout(SOON, async {
        while !has_line(process, words) {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    });
    assert!(logs.await.is_ok(), "{} does not log {words:?}, but: {}", process.name(), process.output());
}

pub fn has_line(process: &Process, words: &[&str]) -> bool {
    process.output().lines().any(|line| words.iter().all(|word| line.contains(word)))
}

/// The most memory that a process has had, in MiB.
pub fn peak_mib(process: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
}

pub fn dataset(name: &str) -> shared::dataset::Dataset {
    tests::datasets().get(name).expect("a dataset")
}
