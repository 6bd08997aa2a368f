//! The lines of an answer: totals and rows, and how many rows there are.

use crate::report::definition::Definition;
use crate::report::filter::Filter;
use crate::report::table::{Line, Reader};
use crate::report::tsv::Misread;

pub fn read(report: &Definition, answer: &str) -> Result<Vec<Line>, Misread> {
    let mut texts = answer.lines();
    let reader = Reader::new(report, texts.next().unwrap_or_default())?;
    texts.map(|text| reader.line(text)).collect()
}

/// Totals, that with most rows first, and rows.
pub fn parted(lines: Vec<Line>) -> (Vec<Line>, Vec<Line>) {
    let (mut totals, rows): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.is_total);
    totals.sort_by_key(|total| std::cmp::Reverse(total.counts.now));
    (totals, rows)
}

/// How many rows there are to list.
pub fn listed(lines: &[Line], filter: &Filter) -> u64 {
    let totals = lines.iter().filter(|line| line.is_total);
    totals.map(|total| total.counts.now + if filter.with_former { total.counts.former } else { 0 }).sum()
}
