//! What breaks while a mail is on its way: nothing is lost, and the owner reads why.

use tests::{Person, TestMail, await_true};

use crate::delivery_stand::{
    FROM, SOON, address, await_over, come_due, count, create, employee, execute, last, postman, stand, to,
};
use crate::export_stand::{await_query, write_large_report};
use crate::stand::{Line, Product, Stand, TODAY, VOLGA};

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_is_down_and_comes_up_gets_each_mail_once() {
    let (stand, mut mail) = (stand().await, TestMail::down());
    let worker = postman(&stand, &mail).start().expect("start");
    let (owner, user) = employee(&stand, &[VOLGA]).await;
    create(&stand, &owner, &[], &[&user]).await;
    come_due(&stand).await;
    let waits = async || {
        count(&stand, "SELECT count(*) FROM delivery_mail WHERE reason = 'mail-server' AND state = 'queued'").await == 1
    };
    await_true("it is tried again", SOON, waits).await;
    let page = owner.get("/deliveries").await.text;
    assert!(page.contains("отправим ещё раз") && page.contains("Почтовый сервер недоступен"), "{page}");
    mail.up().await;
    await_over(&stand, 1).await;
    // Put off for now, it is tried again too.
    mail.orders("451");
    come_due(&stand).await;
    await_true("it is put off", SOON, waits).await;
    mail.orders("");
    await_over(&stand, 2).await;
    assert_eq!(to(&mail, &user).len(), 2);
    assert!(!worker.output().contains(&address(&user)), "an address in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_good_is_told_and_the_third_stops_the_recipient_until_resumed() {
    let (stand, mail) = (stand().await, TestMail::start().await);
    let worker = postman(&stand, &mail).start().expect("start");
    let (owner, user) = employee(&stand, &[VOLGA]).await;
    let (_, colleague) = employee(&stand, &[VOLGA]).await;
    let path = create(&stand, &owner, &[], &[&user, &colleague]).await;
    mail.orders(&format!("550 {}", address(&colleague)));
    for round in 1..=3 {
        come_due(&stand).await;
        await_over(&stand, round * 2).await;
        assert_eq!(last(&stand, &colleague).await, ("failed".to_owned(), Some("refused".to_owned())));
    }
    let page = owner.get("/deliveries").await;
    assert!(page.text.contains("трижды отказался") && page.text.contains("Возобновить"), "{}", page.text);
    mail.orders("");
    come_due(&stand).await;
    await_over(&stand, 7).await;
    assert_eq!((to(&mail, &user).len(), to(&mail, &colleague).len()), (4, 0), "the others go on");
    owner.post(&format!("{path}/resume"), &[("form_token", &page.form_token())]).await;
    come_due(&stand).await;
    await_over(&stand, 9).await;
    assert_eq!(to(&mail, &colleague).len(), 1);
    assert!(!worker.output().contains(&address(&colleague)), "an address in the log");
}

/// Nobody can say whether the server took it: the second mail is known by its Message-ID.
#[tokio::test(flavor = "multi_thread")]
async fn a_reporter_that_is_killed_between_sending_and_noting_sends_the_same_message_again() {
    let (stand, mail) = (stand().await, TestMail::start().await);
    mail.orders("hang");
    let mut worker = postman(&stand, &mail).start().expect("start");
    let (owner, user) = employee(&stand, &[VOLGA]).await;
    create(&stand, &owner, &[], &[&user]).await;
    come_due(&stand).await;
    await_true("the server has it", SOON, async || mail.received().len() == 1).await;
    worker.kill();
    mail.orders("");
    assert_eq!(last(&stand, &user).await.0, "sending");
    execute(&stand, "UPDATE delivery_mail SET lease_until = now()").await;
    let _other = postman(&stand, &mail).start().expect("start");
    await_over(&stand, 1).await;
    let ids: Vec<String> = to(&mail, &user).iter().map(|received| received.header("Message-ID").to_owned()).collect();
    assert!(ids.len() == 2 && ids[0] == ids[1] && !ids[0].is_empty(), "{ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_is_a_link_behind_sign_in_that_is_the_recipients_alone() {
    let (reports, mail) = (tests::folder(), TestMail::start().await);
    write_large_report(reports.path(), 40_000);
    let stand = Stand::of_site_with(&[Product::called(1, "Насос")], &[Line::of(1, TODAY, 100)], |launch| {
        launch.env("PORTAL_REPORTS_DIR", reports.path()).env("MAIL_FROM", FROM)
    })
    .await;
    let launch = postman(&stand, &mail).env("PORTAL_REPORTS_DIR", reports.path()).env("MAIL_ATTACHMENT_MEGABYTES", "1");
    let _worker = launch.start().expect("start");
    let (owner, user) = employee(&stand, &[VOLGA]).await;
    let (colleague, _) = employee(&stand, &[VOLGA]).await;
    create(&stand, &owner, &[("report", "large")], &[&user]).await;
    come_due(&stand).await;
    await_over(&stand, 1).await;
    let [received] = &to(&mail, &user)[..] else { panic!("{:?}", last(&stand, &user).await) };
    assert!(received.files.is_empty() && received.text.contains("слишком велик для письма"), "{}", received.text);
    let link = received.link("/exports/");
    let stranger = Person::at(&stand.portal);
    assert!(stranger.get(&link).await.location().starts_with("/login"));
    assert_eq!(colleague.get(&link).await.status, reqwest::StatusCode::NOT_FOUND);
    let file = owner.get(&format!("{link}/file")).await;
    assert!(file.text.lines().count() > 40_000, "{} lines", file.text.lines().count());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_away_or_not_wanted_while_the_rows_are_read_is_not_sent() {
    let (reports, mail) = (tests::folder(), TestMail::start().await);
    write_large_report(reports.path(), 400_000);
    let stand = Stand::of_site_with(&[Product::called(1, "Насос")], &[Line::of(1, TODAY, 100)], |launch| {
        launch.env("PORTAL_REPORTS_DIR", reports.path()).env("MAIL_FROM", FROM)
    })
    .await;
    let _worker = postman(&stand, &mail).env("PORTAL_REPORTS_DIR", reports.path()).start().expect("start");
    let (owner, user) = employee(&stand, &[VOLGA]).await;
    create(&stand, &owner, &[("report", "large")], &[&user]).await;
    come_due(&stand).await;
    let in_state = async |state: &str| {
        await_true(state, SOON, async || {
            let sql = "SELECT count(*) FROM delivery_mail WHERE state = $1";
            sqlx::query_scalar::<_, i64>(sql).bind(state).fetch_one(&stand.postgres.pool).await.unwrap() == 1
        })
        .await;
    };
    in_state("sending").await;
    let id = sqlx::query_scalar("SELECT id::text FROM delivery_mail").fetch_one(&stand.postgres.pool).await;
    let id: String = id.expect("the mail");
    // Past the look at the start: ClickHouse is at work.
    await_query(&stand, &id, "rows").await;
    execute(&stand, "UPDATE delivery_recipient SET unsubscribed_at = now()").await;
    in_state("queued").await;
    execute(&stand, "UPDATE delivery_recipient SET unsubscribed_at = NULL").await;
    in_state("sending").await;
    await_query(&stand, &id, "rows").await;
    execute(&stand, "UPDATE person SET claimed_dealers = '{}'").await;
    await_over(&stand, 1).await;
    assert_eq!(last(&stand, &user).await, ("failed".to_owned(), Some("no-access".to_owned())));
    assert_eq!(mail.received().len(), 0);
}
