//! What a report says of itself: what was chosen, whose rows they are, what its totals are of, what is wrong with a
//! question.

use crate::ids::DealerId;
use crate::report::definition::Definition;
use crate::report::filter::kind::{Kind, Value};
use crate::report::filter::{Filter, Wrong};
use crate::report::period::{self, Compare, Period};
use crate::report::run::Choice;
use crate::report::table::Line;

use super::format;
use super::text::Text;

pub fn dealer_name(text: Text, name: &str) -> &str {
    if name.is_empty() { text.get("unknown-dealer") } else { name }
}

/// The names of those whose rows are shown.
pub fn whose<'a>(text: Text, filter: &Filter, dealers: &'a [(DealerId, String)]) -> Vec<&'a str> {
    let shown = dealers.iter().filter(|(dealer, _)| filter.dealer.is_none_or(|chosen| chosen == *dealer));
    shown.map(|(_, name)| dealer_name(text, name)).collect()
}

pub fn period_name(text: Text, choice: period::Choice) -> &'static str {
    match choice {
        period::Choice::Month => text.get("period-month"),
        period::Choice::Quarter => text.get("period-quarter"),
        period::Choice::Year => text.get("period-year"),
        period::Choice::Own => text.get("period-own"),
    }
}

/// `01.12.2025 – 23.11.2026`
pub fn days(text: Text, period: &Period) -> String {
    let date = |day| format::date(text.language(), day);
    format!("{} – {}", date(period.first), date(period.last))
}

/// What is chosen in one filter.
pub struct Chosen<'a> {
    /// The filter's own name.
    pub key: &'a str,
    pub title: &'a str,
    pub words: String,
}

/// What is chosen, filter by filter: the line of a phone, of print and of files.
pub fn chosen<'a>(
    text: Text,
    report: &'a Definition,
    filter: &Filter,
    (options, dealers): (&[Vec<Choice>], &[(DealerId, String)]),
) -> Vec<Chosen<'a>> {
    let mut parts = Vec::new();
    for (index, (spec, value)) in report.filters.iter().zip(&filter.values).enumerate() {
        let part = match (value, &spec.kind) {
            (Value::Period(period), _) => days(text, period),
            (Value::Day(day), _) => format::date(text.language(), day.day),
            (Value::Choice(None), Kind::Choice(choice)) => choice.all.get(text.language()).to_owned(),
            (Value::Choice(Some(chosen)), _) => {
                let options = options.get(index).map(Vec::as_slice).unwrap_or_default();
                let label = options.iter().find(|option| option.value == *chosen);
                label.map_or_else(|| text.get("not-in-list").to_owned(), |option| option.label.clone())
            }
            (Value::Search(words), _) if !words.is_empty() => format!("«{words}»"),
            _ => continue,
        };
        parts.push(Chosen { key: &spec.name, title: spec.title.get(text.language()), words: part });
    }
    if let Some(dealer) = filter.dealer
        && let Some((_, name)) = dealers.iter().find(|(known, _)| *known == dealer)
    {
        let words = dealer_name(text, name).to_owned();
        parts.push(Chosen { key: "dealer", title: text.get("dealer"), words });
    }
    parts
}

/// «Итого по 2 товарам», with the currency where there are several, or where it is unknown.
pub fn total_label(text: Text, report: &Definition, totals: &[Line], total: &Line) -> String {
    let (language, count) = (text.language(), total.counts.now);
    let number = format::count(language, count).into();
    let label = text.with("total-over", &[("number", number), ("noun", report.words.noun(language, count).into())]);
    match total.currency.sign() {
        _ if report.currency.is_none() => label,
        "" => format::headed(&label, text.get("unknown-currency")),
        sign if totals.len() > 1 => format::headed(&label, sign),
        _ => label,
    }
}

/// What a change is a change against.
pub fn against(text: Text, compare: Compare) -> &'static str {
    match compare {
        Compare::Nothing => "",
        Compare::LastYear => text.get("against-last-year"),
        Compare::PreviousPeriod => text.get("against-previous-period"),
    }
}

/// What the days compared are called, beside the period's own.
pub fn before(text: Text, compare: Compare) -> &'static str {
    match compare {
        Compare::PreviousPeriod => text.get("previous-period"),
        Compare::Nothing | Compare::LastYear => text.get("year-before"),
    }
}

/// What is wrong, and what to do.
pub fn sentence(text: Text, wrong: Wrong) -> &'static str {
    match wrong {
        Wrong::Doubled => text.get("wrong-doubled"),
        Wrong::NoSuchPeriod => text.get("wrong-period"),
        Wrong::NoDate => text.get("wrong-date"),
        Wrong::Reversed => text.get("wrong-reversed"),
        Wrong::TooManyDays => text.get("wrong-long-period"),
        Wrong::NotInList => text.get("wrong-choice"),
        Wrong::TooLong => text.get("wrong-long"),
        Wrong::NoSuchFormat => text.get("wrong-format"),
    }
}
