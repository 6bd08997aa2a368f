//! What the ledger says was sent against what stands in the warehouse: first by span, then, where that differs, document by
//! document. What differs is forgotten by the ledger, so that the next pass over everything sends it again, with tombstones
//! for every place where the warehouse has rows of it. The audit itself sends nothing.

pub mod numbering;
mod sent;
pub mod source;
mod warehouse;
mod written;

use std::collections::HashMap;
use std::time::Duration;

use chrono::NaiveDate;
use shared::dataset::{Catalogue, Dataset};
use sqlx::PgPool;
use tokio::time::Instant;
use uuid::Uuid;
use xxhash_rust::xxh64::xxh64;

use self::sent::Sent;
use self::warehouse::Standing;
pub use self::warehouse::Warehouse;
use super::Stop;
use super::pass::Pass;
use super::place::Place;

/// How long rows that were sent are waited for. Not longer: nothing else reads the dataset meanwhile, and should a marker be lost,
/// it is the next pass that brings one. The slot is tried again.
const PATIENCE: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_secs(1);

/// Separates what is hashed.
const BETWEEN: char = '\u{1f}';

/// A month as `yyyymm`, or 0: rows without a day, such as all of a catalog.
pub type Span = i32;

pub fn span_of(day: Option<NaiveDate>) -> Span {
    use chrono::Datelike as _;
    day.map_or(0, |day| day.year() * 100 + day.month().cast_signed())
}

/// One side of a span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    pub documents: i64,
    pub lines: i64,
    /// Of the dataset's total, in ten-thousandths, wrapping.
    pub amount: i64,
    /// XOR of the documents' hashes, which 1C has none of.
    hash: i64,
}

pub type Sums = HashMap<Span, Sum>;

/// The hash of a document that was sent; the warehouse makes the same of its rows, by their lowest and highest version.
pub fn hash(key: Uuid, version: u64, lines: u32, amount: i64) -> u64 {
    xxh64(format!("{key}{BETWEEN}{version}{BETWEEN}{version}{BETWEEN}{lines}{BETWEEN}{amount}").as_bytes(), 0)
}

/// Where the rows of a dataset lie.
#[derive(Debug, Clone)]
struct Table {
    /// Those that share it. What none of them knows is the first one's.
    datasets: Vec<Dataset>,
}

impl Table {
    fn of(dataset: Dataset, all: &Catalogue) -> Self {
        Self { datasets: all.of_table(&dataset.table) }
    }

    fn in_warehouse(&self) -> &str {
        &self.datasets[0].table
    }

    fn names(&self) -> Vec<&'static str> {
        self.datasets.iter().map(|dataset| dataset.name()).collect()
    }

    fn dataset(&self, name: &str) -> Option<Dataset> {
        self.datasets.iter().copied().find(|dataset| dataset.name() == name)
    }
}

/// Documents that do not stand as they were sent, with the places where the warehouse has rows of them.
type Wrong = HashMap<Uuid, Vec<Place>>;

pub struct Audit<'a> {
    pool: &'a PgPool,
    warehouse: &'a Warehouse,
    pass: &'a Pass,
    table: Table,
}

impl<'a> Audit<'a> {
    /// Of the pass's dataset, which nothing else reads meanwhile.
    pub fn new(pool: &'a PgPool, warehouse: &'a Warehouse, all: &Catalogue, pass: &'a Pass) -> Self {
        Self { pool, warehouse, pass, table: Table::of(pass.dataset, all) }
    }

    /// Compares all. False: something differs; it was told, and the ledger has forgotten it, so that a pass over everything sends
    /// it again.
    pub async fn finds_nothing(&self) -> Result<bool, Stop> {
        let dataset = self.pass.dataset;
        let (sent, standing) = self.sums().await?;
        let differing = differing(&sent, &standing);
        let (mut lacking, mut strays, mut wrong_spans) = (0, 0, Vec::new());
        for &span in &differing {
            self.pass.check()?;
            let wrong = self.wrong_for_certain(span).await?;
            if wrong.is_empty() {
                continue;
            }
            let known = sent::send_again(self.pool, self.pass, &wrong).await?;
            lacking += known;
            strays += wrong.len() - known;
            wrong_spans.push(span);
        }
        // What was on its way has arrived meanwhile.
        let (sent, standing) = if differing.len() > wrong_spans.len() { self.sums().await? } else { (sent, standing) };
        written::write(self.pool, &self.table, (&sent, &standing), &wrong_spans).await?;
        let named: Vec<String> = wrong_spans.iter().map(|span| span_name(*span)).collect();
        if named.is_empty() {
            tracing::info!(dataset.name = dataset.name(), "What was sent of {dataset} is what stands in the warehouse");
            return Ok(true);
        }
        metrics::counter!("audit_differences_total", "dataset" => dataset.name()).increment((lacking + strays) as u64);
        tracing::error!(
            dataset.name = dataset.name(),
            audit.lacking = lacking,
            audit.strays = strays,
            "The warehouse does not hold what was sent: {lacking} of {dataset} do not stand there as they were sent, and {strays} \
             stand there that should not ({}). They are sent again, or removed, by the pass that begins now.",
            named.join(", ")
        );
        Ok(false)
    }

    /// Both sides of every span.
    async fn sums(&self) -> Result<(Sums, Sums), Stop> {
        Ok((sent::sums(self.pool, &self.table.names()).await?, self.warehouse.sums(&self.table).await?))
    }

    /// What is wrong twice, each time after everything that was sent before has arrived: another dataset of the same table may
    /// be read meanwhile.
    async fn wrong_for_certain(&self, span: Span) -> Result<Wrong, Stop> {
        let mut wrong = self.wrong(span, &self.landed().await?).await?;
        if !wrong.is_empty() {
            let again = self.wrong(span, &self.landed().await?).await?;
            wrong.retain(|key, _| again.contains_key(key));
        }
        Ok(wrong)
    }

    async fn wrong(&self, span: Span, landed: &HashMap<Dataset, i64>) -> Result<Wrong, Stop> {
        let mut standing = self.warehouse.of_span(&self.table, span).await?;
        let keys: Vec<Uuid> = standing.keys().copied().collect();
        let sent = sent::of_span(self.pool, &self.table, span, &keys).await?;
        let mut wrong = Wrong::new();
        for key in sent.keys() {
            standing.entry(*key).or_default();
        }
        for (key, rows) in standing {
            let sent = sent.get(&key);
            let owner = sent.map_or(self.table.datasets[0], |sent| sent.dataset);
            let is_settled = sent.is_none_or(|sent| sent.is_settled(landed.get(&owner).copied()));
            if owner == self.pass.dataset && is_settled && !is_as_sent(sent, &rows, span) {
                wrong.insert(key, rows.iter().map(Standing::place).collect());
            }
        }
        Ok(wrong)
    }

    /// The last pass of each of the table's datasets that has arrived whole, once every pass that is done has.
    async fn landed(&self) -> Result<HashMap<Dataset, i64>, Stop> {
        let until = Instant::now() + PATIENCE;
        let done = sent::done(self.pool, &self.table).await?;
        loop {
            let landed = self.warehouse.landed(&self.table.datasets).await?;
            let is_there = |(dataset, pass): (&Dataset, &i64)| landed.get(dataset).is_some_and(|landed| landed >= pass);
            if done.iter().all(is_there) {
                return Ok(landed);
            }
            if Instant::now() > until {
                let dataset = self.pass.dataset;
                return Err(Stop::Retry(format!("The last pass over {dataset} has not arrived in the warehouse yet.")));
            }
            self.pass.check()?;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Spans of which the two sides do not say the same. Rows on their way differ, too.
fn differing(sent: &HashMap<Span, Sum>, standing: &HashMap<Span, Sum>) -> Vec<Span> {
    let mut spans: Vec<Span> = sent.keys().chain(standing.keys()).copied().collect();
    spans.sort_unstable();
    spans.dedup();
    spans.retain(|span| sent.get(span) != standing.get(span));
    spans
}

/// None: rows without a day.
pub fn first_day(span: Span) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(span / 100, (span % 100).cast_unsigned(), 1)
}

/// `2024-03`, or `all`.
fn span_name(span: Span) -> String {
    if span == 0 { "all".to_owned() } else { format!("{:04}-{:02}", span / 100, span % 100) }
}

/// Whether the rows of a span are those of the document as it was sent, no fewer and no more.
fn is_as_sent(sent: Option<&Sent>, rows: &[Standing], span: Span) -> bool {
    let Some(sent) = sent.filter(|sent| sent.place.lines > 0 && span_of(sent.place.day) == span) else {
        return rows.is_empty();
    };
    let [row] = rows else { return false };
    let is_version = |sent: u64| (row.lowest_version, row.highest_version) == (sent, sent);
    row.place() == sent.place
        && row.lines == u64::from(sent.place.lines)
        && sent.version.is_none_or(is_version)
        && sent.amount.is_none_or(|amount| amount == row.amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Uuid = Uuid::from_u128(7);

    fn sent() -> Sent {
        let place = Place { dealer_id: Some(KEY), day: NaiveDate::from_ymd_opt(2024, 3, 5), lines: 2 };
        let dataset = Catalogue::compiled_in().unwrap().get("sales").unwrap();
        Sent { dataset, place, version: Some(9), amount: Some(100), is_confirmed: true }
    }

    fn row() -> Standing {
        let Place { dealer_id, day, .. } = sent().place;
        Standing { dealer_id, day, last_line: 2, lines: 2, lowest_version: 9, highest_version: 9, amount: 100 }
    }

    #[test]
    fn a_document_stands_as_it_was_sent_only_with_every_line_of_its_last_version_and_nothing_elsewhere() {
        let (sent, row) = (sent(), row());
        assert!(is_as_sent(Some(&sent), &[row], 202_403));
        assert!(!is_as_sent(Some(&sent), &[], 202_403), "none of it stands");
        assert!(!is_as_sent(Some(&sent), &[row, row], 202_403), "it stands with two dealers");
        assert!(!is_as_sent(Some(&sent), &[Standing { lines: 1, ..row }], 202_403), "a line is lost");
        assert!(!is_as_sent(Some(&sent), &[Standing { lowest_version: 8, ..row }], 202_403), "a line is older");
        assert!(!is_as_sent(Some(&sent), &[Standing { highest_version: 10, ..row }], 202_403), "a line is newer");
        assert!(!is_as_sent(Some(&sent), &[Standing { dealer_id: None, ..row }], 202_403), "it is another dealer's");
        assert!(!is_as_sent(Some(&sent), &[Standing { last_line: 3, ..row }], 202_403), "a line has another number");
        let day_before = Standing { day: row.day.and_then(|day| day.pred_opt()), ..row };
        assert!(!is_as_sent(Some(&sent), &[day_before], 202_403), "it stands on another day of the month");
        assert!(!is_as_sent(Some(&sent), &[Standing { amount: 1, ..row }], 202_403), "its revenue is another");
        assert!(!is_as_sent(Some(&sent), &[row], 202_402), "it stands in another month");
        assert!(is_as_sent(Some(&sent), &[], 202_402));
        assert!(!is_as_sent(None, &[row], 202_403), "nobody sent it");
        let older = Sent { version: None, amount: None, ..sent };
        assert!(is_as_sent(Some(&older), &[row], 202_403), "a former release wrote no version down");
    }

    #[test]
    fn what_is_still_on_its_way_is_not_judged() {
        let of_pass_two = Sent { version: Some(2 << 32 | 5), ..sent() };
        assert!(of_pass_two.is_settled(Some(2)) && of_pass_two.is_settled(Some(3)));
        assert!(!of_pass_two.is_settled(Some(1)) && !of_pass_two.is_settled(None));
        assert!(!Sent { is_confirmed: false, ..of_pass_two }.is_settled(Some(3)));
    }
}
