//! What a dataset is, once its folder has been read and checked.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

use serde::Deserialize;

use crate::localised::Localised;

/// A dataset of the catalogue. A catalogue is read once, at the start, and lives as long as the process: a dataset is as
/// cheap to hand on as a number.
#[derive(Clone, Copy)]
pub struct Dataset(&'static Definition);

impl Dataset {
    /// Keeps the definition for the rest of the process.
    pub fn keep(definition: Definition) -> Self {
        Self(Box::leak(Box::new(definition)))
    }

    /// `sales`: what logs, tables of progress and folders call it.
    pub fn name(self) -> &'static str {
        &self.0.name
    }

    /// Its definition, which lives as long as the process.
    pub fn definition(self) -> &'static Definition {
        self.0
    }
}

impl Deref for Dataset {
    type Target = Definition;
    fn deref(&self) -> &Definition {
        self.0
    }
}

impl PartialEq for Dataset {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Dataset {}

impl std::hash::Hash for Dataset {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

impl fmt::Debug for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.name)
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.name)
    }
}

/// What 1C keeps it as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Items, each one row.
    Catalog,
    /// Documents, each with its lines; a row is a line.
    Document,
    /// The records of a register: rows without a version, read as a whole.
    Register,
    /// What a function of a register returns: the same, without a key either.
    VirtualTable,
}

/// How a pass finds what has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// All keys with their `DataVersion`.
    Scan,
    /// The same over the documents of the last days, and over all of them every night.
    Window { days: u32 },
    /// Everything, each time.
    Snapshot,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Reference,
    /// An identifier: text for ever, however much it looks like a number.
    Code,
    Text,
    Day,
    /// The wall clock of the infobase, never converted.
    Moment,
    Quantity,
    /// In the currency that another field names.
    Money {
        currency: String,
    },
    Flag,
    /// One of these words.
    OneOf(Vec<String>),
}

impl Kind {
    /// Exact decimals, which may be summed.
    pub fn is_figure(&self) -> bool {
        matches!(self, Self::Quantity | Self::Money { .. })
    }

    pub fn is_text(&self) -> bool {
        matches!(self, Self::Code | Self::Text | Self::OneOf(_))
    }

    /// As `dataset.toml` calls it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Code => "code",
            Self::Text => "text",
            Self::Day => "day",
            Self::Moment => "moment",
            Self::Quantity => "quantity",
            Self::Money { .. } => "money",
            Self::Flag => "flag",
            Self::OneOf(_) => "one-of",
        }
    }
}

/// A field: the name of a column, and of a member of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub kind: Kind,
    /// A mapping must fill it, and a message must have it. A field that is added to a dataset later cannot be required: the
    /// messages of the release before lack it.
    pub is_required: bool,
    /// The column's comment.
    pub about: String,
}

/// Where a document's rows lie: the dealer and the day lead the sorting key of its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The field that names the dealer, of `Definition::fields`.
    pub dealer: usize,
    /// The field that dates the document.
    pub dated: usize,
    /// The column of its day; the field's own, where that holds a day.
    pub day: String,
}

/// A file of the folder, and what messages call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    pub path: String,
    pub text: String,
}

/// A checked folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    pub name: String,
    pub title: Localised,
    pub what: What,
    /// In database `dw`; datasets of the same fields may share one.
    pub table: String,
    /// Whether the table is that of another dataset, whose fields these are.
    pub is_like_another: bool,
    /// The column of the reference by which 1C names it. Empty where rows have none: registers and virtual tables.
    pub key: String,
    pub place: Option<Place>,
    /// Of the lines: the figure whose sum tells whether two sides hold the same.
    pub total: Option<usize>,
    /// Text fields that a search looks through, together.
    pub search: Vec<String>,
    pub change: Change,
    /// Seconds first, in the time zone of the infobase.
    pub cron: String,
    /// When everything is compared: windows only.
    pub nightly: Option<String>,
    /// That its topic must have at least.
    pub partitions: usize,
    /// Of the item or the document, in their order.
    pub fields: Vec<Field>,
    /// Of a line, in their order.
    pub lines: Vec<Field>,
    /// Of `views`, those in `report` that hold nothing of any dealer: reports read them without naming dealers.
    pub open_views: Vec<String>,
    /// `ut11` → the mapping file.
    pub mappings: BTreeMap<String, TextFile>,
    /// In the order of their names.
    pub views: Vec<TextFile>,
}

impl Definition {
    /// The topic without its prefix; the number is the revision of the messages.
    pub fn topic(&self) -> String {
        format!("{}.v1", self.name)
    }

    /// `EXTRACT_CRON_` and this: `SALES`.
    pub fn variable(&self) -> String {
        self.name.to_uppercase()
    }

    /// What the warehouse must have for it, by a name that changes with that.
    pub fn fingerprint(&self) -> String {
        let mut text = String::new();
        for field in self.fields.iter().chain(&self.lines) {
            text += &format!("{} {:?} {}\n", field.name, field.kind, field.is_required);
        }
        text += &format!("{} {} {:?} {:?}\n", self.table, self.key, self.place, self.search);
        self.views.iter().for_each(|view| text += &view.text);
        let hash = &crate::clickhouse::hex(&text)[..16];
        format!("datasets/{} {hash}", self.name)
    }

    /// Whether the field is one of those that the table is sorted by, whose columns stand before all others.
    pub fn leads(&self, field: usize) -> bool {
        self.place.as_ref().is_some_and(|place| field == place.dealer || self.fields[field].name == place.day)
    }

    /// Its rows have no version of their own: each pass reads them all, and they are replaced together.
    pub fn is_snapshot(&self) -> bool {
        self.change == Change::Snapshot
    }

    /// Rows are lines.
    pub fn has_lines(&self) -> bool {
        self.what != What::Catalog
    }
}
