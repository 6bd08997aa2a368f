//! Mapping files: our name on the left, 1C's on the right. Each stands in its dataset's folder, one for each configuration of
//! 1C.

mod file;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use shared::dataset::{Dataset, Kind};
use xxhash_rust::xxh64::xxh64;

pub use file::MappingError;

use super::url::{SELECT_BUDGET, encode};

/// What a value of 1C must be; `$metadata` must declare a type that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Literal {
    Reference,
    Text,
    Flag,
    Moment,
    Amount,
    Ordinal,
    /// Text or a flag, told apart by nobody.
    Word,
}

/// What a rule fills: something that the reading itself needs, or a field of the dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Id,
    DataVersion,
    IsMarkedDeleted,
    IsPosted,
    /// The field by which the mapping tells what counts.
    Counts,
    LineNo,
    /// Its number among the dataset's fields, or among those of its lines.
    Field(usize),
}

/// How a value is made of what 1C calls by these names; numbers are those of `Object::names`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    Name(usize),
    Sum(Vec<usize>),
    /// The first less all others.
    Difference(Vec<usize>),
    /// Rounded to four places, halves away from zero.
    Product(Vec<usize>),
    /// JSON.
    Constant(String),
    /// 1C's word to ours; `other` stands for those that are not listed.
    Words {
        of: usize,
        words: BTreeMap<String, String>,
        other: Option<String>,
    },
}

/// How one of ours is filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub target: Target,
    pub expression: Expression,
    /// JSON, in place of null.
    pub null: Option<String>,
}

/// A name of 1C that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub erp_name: String,
    pub literal: Literal,
}

/// What is read of an object: of the document, or of a line. A name may fill several of ours, and is asked for once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object {
    pub names: Vec<Name>,
    /// In the order of their targets.
    pub rules: Vec<Rule>,
}

/// A tabular section that holds lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    pub object: Object,
}

/// A checked mapping: every required field is there, no unknown one is.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub dataset: Dataset,
    /// The entity set: `Document_…`, `Catalog_…`; of a virtual table with its function: `AccumulationRegister_…/Balance`.
    pub entity: String,
    /// Of the function of a virtual table.
    pub arguments: Vec<(String, Argument)>,
    /// Of a register or a virtual table, what is read of each row.
    pub header: Object,
    pub sections: Vec<Section>,
    /// Every quantity and amount of a line changes its sign.
    pub is_negative: bool,
    /// None: every document counts.
    pub filter: Option<Arc<Filter>>,
    /// Of the mapping and of the dataset's fields: what was read by another is read again.
    pub shape: i64,
    /// What is read where the base does not publish this one's set, in their order.
    pub alternatives: Vec<Mapping>,
}

/// What a function of a virtual table is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    Text(String),
    /// The moment at which the pass began to read, by the wall clock of the infobase: all pages show the same state.
    Now,
}

/// Which documents count, by the value of one of their fields. Real sales must not be lost in silence: a value that the
/// mapping does not name counts too, and the log tells it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    field: String,
    counted: BTreeSet<String>,
    left_out: BTreeSet<String>,
}

impl Filter {
    pub fn counts(&self, value: &str) -> bool {
        !self.left_out.contains(value)
    }

    pub fn knows(&self, value: &str) -> bool {
        self.counted.contains(value) || self.left_out.contains(value)
    }
}

impl Mapping {
    /// The dataset's mapping for a configuration of 1C: `ut11`.
    pub fn of(dataset: Dataset, configuration: &str) -> Result<Self, MappingError> {
        let file = dataset.definition().mappings.get(configuration).ok_or_else(|| MappingError::Missing {
            dataset: dataset.name(),
            configuration: configuration.to_owned(),
        })?;
        Self::parse(dataset, &file.path, &file.text)
    }

    pub fn parse(dataset: Dataset, file: &str, text: &str) -> Result<Self, MappingError> {
        file::parse(dataset, file, text)
    }

    /// Itself and what may stand in its place, the preferred first.
    pub fn choices(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.alternatives)
    }

    /// The set that the base must publish: the entity without a function.
    pub fn set(&self) -> &str {
        self.entity.split_once('/').map_or(&self.entity, |(set, _)| set)
    }

    /// The same entity with its keys, their versions and dates, and no lines: what a scan of keys asks for.
    pub fn keys_only(&self) -> Self {
        let dated = self.dataset.place.as_ref().map(|place| Target::Field(place.dated));
        let is_kept = |target| matches!(target, Target::Id | Target::DataVersion) || Some(target) == dated;
        let header = self.header.with_rules(is_kept);
        Self { header, sections: Vec::new(), filter: None, ..self.clone() }
    }

    /// The same entity with no more than tells a document's figures: whether it counts, where its rows lie, how many they are, their
    /// total.
    pub fn figures_only(&self) -> Self {
        let definition = self.dataset.definition();
        let placed = definition.place.as_ref().map(|place| [place.dealer, place.dated]).unwrap_or_default();
        let header = self.header.with_rules(|target| match target {
            Target::Field(at) => placed.contains(&at),
            _ => true,
        });
        let of_lines = |target| match target {
            Target::Field(at) => definition.total == Some(at),
            _ => true,
        };
        let section = |section: &Section| Section { object: section.object.with_rules(of_lines), ..section.clone() };
        Self { header, sections: self.sections.iter().map(section).collect(), ..self.clone() }
    }

    /// The 1C name of the key.
    pub fn id(&self) -> &str {
        self.erp_name(Target::Id)
    }

    pub fn data_version(&self) -> &str {
        self.erp_name(Target::DataVersion)
    }

    /// The 1C name of what dates a document.
    pub fn date(&self) -> &str {
        self.dataset.definition().place.as_ref().map_or("", |place| self.erp_name(Target::Field(place.dated)))
    }

    /// Mappings are checked to name these plainly.
    fn erp_name(&self, target: Target) -> &str {
        let rule = self.header.rules.iter().find(|rule| rule.target == target);
        match rule.map(|rule| &rule.expression) {
            Some(Expression::Name(at)) => &self.header.names[*at].erp_name,
            _ => "",
        }
    }

    /// `$select`: the mapped names, each once, and no other. Where they would fill the address, whole sections are asked for, or
    /// all that there is: more bytes, but no web server that cuts them off.
    pub fn select(&self) -> String {
        let header: Vec<String> = self.header.names.iter().map(|name| name.erp_name.clone()).collect();
        let lines = self.sections.iter().flat_map(|section| {
            section.object.names.iter().map(move |name| format!("{}/{}", section.name, name.erp_name))
        });
        let sections = self.sections.iter().map(|section| section.name.clone());
        let by_name = header.iter().cloned().chain(lines).collect::<Vec<_>>().join(",");
        let by_section = header.iter().cloned().chain(sections).collect::<Vec<_>>().join(",");
        let fits = |select: &String| encode(select).len() <= SELECT_BUDGET;
        [by_name, by_section].into_iter().find(fits).unwrap_or_else(|| "*".to_owned())
    }
}

impl Object {
    /// The rules that are wanted, and the names that they need.
    fn with_rules(&self, is_wanted: impl Fn(Target) -> bool) -> Self {
        let mut kept = Self::default();
        for rule in self.rules.iter().filter(|rule| is_wanted(rule.target)) {
            let mut number = |at: usize| kept.number_of(&self.names[at]);
            let mut numbers = |all: &[usize]| all.iter().map(|at| number(*at)).collect();
            let expression = match &rule.expression {
                Expression::Name(at) => Expression::Name(number(*at)),
                Expression::Sum(all) => Expression::Sum(numbers(all)),
                Expression::Difference(all) => Expression::Difference(numbers(all)),
                Expression::Product(all) => Expression::Product(numbers(all)),
                Expression::Constant(json) => Expression::Constant(json.clone()),
                Expression::Words { of, words, other } => {
                    Expression::Words { of: number(*of), words: words.clone(), other: other.clone() }
                }
            };
            kept.rules.push(Rule { expression, ..rule.clone() });
        }
        kept
    }

    /// The number of this name, which is asked for from now on.
    fn number_of(&mut self, name: &Name) -> usize {
        if let Some(at) = self.names.iter().position(|known| known.erp_name == name.erp_name) {
            return at;
        }
        self.names.push(name.clone());
        self.names.len() - 1
    }
}

/// What a value of 1C must be for a field of this kind.
pub fn literal_of(kind: &Kind) -> Literal {
    match kind {
        Kind::Reference => Literal::Reference,
        Kind::Code | Kind::Text | Kind::OneOf(_) => Literal::Text,
        Kind::Day | Kind::Moment => Literal::Moment,
        Kind::Quantity | Kind::Money { .. } => Literal::Amount,
        Kind::Flag => Literal::Flag,
    }
}

/// Comments and the order of a file's lines change nothing.
fn shape(dataset: Dataset, file: &toml::Table) -> i64 {
    let mut text = file.to_string();
    for field in dataset.fields.iter().chain(&dataset.lines) {
        text.push_str(&format!("{} {:?}\n", field.name, field.kind));
    }
    // 0 stands for what a release without shapes sent.
    xxh64(text.as_bytes(), 0).cast_signed() | 1
}

#[cfg(test)]
mod tests;
