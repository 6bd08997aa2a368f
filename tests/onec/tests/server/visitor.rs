//! A reader with a stand-in of its own.

use onec::{Moment, Onec, Options, Running};
use reqwest::{Client, ClientBuilder, RequestBuilder, Response};
use serde_json::Value;

pub const SALES: &str = "Document_РеализацияТоваровУслуг";
pub const LINES: &str = "Document_РеализацияТоваровУслуг_Товары";
pub const ORDERS: &str = "Document_ЗаказКлиента";
pub const PRODUCTS: &str = "Catalog_Номенклатура";

pub struct Visitor {
    pub running: Running,
    pub client: Client,
}

/// The options of most tests: a small base as of one fixed day.
pub fn small() -> Options {
    let mut options = Options::default();
    options.plan.lines = 1_500;
    options.plan.products = 60;
    options.plan.dealers = 4;
    options.plan.now = Moment::parse("2026-03-05T14:00:00").unwrap();
    options
}

impl Visitor {
    pub fn of(options: Options) -> Self {
        let client = ClientBuilder::new().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { running: Onec::start(options).unwrap(), client }
    }

    pub fn new() -> Self {
        Self::of(small())
    }

    /// A signed-in request; `options` are pairs of names and unencoded values.
    pub fn request(&self, resource: &str, options: &[(&str, &str)]) -> RequestBuilder {
        let query: Vec<String> = options.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let url = format!("{}/{}?{}", self.running.url, resource, query.join("&"));
        self.client.get(url).basic_auth(&self.running.user, Some(&self.running.password))
    }

    pub async fn ask(&self, resource: &str, options: &[(&str, &str)]) -> Response {
        self.request(resource, options).send().await.unwrap()
    }

    pub async fn json(&self, resource: &str, options: &[(&str, &str)]) -> Value {
        let mut all = vec![("$format", "json")];
        all.extend_from_slice(options);
        let response = self.ask(resource, &all).await;
        assert_eq!(response.status(), 200, "{resource} {options:?}");
        serde_json::from_str(&response.text().await.unwrap()).unwrap()
    }

    pub async fn rows(&self, resource: &str, options: &[(&str, &str)]) -> Vec<Value> {
        self.json(resource, options).await["value"].as_array().unwrap().clone()
    }

    /// Status and inner code of a refusal in JSON.
    pub async fn refusal(&self, resource: &str, options: &[(&str, &str)]) -> (u16, String) {
        let mut all = vec![("$format", "json")];
        all.extend_from_slice(options);
        let response = self.ask(resource, &all).await;
        let status = response.status().as_u16();
        let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(body["odata.error"]["message"]["lang"], "ru");
        (status, body["odata.error"]["code"].as_str().unwrap().to_owned())
    }

    /// `POST` to the admin port.
    pub async fn admin(&self, path: &str, body: &str) -> Value {
        let url = format!("{}{path}", self.running.admin_url);
        let response = self.client.post(url).body(body.to_owned()).send().await.unwrap();
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    pub async fn admin_get(&self, path: &str) -> Value {
        let response = self.client.get(format!("{}{path}", self.running.admin_url)).send().await.unwrap();
        serde_json::from_str(&response.text().await.unwrap()).unwrap()
    }

    /// One posted sale with at least so many lines.
    pub async fn sale(&self, lines: u64) -> Value {
        let all = self.admin_get("/documents?sale=true&limit=1000").await;
        let fits = |one: &&Value| one["lines"].as_u64().unwrap() >= lines;
        all.as_array().unwrap().iter().find(fits).unwrap().clone()
    }
}

pub fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

pub fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().unwrap_or_else(|| panic!("{field} in {row}"))
}

/// Raw ten-thousandths of a JSON number's literal text.
pub fn exact(value: &Value) -> i128 {
    let text = value.to_string();
    let (digits, sign) = text.strip_prefix('-').map_or((&*text, 1), |digits| (digits, -1));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    sign * format!("{whole}{fraction:0<4}").parse::<i128>().unwrap()
}
