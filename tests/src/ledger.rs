//! The truth of the 1C base against the warehouse: exact sums and hashes of every month, and rows stored twice.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use clickhouse::Client;
use serde::Deserialize;
use serde_json::Value;

use crate::test_clickhouse::TestClickHouse;
use crate::test_processes::await_true;
use crate::test_workers::TestOnec;

/// What the cron interval of a test's extractor (one second) and the workers together may take on a busy machine.
pub const SOON: Duration = Duration::from_secs(60);

/// A 1C stand-in whose admin port can be asked, wherever it runs.
pub trait Truth {
    fn ask(&self, path: &str) -> impl Future<Output = Value>;
}

impl Truth for TestOnec {
    async fn ask(&self, path: &str) -> Value {
        self.ask(path).await
    }
}

/// A warehouse that lets the user `audit_ro` in, wherever it runs.
pub trait Warehouse {
    fn auditor(&self) -> Client;
}

impl Warehouse for TestClickHouse {
    fn auditor(&self) -> Client {
        self.client("audit_ro")
    }
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

/// The truth of the 1C base, month by month: sales, and returns as negative lines.
pub async fn of_1c(onec: &impl Truth) -> BTreeMap<String, Month> {
    let ledger = onec.ask("/ledger?dataset=sales,returns").await;
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
pub async fn of_warehouse(clickhouse: &impl Warehouse) -> BTreeMap<String, Month> {
    type Row = (String, u64, String, String, String, String);
    let rows: Vec<Row> = clickhouse
        .auditor()
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

/// Facts of a catalog, as the stand-in's ledger and the warehouse both tell them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Items {
    pub items: u64,
    pub xor: String,
    pub sum: String,
}

/// The catalogs: dataset, table, and the columns that the ledger's hashes are made of.
const CATALOGS: [(&str, &str, &str); 4] = [
    (
        "products",
        "product",
        "toString(product_id), toString(parent_id), toString(is_group), code, article, name, toString(unit_id)",
    ),
    ("dealers", "dealer", "toString(dealer_id), code, name"),
    ("currencies", "currency", "toString(currency_id), code, name"),
    ("units", "unit", "toString(unit_id), code, name"),
];

/// What the 1C base has of each catalog.
pub async fn catalogs_of_1c(onec: &impl Truth) -> BTreeMap<&'static str, Items> {
    let mut catalogs = BTreeMap::new();
    for (dataset, ..) in CATALOGS {
        let ledger = onec.ask(&format!("/ledger?dataset={dataset}")).await;
        catalogs.insert(dataset, Items::deserialize(ledger).expect("a catalog's facts"));
    }
    catalogs
}

/// What the warehouse has of each catalog.
pub async fn catalogs_of_warehouse(clickhouse: &impl Warehouse) -> BTreeMap<&'static str, Items> {
    let mut catalogs = BTreeMap::new();
    for (dataset, table, columns) in CATALOGS {
        let query = format!(
            "SELECT count(), toString(groupBitXor(hash)), toString(sumWithOverflow(hash))
             FROM (SELECT xxHash64(concatWithSeparator('\\x1f', {columns})) AS hash
                   FROM dw.{table} FINAL WHERE is_deleted = 0)"
        );
        let (items, xor, sum) = clickhouse.auditor().query(&query).fetch_one().await.expect("ask the warehouse");
        catalogs.insert(dataset, Items { items, xor, sum });
    }
    catalogs
}

/// Waits until the warehouse holds exactly what the ledger says; shows the first months that differ if it never does.
pub async fn await_equal(onec: &impl Truth, clickhouse: &impl Warehouse, within: Duration) {
    let until = Instant::now() + within;
    loop {
        let (ledger, warehouse) = (of_1c(onec).await, of_warehouse(clickhouse).await);
        let catalogs = (catalogs_of_1c(onec).await, catalogs_of_warehouse(clickhouse).await);
        if ledger == warehouse && catalogs.0 == catalogs.1 {
            return;
        }
        if Instant::now() > until {
            assert_eq!(catalogs.0, catalogs.1, "the catalogs of 1C and of the warehouse");
            let months = ledger.keys().chain(warehouse.keys());
            let differing: Vec<_> = months.filter(|month| ledger.get(*month) != warehouse.get(*month)).collect();
            let first: Vec<_> =
                differing.iter().take(3).map(|month| (month, ledger.get(*month), warehouse.get(*month))).collect();
            panic!("{} months differ after {} s, 1C against warehouse: {first:#?}", differing.len(), within.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// The newest pass over a dataset that has landed whole: its marker has arrived in every partition. 0: none yet.
pub async fn newest_pass(clickhouse: &impl Warehouse, dataset: &str) -> u64 {
    let query =
        "SELECT if(count() > 0 AND count() = max(partitions), min(pass), 0) FROM dw.pass FINAL WHERE dataset = ?";
    clickhouse.auditor().query(query).bind(dataset).fetch_one().await.expect("ask for the passes")
}

/// Waits until a pass over a dataset that began after now has landed whole.
pub async fn await_pass(clickhouse: &impl Warehouse, dataset: &str) {
    // The one under way may have read before now: the second from here has not.
    for _ in 0..2 {
        let before = newest_pass(clickhouse, dataset).await;
        let what = format!("a further pass over {dataset} lands");
        await_true(&what, SOON, async || newest_pass(clickhouse, dataset).await > before).await;
    }
}

/// Rows of sales that lie in the warehouse more than once: same key, same version.
pub async fn copies(clickhouse: &impl Warehouse) -> u64 {
    let query = "SELECT toUInt64(count() - uniqExact(dealer_id, sold_on, document_id, line_no, version)) FROM dw.sale";
    clickhouse.auditor().query(query).fetch_one().await.expect("ask for rows stored twice")
}

/// Lines of sales that reports would count twice. An insert of unknown outcome is repeated as a new one, so only what is read
/// may be asked for after one.
pub async fn counted_twice(clickhouse: &impl Warehouse) -> u64 {
    let query = "SELECT toUInt64(count() - uniqExact(document_id, line_no)) FROM dw.sale FINAL WHERE is_deleted = 0";
    clickhouse.auditor().query(query).fetch_one().await.expect("ask for lines that count twice")
}
