//! The figures of all rows, as they were answered.

use std::sync::Arc;

use chrono::NaiveDate;

use super::binary::{Column, Row, Table, decimal_text, uuid_text};
use super::names::{Named, Names};
use crate::report::answers::Kept;
use crate::report::currency::Currency;
use crate::report::definition::{Definition, FieldId, Quick};
use crate::report::kind::Kind;
use crate::report::table::Line;
use crate::report::tsv::Misread;

/// With more rows the long way is the shorter one: ClickHouse sends a page instead of all.
pub const MOST_ROWS: usize = 20_000;

/// Now and before.
pub type Sides = [i64; 2];

/// The rows of one side or both.
#[derive(Debug)]
pub struct Figures {
    pub key: u128,
    pub name: Named,
    /// Index of `Whole::currencies`.
    pub currency: u16,
    pub has: [bool; 2],
}

/// A month's figure of one currency, in the month it was sold in.
#[derive(Debug, Clone, PartialEq)]
pub struct OfMonth {
    pub currency: String,
    pub first_day: NaiveDate,
    pub is_before: bool,
    pub value: f64,
}

#[derive(Debug)]
pub struct Whole {
    pub(super) rows: Vec<Figures>,
    /// Of each row in turn, one for each number of the definition.
    values: Vec<Sides>,
    /// Which fields these are, with their digits behind the point.
    pub(super) numbers: Vec<(FieldId, u32)>,
    /// In the order in which amounts of several stand: by code.
    pub(super) currencies: Vec<(u128, Currency)>,
    pub months: Vec<OfMonth>,
    pub(super) names: Arc<Names>,
    /// That with most rows first.
    pub totals: Vec<Line>,
}

impl Kept for Whole {
    fn bytes(&self) -> usize {
        // The names are kept with their own question.
        self.rows.len() * size_of::<Figures>() + self.values.len() * size_of::<Sides>() + self.months.len() * 80
    }
}

impl Whole {
    /// Nothing, if a row is too large for this way, has no name, or there are too many.
    pub fn read(
        report: &Definition,
        quick: &Quick,
        answer: &[u8],
        names: Arc<Names>,
        known: &[(u128, Currency)],
    ) -> Result<Option<Self>, Misread> {
        let table = Table::read(answer)?;
        let columns = Columns::of(report, quick, &table)?;
        if table.rows().len() > MOST_ROWS {
            return Ok(None);
        }
        let mut whole = Self {
            rows: Vec::with_capacity(table.rows().len()),
            values: Vec::with_capacity(table.rows().len() * columns.all().count()),
            numbers: columns.all().collect(),
            currencies: currencies_of(&table, &columns, known)?,
            months: Vec::new(),
            names,
            totals: Vec::new(),
        };
        for row in table.rows() {
            let Some(()) = whole.take(quick, &columns, row)? else { return Ok(None) };
        }
        whole.totals = whole.totals_of(report);
        Ok(Some(whole))
    }

    fn take(&mut self, quick: &Quick, columns: &Columns, row: Row<'_>) -> Result<Option<()>, Misread> {
        let misread = || Misread("a row of figures that cannot be read".to_owned());
        let has = columns.lines.map(|column| row.number(column).is_some_and(|lines| lines > 0));
        let currency = row.uuid(columns.currency).ok_or_else(misread)?;
        if row.number(columns.is_month).ok_or_else(misread)? == 1 {
            let first_day = row.day(columns.month).ok_or_else(misread)?;
            self.month(quick, columns, row, (currency, first_day, has)).ok_or_else(misread)?;
            return Ok(Some(()));
        }
        let key = row.uuid(columns.key).ok_or_else(misread)?;
        let index = self.currencies.iter().position(|(known, _)| *known == currency).ok_or_else(misread)?;
        let Ok(currency) = u16::try_from(index) else { return Ok(None) };
        let Some(name) = self.names.of(key) else { return Ok(None) };
        for (_, [now, before]) in &columns.numbers {
            let (now, before) = (row.number(*now).ok_or_else(misread)?, row.number(*before).ok_or_else(misread)?);
            let (Ok(now), Ok(before)) = (i64::try_from(now), i64::try_from(before)) else { return Ok(None) };
            self.values.push([now, before]);
        }
        let read = self.values.len() - columns.numbers.len();
        for (_, _, parts) in &columns.sums {
            let sum = |sums: Option<Sides>, part: &usize| {
                let ([now, before], [of_now, of_before]) = (sums?, self.values[read + part]);
                Some([now.checked_add(of_now)?, before.checked_add(of_before)?])
            };
            let Some(sums) = parts.iter().fold(Some([0, 0]), sum) else { return Ok(None) };
            self.values.push(sums);
        }
        self.rows.push(Figures { key, name, currency, has });
        Ok(Some(()))
    }

    fn month(
        &mut self,
        quick: &Quick,
        columns: &Columns,
        row: Row<'_>,
        (currency, first_day, has): (u128, NaiveDate, [bool; 2]),
    ) -> Option<()> {
        let Some(shown) = quick.month else { return Some(()) };
        let (_, sides) = columns.numbers.iter().find(|(field, _)| *field == shown)?;
        for (column, (is_before, has)) in sides.iter().zip([(false, has[0]), (true, has[1])]) {
            if has {
                // By way of its text, as the long way reads it.
                let value = decimal_text(row.number(*column)?, column.scale()).parse().ok()?;
                self.months.push(OfMonth { currency: uuid_text(currency), first_day, is_before, value });
            }
        }
        Some(())
    }

    /// The figures of a row, or of a number over all rows.
    pub(super) fn values(&self, row: usize) -> &[Sides] {
        &self.values[row * self.numbers.len()..(row + 1) * self.numbers.len()]
    }
}

/// The currencies of the answer, by code, then as ClickHouse orders their keys.
fn currencies_of(
    table: &Table<'_>,
    columns: &Columns,
    known: &[(u128, Currency)],
) -> Result<Vec<(u128, Currency)>, Misread> {
    // They are few: most rows have that of the row before.
    let mut keys: Vec<u128> = Vec::new();
    for key in table.rows().filter_map(|row| row.uuid(columns.currency)) {
        if keys.last() != Some(&key) {
            keys.retain(|known| *known != key);
            keys.push(key);
        }
    }
    keys.sort_unstable();
    let named = |key: u128| {
        let found = known.iter().find(|(known, _)| *known == key).map(|(_, currency)| currency.clone());
        found.unwrap_or_else(|| Currency { key: uuid_text(key), ..Currency::default() })
    };
    let mut found: Vec<_> = keys.into_iter().map(|key| (key, named(key))).collect();
    found.sort_by(|(_, one), (_, other)| one.code.cmp(&other.code));
    Ok(found)
}

/// Where things stand in the answer.
struct Columns {
    key: Column,
    currency: Column,
    month: Column,
    is_month: Column,
    lines: [Column; 2],
    numbers: Vec<(FieldId, [Column; 2])>,
    /// Numbers that are no columns, with their digits behind the point: each the sum of some of `numbers`.
    sums: Vec<(FieldId, u32, Vec<usize>)>,
}

impl Columns {
    fn of(report: &Definition, quick: &Quick, table: &Table<'_>) -> Result<Self, Misread> {
        let of_both = |name: &str| -> Result<[Column; 2], Misread> {
            Ok([table.column(&format!("now_{name}"))?, table.column(&format!("before_{name}"))?])
        };
        let (key, currency) = (report.key.first(), report.currency.as_ref());
        let numbers = report
            .fields
            .iter()
            .filter(|(id, field)| matches!(field.kind, Kind::Money | Kind::Quantity) && !quick.is_sum(*id));
        let numbers: Vec<(FieldId, [Column; 2])> =
            numbers.map(|(id, field)| Ok((id, of_both(&field.name)?))).collect::<Result<_, Misread>>()?;
        let sums = quick.sums.iter().map(|(id, parts)| sum_of(*id, parts, &numbers)).collect::<Result<_, _>>()?;
        Ok(Self {
            key: table.column(key.map_or("", |key| key))?,
            currency: table.column(currency.map_or("", |currency| &currency.key))?,
            month: table.column("month")?,
            is_month: table.column("is_month")?,
            lines: of_both("lines")?,
            numbers,
            sums,
        })
    }

    /// Every number with its digits behind the point, as their values follow each other.
    fn all(&self) -> impl Iterator<Item = (FieldId, u32)> {
        let read = self.numbers.iter().map(|(field, [now, _])| (*field, now.scale()));
        read.chain(self.sums.iter().map(|(field, scale, _)| (*field, *scale)))
    }
}

/// Where the parts of a sum stand among the numbers that are read, and the digits that they all have behind the point.
fn sum_of(
    sum: FieldId,
    parts: &[FieldId],
    numbers: &[(FieldId, [Column; 2])],
) -> Result<(FieldId, u32, Vec<usize>), Misread> {
    let misread =
        || Misread("a sum of numbers that are not all there, or have other digits behind the point".to_owned());
    let places = parts.iter().map(|part| numbers.iter().position(|(known, _)| known == part));
    let places = places.collect::<Option<Vec<usize>>>().ok_or_else(misread)?;
    let mut scales = places.iter().flat_map(|place| &numbers[*place].1).map(|column| column.scale());
    let scale = scales.next().ok_or_else(misread)?;
    if scales.any(|other| other != scale) {
        return Err(misread());
    }
    Ok((sum, scale, places))
}
