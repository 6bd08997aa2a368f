//! The warehouse's side.

use std::collections::HashMap;
use std::time::Duration;

use chrono::NaiveDate;
use clickhouse::Client;
use uuid::Uuid;

use super::{Span, Sum, Table};
use crate::datasets::Dataset;
use crate::extract::Stop;
use crate::extract::place::Place;
use crate::records::marker::Marker;

/// A server that says nothing for so long, though asked for next to nothing, stands still.
const SILENCE: Duration = Duration::from_secs(5);

/// Rows of a document at one place.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    pub dealer_id: Option<Uuid>,
    pub sold_on: Option<NaiveDate>,
    pub last_line: u32,
    pub lines: u64,
    pub lowest_version: u64,
    pub highest_version: u64,
    pub amount: i64,
}

impl Standing {
    /// With all lines up to the last.
    pub fn place(&self) -> Place {
        Place { dealer_id: self.dealer_id, sold_on: self.sold_on, lines: self.last_line }
    }
}

/// The warehouse, as one who only reads it.
#[derive(Clone)]
pub struct Warehouse {
    client: Client,
}

impl Warehouse {
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Every span that has rows.
    pub(super) async fn sums(&self, table: &Table) -> Result<HashMap<Span, Sum>, Stop> {
        let Table { name, id, .. } = table;
        let Columns { span, amount, .. } = columns(table);
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
        let Table { name, id, .. } = table;
        let Columns { span, dealer, day, line, amount } = columns(table);
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
            let sold_on = match day.as_str() {
                "" => None,
                day => Some(day.parse().map_err(|_| broken(day))?),
            };
            standing.entry(key).or_default().push(Standing {
                dealer_id,
                sold_on,
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
    pub(super) async fn landed(&self, table: &Table) -> Result<HashMap<Dataset, i64>, Stop> {
        // A topic that was made anew with fewer partitions has markers in some that are no more.
        let query = "SELECT p.dataset, toInt64(if(count() >= any(newest.partitions), min(p.pass), 0))
             FROM dw.pass AS p FINAL
             INNER JOIN (SELECT dataset, argMax(partitions, pass) AS partitions FROM dw.pass FINAL GROUP BY dataset) AS newest
                 ON newest.dataset = p.dataset
             WHERE p.partition < newest.partitions AND has(?, p.dataset) GROUP BY p.dataset";
        let rows: Vec<(String, i64)> =
            self.answered(self.client.query(query).bind(table.names()).fetch_all()).await??;
        Ok(rows.into_iter().filter_map(|(name, pass)| Some((Dataset::from_name(&name)?, pass))).collect())
    }

    /// The highest pass of which anything has arrived; 0: nothing has. A table that is not there yet holds nothing.
    pub async fn highest_pass(&self) -> Result<u64, Stop> {
        let of_table = |dataset| format!("SELECT bitShiftRight(max(version), 32) FROM dw.{}", Table::of(dataset).name);
        let queries =
            Dataset::ALL.into_iter().map(of_table).chain([format!("SELECT max(pass) FROM dw.{}", Marker::TABLE)]);
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

/// Expressions over a row.
struct Columns {
    span: &'static str,
    dealer: &'static str,
    day: &'static str,
    line: &'static str,
    amount: &'static str,
}

fn columns(table: &Table) -> Columns {
    if table.is_dated {
        Columns {
            span: "toInt32(toYYYYMM(sold_on))",
            dealer: "dealer_id",
            day: "sold_on",
            line: "line_no",
            amount: "reinterpretAsInt64(revenue)",
        }
    } else {
        Columns {
            span: "toInt32(0)",
            dealer: "toUUID('00000000-0000-0000-0000-000000000000')",
            day: "''",
            line: "1",
            amount: "toInt64(0)",
        }
    }
}
