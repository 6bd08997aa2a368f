//! Why a job ended without its file. The code stands in the table; the words stand in the locales.

/// A reason that a person can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// ClickHouse was away, or broke off.
    Warehouse,
    /// The file could not be written: the store is full, away or closed to us.
    Storage,
    /// More than a report may read or return.
    TooMuch,
    /// More than a file of this format is of use for.
    TooManyRows,
    /// It took longer than it may.
    TooLong,
    /// The dealer has used up its share of the warehouse for now.
    Quota,
    /// The person may no longer see these dealers' rows, or this report.
    Access,
    /// The report, its format or its filters are no longer there.
    Report,
    /// Worker after worker vanished over it.
    Worker,
    /// Ours to mend.
    Internal,
}

impl Reason {
    pub const ALL: [Self; 10] = [
        Self::Warehouse,
        Self::Storage,
        Self::TooMuch,
        Self::TooManyRows,
        Self::TooLong,
        Self::Quota,
        Self::Access,
        Self::Report,
        Self::Worker,
        Self::Internal,
    ];

    /// As the table has it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Warehouse => "warehouse",
            Self::Storage => "storage",
            Self::TooMuch => "too-much",
            Self::TooManyRows => "too-many-rows",
            Self::TooLong => "too-long",
            Self::Quota => "quota",
            Self::Access => "access",
            Self::Report => "report",
            Self::Worker => "worker",
            Self::Internal => "internal",
        }
    }

    /// A code of another release is ours to mend.
    pub fn from_code(code: &str) -> Self {
        Self::ALL.into_iter().find(|reason| reason.code() == code).unwrap_or(Self::Internal)
    }

    /// May the same job end well, tried again a little later?
    pub const fn may_pass(self) -> bool {
        matches!(self, Self::Warehouse | Self::Storage | Self::Quota | Self::Worker | Self::Internal)
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;

    #[test]
    fn every_code_is_read_as_what_it_was_written_for() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), reason);
        }
        assert_eq!(Reason::from_code("of a later release"), Reason::Internal);
    }
}
