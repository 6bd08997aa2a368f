//! The Sales fragment over a warehouse of millions of rows: the portal against the same queries sent straight to
//! ClickHouse; the first view's bytes; the portal's start and memory.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use base64::Engine as _;
use futures_util::future::try_join_all;
use stack::keycloak::{self, Keycloak, Realm};
use stack::ports;
use stack::process::Process;
use tests::{Browser, PRODUCTS, SignedIn, TestKeycloak};

use crate::road::Road;
use crate::{meter, table};

const PATH: &str = "/reports/sales?period=year";

/// Superset 6.1 on the same work and two such cores: p50 at 1 and at 8 (ms), its own CPU a request (ms), memory (MB),
/// bytes (kB) and requests of the first view.
const SUPERSET: (f64, f64, f64, f64, f64, u64) = (93.0, 376.0, 63.0, 489.0, 2680.0, 54);

pub async fn measure(lines: u64, requests: usize) -> Result<()> {
    eprintln!("bench: starting the parts and filling the warehouse with {lines} sale lines");
    let road = Road::start().await?;
    fill(&road, lines).await?;
    let keycloak = keycloak(&road).await?;
    let (port, health) = (ports::free()?, ports::free()?);
    let url = format!("http://127.0.0.1:{port}");
    let admin = TestKeycloak::at(&keycloak.url());
    let client = admin.portal_client(&url).await;
    let person = admin.dealer(&["5b0d6f0e-d0d0-11ee-8a01-000000000001"]).await;
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
        let is_ready = async |_: &str| http.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success());
        portal.until_ready(Duration::from_secs(30), is_ready).await?;
        Ok((portal, since.elapsed().as_secs_f64() * 1e3))
    };

    // Once through a recorder, to learn what exactly the portal asks; then the same portal asks ClickHouse itself.
    let recorder = Recorder::before(road.clickhouse.url()).await?;
    let (mut portal, _) = start(&recorder.url).await?;
    let dealer = SignedIn::to(&url, &person).await;
    dealer.fragment(PATH).send().await?.error_for_status()?;
    recorder.forget();
    dealer.fragment(PATH).send().await?.error_for_status()?;
    let asked = recorder.asked();
    portal.stop();
    let (portal, ready_ms) = start(&road.clickhouse.url()).await?;
    let idle_mb = meter::resident_mb(portal.id());

    let direct = reqwest::Client::builder().no_proxy().build()?;
    let mut rows = Vec::new();
    for (concurrency, superset) in [(1, SUPERSET.0), (8, SUPERSET.1)] {
        let straight = async || -> Result<()> {
            try_join_all(asked.iter().map(|request| request.send(&direct, &road))).await.map(drop)
        };
        let fragment = async || -> Result<()> {
            dealer.fragment(PATH).send().await?.error_for_status()?.bytes().await?;
            Ok(())
        };
        timed(concurrency, requests / 5, &fragment).await?;
        let warehouse = timed(concurrency, requests, &straight).await?;
        let before = meter::cpu_seconds(portal.id());
        let times = timed(concurrency, requests, &fragment).await?;
        let cpu_ms = (meter::cpu_seconds(portal.id()) - before) * 1e3 / requests as f64;
        let at = |times: &[f64], share| meter::percentile(times, share);
        rows.push(row(format!("{concurrency} at once: ClickHouse alone"), &warehouse, None, superset));
        rows.push(row(format!("{concurrency} at once: portal"), &times, Some(cpu_ms), superset));
        rows.push(vec![
            "  difference".to_owned(),
            format!("{:+.2}", at(&times, 0.5) - at(&warehouse, 0.5)),
            format!("{:+.2}", at(&times, 0.95) - at(&warehouse, 0.95)),
            format!("{:+.2}", at(&times, 0.99) - at(&warehouse, 0.99)),
        ]);
    }
    let head = ["Sales fragment", "p50 ms", "p95 ms", "p99 ms", "portal CPU ms", "Superset p50 / this"];
    table::print(&format!("{PATH} over {lines} rows, {} queries a request", asked.len()), &head, &rows);
    let loaded_mb = meter::peak_mb(portal.id());

    let (count, bytes) = first_view(&url, &person.name).await?;
    let rows = vec![
        fact("first view of Sales, kB", bytes as f64 / 1e3, "60", SUPERSET.4),
        fact("first view of Sales, requests", count as f64, "6", SUPERSET.5 as f64),
        fact("start to ready, ms", ready_ms, "300", f64::NAN),
        fact("memory idle, MB", idle_mb, "40", SUPERSET.3),
        fact("memory peak under load, MB", loaded_mb, "", SUPERSET.3),
    ];
    table::print("Portal", &["", "measured", "aim", "Superset", "Superset / this"], &rows);
    Ok(())
}

fn row(name: String, times: &[f64], cpu_ms: Option<f64>, superset: f64) -> Vec<String> {
    let p50 = meter::percentile(times, 0.5);
    vec![
        name,
        table::figure(p50),
        table::figure(meter::percentile(times, 0.95)),
        table::figure(meter::percentile(times, 0.99)),
        cpu_ms.map(table::figure).unwrap_or_default(),
        table::ratio(superset, p50),
    ]
}

fn fact(name: &str, value: f64, aim: &str, superset: f64) -> Vec<String> {
    let other = if superset.is_nan() {
        [String::new(), String::new()]
    } else {
        [table::figure(superset), table::ratio(superset, value)]
    };
    [vec![name.to_owned(), table::figure(value), aim.to_owned()], other.to_vec()].concat()
}

/// Milliseconds of each of `count` calls, `concurrency` of them under way at any time; sorted.
async fn timed(concurrency: usize, count: usize, call: &impl AsyncFn() -> Result<()>) -> Result<Vec<f64>> {
    let left = std::cell::Cell::new(count);
    let worker = async || -> Result<Vec<f64>> {
        let mut times = Vec::new();
        while left.get() > 0 {
            left.set(left.get() - 1);
            let since = Instant::now();
            call().await?;
            times.push(since.elapsed().as_secs_f64() * 1e3);
        }
        Ok(times)
    };
    let mut times = try_join_all((0..concurrency).map(|_| worker())).await?.concat();
    times.sort_by(f64::total_cmp);
    Ok(times)
}

async fn keycloak(road: &Road) -> Result<Keycloak> {
    let settings = keycloak::Settings {
        port: ports::free()?,
        management_port: ports::free()?,
        folder: road.folder.path().join("keycloak"),
        log: road.folder.path().join("keycloak.log"),
        realm: Realm::Test,
        portal_url: "http://127.0.0.1:1".to_owned(),
        public_url: None,
    };
    Keycloak::start(&road.parts, &settings).await
}

/// Fifty dealers, five thousand products in a hundred groups, three years up to today; a fiftieth is dealer 1's.
async fn fill(road: &Road, lines: u64) -> Result<()> {
    let migrator = road.client("migrator");
    let id = |kind: &str, number: &str| {
        format!("toUUID(concat('5b0d6f0e-{kind}-11ee-8a01-', leftPad(lower(hex({number})), 12, '0')))")
    };
    let statements = [
        format!(
            "INSERT INTO dw.dealer SELECT {dealer}, toString(number), concat('Дилер ', toString(number)), 1, 0 FROM numbers(1, 50)",
            dealer = id("d0d0", "number")
        ),
        format!(
            "INSERT INTO {PRODUCTS} SELECT {product}, if(number < 100, toUUID('00000000-0000-0000-0000-000000000000'), {group}), number < 100,
               concat('НФ-', leftPad(toString(number), 8, '0')), toString(number), concat(if(number < 100, 'Группа ', 'Насос циркуляционный '), toString(number)), {product}, 1, 0
             FROM numbers(5100)",
            product = id("aaaa", "number"),
            group = id("aaaa", "number % 100")
        ),
        format!(
            "INSERT INTO dw.sale SELECT {dealer}, toDate32(today() - (cityHash64(number, 'd') % 1095)), {document}, number % 10 + 1, now64(0),
               concat('ТД-', toString(intDiv(number, 10))), {dealer}, {dealer}, {product}, toDecimal64(1 + cityHash64(number, 'q') % 20, 4),
               toDecimal64(100 + cityHash64(number, 'r') % 90000, 4), toDecimal64(intDiv(100 + cityHash64(number, 'r') % 90000, 6), 4), toDecimal64(cityHash64(number, 's') % 900, 4), 1, 0
             FROM numbers({lines})",
            dealer = id("d0d0", "intDiv(number, 10) % 50 + 1"),
            document = id("bbbb", "intDiv(number, 10)"),
            product = id("aaaa", "100 + cityHash64(number, 'p') % 5000")
        ),
        "INSERT INTO dw.pass SELECT arrayJoin(['sales', 'returns', 'products', 'dealers', 'currencies', 'units']), 0, 1, 1, now64(3), 60".to_owned(),
        "OPTIMIZE TABLE dw.sale FINAL".to_owned(),
    ];
    for statement in statements {
        migrator.query(&statement.replace('?', "??")).execute().await.context("fill the warehouse")?;
    }
    Ok(())
}

/// Requests and bytes of Sales in a browser that has seen nothing of the portal but the sign-in.
async fn first_view(url: &str, name: &str) -> Result<(u64, u64)> {
    let browser = Browser::start().await;
    let page = browser.page().await;
    page.open(&format!("{url}/reports/sales")).await;
    page.sign_in(name, name).await;
    page.wait_for("#report-results").await;
    page.cache(false).await;
    page.forget_traffic();
    page.open(&format!("{url}/reports/sales")).await;
    page.wait_for("#report-results").await;
    tokio::time::sleep(Duration::from_secs(1)).await; // the icon comes after the page
    Ok(page.traffic())
}

/// Passes requests on to ClickHouse and remembers them.
struct Recorder {
    url: String,
    seen: Arc<Mutex<Vec<Asked>>>,
}

/// One request of the portal to ClickHouse.
#[derive(Clone)]
struct Asked {
    path_and_query: String,
    headers: axum::http::HeaderMap,
    body: axum::body::Bytes,
}

impl Asked {
    async fn send(&self, http: &reqwest::Client, road: &Road) -> Result<()> {
        let url = format!("{}{}", road.clickhouse.url(), self.path_and_query);
        let answer = http.post(url).headers(self.headers.clone()).body(self.body.clone()).send().await?;
        answer.error_for_status()?.bytes().await?;
        Ok(())
    }
}

impl Recorder {
    async fn before(target: String) -> Result<Self> {
        let seen: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (http, kept) = (reqwest::Client::builder().no_proxy().build()?, seen.clone());
        let pass = move |request: Request| {
            let (http, kept, target) = (http.clone(), kept.clone(), target.clone());
            async move {
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
                Ok::<Response, axum::http::StatusCode>(response)
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let app = axum::Router::new().fallback(pass);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { url, seen })
    }

    fn forget(&self) {
        if let Ok(mut seen) = self.seen.lock() {
            seen.clear();
        }
    }

    fn asked(&self) -> Vec<Asked> {
        self.seen.lock().map(|seen| seen.clone()).unwrap_or_default()
    }
}
