//! Whatever is killed or changed, the warehouse comes to equal the 1C base, to the last digit.

use std::time::Duration;

use serde_json::json;
use tests::await_true;

use crate::road::{Road, SOON, dealer};

#[tokio::test(flavor = "multi_thread")]
async fn after_a_full_load_and_after_each_kind_of_change_the_warehouse_equals_the_1c_base() {
    let road = Road::start_with(|settings| settings.lines = 5_000).await;
    road.await_equal(SOON).await;

    let documents = road.documents(1).await;
    let many_lines =
        |at: usize| documents.iter().filter(|(_, _, lines)| *lines > 1).nth(at).expect("a document").0.clone();
    let (redated, shortened, moved, unposted) = (many_lines(0), many_lines(1), many_lines(2), many_lines(3));
    let (marked, removed, changed) = (many_lines(4), many_lines(5), many_lines(6));
    let change = async |reference: &str, what: &str, body| {
        road.onec.change(&format!("/documents/{reference}/{what}"), body).await;
        road.await_equal(SOON).await;
    };
    let today = &documents.iter().map(|(_, date, _)| date.clone()).max().expect("a date");
    change(&redated, "redate", json!({ "date": today })).await;
    change(&shortened, "remove-line", json!({ "line": 1 })).await;
    change(&moved, "dealer", json!({ "dealer": dealer(2) })).await;
    change(&unposted, "unpost", json!({})).await;
    change(&unposted, "post", json!({})).await;
    change(&marked, "mark-deleted", json!({})).await;
    change(&removed, "delete", json!({})).await;
    change(&changed, "set", json!({ "line": 1, "field": "СуммаСНДС", "value": 99_999_999_999.99_f64 })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_killed_at_many_moments_lose_nothing_and_leave_nothing_twice() {
    let mut road = Road::start_with(|settings| settings.lines = 20_000).await;
    // Spread over the first load, and over the passes after it: each round kills both at another moment.
    for round in 0..12u64 {
        let moment = Duration::from_millis(40 + round * 137 % 900);
        tokio::time::timeout(moment, std::future::pending::<()>()).await.ok();
        if round % 2 == 0 {
            road.extractor.kill();
            road.extractor.restart().expect("restart the extractor");
        } else {
            road.loader.kill();
            road.loader.restart().expect("restart the loader");
        }
        if let Some((reference, _, _)) = road.documents(1).await.get(round as usize) {
            road.onec.change(&format!("/documents/{reference}/dealer"), json!({ "dealer": dealer(2) })).await;
        }
    }
    road.await_equal(Duration::from_secs(180)).await;
    road.await_pass().await;
    road.await_equal(SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_extractors_share_the_slots_and_no_slot_runs_twice() {
    let road = Road::start().await;
    let mut second = tests::test_workers::extractor(&road.onec, &road.postgres, &road.topics, road.folder.path())
        .start()
        .expect("start a second extractor");
    let count = async |condition: &str| -> i64 {
        let query = format!("SELECT count(*) FROM slot WHERE {condition}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(&road.postgres.pool).await.expect("ask for slots")
    };
    await_true("twelve slots are done", SOON, async || count("state = 'done'").await >= 12).await;
    // Whose tick comes first each second wins every slot: only a pause of the one shows that the other works too.
    // A pause is far shorter than a lease, so nothing is taken over.
    for paused in [&road.extractor, &second] {
        await_true("slots are done while one replica is paused", SOON, async || {
            // Paused at work it would keep the other waiting, for as long as its lease lasts.
            if count("state = 'running'").await > 0 {
                return false;
            }
            paused.pause();
            let done = count("state = 'done'").await;
            let until = std::time::Instant::now() + Duration::from_secs(5);
            let mut goes_on = false;
            while !goes_on && std::time::Instant::now() < until {
                tokio::time::sleep(Duration::from_millis(100)).await;
                goes_on = count("state = 'done'").await > done + 1;
            }
            paused.resume();
            goes_on
        })
        .await;
    }
    assert_eq!(count("attempt > 1").await, 0, "a slot ran twice");
    assert!(second.is_running());
    road.await_equal(SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_loader_takes_partitions_over_and_gives_them_back() {
    let road = Road::start_with(|settings| settings.lines = 5_000).await;
    road.await_equal(SOON).await;
    let loader = tests::test_workers::loader(&road.topics, &road.postgres, &road.clickhouse, road.folder.path());
    let mut second = loader.start().expect("start a second loader");
    // Whoever is given a partition raises its epoch; and each pass ends with a marker in every partition.
    let taken_over = async |epoch: i64| -> i64 {
        let query = "SELECT count(*) FROM batch WHERE writer_epoch >= $1 AND phase = 'after'";
        sqlx::query_scalar(query).bind(epoch).fetch_one(&road.postgres.pool).await.expect("ask for batches")
    };
    await_true("the second loader has partitions", SOON, async || taken_over(2).await > 0).await;
    change_of_dealer(&road, 0).await;
    road.await_equal(SOON).await;
    second.kill();
    await_true("the first loader has them again", SOON, async || taken_over(3).await > 0).await;
    change_of_dealer(&road, 1).await;
    road.await_equal(SOON).await;
}

async fn change_of_dealer(road: &Road, at: usize) {
    let documents = road.documents(3).await;
    let (reference, _, _) = documents.get(at).expect("a recent document");
    road.onec.change(&format!("/documents/{reference}/dealer"), json!({ "dealer": dealer(4) })).await;
}

/// What the loader's alarm tells to do when Kafka lost what was never stored.
#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_without_versions_has_the_next_pass_send_everything_again() {
    let road = Road::start().await;
    road.await_equal(SOON).await;
    road.clickhouse.client("migrator").query("TRUNCATE TABLE dw.sale").execute().await.expect("empty the table");
    sqlx::query("UPDATE sent SET data_version = '' WHERE dataset IN ('sales', 'returns')")
        .execute(&road.postgres.pool)
        .await
        .expect("forget the versions");
    road.await_equal(SOON).await;
}
