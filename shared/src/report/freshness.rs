//! What has arrived and how old it is, by the markers of passes. Nothing of any dealer: one answer serves all requests of
//! a second.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDateTime, Utc};
use clickhouse::Client;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use sha2::{Digest as _, Sha256};

use super::ask::text;
use super::error::RunError;
use super::tsv::{self, Misread};

const ONE_ANSWER_FOR: Duration = Duration::from_secs(1);
const SQL: &str = "SELECT dataset, partition, partitions, pass, read_at, interval_s, rows_version FROM report.pass \
                   ORDER BY dataset, partition";

/// How old the data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// None: not all of it has arrived once.
    pub as_of: Option<DateTime<Utc>>,
    /// Seconds between passes, as a rule.
    pub interval_s: u32,
}

impl Freshness {
    const UNKNOWN: Self = Self { as_of: None, interval_s: 0 };
}

/// What rows a partition has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum RowsOf {
    /// The version of the last message of them. It stays what it is under a pass that brings none.
    Version(u64),
    /// The marker does not say: those up to this pass, and as of when it began to read.
    Pass(u64, DateTime<Utc>),
}

/// The rows of some datasets that have arrived, by the markers behind them: other markers mean other rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Arrived {
    /// Of each dataset and partition.
    rows: Vec<Arc<[(u16, RowsOf)]>>,
    is_whole: bool,
}

impl Arrived {
    /// Each of these datasets has arrived once.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The same for the same rows, in another process too.
    pub fn add_to(&self, hash: &mut Sha256) {
        for dataset in &self.rows {
            hash.update((dataset.len() as u64).to_be_bytes());
            for (partition, rows) in dataset.iter() {
                let (version, of_pass) = match rows {
                    RowsOf::Version(version) => (*version, i64::MIN),
                    RowsOf::Pass(pass, read_at) => (*pass, read_at.timestamp_micros()),
                };
                hash.update(partition.to_be_bytes());
                hash.update(version.to_be_bytes());
                hash.update(of_pass.to_be_bytes());
            }
        }
    }

    /// What it takes in memory; what several share is not counted.
    pub fn bytes(&self) -> usize {
        self.rows.len() * size_of::<Arc<[(u16, RowsOf)]>>()
    }

    #[cfg(test)]
    pub fn of_pass(pass: u64) -> Self {
        Self { rows: vec![Arc::from([(0, RowsOf::Pass(pass, DateTime::UNIX_EPOCH))])], is_whole: true }
    }

    #[cfg(test)]
    pub fn unknown() -> Self {
        Self { rows: Vec::new(), is_whole: false }
    }
}

/// One dataset.
#[derive(Debug, Clone, PartialEq)]
struct Dataset {
    name: String,
    freshness: Freshness,
    rows: Arc<[(u16, RowsOf)]>,
}

type Known = Arc<Vec<Dataset>>;
/// One question, whose answer all wait for.
type Asked = Shared<BoxFuture<'static, Result<Known, RunError>>>;

/// Asks what has arrived at most once a second.
pub struct Ages {
    client: Client,
    asked: Mutex<Option<(Instant, Asked)>>,
}

impl Ages {
    pub fn new(client: Client) -> Self {
        Self { client, asked: Mutex::new(None) }
    }

    /// The age of the oldest of these datasets, none as long as one of them has not arrived; and what of them has.
    pub async fn of(&self, datasets: &[String]) -> Result<(Freshness, Arrived), RunError> {
        let known = self.known().await?;
        let found: Vec<Option<&Dataset>> =
            datasets.iter().map(|name| known.iter().find(|dataset| dataset.name == *name)).collect();
        let ages = found.iter().map(|dataset| dataset.map_or(Freshness::UNKNOWN, |dataset| dataset.freshness));
        // None is less than any time.
        let freshness = ages.min_by_key(|freshness| freshness.as_of).unwrap_or(Freshness::UNKNOWN);
        let rows = found.iter().flatten().map(|dataset| dataset.rows.clone()).collect();
        Ok((freshness, Arrived { rows, is_whole: freshness.as_of.is_some() }))
    }

    /// Whoever asks within a second gets the same answer, also while it is under way.
    fn known(&self) -> Asked {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        match &*asked {
            Some((asked_at, answer)) if asked_at.elapsed() < ONE_ANSWER_FOR => answer.clone(),
            _ => {
                let query = self.client.query_raw(SQL);
                let answer = async { Ok(Arc::new(datasets(&text(query).await?)?)) }.boxed().shared();
                *asked = Some((Instant::now(), answer.clone()));
                answer
            }
        }
    }
}

/// The last pass in a partition.
struct Marker {
    dataset: String,
    partition: u16,
    pass: u64,
    read_at: DateTime<Utc>,
    rows_version: u64,
    /// How many partitions the pass has written a marker to.
    partitions: u16,
    interval_s: u32,
}

/// The answer has its datasets together.
fn datasets(answer: &str) -> Result<Vec<Dataset>, Misread> {
    let rows =
        tsv::rows(answer, ["dataset", "partition", "partitions", "pass", "read_at", "interval_s", "rows_version"])?;
    let markers = rows.into_iter().map(marker).collect::<Result<Vec<_>, _>>()?;
    Ok(markers.chunk_by(|one, other| one.dataset == other.dataset).filter_map(dataset).collect())
}

/// As of the oldest marker in the partitions of the newest pass: a topic that was made anew with fewer has markers in
/// partitions that are no more. Unknown until every partition has one.
fn dataset(markers: &[Marker]) -> Option<Dataset> {
    let newest = markers.iter().max_by_key(|marker| marker.pass)?;
    let own: Vec<&Marker> = markers.iter().filter(|marker| marker.partition < newest.partitions).collect();
    let is_whole = own.len() >= usize::from(newest.partitions);
    let as_of = own.iter().map(|marker| marker.read_at).min().filter(|_| is_whole);
    Some(Dataset {
        name: newest.dataset.clone(),
        freshness: Freshness { as_of, interval_s: newest.interval_s },
        rows: own.iter().map(|marker| (marker.partition, marker.rows())).collect(),
    })
}

impl Marker {
    fn rows(&self) -> RowsOf {
        match self.rows_version {
            0 => RowsOf::Pass(self.pass, self.read_at),
            version => RowsOf::Version(version),
        }
    }
}

fn marker(cells: [Option<Cow<'_, str>>; 7]) -> Result<Marker, Misread> {
    let misread = || Misread(format!("the marker of a pass {cells:?}"));
    let [dataset, partition, partitions, pass, read_at, interval_s, rows_version] = &cells;
    let time = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok();
    Ok(Marker {
        dataset: dataset.as_deref().ok_or_else(misread)?.to_owned(),
        partition: parsed(partition.as_ref()).ok_or_else(misread)?,
        pass: parsed(pass.as_ref()).ok_or_else(misread)?,
        read_at: read_at.as_deref().and_then(time).ok_or_else(misread)?.and_utc(),
        rows_version: parsed(rows_version.as_ref()).ok_or_else(misread)?,
        partitions: parsed(partitions.as_ref()).ok_or_else(misread)?,
        interval_s: parsed(interval_s.as_ref()).ok_or_else(misread)?,
    })
}

fn parsed<T: std::str::FromStr>(text: Option<&Cow<'_, str>>) -> Option<T> {
    text?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Dataset, datasets};
    use crate::report::tsv::Misread;

    fn read(rows: &[&str]) -> Result<Vec<Dataset>, Misread> {
        let header = "dataset\tpartition\tpartitions\tpass\tread_at\tinterval_s\trows_version";
        datasets(&format!("{header}\n{}\n", rows.join("\n")))
    }

    #[test]
    fn a_dataset_is_as_old_as_its_oldest_partition_and_unknown_without_one() {
        let of = |rows: &[&str]| read(rows).unwrap()[0].freshness.as_of.map(|as_of| as_of.to_rfc3339());
        let (first, second) =
            ("sales\t0\t2\t8\t2026-11-29 11:00:00.123\t60\t0", "sales\t1\t2\t7\t2026-11-29 10:59:00\t60\t0");
        assert_eq!(of(&[first, second]).as_deref(), Some("2026-11-29T10:59:00+00:00"));
        assert_eq!(of(&[first]), None);
        // A newer pass of a topic with one partition: the other is no more.
        let anew = "sales\t0\t1\t9\t2026-11-29 12:00:00\t60\t0";
        assert_eq!(of(&[anew, second]).as_deref(), Some("2026-11-29T12:00:00+00:00"));
    }

    #[test]
    fn rows_are_others_under_another_version_or_where_none_is_said_under_another_marker() {
        let rows = |pass: u64, minute: u32, version: u64| {
            let first = format!("sales\t0\t2\t{pass}\t2026-11-29 11:{minute:02}:00\t60\t{version}");
            read(&[&first, "sales\t1\t2\t7\t2026-11-29 10:59:00\t60\t5"]).unwrap()[0].rows.clone()
        };
        assert_eq!(rows(8, 0, 0), rows(8, 0, 0));
        assert_ne!(rows(8, 0, 0), rows(8, 1, 0), "a pass may mark several times");
        assert_ne!(rows(8, 0, 0), rows(9, 0, 0));
        assert_eq!(rows(8, 0, 5), rows(9, 1, 5), "a pass that brought nothing");
        assert_ne!(rows(8, 0, 5), rows(8, 0, 6));
        assert_ne!(rows(8, 0, 0), rows(8, 0, 8));
    }

    #[test]
    fn an_age_that_cannot_be_read_is_an_error_and_no_missing_dataset() {
        for row in
            ["sales\t0\t1\t1\tyesterday\t60\t0", "sales\t0\t1\t\\N\t2026-11-29 11:00:00\t60\t0", "sales\t0\t1\t1"]
        {
            assert!(read(&[row]).is_err(), "{row}");
        }
    }
}
