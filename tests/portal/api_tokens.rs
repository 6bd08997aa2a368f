//! Whose token opens the API: everything that is not an access token of the realm for this audience, in time, is refused with
//! one sentence.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::program::problem;
use tests::{Answer, Person, Program};

use crate::stand::{NORTH, Stand, URAL, VOLGA};

const LIST: &str = "/api/v1/reports";

/// The refusal's kind and its challenge.
async fn refused(program: &Program, why: &str) -> (String, String) {
    let answer = program.get(LIST).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{why}: {}", answer.text);
    let told = problem(&answer);
    assert!(told.get("parameter").is_none(), "{told}");
    (
        told["type"].as_str().unwrap().rsplit(':').next().unwrap().to_owned(),
        answer.header("www-authenticate").to_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_for_the_api_opens_nothing() {
    let stand = Stand::start().await;
    let keycloak = &stand.keycloak;
    let short = |client: &mut serde_json::Value| client["attributes"] = json!({ "access.token.lifespan": "1" });
    let short = keycloak.token_of(&keycloak.machine_with("dealer", &[VOLGA], short).await).await;
    let taken_at = Instant::now();

    // What the web's own client is given, and a person's tokens of a client that has the audience.
    let of_web = |client: &mut serde_json::Value| {
        client["directAccessGrantsEnabled"] = json!(true);
        client["protocolMappers"]
            .as_array_mut()
            .unwrap()
            .retain(|mapper| mapper["name"] == "dealers" || mapper["name"] == "roles");
    };
    let for_people = |client: &mut serde_json::Value| client["directAccessGrantsEnabled"] = json!(true);
    let person = keycloak.dealer(&[VOLGA]).await;
    let mut given = Vec::new();
    for client in [keycloak.machine_with("", &[], of_web).await, keycloak.machine_with("", &[], for_people).await] {
        let form = [
            ("grant_type", "password"),
            ("client_id", client.client.as_str()),
            ("client_secret", client.secret.as_str()),
            ("username", person.name.as_str()),
            ("password", person.name.as_str()),
            ("scope", "openid"),
        ];
        given.push(keycloak.tokens(&form).await);
    }
    let [web, own] = given.try_into().unwrap();
    let at = |token: &str| Program::at(&stand.portal, token);
    assert_eq!(at(&own.access).get(LIST).await.status, StatusCode::OK, "a person's program");
    let good = keycloak.token_of(&keycloak.machine(&[VOLGA]).await).await;
    let (head, rest) = good.split_once('.').unwrap();
    let (payload, signature) = rest.split_once('.').unwrap();
    let another = keycloak.token_of(&keycloak.machine(&[URAL]).await).await;
    for (token, kind, why) in [
        (web.access.as_str(), "token-audience", "the web client's access token"),
        (&own.id, "token-refused", "an ID token"),
        (&own.refresh, "token-refused", "a refresh token"),
        ("x", "token-refused", "garbage"),
        ("a.b.c", "token-refused", "garbage in three parts"),
        (&format!("{head}.{}.{signature}", another.split('.').nth(1).unwrap()), "token-refused", "another's claims"),
        (&format!("{head}.{payload}."), "token-refused", "no signature"),
        (&keycloak.token_of_another_realm().await, "token-refused", "another issuer"),
    ] {
        let (told, challenge) = refused(&at(token), why).await;
        assert_eq!(told, kind, "{why}");
        assert!(
            challenge.starts_with("Bearer ") && challenge.contains("error=\"invalid_token\""),
            "{why}: {challenge}"
        );
    }

    let none = Program::send(at("").bare(Method::GET, LIST)).await;
    assert_eq!(
        (none.status, none.header("www-authenticate")),
        (StatusCode::UNAUTHORIZED, "Bearer realm=\"dealer portal\"")
    );
    assert_eq!(problem(&none)["type"], "urn:dealer-portal:problem:token-missing");

    // A minute's leeway for clocks, and not more.
    assert_eq!(at(&short).get(LIST).await.status, StatusCode::OK);
    tokio::time::sleep(Duration::from_secs(63).saturating_sub(taken_at.elapsed())).await;
    let (told, challenge) = refused(&at(&short), "expired").await;
    assert!(told == "token-expired" && challenge.contains("expired"), "{told} {challenge}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_sees_what_claims_and_grants_open_and_nothing_without_them() {
    let stand = Stand::start().await;
    let keycloak = &stand.keycloak;
    let names = async |program: &Program| {
        let dealers = program.json("/api/v1/reports/dealers").await;
        let ids = dealers["dealers"].as_array().unwrap().iter().map(|dealer| dealer["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(names(&stand.program(&[VOLGA]).await).await, [VOLGA]);

    for (role, dealers) in [("dealer", &[][..]), ("", &[VOLGA][..]), ("manager", &[VOLGA][..]), ("admin", &[VOLGA][..])]
    {
        let machine = keycloak.machine_with(role, dealers, |_| {}).await;
        let answer = Program::at(&stand.portal, keycloak.token_of(&machine).await).get(LIST).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{role:?} {dealers:?}: {}", answer.text);
        assert_eq!(problem(&answer)["type"], "urn:dealer-portal:problem:no-dealers");
    }

    for role in ["dealer", "manager"] {
        let machine = keycloak.machine_with(role, &[VOLGA], |_| {}).await;
        let sql = "INSERT INTO dealer_grant (subject, dealer_id, granted_by, granted_at) VALUES ($1, $2::uuid, 'test', now())";
        sqlx::query(sql).bind(&machine.subject).bind(NORTH).execute(&stand.postgres.pool).await.unwrap();
        let program = Program::at(&stand.portal, keycloak.token_of(&machine).await);
        let expected: &[&str] = if role == "dealer" { &[VOLGA, NORTH] } else { &[NORTH] };
        assert_eq!(names(&program).await, expected, "{role}");
        // Taken away, it is gone at once.
        sqlx::query("DELETE FROM dealer_grant WHERE subject = $1")
            .bind(&machine.subject)
            .execute(&stand.postgres.pool)
            .await
            .unwrap();
        let after = program.get("/api/v1/reports/dealers").await;
        assert_eq!(
            after.status,
            if role == "dealer" { StatusCode::OK } else { StatusCode::FORBIDDEN },
            "{}",
            after.text
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_is_no_token_and_both_at_once_are_refused_everywhere() {
    let stand = Stand::start().await;
    let program = stand.program(&[VOLGA]).await;
    let person = Person::signed_in(&stand.portal, &stand.keycloak.dealer(&[VOLGA]).await).await;
    let by_cookie = person.get(LIST).await;
    assert_eq!(by_cookie.status, StatusCode::UNAUTHORIZED, "{}", by_cookie.text);
    problem(&by_cookie);
    let both = async |path: &str| -> Answer {
        let request = person.request(Method::GET, path).header("accept-language", "en");
        person.send(request.bearer_auth(&program.token)).await
    };
    let answer = both("/api/v1/reports/sales/rows").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let told = problem(&answer);
    assert_eq!(
        (&told["parameter"], told["detail"].as_str().unwrap().contains("one of them")),
        (&json!("Authorization"), true)
    );
    let page = both("/reports/sales").await;
    assert_eq!((page.status, page.header("content-type")), (StatusCode::BAD_REQUEST, "text/html; charset=utf-8"));
    // Each by itself goes on.
    assert_eq!(person.get("/reports/sales").await.status, StatusCode::OK);
    assert_eq!(program.get(LIST).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_has_a_viewers_limit_of_its_own() {
    let stand =
        Stand::start_with(|launch| launch.env("PORTAL_REQUESTS_PER_SECOND", "1").env("PORTAL_REQUESTS_BURST", "5"))
            .await;
    let (greedy, modest) = (stand.program(&[VOLGA]).await, stand.program(&[VOLGA]).await);
    let mut last = greedy.get(LIST).await;
    for _ in 0..10 {
        last = greedy.get(LIST).await;
    }
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(last.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    problem(&last);
    assert_eq!(modest.get(LIST).await.status, StatusCode::OK);
}

/// The program of the invented people, as a stack of ours has it.
#[tokio::test(flavor = "multi_thread")]
async fn volgas_invented_program_reads_volga() {
    let stand = Stand::start().await;
    let form =
        [("grant_type", "client_credentials"), ("client_id", "volga-machine"), ("client_secret", "volga-machine")];
    let program = Program::at(&stand.portal, stand.keycloak.tokens(&form).await.access);
    let dealers = program.json("/api/v1/reports/dealers").await;
    assert_eq!(dealers["dealers"][0]["id"], VOLGA);
    assert_eq!(dealers["dealers"].as_array().unwrap().len(), 1);
}
