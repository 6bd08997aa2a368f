//! Deliveries over a real mail server: each recipient his own rows or nothing, once each time, and a way out.

use reqwest::{Method, StatusCode};
use tests::{Person, TestMail, written};
use url::Url;

use crate::delivery_stand::{
    await_over, come_due, count, create, employee, execute, last, manager, postman, said, send_form, stand, to,
};
use crate::stand::{NORTH, URAL, VOLGA, canary};

#[tokio::test(flavor = "multi_thread")]
async fn each_recipient_gets_his_own_rows_and_no_foreign_canary_is_in_any_mail() {
    let (stand, mail) = (stand().await, TestMail::start().await);
    let _postman = postman(&stand, &mail).start().expect("start");
    let ((_, volga), (_, ural)) = (employee(&stand, &[VOLGA]).await, employee(&stand, &[URAL]).await);
    let (owner, both) = manager(&stand, &[VOLGA, URAL]).await;
    for format in ["csv", "xlsx"] {
        create(&stand, &owner, &[("format", format)], &[&both, &volga, &ural]).await;
    }
    come_due(&stand).await;
    await_over(&stand, 6).await;
    for (user, own, foreign) in [
        (&volga, vec![VOLGA], vec![URAL, NORTH]),
        (&ural, vec![URAL], vec![VOLGA, NORTH]),
        (&both, vec![VOLGA, URAL], vec![NORTH]),
    ] {
        let mails = to(&mail, user);
        assert_eq!(mails.len(), 2, "{:?}", last(&stand, user).await);
        for received in mails {
            let said = said(&received);
            assert!(own.iter().all(|dealer| said.contains(&canary(dealer))), "{said}");
            assert!(!foreign.iter().any(|dealer| said.contains(&canary(dealer))), "a foreign canary: {said}");
            let [file] = &received.files[..] else { panic!("one file: {received:?}") };
            let rows = 60 * own.len();
            let json = Person::signed_in(&stand.portal, user).await.get("/reports/sales?format=json").await.text;
            let kinds = written::kinds(&json);
            let read = match file.name.rsplit('.').next() {
                Some("csv") => written::csv(&written::text("csv", &file.bytes), &kinds),
                _ => written::xlsx(&file.bytes, &kinds),
            };
            assert_eq!(read.rows.len(), rows, "{}", file.name);
            assert_eq!(read.rows, written::json(&json, &kinds).rows, "the rows of the page");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_without_rights_or_address_gets_nothing_and_the_owner_reads_why() {
    let (stand, mail) = (stand().await, TestMail::start().await);
    let (owner, owner_user) = manager(&stand, &[VOLGA, URAL]).await;
    let mut people = Vec::new();
    for _ in 0..4 {
        people.push(employee(&stand, &[VOLGA]).await.1);
    }
    let (_, ural) = employee(&stand, &[URAL]).await;
    let [closed, absent, nameless, fine] = &people[..] else { panic!("four") };
    create(
        &stand,
        &owner,
        &[("query", &format!("dealer={VOLGA}"))],
        &[closed, absent, nameless, fine, &ural, &owner_user],
    )
    .await;
    let change = async |sql: &'static str, user: &tests::TestUser| {
        sqlx::query(sql).bind(&user.id).execute(&stand.postgres.pool).await.expect(sql);
    };
    change("UPDATE person SET claimed_dealers = '{}' WHERE subject = $1", closed).await;
    change("UPDATE person SET claims_at = now() - interval '8 days' WHERE subject = $1", absent).await;
    change("UPDATE person SET email = NULL WHERE subject = $1", nameless).await;
    let _postman = postman(&stand, &mail).start().expect("start");
    come_due(&stand).await;
    await_over(&stand, 6).await;
    for (user, state, reason) in [
        (closed, "failed", Some("no-access")),
        (absent, "failed", Some("absent")),
        (nameless, "failed", Some("address")),
        // The view names a dealer who is not his.
        (&ural, "failed", Some("no-access")),
        (fine, "sent", None),
        (&owner_user, "sent", None),
    ] {
        let known = last(&stand, user).await;
        assert_eq!((&*known.0, known.1.as_deref()), (state, reason));
        assert_eq!(to(&mail, user).len(), usize::from(reason.is_none()));
    }
    assert_eq!(mail.received().len(), 2);
    let page = owner.get("/deliveries").await.text;
    for words in
        ["Получателю эти данные сейчас не открыты", "не входил в портал больше недели", "нет подтверждённого адреса"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("@dealer.example"), "an address: {page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_a_mail_opens_that_view_after_signing_in() {
    let (stand, mail) = (stand().await, TestMail::start().await);
    let _postman = postman(&stand, &mail).start().expect("start");
    let (owner, user) = employee(&stand, &[VOLGA]).await;
    create(&stand, &owner, &[("query", "period=month&sort=product"), ("title", "Продажи  за\r\nмесяц")], &[&user])
        .await;
    come_due(&stand).await;
    await_over(&stand, 1).await;
    let [received] = &to(&mail, &user)[..] else { panic!("one mail") };
    assert_eq!(received.header("Subject"), "Продажи за месяц");
    let link = Url::parse(&received.link("/reports/")).expect("a link");
    assert_eq!(link.query(), Some("period=month&sort=product"));
    let path = format!("{}?{}", link.path(), link.query().unwrap_or_default());
    let stranger = Person::at(&stand.portal);
    let sent = stranger.get(link.as_str()).await;
    assert!(
        sent.status == StatusCode::SEE_OTHER && sent.location().starts_with("/login?return_to="),
        "{}",
        sent.location()
    );
    let back = stranger.sign_in(&user, &path).await;
    assert_eq!(back.location(), path);
    assert_eq!(stranger.get(&path).await.status, StatusCode::OK);
    assert!(received.html.contains(&link.as_str().replace('&', "&amp;")), "{}", received.html);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_says_who_wrote_it_in_the_recipients_language_and_names_one_recipient() {
    let (stand, mail) = (stand().await, TestMail::start().await);
    let _postman = postman(&stand, &mail).start().expect("start");
    let user = stand.keycloak.dealer(&[VOLGA]).await;
    let owner = Person::at(&stand.portal);
    let chosen = owner.post("/language", &[("language", "en")]).await;
    assert_eq!(chosen.status, StatusCode::SEE_OTHER);
    owner.sign_in(&user, "/").await;
    let (_, russian) = employee(&stand, &[VOLGA]).await;
    create(&stand, &owner, &[], &[&user, &russian]).await;
    come_due(&stand).await;
    await_over(&stand, 2).await;
    let english = to(&mail, &user).pop().expect("a mail");
    assert_eq!(english.header("Subject"), "Sales");
    assert!(
        english.text.contains("Open the report in the portal") && english.text.contains("Data as of"),
        "{}",
        english.text
    );
    let received = to(&mail, &russian).pop().expect("a mail");
    assert_eq!(received.header("Subject"), "Продажи");
    assert!(
        received.html.contains("Открыть отчёт в портале") && received.html.contains("lang=\"ru\""),
        "{}",
        received.html
    );
    for received in [&english, &received] {
        assert_eq!(received.header("Auto-Submitted"), "auto-generated");
        assert_eq!(received.header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
        assert!(received.header("Message-ID").ends_with("@dealer.example>") && !received.header("Date").is_empty());
        assert_eq!((received.recipients.len(), received.header("Cc"), received.header("Bcc")), (1, "", ""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_click_unsubscribes_from_anywhere_and_a_link_that_is_followed_does_not() {
    let (stand, mail) = (stand().await, TestMail::start().await);
    let _postman = postman(&stand, &mail).start().expect("start");
    let (owner, user) = employee(&stand, &[VOLGA]).await;
    let (_, colleague) = employee(&stand, &[VOLGA]).await;
    create(&stand, &owner, &[], &[&user, &colleague]).await;
    come_due(&stand).await;
    await_over(&stand, 2).await;
    let received = to(&mail, &colleague).pop().expect("a mail");
    let link = received.header("List-Unsubscribe").trim_matches(['<', '>']).to_owned();
    assert_eq!(received.link("/unsubscribe/"), link, "the same stands at the foot");
    let program = Person::at(&stand.portal);
    let shown = program.get(&link).await;
    assert!(shown.status == StatusCode::OK && shown.text.contains("<button") && !shown.text.contains("form_token"));
    let unsubscribed =
        async || count(&stand, "SELECT count(*) FROM delivery_recipient WHERE unsubscribed_at IS NOT NULL").await;
    assert_eq!(unsubscribed().await, 0, "scanners follow links");
    let click = async |address: &str| {
        let request = program.request(Method::POST, address).form(&[("List-Unsubscribe", "One-Click")]);
        program.send(request.header("Sec-Fetch-Site", "cross-site").header("Origin", "https://mail.example")).await
    };
    let first = click(&link).await;
    assert!(first.status == StatusCode::OK && first.text.contains("Вы отписаны"), "{}", first.text);
    assert_eq!(unsubscribed().await, 1);
    let nobodys = format!("{}{}", &link[..link.len() - 64], "0".repeat(64));
    for other in [&link, &nobodys, &format!("{}x", &link[..link.len() - 64])] {
        let again = click(other).await;
        assert_eq!((again.status, &again.text), (first.status, &first.text), "one answer for all");
    }
    assert_eq!(unsubscribed().await, 1);
    come_due(&stand).await;
    await_over(&stand, 3).await;
    assert_eq!((to(&mail, &user).len(), to(&mail, &colleague).len()), (2, 1));
    assert!(owner.get("/deliveries").await.text.contains("отписался сам"));
    let log = stand.portal.process.output();
    assert!(!log.contains(&link[link.len() - 64..]), "the token is in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_due_time_goes_out_once_the_latest_missed_one_alone_and_none_while_paused() {
    let (stand, mail) = (stand().await, TestMail::start().await);
    let (owner, user) = employee(&stand, &[VOLGA]).await;
    let path = create(&stand, &owner, &[("timezone", "UTC")], &[&user]).await;
    // Down for five days, and up an hour after the last of five times.
    execute(
        &stand,
        "UPDATE delivery SET at_time = (now() AT TIME ZONE 'UTC' - interval '1 hour')::time, next_due_at = now() - interval '5 days 1 hour'",
    )
    .await;
    let two = [postman(&stand, &mail).env("HEALTH_LISTEN", "127.0.0.1:0"), postman(&stand, &mail)];
    let _postmen = two.map(|launch| launch.start().expect("start"));
    await_over(&stand, 1).await;
    assert_eq!(count(&stand, "SELECT count(*) FROM delivery WHERE next_due_at > now()").await, 1);
    // Too late by more than the grace.
    execute(
        &stand,
        "UPDATE delivery SET at_time = (now() AT TIME ZONE 'UTC' - interval '13 hours')::time, next_due_at = now() - interval '13 hours'",
    )
    .await;
    let moved = async || count(&stand, "SELECT count(*) FROM delivery WHERE next_due_at > now()").await == 1;
    tests::await_true("it moves on", crate::delivery_stand::SOON, moved).await;
    assert_eq!(count(&stand, "SELECT count(*) FROM delivery_mail").await, 1);
    let token = owner.get("/deliveries").await.form_token();
    let paused = owner.post(&format!("{path}/pause"), &[("form_token", &token)]).await;
    assert_eq!(paused.status, StatusCode::SEE_OTHER);
    assert!(owner.get("/deliveries").await.text.contains("Приостановлена"));
    come_due(&stand).await;
    // Another of the same person's goes out meanwhile: the postman has looked.
    create(&stand, &owner, &[("title", "Вторая")], &[&user]).await;
    execute(&stand, "UPDATE delivery SET next_due_at = now() WHERE title = 'Вторая'").await;
    await_over(&stand, 2).await;
    assert_eq!(mail.received().len(), 2);
    let resumed = owner.post(&format!("{path}/resume"), &[("form_token", &token)]).await;
    assert_eq!(resumed.status, StatusCode::SEE_OTHER);
    assert_eq!(
        count(&stand, "SELECT count(*) FROM delivery WHERE next_due_at > now()").await,
        2,
        "what was missed is missed"
    );
    let sent = owner.post(&format!("{path}/send"), &[("form_token", &token)]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    await_over(&stand, 3).await;
    assert_eq!(mail.received().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_people_who_share_a_dealer_are_offered_and_taken() {
    let stand = stand().await;
    let (owner, user) = employee(&stand, &[VOLGA]).await;
    let ((_, colleague), (_, stranger)) = (employee(&stand, &[VOLGA, NORTH]).await, employee(&stand, &[URAL]).await);
    let (staff, staff_user) = manager(&stand, &[VOLGA]).await;
    let form = owner.get("/deliveries/new?report=sales&query=").await.text;
    for (who, is_offered) in [(&user, true), (&colleague, true), (&stranger, false), (&staff_user, false)] {
        assert_eq!(form.contains(&who.id), is_offered, "{form}");
        let answer = send_form(&owner, &[], &[who]).await;
        assert_eq!(answer.status == StatusCode::SEE_OTHER, is_offered, "{}", answer.text);
    }
    let form = staff.get("/deliveries/new?report=sales&query=").await.text;
    assert!(form.contains(&colleague.id) && form.contains(&user.id) && !form.contains(&stranger.id));
    // Who has signed in longer ago than claims count is offered no more.
    execute(&stand, "UPDATE person SET claims_at = now() - interval '8 days'").await;
    assert!(!owner.get("/deliveries/new?report=sales&query=").await.text.contains(&colleague.id));
}
