//! Changes come from pages of ours only: what the browser says about where a request was made. On top of it forms carry a
//! token (`auth::viewer::Signed`), and the session's cookie is `SameSite=Lax`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use url::Url;

use crate::error::AppError;

/// Layer: GET and HEAD change nothing and pass, everything else must show where it comes from.
pub async fn guard(State(public): State<Arc<Url>>, request: Request, next: Next) -> Response {
    let is_harmless = matches!(*request.method(), Method::GET | Method::HEAD);
    if is_harmless || comes_from_us(request.headers(), &public) {
        next.run(request).await
    } else {
        AppError::Forbidden("a change from another site").into_response()
    }
}

fn comes_from_us(headers: &HeaderMap, public: &Url) -> bool {
    let mut sites = headers.get_all("sec-fetch-site").iter();
    match (sites.next(), sites.next()) {
        (Some(site), None) => return matches!(site.as_bytes(), b"same-origin" | b"none"),
        (Some(_), Some(_)) => return false,
        (None, _) => {}
    }
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (Some(origin), None) => origin.as_bytes() == public.origin().ascii_serialization().as_bytes(),
        (Some(_), Some(_)) => false,
        // No browser of today: another program, which has no business with a person's cookie.
        (None, _) => !headers.contains_key(header::COOKIE),
    }
}

#[cfg(test)]
mod tests {
    use super::comes_from_us;
    use axum::http::HeaderMap;
    use url::Url;

    /// S-11, the half that browsers vouch for; the token's half stands in tests/portal/sessions.rs.
    #[test]
    fn only_our_own_pages_may_change_anything() {
        let public = Url::parse("https://portal.example").unwrap();
        let ours = Some("https://portal.example");
        let foreign = [
            Some("https://evil.example"),
            Some("null"),
            Some("http://portal.example"),
            Some("https://portal.example:8443"),
        ];
        let verdict = |site: Option<&'static str>, origin: Option<&'static str>, cookie: bool| {
            let mut headers = HeaderMap::new();
            site.map(|site| headers.insert("sec-fetch-site", site.parse().unwrap()));
            origin.map(|origin| headers.insert("origin", origin.parse().unwrap()));
            cookie.then(|| headers.insert("cookie", "__Host-session=x".parse().unwrap()));
            comes_from_us(&headers, &public)
        };
        for cookie in [true, false] {
            for origin in [None, ours].into_iter().chain(foreign) {
                assert!(verdict(Some("same-origin"), origin, cookie), "{origin:?}");
                assert!(verdict(Some("none"), origin, cookie), "{origin:?}");
                for site in ["cross-site", "same-site", "Same-Origin", ""] {
                    assert!(!verdict(Some(site), origin, cookie), "{site} {origin:?}");
                }
            }
            assert!(verdict(None, ours, cookie));
            for origin in foreign {
                assert!(!verdict(None, origin, cookie), "{origin:?}");
            }
        }
        assert!(!verdict(None, None, true));
        assert!(verdict(None, None, false));
    }

    #[test]
    fn a_header_that_stands_twice_vouches_for_nothing() {
        let public = Url::parse("https://portal.example").unwrap();
        for name in ["sec-fetch-site", "origin"] {
            let mut headers = HeaderMap::new();
            for value in ["same-origin", "same-origin"] {
                headers.append(name, value.parse().unwrap());
            }
            assert!(!comes_from_us(&headers, &public), "{name}");
        }
    }
}
