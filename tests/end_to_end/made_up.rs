//! A site's own datasets and a report over one, in folders of its own: no program is built anew.

use std::path::Path;

use serde_json::json;
use stack::process::{Launch, Process};
use tests::{
    Browser, TestClickHouse, TestKeycloak, TestOnec, TestPortal, TestPostgres, TestTopics, await_true, clickhouse,
    folder, postgres, test_workers, topics,
};

use crate::road::{SOON, dealer};

const DATASET: &str = r#"
title = { ru = "Бренды", en = "Brands" }
kind = "catalog"
table = "label"
key = "label_id"
search = ["name"]
change = "scan"
cron = "0 */5 * * * *"
open_views = ["label"]

[fields]
name = { kind = "text", required = true }
markup = "quantity"
"#;

const MAPPING: &str = r#"
entity = "Catalog_Бренды"
[fields]
id = "Ref_Key"
data_version = "DataVersion"
name = "Description"
markup = "Наценка"
"#;

const VIEW: &str = "CREATE OR REPLACE VIEW report.label DEFINER = owner SQL SECURITY DEFINER AS
SELECT label_id, name AS label_name, markup FROM dw.label FINAL";

const REPORT: &str = r#"
title = { ru = "Наши бренды", en = "Our brands" }
menu = { ru = "Бренды", en = "Brands", order = 90 }
datasets = ["labels"]
key = "label_id"
rows_title = { ru = "По брендам", en = "By brand" }
noun = { ru = ["бренду", "брендам", "брендам"], en = ["brand", "brands"] }
facts = { ru = "брендов", en = "brands" }
sort = "brand"

[[column]]
name = "brand"
kind = "text"
title = { ru = "Бренд", en = "Brand" }

[[column]]
name = "markup"
kind = "quantity"
title = { ru = "Наценка", en = "Markup" }
total = "none"
"#;

const ROWS: &str = "-- Which brands are there?
SELECT label_id, any(label_name) AS brand, any(markup) AS markup FROM report.label GROUP BY label_id";

const RATES: &str = r#"
title = { ru = "Курсы валют", en = "Exchange rates" }
kind = "register"
table = "rate"
total = "rate"
change = "snapshot"
cron = "0 */5 * * * *"

[lines]
currency_id = { kind = "reference", required = true }
valid_from = { kind = "day", required = true }
rate = { kind = "quantity", required = true }
"#;

const RATES_MAPPING: &str = r#"
entity = "InformationRegister_КурсыВалют"
[lines.fields]
currency_id = "Валюта_Key"
valid_from = "Period"
rate = "Курс"
"#;

const RATES_OF_1C: &str = "entity InformationRegister_КурсыВалют key Period Валюта_Key\n  \
    Period:date! Валюта_Key:guid! Курс:num Кратность:i64\n";

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("make it");
        std::fs::write(path, text).expect("write it");
    }
}

async fn to_its_end(launch: Launch) -> String {
    let mut process = launch.start().expect("start it");
    let status = process.finished(SOON).await.expect("it ends");
    assert!(status.success(), "{}", process.output());
    process.output()
}

/// A base, stores and workers that know the site's datasets.
struct Site {
    onec: TestOnec,
    postgres: TestPostgres,
    clickhouse: TestClickHouse,
    _topics: TestTopics,
    at: tempfile::TempDir,
    /// The extractor, then the loader.
    workers: [Process; 2],
}

impl Site {
    /// `schema`: what the base publishes beside the usual; `files`: the datasets' folders.
    async fn start(schema: &str, rows: &[(&str, serde_json::Value)], files: &[(&str, &str)]) -> Self {
        let (onec, postgres, clickhouse, topics, at) =
            (TestOnec::start().await, postgres().await, clickhouse().await, topics().await, folder());
        onec.change_by("/schema", schema.to_owned()).await;
        for (set, rows) in rows {
            onec.change(&format!("/rows/{set}"), rows.clone()).await;
        }
        write(&at.path().join("datasets"), files);
        let of_site = |launch: Launch| launch.env("DATASETS_DIR", at.path().join("datasets"));
        let program = |name: &str| of_site(tests::launch(name, at.path()));
        let migrate = program("migrate").envs(clickhouse.variables("migrator")).env("DATABASE_URL", &postgres.url);
        to_its_end(migrate).await;
        to_its_end(program("topics").envs(topics.variables())).await;
        let workers = [
            test_workers::extractor(&onec, &postgres, &clickhouse, &topics, at.path()),
            test_workers::loader(&topics, &postgres, &clickhouse, at.path()),
        ];
        let workers = workers.map(|launch| of_site(launch).start().expect("start a worker"));
        Self { onec, postgres, clickhouse, _topics: topics, at, workers }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_and_a_report_of_a_site_are_folders_and_its_rows_stand_on_a_page() {
    let schema = "entity Catalog_Бренды key Ref_Key\n  Ref_Key:guid! DataVersion:text DeletionMark:bool Description:text Наценка:num\n";
    let brand = |name: &str, markup: f64| json!({ "Description": name, "Наценка": markup });
    let rows = [("Catalog_Бренды", json!([brand("Термия", 12.5), brand("Гидроник", 7.0)]))];
    let files = [("labels/dataset.toml", DATASET), ("labels/ut11.toml", MAPPING), ("labels/label.sql", VIEW)];
    let site = Site::start(schema, &rows, &files).await;
    let reports = site.at.path().join("reports");
    write(&reports, &[("brands/report.toml", REPORT), ("brands/rows.sql", ROWS)]);
    let keycloak = TestKeycloak::shared();
    let at = site.at.path();
    let portal = TestPortal::start_with(&site.postgres, &site.clickhouse, &keycloak, at, |launch| {
        launch.env("DATASETS_DIR", at.join("datasets")).env("PORTAL_REPORTS_DIR", &reports)
    })
    .await;

    let browser = Browser::start().await;
    let person = keycloak.dealer(&[&dealer(1)]).await;
    let page = browser.page().await;
    page.open(&portal.at("/reports/brands")).await;
    page.sign_in(&person.name, &person.name).await;
    page.wait_for("#report-results").await;
    let shows = async |text: &'static str| {
        await_true(text, SOON, async || {
            page.open(&portal.at("/reports/brands")).await;
            page.wait_for("#report-results").await;
            page.text("#report-results").await.contains(text)
        })
        .await;
    };
    shows("Гидроник").await;
    let results = page.text("#report-results").await;
    assert!(results.contains("Термия") && results.contains("12,5"), "{results}");
    page.screenshot("made-up-report").await;
    site.onec.change("/rows/Catalog_Бренды", brand("Акватек", 3.0)).await;
    shows("Акватек").await;
    let body = page.text("body").await;
    assert!(body.contains("Наши бренды"), "{body}");
    assert!(
        !body.contains("Показать") && !page.has(".strip").await,
        "nothing to choose and no figures, yet their places stand: {body}"
    );
}

const RATES_SET: &str = "InformationRegister_КурсыВалют";

fn rate(number: u32, day: &str, rate: f64) -> serde_json::Value {
    let (record, currency) = (uuid::Uuid::from_u128(number.into()), uuid::Uuid::from_u128(978));
    json!({ "Ref_Key": record, "Period": format!("{day}T00:00:00"), "Валюта_Key": currency, "Курс": rate, "Кратность": 1 })
}

/// A site whose register holds two rates, which stand in the warehouse.
async fn site_with_rates() -> Site {
    let rows = json!([rate(1, "2026-11-27", 91.25), rate(2, "2026-11-28", 92.0)]);
    let files = [("rates/dataset.toml", RATES), ("rates/ut11.toml", RATES_MAPPING)];
    let site = Site::start(RATES_OF_1C, &[(RATES_SET, rows)], &files).await;
    rates_are(&site, "2026-11-27 91.25, 2026-11-28 92").await;
    site
}

async fn rates_are(site: &Site, wanted: &str) {
    let sql = "SELECT arrayStringConcat(arraySort(groupArray(concat(toString(valid_from), ' ', toString(rate)))), ', ') \
               FROM dw.rate_now";
    let reader = site.clickhouse.client("audit_ro");
    await_true(wanted, SOON, async || {
        reader.query(sql).fetch_one::<String>().await.is_ok_and(|stands| stands == wanted)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_records_of_a_register_are_read_whole_and_replaced_together() {
    let site = site_with_rates().await;
    let changed = json!([rate(2, "2026-11-28", 92.5), rate(3, "2026-11-29", 93.75)]);
    site.onec.change(&format!("/rows/{RATES_SET}"), changed).await;
    rates_are(&site, "2026-11-27 91.25, 2026-11-28 92.5, 2026-11-29 93.75").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_the_warehouse_has_lost_rows_of_is_sent_again_though_1c_has_not_changed() {
    let site = site_with_rates().await;
    let migrator = site.clickhouse.client("migrator");
    migrator.query("DELETE FROM dw.rate WHERE rate = 92").execute().await.expect("lose a row");
    rates_are(&site, "2026-11-27 91.25, 2026-11-28 92").await;
    assert!(site.workers[0].output().contains("The warehouse does not hold what was sent"), "it was not told");
}
