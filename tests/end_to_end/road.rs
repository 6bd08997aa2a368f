//! One road of a test's own: every part real, every store its own, both workers and a portal running.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use stack::kafka::Kafka;
use stack::onec::Settings;
use stack::parts::Parts;
use stack::ports::free;
use stack::postgres::Postgres;
use stack::process::Process;
use tests::{Browser, Page, TestClickHouse, TestKeycloak, TestOnec, TestPortal, TestPostgres, TestTopics, TestUser};
use tests::{clickhouse, folder, ledger, postgres, test_workers, topics};

pub use tests::ledger::SOON;

pub struct Road {
    pub onec: TestOnec,
    pub postgres: TestPostgres,
    pub clickhouse: TestClickHouse,
    pub topics: TestTopics,
    pub keycloak: TestKeycloak,
    pub extractor: Process,
    pub loader: Process,
    pub folder: tempfile::TempDir,
}

/// The `Ref_Key` of the stand-in's dealer number `n`, counting from 1.
pub fn dealer(n: u32) -> String {
    format!("5b0d6f0e-d0d0-11ee-8a01-{n:012x}")
}

/// A Kafka of the test's own below this folder, to be broken.
pub async fn own_kafka(at: &Path) -> Kafka {
    let settings = stack::kafka::Settings {
        port: free().expect("a port"),
        controller_port: free().expect("a port"),
        folder: at.join("kafka"),
        log: at.join("kafka.log"),
        properties: Vec::new(),
    };
    Kafka::start(&Parts::locate(), &settings).await.expect("start a Kafka")
}

/// The same of a PostgreSQL, which forgets nothing that it has confirmed.
pub async fn own_postgres(at: &Path) -> Postgres {
    let settings = stack::postgres::Settings {
        port: free().expect("a port"),
        folder: at.join("postgres"),
        log: at.join("postgres.log"),
        durable: true,
    };
    Postgres::start(&Parts::locate(), &settings).await.expect("start a PostgreSQL")
}

impl Road {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let (onec, postgres, topics) = tokio::join!(TestOnec::start_with(change), postgres(), topics());
        Self::over(onec, postgres, topics).await
    }

    /// Over the topics of a broker of the test's own.
    pub async fn with_topics(topics: TestTopics) -> Self {
        Self::over(TestOnec::start().await, postgres().await, topics).await
    }

    /// Over a database in a server of the test's own.
    pub async fn with_postgres(postgres: TestPostgres) -> Self {
        Self::over(TestOnec::start().await, postgres, topics().await).await
    }

    pub async fn over(onec: TestOnec, postgres: TestPostgres, topics: TestTopics) -> Self {
        let (clickhouse, folder) = (clickhouse().await, folder());
        let extractor = test_workers::extractor(&onec, &postgres, &clickhouse, &topics, folder.path());
        let loader = test_workers::loader(&topics, &postgres, &clickhouse, folder.path());
        let (extractor, loader) = (extractor.start().expect("start extractor"), loader.start().expect("start loader"));
        Self { onec, postgres, clickhouse, topics, keycloak: TestKeycloak::shared(), extractor, loader, folder }
    }

    pub async fn portal(&self) -> TestPortal {
        TestPortal::start(&self.postgres, &self.clickhouse, &self.keycloak, self.folder.path()).await
    }

    /// A person of dealer number `n`, at the Sales page of a browser.
    pub async fn sales_page(&self, browser: &Browser, portal: &TestPortal, n: u32) -> (Page, TestUser) {
        let person = self.keycloak.dealer(&[&dealer(n)]).await;
        let page = browser.page().await;
        page.open(&portal.at("/reports/sales")).await;
        page.sign_in(&person.name, &person.name).await;
        page.wait_for("#report-results").await;
        (page, person)
    }

    /// Waits until the warehouse holds exactly what the ledger says.
    pub async fn await_equal(&self, within: Duration) {
        ledger::await_equal(&self.onec, &self.clickhouse, within).await;
    }

    /// Waits until a pass over sales that began after now has landed whole.
    pub async fn await_pass(&self) {
        ledger::await_pass(&self.clickhouse, "sales").await;
    }

    /// References of dealer number `n`'s sales of the last two months, newest first: `(ref, date, number of lines)`.
    pub async fn documents(&self, n: u32) -> Vec<(String, String, u64)> {
        let answer = self.onec.ask(&format!("/documents?dealer={}&sale=true&limit=1000", dealer(n))).await;
        let since = (shared::clock::now() - chrono::Duration::days(60)).format("%Y-%m-%d").to_string();
        let list = answer.as_array().expect("a list of documents").iter();
        let text = |document: &Value, field: &str| document[field].as_str().expect("a field of a document").to_owned();
        list.map(|document| (text(document, "ref"), text(document, "date"), document["lines"].as_u64().expect("lines")))
            .filter(|(_, date, _)| *date > since)
            .collect()
    }
}
