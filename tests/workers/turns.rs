//! The usual pass over documents: it compares a bounded number of keys, and yet everything has its turn.

use chrono::NaiveDate;
use serde_json::Value;

use crate::nightly_pass::{claimed, reader};
use crate::stand::{Stand, text};

/// More than any turn through the base of the stand takes.
const ENOUGH: usize = 400;

/// Documents of sales sent again after `batch`, by the day they are of.
async fn sent_after(stand: &Stand, batch: i64) -> Vec<NaiveDate> {
    sqlx::query_scalar(
        "SELECT sold_on FROM sent WHERE dataset = 'sales' AND sold_on IS NOT NULL AND batch > $1 ORDER BY sold_on",
    )
    .bind(batch)
    .fetch_all(&stand.postgres.pool)
    .await
    .expect("what was sent")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_usual_pass_reads_the_newest_and_everything_older_in_turns_again_and_again() {
    let stand = Stand::start().await;
    let (mut extractor, _loader) = stand.both().await;
    extractor.stop();
    let documents = stand.onec.ask("/documents?sale=true&limit=10000").await;
    let documents = documents.as_array().expect("documents");
    let day = |document: &Value| text(document, "date")[..10].parse().expect("a day");
    let mut all: Vec<NaiveDate> = documents.iter().map(day).collect();
    all.sort_unstable();
    assert!(all[0] < all[all.len() / 2], "{all:?}");
    let mut reader = reader(&stand, claimed(&stand).await, 0).await;
    reader.keys_at_once = 5;
    let today = shared::clock::now().date_naive();
    let window = all[all.len() / 2];
    assert!(all.iter().filter(|day| **day < window).count() > 15, "a base with a past");

    for round in ["the first time", "and again"] {
        let before = stand.postgres_count("SELECT max(batch) FROM sent").await;
        for document in documents {
            stand.change(document, "touch", Value::Null).await;
        }
        let mut sent = Vec::new();
        let (mut passes, mut of_window) = (0, None);
        while sent.len() < all.len() {
            passes += 1;
            assert!(passes < ENOUGH, "{round}: {} of {} have had their turn", sent.len(), all.len());
            reader.window(window, today).await.expect("a pass");
            let former = sent.len();
            sent = sent_after(&stand, before).await;
            assert!(sent.len() - former < all.len() / 2, "{round}: one pass reads a part of the base");
            if passes == 1 {
                assert_eq!(sent.last(), all.last(), "{round}: the newest do not wait for a turn");
            }
            if of_window.is_none()
                && all.iter().filter(|day| **day >= window).eq(sent.iter().filter(|day| **day >= window))
            {
                of_window = Some(passes);
            }
        }
        assert!(of_window < Some(passes), "{round}: the window comes round sooner than the rest");
    }
    stand.await_equal().await;
}
