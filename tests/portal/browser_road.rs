//! The whole road of a dealer in a real browser, with less than most have: without JavaScript, and without a mouse.

use tests::{Browser, ByHand};

use crate::stand::{RUSSIAN, Stand, VOLGA};

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript_a_dealer_signs_in_narrows_sorts_pages_downloads_and_signs_out() {
    let stand = Stand::of_trade(&RUSSIAN).await;
    let person = stand.keycloak.dealer(&[VOLGA]).await;
    let browser = Browser::start().await;
    let page = browser.page().await;
    page.javascript(false).await;
    let hand = ByHand(&page);
    hand.open(&stand.portal.at("/")).await;
    hand.fill("#username", &person.name).await;
    hand.fill("#password", &person.name).await;
    hand.click("#kc-login").await;

    hand.wait_for(".tiles").await;
    assert_eq!(hand.texts(".who").await, [RUSSIAN.dealer]);
    hand.click("nav.side a[href='/reports/sales']").await;
    hand.wait_for_url("/reports/sales").await;
    hand.wait_for("#group").await;
    hand.focus("#group").await;
    for _ in 0..2 {
        hand.press("ArrowDown").await;
    }
    hand.click("button.primary").await;
    hand.wait_for("#group option[selected]:not([value=''])").await;
    assert!(hand.texts("table.rows tbody tr.total th").await[0].contains("16 товарам"));
    let chosen = hand.texts("#group option[selected]").await;
    assert_eq!(chosen.len(), 1);

    hand.click("#period-quarter").await;
    hand.wait_for("#period-quarter[aria-current]").await;
    assert_eq!(hand.texts("#group option[selected]").await, chosen, "the period's link keeps the group");
    hand.fill("#search", "2").await;
    hand.click("button.primary").await;
    hand.wait_for("#search[value='2']").await;
    hand.wait_for("#period-quarter[aria-current]").await;
    assert_eq!(hand.texts("#group option[selected]").await, chosen, "the form keeps the period and the group");

    hand.open(&stand.portal.at("/reports/sales")).await;
    hand.wait_for("table.rows").await;
    hand.click("#sort-product").await;
    hand.wait_for("[aria-sort=ascending] > #sort-product").await;
    let first = hand.texts("table.rows tbody tr:not(.total) th").await;
    hand.click("#page-next").await;
    hand.wait_for("#page-previous").await;
    let second = hand.texts("table.rows tbody tr:not(.total) th").await;
    assert_eq!((first.len(), second.len()), (50, 14));
    assert!(first.iter().all(|name| !second.contains(name)));

    hand.click("#report-formats summary").await;
    hand.click("#report-csv").await;
    let (name, file) = page.downloaded().await;
    let file = String::from_utf8(file).expect("UTF-8");
    assert!(name.starts_with("Продажи ООО Волга-Тепло 20") && name.ends_with(".csv"), "{name}");
    for product in first.iter().chain(&second) {
        assert!(file.contains(product.as_str()), "{product} is missing in the file");
    }

    // Keycloak asks nothing: it knows whose session ends.
    hand.click("form[action='/logout'] button").await;
    hand.wait_for("#kc-login").await;
    hand.open(&stand.portal.at("/reports/sales")).await;
    hand.wait_for("#kc-login").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_keyboard_alone_every_control_comes_in_its_order_and_obeys() {
    let stand = Stand::of_trade(&RUSSIAN).await;
    let browser = Browser::start().await;
    let page = stand.browse(&browser, "/reports/sales").await;
    let hand = ByHand(&page);
    page.wait_for("#page-next").await;
    let mut reached: Vec<String> = Vec::new();
    while reached.last().is_none_or(|last| last != "page-next") {
        hand.press("Tab").await;
        let focused = "(e => e.id || e.className || e.name || e.innerText)(document.activeElement)";
        reached.push(page.evaluate(focused).await);
        // What has the focus is seen, its outline too.
        let is_seen = "(e => { const box = e.getBoundingClientRect(); return e.matches(':focus-visible') \
             && box.left >= 0 && box.bottom > 0 && box.top < innerHeight \
             && e.contains(document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)) })(document.activeElement)";
        assert!(page.evaluate::<bool>(is_seen).await, "{reached:?}: the last is not to be seen");
        assert!(reached.len() < 60, "the pager is not reached: {reached:?}");
    }
    let expected = [
        "skip",
        "brand",
        "period-month",
        "period-quarter",
        "period-year",
        "period-own",
        "group",
        "search",
        "report-xlsx",
        "Другие форматы",
        "sort-product",
        "sort-code",
        "sort-revenue",
        "page-next",
    ];
    let mut rest = reached.iter();
    for control in expected {
        assert!(rest.any(|one| one == control), "{control} does not come in its order: {reached:?}");
    }
    hand.press("Enter").await;
    page.wait_until("location.search.includes('page=2') && document.activeElement.id === 'report-heading'").await;

    page.open(&stand.portal.at("/reports/sales")).await;
    hand.press("Tab").await;
    hand.press("Enter").await;
    page.wait_until("document.activeElement.id === 'content'").await;
    for _ in 0..2 {
        hand.press("Tab").await;
    }
    assert_eq!(page.evaluate::<String>("document.activeElement.id").await, "period-quarter");
    hand.press("Enter").await;
    page.wait_until("location.search === '?period=quarter' && document.activeElement.id === 'period-quarter'").await;
}
