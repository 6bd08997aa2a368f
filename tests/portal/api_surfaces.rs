//! `portal serve --surface …`: what is not served is nowhere, and is refused in the manner of what is.

use reqwest::StatusCode;
use stack::process::Launch;
use tests::program::problem;
use tests::{Person, Program};

use crate::stand::{Stand, VOLGA};

#[tokio::test(flavor = "multi_thread")]
async fn the_api_alone_knows_no_page_no_sign_in_and_no_secret_of_theirs() {
    let alone = |launch: Launch| launch.args(["serve", "--surface", "reports-api"]).env("OIDC_CLIENT_SECRET", "");
    let stand = Stand::start_with(alone).await;
    let program = stand.program(&[VOLGA]).await;
    assert_eq!(program.get("/api/v1/reports").await.status, StatusCode::OK);
    for path in ["/", "/login", "/reports/sales", "/signed-out", "/assets/portal.css", "/nothing"] {
        let answer = program.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        problem(&answer);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_web_alone_knows_no_api() {
    let stand = Stand::start_with(|launch| launch.args(["serve", "--surface", "web"])).await;
    let program = stand.program(&[VOLGA]).await;
    for path in ["/api/v1/reports", "/api/v1/reports/openapi.json"] {
        let answer = program.get(path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::NOT_FOUND, "text/html; charset=utf-8"),
            "{path}"
        );
    }
    let person = Person::signed_in(&stand.portal, &stand.keycloak.dealer(&[VOLGA]).await).await;
    assert_eq!(person.get("/reports/sales").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_word_both_are_served_and_each_draws_its_own_errors() {
    let stand = Stand::start().await;
    let program = stand.program(&[VOLGA]).await;
    problem(&program.get("/api/nothing").await);
    let page = Program::send(program.bare(reqwest::Method::GET, "/apiary")).await;
    assert_eq!((page.status, page.header("content-type")), (StatusCode::NOT_FOUND, "text/html; charset=utf-8"));
}
