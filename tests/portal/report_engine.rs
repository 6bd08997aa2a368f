//! What a report's folder alone can do: views with further parameters, named queries, arrays, choices of texts, totals of
//! several sorts, other comparisons, links to another report, roles, tiles.

use std::path::Path;

use reqwest::StatusCode;
use scraper::{Html, Selector};
use tests::{SignedIn, folder};

use crate::html::{drawn, rows, texts};
use crate::stand::{Line, Product, Stand, TODAY, URAL, VOLGA, run};

const PUMP: Product = Product::called(1, "Насос");
const BOILER: Product = Product::called(2, "Котёл");

fn write(folder: &Path, report: &str, files: &[(&str, &str)]) {
    let own = folder.join(report);
    std::fs::create_dir_all(&own).expect("a folder");
    for (name, text) in files {
        std::fs::write(own.join(name), text).expect("a file");
    }
}

async fn page(viewer: &SignedIn, path: &str) -> Html {
    drawn(viewer.page(path), path).await
}

const BALANCE: &str = r#"
title = { ru = "Остатки", en = "Balance" }
menu = { ru = "Склад", en = "Store", order = 20 }
datasets = ["sales"]
key = ["month_key", "part"]
currency = { key = "currency_id", code = "currency_code", name = "currency_name" }
compare = "last year"
rows_title = { ru = "По месяцам", en = "By month" }
noun = { ru = ["строке", "строкам", "строкам"], en = ["row", "rows"] }
facts = { ru = "остатков", en = "balances" }
sort = "name"

[[filter]]
name = "as_of"
kind = "day"
title = { ru = "На день", en = "As of" }

[[filter]]
name = "part"
kind = "choice"
of = "text"
title = { ru = "Часть", en = "Part" }
all = { ru = "Все", en = "All" }
options = "parts.sql"

[[column]]
name = "name"
kind = "text"
title = { ru = "Месяц", en = "Month" }

[[column]]
name = "month"
kind = "date"
title = { ru = "С", en = "From" }

[[column]]
name = "pieces"
kind = "quantity"
title = { ru = "Штук", en = "Pieces" }

[[column]]
name = "money"
kind = "money"
title = { ru = "Сумма", en = "Sum" }

[[column]]
name = "stock"
kind = "money"
total = { last = "month" }
title = { ru = "Остаток", en = "Stock" }

[[column]]
name = "price"
kind = "money"
total = { ratio = ["money", "pieces"] }
title = { ru = "Цена", en = "Price" }

[[column]]
name = "rate"
kind = "percent"
title = { ru = "Ставка", en = "Rate" }

[[column]]
name = "change"
kind = "percent"
title = { ru = "К прошлому", en = "Change" }
change_of = "money"
"#;

const BALANCE_ROWS: &str = "-- How much had these dealers bought by the end of the day, month by month?
WITH bought AS
(
    SELECT toStartOfMonth(sold_on) AS month, extract(YEAR FROM sold_on) AS year, currency_id, quantity, revenue
    FROM report.until(dealers = {dealers:Array(UUID)}, as_of = {as_of:Date32})
),
months AS
(
    SELECT month, any(year) AS a_year, currency_id, sum(quantity) AS pieces, sum(revenue) AS money
    FROM bought
    GROUP BY month, currency_id
)
SELECT
    concat(toString(a_year), toString(month)) AS month_key,
    part,
    toDate32(month) AS month,
    currency_id,
    '643' AS currency_code,
    'RUB' AS currency_name,
    concat(toString(month), ' ', trim(BOTH ' ' FROM part)) AS name,
    pieces,
    money,
    money * 10 AS stock,
    CAST(money / pieces, 'Decimal(18, 2)') AS price,
    0.5 AS rate
FROM months
ARRAY JOIN ['a', 'b'] AS part
WHERE {part:Nullable(String)} IS NULL OR part = {part:Nullable(String)}
";

const UNTIL: &str = "CREATE OR REPLACE VIEW report.until DEFINER = owner SQL SECURITY DEFINER AS \
    SELECT * FROM dw.sale FINAL WHERE dealer_id IN {dealers:Array(UUID)} AND sold_on <= {as_of:Date32}";

#[tokio::test(flavor = "multi_thread")]
async fn a_report_as_of_a_day_adds_up_what_adds_up_and_compares_day_with_day() {
    let site = folder();
    let parts = "SELECT arrayJoin(['a', 'b', '\\\\N']) AS value, concat('часть ', value) AS label";
    write(site.path(), "balance", &[("report.toml", BALANCE), ("rows.sql", BALANCE_ROWS), ("parts.sql", parts)]);
    let lines = [
        Line::of(1, "'2024-01-10'", 100),
        Line::of(1, "'2024-02-10'", 50),
        Line::of(2, "'2024-02-20'", 30),
        Line::of(1, "'2025-02-25'", 7),
    ];
    let stand = Stand::of_site(&[PUMP, BOILER], &lines, Some(site.path())).await;
    run(&stand.clickhouse.client("migrator"), UNTIL).await;
    let volga = stand.dealer(&[VOLGA]).await;
    let balance = page(&volga, "/reports/balance?as_of=2024-03-01&part=a").await;
    assert_eq!(
        rows(&balance),
        [
            "Итого по 2 строкам||3|180|800|60|—|—",
            "2024-01-01 a|01.01.2024|1|100|1 000|100|50,0 %|новый",
            "2024-02-01 a|01.02.2024|2|80|800|40|50,0 %|новый",
        ]
    );
    // A year later the same months stand as before, and one more.
    let balance = page(&volga, "/reports/balance?as_of=2025-03-01&part=a").await;
    assert_eq!(
        rows(&balance),
        [
            "Итого по 3 строкам||4|187|70|47|—|+3,9 %",
            "2024-01-01 a|01.01.2024|1|100|1 000|100|50,0 %|0,0 %",
            "2024-02-01 a|01.02.2024|2|80|800|40|50,0 %|0,0 %",
            "2025-02-01 a|01.02.2025|1|7|70|7|50,0 %|новый",
        ]
    );
    assert_eq!(texts(&balance, "select#part option"), ["Все", "часть a", "часть b", "часть \\N"]);
    assert_eq!(texts(&balance, "input#as_of[value='2025-03-01']").len(), 1);
    assert_eq!(rows(&page(&volga, "/reports/balance").await).len(), 7, "both parts of three months, as of today");
    // A text that looks like SQL's NULL is a text.
    for part in ["%5CN", "c", "%27%20OR%201%3D1"] {
        let none = page(&volga, &format!("/reports/balance?part={part}")).await;
        assert!(rows(&none).is_empty(), "{part}: {:?}", rows(&none));
        assert!(texts(&none, ".empty").concat().contains("С такими фильтрами остатков нет."), "{part}");
    }
    for sort in ["name", "month", "pieces", "money", "stock", "price", "rate", "change"] {
        for sign in ["", "-"] {
            assert_eq!(
                rows(&page(&volga, &format!("/reports/balance?sort={sign}{sort}")).await).len(),
                7,
                "{sign}{sort}"
            );
        }
    }
    let file = volga.page("/reports/balance?format=csv&as_of=2024-03-01&part=b").send().await.expect("a file");
    let file = file.text().await.expect("its text");
    assert!(file.contains("\"На день\";\"01.03.2024\"\r\n\"Часть\";\"часть b\""), "{file}");
    assert!(file.contains("\"2024-02-01 b\";01.02.2024;2;80,00;800,00;40,00;50,00;;\"RUB\"\r\n"), "{file}");
    assert!(file.ends_with("\"Итого по 2 строкам\";;3;180,00;800,00;60,00;;;\"RUB\"\r\n"), "{file}");
    let wrong = volga.page("/reports/balance?as_of=2024-02-30").send().await.expect("an answer");
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    let ural = stand.dealer(&[URAL]).await;
    assert!(rows(&page(&ural, "/reports/balance?as_of=2024-03-01").await).is_empty(), "another dealer's");
}

const DOCUMENTS: &str = r#"
title = { ru = "Документы", en = "Documents" }
menu = { ru = "Продажи", en = "Sales", order = 15 }
roles = ["manager", "admin"]
datasets = ["sales"]
key = ["document_id", "line_no"]
currency = { key = "currency_id", code = "currency_code", name = "currency_name" }
compare = "previous period"
rows_title = { ru = "По строкам", en = "By line" }
noun = { ru = ["строке", "строкам", "строкам"], en = ["line", "lines"] }
facts = { ru = "документов", en = "documents" }
sort = "-revenue"

[[filter]]
name = "period"
kind = "period"
title = { ru = "Период", en = "Period" }
default = "year"

[[filter]]
name = "product"
kind = "choice"
title = { ru = "Товар", en = "Product" }
all = { ru = "Все", en = "All" }
options = "products.sql"

[[column]]
name = "number"
kind = "code"
title = { ru = "Номер", en = "Number" }

[[column]]
name = "revenue"
kind = "money"
title = { ru = "Выручка", en = "Revenue" }

[[strip]]
title = { ru = "Выручка", en = "Revenue" }
value = "revenue"

[chart]
query = "by_month.sql"
title = { ru = "Документы по месяцам", en = "Documents by month" }
kind = "count"

[[home]]
order = 1
title = { ru = "Строк за {month}", en = "Lines in {month}" }
show = "count"
period = "month"
"#;

const DOCUMENT_ROWS: &str = "SELECT document_id, line_no, currency_id, currency_code, currency_name, number, revenue
FROM report.sale(dealers = {dealers:Array(UUID)})
WHERE sold_on BETWEEN {first_day:Date32} AND {last_day:Date32}
  AND ({product:Nullable(UUID)} IS NULL OR product_id = {product:Nullable(UUID)})
";

const DOCUMENT_MONTHS: &str = "SELECT toStartOfMonth(sold_on) AS month, uniqExact(document_id) AS value
FROM report.sale(dealers = {dealers:Array(UUID)})
WHERE sold_on BETWEEN {first_day:Date32} AND {last_day:Date32}
  AND ({product:Nullable(UUID)} IS NULL OR product_id = {product:Nullable(UUID)})
GROUP BY month
";

const PRODUCTS: &str = "SELECT DISTINCT product_id AS value, product_name AS label
FROM report.sale(dealers = {dealers:Array(UUID)})
ORDER BY label
";

/// Sales lead to the documents, which only staff may open.
fn site_with_documents() -> tempfile::TempDir {
    let site = folder();
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/reports/sales");
    let read = |name: &str| std::fs::read_to_string(Path::new(own).join(name)).expect("a file of Sales");
    let link = "\n[[link]]\ncolumn = \"product\"\nreport = \"documents\"\nset = { product = \"product_id\" }\n";
    let sales = [
        ("report.toml", format!("{}{link}", read("report.toml"))),
        ("rows.sql", read("rows.sql")),
        ("by_month.sql", read("by_month.sql")),
        ("groups.sql", read("groups.sql")),
    ];
    write(site.path(), "sales", &sales.each_ref().map(|(name, text)| (*name, text.as_str())));
    let documents = [
        ("report.toml", DOCUMENTS),
        ("rows.sql", DOCUMENT_ROWS),
        ("by_month.sql", DOCUMENT_MONTHS),
        ("products.sql", PRODUCTS),
    ];
    write(site.path(), "documents", &documents);
    site
}

async fn stand_with_documents(site: &Path) -> Stand {
    let a_month_ago = "addMonths(today(), -1)";
    let lines = [
        Line::of(1, TODAY, 100),
        Line::of(1, TODAY, 20),
        Line::of(2, TODAY, 300),
        Line::of(1, a_month_ago, 60),
        Line::of(2, a_month_ago, 1),
    ];
    Stand::of_site(&[PUMP, BOILER], &lines, Some(site)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_leads_to_another_report_with_its_filters_set() {
    let site = site_with_documents();
    let stand = stand_with_documents(site.path()).await;
    let manager = stand.manager(&[VOLGA, URAL]).await;
    let sales = page(&manager, &format!("/reports/sales?period=month&dealer={VOLGA}&sort=revenue")).await;
    let link = Selector::parse("table.rows tbody th a").expect("a selector");
    let links: Vec<&str> = sales.select(&link).filter_map(|link| link.attr("href")).collect();
    let to = |number: u8| {
        format!("/reports/documents?period=month&product=70000000-0000-4000-8000-{number:012}&dealer={VOLGA}")
    };
    assert_eq!(links, [to(1), to(2)], "the total row leads nowhere");
    let documents = page(&manager, links[0]).await;
    // The month before is what is compared: 120 to 60.
    assert_eq!(rows(&documents), ["Итого по 2 строкам|120", "Н|100", "Н|20"]);
    assert_eq!(texts(&documents, ".strip dd").join(" "), "120 +100,0 % к предыдущему периоду");
    assert_eq!(texts(&documents, "select#product option[selected]"), ["Насос"]);
    let months = texts(&documents, ".chart tbody tr td");
    assert_eq!(months, ["2", "1"], "documents of this month and of the one before");
    assert!(texts(&documents, ".chart .legend").concat().contains("предыдущий период"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_for_others_is_nowhere_in_menu_address_links_and_overview() {
    let site = site_with_documents();
    let stand = stand_with_documents(site.path()).await;
    let (dealer, manager) = (stand.dealer(&[VOLGA]).await, stand.manager(&[VOLGA]).await);
    for path in ["/reports/documents", "/reports/documents?format=csv", "/reports/documents?period=own&from=x"] {
        for request in [dealer.page(path), dealer.fragment(path)] {
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
            assert!(!answer.text().await.expect("a body").contains("Документы"), "{path}");
        }
    }
    let entry = "nav.side a[href='/reports/documents']";
    let seen = async |viewer: &SignedIn| {
        let (home, sales) = (page(viewer, "/").await, page(viewer, "/reports/sales").await);
        let tiles = texts(&home, ".tile h2").iter().filter(|title| title.starts_with("Строк за")).count();
        (texts(&home, entry).len(), tiles, texts(&sales, "table.rows tbody th a").len())
    };
    assert_eq!(seen(&dealer).await, (0, 0, 0));
    assert_eq!(seen(&manager).await, (1, 1, 2));
    let home = page(&manager, "/").await;
    assert_eq!(texts(&home, ".tile:first-child .figure"), ["3"], "lines of this month, the tile of the least order");
    assert!(texts(&home, ".tile:first-child").concat().contains("+50,0 %"), "two a month ago");
}
