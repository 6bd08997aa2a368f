//! How old the data is, by the passes that have arrived. Nothing of any dealer: one answer serves all requests of a
//! second.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDateTime, Utc};
use clickhouse::Client;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

use super::ask::text;
use super::error::RunError;
use super::tsv::{self, Misread};

const ONE_ANSWER_FOR: Duration = Duration::from_secs(1);
const SQL: &str = "SELECT dataset, as_of, interval_s FROM report.freshness";

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

/// The age of each dataset.
type Known = Arc<Vec<(String, Freshness)>>;
/// One question, whose answer all wait for.
type Asked = Shared<BoxFuture<'static, Result<Known, RunError>>>;

/// Asks for the ages at most once a second.
pub struct Ages {
    client: Client,
    asked: Mutex<Option<(Instant, Asked)>>,
}

impl Ages {
    pub fn new(client: Client) -> Self {
        Self { client, asked: Mutex::new(None) }
    }

    /// The age of the oldest of these datasets; none as long as one of them has not arrived.
    pub async fn oldest(&self, datasets: &[String]) -> Result<Freshness, RunError> {
        let known = self.known().await?;
        let each = datasets.iter().map(|dataset| {
            let found = known.iter().find(|(name, _)| name == dataset);
            found.map_or(Freshness::UNKNOWN, |(_, freshness)| *freshness)
        });
        // None is less than any time.
        Ok(each.min_by_key(|freshness| freshness.as_of).unwrap_or(Freshness::UNKNOWN))
    }

    /// Whoever asks within a second gets the same answer, also while it is under way.
    fn known(&self) -> Asked {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        match &*asked {
            Some((asked_at, answer)) if asked_at.elapsed() < ONE_ANSWER_FOR => answer.clone(),
            _ => {
                let query = self.client.query_raw(SQL);
                let answer = async { Ok(Arc::new(ages(&text(query).await?)?)) }.boxed().shared();
                *asked = Some((Instant::now(), answer.clone()));
                answer
            }
        }
    }
}

fn ages(answer: &str) -> Result<Vec<(String, Freshness)>, Misread> {
    let rows = tsv::rows(answer, ["dataset", "as_of", "interval_s"])?;
    let row = |[dataset, as_of, interval_s]: [Option<std::borrow::Cow<'_, str>>; 3]| {
        let misread = || Misread(format!("{dataset:?} as of {as_of:?}, every {interval_s:?} s"));
        let time = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").map_err(|_| misread());
        let as_of = as_of.as_deref().map(time).transpose()?.map(|as_of| as_of.and_utc());
        let interval_s = interval_s.as_deref().and_then(|text| text.parse().ok()).ok_or_else(misread)?;
        let dataset = dataset.as_deref().ok_or_else(misread)?;
        Ok((dataset.to_owned(), Freshness { as_of, interval_s }))
    };
    rows.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::ages;

    #[test]
    fn an_age_that_cannot_be_read_is_an_error_and_no_missing_dataset() {
        let read = |row: &str| ages(&format!("dataset\tas_of\tinterval_s\n{row}\n"));
        assert!(read("sales\t2026-11-29 11:00:00.123\t60").unwrap()[0].1.as_of.is_some());
        assert!(read("sales\t\\N\t60").unwrap()[0].1.as_of.is_none());
        for row in ["sales\tyesterday\t60", "sales\t2026-11-29 11:00:00\toften", "sales\t60"] {
            assert!(read(row).is_err(), "{row}");
        }
    }
}
