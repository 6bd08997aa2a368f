use shared::dataset::{Catalogue, Dataset, Table};
use uuid::Uuid;

use super::*;
use crate::record::block::Sealed;
use crate::record::write::{self, Part};

fn dataset(name: &str) -> Dataset {
    Catalogue::compiled_in().unwrap().get(name).unwrap()
}

fn block(name: &str) -> Block {
    let table = Table::of(dataset(name));
    Block::of(table.inserted())
}

fn sent(block: Block) -> Vec<u8> {
    Sealed::joined(&[&block.seal().unwrap()]).concat()
}

/// What ClickHouse would be sent.
fn decoded(name: &str, text: &str) -> Result<Vec<u8>, String> {
    let mut block = block(name);
    rows(dataset(name).definition(), text.as_bytes(), &mut block)?;
    Ok(sent(block))
}

const FIELDS: &str = r#""dealer_id":"00000000-0000-0000-0000-000000000007","sold_at":"2024-03-05T11:42:10","number":"ТД00-\"1\"","legal_entity_id":null,"currency_id":"00000000-0000-0000-0000-000000000009","#;
const LINE: &str = r#"{"product_id":null,"quantity":"2.5","revenue":"1","vat":"0","discount":"0"}"#;

/// A message of a sale with these lines, and what it leaves.
fn sale(lines: usize, leaves: &[Leave]) -> String {
    let lines = vec![LINE; lines].join(",");
    let part = Part { fields: FIELDS.as_bytes(), first_line: 1, lines: lines.as_bytes(), part: (1, 1) };
    let mut message = Vec::new();
    write::document(&mut message, dataset("sales").definition(), 1 << 32, Uuid::from_u128(1), Some(part), leaves);
    String::from_utf8(message).unwrap()
}

fn leave(from_line: u32, to_line: u32) -> Leave {
    Leave { dealer_id: None, day: NaiveDate::from_ymd_opt(2024, 3, 5).unwrap(), from_line, to_line }
}

#[test]
fn a_document_becomes_a_row_per_line_and_a_tombstone_per_line_it_leaves() {
    let text = sale(2, &[leave(3, 5)]);
    let mut block = block("sales");
    assert_eq!(rows(dataset("sales").definition(), text.as_bytes(), &mut block), Ok(5), "{text}");
    let fixed = 16 + 4 + 16 + 4 + 8 + 1 + 16 + 16 + 16 + 4 * 8 + 8 + 1;
    assert_eq!((block.rows(), block.bytes()), (5, 5 * fixed + 2 * "ТД00-\"1\"".len()));
    let bytes = sent(block);
    assert_eq!(decoded("sales", &text).unwrap(), bytes, "the same message gives the same bytes");
    let names: Vec<String> = Table::of(dataset("sales")).inserted().map(|(name, _)| name.to_owned()).collect();
    let order = "dealer_id, sold_on, document_id, line_no, sold_at, number, legal_entity_id, currency_id, product_id, quantity, revenue, \
                 vat, discount, version, is_deleted";
    assert_eq!(names.join(", "), order);
}

#[test]
fn the_members_of_a_message_may_stand_in_any_order() {
    let text = sale(2, &[leave(3, 5)]);
    let rows = decoded("sales", &text).unwrap();
    let lines = format!("\"lines\":[{LINE},{LINE}]");
    let turned = text.replace(&format!(",{lines}"), "").replace("\"sale\":{", &format!("\"sale\":{{{lines},"));
    assert_ne!(turned, text);
    assert_eq!(decoded("sales", &turned).unwrap(), rows);
    let line = LINE.replace("\"product_id\":null,", "").replace('}', ",\"product_id\":null}");
    assert_eq!(decoded("sales", &text.replace(LINE, &line)).unwrap(), rows);
}

#[test]
fn a_few_bytes_that_would_become_millions_of_rows_are_rejected_before_the_first_is_written() {
    let text = sale(1, &[]);
    let leave = |to: u32| format!(r#"{{"dealer_id":null,"sold_on":"2024-03-05","from_line":1,"to_line":{to}}}"#);
    let leaves = |list: &[String]| text.replace("\"leaves\":[]", &format!("\"leaves\":[{}]", list.join(",")));
    let long = "я".repeat(crate::record::most_letters(&Kind::Code) + 1);
    for (bad, reason) in [
        (leaves(&[leave(10_000_000)]), "would become 10000001 rows"),
        (leaves(&[leave(150_000), leave(150_000)]), "would become 300001 rows"),
        (leaves(&[leave(u32::MAX)]), "which cannot be"),
        (text.replace("ТД00", &long), "a number of more than 100 letters"),
    ] {
        let mut block = block("sales");
        let error = rows(dataset("sales").definition(), bad.as_bytes(), &mut block).unwrap_err();
        assert!(error.contains(reason), "{error}");
        assert_eq!((block.rows(), sent(block)), (0, Vec::new()), "nothing was written");
    }
    assert!(decoded("sales", &leaves(&[leave(190_000)])).is_ok());
    // Letters of four bytes each.
    let wide = leaves(&[leave(190_000)]).replace("ТД00", &"𝄞".repeat(90));
    assert!(decoded("sales", &wide).err().is_some_and(|error| error.contains("bytes are the most")));
}

#[test]
fn a_message_of_another_release_is_read_unless_it_would_make_a_wrong_figure() {
    let today = sale(1, &[]);
    let rows = decoded("sales", &today).unwrap();
    let newer = today
        .replace("{\"revision\"", "{\"shape\":{\"of\":[1]},\"revision\"")
        .replace("\"number\"", "\"manager\":\"Иванов\",\"number\"")
        .replace("\"quantity\"", "\"weight\":\"1.5\",\"quantity\"");
    assert_eq!(decoded("sales", &newer).unwrap(), rows, "what this release does not know is passed over");
    let older = today
        .replace(",\"vat\":\"0\",\"discount\":\"0\"", "")
        .replace("\"part\":1,\"parts\":1,", "")
        .replace("\"legal_entity_id\":null,", "");
    assert_eq!(decoded("sales", &older).unwrap(), rows, "what it misses takes its default");
    for needed in [
        "revision",
        "version",
        "document_id",
        "sale",
        "leaves",
        "sold_at",
        "dealer_id",
        "number",
        "first_line",
        "lines",
        "quantity",
        "revenue",
    ] {
        let without = today.replace(&format!("\"{needed}\""), "\"another\"");
        assert_ne!(without, today);
        assert!(decoded("sales", &without).is_err(), "{needed} must be there");
    }
    let leave = r#""leaves":[{"sold_on":"2024-03-05","from_line":1,"to_line":2}]"#;
    assert!(decoded("sales", &today.replace("\"leaves\":[]", leave)).is_err(), "whose rows it leaves must be told");
}

/// What the release before this one wrote, to the letter.
#[test]
fn messages_of_the_release_before_are_read() {
    let sale = r#"{"revision":1,"version":4294967296,"document_id":"00000000-0000-0000-0000-000000000001","sale":{"number":"1","sold_at":"2024-03-05T11:42:10","dealer_id":"00000000-0000-0000-0000-000000000007","legal_entity_id":null,"currency_id":null,"part":1,"parts":1,"first_line":1,"lines":[{"product_id":null,"quantity":"2.5","revenue":"1","vat":"0","discount":"0"}]},"leaves":[{"dealer_id":null,"sold_on":"2024-03-05","from_line":2,"to_line":3}]}"#;
    assert_eq!(rows(dataset("sales").definition(), sale.as_bytes(), &mut block("sales")), Ok(3));
    assert!(decoded("returns", sale).is_ok());
    let product = r#"{"revision":1,"version":7,"product_id":"00000000-0000-0000-0000-000000000001","product":{"parent_id":null,"is_group":false,"code":"1","article":"","name":"Насос","unit_id":null}}"#;
    assert!(decoded("products", product).is_ok());
    for (name, key, table) in
        [("dealers", "dealer_id", "dealer"), ("currencies", "currency_id", "currency"), ("units", "unit_id", "unit")]
    {
        let item = format!(
            r#"{{"revision":1,"version":7,"{key}":"00000000-0000-0000-0000-000000000001","{table}":{{"code":"1","name":"Я"}}}}"#
        );
        assert!(decoded(name, &item).is_ok(), "{item}");
        assert!(decoded(name, &item.replace("{\"code\":\"1\",\"name\":\"Я\"}", "null")).is_ok(), "it is gone");
    }
}

#[test]
fn a_product_of_another_release_is_read_and_one_without_a_name_is_not() {
    let mut out = Vec::new();
    let fields =
        "\"parent_id\":null,\"is_group\":false,\"code\":\"\",\"article\":\"\",\"name\":\"Насос\",\"unit_id\":null,";
    write::item(&mut out, dataset("products").definition(), 7, Uuid::from_u128(1), Some(fields.as_bytes()));
    let text = String::from_utf8(out).unwrap();
    let rows = decoded("products", &text).unwrap();
    let newer = text.replace("\"parent_id\"", "\"weight\":1,\"parent_id\"");
    assert_eq!(decoded("products", &newer).unwrap(), rows);
    let older =
        text.replace(",\"unit_id\":null", "").replace("\"is_group\":false,", "").replace("\"article\":\"\",", "");
    assert_eq!(decoded("products", &older).unwrap(), rows);
    for needed in ["revision", "version", "product_id", "product", "name"] {
        let without = text.replace(&format!("\"{needed}\""), "\"another\"");
        assert!(decoded("products", &without).is_err(), "{needed} must be there");
    }
}

#[test]
fn a_message_that_is_none_is_rejected_with_its_reason() {
    let mut message = Vec::new();
    write::document(&mut message, dataset("sales").definition(), 1, Uuid::nil(), None, &[]);
    let text = String::from_utf8(message).unwrap();
    assert!(decoded("sales", &text).is_ok());
    for (bad, reason) in [
        (text.replace("\"revision\":1", "\"revision\":9"), "revision 9 is not known"),
        (text.replace("\"leaves\":[]", "\"leaves\":{}"), "is no message of this topic"),
        (text[..text.len() - 2].to_owned(), "is no message of this topic"),
        (r#"{"revision":2,"other":true}"#.to_owned(), "revision 2 is not known"),
    ] {
        let error = decoded("sales", &bad).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
    assert!(rows(dataset("sales").definition(), &[0xff, 0xfe], &mut block("sales")).is_err());
}
