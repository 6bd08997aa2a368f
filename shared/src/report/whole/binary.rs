//! ClickHouse's `RowBinaryWithNamesAndTypes`, as far as keys, days and figures need it: an answer of thousands of rows is
//! read in a fraction of the time that its text would take.

use chrono::{Days, NaiveDate};

use crate::report::tsv::Misread;

pub const FORMAT: &str = "RowBinaryWithNamesAndTypes";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Uuid,
    Date,
    Date32,
    UInt(usize),
    Int(usize),
    /// Bytes, and digits behind the point.
    Decimal(usize, u32),
}

impl Type {
    fn named(name: &str) -> Option<Self> {
        let bytes = |bits: &str| match bits {
            "8" => Some(1),
            "16" => Some(2),
            "32" => Some(4),
            "64" => Some(8),
            "128" => Some(16),
            _ => None,
        };
        match name {
            "UUID" => Some(Self::Uuid),
            "Date" => Some(Self::Date),
            "Date32" => Some(Self::Date32),
            _ => {
                if let Some(inside) = name.strip_prefix("Decimal(").and_then(|rest| rest.strip_suffix(')')) {
                    let (digits, scale) = inside.split_once(", ")?;
                    let bytes = match digits.parse::<u32>().ok()? {
                        0..=9 => 4,
                        10..=18 => 8,
                        19..=38 => 16,
                        _ => return None,
                    };
                    return Some(Self::Decimal(bytes, scale.parse().ok()?));
                }
                match name.strip_prefix("UInt") {
                    Some(bits) => bytes(bits).map(Self::UInt),
                    None => bytes(name.strip_prefix("Int")?).map(Self::Int),
                }
            }
        }
    }

    const fn bytes(self) -> usize {
        match self {
            Self::Uuid => 16,
            Self::Date => 2,
            Self::Date32 => 4,
            Self::UInt(bytes) | Self::Int(bytes) | Self::Decimal(bytes, _) => bytes,
        }
    }
}

/// An answer of columns that each take the same bytes in every row.
#[derive(Debug)]
pub struct Table<'a> {
    names: Vec<String>,
    types: Vec<Type>,
    places: Vec<usize>,
    width: usize,
    rows: &'a [u8],
}

/// A column that is there.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    of_type: Type,
    place: usize,
}

impl Column {
    /// Digits behind the point.
    pub const fn scale(self) -> u32 {
        match self.of_type {
            Type::Decimal(_, scale) => scale,
            _ => 0,
        }
    }
}

impl<'a> Table<'a> {
    pub fn read(answer: &'a [u8]) -> Result<Self, Misread> {
        let mut head = Head(answer);
        let columns = head.number()?;
        let names = (0..columns).map(|_| head.text()).collect::<Result<Vec<_>, _>>()?;
        let types = (0..columns)
            .map(|_| {
                head.text().and_then(|name| Type::named(&name).ok_or_else(|| Misread(format!("a column of {name}"))))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let places = types
            .iter()
            .scan(0, |place, of_type| {
                let own = *place;
                *place += of_type.bytes();
                Some(own)
            })
            .collect();
        let width: usize = types.iter().map(|of_type| of_type.bytes()).sum();
        if width == 0 || head.0.len() % width != 0 {
            return Err(Misread(format!("{} bytes of rows of {width}", head.0.len())));
        }
        Ok(Self { names, types, places, width, rows: head.0 })
    }

    pub fn column(&self, name: &str) -> Result<Column, Misread> {
        let index = self.names.iter().position(|known| known == name);
        let index = index.ok_or_else(|| Misread(format!("no column {name} among {:?}", self.names)))?;
        Ok(Column { of_type: self.types[index], place: self.places[index] })
    }

    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'a>> {
        self.rows.chunks_exact(self.width).map(Row)
    }
}

/// One row. A value that is none of its column's type is nothing.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a>(&'a [u8]);

impl Row<'_> {
    /// A whole number; of a decimal, that of its last digits.
    pub fn number(self, column: Column) -> Option<i128> {
        let bytes = self.0.get(column.place..column.place + column.of_type.bytes())?;
        // The widths that nearly all figures have: a view asks for tens of thousands.
        match column.of_type {
            Type::Decimal(16, _) | Type::Int(16) => {
                return bytes.first_chunk().map(|bytes| i128::from_le_bytes(*bytes));
            }
            Type::Decimal(8, _) | Type::Int(8) => {
                return bytes.first_chunk().map(|bytes| i64::from_le_bytes(*bytes).into());
            }
            Type::UInt(8) => return bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes).into()),
            _ => {}
        }
        let mut wide = [0; 16];
        wide[..bytes.len()].copy_from_slice(bytes);
        let is_negative = bytes.last().is_some_and(|last| *last >= 0x80);
        match column.of_type {
            Type::Int(_) | Type::Decimal(..) if is_negative => wide[bytes.len()..].fill(0xff),
            Type::Uuid | Type::Date | Type::Date32 => return None,
            _ => {}
        }
        Some(i128::from_le_bytes(wide))
    }

    /// Ordered as ClickHouse orders it: by its second half first.
    pub fn uuid(self, column: Column) -> Option<u128> {
        let bytes = self.0.get(column.place..column.place + 16)?;
        (column.of_type == Type::Uuid).then(|| bytes.try_into().map(u128::from_le_bytes).ok())?
    }

    pub fn day(self, column: Column) -> Option<NaiveDate> {
        let bytes = self.0.get(column.place..column.place + column.of_type.bytes())?;
        let days = match column.of_type {
            Type::Date => i64::from(u16::from_le_bytes(bytes.try_into().ok()?)),
            Type::Date32 => i64::from(i32::from_le_bytes(bytes.try_into().ok()?)),
            _ => return None,
        };
        let (first, away) = (NaiveDate::from_ymd_opt(1970, 1, 1)?, Days::new(days.unsigned_abs()));
        if days < 0 { first.checked_sub_days(away) } else { first.checked_add_days(away) }
    }
}

/// As people write it.
pub fn uuid_text(uuid: u128) -> String {
    let (first, second) = (uuid as u64, (uuid >> 64) as u64);
    uuid::Uuid::from_u64_pair(first, second).to_string()
}

/// The other way round.
pub fn uuid_of(text: &str) -> Option<u128> {
    let (first, second) = uuid::Uuid::parse_str(text).ok()?.as_u64_pair();
    Some(u128::from(second) << 64 | u128::from(first))
}

/// A decimal as ClickHouse writes it: without zeros at its end.
pub fn decimal_text(number: i128, scale: u32) -> String {
    let (Some(unit), true) = (10_u128.checked_pow(scale), scale > 0) else { return number.to_string() };
    let sign = if number < 0 { "-" } else { "" };
    let (whole, part) = (number.unsigned_abs() / unit, number.unsigned_abs() % unit);
    if part == 0 {
        return format!("{sign}{whole}");
    }
    let part = format!("{part:0width$}", width = scale as usize);
    format!("{sign}{whole}.{}", part.trim_end_matches('0'))
}

/// Names and types, before the rows.
struct Head<'a>(&'a [u8]);

impl Head<'_> {
    fn number(&mut self) -> Result<usize, Misread> {
        let (mut number, mut shift) = (0_usize, 0);
        loop {
            let (byte, rest) = self.0.split_first().ok_or_else(|| Misread("an answer without its head".to_owned()))?;
            self.0 = rest;
            number |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
            if shift > 28 {
                return Err(Misread("a number too large for a head".to_owned()));
            }
        }
    }

    fn text(&mut self) -> Result<String, Misread> {
        let length = self.number()?;
        let (text, rest) =
            self.0.split_at_checked(length).ok_or_else(|| Misread("an answer that ends in its head".to_owned()))?;
        self.0 = rest;
        Ok(String::from_utf8_lossy(text).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{Table, decimal_text, uuid_of, uuid_text};

    #[test]
    fn decimals_are_written_as_clickhouse_writes_them() {
        for (number, scale, text) in [
            (12_345_000, 4, "1234.5"),
            (-5, 4, "-0.0005"),
            (0, 4, "0"),
            (70_000, 4, "7"),
            (-123, 0, "-123"),
            (i128::from(i64::MAX) * 1000, 2, "92233720368547758070"),
        ] {
            assert_eq!(decimal_text(number, scale), text);
        }
    }

    #[test]
    fn uuids_survive_and_are_ordered_by_their_second_half() {
        let of = |text: &str| uuid_of(text).unwrap();
        let (one, two) = ("00000000-0000-0002-0000-000000000001", "00000000-0000-0001-0000-000000000002");
        assert!(of(one) < of(two));
        assert_eq!(uuid_text(of(one)), one);
    }

    #[test]
    fn rows_are_read_by_the_names_and_types_of_the_head() {
        let mut answer = vec![3];
        for text in ["key", "day", "sum", "UUID", "Date", "Decimal(38, 4)"] {
            answer.push(u8::try_from(text.len()).unwrap());
            answer.extend(text.bytes());
        }
        answer.extend(uuid_of("00000000-0000-0002-0000-000000000001").unwrap().to_le_bytes());
        answer.extend(20_000_u16.to_le_bytes());
        answer.extend((-12_345_i128).to_le_bytes());
        let table = Table::read(&answer).unwrap();
        let row = table.rows().next().unwrap();
        let sum = table.column("sum").unwrap();
        assert_eq!((row.number(sum), sum.scale()), (Some(-12_345), 4));
        assert_eq!(row.day(table.column("day").unwrap()).unwrap().to_string(), "2024-10-04");
        assert_eq!(
            row.uuid(table.column("key").unwrap()).map(uuid_text).as_deref(),
            Some("00000000-0000-0002-0000-000000000001")
        );
        assert_eq!(row.uuid(sum), None);
        for broken in [&answer[..answer.len() - 1], &answer[..5], &[]] {
            assert!(Table::read(broken).is_err());
        }
    }
}
