//! To the topic, in two steps: the ledger knows what will be sent before anything is, and learns when the broker has it.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use shared::dataset::Catalogue;
use uuid::Uuid;

use super::Stop;
use super::ledger::{Entry, Ledger};
use super::outgoing::{self, Messages};
use super::pass::Pass;
use super::place::leaves;
use super::progress;
use crate::config::KafkaSettings;
use crate::erp::read::Rejected;
use crate::erp::records::{Records, Rows};
use crate::kafka::{self, Acks, Sender};
use crate::record::marker::{self, Marker};
use crate::record::{Leave, write};

/// A document that becomes messages.
struct Planned {
    at: usize,
    version: u64,
    left: Vec<Leave>,
    lines: u32,
}

/// A batch that is recorded and produced, but not yet acknowledged.
#[must_use = "only a settled batch is confirmed"]
pub struct InFlight {
    batch: i64,
    entries: Vec<Entry>,
    acks: Arc<Acks>,
}

/// The Kafka key of a snapshot's rows, which have none of their own.
const SNAPSHOT: &[u8] = b"snapshot";

/// The producer of a process; made anew after a fatal error.
pub struct Publisher {
    sender: Sender,
    settings: KafkaSettings,
    datasets: Catalogue,
    ledger: Ledger,
}

impl Publisher {
    pub fn new(settings: KafkaSettings, datasets: Catalogue, ledger: Ledger) -> Result<Self, KafkaError> {
        Ok(Self { sender: Sender::new(&settings.brokers)?, settings, datasets, ledger })
    }

    /// An idempotent producer that lost its order cannot go on: make another.
    pub fn is_broken(&self) -> bool {
        self.sender.is_broken()
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Blocks for as long as the broker needs to answer, 10 s at most.
    pub fn check_topics(&self) -> Result<(), kafka::TopicsError> {
        kafka::topics::check(self.sender.client(), &self.settings, &self.datasets)
    }

    /// Records and produces what of the page is new, `wanted` permitting. None: nothing was.
    pub async fn send(
        &self,
        pass: &Pass,
        page: &Records,
        wanted: impl Fn(usize) -> bool,
    ) -> Result<Option<InFlight>, Stop> {
        // A server may name a document twice in one answer: its last word counts.
        let mut seen = HashSet::with_capacity(page.documents.len());
        let mut chosen: Vec<usize> =
            (0..page.documents.len()).rev().filter(|at| seen.insert(page.documents[*at].id) && wanted(*at)).collect();
        chosen.reverse();
        let keys: Vec<Uuid> = chosen.iter().map(|at| page.documents[*at].id).collect();
        let mut known = self.ledger.of_keys(pass, &keys).await?;
        let mut plan = Vec::with_capacity(chosen.len());
        let mut entries = Vec::with_capacity(chosen.len());
        let mut skipped = 0;
        for at in chosen {
            let document = &page.documents[at];
            let former = known.remove(&document.id);
            if !document.is_gone && former.as_ref().is_some_and(|known| known.is_as(&document.data_version, pass)) {
                continue;
            }
            if let Some(word) = &document.unknown_word {
                pass.counts.note_unknown(word);
            }
            let was_known = former.is_some();
            let (places, place) =
                (former.map(|known| known.places).unwrap_or_default(), outgoing::place(page, document));
            let left = leaves(&places, place);
            // Nothing of it stands, and nothing is left: no message.
            let version = if place.lines == 0 && left.is_empty() { None } else { Some(pass.next_version()?) };
            entries.push(Entry {
                key: document.id,
                data_version: document.data_version.clone(),
                place,
                version,
                amount: document.total,
                was_known,
                is_gone: document.is_gone,
            });
            match version {
                Some(version) => plan.push(Planned { at, version, left, lines: place.lines }),
                None => skipped += 1,
            }
        }
        if entries.is_empty() {
            return Ok(None);
        }
        pass.counts.skipped.fetch_add(skipped, Ordering::Relaxed);
        let batch = self.ledger.record(pass, &entries).await?;
        let acks = Acks::open();
        self.produce(pass, page, &plan, &acks).await?;
        Ok(Some(InFlight { batch, entries, acks }))
    }

    async fn produce(&self, pass: &Pass, page: &Records, plan: &[Planned], acks: &Arc<Acks>) -> Result<(), Stop> {
        let topic = self.settings.topic(pass.dataset);
        let mut buffer = Vec::with_capacity(16 * 1024);
        let mut key = [0; uuid::fmt::Hyphenated::LENGTH];
        for Planned { at, version, left, lines } in plan {
            let document = &page.documents[*at];
            let key = document.id.hyphenated().encode_lower(&mut key).as_bytes();
            let messages = Messages::of(page, document, *version, left);
            for at in 0..messages.count() {
                messages.write(at, &mut buffer);
                self.sender
                    .enqueue(BaseRecord::with_opaque_to(&topic, Arc::clone(acks)).key(key).payload(&buffer), acks)
                    .await?;
            }
            pass.counts.sent.fetch_add(1, Ordering::Relaxed);
            pass.counts.lines.fetch_add((*lines).into(), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Waits for the broker's word on every message, then confirms the batch; `loaded_to` moves with it.
    pub async fn settle(
        &self,
        pass: &Pass,
        in_flight: InFlight,
        loaded_to: Option<chrono::NaiveDateTime>,
    ) -> Result<(), Stop> {
        in_flight.acks.all().await?;
        self.ledger.confirm(pass, in_flight.batch, &in_flight.entries, loaded_to).await
    }

    /// `send` and `settle` in one.
    pub async fn publish(&self, pass: &Pass, page: &Records) -> Result<(), Stop> {
        match self.send(pass, page, |_| true).await? {
            Some(in_flight) => self.settle(pass, in_flight, None).await,
            None => Ok(()),
        }
    }

    /// Rows of a snapshot, behind so many that were sent before, or that it has none; returns when the broker has them.
    pub async fn send_rows(&self, pass: &Pass, slot: i16, sent: usize, page: &Rows) -> Result<(), Stop> {
        let topic = self.settings.topic(pass.dataset);
        let slot = u8::try_from(slot).unwrap_or(0);
        let acks = Acks::open();
        let mut buffer = Vec::with_capacity(16 * 1024);
        let mut parts = outgoing::parts(&page.rows);
        if parts.is_empty() && sent == 0 {
            parts.push(0..0);
        }
        let versions = parts.iter().map(|_| pass.next_version()).collect::<Result<Vec<_>, _>>()?;
        if let Some(last) = versions.last() {
            progress::will_send(self.ledger.pool(), pass, *last).await?;
        }
        for (part, version) in parts.into_iter().zip(versions) {
            let rows = &page.rows[part.clone()];
            let first = u32::try_from(sent + part.start + 1)
                .map_err(|_| Stop::GiveUp(format!("{} has more rows than a table of it can number.", pass.dataset)))?;
            let text = page.joined(rows);
            write::snapshot(&mut buffer, pass.dataset.definition(), version, slot, first, text);
            let record = BaseRecord::with_opaque_to(&topic, Arc::clone(&acks)).key(SNAPSHOT).payload(&buffer);
            self.sender.enqueue(record, &acks).await?;
            pass.counts.sent.fetch_add(1, Ordering::Relaxed);
            pass.counts.lines.fetch_add(rows.len() as u64, Ordering::Relaxed);
        }
        Ok(acks.all().await?)
    }

    /// A document that does not fit, whole and to the byte, with why and whence in its headers.
    pub async fn set_aside(&self, pass: &Pass, key: &str, rejected: &Rejected) -> Result<(), Stop> {
        let topic = self.settings.dead_letters();
        let acks = Acks::open();
        let number = pass.number.to_string();
        let headers = [
            ("reason", rejected.reason.as_str()),
            ("source", "1c"),
            ("dataset", pass.dataset.name()),
            ("pass", number.as_str()),
        ]
        .into_iter()
        .fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value: Some(value) }));
        // One too large for a message leaves a pointer: its key says which document it was.
        let fits = rejected.raw.len() < crate::kafka::MAX_MESSAGE_BYTES - 64 * 1024;
        let payload = if fits { rejected.raw.clone() } else { Vec::new() };
        let record = BaseRecord::with_opaque_to(&topic, Arc::clone(&acks))
            .key(key.as_bytes())
            .payload(&payload)
            .headers(headers);
        self.sender.enqueue(record, &acks).await?;
        Ok(acks.all().await?)
    }

    /// Into every partition, after everything that the pass has sent: the dataset is as of `read_at`.
    pub async fn mark(self: &Arc<Self>, pass: &Pass, read_at: DateTime<Utc>, interval_s: u32) -> Result<(), Stop> {
        let topic = self.settings.topic(pass.dataset);
        let (publisher, asked) = (Arc::clone(self), topic.clone());
        let found =
            tokio::task::spawn_blocking(move || kafka::topics::partitions(publisher.sender.client(), &asked)).await;
        let partitions = found.map_err(|error| Stop::Retry(error.to_string()))??;
        let count =
            u16::try_from(partitions).map_err(|_| Stop::GiveUp(format!("{topic} has {partitions} partitions")))?;
        let rows_version = progress::of(self.ledger.pool(), pass).await?.rows_version.cast_unsigned();
        let acks = Acks::open();
        for partition in 0..count {
            let marker = Marker {
                revision: crate::record::REVISION,
                dataset: pass.dataset.name().to_owned(),
                pass: u64::try_from(pass.number).unwrap_or(0),
                read_at,
                interval_s,
                partition,
                partitions: count,
                rows_version,
            };
            let payload = serde_json::to_vec(&marker).map_err(|error| Stop::GiveUp(error.to_string()))?;
            let record = BaseRecord::with_opaque_to(&topic, Arc::clone(&acks)).key(marker::KEY).payload(&payload);
            self.sender.enqueue(record.partition(partition.into()), &acks).await?;
        }
        Ok(acks.all().await?)
    }
}
