//! `ETag`: who has what has arrived is told so, and ClickHouse is not asked for rows.

use reqwest::StatusCode;
use tests::{Answer, Program, await_true};

use crate::stand::{Stand, URAL, VOLGA, run};

const ROWS: &str = "/api/v1/reports/sales/rows?limit=3";

async fn if_other(program: &Program, path: &str, tag: &str) -> Answer {
    Program::send(program.request(path).header("if-none-match", tag)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_what_has_arrived_is_told_so_until_another_pass() {
    let stand = Stand::start().await;
    let (volga, ural) = (stand.program(&[VOLGA]).await, stand.program(&[URAL]).await);
    let whole = volga.get(ROWS).await;
    let tag = whole.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.len() > 30, "{tag}");
    assert_eq!(whole.header("cache-control"), "private, no-cache");
    assert!(whole.header("vary").contains("Authorization, Accept-Language"), "{:?}", whole.headers);
    let again = volga.get(ROWS).await;
    assert_eq!((again.header("etag"), &again.text), (tag.as_str(), &whole.text), "the same tag, the same bytes");

    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let answer = if_other(&volga, ROWS, &known).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::NOT_MODIFIED, ""), "{known}");
        // The answers come packed.
        assert_eq!(answer.header("etag")[1..33], tag[1..33], "{known}");
        assert!(answer.header("vary").contains("Authorization"), "{:?}", answer.headers);
    }
    // Of another caller, question, language or file it is none.
    assert_eq!(if_other(&ural, ROWS, &tag).await.status, StatusCode::OK);
    assert_eq!(if_other(&volga, "/api/v1/reports/sales/rows?limit=4", &tag).await.status, StatusCode::OK);
    assert_eq!(if_other(&volga, "/api/v1/reports/sales/rows?limit=3&sort=product", &tag).await.status, StatusCode::OK);
    let russian = volga.request(ROWS).header("if-none-match", &tag);
    let mut russian = russian.build().unwrap();
    russian.headers_mut().insert("accept-language", "ru".parse().unwrap());
    assert_eq!(stack::http().unwrap().execute(russian).await.unwrap().status(), StatusCode::OK);

    let file = volga.get("/api/v1/reports/sales/file?format=csv").await;
    let of_file = file.header("etag").to_owned();
    assert_ne!(of_file, tag);
    let answer = if_other(&volga, "/api/v1/reports/sales/file?format=csv", &of_file).await;
    assert_eq!(answer.status, StatusCode::NOT_MODIFIED);

    // Another pass.
    let client = stand.clickhouse.client("migrator");
    run(&client, "INSERT INTO dw.pass SELECT 'sales', 0, 1, 2, now64(3), 60, 0").await;
    await_true("another tag", std::time::Duration::from_secs(10), async || {
        if_other(&volga, ROWS, &tag).await.status == StatusCode::OK
    })
    .await;
    assert_ne!(volga.get(ROWS).await.header("etag"), tag);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_is_known_asks_for_no_rows() {
    let stand = Stand::start().await;
    let volga = stand.program(&[VOLGA]).await;
    let tag = volga.get(ROWS).await.header("etag").to_owned();
    // Rows that cannot be read any more: whoever asked for them would be told so.
    run(&stand.clickhouse.client("migrator"), "DROP VIEW report.sale").await;
    assert_eq!(if_other(&volga, ROWS, &tag).await.status, StatusCode::NOT_MODIFIED);
    assert_eq!(volga.get("/api/v1/reports/sales/rows?limit=11").await.status, StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test(flavor = "multi_thread")]
async fn packed_bytes_have_a_tag_of_their_own_that_is_known_again() {
    let stand = Stand::start().await;
    let volga = stand.program(&[VOLGA]).await;
    let packed = volga.request("/api/v1/reports/sales/rows").header("accept-encoding", "gzip").send().await.unwrap();
    let tag = packed.headers()["etag"].to_str().unwrap().to_owned();
    assert!(tag.ends_with("-gzip\""), "{tag}");
    let known = if_other(&volga, "/api/v1/reports/sales/rows", &tag).await;
    assert_eq!((known.status, known.header("etag")), (StatusCode::NOT_MODIFIED, tag.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_load_has_no_tag() {
    let stand = Stand::start().await;
    run(&stand.clickhouse.client("migrator"), "TRUNCATE TABLE dw.pass").await;
    let volga = stand.program(&[VOLGA]).await;
    let answer = volga.get(ROWS).await;
    assert_eq!((answer.status, answer.header("etag")), (StatusCode::OK, ""), "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "private, no-store");
}
