//! What a report calls its rows and its facts.

use intl_pluralrules::{PluralCategory, PluralRuleType, PluralRules};
use unic_langid::langid;

use crate::language::Language;
use crate::localised::Localised;
use crate::report::written::raw::Noun;

#[derive(Debug, Clone)]
pub struct Words {
    noun: Noun,
    /// What there is none of in an empty report, in the genitive: «продаж».
    pub facts: Localised,
    /// What makes a row one of the days compared only: «покупали только год назад».
    pub former: Option<Localised>,
    /// In the place of a name that has not arrived.
    pub unnamed: Option<Localised>,
}

impl Words {
    pub(super) fn new(noun: Noun, facts: Localised, former: Option<Localised>, unnamed: Option<Localised>) -> Self {
        Self { noun, facts, former, unnamed }
    }

    /// What is counted, after a number in the dative: «2 товарам».
    pub fn noun(&self, language: Language, count: u64) -> &str {
        let forms: &[String] = match language {
            Language::Ru => &self.noun.ru,
            Language::En => &self.noun.en,
        };
        let rules = match language {
            Language::Ru => PluralRules::create(langid!("ru"), PluralRuleType::CARDINAL),
            Language::En => PluralRules::create(langid!("en"), PluralRuleType::CARDINAL),
        };
        let category = rules.ok().and_then(|rules| rules.select(count).ok());
        let form = match category {
            Some(PluralCategory::ONE) => 0,
            Some(PluralCategory::FEW) => 1,
            _ => forms.len() - 1,
        };
        forms.get(form).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::{Localised, Noun, Words};
    use crate::language::Language::{En, Ru};

    #[test]
    fn a_noun_follows_its_number() {
        let noun = Noun {
            ru: ["товару", "товарам", "товаров"].map(str::to_owned),
            en: ["product", "products"].map(str::to_owned),
        };
        let words = Words::new(noun, Localised { ru: String::new(), en: String::new() }, None, None);
        for (count, in_russian, in_english) in [
            (1, "товару", "product"),
            (21, "товару", "products"),
            (2, "товарам", "products"),
            (12, "товаров", "products"),
            (0, "товаров", "products"),
        ] {
            assert_eq!((words.noun(Ru, count), words.noun(En, count)), (in_russian, in_english), "{count}");
        }
    }
}
