//! Breaker and bulkhead before a part that may be away: few at a time, none while it keeps failing, one probe to see.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::error::{AppError, Part};

/// Failures within this time count together.
const WINDOW: Duration = Duration::from_secs(10);
const FAILURES: usize = 5;
/// Closed to all for this long, then one may try.
const PAUSE: Duration = Duration::from_secs(5);
/// How long a request waits for a place.
const PATIENCE: Duration = Duration::from_secs(2);

pub struct Breaker {
    part: Part,
    places: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: Vec<Instant>,
    open_until: Option<Instant>,
    is_probing: bool,
}

impl Breaker {
    pub fn new(part: Part, places: usize) -> Self {
        Self { part, places: Arc::new(Semaphore::new(places)), state: Mutex::default() }
    }

    /// Runs `work` if the part is believed to be there and a place comes free in time. `is_outage` tells a bad day of the
    /// part, which counts, from a bad question, which does not. Work that is dropped half-way counts as neither.
    pub async fn run<T, E: Into<AppError>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
        is_outage: impl FnOnce(&E) -> bool,
    ) -> Result<T, AppError> {
        self.begin(work, is_outage).await.map(|(done, _place)| done)
    }

    /// The same for work that goes on after its first answer: its place is held until dropped.
    pub async fn begin<T, E: Into<AppError>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
        is_outage: impl FnOnce(&E) -> bool,
    ) -> Result<(T, OwnedSemaphorePermit), AppError> {
        let full = || AppError::unavailable(self.part, "all places are taken");
        let place = tokio::time::timeout(PATIENCE, self.places.clone().acquire_owned()).await;
        let place = place.map_err(|_| full())?.map_err(|_| full())?;
        let turn = self.enter(Instant::now())?;
        let done = work.await;
        let failed = done.as_ref().is_err_and(is_outage);
        turn.settle(Instant::now(), failed);
        done.map(|done| (done, place)).map_err(Into::into)
    }

    fn enter(&self, now: Instant) -> Result<Turn<'_>, AppError> {
        let mut state = self.lock();
        let Some(until) = state.open_until else { return Ok(Turn { breaker: self, is_probe: false }) };
        if now < until || state.is_probing {
            let retry_after = until.saturating_duration_since(now).max(Duration::from_secs(1));
            let cause = "it failed too often just now".to_owned();
            return Err(AppError::Unavailable { part: self.part, retry_after, cause });
        }
        state.is_probing = true;
        Ok(Turn { breaker: self, is_probe: true })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Turn<'a> {
    breaker: &'a Breaker,
    is_probe: bool,
}

impl Turn<'_> {
    fn settle(&self, now: Instant, failed: bool) {
        let mut state = self.breaker.lock();
        let part = self.breaker.part.name();
        if !failed {
            if self.is_probe {
                *state = State::default();
                tracing::info!(part, "{part} is back");
            }
            return;
        }
        state.failures.retain(|at| now.duration_since(*at) < WINDOW);
        state.failures.push(now);
        if self.is_probe || (state.open_until.is_none() && state.failures.len() >= FAILURES) {
            state.open_until = Some(now + PAUSE);
            metrics::counter!("portal_breaker_opened_total", "part" => part).increment(1);
            tracing::warn!(part, "{part} keeps failing: asked again in {} s", PAUSE.as_secs());
        }
    }
}

impl Drop for Turn<'_> {
    /// Also where the work was dropped: the next one probes.
    fn drop(&mut self) {
        if self.is_probe {
            self.breaker.lock().is_probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Breaker, FAILURES, PAUSE, WINDOW};
    use crate::error::{AppError, Part};
    use std::time::Duration;
    use tokio::time::Instant;

    fn fail(breaker: &Breaker, at: Instant) {
        breaker.enter(at).unwrap().settle(at, true);
    }

    #[test]
    fn opens_after_five_failures_in_ten_seconds_and_closes_by_a_probe() {
        let (breaker, start) = (Breaker::new(Part::Reports, 8), Instant::now());
        for _ in 0..FAILURES {
            fail(&breaker, start);
        }
        assert!(matches!(breaker.enter(start), Err(AppError::Unavailable { retry_after, .. }) if retry_after == PAUSE));
        let probe = breaker.enter(start + PAUSE).unwrap();
        assert!(breaker.enter(start + PAUSE).is_err(), "two probes at once");
        probe.settle(start + PAUSE, true);
        drop(probe);
        assert!(breaker.enter(start + PAUSE + Duration::from_secs(1)).is_err());
        breaker.enter(start + 2 * PAUSE).unwrap().settle(start + 2 * PAUSE, false);
        assert!(breaker.enter(start + 2 * PAUSE).is_ok());
    }

    #[tokio::test]
    async fn what_is_asked_badly_or_too_much_closes_nothing() {
        let breaker = Breaker::new(Part::Reports, 8);
        for _ in 0..10 * FAILURES {
            let refused = breaker.run(async { Err::<(), _>(AppError::NotFound) }, |_| false).await;
            assert!(matches!(refused, Err(AppError::NotFound)), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn work_that_goes_on_keeps_its_place() {
        let breaker = Breaker::new(Part::Reports, 1);
        let begin = || breaker.begin(async { Ok::<_, AppError>(()) }, |_| true);
        let ((), held) = begin().await.unwrap();
        assert!(matches!(begin().await, Err(AppError::Unavailable { .. })), "no place is free");
        drop(held);
        assert!(begin().await.is_ok());
    }

    #[test]
    fn failures_far_apart_do_not_add_up() {
        let (breaker, start) = (Breaker::new(Part::Reports, 8), Instant::now());
        for turn in 0..20 {
            fail(&breaker, start + turn * WINDOW / 4);
        }
        assert!(breaker.enter(start + 20 * WINDOW).is_ok());
    }

    #[test]
    fn a_probe_that_is_dropped_lets_the_next_one_try() {
        let (breaker, start) = (Breaker::new(Part::Reports, 8), Instant::now());
        for _ in 0..FAILURES {
            fail(&breaker, start);
        }
        drop(breaker.enter(start + PAUSE).unwrap());
        assert!(breaker.enter(start + PAUSE).is_ok());
    }

    #[tokio::test]
    async fn no_more_than_its_places_run_at_once() {
        let breaker = Breaker::new(Part::Reports, 2);
        let (running, most) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
        let work = || {
            breaker.run(
                async {
                    running.set(running.get() + 1);
                    most.set(most.get().max(running.get()));
                    tokio::task::yield_now().await;
                    running.set(running.get() - 1);
                    Ok::<_, AppError>(())
                },
                |_| true,
            )
        };
        let done = futures_util::future::join_all((0..10).map(|_| work())).await;
        assert!(done.iter().all(Result::is_ok));
        assert_eq!(most.get(), 2);
    }
}
