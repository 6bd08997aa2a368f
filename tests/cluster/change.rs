//! What is posted in 1C arrives at its dealer and at nobody else, and the ledgers agree.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::Person;

use crate::kubectl::{text, until};
use crate::site::{Site, signed_in};

/// A cron pass carries a sale of today to the dealer's page; no byte of the other's answers holds it.
pub async fn arrives(site: &Site) -> Result<()> {
    let (volga, ural) = (signed_in("volga").await?, signed_in("ural").await?);
    // Millions in one line: no price of the generated base comes near it, and no run's comes twice.
    let canary = (7_000_000 + uuid::Uuid::new_v4().as_u128() % 1_000_000).to_string();
    let today = moscow("%Y-%m-%d");
    let product = product_without_sales(site, &today).await?;
    let document = sell(site, 2, &product, canary.parse()?).await?;
    let of_today = format!("/reports/sales?period=own&from={today}&to={today}");
    let shows = async |person: &Person| Ok(digits(&person.get(&of_today).await.text).contains(&canary));
    until("Ural's page shows the sale", Duration::from_secs(120), async || shows(&ural).await).await?;

    let dealer = stack::onec::dealer(2);
    for path in [
        "/".to_owned(),
        "/reports/sales".to_owned(),
        "/reports/sales?sort=-revenue&page=2".to_owned(),
        of_today.clone(),
        format!("{of_today}&dealer={dealer}"),
        format!("{of_today}&format=csv"),
        format!("{of_today}&format=csv&dealer={dealer}&dealers=%5B%27{dealer}%27%5D"),
    ] {
        let answers = [volga.get(&path).await, volga.fragment(&path, "/reports/sales").await];
        for answer in answers {
            ensure!(!digits(&answer.text).contains(&canary), "Volga sees Ural's sale at {path}: {}", answer.text);
        }
    }
    let file = ural.get(&format!("{of_today}&format=csv")).await;
    ensure!(digits(&file.text).contains(&canary), "The canary is not where it should be: {}", file.text);

    site.onec(&format!("/documents/{document}/dealer"), Some(json!({ "dealer": stack::onec::dealer(1) }))).await?;
    until("the sale moves to Volga's page", Duration::from_secs(120), async || {
        Ok(shows(&volga).await? && !shows(&ural).await?)
    })
    .await?;
    site.onec(&format!("/documents/{document}/unpost"), Some(json!({}))).await?;
    site.await_equal().await
}

/// A sale of today, just posted; its reference.
pub async fn sell(site: &Site, dealer: u64, product: &str, revenue: f64) -> Result<String> {
    let line = json!({ "product": product, "quantity": 7, "revenue": revenue });
    let date = moscow("%Y-%m-%dT%H:%M:%S");
    let sale = json!({ "dealer": stack::onec::dealer(dealer), "date": date, "lines": [line] });
    let made = site.onec("/documents", Some(sale)).await?;
    Ok(text(&made, "/ref").to_owned())
}

/// Some product that neither of the two dealers buys on that day.
async fn product_without_sales(site: &Site, day: &str) -> Result<String> {
    let (mut bought, mut others) = (Vec::new(), Vec::new());
    for dealer in [1, 2] {
        let path = format!("/documents?dealer={}&limit=100000", stack::onec::dealer(dealer));
        let documents = site.onec(&path, None).await?;
        for document in documents.as_array().into_iter().flatten() {
            let list = if text(document, "/date").starts_with(day) { &mut bought } else { &mut others };
            let products = document["products"].as_array().into_iter().flatten();
            list.extend(products.filter_map(Value::as_str).map(str::to_owned));
        }
    }
    others.into_iter().find(|product| !bought.contains(product)).context("a product not bought on that day")
}

/// The wall clock of the infobase.
fn moscow(format: &str) -> String {
    (shared::clock::now() + chrono::Duration::hours(3)).format(format).to_string()
}

/// Figures without what parts their digits.
fn digits(text: &str) -> String {
    text.replace("&nbsp;", "").replace(['\u{a0}', '\u{202f}', '\u{2009}', ' '], "")
}
