//! Virtual tables over records that are kept field by field: the last prices, and what is owed by due date.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::visitor::{Visitor, exact, text};

const PRICES: &str = "InformationRegister_ЦеныНоменклатуры25_RecordType";
const DEBTS: &str = "AccumulationRegister_РасчетыСКлиентамиПоСрокам";
const DAY: &str = "2026-03-05T14:00:00";

fn key(row: &Value) -> Vec<String> {
    let names = ["Номенклатура_Key", "ХарактеристикаЦО_Key", "СерияЦО_Key", "УпаковкаЦО_Key", "ВидЦены_Key"];
    names.map(|name| text(row, name).to_owned()).to_vec()
}

#[tokio::test]
async fn a_slice_has_the_last_active_record_of_each_set_of_dimensions_up_to_its_moment() {
    let visitor = Visitor::new();
    let records = visitor.admin_get(&format!("/rows/{PRICES}")).await;
    let mut last: BTreeMap<Vec<String>, (String, i128)> = BTreeMap::new();
    for row in records.as_array().unwrap().iter().filter(|row| row["Active"] == true && text(row, "Period") <= DAY) {
        let found = (text(row, "Period").to_owned(), exact(&row["Цена"]));
        let kept = last.entry(key(row)).or_insert_with(|| found.clone());
        *kept = found.max(kept.clone());
    }
    let table = format!("{PRICES}/SliceLast(Period=datetime'{DAY}')");
    let rows = visitor.rows(&table, &[]).await;
    let shown = |rows: &[Value]| {
        let row = |row: &Value| (key(row), (text(row, "Period").to_owned(), exact(&row["Цена"])));
        rows.iter().map(row).collect::<BTreeMap<_, _>>()
    };
    assert_eq!((shown(&rows), rows.len()), (last.clone(), last.len()));
    assert!(rows.len() < records.as_array().unwrap().len() && rows.iter().any(|row| row["Цена"] == 0));
    let later = visitor.rows(&format!("{PRICES}/SliceLast"), &[]).await;
    assert_ne!(shown(&later), last, "without a moment, those of the future count too");
    let first = visitor.rows(&format!("{PRICES}/SliceFirst()"), &[]).await;
    assert!(first.iter().all(|row| text(row, "Period") == "2025-01-10T00:00:00") && first.len() == later.len());

    // On the set of the recorder there is no such table.
    let wrong = "InformationRegister_ЦеныНоменклатуры25/SliceLast()";
    assert_eq!(visitor.refusal(wrong, &[]).await, (400, "6".into()));
    let order = "Номенклатура_Key,ХарактеристикаЦО_Key,СерияЦО_Key,УпаковкаЦО_Key,ВидЦены_Key";
    let mut seen = Vec::new();
    for skip in (0..rows.len()).step_by(50) {
        let skip = skip.to_string();
        seen.extend(visitor.rows(&table, &[("$orderby", order), ("$top", "50"), ("$skip", &skip)]).await);
    }
    assert_eq!((seen.len(), shown(&seen)), (rows.len(), last));
}

#[tokio::test]
async fn a_balance_is_receipts_less_expenses_before_its_moment_and_composite_dimensions_stand_beside_their_types() {
    let visitor = Visitor::new();
    let records = visitor.admin_get(&format!("/rows/{DEBTS}_RecordType")).await;
    let counted = |row: &&Value| row["Active"] == true && text(row, "Period") < DAY;
    let signed = |row: &Value| exact(&row["Долг"]) * if row["RecordType"] == "Receipt" { 1 } else { -1 };
    let owed: i128 = records.as_array().unwrap().iter().filter(counted).map(signed).sum();
    let table = format!("{DEBTS}/Balance(Period=datetime'{DAY}')");
    let rows = visitor.rows(&table, &[]).await;
    assert_eq!(rows.iter().map(|row| exact(&row["ДолгBalance"])).sum::<i128>(), owed);
    assert!(
        rows.iter().all(|row| row["ДолгBalance"] != 0 || row["ПредоплатаBalance"] != 0),
        "a row of nothing is none"
    );
    let types: BTreeSet<&str> = rows.iter().map(|row| text(row, "РасчетныйДокумент_Type")).collect();
    assert!(types.contains("StandardODATA.Document_РеализацияТоваровУслуг"), "{types:?}");
    assert!(rows.iter().any(|row| text(row, "ДатаПлановогоПогашения") == "0001-01-01T00:00:00"), "a payment ahead");

    let by = visitor.rows(&format!("{DEBTS}/Balance(Dimensions='РасчетныйДокумент,Валюта')"), &[]).await;
    let fields: BTreeSet<&str> = by[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert!(fields.contains("РасчетныйДокумент_Type") && !fields.contains("ДатаВозникновения"), "{fields:?}");
    let key = text(&rows[0], "АналитикаУчетаПоПартнерам_Key").to_owned();
    let some =
        visitor.rows(&format!("{DEBTS}/Balance(Condition='АналитикаУчетаПоПартнерам_Key eq guid'{key}'')"), &[]).await;
    assert!(!some.is_empty() && some.iter().all(|row| text(row, "АналитикаУчетаПоПартнерам_Key") == key));
    let turnovers = format!("{DEBTS}/Turnovers");
    assert_eq!(visitor.refusal(&turnovers, &[]).await, (400, "6".into()));
}

#[tokio::test]
async fn records_come_in_the_servers_own_order_and_a_set_that_is_withdrawn_is_nowhere() {
    let visitor = Visitor::new();
    let invented = [("$orderby", "Выдумка"), ("$top", "40")];
    let page = visitor.rows(PRICES, &invented).await;
    assert_eq!(page, visitor.rows(PRICES, &invented).await, "the same each time, by whatever it is asked for");
    visitor.admin("/faults", &json!({ "kind": "withdraw-set", "set": PRICES }).to_string()).await;
    assert_eq!(visitor.refusal(PRICES, &[]).await, (404, "8".into()));
    assert_eq!(visitor.refusal(&format!("{PRICES}/SliceLast"), &[]).await, (404, "8".into()));
    let service = visitor.json("", &[]).await.to_string();
    assert!(!service.contains(PRICES) && service.contains("InformationRegister_ЦеныНоменклатуры_RecordType"));
    visitor.admin("/faults/clear", "").await;
    assert_eq!(visitor.rows(PRICES, &invented).await, page);
}
