//! What a rule has against a rendered object.

use std::fmt::{Display, Formatter};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint {
    /// `M-03`, ...
    pub rule: &'static str,
    /// `Deployment/web-server`, or whatever else is to be mended.
    pub object: String,
    pub says: String,
}

impl Display for Complaint {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}: {}", self.rule, self.object, self.says)
    }
}

/// Gathers the complaints of one rule.
pub struct Complaints {
    rule: &'static str,
    pub all: Vec<Complaint>,
}

impl Complaints {
    pub fn of(rule: &'static str) -> Self {
        Self { rule, all: Vec::new() }
    }

    pub fn add(&mut self, object: impl Into<String>, says: impl Into<String>) {
        self.all.push(Complaint { rule: self.rule, object: object.into(), says: says.into() });
    }

    /// Complains unless the condition holds.
    pub fn demand(&mut self, holds: bool, object: impl Into<String>, says: impl Into<String>) {
        if !holds {
            self.add(object, says);
        }
    }
}
