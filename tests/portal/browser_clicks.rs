//! What clicks leave behind while answers are slow, wrong or none: form, rows and address always say the same, and what
//! failed is told where the reader is.

use std::time::Duration;

use tests::{Browser, ByHand, Network, Page};

use crate::browser_htmx::{BUSY, sales, settled, state, wait_for_state};

/// «Насосы»
const PUMPS: &str = "80000000-0000-4000-8000-000000000000";
const NO_ANSWER: &str = "document.getElementById('notices').innerText.includes('Портал не отвечает')";
const NO_NOTICE: &str = "document.getElementById('notices').innerText === ''";
/// As a proxy says it.
const BAD_GATEWAY: &str =
    "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1>nginx</body></html>";

#[derive(Debug, Clone, Copy)]
enum Act {
    Click(&'static str),
    Choose(&'static str),
    Search(&'static str),
}

impl Act {
    async fn on(self, page: &Page) {
        match self {
            Self::Click(selector) => page.click(selector).await,
            Self::Choose(group) => page.set("#group", group).await,
            Self::Search(words) => page.fill("#search", words).await,
        }
    }
}

/// A tab that opens the same address sees the same filters above the same rows.
async fn assert_agrees(browser: &Browser, page: &Page) {
    let cold = browser.tab_beside(page).await;
    cold.open(&page.url().await).await;
    wait_for_state(&cold, &state(page).await).await;
}

async fn open(page: &Page, path: &str) {
    page.open(&format!("{}{path}", page.evaluate::<String>("location.origin").await)).await;
    page.wait_for("table.rows").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_click_wins_and_takes_the_earlier_one_along() {
    use Act::{Choose, Click, Search};
    let (_stand, browser, page) = sales("").await;
    page.network(Network::Slow(Duration::from_millis(700))).await;
    for (first, second, ends_with) in [
        (Click("#period-month"), Choose(PUMPS), "?period=month&group=80000000-0000-4000-8000-000000000000"),
        (Choose(PUMPS), Click("#period-month"), "?period=month&group=80000000-0000-4000-8000-000000000000"),
        (Click("#period-month"), Click("#period-quarter"), "?period=quarter"),
        (Click("#sort-product"), Click("#sort-code"), "?sort=code"),
        (Choose(PUMPS), Click("#page-next"), "?group=80000000-0000-4000-8000-000000000000&page=1"),
        (Click("#sort-product"), Choose(PUMPS), "?group=80000000-0000-4000-8000-000000000000&sort=product"),
        (Search("TW2"), Click("#sort-product"), "?search=TW2&sort=product"),
        (Click("#period-month"), Search("TW2"), "?period=month&search=TW2"),
    ] {
        open(&page, "/reports/sales").await;
        first.on(&page).await;
        page.wait_for(BUSY).await;
        second.on(&page).await;
        page.wait_until(&format!("location.search === {ends_with:?}")).await;
        page.wait_gone(BUSY).await;
        assert_agrees(&browser, &page).await;
    }
    // Typing is not over yet when the head is clicked.
    open(&page, "/reports/sales").await;
    Search("TW2").on(&page).await;
    Click("#sort-product").on(&page).await;
    settled(&page, "search=TW2&sort=product").await;
    assert_agrees(&browser, &page).await;
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_taken_back_told_where_the_reader_is_and_asked_again() {
    let (_stand, browser, page) = sales("").await;
    let before = state(&page).await;
    let _: bool = page.evaluate("document.querySelector('.pager, #page-next').scrollIntoView(), scrollY > 600").await;
    for act in [Act::Choose(PUMPS), Act::Click("#period-month"), Act::Search("TW2"), Act::Click("#page-next")] {
        page.network(Network::Gone).await;
        act.on(&page).await;
        page.wait_until(NO_ANSWER).await;
        page.wait_gone(BUSY).await;
        assert_eq!(state(&page).await, before, "{act:?}");
        let is_seen = "(({ top, bottom }) => top >= 0 && bottom <= innerHeight && bottom > top) \
            (document.querySelector('[role=alert] .notice').getBoundingClientRect())";
        assert!(page.evaluate::<bool>(is_seen).await, "{act:?}: the notice is out of sight");
        // The next choice does not bring back what failed.
        page.network(Network::Fine).await;
        page.click("#sort-product").await;
        settled(&page, "?sort=product").await;
        page.wait_until(NO_NOTICE).await;
        assert_agrees(&browser, &page).await;
        open(&page, "/reports/sales").await;
    }
    page.network(Network::Gone).await;
    page.set("#group", PUMPS).await;
    page.wait_until(NO_ANSWER).await;
    page.network(Network::Fine).await;
    page.click("#retry").await;
    settled(&page, "?group=8").await;
    page.wait_until(NO_NOTICE).await;
    assert!(state(&page).await.contains("Насосы"));
    assert_agrees(&browser, &page).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxys_own_page_replaces_neither_the_report_nor_the_form() {
    let (_stand, browser, page) = sales("").await;
    let before = state(&page).await;
    // An ingress during a roll-out, and a hotel's Wi-Fi.
    for status in [502, 504, 200] {
        page.answer_instead(status, BAD_GATEWAY).await;
        for act in [Act::Click("#period-quarter"), Act::Choose(PUMPS)] {
            act.on(&page).await;
            page.wait_until(NO_ANSWER).await;
            page.wait_gone(BUSY).await;
            assert_eq!(state(&page).await, before, "{status} {act:?}");
            page.click("#close-notice").await;
            page.wait_until(NO_NOTICE).await;
        }
        page.let_through().await;
    }
    page.click("#period-quarter").await;
    settled(&page, "?period=quarter").await;
    assert_agrees(&browser, &page).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sorting_leaves_the_reader_where_he_is() {
    let (_stand, _browser, page) = sales("").await;
    let _: f64 = page
        .evaluate(
            "scrollTo(0, document.querySelector('table.rows').getBoundingClientRect().top + scrollY - 200), scrollY",
        )
        .await;
    let place = page.evaluate::<f64>("scrollY").await;
    assert!(place > 200.0, "{place}");
    page.click("#sort-product").await;
    settled(&page, "sort=product").await;
    assert!((page.evaluate::<f64>("scrollY").await - place).abs() < 2.0);
    let _: bool = page.evaluate("document.getElementById('sort-code').focus(), true").await;
    ByHand(&page).press("Enter").await;
    settled(&page, "sort=code").await;
    assert!((page.evaluate::<f64>("scrollY").await - place).abs() < 2.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_still_being_typed_is_not_asked_for() {
    let (_stand, browser, page) = sales("?period=own&from=2026-01-01&to=2026-06-30").await;
    page.forget_traffic();
    // As Chromium reports a year, digit by digit.
    for year in ["0002", "0020", "0202", "2025"] {
        page.set("#from", &format!("{year}-01-15")).await;
    }
    settled(&page, "from=2025-01-15").await;
    assert_eq!(page.traffic().0, 1, "one question");
    assert!(page.evaluate::<bool>(NO_NOTICE).await);
    assert_agrees(&browser, &page).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_visit_to_a_field_is_one_step_back() {
    let (_stand, _browser, page) = sales("").await;
    let all = state(&page).await;
    for words in ["T", "TW", "TW2"] {
        page.fill("#search", words).await;
        page.wait_until(&format!("location.search === '?search={words}'")).await;
        page.wait_gone(BUSY).await;
    }
    let _: bool = page.evaluate("history.back(), true").await;
    wait_for_state(&page, &all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_language_keeps_what_was_chosen_since_the_page_was_opened() {
    let (_stand, _browser, page) = sales("?period=month").await;
    page.set("#group", PUMPS).await;
    settled(&page, "group=8").await;
    let here = page.url().await;
    page.click("form[action='/language'] button").await;
    page.wait_for("html[lang=en] table.rows").await;
    assert_eq!(page.url().await, here);
    assert_eq!(page.evaluate::<String>("group.value").await, PUMPS);
}
