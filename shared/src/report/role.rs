//! What a viewer is at the portal. A report says for which of these it is.

use serde::Deserialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees the dealers of the groups in Keycloak and those granted.
    Dealer,
    /// The manufacturer's staff: sees the dealers granted, and no others.
    Manager,
    /// Maps people to dealers and watches the sync from 1C.
    Admin,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Dealer, Self::Manager, Self::Admin];

    /// The word of Keycloak, of the session's column and of `report.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dealer => "dealer",
            Self::Manager => "manager",
            Self::Admin => "admin",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}
