//! Authorised GET: every wait has a deadline, every answer a limit; what is worth another try is tried again, politely.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use reqwest::header;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

use super::error::ErpError;
use super::page_size::Ceilings;
use super::password::{Passwords, Try};
use super::refusal::{self, NO_RIGHTS, Said};
use super::url::Question;
use crate::config::OnecSettings;

/// Requests at a time: 1C serves cashiers first.
const AT_ONCE: usize = 2;

/// `Retry-After` is obeyed up to here; a pass that must wait longer fails and comes back with a later slot.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Inner code: no such entity, or not published.
const NO_ENTITY: i64 = 8;

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
    passwords: Passwords,
    /// Held by the one that asks again after a refusal.
    second_try: Mutex<()>,
    ceilings: Ceilings,
    away: std::sync::Mutex<Option<String>>,
}

/// What sentences call the question for the service document.
const ROOT: &str = "the list of what is published";

#[derive(serde::Deserialize)]
struct Service {
    value: Vec<Set>,
}

#[derive(serde::Deserialize)]
struct Set {
    name: String,
}

enum Verdict {
    Done(Vec<u8>),
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
            passwords: Passwords::new(&settings),
            settings,
            at_once: Semaphore::new(AT_ONCE),
            next_at: Mutex::new(Instant::now()),
            second_try: Mutex::new(()),
            ceilings: Ceilings::default(),
            away: std::sync::Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    pub fn page_bytes(&self) -> usize {
        self.inner.settings.limits.page_bytes
    }

    pub fn limits(&self) -> &crate::config::Limits {
        &self.inner.settings.limits
    }

    /// How large pages may be: learnt by all passes together.
    pub fn ceilings(&self) -> &Ceilings {
        &self.inner.ceilings
    }

    /// The answer's bytes, without a byte order mark. Not yet known to be JSON.
    pub async fn get(&self, question: &Question) -> Result<Vec<u8>, ErpError> {
        let url = question.url(&self.inner.settings.url);
        self.fetch(&url, question.entity()).await
    }

    /// `$metadata`: XML, and large.
    pub async fn metadata(&self) -> Result<String, ErpError> {
        let url = format!("{}/$metadata", self.inner.settings.url);
        let broken = |_| ErpError::Broken { entity: "$metadata".to_owned(), problem: "is no UTF-8 text".to_owned() };
        String::from_utf8(self.fetch(&url, "$metadata").await?).map_err(broken)
    }

    /// The sets that the base publishes, by its service document.
    pub async fn sets(&self) -> Result<HashSet<String>, ErpError> {
        let body = self.fetch(&format!("{}/?$format=json", self.inner.settings.url), ROOT).await?;
        let broken =
            |cause| ErpError::Broken { entity: ROOT.to_owned(), problem: format!("is no list of sets: {cause}") };
        let service: Service = serde_json::from_slice(&body).map_err(broken)?;
        Ok(service.value.into_iter().map(|set| set.name).collect())
    }

    /// Why 1C does not answer: from the first try that failed until one is answered.
    pub fn away(&self) -> Option<String> {
        self.inner.away.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, verdict: &Verdict) {
        let away = match verdict {
            Verdict::Again(error, _) | Verdict::GiveUp(error @ ErpError::TooSlow { .. }) => Some(error.to_string()),
            Verdict::Done(_) | Verdict::GiveUp(_) => None,
        };
        *self.inner.away.lock().unwrap_or_else(PoisonError::into_inner) = away;
    }

    async fn fetch(&self, url: &str, entity: &str) -> Result<Vec<u8>, ErpError> {
        let limits = &self.inner.settings.limits;
        let mut tried = 0;
        loop {
            tried += 1;
            let verdict = self.try_once(url, entity).await;
            self.note(&verdict);
            let (error, least) = match verdict {
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
        let passwords = &self.inner.passwords;
        match self.try_password(url, entity).await {
            Ok(verdict) => return verdict,
            Err(tried) if tried.is_again => return Verdict::GiveUp(passwords.refused(tried).await),
            Err(_) => {}
        }
        // The second refusal in a row ends it for this password, whoever asked.
        let _second_try = self.inner.second_try.lock().await;
        match self.try_password(url, entity).await {
            Ok(verdict) => verdict,
            Err(tried) => Verdict::GiveUp(passwords.refused(tried).await),
        }
    }

    /// An error is the password that 1C has not taken.
    async fn try_password(&self, url: &str, entity: &str) -> Result<Verdict, Try> {
        let passwords = &self.inner.passwords;
        // Only now: it may have been refused to another while this one waited.
        let tried = match passwords.take().await {
            Ok(tried) => tried,
            Err(error) => return Ok(Verdict::GiveUp(error)),
        };
        let verdict = match self.ask(url, entity, &tried.password).await {
            Ok(response) => self.judge(response, entity).await,
            Err(verdict) => Some(verdict),
        };
        match &verdict {
            Some(Verdict::Done(_) | Verdict::GiveUp(ErpError::NoRights { .. })) => passwords.accepted(&tried).await,
            Some(_) => passwords.undecided(&tried).await,
            None => {}
        }
        verdict.ok_or(tried)
    }

    async fn ask(&self, url: &str, entity: &str, password: &SecretString) -> Result<reqwest::Response, Verdict> {
        self.wait_for_turn().await;
        metrics::counter!("erp_requests_total").increment(1);
        let settings = &self.inner.settings;
        let request = self
            .inner
            .http
            .get(url)
            .basic_auth(&settings.user, Some(password.expose_secret()))
            .header(header::ACCEPT, "application/json, application/xml;q=0.5");
        let seconds = settings.limits.first_byte.as_secs();
        let too_slow = || Verdict::GiveUp(ErpError::TooSlow { entity: entity.to_owned(), seconds });
        let unreachable = |cause| Verdict::Again(ErpError::Unreachable { url: settings.url.clone(), cause }, None);
        match tokio::time::timeout(settings.limits.first_byte, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_timeout() && !error.is_connect() => Err(too_slow()),
            Ok(Err(error)) => Err(unreachable(root_cause(&error))),
            Err(_) => Err(too_slow()),
        }
    }

    /// None: the password was not taken.
    async fn judge(&self, response: reqwest::Response, entity: &str) -> Option<Verdict> {
        let status = response.status();
        let (least, to) = (retry_after(&response), redirected(&response));
        let length = response.url().as_str().len();
        let body = match self.body(response, entity).await {
            Ok(body) => body,
            Err(error @ ErpError::TooLarge { .. }) => return Some(Verdict::GiveUp(error)),
            Err(error) => return Some(Verdict::Again(error, least)),
        };
        if status.is_success() && !refusal::is_html(&body) {
            return Some(Verdict::Done(body));
        }
        let (entity, Said { message, code, is_html }) = (entity.to_owned(), Said::of(&body));
        let not_ready = |status, message| Some(Verdict::Again(ErpError::NotReady { status, message }, least));
        let error = match status.as_u16() {
            200..=299 => ErpError::Broken { entity, problem: format!("is no answer of 1C but {message}") },
            status @ 300..=399 => ErpError::Redirected { entity, status, to },
            401 | 403 if code == Some(NO_RIGHTS) => {
                ErpError::NoRights { user: self.inner.settings.user.clone(), entity, message }
            }
            401 => return None,
            404 if code == Some(NO_ENTITY) => ErpError::NotPublished { entity },
            status @ (404 | 414) if is_html || code.is_none() => {
                ErpError::WrongAddress { entity, status, message, length }
            }
            status @ (403 | 406 | 408 | 429 | 502..=504) => return not_ready(status, message),
            status if message.contains("лицензи") => return not_ready(status, message),
            500 => ErpError::TooHeavy { entity, cause: format!("500, {message}") },
            status => ErpError::NotUnderstood { entity, status, message },
        };
        Some(Verdict::GiveUp(error))
    }

    async fn body(&self, mut response: reqwest::Response, entity: &str) -> Result<Vec<u8>, ErpError> {
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
        if body.starts_with(BYTE_ORDER_MARK) {
            body.drain(..BYTE_ORDER_MARK.len());
        }
        Ok(body)
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

/// In seconds, or as a date: a date that is over asks for nothing.
fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let text = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let until = || httpdate::parse_http_date(text).ok()?.duration_since(shared::clock::now().into()).ok();
    text.parse().ok().map(Duration::from_secs).or_else(until).map(|pause| pause.min(LONGEST_PAUSE))
}

/// Whereto, without anything that may be a secret.
fn redirected(response: &reqwest::Response) -> String {
    let location = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
    let Some(mut to) = location.and_then(|to| response.url().join(to).ok()) else { return "nowhere".to_owned() };
    // Fails only for addresses that have neither.
    let _ = to.set_username("").and_then(|()| to.set_password(None));
    to.set_query(None);
    to.set_fragment(None);
    let shown = percent_encoding::percent_decode_str(to.as_str()).decode_utf8_lossy().into_owned();
    shown.chars().filter(|letter| !letter.is_control()).take(300).collect()
}

/// The innermost cause: the outer ones repeat the address, which the sentence already has.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests;
