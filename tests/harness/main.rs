//! The harness itself: what every other integration test leans on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod queries;
mod rights;

use std::time::Duration;

use axum::response::Html;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::Digest;
use sqlx::Row;
use tests::{Browser, Fault, FaultProxy, TestKeycloak, Theme, clickhouse, postgres, topics};

const PAGE: &str = "<!doctype html><html lang=ru><meta charset=utf-8><meta name=viewport content=width=device-width><title>Проба</title><main><h1>Итого 5 ₽</h1>\
    <noscript><p id=plain>Без сценариев</p></noscript><script>document.body.dataset.script = 'ran'</script>\
    <a id=file href=/file download>CSV</a></main></html>";

/// A site of one page, at the address that is returned.
async fn site() -> String {
    let file = || async {
        ([("content-disposition", "attachment; filename*=UTF-8''%D0%BE%D1%82%D1%87%D1%91%D1%82.csv")], "a;b\n")
    };
    let app = axum::Router::new().route("/file", get(file)).fallback(get(|| async { Html(PAGE) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

#[tokio::test]
async fn each_test_has_a_migrated_database_of_its_own() {
    let (one, other) = tokio::join!(postgres(), postgres());
    sqlx::raw_sql("CREATE TABLE only_here ()").execute(&one.pool).await.unwrap();
    let there = "SELECT to_regclass('only_here') IS NOT NULL, to_regclass('_sqlx_migrations') IS NOT NULL";
    let row = sqlx::query(there).fetch_one(&other.pool).await.unwrap();
    assert_eq!((row.get::<bool, _>(0), row.get::<bool, _>(1)), (false, true));
}

#[tokio::test]
async fn a_clickhouse_is_migrated_and_survives_a_kill() {
    let mut clickhouse = clickhouse().await;
    let count = "SELECT count() FROM dw.migration";
    let before: u64 = clickhouse.client("audit_ro").query(count).fetch_one().await.unwrap();
    clickhouse.server.process.kill();
    clickhouse.server.restart().await.unwrap();
    let after: u64 = clickhouse.client("audit_ro").query(count).fetch_one().await.unwrap();
    assert!(before > 0 && before == after, "{before} before, {after} after");
}

#[tokio::test]
async fn topics_carry_a_message() {
    use rdkafka::producer::{FutureProducer, FutureRecord};
    let topics = topics().await;
    let producer: FutureProducer = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", &topics.brokers)
        .set("compression.type", "lz4")
        .create()
        .unwrap();
    let name = topics.name("sales");
    let record = FutureRecord::to(&name).key("key").payload("value");
    producer.send(record, Duration::from_secs(10)).await.unwrap();
}

#[tokio::test]
async fn a_dealer_signs_in_through_keycloak_in_the_browser() {
    let (keycloak, portal) = (TestKeycloak::shared(), site().await);
    let client = keycloak.portal_client(&portal).await;
    let user = keycloak.dealer(&["5b0d6f0e-d0d0-11ee-8a01-000000000001"]).await;
    let challenge = URL_SAFE_NO_PAD.encode(sha2::Sha256::digest("x".repeat(43)));
    let address = format!(
        "{}/protocol/openid-connect/auth?response_type=code&scope=openid&state=s&nonce=n&client_id={}\
         &redirect_uri={portal}/login/callback&code_challenge={challenge}&code_challenge_method=S256",
        keycloak.issuer(),
        client.id
    );
    let browser = Browser::start().await;
    let page = browser.page().await;
    page.open(&address).await;
    page.sign_in(&user.name, "wrong").await;
    page.wait_for_text("Неправильное").await;
    page.sign_in(&user.name, &user.name).await;
    page.wait_for_text("Итого").await;
    assert!(page.url().await.starts_with(&format!("{portal}/login/callback?")), "{}", page.url().await);
    assert_eq!(keycloak.sessions(&user).await.len(), 1);
    keycloak.end_sessions(&user).await;
    assert!(keycloak.sessions(&user).await.is_empty());
    keycloak.enable(&user, false).await;
    keycloak.set_dealers(&user, &[]).await;
    keycloak.rotate_keys(false).await;
}

#[tokio::test]
async fn a_page_can_be_looked_at_in_every_way_a_test_needs() {
    let (browser, site) = (Browser::start().await, site().await);
    let page = browser.page().await;
    page.forget_traffic();
    page.open(&site).await;
    assert_eq!(page.evaluate::<String>("document.body.dataset.script").await, "ran");
    let (requests, bytes) = page.traffic();
    assert!(requests >= 1 && bytes > PAGE.len() as u64, "{requests} requests, {bytes} bytes");
    page.width(380).await;
    page.theme(Theme::Dark).await;
    assert!(page.evaluate::<bool>("innerWidth === 380 && matchMedia('(prefers-color-scheme: dark)').matches").await);
    let language = "[navigator.language, Intl.NumberFormat().resolvedOptions().locale, Intl.DateTimeFormat().resolvedOptions().timeZone]";
    assert_eq!(page.evaluate::<[String; 3]>(language).await, ["ru-RU", "ru-RU", "Europe/Moscow"]);
    assert!(page.axe().await.is_empty(), "{:?}", page.axe().await);
    assert!(std::fs::metadata(page.screenshot("harness").await).unwrap().len() > 1000);
    page.click("#file").await;
    assert_eq!(page.downloaded().await, ("отчёт.csv".to_owned(), b"a;b\n".to_vec()));
    page.javascript(false).await;
    page.open(&site).await;
    page.wait_for("#plain").await;
    assert!(!page.evaluate::<bool>("'script' in document.body.dataset").await);
}

#[tokio::test]
async fn a_store_behind_a_blackhole_answers_nothing_until_it_heals() {
    let database = postgres().await;
    let url = url::Url::parse(&database.url).unwrap();
    let mut proxy = FaultProxy::before(format!("127.0.0.1:{}", url.port().unwrap())).await;
    let through = format!("postgres://app@{}{}", proxy.address(), url.path());
    let pool = sqlx::PgPool::connect(&through).await.unwrap();
    proxy.set(Fault::Blackhole).await;
    let silent = tokio::time::timeout(Duration::from_millis(300), sqlx::query("SELECT 1").execute(&pool)).await;
    assert!(silent.is_err());
    proxy.set(Fault::None).await;
    sqlx::query("SELECT 1").execute(&pool).await.unwrap();
}

/// Every Rust file of the workspace.
fn sources(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
        let (path, name) = (entry.path(), entry.file_name());
        let is_built = name == "target" || name.to_string_lossy().starts_with('.');
        if path.is_dir() && !is_built {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_guard_names_a_test_that_exists() {
    let workspace = stack::parts::workspace();
    let guards = std::fs::read_to_string(workspace.join("tests/GUARDS.md")).expect("the list of guards");
    let mut files = Vec::new();
    sources(&workspace, &mut files);
    let tests: std::collections::HashSet<String> = files
        .iter()
        .flat_map(|file| {
            let text = std::fs::read_to_string(file).expect("a source");
            let after_fn = |line: &str| line.split_once("fn ")?.1.split_once('(').map(|(name, _)| name.to_owned());
            text.lines().filter_map(after_fn).collect::<Vec<_>>()
        })
        .collect();
    let rows: Vec<Vec<&str>> = guards
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| guard ") && !line.starts_with("| ---"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    assert!(rows.len() > 50 && rows.iter().all(|row| row.len() == 2), "a row is a guard and a test: {rows:?}");
    let missing: Vec<_> = rows.iter().map(|row| row[1]).filter(|test| !tests.contains(*test)).collect();
    assert!(missing.is_empty(), "tests/GUARDS.md names tests that do not exist: {missing:#?}");
}
