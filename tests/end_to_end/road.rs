//! One road of a test's own: every part real, every store its own, both workers and a portal running.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use stack::onec::Settings;
use stack::process::Process;
use tests::{Browser, Page, TestClickHouse, TestKeycloak, TestOnec, TestPortal, TestPostgres, TestTopics, TestUser};
use tests::{await_true, clickhouse, folder, postgres, test_workers, topics};

/// What the cron interval of a test road (one second) and the workers together may take at most on a busy machine.
pub const SOON: Duration = Duration::from_secs(60);

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

/// Facts of one month, as the stand-in's ledger and the warehouse both tell them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Month {
    pub lines: u64,
    pub revenue: String,
    pub quantity: String,
    #[serde(deserialize_with = "text_or_number")]
    pub xor: String,
    #[serde(deserialize_with = "text_or_number")]
    pub sum: String,
}

fn text_or_number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        other => other.to_string(),
    })
}

/// The `Ref_Key` of the stand-in's dealer number `n`, counting from 1.
pub fn dealer(n: u32) -> String {
    format!("5b0d6f0e-d0d0-11ee-8a01-{n:012x}")
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

    async fn over(onec: TestOnec, postgres: TestPostgres, topics: TestTopics) -> Self {
        let (clickhouse, folder) = (clickhouse().await, folder());
        let extractor = test_workers::extractor(&onec, &postgres, &topics, folder.path());
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

    /// The truth of the 1C base, month by month.
    pub async fn ledger(&self) -> BTreeMap<String, Month> {
        let ledger = self.onec.ask("/ledger?dataset=sales").await;
        let months = ledger["months"].as_array().expect("months in the ledger");
        months
            .iter()
            .map(|month| {
                let name = month["month"].as_str().expect("a month's name").to_owned();
                (name, Month::deserialize(month).expect("a month's facts"))
            })
            .collect()
    }

    /// What reports would count: the last versions of what is not deleted.
    pub async fn warehouse(&self) -> BTreeMap<String, Month> {
        type Row = (String, u64, String, String, String, String);
        let rows: Vec<Row> = self
            .clickhouse
            .client("audit_ro")
            .query(
                "SELECT substring(toString(sold_on), 1, 7), count(), toString(sum(revenue)), toString(sum(quantity)),
                        toString(groupBitXor(hash)), toString(sumWithOverflow(hash))
                 FROM (SELECT *, xxHash64(concatWithSeparator('\\x1f', toString(dealer_id), toString(sold_on),
                           toString(document_id), toString(line_no), toString(product_id), toString(quantity),
                           toString(revenue), toString(vat), toString(discount))) AS hash
                       FROM dw.sale FINAL WHERE is_deleted = 0)
                 GROUP BY 1",
            )
            .fetch_all()
            .await
            .expect("ask the warehouse");
        rows.into_iter()
            .map(|(month, lines, revenue, quantity, xor, sum)| (month, Month { lines, revenue, quantity, xor, sum }))
            .collect()
    }

    /// Waits until the warehouse holds exactly what the ledger says; shows the first months that differ if it never does.
    pub async fn await_equal(&self, within: Duration) {
        let until = std::time::Instant::now() + within;
        loop {
            let (ledger, warehouse) = (self.ledger().await, self.warehouse().await);
            if ledger == warehouse {
                return;
            }
            if std::time::Instant::now() > until {
                let months = ledger.keys().chain(warehouse.keys());
                let differing: Vec<_> = months.filter(|month| ledger.get(*month) != warehouse.get(*month)).collect();
                let first: Vec<_> =
                    differing.iter().take(3).map(|month| (month, ledger.get(*month), warehouse.get(*month))).collect();
                panic!(
                    "{} months differ after {} s, 1C against warehouse: {first:#?}",
                    differing.len(),
                    within.as_secs()
                );
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    /// Waits until a pass over sales that began after now has landed whole.
    pub async fn await_pass(&self) {
        let client = self.clickhouse.client("audit_ro");
        let newest = async || -> u64 {
            let query = "SELECT if(count() > 0 AND count() = max(partitions), min(pass), 0) FROM dw.pass FINAL WHERE dataset = 'sales'";
            client.query(query).fetch_one().await.expect("ask for the passes")
        };
        let before = newest().await;
        // The one under way may have read before now: the second from here has not.
        await_true("two passes over sales land", SOON, async || newest().await >= before + 2).await;
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
