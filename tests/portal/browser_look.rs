//! Every page as people see it: axe finds nothing in both themes, on a monitor and on a phone; nothing sticks out at
//! 360 px; no policy is broken. The pictures stand in `target/screenshots`.

use tests::{Browser, Page, Theme};

use crate::stand::{DOLLAR, ENGLISH, RUSSIAN, Stand, TradeWords, run};

/// Looks at the open page in every way, and says what is wrong with it.
pub async fn look(page: &Page, name: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for width in [1280, 380] {
        page.width(width).await;
        for (theme, theme_name) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
            page.theme(theme).await;
            let way = format!("{name}-{width}-{theme_name}");
            wrong.extend(page.axe().await.into_iter().map(|found| format!("{way}: {found}")));
            page.screenshot(&way).await;
        }
    }
    for width in [1000, 720, 360] {
        page.width(width).await;
        // What sticks out is looked for element by element: a page that clips would hide it from scrollWidth.
        let out: Vec<String> = page
            .evaluate(
                "[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && !e.closest('.unseen, .skip, svg') \
                 && e.getBoundingClientRect().width > 0 && !['clip', 'auto'].includes(getComputedStyle(e.closest('.sheet') ?? e).overflowX) \
                 && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))",
            )
            .await;
        wrong.extend(out.into_iter().take(3).map(|element| format!("{name} at {width}: {element} sticks out")));
        if !page.evaluate::<bool>("document.documentElement.scrollWidth <= innerWidth").await {
            wrong.push(format!("{name} at {width}: the page scrolls sideways"));
        }
        // A figure that leaves its box is cut off or lies over its neighbour.
        let cut: Vec<String> = page
            .evaluate(
                "[...document.querySelectorAll('.figure, .best li, .tile, .strip > div, td, th, dd')] \
                 .filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0).map(e => e.outerHTML.slice(0, 80))",
            )
            .await;
        wrong.extend(cut.into_iter().take(3).map(|element| format!("{name} at {width}: {element} leaves its box")));
    }
    page.width(1280).await;
    page.theme(Theme::Light).await;
    wrong
}

async fn open(page: &Page, stand: &Stand, path: &str) {
    page.open(&stand.portal.at(path)).await;
    page.wait_for("main h1").await;
}

async fn look_at_all(words: &TradeWords, language: &str) {
    let mut stand = Stand::of_trade(words).await;
    let browser = Browser::start().await;
    let page = stand.browse(&browser, "/").await;
    page.language(language).await;
    let mut wrong = Vec::new();
    for (name, path, shows) in [
        ("overview", "/", ".tiles"),
        ("sales", "/reports/sales", "table.rows"),
        ("sales-own-days", "/reports/sales?period=own&from=2026-01-01&to=2026-06-30&search=0", ".days"),
        ("sales-empty", "/reports/sales?search=%23%23%23", ".empty a"),
        ("sales-wrong", "/reports/sales?period=own&from=2026-06-30&to=2026-01-01", "#error-to:not(:empty)"),
        ("not-found", "/no/such/page", ".message"),
        ("signed-out", "/signed-out", ".message"),
        ("sign-in-failed", "/login/callback?state=a&code=b", ".message"),
    ] {
        open(&page, &stand, path).await;
        page.wait_for(shows).await;
        wrong.extend(look(&page, &format!("{name}-{language}")).await);
    }
    open(&page, &stand, "/reports/sales").await;
    page.click("#report-formats summary").await;
    wrong.extend(look(&page, &format!("sales-formats-{language}")).await);
    let stranger = stand.keycloak.dealer(&[]).await;
    let closed = browser.page().await;
    closed.language(language).await;
    closed.open(&stand.portal.at("/")).await;
    closed.sign_in(&stranger.name, &stranger.name).await;
    closed.wait_for(".message").await;
    wrong.extend(look(&closed, &format!("no-dealers-{language}")).await);
    open(&page, &stand, "/reports/sales").await;
    page.wait_for("table.rows").await;
    stand.clickhouse.server.process.kill();
    // Not asked before: an answer that is kept needs no ClickHouse.
    page.click("#period-quarter").await;
    page.wait_for("#notices #retry").await;
    wrong.extend(look(&page, &format!("notice-{language}")).await);
    open(&page, &stand, "/reports/sales").await;
    page.wait_for(".message a[href='/reports/sales']").await;
    wrong.extend(look(&page, &format!("reports-unavailable-{language}")).await);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(page.complaints(), Vec::<String>::new());
    // A broken policy would have been heard of.
    let _: bool = page.evaluate("document.body.setAttribute('style', 'color: red'), true").await;
    tests::await_true("the complaint", std::time::Duration::from_secs(5), async || !page.complaints().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_wrong_with_the_look_of_any_page_in_russian() {
    look_at_all(&RUSSIAN, "ru").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_wrong_with_the_look_of_any_page_in_english() {
    look_at_all(&ENGLISH, "en").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_wrong_with_the_look_of_a_dealer_of_two_currencies() {
    let stand = Stand::of_trade(&RUSSIAN).await;
    let in_dollars = format!(
        "ALTER TABLE dw.sale UPDATE currency_id = '{DOLLAR}', revenue = revenue / 90, vat = vat / 90, discount = discount / 90 \
         WHERE toUInt32(number) % 5 = 0 SETTINGS mutations_sync = 2"
    );
    run(&stand.clickhouse.client("migrator"), &in_dollars).await;
    let browser = Browser::start().await;
    let page = stand.browse(&browser, "/").await;
    let mut wrong = Vec::new();
    for (name, path, shows) in [("overview", "/", ".tiles"), ("sales", "/reports/sales", "tr.total + tr.total")] {
        open(&page, &stand, path).await;
        page.wait_for(shows).await;
        wrong.extend(look(&page, &format!("{name}-two-currencies")).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
