//! The viewer's language: the one chosen (a cookie), else what the browser prefers, else Russian.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, header, request::Parts};
use axum_extra::extract::CookieJar;
use shared::language::Language;

pub const COOKIE: &str = "language";

/// Extractor of the viewer's language.
#[derive(Debug, Clone, Copy)]
pub struct Lang(pub Language);

impl Lang {
    pub fn of(headers: &HeaderMap) -> Self {
        let chosen =
            CookieJar::from_headers(headers).get(COOKIE).and_then(|cookie| Language::from_code(cookie.value()));
        Self(chosen.or_else(|| preferred(headers)).unwrap_or_default())
    }

    /// A program's: by `Accept-Language` alone.
    pub fn accepted(headers: &HeaderMap) -> Self {
        Self(preferred(headers).unwrap_or_default())
    }
}

/// The known language of the highest weight in `Accept-Language`; the first of equals.
fn preferred(headers: &HeaderMap) -> Option<Language> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(Language, f32)> = None;
    for choice in accepted.split(',').take(32) {
        let (tag, weight) = choice.split_once(';').unwrap_or((choice, "q=1"));
        let primary = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
        let weight = weight.trim().strip_prefix("q=").and_then(|text| text.parse().ok()).unwrap_or(0.0);
        if let Some(language) = Language::from_code(&primary)
            && weight > best.map_or(0.0, |(_, weight)| weight)
        {
            best = Some((language, weight));
        }
    }
    best.map(|(language, _)| language)
}

impl<S: Sync> FromRequestParts<S> for Lang {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::Lang;
    use axum::http::HeaderMap;
    use shared::language::Language::{self, En, Ru};

    fn of(cookie: &str, accepted: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", cookie.parse().unwrap());
        headers.insert("accept-language", accepted.parse().unwrap());
        Lang::of(&headers).0
    }

    #[test]
    fn the_viewers_choice_wins_over_the_browsers() {
        assert_eq!(of("language=en", "ru"), En);
        assert_eq!(of("language=xx", "en-GB,en;q=0.9"), En);
        assert_eq!(of("", "de, en;q=0.4, ru;q=0.8"), Ru);
        assert_eq!(of("", "de, en;q=0.9, ru;q=0.8"), En);
        assert_eq!(of("", "en;q=0, de"), Ru);
        assert_eq!(of("", ""), Ru);
    }
}
