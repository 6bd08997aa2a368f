//! What was sent is compared with what stands in the warehouse, and PostgreSQL's count of passes with its versions.

use serde_json::json;
use stack::process::Process;
use tests::await_true;
use tests::ledger::{self, SOON};

use crate::stand::{Stand, await_line, start, text};

/// An extractor that compares every second.
fn auditing(stand: &Stand) -> Process {
    start(stand.extractor().env("EXTRACT_CRON_AUDIT", "* * * * * *"))
}

/// As whoever owns the tables, behind everybody's back.
async fn meddle(stand: &Stand, sql: &str) {
    stand.clickhouse.client("migrator").query(sql).execute().await.expect("change the warehouse");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_the_warehouse_lost_are_noticed_told_and_sent_again() {
    let stand = Stand::start().await;
    let (extractor, _loader) = (auditing(&stand), start(stand.loader()));
    stand.await_equal().await;
    await_line(&extractor, &["INFO", "What was sent of sales is what stands in the warehouse"]).await;
    assert!(!extractor.output().contains("does not hold what was sent"), "{}", extractor.output());

    // One line of a document, all of another, an item of a catalog.
    let documents = stand.documents().await;
    let (one, all) = (text(&documents[0], "ref"), text(&documents[1], "ref"));
    let lost = format!(
        "ALTER TABLE dw.sale DELETE WHERE (document_id = '{one}' AND line_no = 1) OR document_id = '{all}'
         SETTINGS mutations_sync = 1"
    );
    meddle(&stand, &lost).await;
    let dealer = stack::onec::dealer(1);
    let lost = format!("ALTER TABLE dw.dealer DELETE WHERE dealer_id = '{dealer}' SETTINGS mutations_sync = 1");
    meddle(&stand, &lost).await;
    await_line(&extractor, &["ERROR", "does not hold what was sent", "2 of sales do not stand"]).await;
    await_line(&extractor, &["ERROR", "does not hold what was sent", "1 of dealers do not stand"]).await;
    stand.await_equal().await;
    // What was found is there for people: the month that differed, and that it does no more.
    let mended = "SELECT count(DISTINCT warehouse_table) FROM reconciliation
                  WHERE warehouse_table IN ('sale', 'dealer') AND differed_at IS NOT NULL AND is_equal";
    await_true("both are compared again, and equal", SOON, async || stand.postgres_count(mended).await == 2).await;
    let sums = "SELECT count(*) FROM reconciliation WHERE warehouse_table = 'sale' AND sent_documents > 0
                AND (sent_documents, sent_lines, sent_amount) = (standing_documents, standing_lines, standing_amount)";
    await_true("their sums are the same", SOON, async || stand.postgres_count(sums).await >= 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_stand_though_nobody_sent_them_are_taken_away() {
    let stand = Stand::start().await;
    let (mut extractor, mut loader) = stand.both().await;
    stand.await_pass().await;
    let audits = "SELECT count(*) FROM slot WHERE job = 'sales-audit' AND state <> 'missed'";
    assert_eq!(stand.postgres_count(audits).await, 1, "one comparison follows the first load, the next its cron line");
    // It began while rows were on their way: what is written down of it is what it found when they had arrived.
    let compared = "SELECT count(*) FROM reconciliation WHERE warehouse_table = 'sale'";
    await_true("the comparison is over", SOON, async || stand.postgres_count(compared).await > 0).await;
    let unlike = "SELECT count(*) FROM reconciliation WHERE is_equal
                  AND (sent_documents, sent_lines, sent_amount) <> (standing_documents, standing_lines, standing_amount)";
    assert_eq!(stand.postgres_count(unlike).await, 0, "called equal, with different sums");
    let documents = stand.documents().await;
    // Tombstones get lost: a document moves to another dealer, and its former rows stand on.
    let (moved, gone) = (text(&documents[0], "ref").to_owned(), text(&documents[1], "ref").to_owned());
    meddle(&stand, "CREATE TABLE dw.former AS dw.sale").await;
    meddle(
        &stand,
        &format!("INSERT INTO dw.former SELECT * FROM dw.sale FINAL WHERE document_id IN ('{moved}', '{gone}')"),
    )
    .await;
    stand.change(&documents[0], "dealer", json!({ "dealer": stack::onec::dealer(2) })).await;
    stand.change(&documents[1], "delete", json!({})).await;
    stand.await_equal().await;
    extractor.stop();
    loader.stop();
    meddle(
        &stand,
        &format!(
            "ALTER TABLE dw.sale DELETE WHERE is_deleted = 1 AND document_id IN ('{moved}', '{gone}') SETTINGS mutations_sync = 1"
        ),
    )
    .await;
    meddle(&stand, "INSERT INTO dw.sale SELECT * FROM dw.former").await;

    let (extractor, _loader) = (auditing(&stand), start(stand.loader()));
    await_line(&extractor, &["ERROR", "does not hold what was sent", "of sales"]).await;
    stand.await_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_postgresql_was_made_anew_versions_go_on_behind_those_of_the_warehouse() {
    let stand = Stand::start().await;
    let (mut extractor, mut loader) = stand.both().await;
    extractor.stop();
    loader.stop();
    // All that the workers know is lost, and 1C goes on meanwhile.
    sqlx::raw_sql(
        "TRUNCATE sent, sending, rejected, progress, slot, held, snapshot; ALTER SEQUENCE pass_number RESTART",
    )
    .execute(&stand.postgres.pool)
    .await
    .expect("forget everything");
    let documents = stand.documents().await;
    stand.change(&documents[0], "dealer", json!({ "dealer": stack::onec::dealer(2) })).await;
    stand.change(&documents[1], "unpost", json!({})).await;
    stand.change(&documents[2], "delete", json!({})).await;

    let (extractor, _loader) = (start(stand.extractor()), start(stand.loader()));
    await_line(&extractor, &["ERROR", "PostgreSQL was restored or made anew", "numbered from"]).await;
    stand.await_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_postgresql_was_restored_all_is_compared_at_once() {
    let stand = Stand::start().await;
    let (mut extractor, mut loader) = stand.both().await;
    // A backup, and a day after it.
    let backup = "CREATE TABLE sent_backup AS TABLE sent; CREATE TABLE progress_backup AS TABLE progress";
    sqlx::raw_sql(backup).execute(&stand.postgres.pool).await.expect("back up");
    let documents = stand.documents().await;
    stand.change(&documents[0], "dealer", json!({ "dealer": stack::onec::dealer(2) })).await;
    stand.change(&documents[1], "touch", json!({})).await;
    stand.await_pass().await;
    stand.await_equal().await;
    extractor.stop();
    loader.stop();
    let restore = "TRUNCATE sent, sending, rejected, progress; INSERT INTO sent SELECT * FROM sent_backup;
         INSERT INTO progress SELECT * FROM progress_backup; SELECT setval('pass_number', (SELECT max(pass) FROM progress))";
    sqlx::raw_sql(restore).execute(&stand.postgres.pool).await.expect("restore");
    stand.change(&documents[0], "dealer", json!({ "dealer": stack::onec::dealer(3) })).await;

    let (extractor, _loader) = (start(stand.extractor()), start(stand.loader()));
    await_line(&extractor, &["ERROR", "PostgreSQL was restored or made anew", "numbered from"]).await;
    stand.await_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warehouse_that_was_lost_is_filled_again_by_the_comparison() {
    let stand = Stand::start().await;
    let (mut extractor, _loader) = stand.both().await;
    extractor.stop();
    for table in ["sale", "product", "dealer", "currency", "unit", "pass"] {
        meddle(&stand, &format!("TRUNCATE TABLE dw.{table}")).await;
    }
    let _extractor = auditing(&stand);
    // A comparison that comes before the first pass waits for markers that are lost, and gives way.
    ledger::await_equal(&stand.onec, &stand.clickhouse, 3 * SOON).await;
    await_true("nothing is left to be sent again", SOON, async || {
        stand.postgres_count("SELECT count(*) FROM sent WHERE data_version = ''").await == 0
    })
    .await;
}
