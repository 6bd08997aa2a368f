//! Changes through the admin port, and the ledger of the truth.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::visitor::{SALES, Visitor, exact, text};

async fn fetch(visitor: &Visitor, reference: &str) -> Option<Value> {
    let filter = format!("Ref_Key eq guid'{reference}'");
    visitor.rows(SALES, &[("$filter", &filter)]).await.into_iter().next()
}

#[derive(Default, PartialEq, Debug)]
struct Month {
    lines: u64,
    revenue: i128,
    quantity: i128,
    xor: u64,
    sum: u64,
}

/// The ledger, reckoned by a reader from served pages.
async fn reckoned(visitor: &Visitor) -> BTreeMap<String, Month> {
    let mut months: BTreeMap<String, Month> = BTreeMap::new();
    for document in visitor.rows(SALES, &[("$orderby", "Date,Ref_Key")]).await {
        let is_to_an_agent = document["ХозяйственнаяОперация"] == "ПередачаНаКомиссию";
        if document["Posted"] != true || document["DeletionMark"] != false || is_to_an_agent {
            continue;
        }
        let day = &text(&document, "Date")[..10];
        for (line, number) in document["Товары"].as_array().unwrap().iter().zip(1..) {
            assert_eq!(line["LineNumber"], number.to_string());
            let shown = |raw: i128| {
                let text = format!("{}.{:04}", raw / 10_000, raw % 10_000);
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            };
            let discount = exact(&line["СуммаРучнойСкидки"]) + exact(&line["СуммаАвтоматическойСкидки"]);
            let row = [
                text(&document, "Партнер_Key").to_owned(),
                day.to_owned(),
                text(&document, "Ref_Key").to_owned(),
                number.to_string(),
                text(line, "Номенклатура_Key").to_owned(),
                shown(exact(&line["Количество"])),
                shown(exact(&line["СуммаСНДС"])),
                shown(exact(&line["СуммаНДС"])),
                shown(discount),
            ];
            let hash = xxhash_rust::xxh64::xxh64(row.join("\x1f").as_bytes(), 0);
            let month = months.entry(day[..7].to_owned()).or_default();
            month.lines += 1;
            month.revenue += exact(&line["СуммаСНДС"]);
            month.quantity += exact(&line["Количество"]);
            month.xor ^= hash;
            month.sum = month.sum.wrapping_add(hash);
        }
    }
    months
}

async fn ledger(visitor: &Visitor) -> BTreeMap<String, Month> {
    let ledger = visitor.admin_get("/ledger?dataset=sales").await;
    let decimal = |month: &Value, field: &str| exact(&serde_json::from_str(text(month, field)).unwrap());
    let read = |month: &Value| Month {
        lines: month["lines"].as_u64().unwrap(),
        revenue: decimal(month, "revenue"),
        quantity: decimal(month, "quantity"),
        xor: text(month, "xor").parse().unwrap(),
        sum: text(month, "sum").parse().unwrap(),
    };
    ledger["months"].as_array().unwrap().iter().map(|month| (text(month, "month").to_owned(), read(month))).collect()
}

#[tokio::test]
async fn the_ledger_is_what_a_reader_reckons_from_the_pages_before_and_after_changes() {
    let visitor = Visitor::new();
    let before = ledger(&visitor).await;
    assert_eq!(before, reckoned(&visitor).await);
    let sales = visitor.admin_get("/documents?sale=true&limit=6").await;
    let reference = |at: usize| text(&sales[at], "ref").to_owned();
    visitor.admin(&format!("/documents/{}/redate", reference(0)), r#"{"date":"2025-01-05T11:42:10"}"#).await;
    visitor.admin(&format!("/documents/{}/remove-line", reference(1)), r#"{"line":1}"#).await;
    let dealer = json!({"dealer": "5b0d6f0e-d0d0-11ee-8a01-000000000003"}).to_string();
    visitor.admin(&format!("/documents/{}/dealer", reference(2)), &dealer).await;
    visitor.admin(&format!("/documents/{}/unpost", reference(3)), "").await;
    visitor.admin(&format!("/documents/{}/mark-deleted", reference(4)), "").await;
    visitor.admin(&format!("/documents/{}/delete", reference(5)), "").await;
    let new = json!({"dealer": "5b0d6f0e-d0d0-11ee-8a01-000000000001", "date": "2025-06-01T10:00:00",
        "lines": [{"product": "5b0d6f0e-1111-11ee-8a01-000000000001", "quantity": 2, "revenue": 20000}]});
    visitor.admin("/documents", &new.to_string()).await;
    let after = ledger(&visitor).await;
    assert_ne!(before, after);
    assert_eq!(after, reckoned(&visitor).await);
}

#[tokio::test]
async fn returns_are_negative_in_the_ledger_and_what_agents_take_or_give_back_is_in_none() {
    let visitor = Visitor::new();
    let revenue = async |dataset: &str| -> f64 {
        let ledger = visitor.admin_get(&format!("/ledger?dataset={dataset}")).await;
        text(&ledger, "revenue").parse().unwrap()
    };
    let (sales, returns) = (revenue("sales").await, revenue("returns").await);
    assert!(returns < 0.0 && -returns < sales * 0.1, "{returns} of {sales}");
    let dealer = "5b0d6f0e-d0d0-11ee-8a01-000000000001";
    let line = json!({"product": "5b0d6f0e-1111-11ee-8a01-000000000001", "quantity": 1, "revenue": 1000});
    for (kind, operation) in
        [("sale", "ПередачаНаКомиссию"), ("return", "ВозвратОтКомиссионера"), ("return", "ВозвратТоваровОтКлиента")]
    {
        let new = json!({"kind": kind, "dealer": dealer, "date": "2025-06-01T10:00:00", "operation": operation, "lines": [line]});
        visitor.admin("/documents", &new.to_string()).await;
    }
    assert!((revenue("sales").await - sales).abs() < 0.001);
    assert!((revenue("returns").await - (returns - 1000.0)).abs() < 0.001);
    let both = revenue("sales,returns").await;
    assert!((both - (sales + returns - 1000.0)).abs() < 0.01, "{both}");
}

#[tokio::test]
async fn another_base_answers_at_the_address_and_the_first_comes_back_as_it_was() {
    let visitor = Visitor::new();
    let reference = text(&visitor.sale(3).await, "ref").to_owned();
    visitor.admin(&format!("/documents/{reference}/unpost"), "").await;
    let of = async |dataset: &str| visitor.admin_get(&format!("/ledger?dataset={dataset}")).await;
    let sets = [SALES, "Document_ВозвратТоваровОтКлиента", "Catalog_Номенклатура", "Catalog_Валюты"];
    let keys = async |set: &str| -> std::collections::BTreeSet<String> {
        visitor.rows(set, &[("$select", "Ref_Key")]).await.iter().map(|row| text(row, "Ref_Key").to_owned()).collect()
    };
    let (sales, first) = (of("sales").await, keys(SALES).await);
    visitor.admin("/base", r#"{"kind":"second"}"#).await;
    let second = keys(SALES).await;
    assert!(!second.is_empty() && second.is_disjoint(&first));
    visitor.admin("/base", r#"{"kind":"empty"}"#).await;
    for set in sets {
        assert!(keys(set).await.is_empty(), "{set}");
    }
    visitor.admin("/base", r#"{"kind":"first"}"#).await;
    assert_eq!((of("sales").await, keys(SALES).await), (sales, first));
}

#[tokio::test]
async fn products_name_their_units_and_documents_their_currencies() {
    let visitor = Visitor::new();
    let names = async |set: &str| -> BTreeMap<String, String> {
        let named = |row: &Value| (text(row, "Ref_Key").to_owned(), text(row, "Description").to_owned());
        visitor.rows(set, &[]).await.iter().map(named).collect()
    };
    let (units, currencies) = (names("Catalog_УпаковкиЕдиницыИзмерения").await, names("Catalog_Валюты").await);
    for row in visitor.rows("Catalog_Номенклатура", &[("$filter", "IsFolder eq false")]).await {
        let unit = &units[text(&row, "ЕдиницаИзмерения_Key")];
        assert_eq!(unit == "м", text(&row, "Description").starts_with("Труба "), "{row}");
    }
    let sold: std::collections::BTreeSet<&str> =
        visitor.rows(SALES, &[]).await.iter().map(|row| currencies[text(row, "Валюта_Key")].as_str()).collect();
    assert_eq!(sold.into_iter().collect::<Vec<_>>(), ["RUB", "USD"]);
}

#[tokio::test]
async fn every_write_gives_a_version_that_was_never_there() {
    let visitor = Visitor::new();
    let sale = visitor.sale(3).await;
    let reference = text(&sale, "ref");
    let mut versions = std::collections::BTreeSet::new();
    for action in ["touch", "unpost", "post", "touch"] {
        let row = fetch(&visitor, reference).await.unwrap();
        assert_eq!(text(&row, "DataVersion").len(), 12);
        assert!(versions.insert(text(&row, "DataVersion").to_owned()));
        visitor.admin(&format!("/documents/{reference}/{action}"), "").await;
    }
}

#[tokio::test]
async fn a_removed_line_moves_the_later_ones_up() {
    let visitor = Visitor::new();
    let sale = visitor.sale(3).await;
    let reference = text(&sale, "ref");
    let before = fetch(&visitor, reference).await.unwrap();
    visitor.admin(&format!("/documents/{reference}/remove-line"), r#"{"line":2}"#).await;
    let after = fetch(&visitor, reference).await.unwrap();
    assert_eq!(after["Товары"][1]["LineNumber"], "2");
    assert_eq!(after["Товары"][1]["Номенклатура_Key"], before["Товары"][2]["Номенклатура_Key"]);
    assert_eq!(after["Товары"].as_array().unwrap().len(), before["Товары"].as_array().unwrap().len() - 1);
}

#[tokio::test]
async fn a_redated_document_lies_in_its_new_window_and_a_deleted_one_in_none() {
    let visitor = Visitor::new();
    let sale = visitor.sale(1).await;
    let reference = text(&sale, "ref");
    visitor.admin(&format!("/documents/{reference}/redate"), r#"{"date":"2020-02-29T10:00:00"}"#).await;
    let window = "Date ge datetime'2020-02-01T00:00:00' and Date lt datetime'2020-03-01T00:00:00'";
    let rows = visitor.rows(SALES, &[("$filter", window), ("$orderby", "Date,Ref_Key")]).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["Ref_Key"], reference);
    visitor.admin(&format!("/documents/{reference}/delete"), "").await;
    assert!(fetch(&visitor, reference).await.is_none());
}

#[tokio::test]
async fn a_value_that_fits_becomes_the_truth_and_is_served_as_written() {
    let visitor = Visitor::new();
    let reference = text(&visitor.sale(2).await, "ref").to_owned();
    let held =
        visitor.admin(&format!("/documents/{reference}/set"), r#"{"line":1,"field":"СуммаСНДС","value":1E2}"#).await;
    assert_eq!(held["is_truth"], true);
    let body = visitor.ask(&format!("{SALES}(guid'{reference}')"), &[("$format", "json")]).await.text().await.unwrap();
    assert!(body.contains("\"СуммаСНДС\":1E2"));
    visitor.admin(&format!("/documents/{reference}/set"), r#"{"line":1,"field":"СуммаСНДС","value":100.5}"#).await;
    assert_eq!(fetch(&visitor, &reference).await.unwrap()["Товары"][0]["СуммаСНДС"], 100.5);
    assert_eq!(ledger(&visitor).await, reckoned(&visitor).await);
}

#[tokio::test]
async fn a_value_that_does_not_fit_is_served_while_the_truth_stands() {
    let visitor = Visitor::new();
    let (reference, before) = (text(&visitor.sale(2).await, "ref").to_owned(), ledger(&visitor).await);
    let set = format!("/documents/{reference}/set");
    let held = visitor.admin(&set, r#"{"line":2,"field":"Количество","value":{"много":true}}"#).await;
    assert_eq!(held["is_truth"], false);
    visitor.admin(&set, r#"{"field":"Статус","value":"НеизвестныйСтатус"}"#).await;
    visitor.admin(&set, r#"{"field":"Комментарий"}"#).await;
    visitor.admin(&set, r#"{"field":"Валюта_Key","value":null}"#).await;
    let row = fetch(&visitor, &reference).await.unwrap();
    assert_eq!(row["Товары"][1]["Количество"], json!({"много": true}));
    assert_eq!(row["Статус"], "НеизвестныйСтатус");
    assert!(row.get("Комментарий").is_none() && row["Валюта_Key"].is_null() && row.get("Валюта_Key").is_some());
    assert_eq!(ledger(&visitor).await, before);
}

#[tokio::test]
async fn products_and_partners_change_too() {
    let visitor = Visitor::new();
    let product = "5b0d6f0e-1111-11ee-8a01-000000000001";
    visitor.admin(&format!("/products/{product}/set"), r#"{"field":"Description","value":"Насос новый"}"#).await;
    let found = visitor.rows("Catalog_Номенклатура", &[("$filter", "Description eq 'Насос новый'")]).await;
    assert_eq!(found[0]["Ref_Key"], product);
    let dealer = "5b0d6f0e-d0d0-11ee-8a01-000000000001";
    visitor.admin(&format!("/partners/{dealer}/set"), r#"{"field":"Клиент","value":false}"#).await;
    let found = visitor.rows("Catalog_Партнеры", &[("$filter", "Клиент eq true")]).await;
    assert!(!found.is_empty() && found.iter().all(|row| row["Ref_Key"] != dealer));
    assert_eq!(visitor.admin_get("/ledger?dataset=dealers").await["items"], 3);
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_in_a_sentence() {
    let visitor = Visitor::new();
    let unknown = uuid::Uuid::nil();
    let post = |path: String, body: &'static str| {
        visitor.client.post(format!("{}{path}", visitor.running.admin_url)).body(body).send()
    };
    let response = post(format!("/documents/{unknown}/unpost"), "").await.unwrap();
    assert_eq!(response.status(), 404);
    assert!(response.text().await.unwrap().contains("nothing has the reference"));
    assert_eq!(post("/faults".into(), r#"{"kind":"выдумка"}"#).await.unwrap().status(), 400);
    let misspelt = post("/faults".into(), r#"{"kind":"drop","time":1}"#).await.unwrap().text().await.unwrap();
    assert!(misspelt.contains("knows no time"), "{misspelt}");
    let reference = text(&visitor.sale(1).await, "ref").to_owned();
    assert_eq!(post(format!("/documents/{reference}/redate"), r#"{"date":"вчера"}"#).await.unwrap().status(), 400);
    assert_eq!(post(format!("/documents/{reference}/remove-line"), r#"{"line":99}"#).await.unwrap().status(), 404);
}
