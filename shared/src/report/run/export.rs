//! How many rows a job will write. The question may take minutes, and has a name by which ClickHouse can be told to end it.

use super::{Engine, asked};
use crate::report::ask;
use crate::report::definition::Definition;
use crate::report::error::RunError;
use crate::report::filter::Filter;
use crate::report::scope::DealerScope;
use crate::report::sql::wrap;
use crate::report::tsv::{self, Misread};

impl Engine {
    /// How many rows `stream` will bring. No two questions may have the same `query_id` at once.
    pub async fn count_long(
        &self,
        report: &Definition,
        scope: &DealerScope,
        filter: &Filter,
        query_id: &str,
    ) -> Result<u64, RunError> {
        let query = asked(wrap::count(report), report, scope, filter).query(&self.0.client);
        let answer = ask::within(ask::DEADLINE_OF_JOB, query.with_setting("query_id", query_id), tsv::FORMAT).await?;
        let text = std::str::from_utf8(&answer).map_err(|_| Misread("no UTF-8 text".to_owned()))?;
        let rows = tsv::rows(text, ["rows"])?;
        let count = rows.first().and_then(|[count]| count.as_deref()?.parse().ok());
        Ok(count.ok_or_else(|| Misread(format!("{text:?} where a count was expected")))?)
    }
}
