//! How a pass finds what changed: `scan` for catalogs, `window` for documents. Both end in the same diff: a key whose
//! `DataVersion` is not the one that was sent is read again, a key that is missed is asked for by name.

pub mod scan;
pub mod spans;
pub mod window;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;
use xxhash_rust::xxh64::xxh64;

use super::Stop;
use super::ledger::{Known, Ledger};
use super::outgoing::{Gone, Outgoing};
use super::pass::Pass;
use super::publish::Publisher;
use crate::erp::mapping::Mapping;
use crate::erp::pages::{self, Page, PageSize};
use crate::erp::read::{Rejected, Sink};
use crate::erp::sinks::{Key, Keys};
use crate::erp::url::{QUERY_BUDGET, Question, any_of};
use crate::erp::{Client, mapping};

/// Up to so many changed documents are fetched by key; more of them are read as pages again.
const BY_KEY: usize = 200;

/// What one pass works with.
pub struct Reader {
    pub client: Client,
    pub mapping: Arc<Mapping>,
    pub publisher: Arc<Publisher>,
    pub pass: Arc<Pass>,
    /// Versions that were rejected before: key as 1C wrote it → `DataVersion`.
    rejected: Mutex<HashMap<String, String>>,
}

impl Reader {
    pub async fn new(
        client: Client,
        mapping: Arc<Mapping>,
        publisher: Arc<Publisher>,
        pass: Arc<Pass>,
    ) -> Result<Self, Stop> {
        let rejected = publisher.ledger().rejected(&pass).await?;
        Ok(Self { client, mapping, publisher, pass, rejected: Mutex::new(rejected) })
    }

    pub fn ledger(&self) -> &Ledger {
        self.publisher.ledger()
    }

    fn page_size(&self) -> PageSize {
        PageSize::aiming_at(self.client.page_bytes())
    }

    /// Whether what 1C shows is neither what was sent nor what was rejected.
    fn is_changed(&self, key: &Key, known: Option<&Known>) -> bool {
        if known.and_then(|known| known.data_version.as_deref()) == Some(key.data_version.as_str()) {
            return false;
        }
        !self.is_rejected(&key.id.to_string(), &key.data_version)
    }

    fn is_rejected(&self, key: &str, data_version: &str) -> bool {
        let rejected = self.rejected.lock().unwrap_or_else(PoisonError::into_inner);
        rejected.get(key).is_some_and(|known| known == data_version)
    }

    /// Reads documents by key, as many at a time as an address holds and 1C can build, and sends them; returns those that 1C has.
    async fn read_by_key<S>(&self, keys: &[Uuid]) -> Result<HashSet<Uuid>, Stop>
    where
        S: Sink + Outgoing + Default + Send + 'static,
    {
        let mut found = HashSet::with_capacity(keys.len());
        let (mut rest, mut size) = (keys, self.page_size());
        let id = self.mapping.erp_name(mapping::sale::ID);
        let base = Question::of(&self.mapping.entity).with("$select", self.mapping.select()).with("$filter", "");
        let budget = QUERY_BUDGET.saturating_sub(base.query_length());
        while !rest.is_empty() {
            self.pass.check()?;
            let some_of = |top: usize| any_of(id, &rest[..top.min(rest.len())], budget);
            let page: Page<S> = pages::fetch(&self.client, &self.mapping, &mut size, |top| {
                Question::of(&self.mapping.entity)
                    .with("$select", self.mapping.select())
                    .with("$filter", some_of(top).0)
            })
            .await?;
            rest = &rest[some_of(page.top).1..];
            found.extend((0..page.sink.count()).map(|at| page.sink.key(at)));
            found.extend(self.set_aside(page.rejected).await?);
            self.publisher.publish(&self.pass, &page.sink).await?;
        }
        Ok(found)
    }

    /// Asks by name for keys that a scan has not shown: moved ones come back, the others are gone.
    async fn look_for<S>(&self, keys: Vec<Uuid>) -> Result<(), Stop>
    where
        S: Sink + Outgoing + Default + Send + 'static,
    {
        if keys.is_empty() {
            return Ok(());
        }
        let found = self.read_by_key::<S>(&keys).await?;
        let keys: Vec<Uuid> = keys.into_iter().filter(|key| !found.contains(key)).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let (gone, dataset) = (keys.len(), self.pass.dataset);
        tracing::info!(dataset.name = dataset.name(), pass.gone = gone, "1C has {gone} of {dataset} no more");
        for keys in keys.chunks(5_000) {
            self.publisher.publish(&self.pass, &Gone { dataset, keys: keys.to_vec() }).await?;
        }
        Ok(())
    }

    /// What an earlier pass recorded and never confirmed is asked for by name: it may have been re-dated since.
    async fn finish_unconfirmed<S>(&self) -> Result<(), Stop>
    where
        S: Sink + Outgoing + Default + Send + 'static,
    {
        let keys = self.ledger().unconfirmed(&self.pass).await?;
        self.look_for::<S>(keys).await
    }

    /// To the dead letters, once per version; returns the keys that could be read.
    async fn set_aside(&self, rejected: Vec<Rejected>) -> Result<Vec<Uuid>, Stop> {
        let mut keys = Vec::new();
        for document in rejected {
            let (key, data_version) = name_of(&document);
            keys.extend(document.id);
            if self.is_rejected(&key, &data_version) {
                continue;
            }
            let dataset = self.pass.dataset;
            tracing::warn!(
                dataset.name = dataset.name(),
                document.key = key,
                "Rejected one of {dataset}: {}",
                document.reason
            );
            metrics::counter!("extract_rejected_total", "dataset" => dataset.name()).increment(1);
            self.publisher.set_aside(&self.pass, &key, &document).await?;
            self.ledger().reject(&self.pass, &key, &data_version, &document.reason).await?;
            self.pass.counts.rejected.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            self.rejected.lock().unwrap_or_else(PoisonError::into_inner).insert(key, data_version);
        }
        Ok(keys)
    }

    fn keys_mapping(&self, fields: &[usize]) -> Arc<Mapping> {
        Arc::new(self.mapping.only(fields))
    }
}

/// Key and version of a document that does not fit, as far as they can be read; else a hash of the whole.
fn name_of(rejected: &Rejected) -> (String, String) {
    let hash = || format!("#{:016x}", xxh64(&rejected.raw, 0));
    let key = rejected.id.map_or_else(hash, |id| id.to_string());
    (key, rejected.data_version.clone().unwrap_or_else(hash))
}

/// A page of a scan of keys.
type KeyPage = Page<Keys>;
