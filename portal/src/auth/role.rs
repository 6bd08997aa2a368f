//! Which of Keycloak's realm roles lets a person in.

use shared::report::role::Role;

/// Of the roles in an ID token. The narrower rule wins for one who is both.
pub fn of<'a>(roles: impl Iterator<Item = &'a str>) -> Option<Role> {
    roles.filter_map(from_name).max_by_key(|role| *role == Role::Manager)
}

/// By the word of Keycloak, which the session's column keeps.
pub fn from_name(name: &str) -> Option<Role> {
    shared::access::role(name)
}
