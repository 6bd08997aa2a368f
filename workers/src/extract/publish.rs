//! To the topic, in two steps: the ledger knows what will be sent before anything is, and learns when the broker has it.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use uuid::Uuid;

use super::Stop;
use super::ledger::{Entry, Ledger};
use super::outgoing::Outgoing;
use super::pass::Pass;
use super::place::{Place, leaves};
use crate::config::KafkaSettings;
use crate::erp::read::Rejected;
use crate::kafka::{self, Acks, Sender};
use crate::records::marker::{self, Marker};

/// A batch that is recorded and produced, but not yet acknowledged.
#[must_use = "only a settled batch is confirmed"]
pub struct InFlight {
    batch: i64,
    entries: Vec<Entry>,
    acks: Arc<Acks>,
}

/// The producer of a process; made anew after a fatal error.
pub struct Publisher {
    sender: Sender,
    settings: KafkaSettings,
    ledger: Ledger,
}

impl Publisher {
    pub fn new(settings: KafkaSettings, ledger: Ledger) -> Result<Self, KafkaError> {
        Ok(Self { sender: Sender::new(&settings.brokers)?, settings, ledger })
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
        kafka::check_topics(self.sender.client(), &self.settings)
    }

    /// Records and produces what of the page is new, `wanted` permitting. None: nothing was.
    pub async fn send<P: Outgoing>(
        &self,
        pass: &Pass,
        page: &P,
        wanted: impl Fn(usize) -> bool,
    ) -> Result<Option<InFlight>, Stop> {
        // A server may name a document twice in one answer: its last word counts.
        let mut seen = HashSet::with_capacity(page.count());
        let mut chosen: Vec<usize> =
            (0..page.count()).rev().filter(|at| seen.insert(page.key(*at)) && wanted(*at)).collect();
        chosen.reverse();
        let keys: Vec<Uuid> = chosen.iter().map(|at| page.key(*at)).collect();
        let mut known = self.ledger.of_keys(pass, &keys).await?;
        let mut plan = Vec::with_capacity(chosen.len());
        let mut entries = Vec::with_capacity(chosen.len());
        for at in chosen {
            let (key, data_version) = (page.key(at), page.data_version(at));
            let former = known.remove(&key);
            let stands = former.as_ref().and_then(|known| known.data_version.as_deref());
            if stands == Some(data_version) && !page.is_gone() {
                continue;
            }
            if let Some(operation) = page.unknown_operation(at) {
                pass.counts.note_unknown(operation);
            }
            let was_known = former.is_some();
            let places = former.map(|known| known.places).unwrap_or_default();
            let place = page.place(at);
            plan.push((at, places, place));
            entries.push(Entry {
                key,
                data_version: data_version.to_owned(),
                place,
                was_known,
                is_gone: page.is_gone(),
            });
        }
        if entries.is_empty() {
            return Ok(None);
        }
        let batch = self.ledger.record(pass, &entries).await?;
        let acks = Acks::open();
        self.produce(pass, page, &plan, &acks).await?;
        Ok(Some(InFlight { batch, entries, acks }))
    }

    async fn produce<P: Outgoing>(
        &self,
        pass: &Pass,
        page: &P,
        plan: &[(usize, Vec<Place>, Place)],
        acks: &Arc<Acks>,
    ) -> Result<(), Stop> {
        let topic = self.settings.topic(pass.dataset);
        let mut buffer = Vec::with_capacity(16 * 1024);
        let mut key = [0; uuid::fmt::Hyphenated::LENGTH];
        for (at, places, place) in plan {
            let left = leaves(places, *place);
            if place.lines == 0 && left.is_empty() {
                pass.counts.skipped.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            let version = pass.next_version()?;
            let key = page.key(*at).hyphenated().encode_lower(&mut key).as_bytes();
            for part in 0..page.parts(*at, &left) {
                page.write(*at, part, version, &left, &mut buffer);
                self.sender
                    .enqueue(BaseRecord::with_opaque_to(&topic, Arc::clone(acks)).key(key).payload(&buffer), acks)
                    .await?;
            }
            pass.counts.sent.fetch_add(1, Ordering::Relaxed);
            pass.counts.lines.fetch_add(place.lines.into(), Ordering::Relaxed);
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
    pub async fn publish<P: Outgoing>(&self, pass: &Pass, page: &P) -> Result<(), Stop> {
        match self.send(pass, page, |_| true).await? {
            Some(in_flight) => self.settle(pass, in_flight, None).await,
            None => Ok(()),
        }
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
        let fits = rejected.raw.len() < crate::datasets::MAX_MESSAGE_BYTES - 64 * 1024;
        let payload = if fits { rejected.raw.clone().into_bytes() } else { Vec::new() };
        let record = BaseRecord::with_opaque_to(&topic, Arc::clone(&acks))
            .key(key.as_bytes())
            .payload(&payload)
            .headers(headers);
        self.sender.enqueue(record, &acks).await?;
        Ok(acks.all().await?)
    }

    /// The end of the pass, into every partition, after everything that it sent.
    pub async fn mark(self: &Arc<Self>, pass: &Pass, interval_s: u32) -> Result<(), Stop> {
        let topic = self.settings.topic(pass.dataset);
        let (publisher, asked) = (Arc::clone(self), topic.clone());
        let found = tokio::task::spawn_blocking(move || kafka::partitions(publisher.sender.client(), &asked)).await;
        let partitions = found.map_err(|error| Stop::Retry(error.to_string()))??;
        let count =
            u16::try_from(partitions).map_err(|_| Stop::GiveUp(format!("{topic} has {partitions} partitions")))?;
        let acks = Acks::open();
        for partition in 0..count {
            let marker = Marker {
                revision: crate::records::REVISION,
                dataset: pass.dataset.name().to_owned(),
                pass: u64::try_from(pass.number).unwrap_or(0),
                read_at: pass.read_at,
                interval_s,
                partition,
                partitions: count,
            };
            let payload = serde_json::to_vec(&marker).map_err(|error| Stop::GiveUp(error.to_string()))?;
            let record = BaseRecord::with_opaque_to(&topic, Arc::clone(&acks)).key(marker::KEY).payload(&payload);
            self.sender.enqueue(record.partition(partition.into()), &acks).await?;
        }
        Ok(acks.all().await?)
    }
}
