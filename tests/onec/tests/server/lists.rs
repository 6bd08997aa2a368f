//! Finding, ordering and paging, with the traps of a real server.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::visitor::{LINES, PRODUCTS, SALES, Visitor, small, text};

fn references(rows: &[Value]) -> Vec<String> {
    rows.iter().map(|row| text(row, "Ref_Key").to_owned()).collect()
}

#[tokio::test]
async fn without_top_the_server_sends_everything() {
    let visitor = Visitor::new();
    let all = visitor.rows(SALES, &[("$select", "Ref_Key")]).await;
    let count = visitor.ask(&format!("{SALES}/$count"), &[]).await.text().await.unwrap();
    assert_eq!(all.len().to_string(), count);
    assert!(all.len() > 100);
}

#[tokio::test]
async fn without_an_order_rows_come_differently_each_time() {
    let visitor = Visitor::new();
    let first = references(&visitor.rows(SALES, &[("$select", "Ref_Key")]).await);
    let second = references(&visitor.rows(SALES, &[("$select", "Ref_Key")]).await);
    assert_ne!(first, second);
    assert_eq!(first.iter().collect::<BTreeSet<_>>(), second.iter().collect());
}

#[tokio::test]
async fn pages_by_date_and_reference_hold_every_document_once() {
    let visitor = Visitor::new();
    let all = visitor.rows(SALES, &[("$select", "Ref_Key")]).await.len();
    let mut seen = Vec::new();
    for page in 0.. {
        let skip = (page * 40).to_string();
        let options = [("$select", "Ref_Key,Date"), ("$orderby", "Date,Ref_Key"), ("$top", "40"), ("$skip", &skip)];
        let rows = visitor.rows(SALES, &options).await;
        if rows.is_empty() {
            break;
        }
        seen.extend(rows);
    }
    let dates: Vec<&str> = seen.iter().map(|row| text(row, "Date")).collect();
    assert!(dates.is_sorted());
    assert_eq!(references(&seen).iter().collect::<BTreeSet<_>>().len(), all);
    assert_eq!(seen.len(), all);
}

#[tokio::test]
async fn an_incomplete_order_of_lines_repeats_some_and_loses_others() {
    let visitor = Visitor::new();
    let mut seen = BTreeSet::new();
    let mut rows_read = 0;
    for page in 0..30 {
        let skip = (page * 50).to_string();
        let options = [("$select", "Ref_Key,LineNumber"), ("$orderby", "Ref_Key"), ("$top", "50"), ("$skip", &skip)];
        for row in visitor.rows(LINES, &options).await {
            rows_read += 1;
            seen.insert((text(&row, "Ref_Key").to_owned(), text(&row, "LineNumber").to_owned()));
        }
    }
    assert_eq!(rows_read, 1_500);
    assert!(seen.len() < 1_500);
    let complete = visitor.rows(LINES, &[("$select", "Ref_Key,LineNumber"), ("$orderby", "Ref_Key,LineNumber")]).await;
    let again = visitor.rows(LINES, &[("$select", "Ref_Key,LineNumber"), ("$orderby", "Ref_Key,LineNumber")]).await;
    assert_eq!(complete, again);
}

#[tokio::test]
async fn ordering_by_reference_goes_by_what_1c_shows_for_it() {
    let visitor = Visitor::new();
    let rows = visitor.rows(PRODUCTS, &[("$select", "Ref_Key,Description"), ("$orderby", "Ref_Key")]).await;
    let names: Vec<&str> = rows.iter().map(|row| text(row, "Description")).collect();
    assert!(names.is_sorted());
    assert!(!references(&rows).is_sorted());
    let sales =
        visitor.rows(SALES, &[("$select", "Ref_Key,Number"), ("$orderby", "Ref_Key desc"), ("$top", "20")]).await;
    let numbers: Vec<&str> = sales.iter().rev().map(|row| text(row, "Number")).collect();
    assert!(numbers.is_sorted());
}

#[tokio::test]
async fn a_window_of_dates_and_keys_joined_by_or_find_what_they_name() {
    let visitor = Visitor::new();
    let window = "Date ge datetime'2025-09-01T00:00:00' and Date lt datetime'2025-10-01T00:00:00'";
    let rows =
        visitor.rows(SALES, &[("$filter", window), ("$orderby", "Date,Ref_Key"), ("$select", "Ref_Key,Date")]).await;
    assert!(!rows.is_empty() && rows.iter().all(|row| text(row, "Date").starts_with("2025-09-")));
    let keys =
        format!("Ref_Key eq guid'{}' or Ref_Key eq guid'{}'", text(&rows[0], "Ref_Key"), text(&rows[1], "Ref_Key"));
    let found =
        visitor.rows(SALES, &[("$filter", &keys), ("$orderby", "Date,Ref_Key"), ("$select", "Ref_Key,Date")]).await;
    assert_eq!(found, rows[..2]);
}

#[tokio::test]
async fn a_filter_on_the_dealer_and_on_lines_narrows_the_list() {
    let visitor = Visitor::new();
    let dealer = "Партнер_Key eq guid'5b0d6f0e-d0d0-11ee-8a01-000000000002' and Posted eq true";
    let rows = visitor.rows(SALES, &[("$filter", dealer), ("$select", "Партнер_Key,Posted")]).await;
    assert!(!rows.is_empty());
    assert!(rows.iter().all(|row| text(row, "Партнер_Key").ends_with("02") && row["Posted"] == true));
    let dear = visitor.rows(SALES, &[("$filter", "Товары/any(d: d/Цена gt 50000)"), ("$select", "Товары/Цена")]).await;
    let has_dear =
        |row: &Value| row["Товары"].as_array().unwrap().iter().any(|line| line["Цена"].as_f64().unwrap() > 50_000.0);
    assert!(!dear.is_empty() && dear.iter().all(has_dear));
}

#[tokio::test]
async fn the_refusals_of_a_real_server_come_with_its_inner_codes() {
    let visitor = Visitor::new();
    let guid = "Ref_Key gt guid'5b0d6f0e-d0d0-11ee-8a01-000000000001'";
    for (resource, options, expected) in [
        (SALES, vec![("$filter", guid)], (500, "-1")),
        (SALES, vec![("$filter", "Поле eq 1")], (400, "10")),
        (SALES, vec![("$select", "Поле")], (400, "10")),
        (SALES, vec![("$select", "Товары/Поле")], (400, "10")),
        (SALES, vec![("$orderby", "Поле")], (400, "10")),
        (SALES, vec![("$filter", "Date ge")], (400, "14")),
        (SALES, vec![("$top", "много")], (400, "14")),
        (SALES, vec![("$apply", "x")], (400, "14")),
        ("Catalog_Нет", vec![], (404, "8")),
        ("Catalog_Номенклатура(guid'00000000-0000-0000-0000-000000000009')", vec![], (404, "9")),
        (
            "AccumulationRegister_ТоварыНаСкладах",
            vec![("$filter", "Period ge datetime'2024-01-01T00:00:00'")],
            (400, "10"),
        ),
    ] {
        let (status, code) = visitor.refusal(resource, &options).await;
        assert_eq!((status, code.as_str()), expected, "{resource} {options:?}");
    }
}

#[tokio::test]
async fn a_plus_for_a_space_in_a_filter_is_refused() {
    let visitor = Visitor::new();
    let url = format!("{}/{SALES}?$format=json&$filter=Posted+eq+true", visitor.running.url);
    let request = visitor.client.get(url).basic_auth(&visitor.running.user, Some(&visitor.running.password));
    assert_eq!(request.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn an_order_on_a_recorder_set_is_ignored_even_when_invented() {
    let rows = Visitor::new().rows("AccumulationRegister_ТоварыНаСкладах", &[("$orderby", "Выдумка")]).await;
    assert!(rows.is_empty());
}

#[tokio::test]
async fn counts_are_there_or_not_by_the_servers_habit() {
    let visitor = Visitor::new();
    let page = visitor.json(SALES, &[("$inlinecount", "allpages"), ("$top", "2"), ("$select", "Ref_Key")]).await;
    let all = visitor.rows(SALES, &[("$select", "Ref_Key")]).await.len();
    assert_eq!(page["odata.count"], all.to_string());
    assert_eq!(page["value"].as_array().unwrap().len(), 2);

    let mut options = small();
    options.habits.counts = false;
    options.habits.inline_count_sends_all = true;
    let visitor = Visitor::of(options);
    assert_eq!(visitor.refusal(&format!("{SALES}/$count"), &[]).await.0, 501);
    let page = visitor.rows(SALES, &[("$inlinecount", "allpages"), ("$top", "2"), ("$select", "Ref_Key")]).await;
    assert_eq!(page.len(), all);
}
