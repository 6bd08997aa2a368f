//! The virtual table of balances, in the forms that readers ask for it, and what happens in warehouses meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::visitor::{PRODUCTS, Visitor, exact, small, text};

const TABLE: &str = "AccumulationRegister_ТоварыНаСкладах/Balance";
const CENTRAL: &str = "37615a36-5893-11e6-8caa-0050568b35ac";
const EAST: &str = "5b0d6f0e-3a3e-11ee-8a01-000000000002";
const PRODUCT: &str = "5b0d6f0e-1111-11ee-8a01-000000000001";
/// All dimensions: the only order in which pages hold every row once.
const WHOLE_ORDER: &str = "Номенклатура_Key,Характеристика_Key,Назначение_Key,Склад_Key,Помещение_Key,Серия_Key";

fn keys(row: &Value) -> String {
    let names = WHOLE_ORDER.split(',');
    names.map(|name| row[name].as_str().unwrap_or("-")).collect::<Vec<_>>().join(" ")
}

async fn ordered(visitor: &Visitor, table: &str) -> Vec<Value> {
    visitor.rows(table, &[("$orderby", WHOLE_ORDER)]).await
}

fn raw(value: &Value) -> i128 {
    if value.is_null() { 0 } else { exact(value) }
}

/// On hand and to ship, in ten-thousandths, by product and warehouse.
fn sums(rows: &[Value]) -> BTreeMap<(String, String), (i128, i128)> {
    let mut sums: BTreeMap<_, (i128, i128)> = BTreeMap::new();
    for row in rows {
        let place = (text(row, "Номенклатура_Key").to_owned(), text(row, "Склад_Key").to_owned());
        let sum = sums.entry(place).or_default();
        sum.0 += raw(&row["ВНаличииBalance"]);
        sum.1 += raw(&row["КОтгрузкеBalance"]);
    }
    sums.retain(|_, sum| *sum != (0, 0));
    sums
}

async fn told(visitor: &Visitor, query: &str) -> BTreeMap<(String, String), (i128, i128)> {
    let ledger = visitor.admin_get(&format!("/ledger?dataset=stock&by=product{query}")).await;
    let decimal = |row: &Value, field: &str| exact(&serde_json::from_str(text(row, field)).unwrap());
    let row = |row: &Value| {
        let place = (text(row, "product").to_owned(), text(row, "warehouse").to_owned());
        (place, (decimal(row, "on_hand"), decimal(row, "to_ship")))
    };
    ledger["products"].as_array().unwrap().iter().map(row).collect()
}

#[tokio::test]
async fn parentheses_may_be_there_or_not_and_rows_come_without_an_order() {
    let visitor = Visitor::new();
    let (bare, empty) = (visitor.rows(TABLE, &[]).await, visitor.rows(&format!("{TABLE}()"), &[]).await);
    assert!(bare.len() > 60);
    assert_ne!(bare, empty, "the same order twice");
    let set = |rows: &[Value]| rows.iter().map(keys).collect::<BTreeSet<_>>();
    assert_eq!(set(&bare), set(&empty));
    assert_eq!(set(&bare).len(), bare.len());
    let fields: BTreeSet<&str> = bare[0].as_object().unwrap().keys().map(String::as_str).collect();
    let declared = WHOLE_ORDER.split(',').chain(["ВНаличииBalance", "КОтгрузкеBalance"]);
    assert_eq!(fields, declared.collect());
    assert!(bare.iter().any(|row| row["КОтгрузкеBalance"].is_null()), "a resource may be null");
    assert!(bare.iter().all(|row| row["ВНаличииBalance"].is_number()));
}

#[tokio::test]
async fn a_condition_is_understood_with_its_quotes_doubled_or_not_and_as_an_option() {
    let visitor = Visitor::new();
    let filter = format!("Склад_Key eq guid'{EAST}'");
    let filtered = visitor.rows(TABLE, &[("$filter", &filter), ("$orderby", WHOLE_ORDER)]).await;
    assert!(!filtered.is_empty() && filtered.iter().all(|row| row["Склад_Key"] == EAST));
    for path in [
        format!("{TABLE}(Condition='Склад_Key eq guid'{EAST}'')"),
        format!("{TABLE}(Condition='Склад_Key eq guid''{EAST}''')"),
        format!("{TABLE}(Condition='Склад/Description eq 'Склад «Восток»'')"),
        format!("{TABLE}(Period=datetime'2100-01-01T00:00:00',Condition='Склад_Key eq guid'{EAST}'')"),
    ] {
        assert_eq!(ordered(&visitor, &path).await, filtered, "{path}");
    }
    for condition in [filter.clone(), format!("'{filter}'")] {
        let rows = visitor.rows(TABLE, &[("Condition", &condition), ("$orderby", WHOLE_ORDER)]).await;
        assert_eq!(rows, filtered, "{condition}");
    }
}

#[tokio::test]
async fn dimensions_sum_over_the_others_which_are_then_no_fields() {
    let visitor = Visitor::new();
    let all = visitor.rows(TABLE, &[]).await;
    let part = visitor.rows(&format!("{TABLE}(Dimensions='Номенклатура, Склад')"), &[]).await;
    assert!(part.len() < all.len());
    assert_eq!(sums(&part), sums(&all));
    assert!(part.iter().all(|row| row.as_object().unwrap().len() == 4), "{}", part[0]);
    let resource = |rows: &[Value]| rows.iter().map(|row| raw(&row["ВНаличииBalance"])).sum::<i128>();
    let by_warehouse = visitor.rows(&format!("{TABLE}(Dimensions='Склад')"), &[]).await;
    assert_eq!(by_warehouse.len(), 4);
    assert_eq!(resource(&by_warehouse), resource(&all));
    let table = format!("{TABLE}(Dimensions='Склад')");
    assert_eq!(visitor.refusal(&table, &[("$select", "Номенклатура_Key")]).await, (400, "10".into()));
}

#[tokio::test]
async fn select_filter_order_and_pages_work_on_the_result() {
    let visitor = Visitor::new();
    let all = ordered(&visitor, TABLE).await;
    let mut seen = Vec::new();
    for skip in (0..all.len()).step_by(50) {
        let skip = skip.to_string();
        seen.extend(visitor.rows(TABLE, &[("$orderby", WHOLE_ORDER), ("$top", "50"), ("$skip", &skip)]).await);
    }
    assert_eq!(seen, all);
    let rare =
        visitor.rows(TABLE, &[("$filter", "ВНаличииBalance gt 100"), ("$select", "ВНаличииBalance,Склад_Key")]).await;
    assert!(!rare.is_empty() && rare.len() < all.len());
    assert!(rare.iter().all(|row| row.as_object().unwrap().len() == 2 && raw(&row["ВНаличииBalance"]) > 1_000_000));
    let shown = format!("{TABLE}(Dimensions='Склад')");
    let shown = visitor.rows(&shown, &[("$select", "Склад____Presentation"), ("$orderby", "Склад_Key")]).await;
    let names: Vec<&str> = shown.iter().map(|row| text(row, "Склад____Presentation")).collect();
    assert_eq!(names, ["Магазин (закрыт)", "Магазин на Заводской", "Склад «Восток»", "Центральный склад"]);
    let most = visitor.rows(TABLE, &[("$orderby", "ВНаличииBalance desc"), ("$top", "5")]).await;
    let amounts: Vec<i128> = most.iter().map(|row| raw(&row["ВНаличииBalance"])).collect();
    assert!(amounts.is_sorted_by(|a, b| a >= b));
    let count = visitor.ask(&format!("{TABLE}/$count"), &[]).await.text().await.unwrap();
    assert_eq!(count, all.len().to_string());
    let page = visitor.json(TABLE, &[("$inlinecount", "allpages"), ("$top", "2")]).await;
    assert_eq!((&page["odata.count"], page["value"].as_array().unwrap().len()), (&json!(count), 2));
}

#[tokio::test]
async fn products_sort_by_their_names_and_a_part_of_the_dimensions_does_not_order_the_rest() {
    let visitor = Visitor::new();
    let names: BTreeMap<String, String> = visitor
        .rows(PRODUCTS, &[])
        .await
        .iter()
        .map(|row| (text(row, "Ref_Key").to_owned(), text(row, "Description").to_owned()))
        .collect();
    let rows = visitor.rows(TABLE, &[("$orderby", "Номенклатура_Key")]).await;
    let shown: Vec<&String> = rows.iter().map(|row| &names[text(row, "Номенклатура_Key")]).collect();
    assert!(shown.is_sorted());
    assert!(!rows.iter().map(|row| text(row, "Номенклатура_Key")).is_sorted());
    assert_ne!(rows, visitor.rows(TABLE, &[("$orderby", "Номенклатура_Key")]).await);
}

#[tokio::test]
async fn a_period_shows_what_there_was_before_it() {
    let visitor = Visitor::new();
    let set = |amount: &str, date: &str| {
        json!({"product": PRODUCT, "warehouse": EAST, "series": PRODUCT, "on_hand": amount, "date": date}).to_string()
    };
    visitor.admin("/balances/set", &set("5", "2026-04-01T00:00:00")).await;
    visitor.admin("/balances/set", &set("8", "2026-05-01T00:00:00")).await;
    let at = async |period: &str| {
        let series = format!("Серия_Key eq guid'{PRODUCT}'");
        let table = format!("{TABLE}(Period=datetime'{period}')");
        let rows = visitor.rows(&table, &[("$filter", &series)]).await;
        rows.first().map(|row| row["ВНаличииBalance"].clone())
    };
    assert_eq!(at("2026-04-01T00:00:00").await, None, "the moment itself is not before it");
    assert_eq!(at("2026-04-01T00:00:01").await, Some(json!(5)));
    assert_eq!(at("2026-05-01T00:00:01").await, Some(json!(8)));
    let (now, then) = (told(&visitor, "").await, told(&visitor, "&before=2025-06-01T00:00:00").await);
    assert_ne!(now, then);
    let table = format!("{TABLE}(Period=datetime'2025-06-01T00:00:00')");
    assert_eq!(sums(&visitor.rows(&table, &[]).await), then);
}

#[tokio::test]
async fn what_the_table_cannot_answer_is_refused_with_the_codes_of_1c() {
    let visitor = Visitor::new();
    let register = "AccumulationRegister_ВыручкаИСебестоимостьПродаж";
    for (path, expected) in [
        (format!("{TABLE}(Выдумка=1)"), (400, "21")),
        (format!("{TABLE}(Dimensions='Выдумка')"), (400, "10")),
        (format!("{TABLE}(Condition='Выдумка eq 1')"), (400, "10")),
        (format!("{TABLE}(Condition='ВНаличииBalance gt 1')"), (400, "10")),
        (format!("{TABLE}(Condition='Склад_Key gt guid'{CENTRAL}'')"), (500, "-1")),
        (format!("{TABLE}(Period='вчера')"), (400, "1")),
        (format!("{TABLE}s"), (400, "6")),
        (format!("{register}/Balance"), (400, "6")),
        ("AccumulationRegister_ЗаказыКлиентов/Balance".into(), (501, "0")),
    ] {
        let (status, code) = visitor.refusal(&path, &[]).await;
        assert_eq!((status, code.as_str()), expected, "{path}");
    }
    assert_eq!(visitor.refusal(TABLE, &[("$orderby", "Выдумка")]).await, (400, "10".into()));
}

#[tokio::test]
async fn in_atom_a_row_of_the_table_is_an_element_and_null_is_said() {
    let atom = Visitor::new().ask(TABLE, &[]).await.text().await.unwrap();
    assert!(atom.contains("<d:Balance "), "{}", &atom[..300]);
    assert!(atom.contains("<d:element m:type=\"StandardODATA.AccumulationRegister_ТоварыНаСкладах_Balance\">"));
    assert!(atom.contains("<d:КОтгрузкеBalance m:null=\"true\"/>") && !atom.contains("<entry>"));
}

#[tokio::test]
async fn the_ledger_of_balances_is_what_a_reader_reckons_before_and_after_changes() {
    let visitor = Visitor::new();
    let before = told(&visitor, "").await;
    assert_eq!(before, sums(&visitor.rows(TABLE, &[]).await));
    let set = json!({"product": PRODUCT, "warehouse": EAST, "on_hand": 12.5, "to_ship": "0.25"});
    visitor.admin("/balances/set", &set.to_string()).await;
    let after = told(&visitor, "").await;
    assert_eq!(after[&(PRODUCT.to_owned(), EAST.to_owned())], (125_000, 2_500));
    assert_eq!(after, sums(&visitor.rows(TABLE, &[]).await));
    let shifted = visitor.admin("/balances/shift", r#"{"by":0.5}"#).await;
    let ledger = visitor.admin_get("/ledger?dataset=stock").await;
    assert_eq!(shifted["balances"], ledger["balances"]);
    let moved = told(&visitor, "").await;
    assert!(after.iter().all(|(place, sum)| moved.get(place) != Some(sum)));
    assert_eq!(moved, sums(&visitor.rows(TABLE, &[]).await));
    let shown = visitor.admin_get(&format!("/balances?product={PRODUCT}&warehouse={EAST}")).await;
    assert!(shown.as_array().unwrap().iter().any(|row| row["on_hand"] == "13" && row["to_ship"] == "0.25"));
}

#[tokio::test]
async fn an_emptied_warehouse_has_no_rows_and_a_balance_of_nothing_is_none() {
    let visitor = Visitor::new();
    let before = visitor.rows(TABLE, &[]).await;
    let of = |rows: &[Value], warehouse: &str| rows.iter().filter(|row| row["Склад_Key"] == warehouse).count();
    let gone = visitor.admin("/balances/empty", &json!({"warehouse": CENTRAL}).to_string()).await;
    assert_eq!(gone["balances"], of(&before, CENTRAL));
    let after = visitor.rows(TABLE, &[]).await;
    assert_eq!((of(&after, CENTRAL), of(&after, EAST)), (0, of(&before, EAST)));
    let one = after.iter().find(|row| row["Склад_Key"] == EAST).unwrap();
    let place = json!({"product": one["Номенклатура_Key"], "warehouse": EAST, "characteristic": one["Характеристика_Key"],
        "purpose": one["Назначение_Key"], "series": one["Серия_Key"], "on_hand": 0});
    visitor.admin("/balances/set", &place.to_string()).await;
    assert_eq!(visitor.rows(TABLE, &[]).await.len(), after.len() - 1);
    visitor.admin("/balances/empty", "{}").await;
    assert!(visitor.rows(TABLE, &[]).await.is_empty());
    assert_eq!(visitor.admin_get("/ledger?dataset=stock").await["on_hand"], "0");
}

#[tokio::test]
async fn everything_moves_while_a_reader_pages() {
    let visitor = Visitor::new();
    let page =
        async |skip: &str| visitor.rows(TABLE, &[("$orderby", WHOLE_ORDER), ("$top", "20"), ("$skip", skip)]).await;
    visitor.admin("/faults", r#"{"kind":"insert-between","documents":3,"times":1,"path":"Balance"}"#).await;
    let (first, second) = (page("0").await, page("20").await);
    let seen: BTreeSet<String> = first.iter().map(keys).collect();
    assert!(second.iter().filter(|row| seen.contains(&keys(row))).count() >= 3, "rows moved down and come again");
    visitor.admin("/faults", r#"{"kind":"delete-between","documents":5,"times":1,"path":"Balance"}"#).await;
    let places = async || ordered(&visitor, TABLE).await.iter().map(keys).collect::<Vec<_>>();
    let before = places().await;
    assert_eq!(places().await, before[5..], "rows moved up");
    visitor.admin("/faults", r#"{"kind":"shift-balances","by":7,"times":1,"path":"Balance"}"#).await;
    let (before, after) = (page("40").await, page("40").await);
    for (a, b) in before.iter().zip(&after) {
        assert_eq!(keys(a), keys(b));
        assert_eq!(raw(&a["ВНаличииBalance"]) + 70_000, raw(&b["ВНаличииBalance"]));
    }
}

#[tokio::test]
async fn balances_follow_from_the_seed_and_products_with_variants_lie_by_variant() {
    let (once, again) = (Visitor::new(), Visitor::new());
    let rows = ordered(&once, TABLE).await;
    assert_eq!(rows, ordered(&again, TABLE).await);
    let mut options = small();
    options.plan.seed = 2;
    assert_ne!(rows, ordered(&Visitor::of(options), TABLE).await);
    let variants = once.rows("Catalog_ХарактеристикиНоменклатуры", &[]).await;
    let owners: BTreeMap<&str, &str> = variants.iter().map(|row| (text(row, "Ref_Key"), text(row, "Owner"))).collect();
    let used: Vec<&Value> =
        rows.iter().filter(|row| !text(row, "Характеристика_Key").starts_with("00000000")).collect();
    assert!(!used.is_empty());
    assert!(used.iter().all(|row| owners[text(row, "Характеристика_Key")] == text(row, "Номенклатура_Key")));
    assert!(variants.iter().all(|row| row["Owner_Type"] == "StandardODATA.Catalog_Номенклатура"));
    let kinds =
        once.rows(PRODUCTS, &[("$filter", "ИспользованиеХарактеристик eq 'ИндивидуальныеДляНоменклатуры'")]).await;
    let owning: BTreeSet<&str> = owners.values().copied().collect();
    assert_eq!(kinds.iter().map(|row| text(row, "Ref_Key")).collect::<BTreeSet<_>>(), owning);
}
