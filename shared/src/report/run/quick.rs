//! The short way to a page and its chart, where a report has one and what is chosen allows it.

use std::sync::Arc;

use super::lines::listed;
use super::{Engine, Page, narrowed};
use crate::report::answers::Question;
use crate::report::definition::{Definition, Quick};
use crate::report::error::RunError;
use crate::report::filter::{Filter, ROWS_PER_PAGE};
use crate::report::freshness::Arrived;
use crate::report::scope::DealerScope;
use crate::report::whole::{self, Names, Whole};
use crate::report::{ask, bind};

impl Engine {
    /// None: the long way.
    pub(super) async fn quick_page(
        &self,
        report: &Definition,
        scope: &DealerScope,
        filter: &Filter,
        arrived: &Arrived,
    ) -> Result<Option<Page>, RunError> {
        let Some(whole) = self.whole(report, scope, filter, arrived).await? else { return Ok(None) };
        let page = ROWS_PER_PAGE as usize;
        let place = ((filter.page as usize - 1) * page, page);
        let Some(rows) = whole.page(report, filter.sort, filter.with_former, place) else { return Ok(None) };
        let totals = whole.totals.clone();
        let count = listed(&totals, filter);
        Ok(Some(Page { rows, totals, count }))
    }

    /// All rows, if nothing is chosen but days and dealers, and they are not too many.
    pub(super) async fn whole(
        &self,
        report: &Definition,
        scope: &DealerScope,
        filter: &Filter,
        arrived: &Arrived,
    ) -> Result<Option<Arc<Whole>>, RunError> {
        let Some(quick) = report.quick.as_ref().filter(|_| chooses_nothing(report, filter)) else { return Ok(None) };
        let scope = &narrowed(scope, filter);
        // Who is listed is no question to ClickHouse here.
        let bound = bind::filter(report, filter).into_iter().filter(|(name, _)| name != "with_former");
        let sql = format!("SELECT * FROM (\n{}\n) LIMIT {}", quick.figures_sql, whole::MOST_ROWS + 1);
        let question = Question::of(scope, sql).with(bound);
        let query = question.query(&self.0.client);
        let read = async {
            let (answer, (names, currencies)) =
                tokio::try_join!(ask::bytes(query, whole::FORMAT), self.names(report, quick, scope))?;
            let currencies = whole::currencies(report, &currencies)?;
            Ok(Whole::read(report, quick, &answer, names, &currencies)?.map(Arc::new))
        };
        Ok((*self.0.wholes.found(question, arrived.clone(), read).await?).clone())
    }

    /// What keys and currencies are called: kept for as long as none of them changes.
    async fn names(
        &self,
        report: &Definition,
        quick: &Quick,
        scope: &DealerScope,
    ) -> Result<(Arc<Names>, Arc<String>), RunError> {
        let (_, arrived) = self.0.ages.of(&quick.names_of).await?;
        let currencies = self.text(Question::of(scope, &quick.currencies_sql), arrived.clone());
        let question = Question::of(scope, &quick.names_sql);
        let query = question.query(&self.0.client);
        let read = async { Ok(Names::read(report, &ask::text(query).await?)?) };
        tokio::try_join!(self.0.names.found(question, arrived, read), currencies)
    }
}

fn chooses_nothing(report: &Definition, filter: &Filter) -> bool {
    report.filters.iter().zip(&filter.values).all(|(spec, value)| spec.kind.widened(value) == *value)
}
