//! An administrator's tasks in a real browser, with and without JavaScript, and how their pages look.

use tests::{Browser, ByHand, Page};

use crate::browser_look::look;
use crate::staff::{count, dealers_are_known, sql, sync_is_known};
use crate::stand::{Stand, URAL, VOLGA, canary};

async fn signed_in(stand: &Stand, browser: &Browser, role: &str, path: &str) -> Page {
    let (user, page) = (stand.keycloak.user(role, &[]).await, browser.page().await);
    page.open(&stand.portal.at(path)).await;
    page.sign_in(&user.name, &user.name).await;
    page.wait_for(".who").await;
    page
}

/// The tasks of one who opens a dealer to somebody, looks as that dealer, pauses a dataset and finds all of it in the audit.
async fn tasks(stand: &Stand, page: &Page) {
    let at = |path: &str| stand.portal.at(path);
    let user = stand.keycloak.dealer(&[URAL]).await;
    tests::Person::signed_in(&stand.portal, &user).await;
    page.open(&at("/operations/people")).await;
    page.click(&format!("a[href='/operations/people/{}']", user.id.replace('-', "%2D"))).await;
    page.wait_for("#grant-dealer").await;
    page.set("#grant-dealer", VOLGA).await;
    page.fill("#grant-reason", "замещает коллегу").await;
    page.click(".giving button").await;
    page.wait_for_text("замещает коллегу").await;
    assert!(page.text(".part .entries").await.contains(&canary(VOLGA)));

    page.open(&at("/operations/dealers")).await;
    page.click(".entries li:has(a[href$='000000000001']) summary").await;
    page.fill(".entries li:has(a[href$='000000000001']) input[name=reason]", "звонок").await;
    page.click(".entries li:has(a[href$='000000000001']) button").await;
    page.wait_for(".look").await;
    page.open(&at("/reports/sales")).await;
    page.wait_for("table.rows").await;
    assert!(page.has(".look").await && page.text("table.rows").await.contains(&canary(VOLGA)));
    page.click("#look-end").await;
    page.wait_gone(".look").await;

    page.open(&at("/operations/sync")).await;
    page.click("#sales summary").await;
    page.fill("#sales input[name=reason]", "закрытие месяца").await;
    page.click("#sales form[action$='/pause'] button").await;
    page.wait_for_text("закрытие месяца").await;
    page.click("#sales form[action$='/resume'] button").await;
    page.wait_for("#sales form[action$='/run']").await;

    page.open(&at("/operations/audit?event=granted")).await;
    page.wait_for_text("замещает коллегу").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_does_each_task() {
    let stand = Stand::start().await;
    dealers_are_known(&stand).await;
    sync_is_known(&stand).await;
    let browser = Browser::start().await;
    let page = signed_in(&stand, &browser, "admin", "/").await;
    assert!(page.url().await.ends_with("/operations/sync"), "{}", page.url().await);
    tasks(&stand, &page).await;
    assert_eq!(count(&stand, "SELECT count(*) FROM audit_event WHERE event = 'look-ended'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_does_each_task_without_javascript() {
    let stand = Stand::start().await;
    dealers_are_known(&stand).await;
    sync_is_known(&stand).await;
    let browser = Browser::start().await;
    let (admin, page) = (stand.keycloak.user("admin", &[]).await, browser.page().await);
    let user = stand.keycloak.dealer(&[URAL]).await;
    tests::Person::signed_in(&stand.portal, &user).await;
    page.javascript(false).await;
    let (hand, at) = (ByHand(&page), |path: &str| stand.portal.at(path));
    hand.open(&at(&format!("/operations/people/{}", user.id))).await;
    hand.fill("#username", &admin.name).await;
    hand.fill("#password", &admin.name).await;
    hand.click("#kc-login").await;
    hand.focus("#grant-dealer").await;
    hand.press("ArrowDown").await;
    hand.fill("#grant-reason", "замещает коллегу").await;
    hand.click(".giving button").await;
    hand.wait_for(".part .entries li").await;
    assert!(hand.texts(".part .entries").await.concat().contains(&canary(VOLGA)));

    hand.open(&at("/operations/dealers")).await;
    hand.click(".entries li:has(a[href$='000000000001']) summary").await;
    hand.fill(".entries li:has(a[href$='000000000001']) input[name=reason]", "звонок").await;
    hand.click(".entries li:has(a[href$='000000000001']) .act button").await;
    hand.wait_for(".look").await;
    hand.click("#look-end").await;
    hand.wait_for(".entries .act").await;

    hand.open(&at("/operations/sync")).await;
    hand.click("#sales summary").await;
    hand.fill("#sales form[action$='/pause'] input[name=reason]", "закрытие месяца").await;
    hand.click("#sales form[action$='/pause'] button").await;
    hand.click("#sales form[action$='/resume'] button").await;
    hand.wait_for("#sales form[action$='/run']").await;
    let told = "SELECT count(DISTINCT event) FROM audit_event WHERE event IN ('granted', 'look-begun', 'look-ended', 'sync-steered')";
    assert_eq!(count(&stand, told).await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_wrong_with_the_look_of_the_staffs_pages() {
    let stand = Stand::start().await;
    let browser = Browser::start().await;
    let page = signed_in(&stand, &browser, "admin", "/operations/dealers").await;
    let mut wrong = look(&page, "operations-dealers-none").await;
    dealers_are_known(&stand).await;
    sync_is_known(&stand).await;
    for statement in [
        "INSERT INTO slot (job, slot_at, dataset, state, started_at, finished_at, sent, lines) VALUES ('sales', now() - interval '2 minutes', 'sales', 'done', now() - interval '2 minutes', now() - interval '1 minute', 1234, 56789)",
        "INSERT INTO slot (job, slot_at, dataset, state, attempt, reason, not_before) VALUES ('dealers', now(), 'dealers', 'queued', 2, '1C answers 500 to a question about Catalog_Партнеры', now() + interval '1 minute')",
        "INSERT INTO held (dataset, span, known, missing) VALUES ('sales', 'all', 100, 70)",
        "INSERT INTO paused (dataset, paused_by, reason) VALUES ('dealers', 'Анна Главная', 'закрытие месяца')",
        "INSERT INTO rejected (dataset, key, data_version, reason, pass, raw) VALUES ('sales', '5b0d6f0e-0000-4000-8000-000000000001', 'v', 'Товары/СуммаСНДС is \"много\", which is not a number', 1, '{\"Ref_Key\": \"5b0d6f0e-0000-4000-8000-000000000001\", \"Number\": \"0000-000123\", \"Товары\": [{\"СуммаСНДС\": \"много\"}]}')",
        "INSERT INTO reconciliation (warehouse_table, span, sent_documents, sent_lines, sent_amount, standing_documents, standing_lines, standing_amount, is_equal, compared_at, differed_at) VALUES ('sale', 202610, 10, 20, 12345678, 10, 20, 12345678, true, now(), null), ('sale', 202609, 5, 9, 100000, 4, 8, 90000, false, now(), now()), ('dealer', 0, 3, 3, 0, 3, 3, 0, true, now(), null)",
        "INSERT INTO source_reconciliation (dataset, span, source_documents, source_lines, source_amount, sent_documents, sent_lines, sent_amount, is_equal, differed_at) VALUES ('sales', 202610, 10, 20, 12345678, 10, 20, 12345678, true, now()), ('sales', 202609, 5, 9, 100000, 4, 8, 90000, false, now())",
    ] {
        sql(&stand, statement).await;
    }
    let (person, user) = crate::export_stand::volga(&stand).await;
    crate::export_stand::order(&person, "").await;
    let grant = format!(
        "INSERT INTO dealer_grant (subject, dealer_id, granted_by, reason, until) VALUES ('{}', '{URAL}', 'test', 'замещает коллегу в отпуске', now() + interval '3 days')",
        user.id
    );
    sql(&stand, &grant).await;
    for path in [
        "/operations/sync",
        "/operations/set-aside",
        "/operations/reconciliation",
        "/operations/dealers",
        "/operations/people",
        "/operations/jobs",
        "/operations/audit",
    ] {
        page.open(&stand.portal.at(path)).await;
        page.wait_for("main h1").await;
        wrong.extend(look(&page, path.trim_start_matches('/').replace('/', "-").as_str()).await);
    }
    page.open(&stand.portal.at(&format!("/operations/people/{}", user.id))).await;
    page.wait_for("#grant-dealer").await;
    wrong.extend(look(&page, "operations-person").await);
    page.open(
        &stand
            .portal
            .at("/operations/set-aside/document?dataset=sales&key=5b0d6f0e-0000-4000-8000-000000000001&source=1c"),
    )
    .await;
    page.wait_for(".document").await;
    wrong.extend(look(&page, "operations-document").await);
    page.open(&stand.portal.at("/operations/dealers")).await;
    page.click(".entries li summary").await;
    wrong.extend(look(&page, "operations-look-form").await);
    page.fill(".entries li input[name=reason]", "звонок").await;
    page.click(".entries li .act button").await;
    page.wait_for(".look").await;
    wrong.extend(look(&page, "operations-looking").await);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(page.complaints(), Vec::<String>::new());
}
