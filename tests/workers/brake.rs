//! The brake on deletion: a source that suddenly shows far fewer removes nothing, until an operator says so or it is over.

use serde_json::{Value, json};
use stack::process::Process;
use tests::ledger::{self, SOON};
use tests::{TestOnec, await_true, test_workers};

use crate::nightly_pass::{claimed, reader};
use crate::stand::{Stand, await_line, has_line, start, text};

/// An extractor and its health port.
fn with_health(launch: stack::process::Launch) -> (Process, String) {
    let listen = format!("127.0.0.1:{}", stack::ports::free().expect("a port"));
    (start(launch.env("HEALTH_LISTEN", &listen)), format!("http://{listen}"))
}

async fn ask(health: &str, path: &str) -> String {
    let http = stack::http().expect("a client");
    let Ok(answer) = http.get(format!("{health}{path}")).send().await else { return String::new() };
    format!("{} {}", answer.status().as_u16(), answer.text().await.unwrap_or_default())
}

async fn standing(stand: &Stand, table: &str) -> u64 {
    stand.warehouse_count(&format!("SELECT count() FROM dw.{table} FINAL WHERE is_deleted = 0")).await
}

async fn held(stand: &Stand) -> i64 {
    stand.postgres_count("SELECT count(*) FROM held").await
}

async fn delete(stand: &Stand, documents: &[Value]) {
    for document in documents {
        stand.change(document, "delete", json!({})).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_deletions_at_once_are_held_with_both_counts_and_an_operator_lets_them_through() {
    let stand = Stand::start_with(|settings| settings.lines = 1_000).await;
    let (extractor, health) = with_health(stand.extractor());
    let _loader = start(stand.loader());
    stand.await_equal().await;
    let documents = stand.onec.ask("/documents?sale=true&limit=1000").await;
    let documents = documents.as_array().expect("documents");
    assert!(documents.len() > 40, "{} documents", documents.len());
    // Few are removed as ever.
    let (few, many) = (&documents[..5], &documents[10..documents.len() / 2]);
    delete(&stand, few).await;
    stand.await_equal().await;
    assert!(ask(&health, "/readyz").await.starts_with("200"));

    extractor.pause();
    delete(&stand, many).await;
    extractor.resume();
    let counts = format!("and {} no more", many.len());
    await_line(&extractor, &["ERROR", &counts, "extractor release sales"]).await;
    await_true("it is not ready, and says both counts", SOON, async || {
        let readiness = ask(&health, "/readyz").await;
        readiness.starts_with("503") && readiness.contains(&counts)
    })
    .await;
    assert!(ask(&health, "/metrics").await.contains(&format!("extract_held{{dataset=\"sales\"}} {}", many.len())));
    // What stands is as of the last whole pass, and the page says so; what is new or changed is read.
    let marked = ledger::newest_pass(&stand.clickhouse, "sales").await;
    let revenue = json!({ "line": 1, "field": "СуммаСНДС", "value": 7_654_321.25 });
    stand.change(&documents[6], "set", revenue).await;
    await_true("a change is read", SOON, async || {
        stand.warehouse_count("SELECT count() FROM dw.sale FINAL WHERE revenue = toDecimal64('7654321.25', 4)").await
            == 1
    })
    .await;
    assert_eq!(ledger::newest_pass(&stand.clickhouse, "sales").await, marked, "the data is not called fresh");
    for document in many {
        let query = format!(
            "SELECT count() FROM dw.sale FINAL WHERE is_deleted = 0 AND document_id = toUUID('{}')",
            text(document, "ref")
        );
        assert_eq!(stand.warehouse_count(&query).await, document["lines"].as_u64().expect("a count"), "it stands");
    }

    let told = stand.command(&["release", "sales"]).await;
    assert!(told.contains(&format!("{} of", many.len())), "{told}");
    stand.await_equal().await;
    await_true("it is ready again", SOON, async || ask(&health, "/readyz").await.starts_with("200")).await;
    assert_eq!(held(&stand).await, 0);
    // The word counted once.
    extractor.pause();
    let rest = stand.onec.ask("/documents?sale=true&limit=1000").await;
    delete(&stand, &rest.as_array().expect("documents")[..documents.len() / 3]).await;
    let rows = standing(&stand, "sale").await;
    extractor.resume();
    await_true("the next time it is held again", SOON, async || held(&stand).await == 1).await;
    assert_eq!(standing(&stand, "sale").await, rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_address_of_an_empty_base_removes_nothing_by_any_pass_and_the_right_one_ends_it() {
    // More than one return: a dataset of one document may lose it.
    let stand = Stand::start_with(|settings| settings.lines = 1_500).await;
    let (mut extractor, _loader) = stand.both().await;
    extractor.stop();
    let catalogs = async || (standing(&stand, "product").await, standing(&stand, "dealer").await);
    let (rows, items) = (standing(&stand, "sale").await, catalogs().await);
    // Something that was never confirmed, which is asked for by name.
    sqlx::query(
        "INSERT INTO sending (batch, dataset, pass) OVERRIDING SYSTEM VALUE
         SELECT batch, 'sales', 1 FROM sent WHERE dataset = 'sales' GROUP BY batch ORDER BY count(*) DESC LIMIT 1",
    )
    .execute(&stand.postgres.pool)
    .await
    .expect("an unconfirmed batch");
    let empty = TestOnec::start_with(|settings| {
        (settings.dealers, settings.products, settings.lines, settings.seed) = (1, 1, 0, 7);
    })
    .await;
    let launch =
        test_workers::extractor(&empty, &stand.postgres, &stand.clickhouse, &stand.topics, stand.folder.path());
    let mut extractor = start(launch.env("EXTRACT_CRON_SALES_FULL", "* * * * * *"));
    await_line(&extractor, &["ERROR", "\"sales\"", "1C shows 0 of"]).await;
    await_line(&extractor, &["ERROR", "\"sales-full\"", "1C shows 0 of"]).await;
    await_line(&extractor, &["ERROR", "\"products\"", "too many at once"]).await;
    extractor.stop();
    assert_eq!(standing(&stand, "sale").await, rows);
    assert_eq!(catalogs().await.0, items.0);

    let extractor = start(stand.extractor());
    stand.await_equal().await;
    await_true("nothing is held any more", SOON, async || held(&stand).await == 0).await;
    assert!(!has_line(&extractor, &["ERROR"]), "{}", extractor.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_were_never_confirmed_and_cannot_be_found_by_name_are_held_too() {
    let stand = Stand::start().await;
    let (mut extractor, _loader) = stand.both().await;
    extractor.stop();
    let documents = stand.onec.ask("/documents?limit=1000").await;
    sqlx::query("UPDATE sent SET batch = (SELECT max(batch) FROM sent) WHERE dataset = 'sales'")
        .execute(&stand.postgres.pool)
        .await
        .expect("one batch");
    sqlx::query(
        "INSERT INTO sending (batch, dataset, pass) OVERRIDING SYSTEM VALUE SELECT max(batch), 'sales', 1 FROM sent",
    )
    .execute(&stand.postgres.pool)
    .await
    .expect("an unconfirmed batch");
    delete(&stand, documents.as_array().expect("documents")).await;
    let rows = standing(&stand, "sale").await;
    // Compares tomorrow and the day before it: all others it asks for because they are unconfirmed.
    let mut reader = reader(&stand, claimed(&stand).await, 0).await;
    reader.keys_at_once = 0;
    let tomorrow = shared::clock::now().date_naive() + chrono::Duration::days(1);
    let ended = reader.window(tomorrow, tomorrow).await;
    assert!(matches!(ended, Err(workers::extract::Stop::Held(_))), "{ended:?}");
    assert_eq!(standing(&stand, "sale").await, rows);
}
