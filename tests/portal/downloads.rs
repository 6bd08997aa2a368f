//! Files on their way: two for a person, and ClickHouse's places are theirs until they have arrived.

use std::time::Duration;

use reqwest::{Response, StatusCode};
use tests::SignedIn;

use crate::stand::{Line, NORTH, Product, Stand, TODAY, URAL, VOLGA, run};

const FILE: &str = "/reports/sales?format=csv";

/// Volga bought more than any buffer on the way holds.
async fn stand_with_a_large_file() -> Stand {
    let stand = Stand::of(&[Product::called(1, "Насос")], &[Line::of(1, TODAY, 100)]).await;
    let migrator = stand.clickhouse.client("migrator");
    let product = "toUUID(concat('71000000-0000-4000-8000-', leftPad(toString(number), 12, '0')))";
    let many = "FROM numbers(30000)";
    for sql in [
        format!(
            "INSERT INTO dw.product (product_id, code, article, name, version) \
             SELECT {product}, toString(number), '', concat(repeat('Ж', 250), toString(number)), 1 {many}"
        ),
        format!(
            "INSERT INTO dw.sale SELECT '{VOLGA}', toDate32(today()), generateUUIDv4(), 1, now(), 'Н', '{VOLGA}', \
             (SELECT any(currency_id) FROM dw.currency WHERE code = '643'), {product}, 1, 100, 0, 0, 1, 0 {many}"
        ),
    ] {
        run(&migrator, &sql).await;
    }
    stand
}

async fn begin(person: &SignedIn) -> Response {
    person.page(FILE).send().await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_takes_two_files_at_once_and_nobody_else_waits_for_them() {
    let stand = stand_with_a_large_file().await;
    let (greedy, modest) = (stand.dealer(&[VOLGA]).await, stand.dealer(&[VOLGA]).await);
    let held = [begin(&greedy).await, begin(&greedy).await];
    assert!(held.iter().all(|file| file.status() == StatusCode::OK), "{held:?}");
    let third = begin(&greedy).await;
    assert_eq!(third.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(third.headers()["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 0);
    assert!(third.text().await.unwrap().contains("Два файла уже скачиваются"));
    assert_eq!(greedy.page("/reports/sales").send().await.unwrap().status(), StatusCode::OK, "pages are no files");
    assert_eq!(begin(&modest).await.status(), StatusCode::OK);
    drop(held);
    tests::await_true("the places are free again", Duration::from_secs(10), async || {
        begin(&greedy).await.status() == StatusCode::OK
    })
    .await;
    let whole = begin(&modest).await.bytes().await.expect("a whole file");
    assert!(whole.len() > 15_000_000, "{}", whole.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn files_under_way_keep_clickhouses_places() {
    let stand = stand_with_a_large_file().await;
    let people = futures_util::future::join_all((0..4).map(|_| stand.dealer(&[VOLGA]))).await;
    let last = stand.dealer(&[URAL, NORTH]).await;
    let files = people.iter().flat_map(|person| [begin(person), begin(person)]);
    let mut held = futures_util::future::join_all(files).await;
    assert!(held.iter().all(|file| file.status() == StatusCode::OK), "all eight places: {held:?}");
    assert_eq!(last.page("/reports/sales").send().await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    held.pop();
    tests::await_true("a place is free", Duration::from_secs(10), async || {
        last.page("/reports/sales").send().await.unwrap().status() == StatusCode::OK
    })
    .await;
}
