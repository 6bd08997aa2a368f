//! Which of Keycloak's realm roles lets a person in.

use shared::access;
use shared::report::role::Role;

/// Of the roles in an ID token. The narrower rule wins for one who is both.
pub fn of<'a>(roles: impl Iterator<Item = &'a str>) -> Option<Role> {
    roles.filter_map(access::role).max_by_key(|role| *role == Role::Manager)
}
