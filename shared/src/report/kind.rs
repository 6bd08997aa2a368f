//! What a value means beyond its type: how it is aligned, written, added up, exported.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Money,
    Quantity,
    Percent,
    /// How many: documents, lines. Whole.
    Count,
    Date,
    /// An identifier: text for ever, also in Excel.
    Code,
    Text,
}

impl Kind {
    /// The word of `report.toml`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Money => "money",
            Self::Quantity => "quantity",
            Self::Percent => "percent",
            Self::Count => "count",
            Self::Date => "date",
            Self::Code => "code",
            Self::Text => "text",
        }
    }

    pub const fn is_number(self) -> bool {
        matches!(self, Self::Money | Self::Quantity | Self::Percent | Self::Count)
    }

    /// Sorted as words are.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Code | Self::Text)
    }

    /// Added up, unless its report says otherwise.
    pub const fn is_summed(self) -> bool {
        matches!(self, Self::Money | Self::Quantity | Self::Count)
    }
}
