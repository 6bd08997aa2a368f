//! What does not fit, from 1C or in the topic: set aside whole with its reason, and the rest goes on.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::message::{Headers, Message, OwnedMessage};
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::json;
use tests::ledger::SOON;
use tests::{Person, TestKeycloak, TestPortal, TestTopics, await_true};

use crate::stand::{Stand, start, text};
use crate::topic::Topic;

/// Everything in the dead letters.
pub fn dead_letters(topics: &TestTopics) -> Vec<OwnedMessage> {
    Topic::of(topics, "dead-letters").messages(0)
}

fn header(message: &OwnedMessage, name: &str) -> String {
    let headers = message.headers().expect("headers");
    let found = headers.iter().find(|header| header.key == name).and_then(|header| header.value);
    String::from_utf8(found.unwrap_or_else(|| panic!("no header {name}")).to_vec()).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_item_that_does_not_fit_goes_to_the_dead_letters_whole_and_its_former_version_stands() {
    let stand = Stand::start().await;
    let _workers = stand.both().await;
    let product = stand.documents().await[0]["products"][0].as_str().expect("a product").to_owned();
    let name = async || -> Vec<String> {
        let query = "SELECT name FROM dw.product FINAL WHERE product_id = toUUID(?) AND is_deleted = 0";
        stand.clickhouse.client("audit_ro").query(query).bind(&product).fetch_all().await.expect("ask for the product")
    };
    await_true("the product is stored", SOON, async || name().await.len() == 1).await;
    let former = name().await;

    let path = format!("/products/{product}/set");
    stand.onec.change(&path, json!({ "field": "IsFolder", "value": "может быть" })).await;
    stand.onec.change(&path, json!({ "field": "Description", "value": "Насос новый" })).await;
    await_true("the product is rejected", SOON, async || {
        stand.postgres_count("SELECT count(*) FROM rejected WHERE dataset = 'products'").await == 1
    })
    .await;
    await_true("its last version lies in the dead letters", SOON, async || {
        dead_letters(&stand.topics)
            .last()
            .is_some_and(|letter| String::from_utf8_lossy(letter.payload().unwrap_or_default()).contains("Насос новый"))
    })
    .await;
    let letter = dead_letters(&stand.topics).pop().expect("a dead letter");
    assert_eq!(letter.key(), Some(product.as_bytes()));
    let whole: serde_json::Value = serde_json::from_slice(letter.payload().expect("a payload")).expect("its JSON");
    assert_eq!((text(&whole, "Ref_Key"), text(&whole, "IsFolder")), (product.as_str(), "может быть"));
    assert!(header(&letter, "reason").contains("IsFolder is \"может быть\""), "{}", header(&letter, "reason"));
    assert_eq!((header(&letter, "source"), header(&letter, "dataset")), ("1c".to_owned(), "products".to_owned()));
    // Others of the catalog go on meanwhile.
    tests::ledger::await_pass(&stand.clickhouse, "products").await;
    assert_eq!(name().await, former, "the former version stands");

    stand.onec.change(&path, json!({ "field": "IsFolder", "value": false })).await;
    await_true("the mended product is stored", SOON, async || name().await == ["Насос новый"]).await;
    assert_eq!(stand.postgres_count("SELECT count(*) FROM rejected").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_that_no_text_may_hold_sets_its_item_aside_with_its_bytes_and_the_rest_of_the_catalog_is_stored() {
    let stand = Stand::start().await;
    let products = stand.onec.ask("/documents?sale=true&limit=100").await;
    let mut products: Vec<&str> = products
        .as_array()
        .expect("documents")
        .iter()
        .map(|one| one["products"][0].as_str().expect("a product"))
        .collect();
    products.sort_unstable();
    products.dedup();
    let names: [(&str, &[u8]); 2] = [("РАЗДЕЛИТЕЛЬ", b"\x1e"), ("ПОЛБУКВЫ", b"\xd0")];
    for (product, (name, with)) in products.iter().zip(names) {
        let set = json!({ "field": "Description", "value": format!("Клапан {name} 1/2") });
        stand.onec.change(&format!("/products/{product}/set"), set).await;
        stand.fault(json!({ "kind": "replace", "find": name, "with": with })).await;
    }
    let _workers = (start(stand.extractor()), start(stand.loader()));
    let stored = async || stand.warehouse_count("SELECT count() FROM dw.product FINAL WHERE is_deleted = 0").await;
    let all = stand.onec.ask("/ledger?dataset=products").await["items"].as_u64().expect("a count");
    await_true("all others are stored", SOON, async || stored().await == all - 2).await;
    tests::ledger::await_pass(&stand.clickhouse, "products").await;

    let letters = dead_letters(&stand.topics);
    assert_eq!(letters.len(), 2, "each is set aside once, however many passes meet it");
    for (product, (_, bad)) in products.iter().zip(names) {
        let letter = letters.iter().find(|letter| letter.key() == Some(product.as_bytes())).expect("a dead letter");
        let raw = [b"\xd0\xbd ".as_slice(), bad, b" 1/2\""].concat();
        assert!(letter.payload().expect("a payload").windows(raw.len()).any(|bytes| bytes == raw), "{raw:?}");
        assert!(
            header(letter, "reason").contains(&format!("the byte 0x{:02X}", bad[0])),
            "{}",
            header(letter, "reason")
        );
    }

    stand.heal().await;
    for product in &products[..2] {
        let set = json!({ "field": "Description", "value": "Клапан" });
        stand.onec.change(&format!("/products/{product}/set"), set).await;
    }
    stand.await_equal().await;
    assert_eq!(stand.postgres_count("SELECT count(*) FROM rejected").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_letter_in_a_name_and_null_where_a_flag_or_an_amount_should_be_keep_their_item() {
    let stand = Stand::start().await;
    let _workers = stand.both().await;
    let document = stand.documents().await.remove(0);
    let (reference, product) = (text(&document, "ref"), document["products"][0].as_str().expect("a product"));
    for (path, field, value) in [
        (format!("/products/{product}/set"), "Description", r#""Кран \ud83d 1/2""#),
        (format!("/products/{product}/set"), "IsFolder", "null"),
        (format!("/documents/{reference}/set"), "DeletionMark", "null"),
    ] {
        stand.onec.change_by(&path, format!("{{\"field\":\"{field}\",\"value\":{value}}}")).await;
    }
    let amount = json!({ "line": 1, "field": "СуммаНДС", "value": null });
    stand.onec.change(&format!("/documents/{reference}/set"), amount).await;

    let name = format!(
        "SELECT count() FROM dw.product FINAL WHERE product_id = toUUID('{product}') AND name = 'Кран \u{fffd} 1/2' \
        AND is_group = 0 AND is_deleted = 0"
    );
    await_true("the product is stored", SOON, async || stand.warehouse_count(&name).await == 1).await;
    let line = format!(
        "SELECT count() FROM dw.sale FINAL WHERE document_id = toUUID('{reference}') AND line_no = 1 AND vat = 0 \
        AND is_deleted = 0"
    );
    await_true("the sale is stored", SOON, async || stand.warehouse_count(&line).await == 1).await;
    assert_eq!(stand.postgres_count("SELECT count(*) FROM rejected").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_of_a_product_that_1c_has_not_shown_keeps_its_row_and_the_page_calls_it_unknown() {
    let stand = Stand::start().await;
    let portal =
        TestPortal::start(&stand.postgres, &stand.clickhouse, &TestKeycloak::shared(), stand.folder.path()).await;
    let _workers = stand.both().await;
    let dealer = stack::onec::dealer(1);
    let user = TestKeycloak::shared().dealer(&[&dealer]).await;
    let person = Person::signed_in(&portal, &user).await;
    let words = "Ещё не пришёл из 1С";
    assert!(!person.get("/reports/sales").await.text.contains(words));

    let today = shared::clock::now().format("%Y-%m-%dT00:00:01").to_string();
    let line = json!({ "product": "0badf00d-0000-4000-8000-000000000001", "quantity": 1, "revenue": 765432.10 });
    stand.onec.change("/documents", json!({ "dealer": dealer, "date": today, "lines": [line] })).await;
    stand.await_equal().await;
    await_true("the page shows the row of the unknown product", SOON, async || {
        let page = person.get("/reports/sales").await;
        page.text.contains(words) && page.text.replace('\u{202f}', " ").contains("765 432")
    })
    .await;

    let unknown = person.get("/reports/no-such-report").await;
    assert_eq!(unknown.status, reqwest::StatusCode::NOT_FOUND, "{}", unknown.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_in_a_topic_goes_to_the_dead_letters_one_by_one_and_the_messages_after_it_are_stored() {
    let stand = Stand::start().await;
    let _workers = stand.both().await;
    let producer: FutureProducer =
        ClientConfig::new().set("bootstrap.servers", &stand.topics.brokers).create().expect("a producer");
    let topic = stand.topics.name("sales");
    let huge = format!("{{\"revision\":1,\"nonsense\":\"{}\"}}", "я".repeat(100_000));
    // A few bytes that would unfold into millions of rows, and a number that every row of a document would repeat.
    let unfolding = r#"{"revision":1,"version":1,"document_id":"0badf00d-0000-4000-8000-000000000002","sale":null,
        "leaves":[{"dealer_id":null,"sold_on":"2024-03-05","from_line":1,"to_line":10000000}]}"#;
    let endless = format!(
        r#"{{"revision":1,"version":1,"document_id":"0badf00d-0000-4000-8000-000000000003","leaves":[],
            "sale":{{"number":"{}","sold_at":"2024-03-05T11:42:10","dealer_id":null,"first_line":1,"lines":[]}}}}"#,
        "9".repeat(900_000)
    );
    let poison: [(Option<&str>, Option<&str>, &str); 9] = [
        (Some("a"), Some("{\"revision\":1,"), "is no message"),
        (Some("b"), Some("{\"revision\":0}"), "revision 0"),
        (Some("c"), None, "is empty"),
        (Some("d"), Some(""), "is empty"),
        (None, Some("{}"), "has no key"),
        (Some("e"), Some("\u{feff}<html>"), "is no message"),
        (Some("f"), Some(&huge), "is no message"),
        (Some("g"), Some(unfolding), "would become 10000000 rows"),
        (Some("h"), Some(&endless), "a number of more than 100 letters"),
    ];
    for (partition, (key, payload, _)) in (0..3).cycle().zip(&poison) {
        let record = FutureRecord::<str, str> {
            topic: &topic,
            partition: Some(partition),
            payload: *payload,
            key: *key,
            timestamp: None,
            headers: None,
        };
        producer.send(record, Duration::from_secs(10)).await.expect("poison in the topic");
    }
    await_true("each poisonous message lies in the dead letters", SOON, async || {
        dead_letters(&stand.topics).len() == poison.len()
    })
    .await;
    let letters = dead_letters(&stand.topics);
    for (key, payload, reason) in &poison {
        let found = letters.iter().find(|letter| {
            letter.key() == key.map(str::as_bytes)
                && letter.payload().unwrap_or_default() == payload.unwrap_or_default().as_bytes()
        });
        let letter = found.unwrap_or_else(|| panic!("{key:?} is not among the dead letters"));
        assert!(header(letter, "reason").contains(reason), "{key:?}: {}", header(letter, "reason"));
        assert_eq!(header(letter, "source"), topic);
        assert!(header(letter, "offset").parse::<i64>().is_ok());
    }

    // What comes after them is stored, and the group stands at the end of every partition.
    let documents = stand.documents().await;
    stand.change(&documents[0], "dealer", json!({ "dealer": stack::onec::dealer(2) })).await;
    stand.await_equal().await;
    assert_eq!(dead_letters(&stand.topics).len(), poison.len(), "nothing is set aside twice");
}
