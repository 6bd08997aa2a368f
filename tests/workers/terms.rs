//! The catalogs of terms, plans and corrections: datasets that are folders only.

use std::collections::BTreeMap;

use serde_json::json;
use tests::await_true;
use tests::ledger::SOON;
use tests::test_workers::only;

use crate::stand::{Stand, start, text};
use crate::truth::{NOBODY, Sums, amount, await_equal, day, now, raw, rows, shown};

const AGREEMENTS: &str = "Catalog_СоглашенияСКлиентами";
const PLANS: &str = "AccumulationRegister_ПланыПродаж_RecordType";

/// References and names: of a set in 1C, and of a table in the warehouse.
async fn is_alike(stand: &Stand, set: &str, table: &str, key: &str) -> bool {
    let truth: BTreeMap<String, String> = rows(stand, set)
        .await
        .iter()
        .map(|row| (text(row, "Ref_Key").to_owned(), text(row, "Description").trim_end().to_owned()))
        .collect();
    let sql = format!("SELECT toString({key}), name FROM dw.{table} FINAL");
    let found: Vec<(String, String)> =
        stand.clickhouse.client("audit_ro").query(&sql).fetch_all().await.expect("ask the warehouse");
    !truth.is_empty() && truth == found.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogs_of_terms_are_those_of_1c_after_names_change_and_items_go() {
    let catalogs = [
        ("price_kinds", "Catalog_ВидыЦен", "price_kind"),
        ("agreements", AGREEMENTS, "agreement"),
        ("contracts", "Catalog_ДоговорыКонтрагентов", "contract"),
        ("managers", "Catalog_Пользователи", "manager"),
        ("business_regions", "Catalog_БизнесРегионы", "business_region"),
        ("settlement_objects", "Catalog_ОбъектыРасчетов", "settlement_object"),
        ("characteristics", "Catalog_ХарактеристикиНоменклатуры", "characteristic"),
        ("brands", "Catalog_Марки", "brand"),
        ("price_groups", "Catalog_ЦеновыеГруппы", "price_group"),
        ("vat_rates", "Catalog_СтавкиНДС", "vat_rate"),
    ];
    let stand = Stand::start().await;
    let mut read: Vec<&str> = catalogs.iter().map(|(dataset, ..)| *dataset).collect();
    read.extend(["dealers", "products", "legal_entities"]);
    let (_extractor, _loader) = (start(stand.extractor().envs(only(&read))), start(stand.loader()));
    let all_alike = async |what: &str| {
        for (_, set, table) in catalogs {
            await_true(&format!("{table} {what}"), SOON, async || {
                is_alike(&stand, set, table, &format!("{table}_id")).await
            })
            .await;
        }
    };
    all_alike("is that of 1C").await;
    let card = format!(
        "SELECT toString(count()) || manager_name || business_region_name || any(legal_entity_name) || any(tax_reason)
         FROM report.dealer_card(dealers = [toUUID('{0}')]) AS d
         INNER JOIN report.legal_entity(dealers = [toUUID('{0}')]) AS l ON l.dealer_id = d.dealer_id
         GROUP BY manager_name, business_region_name",
        stack::onec::dealer(1)
    );
    await_true("a dealer's manager, region and legal entity", SOON, async || {
        let found: Vec<String> =
            stand.clickhouse.client("portal_ro").query(&card).fetch_all().await.expect("ask the views");
        found == ["1Петров С. Н.РоссияВолга-Тепло ООО770101001"]
    })
    .await;
    let contract = format!(
        "SELECT toString(credit_limit) || ' ' || toString(payment_days) || state FROM report.contract(dealers = [toUUID('{}')])",
        stack::onec::dealer(1)
    );
    let found: Vec<String> =
        stand.clickhouse.client("portal_ro").query(&contract).fetch_all().await.expect("ask the view");
    assert_eq!(found, ["250000 14in-force"]);
    let branded = "SELECT count() FROM dw.product AS p FINAL INNER JOIN dw.brand AS b FINAL USING (brand_id)
        INNER JOIN dw.vat_rate AS v FINAL USING (vat_rate_id) WHERE v.percent = 20";
    await_true("products have their brands and rates", SOON, async || stand.warehouse_count(branded).await > 20).await;

    for (_, set, _) in catalogs {
        let items = rows(&stand, set).await;
        let of = |at: usize| format!("/rows/{set}/{}", text(&items[at], "Ref_Key"));
        let name = json!({ "field": "Description", "value": "Переименован «ё»" });
        stand.onec.change(&format!("{}/set", of(0)), name).await;
        stand.onec.change(&format!("{}/delete", of(1)), json!({})).await;
    }
    all_alike("has followed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_of_a_dealer_are_his_approved_ones_by_month_and_product() {
    let stand = Stand::start().await;
    let (_extractor, _loader) = (start(stand.extractor().envs(only(&["plans", "products"]))), start(stand.loader()));
    let truth = async |stand: &Stand| {
        let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
        for row in rows(stand, PLANS).await {
            let dealer = text(&row, "Партнер_Key");
            if row["Active"] == true && row["Статус"] == "Утвержден" && dealer != NOBODY {
                let key = vec![day(text(&row, "Period")), text(&row, "Номенклатура_Key").to_owned()];
                let sum = sums.entry(dealer.to_owned()).or_default().entry(key).or_insert_with(|| vec![0]);
                sum[0] += amount(&row, "Количество");
            }
        }
        sums
    };
    let warehouse = async |stand: &Stand, dealer: &str| {
        shown(stand, "plan", dealer, "toString(planned_on), toString(product_id)", &["quantity"]).await
    };
    await_equal(&stand, "the plans are those of 1C", truth, warehouse).await;
    let mut plan = rows(&stand, PLANS).await[0].clone();
    (plan["Партнер_Key"], plan["Количество"], plan["Active"]) =
        (json!(stack::onec::dealer(3)), json!(12.5), json!(true));
    stand.onec.change(&format!("/rows/{PLANS}"), plan).await;
    await_equal(&stand, "another plan has arrived", truth, warehouse).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_taken_off_sales_until_it_is_gone() {
    let stand = Stand::start().await;
    let (_extractor, _loader) = (
        start(stand.extractor().envs(only(&[
            "sales",
            "returns",
            "corrections",
            "products",
            "dealers",
            "currencies",
            "units",
        ]))),
        start(stand.loader()),
    );
    stand.await_equal().await;
    let of_dealer = format!(
        "SELECT toString(sum(revenue)) || ' ' || toString(sum(quantity)) || ' ' || toString(sum(vat)) || ' ' || toString(sum(discount))
         FROM dw.sale FINAL WHERE dealer_id = toUUID('{}')",
        stack::onec::dealer(1)
    );
    let sums = async || {
        let found: String = stand.clickhouse.client("audit_ro").query(&of_dealer).fetch_one().await.expect("sums");
        found.split(' ').map(raw).collect::<Vec<_>>()
    };
    let before = sums().await;
    let line = json!({ "LineNumber": "1", "Номенклатура_Key": "5b0d6f0e-1111-11ee-8a01-000000000001", "Количество": -2,
        "Цена": 600.05, "Сумма": -1200.1, "СуммаСНДС": -1200.1, "СуммаНДС": -200.02 });
    let correction = json!({ "Number": "ТДК-000001", "Date": now(), "Posted": true, "Партнер_Key": stack::onec::dealer(1),
        "Валюта_Key": "51ed67a6-7220-11df-b336-0011955cba6b", "ХозяйственнаяОперация": "КорректировкаПоСогласованиюСторон",
        "Расхождения": [line] });
    let put = stand.onec.change("/rows/Document_КорректировкаРеализации", correction).await;
    let less = [before[0] - 12_001_000, before[1] - 20_000, before[2] - 2_000_200, before[3]];
    await_true("it is taken off", SOON, async || sums().await == less).await;
    let of = format!("/rows/Document_КорректировкаРеализации/{}", put["refs"][0].as_str().expect("its reference"));
    stand.onec.change(&format!("{of}/set"), json!({ "field": "Posted", "value": false })).await;
    await_true("it is undone", SOON, async || sums().await == before).await;
}
