//! Page or fragment: the one reader of `HX-Request-Type`.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, request::Parts};
use axum::response::{IntoResponse, Response};
use maud::Markup;

/// What the asker can use. `HX-Request` says nothing: a history fetch sends it too, and wants a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// The browser itself asks.
    Page,
    /// htmx asks for a whole page (Back, or a body swap).
    FullByHtmx,
    /// htmx swaps a region.
    Fragment,
}

impl Want {
    pub fn of(headers: &HeaderMap) -> Self {
        match headers.get("hx-request-type").map(|value| value.as_bytes()) {
            None => Self::Page,
            Some(b"partial") => Self::Fragment,
            Some(_) => Self::FullByHtmx,
        }
    }

    pub const fn is_fragment(self) -> bool {
        matches!(self, Self::Fragment)
    }

    /// Either value of the header: a redirect would be followed in silence by fetch.
    pub const fn is_htmx(self) -> bool {
        !matches!(self, Self::Page)
    }

    /// The results alone for a fragment; the same markup within its page for everyone else.
    pub fn answer(self, results: Markup, page: impl FnOnce(Markup) -> Markup) -> Response {
        if self.is_fragment() { results.into_response() } else { page(results).into_response() }
    }
}

impl<S: Sync> FromRequestParts<S> for Want {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::Want;
    use axum::http::{HeaderMap, HeaderValue};

    #[test]
    fn only_the_request_type_tells_page_from_fragment() {
        for (name, value, want) in [
            ("hx-request-type", "partial", Want::Fragment),
            ("hx-request-type", "full", Want::FullByHtmx),
            ("hx-request-type", "PARTIAL", Want::FullByHtmx),
            ("hx-request", "true", Want::Page),
        ] {
            let headers = HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_static(value))]);
            assert_eq!(Want::of(&headers), want, "{name}: {value}");
        }
    }
}
