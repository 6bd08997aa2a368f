//! What a person is at the portal, by the realm roles of his ID token.

/// None of these: signed in at Keycloak, yet nobody here; sees nothing, whatever else is claimed or granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Sees the dealers of his groups in Keycloak and those granted to him.
    Dealer,
    /// The manufacturer's staff: sees the dealers granted to him, and no others.
    Manager,
}

impl Role {
    /// The narrower rule wins for one who is both.
    pub fn of<'a>(roles: impl Iterator<Item = &'a str>) -> Option<Self> {
        roles.filter_map(Self::from_name).max_by_key(|role| *role == Self::Manager)
    }

    /// The word of Keycloak and of the session's column.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dealer => "dealer",
            Self::Manager => "manager",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Dealer, Self::Manager].into_iter().find(|role| role.name() == name)
    }
}
