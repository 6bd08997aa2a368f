//! The warehouse's side.

use std::collections::HashMap;
use std::time::Duration;

use chrono::NaiveDate;
use clickhouse::Client;
use shared::dataset::{Catalogue, Dataset};
use uuid::Uuid;

use super::{Span, Sum, Table};
use crate::extract::Stop;
use crate::extract::place::Place;
use crate::record::marker::Marker;

/// A server that says nothing for so long, though asked for next to nothing, stands still.
const SILENCE: Duration = Duration::from_secs(5);

/// Rows of a document at one place.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    pub dealer_id: Option<Uuid>,
    pub day: Option<NaiveDate>,
    pub last_line: u32,
    pub lines: u64,
    pub lowest_version: u64,
    pub highest_version: u64,
    pub amount: i64,
}

impl Standing {
    /// With all lines up to the last.
    pub fn place(&self) -> Place {
        Place { dealer_id: self.dealer_id, day: self.day, lines: self.last_line }
    }
}

/// The warehouse, as one who only reads it.
#[derive(Clone)]
pub struct Warehouse {
    client: Client,
    all: Catalogue,
}

impl Warehouse {
    pub fn new(client: Client, all: Catalogue) -> Self {
        Self { client, all }
    }

    /// Every span that has rows.
    pub(super) async fn sums(&self, table: &Table) -> Result<HashMap<Span, Sum>, Stop> {
        let Columns { name, id, span, amount, .. } = Columns::of(table);
        let query = format!(
            "SELECT span, toInt64(count()), toInt64(sum(lines)), sum(amount), reinterpretAsInt64(groupBitXor(hash)) FROM (
                 SELECT {span} AS span, count() AS lines, sum({amount}) AS amount,
                        xxHash64(concatWithSeparator('\\x1f', toString({id}), toString(min(version)), toString(max(version)),
                                                     toString(lines), toString(amount))) AS hash
                 FROM dw.{name} FINAL WHERE is_deleted = 0 GROUP BY {id}, span)
             GROUP BY span"
        );
        let rows: Vec<(i32, i64, i64, i64, i64)> = self.answered(self.client.query(&query).fetch_all()).await??;
        let sum = |(span, documents, lines, amount, hash)| (span, Sum { documents, lines, amount, hash });
        Ok(rows.into_iter().map(sum).collect())
    }

    /// All rows of a span, by document and place.
    pub(super) async fn of_span(&self, table: &Table, wanted: Span) -> Result<HashMap<Uuid, Vec<Standing>>, Stop> {
        self.answered(self.read_span(table, wanted)).await?
    }

    async fn read_span(&self, table: &Table, wanted: Span) -> Result<HashMap<Uuid, Vec<Standing>>, Stop> {
        let Columns { name, id, span, dealer, day, line, amount } = Columns::of(table);
        let query = format!(
            "SELECT toString({id}), toString({dealer}) AS dealer, toString({day}) AS day, toUInt32(max({line})), count(),
                    min(version), max(version), sum({amount})
             FROM dw.{name} FINAL WHERE is_deleted = 0 AND {span} = ? GROUP BY {id}, dealer, day"
        );
        let mut rows =
            self.client.query(&query).bind(wanted).fetch::<(String, String, String, u32, u64, u64, u64, i64)>()?;
        let mut standing: HashMap<Uuid, Vec<Standing>> = HashMap::new();
        while let Some((key, dealer, day, last_line, lines, lowest_version, highest_version, amount)) =
            rows.next().await?
        {
            let broken = |what: &str| Stop::GiveUp(format!("dw.{name} has {what:?}, which cannot be read."));
            let key = Uuid::try_parse(&key).map_err(|_| broken(&key))?;
            let dealer_id =
                Some(Uuid::try_parse(&dealer).map_err(|_| broken(&dealer))?).filter(|dealer| !dealer.is_nil());
            let day = match day.as_str() {
                "" => None,
                day => Some(day.parse().map_err(|_| broken(day))?),
            };
            standing.entry(key).or_default().push(Standing {
                dealer_id,
                day,
                last_line,
                lines,
                lowest_version,
                highest_version,
                amount,
            });
        }
        Ok(standing)
    }

    /// The last pass of each dataset that has arrived whole: its marker stands behind its rows in every partition.
    pub async fn landed(&self, datasets: &[Dataset]) -> Result<HashMap<Dataset, i64>, Stop> {
        // A topic that was made anew with fewer partitions has markers in some that are no more.
        let query = "SELECT p.dataset, toInt64(if(count() >= any(newest.partitions), min(p.pass), 0))
             FROM dw.pass AS p FINAL
             INNER JOIN (SELECT dataset, argMax(partitions, pass) AS partitions FROM dw.pass FINAL GROUP BY dataset) AS newest
                 ON newest.dataset = p.dataset
             WHERE p.partition < newest.partitions AND has(?, p.dataset) GROUP BY p.dataset";
        let names: Vec<&str> = datasets.iter().map(|dataset| dataset.name()).collect();
        let rows: Vec<(String, i64)> = self.answered(self.client.query(query).bind(&names).fetch_all()).await??;
        let dataset = |name: &str| datasets.iter().copied().find(|dataset| dataset.name() == name);
        Ok(rows.into_iter().filter_map(|(name, pass)| Some((dataset(&name)?, pass))).collect())
    }

    /// Rows of a snapshot, by its slot and its pass.
    pub async fn snapshot_rows(&self, dataset: Dataset, slot: i16, pass: i64) -> Result<i64, Stop> {
        let query = format!(
            "SELECT toInt64(count()) FROM dw.{} FINAL WHERE slot = ? AND bitShiftRight(version, 32) = ? AND is_deleted = 0",
            dataset.table
        );
        Ok(self.answered(self.client.query(&query).bind(slot).bind(pass).fetch_one()).await??)
    }

    /// The highest pass of which anything has arrived; 0: nothing has. A table that is not there yet holds nothing.
    pub async fn highest_pass(&self) -> Result<u64, Stop> {
        let of_table = |dataset: &Dataset| format!("SELECT bitShiftRight(max(version), 32) FROM dw.{}", dataset.table);
        let tables = self.all.all().iter().filter(|dataset| !dataset.is_like_another);
        let queries = tables.map(of_table).chain([format!("SELECT max(pass) FROM dw.{}", Marker::TABLE)]);
        let mut highest = 0;
        for query in queries {
            match self.answered(self.client.query(&query).fetch_one::<u64>()).await? {
                Ok(pass) => highest = highest.max(pass),
                Err(error) if is_missing(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(highest)
    }

    /// The answer, however long it takes, while the server answers other questions: one that stands still is not waited for.
    async fn answered<F: Future>(&self, answer: F) -> Result<F::Output, Stop> {
        tokio::select! {
            answer = answer => Ok(answer),
            () = self.falls_silent() => Err(Stop::Retry("ClickHouse does not answer.".to_owned())),
        }
    }

    async fn falls_silent(&self) {
        loop {
            tokio::time::sleep(SILENCE).await;
            let asked = tokio::time::timeout(SILENCE, self.client.query("SELECT 1").fetch_one::<u8>()).await;
            if !matches!(asked, Ok(Ok(_))) {
                return;
            }
        }
    }
}

impl From<clickhouse::error::Error> for Stop {
    fn from(error: clickhouse::error::Error) -> Self {
        Self::Retry(format!("ClickHouse does not answer as it should: {error}"))
    }
}

fn is_missing(error: &clickhouse::error::Error) -> bool {
    let text = error.to_string();
    text.contains("(UNKNOWN_TABLE)") || text.contains("(UNKNOWN_DATABASE)")
}

/// The table, and expressions over a row of it.
struct Columns {
    name: &'static str,
    id: &'static str,
    span: String,
    dealer: String,
    day: String,
    line: &'static str,
    amount: String,
}

impl Columns {
    fn of(table: &Table) -> Self {
        // Those that share a table have the same columns.
        let definition = table.datasets[0].definition();
        let (name, id) = (definition.table.as_str(), definition.key.as_str());
        let total = definition.total.map(|at| format!("reinterpretAsInt64({})", definition.lines[at].name));
        let amount = total.unwrap_or_else(|| "toInt64(0)".to_owned());
        match &definition.place {
            Some(place) => Self {
                name,
                id,
                span: format!("toInt32(toYYYYMM({}))", place.day),
                dealer: definition.fields[place.dealer].name.clone(),
                day: place.day.clone(),
                line: "line_no",
                amount,
            },
            None => Self {
                name,
                id,
                span: "toInt32(0)".to_owned(),
                dealer: "toUUID('00000000-0000-0000-0000-000000000000')".to_owned(),
                day: "''".to_owned(),
                line: "1",
                amount,
            },
        }
    }
}
