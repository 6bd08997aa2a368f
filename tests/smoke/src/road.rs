//! From the address of a report to its rows: Keycloak's form, the way back, the page.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use scraper::{Html, Selector};
use tokio::time::Instant;
use url::Url;

use crate::visitor::{Answer, Visitor};

/// Between two tries. Keycloak locks a person out who is refused ten times in a row.
pub const PAUSE: Duration = Duration::from_secs(3);

const REPORT: &str = "/reports/sales";

pub struct Road<'a> {
    pub visitor: Visitor,
    pub portal: &'a Url,
    pub began: Instant,
}

impl Road<'_> {
    /// Signs in, then looks at the report until it has rows, or the deadline is near.
    pub async fn walk(&mut self, user: &str, password: &str, until: Instant) -> Result<()> {
        let login = Url::parse_with_params(self.portal.join("/login")?.as_str(), [("return_to", REPORT)])?;
        let form = self.visitor.open(login).await.context("ask the portal to sign in")?;
        let action = form.action().with_context(|| format!("{} shows no sign-in form", form.url))?;
        told(self.began, &format!("Keycloak's form at {}", without_query(&form.url)));

        let fields = [("username", user), ("password", password)];
        let page = self.visitor.send(action, &fields).await.context("send the form")?;
        ensure!(page.action().is_none(), "Keycloak does not let {user} in");
        ensure!(page.url.path() == REPORT, "the sign-in ends at {}", without_query(&page.url));
        told(self.began, &format!("{user} is signed in at {}", without_query(&page.url)));

        let mut page = page;
        loop {
            match page.findings() {
                Ok(findings) => {
                    told(self.began, &findings);
                    return Ok(());
                }
                Err(cause) if Instant::now() + PAUSE > until => return Err(cause),
                Err(cause) => told(self.began, &format!("not yet: {cause:#}")),
            }
            tokio::time::sleep(PAUSE).await;
            page = self.visitor.open(self.portal.join(REPORT)?).await?;
        }
    }
}

impl Answer {
    /// Where the page's sign-in form goes, if it has one.
    fn action(&self) -> Option<Url> {
        let page = Html::parse_document(&self.text);
        let form = Selector::parse("form#kc-form-login").ok()?;
        self.url.join(page.select(&form).next()?.attr("action")?).ok()
    }

    /// The rows of the report and their age, in words.
    fn findings(&self) -> Result<String> {
        let page = Html::parse_document(&self.text);
        let all = |selector: &str| {
            let selector = Selector::parse(selector).ok();
            selector.map(|selector| {
                page.select(&selector).map(|found| found.text().collect::<String>()).collect::<Vec<_>>()
            })
        };
        let rows = all("#report-results table tbody tr").unwrap_or_default().len();
        let age = all("#report-age").unwrap_or_default().join(" ");
        let age = age.trim();
        if rows == 0 {
            bail!("{} shows no rows", without_query(&self.url));
        }
        // Before the first pass it says that data are being read, and names no time.
        ensure!(age.contains(|letter: char| letter.is_ascii_digit()), "the page tells no age of its data: {age:?}");
        Ok(format!("{rows} rows of Sales: {age}"))
    }
}

pub fn told(began: Instant, what: &str) {
    println!("{:6.2} s  {what}", began.elapsed().as_secs_f64());
}

/// Codes and states stay out of logs.
fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Answer {
        Answer { url: "http://portal.localhost/reports/sales".parse().unwrap(), text: text.to_owned() }
    }

    #[test]
    fn a_report_without_rows_or_without_age_does_not_pass() {
        let rows = "<section id=report-results><table><tbody><tr><td>1</td></tr></tbody></table></section>";
        let age = "<span id=report-age>as of 12:30</span>";
        assert!(page(&format!("{age}{rows}")).findings().unwrap().contains("1 rows of Sales: as of 12:30"));
        assert!(page(age).findings().is_err());
        assert!(page(rows).findings().is_err());
        assert!(page(&format!("<span id=report-age>still loading</span>{rows}")).findings().is_err());
    }
}
