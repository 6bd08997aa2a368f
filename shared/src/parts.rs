//! A report some rows at a time, with all that a file says of them: for programs that ask for one part after another.

use std::sync::Arc;

use crate::files::Told;
use crate::language::Language;
use crate::report::definition::Definition;
use crate::report::filter::Filter;
use crate::report::run::part::Mark;
use crate::report::run::{Arrived, Engine, Freshness, RunError};
use crate::report::scope::DealerScope;
use crate::report::table::Line;
use crate::report::write::Contents;
use crate::words::{Text, facts};

/// Some rows that are asked for.
pub struct Wanted<'a> {
    pub report: &'a Arc<Definition>,
    pub scope: &'a DealerScope,
    pub filter: &'a Filter,
    pub language: Language,
    /// Behind this row; none: from the first on.
    pub mark: Option<&'a Mark>,
    pub limit: u32,
}

/// Some rows, with what is said of all.
pub struct Part {
    pub contents: Contents,
    pub rows: Vec<Line>,
    /// Behind which the next part begins; none: there are no more rows.
    pub next: Option<Mark>,
}

/// Asks for them, and says that they are as old as `freshness`: both are those of the report's datasets.
pub async fn open(
    engine: &Engine,
    wanted: Wanted<'_>,
    (freshness, arrived): (Freshness, Arrived),
) -> Result<Part, RunError> {
    let Wanted { report, scope, filter, language, mark, limit } = wanted;
    let (options, dealers, part) = tokio::try_join!(
        engine.options(report, scope),
        engine.dealers(scope),
        engine.part(report, (scope, filter), (mark, limit), arrived)
    )?;
    let whose = facts::whose(Text::of(language), filter, &dealers);
    let told =
        Told { report, filter, language, options: &options, whose: &whose, freshness, timezone: engine.timezone() };
    Ok(Part { contents: told.contents(&part.totals, part.count), rows: part.rows, next: part.next })
}
