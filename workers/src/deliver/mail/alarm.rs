//! What a threshold says to a recipient, by his own rows.

use shared::deliveries::{Direction, Over, Threshold};
use shared::files::File;
use shared::report::table::Line;
use shared::words::{Text, format};

use super::body::{self, Figures};
use super::said::Said;
use super::unsent::Unsent;

/// Rows that a letter names, of those past it.
const NAMED: usize = 10;

/// None: it is no news. `is_alarmed`: what the recipient was told last.
pub async fn said(threshold: &Threshold, is_alarmed: bool, mut file: File, text: Text) -> Result<Option<Said>, Unsent> {
    let report = file.contents.report.clone();
    let column = threshold.column(&report).ok_or_else(|| Unsent::gone("the column"))?;
    let totals = file.contents.totals.clone();
    let past = match threshold.over {
        Over::Row => past(threshold, column, &mut file).await?,
        Over::Total => Vec::new(),
    };
    let is_met = match threshold.over {
        Over::Row => !past.is_empty(),
        Over::Total => threshold.is_met_by_total(&report, &totals, column),
    };
    if is_met == is_alarmed {
        return Ok(None);
    }
    let language = text.language();
    let named = past.iter().filter_map(|row| {
        let value = body::figure(text, (&report, &totals), row, column)?;
        let name = format::value(language, report.columns[0].kind, &row.shown(&report, &totals, 0));
        Some((name, value))
    });
    let named: Figures = named.collect();
    let head = report.columns[column].title.get(language);
    let tables = if named.is_empty() { body::totals(text, &file.contents) } else { vec![(head.to_owned(), named)] };
    let words = match (is_met, threshold.direction) {
        (true, Direction::Above) => "mail-above",
        (true, Direction::Below) => "mail-below",
        (false, Direction::Above) => "mail-not-above",
        (false, Direction::Below) => "mail-not-below",
    };
    let value = format::number(language, &threshold.value, 4);
    let lead = text.with(words, &[("column", head.into()), ("value", value.into())]);
    Ok(Some(Said { lead: Some(lead), tables, is_alarmed: is_met, ..Said::default() }))
}

/// Rows past it, as many as a letter names: the others are not read.
async fn past(threshold: &Threshold, column: usize, file: &mut File) -> Result<Vec<Line>, Unsent> {
    let (report, totals) = (file.contents.report.clone(), file.contents.totals.clone());
    let mut past: Vec<Line> = Vec::new();
    while past.len() < NAMED
        && let Some(rows) = file.rows().await?
    {
        past.extend(rows.into_iter().filter(|row| threshold.is_met(&row.shown(&report, &totals, column))));
    }
    past.truncate(NAMED);
    Ok(past)
}
