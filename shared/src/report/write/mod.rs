//! Files of a report: the same rows, in other forms. A format is a file here and a line in `FORMATS`.

mod csv;
pub mod json;
mod parquet;
mod pdf;
mod sink;
mod writer;
mod xlsx;

pub use self::writer::{Contents, Fact, Format, Open, Writer};

/// Every format, in the order in which a page offers them.
pub const FORMATS: &[&Format] =
    &[&xlsx::FORMAT, &pdf::FORMAT, &csv::FORMAT, &csv::DATA, &parquet::FORMAT, &json::FORMAT];

/// Those that any program can write while somebody waits.
pub fn streamed() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().copied().filter(|format| format.open.is_some())
}

/// The format that an address asks for.
pub fn format(code: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.code == code)
}

#[cfg(test)]
pub mod tests {
    use super::{Contents, Fact};
    use crate::language::Language;
    use crate::report::catalogue::Catalogue;
    use crate::report::freshness::Freshness;
    use crate::report::table::tests::line;

    /// What a file of Sales says: these facts, and one total.
    pub fn sales(language: Language, facts: &[(&str, &str)], total: &[(&str, &str)]) -> Contents {
        let catalogue = Catalogue::read(&crate::dataset::Catalogue::compiled_in().unwrap(), None).unwrap();
        let report = catalogue.get("sales").unwrap().clone();
        let fact = |(name, value): &(&str, &str)| Fact {
            key: "key".to_owned(),
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        };
        let totals = vec![line(&report, &[total, &[("is_total", "1")]].concat())];
        Contents {
            report,
            language,
            facts: facts.iter().map(fact).collect(),
            freshness: Freshness { as_of: None, interval_s: 60 },
            count: 1,
            scales: Vec::new(),
            totals,
            total_labels: vec!["Итого".to_owned()],
            currency_title: "Валюта".to_owned(),
            facts_title: "О файле".to_owned(),
        }
    }
}
