//! Files on their way: two for a person, and ClickHouse's places are theirs until they have arrived.

use std::time::Duration;

use reqwest::StatusCode;
use stack::process::Launch;
use tests::Person;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::stand::{Line, NORTH, Product, ROUBLE, Stand, TODAY, VOLGA, run};

const FILE: &str = "/reports/sales?format=csv";

/// Volga bought more than the buffers on the way hold.
pub async fn stand_with_a_large_file() -> Stand {
    stand_with_a_large_file_and(|launch| launch).await
}

/// The same with other variables of the portal.
pub async fn stand_with_a_large_file_and(change: impl FnOnce(Launch) -> Launch) -> Stand {
    let stand = Stand::of_site_with(&[Product::called(1, "Насос")], &[Line::of(1, TODAY, 100)], change).await;
    let product = "toUUID(concat('71000000-0000-4000-8000-', leftPad(toString(number), 12, '0')))";
    for sql in [
        format!(
            "INSERT INTO dw.product (product_id, code, article, name, version) \
             SELECT {product}, toString(number), '', concat(repeat('Ж', 1500), toString(number)), 1 FROM numbers(6000)"
        ),
        format!(
            "INSERT INTO dw.sale SELECT '{VOLGA}', toDate32(today()), generateUUIDv4(), 1, now(), 'Н', '{VOLGA}', \
             '{ROUBLE}', {product}, 1, 100, 0, 0, 1, 0 FROM numbers(6000)"
        ),
    ] {
        run(&stand.clickhouse.client("migrator"), &sql).await;
    }
    stand
}

async fn person(stand: &Stand, dealer: &str) -> Person {
    Person::signed_in(&stand.portal, &stand.keycloak.dealer(&[dealer]).await).await
}

/// A file of which the head is read and nothing else, by somebody who holds little of it.
async fn begun(stand: &Stand, person: &Person) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    let address = stand.portal.url.strip_prefix("http://").unwrap();
    let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
    let cookie = person.cookie("__Host-session").unwrap();
    let head = format!("GET {FILE} HTTP/1.1\r\nHost: {address}\r\nCookie: __Host-session={cookie}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&status), "HTTP/1.1 200");
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_takes_two_files_at_once_and_nobody_else_waits_for_them() {
    let stand = stand_with_a_large_file().await;
    let (greedy, modest) = (person(&stand, VOLGA).await, person(&stand, VOLGA).await);
    let held = tokio::join!(begun(&stand, &greedy), begun(&stand, &greedy));
    let third = greedy.get(FILE).await;
    assert_eq!(third.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(third.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    assert!(third.text.contains("Два файла уже скачиваются"), "{}", third.text);
    assert_eq!(greedy.get("/reports/sales").await.status, StatusCode::OK, "pages are no files");
    let whole = modest.get(FILE).await;
    assert_eq!(whole.status, StatusCode::OK);
    assert!(whole.text.len() > 15_000_000 && whole.text.contains("Итого"), "{}", whole.text.len());
    drop(held);
    tests::await_true("the places are free again", Duration::from_secs(10), async || {
        greedy.get(FILE).await.status == StatusCode::OK
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_under_way_keep_clickhouses_places() {
    let stand = stand_with_a_large_file().await;
    let people = futures_util::future::join_all((0..4).map(|_| person(&stand, VOLGA))).await;
    let last = person(&stand, NORTH).await;
    let files = people.iter().flat_map(|person| [begun(&stand, person), begun(&stand, person)]);
    let mut held = futures_util::future::join_all(files).await;
    assert_eq!(last.get("/reports/sales").await.status, StatusCode::SERVICE_UNAVAILABLE, "all eight are taken");
    held.pop();
    tests::await_true("a place is free", Duration::from_secs(10), async || {
        last.get("/reports/sales").await.status == StatusCode::OK
    })
    .await;
}
