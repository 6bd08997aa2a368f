//! One build's portal over a warehouse of its own, with a dealer signed in.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use base64::Engine as _;
use chrono::{Datelike as _, Days, NaiveDate};
use futures_util::future::try_join_all;
use stack::ports;
use stack::process::Process;
use tests::{SignedIn, TestKeycloak, TestUser};

use crate::asked::{Asked, Recorder};
use crate::road::Road;
use crate::{fill, meter};

/// The usual view: twelve months beside those a year before.
pub const USUAL: &str = "/reports/sales?period=year";
/// How many different views of about that size there are.
const VIEWS: u64 = 60 * 60;

pub struct Side<'a> {
    pub road: Road<'a>,
    pub portal: Process,
    pub url: String,
    pub person: TestUser,
    pub ready_ms: f64,
    pub idle_mb: f64,
    dealer: SignedIn,
    asked: Vec<Asked>,
    http: reqwest::Client,
    today: NaiveDate,
    seen: Cell<u64>,
    pass: Cell<u64>,
}

impl<'a> Side<'a> {
    /// The portal runs once behind a recorder, to learn what it asks for the usual view; then anew, without.
    pub async fn start(road: Road<'a>, keycloak: &TestKeycloak) -> Result<Self> {
        let (port, health) = (ports::free()?, ports::free()?);
        let url = format!("http://127.0.0.1:{port}");
        let client = keycloak.portal_client(&url).await;
        let person = keycloak.dealer(&[fill::DEALER]).await;
        let start = async |warehouse: &str| -> Result<(Process, f64)> {
            let since = Instant::now();
            let mut portal = road
                .launch("portal", "portal_ro")?
                .envs(client.variables())
                .env("CLICKHOUSE_URL", warehouse)
                .env("PORTAL_LISTEN", format!("127.0.0.1:{port}"))
                .env("PORTAL_HEALTH_LISTEN", format!("127.0.0.1:{health}"))
                .env("PORTAL_URL", &url)
                .env("PORTAL_REQUESTS_PER_SECOND", "100000")
                .env("PORTAL_REQUESTS_BURST", "100000")
                .env("PORTAL_SECRET_KEY", base64::engine::general_purpose::STANDARD.encode([7; 32]))
                .start()?;
            let (http, ready) = (stack::http()?, format!("http://127.0.0.1:{health}/readyz"));
            let is_ready =
                async |_: &str| http.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success());
            portal.until_ready(Duration::from_secs(30), is_ready).await?;
            Ok((portal, since.elapsed().as_secs_f64() * 1e3))
        };
        let recorder = Recorder::before(road.clickhouse.url()).await?;
        let (mut portal, _) = start(&recorder.url).await?;
        let dealer = SignedIn::to(&url, &person).await;
        // Another view first: it asks for what all views share.
        dealer.fragment("/reports/sales?period=month").send().await?.error_for_status()?;
        recorder.forget();
        dealer.fragment(USUAL).send().await?.error_for_status()?;
        let asked = recorder.asked();
        portal.stop();
        let (portal, ready_ms) = start(&road.clickhouse.url()).await?;
        let idle_mb = meter::resident_mb(portal.id());
        let today: String = road.client("migrator").query("SELECT toString(today())").fetch_one().await?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        let (seen, pass, today) = (Cell::new(0), Cell::new(1), today.parse()?);
        Ok(Self { road, portal, url, person, ready_ms, idle_mb, dealer, asked, http, today, seen, pass })
    }

    /// Queries that the usual view asks.
    pub fn queries(&self) -> usize {
        self.asked.len()
    }

    pub async fn fragment(&self, path: &str) -> Result<()> {
        self.dealer.fragment(path).send().await?.error_for_status()?.bytes().await?;
        Ok(())
    }

    pub async fn page(&self, path: &str) -> Result<()> {
        self.dealer.page(path).send().await?.error_for_status()?.bytes().await?;
        Ok(())
    }

    /// The queries of the usual view, without the portal.
    pub async fn straight(&self) -> Result<()> {
        let clickhouse = self.road.clickhouse.url();
        try_join_all(self.asked.iter().map(|asked| asked.send(&self.http, &clickhouse))).await.map(drop)
    }

    /// A view of about the usual size that this portal has not been asked for yet.
    pub async fn first_view(&self) -> Result<()> {
        let view = self.seen.get();
        ensure!(view < VIEWS, "There are no more than {VIEWS} different views: ask for fewer --requests.");
        self.seen.set(view + 1);
        self.fragment(&view_path(self.today, view)).await
    }

    /// New data has arrived, and the portal has had time to learn of it.
    pub async fn arrive(&self) -> Result<()> {
        self.pass.set(self.pass.get() + 1);
        fill::arrive(&self.road.client("migrator"), self.pass.get()).await?;
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        Ok(())
    }
}

fn view_path(today: NaiveDate, view: u64) -> String {
    let year_ago = today.with_day(1).and_then(|day| day.checked_sub_months(chrono::Months::new(11))).unwrap_or(today);
    let back = |day: NaiveDate, days| day.checked_sub_days(Days::new(days)).unwrap_or(day);
    let (first, last) = (back(year_ago, view / 60), back(today, view % 60));
    format!("/reports/sales?period=own&from={first}&to={last}")
}
