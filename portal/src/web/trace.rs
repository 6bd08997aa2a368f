//! One number and one log line per request. No query values, no cookies, no persons: they belong to people.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;
use uuid::Uuid;

use super::flow::InFlight;

/// The request's number: in every log line of it, in `X-Request-Id`, on every error page.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Letters of a path in the log: ours are far shorter, and anyone may send a longer one.
const PATH_LETTERS: usize = 200;

/// Layer: the outermost. A number that comes from outside is not believed.
pub async fn request(State(in_flight): State<Arc<InFlight>>, mut request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().simple().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or("none", |path| path.as_str()).to_owned();
    let method = known(request.method());
    let path = loggable(request.uri().path());
    let span = tracing::info_span!("request", request.id = id, http.method = method, http.path = path);
    request.extensions_mut().insert(RequestId(id.clone()));
    let started = Instant::now();
    async move {
        let _counted = in_flight.count();
        let mut answer = next.run(request).await;
        if let Ok(id) = HeaderValue::from_str(&id) {
            answer.headers_mut().insert("x-request-id", id);
        }
        let (status, took) = (answer.status().as_u16(), started.elapsed());
        tracing::info!(http.status = status, took_ms = took.as_secs_f64() * 1000.0, "Answered {status}");
        metrics::counter!("portal_requests_total", "method" => method, "route" => route.clone(), "status" => status.to_string())
            .increment(1);
        metrics::histogram!("portal_request_seconds", "route" => route).record(took.as_secs_f64());
        answer
    }
    .instrument(span)
    .await
}

/// Whoever reads a log unsubscribes nobody.
fn loggable(path: &str) -> String {
    match path.strip_prefix("/unsubscribe/") {
        Some(_) => "/unsubscribe/…".to_owned(),
        None => path.chars().take(PATH_LETTERS).collect(),
    }
}

/// A method may be any word at all, and each would be a series of its own, kept for ever.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "other",
    }
}
