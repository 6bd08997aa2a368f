//! What tests of deliveries share: a portal with mail, people of several dealers, a delivery that comes due.

use std::time::Duration;

use reqwest::StatusCode;
use sqlx::Row as _;
use stack::process::Launch;
use tests::{Answer, Person, Received, TestMail, TestUser, await_true};

use crate::export_stand;
use crate::stand::Stand;

pub const FROM: &str = "Портал дилера <portal@dealer.example>";
pub const SOON: Duration = Duration::from_secs(60);

/// Three dealers, and a portal that knows of mail.
pub async fn stand() -> Stand {
    Stand::start_with(|launch| launch.env("MAIL_FROM", FROM)).await
}

/// A reporter that hands mails to this server, and tries again after a second.
pub fn postman(stand: &Stand, mail: &TestMail) -> Launch {
    export_stand::reporter(stand)
        .env("SMTP_URL", mail.url())
        .env("MAIL_FROM", FROM)
        .env("PORTAL_URL", &stand.portal.url)
        .env("MAIL_RETRY_SECONDS", "1")
}

/// An employee of these dealers who has signed in.
pub async fn employee(stand: &Stand, dealers: &[&str]) -> (Person, TestUser) {
    let user = stand.keycloak.dealer(dealers).await;
    (Person::signed_in(&stand.portal, &user).await, user)
}

/// One of the manufacturer's staff to whom these dealers are granted.
pub async fn manager(stand: &Stand, dealers: &[&str]) -> (Person, TestUser) {
    let user = stand.keycloak.user("manager", &[]).await;
    for dealer in dealers {
        let sql = "INSERT INTO dealer_grant (subject, dealer_id, granted_by) VALUES ($1, $2::uuid, 'test')";
        sqlx::query(sql).bind(&user.id).bind(dealer).execute(&stand.postgres.pool).await.expect("a grant");
    }
    (Person::signed_in(&stand.portal, &user).await, user)
}

/// Sends the form of a new delivery: these fields in place of the usual ones, to these people.
pub async fn send_form(person: &Person, fields: &[(&str, &str)], recipients: &[&TestUser]) -> Answer {
    let token = person.get("/deliveries").await.form_token();
    let usual = [
        ("report", "sales"),
        ("query", ""),
        ("title", ""),
        ("format", "csv"),
        ("rhythm", "daily"),
        ("month_day", "1"),
        ("time", "08:00"),
        ("timezone", "Europe/Moscow"),
        ("column", ""),
    ];
    let mut all: Vec<(&str, &str)> = vec![("form_token", &token)];
    all.extend(usual.iter().filter(|(name, _)| !fields.iter().any(|(other, _)| other == name)));
    all.extend(fields);
    all.extend(recipients.iter().map(|user| ("recipient", user.id.as_str())));
    person.post("/deliveries", &all).await
}

/// Makes a delivery; its address.
pub async fn create(stand: &Stand, person: &Person, fields: &[(&str, &str)], recipients: &[&TestUser]) -> String {
    let answer = send_form(person, fields, recipients).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/deliveries"), "{}", answer.text);
    let sql = "SELECT id::text FROM delivery ORDER BY created_at DESC LIMIT 1";
    let id: String = sqlx::query_scalar(sql).fetch_one(&stand.postgres.pool).await.expect("the delivery");
    format!("/deliveries/{id}")
}

/// Everything is due now.
pub async fn come_due(stand: &Stand) {
    execute(stand, "UPDATE delivery SET next_due_at = now()").await;
}

pub async fn execute(stand: &Stand, sql: &'static str) {
    sqlx::query(sql).execute(&stand.postgres.pool).await.expect(sql);
}

pub async fn count(stand: &Stand, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&stand.postgres.pool).await.expect(sql)
}

/// No mail waits any more, and so many have been dealt with.
pub async fn await_over(stand: &Stand, mails: i64) {
    await_true(&format!("{mails} mails are dealt with"), SOON, async || {
        count(stand, "SELECT count(*) FROM delivery_mail WHERE finished_at IS NOT NULL").await >= mails
            && count(stand, "SELECT count(*) FROM delivery_mail WHERE finished_at IS NULL").await == 0
    })
    .await;
}

/// State and reason of the last mail to this person.
pub async fn last(stand: &Stand, user: &TestUser) -> (String, Option<String>) {
    let sql = "SELECT state, reason FROM delivery_mail WHERE subject = $1 ORDER BY due_at DESC LIMIT 1";
    let row = sqlx::query(sql).bind(&user.id).fetch_one(&stand.postgres.pool).await.expect("a mail");
    (row.get("state"), row.get("reason"))
}

pub fn address(user: &TestUser) -> String {
    format!("{}@dealer.example", user.name)
}

/// The mails to this person.
pub fn to(mail: &TestMail, user: &TestUser) -> Vec<Received> {
    let all = mail.received().into_iter();
    all.filter(|received| received.recipients == [address(user)]).collect()
}

/// All that a mail says, files and headers included.
pub fn said(received: &Received) -> String {
    let mut all = vec![received.raw.clone(), received.text.clone(), received.html.clone()];
    all.extend(["Subject", "From", "To"].map(|name| received.header(name).to_owned()));
    for file in &received.files {
        let format = file.name.rsplit('.').next().unwrap_or_default();
        all.extend([file.name.clone(), tests::written::text(format, &file.bytes)]);
    }
    all.join("\n")
}
