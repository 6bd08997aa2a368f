//! Whom Keycloak knows, for administrators who grant dealers: its Admin REST API, by the service account of the portal's own client,
//! which may look at people (`view-users`) and do nothing else. Where a site has not given it that role, those alone are found who have
//! been here, and the page says so.

use std::time::{Duration, Instant};

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::config;
use crate::error::{AppError, Part};

/// People that one search finds.
const MOST: u32 = 50;
/// A token is taken anew so long before its end.
const MARGIN: Duration = Duration::from_secs(10);

pub struct Directory {
    /// Where the portal itself reaches the realm: `https://sso.example/realms/dealers`.
    realm: String,
    client_id: String,
    client_secret: SecretString,
    http: reqwest::Client,
    token: Mutex<Option<(SecretString, Instant)>>,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
    expires_in: u64,
}

/// Keycloak's representation of a person, as far as it is shown.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    id: String,
    #[serde(default)]
    username: String,
    first_name: Option<String>,
    last_name: Option<String>,
}

/// Somebody whom Keycloak knows.
#[derive(Debug, Clone)]
pub struct Named {
    /// `sub` of the tokens.
    pub subject: String,
    pub name: String,
}

impl From<Found> for Named {
    fn from(found: Found) -> Self {
        let full = [found.first_name, found.last_name].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let name = if full.trim().is_empty() { found.username } else { full.trim().to_owned() };
        Self { subject: found.id, name: name.chars().take(200).collect() }
    }
}

impl Directory {
    /// None without a secret.
    pub fn new(oidc: &config::Oidc) -> anyhow::Result<Option<Self>> {
        let Some(client_secret) = oidc.client_secret.clone() else { return Ok(None) };
        let realm = oidc.internal.as_ref().unwrap_or(&oidc.issuer).trim_end_matches('/').to_owned();
        let (client_id, http) = (oidc.client_id.clone(), crate::auth::oidc::client()?);
        Ok(Some(Self { realm, client_id, client_secret, http, token: Mutex::default() }))
    }

    /// Whoever's name, user name or address holds this word.
    pub async fn search(&self, word: &str) -> Result<Vec<Named>, AppError> {
        let most = MOST.to_string();
        let found: Option<Vec<Found>> =
            self.ask("users", &[("search", word), ("max", &most), ("briefRepresentation", "true")]).await?;
        Ok(found.unwrap_or_default().into_iter().map(Named::from).collect())
    }

    pub async fn person(&self, subject: &str) -> Result<Option<Named>, AppError> {
        // Whatever stands in an address: only what is one of Keycloak's own ids is asked for.
        let Ok(id) = subject.parse::<uuid::Uuid>() else { return Ok(None) };
        Ok(self.ask::<Found>(&format!("users/{id}"), &[]).await?.map(Named::from))
    }

    /// None: there is no such thing.
    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Option<T>, AppError> {
        let (base, realm) = self.realm.rsplit_once("/realms/").ok_or_else(|| away("the issuer is no realm's"))?;
        let address = format!("{base}/admin/realms/{realm}/{path}");
        let token = self.token().await?;
        let answer = self.http.get(address).query(query).bearer_auth(token.expose_secret()).send().await;
        let answer = answer.map_err(|cause| away(cause.without_url()))?;
        match answer.status() {
            reqwest::StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => answer.json().await.map(Some).map_err(|cause| away(cause.without_url())),
            status => Err(away(format!("Keycloak's list of people answers {status}: see the roles of its client"))),
        }
    }

    async fn token(&self) -> Result<SecretString, AppError> {
        let mut held = self.token.lock().await;
        if let Some((token, until)) = held.as_ref()
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.client_id),
            ("client_secret", self.client_secret.expose_secret()),
        ];
        let address = format!("{}/protocol/openid-connect/token", self.realm);
        let answer = self.http.post(address).form(&form).send().await.map_err(|cause| away(cause.without_url()))?;
        if !answer.status().is_success() {
            return Err(away(format!("Keycloak gives {} no token: {}", self.client_id, answer.status())));
        }
        let Token { access_token, expires_in } = answer.json().await.map_err(|cause| away(cause.without_url()))?;
        let access_token = SecretString::from(access_token);
        let lasts = Duration::from_secs(expires_in).saturating_sub(MARGIN);
        *held = Some((access_token.clone(), Instant::now() + lasts));
        Ok(access_token)
    }
}

fn away(cause: impl std::fmt::Display) -> AppError {
    AppError::unavailable(Part::SignIn, cause)
}
