//! Keycloak: discovery, the way there and back, token checks. Nothing is asked at start, so the portal starts without it.
//!
//! `oauth2` speaks the protocol and `openidconnect` reads discovery and keys; what a token must satisfy stands in `token`,
//! because `openidconnect` has no leeway, leaves `azp` and `iat` open, and keeps the keys that it was built with.

mod http;
mod identity;
mod keys;
#[cfg(test)]
mod mint;
mod provider;
mod token;

use std::time::Duration;

use oauth2::{
    AuthorizationCode, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RefreshToken, Scope, TokenResponse as _,
};
use openidconnect::{JsonWebKeySetUrl, Nonce};
use shared::clock;
use shared::language::Language;
use shared::report::role::Role;
use url::Url;
use uuid::Uuid;

pub use self::http::{HttpError, client};
pub use self::identity::{Ended, Identity, Tokens};
use self::provider::{Answer, Exchange, Provider};
use self::token::{Expected, Flaw, IdClaims, OneOrMany, Unverified};
use super::role;
use crate::config;
use crate::error::{AppError, Part, SignInProblem};

/// Claims older than this show no rows, whatever life Keycloak gives its tokens: a removed grant is gone by then.
pub const CLAIMS_LAST: Duration = Duration::from_secs(5 * 60);

/// By RFC 5321.
const LONGEST_EMAIL: usize = 254;

/// Keycloak as the portal uses it.
pub struct Oidc {
    issuer: String,
    client_id: String,
    provider: Provider,
}

/// Where to send the browser, and what must be kept until it is back.
pub struct Departure {
    pub address: Url,
    pub nonce: String,
    pub verifier: PkceCodeVerifier,
}

/// Why claims could not be renewed.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Keycloak ended the session, or answered what does not hold: sign in again.
    #[error("ended: {0}")]
    Ended(String),
    /// Keycloak is away: the session stays as it is.
    #[error("away: {0}")]
    Away(String),
    /// The exchange succeeded and used up the old refresh token, but the new ID token could not be checked yet.
    #[error("unchecked: {cause}")]
    Unchecked { tokens: Tokens, cause: String },
}

/// Whom an access token speaks for.
#[derive(Debug, Clone)]
pub struct Access {
    pub subject: String,
    /// The client that it was given to; empty where Keycloak names none.
    pub client: String,
    /// Unix seconds.
    pub issued: i64,
    pub role: Option<Role>,
    pub dealers: Vec<Uuid>,
}

/// Why an access token is not taken.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Ask for another one.
    #[error("{0}")]
    Expired(Flaw),
    /// It is Keycloak's, and for others.
    #[error("{0}")]
    Elsewhere(Flaw),
    #[error("{0}")]
    Wrong(String),
    /// Keycloak is away, and its keys are not known.
    #[error("{0}")]
    Away(String),
}

/// A token that could not be believed.
#[derive(Debug, thiserror::Error)]
enum Doubt {
    #[error("{0}")]
    Wrong(String),
    #[error("{0}")]
    Away(String),
}

impl Oidc {
    pub fn new(config: &config::Oidc, public: &Url) -> anyhow::Result<Self> {
        let provider = Provider::new(config, public.join("/login/callback")?, public.join("/")?)?;
        Ok(Self { issuer: config.issuer.clone(), client_id: config.client_id.clone(), provider })
    }

    /// Finds Keycloak once it is there, so that the first person need not wait for it.
    pub async fn warm_up(&self) {
        let mut pause = Duration::from_millis(500);
        while let Err(cause) = self.provider.discovered().await {
            tracing::warn!(%cause, retry_in_s = pause.as_secs_f32(), "Keycloak is not there yet: nobody can sign in");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
        tracing::info!(issuer = self.issuer, "Keycloak is there");
    }

    /// The way to Keycloak: code flow with PKCE S256, whatever the provider offers.
    pub async fn depart(&self, state: &str, language: Language) -> Result<Departure, AppError> {
        let found = self.provider.discovered().await.map_err(away)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let nonce = Nonce::new_random().secret().clone();
        let state = state.to_owned();
        let (address, _) = found
            .client
            .authorize_url(move || CsrfToken::new(state))
            .add_scope(Scope::new("openid".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .add_scope(Scope::new("email".to_owned()))
            .add_extra_param("nonce", nonce.clone())
            .add_extra_param("ui_locales", language.code())
            .set_pkce_challenge(challenge)
            .url();
        Ok(Departure { address, nonce, verifier })
    }

    /// Whether the `iss` of a callback, if there is one, is Keycloak's.
    pub fn is_issuer(&self, iss: &str) -> bool {
        iss == self.issuer
    }

    /// The way back: the code for tokens, the ID token for a person.
    pub async fn arrive(&self, code: String, verifier: PkceCodeVerifier, nonce: &str) -> Result<Identity, AppError> {
        let refused = |cause: String| AppError::SignInFailed { problem: SignInProblem::Refused, cause };
        let found = self.provider.discovered().await.map_err(away)?;
        let request = found.client.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier);
        let answer = request.request_async(&self.provider.caller()).await;
        let answer = answer.map_err(|cause| match Exchange::of(cause) {
            Exchange::Refused(cause) => refused(cause),
            Exchange::Denied(cause) => {
                denied(&cause);
                away(cause)
            }
            Exchange::Away(cause) => away(cause),
        })?;
        self.person(&answer, Some(nonce), None).await.map_err(|doubt| match doubt {
            Doubt::Wrong(cause) => refused(cause),
            Doubt::Away(cause) => away(cause),
        })
    }

    /// Fresh claims of the same person, and the tokens that replace the old ones.
    pub async fn refresh(&self, old: Tokens, subject: &str) -> Result<Identity, RefreshError> {
        let ended = || RefreshError::Ended("Keycloak gave no refresh token".to_owned());
        let old_refresh = RefreshToken::new(old.refresh.ok_or_else(ended)?);
        let found = self.provider.discovered().await.map_err(RefreshError::Away)?;
        let answer = found.client.exchange_refresh_token(&old_refresh).request_async(&self.provider.caller()).await;
        let answer = answer.map_err(|cause| match Exchange::of(cause) {
            Exchange::Refused(cause) => RefreshError::Ended(cause),
            Exchange::Denied(cause) => {
                denied(&cause);
                RefreshError::Ended(cause)
            }
            Exchange::Away(cause) => RefreshError::Away(cause),
        })?;
        // Without rotation Keycloak may leave the refresh token out: the old one stays good.
        let mut person = match self.person(&answer, None, Some(subject)).await {
            Ok(person) => person,
            Err(Doubt::Wrong(cause)) => return Err(RefreshError::Ended(cause)),
            Err(Doubt::Away(cause)) => {
                let refresh = answer.refresh_token().map(|token| token.secret().clone());
                let refresh = refresh.or_else(|| Some(old_refresh.secret().clone()));
                return Err(RefreshError::Unchecked { tokens: Tokens { refresh, id: old.id }, cause });
            }
        };
        person.tokens.refresh.get_or_insert_with(|| old_refresh.secret().clone());
        Ok(person)
    }

    /// What a logout token of the back channel ends. The caller refuses a `jti` that was seen before.
    pub async fn logout_token(&self, token: &str) -> Result<Ended, AppError> {
        let wrong = |cause: String| AppError::Malformed(cause);
        let unverified = Unverified::parse(token).map_err(|flaw| wrong(flaw.to_string()))?;
        let key = self.key(unverified.kid()).await.map_err(|doubt| match doubt {
            Doubt::Wrong(cause) => wrong(cause),
            Doubt::Away(cause) => away(cause),
        })?;
        let claims = unverified.logout_token(&key, &self.expected()).map_err(|flaw| wrong(flaw.to_string()))?;
        Ok(Ended { expires: claims.envelope.exp, jti: claims.jti, provider_session: claims.sid, subject: claims.sub })
    }

    /// Whom this access token speaks for, if it is meant for this audience.
    pub async fn access_token(&self, token: &str, audience: &str) -> Result<Access, AccessError> {
        let wrong = |flaw: Flaw| AccessError::Wrong(flaw.to_string());
        let unverified = Unverified::parse(token).map_err(wrong)?;
        let key = self.key(unverified.kid()).await.map_err(|doubt| match doubt {
            Doubt::Wrong(cause) => AccessError::Wrong(cause),
            Doubt::Away(cause) => AccessError::Away(cause),
        })?;
        let claims = unverified.access_token(&key, &self.expected(), audience);
        let claims = claims.map_err(|flaw| match flaw {
            token::EXPIRED => AccessError::Expired(flaw),
            token::ELSEWHERE => AccessError::Elsewhere(flaw),
            flaw => wrong(flaw),
        })?;
        Ok(Access {
            role: role::of(claims.roles.iter()),
            dealers: dealers(&claims.dealers),
            client: claims.envelope.azp.unwrap_or_default(),
            issued: claims.envelope.iat,
            subject: claims.sub,
        })
    }

    /// Where Keycloak ends its own session, and asks nothing if an ID token says whose; none while it was never found, and
    /// then there is none to end from here.
    pub fn sign_out_address(&self, id_token: Option<&str>) -> Option<Url> {
        self.provider.sign_out_address(id_token)
    }

    async fn person(&self, answer: &Answer, nonce: Option<&str>, subject: Option<&str>) -> Result<Identity, Doubt> {
        let id_token =
            answer.extra_fields().id_token.as_deref().ok_or_else(|| Doubt::Wrong("no ID token".to_owned()))?;
        let unverified = Unverified::parse(id_token).map_err(|flaw| Doubt::Wrong(flaw.to_string()))?;
        let key = self.key(unverified.kid()).await?;
        let claims = unverified
            .id_token(&key, &self.expected(), nonce, answer.access_token())
            .map_err(|flaw| Doubt::Wrong(flaw.to_string()))?;
        if subject.is_some_and(|subject| subject != claims.sub) {
            return Err(Doubt::Wrong("the refreshed token is another person's".to_owned()));
        }
        Ok(Identity {
            name: shown_name(&claims),
            email: verified_email(&claims),
            role: role::of(claims.roles.iter()),
            dealers: dealers(&claims.dealers),
            tokens: Tokens {
                refresh: answer.refresh_token().map(|token| token.secret().clone()),
                id: id_token.to_owned(),
            },
            claims_last: answer.expires_in().map_or(CLAIMS_LAST, |lasts| lasts.min(CLAIMS_LAST)),
            subject: claims.sub,
            provider_session: claims.sid,
        })
    }

    async fn key(&self, kid: &str) -> Result<openidconnect::core::CoreJsonWebKey, Doubt> {
        let found = self.provider.discovered().await.map_err(Doubt::Away)?;
        let address: &JsonWebKeySetUrl = found.keys_address();
        let fetched = found.keys.find(kid, async || self.provider.fetch_keys(address).await).await;
        fetched.map_err(|cause| match cause {
            keys::KeyError::Unknown => Doubt::Wrong(cause.to_string()),
            keys::KeyError::Away(_) | keys::KeyError::Stale => Doubt::Away(cause.to_string()),
        })
    }

    fn expected(&self) -> Expected<'_> {
        Expected { issuer: &self.issuer, client_id: &self.client_id, now: clock::now() }
    }
}

/// Someone should get up: nobody signs in, and sessions end as their claims grow old.
fn denied(cause: &str) {
    metrics::counter!("portal_denied_by_keycloak_total").increment(1);
    tracing::error!(
        cause,
        "Keycloak refuses the portal itself: compare OIDC_CLIENT_ID and OIDC_CLIENT_SECRET with its client, and see that client and realm are enabled"
    );
}

fn away(cause: impl std::fmt::Display) -> AppError {
    AppError::unavailable(Part::SignIn, cause)
}

/// What is not written as exactly one reference grants nothing.
fn dealers(claimed: &OneOrMany) -> Vec<Uuid> {
    let exact = |text: &str| (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten();
    claimed.iter().filter_map(exact).filter(|id| !id.is_nil()).collect()
}

fn shown_name(claims: &IdClaims) -> String {
    let given = claims.name.as_deref().or(claims.preferred_username.as_deref()).map(str::trim);
    given.filter(|name| !name.is_empty()).unwrap_or(&claims.sub).chars().take(200).collect()
}

/// Anybody may write any address into a profile: one that Keycloak has not checked is nobody's.
fn verified_email(claims: &IdClaims) -> Option<String> {
    let email = claims.email.as_str().filter(|_| claims.email_verified == true)?.trim();
    (!email.is_empty() && email.len() <= LONGEST_EMAIL).then(|| email.to_owned())
}

#[cfg(test)]
mod tests;
