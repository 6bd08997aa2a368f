//! A dataset's table in `dw`: made, and extended by columns. Whatever else differs is refused: what stands there is another
//! table, and only a person knows what becomes of its rows.

use std::fmt::Write as _;

use super::column_type::ColumnType;
use super::definition::{Dataset, Definition, Field, Kind};

/// A column as ClickHouse knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub of_type: ColumnType,
    /// Computed by ClickHouse from the others, never inserted.
    pub expression: Option<String>,
    about: String,
    is_required: bool,
}

/// What the warehouse must have for a dataset.
#[derive(Debug, Clone)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    pub sorting_key: Vec<String>,
}

/// How a table that stands differs from that of the definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The statements that add the columns that it lacks.
    Lacks(Vec<String>),
    /// A sentence that says what does not fit.
    Refused(String),
}

const NO_DAY: &str = "wall clock of the infobase, not an instant";
const VERSION: &str = "pass number in the high 32 bits, position within the pass in the low";

impl Table {
    pub fn of(dataset: Dataset) -> Self {
        let definition = dataset.definition();
        let mut columns = Vec::new();
        let sorting_key = leading(definition, &mut columns);
        let others = definition.fields.iter().enumerate().filter(|(at, _)| !definition.leads(*at));
        columns.extend(others.map(|(_, field)| column(field)));
        columns.extend(definition.lines.iter().map(column));
        if !definition.search.is_empty() {
            let expression = Some(folded(&definition.search));
            columns.push(Column { expression, ..plain("folded", ColumnType::String, "what a search looks through") });
        }
        columns.push(plain("version", ColumnType::UInt64, VERSION));
        columns.push(plain("is_deleted", ColumnType::UInt8, ""));
        Self { name: definition.table.clone(), columns, sorting_key }
    }

    /// Names and types of the columns that are inserted, in their order.
    pub fn inserted(&self) -> impl Iterator<Item = (&str, ColumnType)> {
        let inserted = self.columns.iter().filter(|column| column.expression.is_none());
        inserted.map(|column| (column.name.as_str(), column.of_type))
    }

    /// Safe to run again.
    pub fn create(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|column| format!("    {}", declared(column))).collect();
        format!(
            "CREATE TABLE IF NOT EXISTS dw.{}\n(\n{}\n)\nENGINE = ReplacingMergeTree(version, is_deleted)\nORDER BY ({})\nSETTINGS \
             non_replicated_deduplication_window = 1000",
            self.name,
            columns.join(",\n"),
            self.sorting_key.join(", ")
        )
    }

    /// Compares with the columns and the sorting key that stand: `system.columns` and `system.tables`. None: nothing is to do.
    /// A column that the definition does not know is left alone: a release before or after may need it.
    pub fn compare(&self, standing: &[(String, String)], sorting_key: &str) -> Option<Difference> {
        let wanted = self.sorting_key.join(", ");
        // A single column may stand in brackets.
        if sorting_key.trim_matches(['(', ')']) != wanted {
            return Some(Difference::Refused(format!(
                "dw.{} is sorted by {sorting_key}, not by {wanted}: what it is sorted by cannot be changed. Make the dataset anew \
                 under another table.",
                self.name
            )));
        }
        let mut statements = Vec::new();
        let mut before = "FIRST".to_owned();
        for column in &self.columns {
            match standing.iter().find(|(name, _)| *name == column.name) {
                Some((_, of_type)) if *of_type == column.of_type.name() => {}
                Some((_, of_type)) => {
                    return Some(Difference::Refused(format!(
                        "dw.{}.{} is {of_type}, not {}: a column's type is not changed. Give the field another name.",
                        self.name, column.name, column.of_type
                    )));
                }
                None if column.is_required => {
                    return Some(Difference::Refused(format!(
                        "dw.{} has no {}, which messages of the release before lack: a field that is added is not required.",
                        self.name, column.name
                    )));
                }
                None => statements.push(format!(
                    "ALTER TABLE dw.{} ADD COLUMN IF NOT EXISTS {} {before}",
                    self.name,
                    declared(column)
                )),
            }
            before = format!("AFTER {}", column.name);
        }
        (!statements.is_empty()).then_some(Difference::Lacks(statements))
    }
}

/// The columns that the table is sorted by; returns their names.
fn leading(definition: &Definition, columns: &mut Vec<Column>) -> Vec<String> {
    if let Some(place) = &definition.place {
        columns.push(column(&definition.fields[place.dealer]));
        columns.push(plain(&place.day, ColumnType::Date32, ""));
    }
    if definition.is_snapshot() {
        columns.push(plain("slot", ColumnType::UInt8, "snapshots take turns; the last whole one is shown"));
    } else {
        columns.push(plain(&definition.key, ColumnType::Uuid, ""));
    }
    if definition.has_lines() {
        columns.push(plain("line_no", ColumnType::UInt32, ""));
    }
    columns.iter().map(|column| column.name.clone()).collect()
}

fn plain(name: &str, of_type: ColumnType, about: &str) -> Column {
    Column { name: name.to_owned(), of_type, expression: None, about: about.to_owned(), is_required: false }
}

fn column(field: &Field) -> Column {
    let of_type = match &field.kind {
        Kind::Reference => ColumnType::Uuid,
        Kind::Code | Kind::Text => ColumnType::String,
        Kind::OneOf(_) => ColumnType::LowCardinality,
        Kind::Day if field.is_required => ColumnType::Date32,
        Kind::Day => ColumnType::NullableDate32,
        Kind::Moment if field.is_required => ColumnType::Seconds,
        Kind::Moment => ColumnType::NullableSeconds,
        Kind::Quantity | Kind::Money { .. } => ColumnType::Decimal,
        Kind::Flag => ColumnType::UInt8,
    };
    let about = if field.about.is_empty() && field.kind == Kind::Moment { NO_DAY } else { &field.about };
    Column { is_required: field.is_required, ..plain(&field.name, of_type, about) }
}

fn declared(column: &Column) -> String {
    let mut text = format!("{} {}", column.name, column.of_type);
    if let Some(expression) = &column.expression {
        let _ = write!(text, " MATERIALIZED {expression}");
    }
    if !column.about.is_empty() {
        let _ = write!(text, " COMMENT '{}'", column.about.replace('\\', "\\\\").replace('\'', "\\'"));
    }
    text
}

/// Folded as `report::search` folds what people type: small letters, ё is е, Cyrillic letters are the Latin ones that look like
/// them, dashes are one, white space is gone. The line between the fields keeps a word from reaching over two of them.
fn folded(fields: &[String]) -> String {
    format!(
        "replaceRegexpAll(translateUTF8(lowerUTF8(concat({})), 'ёавекмнорстух×‐‑‒–—−', 'eabekmhopctyxx------'), \
         '[\\\\p{{Z}}\\\\t-\\\\r\\\\x{{85}}]', '')",
        fields.join(", '|', ")
    )
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::Catalogue;
    use super::*;

    fn sales() -> Table {
        Table::of(Catalogue::compiled_in().unwrap().get("sales").unwrap())
    }

    fn standing() -> Vec<(String, String)> {
        sales().columns.into_iter().map(|column| (column.name, column.of_type.name().to_owned())).collect()
    }

    const KEY: &str = "dealer_id, sold_on, document_id, line_no";

    #[test]
    fn a_table_that_stands_as_it_should_is_left_alone_and_one_that_lacks_a_column_gets_it_in_its_place() {
        assert_eq!(sales().compare(&standing(), KEY), None);
        let mut newer = standing();
        newer.push(("warehouse_id".to_owned(), "UUID".to_owned()));
        assert_eq!(sales().compare(&newer, KEY), None, "what a newer release added is its own");
        let without: Vec<_> = standing().into_iter().filter(|(name, _)| name != "vat").collect();
        let added = "ALTER TABLE dw.sale ADD COLUMN IF NOT EXISTS vat Decimal(18, 4) AFTER revenue".to_owned();
        assert_eq!(sales().compare(&without, KEY), Some(Difference::Lacks(vec![added])));
    }

    #[test]
    fn what_is_not_a_column_more_is_refused_with_a_sentence() {
        let refused = |standing: &[(String, String)], key: &str| match sales().compare(standing, key) {
            Some(Difference::Refused(why)) => why,
            other => panic!("{other:?}"),
        };
        let mut retyped = standing();
        retyped.iter_mut().filter(|(name, _)| name == "vat").for_each(|(_, of_type)| *of_type = "Float64".to_owned());
        assert!(refused(&retyped, KEY).contains("dw.sale.vat is Float64, not Decimal(18, 4)"));
        assert!(refused(&standing(), "document_id").contains("is sorted by document_id"));
        let without: Vec<_> = standing().into_iter().filter(|(name, _)| name != "revenue").collect();
        assert!(refused(&without, KEY).contains("a field that is added is not required"));
    }
}
