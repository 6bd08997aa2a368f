//! Rows, totals and chart from ClickHouse. Nothing runs without a `DealerScope`.

mod export;
mod lines;
mod months;
pub mod part;
mod quick;
mod stream;

use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;
use clickhouse::{Client, Compression};

use self::lines::{listed, parted, read};
pub use self::months::{Month, Months};
pub use self::stream::RowStream;
use super::answers::{Answers, Question};
use super::catalogue::Catalogue;
use super::definition::Definition;
pub use super::error::RunError;
use super::filter::{Filter, ROWS_PER_PAGE};
use super::fit;
use super::freshness::Ages;
pub use super::freshness::{Arrived, Freshness};
use super::scope::DealerScope;
use super::sql::wrap;
use super::table::Line;
use super::tsv::{self, Misread};
use super::whole::{Names, Whole};
use super::{ask, bind};
use crate::clock;
use crate::ids::DealerId;

/// One page of a report, and what is said over the whole set.
#[derive(Debug, Clone)]
pub struct Page {
    pub rows: Vec<Line>,
    /// One per currency, that with most rows first; none where there is no row at all.
    pub totals: Vec<Line>,
    /// Rows that all pages list.
    pub count: u64,
}

/// Everything that a report's page shows.
#[derive(Debug, Clone)]
pub struct Rows {
    pub page: Page,
    pub months: Months,
    pub freshness: Freshness,
}

/// One option of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: String,
}

#[derive(Clone)]
pub struct Engine(Arc<Parts>);

const MEBIBYTE: u64 = 1024 * 1024;

struct Parts {
    client: Client,
    catalogue: Catalogue,
    /// The infobase's: its days are the reports' days.
    timezone: Tz,
    ages: Ages,
    texts: Answers<String>,
    names: Answers<Names>,
    /// Nothing, where the long way is to be gone.
    wholes: Answers<Option<Arc<Whole>>>,
}

impl Engine {
    pub fn new(client: Client, catalogue: Catalogue, timezone: Tz) -> Self {
        // Answers are small and near: packing them costs more than it saves.
        let client = client.with_compression(Compression::None);
        Self(Arc::new(Parts {
            ages: Ages::new(client.clone()),
            texts: Answers::bounded(16 * MEBIBYTE),
            names: Answers::bounded(16 * MEBIBYTE),
            wholes: Answers::bounded(32 * MEBIBYTE),
            client,
            catalogue,
            timezone,
        }))
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
    pub async fn check(&self) -> Result<Vec<fit::Misfit>, clickhouse::error::Error> {
        fit::against(&self.0.client, self.0.catalogue.all()).await
    }

    /// One page with totals, chart and age: two queries at once, unless their answers are kept, and at most one more a
    /// second for all viewers. The age is that of what the rows were asked of.
    pub async fn run(&self, report: &Definition, scope: &DealerScope, filter: &Filter) -> Result<Rows, RunError> {
        let (freshness, arrived) = self.0.ages.of(&report.datasets).await?;
        let page = self.page_of(report, scope, filter, arrived.clone());
        let months = self.months_of(report, scope, filter, arrived);
        let (page, months) = tokio::try_join!(page, months)?;
        Ok(Rows { page, months, freshness })
    }

    pub async fn page(&self, report: &Definition, scope: &DealerScope, filter: &Filter) -> Result<Page, RunError> {
        let (_, arrived) = self.0.ages.of(&report.datasets).await?;
        self.page_of(report, scope, filter, arrived).await
    }

    async fn page_of(
        &self,
        report: &Definition,
        scope: &DealerScope,
        filter: &Filter,
        arrived: Arrived,
    ) -> Result<Page, RunError> {
        let offset = u64::from(filter.page - 1) * u64::from(ROWS_PER_PAGE);
        let column = &report.columns[filter.sort.column];
        if !column.kind.is_text()
            && let Some(page) = self.quick_page(report, scope, filter, &arrived).await?
        {
            return Ok(page);
        }
        let limits = [("rows_limit", ROWS_PER_PAGE.to_string()), ("rows_offset", offset.to_string())];
        let question = asked(wrap::page(report, filter.sort), report, scope, filter)
            .with(limits.map(|(name, value)| (name.to_owned(), value)));
        let lines = read(report, &self.text(question, arrived).await?)?;
        let count = listed(&lines, filter);
        let (totals, rows) = parted(lines);
        Ok(Page { rows, totals, count })
    }

    /// The report's chart; nothing where it has none.
    pub async fn months(&self, report: &Definition, scope: &DealerScope, filter: &Filter) -> Result<Months, RunError> {
        let (_, arrived) = self.0.ages.of(&report.datasets).await?;
        self.months_of(report, scope, filter, arrived).await
    }

    async fn months_of(
        &self,
        report: &Definition,
        scope: &DealerScope,
        filter: &Filter,
        arrived: Arrived,
    ) -> Result<Months, RunError> {
        let (Some(chart), Some(period)) = (&report.chart, filter.period()) else { return Ok(Months::default()) };
        let shift = period.months_since(filter.compare);
        if let Some(whole) = self.whole(report, scope, filter, &arrived).await? {
            return Ok(months::of(&whole.months, shift));
        }
        let question = asked(wrap::sides(report, &chart.sql), report, scope, filter);
        let answer = self.text(question, arrived).await?;
        Ok(months::read(report, chart, shift, &answer)?)
    }

    /// The totals of all rows, and the rows in the filter's order as ClickHouse sends them: one question, so that the
    /// totals are always those of the rows. That of a job has the name that is given, and may take minutes.
    pub async fn stream(
        &self,
        report: &Definition,
        scope: &DealerScope,
        filter: &Filter,
        job: Option<&str>,
    ) -> Result<(Vec<Line>, RowStream), RunError> {
        let query = asked(wrap::all(report, filter.sort), report, scope, filter).query(&self.0.client);
        match job {
            Some(query_id) => {
                RowStream::open(report, filter, query.with_setting("query_id", query_id), ask::DEADLINE_OF_JOB).await
            }
            None => RowStream::open(report, filter, query, ask::DEADLINE).await,
        }
    }

    /// The options of each filter of a report, in its order; empty for filters that offer none.
    pub async fn options(&self, report: &Definition, scope: &DealerScope) -> Result<Vec<Vec<Choice>>, RunError> {
        let each = report.filters.iter().map(async |filter| match filter.kind.options_sql() {
            Some(sql) => self.choices(sql, scope, filter.kind.options_of().unwrap_or(&report.datasets)).await,
            None => Ok(Vec::new()),
        });
        futures_util::future::try_join_all(each).await
    }

    async fn choices(&self, sql: &str, scope: &DealerScope, datasets: &[String]) -> Result<Vec<Choice>, RunError> {
        let (_, arrived) = self.0.ages.of(datasets).await?;
        let answer = self.text(Question::of(scope, sql), arrived).await?;
        let choice = |[value, label]: [Option<std::borrow::Cow<'_, str>>; 2]| {
            let value = value.ok_or_else(|| Misread("an option without a value".to_owned()))?;
            Ok(Choice { value: value.into_owned(), label: label.unwrap_or_default().into_owned() })
        };
        Ok(tsv::rows(&answer, ["value", "label"])?.into_iter().map(choice).collect::<Result<_, Misread>>()?)
    }

    /// The answer in ClickHouse's words, kept or asked for.
    async fn text(&self, question: Question, arrived: Arrived) -> Result<Arc<String>, RunError> {
        let query = question.query(&self.0.client);
        self.0.texts.found(question, arrived, ask::text(query)).await
    }

    /// The names of the scope's dealers, by name. A dealer not yet known has an empty name.
    pub async fn dealers(&self, scope: &DealerScope) -> Result<Vec<(DealerId, String)>, RunError> {
        const SQL: &str = "SELECT dealer_id AS value, dealer_name AS label FROM report.dealer(dealers = {dealers:Array(UUID)}) \
                           ORDER BY label COLLATE 'ru', value";
        let mut named = Vec::new();
        for Choice { value, label } in self.choices(SQL, scope, &["dealers".to_owned()]).await? {
            let dealer = value.parse().map_err(|_| Misread(format!("{value:?} where a dealer was expected")))?;
            named.push((DealerId(dealer), label));
        }
        for dealer in scope.dealers() {
            if !named.iter().any(|(known, _)| known == dealer) {
                named.push((*dealer, String::new()));
            }
        }
        Ok(named)
    }

    /// The names of these dealers, for those who say who may see which: no row of theirs.
    pub async fn names_of(&self, dealers: &[DealerId]) -> Result<Vec<(DealerId, String)>, RunError> {
        self.dealers(&DealerScope::granted(dealers.iter().copied())).await
    }

    /// The age of the oldest of these datasets; none as long as one of them has not arrived.
    pub async fn freshness(&self, datasets: &[String]) -> Result<Freshness, RunError> {
        Ok(self.0.ages.of(datasets).await?.0)
    }
}

/// What a viewer chose, asked of the rows of this scope that the filter leaves.
fn asked(sql: String, report: &Definition, scope: &DealerScope, filter: &Filter) -> Question {
    Question::of(&narrowed(scope, filter), sql).with(bind::filter(report, filter))
}

fn narrowed(scope: &DealerScope, filter: &Filter) -> DealerScope {
    match filter.dealer {
        // Not of this scope: nobody's rows, whatever `Filter::read` let through.
        Some(dealer) => scope.narrowed_to(dealer).unwrap_or_else(|| DealerScope::granted([])),
        None => scope.clone(),
    }
}
