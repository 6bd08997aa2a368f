//! Answers that are kept, and the short way to figures: never another dealer's, never old, and to the letter what the
//! long way answers.

use std::time::Duration;

use shared::ids::DealerId;
use shared::report::catalogue::Catalogue;
use shared::report::definition::Definition;
use shared::report::filter::Filter;
use shared::report::run::{Engine, Rows};
use shared::report::scope::DealerScope;
use tests::{PRODUCTS, TestClickHouse, clickhouse, folder};

use crate::stand::{DOLLAR, METRE, PASSES, PIECE, ROUBLE, Stand, URAL, VOLGA, run, seed_common};

const PATIENCE: Duration = Duration::from_secs(10);
/// The part of a query that only the short way asks.
const SHORT: &str = "is_month";

fn engine(clickhouse: &TestClickHouse, catalogue: Catalogue) -> Engine {
    Engine::new(clickhouse.client("portal_ro"), catalogue, chrono_tz::UTC)
}

fn sales(engine: &Engine) -> &Definition {
    engine.catalogue().get("sales").expect("the report")
}

fn scope(dealers: &[&str]) -> DealerScope {
    DealerScope::granted(dealers.iter().map(|dealer| DealerId(dealer.parse().expect("a dealer"))))
}

async fn asked(engine: &Engine, scope: &DealerScope, words: &[(&str, &str)]) -> Rows {
    let words: Vec<(String, String)> = words.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    let filter = Filter::read(sales(engine), scope, engine.today(), &words).expect("a filter");
    engine.run(sales(engine), scope, &filter).await.expect("rows")
}

/// How many queries of the portal with this part have ended, by ClickHouse's own log.
async fn asked_of(clickhouse: &TestClickHouse, part: &str) -> u64 {
    let sql = "SELECT count() FROM system.query_log WHERE user = 'portal_ro' AND type = 'QueryFinish' AND query LIKE ?";
    let query = clickhouse.client("audit_ro").query(sql).bind(format!("%{part}%"));
    query.fetch_one().await.unwrap_or_default()
}

/// Dealers with two years of sales: three currencies, of which one has not arrived, two units, returns, and many ties.
async fn seed(clickhouse: &TestClickHouse) {
    let migrator = clickhouse.client("migrator");
    seed_common(&migrator).await;
    let product = "toUUID(concat('70000000-0000-4000-8000-', leftPad(toString(number), 12, '0')))";
    let no_group = "toUUID('00000000-0000-0000-0000-000000000000')";
    for sql in [
        format!(
            "INSERT INTO {PRODUCTS} SELECT {product}, {no_group}, 0, toString(number), 'А', concat('Товар ', toString(number)), \
             if(number % 7 = 0, '{METRE}', '{PIECE}'), 1, 0 FROM numbers(130)"
        ),
        format!(
            "INSERT INTO dw.sale SELECT if(number % 3 = 0, '{URAL}', '{VOLGA}'), \
             toDate32(today() - sipHash64(number, 'day') % 800), generateUUIDv4(), number, now(), 'Н', '{VOLGA}', \
             multiIf(number % 5 = 0, '{DOLLAR}', number % 11 = 0, 'c0000000-0000-4000-8000-000000000999', '{ROUBLE}'), {}, \
             sipHash64(number, 'q') % 4 - 1, toDecimal64(sipHash64(number, 'r') % 9, 4) * 100.25 - 200, 3.3333, \
             sipHash64(number, 'd') % 3, 1, 0 FROM numbers(1500)",
            product.replace("number", "sipHash64(number, 'p') % 130")
        ),
    ] {
        run(&migrator, &sql).await;
    }
}

/// The report without its short way.
fn long_way() -> (tempfile::TempDir, Catalogue) {
    let (folder, own) = (folder(), concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/reports/sales"));
    let sales = folder.path().join("sales");
    std::fs::create_dir_all(&sales).expect("a folder");
    for name in ["report.toml", "rows.sql", "by_month.sql", "groups.sql"] {
        std::fs::copy(format!("{own}/{name}"), sales.join(name)).expect("a copy");
    }
    let catalogue = Catalogue::read(&tests::datasets(), Some(folder.path())).expect("the reports");
    (folder, catalogue)
}

fn told(rows: &Rows) -> [String; 4] {
    let mut months = rows.months.months.clone();
    months.sort_by(|a, b| (a.first_day, &a.currency).cmp(&(b.first_day, &b.currency)));
    let page = &rows.page;
    [format!("{:#?}", page.rows), format!("{:#?}", page.totals), page.count.to_string(), format!("{months:#?}")]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_short_way_answers_to_the_letter_what_the_long_way_answers() {
    let clickhouse = clickhouse().await;
    seed(&clickhouse).await;
    let quick = engine(&clickhouse, Catalogue::read(&tests::datasets(), None).expect("the reports"));
    let (_folder, catalogue) = long_way();
    let long = engine(&clickhouse, catalogue);
    assert!(sales(&quick).quick.is_some() && sales(&long).quick.is_none());
    let two_years = (quick.today() - chrono::Days::new(760)).to_string();
    let today = quick.today().to_string();
    let periods: [&[(&str, &str)]; 3] =
        [&[("period", "year")], &[("period", "month")], &[("period", "own"), ("from", &two_years), ("to", &today)]];
    let numbers = sales(&quick).columns.iter().filter(|column| column.kind.is_number());
    let orders: Vec<String> = numbers
        .flat_map(|column| [column.name.clone(), format!("-{}", column.name)])
        .chain(["product".into()])
        .collect();
    let (own, both, none) = (scope(&[VOLGA]), scope(&[VOLGA, URAL]), scope(&[]));
    let mut compared = 0;
    for period in periods {
        for (turn, order) in orders.iter().enumerate() {
            let former = if turn % 4 < 2 { "1" } else { "0" };
            for (scope, page) in [(&own, "1"), (&both, "2"), (&both, "9")] {
                let words = [period, &[("sort", order), ("page", page), ("former", former)]].concat();
                let (short, long) = (asked(&quick, scope, &words).await, asked(&long, scope, &words).await);
                for (short, long) in told(&short).into_iter().zip(told(&long)) {
                    assert_eq!(short, long, "{words:?}");
                }
                compared += short.page.rows.len();
            }
        }
        let (short, long) = (asked(&quick, &none, period).await, asked(&long, &none, period).await);
        assert_eq!((told(&short), short.page.count), (told(&long), 0));
    }
    assert!(compared > 1_000, "{compared} rows");
    tests::await_true("the log", PATIENCE, async || asked_of(&clickhouse, SHORT).await > 0).await;
    // Two scopes and none, three periods: all orders and pages of one are taken from one answer.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(asked_of(&clickhouse, SHORT).await, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_kept_until_the_next_pass_and_no_longer() {
    let clickhouse = clickhouse().await;
    seed(&clickhouse).await;
    let engine = engine(&clickhouse, Catalogue::read(&tests::datasets(), None).expect("the reports"));
    let (scope, migrator) = (scope(&[VOLGA]), clickhouse.client("migrator"));
    let product = "70000000-0000-4000-8000-000000000999";
    for (turn, words) in [&[("sort", "-revenue")][..], &[("search", "новинка")][..]].into_iter().enumerate() {
        let shown = async || format!("{:?}", asked(&engine, &scope, words).await.page.rows);
        let name = format!("Новинка {turn}");
        let before = shown().await;
        assert!(!before.contains(&name));
        run(
            &migrator,
            &format!(
                "INSERT INTO {PRODUCTS} VALUES ('{product}', '{ROUBLE}', 0, '9', 'А', '{name}', '{PIECE}', {}, 0)",
                turn + 1
            ),
        )
        .await;
        run(
            &migrator,
            &format!(
                "INSERT INTO dw.sale SELECT '{VOLGA}', today(), generateUUIDv4(), 1, now(), 'Н', '{VOLGA}', '{ROUBLE}', \
                 '{product}', 1, 99999999, 0, 0, 1, 0"
            ),
        )
        .await;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert_eq!(shown().await, before, "no pass has told of it");
        run(&migrator, PASSES).await;
        tests::await_true("the new row", PATIENCE, async || shown().await.contains(&name)).await;
    }
}

/// Passes of all datasets read just now, behind rows of this version.
fn passes_behind(rows_version: u64) -> String {
    PASSES.replace("60, 0 FROM", &format!("60, {rows_version} FROM"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_that_brought_nothing_makes_the_page_fresher_and_has_nothing_asked_again() {
    let clickhouse = clickhouse().await;
    seed(&clickhouse).await;
    let engine = engine(&clickhouse, Catalogue::read(&tests::datasets(), None).expect("the reports"));
    let (scope, migrator) = (scope(&[VOLGA]), clickhouse.client("migrator"));
    let totals = async || {
        let rows = asked(&engine, &scope, &[]).await;
        (rows.freshness.as_of.expect("all has arrived"), format!("{:?}", rows.page.totals))
    };
    // Further passes that bring nothing, until the page has seen one.
    let fresher = async || {
        let before = totals().await.0;
        tests::await_true("a fresher page", PATIENCE, async || {
            run(&migrator, &passes_behind(5)).await;
            totals().await.0 > before
        })
        .await;
        totals().await.1
    };
    let kept = fresher().await;
    // By its own hand: no pass knows of it.
    let product = "70000000-0000-4000-8000-000000000001";
    let sale = format!(
        "INSERT INTO dw.sale SELECT '{VOLGA}', today(), generateUUIDv4(), 1, now(), 'Н', '{VOLGA}', '{ROUBLE}', '{product}', \
         1, 99999999, 0, 0, 1, 0"
    );
    run(&migrator, &sale).await;
    assert_eq!(fresher().await, kept, "nothing is asked again");
    run(&migrator, &passes_behind(6)).await;
    tests::await_true("the new row", PATIENCE, async || totals().await.1 != kept).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_view_again_asks_clickhouse_nothing_whoever_of_the_dealer_asks() {
    let stand = Stand::start().await;
    let (one, other, ural) = (stand.dealer(&[VOLGA]).await, stand.dealer(&[VOLGA]).await, stand.dealer(&[URAL]).await);
    let paths =
        ["/", "/reports/sales", "/reports/sales?sort=product", "/reports/sales?search=%D0%A2%D0%BE%D0%B2%D0%B0%D1%80"];
    for path in paths {
        one.page(path).send().await.expect("an answer").error_for_status().expect("a page");
    }
    let rows = async || asked_of(&stand.clickhouse, "dealers").await;
    tests::await_true("the log", PATIENCE, async || rows().await > 0).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let first = rows().await;
    for path in paths {
        for person in [&one, &other] {
            person.page(path).send().await.expect("an answer").error_for_status().expect("a page");
        }
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(rows().await, first, "asked again");
    ural.page(paths[1]).send().await.expect("an answer").error_for_status().expect("a page");
    tests::await_true("another dealer's question", PATIENCE, async || rows().await > first).await;
}
