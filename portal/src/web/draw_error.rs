//! Layer: an error becomes a page, a notice, or the way to sign in. The one place that logs it and knows how it looks.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use shared::language::Language;
use url::Url;

use super::language::Lang;
use super::trace::RequestId;
use super::want::Want;
use super::whose::Whose;
use super::{assets, return_to};
use crate::error::{AppError, Part, SignInProblem, TokenProblem};
use crate::ui::menu::{Entry, Menu};
use crate::ui::message::{Message, message};
use crate::ui::notice::{self, Remedy, notice};
use crate::ui::shell::{self, Frame};
use shared::words::Text;

/// In a query value: what means nothing there stays readable.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What the drawing needs of a request that is gone by then.
struct Asked {
    want: Want,
    language: Language,
    /// The page that the request belongs to.
    page: String,
    id: String,
    whose: Whose,
}

pub async fn draw(State(public): State<Arc<Url>>, mut request: Request, next: Next) -> Response {
    let want = Want::of(request.headers());
    let asked = Asked {
        want,
        language: Lang::of(request.headers()).0,
        page: return_to::page_of(request.headers(), request.uri(), &public, want.is_htmx()),
        id: request.extensions().get::<RequestId>().map_or_else(String::new, |id| id.0.clone()),
        whose: Whose::default(),
    };
    request.extensions_mut().insert(asked.whose.clone());
    let mut answer = next.run(request).await;
    match taken(&mut answer, "text/html") {
        Some(error) => asked.draw(&error),
        None => answer,
    }
}

/// The error that an answer carries, told to the log: ours, or one that axum and tower answered by themselves. None: it is
/// no error, or drawn already, as this kind of content.
pub fn taken(answer: &mut Response, drawn_as: &str) -> Option<Arc<AppError>> {
    let carried = answer.extensions_mut().remove::<Arc<AppError>>();
    let error = carried.or_else(|| undrawn(answer, drawn_as).map(Arc::new))?;
    log(&error);
    Some(error)
}

/// Errors that axum and tower answered by themselves, without a page.
fn undrawn(answer: &Response, drawn_as: &str) -> Option<AppError> {
    let status = answer.status();
    let kind = answer.headers().get(header::CONTENT_TYPE);
    let is_drawn = kind.is_some_and(|kind| kind.as_bytes().starts_with(drawn_as.as_bytes()));
    if is_drawn || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    Some(match status {
        StatusCode::NOT_FOUND => AppError::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => AppError::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => AppError::TooLarge,
        status if status.is_client_error() => AppError::Malformed(format!("answered {status}")),
        status => AppError::Internal(format!("answered {status}")),
    })
}

impl Asked {
    fn draw(&self, error: &AppError) -> Response {
        if matches!(error, AppError::SignIn) {
            return self.to_sign_in();
        }
        let text = Text::of(self.language);
        let (title, sentence) = words(text, error);
        let status = error.status();
        let mut answer = if self.want.is_fragment() {
            // What may pass by itself may be asked again.
            let remedy =
                if status.is_server_error() || error.retry_after().is_some() { Remedy::Retry } else { Remedy::None };
            let drawn = notice(text, title, &html! { (sentence) }, Some(&self.id), remedy);
            let mut answer = (status, drawn).into_response();
            aim_at_notices(answer.headers_mut());
            answer
        } else {
            (status, self.page(text, error, title, &sentence)).into_response()
        };
        if let Some(retry_after) = error.retry_after() {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after.as_secs().max(1)));
        }
        answer
    }

    /// A fetch would follow a redirect to another origin and die there, so htmx is told to send the whole window.
    fn to_sign_in(&self) -> Response {
        let sign_in = match self.page.as_str() {
            "/" => "/login".to_owned(),
            page => format!("/login?return_to={}", utf8_percent_encode(page, IN_QUERY)),
        };
        if self.want.is_htmx() {
            (StatusCode::UNAUTHORIZED, [("hx-redirect", sign_in)]).into_response()
        } else {
            Redirect::to(&sign_in).into_response()
        }
    }

    fn page(&self, text: Text, error: &AppError, title: &str, sentence: &str) -> Markup {
        let way_on = match error {
            AppError::SignInFailed { .. } | AppError::Unavailable { part: Part::SignIn, .. } => {
                Some(("/login", text.get("error-retry")))
            }
            AppError::NoDealers => None,
            AppError::NoOwnRows => Some(("/operations/dealers", text.get("operations-dealers"))),
            AppError::TooManyExports { .. } => Some(("/exports", text.get("exports-all"))),
            AppError::Unavailable { .. } | AppError::TooMany { .. } | AppError::TooManyDownloads { .. } => {
                Some((self.page.as_str(), text.get("error-retry")))
            }
            _ => Some(("/", text.get("error-to-home"))),
        };
        let content = message(text, &Message { title, sentence, way_on, request_id: Some(&self.id) });
        page(self.language, title, &self.page, &self.whose, &content)
    }
}

/// A page outside the reports: an error, "you are signed out".
pub fn page(language: Language, title: &str, here: &str, whose: &Whose, content: &Markup) -> Markup {
    let text = Text::of(language);
    let top = vec![Entry::new("/", text.get("home")), Entry::new("/exports", text.get("exports"))];
    let menu = Menu { top, groups: Vec::new() };
    let person = whose.person().map(|person| shell::Person {
        name: &person.actor.name,
        form_token: &person.form_token,
        menu: &menu,
        look_until: person.actor.look.map(|look| look.until),
    });
    shell::page(&Frame { language, title, here, links: assets::links(), person }, content)
}

/// A failed filter must neither push its address nor take the table away.
pub fn aim_at_notices(headers: &mut HeaderMap) {
    let place = HeaderValue::try_from(format!("#{}", notice::PLACE)).unwrap_or(HeaderValue::from_static("body"));
    headers.insert("hx-retarget", place);
    headers.insert("hx-reswap", HeaderValue::from_static("innerHTML"));
    headers.insert("hx-push-url", HeaderValue::from_static("false"));
    headers.insert("hx-replace-url", HeaderValue::from_static("false"));
}

fn log(error: &AppError) {
    match error {
        AppError::SignIn
        | AppError::Token { problem: TokenProblem::Missing, .. }
        | AppError::NotFound
        | AppError::NoSuchReport
        | AppError::MethodNotAllowed
        | AppError::NoDealers
        | AppError::NoOwnRows
        | AppError::NoRight
        | AppError::Looking => {
            tracing::debug!(%error, "Answered with an error");
        }
        AppError::Internal(_) => tracing::error!(%error, "Answered with an error"),
        AppError::Unavailable { part, .. } => {
            metrics::counter!("portal_unavailable_total", "part" => part.name()).increment(1);
            tracing::warn!(%error, "Answered with an error");
        }
        _ => tracing::info!(%error, "Answered with an error"),
    }
}

/// What happened, and what the person can do.
fn words(text: Text, error: &AppError) -> (&'static str, String) {
    let plain = |title: &'static str, sentence: &'static str| (text.get(title), text.get(sentence).to_owned());
    let later = |title: &'static str, sentence: &'static str| {
        let seconds = error.retry_after().map_or(1, |after| after.as_secs().max(1));
        (text.get(title), text.with(sentence, &[("seconds", seconds.into())]))
    };
    match error {
        // Programs alone are told of tokens: see `api::problem`.
        AppError::SignIn | AppError::Token { .. } => plain("session-ended", "session-ended-text"),
        AppError::SignInFailed { problem: SignInProblem::Declined, .. } => {
            plain("sign-in-failed", "sign-in-declined-text")
        }
        AppError::SignInFailed { problem: SignInProblem::Stale, .. } => plain("sign-in-failed", "sign-in-stale-text"),
        AppError::SignInFailed { problem: SignInProblem::Refused, .. } => {
            plain("sign-in-failed", "sign-in-refused-text")
        }
        AppError::NotFound | AppError::NoSuchReport => plain("error-not-found", "error-not-found-text"),
        AppError::Gone => plain("error-not-found", "export-gone"),
        AppError::MethodNotAllowed => plain("error-method", "error-method-text"),
        AppError::Invalid { message, .. } => (text.get("error-malformed"), message.clone()),
        AppError::Malformed(_) => plain("error-malformed", "error-malformed-text"),
        AppError::TooLarge => plain("error-too-large", "error-too-large-text"),
        AppError::TooMuch(_) => plain("error-too-much", "error-too-much-text"),
        AppError::OnlyAsExport(sentence) => (text.get("error-too-much"), sentence.clone()),
        AppError::Forbidden(_) => plain("error-forbidden", "error-forbidden-text"),
        AppError::NoDealers => plain("error-no-dealers", "error-no-dealers-text"),
        AppError::NoOwnRows => plain("error-no-own-rows", "error-no-own-rows-text"),
        AppError::NoRight => plain("error-no-right", "error-no-right-text"),
        AppError::Looking => plain("error-looking", "error-looking-text"),
        AppError::TooManyDownloads { .. } => later("error-downloads", "error-downloads-text"),
        AppError::TooManyExports { retry_after } => {
            let minutes = retry_after.as_secs().div_ceil(60).max(1).into();
            (text.get("error-exports"), text.with("error-exports-text", &[("minutes", minutes)]))
        }
        AppError::TooMany { .. } => later("error-too-many", "error-too-many-text"),
        AppError::Unavailable { part: Part::Reports, .. } => {
            later("error-unavailable-reports", "error-unavailable-text")
        }
        AppError::Unavailable { part: Part::SignIn, .. } => {
            later("error-unavailable-sign-in", "error-unavailable-text")
        }
        AppError::Unavailable { part: Part::Sessions, .. } => {
            later("error-unavailable-sessions", "error-unavailable-text")
        }
        AppError::Unavailable { part: Part::Portal, .. } => later("error-unavailable-portal", "error-unavailable-text"),
        AppError::Internal(_) => plain("error-internal", "error-internal-text"),
    }
}
