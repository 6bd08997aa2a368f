//! Rows some at a time, each part behind a mark: for programs, which must get every row once while data change.

use serde::{Deserialize, Serialize};

use super::lines::{listed, parted, read};
use super::{Engine, asked};
use crate::report::definition::Definition;
use crate::report::error::RunError;
use crate::report::filter::Filter;
use crate::report::freshness::{Arrived, Freshness};
use crate::report::literal;
use crate::report::scope::DealerScope;
use crate::report::sql::{keyset, names};
use crate::report::table::Line;
use crate::report::tsv::{self, Misread};

/// The place of a row in the order of a filter. It stays a place when the row changes or goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// What the rows are put in order by, in ClickHouse's words; none: unknown.
    value: Option<String>,
    keys: Vec<String>,
    /// Key and code; both empty where there is no money.
    currency: (String, String),
}

/// Some rows, and what is said over all of them.
#[derive(Debug, Clone)]
pub struct Part {
    pub rows: Vec<Line>,
    /// Of all rows, not only of these: one per currency, that with most rows first.
    pub totals: Vec<Line>,
    /// Rows that all parts have together.
    pub count: u64,
    /// Behind which the next part begins; none: there are no more rows.
    pub next: Option<Mark>,
}

impl Mark {
    /// Could it be one of this report's? One of a former release may not be.
    pub fn fits(&self, report: &Definition) -> bool {
        self.keys.len() == report.key.len()
    }

    fn bound(&self) -> Vec<(String, String)> {
        let value = self.value.as_deref().map_or_else(|| "\\N".to_owned(), literal::text);
        let keys = self.keys.iter().enumerate().map(|(part, key)| (keyset::key(part), literal::text(key)));
        let (key, code) = &self.currency;
        let currency = [(keyset::CURRENCY_KEY, key), (keyset::CURRENCY_CODE, code)];
        let currency = currency.map(|(name, word)| (name.to_owned(), literal::text(word)));
        keys.chain([(keyset::VALUE.to_owned(), value)]).chain(currency).collect()
    }
}

impl Engine {
    /// How old these datasets are, and what of them has arrived.
    pub async fn arrived(&self, datasets: &[String]) -> Result<(Freshness, Arrived), RunError> {
        self.0.ages.of(datasets).await
    }

    /// So many rows behind the mark, or the first ones. `arrived` is of the report's datasets: an answer is kept until
    /// other rows of them arrive.
    pub async fn part(
        &self,
        report: &Definition,
        (scope, filter): (&DealerScope, &Filter),
        (mark, limit): (Option<&Mark>, u32),
        arrived: Arrived,
    ) -> Result<Part, RunError> {
        // One more says whether there is a next part.
        let limits = [("rows_limit".to_owned(), limit.saturating_add(1).to_string())];
        let question = asked(keyset::page(report, filter.sort, mark.is_some()), report, scope, filter)
            .with(limits)
            .with(mark.map(Mark::bound).unwrap_or_default());
        let answer = self.text(question, arrived).await?;
        let lines = read(report, &answer)?;
        let count = listed(&lines, filter);
        let (totals, mut rows) = parted(lines);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let next = match rows.get(limit.saturating_sub(1)) {
            Some(last) if rows.len() > limit => Some(marked(&answer, totals.len() + limit, last)?),
            _ => None,
        };
        rows.truncate(limit);
        Ok(Part { rows, totals, count, next })
    }
}

/// The mark of a row: the line of the answer at this place, the names being the first.
fn marked(answer: &str, place: usize, row: &Line) -> Result<Mark, Misread> {
    let mut lines = answer.lines();
    let column = lines.next().and_then(|names| names.split('\t').position(|name| name == names::SORT_WORD));
    let cells = lines.nth(place.saturating_sub(1)).map(tsv::cells);
    let value = column.zip(cells).and_then(|(column, mut cells)| cells.nth(column));
    let value = value.ok_or_else(|| Misread("a row without its place".to_owned()))?;
    Ok(Mark {
        value: value.map(std::borrow::Cow::into_owned),
        keys: row.keys().map(str::to_owned).collect(),
        currency: (row.currency.key.clone(), row.currency.code.clone()),
    })
}
