//! What dealers owe and what they paid, each to its own dealer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tests::test_workers::only;

use crate::stand::{Stand, start, text};
use crate::truth::{NOBODY, Sums, amount, await_equal, day, dealers, now, rows, shown};

const KEYS: &str = "Catalog_КлючиАналитикиУчетаПоПартнерам";
const DEBTS: &str = "AccumulationRegister_РасчетыСКлиентамиПоСрокам_RecordType";
const PAYMENTS: &str = "Document_ПоступлениеБезналичныхДенежныхСредств";

/// Receipts less expenses, by currency, due date and document, to the dealer of the key.
async fn debts_of_1c(stand: &Stand) -> BTreeMap<String, Sums> {
    let (keys, now) = (rows(stand, KEYS).await, now());
    let owner = |key: &str| {
        let found = keys.iter().find(|row| text(row, "Ref_Key") == key)?;
        Some(text(found, "Партнер_Key").to_owned()).filter(|dealer| dealer != NOBODY)
    };
    let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
    for row in rows(stand, DEBTS).await {
        let Some(dealer) = owner(text(&row, "АналитикаУчетаПоПартнерам_Key")) else {
            continue;
        };
        if row["Active"] != true || text(&row, "Period") >= now.as_str() {
            continue;
        }
        let due = day(text(&row, "ДатаПлановогоПогашения"));
        let key = vec![text(&row, "Валюта_Key").to_owned(), due, text(&row, "РасчетныйДокумент").to_owned()];
        let sum = sums.entry(dealer).or_default().entry(key).or_insert_with(|| vec![0, 0]);
        let sign = if row["RecordType"] == "Receipt" { 1 } else { -1 };
        sum[0] += sign * amount(&row, "Долг");
        sum[1] += sign * amount(&row, "Предоплата");
    }
    sums.values_mut().for_each(|sums| sums.retain(|_, sum| sum.iter().any(|figure| *figure != 0)));
    sums
}

async fn debts_shown(stand: &Stand, dealer: &str) -> Sums {
    let key = "toString(currency_id), ifNull(toString(due_on), ''), toString(document_id)";
    shown(stand, "settlement", dealer, key, &["debt", "prepayment"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dealer_owes_stands_under_his_keys_and_what_no_key_names_is_shown_to_nobody() {
    let stand = Stand::start().await;
    // Several pages, whatever their size was meant to be.
    stand.fault(json!({ "kind": "heavy", "most": 25, "path": "Balance" })).await;
    let read =
        only(&["settlements", "partner_keys", "settlement_objects", "contracts", "legal_entities", "currencies"]);
    let (_extractor, _loader) = (start(stand.extractor().envs(read)), start(stand.loader()));
    let before = await_equal(&stand, "the settlements are those of 1C", debts_of_1c, debts_shown).await;
    let hidden = "SELECT count() FROM dw.settlement_now WHERE debt = 77700";
    assert_eq!(stand.warehouse_count(hidden).await, 2, "those of no dealer are in the warehouse");
    let every = dealers().iter().map(|id| format!("toUUID('{id}')")).collect::<Vec<_>>().join(", ");
    let foreign =
        format!("SELECT count() FROM report.settlement(dealers = [{every}, toUUID('{NOBODY}')]) WHERE debt = 77700");
    let seen: u64 = stand.clickhouse.client("portal_ro").query(&foreign).fetch_one().await.expect("ask the view");
    assert_eq!(seen, 0, "and no dealer is shown them, nor whoever is none");
    let named = "SELECT count() FROM dw.settlement_now AS s INNER JOIN dw.partner_key AS k FINAL USING (partner_key_id)
        WHERE k.contract_id != toUUID('00000000-0000-0000-0000-000000000000')";
    assert!(stand.warehouse_count(named).await > 0, "a composite field is read as the reference that it holds");

    // A debt is paid, another arises; a key becomes another dealer's, and one is gone.
    let records = rows(&stand, DEBTS).await;
    let open =
        records.iter().find(|row| row["RecordType"] == "Receipt" && amount(row, "Долг") > 0 && row["Active"] == true);
    let mut paid = open.expect("a debt").clone();
    (paid["RecordType"], paid["Period"]) = (json!("Expense"), json!("2026-01-31T10:00:00"));
    stand.onec.change(&format!("/rows/{DEBTS}"), paid.clone()).await;
    (paid["RecordType"], paid["Долг"], paid["РасчетныйДокумент"]) =
        (json!("Receipt"), json!(0.07), json!(stack::onec::dealer(9)));
    stand.onec.change(&format!("/rows/{DEBTS}"), paid).await;
    let keys = rows(&stand, KEYS).await;
    let key_of = |n: u64| {
        let found = keys.iter().find(|row| text(row, "Партнер_Key") == stack::onec::dealer(n));
        text(found.expect("a key"), "Ref_Key").to_owned()
    };
    let to = json!({ "field": "Партнер_Key", "value": stack::onec::dealer(4) });
    stand.onec.change(&format!("/rows/{KEYS}/{}/set", key_of(1)), to).await;
    stand.onec.change(&format!("/rows/{KEYS}/{}/delete", key_of(2)), json!({})).await;
    let after = await_equal(&stand, "the changes have arrived", debts_of_1c, debts_shown).await;
    let (first, second) = (stack::onec::dealer(1), stack::onec::dealer(2));
    assert!(before.contains_key(&first) && !after.contains_key(&first), "its only key is another's now");
    assert!(before.contains_key(&second) && !after.contains_key(&second), "its key is unknown now");
}

/// Lines of payments that stand, to the partner of each line.
async fn payments_of_1c(stand: &Stand) -> BTreeMap<String, Sums> {
    let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
    for row in rows(stand, PAYMENTS).await {
        if row["Posted"] != true
            || row["DeletionMark"] == true
            || row["ХозяйственнаяОперация"] != "ПоступлениеОплатыОтКлиента"
        {
            continue;
        }
        for line in row["РасшифровкаПлатежа"].as_array().expect("its lines") {
            let number = text(line, "LineNumber").to_owned();
            let key = vec![
                text(&row, "Ref_Key").to_owned(),
                number,
                day(text(&row, "Date")),
                text(&row, "Валюта_Key").to_owned(),
            ];
            let figures = vec![amount(line, "Сумма"), amount(line, "СуммаВзаиморасчетов")];
            sums.entry(text(line, "Партнер_Key").to_owned()).or_default().insert(key, figures);
        }
    }
    sums
}

async fn payments_shown(stand: &Stand, dealer: &str) -> Sums {
    let key = "toString(payment_id), toString(line_no), toString(paid_on), toString(currency_id)";
    shown(stand, "payment", dealer, key, &["amount", "settled"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_of_a_payment_is_its_own_dealers_whoever_paid() {
    let stand = Stand::start().await;
    let read = only(&["payments", "legal_entities", "settlement_objects", "currencies"]);
    let (_extractor, _loader) = (start(stand.extractor().envs(read)), start(stand.loader()));
    await_equal(&stand, "the payments are those of 1C", payments_of_1c, payments_shown).await;
    let payments = rows(&stand, PAYMENTS).await;
    let stands = |row: &&Value| row["Posted"] == true && row["DeletionMark"] != true;
    let for_two = |row: &Value| {
        let partners =
            row["РасшифровкаПлатежа"].as_array().expect("lines").iter().map(|line| text(line, "Партнер_Key"));
        partners.collect::<BTreeSet<_>>().len() > 1
    };
    let both = payments.iter().filter(stands).find(|row| for_two(row)).expect("a payment for two dealers");
    let mut newest: Vec<&Value> = payments.iter().filter(stands).filter(|row| *row != both).collect();
    newest.sort_by_key(|row| std::cmp::Reverse(text(row, "Date").to_owned()));
    let [unposted, deleted, redated, shorter, handed_over] = &newest[..5] else { panic!("five payments") };
    let change = async |row: &Value, what: &str, body: Value| {
        stand.onec.change(&format!("/rows/{PAYMENTS}/{}/{what}", text(row, "Ref_Key")), body).await
    };
    change(unposted, "set", json!({ "field": "Posted", "value": false })).await;
    change(deleted, "delete", json!({})).await;
    change(redated, "set", json!({ "field": "Date", "value": "2026-10-07T12:00:00" })).await;
    let lines = json!({ "field": "РасшифровкаПлатежа", "value": [] });
    change(shorter, "set", lines).await;
    let mut line = handed_over["РасшифровкаПлатежа"][0].clone();
    (line["Партнер_Key"], line["Сумма"]) = (json!(stack::onec::dealer(5)), json!(77.07));
    change(handed_over, "set", json!({ "field": "РасшифровкаПлатежа", "value": [line] })).await;
    await_equal(&stand, "the changes have arrived", payments_of_1c, payments_shown).await;
}
