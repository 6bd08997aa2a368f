//! A person signed in through the real Keycloak without a browser: what he asks carries his session.

use std::time::Duration;

use scraper::{Html, Selector};

/// An HTTP client with the cookies of one sign-in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    http: reqwest::Client,
    portal_url: String,
}

impl SignedIn {
    /// Walks /login, Keycloak's form and the way back.
    pub async fn to(portal_url: &str, name: &str, password: &str) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .cookie_store(true)
            .timeout(Duration::from_secs(60))
            .build()
            .expect("a client");
        let form = http.get(format!("{portal_url}/login")).send().await.expect("the sign-in page");
        let form = form.text().await.expect("the sign-in form");
        let answer = http.post(form_action(&form)).form(&[("username", name), ("password", password)]).send().await;
        let answer = answer.expect("the way back from Keycloak");
        let (url, status) = (answer.url().to_string(), answer.status());
        assert!(url.starts_with(portal_url) && status.is_success(), "{name} is not signed in: {status} at {url}");
        Self { http, portal_url: portal_url.to_owned() }
    }

    /// A plain GET, as a browser's address bar sends it.
    pub fn page(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}{path}", self.portal_url))
    }

    /// What htmx sends to swap a region.
    pub fn fragment(&self, path: &str) -> reqwest::RequestBuilder {
        self.page(path).header("hx-request", "true").header("hx-request-type", "partial")
    }
}

fn form_action(page: &str) -> String {
    let page = Html::parse_document(page);
    let form = Selector::parse("form#kc-form-login").expect("a selector");
    let form = page.select(&form).next().expect("Keycloak's sign-in form");
    form.value().attr("action").expect("where the form goes").to_owned()
}
