//! The incremental pass: a hundred documents have changed, in a smaller base and in a larger one.

use std::time::Duration;

use anyhow::{Context, Result};
use sqlx::Connection;
use stack::process::Process;

use crate::build::Build;
use crate::meter;
use crate::road::{Road, Stack};
use crate::table::{self, Compared};
use crate::workers::{Onec, PATIENCE, extractor, first_pass_seconds};

const CHANGES: usize = 100;
const PASSES: usize = 7;
/// The base that the aim is told of.
const FULL_SIZE: u64 = 10_000_000;

/// Medians over the passes.
struct Pass {
    seconds: f64,
    cpu_s: f64,
}

pub async fn measure(stack: &Stack, builds: &[Build], bases: [u64; 2]) -> Result<()> {
    let mut measured: Vec<Vec<Pass>> = builds.iter().map(|_| Vec::new()).collect();
    for lines in bases {
        eprintln!("bench: passes with {CHANGES} changes over a base of {lines} sale lines");
        let onec = Onec::start(stack, lines).await?;
        for (build, measured) in builds.iter().zip(&mut measured) {
            let road = Road::start(stack, build, &format!("passes_{lines}")).await?;
            measured.push(passes(&road, &onec).await?);
        }
    }
    let [small, large] = bases;
    let each = |value: &dyn Fn(&[Pass]) -> f64| measured.iter().map(|passes| value(passes)).collect::<Vec<_>>();
    let row = |what: String, values, reach| Compared { what, values, reach };
    let rows = [
        row(format!("seconds, base of {small} lines"), each(&|passes| passes[0].seconds), ""),
        row(format!("seconds, base of {large} lines"), each(&|passes| passes[1].seconds), ""),
        row("seconds, larger / smaller".to_owned(), each(&|passes| passes[1].seconds / passes[0].seconds), "≤ 1.2"),
        row(format!("extractor's CPU s, base of {small} lines"), each(&|passes| passes[0].cpu_s), ""),
        row(format!("extractor's CPU s, base of {large} lines"), each(&|passes| passes[1].cpu_s), ""),
        row("CPU, larger / smaller".to_owned(), each(&|passes| passes[1].cpu_s / passes[0].cpu_s), "≤ 1.2"),
    ];
    let scaled = match FULL_SIZE.checked_div(large) {
        Some(times) if times > 1 => {
            format!(" (SCALED DOWN: --large-base-lines {FULL_SIZE} measures the base that the aim is told of)")
        }
        _ => String::new(),
    };
    table::compared(&format!("Incremental pass with {CHANGES} changes{scaled}"), builds, &rows);
    Ok(())
}

async fn passes(road: &Road<'_>, onec: &Onec) -> Result<Pass> {
    let mut extractor = extractor(road, onec)?;
    first_pass_seconds(road, &mut extractor).await?;
    let changed = newest(onec).await?;
    let (mut seconds, mut cpu) = (Vec::new(), Vec::new());
    for turn in 0..=PASSES {
        let before = meter::cpu_seconds(extractor.id());
        touch(onec, &changed).await?;
        let took = next_pass_seconds(road, &mut extractor).await?;
        // The first one after the full load finds more than its changes.
        if turn > 0 {
            seconds.push(took);
            cpu.push(meter::cpu_seconds(extractor.id()) - before);
        }
    }
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        meter::percentile(&values, 0.5)
    };
    Ok(Pass { seconds: median(seconds), cpu_s: median(cpu) })
}

/// Documents that lie in every window.
async fn newest(onec: &Onec) -> Result<Vec<String>> {
    let url = format!("{}/documents?sale=true&limit={CHANGES}", onec.admin);
    let shown: Vec<serde_json::Value> = stack::http()?.get(url).send().await?.error_for_status()?.json().await?;
    let named = shown.iter().map(|document| document["ref"].as_str().map(str::to_owned));
    named.collect::<Option<_>>().context("documents of the stand-in have references")
}

async fn touch(onec: &Onec, documents: &[String]) -> Result<()> {
    let http = stack::http()?;
    for document in documents {
        let url = format!("{}/documents/{document}/touch", onec.admin);
        http.post(url).send().await?.error_for_status()?;
    }
    Ok(())
}

/// Seconds of the first pass that begins from now on.
async fn next_pass_seconds(road: &Road<'_>, extractor: &mut Process) -> Result<f64> {
    let mut database = sqlx::PgConnection::connect(&road.database_url()).await?;
    let since: f64 =
        sqlx::query_scalar("SELECT extract(epoch FROM clock_timestamp())::float8").fetch_one(&mut database).await?;
    let mut seconds = None;
    road.until("a pass with changes", PATIENCE, &mut [extractor], async || {
        tokio::time::sleep(Duration::from_millis(50)).await;
        seconds = sqlx::query_scalar::<_, f64>(
            "SELECT extract(epoch FROM finished_at - started_at)::float8 FROM slot
             WHERE dataset = 'sales' AND state = 'done' AND started_at > to_timestamp($1)
             ORDER BY started_at LIMIT 1",
        )
        .bind(since)
        .fetch_optional(&mut database)
        .await?;
        Ok(seconds.is_some())
    })
    .await?;
    seconds.context("the pass has no times")
}
