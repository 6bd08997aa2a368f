//! Rows, totals, chart and freshness from ClickHouse. Nothing runs without a `DealerScope`: it is the one source of the
//! parameter that every view demands.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;
use clickhouse::query::BytesCursor;
use clickhouse::{Client, Compression};

use super::catalogue::Catalogue;
use super::definition::{Definition, FilterKind, Source};
use super::filter::{Filter, ROWS_PER_PAGE, Value};
use super::scope::DealerScope;
use super::sql;
use super::table::{Cell, cells, rows_and_totals};
use crate::clock;
use crate::ids::DealerId;

/// Longer than ClickHouse's own limit for the portal (15 s), shorter than a request's (30 s).
const DEADLINE: Duration = Duration::from_secs(18);
/// Nothing of any dealer: one answer serves all requests of a second.
const FRESHNESS_FOR: Duration = Duration::from_secs(1);

/// Why there are no rows, by what a viewer can do about it.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("ClickHouse is unavailable: {0}")]
    Unavailable(String),
    /// The dealer's quota is used up.
    #[error("too many queries of this dealer")]
    TooMany { retry_after: Duration },
    #[error("the query took longer than allowed")]
    TimedOut,
    /// Ours to mend: the query, the rights or the schema.
    #[error("ClickHouse refuses the query: {0}")]
    Refused(String),
}

/// One page of a report, and what is said over the whole set.
#[derive(Debug, Clone)]
pub struct Rows {
    /// Cells in the order of `Definition::measures`, then one per column that is a change.
    pub rows: Vec<Vec<Cell>>,
    pub totals: Vec<Cell>,
    /// Rows of the whole set.
    pub count: u64,
    pub chart: Vec<Month>,
    pub freshness: Freshness,
}

/// A month's value, and that of the same month a year before.
#[derive(Debug, Clone, PartialEq)]
pub struct Month {
    pub first_day: NaiveDate,
    pub value: f64,
    pub before: f64,
}

/// How old the data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// None: not all of it has arrived once.
    pub as_of: Option<DateTime<Utc>>,
    /// Seconds between passes, as a rule.
    pub interval_s: u32,
}

/// One option of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: String,
}

#[derive(Debug, Clone)]
pub struct Engine(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    client: Client,
    catalogue: Catalogue,
    /// The infobase's: its days are the reports' days.
    timezone: Tz,
    freshness: Mutex<Option<(Instant, Known)>>,
}

/// Dataset, as of, interval.
type Known = Arc<Vec<(String, Option<DateTime<Utc>>, u32)>>;

impl Engine {
    pub fn new(client: Client, catalogue: Catalogue, timezone: Tz) -> Self {
        // Answers are small and near: packing them costs more than it saves.
        let client = client.with_compression(Compression::None);
        Self(Arc::new(Parts { client, catalogue, timezone, freshness: Mutex::new(None) }))
    }

    pub fn catalogue(&self) -> &Catalogue {
        &self.0.catalogue
    }

    pub fn timezone(&self) -> Tz {
        self.0.timezone
    }

    /// The infobase's date.
    pub fn today(&self) -> NaiveDate {
        clock::now().with_timezone(&self.0.timezone).date_naive()
    }

    /// Do the queries fit the warehouse? Asked at start and by `portal check-reports`.
    pub async fn check(&self) -> Result<(), super::check::CheckError> {
        super::check::against(&self.0.client, &self.0.catalogue).await
    }

    /// One page with totals, chart and age: two queries at once, and at most one more a second for all viewers.
    pub async fn run(&self, report: &Definition, scope: &DealerScope, filter: &Filter) -> Result<Rows, RunError> {
        let scope = &narrowed(scope, filter);
        let page = async {
            let sql = format!("{}{}{}", report.wrapped, sql::order(report, filter.sort), sql::PAGE);
            let offset = u64::from(filter.page - 1) * u64::from(ROWS_PER_PAGE);
            let query = self.query(&sql, scope, Some((report, filter)));
            let query = query.with_setting("param_rows_limit", ROWS_PER_PAGE.to_string());
            text(query.with_setting("param_rows_offset", offset.to_string())).await
        };
        let chart = async {
            match &report.chart {
                Some(chart) => {
                    text(self.query(&chart.sql, scope, Some((report, filter)))).await.map(|text| months(&text))
                }
                None => Ok(Vec::new()),
            }
        };
        let (page, chart, freshness) = tokio::try_join!(page, chart, self.freshness(&report.datasets))?;
        let (rows, totals) = rows_and_totals(&page);
        let totals = totals.ok_or_else(|| RunError::Refused("the answer has no totals".to_owned()))?;
        let count = totals.last().and_then(Option::as_deref).and_then(|count| count.parse().ok());
        let count = count.ok_or_else(|| RunError::Refused("the answer has no count".to_owned()))?;
        Ok(Rows { rows, totals, count, chart, freshness })
    }

    /// All rows in the filter's order, as ClickHouse sends them.
    pub async fn stream(
        &self,
        report: &Definition,
        scope: &DealerScope,
        filter: &Filter,
    ) -> Result<RowStream, RunError> {
        let scope = &narrowed(scope, filter);
        let sql = format!("{}{}", report.wrapped, sql::order(report, filter.sort));
        let cursor = self.query(&sql, scope, Some((report, filter))).fetch_bytes("TabSeparated").map_err(classified)?;
        let mut stream = RowStream { cursor, rest: Vec::new(), is_over: false };
        // An error before the first row is an answer, not half a file.
        stream.fill().await?;
        Ok(stream)
    }

    /// What a choice offers this scope.
    pub async fn choices(&self, options_sql: &str, scope: &DealerScope) -> Result<Vec<Choice>, RunError> {
        pairs(self.query(options_sql, scope, None)).await
    }

    /// The options of each filter of a report, in its order; empty for filters that offer none.
    pub async fn options(&self, report: &Definition, scope: &DealerScope) -> Result<Vec<Vec<Choice>>, RunError> {
        let each = report.filters.iter().map(async |filter| match &filter.kind {
            FilterKind::Choice { options_sql, .. } => self.choices(options_sql, scope).await,
            _ => Ok(Vec::new()),
        });
        futures_util::future::try_join_all(each).await
    }

    /// The names of the scope's dealers, by name. A dealer not yet known has an empty name.
    pub async fn dealers(&self, scope: &DealerScope) -> Result<Vec<(DealerId, String)>, RunError> {
        const SQL: &str = "SELECT dealer_id, dealer_name FROM report.dealer(dealers = {dealers:Array(UUID)}) \
                           ORDER BY dealer_name COLLATE 'ru', dealer_id";
        let known = pairs(self.query(SQL, scope, None)).await?;
        let mut named: Vec<(DealerId, String)> =
            known.into_iter().filter_map(|row| Some((DealerId(row.value.parse().ok()?), row.label))).collect();
        for dealer in scope.dealers() {
            if !named.iter().any(|(known, _)| known == dealer) {
                named.push((*dealer, String::new()));
            }
        }
        Ok(named)
    }

    /// The age of the oldest of these datasets.
    pub async fn freshness(&self, datasets: &[String]) -> Result<Freshness, RunError> {
        let known = self.known_freshness().await?;
        let mut result = Freshness { as_of: None, interval_s: 0 };
        let mut oldest = Some(DateTime::<Utc>::MAX_UTC);
        for dataset in datasets {
            let found = known.iter().find(|(name, _, _)| name == dataset);
            let as_of = found.and_then(|(_, as_of, _)| *as_of);
            if as_of.zip(oldest).is_none_or(|(as_of, oldest)| as_of < oldest) {
                oldest = as_of;
                result.interval_s = found.map_or(0, |(_, _, interval_s)| *interval_s);
            }
        }
        result.as_of = oldest.filter(|as_of| *as_of < DateTime::<Utc>::MAX_UTC);
        Ok(result)
    }

    async fn known_freshness(&self) -> Result<Known, RunError> {
        let kept = self.0.freshness.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        if let Some((read_at, known)) = kept
            && read_at.elapsed() < FRESHNESS_FOR
        {
            return Ok(known);
        }
        let query = self.0.client.query_raw("SELECT dataset, as_of, interval_s FROM report.freshness");
        let known: Known = Arc::new(text(query).await?.lines().filter_map(freshness).collect());
        let mut kept = self.0.freshness.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *kept = Some((Instant::now(), Arc::clone(&known)));
        Ok(known)
    }

    /// A query with its parameters, all bound by the server.
    fn query(&self, sql: &str, scope: &DealerScope, asked: Option<(&Definition, &Filter)>) -> clickhouse::query::Query {
        let mut query = self
            .0
            .client
            .query_raw(sql)
            .with_setting("quota_key", quota_key(scope))
            .with_setting("param_dealers", dealers(scope));
        let Some((report, filter)) = asked else { return query };
        for (spec, value) in report.filters.iter().zip(&filter.values) {
            query = match value {
                Value::Period(period) => {
                    let (first_before, last_before) = period.year_before();
                    query
                        .with_setting("param_first_day", period.first.to_string())
                        .with_setting("param_last_day", period.last.to_string())
                        .with_setting("param_first_day_before", first_before.to_string())
                        .with_setting("param_last_day_before", last_before.to_string())
                }
                Value::Choice(chosen) => {
                    let value = chosen.map_or_else(|| "\\N".to_owned(), |chosen| chosen.to_string());
                    query.with_setting(format!("param_{}", spec.name), value)
                }
                Value::Search(text) => query.with_setting(format!("param_{}", spec.name), escaped(text)),
            };
        }
        query
    }
}

/// Every row of a set, line by line.
pub struct RowStream {
    cursor: BytesCursor,
    rest: Vec<u8>,
    is_over: bool,
}

impl RowStream {
    /// Some rows; none at the end. A broken answer is an error, never an end.
    pub async fn next(&mut self) -> Result<Option<Vec<Vec<Cell>>>, RunError> {
        loop {
            if self.is_over {
                return Ok(None);
            }
            if let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') {
                let lines: Vec<u8> = self.rest.drain(..=end).collect();
                let text = String::from_utf8_lossy(&lines);
                let rows: Vec<_> = text.lines().take_while(|line| !line.is_empty()).map(cells).collect();
                // Behind the empty line stand the totals; what is left is read, for an error may hide there.
                if text.starts_with('\n') || text.contains("\n\n") {
                    while self.fill().await? {}
                    self.is_over = true;
                }
                if !rows.is_empty() {
                    return Ok(Some(rows));
                }
            } else if !self.fill().await? {
                return Err(RunError::Unavailable("the answer ended before its totals".to_owned()));
            }
        }
    }

    async fn fill(&mut self) -> Result<bool, RunError> {
        let chunk = tokio::time::timeout(DEADLINE, self.cursor.next()).await.map_err(|_| RunError::TimedOut)?;
        let chunk = chunk.map_err(classified)?;
        if let Some(bytes) = &chunk {
            self.rest.extend_from_slice(bytes);
        }
        Ok(chunk.is_some())
    }
}

fn narrowed(scope: &DealerScope, filter: &Filter) -> DealerScope {
    match filter.dealer {
        // Not his: nobody's rows, whatever `Filter::read` let through.
        Some(dealer) => scope.narrowed_to(dealer).unwrap_or_else(|| DealerScope::granted([])),
        None => scope.clone(),
    }
}

/// `['…','…']`, as the server reads an array parameter.
fn dealers(scope: &DealerScope) -> String {
    let each: Vec<String> = scope.dealers().iter().map(|dealer| format!("'{dealer}'")).collect();
    format!("[{}]", each.join(","))
}

/// The dealer, or a fixed name for a set of several.
fn quota_key(scope: &DealerScope) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    match scope.dealers() {
        [dealer] => dealer.to_string(),
        several => {
            let mut hasher = DefaultHasher::new();
            several.hash(&mut hasher);
            format!("{}-dealers-{:016x}", several.len(), hasher.finish())
        }
    }
}

/// Parameters travel as tab-separated text does.
fn escaped(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => value.push_str("\\\\"),
            '\t' => value.push_str("\\t"),
            '\n' => value.push_str("\\n"),
            '\r' => value.push_str("\\r"),
            other => value.push(other),
        }
    }
    value
}

async fn text(query: clickhouse::query::Query) -> Result<String, RunError> {
    let answer = async { query.fetch_bytes("TabSeparated")?.collect().await };
    let bytes = tokio::time::timeout(DEADLINE, answer).await.map_err(|_| RunError::TimedOut)?.map_err(classified)?;
    String::from_utf8(bytes.into()).map_err(|_| RunError::Refused("the answer is no UTF-8 text".to_owned()))
}

async fn pairs(query: clickhouse::query::Query) -> Result<Vec<Choice>, RunError> {
    let text = text(query).await?;
    let row = |line| {
        let mut cells = cells(line).into_iter();
        Some(Choice { value: cells.next()??, label: cells.next()?.unwrap_or_default() })
    };
    Ok(text.lines().filter_map(row).collect())
}

fn months(text: &str) -> Vec<Month> {
    let month = |line: &str| {
        let mut parts = line.split('\t');
        Some(Month {
            first_day: parts.next()?.parse().ok()?,
            value: parts.next()?.parse().ok()?,
            before: parts.next()?.parse().ok()?,
        })
    };
    text.lines().filter_map(month).collect()
}

fn freshness(line: &str) -> Option<(String, Option<DateTime<Utc>>, u32)> {
    let mut parts = line.split('\t');
    let dataset = parts.next()?.to_owned();
    let as_of = parts.next().and_then(|text| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok());
    Some((dataset, as_of.map(|as_of| as_of.and_utc()), parts.next()?.parse().ok()?))
}

fn classified(cause: clickhouse::error::Error) -> RunError {
    use clickhouse::error::Error;
    match &cause {
        Error::BadResponse(text) => {
            let code = text.split("Code: ").nth(1).and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
            match code.and_then(|code| code.parse().ok()) {
                Some(201) => RunError::TooMany { retry_after: Duration::from_secs(60) },
                Some(159 | 160) => RunError::TimedOut,
                // memory, too many queries, too many parts, network, shutting down, still starting
                Some(202 | 209 | 210 | 241 | 242 | 252 | 279 | 394 | 439 | 236 | 516) | None => {
                    RunError::Unavailable(cause.to_string())
                }
                Some(_) => RunError::Refused(cause.to_string()),
            }
        }
        Error::Network(_) | Error::TimedOut | Error::Decompression(_) => RunError::Unavailable(cause.to_string()),
        _ => RunError::Refused(cause.to_string()),
    }
}

impl Rows {
    /// The value of a column in a row: its text, and for shares the ratio to the total.
    pub fn value(&self, report: &Definition, row: &[Cell], column: usize) -> Cell {
        match report.columns[column].source {
            Source::Measure(index) => row.get(index).cloned().flatten(),
            Source::ShareOf(index) => share(row.get(index), self.totals.get(index)),
            Source::Change { .. } => row.get(change_index(report, column)).cloned().flatten(),
        }
    }
}

/// Changes stand behind the measures, in the order of their columns.
pub fn change_index(report: &Definition, column: usize) -> usize {
    let before = report.columns[..column].iter().filter(|other| matches!(other.source, Source::Change { .. })).count();
    report.measures.len() + before
}

/// A part of a total, from 0 to 1; unknown where there is no total.
pub fn share(part: Option<&Cell>, total: Option<&Cell>) -> Cell {
    let number = |cell: Option<&Cell>| cell?.as_deref()?.parse::<f64>().ok();
    let (part, total) = (number(part)?, number(total)?);
    (total != 0.0).then(|| (part / total).to_string())
}

#[cfg(test)]
mod tests {
    use super::{RunError, classified, escaped, share};
    use clickhouse::error::Error;

    #[test]
    fn errors_are_classified_by_what_can_be_done() {
        let of = |text: &str| classified(Error::BadResponse(text.to_owned()));
        assert!(matches!(of("Code: 201. DB::Exception: Quota for user"), RunError::TooMany { .. }));
        assert!(matches!(of("Code: 159. DB::Exception: Timeout exceeded"), RunError::TimedOut));
        assert!(matches!(of("Code: 241. DB::Exception: Memory limit"), RunError::Unavailable(_)));
        assert!(matches!(of("Code: 497. DB::Exception: Not enough privileges"), RunError::Refused(_)));
        assert!(matches!(classified(Error::TimedOut), RunError::Unavailable(_)));
    }

    #[test]
    fn a_search_is_text_whatever_it_holds() {
        assert_eq!(escaped("\\N' \t{x:String}\n"), "\\\\N' \\t{x:String}\\n");
    }

    #[test]
    fn a_share_of_nothing_is_unknown() {
        let cell = |text: &str| Some(text.to_owned());
        assert_eq!(share(Some(&cell("25")), Some(&cell("100"))), cell("0.25"));
        assert_eq!(share(Some(&cell("0")), Some(&cell("0"))), None);
    }
}
