//! `GET /exports/{id}/events`: a job's state as it changes. Each message is the whole state, so whoever comes back after a
//! pause goes on from the present. Session and grants are looked at again while it lasts.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream;
use maud::{Markup, html};
use serde::Deserialize;
use shared::jobs;
use shared::words::Text;
use tokio::time::Instant;
use uuid::Uuid;

use super::own::{drawing, own};
use super::view::{ACTIONS, END};
use crate::auth::viewer::{OwnViewer, Viewer};
use crate::error::AppError;
use crate::state::App;
use crate::web::input::{Path, Query};
use crate::web::language::Lang;
use crate::web::places::Place;

/// How often the job is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often session and grants are.
const CHECK: Duration = Duration::from_secs(5);
/// Proxies cut a stream that is silent for longer.
const BEAT: Duration = Duration::from_secs(15);
/// How long one that found no place waits until it asks again, in milliseconds.
const LATER_MS: u32 = 10_000;

/// What the page had drawn when it connected.
#[derive(Deserialize)]
pub struct Seen {
    #[serde(default)]
    seen: String,
}

pub async fn show(
    asking: (Result<OwnViewer, AppError>, HeaderMap),
    Path(id): Path<Uuid>,
    Query(Seen { seen }): Query<Seen>,
    State(app): State<App>,
) -> Result<Response, AppError> {
    let (viewer, headers) = asking;
    let viewer = match viewer {
        Ok(OwnViewer(viewer)) => viewer,
        // A browser that comes back would ask for ever, whatever is answered: the stream itself has to end it.
        Err(cause @ (AppError::SignIn | AppError::NoDealers | AppError::NoOwnRows | AppError::Looking)) => {
            return Ok(answer(Body::from(farewell(Lang::of(&headers), &cause))));
        }
        Err(cause) => return Err(cause),
    };
    own(&app, &viewer.actor, id).await?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let seen = last.filter(|last| !last.is_empty()).unwrap_or(seen);
    let Ok(place) = app.limits.stream(&viewer.actor.subject) else {
        // Too many pages are open: this one is told the present, and comes again a little later.
        let mut watch = Watch::new(app, viewer, id, seen, None);
        let mut text = watch.look().await.unwrap_or_default();
        text.push_str(&format!("retry: {LATER_MS}\nevent: later\ndata: later\n\n"));
        return Ok(answer(Body::from(text)));
    };
    let watch = Watch::new(app, viewer, id, seen, Some(place));
    let messages = stream::unfold(watch, async |mut watch| {
        let text = watch.next().await?;
        Some((Ok::<_, std::convert::Infallible>(Bytes::from(text)), watch))
    });
    Ok(answer(Body::from_stream(messages)))
}

/// Proxies hand it on at once.
fn answer(body: Body) -> Response {
    let head = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (head, body).into_response()
}

/// One browser's look at one job.
struct Watch {
    app: App,
    viewer: Viewer,
    id: Uuid,
    seen: String,
    is_over: bool,
    is_begun: bool,
    checked_at: Instant,
    _place: Option<Place<String>>,
}

impl Watch {
    fn new(app: App, viewer: Viewer, id: Uuid, seen: String, place: Option<Place<String>>) -> Self {
        let checked_at = Instant::now();
        Self { app, viewer, id, seen, is_over: false, is_begun: false, checked_at, _place: place }
    }

    /// What is sent next; none at the end.
    async fn next(&mut self) -> Option<String> {
        if self.is_over {
            return None;
        }
        // The first word at once: a browser counts a stream as open from then on.
        if !std::mem::replace(&mut self.is_begun, true) {
            return Some(self.look().await.unwrap_or_else(|| ": here\n\n".to_owned()));
        }
        let silent_since = Instant::now();
        loop {
            tokio::select! {
                // The browser comes back to another portal.
                () = self.app.stopping.cancelled() => return None,
                () = tokio::time::sleep(LOOK) => {}
            }
            if self.checked_at.elapsed() >= CHECK {
                self.checked_at = Instant::now();
                match self.viewer.again(&self.app).await {
                    Ok(viewer) => self.viewer = viewer,
                    Err(cause @ (AppError::SignIn | AppError::NoDealers | AppError::NoOwnRows)) => {
                        self.is_over = true;
                        return Some(farewell(Lang(self.viewer.language), &cause));
                    }
                    // It comes again, and is told why not.
                    Err(_) => return None,
                }
            }
            if let Some(text) = self.look().await {
                return Some(text);
            }
            if silent_since.elapsed() >= BEAT {
                return Some(": still here\n\n".to_owned());
            }
        }
    }

    /// The present state, if it is another than was seen.
    async fn look(&mut self) -> Option<String> {
        let job = match jobs::find(&self.app.postgres, self.id, &self.viewer.actor.subject).await {
            Ok(Some(job)) => job,
            Ok(None) => {
                self.is_over = true;
                return Some(end());
            }
            // PostgreSQL comes back: the next look tells.
            Err(_) => return None,
        };
        let drawn = drawing(&self.app, &self.viewer, &job);
        let now = drawn.seen();
        let mut text = String::new();
        if now != self.seen {
            let state = |seen: &str| seen.split('.').next().unwrap_or_default().to_owned();
            let is_turn = state(&now) != state(&self.seen);
            text = message(Some(&now), &drawn.message(is_turn));
            self.seen = now;
        }
        if job.state.is_over() {
            self.is_over = true;
            text.push_str(&end());
        }
        (!text.is_empty()).then_some(text)
    }
}

fn message(id: Option<&str>, markup: &Markup) -> String {
    let mut text = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    for line in markup.0.lines() {
        text.push_str("data: ");
        text.push_str(line);
        text.push('\n');
    }
    text.push('\n');
    text
}

fn end() -> String {
    format!("event: {END}\ndata: {END}\n\n")
}

/// For one who may look no longer: a sentence and a way on, then the end.
fn farewell(Lang(language): Lang, cause: &AppError) -> String {
    let text = Text::of(language);
    let (sentence, way, words) = match cause {
        AppError::SignIn => ("session-ended-text", "/login?return_to=/exports", "sign-in"),
        _ => ("error-no-dealers-text", "/", "error-to-home"),
    };
    let drawn = html! {
        p { (text.get(sentence)) }
        p { a.button href=(way) { (text.get(words)) } }
        hx-partial hx-target={ "#" (ACTIONS) } hx-swap="innerHTML swapEmpty:true" { "" }
    };
    message(None, &drawn) + &end()
}
