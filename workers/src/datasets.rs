//! All datasets, one line each: a stream from 1C with its topic and its table.

use std::fmt;

/// A stream from 1C: a mapping, a record, a topic, a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dataset {
    Products,
    Dealers,
    Sales,
    /// Rows of the same table as sales, with negative figures.
    Returns,
    Currencies,
    Units,
}

impl Dataset {
    pub const ALL: [Self; 6] =
        [Self::Products, Self::Dealers, Self::Sales, Self::Returns, Self::Currencies, Self::Units];

    /// `sales`: what logs, tables of progress and mapping files call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Products => "products",
            Self::Dealers => "dealers",
            Self::Sales => "sales",
            Self::Returns => "returns",
            Self::Currencies => "currencies",
            Self::Units => "units",
        }
    }

    /// The topic without its prefix; the number is the revision of the record.
    pub const fn topic(self) -> &'static str {
        match self {
            Self::Products => "products.v1",
            Self::Dealers => "dealers.v1",
            Self::Sales => "sales.v1",
            Self::Returns => "returns.v1",
            Self::Currencies => "currencies.v1",
            Self::Units => "units.v1",
        }
    }

    /// Partitions that its topic must have at least.
    pub const fn partitions(self) -> usize {
        match self {
            Self::Products | Self::Dealers | Self::Currencies | Self::Units => 1,
            Self::Sales | Self::Returns => 3,
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dataset| dataset.name() == name)
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where rejected documents and messages lie whole; without the prefix.
pub const DEAD_LETTERS: &str = "dead-letters.v1";

/// Bytes of a message at most, key and headers included: `message.max.bytes`, and `max.message.bytes` of every topic.
pub const MAX_MESSAGE_BYTES: usize = 8 * 1024 * 1024;

/// Every topic that must exist under a prefix, with the partitions it must have at least. Whoever runs the brokers
/// creates them; the workers never do.
pub fn topics(prefix: &str) -> Vec<(String, usize)> {
    Dataset::ALL
        .into_iter()
        .map(|dataset| (format!("{prefix}.{}", dataset.topic()), dataset.partitions()))
        .chain([(format!("{prefix}.{DEAD_LETTERS}"), 1)])
        .collect()
}
