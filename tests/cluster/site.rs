//! The product in the cluster, as people and tests reach it through the forwarded ports.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clickhouse::Client;
use scraper::{Html, Selector};
use serde_json::Value;
use tests::ledger::{self, Truth, Warehouse};
use tests::{Person, TestUser};

use crate::kubectl::{here, until};

pub const PORTAL: &str = "http://portal.localhost:21800";
const ONEC_ADMIN: &str = "http://127.0.0.1:21071";
const CLICKHOUSE: &str = "http://127.0.0.1:21123";

/// The truth, and what is made of it. The forwards stay open beside it.
#[derive(Debug, Clone)]
pub struct Site {
    http: reqwest::Client,
    audit_password: String,
}

impl Site {
    pub async fn open() -> Result<Self> {
        Ok(Self { http: stack::http()?, audit_password: secret("clickhouse-audit-ro").await? })
    }

    /// Asks the stand-in's admin port, or changes something there.
    pub async fn onec(&self, path: &str, change: Option<Value>) -> Result<Value> {
        let url = format!("{ONEC_ADMIN}{path}");
        let request = match &change {
            Some(body) => self.http.post(url).json(body),
            None => self.http.get(url),
        };
        let answer = request.send().await.context("ask the stand-in")?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{path}: {status} {text}");
        if text.trim().is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(&text)?) }
    }

    /// Waits until the warehouse holds, month by month, exactly what the stand-in's ledger says.
    pub async fn await_equal(&self) -> Result<()> {
        // A forward that lost its pod is taken up again at the first question.
        until("the stand-in and ClickHouse answer", Duration::from_secs(60), async || {
            self.onec("/stats", None).await?;
            let one: u8 = self.auditor().query("SELECT 1").fetch_one().await?;
            Ok(one == 1)
        })
        .await?;
        ledger::await_equal(self, self, Duration::from_secs(600)).await;
        Ok(())
    }
}

impl Truth for Site {
    async fn ask(&self, path: &str) -> Value {
        self.onec(path, None).await.expect("ask the stand-in")
    }
}

impl Warehouse for Site {
    fn auditor(&self) -> Client {
        Client::default().with_url(CLICKHOUSE).with_user("audit_ro").with_password(&self.audit_password)
    }
}

/// The password in a secret of the namespace.
async fn secret(name: &str) -> Result<String> {
    // The dev overlay generates its secrets: their names end in a hash.
    let names = here(&["get", "secrets", "-o", "name"]).await?;
    let is_it = |object: &&str| {
        object.strip_prefix("secret/").is_some_and(|it| it == name || it.starts_with(&format!("{name}-")))
    };
    let Some(object) = names.lines().find(is_it) else { bail!("The namespace has no secret {name}.") };
    let coded = here(&["get", object, "-o", "jsonpath={.data.password}"]).await?;
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, coded.trim())?;
    Ok(String::from_utf8(bytes)?)
}

/// One of the demo people, signed in.
pub async fn signed_in(name: &str) -> Result<Person> {
    let (person, user) = (Person::at_address(PORTAL), TestUser { id: String::new(), name: name.to_owned() });
    // As above: the pod behind the forward may have gone.
    until("the portal answers", Duration::from_secs(60), async || {
        Ok(person.request(reqwest::Method::GET, "/signed-out").send().await?.status().is_success())
    })
    .await?;
    let answer = person.sign_in(&user, "/").await;
    ensure!(answer.status == reqwest::StatusCode::SEE_OTHER, "{name} is not signed in: {}", answer.text);
    Ok(person)
}

/// Rows of the Sales page below the totals.
pub fn rows(page: &str) -> usize {
    let (page, rows) = (Html::parse_document(page), Selector::parse("#report-results tbody tr:not(.total)"));
    rows.map(|rows| page.select(&rows).count()).unwrap_or(0)
}
