//! `kill -9` again and again, in the middle of whatever happens, under a stream of edits: at the end the warehouse equals the base.
//! Some seconds of it with every run of the tests, `KILL_SECONDS` (420) with `./dev test --nightly`.

use std::time::Duration;

use serde_json::json;
use tests::{TestOnec, TestPostgres, TestTopics, folder, ledger};
use tokio::time::Instant;

use crate::road::{Road, dealer, own_kafka, own_postgres};

/// Everything may have to begin again, and what Kafka takes for alive must first be given up.
const PATIENCE: Duration = Duration::from_secs(300);

fn end() -> Instant {
    let seconds = shared::env::parsed("KILL_SECONDS", 20).expect("KILL_SECONDS is a number");
    Instant::now() + Duration::from_secs(seconds)
}

/// Numbers that look random, the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = xxhash_rust::xxh64::xxh64(&self.0.to_le_bytes(), 0);
        self.0 % sides
    }

    /// The moments at which things are killed: soon after one another, or after a while of work.
    async fn pause(&mut self) {
        tokio::time::sleep(Duration::from_millis(100 + self.below(20).pow(2) * 8)).await;
    }
}

/// Some twenty edits a second, of every kind, of documents of whom it may concern.
async fn edit_until(onec: &TestOnec, end: Instant) -> u64 {
    let mut references = Vec::new();
    for number in 1..=3 {
        let documents = onec.ask(&format!("/documents?dealer={}&sale=true&limit=200", dealer(number))).await;
        let all = documents.as_array().expect("a list of documents");
        references.extend(all.iter().filter_map(|document| document["ref"].as_str().map(str::to_owned)));
    }
    let (mut dice, mut edits) = (Dice(1), 0);
    let pick = |dice: &mut Dice, count: usize| usize::try_from(dice.below(count as u64)).expect("a small number");
    while Instant::now() < end {
        let reference = &references[pick(&mut dice, references.len())];
        let (what, body) = match dice.below(5) {
            0 => ("touch", json!({})),
            1 => ("unpost", json!({})),
            2 => ("redate", json!({ "date": format!("2026-{:02}-15T12:00:00", 1 + dice.below(9)) })),
            3 => ("dealer", json!({ "dealer": dealer(u32::try_from(1 + dice.below(3)).expect("a small number")) })),
            _ => ("post", json!({})),
        };
        onec.change(&format!("/documents/{reference}/{what}"), body).await;
        edits += 1;
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    edits
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clickhouse_that_is_killed_again_and_again_under_edits_loses_nothing() {
    let mut road = Road::start_with(|settings| settings.lines = 5_000).await;
    road.await_equal(PATIENCE).await;
    let (end, server) = (end(), &mut road.clickhouse.server);
    let kills = async {
        let (mut dice, mut kills) = (Dice(2), 0);
        while Instant::now() < end {
            dice.pause().await;
            server.process.kill();
            server.restart().await.expect("restart ClickHouse");
            kills += 1;
        }
        kills
    };
    let (edits, kills): (u64, u64) = tokio::join!(edit_until(&road.onec, end), kills);
    println!("{edits} edits, ClickHouse killed {kills} times");
    assert!(edits > 10 && kills > 1, "{edits} edits, {kills} kills");
    road.await_equal(PATIENCE).await;
    assert_eq!(ledger::counted_twice(&road.clickhouse).await, 0);
    assert!(road.loader.is_running() && road.extractor.is_running(), "the workers lived through it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_road_of_which_everything_is_killed_again_and_again_under_edits_loses_nothing() {
    let at = folder();
    let mut kafka = own_kafka(at.path()).await;
    let mut postgres = own_postgres(at.path()).await;
    let (topics, database) =
        (TestTopics::on(&kafka.brokers()).await, TestPostgres::on(&postgres.url("postgres")).await);
    let mut road = Road::over(TestOnec::start_with(|settings| settings.lines = 5_000).await, database, topics).await;
    road.await_equal(PATIENCE).await;
    let end = end();
    let Road { onec, clickhouse, extractor, loader, .. } = &mut road;
    let kills = async {
        let (mut dice, mut kills) = (Dice(3), [0; 5]);
        while Instant::now() < end {
            dice.pause().await;
            let victim = usize::try_from(dice.below(5)).expect("a small number");
            kills[victim] += 1;
            match victim {
                0 => {
                    clickhouse.server.process.kill();
                    clickhouse.server.restart().await.expect("restart ClickHouse");
                }
                1 => {
                    kafka.process.kill();
                    kafka.restart().await.expect("restart Kafka");
                }
                2 => {
                    postgres.process.kill();
                    postgres.restart().await.expect("restart PostgreSQL");
                }
                worker => {
                    let worker = if worker == 3 { &mut *extractor } else { &mut *loader };
                    worker.kill();
                    worker.restart().expect("restart a worker");
                }
            }
        }
        kills
    };
    let (edits, kills): (u64, [u64; 5]) = tokio::join!(edit_until(onec, end), kills);
    println!("{edits} edits; ClickHouse, Kafka, PostgreSQL, extractor and loader killed {kills:?} times");
    assert!(edits > 10 && kills.iter().sum::<u64>() > 2, "{edits} edits, {kills:?} kills");
    road.await_equal(PATIENCE).await;
    assert_eq!(ledger::counted_twice(&road.clickhouse).await, 0);
}
