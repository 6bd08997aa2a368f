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

/// Which is for figures and texts only.
fn without_the_short_way(overlay: &tempfile::TempDir) {
    std::fs::remove_file(overlay.path().join("sales/quick.toml")).expect("its quick.toml");
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
        ("rows.sql", "FROM report.sale(", "FROM dw.sale(", "rows.sql:18", "report.*"),
        ("rows.sql", "{first_day:Date32}", "{first_day:Date}", "rows.sql:21", "{first_day:Date32}"),
        ("report.toml", "kind = \"period\"", "kind = \"epoch\"", "report.toml:20", "fits no kind of filter"),
        // What only ClickHouse can tell.
        ("rows.sql", "any(product_code) AS code", "any(product_codes) AS code", "rows", "product_codes"),
        ("rows.sql", "    currency_id,\n", "    currency_id AS currency,\n", "rows", "currency_id"),
    ] {
        let own = overlay(file, from, to);
        let (code, said) = check(&clickhouse, Some(own.path()));
        assert_eq!(code, Some(1), "{said}");
        assert!(!said.contains("does not start"), "{said}");
        assert!(said.contains(place) && said.contains(sentence), "{place} and {sentence} are not in: {said}");
    }
}

/// The wrapped query is looked at in every order, not the bare file alone.
#[tokio::test(flavor = "multi_thread")]
async fn what_only_an_order_would_break_is_found_and_the_other_reports_are_looked_at_too() {
    let clickhouse = clickhouse().await;
    let own = overlay("report.toml", "name = \"unit\"\nkind = \"text\"", "name = \"unit\"\nkind = \"date\"");
    without_the_short_way(&own);
    let (code, said) = check(&clickhouse, Some(own.path()));
    assert!(code == Some(1) && said.contains("unit"), "{said}");
    let other = overlay("rows.sql", "any(product_code) AS code", "any(product_codes) AS code");
    std::fs::rename(other.path().join("sales"), own.path().join("turnover")).expect("a second report");
    let (code, said) = check(&clickhouse, Some(own.path()));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("reports/sales: ") && said.contains("reports/turnover: "), "{said}");
}

/// A day is sorted as a day: what sorts words would refuse it.
#[tokio::test(flavor = "multi_thread")]
async fn a_column_of_days_fits_and_sorts() {
    let clickhouse = clickhouse().await;
    let own =
        overlay("rows.sql", "any(product_unit) AS unit", "toString(max(sold_on)) AS unit, max(sold_on) AS last_day");
    without_the_short_way(&own);
    let toml = own.path().join("sales/report.toml");
    let text = std::fs::read_to_string(&toml).expect("its definition");
    let column =
        "[[column]]\nname = \"last_day\"\nkind = \"date\"\ntitle = { ru = \"День\", en = \"Day\" }\n\n# Read for";
    std::fs::write(&toml, text.replacen("# Read for", column, 1)).expect("a column");
    let (code, said) = check(&clickhouse, Some(own.path()));
    assert_eq!(code, Some(0), "{said}");
}
