use chrono::{Datelike as _, NaiveDateTime};
use shared::dataset::Catalogue;

use super::*;
use crate::erp::pages::{Span, Walk};

fn dataset(name: &str) -> Dataset {
    Catalogue::compiled_in().unwrap().get(name).unwrap()
}

fn sales(text: &str) -> Result<Mapping, MappingError> {
    Mapping::parse(dataset("sales"), "sales/ut11.toml", text)
}

fn ours() -> String {
    dataset("sales").definition().mappings["ut11"].text.clone()
}

#[test]
fn the_mappings_that_are_compiled_in_are_complete() {
    for dataset in Catalogue::compiled_in().unwrap().all() {
        let mapping = Mapping::of(*dataset, "ut11").unwrap();
        assert_eq!(mapping.id(), if dataset.is_snapshot() { "" } else { "Ref_Key" });
    }
    assert!(sales(&ours()).unwrap().select().contains("Товары/СуммаРучнойСкидки"));
}

#[test]
fn one_field_of_1c_may_fill_two_of_ours_and_is_asked_for_once() {
    let mapping = sales(&ours().replace("Партнер_Key", "Контрагент_Key")).unwrap();
    assert_eq!(mapping.select().matches("Контрагент_Key").count(), 1);
    let filtered = sales(&ours().replace("field = \"ХозяйственнаяОперация\"", "field = \"Number\"")).unwrap();
    assert_eq!(filtered.select().split(',').filter(|name| *name == "Number").count(), 1, "a filter's field, too");
}

#[test]
fn a_question_with_many_names_stays_within_the_address_that_web_servers_let_through() {
    let orders = Mapping::of(dataset("orders"), "ut11").unwrap();
    let select = orders.select();
    assert!(select.ends_with(",Товары") && !select.contains('/'), "{select}");
    assert!(sales(&ours()).unwrap().select().contains("Товары/"), "few names are asked for by name");
    for dataset in Catalogue::compiled_in().unwrap().all() {
        let mapping = Mapping::of(*dataset, "ut11").unwrap();
        let span = Span { from: NaiveDateTime::MIN.with_year(2024), to: NaiveDateTime::MIN.with_year(2025) };
        let length = Walk::over(span).question(&mapping, 1_000_000).query_length();
        assert!(length <= crate::erp::url::QUERY_BUDGET, "{dataset}: {length}");
    }
}

#[test]
fn a_scan_of_keys_asks_for_keys_versions_and_dates_only() {
    assert_eq!(sales(&ours()).unwrap().keys_only().select(), "Ref_Key,DataVersion,Date");
    assert_eq!(Mapping::of(dataset("products"), "ut11").unwrap().keys_only().select(), "Ref_Key,DataVersion");
}

#[test]
fn a_mapping_that_does_not_fit_is_refused_with_the_field_at_fault() {
    let good = ours();
    let dated = |value: &str| good.replace("sold_at = \"Date\"", &format!("sold_at = {value}"));
    for (bad, problem) in [
        (good.replace("dealer_id = ", "dealer = "), "dealer is no field of this dataset"),
        (good.replace("revenue = \"СуммаСНДС\"\n", ""), "the field revenue is missing"),
        (good.replace("is_posted = \"Posted\"\n", ""), "the field is_posted is missing"),
        (good.replace("\"Партнер_Key\"", "[\"Партнер_Key\", \"Иной_Key\"]"), "dealer_id takes one name"),
        (good.replace("СуммаАвтоматическойСкидки", "СуммаРучнойСкидки"), "named twice for discount"),
        (good.replace("entity", "object"), "unknown field `object`"),
        (format!("sign = -2\n{good}"), "sign is -2"),
        (format!("function = \"Balance\"\n{good}"), "a function is for virtual tables"),
        (good.replace("left_out = [", "left_out = [\"РеализацияКлиенту\", "), "both counted and left out"),
        (good.replace("counted", "counts"), "unknown field `counts`"),
        (good.replace("vat = \"СуммаНДС\"", "vat = { constant = \"много\" }"), "cannot stand for vat"),
        (good.replace("vat = \"СуммаНДС\"", "vat = { from = \"А\", sum = [\"Б\"] }"), "vat takes one of from"),
        (good.replace("vat = \"СуммаНДС\"", "vat = { from = \"А\", words = { \"1\" = \"2\" } }"), "vat is no text"),
        (dated("{ constant = \"2024-01-01T00:00:00\" }"), "sold_at dates the documents"),
        (dated("{ from = \"Date\", null = \"2024-01-01T00:00:00\" }"), "sold_at dates the documents"),
        (good.replace("[lines]", "[tabular]"), "unknown field"),
    ] {
        assert_ne!(bad, good);
        let error = sales(&bad).unwrap_err().to_string();
        assert!(error.contains(problem) && error.contains("sales/ut11.toml"), "{error}");
    }
    let error = Mapping::of(dataset("sales"), "unf9").unwrap_err().to_string();
    assert!(error.contains("sales has no mapping for unf9"), "{error}");
}

#[test]
fn a_register_may_stand_in_for_another_one_at_a_time() {
    let prices = |text: &str| Mapping::parse(dataset("prices"), "prices/ut11.toml", text);
    let good = dataset("prices").definition().mappings["ut11"].text.clone();
    let mapping = prices(&good).unwrap();
    let choices: Vec<_> =
        mapping.choices().map(|choice| (choice.set(), choice.entity.ends_with("/SliceLast"))).collect();
    let sets = ["InformationRegister_ЦеныНоменклатуры25_RecordType", "InformationRegister_ЦеныНоменклатуры_RecordType"];
    assert_eq!(choices, sets.map(|set| (set, true)));
    let long = "Наименование".repeat(10);
    for (bad, problem) in [
        (good.replace("Номенклатуры_RecordType", "Номенклатуры25_RecordType"), "is named once more"),
        (
            good.replace("[or.lines.fields]\n", "[or.lines.fields]\nprise = \"Цена\"\n"),
            "in [[or]] number 1, prise is no field",
        ),
        (format!("{good}[[or.or]]\nentity = \"X\"\n"), "there is another [[or]]"),
        (good.replace("\"Period\"", &format!("{long:?}")), "where they stand twice"),
    ] {
        assert_ne!(bad, good);
        let error = prices(&bad).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
    let error = sales(&format!("{}\n[[or]]\nentity = \"X\"\n", ours())).unwrap_err().to_string();
    assert!(error.contains("[[or]] is for registers and virtual tables"), "{error}");
}

#[test]
fn what_is_read_by_another_mapping_has_another_shape_and_comments_change_nothing() {
    let shape = |text: &str| sales(text).unwrap().shape;
    assert_eq!(shape(&ours()), shape(&format!("# Ours.\n{}", ours())));
    assert_ne!(shape(&ours()), shape(&ours().replace("СуммаСНДС", "Сумма")));
    assert_ne!(shape(&ours()), 0);
}
