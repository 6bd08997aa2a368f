//! What the server was asked for, as `GET /stats` shows it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use serde::Serialize;

/// Counts since the start, or since they were last cleared.
#[derive(Debug, Default)]
pub struct Stats(Mutex<Counts>);

#[derive(Debug, Default, Clone, Serialize)]
pub struct Counts {
    pub requests: u64,
    /// Requests being answered at this moment, and the most there ever were at once.
    pub in_flight: u64,
    pub high_water: u64,
    /// Bytes of bodies.
    pub bytes: u64,
    /// Requests that a fault answered in 1C's stead.
    pub faulted: u64,
    pub paths: BTreeMap<String, PathCounts>,
}

#[derive(Debug, Default, Clone, Serialize)]
pub struct PathCounts {
    pub requests: u64,
    pub bytes: u64,
}

/// Counts the request as being answered until dropped.
pub struct InFlight<'a>(&'a Stats);

impl Stats {
    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn enter(&self, path: &str) -> InFlight<'_> {
        let mut counts = self.counts();
        counts.requests += 1;
        counts.in_flight += 1;
        counts.high_water = counts.high_water.max(counts.in_flight);
        counts.paths.entry(shown(path)).or_default().requests += 1;
        InFlight(self)
    }

    pub fn sent(&self, path: &str, bytes: usize) {
        let mut counts = self.counts();
        counts.bytes += bytes as u64;
        counts.paths.entry(shown(path)).or_default().bytes += bytes as u64;
    }

    pub fn faulted(&self) {
        self.counts().faulted += 1;
    }

    pub fn now(&self) -> Counts {
        self.counts().clone()
    }

    pub fn clear(&self) {
        let mut counts = self.counts();
        *counts = Counts { in_flight: counts.in_flight, high_water: counts.in_flight, ..Counts::default() };
    }
}

/// The resource without its key, so that a thousand entities are one line.
fn shown(path: &str) -> String {
    let path = crate::odata::decode(path).unwrap_or_default();
    let name = path.rsplit_once("standard.odata").map_or(path.as_str(), |(_, rest)| rest);
    name.split('(').next().unwrap_or(name).trim_matches('/').to_owned()
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.counts().in_flight -= 1;
    }
}
