use serde_json::Value;
use shared::dataset::Catalogue;

use super::*;
use crate::erp::records::{Document, Records};
use crate::extract::outgoing::Messages;

fn mapping(dataset: &str) -> Mapping {
    Mapping::of(Catalogue::compiled_in().unwrap().get(dataset).unwrap(), "ut11").unwrap()
}

/// The mapping of that dataset, with another text in place of one.
fn changed(dataset: &str, changes: &[(&str, &str)]) -> Mapping {
    let dataset = Catalogue::compiled_in().unwrap().get(dataset).unwrap();
    let file = &dataset.definition().mappings["ut11"];
    let text = changes.iter().fold(file.text.clone(), |text, (was, is)| text.replace(was, is));
    Mapping::parse(dataset, &file.path, &text).unwrap()
}

fn sales() -> Mapping {
    mapping("sales")
}

/// What its message says of a document that stands.
fn sent(page: &Records, document: &Document) -> Value {
    let mut message = Vec::new();
    Messages::of(page, document, 1, &[]).write(0, &mut message);
    let message: Value = serde_json::from_slice(&message).unwrap();
    message[&page.dataset.table].clone()
}

/// A posted sale; `more` stands before its other fields, the lines are `lines`.
fn sale(more: &str, lines: &str) -> String {
    format!(
        r#"{{{more}"Ref_Key":"00000000-0000-4000-8000-000000000001","DataVersion":"AAAA=","DeletionMark":false,"Posted":true,
        "Number":"1","Date":"2024-03-05T11:42:10","Партнер_Key":"00000000-0000-4000-8000-00000000000a",
        "Контрагент_Key":"00000000-0000-4000-8000-00000000000b","Валюта_Key":null,"ХозяйственнаяОперация":"",
        {lines}}}"#
    )
}

fn line(revenue: &str) -> String {
    format!(
        r#"{{"LineNumber":"1","Номенклатура_Key":null,"Количество":1,{revenue},"СуммаНДС":0,"СуммаРучнойСкидки":1,
        "СуммаАвтоматическойСкидки":2}}"#
    )
}

fn answer_of<S: Sink>(items: &str, mapping: &Mapping) -> (S, Count) {
    answer(format!("{{\"value\":[{items}]}}").as_bytes(), mapping).unwrap()
}

#[test]
fn a_field_that_stands_twice_has_its_last_value_and_only_a_mapping_sums() {
    let twice = line(r#""СуммаСНДС":0.01,"СуммаСНДС":120.5"#);
    let items = sale(r#""Number":"до","#, &format!(r#""Товары":[{twice}]"#));
    let (read, count) = answer_of::<Records>(&items, &sales());
    assert!(count.rejected.is_empty(), "{:?}", count.rejected);
    let sale = sent(&read, &read.documents[0]);
    assert_eq!(sale["lines"][0]["revenue"], "120.5");
    assert_eq!(sale["lines"][0]["discount"], "3", "the mapping's list is a sum");
    assert_eq!(sale["number"], "1");
}

#[test]
fn a_value_that_does_not_fit_counts_as_little_as_any_other_that_was_not_the_last() {
    let mended = line(r#""СуммаСНДС":"нет","СуммаСНДС":5"#);
    let (read, count) = answer_of::<Records>(&sale("", &format!(r#""Товары":[{mended}]"#)), &sales());
    assert!(count.rejected.is_empty(), "{:?}", count.rejected);
    assert_eq!(sent(&read, &read.documents[0])["lines"][0]["revenue"], "5");
}

#[test]
fn of_two_lists_of_lines_in_a_document_the_last_one_counts() {
    let (first, last) = (line(r#""СуммаСНДС":"нет""#), line(r#""СуммаСНДС":7"#));
    let items = sale("", &format!(r#""Товары":[{first},{first}],"Товары":[{last}]"#));
    let (read, count) = answer_of::<Records>(&items, &sales());
    assert!(count.rejected.is_empty(), "{:?}", count.rejected);
    let sale = sent(&read, &read.documents[0]);
    let revenues: Vec<_> = sale["lines"].as_array().unwrap().iter().map(|line| &line["revenue"]).collect();
    assert_eq!(revenues, ["7"]);
    assert_eq!(read.documents[0].total, 70_000);
}

#[test]
fn an_answer_with_two_lists_is_no_answer() {
    let error = answer::<Records>(br#"{"value":[],"value":[]}"#, &sales()).unwrap_err();
    assert!(error.to_string().contains("twice"), "{error}");
}

#[test]
fn one_field_of_1c_fills_both_of_ours_that_name_it() {
    let mapping = changed("sales", &[("\"Партнер_Key\"", "\"Контрагент_Key\"")]);
    let items = sale("", &format!(r#""Товары":[{}]"#, line(r#""СуммаСНДС":7"#)));
    let (read, _) = answer_of::<Records>(&items, &mapping);
    let sale = sent(&read, &read.documents[0]);
    assert!(sale["dealer_id"].is_string());
    assert_eq!(sale["dealer_id"], sale["legal_entity_id"]);
}

#[test]
fn a_byte_that_no_text_may_hold_sets_its_item_aside_and_the_rest_of_the_page_is_read() {
    // The recorded answer is to a question for fewer fields.
    let later =
        ["brand_id = \"Марка_Key\"", "price_group_id = \"ЦеноваяГруппа_Key\"", "vat_rate_id = \"СтавкаНДС_Key\""];
    let mapping = changed("products", &later.map(|field| (field, "")));
    for (body, byte, bad) in [
        (&include_bytes!("fixtures/raw-0x1e.json")[..], "0x1E", b"\x1e1/2\""),
        (&include_bytes!("fixtures/broken-utf8.json")[..], "0xD0", b"\xd0 1/2"),
    ] {
        let (read, count) = answer::<Records>(body, &mapping).unwrap();
        assert_eq!((read.documents.len(), count.documents, count.rejected.len()), (2, 3, 1));
        let rejected = &count.rejected[0];
        assert!(rejected.reason.contains(byte) && rejected.reason.contains("Клапан"), "{}", rejected.reason);
        assert_eq!(rejected.id, Uuid::try_parse("00000000-0000-4000-8000-000000000501").ok());
        assert_eq!(rejected.data_version.as_deref(), Some("AAAAB01AAAA="));
        assert!(rejected.raw.windows(bad.len()).any(|bytes| bytes == bad), "its bytes are kept");
    }
}

#[test]
fn what_is_no_answer_or_not_a_whole_one_is_not_narrowed_down() {
    let mapping = mapping("products");
    let whole = include_bytes!("fixtures/raw-0x1e.json");
    // Up to the bracket that closes it, which a line break follows.
    for cut in 0..whole.len() - 1 {
        assert!(answer::<Records>(&whole[..cut], &mapping).is_err(), "cut after {cut} bytes");
    }
    for none in
        ["<html>\u{1e}</html>", "[\u{1e}]", "{\"value\":\"\u{1e}\"}", "{\"value\":[\"\\", "{\"value\":[]}\u{1e}"]
    {
        assert!(answer::<Records>(none.as_bytes(), &mapping).is_err(), "{none:?}");
    }
}

#[test]
fn what_does_not_fit_keeps_its_key_and_version_whatever_else_is_wrong_with_it() {
    let good = sale("", "\"Товары\":null");
    for (what, item) in [
        ("half a pair", good.replace("\"Number\":\"1\"", r#""Number":"\ud83d""#)),
        ("no escape of JSON", good.replace("\"Number\":\"1\"", r#""Number":"\x1e""#)),
        ("no number of JSON", good.replace("\"Number\":\"1\"", "\"Number\":NaN")),
        ("a raw zero byte", good.replace("\"Number\":\"1\"", "\"Number\":\"\0\"")),
        ("twice the key", good.replace("{\"Ref_Key\"", "{\"Ref_Key\":\"нет\",\"Ref_Key\"")),
    ] {
        let (_, count) = answer_of::<Records>(&item, &sales());
        assert_eq!((count.documents, count.rejected.len()), (1, 1), "{what}");
        let rejected = &count.rejected[0];
        assert_eq!(rejected.id, Some(Uuid::from_u128(0x4000_8000_0000_0000_0001)), "{what}: {}", rejected.reason);
        assert_eq!(rejected.data_version.as_deref(), Some("AAAA="), "{what}");
        assert_eq!(rejected.raw, item.as_bytes(), "{what}");
        let stands = rejected.salvage.stands;
        assert!(stands == Some(true) || what.starts_with("no "), "{what}: whether it stands is {stands:?}");
    }
}

#[test]
fn a_flag_that_is_null_is_no_and_the_item_is_read() {
    let mapping = changed(
        "dealers",
        &[
            ("Catalog_Партнеры", "Catalog_Контрагенты"),
            ("\"Клиент\"", "\"Покупатель\""),
            ("manager_id = \"ОсновнойМенеджер_Key\"", ""),
            ("business_region_id = \"БизнесРегион_Key\"", ""),
        ],
    );
    let body = include_bytes!("fixtures/null-flag.json");
    let (read, count) = answer::<Records>(body, &mapping).unwrap();
    assert!(count.rejected.is_empty(), "{:?}", count.rejected);
    assert_eq!(read.documents.iter().map(|item| item.stands).collect::<Vec<_>>(), [false, true]);
}
