//! Where a person returns to after signing in or choosing a language: an absolute path of ours, or the first page.

use axum::http::{HeaderMap, HeaderValue, Uri};
use url::Url;

const LONGEST: usize = 2048;
/// Pages that nobody returns to: they would sign in again, or out.
const NEVER: [&str; 3] = ["/login", "/logout", "/signed-out"];

/// Path and query if the text is a same-origin absolute path, else `/`.
pub fn checked(text: &str) -> String {
    accepted(text).unwrap_or_else(|| "/".to_owned())
}

fn accepted(text: &str) -> Option<String> {
    // A base of our own making: whatever leaves it was no path.
    let base = Url::parse("http://portal.invalid/").ok()?;
    let is_path = text.starts_with('/') && !text.starts_with("//") && text.len() <= LONGEST;
    // Browsers read a backslash as a slash, and drop tabs and line ends.
    if !is_path || text.chars().any(|letter| letter == '\\' || letter.is_control() || letter.is_whitespace()) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("/%2f") || lower.starts_with("/%5c") || lower.starts_with("/.") {
        return None;
    }
    let url = base.join(text).ok()?;
    let stays = url.origin() == base.origin() && !url.path().starts_with("//") && url.username().is_empty();
    let path = url.path();
    if !stays
        || NEVER.iter().any(|page| path == *page || path.strip_prefix(page).is_some_and(|rest| rest.starts_with('/')))
    {
        return None;
    }
    Some(url.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")))
}

/// The page that a request belongs to: htmx names it, and only if it is one of ours.
pub fn page_of(headers: &HeaderMap, uri: &Uri, public: &Url, is_htmx: bool) -> String {
    if !is_htmx {
        return checked(uri.path_and_query().map_or("/", |here| here.as_str()));
    }
    ours(headers.get("hx-current-url"), public).unwrap_or_else(|| "/".to_owned())
}

/// Path and query of a whole address that a browser sent, if that is a page of ours which somebody returns to.
pub fn ours(address: Option<&HeaderValue>, public: &Url) -> Option<String> {
    let url = Url::parse(address?.to_str().ok()?).ok().filter(|url| url.origin() == public.origin())?;
    accepted(&url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path())))
}

#[cfg(test)]
mod tests {
    use super::{checked, page_of};
    use axum::http::HeaderMap;
    use url::Url;

    #[test]
    fn only_an_absolute_path_of_ours_is_returned_to() {
        for good in [
            "/",
            "/reports/sales",
            "/reports/sales?from=2026-01-01&search=%D0%B0",
            "/reports/sales?next=//evil.example",
        ] {
            assert_eq!(checked(good), good);
        }
        for evil in [
            "",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https:evil.example",
            "https://evil.example",
            "http://127.0.0.1.evil.example/",
            "%2f%2fevil.example",
            "/%2fevil.example",
            "/%2F%2Fevil",
            "/%5cevil.example",
            "/\tevil",
            "/\t/evil.example",
            "/a\r\nSet-Cookie: x=1",
            "javascript:alert(1)",
            "/.//evil.example",
            "/..//evil.example",
            "/a/..//evil.example",
            "reports/sales",
            "?a=1",
            "@evil.example",
            "/ /evil",
            "/login",
            "/login?return_to=/",
            "/login/callback?code=1",
            "/logout",
            "/signed-out",
        ] {
            assert_eq!(checked(evil), "/", "{evil:?}");
        }
        assert_eq!(checked(&format!("/{}", "a".repeat(3000))), "/");
        assert_eq!(checked("/loginx"), "/loginx");
    }

    #[test]
    fn an_htmx_request_returns_to_its_page_if_that_is_ours() {
        let public = Url::parse("https://portal.example").unwrap();
        let uri = "/reports/sales?page=2".parse().unwrap();
        for (current, page) in [
            ("https://portal.example/reports/sales?from=1", "/reports/sales?from=1"),
            ("https://evil.example/reports/sales", "/"),
            ("https://portal.example:8443/reports/sales", "/"),
            ("nonsense", "/"),
        ] {
            let headers = HeaderMap::from_iter([("hx-current-url".parse().unwrap(), current.parse().unwrap())]);
            assert_eq!(page_of(&headers, &uri, &public, true), page, "{current}");
            assert_eq!(page_of(&headers, &uri, &public, false), "/reports/sales?page=2");
        }
    }
}
