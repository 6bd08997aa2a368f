//! The security headers of every answer: pages, fragments, errors, assets, downloads.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use url::Url;

const FIXED: [(HeaderName, &str); 6] = [
    // What a page of ours knows our answers by: a proxy's own page has none, and is never drawn into ours.
    (HeaderName::from_static("x-answered-by"), "portal"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The policy: nothing inline, nothing foreign; forms may end at Keycloak, where signing out leads.
pub fn policy(issuer: &str) -> HeaderValue {
    let keycloak = Url::parse(issuer).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    let text = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
         form-action 'self' {keycloak}; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    );
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Layer. Whatever has no `Cache-Control` of its own is a dealer's page: an asset has one, and so has an answer of the API.
pub async fn add(State(policy): State<HeaderValue>, request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    let headers = answer.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        headers.append(header::VARY, HeaderValue::from_static("HX-Request-Type, Cookie"));
    }
    answer
}
