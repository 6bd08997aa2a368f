//! What a viewer chose: query string to `Filter`, or a sentence per field; and back to a URL. No query runs for a
//! filter that does not fit.

pub mod asked;
pub mod choice;
pub mod day;
pub mod declared;
mod follow;
pub mod kind;
pub mod period;
pub mod search;
mod wrong;

use chrono::NaiveDate;
use uuid::Uuid;

use self::asked::Asked;
pub use self::kind::Value;
pub use self::wrong::{Refused, Wrong};
use super::definition::{Definition, Sort};
use super::period::{Compare, Period};
use super::scope::DealerScope;
use super::write;
use crate::ids::DealerId;

pub const ROWS_PER_PAGE: u32 = 50;
const LAST_PAGE: u32 = 100_000;
const LONGEST_QUERY: usize = 8 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// One per filter of the definition.
    pub values: Vec<Value>,
    /// One of the viewer's dealers; none: all of them together.
    pub dealer: Option<DealerId>,
    pub compare: Compare,
    pub sort: Sort,
    /// From 1.
    pub page: u32,
    /// The page stood in the address: its rows are what the viewer went for.
    pub is_paged: bool,
    /// Also the rows of the days compared only.
    pub with_former: bool,
}

impl Filter {
    /// What a report shows at first.
    pub fn default_of(report: &Definition, today: NaiveDate) -> Self {
        let values = report.filters.iter().map(|filter| filter.kind.initial(today)).collect();
        let (compare, sort) = (report.compare, report.sort);
        Self { values, dealer: None, compare, sort, page: 1, is_paged: false, with_former: false }
    }

    /// Reads decoded pairs. Words that no filter knows are left alone; an empty value is as none. So is a column or a page
    /// that is none: the rows are the same, in the report's own order, from the first on.
    pub fn read(
        report: &Definition,
        scope: &DealerScope,
        today: NaiveDate,
        pairs: &[(String, String)],
    ) -> Result<Self, Refused> {
        let (mut filter, asked) = (Self::default_of(report, today), Asked(pairs));
        let mut errors = malformed(report, &asked);
        for (spec, value) in report.filters.iter().zip(&mut filter.values) {
            match spec.kind.asked(&spec.name, &asked, today) {
                Ok(read) => *value = read,
                Err(error) => errors.push(error),
            }
        }
        if let Some(text) = asked.get("dealer") {
            // One answer for a foreign dealer and for one that is nowhere.
            match hyphenated(text).map(DealerId).filter(|dealer| scope.narrowed_to(*dealer).is_some()) {
                Some(dealer) => filter.dealer = Some(dealer),
                None => errors.push(("dealer".to_owned(), Wrong::NotInList)),
            }
        }
        filter.look(report, &asked);
        if asked.get("format").is_some_and(|format| write::format(format).is_none()) {
            errors.push(("format".to_owned(), Wrong::NoSuchFormat));
        }
        // One sentence per field: the first.
        let mut seen: Vec<String> = Vec::new();
        errors.retain(|(field, _)| {
            let is_first = !seen.contains(field);
            seen.push(field.clone());
            is_first
        });
        if errors.is_empty() { Ok(filter) } else { Err(Refused { errors, asked: pairs.to_vec() }) }
    }

    /// Order, page, and whether former rows are listed.
    fn look(&mut self, report: &Definition, asked: &Asked<'_>) {
        if let Some(text) = asked.get("sort") {
            let (descending, name) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
            if let Some(column) = report.columns.iter().position(|column| column.name == name) {
                self.sort = Sort { column, descending };
            }
        }
        if let Some(text) = asked.get("page") {
            let page = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
            self.page = page.filter(|page| (1..=LAST_PAGE).contains(page)).unwrap_or(1);
            self.is_paged = true;
        }
        self.with_former = report.is_compared() && asked.get("former") == Some("1");
    }

    pub fn period(&self) -> Option<&Period> {
        self.values.iter().find_map(Value::period)
    }

    /// The address of this filter, without what a report shows anyway.
    pub fn url(&self, report: &Definition) -> String {
        let query = self.query(report);
        if query.is_empty() { report.path() } else { format!("{}?{query}", report.path()) }
    }

    /// What stands behind the question mark of that address; empty where nothing does.
    pub fn query(&self, report: &Definition) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (spec, value) in report.filters.iter().zip(&self.values) {
            spec.kind.write(&spec.name, value, &mut query);
        }
        if let Some(dealer) = self.dealer {
            query.append_pair("dealer", &dealer.to_string());
        }
        if self.with_former {
            query.append_pair("former", "1");
        }
        if self.sort != report.sort {
            query.append_pair("sort", &self.sort_word(report));
        }
        if self.is_paged || self.page > 1 {
            query.append_pair("page", &self.page.to_string());
        }
        query.finish()
    }

    /// The address of the file with all its rows.
    pub fn file_url(&self, report: &Definition, format: &str) -> String {
        let url = self.first_page().url(report);
        let mark = if url.contains('?') { '&' } else { '?' };
        format!("{url}{mark}format={format}")
    }

    /// `-revenue`: as it stands in the address.
    pub fn sort_word(&self, report: &Definition) -> String {
        let sign = if self.sort.descending { "-" } else { "" };
        format!("{sign}{}", report.columns[self.sort.column].name)
    }

    pub fn first_page(&self) -> Self {
        Self { page: 1, is_paged: false, ..self.clone() }
    }

    pub fn on_page(&self, page: u32) -> Self {
        Self { page, is_paged: true, ..self.clone() }
    }

    pub fn sorted_by(&self, sort: Sort) -> Self {
        Self { sort, ..self.first_page() }
    }

    pub fn with_former(&self, with_former: bool) -> Self {
        Self { with_former, ..self.first_page() }
    }

    pub fn compared_with(&self, compare: Compare) -> Self {
        Self { compare, ..self.first_page() }
    }

    pub fn in_period(&self, period: Period) -> Self {
        let mut other = self.first_page();
        for value in &mut other.values {
            if let Value::Period(old) = value {
                *old = period;
            }
        }
        other
    }

    /// Without its choices and its search: the widening link of an empty report.
    pub fn widened(&self, report: &Definition) -> Self {
        let mut other = self.first_page();
        other.dealer = None;
        for (spec, value) in report.filters.iter().zip(&mut other.values) {
            *value = spec.kind.widened(value);
        }
        other
    }

    pub fn is_narrowed(&self, report: &Definition) -> bool {
        *self != self.widened(report)
    }
}

/// What stands twice or is too long, whatever it is.
fn malformed(report: &Definition, asked: &Asked<'_>) -> Vec<(String, Wrong)> {
    let is_known = |name: &str| {
        ["sort", "page", "dealer", "format", "former"].contains(&name)
            || report.filters.iter().any(|filter| filter.name == name || filter.kind.fields().contains(&name))
    };
    let mut errors: Vec<_> = asked.doubled(is_known).map(|name| (name.to_owned(), Wrong::Doubled)).collect();
    if asked.bytes() > LONGEST_QUERY {
        errors.push(("search".to_owned(), Wrong::TooLong));
    }
    errors
}

/// The one form that we write: no braces, no `urn:`, no bare digits.
fn hyphenated(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
