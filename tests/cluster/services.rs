//! What stands beside the pages: programs with a token, files whose maker goes away in the middle, mails.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::StatusCode;
use scraper::{Html, Selector};
use serde_json::Value;

use crate::kubectl::{here, pods, text, until};
use crate::site::signed_in;
use crate::steps::Figures;

const KEYCLOAK: &str = "http://127.0.0.1:21080/auth/realms/dealers/protocol/openid-connect/token";
const REPORTS: &str = "http://127.0.0.1:21805/api/v1/reports";
const OPERATIONS: &str = "http://127.0.0.1:21806/api/v1/operations";
const MAILS: &str = "http://127.0.0.1:21025/api/v1";

/// A demo program's access token opens its own API and no other.
pub async fn answer_programs() -> Result<()> {
    let (dealers, staffs) = (token("volga-machine").await?, token("operations-machine").await?);
    let rows = ask(&format!("{REPORTS}/sales/rows?period=year&limit=5"), &dealers).await?;
    ensure!(rows["rows"].as_array().is_some_and(|rows| !rows.is_empty()), "no rows for a dealer's program: {rows}");
    let jobs = ask(&format!("{OPERATIONS}/jobs"), &staffs).await?;
    ensure!(jobs["jobs"].is_array(), "no jobs for the operator's program: {jobs}");
    for (address, token) in [(format!("{OPERATIONS}/jobs"), &dealers), (format!("{REPORTS}/sales/rows"), &staffs)] {
        let status = stack::http()?.get(&address).bearer_auth(token).send().await?.status();
        ensure!(status == StatusCode::UNAUTHORIZED, "{address} answers {status} to a token of the other API");
    }
    Ok(())
}

/// The pod that makes a file is killed at it: another makes it from the start, and nothing else is ever offered.
pub async fn make_a_file_once_more(figures: &mut Figures) -> Result<()> {
    let (manager, staffs) = (signed_in("manager").await?, token("operations-machine").await?);
    let query = "period=year";
    let form = manager.get("/exports").await.form_token();
    let fields = [("form_token", &*form), ("report", "sales"), ("format", "pdf"), ("query", query)];
    let ordered = manager.post("/exports", &fields).await;
    ensure!(ordered.status == StatusCode::SEE_OTHER, "The order is answered {}: {}", ordered.status, ordered.text);
    let page = ordered.location().to_owned();
    let id = page.rsplit('/').next().context("the job's address")?.to_owned();
    let job = async || -> Result<Value> {
        let jobs = ask(&format!("{OPERATIONS}/jobs"), &staffs).await?;
        let mut all = jobs["jobs"].as_array().into_iter().flatten();
        all.find(|job| text(job, "/id") == id).cloned().context("the job is not listed")
    };
    until("a reporter is at it", Duration::from_secs(60), async || Ok(text(&job().await?, "/state") == "running"))
        .await?;
    for pod in pods("report-service").await? {
        here(&["delete", "pod", &pod.name, "--force", "--grace-period=0"]).await?;
    }
    let file = format!("{page}/file");
    let cut = manager.get(&file).await;
    ensure!(cut.status != StatusCode::OK, "A file is offered whose maker was killed.");
    let killed = std::time::Instant::now();
    until("another has made it", Duration::from_secs(300), async || {
        let job = job().await?;
        let state = text(&job, "/state");
        ensure!(matches!(state, "queued" | "running" | "done"), "the job ended as {job}");
        Ok(state == "done")
    })
    .await?;
    let job = job().await?;
    ensure!(job["attempt"].as_i64() >= Some(2), "the file was ready before its maker was killed: {job}");
    let whole = manager.get(&file).await;
    ensure!(whole.text.starts_with("%PDF") && whole.text.trim_end().ends_with("%%EOF"), "The file is no whole PDF.");
    figures.seconds("pod of report-service killed at a file → the file", killed.elapsed());
    Ok(())
}

/// A delivery that is sent at once arrives at the mail server, with its file.
pub async fn send_a_mail(figures: &mut Figures) -> Result<()> {
    let volga = signed_in("volga").await?;
    let form = volga.get("/deliveries/new?report=sales&query=period%3Dmonth").await;
    let recipient = first(&form.text, "[name=recipient]", "value").context("the form names no recipient")?;
    let token = form.form_token();
    let title = format!("Проверка {}", uuid::Uuid::new_v4().simple());
    let fields = [
        ("form_token", &*token),
        ("report", "sales"),
        ("query", "period=month"),
        ("title", &*title),
        ("format", "xlsx"),
        ("rhythm", "daily"),
        ("month_day", "1"),
        ("time", "03:33"),
        ("timezone", "Europe/Moscow"),
        ("column", ""),
        ("recipient", &*recipient),
    ];
    let made = volga.post("/deliveries", &fields).await;
    ensure!(made.status == StatusCode::SEE_OTHER, "The form is answered {}: {}", made.status, made.text);
    let list = volga.get("/deliveries").await;
    let send = first(&list.text, "form[action$='/send']", "action").context("the list has no delivery to send")?;
    let token = list.form_token();
    let asked = std::time::Instant::now();
    volga.post(&send, &[("form_token", &*token)]).await;
    let mut mail = Value::Null;
    until("the mail arrives", Duration::from_secs(120), async || {
        let all: Value = stack::http()?.get(format!("{MAILS}/messages")).send().await?.json().await?;
        let mut mails = all["messages"].as_array().into_iter().flatten();
        mail = mails.find(|mail| text(mail, "/Subject").contains(&title)).cloned().unwrap_or_default();
        Ok(!mail.is_null())
    })
    .await?;
    figures.seconds("mail: sent → there", asked.elapsed());
    ensure!(mail["Attachments"].as_u64() == Some(1), "The mail has no file: {mail}");
    // So that it does not go out day by day in a cluster that is kept.
    volga.post(&send.replace("/send", "/remove"), &[("form_token", &*token)]).await;
    Ok(())
}

/// An attribute of the first such element of a page.
fn first(page: &str, elements: &str, attribute: &str) -> Option<String> {
    let elements = Selector::parse(elements).ok()?;
    Html::parse_document(page).select(&elements).find_map(|element| element.attr(attribute).map(str::to_owned))
}

/// By the client's own secret, as its service account.
async fn token(client: &str) -> Result<String> {
    let fields = [("grant_type", "client_credentials"), ("client_id", client), ("client_secret", client)];
    let answer: Value = stack::http()?.post(KEYCLOAK).form(&fields).send().await?.json().await?;
    let token = text(&answer, "/access_token");
    ensure!(!token.is_empty(), "Keycloak gives {client} no token: {answer}");
    Ok(token.to_owned())
}

async fn ask(address: &str, token: &str) -> Result<Value> {
    let answer = stack::http()?.get(address).bearer_auth(token).send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    ensure!(status.is_success(), "{address}: {status} {text}");
    Ok(serde_json::from_str(&text)?)
}
