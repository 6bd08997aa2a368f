//! Filters, pages and errors in place, in a real browser: what htmx.md asks to be proved there.

use tests::{Browser, ByHand, Page};

use crate::stand::{RUSSIAN, Stand};

/// What a viewer can tell of where he is: address, title, the filters as shown, the rows.
const STATE: &str = "JSON.stringify([location.pathname + location.search, document.title, \
    document.querySelector('.segments [aria-current]').innerText, group.selectedOptions[0].label, search.value, \
    document.querySelector('.tools .fine').innerText, document.querySelector('table.rows tbody').innerText])";

/// A region that waits for an answer: grey, and said to be busy.
pub const BUSY: &str = "[aria-busy=true]";

pub async fn state(page: &Page) -> String {
    page.evaluate(STATE).await
}

pub async fn wait_for_state(page: &Page, state: &str) {
    page.wait_until(&format!("{STATE} === {}", serde_json::Value::from(state))).await;
}

/// Waits until the address says so and its answer has been swapped in.
pub async fn settled(page: &Page, part: &str) {
    let arrived = format!(
        "location.href.includes({part:?}) && !document.querySelector('.htmx-request, [aria-busy=true]') \
         && !!document.querySelector('table.rows')"
    );
    page.wait_until(&arrived).await;
}

pub async fn sales(query: &str) -> (Stand, Browser, Page) {
    let stand = Stand::of_trade(&RUSSIAN).await;
    let browser = Browser::start().await;
    let page = stand.browse(&browser, &format!("/reports/sales{query}")).await;
    page.wait_for("#report-form").await;
    (stand, browser, page)
}

#[tokio::test(flavor = "multi_thread")]
async fn back_reload_and_a_cold_tab_show_what_three_filters_chose() {
    let (_stand, browser, page) = sales("").await;
    let all = state(&page).await;
    page.set("#group", "80000000-0000-4000-8000-000000000000").await;
    settled(&page, "group=8").await;
    let grouped = state(&page).await;
    page.click("#period-quarter").await;
    settled(&page, "period=quarter").await;
    let quarter = state(&page).await;
    page.fill("#search", "скважинный 3").await;
    settled(&page, "search=%D1").await;
    let found = state(&page).await;
    let states = [&all, &grouped, &quarter, &found];
    for (index, one) in states.iter().enumerate() {
        assert!(states.iter().skip(index + 1).all(|other| one != other), "a filter changed nothing: {one}");
        assert!(one.contains("Продажи · Терма"), "{one}");
    }
    assert!(quarter.contains("Насосы") && found.contains("Насос скважинный 30") && !found.contains("циркуляционный"));

    page.raw().reload().await.expect("reload");
    wait_for_state(&page, &found).await;
    for (there, expected) in [(-1, &quarter), (-1, &grouped), (-1, &all), (2, &quarter)] {
        let _: bool = page.evaluate(&format!("history.go({there}), true")).await;
        wait_for_state(&page, expected).await;
    }
    for expected in states {
        let (path, ..): (String, String, String, String, String, String, String) =
            serde_json::from_str(expected).expect("a state");
        let origin: String = page.evaluate("location.origin").await;
        let cold = browser.tab_beside(&page).await;
        cold.open(&format!("{origin}{path}")).await;
        wait_for_state(&cold, expected).await;
    }
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_day_is_told_beside_its_field_and_leaves_rows_focus_and_address() {
    let (_stand, _browser, page) = sales("?period=own&from=2026-01-01&to=2026-06-30").await;
    let before = (page.url().await, page.text("table.rows tbody").await);
    let _: bool = page.evaluate("document.getElementById('to').focus(), true").await;
    page.set("#to", "2025-06-30").await;
    page.wait_until("document.getElementById('error-to').innerText.includes('Конец раньше начала')").await;
    page.wait_until("document.getElementById('notices').innerText.includes('запрос не выполнялся')").await;
    assert_eq!(page.evaluate::<String>("document.activeElement.id").await, "to");
    assert_eq!(page.evaluate::<String>("document.getElementById('to').value").await, "2025-06-30");
    assert_eq!(page.evaluate::<String>("document.getElementById('to').getAttribute('aria-invalid')").await, "true");
    assert_eq!((page.url().await, page.text("table.rows tbody").await), before, "the old rows stay");
    page.wait_gone(BUSY).await;
    page.set("#to", "2026-03-31").await;
    settled(&page, "to=2026-03-31").await;
    page.wait_until(
        "document.getElementById('error-to').innerText === '' && document.getElementById('notices').innerText === ''",
    )
    .await;
    assert!(!page.has("#to[aria-invalid]").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn paging_moves_the_focus_to_the_heading_and_sorting_keeps_it() {
    let (_stand, _browser, page) = sales("").await;
    page.wait_for("[aria-sort=descending] > #sort-revenue").await;
    assert!(page.text("#sort-revenue").await.contains("по убыванию"));
    let _: bool = page.evaluate("document.getElementById('sort-product').focus(), true").await;
    ByHand(&page).press("Enter").await;
    settled(&page, "sort=product").await;
    page.wait_for("[aria-sort=ascending] > #sort-product").await;
    assert_eq!(page.evaluate::<String>("document.activeElement.id").await, "sort-product");
    assert_eq!(page.evaluate::<u32>("document.querySelectorAll('[aria-sort]').length").await, 1);
    page.click("#page-next").await;
    settled(&page, "page=2").await;
    page.wait_until("document.activeElement.id === 'report-heading'").await;
    assert_eq!(page.text("#report-live").await, "51–64 из 64");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_does_not_answer_is_told_and_forgotten_when_it_is_back() {
    let (mut stand, _browser, page) = sales("").await;
    let rows = page.text("table.rows tbody").await;
    stand.portal.process.kill();
    page.click("#period-month").await;
    assert!(page.text("#notices .notice").await.contains("Портал не отвечает"));
    assert_eq!(page.text("table.rows tbody").await, rows, "the old rows stay");
    stand.portal.process.restart().expect("start the portal again");
    stand.portal.ready().await;
    page.click("#period-month").await;
    settled(&page, "period=month").await;
    page.wait_until("document.getElementById('notices').innerText === ''").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_that_fail_under_way_are_told_and_forgotten_when_they_are_back() {
    let (mut stand, _browser, page) = sales("").await;
    let before = (page.url().await, page.text("table.rows tbody").await);
    stand.clickhouse.server.process.kill();
    page.click("#period-month").await;
    page.wait_until("document.getElementById('notices').innerText.includes('Отчёты временно недоступны')").await;
    assert_eq!((page.url().await, page.text("table.rows tbody").await), before);
    page.wait_gone(BUSY).await;
    stand.clickhouse.server.restart().await.expect("start ClickHouse again");
    // Every click takes the place of the one before it: the next one waits for its answer.
    let is_back = "document.querySelector('[aria-busy=true]') ? false \
        : location.href.includes('period=month') || document.getElementById('retry')?.click()";
    page.wait_until(is_back).await;
    page.wait_until("document.getElementById('notices').innerText === ''").await;
}
