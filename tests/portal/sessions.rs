//! Sessions from their first request to their last: A-16 to A-28, S-09, S-19, T-10.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::routing::post;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::{Person, await_true};

use crate::sign_in::{SEVER, Stage, VOLGA};

/// Sets columns of every session, as time would.
async fn change(stage: &Stage, columns: &str) {
    let update = format!("UPDATE session SET {columns}");
    sqlx::query(sqlx::AssertSqlSafe(update)).execute(&stage.postgres.pool).await.unwrap();
}

const CLAIMS_ARE_OLD: &str = "refresh_after = now() - interval '1 minute', claims_until = now() - interval '1 second'";

#[tokio::test]
async fn a_session_idles_for_thirty_minutes_and_lasts_ten_hours() {
    let stage = Stage::set().await;
    for (columns, status) in [
        ("seen_at = now() - interval '29 minutes 55 seconds'", StatusCode::OK),
        ("seen_at = now() - interval '30 minutes 1 second'", StatusCode::SEE_OTHER),
        ("ends_at = now() + interval '5 seconds'", StatusCode::OK),
        ("ends_at = now() - interval '1 second'", StatusCode::SEE_OTHER),
        ("revoked_at = now()", StatusCode::SEE_OTHER),
    ] {
        let (person, _) = stage.dealer().await;
        change(&stage, columns).await;
        assert_eq!(person.get("/").await.status, status, "{columns}");
    }
    let (_, _) = stage.dealer().await;
    let lasts: bool = sqlx::query_scalar("SELECT bool_and(ends_at = created_at + interval '10 hours') FROM session WHERE revoked_at IS NULL AND ends_at > now() + interval '1 hour'")
        .fetch_one(&stage.postgres.pool).await.unwrap();
    assert!(lasts);
}

#[tokio::test]
async fn looking_keeps_a_session_alive_and_writes_once_a_minute() {
    let stage = Stage::set().await;
    let (person, _) = stage.dealer().await;
    let idle = async || -> f64 {
        sqlx::query_scalar("SELECT extract(epoch FROM now() - seen_at)::float8 FROM session")
            .fetch_one(&stage.postgres.pool)
            .await
            .unwrap()
    };
    change(&stage, "seen_at = now() - interval '55 seconds'").await;
    person.get("/").await;
    assert!(idle().await > 50.0, "not yet");
    change(&stage, "seen_at = now() - interval '20 minutes'").await;
    assert_eq!(person.get("/").await.status, StatusCode::OK);
    assert!(idle().await < 20.0, "slid");
}

#[tokio::test]
async fn an_ended_session_sends_htmx_to_sign_in_and_back_to_its_page() {
    let stage = Stage::set().await;
    let (person, _) = stage.dealer().await;
    change(&stage, "seen_at = now() - interval '31 minutes'").await;
    for kind in ["partial", "full", "other"] {
        let answer = person.send(person.htmx("/?page=2", "/?from=2026-01-01", kind)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{kind}");
        assert_eq!(
            answer.header("hx-redirect"),
            "/login?return_to=%2F%3Ffrom%3D2026-01-01".replace("%2F", "/"),
            "{kind}"
        );
        assert!(answer.text.is_empty(), "no sign-in page in a fragment");
    }
    let foreign = person
        .request(Method::GET, "/")
        .header("HX-Request-Type", "partial")
        .header("HX-Current-URL", "https://evil.example/a");
    assert_eq!(person.send(foreign).await.header("hx-redirect"), "/login");
    let plain = person.get("/?from=2026-01-01").await;
    assert_eq!((plain.status, plain.location()), (StatusCode::SEE_OTHER, "/login?return_to=/%3Ffrom%3D2026-01-01"));
}

#[tokio::test]
async fn a_session_ended_in_keycloak_is_ended_here() {
    let stage = Stage::set().await;
    let (person, user) = stage.dealer().await;
    let (other, _) = stage.dealer().await;
    assert_eq!(person.get("/").await.status, StatusCode::OK);
    stage.keycloak.end_sessions(&user).await;
    await_true("the back channel ended it", Duration::from_secs(5), async || {
        person.get("/").await.status == StatusCode::SEE_OTHER
    })
    .await;
    assert_eq!(other.get("/").await.status, StatusCode::OK, "other people work on");
}

#[tokio::test]
async fn a_logout_token_counts_once_and_nothing_else_counts() {
    let stage = Stage::set().await;
    let (person, user) = stage.dealer().await;
    // Catches what Keycloak sends, in the portal's place.
    let caught = Arc::new(Mutex::new(String::new()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/caught", listener.local_addr().unwrap());
    let catch = caught.clone();
    let app = axum::Router::new().route(
        "/caught",
        post(async move |body: String| {
            *catch.lock().unwrap() = body;
        }),
    );
    tokio::spawn(async move { axum::serve(listener, app).await });
    let found = stage.keycloak.call(Method::GET, &format!("/clients?clientId={}", stage.portal.client.id), None).await;
    let mut client = found[0].clone();
    client["attributes"]["backchannel.logout.url"] = json!(address);
    let path = format!("/clients/{}", client["id"].as_str().unwrap());
    stage.keycloak.call(Method::PUT, &path, Some(client)).await;
    stage.keycloak.end_sessions(&user).await;
    await_true("Keycloak sent its token", Duration::from_secs(10), async || !caught.lock().unwrap().is_empty()).await;
    let form = caught.lock().unwrap().clone();
    let token = form.strip_prefix("logout_token=").unwrap().to_owned();

    let keycloak = Person::at(&stage.portal);
    let send = async |token: &str| {
        let request = keycloak.request(Method::POST, "/logout/backchannel").form(&[("logout_token", token)]);
        keycloak.send(request).await
    };
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", signature.chars().rev().collect::<String>());
    for wrong in ["", "a.b.c", &forged, signed] {
        assert_eq!(send(wrong).await.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(person.get("/").await.status, StatusCode::OK, "no effect");

    let obeyed = send(&token).await;
    assert_eq!((obeyed.status, obeyed.text.as_str()), (StatusCode::OK, ""));
    assert!(obeyed.header("cache-control").contains("no-store"));
    assert_eq!(person.get("/").await.status, StatusCode::SEE_OTHER);

    change(&stage, "revoked_at = NULL").await;
    assert_eq!(send(&token).await.status, StatusCode::BAD_REQUEST, "replayed");
    assert_eq!(person.get("/").await.status, StatusCode::OK, "no effect");
}

#[tokio::test]
async fn signing_out_ends_both_sessions_and_leaves_nothing_in_the_browser() {
    let stage = Stage::set().await;
    let (person, user) = stage.dealer().await;
    let token = person.get("/").await.form_token();
    let cookie = person.cookie("__Host-session").unwrap();
    let answer = person.post("/logout", &[("form_token", &token)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("clear-site-data"), r#""storage""#);
    assert!(person.cookie("__Host-session").is_none());
    let next = url::Url::parse(answer.location()).unwrap();
    let asked: std::collections::HashMap<_, _> = next.query_pairs().into_owned().collect();
    assert_eq!(asked["post_logout_redirect_uri"], format!("{}/", stage.portal.url));
    assert_eq!(asked["id_token_hint"].split('.').count(), 3);

    let thief = Person::at(&stage.portal);
    let stolen = thief.request(Method::GET, "/").header("Cookie", format!("__Host-session={cookie}"));
    assert_eq!(thief.send(stolen).await.status, StatusCode::SEE_OTHER, "dead before Keycloak is told");
    let back = person.get(answer.location()).await;
    assert_eq!(back.location(), format!("{}/", stage.portal.url), "{}", back.text);
    assert!(stage.keycloak.sessions(&user).await.is_empty());
}

#[tokio::test]
async fn signing_out_twice_or_too_late_leads_out_and_never_to_signing_in() {
    let stage = Stage::set().await;
    let (person, user) = stage.dealer().await;
    let token = person.get("/").await.form_token();
    let cookie = format!("__Host-session={}", person.cookie("__Host-session").unwrap());
    let again = Person::at(&stage.portal);
    let press = async |cookie: &str| {
        let request = again.request(Method::POST, "/logout").header("Sec-Fetch-Site", "same-origin");
        again.send(request.header("Cookie", cookie).form(&[("form_token", &token)])).await
    };
    let first = press(&cookie).await;
    assert!(first.location().contains("id_token_hint="), "{}", first.location());
    // A second click takes the place of the first one's answer: Keycloak was not told yet.
    for cookie in [cookie.as_str(), "", "__Host-session=x"] {
        let second = press(cookie).await;
        assert_eq!(second.status, StatusCode::SEE_OTHER, "{cookie}");
        assert!(second.location().contains("/protocol/openid-connect/logout?"), "{}", second.location());
        assert!(!second.location().contains("id_token_hint"), "what has ended tells nothing of its person");
        assert_eq!(second.header("clear-site-data"), r#""storage""#);
    }
    let asks = person.get(press("").await.location()).await;
    assert_eq!((asks.status, stage.keycloak.sessions(&user).await.len()), (StatusCode::OK, 1), "Keycloak asks first");
    assert!(asks.text.contains("logout-confirm"), "{}", asks.text);
}

/// S-11 and S-12 with a live session: what the browser says × where it comes from × the form's token.
#[tokio::test]
async fn a_change_needs_our_own_page_and_its_token() {
    let stage = Stage::set().await;
    let (person, _) = stage.dealer().await;
    let (other, _) = stage.dealer().await;
    let right = person.get("/").await.form_token();
    let foreign = other.get("/").await.form_token();
    let ours = stage.portal.url.as_str();
    let mut tried = 0;
    for site in [None, Some("same-origin"), Some("cross-site")] {
        for origin in [None, Some(ours), Some("https://evil.example"), Some("null")] {
            for token in [None, Some(foreign.as_str()), Some(right.as_str())] {
                let passes = match (site, origin) {
                    (Some(site), _) => site == "same-origin",
                    (None, origin) => origin == Some(ours),
                } && token == Some(right.as_str());
                let mut request = person.request(Method::POST, "/logout");
                if let Some(site) = site {
                    request = request.header("Sec-Fetch-Site", site);
                }
                if let Some(origin) = origin {
                    request = request.header("Origin", origin);
                }
                let session = person.cookie("__Host-session");
                let fields: Vec<_> = token.map(|token| ("form_token", token)).into_iter().collect();
                // The jar forgets the cookie when a combination passes: send it by hand.
                let cookie = session.unwrap_or_else(|| KEPT.with_borrow(Clone::clone));
                KEPT.set(cookie.clone());
                let request = request.header("Cookie", format!("__Host-session={cookie}")).form(&fields);
                let answer = person.send(request).await;
                let expected = if passes { StatusCode::SEE_OTHER } else { StatusCode::FORBIDDEN };
                assert_eq!(answer.status, expected, "{site:?} {origin:?} {token:?}");
                change(&stage, "revoked_at = NULL").await;
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 36);
    for method in [Method::GET, Method::HEAD] {
        let request = person.request(method, "/logout").header("X-HTTP-Method-Override", "POST");
        assert_eq!(person.send(request).await.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

thread_local! {
    static KEPT: std::cell::RefCell<String> = const { std::cell::RefCell::new(String::new()) };
}

#[tokio::test]
async fn a_removed_grant_shows_nothing_on_the_next_request() {
    let stage = Stage::set().await;
    let manager = stage.keycloak.user("manager", &[]).await;
    stage.grant(&manager, SEVER).await;
    let person = Person::signed_in(&stage.portal, &manager).await;
    assert_eq!(person.get("/").await.status, StatusCode::OK);
    sqlx::query("DELETE FROM dealer_grant").execute(&stage.postgres.pool).await.unwrap();
    assert_eq!(person.get("/").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_keycloak_took_away_is_gone_within_five_minutes() {
    let stage = Stage::set().await;
    let (person, user) = stage.dealer().await;
    let within: bool = sqlx::query_scalar(
        "SELECT claims_until <= created_at + interval '5 minutes' AND refresh_after < claims_until FROM session",
    )
    .fetch_one(&stage.postgres.pool)
    .await
    .unwrap();
    assert!(within);
    stage.keycloak.set_dealers(&user, &[]).await;
    change(&stage, CLAIMS_ARE_OLD).await;
    assert_eq!(person.get("/").await.status, StatusCode::FORBIDDEN, "no dealer is left");
    stage.keycloak.set_dealers(&user, &[VOLGA]).await;
    change(&stage, CLAIMS_ARE_OLD).await;
    assert_eq!(person.get("/").await.status, StatusCode::OK, "and given back");

    let role = stage.keycloak.call(Method::GET, "/roles/manager", None).await;
    stage.keycloak.call(Method::POST, &format!("/users/{}/role-mappings/realm", user.id), Some(json!([role]))).await;
    change(&stage, CLAIMS_ARE_OLD).await;
    assert_eq!(person.get("/").await.status, StatusCode::SEE_OTHER, "another role is another session");

    let (person, user) = stage.dealer().await;
    stage.keycloak.enable(&user, false).await;
    change(&stage, CLAIMS_ARE_OLD).await;
    assert_eq!(person.get("/").await.status, StatusCode::SEE_OTHER, "a disabled person is out");
}

/// A-17. Keycloak takes each refresh token once: a second refresh with the old one would end the session.
#[tokio::test]
async fn twenty_requests_with_old_claims_make_one_refresh() {
    let stage = Stage::set().await;
    let (person, _) = stage.dealer().await;
    for round in 0..3 {
        change(&stage, CLAIMS_ARE_OLD).await;
        let answers = futures_util::future::join_all((0..20).map(|_| person.post("/logout", &[]))).await;
        for answer in answers {
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "round {round}: signed in, yet without a form token");
        }
    }
    let metrics = person.get(&format!("{}/metrics", stage.portal.health_url)).await.text;
    assert!(metrics.lines().any(|line| line == "portal_refreshes_total 3"), "{metrics}");
}

/// A-26 and the 5xx of A-17: the same sessions, while Keycloak is nowhere, and when it is back.
#[tokio::test]
async fn the_signed_in_work_on_without_keycloak() {
    let mut stage = Stage::set().await;
    let (person, _) = stage.dealer().await;
    let cookie = person.cookie("__Host-session").unwrap();
    let nowhere = format!("http://127.0.0.1:{}/realms/dealers", stack::ports::free().unwrap());
    let folder = tests::folder();
    let (postgres, clickhouse) = (&stage.postgres, &stage.clickhouse);
    let alone = |launch: stack::process::Launch| launch.env("OIDC_ISSUER", nowhere);
    let without = tests::TestPortal::start_with(postgres, clickhouse, &stage.keycloak, folder.path(), alone).await;
    let visitor = Person::at(&without);
    let ask = || visitor.send(visitor.request(Method::GET, "/").header("Cookie", format!("__Host-session={cookie}")));
    change(&stage, CLAIMS_ARE_OLD).await;
    assert_eq!(ask().await.status, StatusCode::OK);
    assert_eq!(ask().await.status, StatusCode::OK);
    // What Keycloak would have taken away in the meantime is not shown for ten hours.
    for (age, status) in [("59 minutes", StatusCode::OK), ("61 minutes", StatusCode::SERVICE_UNAVAILABLE)] {
        let aged = format!(
            "refresh_after = now() - interval '{age}', claims_until = now() - interval '{age}' + interval '5 minutes'"
        );
        change(&stage, &aged).await;
        assert_eq!(ask().await.status, status, "claims of {age}");
        assert_eq!(ask().await.status, status, "claims of {age}");
    }
    change(&stage, CLAIMS_ARE_OLD).await;
    assert_eq!(person.get("/").await.status, StatusCode::OK, "the refresh token was not used up");
    stage.portal.ready().await;
}

#[tokio::test]
async fn a_stolen_database_signs_nobody_in() {
    let stage = Stage::set().await;
    let (person, _) = stage.dealer().await;
    person.get("/login").await;
    let dump: String = sqlx::query_scalar(
        "SELECT (SELECT string_agg(session::text, ' ') FROM session) || (SELECT string_agg(sign_in_attempt::text, ' ') FROM sign_in_attempt)",
    )
    .fetch_one(&stage.postgres.pool)
    .await
    .unwrap();
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    for secret in [person.cookie("__Host-session").unwrap(), person.cookie("__Host-sign-in").unwrap(), "eyJ".to_owned()]
    {
        assert!(!dump.contains(&secret) && !dump.contains(&hex(&secret)), "{secret}");
    }
}

#[tokio::test]
async fn junk_in_a_cookie_is_nobody_and_writes_nothing() {
    let stage = Stage::set().await;
    let person = Person::at(&stage.portal);
    for junk in
        ["", "x", "' OR 1=1 --", &"A".repeat(43), &"A".repeat(44), &"é".repeat(43), &"A".repeat(8000), "__Host-session"]
    {
        let request = person.request(Method::GET, "/").header("Cookie", format!("__Host-session={junk}").into_bytes());
        let answer = person.send(request).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/login"), "{junk}");
        assert_eq!(answer.header("set-cookie"), "");
    }
    assert_eq!(stage.live_sessions().await, 0);
}

/// S-17, A-27: what people are and hold stands in no log and no metric.
#[tokio::test]
async fn logs_and_metrics_name_no_secret_and_no_person() {
    let stage = Stage::set().await;
    let user = stage.keycloak.dealer(&[VOLGA]).await;
    let person = Person::at(&stage.portal);
    let callback = person.sign_in_as_far_as_callback(&user, "/?search=needle").await;
    person.get(&callback).await;
    let page = person.get("/?search=needle").await;
    let (session, token) = (person.cookie("__Host-session").unwrap(), page.form_token());
    person.get(&callback).await;
    person.get(&format!("/login/callback?state={session}&code=secret-code")).await;
    person.post("/logout", &[("form_token", "wrong")]).await;
    person.post("/logout", &[("form_token", &token)]).await;
    let metrics = person.get(&format!("{}/metrics", stage.portal.health_url)).await.text;
    assert!(metrics.contains("portal_requests_total"));
    let log = std::fs::read_dir(stage.folder.path())
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap_or_default())
        .collect::<String>();
    assert!(log.lines().count() > 5);
    for line in log.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
    }
    let address = url::Url::parse(&callback).unwrap();
    let mut secrets: Vec<String> =
        address.query_pairs().filter(|(name, _)| name != "iss").map(|(_, value)| value.into_owned()).collect();
    secrets.extend([
        session,
        token,
        user.name,
        user.id,
        VOLGA.to_owned(),
        "needle".to_owned(),
        "secret-code".to_owned(),
        stage.portal.client.secret.clone(),
        "eyJ".to_owned(),
        "Пробный".to_owned(),
    ]);
    for secret in secrets {
        assert!(!log.contains(&secret), "the log holds {secret}");
        assert!(!metrics.contains(&secret), "the metrics hold {secret}");
    }
}
