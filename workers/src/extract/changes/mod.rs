//! How a pass finds what changed: `scan` for catalogs, `window` for documents. Both end in the same diff: a key whose
//! `DataVersion` is not the one that was sent is read again, a key that is missed is asked for by name. Rows of registers and
//! virtual tables have no version: `snapshot` reads all of them.

mod figures;
mod missing;
mod reshape;
pub mod scan;
pub mod snapshot;
pub mod spans;
pub mod turns;
pub mod window;
mod withdraw;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use chrono::{DateTime, Utc};
use uuid::Uuid;
use xxhash_rust::xxh64::xxh64;

use super::ledger::{Known, Ledger};
use super::pass::Pass;
use super::publish::Publisher;
use super::{Stop, held, progress};
use crate::erp::Client;
use crate::erp::mapping::Mapping;
use crate::erp::pages::{self, Page, PageSize};
use crate::erp::read::Rejected;
use crate::erp::records::{Key, Keys, Records};
use crate::erp::url::{QUERY_BUDGET, Question, any_of};

/// Up to so many changed documents are fetched by key; more of them are read as pages again.
const BY_KEY: usize = 200;

/// What one pass works with.
pub struct Reader {
    pub client: Client,
    pub mapping: Arc<Mapping>,
    pub publisher: Arc<Publisher>,
    pub pass: Arc<Pass>,
    /// Usual seconds between two passes over the dataset: what its markers say. 0: nobody knows.
    pub interval_s: u32,
    /// Of the newest documents of a window, and of each turn over the others: `turns::KEYS`.
    pub keys_at_once: i64,
    /// When the pass began to read, here.
    began: Instant,
    /// What the brake lets through: the missing of a span, as an operator saw them.
    released: HashMap<String, i64>,
    /// Versions that were rejected before: key as 1C wrote it → `DataVersion`.
    rejected: Mutex<HashMap<String, String>>,
}

impl Reader {
    pub async fn new(
        client: Client,
        mapping: Arc<Mapping>,
        publisher: Arc<Publisher>,
        pass: Arc<Pass>,
        interval_s: u32,
    ) -> Result<Self, Stop> {
        let rejected = Mutex::new(publisher.ledger().rejected(&pass).await?);
        let released = held::released(publisher.ledger().pool(), pass.dataset).await?;
        let (began, keys_at_once) = (Instant::now(), turns::KEYS);
        Ok(Self { client, mapping, publisher, pass, interval_s, keys_at_once, began, released, rejected })
    }

    pub fn ledger(&self) -> &Ledger {
        self.publisher.ledger()
    }

    /// By the clock of the database, as the pass's own beginning is.
    fn now(&self) -> DateTime<Utc> {
        self.pass.read_at + self.began.elapsed()
    }

    /// The dataset is as of `read_at`: the marker says it behind the rows, then progress knows. True: for the first time.
    pub async fn done(&self, read_at: DateTime<Utc>) -> Result<bool, Stop> {
        self.publisher.mark(&self.pass, read_at, self.interval_s).await?;
        progress::pass_done(self.ledger().pool(), &self.pass).await
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
    async fn read_by_key(&self, keys: &[Uuid]) -> Result<HashSet<Uuid>, Stop> {
        let mut found = HashSet::with_capacity(keys.len());
        let (mut rest, mut size) = (keys, self.page_size());
        let id = self.mapping.id();
        let base = Question::of(&self.mapping.entity).with("$select", self.mapping.select()).with("$filter", "");
        let budget = QUERY_BUDGET.saturating_sub(base.query_length());
        while !rest.is_empty() {
            self.pass.check()?;
            let some_of = |top: usize| any_of(id, &rest[..top.min(rest.len())], budget);
            let page: Page<Records> = pages::fetch(&self.client, &self.mapping, &mut size, |top| {
                Question::of(&self.mapping.entity)
                    .with("$select", self.mapping.select())
                    .with("$filter", some_of(top).0)
            })
            .await?;
            rest = &rest[some_of(page.top).1..];
            found.extend(page.sink.documents.iter().map(|document| document.id));
            found.extend(self.set_aside(page.rejected).await?);
            self.publisher.publish(&self.pass, &page.sink).await?;
        }
        Ok(found)
    }

    /// To the dead letters, once per version; returns the keys that could be read.
    async fn set_aside(&self, rejected: Vec<Rejected>) -> Result<Vec<Uuid>, Stop> {
        let mut keys = Vec::new();
        let mut fresh = Vec::new();
        let mut misfits = HashMap::new();
        for document in rejected {
            let (key, data_version) = name_of(&document);
            keys.extend(document.id);
            if !self.is_rejected(&key, &data_version) {
                misfits.extend(document.id.map(|id| (id, document.salvage)));
                fresh.push((key, data_version, document));
            }
        }
        self.withdraw(&misfits).await?;
        for (key, data_version, document) in fresh {
            let dataset = self.pass.dataset;
            tracing::warn!(
                dataset.name = dataset.name(),
                document.key = key,
                "Rejected one of {dataset}: {}",
                document.reason
            );
            metrics::counter!("extract_rejected_total", "dataset" => dataset.name()).increment(1);
            self.publisher.set_aside(&self.pass, &key, &document).await?;
            self.ledger().reject(&self.pass, (&key, &data_version), (&document.reason, &document.raw)).await?;
            self.pass.counts.rejected.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            self.rejected.lock().unwrap_or_else(PoisonError::into_inner).insert(key, data_version);
        }
        Ok(keys)
    }

    /// Entries of a scan of keys that do not fit: those with a key are to be read whole, where it shows what they are; the others
    /// are set aside as they are. Neither is missed.
    async fn odd_keys(&self, rejected: Vec<Rejected>, seen: &mut HashSet<Uuid>) -> Result<Vec<Uuid>, Stop> {
        let (mut whole, mut nameless) = (Vec::new(), Vec::new());
        for entry in rejected {
            let (key, data_version) = name_of(&entry);
            match entry.id {
                Some(id) if seen.insert(id) && !self.is_rejected(&key, &data_version) => whole.push(id),
                Some(_) => {}
                None => nameless.push(entry),
            }
        }
        self.set_aside(nameless).await?;
        Ok(whole)
    }

    fn keys_mapping(&self) -> Arc<Mapping> {
        Arc::new(self.mapping.keys_only())
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
