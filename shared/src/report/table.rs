//! Rows of a report: their cells, found by the field that they belong to.

use std::borrow::Cow;

pub use super::cell::{Cell, Number};
use super::currency::Currency;
use super::definition::{Definition, FieldId, Source};
use super::kind::Kind;
use super::sql::names::{self, Side};
use super::tsv::{self, Misread};

/// How many rows a line stands for. Of a row itself each is 1 or 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub now: u64,
    /// In the days compared.
    pub before: u64,
    /// In the days compared and not in the period: listed when asked for.
    pub former: u64,
}

/// A row of a report, or the total of all rows of one currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    now: Vec<Cell>,
    before: Vec<Cell>,
    key: Vec<Box<str>>,
    pub currency: Currency,
    pub counts: Counts,
    pub is_total: bool,
}

impl Line {
    /// Without a value yet.
    pub(super) fn empty(report: &Definition, currency: Currency) -> Self {
        let unknown = || vec![Cell::Unknown; report.fields.len()];
        let key = vec![Box::default(); report.key.len()];
        Self { now: unknown(), before: unknown(), key, currency, counts: Counts::default(), is_total: false }
    }

    pub(super) fn set(&mut self, field: FieldId, cell: Cell) {
        self.now[field.0] = cell;
    }

    pub(super) fn set_before(&mut self, field: FieldId, cell: Cell) {
        self.before[field.0] = cell;
    }

    /// A key of one part.
    pub(super) fn set_key(&mut self, key: String) {
        self.key[0] = key.into();
    }

    /// The value of a field.
    pub fn cell(&self, field: FieldId) -> &Cell {
        self.now.get(field.0).unwrap_or(&Cell::Unknown)
    }

    /// The same of the days compared.
    pub fn before(&self, field: FieldId) -> &Cell {
        self.before.get(field.0).unwrap_or(&Cell::Unknown)
    }

    /// A part of the key that tells this row apart; empty in a total.
    pub fn key(&self, part: usize) -> &str {
        self.key.get(part).map_or("", |key| key)
    }

    /// How much more than before: 0.25 for a quarter more.
    pub fn growth(&self, field: FieldId) -> Option<f64> {
        growth(self.cell(field).to_f64()?, self.before(field).to_f64()?)
    }

    /// The value of a shown column: a field, its share of the total of its currency, or its change.
    pub fn shown(&self, report: &Definition, totals: &[Self], column: usize) -> Cow<'_, Cell> {
        match report.columns[column].source {
            Source::Field(field) => Cow::Borrowed(self.cell(field)),
            Source::ShareOf(field) => {
                let total = totals.iter().find(|total| total.currency.key == self.currency.key);
                let total = total.and_then(|total| total.cell(field).to_f64());
                let shared = self.cell(field).to_f64().zip(total).and_then(|(part, total)| share(part, total));
                Cow::Owned(Cell::ratio(shared))
            }
            Source::ChangeOf(field) => Cow::Owned(Cell::ratio(self.growth(field))),
        }
    }

    /// The parts of the key.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.key.iter().map(|part| &**part)
    }
}

/// Unknown where there was nothing before, or less than nothing.
pub fn growth(now: f64, before: f64) -> Option<f64> {
    (before > 0.0).then(|| now / before - 1.0)
}

/// A part of a total; unknown where the total is nothing, or less.
pub fn share(part: f64, total: f64) -> Option<f64> {
    (total > 0.0).then(|| part / total)
}

/// What a column of the answer is for.
#[derive(Debug, Clone, Copy)]
enum Place {
    Field(Side, FieldId, Kind),
    Key(usize),
    CurrencyKey,
    CurrencyCode,
    CurrencyName,
    Rows,
    RowsBefore,
    RowsFormer,
    IsTotal,
    /// The place of a row in its page.
    Other,
}

/// Reads lines of a wrapped query by the names of its columns.
#[derive(Debug)]
pub struct Reader {
    places: Vec<Place>,
    fields: usize,
    keys: usize,
}

impl Reader {
    /// `header`: the names, as the first line of the answer holds them.
    pub fn new(report: &Definition, header: &str) -> Result<Self, Misread> {
        let mut expected: Vec<(String, Place)> = Vec::new();
        for (id, field) in report.fields.iter() {
            expected.push((names::field(report, Side::Now, id), Place::Field(Side::Now, id, field.kind)));
            if super::sql::wrap::has_before(report, field) {
                expected.push((names::field(report, Side::Before, id), Place::Field(Side::Before, id, field.kind)));
            }
        }
        expected.extend((0..report.key.len()).map(|part| (names::key(part), Place::Key(part))));
        let mut fixed = |name: &str, place: Place| expected.push((name.to_owned(), place));
        if report.currency.is_some() {
            fixed(names::CURRENCY_KEY, Place::CurrencyKey);
            fixed(names::CURRENCY_CODE, Place::CurrencyCode);
            fixed(names::CURRENCY_NAME, Place::CurrencyName);
        }
        fixed(names::ROWS, Place::Rows);
        fixed(names::ROWS_BEFORE, Place::RowsBefore);
        fixed(names::ROWS_FORMER, Place::RowsFormer);
        fixed(names::IS_TOTAL, Place::IsTotal);
        let names: Vec<&str> = header.split('\t').collect();
        if let Some((missing, _)) = expected.iter().find(|(name, _)| !names.contains(&name.as_str())) {
            return Err(Misread(format!("no column {missing}")));
        }
        let place = |name: &&str| {
            expected.iter().find(|(expected, _)| expected == name).map_or(Place::Other, |(_, place)| *place)
        };
        Ok(Self { places: names.iter().map(place).collect(), fields: report.fields.len(), keys: report.key.len() })
    }

    /// How many places behind the point the decimals of each field may have, by ClickHouse's types of the answer's columns.
    pub(super) fn decimal_places(&self, types: &str) -> Vec<u8> {
        let mut all = vec![0; self.fields];
        for (place, of_type) in self.places.iter().zip(types.split('\t')) {
            if let Place::Field(Side::Now, field, Kind::Money | Kind::Quantity) = place {
                all[field.0] = decimal_places(of_type);
            }
        }
        all
    }

    pub fn line(&self, text: &str) -> Result<Line, Misread> {
        let mut line = Line {
            now: vec![Cell::Unknown; self.fields],
            before: vec![Cell::Unknown; self.fields],
            key: vec![Box::default(); self.keys],
            currency: Currency::default(),
            counts: Counts::default(),
            is_total: false,
        };
        let mut read = 0;
        for cell in tsv::cells(text) {
            let place = *self.places.get(read).ok_or_else(|| Misread("a row with too many cells".to_owned()))?;
            read += 1;
            line.put(place, cell.as_deref())
                .ok_or_else(|| Misread(format!("{:?} where {place:?} was expected", cell.unwrap_or_default())))?;
        }
        if read == self.places.len() { Ok(line) } else { Err(Misread(format!("a row of {read} cells"))) }
    }
}

/// `Nullable(Decimal(38, 4))` has 4.
fn decimal_places(of_type: &str) -> u8 {
    /// Of a float that is written without an exponent.
    const OF_FLOAT: u8 = 16;
    let decimal = of_type.split_once("Decimal(").and_then(|(_, rest)| rest.split_once(')'));
    match decimal.and_then(|(inside, _)| inside.split_once(',')) {
        Some((_, places)) => places.trim().parse().unwrap_or_default(),
        None if of_type.contains("Float") => OF_FLOAT,
        None => 0,
    }
}

impl Line {
    /// None: the text is nothing of that place.
    fn put(&mut self, place: Place, text: Option<&str>) -> Option<()> {
        let known = text.unwrap_or_default();
        match place {
            Place::Field(side, field, kind) => {
                let cells = if side == Side::Now { &mut self.now } else { &mut self.before };
                if let Some(text) = text {
                    cells[field.0] = Cell::read(kind, text)?;
                }
            }
            Place::Key(part) => self.key[part] = known.into(),
            Place::CurrencyKey => known.clone_into(&mut self.currency.key),
            Place::CurrencyCode => known.clone_into(&mut self.currency.code),
            Place::CurrencyName => known.clone_into(&mut self.currency.name),
            Place::Rows => self.counts.now = known.parse().ok()?,
            Place::RowsBefore => self.counts.before = known.parse().ok()?,
            Place::RowsFormer => self.counts.former = known.parse().ok()?,
            Place::IsTotal => self.is_total = known.parse::<u8>().ok()? == 1,
            Place::Other => {}
        }
        Some(())
    }
}

#[cfg(test)]
pub mod tests {
    use super::{Cell, Line, Number, Reader, growth, share};
    use crate::report::catalogue::Catalogue;
    use crate::report::definition::Definition;

    /// A line of dollars in which these columns of the answer hold these texts, and the others 0 or nothing.
    pub fn line(report: &Definition, values: &[(&str, &str)]) -> Line {
        let header = header(report);
        let cell = |name: &str| {
            let given = values.iter().find(|(given, _)| *given == name || format!("now_{given}") == name);
            match (given, name) {
                (Some((_, value)), _) => (*value).to_owned(),
                (None, "money_key") => "d".to_owned(),
                (None, "money_code") => "840".to_owned(),
                (None, "money_name") => "USD".to_owned(),
                (None, "rows_now") => "1".to_owned(),
                (None, _) => "0".to_owned(),
            }
        };
        let text: Vec<String> = header.split('\t').map(cell).collect();
        Reader::new(report, &header).unwrap().line(&text.join("\t")).unwrap()
    }

    fn header(report: &Definition) -> String {
        let mut names: Vec<String> = Vec::new();
        for (_, field) in report.fields.iter() {
            names.push(format!("now_{}", field.name));
            if report.is_compared() && field.kind.is_number() {
                names.push(format!("before_{}", field.name));
            }
        }
        names.extend((0..report.key.len()).map(|part| format!("key_{part}")));
        names.extend(["money_key", "money_code", "money_name"].map(str::to_owned));
        names.extend(["rows_now", "rows_before", "rows_former", "is_total"].map(str::to_owned));
        names.join("\t")
    }

    #[test]
    fn cells_are_found_by_the_names_of_the_answer_whatever_their_order() {
        let catalogue = Catalogue::read(&crate::dataset::Catalogue::compiled_in().unwrap(), None).unwrap();
        let report = catalogue.get("sales").unwrap();
        let (header, revenue) = (header(report), report.field("revenue").unwrap());
        let values: Vec<String> = header
            .split('\t')
            .map(|name| match name {
                "now_revenue" => "7.5".to_owned(),
                "before_revenue" => "5".to_owned(),
                "now_product" => "a\\tb".to_owned(),
                _ => "0".to_owned(),
            })
            .collect();
        let reversed = |text: Vec<&str>| text.into_iter().rev().collect::<Vec<_>>().join("\t");
        let header = reversed(header.split('\t').collect());
        let values = reversed(values.iter().map(String::as_str).collect());
        let read = Reader::new(report, &header).unwrap().line(&values).unwrap();
        assert_eq!(read.cell(revenue), &Cell::Number(Number::read("7.5").unwrap()));
        assert_eq!((read.before(revenue).to_f64(), read.growth(revenue)), (Some(5.0), Some(0.5)));
        assert_eq!(read.cell(report.field("product").unwrap()).text(), "a\tb");
    }

    #[test]
    fn what_is_not_of_its_kind_or_of_the_right_length_is_an_error() {
        let catalogue = Catalogue::read(&crate::dataset::Catalogue::compiled_in().unwrap(), None).unwrap();
        let report = catalogue.get("sales").unwrap();
        let header = header(report);
        let with = |name: &str, value: &str| {
            let cells = header.split('\t').map(|found| if found == name { value } else { "0" });
            Reader::new(report, &header).unwrap().line(&cells.collect::<Vec<_>>().join("\t"))
        };
        assert!(with("now_revenue", "12.50").is_ok() && with("now_revenue", "\\N").is_ok());
        for (name, value) in
            [("now_revenue", "1e5"), ("now_revenue", ""), ("now_revenue", "1."), ("rows_now", "-1"), ("is_total", "x")]
        {
            assert!(with(name, value).is_err(), "{name} {value}");
        }
        assert!(with("now_revenue", "1\t2").is_err());
        assert!(Reader::new(report, &header).unwrap().line("0\t0").is_err());
        let missing = Reader::new(report, &header.replace("now_revenue\t", "")).unwrap_err();
        assert!(missing.to_string().contains("now_revenue"), "{missing}");
    }

    #[test]
    fn places_behind_the_point_are_those_of_clickhouses_types() {
        for (of_type, places) in
            [("Decimal(38, 4)", 4), ("Nullable(Decimal(18, 2))", 2), ("Int64", 0), ("Nullable(Float64)", 16), ("", 0)]
        {
            assert_eq!(super::decimal_places(of_type), places, "{of_type}");
        }
    }

    #[test]
    fn nothing_is_compared_with_nothing_or_with_less() {
        assert_eq!(growth(200.0, -100.0), None);
        assert_eq!(growth(200.0, 0.0), None);
        assert_eq!(growth(-50.0, 100.0), Some(-1.5));
    }

    #[test]
    fn a_share_of_nothing_or_less_is_unknown() {
        assert_eq!(share(25.0, 100.0), Some(0.25));
        assert_eq!(share(0.0, 0.0), None);
        assert_eq!(share(-300.0, -100.0), None);
    }
}
