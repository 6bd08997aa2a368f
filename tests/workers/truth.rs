//! What rows of the stand-in come to for each dealer, and what a view shows him.

use std::collections::BTreeMap;

use serde_json::Value;
use tests::ledger::SOON;

use crate::stand::Stand;

pub const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// Sums of a dealer's rows, in ten-thousandths, by what tells them apart.
pub type Sums = BTreeMap<Vec<String>, Vec<i128>>;

pub async fn rows(stand: &Stand, set: &str) -> Vec<Value> {
    stand.onec.ask(&format!("/rows/{set}")).await.as_array().expect("rows of a set").clone()
}

/// Exact, from the literal text.
pub fn raw(number: &str) -> i128 {
    let (digits, sign) = number.strip_prefix('-').map_or((number, 1), |digits| (digits, -1));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    sign * format!("{whole}{fraction:0<4}").parse::<i128>().expect("a decimal of four places")
}

pub fn amount(row: &Value, field: &str) -> i128 {
    match &row[field] {
        Value::Null => 0,
        number => raw(number.to_string().trim_matches('"').trim_end_matches(".0")),
    }
}

pub fn day(moment: &str) -> String {
    if moment.starts_with("0001") { String::new() } else { moment[..10].to_owned() }
}

/// By the clock of the infobase, as 1C writes it.
pub fn now() -> String {
    let moscow = shared::clock::now() + chrono::Duration::hours(3);
    moscow.format("%Y-%m-%dT%H:%M:%S").to_string()
}

pub fn dealers() -> Vec<String> {
    (1..=5).map(stack::onec::dealer).collect()
}

/// What a view shows a dealer: `key` and `figures` of its rows, asked by the portal's own user.
pub async fn shown(stand: &Stand, view: &str, dealer: &str, key: &str, figures: &[&str]) -> Sums {
    let sums = figures.iter().map(|figure| format!("toString(sum({figure}))")).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "SELECT arrayStringConcat([{key}], '|') AS key, arrayStringConcat([{sums}], '|')
         FROM report.{view}(dealers = [toUUID('{dealer}')]) GROUP BY key"
    );
    let found: Vec<(String, String)> =
        stand.clickhouse.client("portal_ro").query(&sql).fetch_all().await.expect("ask the view");
    let parts = |text: String| text.split('|').map(str::to_owned).collect::<Vec<_>>();
    found.into_iter().map(|(key, sums)| (parts(key), parts(sums).iter().map(|sum| raw(sum)).collect())).collect()
}

/// Every dealer is shown what is his in 1C, and nothing else. Returns what that is.
pub async fn await_equal(
    stand: &Stand,
    what: &str,
    truth: impl AsyncFn(&Stand) -> BTreeMap<String, Sums>,
    warehouse: impl AsyncFn(&Stand, &str) -> Sums,
) -> BTreeMap<String, Sums> {
    let until = std::time::Instant::now() + SOON;
    loop {
        let (truth, mut found) = (truth(stand).await, BTreeMap::new());
        for dealer in dealers() {
            let shown = warehouse(stand, &dealer).await;
            if !shown.is_empty() {
                found.insert(dealer, shown);
            }
        }
        if !truth.is_empty() && truth == found {
            return truth;
        }
        if std::time::Instant::now() >= until {
            for (dealer, wanted) in &truth {
                let shown = found.get(dealer).cloned().unwrap_or_default();
                let lacks: Vec<_> = wanted.iter().filter(|row| shown.get(row.0) != Some(row.1)).take(3).collect();
                let more: Vec<_> = shown.iter().filter(|row| wanted.get(row.0) != Some(row.1)).take(3).collect();
                eprintln!("{dealer}: {} in 1C, {} shown; lacks {lacks:?}, has {more:?}", wanted.len(), shown.len());
            }
            panic!("{what}: not within {SOON:?}; dealers {:?}", found.keys());
        }
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
}
