//! How old the data is: never younger than the oldest part of it, and older with every minute that a page is open.

use shared::report::catalogue::Catalogue;
use shared::report::run::Engine;
use tests::{Browser, clickhouse};

use crate::stand::{PASSES, Stand, VOLGA, run};

#[tokio::test(flavor = "multi_thread")]
async fn data_of_which_a_part_has_not_arrived_is_never_called_fresh() {
    let stand = Stand::start().await;
    let migrator = stand.clickhouse.client("migrator");
    let volga = stand.dealer(&[VOLGA]).await;
    let catalogue = Catalogue::read(&tests::datasets(), None).expect("the reports");
    let loading = "данные ещё загружаются";
    let body = async |path: &str| volga.page(path).send().await.expect("an answer").text().await.expect("a body");
    assert!(!body("/reports/sales").await.contains(loading));
    for dataset in &catalogue.get("sales").expect("the report").datasets {
        run(&migrator, &format!("ALTER TABLE dw.pass DELETE WHERE dataset = '{dataset}' SETTINGS mutations_sync = 2"))
            .await;
        for path in ["/reports/sales", "/", "/reports/sales?format=csv"] {
            // One answer serves a second.
            tests::await_true(dataset, std::time::Duration::from_secs(5), async || body(path).await.contains(loading))
                .await;
        }
        run(&migrator, PASSES).await;
        tests::await_true("fresh again", std::time::Duration::from_secs(5), async || {
            !body("/reports/sales").await.contains(loading)
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_a_topic_no_longer_has_do_not_age_the_data() {
    let clickhouse = clickhouse().await;
    let migrator = clickhouse.client("migrator");
    run(&migrator, "INSERT INTO dw.pass SELECT 'sales', number, 6, 1, now64(3) - 86400, 60, 0 FROM numbers(6)").await;
    run(&migrator, "INSERT INTO dw.pass SELECT 'sales', number, 3, 2, now64(3), 60, 0 FROM numbers(3)").await;
    let engine = Engine::new(
        clickhouse.client("portal_ro"),
        Catalogue::read(&tests::datasets(), None).expect("reports"),
        chrono_tz::UTC,
    );
    let age = engine.freshness(&["sales".to_owned()]).await.expect("an answer");
    let seconds = (shared::clock::now() - age.as_of.expect("all has arrived")).num_seconds();
    assert!(seconds < 600, "{seconds} s old");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_at_once_ask_for_the_age_once() {
    let clickhouse = clickhouse().await;
    let engine = Engine::new(
        clickhouse.client("portal_ro"),
        Catalogue::read(&tests::datasets(), None).expect("reports"),
        chrono_tz::UTC,
    );
    let datasets = ["sales".to_owned()];
    futures_util::future::try_join_all((0..100).map(|_| engine.freshness(&datasets))).await.expect("answers");
    let audit = clickhouse.client("audit_ro");
    // The log's table is made with its first entry.
    let asked = async || {
        let sql = "SELECT count() FROM system.query_log WHERE user = 'portal_ro' AND type = 'QueryFinish' AND query LIKE '%report.pass%'";
        audit.query(sql).fetch_one::<u64>().await.unwrap_or_default()
    };
    tests::await_true("the log", std::time::Duration::from_secs(15), async || asked().await > 0).await;
    assert_eq!(asked().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_age_grows_while_the_page_is_open() {
    let stand = Stand::start().await;
    let browser = Browser::start().await;
    let page = stand.browse(&browser, "/reports/sales").await;
    page.wait_for("#report-age time[datetime]").await;
    assert!(
        page.evaluate::<bool>("!document.querySelector('#report-age.late') && document.querySelector('.again').hidden")
            .await
    );
    // Ten minutes later by the clock on the desk.
    let _: bool = page.evaluate("Date.now = (now => () => now() + 600000)(Date.now), true").await;
    page.wait_for("#report-age.late .again:not([hidden])").await;
    let said: String = page.evaluate("document.querySelector('#report-age').textContent").await;
    assert!(said.contains("10 минут назад; обычно раз в минуту"), "{said}");
    assert_eq!(page.complaints(), Vec::<String>::new());
}
