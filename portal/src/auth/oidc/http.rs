//! The HTTP client for Keycloak: no redirects, no proxy of the environment, every wait bounded, every body too.

use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse};

const CONNECT: Duration = Duration::from_secs(2);
const TOTAL: Duration = Duration::from_secs(5);
const BODY_BYTES: usize = 1 << 20;

#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// 400: Keycloak understood, and says no.
    #[error("refused: {0}")]
    Refused(String),
    /// 401 or 403 in OAuth's words: not this person but the portal itself is refused (its secret, its client, the realm).
    #[error("the portal itself is refused: {0}")]
    Denied(String),
    #[error("answered {0}")]
    Status(http::StatusCode),
    #[error("more than 1 MB of body")]
    TooLong,
    #[error("{0}")]
    Broken(#[from] reqwest::Error),
    #[error("{0}")]
    Shape(#[from] http::Error),
}

/// What asks Keycloak.
pub fn client() -> reqwest::Result<reqwest::Client> {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    builder.connect_timeout(CONNECT).timeout(TOTAL).build()
}

#[derive(Debug, Clone)]
pub struct Http(reqwest::Client);

impl Http {
    pub fn new() -> reqwest::Result<Self> {
        client().map(Self)
    }

    /// 200 is an answer; 400 is a refusal, and so are 401 and 403 with a reason; all else is a bad day of the provider.
    pub async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut answer = self.0.execute(request.try_into()?).await?;
        let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > BODY_BYTES {
                return Err(HttpError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        match status {
            http::StatusCode::OK => {}
            http::StatusCode::BAD_REQUEST => {
                return Err(HttpError::Refused(reason(&body).unwrap_or_else(|| "without a reason".to_owned())));
            }
            // Without a reason it was a proxy's.
            other @ (http::StatusCode::UNAUTHORIZED | http::StatusCode::FORBIDDEN) => {
                return Err(reason(&body).map_or(HttpError::Status(other), HttpError::Denied));
            }
            other => return Err(HttpError::Status(other)),
        }
        let mut whole = http::Response::builder().status(status).body(body)?;
        *whole.headers_mut() = headers;
        Ok(whole)
    }
}

/// The `error` of an OAuth answer, for the log; never the body, which may repeat what was sent.
fn reason(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Said {
        error: String,
    }
    serde_json::from_slice::<Said>(body).ok().map(|said| said.error)
}
