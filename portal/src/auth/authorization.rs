//! The header `Authorization`: where programs show their token, and never beside a session's cookie.

use axum::http::{HeaderMap, header};
use shared::words::Text;

use super::cookie;
use crate::error::{AppError, TokenProblem};
use crate::web::language::Lang;

/// Does the request show a bearer token at all?
pub fn is_shown(headers: &HeaderMap) -> bool {
    headers.get_all(header::AUTHORIZATION).iter().any(|value| after_scheme(value.as_bytes()).is_some())
}

/// A session's cookie and a token in one request: nobody could say who asks.
pub fn refuse_both(headers: &HeaderMap) -> Result<(), AppError> {
    if is_shown(headers) && cookie::read(headers, cookie::SESSION).is_some() {
        let message = Text::of(Lang::accepted(headers).0).get("api-cookie-and-token").to_owned();
        return Err(AppError::Invalid { field: "Authorization".to_owned(), message });
    }
    Ok(())
}

/// The token of the one `Authorization` header.
pub fn token(headers: &HeaderMap) -> Result<&str, AppError> {
    let problem = |problem, cause: &str| AppError::Token { problem, cause: cause.to_owned() };
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let given = match (given.next(), given.next()) {
        (None, _) => return Err(problem(TokenProblem::Missing, "no Authorization header")),
        (Some(one), None) => one,
        (Some(_), Some(_)) => return Err(problem(TokenProblem::Refused, "several Authorization headers")),
    };
    let token = after_scheme(given.as_bytes()).ok_or_else(|| problem(TokenProblem::Missing, "another scheme"))?;
    std::str::from_utf8(token).map_err(|_| problem(TokenProblem::Refused, "no text"))
}

/// What stands behind `Bearer`, in letters of any size.
fn after_scheme(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| rest.trim_ascii())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::{is_shown, refuse_both, token};

    fn headers(given: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in given {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_token_stands_behind_the_scheme_once() {
        for (given, found) in [
            (vec!["Bearer a.b.c"], Some("a.b.c")),
            (vec!["bearer   a.b.c "], Some("a.b.c")),
            (vec!["Bearer"], None),
            (vec!["Basic a.b.c"], None),
            (vec!["a.b.c"], None),
            (vec!["Bearer a", "Bearer b"], None),
            (vec![], None),
        ] {
            assert_eq!(token(&headers(&given)).ok(), found, "{given:?}");
        }
    }

    #[test]
    fn a_cookie_and_a_token_are_one_too_many() {
        let session = format!("__Host-session={}", "A".repeat(43));
        let mut both = headers(&["Bearer a.b.c"]);
        both.insert(header::COOKIE, HeaderValue::try_from(&session).unwrap());
        assert!(is_shown(&both) && refuse_both(&both).is_err());
        both.remove(header::AUTHORIZATION);
        assert!(!is_shown(&both) && refuse_both(&both).is_ok());
        let mut other = headers(&["Bearer a.b.c"]);
        other.insert(header::COOKIE, HeaderValue::from_static("language=ru"));
        assert!(refuse_both(&other).is_ok());
    }
}
