//! Signing in through the real Keycloak.

use std::time::Duration;

use reqwest::StatusCode;
use tests::{Browser, Person, TestClickHouse, TestKeycloak, TestPortal, TestPostgres, TestUser};

pub const VOLGA: &str = "5b0d6f0e-d0d0-11ee-8a01-000000000001";
pub const SEVER: &str = "5b0d6f0e-d0d0-11ee-8a01-000000000003";

/// A portal of one test, and all it stands on.
pub struct Stage {
    pub portal: TestPortal,
    pub keycloak: TestKeycloak,
    pub postgres: TestPostgres,
    pub clickhouse: TestClickHouse,
    pub folder: tempfile::TempDir,
}

impl Stage {
    pub async fn set() -> Self {
        Self::set_with(|launch| launch).await
    }

    pub async fn set_with(change: impl FnOnce(stack::process::Launch) -> stack::process::Launch) -> Self {
        let (postgres, clickhouse) = (tests::postgres().await, tests::clickhouse().await);
        let (keycloak, folder) = (TestKeycloak::shared(), tests::folder());
        // Tests ask faster than people do.
        let change = |launch: stack::process::Launch| change(launch.env("PORTAL_REQUESTS_BURST", "4000"));
        let portal = TestPortal::start_with(&postgres, &clickhouse, &keycloak, folder.path(), change).await;
        Self { portal, keycloak, postgres, clickhouse, folder }
    }

    /// An employee of Volga, signed in.
    pub async fn dealer(&self) -> (Person, TestUser) {
        let user = self.keycloak.dealer(&[VOLGA]).await;
        (Person::signed_in(&self.portal, &user).await, user)
    }

    pub async fn grant(&self, user: &TestUser, dealer: &str) {
        sqlx::query("INSERT INTO dealer_grant (subject, dealer_id, granted_by, granted_at) VALUES ($1, $2::uuid, 'test', now())")
            .bind(&user.id)
            .bind(dealer)
            .execute(&self.postgres.pool)
            .await
            .unwrap();
    }

    pub async fn live_sessions(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM session WHERE revoked_at IS NULL")
            .fetch_one(&self.postgres.pool)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn each_role_sees_what_it_was_given_and_nothing_else() {
    let stage = Stage::set().await;
    let (dealer, _) = stage.dealer().await;
    assert_eq!(dealer.get("/").await.status, StatusCode::OK);

    let manager = stage.keycloak.user("manager", &[VOLGA]).await;
    let person = Person::signed_in(&stage.portal, &manager).await;
    let closed = person.get("/").await;
    assert_eq!(closed.status, StatusCode::FORBIDDEN, "a manager's claim counts for nothing");
    stage.grant(&manager, SEVER).await;
    assert_eq!(person.get("/").await.status, StatusCode::OK);

    let admin = stage.keycloak.user("admin", &[VOLGA]).await;
    let person = Person::signed_in(&stage.portal, &admin).await;
    stage.grant(&admin, SEVER).await;
    assert_eq!(person.get("/").await.location(), "/operations/sync", "his work is elsewhere");
    let closed = person.get("/reports/sales").await;
    assert_eq!(closed.status, StatusCode::FORBIDDEN, "an administrator's claims and grants count for nothing");

    for (role, dealers) in [("dealer", vec![]), ("dealer", vec!["*", "5b0d6f0e", "/dealers/volga"])] {
        let user = stage.keycloak.user(role, &dealers).await;
        let person = Person::signed_in(&stage.portal, &user).await;
        let closed = person.get("/").await;
        assert_eq!(closed.status, StatusCode::FORBIDDEN, "{role} {dealers:?}");
        assert!(closed.text.contains("Пробный") && !closed.form_token().is_empty(), "a page with a way to sign out");
        assert_eq!(person.post("/logout", &[("form_token", &closed.form_token())]).await.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn a_wrong_password_signs_nobody_in() {
    let stage = Stage::set().await;
    let user = stage.keycloak.dealer(&[VOLGA]).await;
    let person = Person::at(&stage.portal);
    let there = person.get("/login").await;
    let form = person.get(there.location()).await;
    let again = person.fill_in(&form, &user.name, "wrong").await;
    assert_eq!(again.status, StatusCode::OK);
    assert!(person.cookie("__Host-session").is_none());
    assert_eq!(stage.live_sessions().await, 0);
    assert_eq!(person.get("/").await.location(), "/login");
}

#[tokio::test]
async fn a_callback_counts_once_and_in_its_own_browser_only() {
    let stage = Stage::set().await;
    let user = stage.keycloak.dealer(&[VOLGA]).await;
    let (person, stranger) = (Person::at(&stage.portal), Person::at(&stage.portal));
    let callback = person.sign_in_as_far_as_callback(&user, "/").await;

    let refused = stranger.get(&callback).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "without a cookie of ours");
    stranger.get("/login").await;
    let refused = stranger.get(&callback).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "with another browser's cookie");
    assert!(stranger.cookie("__Host-session").is_none());

    let done = person.get(&callback).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/"), "the stranger did not use it up");
    let session = person.cookie("__Host-session");
    let replayed = person.get(&callback).await;
    assert_eq!(replayed.status, StatusCode::BAD_REQUEST);
    assert!(replayed.text.contains("/login"), "a way on");
    assert_eq!(person.cookie("__Host-session"), session);
    assert_eq!(person.get("/").await.status, StatusCode::OK, "the session is as it was");
    assert_eq!(stage.live_sessions().await, 1);
}

#[tokio::test]
async fn an_attempt_is_too_old_after_ten_minutes() {
    let stage = Stage::set().await;
    let user = stage.keycloak.dealer(&[VOLGA]).await;
    for (age, status) in
        [("9 minutes 55 seconds", StatusCode::SEE_OTHER), ("10 minutes 1 second", StatusCode::BAD_REQUEST)]
    {
        let person = Person::at(&stage.portal);
        let callback = person.sign_in_as_far_as_callback(&user, "/").await;
        sqlx::query("UPDATE sign_in_attempt SET expires_at = expires_at - $1::interval")
            .bind(age)
            .execute(&stage.postgres.pool)
            .await
            .unwrap();
        assert_eq!(person.get(&callback).await.status, status, "{age}");
    }
}

#[tokio::test]
async fn what_comes_back_wrong_is_a_friendly_page() {
    let stage = Stage::set().await;
    let person = Person::at(&stage.portal);
    let state = || async {
        let there = person.get("/login").await;
        let address = url::Url::parse(there.location()).unwrap();
        address.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned()
    };
    let issuer = percent_encoding::utf8_percent_encode(&stage.portal.client.issuer, percent_encoding::NON_ALPHANUMERIC)
        .to_string();
    for path in [
        format!("/login/callback?error=access_denied&state={}", state().await),
        format!("/login/callback?state={}", state().await),
        format!("/login/callback?code=forged&state={}", state().await),
        format!("/login/callback?code=forged&iss={issuer}&state={}", state().await),
        format!("/login/callback?code=a&iss=https%3A%2F%2Fevil.example&state={}", state().await),
        format!("/login/callback?code=a&code=b&state={}", state().await),
        format!("/login/callback?code=a&state={}", "x".repeat(10_000)),
        "/login/callback?code=a&state=%00%ff".to_owned(),
        "/login/callback".to_owned(),
    ] {
        let answer = person.get(&path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert!(answer.text.contains("href=\"/login\""), "{path} shows a way on:\n{}", answer.text);
        assert!(!answer.text.contains("access_denied") && !answer.text.contains("evil"), "{path} repeats nothing");
    }
    assert!(person.cookie("__Host-session").is_none());
}

#[tokio::test]
async fn each_tab_returns_to_its_own_page_and_never_to_another_site() {
    let stage = Stage::set().await;
    let user = stage.keycloak.dealer(&[VOLGA]).await;
    let person = Person::at(&stage.portal);
    let first = person.sign_in_as_far_as_callback(&user, "/reports/sales?from=2026-01-01").await;
    let second = person.sign_in_as_far_as_callback(&user, "/reports/sales?from=2026-02-01").await;
    assert_eq!(person.get(&first).await.location(), "/reports/sales?from=2026-01-01");
    assert_eq!(person.get(&second).await.location(), "/reports/sales?from=2026-02-01");
    for evil in
        ["//evil.example", "/\\evil.example", "https:evil.example", "%2f%2fevil.example", "/a\r\nSet-Cookie: x=1"]
    {
        let done = person.sign_in(&user, evil).await;
        assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/"), "{evil:?}");
    }
}

#[tokio::test]
async fn the_way_back_is_configured_and_never_taken_from_the_request() {
    let stage = Stage::set().await;
    let person = Person::at(&stage.portal);
    let expected = format!("{}/login/callback", stage.portal.url);
    for (name, value) in [
        ("Host", "evil.example"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "https"),
        ("Forwarded", "host=evil.example"),
    ] {
        let there = person.send(person.request(reqwest::Method::GET, "/login").header(name, value)).await;
        let address = url::Url::parse(there.location()).unwrap();
        let asked: std::collections::HashMap<_, _> = address.query_pairs().into_owned().collect();
        assert_eq!(asked["redirect_uri"], expected, "{name}");
        assert_eq!(asked["code_challenge_method"], "S256");
    }
}

#[tokio::test]
async fn signing_in_again_ends_the_former_session() {
    let stage = Stage::set().await;
    let (person, user) = stage.dealer().await;
    let former = person.cookie("__Host-session").unwrap();
    person.sign_in(&user, "/").await;
    assert_ne!(person.cookie("__Host-session").unwrap(), former);
    let thief = Person::at(&stage.portal);
    let asked = thief.request(reqwest::Method::GET, "/").header("Cookie", format!("__Host-session={former}"));
    assert_eq!(thief.send(asked).await.status, StatusCode::SEE_OTHER);
    assert_eq!(stage.live_sessions().await, 1);
}

#[tokio::test]
async fn without_keycloak_the_portal_starts_and_says_what_is_missing() {
    let nowhere = format!("http://127.0.0.1:{}/realms/dealers", stack::ports::free().unwrap());
    let stage = Stage::set_with(|launch| launch.env("OIDC_ISSUER", nowhere)).await;
    let person = Person::at(&stage.portal);
    let answer = person.get("/login").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.text.contains("Вход"), "{}", answer.text);
    assert!(answer.header("retry-after").parse::<u32>().is_ok());
    assert_eq!(person.get("/signed-out").await.status, StatusCode::OK);
}

#[tokio::test]
async fn in_a_real_browser_a_dealer_signs_in_and_out() {
    let stage = Stage::set().await;
    let user = stage.keycloak.dealer(&[VOLGA]).await;
    let browser = Browser::start().await;
    let page = browser.page().await;
    page.open(&stage.portal.at("/")).await;
    page.sign_in(&user.name, "wrong").await;
    page.wait_for(".kc-feedback-text, #input-error, .pf-m-error, .pf-m-danger").await;
    page.sign_in(&user.name, &user.name).await;
    page.wait_for(".who").await;
    assert_eq!(page.url().await, stage.portal.at("/"));
    page.click("form[action='/logout'] button").await;
    page.wait_for("#kc-login").await;
    page.open(&stage.portal.at("/")).await;
    page.wait_for("#kc-login").await;
    tests::await_true("all sessions ended", Duration::from_secs(5), async || stage.live_sessions().await == 0).await;
}

/// S-19 and S-15 in the browser: an ended session at a filter, and what Back shows after signing out.
#[tokio::test]
async fn in_a_real_browser_an_ended_session_leads_to_sign_in_and_back() {
    let stage = Stage::set().await;
    let user = stage.keycloak.dealer(&[VOLGA]).await;
    let browser = Browser::start().await;
    let page = browser.page().await;
    page.open(&stage.portal.at("/reports/sales")).await;
    page.sign_in(&user.name, &user.name).await;
    page.wait_for("form[hx-get]").await;
    sqlx::query("UPDATE session SET seen_at = now() - interval '31 minutes'")
        .execute(&stage.postgres.pool)
        .await
        .unwrap();
    sqlx::query("DELETE FROM sign_in_attempt").execute(&stage.postgres.pool).await.unwrap();
    let _: serde_json::Value = page.evaluate("(document.querySelector('form[hx-get]').requestSubmit(), true)").await;
    // Keycloak's own session lives: the way there and back needs no hand.
    let is_fresh =
        "SELECT EXISTS (SELECT FROM session WHERE revoked_at IS NULL AND seen_at > now() - interval '1 minute')";
    let signed_in = async || sqlx::query_scalar(is_fresh).fetch_one(&stage.postgres.pool).await.unwrap();
    tests::await_true("signed in again", Duration::from_secs(15), signed_in).await;
    page.wait_for("form[hx-get]").await;
    assert!(page.url().await.starts_with(&stage.portal.at("/reports/sales")), "{}", page.url().await);

    page.click("form[action='/logout'] button").await;
    page.wait_for("#kc-login").await;
    let _: serde_json::Value = page.evaluate("(history.go(-1), true)").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!page.has(".who").await, "Back after signing out shows nothing of the portal");
}
