//! What a 1C server does wrong: nothing of it is believed, the rest goes on, and all is well again when it is.

use serde_json::{Value, json};
use stack::process::Process;
use tests::await_true;
use tests::ledger::{self, SOON};

use crate::stand::{Stand, await_line, has_line, start, text};

const SALES: &str = "Document_РеализацияТоваровУслуг";

/// Log lines that hold all of `words`.
fn lines(process: &Process, words: &[&str]) -> usize {
    process.output().lines().filter(|line| words.iter().all(|word| line.contains(word))).count()
}

/// The pass that last moved progress over sales.
async fn done_pass(stand: &Stand) -> i64 {
    stand.postgres_count("SELECT coalesce(max(done_pass), 0) FROM progress WHERE dataset = 'sales'").await
}

async fn requests(stand: &Stand) -> u64 {
    stand.onec.ask("/stats").await["requests"].as_u64().expect("a count")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_no_json_or_not_whole_is_never_believed_and_is_asked_for_again() {
    let stand = Stand::start().await;
    let (extractor, _loader) = stand.both().await;
    let documents = stand.documents().await;
    for (document, (fault, said)) in documents.iter().zip([
        (json!({ "kind": "html", "path": SALES }), "is no answer of 1C but an HTML page «Технические работы»"),
        (json!({ "kind": "cut", "at": 900, "path": SALES }), "broke off"),
        (json!({ "kind": "cut", "at": 0, "path": SALES }), "broke off"),
        (json!({ "kind": "length", "by": 40, "path": SALES }), "broke off"),
        (json!({ "kind": "length", "by": -40, "path": SALES }), "is not JSON"),
        (json!({ "kind": "drop", "path": SALES }), "does not answer"),
    ]) {
        let before = lines(&extractor, &["WARN", said]);
        stand.fault(fault.clone()).await;
        await_true(&format!("{fault} is told"), SOON, async || lines(&extractor, &["WARN", said]) > before).await;
        let (landed, rows) = (done_pass(&stand).await, ledger::of_warehouse(&stand.clickhouse).await);
        stand.change(document, "dealer", json!({ "dealer": stack::onec::dealer(2) })).await;
        await_true(&format!("{fault} is met again"), SOON, async || lines(&extractor, &["WARN", said]) > before + 1)
            .await;
        assert_eq!(done_pass(&stand).await, landed, "{fault} moved progress");
        assert_eq!(ledger::of_warehouse(&stand.clickhouse).await, rows, "{fault} changed the warehouse");
        stand.heal().await;
        stand.await_equal().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_load_through_pages_cut_at_many_places_equals_the_base_and_stores_nothing_twice() {
    let stand = Stand::start_with(|settings| settings.lines = 4_000).await;
    // Each cut meets one page: in the envelope, in a name, inside a letter, near the end.
    let cuts = [1, 57, 150, 333, 700, 901, 1_200];
    let faults = cuts
        .iter()
        .enumerate()
        .map(|(at, bytes)| json!({ "kind": "cut", "at": bytes, "path": SALES, "times": 1, "after": at * 4 }));
    stand.fault(Value::Array(faults.collect())).await;
    let (extractor, _loader) = stand.both().await;
    assert!(lines(&extractor, &["WARN", "broke off"]) >= 5, "{}", extractor.output());
    assert_eq!(ledger::copies(&stand.clickhouse).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_500_shrinks_the_pages_and_moves_no_progress_and_503_waits_as_it_was_told() {
    let stand = Stand::start_with(|settings| settings.lines = 3_000).await;
    let storm = json!({ "kind": "status", "status": 500, "path": SALES });
    stand.fault(storm).await;
    let (extractor, _loader) = (start(stand.extractor()), start(stand.loader()));
    await_line(&extractor, &["could not build the answer", "\"erp.top\":10"]).await;
    await_line(&extractor, &["could not build the answer", "\"erp.top\":5"]).await;
    // The other datasets go on.
    ledger::await_pass(&stand.clickhouse, "products").await;
    assert_eq!(done_pass(&stand).await, 0, "progress moved");
    // Returns lie in the same table, with negative amounts.
    assert_eq!(stand.warehouse_count("SELECT count() FROM dw.sale WHERE revenue > 0").await, 0);
    stand.heal().await;
    stand.await_equal().await;

    stand.fault(json!({ "kind": "status", "status": 503, "retry_after": 3, "times": 1, "path": SALES })).await;
    await_line(&extractor, &["1C is not ready (503)", "\"pause_ms\":3000"]).await;
    stand.await_pass().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_that_cannot_build_large_pages_is_asked_too_much_a_few_times_and_then_seldom() {
    let stand = Stand::start_with(|settings| settings.lines = 3_000).await;
    stand.fault(json!({ "kind": "heavy", "most": 50, "path": SALES })).await;
    let _workers = stand.both().await;
    let too_much = async || stand.onec.ask("/stats").await["faulted"].as_u64().expect("a count");
    let before = too_much().await;
    for _ in 0..5 {
        stand.await_pass().await;
    }
    let more = too_much().await - before;
    assert!(more <= 5, "1C was asked {more} times in five passes for what it cannot build, {before} times before");
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_asked_for_by_name_are_fewer_at_a_time_where_1c_cannot_build_as_many() {
    let stand = Stand::start().await;
    let (extractor, _loader) = stand.both().await;
    stand.fault(json!({ "kind": "heavy", "most": 3, "path": "Ref_Key eq" })).await;
    for document in stand.documents().await.iter().take(12) {
        stand.change(document, "dealer", json!({ "dealer": stack::onec::dealer(2) })).await;
    }
    stand.await_equal().await;
    assert!(!has_line(&extractor, &["Failed to read"]), "{}", extractor.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_stands_twice_has_its_last_value_and_is_no_sum() {
    let stand = Stand::start().await;
    let twice = |field: &str, first: &str| {
        let with = format!("\"{field}\":{first},\"{field}\":").into_bytes();
        json!({ "kind": "replace", "find": format!("\"{field}\":"), "with": with })
    };
    stand
        .fault(json!([
            twice("СуммаСНДС", "0.01"),
            twice("Количество", "null"),
            twice("Description", "\"прежнее\""),
            twice("Партнер_Key", "\"нет\""),
        ]))
        .await;
    let _workers = stand.both().await;
    assert_eq!(stand.postgres_count("SELECT count(*) FROM rejected").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_password_is_tried_twice_and_no_more_and_a_new_one_in_its_file_needs_no_restart() {
    let stand = Stand::start().await;
    let file = stand.folder.path().join("password");
    std::fs::write(&file, "старый").expect("write the password");
    // Slow enough that the others already wait for their turn when the first is refused.
    stand.fault(json!({ "kind": "slow", "first_byte_ms": 300 })).await;
    let launch = stand.extractor().without_env("ONEC_PASSWORD").env("ONEC_PASSWORD_FILE", file.as_os_str());
    let mut extractor = start(launch);
    let _loader = start(stand.loader());
    for dataset in ["products", "dealers", "sales"] {
        await_line(&extractor, &["ERROR", &format!("Failed to read {dataset}"), "refuses the user"]).await;
    }
    // The three begin at once, two requests at a time: the second may be under way when the first is refused.
    let asked = requests(&stand).await;
    assert!(asked <= 3, "1C was asked {asked} times with a wrong password");
    let told = lines(&extractor, &["ERROR", "refuses the user"]);
    await_true("later slots end without asking", SOON, async || {
        lines(&extractor, &["ERROR", "refuses the user"]) > told + 3
    })
    .await;
    assert_eq!(requests(&stand).await, asked, "1C was asked again with the same password");

    std::fs::write(&file, format!("{}\n", stack::onec::PASSWORD)).expect("write the password");
    stand.await_equal().await;

    stand.onec.change("/password", json!({ "password": "новый" })).await;
    let told = lines(&extractor, &["ERROR", "refuses the user"]);
    await_true("the refusal is told", SOON, async || lines(&extractor, &["ERROR", "refuses the user"]) > told).await;
    std::fs::write(&file, "новый").expect("write the password");
    stand.await_pass().await;
    assert!(extractor.is_running());
    let output = extractor.output();
    assert!(!output.contains("старый") && !output.contains("новый") && !output.contains(stack::onec::PASSWORD));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_is_renamed_fails_its_dataset_by_name_and_an_added_one_disturbs_nothing() {
    let stand = Stand::start().await;
    let (extractor, _loader) = stand.both().await;
    let documents = stand.documents().await;
    let row = format!("{SALES}_Товары_RowType");
    for (document, (set, field)) in documents.iter().zip([(SALES, "Number"), (row.as_str(), "СуммаСНДС")]) {
        let rows = ledger::of_warehouse(&stand.clickhouse).await;
        stand.fault(json!({ "kind": "rename-field", "set": set, "field": field, "to": "НовоеИмя" })).await;
        stand.change(document, "dealer", json!({ "dealer": stack::onec::dealer(2) })).await;
        await_line(&extractor, &["ERROR", "Failed to read sales", field]).await;
        let landed = done_pass(&stand).await;
        let told = lines(&extractor, &["ERROR", "Failed to read sales"]);
        await_true("it fails again", SOON, async || lines(&extractor, &["ERROR", "Failed to read sales"]) > told).await;
        ledger::await_pass(&stand.clickhouse, "products").await;
        assert_eq!(done_pass(&stand).await, landed, "progress moved without {field}");
        assert_eq!(ledger::of_warehouse(&stand.clickhouse).await, rows, "rows changed without {field}");
        assert_eq!(stand.postgres_count("SELECT count(*) FROM rejected").await, 0);
        stand.heal().await;
        stand.await_equal().await;
    }
    stand.fault(json!({ "kind": "add-field", "set": SALES, "field": "НовоеПоле", "type": "Edm.String" })).await;
    stand.change(&documents[2], "dealer", json!({ "dealer": stack::onec::dealer(2) })).await;
    stand.await_equal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_served_twice_and_documents_that_come_and_go_between_pages_lose_and_double_nothing() {
    let stand = Stand::start_with(|settings| settings.lines = 6_000).await;
    stand
        .fault(json!([
            { "kind": "same-page", "path": SALES, "times": 1, "after": 2 },
            { "kind": "insert-between", "documents": 3, "path": SALES, "times": 4, "after": 3 },
            { "kind": "delete-between", "documents": 2, "path": SALES, "times": 4, "after": 5 },
            { "kind": "same-page", "path": SALES, "times": 2, "after": 12 },
            { "kind": "insert-between", "documents": 2, "path": SALES, "times": 3, "after": 40 },
            { "kind": "delete-between", "documents": 2, "path": SALES, "times": 3, "after": 43 },
            { "kind": "same-page", "path": SALES, "times": 1, "after": 47 },
        ]))
        .await;
    let _workers = (start(stand.extractor()), start(stand.loader()));
    await_true("every fault has been met", SOON, async || {
        stand.onec.ask("/faults").await.as_array().expect("a list").is_empty()
    })
    .await;
    stand.await_equal().await;
    stand.await_pass().await;
    stand.await_equal().await;
    assert_eq!(stand.postgres_count("SELECT count(*) FROM rejected").await, 0);
    assert_eq!(ledger::copies(&stand.clickhouse).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_1c_never_answers_more_than_two_requests_at_once() {
    let stand = Stand::start_with(|settings| settings.lines = 2_000).await;
    stand.fault(json!({ "kind": "slow", "first_byte_ms": 150 })).await;
    let _second = start(stand.extractor());
    let (_first, _loader) = stand.both().await;
    stand.await_pass().await;
    let most = stand.onec.ask("/stats").await["high_water"].as_u64();
    assert_eq!(most, Some(2), "three datasets and two replicas together keep to two at a time, and use them");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_full_pass_finds_what_was_edited_moved_or_removed_years_ago() {
    let stand = Stand::start_with(|settings| settings.lines = 3_000).await;
    let launch = stand
        .extractor()
        .env("EXTRACT_CRON_SALES", "0 0 0 1 1 *")
        .env("EXTRACT_WINDOW_DAYS", "1")
        .env("EXTRACT_CRON_SALES_FULL", "* * * * * *");
    let _workers = (start(launch), start(stand.loader()));
    stand.await_equal().await;
    let path = format!("/documents?dealer={}&sale=true&limit=100000", stack::onec::dealer(1));
    let all = stand.onec.ask(&path).await;
    let stands = |document: &&Value| document["is_posted"] == true && document["is_deleted"] != true;
    let oldest: Vec<_> = all.as_array().expect("documents").iter().filter(stands).rev().take(6).collect();
    assert!(text(oldest[0], "date") < "2025", "the base reaches back years: {}", oldest[0]);
    for (document, what, body) in [
        (oldest[0], "delete", json!({})),
        (oldest[1], "mark-deleted", json!({})),
        (oldest[2], "redate", json!({ "date": "2016-05-05T11:42:10" })),
        (oldest[3], "dealer", json!({ "dealer": stack::onec::dealer(2) })),
        (oldest[4], "unpost", json!({})),
        (oldest[5], "set", json!({ "line": 1, "field": "СуммаСНДС", "value": 777.77 })),
    ] {
        stand.change(document, what, body).await;
        stand.await_equal().await;
    }
    assert_eq!(
        stand.postgres_count("SELECT count(*) FROM slot WHERE job = 'sales' AND state = 'done'").await,
        1,
        "the usual pass ran once only"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn money_arrives_to_the_last_digit_however_1c_writes_it() {
    let stand = Stand::start().await;
    let _workers = stand.both().await;
    let product = stand.documents().await[0]["products"][0].clone();
    let literals = [
        ("0.1", "0.1"),
        ("0.30000000000000", "0.3"),
        ("99999999999.99", "99999999999.99"),
        ("1E2", "100"),
        ("1.5e-2", "0.015"),
        ("-0.0", "0"),
        ("-12.5", "-12.5"),
        ("123456789012.3456", "123456789012.3456"),
        ("\"3333.33\"", "3333.33"),
    ];
    let line = json!({ "product": product, "quantity": 1, "revenue": 1 });
    let sale =
        json!({ "dealer": stack::onec::dealer(1), "date": "2025-03-05T11:42:10", "lines": vec![line; literals.len()] });
    let document = stand.onec.change("/documents", sale).await;
    let reference = text(&document, "ref");
    for (at, (literal, _)) in literals.iter().enumerate() {
        let body = format!("{{\"line\":{},\"field\":\"СуммаСНДС\",\"value\":{literal}}}", at + 1);
        let told = stand.onec.change_by(&format!("/documents/{reference}/set"), body).await;
        assert_eq!(told["is_truth"], true, "{literal}");
    }
    stand.await_equal().await;
    let query =
        "SELECT toString(revenue) FROM dw.sale FINAL WHERE document_id = toUUID(?) AND is_deleted = 0 ORDER BY line_no";
    let stored: Vec<String> =
        stand.clickhouse.client("audit_ro").query(query).bind(reference).fetch_all().await.expect("ask for the lines");
    assert_eq!(stored, literals.map(|(_, exact)| exact));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_larger_than_a_message_goes_in_parts_and_equals_the_base_also_after_it_moved() {
    let stand = Stand::start().await;
    let (extractor, _loader) = stand.both().await;
    let product = stand.documents().await[0]["products"][0].clone();
    let lines: Vec<_> = (1..=60_000).map(|at| json!({ "product": product, "quantity": 1, "revenue": at })).collect();
    let today = shared::clock::now().format("%Y-%m-%dT00:00:01").to_string();
    let sale = json!({ "dealer": stack::onec::dealer(1), "date": today, "lines": lines });
    let document = stand.onec.change("/documents", sale).await;
    stand.await_equal().await;
    for (what, body) in [
        ("dealer", json!({ "dealer": stack::onec::dealer(2) })),
        ("remove-line", json!({ "line": 59_999 })),
        ("delete", json!({})),
    ] {
        stand.change(&document, what, body).await;
        stand.await_equal().await;
    }
    assert!(!has_line(&extractor, &["ERROR"]), "{}", extractor.output());
}
