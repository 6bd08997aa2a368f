//! Figures that could mislead: currencies, units, returns, what was bought only a year ago, days to come.

use scraper::{Html, Selector};
use tests::SignedIn;

use crate::html::{drawn, rows, texts};
use crate::stand::{DOLLAR, Line, METRE, PASSES, PIECE, Product, Stand, TODAY, VOLGA, YEAR_AGO, run};

const PUMP: Product = Product::called(1, "Насос");
const BOILER: Product = Product::called(2, "Котёл");
const PIPE: Product = Product { unit: METRE, ..Product::called(3, "Труба") };
const NOWHERE: &str = "c0000000-0000-4000-8000-000000000999";

async fn volga(products: &[Product], lines: &[Line]) -> (Stand, SignedIn) {
    let stand = Stand::of(products, lines).await;
    let volga = stand.dealer(&[VOLGA]).await;
    (stand, volga)
}

async fn page(volga: &SignedIn, path: &str) -> Html {
    drawn(volga.page(path), path).await
}

async fn found(volga: &SignedIn, typed: &str) -> Vec<String> {
    rows(&drawn(volga.page("/reports/sales").query(&[("search", typed)]), typed).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn currencies_are_never_added_and_the_sign_comes_from_the_data() {
    let lines = [
        Line::of(1, TODAY, 100),
        Line::of(1, TODAY, 100).in_currency(DOLLAR),
        Line::of(1, YEAR_AGO, 50).in_currency(DOLLAR),
        Line::of(2, TODAY, 300),
    ];
    let (_stand, volga) = volga(&[PUMP, BOILER], &lines).await;
    let sales = page(&volga, "/reports/sales").await;
    assert_eq!(
        rows(&sales),
        [
            "Итого по 2 товарам, ₽|||2|шт|400 ₽|400 ₽|100,0 %|—",
            "Итого по 1 товару, $|||1|шт|100 $|100 $|100,0 %|+100,0 %",
            "Котёл|||1|шт|300 ₽|300 ₽|75,0 %|новый",
            "Насос|||1|шт|100 ₽|100 ₽|25,0 %|новый",
            "Насос|||1|шт|100 $|100 $|100,0 %|+100,0 %",
        ]
    );
    assert_eq!(texts(&sales, ".strip .figure")[0], "400");
    assert_eq!(texts(&sales, ".strip dt")[0], "Выручка, ₽");
    assert_eq!(texts(&sales, ".strip dt")[4], "Выручка, $");
    assert_eq!(texts(&sales, ".chart h2"), ["Выручка по месяцам, ₽", "Выручка по месяцам, $"]);
    let home = page(&volga, "/").await;
    assert_eq!(texts(&home, ".tile:first-child .figure"), ["400 ₽", "100 $"]);
    assert_eq!(texts(&home, ".tile:nth-child(3) .figure"), ["2 ₽", "1 $"]);
    let file = volga.page("/reports/sales?format=csv").send().await.expect("a file").text().await.expect("its text");
    assert!(file.contains(";\"Валюта\"\r\n") && file.contains(";100,00;100,00;25,00;;\"RUB\"\r\n"), "{file}");
    assert!(
        file.ends_with(
            "\r\n\r\n\"Итого по 2 товарам, ₽\";;;2;\"шт\";400,00;400,00;100,00;;\"RUB\"\r\n\
         \"Итого по 1 товару, $\";;;1;\"шт\";100,00;100,00;100,00;100,00;\"USD\"\r\n"
        ),
        "{file}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_currency_stands_in_the_heads_and_a_missing_one_is_told() {
    let (stand, volga) = volga(&[PUMP], &[Line::of(1, TODAY, 100)]).await;
    let sales = page(&volga, "/reports/sales").await;
    assert!(texts(&sales, "thead th").iter().any(|head| head.starts_with("Выручка, ₽")));
    assert_eq!(rows(&sales)[1], "Насос|||1|шт|100|100|100,0 %|новый");
    run(&stand.clickhouse.client("migrator"), "TRUNCATE TABLE dw.sale").await;
    run(
        &stand.clickhouse.client("migrator"),
        &format!("INSERT INTO dw.sale SELECT '{VOLGA}', today(), generateUUIDv4(), 1, now(), 'Н', '{VOLGA}', '{NOWHERE}', '{VOLGA}', 1, 7, 0, 0, 1, 0"),
    )
    .await;
    // Answers are kept until a pass has come, and who asks what has come is answered once a second.
    run(&stand.clickhouse.client("migrator"), PASSES).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    let sales = page(&volga, "/reports/sales").await;
    assert!(!texts(&sales, "main").concat().contains('₽'));
    assert!(rows(&sales)[0].starts_with("Итого по 1 товару, валюта не указана|"), "{:?}", rows(&sales));
}

#[tokio::test(flavor = "multi_thread")]
async fn quantities_of_several_units_have_no_total() {
    let lines = [Line { quantity: 5, ..Line::of(1, TODAY, 100) }, Line { quantity: 2, ..Line::of(3, TODAY, 100) }];
    let (stand, volga) = volga(&[PUMP, PIPE], &lines).await;
    let sales = page(&volga, "/reports/sales").await;
    assert!(rows(&sales)[0].starts_with("Итого по 2 товарам|||—||200|"), "{:?}", rows(&sales));
    assert_eq!(texts(&sales, ".strip div:nth-child(3)"), ["Количество—в разных единицах"]);
    assert!(rows(&sales).iter().any(|row| row.starts_with("Труба|||2|м|")), "{:?}", rows(&sales));
    let pumps = page(&volga, "/reports/sales?search=%D0%BD%D0%B0%D1%81%D0%BE%D1%81").await;
    assert_eq!(texts(&pumps, ".strip div:nth-child(3) dt"), ["Количество, шт"]);
    assert_eq!(texts(&pumps, ".strip div:nth-child(3) .figure"), ["5"]);
    // A unit that has not arrived may be any.
    run(&stand.clickhouse.client("migrator"), "TRUNCATE TABLE dw.unit").await;
    assert!(rows(&page(&volga, "/reports/sales").await)[0].starts_with("Итого по 2 товарам|||—||"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_compared_with_nothing_or_with_less() {
    let lines = [
        Line::of(1, TODAY, 200),
        Line::of(1, YEAR_AGO, -100),
        Line::of(2, TODAY, 200),
        Line::of(2, YEAR_AGO, 70),
        Line::of(2, YEAR_AGO, -70),
        Line { product: 3, ..Line::of(3, TODAY, -30) },
    ];
    let (_stand, volga) = volga(&[PUMP, BOILER, PIPE], &lines).await;
    let sales = page(&volga, "/reports/sales?sort=product").await;
    assert_eq!(
        rows(&sales)[1..],
        ["Котёл|||1|шт|200|200|54,1 %|—", "Насос|||1|шт|200|200|54,1 %|—", "Труба|||−1|м|−30|−30|−8,1 %|новый"]
    );
    assert!(rows(&sales)[0].ends_with("|—"), "{:?}", rows(&sales));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_total_that_is_nothing_or_less_has_no_shares() {
    let (_stand, volga) = volga(&[PUMP, BOILER], &[Line::of(1, TODAY, 100), Line::of(2, TODAY, -300)]).await;
    let rows = rows(&page(&volga, "/reports/sales").await);
    assert!(rows.iter().all(|row| row.split('|').nth(7) == Some("—")), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_bought_only_a_year_ago_is_listed_when_asked_for_and_counts_in_the_comparison() {
    let lines = [Line::of(1, TODAY, 100), Line::of(1, YEAR_AGO, 100), Line::of(2, YEAR_AGO, 100)];
    let (_stand, volga) = volga(&[PUMP, BOILER], &lines).await;
    let sales = page(&volga, "/reports/sales").await;
    assert_eq!(
        rows(&sales),
        ["Итого по 1 товару|||1|шт|100|100|100,0 %|−50,0 %", "Насос|||1|шт|100|100|100,0 %|0,0 %"]
    );
    assert_eq!(texts(&sales, "#report-former"), ["покупали только год назад: 1"]);
    assert_eq!(texts(&sales, ".tools .fine"), ["1–1 из 1"]);
    let all = page(&volga, "/reports/sales?former=1").await;
    assert_eq!(rows(&all)[0], rows(&sales)[0]);
    assert!(rows(&all).contains(&"Котёл|||0|шт|0|0|0,0 %|−100,0 %".to_owned()), "{:?}", rows(&all));
    assert_eq!(texts(&all, ".tools .fine"), ["1–2 из 2"]);
    let file =
        volga.page("/reports/sales?format=csv&former=1").send().await.expect("a file").text().await.expect("text");
    assert!(file.contains("\"Строк\";\"2\"") && file.contains("\"Котёл\""), "{file}");
}

#[tokio::test(flavor = "multi_thread")]
async fn days_to_come_say_so_and_cannot_be_picked() {
    let (_stand, volga) = volga(&[PUMP], &[Line::of(1, YEAR_AGO, 100)]).await;
    // The infobase's day, which in the evening is ahead of that of UTC.
    let today = shared::clock::now().with_timezone(&chrono_tz::Europe::Moscow).date_naive();
    let (first, last) = (today + chrono::Days::new(1), today + chrono::Days::new(1));
    let to_come = page(&volga, &format!("/reports/sales?period=own&from={first}&to={last}")).await;
    assert!(texts(&to_come, "#report-results .notice").concat().contains("ещё не наступили"));
    assert!(rows(&to_come).is_empty());
    let dates = Selector::parse("input[type=date][max]").expect("a selector");
    assert_eq!(to_come.select(&dates).count(), 2);
    let begun = page(&volga, &format!("/reports/sales?period=own&from={today}&to={last}")).await;
    assert!(texts(&begun, "#report-results .notice").concat().contains("ещё не кончился"));
    let over = page(&volga, "/reports/sales?period=month").await;
    assert!(texts(&over, "#report-results .notice").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_over_two_years_shows_the_year_before_of_each_month() {
    let lines = [Line::of(1, "'2023-03-10'", 100), Line::of(1, "'2024-03-10'", 200), Line::of(1, "'2025-03-10'", 400)];
    let (_stand, volga) = volga(&[PUMP], &lines).await;
    let sales = page(&volga, "/reports/sales?period=own&from=2024-01-01&to=2025-12-31").await;
    let months = texts(&sales, ".chart tbody tr");
    assert_eq!((months.len(), months[2].as_str(), months[14].as_str()), (24, "мар 2024200100", "мар 2025400200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn search_finds_what_people_type() {
    let products = [
        Product {
            number: 1,
            name: "Котёл газовый\u{a0}настенный 32 кВт",
            code: "00-510",
            article: "K24-MCA",
            unit: PIECE,
        },
        Product { number: 2, name: "Труба 16х2", code: "НФ-330", article: "DK10-0801", unit: METRE },
        Product { number: 3, name: "Насос", code: "00-511", article: "", unit: PIECE },
    ];
    let lines = [Line::of(1, TODAY, 1), Line::of(2, TODAY, 1), Line::of(3, TODAY, 1)];
    let (_stand, volga) = volga(&products, &lines).await;
    for (typed, found) in [
        ("котел", "Котёл"),
        ("настенный  котел", "Котёл"),
        ("газовый настенный", "Котёл"),
        ("32кВт", "Котёл"),
        // Typed in Cyrillic, stored in Latin letters, and the other way round.
        ("к24-мса", "Котёл"),
        ("16x2", "Труба"),
        ("dk10-0801", "Труба"),
        ("нф-330", "Труба"),
        ("ТРУБА", "Труба"),
        ("00-511", "Насос"),
    ] {
        let rows = self::found(&volga, typed).await;
        assert!(rows.len() == 2 && rows[1].starts_with(found), "{typed}: {rows:?}");
    }
    for nowhere in ["котел насос", "'", "\\", "') OR 1=1 --", "{x:String}", "\\N", "[]"] {
        let rows = found(&volga, nowhere).await;
        assert!(rows.is_empty(), "{nowhere}: {rows:?}");
    }
}

/// What is typed is folded in Rust, what is searched in ClickHouse: by one rule, letter by letter.
#[tokio::test(flavor = "multi_thread")]
async fn both_sides_of_a_search_fold_alike() {
    let clickhouse = tests::clickhouse().await;
    let migrator = clickhouse.client("migrator");
    for (from, many) in [(0x20, 0x2E0), (0x400, 0x60), (0x2000, 0x70), (0x2212, 1), (0x3000, 1)] {
        let letters: Vec<String> = (from..from + many)
            .filter_map(char::from_u32)
            .filter(|letter| !['\'', '\\', 'İ', '\u{7f}'].contains(letter))
            .map(|letter| format!("(generateUUIDv4(), '{letter}', 1)"))
            .collect();
        run(&migrator, &format!("INSERT INTO dw.product (product_id, name, version) VALUES {}", letters.join(",")))
            .await;
    }
    let stored: Vec<(String, String)> =
        migrator.query("SELECT name, folded FROM dw.product FINAL").fetch_all().await.expect("the products");
    assert!(stored.len() > 800, "{}", stored.len());
    let apart: Vec<_> = stored
        .iter()
        .filter(|(name, folded)| *folded != shared::report::search::folded(&format!("{name}||")))
        .collect();
    assert!(apart.is_empty(), "{apart:?}");
}
