//! What exactly the portal asks ClickHouse, so that the same can be asked without the portal.

use std::sync::{Arc, Mutex};

use anyhow::Result;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;

/// Passes requests on to ClickHouse and remembers them.
pub struct Recorder {
    pub url: String,
    seen: Arc<Mutex<Vec<Asked>>>,
}

/// One request of the portal to ClickHouse.
#[derive(Clone)]
pub struct Asked {
    path_and_query: String,
    headers: axum::http::HeaderMap,
    body: axum::body::Bytes,
}

impl Asked {
    /// The dealers themselves are a parameter, which travels in the body.
    fn is_of_a_dealer(&self) -> bool {
        self.path_and_query.contains("quota_key")
    }

    pub async fn send(&self, http: &reqwest::Client, clickhouse: &str) -> Result<()> {
        let url = format!("{clickhouse}{}", self.path_and_query);
        let answer = http.post(url).headers(self.headers.clone()).body(self.body.clone()).send().await?;
        answer.error_for_status()?.bytes().await?;
        Ok(())
    }
}

impl Recorder {
    pub async fn before(target: String) -> Result<Self> {
        let seen: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (http, kept) = (reqwest::Client::builder().no_proxy().build()?, seen.clone());
        let pass = move |request: Request| pass_on(http.clone(), kept.clone(), target.clone(), request);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let app = axum::Router::new().fallback(pass);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { url, seen })
    }

    pub fn forget(&self) {
        if let Ok(mut seen) = self.seen.lock() {
            seen.clear();
        }
    }

    /// What was asked for a dealer: how old the data is, and whether the reports fit, is asked beside.
    pub fn asked(&self) -> Vec<Asked> {
        let seen = self.seen.lock().map(|seen| seen.clone()).unwrap_or_default();
        seen.into_iter().filter(Asked::is_of_a_dealer).collect()
    }
}

async fn pass_on(
    http: reqwest::Client,
    kept: Arc<Mutex<Vec<Asked>>>,
    target: String,
    request: Request,
) -> Result<Response, axum::http::StatusCode> {
    let failed = |_| axum::http::StatusCode::BAD_GATEWAY;
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.map_err(|_| axum::http::StatusCode::BAD_REQUEST)?;
    let mut headers = parts.headers;
    for of_connection in ["host", "content-length", "transfer-encoding"] {
        headers.remove(of_connection);
    }
    let path_and_query = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let asked = Asked { path_and_query, headers, body };
    if let Ok(mut kept) = kept.lock() {
        kept.push(asked.clone());
    }
    let url = format!("{target}{}", asked.path_and_query);
    let answer = http.post(url).headers(asked.headers).body(asked.body).send().await.map_err(failed)?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut response = Response::new(Body::from(answer.bytes().await.map_err(failed)?));
    *response.status_mut() = status;
    for (name, value) in &headers {
        if name != "transfer-encoding" && name != "content-length" && name != "connection" {
            response.headers_mut().append(name, value.clone());
        }
    }
    Ok(response)
}
