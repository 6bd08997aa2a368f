//! A page as a reader sees it: its texts and its rows, with plain spaces.

use reqwest::{RequestBuilder, StatusCode};
use scraper::{ElementRef, Html, Selector};

/// The page that is answered; anything but 200 fails the test.
pub async fn drawn(request: RequestBuilder, asked: &str) -> Html {
    let answer = request.send().await.expect("an answer");
    let (status, body) = (answer.status(), answer.text().await.expect("a body"));
    assert_eq!(status, StatusCode::OK, "{asked}: {body}");
    Html::parse_document(&body)
}

/// The texts of what fits.
pub fn texts(page: &Html, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).expect("a selector");
    page.select(&selector).map(|element| text(element).trim().to_owned()).collect()
}

/// The rows of a report's table, each with its cells parted by `|`.
pub fn rows(page: &Html) -> Vec<String> {
    let row = Selector::parse("table.rows tbody tr").expect("a selector");
    let cell = Selector::parse("th, td").expect("a selector");
    page.select(&row).map(|row| row.select(&cell).map(text).collect::<Vec<_>>().join("|")).collect()
}

fn text(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().replace(['\u{202f}', '\u{a0}'], " ")
}
