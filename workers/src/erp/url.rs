//! Addresses: Cyrillic and spaces percent-encoded as UTF-8 (`%20`, never `+`), within the smallest budget that web
//! servers in front of 1C are known to have.

use chrono::NaiveDateTime;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

/// Bytes of query that IIS lets through by default.
pub const QUERY_BUDGET: usize = 2048;

/// Of them, what `$select` may take: a filter by two dates or some keys, an order and a page stand beside it.
pub const SELECT_BUDGET: usize = 1600;

const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b',')
    .remove(b'/')
    .remove(b'\'')
    .remove(b':');

/// A request under the OData root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    entity: String,
    options: Vec<(&'static str, String)>,
}

impl Question {
    pub fn of(entity: &str) -> Self {
        Self { entity: entity.to_owned(), options: vec![("$format", "json".to_owned())] }
    }

    pub fn with(mut self, option: &'static str, value: impl Into<String>) -> Self {
        self.options.push((option, value.into()));
        self
    }

    pub fn entity(&self) -> &str {
        &self.entity
    }

    pub fn url(&self, root: &str) -> String {
        format!("{root}/{}?{}", encode(&self.entity), self.query())
    }

    /// Bytes of the encoded query.
    pub fn query_length(&self) -> usize {
        self.query().len()
    }

    fn query(&self) -> String {
        let option = |(name, value): &(&str, String)| format!("{name}={}", encode(value));
        self.options.iter().map(option).collect::<Vec<_>>().join("&")
    }
}

pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// `datetime'2024-03-05T11:42:10'`.
pub fn datetime(moment: NaiveDateTime) -> String {
    format!("datetime'{}'", moment.format("%Y-%m-%dT%H:%M:%S"))
}

/// `Ref_Key eq guid'…' or …` for as many keys as the budget takes; returns how many it took (at least one).
pub fn any_of(name: &str, keys: &[Uuid], budget: usize) -> (String, usize) {
    let one = |key: &Uuid| format!("{name} eq guid'{key}'");
    let each = encode(&format!("{} or ", one(&Uuid::nil()))).len();
    let count = (budget / each).clamp(1, keys.len().max(1));
    (keys.iter().take(count).map(one).collect::<Vec<_>>().join(" or "), count.min(keys.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_cyrillic_are_percent_encoded_and_plus_is_never_sent() {
        let question = Question::of("Document_Я").with("$filter", "Date ge datetime'2024-03-05T00:00:00' and A+B eq 1");
        let url = question.url("http://onec/base");
        assert!(
            url.starts_with("http://onec/base/Document_%D0%AF?$format=json&$filter=Date%20ge%20datetime'2024"),
            "{url}"
        );
        assert!(!url.contains('+') && !url.contains(' '));
    }

    #[test]
    fn a_list_of_keys_stays_within_the_budget_of_the_address() {
        let keys: Vec<Uuid> = (0..500).map(Uuid::from_u128).collect();
        let (filter, count) = any_of("Ref_Key", &keys, 1500);
        assert!((10..30).contains(&count), "{count}");
        assert!(encode(&filter).len() <= 1500);
        assert_eq!(any_of("Ref_Key", &keys, 1).1, 1, "at least one key is asked for");
    }
}
