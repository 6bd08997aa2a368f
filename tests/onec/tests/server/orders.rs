//! Customers' orders: what a reader gets of them, and that the ledger says the same.

use std::collections::{BTreeMap, BTreeSet};

use onec::Moment;
use serde_json::{Value, json};

use crate::visitor::{ORDERS, SALES, Visitor, exact, text};

const NIL: &str = "00000000-0000-0000-0000-000000000000";
const DEALER: &str = "5b0d6f0e-d0d0-11ee-8a01-000000000001";
const PRODUCT: &str = "5b0d6f0e-1111-11ee-8a01-000000000001";

fn lines(order: &Value) -> &Vec<Value> {
    order["Товары"].as_array().unwrap()
}

async fn fetch(visitor: &Visitor, reference: &str) -> Value {
    visitor.json(&format!("{ORDERS}(guid'{reference}')"), &[]).await
}

/// Orders, lines and sums in ten-thousandths, as a reader reckons them from served rows.
#[derive(Debug, Default, PartialEq)]
struct Sums {
    orders: u64,
    lines: u64,
    quantity: i128,
    amount: i128,
    cancelled_lines: u64,
    cancelled_amount: i128,
    xor: u64,
}

fn canonical(order: &Value, line: &Value) -> u64 {
    let shown = |raw: i128| {
        let text = format!("{}.{:04}", raw / 10_000, raw % 10_000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let discount = exact(&line["СуммаРучнойСкидки"]) + exact(&line["СуммаАвтоматическойСкидки"]);
    let row = [
        text(order, "Партнер_Key").to_owned(),
        text(order, "Date")[..10].to_owned(),
        text(order, "Ref_Key").to_owned(),
        text(line, "LineNumber").to_owned(),
        text(line, "Номенклатура_Key").to_owned(),
        shown(exact(&line["Количество"])),
        shown(exact(&line["СуммаСНДС"])),
        shown(exact(&line["СуммаНДС"])),
        shown(discount),
        if line["Отменено"] == true { "1" } else { "0" }.to_owned(),
    ];
    xxhash_rust::xxh64::xxh64(row.join("\x1f").as_bytes(), 0)
}

/// By dealer.
async fn reckoned(visitor: &Visitor) -> BTreeMap<String, Sums> {
    let mut dealers: BTreeMap<String, Sums> = BTreeMap::new();
    for order in visitor.rows(ORDERS, &[("$orderby", "Date,Ref_Key")]).await {
        if order["Posted"] != true || order["DeletionMark"] != false {
            continue;
        }
        let sums = dealers.entry(text(&order, "Партнер_Key").to_owned()).or_default();
        sums.orders += 1;
        let mut total = 0;
        for line in lines(&order) {
            sums.lines += 1;
            sums.xor ^= canonical(&order, line);
            if line["Отменено"] == true {
                sums.cancelled_lines += 1;
                sums.cancelled_amount += exact(&line["СуммаСНДС"]);
            } else {
                sums.quantity += exact(&line["Количество"]);
                total += exact(&line["СуммаСНДС"]);
            }
        }
        assert_eq!(exact(&order["СуммаДокумента"]), total, "the document's sum leaves out what was called off");
        sums.amount += total;
    }
    dealers
}

fn told(sums: &Value) -> Sums {
    let decimal = |field: &str| exact(&serde_json::from_str(text(sums, field)).unwrap());
    Sums {
        orders: sums["orders"].as_u64().unwrap(),
        lines: sums["lines"].as_u64().unwrap(),
        quantity: decimal("quantity"),
        amount: decimal("amount"),
        cancelled_lines: sums["cancelled_lines"].as_u64().unwrap(),
        cancelled_amount: decimal("cancelled_amount"),
        xor: text(sums, "xor").parse().unwrap(),
    }
}

async fn ledger(visitor: &Visitor) -> BTreeMap<String, Sums> {
    let ledger = visitor.admin_get("/ledger?dataset=orders").await;
    ledger["dealers"].as_array().unwrap().iter().map(|one| (text(one, "of").to_owned(), told(one))).collect()
}

/// The newest posted order with at least so many lines, none of them called off.
async fn whole(visitor: &Visitor, at_least: usize) -> String {
    let all = visitor.admin_get("/documents?kind=order&sale=true&limit=1000").await;
    let fits = |one: &&Value| {
        one["lines"].as_u64().unwrap() >= at_least as u64 && one["cancelled"].as_array().unwrap().is_empty()
    };
    text(all.as_array().unwrap().iter().find(fits).unwrap(), "ref").to_owned()
}

#[tokio::test]
async fn most_sales_ship_an_order_of_their_dealer_that_is_no_younger() {
    let visitor = Visitor::new();
    let orders: BTreeMap<String, Value> =
        visitor.rows(ORDERS, &[]).await.into_iter().map(|order| (text(&order, "Ref_Key").to_owned(), order)).collect();
    let sales = visitor.rows(SALES, &[]).await;
    let mut shipped = BTreeSet::new();
    for sale in &sales {
        let reference = text(sale, "ЗаказКлиента");
        if reference.is_empty() {
            assert_eq!(sale["ЗаказКлиента_Type"], "StandardODATA.Undefined");
            continue;
        }
        assert_eq!(sale["ЗаказКлиента_Type"], "StandardODATA.Document_ЗаказКлиента");
        let order = &orders[reference];
        assert_eq!(order["Партнер_Key"], sale["Партнер_Key"]);
        assert!(text(order, "Date") <= text(sale, "Date"));
        assert_eq!(exact(&order["СуммаДокумента"]), exact(&sale["СуммаДокумента"]));
        assert_eq!(sale["Товары"][0]["ЗаказКлиента"], reference);
        shipped.insert(reference.to_owned());
    }
    assert!(shipped.len() * 10 > sales.len() * 7 && shipped.len() < sales.len());
    assert!(orders.len() > shipped.len(), "some orders nothing was shipped of");
}

#[tokio::test]
async fn orders_are_in_every_state_and_called_off_lines_mostly_say_why() {
    let visitor = Visitor::new();
    let (orders, reasons) =
        (visitor.rows(ORDERS, &[]).await, visitor.rows("Catalog_ПричиныОтменыЗаказовКлиентов", &[]).await);
    let known: BTreeSet<&str> = reasons.iter().map(|row| text(row, "Ref_Key")).collect();
    let statuses: BTreeSet<&str> = orders.iter().map(|order| text(order, "Статус")).collect();
    assert!(statuses.contains("Закрыт") && statuses.contains("КОтгрузке"), "{statuses:?}");
    assert!(orders.iter().any(|order| order["DeletionMark"] == true && order["Posted"] == false));
    assert!(orders.iter().any(|order| order["DeletionMark"] == false && order["Posted"] == false));
    let (mut told, mut untold) = (0, 0);
    for line in orders.iter().flat_map(lines) {
        let reason = text(line, "ПричинаОтмены_Key");
        match (line["Отменено"] == true, reason == NIL) {
            (true, false) => {
                assert!(known.contains(reason));
                told += 1;
            }
            (true, true) => untold += 1,
            (false, is_empty) => assert!(is_empty, "a reason without a cancellation"),
        }
    }
    assert!(told > untold && untold > 0, "{told} {untold}");
}

#[tokio::test]
async fn the_ledger_of_orders_is_what_a_reader_reckons_before_and_after_changes() {
    let visitor = Visitor::new();
    let before = ledger(&visitor).await;
    assert_eq!(before, reckoned(&visitor).await);
    let all = visitor.admin_get("/documents?kind=order&sale=true&limit=8").await;
    let order = |at: usize| text(&all[at], "ref").to_owned();
    let change = async |at: usize, action: &str, body: &str| {
        visitor.admin(&format!("/documents/{}/{action}", order(at)), body).await;
    };
    change(0, "redate", r#"{"date":"2025-01-05T11:42:10"}"#).await;
    change(1, "remove-line", r#"{"line":1}"#).await;
    change(2, "dealer", r#"{"dealer":"5b0d6f0e-d0d0-11ee-8a01-000000000003"}"#).await;
    change(3, "unpost", "").await;
    change(4, "mark-deleted", "").await;
    change(5, "delete", "").await;
    change(6, "cancel-line", r#"{"line":1,"reason":"5b0d6f0e-ca9c-11ee-8a01-000000000001"}"#).await;
    change(7, "set", r#"{"line":1,"field":"СуммаСНДС","value":77.5}"#).await;
    let line = json!({"product": PRODUCT, "quantity": 2, "revenue": 20000});
    let called_off = json!({"product": PRODUCT, "quantity": 1, "revenue": 5.5, "cancelled": true});
    let new = json!({"kind": "order", "dealer": DEALER, "date": "2025-06-01T10:00:00", "lines": [line, called_off]});
    visitor.admin("/documents", &new.to_string()).await;
    let after = ledger(&visitor).await;
    assert_ne!(before, after);
    assert_eq!(after, reckoned(&visitor).await);
}

#[tokio::test]
async fn the_ledger_tells_each_order_and_each_month_and_they_add_up() {
    let visitor = Visitor::new();
    let ledger = visitor.admin_get("/ledger?dataset=orders&by=document").await;
    let documents = ledger["documents"].as_array().unwrap();
    let sum = |list: &Value, field: &str| -> i128 {
        let list = list.as_array().unwrap();
        list.iter().map(|one| exact(&serde_json::from_str(text(one, field)).unwrap())).sum()
    };
    for field in ["amount", "quantity", "vat", "discount", "cancelled_amount", "cancelled_quantity"] {
        let total = exact(&serde_json::from_str(text(&ledger, field)).unwrap());
        for groups in ["months", "dealers", "documents"] {
            assert_eq!(sum(&ledger[groups], field), total, "{field} by {groups}");
        }
    }
    assert_eq!(ledger["orders"], documents.len());
    let one = &documents[0];
    let served = fetch(&visitor, text(one, "ref")).await;
    assert_eq!((&served["Статус"], &served["Number"]), (&one["status"], &one["number"]));
    assert_eq!(exact(&served["СуммаДокумента"]), exact(&serde_json::from_str(text(one, "amount")).unwrap()));
    let of_dealer = visitor.admin_get(&format!("/ledger?dataset=orders&by=document&dealer={DEALER}")).await;
    assert!(of_dealer["documents"].as_array().unwrap().iter().all(|one| one["dealer"] == DEALER));
    assert!(of_dealer["orders"].as_u64().unwrap() < ledger["orders"].as_u64().unwrap());
}

#[tokio::test]
async fn a_line_that_is_called_off_stays_with_its_reason_and_leaves_the_sum() {
    let visitor = Visitor::new();
    let reference = whole(&visitor, 3).await;
    let before = fetch(&visitor, &reference).await;
    let reason = "5b0d6f0e-ca9c-11ee-8a01-000000000002";
    let cancel = json!({"line": 2, "reason": reason}).to_string();
    visitor.admin(&format!("/documents/{reference}/cancel-line"), &cancel).await;
    let after = fetch(&visitor, &reference).await;
    assert_ne!(before["DataVersion"], after["DataVersion"]);
    assert_eq!(
        (&after["Товары"][1]["Отменено"], &after["Товары"][1]["ПричинаОтмены_Key"]),
        (&json!(true), &json!(reason))
    );
    let gone = exact(&before["СуммаДокумента"]) - exact(&after["СуммаДокумента"]);
    assert_eq!(gone, exact(&before["Товары"][1]["СуммаСНДС"]));
    let line_link = format!("{ORDERS}_Товары(Ref_Key=guid'{reference}',LineNumber=2)");
    let flat = visitor.json(&line_link, &[]).await;
    assert_eq!(flat["ПричинаОтмены_Key"], reason);
}

#[tokio::test]
async fn a_line_keeps_its_code_when_the_one_above_it_goes() {
    let visitor = Visitor::new();
    let reference = whole(&visitor, 3).await;
    let before = fetch(&visitor, &reference).await;
    visitor.admin(&format!("/documents/{reference}/remove-line"), r#"{"line":1}"#).await;
    let after = fetch(&visitor, &reference).await;
    assert_eq!(after["Товары"][0]["LineNumber"], "1");
    assert_eq!(after["Товары"][0]["КодСтроки"], before["Товары"][1]["КодСтроки"]);
    assert_eq!(after["МаксимальныйКодСтроки"], before["МаксимальныйКодСтроки"]);
}

#[tokio::test]
async fn fields_of_an_order_are_set_by_their_names_in_1c_and_each_write_has_its_version() {
    let visitor = Visitor::new();
    let reference = whole(&visitor, 2).await;
    let mut versions = BTreeSet::from([text(&fetch(&visitor, &reference).await, "DataVersion").to_owned()]);
    for (field, value) in [
        ("Статус", json!("НеСогласован")),
        ("ДатаОтгрузки", json!("2026-04-01T00:00:00")),
        ("НомерПоДаннымКлиента", json!("К-1")),
        ("Склад_Key", json!("5b0d6f0e-3a3e-11ee-8a01-000000000002")),
        ("Менеджер_Key", json!(PRODUCT)),
        ("Соглашение_Key", json!(PRODUCT)),
        ("Договор_Key", json!(PRODUCT)),
    ] {
        let body = json!({"field": field, "value": value}).to_string();
        let held = visitor.admin(&format!("/documents/{reference}/set"), &body).await;
        assert_eq!(held["is_truth"], true, "{field}");
        let order = fetch(&visitor, &reference).await;
        assert_eq!(order[field], value);
        assert!(versions.insert(text(&order, "DataVersion").to_owned()), "{field}");
    }
    for (field, value) in [
        ("Отменено", json!(true)),
        ("ПричинаОтмены_Key", json!("5b0d6f0e-ca9c-11ee-8a01-000000000003")),
        ("Характеристика_Key", json!("5b0d6f0e-c4a0-11ee-8a01-000000000005")),
        ("ДатаОтгрузки", json!("2026-04-02T00:00:00")),
        ("КодСтроки", json!("17")),
    ] {
        let body = json!({"line": 2, "field": field, "value": value}).to_string();
        assert_eq!(visitor.admin(&format!("/documents/{reference}/set"), &body).await["is_truth"], true, "{field}");
        assert_eq!(fetch(&visitor, &reference).await["Товары"][1][field], value);
    }
    visitor.admin(&format!("/documents/{reference}/status"), r#"{"status":"Закрыт"}"#).await;
    assert_eq!(fetch(&visitor, &reference).await["Статус"], "Закрыт");
    assert_eq!(visitor.admin_get(&format!("/documents/{reference}")).await["cancelled"], json!([2]));
}

#[tokio::test]
async fn what_only_an_order_can_be_told_is_refused_to_a_sale() {
    let visitor = Visitor::new();
    let reference = text(&visitor.sale(1).await, "ref").to_owned();
    let url = format!("{}/documents/{reference}/cancel-line", visitor.running.admin_url);
    let response = visitor.client.post(url).body(r#"{"line":1}"#).send().await.unwrap();
    assert_eq!(response.status(), 404);
    assert!(response.text().await.unwrap().contains("is no order"));
}

#[tokio::test]
async fn orders_do_not_follow_what_later_became_of_their_sales() {
    let (untouched, changed) = (Visitor::new(), Visitor::new());
    let sale = changed.sale(2).await;
    let reference = text(&sale, "ref");
    changed.admin(&format!("/documents/{reference}/redate"), r#"{"date":"2025-01-05T11:42:10"}"#).await;
    changed.admin(&format!("/documents/{reference}/remove-line"), r#"{"line":1}"#).await;
    changed.admin(&format!("/documents/{reference}/delete"), "").await;
    assert_eq!(ledger(&changed).await, ledger(&untouched).await);
}

#[tokio::test]
async fn windows_of_dates_pages_and_lambdas_work_on_orders_as_on_sales() {
    let visitor = Visitor::new();
    let window = "Date ge datetime'2025-09-01T00:00:00' and Date lt datetime'2025-10-01T00:00:00'";
    let rows = visitor.rows(ORDERS, &[("$filter", window), ("$orderby", "Date,Ref_Key")]).await;
    assert!(!rows.is_empty() && rows.iter().all(|row| text(row, "Date").starts_with("2025-09-")));
    let page =
        visitor.rows(ORDERS, &[("$filter", window), ("$orderby", "Date,Ref_Key"), ("$top", "1"), ("$skip", "1")]).await;
    assert_eq!(page[0], rows[1]);
    let cancelled = visitor.rows(ORDERS, &[("$filter", "Товары/any(d: d/Отменено eq true)")]).await;
    assert!(!cancelled.is_empty());
    assert!(cancelled.iter().all(|order| lines(order).iter().any(|line| line["Отменено"] == true)));
    let reasoned = "ПричинаОтмены/Description eq 'Отказ клиента'";
    let flat = visitor.rows(&format!("{ORDERS}_Товары"), &[("$filter", reasoned)]).await;
    assert!(!flat.is_empty() && flat.iter().all(|line| line["Отменено"] == true));
    let first = visitor.rows(ORDERS, &[("$select", "Ref_Key")]).await;
    assert_ne!(first, visitor.rows(ORDERS, &[("$select", "Ref_Key")]).await, "no order without $orderby");
}

#[tokio::test]
async fn orders_come_and_go_between_pages() {
    let visitor = Visitor::new();
    let page = async |skip: &str| {
        let options = [("$orderby", "Date,Ref_Key"), ("$top", "20"), ("$skip", skip), ("$select", "Ref_Key,Date")];
        visitor.rows(ORDERS, &options).await
    };
    visitor.admin("/faults", r#"{"kind":"insert-between","documents":3,"times":1,"path":"ЗаказКлиента"}"#).await;
    let (first, second) = (page("0").await, page("20").await);
    assert!(second.iter().filter(|row| first.contains(row)).count() >= 3, "rows moved down and come again");
    visitor.admin("/faults", r#"{"kind":"delete-between","documents":2,"times":1,"path":"ЗаказКлиента"}"#).await;
    let first = page("0").await;
    assert_eq!(page("0").await[0], first[2], "rows moved up");
}

#[tokio::test]
async fn a_base_made_again_has_the_same_orders_and_junk_dates_only_where_sales_have_them() {
    let versions = async |visitor: &Visitor| {
        let rows = visitor.rows(ORDERS, &[("$select", "Ref_Key,DataVersion,Date"), ("$orderby", "Date,Ref_Key")]).await;
        rows.iter().map(|row| row.to_string()).collect::<Vec<_>>()
    };
    let (once, again) = (versions(&Visitor::new()).await, versions(&Visitor::new()).await);
    assert_eq!(once, again);
    let years = |rows: &[String]| rows.iter().filter(|row| row.contains(r#":"0209-"#)).count();
    assert_eq!(years(&once), 0);
    let mut options = crate::visitor::small();
    options.plan.junk_dates = true;
    options.plan.now = Moment::parse("2026-03-05T14:00:00").unwrap();
    let visitor = Visitor::of(options);
    let sale = &visitor.rows(SALES, &[("$filter", "year(Date) eq 209")]).await[0];
    assert_eq!(years(&versions(&visitor).await), usize::from(!text(sale, "ЗаказКлиента").is_empty()));
}
