//! A-05 to A-08, A-11, A-12, A-23: one token that holds, and every way in which it may not.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use openidconnect::AccessToken;
use serde_json::{Value, json};

use super::super::mint::{Mint, base64, with};
use super::{Expected, Flaw, Unverified};

const NOW: i64 = 1_800_000_000;
static MINT: LazyLock<Mint> = LazyLock::new(|| Mint::new("ours"));

fn expected() -> Expected<'static> {
    Expected {
        issuer: "https://sso.example/realms/dealers",
        client_id: "portal",
        now: DateTime::<Utc>::from_timestamp(NOW, 0).unwrap(),
    }
}

fn claims() -> Value {
    json!({
        "iss": "https://sso.example/realms/dealers", "aud": "portal", "azp": "portal", "sub": "person", "typ": "ID",
        "iat": NOW, "exp": NOW + 300, "nonce": "n-1", "sid": "s-1", "dealers": ["d"], "roles": "dealer",
    })
}

fn check(header: &Value, claims: &Value) -> Result<super::IdClaims, Flaw> {
    check_text(&MINT.sign(header, claims))
}

fn check_text(token: &str) -> Result<super::IdClaims, Flaw> {
    let alg = token.split('.').next().unwrap_or_default();
    let alg = if alg.starts_with(&base64(br#"{"alg":"ES256""#)[..18]) { "ES256" } else { "RS256" };
    let unverified = Unverified::parse(token)?;
    unverified.id_token(&MINT.key(alg), &expected(), Some("n-1"), &AccessToken::new("access".to_owned()))
}

fn refused(changes: Value) {
    let changed = with(&claims(), &changes);
    assert!(check(&MINT.header(), &changed).is_err(), "{changes} was accepted");
}

fn accepted(changes: Value) {
    let changed = with(&claims(), &changes);
    check(&MINT.header(), &changed).unwrap_or_else(|flaw| panic!("{changes}: {flaw}"));
}

#[test]
fn a_token_that_holds_is_read() {
    for alg in ["RS256", "PS256", "ES256"] {
        let claims = check(&with(&MINT.header(), &json!({"alg": alg})), &claims()).unwrap();
        assert_eq!((claims.sub.as_str(), claims.sid.as_deref()), ("person", Some("s-1")));
        assert_eq!(claims.dealers.iter().collect::<Vec<_>>(), ["d"]);
        assert_eq!(claims.roles.iter().collect::<Vec<_>>(), ["dealer"]);
    }
    accepted(json!({"typ": null, "azp": null, "dealers": null, "sid": null}));
    accepted(json!({"aud": ["portal", "api"]}));
}

#[test]
fn no_algorithm_but_the_three_is_taken() {
    for alg in ["none", "None", "nOnE", "HS256", "RS1", "RS384", "EdDSA", ""] {
        assert_eq!(
            check(&with(&MINT.header(), &json!({"alg": alg})), &claims()).unwrap_err(),
            Flaw("algorithm is not allowed")
        );
    }
    // The right name over the wrong kind of signature.
    let rs = MINT.sign(&MINT.header(), &claims());
    let (_, rest) = rs.split_once('.').unwrap();
    for alg in ["PS256", "ES256"] {
        let header = base64(with(&MINT.header(), &json!({"alg": alg})).to_string().as_bytes());
        assert!(check_text(&format!("{header}.{rest}")).is_err(), "{alg}");
    }
}

#[test]
fn a_token_of_another_key_or_changed_on_the_way_is_refused() {
    let token = MINT.sign(&MINT.header(), &claims());
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (header, payload) = signed.split_once('.').unwrap();
    let forged = base64(with(&claims(), &json!({"sub": "admin"})).to_string().as_bytes());
    for wrong in [
        format!("{header}.{forged}.{signature}"),
        format!("{signed}."),
        format!("{signed}.{}", base64(b"x")),
        signed.to_owned(),
        format!("{token}.{token}"),
        format!("{token}="),
        String::new(),
        "..".to_owned(),
        "a.b.c".to_owned(),
        "é".repeat(10_000),
        "A".repeat(1 << 20),
        format!("{header}.{payload}.{signature}\n"),
        format!("{}.{payload}.{signature}", base64(b"[]")),
    ] {
        assert!(check_text(&wrong).is_err(), "{}", wrong.chars().take(80).collect::<String>());
    }
    let stranger = Mint::new("ours");
    assert_eq!(check_text(&stranger.sign(&stranger.header(), &claims())).unwrap_err(), Flaw("signature does not hold"));
    // Pointers to the stranger's keys are not followed, nor is a key in the header taken.
    let header = with(
        &stranger.header(),
        &json!({"jku": "http://127.0.0.1:1/keys", "x5u": "http://127.0.0.1:1/", "jwk": stranger.jwk("RS256")}),
    );
    assert_eq!(check_text(&stranger.sign(&header, &claims())).unwrap_err(), Flaw("signature does not hold"));
    assert!(check(&with(&MINT.header(), &json!({"kid": null})), &claims()).is_err());
    assert!(check(&with(&MINT.header(), &json!({"crit": ["b64"]})), &claims()).is_err());
}

#[test]
fn a_key_for_encryption_signs_nothing() {
    let mut jwk = MINT.jwk("RS256");
    jwk["use"] = "enc".into();
    let key = serde_json::from_value(jwk).unwrap();
    let token = MINT.sign(&MINT.header(), &claims());
    let unverified = Unverified::parse(&token).unwrap();
    assert!(unverified.id_token(&key, &expected(), Some("n-1"), &AccessToken::new(String::new())).is_err());
}

#[test]
fn the_issuer_is_equal_to_the_letter() {
    for iss in [
        "https://sso.example/realms/dealers/",
        "https://sso.example/realms/other",
        "http://sso.example/realms/dealers",
        "HTTPS://sso.example/realms/dealers",
        "",
    ] {
        refused(json!({"iss": iss}));
    }
    refused(json!({"iss": null}));
}

#[test]
fn the_audience_is_us_and_the_authorised_party_too() {
    refused(json!({"aud": null}));
    refused(json!({"aud": "account"}));
    refused(json!({"aud": []}));
    refused(json!({"aud": ["Portal"]}));
    refused(json!({"aud": ["account"], "azp": "portal"}));
    refused(json!({"aud": ["portal", "api"], "azp": "api"}));
    refused(json!({"aud": ["portal", "api"], "azp": null}));
    refused(json!({"azp": "api"}));
    // An access token, even one that names us.
    refused(json!({"typ": "Bearer"}));
    refused(json!({"typ": "Logout"}));
    assert!(check(&with(&MINT.header(), &json!({"typ": "at+jwt"})), &claims()).is_err());
    assert!(check(&with(&MINT.header(), &json!({"typ": "logout+jwt"})), &claims()).is_err());
}

#[test]
fn clocks_may_differ_by_a_minute() {
    for (field, inside, outside) in [("exp", -59, -61), ("iat", 59, 61), ("nbf", 59, 61)] {
        accepted(json!({field: NOW + inside}));
        refused(json!({field: NOW + outside}));
        refused(json!({field: "soon"}));
    }
    refused(json!({"exp": null}));
    refused(json!({"iat": null}));
    accepted(json!({"exp": i64::MAX}));
}

#[test]
fn the_nonce_is_that_of_the_attempt() {
    for nonce in [json!(null), json!("n-2"), json!(""), json!("N-1"), json!(1)] {
        refused(json!({ "nonce": nonce }));
    }
}

#[test]
fn the_access_token_is_the_one_that_was_signed_for() {
    // Left half of the SHA-256 of "access".
    use sha2::Digest as _;
    let right = base64(&sha2::Sha256::digest(b"access")[..16]);
    accepted(json!({ "at_hash": right }));
    refused(json!({"at_hash": base64(&sha2::Sha256::digest(b"another")[..16])}));
    refused(json!({"at_hash": ""}));
}

fn access() -> Value {
    json!({
        "iss": "https://sso.example/realms/dealers", "aud": ["account", "portal-api"], "azp": "volga-machine", "sub": "machine",
        "typ": "Bearer", "iat": NOW, "exp": NOW + 300, "dealers": ["d"], "roles": ["dealer"],
    })
}

fn check_access(header: &Value, claims: &Value) -> Result<super::AccessClaims, Flaw> {
    let token = MINT.sign(header, claims);
    Unverified::parse(&token)?.access_token(&MINT.key("RS256"), &expected(), "portal-api")
}

#[test]
fn an_access_token_holds_for_its_audience_only_and_is_no_other_token() {
    let held = check_access(&MINT.header(), &access()).unwrap();
    assert_eq!((held.sub.as_str(), held.dealers.iter().count()), ("machine", 1));
    for fine in [
        json!({"aud": "portal-api"}),
        json!({"azp": null, "dealers": null, "roles": null}),
        json!({"exp": NOW - 59}),
        json!({"nbf": NOW + 59}),
    ] {
        check_access(&MINT.header(), &with(&access(), &fine)).unwrap_or_else(|flaw| panic!("{fine}: {flaw}"));
    }
    assert!(check_access(&with(&MINT.header(), &json!({"typ": "at+jwt"})), &access()).is_ok());
    for (changes, flaw) in [
        (json!({"aud": "account"}), "is not meant for us"),
        (json!({"aud": null}), "is not meant for us"),
        (json!({"aud": ["portal-api-2", "Portal-api"]}), "is not meant for us"),
        // The client is no audience.
        (json!({"aud": "account", "azp": "portal-api"}), "is not meant for us"),
        (json!({"iss": "https://sso.example/realms/dealers/"}), "issuer is another"),
        (json!({"iss": "https://sso.example/realms/master"}), "issuer is another"),
        (json!({"exp": NOW - 61}), "has expired"),
        (json!({"iat": NOW + 61}), "is not valid yet"),
        (json!({"nbf": NOW + 61}), "is not valid yet"),
        (json!({"typ": "ID"}), "is no access token"),
        (json!({"typ": "Refresh"}), "is no access token"),
        (json!({"typ": "DPoP"}), "is no access token"),
        (json!({"typ": null}), "is no access token"),
        (json!({"cnf": {"x5t#S256": "x"}}), "is bound to a key that nobody has shown"),
        (json!({"sub": ""}), "names nobody"),
        (json!({"sub": null}), "claims are unreadable"),
        (json!({"exp": null}), "claims are unreadable"),
    ] {
        assert_eq!(check_access(&MINT.header(), &with(&access(), &changes)).unwrap_err(), Flaw(flaw), "{changes}");
    }
    assert!(check_access(&with(&MINT.header(), &json!({"typ": "logout+jwt"})), &access()).is_err());
    assert!(check_access(&with(&MINT.header(), &json!({"alg": "none"})), &access()).is_err());
    let stranger = Mint::new("ours");
    let forged = stranger.sign(&stranger.header(), &access());
    let forged = Unverified::parse(&forged).unwrap().access_token(&MINT.key("RS256"), &expected(), "portal-api");
    assert_eq!(forged.unwrap_err(), Flaw("signature does not hold"));
}

fn logout() -> Value {
    json!({
        "iss": "https://sso.example/realms/dealers", "aud": "portal", "iat": NOW, "exp": NOW + 60, "jti": "j-1", "sid": "s-1", "sub": "person",
        "typ": "Logout", "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    })
}

fn check_logout(header: &Value, claims: &Value) -> Result<super::LogoutClaims, Flaw> {
    let token = MINT.sign(header, claims);
    Unverified::parse(&token)?.logout_token(&MINT.key("RS256"), &expected())
}

#[test]
fn a_logout_token_says_what_it_ends_and_is_no_other_token() {
    let header = with(&MINT.header(), &json!({"typ": "logout+jwt"}));
    let ended = check_logout(&header, &logout()).unwrap();
    assert_eq!((ended.jti.as_str(), ended.sid.as_deref(), ended.sub.as_deref()), ("j-1", Some("s-1"), Some("person")));
    assert!(check_logout(&header, &with(&logout(), &json!({"sid": null}))).is_ok());
    assert!(check_logout(&header, &with(&logout(), &json!({"sub": null}))).is_ok());
    for changes in [
        json!({"events": null}),
        json!({"events": {}}),
        json!({"events": {"http://schemas.openid.net/event/backchannel-logout": null}}),
        json!({"events": {"http://schemas.openid.net/event/other": {}}}),
        json!({"aud": "api"}),
        json!({"iss": "https://evil.example"}),
        json!({"nonce": "n-1"}),
        json!({"exp": NOW - 61}),
        json!({"iat": NOW + 61}),
        json!({"jti": null}),
        json!({"jti": ""}),
        json!({"sid": null, "sub": null}),
    ] {
        assert!(check_logout(&header, &with(&logout(), &changes)).is_err(), "{changes}");
    }
    // An ID token in its place, plain or dressed up.
    assert!(check_logout(&MINT.header(), &claims()).is_err());
    assert!(check_logout(&header, &claims()).is_err());
    assert!(check_logout(&MINT.header(), &logout()).is_err());
    let stranger = Mint::new("ours");
    let forged = stranger.sign(&header, &logout());
    assert!(Unverified::parse(&forged).unwrap().logout_token(&MINT.key("RS256"), &expected()).is_err());
}
