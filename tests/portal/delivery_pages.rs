//! The pages of deliveries: what does not fit is said beside its field, a foreign delivery is nowhere, and how it looks.

use reqwest::StatusCode;
use tests::{Browser, ByHand, TestMail};

use crate::browser_look::look;
use crate::delivery_stand::{FROM, await_over, come_due, count, create, employee, execute, postman, send_form, stand};
use crate::stand::{RUSSIAN, Stand, VOLGA};

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_said_beside_its_field_and_what_was_filled_in_stays() {
    let stand = stand().await;
    let (owner, user) = employee(&stand, &[VOLGA]).await;
    for (fields, sentence) in [
        (&[("time", "25:00")][..], "Это не время"),
        (&[("timezone", "Mars/Olympus")], "Такого пояса нет"),
        (&[("rhythm", "weekly")], "Отметьте хотя бы один день недели"),
        (&[("rhythm", "monthly"), ("month_day", "32")], "Напишите число от 1 до 31"),
        (&[("column", "revenue"), ("over", "total"), ("direction", "above"), ("value", "много")], "Это не число"),
    ] {
        let mut fields = fields.to_vec();
        fields.push(("title", "<b>Мой отчёт"));
        let answer = send_form(&owner, &fields, &[&user]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{sentence}");
        assert!(answer.text.contains(sentence), "{sentence}: {}", answer.text);
        assert!(answer.text.contains("value=\"&lt;b&gt;Мой отчёт\""), "{}", answer.text);
    }
    let nobody = send_form(&owner, &[], &[]).await;
    assert!(nobody.status == StatusCode::BAD_REQUEST && nobody.text.contains("Выберите от одного до двадцати"));
    for fields in [&[("report", "nothing")][..], &[("query", "period=own&from=x&to=y")]] {
        assert!(send_form(&owner, fields, &[&user]).await.status.is_client_error());
    }
    assert_eq!(count(&stand, "SELECT count(*) FROM delivery").await, 0);
    for number in 0..51 {
        let answer = send_form(&owner, &[], &[&user]).await;
        let is_refused = answer.status == StatusCode::BAD_REQUEST && answer.text.contains("уже пятьдесят рассылок");
        assert_eq!(is_refused, number == 50, "{number}: {}", answer.text);
        if number % 8 == 0 {
            // More often is refused for haste.
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_delivery_is_answered_like_one_that_is_nowhere_and_tokens_are_demanded() {
    let stand = stand().await;
    let (owner, user) = employee(&stand, &[VOLGA]).await;
    let (colleague, _) = employee(&stand, &[VOLGA]).await;
    let path = create(&stand, &owner, &[("title", "Тайная")], &[&user]).await;
    let token = colleague.get("/deliveries").await.form_token();
    for what in ["pause", "resume", "send", "remove"] {
        for address in [format!("{path}/{what}"), format!("/deliveries/11111111-1111-4111-8111-111111111111/{what}")] {
            assert_eq!(colleague.post(&address, &[("form_token", &token)]).await.status, StatusCode::NOT_FOUND);
        }
        assert_eq!(owner.post(&format!("{path}/{what}"), &[("form_token", "x")]).await.status, StatusCode::FORBIDDEN);
        assert_eq!(owner.get(&format!("{path}/{what}")).await.status, StatusCode::METHOD_NOT_ALLOWED);
    }
    assert!(!colleague.get("/deliveries").await.text.contains("Тайная"));
    let page = owner.get("/deliveries").await;
    assert!(page.text.contains("Тайная") && page.text.contains("Каждый день в 08:00 (Europe/Moscow)"), "{}", page.text);
    owner.post(&format!("{path}/remove"), &[("form_token", &page.form_token())]).await;
    assert_eq!(count(&stand, "SELECT count(*) FROM delivery").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_mail_nothing_is_offered_and_the_page_says_so() {
    let stand = Stand::start().await;
    let (owner, user) = employee(&stand, &[VOLGA]).await;
    let page = owner.get("/deliveries").await.text;
    assert!(page.contains("Почта на этом портале не настроена"), "{page}");
    assert!(!owner.get("/reports/sales").await.text.contains("/deliveries/new"));
    assert_eq!(owner.get("/deliveries/new?report=sales").await.status, StatusCode::NOT_FOUND);
    assert_eq!(send_form(&owner, &[], &[&user]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript_a_delivery_is_made_from_the_report_paused_and_removed() {
    let stand = Stand::of_trade_with(&RUSSIAN, |launch| launch.env("MAIL_FROM", FROM)).await;
    let browser = Browser::start().await;
    let (person, page) = (stand.keycloak.dealer(&[VOLGA]).await, browser.page().await);
    page.javascript(false).await;
    let hand = ByHand(&page);
    hand.open(&stand.portal.at("/reports/sales?period=month")).await;
    hand.fill("#username", &person.name).await;
    hand.fill("#password", &person.name).await;
    hand.click("#kc-login").await;
    hand.wait_for("#report-deliver").await;
    hand.click("#report-deliver").await;
    hand.wait_for("#delivery-create").await;
    hand.fill("#title", "Утром").await;
    hand.click("#delivery-create").await;
    hand.wait_for(".delivery").await;
    assert_eq!(
        count(&stand, "SELECT count(*) FROM delivery WHERE query = 'period=month' AND title = 'Утром'").await,
        1
    );
    hand.click(".delivery form[action$=pause] button").await;
    hand.wait_for(".delivery form[action$=resume]").await;
    hand.click(".delivery form[action$=remove] button").await;
    hand.wait_for(".empty").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_wrong_with_the_look_of_deliveries() {
    let mail = TestMail::start().await;
    let stand = Stand::of_trade_with(&RUSSIAN, |launch| launch.env("MAIL_FROM", FROM)).await;
    let _postman = postman(&stand, &mail).start().expect("start");
    let browser = Browser::start().await;
    let (owner, user) = employee(&stand, &[VOLGA]).await;
    let (_, colleague) = employee(&stand, &[VOLGA]).await;
    let page = browser.page().await;
    page.open(&stand.portal.at("/deliveries")).await;
    page.sign_in(&user.name, &user.name).await;
    page.wait_for(".empty").await;
    create(&stand, &owner, &[("query", "period=month")], &[&user, &colleague]).await;
    let threshold = [
        ("column", "revenue"),
        ("over", "total"),
        ("direction", "below"),
        ("value", "100000"),
        ("title", "План по выручке за месяц"),
    ];
    create(&stand, &owner, &threshold, &[&user]).await;
    come_due(&stand).await;
    await_over(&stand, 3).await;
    execute(&stand, "UPDATE delivery_mail SET state = 'failed', reason = 'no-access' WHERE subject <> (SELECT owner FROM delivery LIMIT 1)").await;
    let mut wrong = Vec::new();
    for language in ["ru", "en"] {
        page.language(language).await;
        let name = |what: &str| format!("deliveries-{what}-{language}");
        for (what, path, shows) in [
            ("list", "/deliveries", ".delivery"),
            ("new", "/deliveries/new?report=sales&query=period%3Dmonth", "#delivery-create"),
            ("report", "/reports/sales", "#report-deliver"),
            ("unsubscribe", "/unsubscribe/x", "#unsubscribe"),
        ] {
            page.open(&stand.portal.at(path)).await;
            page.wait_for(shows).await;
            wrong.extend(look(&page, &name(what)).await);
        }
        page.open(&stand.portal.at("/deliveries/new?report=sales")).await;
        page.wait_for("#delivery-create").await;
        let _: bool = page.evaluate("document.querySelector('#timezone').value = 'Mars', true").await;
        page.click("#delivery-create").await;
        page.wait_for("#error-timezone:not(:empty)").await;
        wrong.extend(look(&page, &name("wrong")).await);
    }
    // The mail itself, as a mail program draws it.
    let html = &mail.received()[0].html;
    let file = stand.folder.path().join("mail.html");
    std::fs::write(&file, html).expect("a file");
    page.open(&format!("file://{}", file.display())).await;
    page.width(1280).await;
    page.screenshot("mail-1280").await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
