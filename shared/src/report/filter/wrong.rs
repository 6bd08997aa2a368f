//! What is wrong with a question, in facts; `words` finds the sentences.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    Doubled,
    NoSuchPeriod,
    NoDate,
    Reversed,
    TooManyDays,
    NotInList,
    TooLong,
    NoSuchFormat,
}

/// A query string that fits no filter: what is wrong with which field, and what was asked, to be shown again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub errors: Vec<(String, Wrong)>,
    pub asked: Vec<(String, String)>,
}

impl Refused {
    pub fn of(&self, field: &str) -> Option<Wrong> {
        self.errors.iter().find(|(name, _)| name == field).map(|(_, wrong)| *wrong)
    }

    pub fn asked(&self, field: &str) -> &str {
        self.asked.iter().find(|(name, _)| name == field).map_or("", |(_, value)| value)
    }
}
