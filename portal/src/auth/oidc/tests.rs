//! The whole conversation with a provider of our own, which answers as each test wants: right, wrong, slow, endless.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use openidconnect::PkceCodeVerifier;
use secrecy::SecretString;
use serde_json::{Value, json};
use shared::clock;
use shared::report::role::Role;

use super::mint::{Mint, with};
use super::{Oidc, RefreshError, Tokens, dealers, verified_email};
use crate::config;
use crate::error::{AppError, Part, SignInProblem};

type Reply = Box<dyn Fn(&Provider) -> Response + Send + Sync>;

struct Provider {
    address: String,
    mint: Mutex<Arc<Mint>>,
    token: Mutex<Reply>,
    forms: Mutex<Vec<String>>,
    key_requests: AtomicUsize,
}

impl Provider {
    async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let provider = Arc::new(Self {
            address: address.clone(),
            mint: Mutex::new(Arc::new(Mint::new("first"))),
            token: Mutex::new(Box::new(|provider| provider.tokens(&json!({})))),
            forms: Mutex::default(),
            key_requests: AtomicUsize::new(0),
        });
        let found = json!({
            "issuer": address, "authorization_endpoint": format!("{address}/auth"), "token_endpoint": format!("{address}/token"),
            "jwks_uri": format!("{address}/keys"), "end_session_endpoint": format!("{address}/end"), "response_types_supported": ["code"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256", "none", "HS256"],
            "code_challenge_methods_supported": ["plain"],
        });
        let (keys, token) = (provider.clone(), provider.clone());
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(async move || axum::Json(found)))
            .route(
                "/keys",
                get(async move || {
                    keys.key_requests.fetch_add(1, Ordering::Relaxed);
                    axum::Json(json!({"keys": [keys.mint().jwk("RS256")]}))
                }),
            )
            .route(
                "/token",
                post(async move |form: String| {
                    token.forms.lock().unwrap().push(form);
                    let reply = token.token.lock().unwrap();
                    reply(&token)
                }),
            );
        tokio::spawn(async move { axum::serve(listener, app).await });
        provider
    }

    fn mint(&self) -> Arc<Mint> {
        self.mint.lock().unwrap().clone()
    }

    fn answers(&self, reply: impl Fn(&Self) -> Response + Send + Sync + 'static) {
        *self.token.lock().unwrap() = Box::new(reply);
    }

    /// Tokens of a dealer; `changes` to the ID token's claims.
    fn tokens(&self, changes: &Value) -> Response {
        let (now, mint) = (clock::now().timestamp(), self.mint());
        let claims = json!({
            "iss": self.address, "aud": "portal", "azp": "portal", "sub": "person", "typ": "ID", "iat": now, "exp": now + 300, "nonce": "n-1",
            "sid": "s-1", "name": "Волга", "roles": ["dealer"], "dealers": ["5b0d6f0e-d0d0-11ee-8a01-000000000001"],
        });
        let id_token = mint.sign(&mint.header(), &with(&claims, changes));
        axum::Json(json!({"access_token": "a", "token_type": "Bearer", "expires_in": 300, "refresh_token": "r-2", "id_token": id_token})).into_response()
    }

    fn client(&self) -> Oidc {
        let secret = SecretString::from("secret");
        let config = config::Oidc {
            issuer: self.address.clone(),
            internal: None,
            client_id: "portal".to_owned(),
            client_secret: Some(secret),
            api_audience: "portal-api".to_owned(),
            operations_audience: "portal-operations".to_owned(),
        };
        Oidc::new(&config, &"https://portal.example".parse().unwrap()).unwrap()
    }
}

async fn arrive(oidc: &Oidc) -> Result<super::Identity, AppError> {
    oidc.arrive("code".to_owned(), PkceCodeVerifier::new("v".repeat(43)), "n-1").await
}

fn is_refused<T>(result: Result<T, AppError>) -> bool {
    matches!(result, Err(AppError::SignInFailed { problem: SignInProblem::Refused, .. }))
}

fn is_away<T>(result: Result<T, AppError>) -> bool {
    matches!(result, Err(AppError::Unavailable { part: Part::SignIn, .. }))
}

#[tokio::test]
async fn the_way_there_is_s256_from_our_own_address_whatever_the_provider_offers() {
    let oidc = Provider::start().await.client();
    let departure = oidc.depart("state-1", shared::language::Language::En).await.unwrap();
    let asked: std::collections::HashMap<_, _> = departure.address.query_pairs().into_owned().collect();
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["redirect_uri"], "https://portal.example/login/callback");
    assert_eq!(
        (asked["state"].as_str(), asked["response_type"].as_str(), asked["ui_locales"].as_str()),
        ("state-1", "code", "en")
    );
    assert_eq!(asked["nonce"], departure.nonce);
    assert!(asked["scope"].split(' ').any(|scope| scope == "openid"));
    assert_ne!(asked["code_challenge"], *departure.verifier.secret());
}

#[tokio::test]
async fn the_way_back_makes_a_person_and_sends_the_verifier() {
    let provider = Provider::start().await;
    let person = arrive(&provider.client()).await.unwrap();
    assert_eq!((person.subject.as_str(), person.name.as_str(), person.role), ("person", "Волга", Some(Role::Dealer)));
    assert_eq!(person.dealers.len(), 1);
    assert_eq!(person.tokens.refresh.as_deref(), Some("r-2"));
    assert_eq!(person.claims_last, Duration::from_secs(300));
    assert!(provider.forms.lock().unwrap()[0].contains(&format!("code_verifier={}", "v".repeat(43))));
}

#[tokio::test]
async fn an_answer_that_does_not_hold_signs_nobody_in() {
    let provider = Provider::start().await;
    let oidc = provider.client();
    for changes in
        [json!({"nonce": "n-2"}), json!({"aud": "api"}), json!({"iss": "https://evil.example"}), json!({"exp": 1})]
    {
        provider.answers(move |provider| provider.tokens(&changes));
        assert!(is_refused(arrive(&oidc).await));
    }
    provider.answers(|_| axum::Json(json!({"access_token": "a", "token_type": "Bearer"})).into_response());
    assert!(is_refused(arrive(&oidc).await), "without an ID token");
    provider.answers(|_| (StatusCode::BAD_REQUEST, axum::Json(json!({"error": "invalid_grant"}))).into_response());
    assert!(is_refused(arrive(&oidc).await), "a foreign code");
}

/// nothing of the provider's can hold or fill the portal.
#[tokio::test]
async fn a_provider_that_is_broken_slow_or_endless_is_away() {
    let provider = Provider::start().await;
    let oidc = provider.client();
    provider.answers(|_| (StatusCode::BAD_GATEWAY, axum::Json(json!({"error": "invalid_grant"}))).into_response());
    assert!(is_away(arrive(&oidc).await), "502");
    provider.answers(|_| Redirect::temporary("/token").into_response());
    assert!(is_away(arrive(&oidc).await), "a redirect is not followed");
    assert_eq!(provider.forms.lock().unwrap().len(), 2);
    provider.answers(|_| "<html>".into_response());
    assert!(is_away(arrive(&oidc).await), "no JSON");
    provider.answers(|_| {
        let endless =
            futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(bytes::Bytes::from(vec![b' '; 1 << 16])));
        Body::from_stream(endless).into_response()
    });
    assert!(is_away(arrive(&oidc).await), "a body without end");
    provider.answers(|_| {
        Body::from_stream(futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>()).into_response()
    });
    let started = Instant::now();
    assert!(is_away(arrive(&oidc).await), "a body that never comes");
    assert!(started.elapsed() < Duration::from_secs(9));
}

#[tokio::test]
async fn a_provider_that_is_not_there_yet_is_found_later() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let secret = SecretString::from("secret");
    let issuer = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let config = config::Oidc {
        issuer,
        internal: None,
        client_id: "portal".to_owned(),
        client_secret: Some(secret),
        api_audience: "portal-api".to_owned(),
        operations_audience: "portal-operations".to_owned(),
    };
    let oidc = Oidc::new(&config, &"https://portal.example".parse().unwrap()).unwrap();
    assert!(is_away(oidc.depart("s", shared::language::Language::Ru).await));
    assert!(oidc.sign_out_address(Some("hint")).is_none());
}

#[tokio::test]
async fn another_issuer_than_ours_is_never_found_wherever_it_is_asked() {
    let provider = Provider::start().await;
    for (issuer, internal) in [
        (format!("{}/", provider.address), None),
        ("https://sso.example/realms/dealers".to_owned(), Some(provider.address.clone())),
        (format!("{}/", provider.address), Some(provider.address.clone())),
    ] {
        let secret = SecretString::from("secret");
        let config = config::Oidc {
            issuer,
            internal,
            client_id: "portal".to_owned(),
            client_secret: Some(secret),
            api_audience: "portal-api".to_owned(),
            operations_audience: "portal-operations".to_owned(),
        };
        let oidc = Oidc::new(&config, &"https://portal.example".parse().unwrap()).unwrap();
        assert!(is_away(oidc.depart("s", shared::language::Language::Ru).await));
    }
}

///
#[tokio::test]
async fn rotated_keys_are_fetched_once_by_the_next_sign_in() {
    let provider = Provider::start().await;
    let oidc = provider.client();
    arrive(&oidc).await.unwrap();
    let before = provider.key_requests.load(Ordering::Relaxed);
    *provider.mint.lock().unwrap() = Arc::new(Mint::new("second"));
    arrive(&oidc).await.unwrap();
    arrive(&oidc).await.unwrap();
    assert_eq!(provider.key_requests.load(Ordering::Relaxed), before + 1);
}

#[tokio::test]
async fn a_refresh_tells_ended_from_away() {
    let provider = Provider::start().await;
    let oidc = provider.client();
    let old = || Tokens { refresh: Some("r-1".to_owned()), id: "i-1".to_owned() };
    let person = oidc.refresh(old(), "person").await.unwrap_or_else(|cause| panic!("{cause}"));
    assert_eq!(person.tokens.refresh.as_deref(), Some("r-2"));
    assert!(provider.forms.lock().unwrap()[0].contains("refresh_token=r-1"));
    provider.answers(|_| (StatusCode::BAD_REQUEST, axum::Json(json!({"error": "invalid_grant"}))).into_response());
    assert!(matches!(oidc.refresh(old(), "person").await, Err(RefreshError::Ended(_))));
    for (status, error) in [(StatusCode::UNAUTHORIZED, "invalid_client"), (StatusCode::FORBIDDEN, "access_denied")] {
        provider.answers(move |_| (status, axum::Json(json!({"error": error}))).into_response());
        assert!(matches!(oidc.refresh(old(), "person").await, Err(RefreshError::Ended(_))), "{error}");
        provider.answers(move |_| (status, "<html>").into_response());
        assert!(matches!(oidc.refresh(old(), "person").await, Err(RefreshError::Away(_))), "a proxy's {status}");
    }
    for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS] {
        provider.answers(move |_| (status, axum::Json(json!({"error": "invalid_grant"}))).into_response());
        assert!(matches!(oidc.refresh(old(), "person").await, Err(RefreshError::Away(_))), "{status}");
    }
    provider.answers(|provider| provider.tokens(&json!({"sub": "another"})));
    assert!(matches!(oidc.refresh(old(), "person").await, Err(RefreshError::Ended(_))), "another person's token");
    provider.answers(|_| axum::Json(json!({"access_token": "a", "token_type": "Bearer"})).into_response());
    assert!(matches!(oidc.refresh(old(), "person").await, Err(RefreshError::Ended(_))), "no claims, no rows");
}

#[tokio::test]
async fn signing_out_names_the_session_and_the_exact_way_back() {
    let oidc = Provider::start().await.client();
    oidc.depart("s", shared::language::Language::Ru).await.unwrap();
    let address = oidc.sign_out_address(Some("hint")).unwrap();
    let asked: std::collections::HashMap<_, _> = address.query_pairs().into_owned().collect();
    assert_eq!((asked["id_token_hint"].as_str(), asked["client_id"].as_str()), ("hint", "portal"));
    assert_eq!(asked["post_logout_redirect_uri"], "https://portal.example/");
}

#[test]
fn a_dealer_is_one_exact_reference_or_nobody() {
    let claimed = json!([
        "5b0d6f0e-d0d0-11ee-8a01-000000000001",
        "{5b0d6f0e-d0d0-11ee-8a01-000000000002}",
        "5b0d6f0ed0d011ee8a01000000000003",
        "*",
        "urn:uuid:5b0d6f0e-d0d0-11ee-8a01-000000000004",
        " 5b0d6f0e-d0d0-11ee-8a01-000000000005",
        "00000000-0000-0000-0000-000000000000",
        "/dealers/volga",
        "",
        "5b0d6f0e-d0d0-11ee-8a01-000000000006,5b0d6f0e-d0d0-11ee-8a01-000000000007",
    ]);
    assert_eq!(dealers(&serde_json::from_value(claimed).unwrap()).len(), 1);
    assert_eq!(dealers(&serde_json::from_value(json!("5b0d6f0e-d0d0-11ee-8a01-000000000001")).unwrap()).len(), 1);
}

/// What a person may write into a profile is no address before Keycloak has checked it.
#[test]
fn an_address_counts_once_keycloak_has_verified_it() {
    let email = |claimed: Value| {
        let base = json!({"iss": "i", "aud": "a", "exp": 1, "iat": 1, "sub": "s"});
        verified_email(&serde_json::from_value(with(&base, &claimed)).unwrap())
    };
    let olga = "olga@dealer.example";
    assert_eq!(email(json!({"email": olga, "email_verified": true})).as_deref(), Some(olga));
    for claimed in [
        json!({}),
        json!({"email": olga}),
        json!({"email": olga, "email_verified": false}),
        json!({"email": olga, "email_verified": "true"}),
        json!({"email": [olga], "email_verified": true}),
        json!({"email": " ", "email_verified": true}),
        json!({"email": "a".repeat(255), "email_verified": true}),
    ] {
        assert_eq!(email(claimed.clone()), None, "{claimed}");
    }
}
