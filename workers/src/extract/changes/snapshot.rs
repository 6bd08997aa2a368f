//! Registers and virtual tables: all rows, page by page, into a slot of their own; shown as a whole once their marker has arrived.

use chrono::NaiveDateTime;
use xxhash_rust::xxh64::Xxh64;

use super::Reader;
use super::missing::is_too_much;
use crate::erp::mapping::{Argument, Mapping};
use crate::erp::pages::{self, Page};
use crate::erp::records::Rows;
use crate::erp::url::{Question, datetime};
use crate::extract::Stop;
use crate::extract::audit::Warehouse;
use crate::extract::held::{self, Held};
use crate::extract::snapshots::{self, Snapshot};

/// What the brake calls it.
const ALL: &str = "all";

impl Reader {
    /// Reads and sends all of it, as of `now` by the infobase's wall clock where the mapping asks for that. One that fits into a page,
    /// has not changed and stands in the warehouse is not sent.
    pub async fn snapshot(&self, now: NaiveDateTime, warehouse: &Warehouse) -> Result<(), Stop> {
        let pool = self.ledger().pool();
        // Where ClickHouse does not say, nothing is known to have arrived.
        let landed = warehouse.landed(&[self.pass.dataset]).await.unwrap_or_default().remove(&self.pass.dataset);
        let former = snapshots::of(pool, &self.pass, landed).await?;
        let last = former.iter().find(|one| one.is_marked).copied();
        let mut size = self.page_size();
        let known = former.first().and_then(|newest| newest.rows).and_then(|rows| usize::try_from(rows).ok());
        size.expect(known.unwrap_or(0));
        let mut reading = Reading::default();
        let mut page = self.rows(&mut size, now, 0).await?;
        let mut skip = page.documents;
        reading.take(&page.sink);
        if page.is_last()
            && let Some(newest) = former.first()
            && is_same(newest, &reading)
            && !self.is_lost(newest, landed, warehouse).await
        {
            self.set_aside(page.rejected).await?;
            return held::over(pool, &self.pass, &[ALL.to_owned()], true).await;
        }
        let slot = snapshots::free_slot(&former).ok_or_else(|| {
            Stop::Retry(format!("The last snapshots of {} have not arrived in the warehouse yet.", self.pass.dataset))
        })?;
        snapshots::begin(pool, &self.pass, slot).await?;
        let mut sent = 0;
        loop {
            let is_last = page.is_last();
            self.set_aside(page.rejected).await?;
            self.publisher.send_rows(&self.pass, slot, sent, &page.sink).await?;
            sent += page.sink.rows.len();
            if is_last {
                break;
            }
            self.pass.check()?;
            page = self.rows(&mut size, now, skip).await?;
            skip += page.documents;
            reading.take(&page.sink);
        }
        self.brake(last, reading.rows).await?;
        snapshots::sent(pool, &self.pass, reading.rows, reading.hash()).await?;
        held::over(pool, &self.pass, &[ALL.to_owned()], true).await
    }

    /// Whether the warehouse does not hold what was sent, though the pass has arrived; it is told.
    async fn is_lost(&self, sent: &Snapshot, landed: Option<i64>, warehouse: &Warehouse) -> bool {
        let dataset = self.pass.dataset;
        let (Some(wanted), true) = (sent.rows, landed.is_some_and(|landed| landed >= sent.pass)) else { return false };
        let Ok(stand) = warehouse.snapshot_rows(dataset, sent.slot, sent.pass).await else { return false };
        if stand == wanted {
            return false;
        }
        metrics::counter!("audit_differences_total", "dataset" => dataset.name()).increment(stand.abs_diff(wanted));
        tracing::error!(
            dataset.name = dataset.name(),
            "The warehouse does not hold what was sent: {stand} rows of {dataset} stand there, and {wanted} were sent. They are sent \
             again now."
        );
        true
    }

    async fn rows(&self, size: &mut pages::PageSize, now: NaiveDateTime, skip: usize) -> Result<Page<Rows>, Stop> {
        let question = |top| question(&self.mapping, now, skip, top);
        Ok(pages::fetch(&self.client, &self.mapping, size, question).await?)
    }

    /// A source that suddenly shows far fewer rows must be doubted: what stands is shown on.
    async fn brake(&self, last: Option<Snapshot>, rows: i64) -> Result<(), Stop> {
        let known = last.and_then(|last| last.rows).unwrap_or(0);
        let count = |rows: i64| usize::try_from(rows).unwrap_or(0);
        let missing = (known - rows).max(0);
        let released = self.released.get(ALL).and_then(|missing| usize::try_from(*missing).ok());
        if !is_too_much(count(missing), count(known), true, released) {
            return Ok(());
        }
        let held = Held { span: ALL.to_owned(), known, missing };
        held::hold(self.ledger().pool(), &self.pass, &[held]).await?;
        Err(Stop::Held(held::sentence(self.pass.dataset.name(), known, missing)))
    }
}

/// The rows so far.
#[derive(Default)]
struct Reading {
    rows: i64,
    hasher: Xxh64,
}

impl Reading {
    fn take(&mut self, page: &Rows) {
        self.rows += i64::try_from(page.rows.len()).unwrap_or(0);
        self.hasher.update(&page.text);
    }

    fn hash(&self) -> i64 {
        self.hasher.digest().cast_signed()
    }
}

/// A snapshot that was begun and not finished is none: rows of it lie in the table, newer than those that are shown.
fn is_same(newest: &Snapshot, reading: &Reading) -> bool {
    newest.is_marked && newest.rows == Some(reading.rows) && newest.hash == Some(reading.hash())
}

/// Ordered by everything that is asked for: rows have no key.
fn question(mapping: &Mapping, now: NaiveDateTime, skip: usize, top: usize) -> Question {
    let arguments: Vec<String> = mapping
        .arguments
        .iter()
        .map(|(name, argument)| match argument {
            Argument::Text(text) => format!("{name}='{text}'"),
            Argument::Now => format!("{name}={}", datetime(now)),
        })
        .collect();
    let entity = if arguments.is_empty() {
        mapping.entity.clone()
    } else {
        format!("{}({})", mapping.entity, arguments.join(","))
    };
    Question::of(&entity)
        .with("$select", mapping.select())
        .with("$orderby", mapping.select())
        .with("$skip", skip.to_string())
        .with("$top", top.to_string())
}
