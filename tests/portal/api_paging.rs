//! Rows by cursor: every row that does not change comes once, whatever becomes of the others; and a cursor is of one question of
//! one caller.

use std::collections::BTreeMap;

use clickhouse::Client;
use serde_json::Value;
use tests::{PRODUCTS, Program};

use crate::stand::{DOLLAR, PIECE, ROUBLE, Stand, URAL, VOLGA, run};

const ROWS: &str = "/api/v1/reports/sales/rows";
const EVERY: i32 = 48;

fn product(number: i32) -> String {
    format!("71000000-0000-4000-8000-{number:012}")
}

/// Names that Russian puts in another order than bytes do, one of them twice, one not yet known.
fn name(number: i32) -> String {
    let words = ["ель", "Ёлка", "Яблоко", "apple", "Zebra", "ёж", "Еж", "насос", "Насос", "", "a'b\\c", "東京"];
    format!("{}{}", words[usize::try_from(number).unwrap() % words.len()], number / 24)
}

async fn sell(client: &Client, number: i32, revenue: i32, version: i32, is_deleted: bool) {
    let (currency, id) = (if number % 5 == 0 { DOLLAR } else { ROUBLE }, product(number));
    let sale = |day: &str, document: char, revenue: i32| {
        format!(
            "INSERT INTO dw.sale SELECT '{VOLGA}', toDate32({day}), '9{document}000000-0000-4000-8000-{number:012}', 1, \
             toDateTime({day}), 'Н', '{VOLGA}', '{currency}', '{id}', 1, {revenue}, 0, 0, {version}, {}",
            u8::from(is_deleted)
        )
    };
    run(client, &sale("today()", '1', revenue)).await;
    // Half of them have nothing a year ago to be compared with: their change is unknown.
    if number % 2 == 0 {
        run(client, &sale("addYears(today(), -1)", '2', 100)).await;
    }
}

async fn stand() -> Stand {
    let stand = Stand::of(&[], &[]).await;
    let client = stand.clickhouse.client("migrator");
    for number in 0..EVERY {
        if !name(number).is_empty() {
            let (id, name) = (product(number), name(number).replace('\\', "\\\\").replace('\'', "\\'"));
            let zero = "00000000-0000-0000-0000-000000000000";
            run(
                &client,
                &format!(
                    "INSERT INTO {PRODUCTS} VALUES ('{id}', '{zero}', 0, '{}', '', '{name}', '{PIECE}', 1, 0)",
                    number % 7
                ),
            )
            .await;
        }
        // Many have the same.
        sell(&client, number, 100 + number % 4 * 50, 1, false).await;
    }
    stand
}

/// What changes before this part comes: one row is sold no more, one for another sum, one is new.
async fn change(client: &Client, turn: i32) {
    let victim = 3 * turn;
    if victim < EVERY {
        sell(client, victim, 0, 10 + turn, true).await;
        sell(client, victim + 1, 1_000 - turn * 70, 10 + turn, false).await;
    }
    sell(client, 1_000 + turn, 120 + turn % 3 * 40, 1, false).await;
}

fn is_unchanged(key: &str) -> bool {
    (0..EVERY).filter(|number| number % 3 == 2).any(|number| product(number) == key)
}

fn key(row: &Value) -> String {
    format!("{} {}", row["key"][0].as_str().unwrap(), row["currency"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_that_does_not_change_comes_once_whatever_becomes_of_the_others() {
    let catalogue = shared::report::catalogue::Catalogue::read(&tests::datasets(), None).unwrap();
    let columns: Vec<String> =
        catalogue.get("sales").unwrap().columns.iter().map(|column| column.name.clone()).collect();
    let words = columns.iter().flat_map(|column| [column.clone(), format!("-{column}")]);
    let stand = stand().await;
    let client = stand.clickhouse.client("migrator");
    // Nothing changes: the same rows in the same order as in one answer.
    for sort in words {
        let program = stand.program(&[VOLGA]).await;
        let whole = program.json(&format!("{ROWS}?sort={sort}&limit=10000")).await;
        let mut parts = Vec::new();
        let mut next = String::new();
        loop {
            let part = program.json(&format!("{ROWS}?sort={sort}&limit=7&cursor={next}")).await;
            assert_eq!((&part["totals"], &part["count"]), (&whole["totals"], &whole["count"]), "{sort}");
            parts.extend(part["rows"].as_array().unwrap().iter().map(key));
            let Some(cursor) = part["next"].as_str() else { break };
            next = cursor.to_owned();
        }
        let all: Vec<String> = whole["rows"].as_array().unwrap().iter().map(key).collect();
        assert_eq!(parts, all, "{sort}");
        assert_eq!(all.len(), 48, "{sort}");
    }
    // Everything changes: those that stay come once.
    let mut turn = 0;
    for sort in
        ["revenue", "-revenue", "product", "-product", "code", "-change", "change", "share", "-quantity", "unit"]
    {
        let program = stand.program(&[VOLGA]).await;
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        let mut next = String::new();
        for part_number in 0.. {
            assert!(part_number < 60, "{sort} has no end");
            let part = program.json(&format!("{ROWS}?sort={sort}&limit=5&cursor={next}")).await;
            for row in part["rows"].as_array().unwrap() {
                *seen.entry(row["key"][0].as_str().unwrap().to_owned()).or_default() += 1;
            }
            let Some(cursor) = part["next"].as_str() else { break };
            next = cursor.to_owned();
            change(&client, turn % 16).await;
            // The row that the cursor names goes too: its place stays.
            turn += 1;
        }
        let unchanged: Vec<_> = seen.iter().filter(|(key, _)| is_unchanged(key)).collect();
        assert_eq!(unchanged.len(), 16, "{sort} skips a row");
        assert!(unchanged.iter().all(|(_, times)| **times == 1), "{sort} repeats a row: {unchanged:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_whose_row_is_gone_goes_on_behind_its_place() {
    let stand = stand().await;
    let (client, program) = (stand.clickhouse.client("migrator"), stand.program(&[VOLGA]).await);
    for sort in ["product", "-revenue", "change"] {
        let whole = program.json(&format!("{ROWS}?sort={sort}&limit=10000")).await;
        let all: Vec<String> = whole["rows"].as_array().unwrap().iter().map(key).collect();
        let first = program.json(&format!("{ROWS}?sort={sort}&limit=10")).await;
        let last = first["rows"][9]["key"][0].as_str().unwrap();
        let number: i32 = last.rsplit('-').next().unwrap().parse().unwrap();
        sell(&client, number, 0, 50, true).await;
        let next = first["next"].as_str().unwrap();
        let rest = program.json(&format!("{ROWS}?sort={sort}&limit=10000&cursor={next}")).await;
        let rest: Vec<String> = rest["rows"].as_array().unwrap().iter().map(key).collect();
        assert_eq!(rest, all[10..], "{sort}");
        sell(&client, number, 100 + number % 4 * 50, 60, false).await;
        // The kept answer of the whole is of before: another limit asks anew.
        let again = program.json(&format!("{ROWS}?sort={sort}&limit=9999")).await;
        assert_eq!(again["count"], whole["count"], "{sort}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_is_of_one_question_of_one_caller() {
    let stand = Stand::start().await;
    let machine = stand.keycloak.machine(&[VOLGA, URAL]).await;
    let program = Program::at(&stand.portal, stand.keycloak.token_of(&machine).await);
    let next = async |program: &Program, query: &str| {
        program.json(&format!("{ROWS}?{query}")).await["next"].as_str().unwrap().to_owned()
    };
    let cursor = next(&program, "limit=5&sort=product").await;
    assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{cursor}");
    assert_eq!(cursor, next(&program, "limit=5&sort=product").await, "the same place is the same text");
    // Another limit, another language, another order of the same words: the same question.
    let request = program
        .request(&format!("{ROWS}?cursor={cursor}&sort=product&limit=6&search="))
        .header("accept-language", "ru");
    assert_eq!(Program::send(request).await.status, 200);
    for other in [
        "".to_owned(),
        "sort=-product".to_owned(),
        "sort=product&search=1".to_owned(),
        "sort=product&period=month".to_owned(),
        "sort=product&former=1".to_owned(),
        format!("sort=product&dealer={VOLGA}"),
    ] {
        let told = program.problem(&format!("{ROWS}?cursor={cursor}&{other}")).await;
        assert_eq!((told["status"].as_u64(), told["parameter"].as_str()), (Some(400), Some("cursor")), "{other}");
    }
    for at in [0, cursor.len() / 2, cursor.len() - 2] {
        let mut changed = cursor.clone();
        let letter = if changed.as_bytes()[at] == b'A' { "B" } else { "A" };
        changed.replace_range(at..=at, letter);
        assert_eq!(program.problem(&format!("{ROWS}?sort=product&cursor={changed}")).await["parameter"], "cursor");
    }
    let path = format!("{ROWS}?sort=product&cursor={cursor}");
    for dealers in [&[VOLGA, URAL][..], &[VOLGA], &[URAL]] {
        assert_eq!(stand.program(dealers).await.problem(&path).await["parameter"], "cursor", "{dealers:?}");
    }
    // The same program with fewer dealers.
    let mut account = stand.keycloak.call(reqwest::Method::GET, &format!("/users/{}", machine.subject), None).await;
    account["attributes"]["dealer_id"] = serde_json::json!([VOLGA]);
    stand.keycloak.call(reqwest::Method::PUT, &format!("/users/{}", machine.subject), Some(account)).await;
    let narrowed = Program::at(&stand.portal, stand.keycloak.token_of(&machine).await);
    assert_eq!(narrowed.problem(&path).await["parameter"], "cursor");
}
