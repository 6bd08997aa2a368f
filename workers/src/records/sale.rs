//! A sale, or a return with negative lines: the document, its header once, with its lines. Replaced whole: the message also
//! names the rows it leaves.

use std::borrow::Cow;
use std::fmt;

use chrono::{NaiveDate, NaiveDateTime};
use serde::de::{self, Deserializer, Visitor};
use shared::money::Amount;
use uuid::Uuid;

use super::{Leave, Record, json, row};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub number: String,
    pub sold_at: NaiveDateTime,
    pub dealer_id: Option<Uuid>,
    pub legal_entity_id: Option<Uuid>,
    pub currency_id: Option<Uuid>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Line {
    pub product_id: Option<Uuid>,
    pub quantity: Amount,
    /// With VAT, after discounts, in the currency of the document.
    pub revenue: Amount,
    pub vat: Amount,
    /// Manual and automatic together.
    pub discount: Amount,
}

/// The lines that one message carries; `first_line` counts from 1. A large document goes in several.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    pub header: &'a Header,
    pub first_line: u32,
    pub lines: &'a [Line],
    /// This part's number and how many there are, counting from 1.
    pub part: (u32, u32),
}

/// Writes a message over what `out` held. Without a sale: the document is gone and only leaves rows behind.
pub fn write(out: &mut Vec<u8>, version: u64, document_id: Uuid, sale: Option<Part<'_>>, leaves: &[Leave]) {
    json::open(out, version);
    out.extend_from_slice(b",\"document_id\":");
    json::uuid(out, Some(document_id));
    out.extend_from_slice(b",\"sale\":");
    match sale {
        None => out.extend_from_slice(b"null"),
        Some(part) => write_part(out, part),
    }
    out.extend_from_slice(b",\"leaves\":[");
    for (index, leave) in leaves.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"{\"dealer_id\":" } else { b",{\"dealer_id\":" });
        json::uuid(out, leave.dealer_id);
        out.extend_from_slice(b",\"sold_on\":");
        json::day(out, leave.sold_on);
        out.extend_from_slice(b",\"from_line\":");
        json::integer(out, leave.from_line.into());
        out.extend_from_slice(b",\"to_line\":");
        json::integer(out, leave.to_line.into());
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
}

fn write_part(out: &mut Vec<u8>, Part { header, first_line, lines, part }: Part<'_>) {
    out.extend_from_slice(b"{\"number\":");
    json::text(out, &header.number);
    out.extend_from_slice(b",\"sold_at\":");
    json::moment(out, header.sold_at);
    out.extend_from_slice(b",\"dealer_id\":");
    json::uuid(out, header.dealer_id);
    out.extend_from_slice(b",\"legal_entity_id\":");
    json::uuid(out, header.legal_entity_id);
    out.extend_from_slice(b",\"currency_id\":");
    json::uuid(out, header.currency_id);
    out.extend_from_slice(b",\"part\":");
    json::integer(out, part.0.into());
    out.extend_from_slice(b",\"parts\":");
    json::integer(out, part.1.into());
    out.extend_from_slice(b",\"first_line\":");
    json::integer(out, first_line.into());
    out.extend_from_slice(b",\"lines\":[");
    for (index, line) in lines.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"{\"product_id\":" } else { b",{\"product_id\":" });
        json::uuid(out, line.product_id);
        out.extend_from_slice(b",\"quantity\":");
        json::amount(out, line.quantity);
        out.extend_from_slice(b",\"revenue\":");
        json::amount(out, line.revenue);
        out.extend_from_slice(b",\"vat\":");
        json::amount(out, line.vat);
        out.extend_from_slice(b",\"discount\":");
        json::amount(out, line.discount);
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
}

#[derive(serde::Deserialize)]
struct Message<'a> {
    revision: u32,
    version: u64,
    document_id: Uuid,
    #[serde(borrow, deserialize_with = "super::or_null")]
    sale: Option<SaleText<'a>>,
    leaves: Vec<Leave>,
}

#[derive(serde::Deserialize)]
struct SaleText<'a> {
    #[serde(borrow)]
    number: Cow<'a, str>,
    sold_at: Moment,
    #[serde(deserialize_with = "super::or_null")]
    dealer_id: Option<Uuid>,
    legal_entity_id: Option<Uuid>,
    currency_id: Option<Uuid>,
    #[serde(default)]
    part: u32,
    #[serde(default)]
    parts: u32,
    first_line: u32,
    lines: Vec<LineText>,
}

#[derive(serde::Deserialize)]
struct LineText {
    product_id: Option<Uuid>,
    quantity: Money,
    revenue: Money,
    #[serde(default)]
    vat: Money,
    #[serde(default)]
    discount: Money,
}

#[derive(Default)]
struct Money(Amount);

impl<'de> de::Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Money;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal as text")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Money, E> {
                Amount::parse(text).map(Money).map_err(|problem| E::custom(format_args!("{text:?} {problem}")))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

struct Moment(NaiveDateTime);

impl<'de> de::Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Moment;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date and time")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Moment, E> {
                super::moment(text).map(Moment).ok_or_else(|| E::custom(format_args!("{text:?} is no date and time")))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Beyond it a message is broken, not large: more lines than a document can have.
const MOST_LINES: u32 = 10_000_000;
/// Rows that one message may become, those that it leaves included, and their bytes. The extractor stays far below both.
const MOST_ROWS: u32 = 200_000;
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Letters of a document's number: 1C has 50 at most, and every row repeats them.
pub const MOST_LETTERS: usize = 100;
/// A row without the letters of its number, whose length takes one byte or two.
const ROW_BYTES: usize = 16 + 4 + 16 + 4 + 8 + 2 + 3 * 16 + 4 * 8 + 8 + 1;

impl Record for Line {
    const TABLE: &'static str = "sale";
    const COLUMNS: &'static str = "dealer_id, sold_on, document_id, line_no, sold_at, number, legal_entity_id, currency_id, \
         product_id, quantity, revenue, vat, discount, version, is_deleted";

    fn decode(payload: &[u8], rows: &mut Vec<u8>) -> Result<u32, String> {
        let text = std::str::from_utf8(payload).map_err(|_| "is no UTF-8 text".to_owned())?;
        let message: Message<'_> = serde_json::from_str(text).map_err(|error| super::problem(payload, &error))?;
        super::check_revision(message.revision)?;
        let count = within_bounds(&message)?;
        if let Some(sale) = &message.sale {
            write_rows(&message, sale, rows)?;
        }
        for leave in &message.leaves {
            write_tombstones(&message, leave, rows)?;
        }
        Ok(count)
    }
}

/// How many rows the message becomes, told before the first is written: a few bytes can name millions.
fn within_bounds(message: &Message<'_>) -> Result<u32, String> {
    let (mut count, mut letters) = (0u64, 0);
    if let Some(sale) = &message.sale {
        letters = sale.number.len();
        if sale.number.chars().count() > MOST_LETTERS {
            return Err(format!("has a number of more than {MOST_LETTERS} letters"));
        }
        if sale.first_line == 0 || sale.first_line > MOST_LINES || sale.part > sale.parts {
            return Err("has line or part numbers that cannot be".to_owned());
        }
        count += sale.lines.len() as u64;
    }
    for leave in &message.leaves {
        if leave.from_line == 0 || leave.from_line > leave.to_line || leave.to_line > MOST_LINES {
            return Err(format!("leaves lines {} to {}, which cannot be", leave.from_line, leave.to_line));
        }
        count += u64::from(leave.to_line - leave.from_line) + 1;
    }
    let bytes = count.saturating_mul((ROW_BYTES + letters) as u64);
    match u32::try_from(count) {
        Ok(count) if count <= MOST_ROWS && bytes <= MOST_BYTES as u64 => Ok(count),
        _ => Err(format!(
            "would become {count} rows of {bytes} bytes; {MOST_ROWS} rows and {MOST_BYTES} bytes are the most"
        )),
    }
}

fn write_rows(message: &Message<'_>, sale: &SaleText<'_>, rows: &mut Vec<u8>) -> Result<(), String> {
    in_range(sale.sold_at.0.date())?;
    for (line, line_no) in sale.lines.iter().zip(sale.first_line..) {
        row::uuid(rows, sale.dealer_id.unwrap_or_default());
        row::day(rows, sale.sold_at.0.date());
        row::uuid(rows, message.document_id);
        row::u32(rows, line_no);
        row::moment(rows, sale.sold_at.0);
        row::text(rows, &sale.number);
        row::uuid(rows, sale.legal_entity_id.unwrap_or_default());
        row::uuid(rows, sale.currency_id.unwrap_or_default());
        row::uuid(rows, line.product_id.unwrap_or_default());
        row::amount(rows, line.quantity.0);
        row::amount(rows, line.revenue.0);
        row::amount(rows, line.vat.0);
        row::amount(rows, line.discount.0);
        row::u64(rows, message.version);
        row::u8(rows, 0);
    }
    Ok(())
}

fn write_tombstones(message: &Message<'_>, leave: &Leave, rows: &mut Vec<u8>) -> Result<(), String> {
    in_range(leave.sold_on)?;
    for line_no in leave.from_line..=leave.to_line {
        row::uuid(rows, leave.dealer_id.unwrap_or_default());
        row::day(rows, leave.sold_on);
        row::uuid(rows, message.document_id);
        row::u32(rows, line_no);
        row::moment(rows, leave.sold_on.into());
        row::text(rows, "");
        rows.extend_from_slice(&[0; 3 * 16 + 4 * 8]);
        row::u64(rows, message.version);
        row::u8(rows, 1);
    }
    Ok(())
}

fn in_range(day: NaiveDate) -> Result<(), String> {
    if super::YEARS.contains(&chrono::Datelike::year(&day)) {
        return Ok(());
    }
    Err(format!("is dated {day}, outside the years {} to {}", super::YEARS.start(), super::YEARS.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            number: "ТД00-\"1\"".to_owned(),
            sold_at: crate::records::moment("2024-03-05T11:42:10").unwrap(),
            dealer_id: Some(Uuid::from_u128(7)),
            legal_entity_id: None,
            currency_id: Some(Uuid::from_u128(9)),
        }
    }

    #[test]
    fn a_document_becomes_a_row_per_line_and_a_tombstone_per_line_it_leaves() {
        let (header, line) = (header(), Line { quantity: Amount::from_raw(25_000), ..Line::default() });
        let leave = Leave { dealer_id: None, sold_on: header.sold_at.date(), from_line: 3, to_line: 5 };
        let part = Part { header: &header, first_line: 1, lines: &[line, line], part: (1, 1) };
        let (mut message, mut rows) = (Vec::new(), Vec::new());
        write(&mut message, 1 << 32, Uuid::from_u128(1), Some(part), &[leave]);
        assert_eq!(Line::decode(&message, &mut rows), Ok(5), "{}", String::from_utf8_lossy(&message));
        let fixed = 16 + 4 + 16 + 4 + 8 + 1 + 16 + 16 + 16 + 4 * 8 + 8 + 1;
        assert_eq!(rows.len(), 5 * fixed + 2 * header.number.len());
        let mut again = Vec::new();
        assert_eq!(Line::decode(&message, &mut again), Ok(5));
        assert_eq!(rows, again, "the same message gives the same bytes");
    }

    /// A message of one line without what it leaves, as text.
    fn message() -> String {
        let (header, mut message) = (header(), Vec::new());
        let line = Line { revenue: Amount::from_raw(10_000), ..Line::default() };
        let part = Part { header: &header, first_line: 1, lines: &[line], part: (1, 1) };
        write(&mut message, 1, Uuid::from_u128(1), Some(part), &[]);
        String::from_utf8(message).unwrap()
    }

    fn decoded(text: &str) -> Result<Vec<u8>, String> {
        let mut rows = Vec::new();
        Line::decode(text.as_bytes(), &mut rows).map(|_| rows)
    }

    #[test]
    fn a_few_bytes_that_would_become_millions_of_rows_are_rejected_before_the_first_is_written() {
        let text = message();
        let leave = |to: u32| format!(r#"{{"dealer_id":null,"sold_on":"2024-03-05","from_line":1,"to_line":{to}}}"#);
        let leaves = |list: &[String]| text.replace("\"leaves\":[]", &format!("\"leaves\":[{}]", list.join(",")));
        let long = "я".repeat(MOST_LETTERS + 1);
        for (bad, reason) in [
            (leaves(&[leave(10_000_000)]), "would become 10000001 rows"),
            (leaves(&[leave(150_000), leave(150_000)]), "would become 300001 rows"),
            (leaves(&[leave(u32::MAX)]), "which cannot be"),
            (text.replace("ТД00", &long), "a number of more than 100 letters"),
        ] {
            let mut rows = vec![7];
            let error = Line::decode(bad.as_bytes(), &mut rows).unwrap_err();
            assert!(error.contains(reason), "{error}");
            assert_eq!(rows, [7], "nothing was written");
        }
        assert!(decoded(&leaves(&[leave(190_000)])).is_ok());
        // Letters of four bytes each.
        let wide = leaves(&[leave(190_000)]).replace("ТД00", &"𝄞".repeat(90));
        assert!(decoded(&wide).err().is_some_and(|error| error.contains("bytes are the most")));
    }

    #[test]
    fn a_message_of_another_release_is_read_unless_it_would_make_a_wrong_figure() {
        let today = message();
        let rows = decoded(&today).unwrap();
        let newer = today
            .replace("{\"revision\"", "{\"shape\":{\"of\":[1]},\"revision\"")
            .replace("\"number\"", "\"manager\":\"Иванов\",\"number\"")
            .replace("\"quantity\"", "\"weight\":\"1.5\",\"quantity\"");
        assert_eq!(decoded(&newer).unwrap(), rows, "what this release does not know is passed over");
        let older = today
            .replace(",\"vat\":\"0\",\"discount\":\"0\"", "")
            .replace("\"part\":1,\"parts\":1,", "")
            .replace("\"legal_entity_id\":null,", "");
        assert_eq!(decoded(&older).unwrap(), rows, "what it misses takes its default");
        for needed in [
            "revision",
            "version",
            "document_id",
            "sale",
            "leaves",
            "sold_at",
            "dealer_id",
            "first_line",
            "quantity",
            "revenue",
        ] {
            let without = today.replace(&format!("\"{needed}\""), "\"another\"");
            assert_ne!(without, today);
            assert!(decoded(&without).is_err(), "{needed} must be there");
        }
        let leave = r#""leaves":[{"sold_on":"2024-03-05","from_line":1,"to_line":2}]"#;
        assert!(decoded(&today.replace("\"leaves\":[]", leave)).is_err(), "whose rows it leaves must be told");
    }

    #[test]
    fn a_message_that_is_none_is_rejected_with_its_reason() {
        let mut message = Vec::new();
        write(&mut message, 1, Uuid::nil(), None, &[]);
        let text = String::from_utf8(message).unwrap();
        for (bad, reason) in [
            (text.replace("\"revision\":1", "\"revision\":9"), "revision 9 is not known"),
            (text.replace("\"leaves\":[]", "\"leaves\":{}"), "is no message of this topic"),
            (text[..text.len() - 2].to_owned(), "is no message of this topic"),
            (r#"{"revision":2,"other":true}"#.to_owned(), "revision 2 is not known"),
        ] {
            let error = Line::decode(bad.as_bytes(), &mut Vec::new()).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
        assert!(Line::decode(&[0xff, 0xfe], &mut Vec::new()).is_err());
    }
}
