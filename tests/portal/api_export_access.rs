//! Whose an export of a program is, and what the program may see when it is made and when it is taken.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::program::problem;
use tests::{Person, Program, TestMachine, TestUser};

use crate::api_exports::{ordered, ordered_of};
use crate::export_stand::{await_query, await_state, files, order, reporter, start, volga, write_large_report};
use crate::exports::grant;
use crate::stand::{Line, Product, Stand, TODAY, URAL, VOLGA};

const NOBODYS: &str = "/api/v1/reports/exports/11111111-1111-4111-8111-111111111111";

/// A program of the manufacturer's, to which dealers are granted here.
async fn granted(stand: &Stand, dealers: &[&str]) -> (Program, TestMachine) {
    let machine = stand.keycloak.machine_with("manager", &[], |_| {}).await;
    grant(stand, &machine.subject, dealers).await;
    (Program::at(&stand.portal, stand.keycloak.token_of(&machine).await), machine)
}

/// When a token was given, in Unix seconds.
fn issued(token: &str) -> i64 {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&payload).unwrap()["iat"].as_i64().unwrap()
}

async fn reason(program: &Program, export: &str) -> (Value, Value) {
    let told = program.json(export).await;
    assert!(told["links"]["file"].is_null(), "{told}");
    (told["state"].clone(), told["reason"]["code"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_another_caller_is_answered_like_one_that_is_nowhere() {
    let stand = Stand::start().await;
    let _reporter = start(reporter(&stand));
    let program = stand.program(&[VOLGA]).await;
    let export = ordered(&program, "").await;
    await_state(&stand, &export, "done").await;
    let (person, _) = volga(&stand).await;
    let job = order(&person, "").await;
    await_state(&stand, &job, "done").await;
    let of_person = format!("/api/v1/reports{job}");
    let without_id = |mut told: Value| {
        told["instance"].take();
        told
    };
    // A colleague's program, a stranger's, and the program itself before a person's job.
    let (colleague, stranger) = (stand.program(&[VOLGA]).await, stand.program(&[URAL]).await);
    for (who, foreign) in
        [(&colleague, &export), (&stranger, &export), (&colleague, &of_person), (&program, &of_person)]
    {
        for rest in ["", "/file"] {
            let (seen, none) = (who.get(&format!("{foreign}{rest}")).await, who.get(&format!("{NOBODYS}{rest}")).await);
            assert_eq!((seen.status, none.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND), "{foreign}{rest}");
            assert_eq!(without_id(problem(&seen)), without_id(problem(&none)), "{foreign}{rest}");
        }
        assert_eq!(who.delete(foreign).await.status, StatusCode::NOT_FOUND);
    }
    for who in [&colleague, &stranger] {
        assert_eq!(who.json("/api/v1/reports/exports").await, json!({ "exports": [], "next": null }));
    }
    assert_eq!(
        person.get(&export.replace("/api/v1/reports", "")).await.status,
        StatusCode::NOT_FOUND,
        "nor a person's"
    );
    assert_eq!(Program::at(&stand.portal, "x").get(&export).await.status, StatusCode::UNAUTHORIZED);
    let by_cookie = Person::signed_in(&stand.portal, &stand.keycloak.dealer(&[VOLGA]).await).await.get(&export).await;
    assert_eq!(by_cookie.status, StatusCode::UNAUTHORIZED);
    assert_eq!(program.get(&format!("{export}/file")).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_is_taken_from_a_program_takes_the_file_along_before_and_after_it_is_made() {
    let stand = Stand::start().await;
    let (program, machine) = granted(&stand, &[VOLGA, URAL]).await;
    let (both, one) = (ordered(&program, "").await, ordered(&program, &format!("dealer={VOLGA}")).await);
    grant(&stand, &machine.subject, &[VOLGA]).await;
    let _reporter = start(reporter(&stand));
    let failed = await_state(&stand, &both, "failed").await;
    assert_eq!((failed.reason.as_deref(), failed.attempt), (Some("access"), 1));
    assert_eq!(reason(&program, &both).await, (json!("failed"), json!("access")));
    for (language, words) in [("en", "not open to you any more"), ("ru", "больше не открыт")] {
        let request = program.bare(reqwest::Method::GET, &both).bearer_auth(&program.token);
        let told = Program::send(request.header("accept-language", language)).await;
        assert!(told.text.contains(words), "{language}: {}", told.text);
    }
    assert_eq!(program.get(&format!("{both}/file")).await.status, StatusCode::NOT_FOUND);
    // What is still granted comes, and is gone with its grant.
    await_state(&stand, &one, "done").await;
    let file = format!("{one}/file");
    assert_eq!((program.get(&file).await.status, files(&stand).len()), (StatusCode::OK, 1));
    grant(&stand, &machine.subject, &[URAL]).await;
    assert_eq!(program.get(&file).await.status, StatusCode::NOT_FOUND);
    assert_eq!(reason(&program, &one).await, (json!("failed"), json!("access")));
    grant(&stand, &machine.subject, &[]).await;
    assert_eq!(program.get(&file).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_is_taken_from_a_program_while_the_file_is_written_leaves_no_file() {
    let reports = tests::folder();
    write_large_report(reports.path(), 400_000);
    let stand = Stand::of_site(&[Product::called(1, "Насос")], &[Line::of(1, TODAY, 100)], Some(reports.path())).await;
    let (program, machine) = granted(&stand, &[VOLGA]).await;
    let export = ordered_of(&program, "large", "format=csv").await;
    let _reporter = start(reporter(&stand).env("PORTAL_REPORTS_DIR", reports.path()));
    // Past the look at the start: ClickHouse is at work.
    await_query(&stand, &export, "rows").await;
    grant(&stand, &machine.subject, &[]).await;
    let failed = await_state(&stand, &export, "failed").await;
    assert_eq!((failed.reason.as_deref(), failed.attempt, files(&stand)), (Some("access"), 1, Vec::new()));
}

/// A token is shown and gone: what it claimed is kept for a day, and the youngest counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_programs_file_is_made_by_the_youngest_claims_that_it_has_shown_within_a_day() {
    let stand = Stand::start().await;
    let keycloak = &stand.keycloak;
    let machine = keycloak.machine(&[VOLGA, URAL]).await;
    let wide = Program::at(&stand.portal, keycloak.token_of(&machine).await);
    let both = ordered(&wide, "").await;
    let account = TestUser { id: machine.subject.clone(), name: machine.client.clone() };
    keycloak.set_dealers(&account, &[VOLGA]).await;
    // Tokens say when they were given in whole seconds.
    let narrow = loop {
        let token = keycloak.token_of(&machine).await;
        if issued(&token) > issued(&wide.token) {
            break Program::at(&stand.portal, token);
        }
    };
    let one = ordered(&narrow, "").await;
    // An older token widens nothing again.
    assert_eq!(ordered(&wide, "").await, both);
    let forgotten = stand.program(&[VOLGA]).await;
    let old = ordered(&forgotten, "").await;
    sqlx::query("UPDATE program SET claims_until = now() - interval '1 day' WHERE subject = (SELECT subject FROM job WHERE id = $1::uuid)")
        .bind(old.rsplit('/').next().unwrap())
        .execute(&stand.postgres.pool)
        .await
        .unwrap();
    let _reporter = start(reporter(&stand));
    for export in [&both, &old] {
        let failed = await_state(&stand, export, "failed").await;
        assert_eq!((failed.reason.as_deref(), failed.attempt), (Some("access"), 1));
    }
    await_state(&stand, &one, "done").await;
    assert_eq!(narrow.get(&format!("{one}/file")).await.status, StatusCode::OK);
    assert_eq!(files(&stand).len(), 1, "of no other");
}
