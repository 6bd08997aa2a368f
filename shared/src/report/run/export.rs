//! Questions of a job: they may take minutes, and each has a name by which ClickHouse can be told to end it.

use std::time::Duration;

use super::{Engine, RowStream, asked};
use crate::report::ask;
use crate::report::definition::Definition;
use crate::report::error::RunError;
use crate::report::filter::Filter;
use crate::report::scope::DealerScope;
use crate::report::sql::wrap;
use crate::report::table::Line;
use crate::report::tsv::{self, Misread};

/// Longer than ClickHouse's own limit for exports (600 s).
const PATIENCE: Duration = Duration::from_secs(630);

impl Engine {
    /// How many rows `stream_long` will bring. No two questions may have the same `query_id` at once.
    pub async fn count_long(
        &self,
        report: &Definition,
        scope: &DealerScope,
        filter: &Filter,
        query_id: &str,
    ) -> Result<u64, RunError> {
        let query = asked(wrap::count(report), report, scope, filter).query(&self.0.client);
        let answer = ask::within(PATIENCE, query.with_setting("query_id", query_id), tsv::FORMAT).await?;
        let text = std::str::from_utf8(&answer).map_err(|_| Misread("no UTF-8 text".to_owned()))?;
        let rows = tsv::rows(text, ["rows"])?;
        let count = rows.first().and_then(|[count]| count.as_deref()?.parse().ok());
        Ok(count.ok_or_else(|| Misread(format!("{text:?} where a count was expected")))?)
    }

    /// The same as `stream`, for longer.
    pub async fn stream_long(
        &self,
        report: &Definition,
        scope: &DealerScope,
        filter: &Filter,
        query_id: &str,
    ) -> Result<(Vec<Line>, RowStream), RunError> {
        let query = asked(wrap::all(report, filter.sort), report, scope, filter).query(&self.0.client);
        RowStream::open(report, filter, query.with_setting("query_id", query_id), PATIENCE).await
    }
}
