//! Rows, totals, chart and freshness from ClickHouse. Nothing runs without a `DealerScope`: it is the one source of the
//! parameter that every view demands.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, Months, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;
use clickhouse::query::BytesCursor;
use clickhouse::{Client, Compression};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

use super::catalogue::Catalogue;
use super::definition::{Chart, Definition, FilterKind, Kind, Source};
use super::filter::{Filter, ROWS_PER_PAGE, Value};
use super::scope::DealerScope;
use super::table::{Cell, Line, cells};
use super::{search, sql};
use crate::clock;
use crate::ids::DealerId;

/// Longer than ClickHouse's own limit for the portal (15 s), shorter than a request's (30 s).
const DEADLINE: Duration = Duration::from_secs(18);
/// Nothing of any dealer: one answer serves all requests of a second.
const FRESHNESS_FOR: Duration = Duration::from_secs(1);

/// Why there are no rows, by what a viewer can do about it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RunError {
    #[error("ClickHouse is unavailable: {0}")]
    Unavailable(String),
    /// The dealer's quota is used up.
    #[error("too many queries of this dealer")]
    TooMany { retry_after: Duration },
    #[error("the query took longer than allowed")]
    TimedOut,
    /// More rows or memory than one question may take: narrow it.
    #[error("too much is asked at once: {0}")]
    TooMuch(String),
    /// Ours to mend: the query, the rights or the schema.
    #[error("ClickHouse refuses the query: {0}")]
    Refused(String),
}

impl RunError {
    /// A bad day of ClickHouse, as against a bad question or a used-up quota.
    pub const fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// One page of a report, and what is said over the whole set.
#[derive(Debug, Clone)]
pub struct Rows {
    pub rows: Vec<Line>,
    /// One per currency, that with most rows first; none where there is no row at all.
    pub totals: Vec<Line>,
    /// Rows that all pages list.
    pub count: u64,
    pub chart: Vec<Month>,
    pub freshness: Freshness,
}

/// A month's value, and that of the same month a year before, of one currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Month {
    /// `Currency::key`; empty where the chart shows no money.
    pub currency: String,
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
    freshness: Mutex<Option<(Instant, Asked)>>,
}

/// Dataset, as of, interval.
type Known = Arc<Vec<(String, Option<DateTime<Utc>>, u32)>>;
/// One question, whose answer all wait for.
type Asked = Shared<BoxFuture<'static, Result<Known, RunError>>>;

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
    pub async fn check(&self) -> Result<Vec<super::check::Wrong>, clickhouse::error::Error> {
        super::check::against(&self.0.client, self.0.catalogue.all()).await
    }

    /// One page with totals, chart and age: two queries at once, and at most one more a second for all viewers.
    pub async fn run(&self, report: &Definition, scope: &DealerScope, filter: &Filter) -> Result<Rows, RunError> {
        let scope = &narrowed(scope, filter);
        let chart = async {
            match &report.chart {
                Some(chart) => {
                    let text = text(self.query(&chart.sql, scope, Some((report, filter)))).await?;
                    Ok(months(chart, &text))
                }
                None => Ok(Vec::new()),
            }
        };
        let page = async {
            let offset = u64::from(filter.page - 1) * u64::from(ROWS_PER_PAGE);
            let query = self.query(&sql::page(report, filter.sort), scope, Some((report, filter)));
            let query = query.with_setting("param_rows_limit", ROWS_PER_PAGE.to_string());
            let text = text(query.with_setting("param_rows_offset", offset.to_string())).await?;
            lines_of(report, &text)
        };
        let (page, chart, freshness) = tokio::try_join!(page, chart, self.freshness(&report.datasets))?;
        let count = listed(&page, filter);
        let (totals, rows) = parted(page);
        Ok(Rows { rows, totals, count, chart, freshness })
    }

    /// The totals of all rows, and the rows in the filter's order as ClickHouse sends them: one question, so that the
    /// ones are always the sum of the others.
    pub async fn stream(
        &self,
        report: &Definition,
        scope: &DealerScope,
        filter: &Filter,
    ) -> Result<(Vec<Line>, RowStream), RunError> {
        let scope = &narrowed(scope, filter);
        let query = self.query(&sql::all(report, filter.sort), scope, Some((report, filter)));
        let cursor = query.fetch_bytes("TabSeparated").map_err(classified)?;
        let mut stream = RowStream { cursor, rest: Vec::new(), first: VecDeque::new(), missing: 0 };
        // An error before the first row is an answer, not half a file.
        let mut lines = Vec::new();
        while lines.last().is_none_or(|line: &Line| line.is_total) {
            let Some(more) = stream.read(report).await? else { break };
            lines.extend(more);
        }
        stream.missing = listed(&lines, filter);
        let (totals, rows) = parted(lines);
        stream.first = rows.into();
        Ok((totals, stream))
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

    /// The age of the oldest of these datasets; none as long as one of them has not arrived.
    pub async fn freshness(&self, datasets: &[String]) -> Result<Freshness, RunError> {
        let known = self.known_freshness().await?;
        let each = datasets.iter().map(|dataset| {
            let found = known.iter().find(|(name, _, _)| name == dataset);
            found.map_or(Freshness { as_of: None, interval_s: 0 }, |(_, as_of, interval_s)| Freshness {
                as_of: *as_of,
                interval_s: *interval_s,
            })
        });
        // None is less than any time.
        Ok(each.min_by_key(|freshness| freshness.as_of).unwrap_or(Freshness { as_of: None, interval_s: 0 }))
    }

    /// Whoever asks within a second gets the same answer, also while it is under way.
    fn known_freshness(&self) -> Asked {
        let mut kept = self.0.freshness.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match &*kept {
            Some((asked_at, answer)) if asked_at.elapsed() < FRESHNESS_FOR => answer.clone(),
            _ => {
                let query = self.0.client.query_raw("SELECT dataset, as_of, interval_s FROM report.freshness");
                let answer = async { Ok(Arc::new(text(query).await?.lines().filter_map(freshness).collect())) };
                let answer = answer.boxed().shared();
                *kept = Some((Instant::now(), answer.clone()));
                answer
            }
        }
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
        if report.lines.is_some() {
            query = query.with_setting("param_with_former", u8::from(filter.with_former).to_string());
        }
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
                Value::Search(text) => query.with_setting(format!("param_{}", spec.name), texts(&search::words(text))),
            };
        }
        query
    }
}

/// Every row of a set, some at a time.
pub struct RowStream {
    cursor: BytesCursor,
    rest: Vec<u8>,
    /// What came with the totals.
    first: VecDeque<Line>,
    /// Rows that the totals count and that have not come.
    missing: u64,
}

impl RowStream {
    /// Some rows; none at the end. A broken answer is an error, never an end.
    pub async fn next(&mut self, report: &Definition) -> Result<Option<Vec<Line>>, RunError> {
        let rows = if self.first.is_empty() { self.read(report).await? } else { Some(self.first.drain(..).collect()) };
        match &rows {
            Some(rows) => self.missing = self.missing.saturating_sub(rows.len() as u64),
            None if self.missing > 0 => {
                return Err(RunError::Unavailable(format!("the answer ended {} rows early", self.missing)));
            }
            None => {}
        }
        Ok(rows)
    }

    async fn read(&mut self, report: &Definition) -> Result<Option<Vec<Line>>, RunError> {
        loop {
            if let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') {
                let lines: Vec<u8> = self.rest.drain(..=end).collect();
                let text = String::from_utf8_lossy(&lines);
                return lines_of(report, &text).map(Some);
            }
            let chunk = tokio::time::timeout(DEADLINE, self.cursor.next()).await.map_err(|_| RunError::TimedOut)?;
            match chunk.map_err(classified)? {
                Some(bytes) => self.rest.extend_from_slice(&bytes),
                None => return Ok(None),
            }
        }
    }
}

fn lines_of(report: &Definition, text: &str) -> Result<Vec<Line>, RunError> {
    let misshapen = || RunError::Refused("the answer has not the shape that was asked for".to_owned());
    text.lines().map(|line| Line::read(report, line).ok_or_else(misshapen)).collect()
}

/// Totals, that with most rows first, and rows.
fn parted(lines: Vec<Line>) -> (Vec<Line>, Vec<Line>) {
    let (mut totals, rows): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.is_total);
    totals.sort_by_key(|total| std::cmp::Reverse(total.count));
    (totals, rows)
}

/// How many rows there are to list.
fn listed(lines: &[Line], filter: &Filter) -> u64 {
    let totals = lines.iter().filter(|line| line.is_total);
    totals.map(|total| total.count + if filter.with_former { total.former } else { 0 }).sum()
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
    let each: Vec<String> = scope.dealers().iter().map(ToString::to_string).collect();
    texts(&each)
}

fn texts(texts: &[String]) -> String {
    let quoted = |text: &String| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
    format!("[{}]", texts.iter().map(quoted).collect::<Vec<_>>().join(","))
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

/// Each value in its month, that of a year before in the month a year later.
fn months(chart: &Chart, text: &str) -> Vec<Month> {
    let mut months: Vec<Month> = Vec::new();
    let mut add = |currency: &str, first_day: NaiveDate, value: f64, before: f64| match months
        .iter_mut()
        .find(|month| month.first_day == first_day && month.currency == currency)
    {
        Some(month) => {
            month.value += value;
            month.before += before;
        }
        None => months.push(Month { currency: currency.to_owned(), first_day, value, before }),
    };
    for line in text.lines() {
        let parts: Vec<&str> = line.split('\t').collect();
        let [day, value, before, ..] = parts[..] else { continue };
        let (Ok(day), Ok(value), Ok(before)) = (day.parse::<NaiveDate>(), value.parse(), before.parse()) else {
            continue;
        };
        let currency = if chart.kind == Kind::Money { parts.get(3).copied().unwrap_or_default() } else { "" };
        add(currency, day, value, 0.0);
        if let Some(a_year_later) = day.checked_add_months(Months::new(12)) {
            add(currency, a_year_later, 0.0, before);
        }
    }
    months.sort_by_key(|month| month.first_day);
    months
}

fn freshness(line: &str) -> Option<(String, Option<DateTime<Utc>>, u32)> {
    let mut parts = line.split('\t');
    let dataset = parts.next()?.to_owned();
    let as_of = parts.next().and_then(|text| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok());
    Some((dataset, as_of.map(|as_of| as_of.and_utc()), parts.next()?.parse().ok()?))
}

pub(super) fn classified(cause: clickhouse::error::Error) -> RunError {
    use clickhouse::error::Error;
    match &cause {
        Error::BadResponse(text) => {
            let code = text.split("Code: ").nth(1).and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
            match code.and_then(|code| code.parse().ok()) {
                Some(201) => RunError::TooMany { retry_after: Duration::from_secs(60) },
                Some(159 | 160) => RunError::TimedOut,
                // rows or bytes read, or of the result
                Some(158 | 307 | 396) => RunError::TooMuch(cause.to_string()),
                // Its own memory, as against that of the server or of all the portal's queries together.
                Some(241) if text.to_lowercase().contains("query memory limit exceeded") => {
                    RunError::TooMuch(cause.to_string())
                }
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

/// The value of a column in a line: its text, and for shares the ratio to the total of its currency.
pub fn value(report: &Definition, totals: &[Line], line: &Line, column: usize) -> Cell {
    match report.columns[column].source {
        Source::Measure(index) => line.cells.get(index).cloned().flatten(),
        Source::ShareOf(index) => {
            let total = totals.iter().find(|total| total.currency.key == line.currency.key);
            share(line.measure(index), total.and_then(|total| total.measure(index)))
        }
        Source::Change { .. } => line.cells.get(change_index(report, column)).cloned().flatten(),
    }
}

/// Changes stand behind the measures, in the order of their columns.
fn change_index(report: &Definition, column: usize) -> usize {
    let before = report.columns[..column].iter().filter(|other| matches!(other.source, Source::Change { .. })).count();
    report.measures.len() + before
}

/// A part of a total; unknown where the total is nothing, or less.
pub fn share(part: Option<&str>, total: Option<&str>) -> Cell {
    let (part, total): (f64, f64) = (part?.parse().ok()?, total?.parse().ok()?);
    (total > 0.0).then(|| (part / total).to_string())
}

#[cfg(test)]
mod tests {
    use super::{RunError, classified, share, texts};
    use clickhouse::error::Error;

    #[test]
    fn errors_are_classified_by_what_can_be_done() {
        let of = |text: &str| classified(Error::BadResponse(text.to_owned()));
        assert!(matches!(of("Code: 201. DB::Exception: Quota for user"), RunError::TooMany { .. }));
        assert!(matches!(of("Code: 159. DB::Exception: Timeout exceeded"), RunError::TimedOut));
        assert!(matches!(of("Code: 241. DB::Exception: (total) memory limit exceeded"), RunError::Unavailable(_)));
        for too_much in [
            "Code: 158. DB::Exception: Limit for rows to read exceeded",
            "Code: 307. DB::Exception: Limit for bytes to read exceeded",
            "Code: 396. DB::Exception: Limit for result exceeded",
            "Code: 241. DB::Exception: Query memory limit exceeded: would use 1.00 GiB",
        ] {
            assert!(matches!(of(too_much), RunError::TooMuch(_)) && !of(too_much).is_outage(), "{too_much}");
        }
        assert!(matches!(of("Code: 497. DB::Exception: Not enough privileges"), RunError::Refused(_)));
        assert!(matches!(classified(Error::TimedOut), RunError::Unavailable(_)));
    }

    #[test]
    fn a_search_is_text_whatever_it_holds() {
        assert_eq!(texts(&["\\N'".to_owned(), "{x:String}".to_owned()]), "['\\\\N\\'','{x:String}']");
    }

    #[test]
    fn a_share_of_nothing_or_less_is_unknown() {
        assert_eq!(share(Some("25"), Some("100")), Some("0.25".to_owned()));
        assert_eq!(share(Some("0"), Some("0")), None);
        assert_eq!(share(Some("-300"), Some("-100")), None);
    }
}
