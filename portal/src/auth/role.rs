//! Which of Keycloak's realm roles a person has here.

use shared::report::role::Role;

/// Of the roles in a token. Who has several is the one that sees fewest rows of his own: an administrator sees none, a manager those
/// granted.
pub fn of<'a>(roles: impl Iterator<Item = &'a str>) -> Option<Role> {
    let rank = |role: &Role| match role {
        Role::Dealer => 0,
        Role::Manager => 1,
        Role::Admin => 2,
    };
    roles.filter_map(Role::from_name).max_by_key(rank)
}
