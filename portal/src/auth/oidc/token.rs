//! Whether a token of Keycloak holds: signature, then every claim. Strict where `openidconnect` is lenient (`azp`, `iat`,
//! `nbf`, `typ`) and lenient by a minute where it is strict (clocks). Keys come from outside; `jku`, `x5u` and `jwk` of a
//! header are never looked at.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{AccessToken, AccessTokenHash, JsonWebKey as _};
use serde::{Deserialize, de::DeserializeOwned};

/// How far two clocks may differ.
const LEEWAY_S: i64 = 60;
const LONGEST: usize = 256 * 1024;
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Which check failed. For the log and for tests; a person reads "sign-in failed".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("token: {0}")]
pub struct Flaw(pub &'static str);

/// What a program mends by asking for another token.
pub const EXPIRED: Flaw = Flaw("has expired");
/// What is mended at Keycloak: the client lacks the audience.
pub const ELSEWHERE: Flaw = Flaw("is not meant for us");

/// Whom a token must come from and be meant for.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub now: DateTime<Utc>,
}

/// A token taken apart, nothing of it believed yet.
pub struct Unverified<'a> {
    alg: CoreJwsSigningAlgorithm,
    typ: Option<String>,
    kid: String,
    signed: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<serde_json::Value>,
}

impl<'a> Unverified<'a> {
    pub fn parse(token: &'a str) -> Result<Self, Flaw> {
        if token.len() > LONGEST {
            return Err(Flaw("too long"));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Flaw("not three parts"))?;
        let (header, payload) = signed.split_once('.').ok_or(Flaw("not three parts"))?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Flaw("not base64url"));
        let head: Header = serde_json::from_slice(&decode(header)?).map_err(|_| Flaw("header is unreadable"))?;
        let alg = match head.alg.as_str() {
            "RS256" => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
            "PS256" => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
            "ES256" => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            _ => return Err(Flaw("algorithm is not allowed")),
        };
        if head.crit.is_some() {
            return Err(Flaw("critical header is unknown"));
        }
        let kid = head.kid.ok_or(Flaw("no key is named"))?;
        Ok(Self { alg, typ: head.typ, kid, signed, payload: decode(payload)?, signature: decode(signature)? })
    }

    /// The name of the key that it claims to be signed with.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    fn claims<T: DeserializeOwned>(&self, key: &CoreJsonWebKey) -> Result<T, Flaw> {
        key.verify_signature(&self.alg, self.signed.as_bytes(), &self.signature)
            .map_err(|_| Flaw("signature does not hold"))?;
        serde_json::from_slice(&self.payload).map_err(|_| Flaw("claims are unreadable"))
    }

    /// An ID token. `nonce` is that of the attempt; none after a refresh, where Keycloak sends none.
    pub fn id_token(
        &self,
        key: &CoreJsonWebKey,
        expected: &Expected<'_>,
        nonce: Option<&str>,
        access_token: &AccessToken,
    ) -> Result<IdClaims, Flaw> {
        let claims: IdClaims = self.claims(key)?;
        if !matches!(self.typ.as_deref(), None | Some("JWT")) || !matches!(claims.typ.as_deref(), None | Some("ID")) {
            return Err(Flaw("is no ID token"));
        }
        claims.envelope.check(expected)?;
        if nonce.is_some_and(|nonce| claims.nonce.as_deref() != Some(nonce)) {
            return Err(Flaw("nonce is not ours"));
        }
        if let Some(claimed) = &claims.at_hash {
            let hash = AccessTokenHash::from_token(access_token, &self.alg, key).map_err(|_| Flaw("at_hash"))?;
            if hash.as_str() != claimed {
                return Err(Flaw("at_hash belongs to another access token"));
            }
        }
        if claims.sub.is_empty() {
            return Err(Flaw("names nobody"));
        }
        Ok(claims)
    }

    /// An access token that is meant for this audience, whichever client it was given to.
    pub fn access_token(&self, key: &CoreJsonWebKey, of: &Expected<'_>, audience: &str) -> Result<AccessClaims, Flaw> {
        let claims: AccessClaims = self.claims(key)?;
        let is_access = self.typ.as_deref().is_none_or(|typ| {
            let typ = typ.to_ascii_lowercase();
            matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
        });
        if !is_access || claims.typ.as_deref() != Some("Bearer") {
            return Err(Flaw("is no access token"));
        }
        claims.envelope.check_origin(of)?;
        if !claims.envelope.aud.iter().any(|meant| meant == audience) {
            return Err(ELSEWHERE);
        }
        claims.envelope.check_time(of)?;
        if claims.cnf.is_some() {
            return Err(Flaw("is bound to a key that nobody has shown"));
        }
        if claims.sub.is_empty() {
            return Err(Flaw("names nobody"));
        }
        Ok(claims)
    }

    /// A logout token of the back channel. Whether its `jti` was used already, the caller asks the database.
    pub fn logout_token(&self, key: &CoreJsonWebKey, expected: &Expected<'_>) -> Result<LogoutClaims, Flaw> {
        let claims: LogoutClaims = self.claims(key)?;
        if !self.typ.as_deref().is_some_and(|typ| typ.eq_ignore_ascii_case("logout+jwt")) {
            return Err(Flaw("is no logout token"));
        }
        claims.envelope.check(expected)?;
        if !claims.events.get(LOGOUT_EVENT).is_some_and(serde_json::Value::is_object) {
            return Err(Flaw("carries no logout event"));
        }
        if claims.nonce.is_some() {
            return Err(Flaw("carries a nonce"));
        }
        if claims.jti.is_empty() || (claims.sid.is_none() && claims.sub.is_none()) {
            return Err(Flaw("names no session"));
        }
        Ok(claims)
    }
}

/// What every token of Keycloak carries.
#[derive(Debug, Clone, Deserialize)]
pub struct Envelope {
    iss: String,
    #[serde(default)]
    aud: OneOrMany,
    pub azp: Option<String>,
    pub exp: i64,
    pub iat: i64,
    nbf: Option<i64>,
}

impl Envelope {
    fn check(&self, expected: &Expected<'_>) -> Result<(), Flaw> {
        self.check_origin(expected)?;
        if !self.aud.iter().any(|audience| audience == expected.client_id) {
            return Err(ELSEWHERE);
        }
        let is_alone = self.aud.iter().all(|audience| audience == expected.client_id);
        if self.azp.as_deref().map_or(!is_alone, |azp| azp != expected.client_id) {
            return Err(Flaw("was given to another client"));
        }
        self.check_time(expected)
    }

    fn check_origin(&self, expected: &Expected<'_>) -> Result<(), Flaw> {
        if self.iss == expected.issuer { Ok(()) } else { Err(Flaw("issuer is another")) }
    }

    fn check_time(&self, expected: &Expected<'_>) -> Result<(), Flaw> {
        let now = expected.now.timestamp();
        if self.exp.saturating_add(LEEWAY_S) < now {
            return Err(EXPIRED);
        }
        if self.iat > now + LEEWAY_S || self.nbf.is_some_and(|nbf| nbf > now + LEEWAY_S) {
            return Err(Flaw("is not valid yet"));
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct IdClaims {
    #[serde(flatten)]
    envelope: Envelope,
    pub sub: String,
    typ: Option<String>,
    nonce: Option<String>,
    at_hash: Option<String>,
    pub sid: Option<String>,
    pub name: Option<String>,
    pub preferred_username: Option<String>,
    /// Whatever stands there: one that is no text is no address, and no reason to turn the person away.
    #[serde(default)]
    pub email: serde_json::Value,
    #[serde(default)]
    pub email_verified: serde_json::Value,
    /// References of 1C partners; what is not exactly one grants nothing.
    #[serde(default)]
    pub dealers: OneOrMany,
    #[serde(default)]
    pub roles: OneOrMany,
}

#[derive(Debug, Clone, Deserialize)]
pub struct AccessClaims {
    #[serde(flatten)]
    pub envelope: Envelope,
    pub sub: String,
    typ: Option<String>,
    /// Names the key whose holder alone may show the token.
    cnf: Option<serde_json::Value>,
    /// References of 1C partners; absent, not empty, where there are none.
    #[serde(default)]
    pub dealers: OneOrMany,
    #[serde(default)]
    pub roles: OneOrMany,
}

#[derive(Debug, Clone, Deserialize)]
pub struct LogoutClaims {
    #[serde(flatten)]
    pub envelope: Envelope,
    pub jti: String,
    #[serde(default)]
    events: serde_json::Map<String, serde_json::Value>,
    nonce: Option<serde_json::Value>,
    pub sid: Option<String>,
    pub sub: Option<String>,
}

/// Keycloak writes a list of one as a plain string.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many.as_slice(),
        }
        .iter()
        .map(String::as_str)
    }
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
