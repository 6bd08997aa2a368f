//! The portal's cookies. `__Host-` and `Secure` always: browsers take both from http on 127.0.0.1 and localhost too.

use axum::http::HeaderMap;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};

use super::seal::Secret;

/// Who is signed in.
pub const SESSION: &str = "__Host-session";
/// Which browser began a sign-in; shared by its tabs.
pub const SIGN_IN: &str = "__Host-sign-in";

/// Lax: Strict would lose the cookie on the way back from Keycloak.
pub fn made(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value)).path("/").secure(true).http_only(true).same_site(SameSite::Lax).build()
}

/// What a browser forgets a cookie by.
pub fn removed(name: &'static str) -> Cookie<'static> {
    let mut cookie = made(name, String::new());
    cookie.make_removal();
    cookie
}

/// The secret of a cookie; none if it is absent or has another shape.
pub fn read(headers: &HeaderMap, name: &str) -> Option<Secret> {
    CookieJar::from_headers(headers).get(name).and_then(|cookie| Secret::read(cookie.value()))
}

#[cfg(test)]
mod tests {
    use super::{SESSION, made, removed};

    #[test]
    fn cookies_are_closed_to_scripts_other_sites_and_other_hosts() {
        let text = made(SESSION, "x".to_owned()).to_string();
        assert_eq!(text, "__Host-session=x; HttpOnly; SameSite=Lax; Secure; Path=/");
        let gone = removed(SESSION).to_string();
        assert!(gone.contains("Max-Age=0") && gone.contains("Secure") && gone.contains("Path=/"), "{gone}");
    }
}
