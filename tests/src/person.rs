//! A person at a portal without a browser: cookies of his own, redirects only where he follows them, Keycloak's form.

use std::sync::Arc;

use reqwest::cookie::{CookieStore, Jar};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use url::Url;

use crate::test_keycloak::TestUser;
use crate::test_portal::TestPortal;

/// One browser profile, so to say: what it holds is gone with it.
#[derive(Debug, Clone)]
pub struct Person {
    http: reqwest::Client,
    jar: Arc<Cookies>,
    portal: Url,
}

/// The one name below `localhost` that is used: the portal's in a development cluster, by forwarded ports.
const IN_CLUSTER: &str = "portal.localhost";

/// To a browser every name below `localhost` is this machine, and a safe place; to the jar `localhost` alone is.
#[derive(Debug, Default)]
struct Cookies(Jar);

impl Cookies {
    fn place(url: &Url) -> Url {
        let mut place = url.clone();
        if url.host_str() == Some(IN_CLUSTER) {
            let _ = place.set_host(Some("localhost"));
        }
        place
    }
}

impl CookieStore for Cookies {
    fn set_cookies(&self, headers: &mut dyn Iterator<Item = &HeaderValue>, url: &Url) {
        self.0.set_cookies(headers, &Self::place(url));
    }

    fn cookies(&self, url: &Url) -> Option<HeaderValue> {
        self.0.cookies(&Self::place(url))
    }
}

/// What came back, read to the end.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// A header's text; empty without it.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// The hidden field that every POST form carries.
    pub fn form_token(&self) -> String {
        let form = scraper::Html::parse_document(&self.text);
        let field = scraper::Selector::parse("input[name=form_token]").expect("a selector");
        let field = form.select(&field).next().unwrap_or_else(|| panic!("no form token in:\n{}", self.text));
        field.attr("value").unwrap_or_default().to_owned()
    }
}

impl Person {
    /// Someone who has not been there before.
    pub fn at(portal: &TestPortal) -> Self {
        Self::at_address(&portal.url)
    }

    /// The same at a portal that is no test's own.
    pub fn at_address(portal_url: &str) -> Self {
        let jar = Arc::new(Cookies::default());
        let http = reqwest::Client::builder()
            .no_proxy()
            .resolve(IN_CLUSTER, ([127, 0, 0, 1], 0).into())
            .redirect(reqwest::redirect::Policy::none())
            .cookie_provider(jar.clone())
            .timeout(std::time::Duration::from_secs(40))
            .build()
            .expect("a client");
        Self { http, jar, portal: portal_url.parse().expect("the portal's address") }
    }

    /// Signed in at both, with the rights that Keycloak gives this person now.
    pub async fn signed_in(portal: &TestPortal, user: &TestUser) -> Self {
        let person = Self::at(portal);
        let answer = person.sign_in(user, "/").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        person
    }

    /// The whole way: `/login`, Keycloak's form, `/login/callback`, whose answer it is.
    pub async fn sign_in(&self, user: &TestUser, return_to: &str) -> Answer {
        let back = self.sign_in_as_far_as_callback(user, return_to).await;
        self.get(&back).await
    }

    /// The callback's address, which this person has not opened yet.
    pub async fn sign_in_as_far_as_callback(&self, user: &TestUser, return_to: &str) -> String {
        let start = Url::parse_with_params("http://x/login", [("return_to", return_to)]).expect("an address");
        let there = self.get(&format!("/login?{}", start.query().unwrap_or_default())).await;
        assert_eq!(there.status, StatusCode::SEE_OTHER, "{}", there.text);
        let form = self.get(there.location()).await;
        if form.status.is_redirection() {
            return form.location().to_owned();
        }
        let answer = self.fill_in(&form, &user.name, &user.name).await;
        assert!(answer.status.is_redirection(), "Keycloak lets {} in:\n{}", user.name, answer.text);
        answer.location().to_owned()
    }

    /// Sends Keycloak's sign-in form.
    pub async fn fill_in(&self, form: &Answer, name: &str, password: &str) -> Answer {
        let action = {
            let page = scraper::Html::parse_document(&form.text);
            let selector = scraper::Selector::parse("form#kc-form-login").expect("a selector");
            let found = page.select(&selector).next().unwrap_or_else(|| panic!("no sign-in form in:\n{}", form.text));
            found.attr("action").expect("the form's address").to_owned()
        };
        self.send(self.request(Method::POST, &action).form(&[("username", name), ("password", password)])).await
    }

    /// A path of the portal, or a whole address.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// As htmx asks for a region of the page `page`.
    pub async fn fragment(&self, path: &str, page: &str) -> Answer {
        self.send(self.htmx(path, page, "partial")).await
    }

    /// A request as htmx makes it: `kind` is `partial` or `full`.
    pub fn htmx(&self, path: &str, page: &str, kind: &str) -> reqwest::RequestBuilder {
        let current = self.portal.join(page).expect("a page's address");
        self.request(Method::GET, path)
            .header("HX-Request", "true")
            .header("HX-Request-Type", kind)
            .header("HX-Current-URL", current.as_str())
    }

    /// A form as a page of the portal sends it, except for the token, which is a field like any other.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(self.request(Method::POST, path).header("Sec-Fetch-Site", "same-origin").form(fields)).await
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, self.portal.join(path).expect("an address"))
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status(), answer.headers().clone());
        Answer { status, headers, text: answer.text().await.expect("a body of text") }
    }

    /// All that the portal gave, as a `Cookie` header carries it.
    pub fn cookies(&self) -> Option<HeaderValue> {
        self.jar.cookies(&self.portal)
    }

    /// The value of a cookie that the portal gave.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let all = self.cookies()?;
        let all = all.to_str().ok()?.to_owned();
        all.split("; ").find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
    }
}
