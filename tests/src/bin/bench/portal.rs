//! The Sales fragment over a warehouse of millions of rows: what ClickHouse and the portal pay for it, alone and eight at
//! once; the first view's bytes; the portal's start and memory.

use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::future::try_join_all;
use stack::keycloak::{self, Keycloak, Realm};
use stack::ports;
use tests::{Browser, TestKeycloak};

use crate::build::Build;
use crate::log::{Spans, cpu_ms};
use crate::road::{Road, Stack};
use crate::side::{Side, USUAL};
use crate::table::Compared;
use crate::{fill, meter, table};

/// The builds take turns, so that what else the machine does falls on all of them.
const TURNS: usize = 5;
/// Times that new data arrive for the group list and home: each takes a second.
const ARRIVALS: usize = 30;

/// Superset 6.1 on the same work and two such cores: p50 at 1 and at 8 (ms), memory (MB), bytes (kB) and requests of the
/// first view.
const SUPERSET: (f64, f64, f64, f64, u64) = (93.0, 376.0, 489.0, 2680.0, 54);

pub async fn measure(stack: &Stack, builds: &[Build], lines: u64, requests: usize) -> Result<()> {
    eprintln!("bench: filling a warehouse with {lines} sale lines for each build");
    let keycloak = keycloak(stack).await?;
    let admin = TestKeycloak::at(&keycloak.url());
    let mut sides = Vec::new();
    for build in builds {
        let road = Road::start(stack, build, "portal").await?;
        fill::fill(&road, lines).await?;
        sides.push(Side::start(road, &admin).await?);
    }
    let mut rows = Vec::new();
    for concurrency in [1, 8] {
        rows.extend(views(&sides, concurrency, requests).await?);
    }
    rows.extend(after_arrivals(&sides, requests.min(ARRIVALS)).await?);
    let queries: Vec<String> = sides.iter().map(|side| side.queries().to_string()).collect();
    let title = format!(
        "Sales over {lines} rows, {requests} requests a row, {} queries a view; milliseconds (Superset's p50: {} alone, {} at 8)",
        queries.join(" and "),
        SUPERSET.0,
        SUPERSET.1
    );
    table::compared(&title, builds, &rows);
    if let Some(side) = sides.last() {
        facts(side).await?;
    }
    Ok(())
}

/// What is learned of one kind of request on one side.
#[derive(Default)]
struct Measured {
    times: Vec<f64>,
    spans: Spans,
    portal_cpu_ms: f64,
}

impl Measured {
    fn p50(&self) -> f64 {
        let mut sorted = self.times.clone();
        sorted.sort_by(f64::total_cmp);
        meter::percentile(&sorted, 0.5)
    }

    fn each(&self, total: f64) -> f64 {
        total / self.times.len() as f64
    }
}

/// `count` calls on each side, turn by turn, `concurrency` of them under way at any time.
async fn measured<'a>(
    sides: &'a [Side<'a>],
    concurrency: usize,
    count: usize,
    call: impl AsyncFn(&'a Side<'a>) -> Result<()>,
) -> Result<Vec<Measured>> {
    let mut all: Vec<Measured> = sides.iter().map(|_| Measured::default()).collect();
    for turn in 0..=TURNS {
        for (side, measured) in sides.iter().zip(&mut all) {
            let before = meter::cpu_seconds(side.portal.id());
            let work = timed(concurrency, (count / TURNS).max(concurrency), || call(side));
            if turn == 0 {
                work.await?; // warms up
                continue;
            }
            measured.times.extend(measured.spans.during(work).await?);
            measured.portal_cpu_ms += (meter::cpu_seconds(side.portal.id()) - before) * 1e3;
        }
    }
    Ok(all)
}

async fn views(sides: &[Side<'_>], concurrency: usize, requests: usize) -> Result<Vec<Compared>> {
    let straight = measured(sides, concurrency, requests, async |side| side.straight().await).await?;
    let first = measured(sides, concurrency, requests, async |side| side.first_view().await).await?;
    let again = measured(sides, concurrency, requests, async |side| side.fragment(USUAL).await).await?;
    let p50 = |all: &[Measured]| -> Vec<f64> { all.iter().map(Measured::p50).collect() };
    let cpu = |all: &[Measured]| -> Vec<f64> { all.iter().map(|one| one.each(one.portal_cpu_ms)).collect() };
    let on_top = p50(&first).iter().zip(p50(&straight)).map(|(portal, alone)| portal - alone).collect();
    let row = |what: &str, values, reach| Compared { what: format!("{concurrency} at once: {what}"), values, reach };
    let (at_one, eight) = if concurrency == 1 { ("≤ 2", "") } else { ("", "≤ 94") };
    Ok(vec![
        row("ClickHouse's CPU, first view", clickhouse(sides, &first, "").await?, "≤ 20"),
        row("ClickHouse's CPU, the same view again", clickhouse(sides, &again, "").await?, "0"),
        row("portal's CPU, first view", cpu(&first), "≤ 1"),
        row("portal's CPU, the same view again", cpu(&again), ""),
        row("p50, ClickHouse asked straight", p50(&straight), ""),
        row("p50, first view", p50(&first), eight),
        row("p50, portal on top of ClickHouse", on_top, at_one),
        row("p50, the same view again", p50(&again), ""),
    ])
}

/// CPU of ClickHouse for each call, by its own log.
async fn clickhouse(sides: &[Side<'_>], all: &[Measured], part: &str) -> Result<Vec<f64>> {
    let mut values = Vec::new();
    for (side, measured) in sides.iter().zip(all) {
        let spent = cpu_ms(&side.road.client("audit_ro"), &measured.spans, part).await?;
        values.push(measured.each(spent));
    }
    Ok(values)
}

/// Home, and a page with its list of groups, each asked right after new data have arrived: nothing is known yet.
async fn after_arrivals(sides: &[Side<'_>], times: usize) -> Result<Vec<Compared>> {
    let mut home: Vec<Measured> = sides.iter().map(|_| Measured::default()).collect();
    let mut page: Vec<Measured> = sides.iter().map(|_| Measured::default()).collect();
    for _ in 0..times {
        for ((side, home), page) in sides.iter().zip(&mut home).zip(&mut page) {
            side.arrive().await?;
            home.times.extend(home.spans.during(timed(1, 1, || side.page("/"))).await?);
            side.arrive().await?;
            page.times.extend(page.spans.during(timed(1, 1, || side.page(USUAL))).await?);
        }
    }
    let row = |what: &str, values, reach| Compared { what: what.to_owned(), values, reach };
    Ok(vec![
        row("group list: ClickHouse's CPU", clickhouse(sides, &page, "report.product_group`(").await?, "≤ 5"),
        row("whole page: ClickHouse's CPU", clickhouse(sides, &page, "").await?, ""),
        row("whole page: p50", page.iter().map(Measured::p50).collect(), ""),
        row("home: ClickHouse's CPU", clickhouse(sides, &home, "").await?, "≤ 30"),
        row("home: p50", home.iter().map(Measured::p50).collect(), ""),
    ])
}

/// Milliseconds of each of `count` calls, `concurrency` of them under way at any time.
async fn timed<F: Future<Output = Result<()>>>(
    concurrency: usize,
    count: usize,
    call: impl Fn() -> F,
) -> Result<Vec<f64>> {
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
    Ok(try_join_all((0..concurrency).map(|_| worker())).await?.concat())
}

async fn facts(side: &Side<'_>) -> Result<()> {
    let loaded_mb = meter::peak_mb(side.portal.id());
    let (count, bytes) = first_view(&side.url, &side.person.name).await?;
    let fact = |name: &str, value: f64, aim: &str, superset: f64| {
        vec![
            name.to_owned(),
            table::figure(value),
            aim.to_owned(),
            table::figure(superset),
            table::ratio(superset, value),
        ]
    };
    let rows = [
        fact("first view of Sales, kB", bytes as f64 / 1e3, "60", SUPERSET.3),
        fact("first view of Sales, requests", count as f64, "6", SUPERSET.4 as f64),
        fact("start to ready, ms", side.ready_ms, "300", f64::NAN),
        fact("memory idle, MB", side.idle_mb, "40", SUPERSET.2),
        fact("memory peak under load, MB", loaded_mb, "", SUPERSET.2),
    ];
    table::print("Portal", &["", "measured", "aim", "Superset", "Superset / this"], &rows);
    Ok(())
}

async fn keycloak(stack: &Stack) -> Result<Keycloak> {
    let settings = keycloak::Settings {
        port: ports::free()?,
        management_port: ports::free()?,
        folder: stack.folder.path().join("keycloak"),
        log: stack.folder.path().join("keycloak.log"),
        realm: Realm::Test,
        portal_url: "http://127.0.0.1:1".to_owned(),
        public_url: None,
    };
    Keycloak::start(&stack.parts, &settings).await
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
