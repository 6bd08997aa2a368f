//! What tests of exports share: a person who orders files, the table of jobs, a report that takes ClickHouse long.

use std::path::Path;
use std::time::Duration;

use reqwest::StatusCode;
use sqlx::Row as _;
use stack::process::{Launch, Process};
use tests::{Answer, Person, TestUser, await_true, test_workers};

use crate::stand::{Stand, VOLGA};

/// No job of these tests takes longer.
pub const SOON: Duration = Duration::from_secs(60);

pub fn reporter(stand: &Stand) -> Launch {
    test_workers::reporter(&stand.postgres, &stand.clickhouse, stand.folder.path())
}

pub fn start(launch: Launch) -> Process {
    launch.start().expect("start the reporter")
}

/// An employee of Volga, and who that is in Keycloak.
pub async fn volga(stand: &Stand) -> (Person, TestUser) {
    let user = stand.keycloak.dealer(&[VOLGA]).await;
    (Person::signed_in(&stand.portal, &user).await, user)
}

/// Sends the form for a file of a report; the answer.
pub async fn order_of(person: &Person, report: &str, query: &str) -> Answer {
    order_as(person, report, "csv", query).await
}

pub async fn order_as(person: &Person, report: &str, format: &str, query: &str) -> Answer {
    let token = person.get("/exports").await.form_token();
    let fields = [("form_token", &*token), ("report", report), ("format", format), ("query", query)];
    person.post("/exports", &fields).await
}

/// The address of a job for Sales.
pub async fn order(person: &Person, query: &str) -> String {
    order_path(person, "sales", query).await
}

pub async fn order_path(person: &Person, report: &str, query: &str) -> String {
    let answer = order_of(person, report, query).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.location().to_owned()
}

/// A job's row, as far as tests look at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub state: String,
    pub attempt: i32,
    pub percent: i16,
    pub written: i64,
    pub total: Option<i64>,
    pub reason: Option<String>,
}

pub async fn row(stand: &Stand, path: &str) -> Row {
    let sql = "SELECT state, attempt, percent, written, total, reason FROM job WHERE id = $1::uuid";
    let id = path.rsplit('/').next().expect("an id");
    let row = sqlx::query(sql).bind(id).fetch_one(&stand.postgres.pool).await.expect("the job");
    Row {
        state: row.get("state"),
        attempt: row.get("attempt"),
        percent: row.get("percent"),
        written: row.get("written"),
        total: row.get("total"),
        reason: row.get("reason"),
    }
}

pub async fn await_state(stand: &Stand, path: &str, state: &str) -> Row {
    let what = format!("{path} is {state}");
    let until = std::time::Instant::now() + SOON;
    loop {
        let now = row(stand, path).await;
        if now.state == state {
            return now;
        }
        assert!(std::time::Instant::now() < until, "not within {} s: {what}, but {now:?}", SOON.as_secs());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The names of the store of files, half-written ones included.
pub fn files(stand: &Stand) -> Vec<String> {
    let folder = stand.folder.path().join("exports");
    let entries = std::fs::read_dir(folder).expect("the store of files");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

/// Queries of this job that ClickHouse runs now.
pub async fn queries(stand: &Stand, path: &str) -> Vec<String> {
    let id = path.rsplit('/').next().expect("an id");
    let sql = "SELECT query_id FROM system.processes WHERE startsWith(query_id, {prefix:String}) ORDER BY query_id";
    let client = stand.clickhouse.client("audit_ro");
    client.query_raw(sql).param("prefix", format!("export-{id}-")).fetch_all().await.expect("what runs")
}

pub async fn await_query(stand: &Stand, path: &str, what: &str) {
    await_true(&format!("{what} of {path} runs"), SOON, async || {
        queries(stand, path).await.iter().any(|id| id.ends_with(what))
    })
    .await;
}

/// Makes a site's report out of every sale: of each `rows` rows, sorted by a text.
pub fn write_large_report(folder: &Path, rows: u32) {
    let own = folder.join("large");
    std::fs::create_dir_all(&own).expect("a folder");
    std::fs::write(own.join("report.toml"), LARGE).expect("a file");
    let sql = format!(
        "-- Which lines are there, over and over?\n\
         SELECT concat(product_code, '-', toString(n)) AS line, concat(product_name, ' ', toString(cityHash64(n))) AS name, \
         toString(n) AS pieces FROM report.sale(dealers = {{dealers:Array(UUID)}}) AS s ARRAY JOIN range({rows}) AS n \
         WHERE empty({{search:Array(String)}})"
    );
    std::fs::write(own.join("rows.sql"), sql).expect("a file");
}

const LARGE: &str = r#"
title = { ru = "Строки", en = "Lines" }
menu = { ru = "Склад", en = "Store", order = 20 }
datasets = ["sales"]
key = "line"
rows_title = { ru = "По строкам", en = "By line" }
noun = { ru = ["строке", "строкам", "строкам"], en = ["row", "rows"] }
facts = { ru = "строк", en = "lines" }
sort = "name"

[[filter]]
name = "search"
kind = "search"
title = { ru = "Слово", en = "Word" }
hint = { ru = "например, насос", en = "for example, pump" }

[[column]]
name = "name"
kind = "text"
title = { ru = "Строка", en = "Line" }

[[column]]
name = "pieces"
kind = "code"
title = { ru = "Штук", en = "Pieces" }
"#;
