//! Tags of answers (`ETag`): which of them are the same, and what packing makes of one.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// Of the same answer, however it was packed on its way.
pub fn is_same(known: &str, own: &str) -> bool {
    if known == "*" {
        return true;
    }
    let known = known.strip_prefix("W/").unwrap_or(known);
    let known = known.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
    known.strip_prefix(own).is_some_and(|packed| ["", "-br", "-gzip", "-zstd"].contains(&packed))
}

/// Layer, outside of what packs answers: a strong tag is of these very bytes: packed, they are others, and have another one.
pub async fn packed(request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    of_packed(answer.headers_mut());
    answer
}

fn of_packed(headers: &mut HeaderMap) {
    let packing = headers.get(header::CONTENT_ENCODING).and_then(|packing| packing.to_str().ok());
    let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    if let (Some(packing), Some(tag)) = (packing, tag)
        && let Some(bare) = tag.strip_suffix('"')
        && let Ok(tag) = HeaderValue::try_from(format!("{bare}-{packing}\""))
    {
        headers.insert(header::ETAG, tag);
    }
}

#[cfg(test)]
mod tests {
    use super::{is_same, of_packed};
    use axum::http::{HeaderMap, HeaderValue, header};

    #[test]
    fn a_tag_is_known_weak_packed_or_as_any() {
        for known in ["\"abc\"", "W/\"abc\"", "\"abc-gzip\"", "*"] {
            assert!(is_same(known, "abc"), "{known}");
        }
        for known in ["abc", "\"abd\"", "\"abc", "\"abc-other\"", ""] {
            assert!(!is_same(known, "abc"), "{known}");
        }
    }

    #[test]
    fn packed_bytes_have_a_tag_of_their_own() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ETAG, HeaderValue::from_static("\"abc\""));
        of_packed(&mut headers);
        assert_eq!(headers[header::ETAG], "\"abc\"");
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        of_packed(&mut headers);
        assert_eq!(headers[header::ETAG], "\"abc-gzip\"");
    }
}
