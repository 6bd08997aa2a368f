//! Files of the background over the API: asked for, waited for, taken, listed, cancelled, and what is said to a question that is none.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::program::problem;
use tests::{Answer, Fault, Program, await_true};

use crate::downloads::stand_with_a_large_file;
use crate::export_faults::behind_proxy;
use crate::export_stand::{SOON, await_query, await_state, files, queries, reporter, row, start, write_large_report};
use crate::staff::{events, signed_in};
use crate::stand::{Line, Product, Stand, TODAY, URAL, VOLGA};

const LIST: &str = "/api/v1/reports/exports";

/// Asks for a file of Sales.
pub async fn asked(program: &Program, query: &str) -> Answer {
    program.post(&format!("/api/v1/reports/sales/exports?{query}")).await
}

/// The path of an export of a report.
pub async fn ordered_of(program: &Program, report: &str, query: &str) -> String {
    let answer = program.post(&format!("/api/v1/reports/{report}/exports?{query}")).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    program.path(answer.header("location"))
}

/// The same of Sales, as CSV.
pub async fn ordered(program: &Program, query: &str) -> String {
    ordered_of(program, "sales", &format!("format=csv&{query}")).await
}

fn kind(answer: &Answer) -> String {
    problem(answer)["type"].as_str().unwrap().rsplit(':').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_asks_for_a_file_waits_for_it_and_takes_it_in_every_format() {
    let stand = Stand::start().await;
    let machine = stand.keycloak.machine(&[VOLGA]).await;
    let program = Program::at(&stand.portal, stand.keycloak.token_of(&machine).await);
    let described = program.json("/api/v1/reports/sales").await;
    let address = program.path(described["links"]["exports"].as_str().unwrap());
    let formats = described["export_formats"].as_array().unwrap();
    assert_eq!(formats.len(), shared::report::write::FORMATS.len());

    // Nobody makes it yet.
    let first = program.post(&format!("{address}?format=csv&sort=product&former=1")).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.text);
    let told: Value = serde_json::from_str(&first.text).unwrap();
    assert_eq!((&told["state"], &told["percent"], &told["rows"]), (&json!("queued"), &json!(0), &Value::Null));
    assert_eq!((&told["report"], &told["query"]), (&json!("sales"), &json!("former=1&sort=product")));
    let export = program.path(first.header("location"));
    assert_eq!(told["links"]["self"], first.header("location"));
    let waiting = program.get(&export).await;
    assert_eq!((waiting.status, &*waiting.text), (StatusCode::OK, &*first.text));
    for answer in [&first, &waiting] {
        assert!((1..=30).contains(&answer.header("retry-after").parse::<u32>().unwrap()), "{:?}", answer.headers);
        assert!(told["links"]["file"].is_null() && told["expires_at"].is_null() && told["reason"].is_null(), "{told}");
    }
    assert_eq!(program.get(&format!("{export}/file")).await.status, StatusCode::NOT_FOUND, "it is not there yet");

    let _reporter = start(reporter(&stand));
    await_state(&stand, &export, "done").await;
    let done = program.get(&export).await;
    let told: Value = serde_json::from_str(&done.text).unwrap();
    assert_eq!((done.header("retry-after"), &told["state"], &told["percent"]), ("", &json!("done"), &json!(100)));
    assert_eq!((&told["rows"], &told["rows_written"]), (&json!(60), &json!(60)));
    let file = program.request(&program.path(told["links"]["file"].as_str().unwrap()));
    let file = file.header("accept-encoding", "identity").send().await.unwrap();
    let head = file.headers().clone();
    let bytes = file.bytes().await.unwrap();
    assert_eq!(told["size"], bytes.len());
    let straight = program.request("/api/v1/reports/sales/file?format=csv&sort=product&former=1").send().await.unwrap();
    for name in ["content-type", "content-disposition"] {
        assert_eq!(head[name], straight.headers()[name]);
    }
    assert_eq!(head["cache-control"], "private, no-store");
    assert_eq!(bytes, straight.bytes().await.unwrap(), "the download, byte for byte");

    for format in formats {
        let code = format["code"].as_str().unwrap();
        let export = ordered_of(&program, "sales", &format!("format={code}")).await;
        await_state(&stand, &export, "done").await;
        let file = program.request(&format!("{export}/file")).send().await.unwrap();
        assert_eq!(file.status(), StatusCode::OK, "{code}");
        assert_eq!(file.headers()["content-type"], format["media_type"].as_str().unwrap());
        assert!(file.bytes().await.unwrap().len() > 1000, "{code}");
    }

    // Written down with its actor, and readable to the staff.
    let told = events(&stand, &machine.subject).await;
    assert_eq!(told[..3], ["export-asked sales csv", "file-taken sales csv", "file-taken sales csv"], "{told:?}");
    let named: Vec<Option<String>> = sqlx::query_scalar("SELECT DISTINCT actor_name FROM audit_event WHERE actor = $1")
        .bind(&machine.subject)
        .fetch_all(&stand.postgres.pool)
        .await
        .unwrap();
    assert_eq!(named, [Some(machine.client.clone())]);
    let (admin, _) = signed_in(&stand, "admin").await;
    let page = admin.get("/operations/jobs").await.text;
    assert!(page.contains(&format!("Программа {}", machine.client)) && !page.contains(&machine.subject), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_of_a_program_is_one_job_and_the_eleventh_other_one_of_an_hour_is_refused() {
    let stand = Stand::start().await;
    let program = stand.program(&[VOLGA]).await;
    let first = ordered(&program, "search=0").await;
    for number in 1..10 {
        let other = ordered(&program, &format!("search={number}")).await;
        assert_ne!(other, first);
    }
    assert_eq!(ordered(&program, "search=0").await, first, "what was asked for is no further one");
    let told = asked(&program, "format=csv&search=more").await;
    assert_eq!((told.status, &*kind(&told)), (StatusCode::TOO_MANY_REQUESTS, "too-many-exports"));
    assert!((3000..=3600).contains(&told.header("retry-after").parse::<u32>().unwrap()), "{:?}", told.headers);
    // The hour is the dealer's, whoever asks; another dealer has its own.
    assert_eq!(asked(&stand.program(&[VOLGA]).await, "format=csv").await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(asked(&stand.program(&[URAL]).await, "format=csv").await.status, StatusCode::ACCEPTED);

    // All of them, part by part, the newest first.
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let part = program.json(&format!("{LIST}?limit=4{cursor}")).await;
        let exports = part["exports"].as_array().unwrap();
        seen.extend(exports.iter().map(|export| export["query"].as_str().unwrap().to_owned()));
        let Some(next) = part["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, (0..10).rev().map(|number| format!("search={number}")).collect::<Vec<_>>());
    let foreign = stand.program(&[VOLGA]).await;
    let own = program.json(LIST).await["exports"][0]["id"].as_str().unwrap().to_owned();
    for (who, query, parameter) in [
        (&program, "limit=0", "limit"),
        (&program, "limit=101", "limit"),
        (&program, "cursor=x", "cursor"),
        (&foreign, &*format!("cursor={own}"), "cursor"),
        (&program, "page=2", "page"),
    ] {
        let told = who.problem(&format!("{LIST}?{query}")).await;
        assert_eq!((&told["status"], &told["parameter"]), (&json!(400), &json!(parameter)), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_export_of_a_program_is_over_and_its_query_gone() {
    let reports = tests::folder();
    write_large_report(reports.path(), 4_000_000);
    let stand = Stand::of_site(&[Product::called(1, "Насос")], &[Line::of(1, TODAY, 100)], Some(reports.path())).await;
    let program = stand.program(&[VOLGA]).await;
    let waiting = ordered(&program, "").await;
    let cancelled = program.delete(&waiting).await;
    assert_eq!((cancelled.status, &*cancelled.text), (StatusCode::NO_CONTENT, ""));
    let _reporter = start(reporter(&stand).env("PORTAL_REPORTS_DIR", reports.path()));
    let running = ordered_of(&program, "large", "format=csv").await;
    await_query(&stand, &running, "count").await;
    assert_eq!(program.delete(&running).await.status, StatusCode::NO_CONTENT);
    let gone = async || queries(&stand, &running).await.is_empty();
    await_true("the query is gone", Duration::from_secs(2), gone).await;
    for export in [&waiting, &running] {
        let answer = program.get(export).await;
        assert!(
            answer.text.contains(r#""state":"cancelled""#) && answer.header("retry-after").is_empty(),
            "{answer:?}"
        );
        assert_eq!(program.delete(export).await.status, StatusCode::NO_CONTENT, "one that is over stays as it is");
        assert_eq!(program.get(&format!("{export}/file")).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!((row(&stand, &waiting).await.attempt, files(&stand)), (0, Vec::new()), "nobody takes it up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_reporters_export_of_a_program_is_repeated_and_never_offered_in_part() {
    let stand = stand_with_a_large_file().await;
    let program = stand.program(&[VOLGA]).await;
    let (mut proxy, launch) = behind_proxy(&stand).await;
    proxy.set(Fault::BytesPerSecond(2_000_000)).await;
    let mut worker = start(launch.env("EXPORT_LEASE_SECONDS", "3"));
    let export = ordered(&program, "").await;
    await_true("rows are written", SOON, async || row(&stand, &export).await.written > 0).await;
    let half = program.json(&export).await;
    assert!(
        half["rows"] == 6001 && half["percent"].as_i64().unwrap() < 100 && half["links"]["file"].is_null(),
        "{half}"
    );
    worker.kill();
    let file = format!("{export}/file");
    assert_eq!(program.get(&file).await.status, StatusCode::NOT_FOUND, "half a file is offered");
    let _other = start(reporter(&stand));
    assert_eq!(await_state(&stand, &export, "done").await.attempt, 2);
    let whole = program.get(&file).await;
    assert!(
        whole.status == StatusCode::OK && whole.text.lines().count() > 6001,
        "{} lines",
        whole.text.lines().count()
    );
    assert_eq!(files(&stand).iter().filter(|name| !name.contains('#')).count(), 1);

    // Past its time it is gone with words, and another one is another job.
    sqlx::query("UPDATE job SET expires_at = now()").execute(&stand.postgres.pool).await.unwrap();
    let told = program.get(&file).await;
    assert_eq!((told.status, &*kind(&told)), (StatusCode::GONE, "gone"));
    let told = program.json(&export).await;
    assert_eq!(
        (&told["state"], &told["links"]["file"], &told["size"]),
        (&json!("expired"), &Value::Null, &Value::Null)
    );
    assert_ne!(ordered(&program, "").await, export);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_order_of_a_program_is_told_what_is_wrong_with_which_parameter() {
    let reports = tests::folder();
    write_large_report(reports.path(), 100_001);
    let stand = Stand::of_site(&[Product::called(1, "Насос")], &[Line::of(1, TODAY, 100)], Some(reports.path())).await;
    let program = stand.program(&[VOLGA]).await;
    for (query, parameter) in [
        ("", "format"),
        ("format=exe", "format"),
        ("format=csv&format=csv", "format"),
        ("format=csv&period=century", "period"),
        ("format=csv&group=all", "group"),
        ("format=csv&sort=colour", "sort"),
        ("format=csv&colour=red", "colour"),
        ("format=csv&limit=5", "limit"),
        (&*format!("format=csv&dealer={URAL}"), "dealer"),
        (&*format!("format=csv&dealers=%5B%27{URAL}%27%5D"), "dealers"),
    ] {
        let answer = asked(&program, query).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}: {}", answer.text);
        assert_eq!(problem(&answer)["parameter"], parameter, "{query}");
    }
    assert!(problem(&asked(&program, "format=exe").await)["detail"].as_str().unwrap().contains("pdf"));
    let nowhere = program.post("/api/v1/reports/nowhere/exports?format=csv").await;
    assert_eq!((nowhere.status, &*kind(&nowhere)), (StatusCode::NOT_FOUND, "no-such-report"));
    assert_eq!(problem(&nowhere)["parameter"], "name");
    for path in
        [format!("{LIST}/not-an-id"), format!("{LIST}/not-an-id/file"), "/api/v1/reports/exports/rows".to_owned()]
    {
        assert_eq!(program.problem(&path).await["status"], 404, "{path}");
    }
    assert_eq!(program.delete(&format!("{LIST}/not-an-id")).await.status, StatusCode::NOT_FOUND);
    let read = program.get("/api/v1/reports/sales/exports?format=csv").await;
    assert_eq!((read.status, read.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"), "no link begins a job");
    problem(&read);

    // More than anybody reads on paper is told before anything is made.
    let paper = program.post("/api/v1/reports/large/exports?format=pdf").await;
    assert_eq!((paper.status, &problem(&paper)["parameter"]), (StatusCode::BAD_REQUEST, &json!("format")));
    assert!(paper.text.contains("no more than 100,000 rows"), "{}", paper.text);
    // What does not stream names the way that does: with the same parameters it is an order.
    for (path, status) in [("large/file?format=csv", 422), ("large/file?format=pdf", 400)] {
        let told = program.problem(&format!("/api/v1/reports/{path}")).await;
        let address = format!("{}/api/v1/reports/large/exports", stand.portal.url);
        assert_eq!(told["status"], status, "{told}");
        assert!(told["detail"].as_str().unwrap().contains(&address), "{told}");
    }
    let jobs: i64 = sqlx::query_scalar("SELECT count(*) FROM job").fetch_one(&stand.postgres.pool).await.unwrap();
    assert_eq!(jobs, 0, "none of it began a job");
    ordered_of(&program, "large", "format=csv").await;
}
