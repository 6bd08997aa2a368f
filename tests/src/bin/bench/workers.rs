//! The full load: 1C → Kafka, Kafka → ClickHouse, and both at once.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use sqlx::Connection;
use stack::parts;
use stack::ports;
use stack::process::{Launch, Process};

use crate::road::Road;
use crate::{meter, table};

const PATIENCE: Duration = Duration::from_secs(900);

/// dlt with a hand-made Arrow path on two such cores: lines a second straight into ClickHouse, CPU seconds a million, MB.
const BEST_OTHER: (f64, f64, f64) = (172_000.0, 5.0, 400.0);

struct Used {
    name: String,
    cpu: f64,
    peak_mb: f64,
}

struct Stage {
    name: &'static str,
    seconds: f64,
    used: Vec<Used>,
}

pub async fn measure(lines: u64) -> Result<()> {
    eprintln!("bench: starting the parts and a 1C stand-in with {lines} sale lines");
    let mut road = Road::start().await?;
    let onec = onec(&road, lines).await?;
    let ceiling = ceiling(&road)?;
    let stages = [extract_alone(&road, &onec).await?, load_alone(&road).await?, {
        road.fresh("both").await?;
        both(&road, &onec).await?
    }];
    report(lines, ceiling, &stages);
    Ok(())
}

struct Onec {
    process: Process,
    url: String,
}

async fn onec(road: &Road, lines: u64) -> Result<Onec> {
    let (port, admin) = (ports::free()?, ports::free()?);
    let mut process = Launch::new("onec", parts::binary("onec")?, road.folder.path().join("onec.log"))
        .args(["--listen".to_owned(), format!("127.0.0.1:{port}"), "--admin".to_owned(), format!("127.0.0.1:{admin}")])
        .args(["--lines".to_owned(), lines.to_string(), "--dealers".to_owned(), "200".to_owned()])
        .args(["--products", "5000"])
        .start()?;
    let http = stack::http()?;
    let stats = format!("http://127.0.0.1:{admin}/stats");
    process.until_ready(PATIENCE, async |_| http.get(&stats).send().await.is_ok()).await?;
    Ok(Onec { process, url: format!("http://127.0.0.1:{port}/base/ut/odata/standard.odata") })
}

/// Lines a second that the stand-in serves on one core, as it measures itself.
fn ceiling(road: &Road) -> Result<String> {
    let output = std::process::Command::new(parts::binary("onec")?)
        .arg("--self-bench")
        .current_dir(road.folder.path())
        .output()
        .context("run the stand-in's own benchmark")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn extractor(road: &Road, onec: &Onec) -> Result<Process> {
    road.launch("extractor", "loader")?
        .env("ONEC_URL", &onec.url)
        .env("ONEC_USER", "Обмен")
        .env("ONEC_PASSWORD", "Пароль-1С")
        .env("ONEC_REQUESTS_PER_SECOND", "1000")
        .env("EXTRACT_CRON_PRODUCTS", "0 0 0 1 1 *")
        .env("EXTRACT_CRON_DEALERS", "0 0 0 1 1 *")
        .env("EXTRACT_CRON_CURRENCIES", "0 0 0 1 1 *")
        .env("EXTRACT_CRON_UNITS", "0 0 0 1 1 *")
        .env("EXTRACT_CRON_RETURNS", "off")
        .env("EXTRACT_CRON_SALES_FULL", "0 0 0 1 1 *")
        .env("EXTRACT_CRON_SALES", "* * * * * *")
        .start()
}

/// Seconds from the claim of the first pass to its end, as PostgreSQL has them.
async fn pass_seconds(road: &Road, extractor: &mut Process) -> Result<f64> {
    let mut database = sqlx::PgConnection::connect(&road.database_url()).await?;
    let mut seconds = None;
    road.until("the first full pass", PATIENCE, &mut [extractor], async || {
        seconds = sqlx::query_scalar::<_, f64>(
            "SELECT extract(epoch FROM finished_at - started_at)::float8 FROM slot
             WHERE dataset = 'sales' AND state = 'done' ORDER BY finished_at LIMIT 1",
        )
        .fetch_optional(&mut database)
        .await?;
        Ok(seconds.is_some())
    })
    .await?;
    seconds.context("the pass has no times")
}

async fn extract_alone(road: &Road, onec: &Onec) -> Result<Stage> {
    let before = [meter::cpu_seconds(onec.process.id()), meter::cpu_seconds(road.kafka.process.id())];
    let mut extractor = extractor(road, onec)?;
    let seconds = pass_seconds(road, &mut extractor).await?;
    let used = vec![used(&extractor, 0.0), used(&onec.process, before[0]), used(&road.kafka.process, before[1])];
    Ok(Stage { name: "1C → Kafka", seconds, used })
}

async fn arrived(road: &Road, loader: &mut Process) -> Result<()> {
    let warehouse = road.client("audit_ro");
    road.until("the pass in ClickHouse", PATIENCE, &mut [loader], async || {
        let seen: u64 = warehouse
            .query("SELECT count() FROM (SELECT uniqExact(partition) AS seen, max(partitions) AS all FROM dw.pass FINAL WHERE dataset = 'sales') WHERE seen = all AND all > 0")
            .fetch_one()
            .await?;
        Ok(seen == 1)
    })
    .await
}

/// The loader has been given its partitions: it raises their epochs then.
async fn joined(road: &Road, loader: &mut Process) -> Result<()> {
    let mut database = sqlx::PgConnection::connect(&road.database_url()).await?;
    road.until("the loader in its group", PATIENCE, &mut [loader], async || {
        Ok(sqlx::query_scalar("SELECT count(*) > 0 FROM batch").fetch_one(&mut database).await?)
    })
    .await
}

async fn load_alone(road: &Road) -> Result<Stage> {
    let before = [meter::cpu_seconds(road.clickhouse.process.id()), meter::cpu_seconds(road.kafka.process.id())];
    let start = Instant::now();
    let mut loader = road.launch("loader", "loader")?.start()?;
    arrived(road, &mut loader).await?;
    let seconds = start.elapsed().as_secs_f64();
    let used =
        vec![used(&loader, 0.0), used(&road.clickhouse.process, before[0]), used(&road.kafka.process, before[1])];
    Ok(Stage { name: "Kafka → ClickHouse", seconds, used })
}

async fn both(road: &Road, onec: &Onec) -> Result<Stage> {
    let shared = [&road.clickhouse.process, &road.kafka.process, &onec.process, &road.postgres.process];
    let before: Vec<_> = shared.iter().map(|process| meter::cpu_seconds(process.id())).collect();
    let mut loader = road.launch("loader", "loader")?.start()?;
    joined(road, &mut loader).await?;
    let start = Instant::now();
    let extractor = extractor(road, onec)?;
    arrived(road, &mut loader).await?;
    let seconds = start.elapsed().as_secs_f64();
    let mut all = vec![used(&extractor, 0.0), used(&loader, 0.0)];
    all.extend(shared.iter().zip(before).map(|(process, before)| used(process, before)));
    Ok(Stage { name: "end to end", seconds, used: all })
}

fn used(process: &Process, before: f64) -> Used {
    Used {
        name: process.name().to_owned(),
        cpu: meter::cpu_seconds(process.id()) - before,
        peak_mb: meter::peak_mb(process.id()),
    }
}

fn report(lines: u64, ceiling: String, stages: &[Stage]) {
    let millions = lines as f64 / 1e6;
    let mut rows = Vec::new();
    for stage in stages {
        let rate = lines as f64 / stage.seconds;
        rows.push(vec![
            stage.name.to_owned(),
            table::figure(stage.seconds),
            format!("{:.0}", rate / 1e3),
            table::ratio(rate, BEST_OTHER.0),
        ]);
    }
    let head = ["stage", "seconds", "1000 lines/s", "against dlt's best path (172)"];
    table::print(&format!("Full load of {lines} sale lines (stand-in alone: {ceiling})"), &head, &rows);
    let mut rows = Vec::new();
    for stage in stages {
        for used in &stage.used {
            rows.push(vec![
                format!("{}: {}", stage.name, used.name),
                table::figure(used.cpu / millions),
                table::ratio(used.cpu / millions, BEST_OTHER.1),
                table::figure(used.peak_mb),
                table::ratio(used.peak_mb, BEST_OTHER.2),
            ]);
        }
    }
    let head = ["process", "CPU s per million", "against 5", "peak MB", "against 400"];
    table::print("What each process used", &head, &rows);
}
