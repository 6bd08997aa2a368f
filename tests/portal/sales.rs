//! The Sales report over HTTP: page, fragment, filters, errors, file.

use reqwest::StatusCode;
use scraper::{Html, Selector};
use tests::SignedIn;

use crate::stand::{NORTH, Stand, VOLGA, canary};

async fn text(request: reqwest::RequestBuilder) -> (StatusCode, String) {
    let answer = request.send().await.expect("an answer");
    (answer.status(), answer.text().await.expect("a body"))
}

fn count(html: &str, selector: &str) -> usize {
    Html::parse_document(html).select(&Selector::parse(selector).expect("a selector")).count()
}

async fn volga() -> (Stand, SignedIn) {
    let stand = Stand::start().await;
    let volga = stand.dealer(&[VOLGA]).await;
    (stand, volga)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dealer_pages_sorts_narrows_and_sees_totals_over_the_whole_set() {
    let (_stand, volga) = volga().await;
    let (status, page) = text(volga.page("/reports/sales")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(count(&page, "table.rows tbody tr:not(.total)"), 50);
    // 120 × (1 + … + 60), with VAT.
    assert!(page.contains("219\u{202f}600") && page.contains("183\u{202f}000"), "{page}");
    assert!(page.contains("1–50 из 60") && page.contains("Итого по 60 товарам"));
    assert!(page.contains("&lt;b onclick=x&gt;") && count(&page, "b[onclick]") == 0);
    let (_, second) = text(volga.fragment("/reports/sales?page=2")).await;
    assert_eq!(count(&second, "table.rows tbody tr:not(.total)"), 10);
    assert!(second.contains("219\u{202f}600") && second.starts_with("<title>") && !second.contains("<html"));
    let (_, sorted) = text(volga.fragment("/reports/sales?sort=product")).await;
    assert!(
        sorted.find("x&gt;00").unwrap() < sorted.find("x&gt;01").unwrap() && sorted.contains("aria-sort=\"ascending\"")
    );
    let (_, found) = text(volga.fragment("/reports/sales?search=X%3E07")).await;
    assert!(found.contains("1–1 из 1"), "{found}");
    // The group above holds what lies below it.
    let (_, group) = text(volga.fragment("/reports/sales?group=80000000-0000-4000-8000-000001000000")).await;
    assert!(group.contains("1–50 из 60"), "{group}");
    let (_, none) = text(volga.page("/reports/sales?search=%D0%BD%D0%B5%D1%82")).await;
    assert!(none.contains("Снять фильтры"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_filter_is_answered_beside_its_field_and_asks_nothing() {
    let (stand, volga) = volga().await;
    let asked = || async {
        let sql = "SELECT count() FROM system.query_log WHERE user = 'portal_ro' AND query LIKE '%report.sale%'";
        stand.clickhouse.client("audit_ro").query(sql).fetch_one::<u64>().await.expect("the query log")
    };
    text(volga.page("/reports/sales")).await.0.is_success().then_some(()).expect("the report");
    tests::await_true("the report's query is in the log", std::time::Duration::from_secs(10), async || {
        asked().await > 0
    })
    .await;
    // The log is written once a second, and the portal asks whether its reports fit as it starts: until nothing comes any more.
    let mut before = 0;
    while asked().await != before {
        before = asked().await;
        tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    }
    for (query, field) in [
        ("period=own&from=2026-02-30", "error-from"),
        ("group=1%20OR%201%3D1", "error-group"),
        ("dealer=5b0d6f0e-d0d0-11ee-8a01-000000000002", "refused"),
        ("search=a&search=b", "error-search"),
    ] {
        for request in
            [volga.page(&format!("/reports/sales?{query}")), volga.fragment(&format!("/reports/sales?{query}"))]
        {
            let (status, body) = text(request).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
            assert!(body.contains(field) || body.contains("запрос не выполнялся"), "{query}: {body}");
        }
    }
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(asked().await, before, "a query ran for a filter that does not fit");
    assert_eq!(text(volga.page("/reports/nothing")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_holds_the_rows_of_the_page_and_says_what_it_is() {
    let (_stand, volga) = volga().await;
    let answer =
        volga.page("/reports/sales?format=csv&search=%D1%82%D0%BE%D0%B2%D0%B0%D1%80").send().await.expect("the file");
    let disposition = answer.headers()["content-disposition"].to_str().expect("a name").to_owned();
    assert!(disposition.starts_with("attachment; filename=\"sales-20"), "{disposition}");
    // Продажи ООО КАНАРЕЙКА-1
    assert!(
        disposition.contains("filename*=UTF-8''%D0%9F%D1%80%D0%BE%D0%B4%D0%B0%D0%B6%D0%B8%20%D0%9E%D0%9E%D0%9E%20"),
        "{disposition}"
    );
    // Not text(): it takes the byte order mark away.
    let file = String::from_utf8(answer.bytes().await.expect("the file").into()).expect("UTF-8");
    assert!(file.starts_with('\u{feff}') && file.contains("\"Данные на\""));
    let [facts, rows, totals] = file.split("\r\n\r\n").collect::<Vec<_>>()[..] else { panic!("{file}") };
    // A line per filter, in its own words.
    for fact in [
        "\"Период\";\"",
        "\"Группа товаров\";\"Все группы\"",
        "\"Товар, код или артикул\";\"«товар»\"",
        "\"Строк\";\"60\"",
    ] {
        assert!(facts.contains(fact), "{facts}");
    }
    let revenue =
        |row: &str| row.split(';').nth(5).expect("revenue").replace(',', ".").parse::<f64>().expect("a number");
    let rows: Vec<&str> = rows.lines().skip(1).collect();
    assert_eq!(rows.len(), 60);
    assert!(rows.iter().all(|row| row.contains(",00;") && row.ends_with(";\"RUB\"")));
    // The file adds up to its own total.
    let sum: f64 = rows.iter().map(|row| revenue(row)).sum();
    assert!(totals.starts_with("\"Итого по 60 товарам\";") && (sum - revenue(totals)).abs() < 1e-6, "{totals}");
    assert!((sum - 219_600.0).abs() < 1e-6, "{sum}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_of_several_dealers_narrows_to_one_of_them() {
    let stand = Stand::start().await;
    let both = stand.dealer(&[VOLGA, NORTH]).await;
    let (_, page) = text(both.page("/reports/sales")).await;
    assert!(page.contains("Итого по 120 товарам") && count(&page, "select#dealer option") == 3, "{page}");
    let (_, one) = text(both.fragment(&format!("/reports/sales?dealer={NORTH}"))).await;
    assert!(one.contains("1–50 из 60") && !one.contains(&format!("Товар {}", canary(VOLGA))), "{one}");
}

/// A page of its own, as a mailed link or a browser without scripts asks for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_page_keeps_the_form_with_its_choices_and_says_the_way_out() {
    let stand = Stand::start().await;
    let both = stand.dealer(&[VOLGA, NORTH]).await;
    let query = format!("period=own&from=2026-02-30&dealer={NORTH}&search=x");
    let (status, page) = text(both.page(&format!("/reports/sales?{query}"))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(count(&page, &format!("select#dealer option[value='{NORTH}'][selected]")), 1, "{page}");
    assert!(count(&page, "select#group option") > 1 && count(&page, "#search[value=x]") == 1, "{page}");
    assert_eq!(count(&page, "#from[aria-invalid=true][value='2026-02-30']"), 1, "{page}");

    let volga = stand.dealer(&[VOLGA]).await;
    let path = format!("/reports/sales?dealer={NORTH}&period=month&search=x");
    for request in [volga.page(&path), volga.fragment(&path)] {
        let (status, body) = text(request).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body.contains("Ссылка ведёт на дилера, который вам не открыт."), "{body}");
        assert_eq!(count(&body, "a[href='/reports/sales?period=month&search=x']"), 1, "{body}");
    }
    let (_, page) = text(volga.page(&path)).await;
    let who = Html::parse_document(&page);
    let who: String = who.select(&Selector::parse(".who").unwrap()).flat_map(|element| element.text()).collect();
    assert!(who.contains(&canary(VOLGA)), "the header names the dealer as ever: {who}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_or_a_page_that_is_none_is_answered_all_the_same() {
    let (_stand, volga) = volga().await;
    for (query, shows) in [
        ("sort=password", "1–50 из 60"),
        ("page=-1", "1–50 из 60"),
        ("page=9", "51–60 из 60"),
        ("page=99999999999", "1–50 из 60"),
    ] {
        let (status, body) = text(volga.page(&format!("/reports/sales?{query}"))).await;
        assert_eq!(status, StatusCode::OK, "{query}");
        assert!(body.contains(shows) && !body.contains("9 из 2"), "{query}: {body}");
    }
}

/// Every column can be sorted by, names as Russian does.
#[tokio::test(flavor = "multi_thread")]
async fn every_head_of_every_report_sorts() {
    let (_stand, volga) = volga().await;
    let catalogue = shared::report::catalogue::Catalogue::read(&tests::datasets(), None).expect("the reports");
    for report in catalogue.all() {
        for column in &report.columns {
            for sign in ["", "-"] {
                let path = format!("{}?sort={sign}{}", report.path(), column.name);
                assert_eq!(text(volga.page(&path)).await.0, StatusCode::OK, "{path}");
            }
        }
    }
}

/// More than one question may read is the viewer's to narrow: no fault of ours, and no outage that closes reports for all.
#[tokio::test(flavor = "multi_thread")]
async fn too_much_asked_is_told_as_such_and_closes_nothing() {
    for (from, to) in [
        ("<max_rows_to_read>200000000<", "<max_rows_to_read>100<"),
        ("<max_result_rows>200000<", "<max_result_rows>10<"),
        ("<max_memory_usage>1000000000<", "<max_memory_usage>1000000<"),
    ] {
        let stand = Stand::with_limit(from, to).await;
        let volga = stand.dealer(&[VOLGA]).await;
        for _ in 0..7 {
            let (status, body) = text(volga.page("/reports/sales?format=csv")).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{to}: {body}");
            assert!(body.contains("Сократите период"), "{body}");
        }
    }
}
