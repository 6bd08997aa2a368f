//! Mapping files: our name on the left, 1C's on the right. Ours are compiled in; a site lays its own over them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use crate::datasets::Dataset;

/// What a field holds; `$metadata` must declare a type that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Reference,
    Text,
    Flag,
    Moment,
    Amount,
    Ordinal,
}

/// A field of ours that a mapping may fill.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub is_required: bool,
}

const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, is_required: true }
}

const fn optional(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, is_required: false }
}

/// The fields of a dataset, in the order of the numbers under which values are handed over.
pub struct Shape {
    pub header: &'static [Field],
    pub line: &'static [Field],
}

pub mod sale {
    pub const ID: usize = 0;
    pub const DATA_VERSION: usize = 1;
    pub const IS_MARKED_DELETED: usize = 2;
    pub const IS_POSTED: usize = 3;
    pub const NUMBER: usize = 4;
    pub const SOLD_AT: usize = 5;
    pub const DEALER_ID: usize = 6;
    pub const LEGAL_ENTITY_ID: usize = 7;
    pub const CURRENCY_ID: usize = 8;
    /// The field by which the mapping tells what counts.
    pub const OPERATION: usize = 9;
    pub const LINE_NO: usize = 0;
    pub const PRODUCT_ID: usize = 1;
    pub const QUANTITY: usize = 2;
    pub const REVENUE: usize = 3;
    pub const VAT: usize = 4;
    pub const DISCOUNT: usize = 5;
}

pub mod product {
    pub const ID: usize = 0;
    pub const DATA_VERSION: usize = 1;
    pub const PARENT_ID: usize = 2;
    pub const IS_GROUP: usize = 3;
    pub const CODE: usize = 4;
    pub const ARTICLE: usize = 5;
    pub const NAME: usize = 6;
    pub const UNIT_ID: usize = 7;
}

/// Of all catalogs of names; only dealers have the last.
pub mod named {
    pub const ID: usize = 0;
    pub const DATA_VERSION: usize = 1;
    pub const CODE: usize = 2;
    pub const NAME: usize = 3;
    pub const IS_CLIENT: usize = 4;
}

const SALE: Shape = Shape {
    header: &[
        required("id", Kind::Reference),
        required("data_version", Kind::Text),
        required("is_marked_deleted", Kind::Flag),
        required("is_posted", Kind::Flag),
        required("number", Kind::Text),
        required("sold_at", Kind::Moment),
        required("dealer_id", Kind::Reference),
        optional("legal_entity_id", Kind::Reference),
        optional("currency_id", Kind::Reference),
    ],
    line: &[
        required("line_no", Kind::Ordinal),
        required("product_id", Kind::Reference),
        required("quantity", Kind::Amount),
        required("revenue", Kind::Amount),
        optional("vat", Kind::Amount),
        optional("discount", Kind::Amount),
    ],
};

const PRODUCT: Shape = Shape {
    header: &[
        required("id", Kind::Reference),
        required("data_version", Kind::Text),
        optional("parent_id", Kind::Reference),
        optional("is_group", Kind::Flag),
        optional("code", Kind::Text),
        optional("article", Kind::Text),
        required("name", Kind::Text),
        optional("unit_id", Kind::Reference),
    ],
    line: &[],
};

const DEALER: Shape = Shape {
    header: &[
        required("id", Kind::Reference),
        required("data_version", Kind::Text),
        optional("code", Kind::Text),
        required("name", Kind::Text),
        optional("is_client", Kind::Flag),
    ],
    line: &[],
};

const NAMED: Shape = Shape { header: DEALER.header.split_at(named::IS_CLIENT).0, line: &[] };

impl Shape {
    pub const fn of(dataset: Dataset) -> &'static Self {
        match dataset {
            Dataset::Sales | Dataset::Returns => &SALE,
            Dataset::Products => &PRODUCT,
            Dataset::Dealers => &DEALER,
            Dataset::Currencies | Dataset::Units => &NAMED,
        }
    }
}

/// A 1C name and the number of the field that it fills. Several names may fill one amount: they are summed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    pub erp_name: String,
    pub field: usize,
    pub kind: Kind,
}

/// A checked mapping: every required field is there, no unknown one is.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub dataset: Dataset,
    /// The entity set: `Document_…`, `Catalog_…`.
    pub entity: String,
    pub header: Vec<Mapped>,
    pub lines: Option<Section>,
    /// Every quantity and amount of a line changes its sign.
    pub is_negative: bool,
    /// None: every document counts.
    pub filter: Option<Arc<Filter>>,
}

/// Which documents count, by the value of one of their fields. Real sales must not be lost in silence: a value that the
/// mapping does not name counts too, and the log tells it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
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

/// The tabular section that holds the lines.
#[derive(Debug, Clone)]
pub struct Section {
    pub name: String,
    pub fields: Vec<Mapped>,
}

#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    #[error("The mapping {file} cannot be read: {cause}.")]
    Unreadable { file: String, cause: String },
    #[error("The mapping {file} does not fit: {problem}.")]
    Wrong { file: String, problem: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    entity: String,
    sign: Option<i64>,
    filter: Option<Filter>,
    fields: BTreeMap<String, Names>,
    lines: Option<Lines>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lines {
    section: String,
    fields: BTreeMap<String, Names>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Sum(Vec<String>),
}

const fn compiled_in(dataset: Dataset) -> (&'static str, &'static str) {
    match dataset {
        Dataset::Sales => ("mappings/ut11/sales.toml", include_str!("../../mappings/ut11/sales.toml")),
        Dataset::Products => ("mappings/ut11/products.toml", include_str!("../../mappings/ut11/products.toml")),
        Dataset::Dealers => ("mappings/ut11/dealers.toml", include_str!("../../mappings/ut11/dealers.toml")),
        Dataset::Returns => ("mappings/ut11/returns.toml", include_str!("../../mappings/ut11/returns.toml")),
        Dataset::Currencies => ("mappings/ut11/currencies.toml", include_str!("../../mappings/ut11/currencies.toml")),
        Dataset::Units => ("mappings/ut11/units.toml", include_str!("../../mappings/ut11/units.toml")),
    }
}

impl Mapping {
    /// The site's file of that dataset if there is one, else ours.
    pub fn load(dataset: Dataset, site: Option<&Path>) -> Result<Self, MappingError> {
        let path = site.map(|folder| folder.join(format!("{dataset}.toml")));
        match path.filter(|path| path.exists()) {
            None => {
                let (file, text) = compiled_in(dataset);
                Self::parse(dataset, file, text)
            }
            Some(path) => {
                let file = path.display().to_string();
                let text = std::fs::read_to_string(&path)
                    .map_err(|cause| MappingError::Unreadable { file: file.clone(), cause: cause.to_string() })?;
                Self::parse(dataset, &file, &text)
            }
        }
    }

    pub fn parse(dataset: Dataset, file: &str, text: &str) -> Result<Self, MappingError> {
        let wrong = |problem: String| MappingError::Wrong { file: file.to_owned(), problem };
        let parsed: File = toml::from_str(text).map_err(|cause| wrong(cause.to_string().replace('\n', " ")))?;
        let shape = Shape::of(dataset);
        let mut header = resolve(shape.header, parsed.fields).map_err(wrong)?;
        let lines = match (parsed.lines, shape.line.is_empty()) {
            (None, true) => None,
            (Some(lines), false) => {
                Some(Section { name: lines.section, fields: resolve(shape.line, lines.fields).map_err(wrong)? })
            }
            (None, false) => return Err(wrong("the table [lines] is missing".to_owned())),
            (Some(_), true) => return Err(wrong("this dataset has no lines".to_owned())),
        };
        if shape.line.is_empty() && (parsed.sign.is_some() || parsed.filter.is_some()) {
            return Err(wrong("a sign and a filter are for datasets with lines".to_owned()));
        }
        let is_negative = match parsed.sign {
            None | Some(1) => false,
            Some(-1) => true,
            Some(other) => return Err(wrong(format!("sign is {other}: it is 1 or -1"))),
        };
        if let Some(filter) = &parsed.filter {
            header.push(operation(filter, &header).map_err(wrong)?);
        }
        Ok(Self { dataset, entity: parsed.entity, header, lines, is_negative, filter: parsed.filter.map(Arc::new) })
    }

    /// The same entity with fewer fields and no lines: what a scan of keys asks for.
    pub fn only(&self, fields: &[usize]) -> Self {
        let header = self.header.iter().filter(|mapped| fields.contains(&mapped.field)).cloned().collect();
        Self { header, lines: None, entity: self.entity.clone(), filter: None, ..*self }
    }

    /// The 1C name of a header field; resolved mappings have every required one.
    pub fn erp_name(&self, field: usize) -> &str {
        self.header.iter().find(|mapped| mapped.field == field).map_or("", |mapped| mapped.erp_name.as_str())
    }

    /// `$select`: the mapped names and no other.
    pub fn select(&self) -> String {
        let header = self.header.iter().map(|mapped| mapped.erp_name.clone());
        let lines = self.lines.iter().flat_map(|section| {
            section.fields.iter().map(move |mapped| format!("{}/{}", section.name, mapped.erp_name))
        });
        header.chain(lines).collect::<Vec<_>>().join(",")
    }
}

fn resolve(shape: &'static [Field], names: BTreeMap<String, Names>) -> Result<Vec<Mapped>, String> {
    let mut mapped = Vec::new();
    for (ours, names) in names {
        let (field, Field { kind, .. }) = shape
            .iter()
            .enumerate()
            .find(|(_, field)| field.name == ours)
            .ok_or_else(|| format!("{ours} is no field of this dataset, which has {}", listed(shape)))?;
        let names = match names {
            Names::One(name) => vec![name],
            Names::Sum(names) if *kind == Kind::Amount && !names.is_empty() => names,
            Names::Sum(_) => return Err(format!("{ours} takes one name: only amounts are summed")),
        };
        mapped.extend(names.into_iter().map(|erp_name| Mapped { erp_name, field, kind: *kind }));
    }
    if let Some(missing) = shape
        .iter()
        .enumerate()
        .find(|(number, field)| field.is_required && !mapped.iter().any(|mapped| mapped.field == *number))
    {
        return Err(format!("the field {} is missing", missing.1.name));
    }
    let mut seen = std::collections::BTreeSet::new();
    if let Some(twice) = mapped.iter().find(|mapped| !seen.insert(mapped.erp_name.as_str())) {
        return Err(format!("{} is named twice", twice.erp_name));
    }
    mapped.sort_by_key(|mapped| mapped.field);
    Ok(mapped)
}

/// The filter's field, asked for beside the others.
fn operation(filter: &Filter, header: &[Mapped]) -> Result<Mapped, String> {
    if let Some(both) = filter.counted.intersection(&filter.left_out).next() {
        return Err(format!("{both} is both counted and left out"));
    }
    if header.iter().any(|mapped| mapped.erp_name == filter.field) {
        return Err(format!("{} is named twice", filter.field));
    }
    Ok(Mapped { erp_name: filter.field.clone(), field: sale::OPERATION, kind: Kind::Text })
}

fn listed(shape: &[Field]) -> String {
    shape.iter().map(|field| field.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mappings_that_are_compiled_in_are_complete() {
        for dataset in Dataset::ALL {
            let mapping = Mapping::load(dataset, None).unwrap();
            assert_eq!(mapping.erp_name(0), "Ref_Key");
        }
        let sales = Mapping::load(Dataset::Sales, None).unwrap();
        assert!(sales.select().contains("Товары/СуммаРучнойСкидки,Товары/СуммаАвтоматическойСкидки"));
    }

    #[test]
    fn a_mapping_that_does_not_fit_is_refused_with_the_field_at_fault() {
        let (_, good) = compiled_in(Dataset::Sales);
        for (bad, problem) in [
            (good.replace("dealer_id = ", "dealer = "), "dealer is no field of this dataset"),
            (good.replace("revenue = \"СуммаСНДС\"\n", ""), "the field revenue is missing"),
            (good.replace("\"Партнер_Key\"", "[\"Партнер_Key\", \"Иной_Key\"]"), "dealer_id takes one name"),
            (good.replace("СуммаНДС", "СуммаСНДС"), "СуммаСНДС is named twice"),
            (good.replace("entity", "object"), "unknown field `object`"),
            (format!("sign = -2\n{good}"), "sign is -2"),
            (good.replace("left_out = [", "left_out = [\"РеализацияКлиенту\", "), "both counted and left out"),
            (good.replace("field = \"ХозяйственнаяОперация\"", "field = \"Number\""), "Number is named twice"),
            (good.replace("counted", "counts"), "unknown field `counts`"),
        ] {
            let error = Mapping::parse(Dataset::Sales, "sales.toml", &bad).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }
}
