use serde_json::Value;
use shared::dataset::Catalogue;

use super::*;
use crate::extract::outgoing::Messages;

/// A posted document of one line with this operation, read by the mapping of the dataset.
fn read(dataset: &str, operation: &str) -> Records {
    let body = format!(
        r#"{{"value":[{{"Ref_Key":"00000000-0000-4000-8000-000000000001","DataVersion":"1","DeletionMark":false,"Posted":true,
            "Number":"1","Date":"2024-03-05T00:00:00","Партнер_Key":null,"Контрагент_Key":null,"Валюта_Key":null,
            "ХозяйственнаяОперация":"{operation}","Товары":[{{"LineNumber":"1","Номенклатура_Key":null,"Количество":2,
            "СуммаСНДС":120,"СуммаНДС":20,"СуммаРучнойСкидки":3,"СуммаАвтоматическойСкидки":4}}]}}]}}"#
    );
    let mapping = Mapping::of(Catalogue::compiled_in().unwrap().get(dataset).unwrap(), "ut11").unwrap();
    let mut read = Records::of(&mapping);
    let count = super::super::read::page(&body, &mapping, &mut read).unwrap();
    assert!(count.rejected.is_empty(), "{:?}", count.rejected);
    read
}

/// The message of the first document.
fn message(page: &Records) -> Value {
    let mut message = Vec::new();
    Messages::of(page, &page.documents[0], 1, &[]).write(0, &mut message);
    serde_json::from_slice(&message).unwrap()
}

#[test]
fn the_filter_says_which_documents_stand_and_one_it_does_not_name_stands_and_is_told() {
    for (dataset, operation, stands, is_unknown) in [
        ("sales", "РеализацияКлиенту", true, false),
        ("sales", "", true, false),
        ("sales", "ПередачаНаКомиссию", false, false),
        ("sales", "ПередачаПоНовомуЗакону", true, true),
        ("returns", "ВозвратТоваровОтКлиента", true, false),
        ("returns", "ВозвратОтКомиссионера", false, false),
    ] {
        let read = read(dataset, operation);
        let document = &read.documents[0];
        assert_eq!((document.stands, document.unknown_word.is_some()), (stands, is_unknown), "{operation}");
    }
}

#[test]
fn the_lines_of_a_return_are_those_of_a_sale_with_the_other_sign() {
    let figures = |dataset| {
        let message = message(&read(dataset, ""));
        ["quantity", "revenue", "vat", "discount"]
            .map(|name| message["sale"]["lines"][0][name].as_str().unwrap().to_owned())
    };
    assert_eq!(figures("sales"), ["2", "120", "20", "7"]);
    assert_eq!(figures("returns"), ["-2", "-120", "-20", "-7"]);
    assert_eq!(read("returns", "").documents[0].total, -1_200_000);
}

/// A made-up dataset of documents with its mapping, and one answer of 1C.
fn made_up(lines: &str, mapping: &str, body: &str) -> (Records, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let definition = format!(
        "title = {{ ru = \"Пробы\", en = \"Samples\" }}\nkind = \"document\"\nkey = \"document_id\"\nchange = \"window\"\nwindow_days = 9\n\
         place = {{ dealer = \"dealer_id\", dated = \"on\" }}\ntotal = \"amount\"\ncron = \"0 * * * * *\"\nnightly = \"0 0 2 * * *\"\n\
         [fields]\ndealer_id = {{ kind = \"reference\", required = true }}\non = {{ kind = \"day\", required = true }}\n\
         currency_id = \"reference\"\n[lines]\n{lines}"
    );
    std::fs::write(folder.path().join("samples.dataset.toml"), definition).unwrap();
    let catalogue = Catalogue::read(Some(folder.path())).unwrap();
    let mapping = Mapping::parse(catalogue.get("samples").unwrap(), "samples/ut11.toml", mapping).unwrap();
    let mut read = Records::of(&mapping);
    let count = super::super::read::page(body, &mapping, &mut read).unwrap();
    (read, count.rejected.into_iter().map(|rejected| rejected.reason).collect())
}

const HEAD: &str = "entity = \"Document_Проба\"\n[fields]\nid = \"Ref_Key\"\ndata_version = \"DataVersion\"\n\
    is_marked_deleted = \"DeletionMark\"\nis_posted = \"Posted\"\ndealer_id = \"Партнер_Key\"\non = \"Date\"\n";

fn document(rest: &str) -> String {
    format!(
        r#"{{"value":[{{"Ref_Key":"00000000-0000-4000-8000-000000000001","DataVersion":"1","DeletionMark":false,"Posted":true,
            "Date":"2024-03-05T10:00:00","Партнер_Key":null,{rest}}}]}}"#
    )
}

#[test]
fn a_mapping_renames_sums_subtracts_multiplies_sets_and_translates() {
    let lines = "amount = { kind = \"money\", currency = \"currency_id\", required = true }\nrest = \"quantity\"\nprice = \"quantity\"\n\
        state = { kind = \"one-of\", values = [\"open\", \"closed\"] }\nnote = \"text\"\nis_own = \"flag\"\n";
    let mapping = format!(
        "{HEAD}[lines]\nsection = \"Товары\"\n[lines.fields]\nline_no = \"LineNumber\"\n\
         amount = [\"Сумма\", \"Налог\"]\nrest = {{ difference = [\"Заказано\", \"Отгружено\", \"Отменено\"] }}\n\
         price = {{ product = [\"Цена\", \"Коэффициент\"] }}\nstate = {{ from = \"Статус\", words = {{ \"КОтгрузке\" = \"open\" }}, other = \"closed\" }}\n\
         note = {{ from = \"Комментарий\", null = \"нет\" }}\nis_own = {{ constant = true }}\n"
    );
    let line = |number: u8, state: &str, note: &str| {
        format!(
            r#"{{"LineNumber":"{number}","Сумма":100.5,"Налог":20.1,"Заказано":10,"Отгружено":3,"Отменено":1,"Цена":0.3333,"Коэффициент":0.5,
                "Статус":"{state}","Комментарий":{note}}}"#
        )
    };
    let body = document(&format!("\"Товары\":[{},{}]", line(2, "Закрыт", "null"), line(1, "КОтгрузке", "\"да\"")));
    let (read, rejected) = made_up(lines, &mapping, &body);
    assert_eq!(rejected, [""; 0]);
    let message = message(&read);
    let lines = &message["samples"]["lines"];
    let first = serde_json::json!({
        "amount": "120.6", "rest": "6", "price": "0.1667", "state": "open", "note": "да", "is_own": true,
    });
    assert_eq!(lines[0], first, "in the order of their numbers");
    assert_eq!((&lines[1]["state"], &lines[1]["note"]), (&"closed".into(), &"нет".into()));
    assert_eq!((read.documents[0].total, message["samples"]["on"].as_str()), (2_412_000, Some("2024-03-05")));
}

#[test]
fn lines_of_several_sections_follow_each_other_and_a_section_that_is_missing_rejects_its_document() {
    let lines = "amount = { kind = \"money\", currency = \"currency_id\", required = true }\n";
    let section = |name: &str| {
        format!("[[lines]]\nsection = \"{name}\"\n[lines.fields]\nline_no = \"LineNumber\"\namount = \"Сумма\"\n")
    };
    let mapping = format!("{HEAD}{}{}", section("Товары"), section("Услуги"));
    let list = |name: &str, amounts: &[(u8, u8)]| {
        let lines = amounts.iter().map(|(number, amount)| format!(r#"{{"LineNumber":"{number}","Сумма":{amount}}}"#));
        format!("\"{name}\":[{}]", lines.collect::<Vec<_>>().join(","))
    };
    let (services, goods) = (list("Услуги", &[(1, 30)]), list("Товары", &[(2, 20), (1, 10)]));
    let amounts = |read: &Records| -> Vec<String> {
        let message = message(read);
        let lines = message["samples"]["lines"].as_array().unwrap().clone();
        lines.iter().map(|line| line["amount"].as_str().unwrap().to_owned()).collect()
    };
    let (read, _) = made_up(lines, &mapping, &document(&format!("{services},{goods}")));
    assert_eq!(amounts(&read), ["10", "20", "30"], "goods first, however 1C orders the members");
    // A section that stands twice counts once.
    let (read, _) = made_up(lines, &mapping, &document(&format!("{goods},{services},{}", list("Товары", &[(1, 7)]))));
    assert_eq!(amounts(&read), ["7", "30"]);
    assert_eq!(read.documents[0].total, 370_000);
    let (read, rejected) = made_up(lines, &mapping, &document(&goods));
    assert_eq!((read.documents.len(), rejected.as_slice()), (0, &["Услуги is missing".to_owned()][..]));
}

#[test]
fn a_document_that_does_not_fit_leaves_nothing_of_itself_among_the_others() {
    let lines = "amount = { kind = \"money\", currency = \"currency_id\", required = true }\nstate = { kind = \"one-of\", values = [\"a\"] }\n";
    let mapping = format!(
        "{HEAD}[lines]\nsection = \"Товары\"\n[lines.fields]\nline_no = \"LineNumber\"\namount = \"Сумма\"\nstate = \"Статус\"\n"
    );
    let with = |state: &str| document(&format!(r#""Товары":[{{"LineNumber":"1","Сумма":1,"Статус":"{state}"}}]"#));
    let both = with("б").replace("]}", &format!(",{}", with("a").trim_start_matches("{\"value\":[")));
    let (read, rejected) = made_up(lines, &mapping, &both);
    assert_eq!(rejected.len(), 1, "{rejected:?}");
    assert!(rejected[0].contains("none of a"), "{rejected:?}");
    assert_eq!(read.documents.len(), 1);
    assert_eq!(message(&read)["samples"]["lines"].as_array().unwrap().len(), 1);
}
