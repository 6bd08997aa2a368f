//! A file of the background as people see it: live with JavaScript, by coming again without it.

use stack::process::Process;
use tests::{Browser, ByHand, Page};

use crate::browser_look::look;
use crate::export_stand::{await_state, reporter, start};
use crate::stand::{RUSSIAN, Stand, VOLGA};

async fn large() -> Stand {
    Stand::of_large_trade(&RUSSIAN).await
}

fn worker(stand: &Stand) -> Process {
    start(reporter(stand))
}

/// Asks for the CSV of a large set, on the report's page.
async fn order(page: &Page) {
    page.wait_for("#report-formats summary").await;
    page.click("#report-formats summary").await;
    page.click("#report-csv").await;
}

async fn path(page: &Page) -> String {
    page.evaluate("location.pathname").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_ordered_by_a_button_and_its_page_tells_live_when_it_is_there() {
    let (stand, browser) = (large().await, Browser::start().await);
    let page = stand.browse(&browser, "/reports/sales").await;
    order(&page).await;
    page.wait_for("#export-state").await;
    page.wait_for_text("В очереди").await;
    let job = path(&page).await;
    let _: bool = page.evaluate("document.querySelector('main').dataset.same = '1', true").await;
    page.wait_until("!document.querySelector('.htmx-request, [aria-busy=true]')").await;
    let _worker = worker(&stand);
    page.wait_for("#export-download").await;
    page.wait_for_text("Файл готов").await;
    assert_eq!(page.evaluate::<String>("document.querySelector('main').dataset.same").await, "1", "not loaded anew");
    assert!(!page.has("#export-cancel").await && !page.has("#export-state progress").await);
    assert_eq!(page.evaluate::<String>("document.getElementById('export-said').innerText").await, "Файл готов");
    page.click("#export-download").await;
    let (name, file) = page.downloaded().await;
    assert!(name.starts_with("Продажи ООО Волга-Тепло") && name.ends_with(".csv"), "{name}");
    let text = String::from_utf8(file).expect("text");
    assert!(text.contains("Насос скважинный"), "{text}");
    await_state(&stand, &job, "done").await;
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_stream_a_page_which_is_gone_while_hidden_and_after_the_end() {
    let (stand, browser) = (large().await, Browser::start().await);
    let page = stand.browse(&browser, "/reports/sales").await;
    order(&page).await;
    page.wait_for("#export-state").await;
    let streams = async || -> i64 {
        page.evaluate("performance.getEntriesByType('resource').filter(e => e.name.includes('/events')).length").await
    };
    let open = "document.getElementById('export-state')._htmx?.sse?.reader != null";
    page.wait_until(open).await;
    let hide = |is_hidden: bool| {
        format!(
            "Object.defineProperty(document, 'hidden', {{ value: {is_hidden}, configurable: true }}), \
             document.dispatchEvent(new Event('visibilitychange')), true"
        )
    };
    let _: bool = page.evaluate(&hide(true)).await;
    page.wait_until("document.getElementById('export-state')._htmx?.sse?.reader == null").await;
    let while_hidden = streams().await;
    let _worker = worker(&stand);
    let job = path(&page).await;
    await_state(&stand, &job, "done").await;
    assert!(page.text("#export-state").await.contains("В очереди"), "nothing comes while nobody looks");
    assert_eq!(streams().await, while_hidden);
    let _: bool = page.evaluate(&hide(false)).await;
    page.wait_for("#export-download").await;
    page.wait_until("!document.getElementById('export-state')._htmx?.sse").await;
    let ended = streams().await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(streams().await, ended, "it connects again after the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_cancels_and_another_orders_again() {
    let (stand, browser) = (large().await, Browser::start().await);
    let page = stand.browse(&browser, "/reports/sales").await;
    order(&page).await;
    page.wait_for("#export-cancel").await;
    let first = path(&page).await;
    page.click("#export-cancel").await;
    page.wait_for("#export-again").await;
    page.wait_for_text("Отменено").await;
    page.click("#export-again").await;
    page.wait_for("#export-cancel").await;
    assert_ne!(path(&page).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript_the_page_comes_again_until_the_file_is_there() {
    let (stand, browser) = (large().await, Browser::start().await);
    let (person, page) = (stand.keycloak.dealer(&[VOLGA]).await, browser.page().await);
    page.javascript(false).await;
    let hand = ByHand(&page);
    hand.open(&stand.portal.at("/reports/sales")).await;
    hand.fill("#username", &person.name).await;
    hand.fill("#password", &person.name).await;
    hand.click("#kc-login").await;
    hand.wait_for("#report-formats summary").await;
    hand.click("#report-formats summary").await;
    hand.click("#report-csv").await;
    hand.wait_for("#export-cancel").await;
    let _worker = worker(&stand);
    hand.wait_for("#export-download").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_wrong_with_the_look_of_exports() {
    let (stand, browser) = (large().await, Browser::start().await);
    let page = stand.browse(&browser, "/exports").await;
    let mut wrong = Vec::new();
    for language in ["ru", "en"] {
        page.language(language).await;
        let name = |what: &str| format!("exports-{what}-{language}");
        page.open(&stand.portal.at("/reports/sales")).await;
        page.wait_for("#report-formats summary").await;
        wrong.extend(look(&page, &name("offer")).await);
        page.open(&stand.portal.at("/reports/sales?format=csv")).await;
        page.wait_for("#report-formats summary").await;
        wrong.extend(look(&page, &name("too-large")).await);
        page.open(&stand.portal.at(&format!("/reports/sales?search={language}"))).await;
        page.open(&stand.portal.at("/exports")).await;
        page.wait_for("h1").await;
        wrong.extend(look(&page, &name("list")).await);
        page.open(&stand.portal.at("/reports/sales")).await;
        order(&page).await;
        page.wait_for("#export-cancel").await;
        wrong.extend(look(&page, &name("waiting")).await);
        let job = path(&page).await;
        for (state, what) in [
            (
                "state = 'running', attempt = 1, written = 123456, total = 1284000, percent = 9, writing_since = now() - interval '20 s', \
              lease_until = now() + interval '1 hour'",
                "running",
            ),
            ("state = 'queued', attempt = 1, reason = 'warehouse', not_before = now() + interval '10 s'", "again"),
            ("state = 'failed', attempt = 3, reason = 'storage', finished_at = now()", "failed"),
            (
                "state = 'done', written = 1284000, file_key = 'x', file_name = 'Продажи ООО Волга-Тепло 2025-12-01…2026-11-30.csv', \
              file_bytes = 123456789, expires_at = now() + interval '1 day'",
                "done",
            ),
            ("state = 'done', expires_at = now()", "expired"),
        ] {
            let sql = format!("UPDATE job SET {state} WHERE id = '{}'", job.rsplit('/').next().expect("an id"));
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&stand.postgres.pool).await.expect("a state");
            page.open(&stand.portal.at(&job)).await;
            page.wait_for("#export-state").await;
            wrong.extend(look(&page, &name(what)).await);
        }
        page.open(&stand.portal.at("/exports")).await;
        page.wait_for(".exports").await;
        wrong.extend(look(&page, &name("list-full")).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(page.complaints(), Vec::<String>::new());
}
