//! Each part really down: the log or the page says which and what happens next, nothing is lost, work resumes by itself.

use std::time::Duration;

use serde_json::json;
use stack::process::Process;
use tests::{Browser, TestKeycloak, TestPortal, TestPostgres, TestTopics, await_true, folder};

use crate::road::{Road, SOON, dealer, own_kafka, own_postgres};

/// Changes a document of dealer 1 so that there is something to lose.
async fn change_something(road: &Road) {
    let documents = road.documents(1).await;
    let (reference, _, _) = documents.first().expect("a document");
    road.onec.change(&format!("/documents/{reference}/dealer"), json!({ "dealer": dealer(2) })).await;
}

/// Waits for a log line that holds all of `words`.
async fn await_line(process: &Process, words: &[&str]) {
    await_true(&format!("{} logs {words:?}", process.name()), SOON, async || {
        process.output().lines().any(|line| words.iter().all(|word| line.contains(word)))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clickhouse_away_is_told_by_loader_and_page_and_both_resume_when_it_is_back() {
    let mut road = Road::start().await;
    let portal = road.portal().await;
    road.await_equal(SOON).await;
    let browser = Browser::start().await;
    let (page, _) = road.sales_page(&browser, &portal, 1).await;

    road.clickhouse.server.process.kill();
    change_something(&road).await;
    await_line(&road.loader, &["ClickHouse", "WARN"]).await;
    // What the portal knows already it shows for a second more.
    await_true("the page says that reports are away", SOON, async || {
        page.open(&portal.at("/reports/sales")).await;
        page.text("body").await.contains("Отчёты временно недоступны")
    })
    .await;
    page.screenshot("clickhouse-away").await;

    road.clickhouse.server.restart().await.expect("restart ClickHouse");
    road.await_equal(SOON).await;
    await_true("the page shows rows again", SOON, async || {
        page.open(&portal.at("/reports/sales")).await;
        page.has("#report-results table").await
    })
    .await;
    assert!(road.loader.is_running() && road.extractor.is_running(), "the workers lived through it");
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_away_is_told_by_the_extractor_and_nothing_is_lost() {
    let at = folder();
    let mut kafka = own_kafka(at.path()).await;
    let topics = TestTopics::on(&kafka.brokers()).await;
    let mut road = Road::with_topics(topics).await;
    road.await_equal(SOON).await;

    kafka.process.kill();
    change_something(&road).await;
    await_line(&road.extractor, &["Kafka", "WARN"]).await;
    kafka.restart().await.expect("restart Kafka");
    road.await_equal(Duration::from_secs(180)).await;
    assert!(road.loader.is_running() && road.extractor.is_running(), "the workers lived through it");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_away_is_told_by_workers_and_page_and_all_resume_when_it_is_back() {
    let at = folder();
    let mut server = own_postgres(at.path()).await;
    let database = TestPostgres::on(&server.url("postgres")).await;
    let mut road = Road::with_postgres(database).await;
    let portal = road.portal().await;
    road.await_equal(SOON).await;
    let browser = Browser::start().await;
    let (page, _) = road.sales_page(&browser, &portal, 1).await;

    server.process.kill();
    change_something(&road).await;
    await_line(&road.extractor, &["PostgreSQL", "WARN"]).await;
    page.open(&portal.at("/reports/sales")).await;
    page.wait_for_text("Портал временно недоступен").await;
    page.screenshot("postgres-away").await;

    server.restart().await.expect("restart PostgreSQL");
    road.await_equal(Duration::from_secs(180)).await;
    await_true("the signed-in viewer works on", SOON, async || {
        page.open(&portal.at("/reports/sales")).await;
        page.has("#report-results table").await
    })
    .await;
    assert!(road.loader.is_running() && road.extractor.is_running(), "the workers lived through it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_1c_server_away_is_told_by_the_extractor_and_read_again_when_it_is_back() {
    let mut road = Road::start().await;
    road.await_equal(SOON).await;
    road.onec.server.process.kill();
    await_line(&road.extractor, &["1C", "WARN"]).await;
    road.onec.server.process.restart().expect("restart the stand-in");
    road.onec.server.ready().await.expect("the stand-in answers");
    change_something(&road).await;
    road.await_equal(Duration::from_secs(180)).await;
    assert!(road.extractor.is_running(), "the extractor lived through it");
}

#[tokio::test(flavor = "multi_thread")]
async fn keycloak_away_is_told_by_the_sign_in_page_while_the_portal_stays_ready() {
    let (postgres, clickhouse, at) = (tests::postgres().await, tests::clickhouse().await, folder());
    let nobody = format!("http://127.0.0.1:{}/realms/dealers", stack::ports::free().expect("a port"));
    let portal = TestPortal::start_with(&postgres, &clickhouse, &TestKeycloak::shared(), at.path(), |launch| {
        launch.env("OIDC_ISSUER", nobody)
    })
    .await;
    let browser = Browser::start().await;
    let page = browser.page().await;
    page.open(&portal.at("/login")).await;
    page.wait_for_text("Вход временно недоступен").await;
    page.screenshot("keycloak-away").await;
}
