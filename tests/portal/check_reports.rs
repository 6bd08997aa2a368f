//! `portal check-reports` against a real ClickHouse, as an image's build or an administrator runs it.

use std::path::Path;
use std::time::Duration;

use tests::{TestClickHouse, clickhouse, folder, launch};

const SALES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/reports/sales");

/// Its exit code and what it said.
fn check(clickhouse: &TestClickHouse, reports: Option<&Path>) -> (Option<i32>, String) {
    let folder = folder();
    let mut launch = launch("portal", folder.path()).arg("check-reports").envs(clickhouse.variables("portal_ro"));
    if let Some(reports) = reports {
        launch = launch.env("PORTAL_REPORTS_DIR", reports);
    }
    let mut process = launch.start().expect("start the check");
    let ended = process.wait(Duration::from_secs(30)).expect("the check ends");
    (ended.code(), process.output())
}

/// A site's folder with a copy of Sales in which one line of one file reads otherwise.
fn overlay(file: &str, from: &str, to: &str) -> tempfile::TempDir {
    let folder = folder();
    let own = folder.path().join("sales");
    std::fs::create_dir_all(&own).expect("a folder");
    for entry in std::fs::read_dir(SALES).expect("the report") {
        let entry = entry.expect("a file");
        let mut text = std::fs::read_to_string(entry.path()).expect("its text");
        if entry.file_name() == file {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        std::fs::write(own.join(entry.file_name()), text).expect("a copy");
    }
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reports_of_the_product_fit_the_warehouse() {
    let clickhouse = clickhouse().await;
    let (code, said) = check(&clickhouse, None);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("All reports fit the warehouse"), "{said}");
    let own = overlay("report.toml", "Продажи", "Отгрузки");
    assert_eq!(check(&clickhouse, Some(own.path())).0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_does_not_fit_is_named_with_its_file_and_line() {
    let clickhouse = clickhouse().await;
    for (file, from, to, place, sentence) in [
        ("rows.sql", "FROM report.sale(", "FROM dw.sale(", "rows.sql:19", "report.*"),
        ("rows.sql", "{first_day:Date32}", "{first_day:Date}", "rows.sql:3", "{first_day:Date32}"),
        ("report.toml", "kind = \"period\"", "kind = \"epoch\"", "report.toml:12", "fits no kind of filter"),
        // What only ClickHouse can tell.
        ("rows.sql", "any(product_code) AS code", "any(product_codes) AS code", "rows", "product_codes"),
    ] {
        let own = overlay(file, from, to);
        let (code, said) = check(&clickhouse, Some(own.path()));
        assert_eq!(code, Some(1), "{said}");
        assert!(!said.contains("does not start"), "{said}");
        assert!(said.contains(place) && said.contains(sentence), "{place} and {sentence} are not in: {said}");
    }
}
