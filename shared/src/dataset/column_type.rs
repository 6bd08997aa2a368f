//! The types that columns of the warehouse's tables have: what is declared, compared and inserted.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Date32,
    NullableDate32,
    /// A moment to the second.
    Seconds,
    NullableSeconds,
    /// A moment to the thousandth of a second.
    Milliseconds,
    /// 18 digits, four of them behind the point.
    Decimal,
    Uuid,
    String,
    /// Text of which many rows have the same.
    LowCardinality,
}

impl ColumnType {
    /// As ClickHouse writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UInt8 => "UInt8",
            Self::UInt16 => "UInt16",
            Self::UInt32 => "UInt32",
            Self::UInt64 => "UInt64",
            Self::Date32 => "Date32",
            Self::NullableDate32 => "Nullable(Date32)",
            Self::Seconds => "DateTime64(0, 'UTC')",
            Self::NullableSeconds => "Nullable(DateTime64(0, 'UTC'))",
            Self::Milliseconds => "DateTime64(3, 'UTC')",
            Self::Decimal => "Decimal(18, 4)",
            Self::Uuid => "UUID",
            Self::String => "String",
            Self::LowCardinality => "LowCardinality(String)",
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
