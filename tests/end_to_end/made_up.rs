//! A site's own catalog and a report over it, in folders of its own: no program is built anew.

use std::path::Path;

use serde_json::json;
use stack::process::{Launch, Process};
use tests::{
    Browser, TestKeycloak, TestOnec, TestPortal, await_true, clickhouse, folder, postgres, test_workers, topics,
};

use crate::road::{SOON, dealer};

const DATASET: &str = r#"
title = { ru = "Бренды", en = "Brands" }
kind = "catalog"
table = "brand"
key = "brand_id"
search = ["name"]
change = "scan"
cron = "0 */5 * * * *"
open_views = ["brand"]

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

const VIEW: &str = "CREATE OR REPLACE VIEW report.brand DEFINER = owner SQL SECURITY DEFINER AS
SELECT brand_id, name AS brand_name, markup FROM dw.brand FINAL";

const REPORT: &str = r#"
title = { ru = "Наши бренды", en = "Our brands" }
menu = { ru = "Бренды", en = "Brands", order = 90 }
datasets = ["brands"]
key = "brand_id"
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
SELECT brand_id, any(brand_name) AS brand, any(markup) AS markup FROM report.brand GROUP BY brand_id";

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

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_and_a_report_of_a_site_are_folders_and_its_rows_stand_on_a_page() {
    let (onec, postgres, clickhouse, topics, at) =
        (TestOnec::start().await, postgres().await, clickhouse().await, topics().await, folder());
    let schema = "entity Catalog_Бренды key Ref_Key\n  Ref_Key:guid! DataVersion:text DeletionMark:bool Description:text Наценка:num\n";
    onec.change_by("/schema", schema.to_owned()).await;
    let brand = |name: &str, markup: f64| json!({ "Description": name, "Наценка": markup });
    onec.change("/rows/Catalog_Бренды", json!([brand("Термия", 12.5), brand("Гидроник", 7.0)])).await;
    let (datasets, reports) = (at.path().join("datasets"), at.path().join("reports"));
    write(&datasets, &[("brands/dataset.toml", DATASET), ("brands/ut11.toml", MAPPING), ("brands/brand.sql", VIEW)]);
    write(&reports, &[("brands/report.toml", REPORT), ("brands/rows.sql", ROWS)]);

    let of_site = |launch: Launch| launch.env("DATASETS_DIR", &datasets);
    let program = |name: &str| of_site(tests::launch(name, at.path()));
    let migrate = program("migrate").envs(clickhouse.variables("migrator")).env("DATABASE_URL", &postgres.url);
    to_its_end(migrate).await;
    to_its_end(program("topics").envs(topics.variables())).await;
    let start = |launch: Launch| -> Process { of_site(launch).start().expect("start a worker") };
    let _extractor = start(test_workers::extractor(&onec, &postgres, &clickhouse, &topics, at.path()));
    let _loader = start(test_workers::loader(&topics, &postgres, &clickhouse, at.path()));
    let keycloak = TestKeycloak::shared();
    let portal = TestPortal::start_with(&postgres, &clickhouse, &keycloak, at.path(), |launch| {
        of_site(launch).env("PORTAL_REPORTS_DIR", &reports)
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
    onec.change("/rows/Catalog_Бренды", brand("Акватек", 3.0)).await;
    shows("Акватек").await;
    let body = page.text("body").await;
    assert!(body.contains("Наши бренды"), "{body}");
    assert!(
        !body.contains("Показать") && !page.has(".strip").await,
        "nothing to choose and no figures, yet their places stand: {body}"
    );
}
