//! Why a mail did not go out. The code stands in the table; the owner of the delivery reads the words of the locales. None says
//! more of a recipient than that.

use crate::jobs;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The recipient may not see these dealers' rows, or this report: not now.
    Access,
    /// The recipient has not signed in for too long: nobody knows what he may see.
    Absent,
    /// Keycloak knows no verified address.
    Address,
    /// The mail server said no for good.
    Refused,
    /// The mail server was away, or put us off, until there was no try left.
    MailServer,
    /// It lay for so long that it says nothing any more.
    Late,
    /// The rows or their file: as of an export.
    File(jobs::Reason),
}

impl Reason {
    /// As the table has it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Access => "no-access",
            Self::Absent => "absent",
            Self::Address => "address",
            Self::Refused => "refused",
            Self::MailServer => "mail-server",
            Self::Late => "late",
            Self::File(reason) => reason.code(),
        }
    }

    pub fn from_code(code: &str) -> Self {
        let own = [Self::Access, Self::Absent, Self::Address, Self::Refused, Self::MailServer, Self::Late];
        let found = own.into_iter().find(|reason| reason.code() == code);
        found.unwrap_or_else(|| Self::File(jobs::Reason::from_code(code)))
    }

    /// May the same mail go out a little later?
    pub const fn may_pass(self) -> bool {
        match self {
            Self::MailServer => true,
            Self::File(reason) => reason.may_pass(),
            Self::Access | Self::Absent | Self::Address | Self::Refused | Self::Late => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;
    use crate::jobs;

    #[test]
    fn every_code_is_read_as_what_it_was_written_for() {
        let own = [Reason::Access, Reason::Absent, Reason::Address, Reason::Refused, Reason::MailServer, Reason::Late];
        for reason in own.into_iter().chain(jobs::Reason::ALL.map(Reason::File)) {
            assert_eq!(Reason::from_code(reason.code()), reason);
        }
    }
}
