//! A page speaks one language: nothing of the other is left over in it.

use scraper::{ElementRef, Html};
use tests::SignedIn;

use crate::stand::{ENGLISH, RUSSIAN, Stand, TradeWords, VOLGA};

/// Every text and every spoken attribute, but for what is marked as being in another language.
fn said(element: ElementRef<'_>, language: &str, said: &mut Vec<String>) {
    if element.attr("lang").is_some_and(|other| other != language) {
        return;
    }
    // A person is called what he is called.
    if ["script", "style"].contains(&element.value().name()) || element.attr("class") == Some("who") {
        return;
    }
    for name in ["title", "aria-label", "placeholder", "alt", "data-label"] {
        said.extend(element.attr(name).map(str::to_owned));
    }
    for child in element.children() {
        if let Some(text) = child.value().as_text() {
            said.push(text.to_string());
        } else if let Some(child) = ElementRef::wrap(child) {
            self::said(child, language, said);
        }
    }
}

async fn leftovers(words: &TradeWords, language: &str, is_foreign: impl Fn(&str) -> bool) -> Vec<String> {
    let stand = Stand::of_trade_with(words, |launch| launch.env("MAIL_FROM", "portal@dealer.example")).await;
    let person = stand.keycloak.dealer(&[VOLGA]).await;
    let viewer = SignedIn::to(&stand.portal.url, &person).await;
    let mut found = Vec::new();
    for path in [
        "/",
        "/reports/sales",
        "/reports/sales?sort=product&page=2",
        "/reports/sales?page=99",
        "/reports/sales?search=%23%23%23",
        "/reports/sales?period=own&from=2026-06-30&to=2026-01-01",
        "/reports/sales?page=0&sort=x&period=x&group=x",
        "/no/such/page",
        "/signed-out",
        "/deliveries",
        "/deliveries/new?report=sales",
        "/unsubscribe/x",
    ] {
        let asked = viewer.page(path).header("accept-language", language).send().await.expect("an answer");
        let page = Html::parse_document(&asked.text().await.expect("a page"));
        let mut texts = Vec::new();
        said(page.root_element(), language, &mut texts);
        assert!(texts.len() > 5, "{path}: {texts:?}");
        found.extend(texts.into_iter().filter(|text| is_foreign(text)).map(|text| format!("{path}: {text}")));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn an_english_page_holds_no_russian() {
    let is_russian = |text: &str| text.chars().any(|letter| ('\u{400}'..'\u{500}').contains(&letter));
    assert_eq!(leftovers(&ENGLISH, "en", is_russian).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_russian_page_holds_no_english() {
    // Names of formats, and the number of a request.
    const NAMES: [&str; 5] = ["CSV", "Excel", "JSON", "PDF", "Parquet"];
    let is_english = |text: &str| {
        let is_word = |word: &&str| word.len() > 1 && word.chars().all(|letter| letter.is_ascii_alphabetic());
        !text.starts_with("Номер обращения")
            && text.split(|letter: char| !letter.is_alphanumeric()).any(|word| is_word(&word) && !NAMES.contains(&word))
    };
    assert_eq!(leftovers(&RUSSIAN, "ru", is_english).await, Vec::<String>::new());
}
