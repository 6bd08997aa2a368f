//! Who looks: sign-in through Keycloak, sessions in Postgres, the viewer and his dealers.

pub mod viewer;
