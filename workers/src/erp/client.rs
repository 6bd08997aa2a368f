//! Authorised GET: every wait has a deadline, every answer a limit; what is worth another try is tried again, politely.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

use super::url::Question;
use crate::config::{OnecSettings, Password};

/// Requests at a time: 1C serves cashiers first.
const AT_ONCE: usize = 2;

/// `Retry-After` is obeyed up to here; a pass that must wait longer fails and comes back with a later slot.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

#[derive(Debug, thiserror::Error)]
pub enum ErpError {
    #[error("1C at {url} does not answer: {cause}. The next try follows by itself.")]
    Unreachable { url: String, cause: String },
    #[error(
        "1C refuses the user {user:?} (401). Nothing more is asked with this password; mend ONEC_USER or the password."
    )]
    Refused { user: String },
    #[error("1C does not publish {entity} (404): ask its administrator to add it to the standard OData composition.")]
    NotPublished { entity: String },
    #[error("1C does not understand the question for {entity} ({status}): {message}")]
    NotUnderstood { entity: String, status: u16, message: String },
    #[error("1C is not ready ({status}): {message}. The next try follows by itself.")]
    NotReady { status: u16, message: String },
    #[error("1C could not build the answer for {entity}: {cause}.")]
    TooHeavy { entity: String, cause: String },
    #[error("The answer of 1C for {entity} {problem}.")]
    Broken { entity: String, problem: String },
    #[error("The answer of 1C for {entity} is larger than {limit} bytes.")]
    TooLarge { entity: String, limit: usize },
    #[error("{0}")]
    Setup(String),
}

impl ErpError {
    /// Whether the same question for a smaller page may do.
    pub fn wants_smaller_page(&self) -> bool {
        matches!(self, Self::TooHeavy { .. } | Self::TooLarge { .. })
    }

    /// Whether someone must mend something first.
    pub fn needs_a_person(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::NotPublished { .. } | Self::NotUnderstood { .. } | Self::Setup(_))
    }
}

/// Shared by every dataset of the process: the limits hold for the 1C base as a whole.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    settings: OnecSettings,
    at_once: Semaphore,
    next_at: Mutex<Instant>,
    /// The password that 1C refused: asked no more with it, since accounts lock.
    refused: Mutex<Option<SecretString>>,
    /// Held by the one that asks again after a refusal.
    second_try: Mutex<()>,
}

enum Verdict {
    Done(String),
    /// After this pause at least.
    Again(ErpError, Option<Duration>),
    GiveUp(ErpError),
}

impl Client {
    pub fn new(settings: OnecSettings) -> Result<Self, ErpError> {
        let http = reqwest::Client::builder()
            .connect_timeout(settings.limits.connect)
            .read_timeout(settings.limits.between_bytes.max(settings.limits.first_byte))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .pool_max_idle_per_host(AT_ONCE)
            .build()
            .map_err(|cause| ErpError::Setup(format!("The HTTP client cannot be built: {cause}.")))?;
        let inner = Inner {
            http,
            settings,
            at_once: Semaphore::new(AT_ONCE),
            next_at: Mutex::new(Instant::now()),
            refused: Mutex::new(None),
            second_try: Mutex::new(()),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    pub fn page_bytes(&self) -> usize {
        self.inner.settings.limits.page_bytes
    }

    pub fn limits(&self) -> &crate::config::Limits {
        &self.inner.settings.limits
    }

    /// The answer's text, without a byte order mark. Not yet known to be JSON.
    pub async fn get(&self, question: &Question) -> Result<String, ErpError> {
        let url = question.url(&self.inner.settings.url);
        self.fetch(&url, question.entity()).await
    }

    /// `$metadata`: XML, and large.
    pub async fn metadata(&self) -> Result<String, ErpError> {
        let url = format!("{}/$metadata", self.inner.settings.url);
        self.fetch(&url, "$metadata").await
    }

    async fn fetch(&self, url: &str, entity: &str) -> Result<String, ErpError> {
        let limits = &self.inner.settings.limits;
        let mut tried = 0;
        loop {
            tried += 1;
            let (error, least) = match self.try_once(url, entity).await {
                Verdict::Done(body) => return Ok(body),
                Verdict::GiveUp(error) => return Err(error),
                Verdict::Again(error, least) => (error, least),
            };
            if tried >= limits.tries {
                return Err(error);
            }
            let pause = least.unwrap_or_else(|| full_jitter(limits.backoff, tried));
            tracing::warn!(erp.entity = entity, attempt = tried, pause_ms = pause.as_millis() as u64, "{error}");
            metrics::counter!("erp_retries_total").increment(1);
            tokio::time::sleep(pause).await;
        }
    }

    async fn try_once(&self, url: &str, entity: &str) -> Verdict {
        let Ok(_permit) = self.inner.at_once.acquire().await else {
            return Verdict::GiveUp(ErpError::Setup("The 1C client is closed.".to_owned()));
        };
        // Only now: it may have been refused to another while this one waited.
        let password = match self.password().await {
            Ok(password) => password,
            Err(error) => return Verdict::GiveUp(error),
        };
        match self.ask(url, &password).await {
            Ok(response) if response.status() == StatusCode::UNAUTHORIZED => self.refused(url, entity, password).await,
            Ok(response) => self.judge(response, entity).await,
            Err(error) => error,
        }
    }

    /// The second refusal in a row ends it for this password, whoever asked.
    async fn refused(&self, url: &str, entity: &str, password: SecretString) -> Verdict {
        let _second_try = self.inner.second_try.lock().await;
        if let Err(error) = self.password().await {
            return Verdict::GiveUp(error);
        }
        match self.ask(url, &password).await {
            Err(error) => error,
            Ok(response) if response.status() == StatusCode::UNAUTHORIZED => {
                if let Ok(body) = self.body(response, entity).await
                    && is_access_denied(&body)
                {
                    let message = error_message(&body);
                    return Verdict::GiveUp(ErpError::NotUnderstood {
                        entity: entity.to_owned(),
                        status: 401,
                        message,
                    });
                }
                *self.inner.refused.lock().await = Some(password);
                metrics::counter!("erp_refused_total").increment(1);
                Verdict::GiveUp(ErpError::Refused { user: self.inner.settings.user.clone() })
            }
            Ok(response) => self.judge(response, entity).await,
        }
    }

    async fn ask(&self, url: &str, password: &SecretString) -> Result<reqwest::Response, Verdict> {
        self.wait_for_turn().await;
        metrics::counter!("erp_requests_total").increment(1);
        let settings = &self.inner.settings;
        let request = self
            .inner
            .http
            .get(url)
            .basic_auth(&settings.user, Some(password.expose_secret()))
            .header(header::ACCEPT, "application/json, application/xml;q=0.5");
        let unreachable =
            |cause: String| Verdict::Again(ErpError::Unreachable { url: settings.url.clone(), cause }, None);
        match tokio::time::timeout(settings.limits.first_byte, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_timeout() && !error.is_connect() => Err(Verdict::GiveUp(ErpError::TooHeavy {
                entity: url_entity(url),
                cause: "it took too long".to_owned(),
            })),
            Ok(Err(error)) => Err(unreachable(root_cause(&error))),
            Err(_) => Err(Verdict::GiveUp(ErpError::TooHeavy {
                entity: url_entity(url),
                cause: format!("no byte came within {} s", settings.limits.first_byte.as_secs()),
            })),
        }
    }

    async fn judge(&self, response: reqwest::Response, entity: &str) -> Verdict {
        let status = response.status();
        let least = retry_after(&response);
        let body = match self.body(response, entity).await {
            Ok(body) => body,
            Err(error @ ErpError::TooLarge { .. }) => return Verdict::GiveUp(error),
            Err(error) => return Verdict::Again(error, least),
        };
        if status.is_success() {
            return Verdict::Done(body);
        }
        let message = error_message(&body);
        let entity = entity.to_owned();
        let code = status.as_u16();
        match code {
            404 => Verdict::GiveUp(ErpError::NotPublished { entity }),
            403 | 406 | 502..=504 => Verdict::Again(ErpError::NotReady { status: code, message }, least),
            _ if body.contains("лицензи") => Verdict::Again(ErpError::NotReady { status: code, message }, least),
            500 => Verdict::GiveUp(ErpError::TooHeavy { entity, cause: format!("500, {message}") }),
            _ => Verdict::GiveUp(ErpError::NotUnderstood { entity, status: code, message }),
        }
    }

    async fn body(&self, mut response: reqwest::Response, entity: &str) -> Result<String, ErpError> {
        let limits = &self.inner.settings.limits;
        let broken = |problem: String| ErpError::Broken { entity: entity.to_owned(), problem };
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
        let too_large = || ErpError::TooLarge { entity: entity.to_owned(), limit: limits.body_bytes };
        if announced.is_some_and(|length| length > limits.body_bytes) {
            return Err(too_large());
        }
        let mut body = Vec::with_capacity(announced.unwrap_or(64 * 1024));
        loop {
            let chunk = tokio::time::timeout(limits.between_bytes, response.chunk()).await;
            let chunk = chunk.map_err(|_| broken("stopped in the middle".to_owned()))?;
            match chunk.map_err(|error| broken(format!("broke off: {}", root_cause(&error))))? {
                None => break,
                Some(chunk) if body.len() + chunk.len() > limits.body_bytes => return Err(too_large()),
                Some(chunk) => body.extend_from_slice(&chunk),
            }
        }
        if announced.is_some_and(|length| length != body.len()) {
            return Err(broken(format!("has {} bytes and not the announced {}", body.len(), announced.unwrap_or(0))));
        }
        let mut text = String::from_utf8(body).map_err(|_| broken("is no UTF-8 text".to_owned()))?;
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        Ok(text)
    }

    /// The present password, unless 1C has already refused it.
    async fn password(&self) -> Result<SecretString, ErpError> {
        let settings = &self.inner.settings;
        let password = match &settings.password {
            Password::Fixed(password) => password.clone(),
            Password::File(path) => match tokio::fs::read_to_string(path).await {
                Ok(text) => SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned()),
                Err(cause) => {
                    return Err(ErpError::Setup(format!(
                        "ONEC_PASSWORD_FILE {} cannot be read: {cause}.",
                        path.display()
                    )));
                }
            },
        };
        let mut refused = self.inner.refused.lock().await;
        match &*refused {
            Some(old) if old.expose_secret() == password.expose_secret() => {
                Err(ErpError::Refused { user: settings.user.clone() })
            }
            Some(_) => {
                *refused = None;
                Ok(password)
            }
            None => Ok(password),
        }
    }

    async fn wait_for_turn(&self) {
        let gap = Duration::from_secs_f64(1.0 / self.inner.settings.requests_per_second);
        let mut next_at = self.inner.next_at.lock().await;
        let turn = (*next_at).max(Instant::now());
        *next_at = turn + gap;
        drop(next_at);
        tokio::time::sleep_until(turn).await;
    }
}

/// A random share of a bound that doubles with each try.
pub fn full_jitter((least, most): (Duration, Duration), tried: u32) -> Duration {
    let bound = least.saturating_mul(2u32.saturating_pow(tried)).min(most);
    bound.mul_f64(rand::random::<f64>()).max(Duration::from_millis(10))
}

fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let text = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs).map(|pause| pause.min(LONGEST_PAUSE))
}

fn url_entity(url: &str) -> String {
    let path = url.split('?').next().unwrap_or(url);
    let last = path.rsplit('/').next().unwrap_or(path);
    percent_encoding::percent_decode_str(last).decode_utf8_lossy().into_owned()
}

/// The innermost cause: the outer ones repeat the address, which the sentence already has.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// Inner code 20: the password is right, the user's rights are not.
fn is_access_denied(body: &str) -> bool {
    let value: Option<serde_json::Value> = serde_json::from_str(body).ok();
    value.is_some_and(|value| value.pointer("/odata.error/code").is_some_and(|code| code == "20" || code == 20))
}

/// The sentence in an error body, for the log: JSON of both shapes, XML, or the first words of whatever it is.
fn error_message(body: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(body).ok();
    let found = value.as_ref().and_then(|value| {
        let odata = value.pointer("/odata.error/message/value");
        odata
            .or_else(|| value.pointer("/exception/inner/descr"))
            .or_else(|| value.pointer("/exception/descr"))?
            .as_str()
    });
    let text = found.unwrap_or(body);
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_of_an_error_is_found_in_every_shape_that_1c_sends() {
        let odata = r#"{"odata.error":{"code":"9","message":{"lang":"ru","value":"не найден"}}}"#;
        assert_eq!(error_message(odata), "не найден");
        let locked = r##"{"#exception":"x","exception":{"reason":403,"descr":"HTTP","inner":{"descr":"Начало сеанса\nзапрещено"}}}"##;
        assert_eq!(error_message(locked), "Начало сеанса запрещено");
        assert_eq!(error_message("<html>\n oops</html>"), "<html> oops</html>");
    }

    #[test]
    fn pauses_between_tries_grow_to_their_bound_and_never_beyond() {
        let bounds = (Duration::from_millis(500), Duration::from_secs(30));
        for tried in 1..40 {
            assert!(full_jitter(bounds, tried) <= Duration::from_secs(30));
        }
    }
}
