//! What goes wrong on purpose, and that it stops when told to.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::visitor::{SALES, Visitor, text};

const PAGE: &[(&str, &str)] =
    &[("$format", "json"), ("$orderby", "Date,Ref_Key"), ("$top", "20"), ("$select", "Ref_Key,Date")];

async fn page(visitor: &Visitor, skip: &str) -> Vec<Value> {
    let mut options = PAGE.to_vec();
    options.push(("$skip", skip));
    visitor.rows(SALES, &options).await
}

#[tokio::test]
async fn a_storm_of_refusals_ends_after_so_many_requests() {
    let visitor = Visitor::new();
    for (status, content) in [(403, "#exception"), (406, "reason=\"406\""), (500, "\"-1\""), (503, "<html>")] {
        let fault = format!(r#"{{"kind":"status","status":{status},"retry_after":30,"times":2,"path":"Document_"}}"#);
        visitor.admin("/faults", &fault).await;
        for _ in 0..2 {
            let refused = visitor.ask(SALES, PAGE).await;
            assert_eq!(refused.status(), status);
            assert_eq!(refused.headers()["retry-after"], "30");
            assert!(refused.text().await.unwrap().contains(content), "{status}");
        }
        assert_eq!(visitor.ask("Catalog_Партнеры", &[("$top", "1")]).await.status(), 200);
        assert_eq!(visitor.ask(SALES, PAGE).await.status(), 200);
    }
    assert_eq!(visitor.admin_get("/stats").await["faulted"], 8);
}

#[tokio::test]
async fn a_page_for_people_and_a_redirect_come_in_place_of_rows() {
    let visitor = Visitor::new();
    visitor
        .admin(
            "/faults",
            r#"[{"kind":"html","times":1},{"kind":"redirect","location":"http://example.org/","after":1}]"#,
        )
        .await;
    let html = visitor.ask(SALES, PAGE).await;
    assert_eq!(
        (html.status().as_u16(), html.headers()["content-type"].to_str().unwrap()),
        (200, "text/html;charset=utf-8")
    );
    assert_eq!(visitor.ask(SALES, PAGE).await.status(), 302);
    visitor.admin("/faults/clear", "").await;
    assert_eq!(visitor.ask(SALES, PAGE).await.status(), 200);
}

#[tokio::test]
async fn broken_bodies_break_the_reader() {
    let visitor = Visitor::new();
    let shapes = [r#"{"kind":"cut","at":77,"times":1}"#, r#"{"kind":"length","by":10,"times":1}"#];
    for fault in shapes {
        visitor.admin("/faults", fault).await;
        let response = visitor.ask(SALES, PAGE).await;
        assert_eq!(response.status(), 200);
        assert!(response.bytes().await.is_err(), "{fault}");
    }
    visitor.admin("/faults", r#"{"kind":"length","by":-10,"times":1}"#).await;
    let short = visitor.ask(SALES, PAGE).await.text().await.unwrap();
    assert!(serde_json::from_str::<Value>(&short).is_err());
    visitor.admin("/faults", r#"{"kind":"drop","path":"top=21"}"#).await;
    assert!(visitor.request(SALES, &[("$top", "21")]).send().await.is_err());
    assert_eq!(visitor.ask(SALES, PAGE).await.status(), 200);
}

#[tokio::test]
async fn endless_chunks_go_on_for_as_long_as_anyone_reads() {
    let visitor = Visitor::new();
    visitor.admin("/faults", r#"{"kind":"endless","times":1}"#).await;
    let mut response = visitor.ask(SALES, PAGE).await;
    let mut read = 0;
    while read < 4 << 20 {
        read += response.chunk().await.unwrap().unwrap().len();
    }
}

#[tokio::test]
async fn a_small_gzip_body_becomes_a_large_one() {
    let visitor = Visitor::new();
    visitor.admin("/faults", r#"{"kind":"gzip-bomb","mebibytes":8,"times":1}"#).await;
    let response = visitor.ask(SALES, PAGE).await;
    assert!(response.bytes().await.unwrap().len() > 8 << 20);
    assert!(visitor.admin_get("/stats").await["bytes"].as_u64().unwrap() < 100_000);
}

#[tokio::test]
async fn a_slow_server_waits_and_counts_who_waits_at_once() {
    let visitor = Visitor::new();
    visitor.admin("/faults", r#"{"kind":"slow","first_byte_ms":300,"times":2}"#).await;
    let begun = Instant::now();
    let (a, b) = tokio::join!(visitor.ask(SALES, PAGE), visitor.ask(SALES, PAGE));
    assert_eq!((a.status().as_u16(), b.status().as_u16()), (200, 200));
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert_eq!(visitor.admin_get("/stats").await["high_water"], 2);
    visitor.admin("/stats/clear", "").await;
    assert_eq!(visitor.admin_get("/stats").await["requests"], 0);
}

#[tokio::test]
async fn the_same_page_comes_twice() {
    let visitor = Visitor::new();
    visitor.admin("/faults", r#"{"kind":"same-page","times":1,"after":1,"path":"Document_"}"#).await;
    let (first, second, third) = (page(&visitor, "0").await, page(&visitor, "20").await, page(&visitor, "20").await);
    assert_eq!(first, second);
    assert_ne!(first, third);
}

#[tokio::test]
async fn documents_come_and_go_between_pages() {
    let visitor = Visitor::new();
    let before = visitor.running.ledger().documents;
    visitor.admin("/faults", r#"{"kind":"insert-between","documents":3,"times":1,"path":"Document_"}"#).await;
    let (first, second) = (page(&visitor, "0").await, page(&visitor, "20").await);
    assert!(second.iter().filter(|row| first.contains(row)).count() >= 3, "rows moved down and come again");
    assert_eq!(visitor.running.ledger().documents, before + 3);
    visitor.admin("/faults", r#"{"kind":"delete-between","documents":2,"times":1,"path":"Document_"}"#).await;
    let first = page(&visitor, "0").await;
    assert_eq!(page(&visitor, "0").await[0], first[2], "rows moved up");
}

#[tokio::test]
async fn a_field_is_renamed_removed_retyped_or_added_in_metadata_and_data() {
    let visitor = Visitor::new();
    let rows = "Document_РеализацияТоваровУслуг_Товары_RowType";
    for fault in [
        format!(r#"{{"kind":"rename-field","set":"{rows}","field":"СуммаСНДС","to":"СуммаВсего"}}"#),
        format!(r#"{{"kind":"retype-field","set":"{rows}","field":"Количество","to":"Edm.String"}}"#),
        format!(r#"{{"kind":"remove-field","set":"{SALES}","field":"Валюта_Key"}}"#),
        format!(r#"{{"kind":"add-field","set":"{SALES}","field":"НовоеПоле","type":"Edm.String"}}"#),
    ] {
        visitor.admin("/faults", &fault).await;
    }
    let row = &visitor.rows(SALES, &[("$top", "1")]).await[0];
    assert!(row["Товары"][0]["СуммаВсего"].is_number() && row["Товары"][0].get("СуммаСНДС").is_none());
    assert!(row["Товары"][0]["Количество"].is_string());
    assert!(row.get("Валюта_Key").is_none() && row["НовоеПоле"] == "");
    let metadata = visitor.ask("$metadata", &[]).await.text().await.unwrap();
    assert!(metadata.contains("СуммаВсего") && metadata.contains("НовоеПоле"));
    assert_eq!(visitor.refusal(SALES, &[("$select", "Валюта_Key")]).await, (400, "10".into()));
    visitor.admin("/faults/clear", "").await;
    let row = &visitor.rows(SALES, &[("$top", "1")]).await[0];
    assert!(row["Товары"][0]["СуммаСНДС"].is_number() && row.get("НовоеПоле").is_none());
}

#[tokio::test]
async fn a_new_password_shuts_the_old_one_out() {
    let visitor = Visitor::new();
    visitor.admin("/password", r#"{"password":"Новый-1С"}"#).await;
    assert_eq!(visitor.ask(SALES, PAGE).await.status(), 401);
    let request = visitor.client.get(&visitor.running.url).basic_auth("Обмен", Some("Новый-1С"));
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_stopped_stand_in_answers_no_more() {
    let visitor = Visitor::new();
    let url = visitor.running.url.clone();
    assert_eq!(
        text(&visitor.json("", &[]).await["value"][0], "name"),
        "AccumulationRegister_ВыручкаИСебестоимостьПродаж"
    );
    drop(visitor.running);
    assert!(visitor.client.get(url).send().await.is_err());
}

#[tokio::test]
async fn a_page_of_more_than_the_base_can_build_is_refused_and_a_smaller_one_comes() {
    let visitor = Visitor::new();
    visitor.admin("/faults", r#"{"kind":"heavy","most":19,"path":"Document_"}"#).await;
    assert_eq!(visitor.refusal(SALES, PAGE).await, (500, "-1".to_owned()));
    assert_eq!(visitor.rows(SALES, &[("$top", "19")]).await.len(), 19);
    assert_eq!(visitor.admin_get("/stats").await["faulted"], 1);
}

#[tokio::test]
async fn bytes_that_no_json_may_hold_stand_where_they_were_wanted_and_nothing_else_changes() {
    let visitor = Visitor::new();
    let whole = visitor.ask(SALES, PAGE).await.bytes().await.unwrap();
    visitor.admin("/faults", r#"{"kind":"replace","find":"\"Date\"","with":[30,208]}"#).await;
    let broken = visitor.ask(SALES, PAGE).await.bytes().await.unwrap();
    assert_eq!(broken.len(), whole.len() - 20 * 4);
    assert_eq!(broken.windows(2).filter(|bytes| bytes == b"\x1e\xd0").count(), 20);
}
