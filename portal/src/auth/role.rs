//! Which of Keycloak's realm roles lets a person in.

use shared::report::role::Role;

/// Whoever has none of these is signed in at Keycloak, yet nobody here: sees nothing, whatever else is claimed or granted.
/// Administrators have no page of theirs yet.
const SIGNING_IN: [Role; 2] = [Role::Dealer, Role::Manager];

/// Of the roles in an ID token. The narrower rule wins for one who is both.
pub fn of<'a>(roles: impl Iterator<Item = &'a str>) -> Option<Role> {
    roles.filter_map(from_name).max_by_key(|role| *role == Role::Manager)
}

/// By the word of Keycloak, which the session's column keeps.
pub fn from_name(name: &str) -> Option<Role> {
    Role::from_name(name).filter(|role| SIGNING_IN.contains(role))
}
