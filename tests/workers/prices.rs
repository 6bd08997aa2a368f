//! Prices: from the register that the base fills, to the dealers whose agreements name their kind.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tests::ledger::SOON;
use tests::test_workers::only;

use crate::stand::{Stand, await_line, start, text};
use crate::truth::{NOBODY, Sums, amount, await_equal, dealers, now, rows, shown};

const PRICES: &str = "InformationRegister_ЦеныНоменклатуры25_RecordType";
const FORMER_PRICES: &str = "InformationRegister_ЦеныНоменклатуры_RecordType";
const AGREEMENTS: &str = "Catalog_СоглашенияСКлиентами";

/// The kinds of prices that a dealer may see.
fn kinds(agreements: &[Value], dealer: &str) -> BTreeSet<String> {
    let may = |row: &&Value| {
        let is_standard = row["Типовое"] == true && row["ДоступноВнешнимПользователям"] == true;
        let is_for_all = is_standard && text(row, "СегментПартнеров_Key") == NOBODY;
        let is_own = row["Типовое"] != true && text(row, "Партнер_Key") == dealer;
        row["Статус"] == "Действует" && row["DeletionMark"] != true && (is_own || is_for_all)
    };
    agreements.iter().filter(may).map(|row| text(row, "ВидЦен_Key").to_owned()).collect()
}

/// The last prices of the records, and who may see them.
async fn prices_of_1c(stand: &Stand, set: &str, characteristic: &str) -> BTreeMap<String, Sums> {
    let (agreements, now) = (rows(stand, AGREEMENTS).await, now());
    let mut last: BTreeMap<Vec<String>, (String, i128)> = BTreeMap::new();
    for row in rows(stand, set).await {
        let since = text(&row, "Period").to_owned();
        if row["Active"] != true || since > now {
            continue;
        }
        let names = ["Номенклатура_Key", characteristic, "ВидЦены_Key", "Валюта_Key"];
        let key = names.map(|name| text(&row, name).to_owned()).to_vec();
        let found = (since, amount(&row, "Цена"));
        let kept = last.entry(key).or_insert_with(|| found.clone());
        *kept = found.max(kept.clone());
    }
    let of = |dealer: &String| {
        let kinds = kinds(&agreements, dealer);
        let seen = last.iter().filter(|(key, (_, price))| kinds.contains(&key[2]) && *price > 0);
        (dealer.clone(), seen.map(|(key, (_, price))| (key.clone(), vec![*price])).collect::<Sums>())
    };
    dealers().iter().map(of).filter(|(_, sums)| !sums.is_empty()).collect()
}

async fn prices_shown(stand: &Stand, dealer: &str) -> Sums {
    let key = "toString(product_id), toString(characteristic_id), toString(price_kind_id), toString(currency_id)";
    shown(stand, "price", dealer, key, &["price"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dealer_sees_the_prices_that_his_agreements_in_force_name_and_no_other_dealers_own() {
    let stand = Stand::start().await;
    let read = only(&["prices", "price_kinds", "agreements", "products", "currencies", "units", "characteristics"]);
    let (_extractor, _loader) = (start(stand.extractor().envs(read)), start(stand.loader()));
    let truth = async |stand: &Stand| prices_of_1c(stand, PRICES, "ХарактеристикаЦО_Key").await;
    let before = await_equal(&stand, "the prices are those of 1C", truth, prices_shown).await;
    let own: BTreeSet<&String> = before.values().flat_map(|sums| sums.keys().map(|key| &key[2])).collect();
    assert!(own.len() >= 4 && own.len() < kinds_of_1c(&stand).await, "own kinds of two dealers, and kinds of nobody");
    let names =
        "SELECT DISTINCT price_kind_name FROM report.price(dealers = [toUUID('{}')]) WHERE price_kind_name LIKE 'Инд%'";
    let (first, second) = (stack::onec::dealer(1), stack::onec::dealer(2));
    let named = async |dealer: &str| {
        let sql = names.replace("{}", dealer);
        stand.clickhouse.client("portal_ro").query(&sql).fetch_all::<String>().await.expect("ask the view")
    };
    assert_eq!((named(&first).await.len(), named(&second).await.len()), (1, 0));

    // A new price, one taken back, one that its document no longer stands behind; an agreement that is over, and one marked.
    let records = rows(&stand, PRICES).await;
    // Of three products.
    let mut sample: BTreeMap<&str, &Value> = BTreeMap::new();
    for row in records.iter().filter(|row| text(row, "ВидЦены_Key").ends_with("000002") && row["Active"] == true)
    {
        sample.entry(text(row, "Номенклатура_Key")).or_insert(row);
    }
    let [dearer, back, undone] = &sample.into_values().take(3).collect::<Vec<_>>()[..] else { panic!("three prices") };
    for (row, price, is_active) in [(dearer, 123_456.78, true), (back, 0.0, true), (undone, 5.0, false)] {
        let mut row = (*row).clone();
        (row["Цена"], row["Active"], row["Period"]) = (json!(price), json!(is_active), json!(now()));
        stand.onec.change(&format!("/rows/{PRICES}"), row).await;
    }
    let agreements = rows(&stand, AGREEMENTS).await;
    let of = |dealer: &str| {
        let found = agreements.iter().find(|row| row["Статус"] == "Действует" && text(row, "Партнер_Key") == dealer);
        text(found.expect("an agreement"), "Ref_Key").to_owned()
    };
    let closed = json!({ "field": "Статус", "value": "Закрыто" });
    stand.onec.change(&format!("/rows/{AGREEMENTS}/{}/set", of(&first)), closed).await;
    stand.onec.change(&format!("/rows/{AGREEMENTS}/{}/mark-deleted", of(&second)), json!({})).await;
    let after = await_equal(&stand, "the changes have arrived", truth, prices_shown).await;
    assert!(after[&first].len() < before[&first].len() && after[&second].len() < before[&second].len());
    assert!(named(&first).await.is_empty(), "what the agreement gave is taken");
}

async fn kinds_of_1c(stand: &Stand) -> usize {
    let kinds: BTreeSet<String> =
        rows(stand, PRICES).await.iter().map(|row| text(row, "ВидЦены_Key").to_owned()).collect();
    kinds.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_are_read_from_the_first_register_that_is_published_and_check_says_which() {
    let stand = Stand::start().await;
    let read = only(&["prices", "agreements", "products", "units"]);
    let check = async || {
        let launch = stand.extractor().envs(read.clone()).args(["check"]);
        let mut check = start(launch);
        let is_well = check.finished(SOON).await.expect("it ends").success();
        (is_well, check.output())
    };
    let (is_well, said) = check().await;
    let both = format!("prices is read from {PRICES}. {FORMER_PRICES} is published too: if the base fills that one");
    assert!(is_well && said.contains(&both), "{said}");

    stand.fault(json!({ "kind": "withdraw-set", "set": PRICES })).await;
    let (is_well, said) = check().await;
    assert!(is_well && said.contains(&format!("prices is read from {FORMER_PRICES}.\n")), "{said}");
    let (extractor, _loader) = (start(stand.extractor().envs(read.clone())), start(stand.loader()));
    let former = async |stand: &Stand| prices_of_1c(stand, FORMER_PRICES, "Характеристика_Key").await;
    await_equal(&stand, "the prices are those of the older register", former, prices_shown).await;

    stand.heal().await;
    let newer = async |stand: &Stand| prices_of_1c(stand, PRICES, "ХарактеристикаЦО_Key").await;
    await_equal(&stand, "the newer one is read as soon as it is published", newer, prices_shown).await;

    for set in [PRICES, FORMER_PRICES] {
        stand.fault(json!({ "kind": "withdraw-set", "set": set })).await;
    }
    await_line(&extractor, &[&format!("1C does not publish {PRICES} or {FORMER_PRICES}")]).await;
    let (is_well, said) = check().await;
    assert!(!is_well && said.contains("is not published: add one of them"), "{said}");
}
