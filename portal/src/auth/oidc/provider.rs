//! Keycloak's addresses and keys, found when first needed and again until it answers.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthUrl, Client, ClientId, ClientSecret, EndpointNotSet, EndpointSet, ExtraTokenFields, RedirectUrl,
    RequestTokenError, StandardRevocableToken, StandardTokenResponse,
};
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet};
use openidconnect::{
    AsyncHttpClient, HttpRequest, HttpResponse, JsonWebKeySet, JsonWebKeySetUrl, LogoutRequest, PostLogoutRedirectUrl,
    ProviderMetadataWithLogout,
};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::http::{Http, HttpError};
use super::keys::Keys;
use crate::config;

/// After a failed discovery others fail with it for a moment, rather than queue up behind the next time-out.
const PAUSE: Duration = Duration::from_secs(1);

/// The token endpoint's answer with the one field that OpenID Connect adds.
pub type Answer = StandardTokenResponse<IdTokenField, BasicTokenType>;

#[derive(Debug, Serialize, Deserialize)]
pub struct IdTokenField {
    pub id_token: Option<String>,
}

impl ExtraTokenFields for IdTokenField {}

type CodeFlow = Client<
    BasicErrorResponse,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

pub struct Provider {
    issuer: String,
    /// Where the portal itself reaches the realm.
    internal: String,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    redirect: RedirectUrl,
    after_sign_out: PostLogoutRedirectUrl,
    http: Http,
    found: OnceLock<Arc<Discovered>>,
    /// Held while asking; when it last failed, and why.
    failed: Mutex<Option<(Instant, String)>>,
}

pub struct Discovered {
    metadata: ProviderMetadataWithLogout,
    pub client: CodeFlow,
    pub keys: Keys,
}

impl Discovered {
    pub fn keys_address(&self) -> &JsonWebKeySetUrl {
        self.metadata.jwks_uri()
    }
}

impl Provider {
    pub fn new(config: &config::Oidc, redirect: Url, after_sign_out: Url) -> anyhow::Result<Self> {
        Ok(Self {
            issuer: config.issuer.clone(),
            internal: config.internal.as_ref().unwrap_or(&config.issuer).clone(),
            client_id: ClientId::new(config.client_id.clone()),
            client_secret: config
                .client_secret
                .as_ref()
                .map(|secret| ClientSecret::new(secret.expose_secret().to_owned())),
            redirect: RedirectUrl::from_url(redirect),
            after_sign_out: PostLogoutRedirectUrl::from_url(after_sign_out),
            http: Http::new()?,
            found: OnceLock::new(),
            failed: Mutex::new(None),
        })
    }

    /// What Keycloak says of itself; its issuer must be ours to the letter. The error is for the log.
    pub async fn discovered(&self) -> Result<Arc<Discovered>, String> {
        if let Some(found) = self.found.get() {
            return Ok(found.clone());
        }
        let mut failed = self.failed.lock().await;
        if let Some(found) = self.found.get() {
            return Ok(found.clone());
        }
        if let Some((at, cause)) = &*failed
            && at.elapsed() < PAUSE
        {
            return Err(cause.clone());
        }
        match self.discover().await {
            Ok(found) => Ok(self.found.get_or_init(|| Arc::new(found)).clone()),
            Err(cause) => {
                *failed = Some((Instant::now(), cause.clone()));
                Err(cause)
            }
        }
    }

    async fn discover(&self) -> Result<Discovered, String> {
        let metadata = self.metadata().await?;
        if metadata.issuer().as_str() != self.issuer {
            let named = metadata.issuer().as_str();
            return Err(format!("{} calls itself {named:?}, and OIDC_ISSUER is {:?}", self.internal, self.issuer));
        }
        let token_address = metadata.token_endpoint().ok_or("Keycloak names no token endpoint")?.clone();
        let auth_address: AuthUrl = metadata.authorization_endpoint().clone();
        let mut client = Client::new(self.client_id.clone());
        if let Some(secret) = &self.client_secret {
            client = client.set_client_secret(secret.clone());
        }
        let client =
            client.set_auth_uri(auth_address).set_token_uri(token_address).set_redirect_uri(self.redirect.clone());
        let keys = Keys::new(self.fetch_keys(metadata.jwks_uri()).await?);
        Ok(Discovered { metadata, client, keys })
    }

    /// The discovery document, from where the portal reaches it: browsers may know the issuer by another address.
    async fn metadata(&self) -> Result<ProviderMetadataWithLogout, String> {
        let address = format!("{}/.well-known/openid-configuration", self.internal.trim_end_matches('/'));
        let request = http::Request::get(address).header(http::header::ACCEPT, "application/json").body(Vec::new());
        let request = request.map_err(|cause| describe(&cause))?;
        let answer = self.http.call(request).await.map_err(|cause| describe(&cause))?;
        serde_json::from_slice(answer.body()).map_err(|cause| format!("the discovery document is unreadable: {cause}"))
    }

    pub async fn fetch_keys(&self, address: &JsonWebKeySetUrl) -> Result<CoreJsonWebKeySet, String> {
        JsonWebKeySet::<CoreJsonWebKey>::fetch_async(address, &self.caller()).await.map_err(|cause| describe(&cause))
    }

    /// How `oauth2` and `openidconnect` reach Keycloak.
    pub fn caller(&self) -> impl for<'c> AsyncHttpClient<'c, Error = HttpError, Future: Send> + use<> {
        let http = self.http.clone();
        move |request: HttpRequest| {
            let http = http.clone();
            Box::pin(async move { http.call(request).await })
                as std::pin::Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send>>
        }
    }

    pub fn sign_out_address(&self, id_token: Option<&str>) -> Option<Url> {
        let found = self.found.get()?;
        let end = found.metadata.additional_metadata().end_session_endpoint.clone()?;
        let mut address = LogoutRequest::from(end)
            .set_client_id(self.client_id.clone())
            .set_post_logout_redirect_uri(self.after_sign_out.clone())
            .http_get_url();
        if let Some(id_token) = id_token {
            address.query_pairs_mut().append_pair("id_token_hint", id_token);
        }
        Some(address)
    }
}

/// Why the token endpoint gave no tokens.
pub enum Exchange {
    Refused(String),
    /// Keycloak no longer knows the portal itself.
    Denied(String),
    Away(String),
}

impl Exchange {
    pub fn of(cause: RequestTokenError<HttpError, BasicErrorResponse>) -> Self {
        match cause {
            RequestTokenError::Request(HttpError::Refused(reason)) => Self::Refused(reason),
            RequestTokenError::Request(HttpError::Denied(reason)) => Self::Denied(reason),
            RequestTokenError::ServerResponse(answer) => Self::Refused(answer.error().to_string()),
            // The parse error would carry the body, and so the tokens.
            RequestTokenError::Parse(..) => Self::Away("the token endpoint's answer is unreadable".to_owned()),
            RequestTokenError::Request(other) => Self::Away(describe(&other)),
            RequestTokenError::Other(other) => Self::Away(other),
        }
    }
}

/// The whole chain of causes on one line.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let next = cause.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        source = cause.source();
    }
    text
}
