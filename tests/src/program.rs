//! A dealer's program at a portal: what it asks carries a bearer token and no cookie.

use reqwest::header::HeaderValue;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

use crate::person::Answer;
use crate::test_portal::TestPortal;

/// Its token is taken once, as programs do.
#[derive(Debug, Clone)]
pub struct Program {
    http: reqwest::Client,
    url: String,
    pub token: String,
}

impl Program {
    pub fn at(portal: &TestPortal, token: impl Into<String>) -> Self {
        Self { http: stack::http().expect("a client"), url: portal.url.clone(), token: token.into() }
    }

    /// A GET of a path below the portal, with the token.
    pub fn request(&self, path: &str) -> RequestBuilder {
        self.with_token(Method::GET, path)
    }

    pub fn with_token(&self, method: Method, path: &str) -> RequestBuilder {
        let value = HeaderValue::try_from(format!("Bearer {}", self.token)).expect("a token without line breaks");
        self.bare(method, path).header("authorization", value).header("accept-language", "en")
    }

    /// The same without a token.
    pub fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub async fn get(&self, path: &str) -> Answer {
        Self::send(self.request(path)).await
    }

    pub async fn post(&self, path: &str) -> Answer {
        Self::send(self.with_token(Method::POST, path)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Self::send(self.with_token(Method::DELETE, path)).await
    }

    /// The path below the portal of an address that it gave.
    pub fn path(&self, address: &str) -> String {
        address.strip_prefix(&self.url).unwrap_or_else(|| panic!("{address} is not below {}", self.url)).to_owned()
    }

    /// What a good answer holds.
    pub async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        serde_json::from_str(&answer.text).unwrap_or_else(|cause| panic!("{path}: {cause}: {}", answer.text))
    }

    /// What a refusal says: every one is a problem document, whatever was asked.
    pub async fn problem(&self, path: &str) -> Value {
        problem(&self.get(path).await)
    }

    pub async fn send(request: RequestBuilder) -> Answer {
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status(), answer.headers().clone());
        Answer { status, headers, text: answer.text().await.expect("a body of text") }
    }
}

/// Reads a problem document, and holds it to what every one has.
pub fn problem(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{} {}", answer.status, answer.text);
    let problem: Value = serde_json::from_str(&answer.text).expect("a problem document");
    assert_eq!(problem["status"], answer.status.as_u16());
    assert_eq!(problem["instance"], answer.header("x-request-id"));
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert!(detail.ends_with('.') && detail.len() > 5, "no sentence: {problem}");
    assert!(problem["type"].as_str().is_some_and(|kind| kind.starts_with("urn:dealer-portal:problem:")), "{problem}");
    assert!(answer.header("vary").contains("Authorization, Accept-Language"), "{:?}", answer.headers);
    assert_eq!(answer.header("cache-control"), "private, no-store");
    problem
}
