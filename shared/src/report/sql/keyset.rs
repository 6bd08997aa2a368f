//! Pages that neither skip nor repeat a row while data change: each begins behind the place of a row that was seen.
//!
//! That place is put among the rows as a row of its own, a mark, and ClickHouse puts all of them in order. So the order
//! of texts (collation), of what is unknown and of equal values is ClickHouse's alone, and it does not matter whether the row
//! that was seen is still there. Comparing in `WHERE` was turned down: ClickHouse compares no texts by a collation there.

use std::fmt::Write as _;

use super::names::{self, Side};
use super::wrap::{cells, groups, has_before, sorted_by};
use crate::report::definition::{Definition, Sort, Source};
use crate::report::kind::Kind;

/// The parameters of a mark besides those of its key.
pub const VALUE: &str = "mark_value";
pub const CURRENCY_KEY: &str = "mark_currency";
pub const CURRENCY_CODE: &str = "mark_code";

/// The parameter of a part of the mark's key.
pub fn key(part: usize) -> String {
    format!("mark_key_{part}")
}

/// The totals of all rows, then `{rows_limit}` rows: the first ones, or those behind a mark.
pub fn page(report: &Definition, sort: Sort, has_mark: bool) -> String {
    let of_type = Type::of(report, sort);
    let rows = format!(
        "{}, {} AS sort_value, toUInt8(0) AS is_mark {}",
        cells(report),
        of_type.of_row(&sorted_by(report, sort)),
        groups(report)
    );
    let (rows, behind) = if has_mark {
        (format!("{rows}\nUNION ALL\n{}", mark(report, of_type)), " AND behind > 0 AND NOT is_mark")
    } else {
        (rows, "")
    };
    format!(
        "SELECT *, {} AS {} FROM (\nSELECT *, row_number() OVER w AS place, sum(is_mark) OVER w AS behind FROM (\n{rows}\n)\nWINDOW w \
         AS (PARTITION BY is_total ORDER BY {} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)\n)\nWHERE is_total OR (1{behind})\n\
         ORDER BY is_total DESC, place LIMIT {{rows_limit:UInt32}} BY if(is_total, place, 0)",
        of_type.word(),
        names::SORT_WORD,
        order(report, sort)
    )
}

/// As `wrap` has it, but that equal rows follow by the text of their key. The mark comes behind its own row.
fn order(report: &Definition, sort: Sort) -> String {
    let column = &report.columns[sort.column];
    let mut sql = String::new();
    if report.currency.is_some() && column.kind == Kind::Money {
        let _ = write!(sql, "{}, {}, ", names::CURRENCY_CODE, names::CURRENCY_KEY);
    }
    let direction = if sort.descending { "DESC" } else { "ASC" };
    let collation = if column.kind.is_text() { " COLLATE 'ru'" } else { "" };
    let _ = write!(sql, "sort_value {direction} NULLS LAST{collation}");
    for part in 0..report.key.len() {
        let _ = write!(sql, ", {}", names::key(part));
    }
    if report.currency.is_some() {
        let _ = write!(sql, ", {}", names::CURRENCY_KEY);
    }
    sql.push_str(", is_mark");
    sql
}

/// The row of a mark, column by column as `wrap::cells` writes them.
fn mark(report: &Definition, of_type: Type) -> String {
    let mut sql = String::from("SELECT ");
    for (id, field) in report.fields.iter() {
        let _ = write!(sql, "NULL AS {}, ", names::field(report, Side::Now, id));
        if has_before(report, field) {
            let _ = write!(sql, "NULL AS {}, ", names::field(report, Side::Before, id));
        }
    }
    for part in 0..report.key.len() {
        let _ = write!(sql, "{{{}:String}} AS {}, ", key(part), names::key(part));
    }
    if report.currency.is_some() {
        let _ = write!(
            sql,
            "{{{CURRENCY_KEY}:String}} AS {}, {{{CURRENCY_CODE}:String}} AS {}, '' AS {}, ",
            names::CURRENCY_KEY,
            names::CURRENCY_CODE,
            names::CURRENCY_NAME
        );
    }
    let _ = write!(
        sql,
        "toUInt64(0) AS {}, toUInt64(0) AS {}, toUInt64(0) AS {}, toUInt8(0) AS {}, {} AS sort_value, toUInt8(1) AS is_mark",
        names::ROWS,
        names::ROWS_BEFORE,
        names::ROWS_FORMER,
        names::IS_TOTAL,
        of_type.of_mark()
    );
    sql
}

/// What the values are that rows are put in order by: each type holds them exactly, and so does its text.
#[derive(Debug, Clone, Copy)]
enum Type {
    Text,
    Decimal,
    Day,
    Float,
}

impl Type {
    fn of(report: &Definition, sort: Sort) -> Self {
        let kind = match report.columns[sort.column].source {
            Source::Field(field) | Source::ShareOf(field) => report.fields.get(field).kind,
            Source::ChangeOf(_) => Kind::Percent,
        };
        match kind {
            Kind::Money | Kind::Quantity | Kind::Count => Self::Decimal,
            Kind::Percent => Self::Float,
            Kind::Date => Self::Day,
            Kind::Code | Kind::Text => Self::Text,
        }
    }

    fn of_row(self, value: &str) -> String {
        match self {
            Self::Text => format!("CAST({value}, 'Nullable(String)')"),
            Self::Decimal => format!("CAST({value}, 'Nullable(Decimal(76, 12))')"),
            Self::Day => format!("CAST({value}, 'Nullable(Date32)')"),
            // What is no number is unknown, and stands with the unknown.
            Self::Float => {
                let float = format!("CAST({value}, 'Nullable(Float64)')");
                format!("if(isFinite({float}), {float}, NULL)")
            }
        }
    }

    /// Floats by their bits: their decimal text is not read back to the bit.
    fn word(self) -> &'static str {
        match self {
            Self::Float => "if(isNull(sort_value), NULL, toString(reinterpretAsUInt64(assumeNotNull(sort_value))))",
            Self::Text | Self::Decimal | Self::Day => "toString(sort_value)",
        }
    }

    fn of_mark(self) -> String {
        match self {
            Self::Text => format!("{{{VALUE}:Nullable(String)}}"),
            Self::Decimal => format!("{{{VALUE}:Nullable(Decimal(76, 12))}}"),
            Self::Day => format!("{{{VALUE}:Nullable(Date32)}}"),
            Self::Float => format!(
                "if(isNull({{{VALUE}:Nullable(UInt64)}}), NULL, reinterpretAsFloat64(assumeNotNull({{{VALUE}:Nullable(UInt64)}})))"
            ),
        }
    }
}
