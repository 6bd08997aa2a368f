//! How much at once, and how long: 503 at once beyond the limit, 503 after the time-out, a panic is one request's.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Semaphore;

use crate::error::{AppError, Part};

/// Room for requests, and how many there are.
pub struct InFlight {
    room: Semaphore,
    now: AtomicUsize,
}

pub struct Counted<'a>(&'a AtomicUsize);

impl InFlight {
    pub const fn new(limit: usize) -> Self {
        Self { room: Semaphore::const_new(limit), now: AtomicUsize::new(0) }
    }

    /// Counts a request until dropped, for the metric.
    pub fn count(&self) -> Counted<'_> {
        metrics::gauge!("portal_requests_in_flight").set((self.now.fetch_add(1, Ordering::Relaxed) + 1) as f64);
        Counted(&self.now)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        metrics::gauge!("portal_requests_in_flight").set((self.0.fetch_sub(1, Ordering::Relaxed) - 1) as f64);
    }
}

/// Layer: turns away at once what there is no room for.
pub async fn shed(State(in_flight): State<Arc<InFlight>>, request: Request, next: Next) -> Response {
    let Ok(_room) = in_flight.room.try_acquire() else {
        return AppError::unavailable(Part::Portal, "too many requests in flight").into_response();
    };
    next.run(request).await
}

/// Layer: the body must be there, and the head of the answer too, before the time is over.
pub async fn time_out(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(answer) => answer,
        Err(_) => AppError::unavailable(Part::Portal, "the request took too long").into_response(),
    }
}

/// What a panic becomes. Its text may hold anything, so it goes nowhere but to standard error, where Rust put it.
pub fn panicked(_: Box<dyn Any + Send>) -> Response {
    AppError::Internal("a handler panicked".to_owned()).into_response()
}
