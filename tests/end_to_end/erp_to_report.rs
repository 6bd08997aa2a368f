//! One sale of 1C, all the way to the dealer's page, and each change after it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::Browser;

use crate::road::{Road, SOON, dealer};

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_of_1c_and_every_change_to_it_stand_on_the_dealers_page_and_on_no_other() {
    let road = Road::start_with(|settings| settings.products = 400).await;
    let portal = road.portal().await;
    road.await_equal(SOON).await;
    let browser = Browser::start().await;
    let (page, _) = road.sales_page(&browser, &portal, 1).await;
    let (other, _) = road.sales_page(&browser, &portal, 2).await;

    // Bought by neither of the two: what the pages show of it comes from this test's document alone.
    let bought = async |n: u32| -> BTreeSet<String> {
        let path = format!("/documents?dealer={}&limit=100000", dealer(n));
        let documents = road.onec.ask(&path).await;
        let products =
            documents.as_array().expect("documents").iter().flat_map(|document| document["products"].as_array());
        products.flatten().filter_map(|product| product.as_str().map(str::to_owned)).collect()
    };
    let (mine, theirs, third) = (bought(1).await, bought(2).await, bought(3).await);
    let reference = third.iter().find(|product| !mine.contains(*product) && !theirs.contains(*product));
    let reference = reference.expect("a product that only others buy").clone();
    let name = "Насос проверочный ЦН-777";
    road.onec.change(&format!("/products/{reference}/set"), json!({ "field": "Description", "value": name })).await;
    let line = |revenue: f64| json!({ "product": reference, "quantity": 7, "revenue": revenue });
    let sale = json!({ "dealer": dealer(1), "date": now(), "lines": [line(123_456.78), line(1_000.0)] });
    let document = road.onec.change("/documents", sale).await["ref"].as_str().expect("its reference").to_owned();
    let url = format!("/reports/sales?search={}", percent(name));

    let shows = async |page: &tests::Page, text: &str| {
        let deadline = std::time::Instant::now() + SOON;
        loop {
            page.open(&portal.at(&url)).await;
            page.wait_for("#report-results").await;
            let results = plain(&page.text("#report-results").await);
            if results.contains(text) {
                return;
            }
            assert!(std::time::Instant::now() < deadline, "the page never showed {text:?}: {results}");
        }
    };
    shows(&page, "124 45").await;
    page.screenshot("end-to-end-sale").await;
    let nothing = async |page: &tests::Page| {
        let deadline = std::time::Instant::now() + SOON;
        loop {
            page.open(&portal.at(&url)).await;
            page.wait_for("#report-results").await;
            let results = page.text("#report-results").await;
            if !results.contains(name) {
                return;
            }
            assert!(std::time::Instant::now() < deadline, "the page still shows the sale: {results}");
        }
    };
    nothing(&other).await;

    road.onec.change(&format!("/documents/{document}/remove-line"), json!({ "line": 2 })).await;
    shows(&page, "123 45").await;
    road.onec.change(&format!("/documents/{document}/redate"), json!({ "date": "2015-03-05T11:42:10" })).await;
    nothing(&page).await;
    road.onec.change(&format!("/documents/{document}/redate"), json!({ "date": now() })).await;
    shows(&page, "123 45").await;
    road.onec.change(&format!("/documents/{document}/dealer"), json!({ "dealer": dealer(2) })).await;
    shows(&other, "123 45").await;
    nothing(&page).await;
    road.onec.change(&format!("/documents/{document}/unpost"), Value::Object(Default::default())).await;
    nothing(&other).await;
    road.await_equal(SOON).await;
}

/// The wall clock of the infobase, as 1C writes it.
fn now() -> String {
    let moscow = shared::clock::now() + chrono::Duration::hours(3);
    moscow.format("%Y-%m-%dT00:00:01").to_string()
}

fn percent(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Thin and no-break spaces as plain ones.
fn plain(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}', '\u{2009}'], " ")
}
