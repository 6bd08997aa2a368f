//! A dataset or a period read again by an operator's word: after a mapping was wrong and is mended.

use std::path::PathBuf;

use serde_json::json;
use tests::await_true;
use tests::ledger::SOON;
use workers::config;
use workers::extract::operator;

use crate::stand::{Stand, await_line, dataset, start};

const OURS: &str = include_str!("../../assets/datasets/sales/ut11.toml");

/// A site's folder whose mapping of sales is ours with something else in it.
fn site(stand: &Stand, name: &str, changes: &[(&str, &str)]) -> PathBuf {
    let folder = stand.folder.path().join(name);
    std::fs::create_dir(&folder).expect("a folder");
    let text = changes.iter().fold(OURS.to_owned(), |text, (ours, theirs)| {
        assert!(text.contains(ours), "{ours}");
        text.replace(ours, theirs)
    });
    std::fs::write(folder.join("sales.ut11.toml"), text).expect("write the mapping");
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_wrong_mapping_is_mended_everything_is_read_again_by_itself_rejected_documents_included() {
    let stand = Stand::start().await;
    // Amounts in each other's place: everything fits, and everything is wrong.
    let swapped =
        [("revenue = \"СуммаСНДС\"", "revenue = \"СуммаНДС\""), ("\nvat = \"СуммаНДС\"", "\nvat = \"СуммаСНДС\"")];
    let mut extractor = start(stand.extractor().env("DATASETS_DIR", site(&stand, "swapped", &swapped)));
    let _loader = start(stand.loader());
    stand.await_pass().await;
    extractor.stop();
    // A reference where a number is meant: nothing fits that is read now.
    let documents = stand.documents().await;
    for document in &documents[..3] {
        stand.change(document, "touch", json!({})).await;
    }
    let refused = site(&stand, "refused", &[("quantity = \"Количество\"", "quantity = \"Упаковка_Key\"")]);
    let mut extractor = start(stand.extractor().env("DATASETS_DIR", refused));
    let rejected = async || stand.postgres_count("SELECT count(*) FROM rejected").await;
    await_true("three are rejected", SOON, async || rejected().await == 3).await;
    extractor.stop();

    let extractor = start(stand.extractor());
    stand.await_equal().await;
    await_true("nothing is rejected any more", SOON, async || rejected().await == 0).await;
    await_line(&extractor, &["of sales that were read by another mapping are read again"]).await;
    let now = "SELECT count(DISTINCT shape) FROM sent WHERE dataset = 'sales'";
    await_true("all of it is of one shape", SOON, async || stand.postgres_count(now).await == 1).await;
    let known = "SELECT count(*) FROM progress p WHERE dataset = 'sales' AND shape = (SELECT max(shape) FROM sent WHERE dataset = 'sales')";
    await_true("and that is remembered", SOON, async || stand.postgres_count(known).await == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_word_has_a_dataset_read_again_rejected_documents_included() {
    let stand = Stand::start().await;
    let (_extractor, _loader) = stand.both().await;
    sqlx::query(
        "INSERT INTO rejected (dataset, key, data_version, reason, pass) VALUES ('sales', 'nobody', '1', 'a test', 1)",
    )
    .execute(&stand.postgres.pool)
    .await
    .expect("a rejected document");
    // As if rows had been lost behind Kafka.
    stand.clickhouse.client("migrator").query("TRUNCATE TABLE dw.sale").execute().await.expect("lose the rows");
    let told = stand.command(&["reread", "sales"]).await;
    assert!(told.contains("that were rejected, by sales-full"), "{told}");
    stand.command(&["reread", "returns"]).await;
    stand.await_equal().await;
    assert_eq!(stand.postgres_count("SELECT count(*) FROM rejected").await, 0);
    let again = stand.postgres_count("SELECT count(*) FROM sent WHERE data_version = ''").await;
    assert_eq!(again, 0, "and all of it is remembered as sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_is_read_again_without_the_rest_and_a_pass_under_way_cannot_undo_it() {
    let stand = Stand::start().await;
    let (mut extractor, _loader) = stand.both().await;
    extractor.stop();
    let under_way = crate::nightly_pass::claimed(&stand).await;
    let reader = crate::nightly_pass::reader(&stand, under_way, 0).await;
    let days: Vec<chrono::NaiveDate> = sqlx::query_scalar(
        "SELECT DISTINCT sold_on FROM sent WHERE dataset = 'sales' AND sold_on IS NOT NULL ORDER BY sold_on",
    )
    .fetch_all(&stand.postgres.pool)
    .await
    .expect("the days");
    let (from, to) = (days[days.len() / 3], days[days.len() / 2]);
    let jobs = config::jobs_from_env(&tests::datasets()).expect("the jobs");
    let reread = operator::reread(&stand.postgres.pool, &jobs, dataset("sales"), Some(from), Some(to)).await;
    let reread = reread.expect("read again");
    let forgotten: (i64, chrono::NaiveDate, chrono::NaiveDate) =
        sqlx::query_as("SELECT count(*), min(sold_on), max(sold_on) FROM sent WHERE data_version = ''")
            .fetch_one(&stand.postgres.pool)
            .await
            .expect("what is forgotten");
    assert_eq!(forgotten, (i64::try_from(reread.sent).unwrap(), from, to));

    let asked = "SELECT count(*) FROM slot WHERE job = 'sales-full' AND state = 'queued' AND slot_at > now() - interval '1 minute'";
    assert_eq!(stand.postgres_count(asked).await, 1, "a pass over everything is asked for");

    let ended = reader.window(from, shared::clock::now().date_naive()).await;
    assert!(matches!(ended, Err(workers::extract::Stop::Stale)), "{ended:?}");
    let nowhere = operator::reread(&stand.postgres.pool, &jobs, dataset("dealers"), Some(from), None).await;
    assert!(nowhere.expect_err("dealers have no dates").to_string().contains("leave --from and --to out"));

    let _extractor = start(stand.extractor());
    await_true("the period is sent again", SOON, async || {
        stand.postgres_count("SELECT count(*) FROM sent WHERE data_version = ''").await == 0
    })
    .await;
    stand.await_equal().await;
}
