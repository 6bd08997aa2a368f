//! Two dealers whose every text carries a canary, and a portal over them.

use clickhouse::Client;
use stack::process::Launch;
use tests::{
    Browser, PRODUCTS, Page, Program, SignedIn, TestClickHouse, TestKeycloak, TestPortal, TestPostgres, clickhouse,
    folder, postgres,
};

pub const VOLGA: &str = "5b0d6f0e-d0d0-11ee-8a01-000000000001";
pub const URAL: &str = "5b0d6f0e-d0d0-11ee-8a01-000000000002";
pub const NORTH: &str = "5b0d6f0e-d0d0-11ee-8a01-000000000003";

/// Stands in every text of that dealer, and nowhere else.
pub fn canary(dealer: &str) -> String {
    format!("КАНАРЕЙКА-{}", &dealer[dealer.len() - 1..])
}

pub const ROUBLE: &str = "c0000000-0000-4000-8000-000000000643";
pub const DOLLAR: &str = "c0000000-0000-4000-8000-000000000840";
pub const PIECE: &str = "d0000000-0000-4000-8000-000000000796";
pub const METRE: &str = "d0000000-0000-4000-8000-000000000006";

/// Everything was read just now.
pub const PASSES: &str = "INSERT INTO dw.pass SELECT \
    ['sales', 'returns', 'products', 'dealers', 'currencies', 'units'][number + 1], 0, 1, 1, now64(3), 60, 0 FROM numbers(6)";

/// The currencies and units of every infobase, and what was read when.
pub async fn seed_common(client: &Client) {
    run(
        client,
        &format!("INSERT INTO dw.currency VALUES ('{ROUBLE}', '643', 'RUB', 1, 0), ('{DOLLAR}', '840', 'USD', 1, 0)"),
    )
    .await;
    run(client, &format!("INSERT INTO dw.unit VALUES ('{PIECE}', '796', 'шт', 1, 0), ('{METRE}', '006', 'м', 1, 0)"))
        .await;
    run(client, PASSES).await;
}

pub async fn run(client: &Client, sql: &str) {
    client.query_raw(sql).execute().await.unwrap_or_else(|cause| panic!("{cause}: {sql}"));
}

pub struct Stand {
    pub portal: TestPortal,
    pub clickhouse: TestClickHouse,
    pub keycloak: TestKeycloak,
    pub postgres: TestPostgres,
    pub folder: tempfile::TempDir,
}

impl Stand {
    pub async fn start() -> Self {
        Self::start_with(|launch| launch).await
    }

    /// The same with other variables of the portal.
    pub async fn start_with(change: impl FnOnce(Launch) -> Launch) -> Self {
        let clickhouse = clickhouse().await;
        seed_common(&clickhouse.client("migrator")).await;
        for dealer in [VOLGA, URAL, NORTH] {
            seed(&clickhouse.client("migrator"), dealer).await;
        }
        Self::over(clickhouse, change).await
    }

    /// One dealer, Volga, who trades in what a dealer trades in, for more than a milliard a year.
    pub async fn of_trade(words: &TradeWords) -> Self {
        Self::of_trade_with(words, |launch| launch).await
    }

    /// The same with other variables of the portal.
    pub async fn of_trade_with(words: &TradeWords, change: impl FnOnce(Launch) -> Launch) -> Self {
        let clickhouse = clickhouse().await;
        seed_common(&clickhouse.client("migrator")).await;
        seed_trade(&clickhouse.client("migrator"), words).await;
        Self::over(clickhouse, change).await
    }

    /// The same where a file of more than twenty rows is made in the background.
    pub async fn of_large_trade(words: &TradeWords) -> Self {
        Self::of_trade_with(words, |launch| launch.env("PORTAL_EXPORT_JOB_ROWS", "20")).await
    }

    /// Sixty products of Volga in a ClickHouse of which a line of `users.xml` reads otherwise.
    pub async fn with_limit(from: &str, to: &str) -> Self {
        let config = folder();
        let own = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/clickhouse"));
        for name in ["config.xml", "users.xml"] {
            let text = std::fs::read_to_string(own.join(name)).expect("the product's own");
            assert!(name != "users.xml" || text.contains(from), "{from}");
            std::fs::write(config.path().join(name), text.replacen(from, to, 1)).expect("a copy");
        }
        let clickhouse = TestClickHouse::bare(Some(config.path().to_owned())).await;
        let migrator = clickhouse.client("migrator");
        clickhouse.migrate().await;
        seed_common(&migrator).await;
        seed(&migrator, VOLGA).await;
        Self::over(clickhouse, |launch| launch).await
    }

    /// One dealer, Volga, and exactly these products and lines.
    pub async fn of(products: &[Product], lines: &[Line]) -> Self {
        Self::of_site(products, lines, None).await
    }

    /// The same with a site's own folder of reports.
    pub async fn of_site(products: &[Product], lines: &[Line], reports: Option<&std::path::Path>) -> Self {
        Self::of_site_with(products, lines, |launch| match reports {
            Some(folder) => launch.env("PORTAL_REPORTS_DIR", folder),
            None => launch,
        })
        .await
    }

    /// The same with other variables of the portal.
    pub async fn of_site_with(products: &[Product], lines: &[Line], change: impl FnOnce(Launch) -> Launch) -> Self {
        let clickhouse = clickhouse().await;
        let migrator = clickhouse.client("migrator");
        seed_common(&migrator).await;
        run(&migrator, &format!("INSERT INTO dw.dealer (dealer_id, code, name, version, is_deleted) VALUES ('{VOLGA}', '1', 'ООО «Волга»', 1, 0)")).await;
        for Product { number, name, code, article, unit } in products {
            let sql = "INSERT INTO dw.product (product_id, code, article, name, unit_id, version) VALUES";
            run(&migrator, &format!("{sql} ('{}', '{code}', '{article}', '{name}', '{unit}', 1)", product_id(*number)))
                .await;
        }
        for (number, line) in lines.iter().enumerate() {
            let Line { product, day, currency, quantity, revenue } = line;
            let product = product_id(*product);
            run(
                &migrator,
                &format!(
                    "INSERT INTO dw.sale SELECT '{VOLGA}', toDate32({day}), generateUUIDv4(), {number}, now(), 'Н', '{VOLGA}', \
                     '{currency}', '{product}', {quantity}, {revenue}, 0, 0, 1, 0"
                ),
            )
            .await;
        }
        Self::over(clickhouse, change).await
    }

    async fn over(clickhouse: TestClickHouse, change: impl FnOnce(Launch) -> Launch) -> Self {
        let (postgres, keycloak, folder) = (postgres().await, TestKeycloak::shared(), folder());
        let portal = TestPortal::start_with(&postgres, &clickhouse, &keycloak, folder.path(), change).await;
        Self { portal, clickhouse, keycloak, postgres, folder }
    }

    /// A page of an employee of Volga who has just signed in, at this path.
    pub async fn browse(&self, browser: &Browser, path: &str) -> Page {
        let (person, page) = (self.keycloak.dealer(&[VOLGA]).await, browser.page().await);
        page.open(&self.portal.at(path)).await;
        page.sign_in(&person.name, &person.name).await;
        page.wait_for(".who").await;
        page
    }

    /// A program of these dealers, with a token of its own.
    pub async fn program(&self, dealers: &[&str]) -> Program {
        let machine = self.keycloak.machine(dealers).await;
        Program::at(&self.portal, self.keycloak.token_of(&machine).await)
    }

    /// Signed in as an employee of these dealers.
    pub async fn dealer(&self, dealers: &[&str]) -> SignedIn {
        let person = self.keycloak.dealer(dealers).await;
        SignedIn::to(&self.portal.url, &person).await
    }
}

impl Stand {
    /// Signed in as one of the manufacturer's staff to whom these dealers are granted.
    pub async fn manager(&self, dealers: &[&str]) -> SignedIn {
        let person = self.keycloak.user("manager", &[]).await;
        for dealer in dealers {
            let sql = "INSERT INTO dealer_grant (subject, dealer_id, granted_by, granted_at) VALUES ($1, $2::uuid, 'test', now())";
            sqlx::query(sql).bind(&person.id).bind(dealer).execute(&self.postgres.pool).await.expect("a grant");
        }
        SignedIn::to(&self.portal.url, &person).await
    }
}

/// A product of `Stand::of`.
pub struct Product {
    pub number: u32,
    pub name: &'static str,
    pub code: &'static str,
    pub article: &'static str,
    pub unit: &'static str,
}

impl Product {
    pub const fn called(number: u32, name: &'static str) -> Self {
        Self { number, name, code: "", article: "", unit: PIECE }
    }
}

fn product_id(number: u32) -> String {
    format!("70000000-0000-4000-8000-{number:012}")
}

/// A line of `Stand::of`; a negative one is of a return.
pub struct Line {
    pub product: u32,
    /// An expression of a day, or `'2026-01-31'`.
    pub day: &'static str,
    pub currency: &'static str,
    pub quantity: i32,
    pub revenue: i32,
}

pub const TODAY: &str = "today()";
pub const YEAR_AGO: &str = "addYears(today(), -1)";

impl Line {
    /// A piece for so many roubles.
    pub const fn of(product: u32, day: &'static str, revenue: i32) -> Self {
        Self { product, day, currency: ROUBLE, quantity: if revenue < 0 { -1 } else { 1 }, revenue }
    }

    pub const fn in_currency(self, currency: &'static str) -> Self {
        Self { currency, ..self }
    }
}

/// What stands in 1C, in one language.
pub struct TradeWords {
    pub dealer: &'static str,
    pub groups: [&'static str; 4],
    /// Two per group.
    pub products: [&'static str; 8],
    /// A piece and a metre.
    pub units: [&'static str; 2],
}

pub const RUSSIAN: TradeWords = TradeWords {
    dealer: "ООО «Волга-Тепло»",
    groups: ["Насосы", "Котлы", "Радиаторы", "Трубы и фитинги"],
    products: [
        "Насос циркуляционный для систем отопления с мокрым ротором",
        "Насос скважинный",
        "Котёл настенный двухконтурный",
        "Котёл напольный",
        "Радиатор биметаллический, секций:",
        "Конвектор внутрипольный",
        "Труба из сшитого полиэтилена, бухта",
        "Тройник латунный",
    ],
    units: ["шт", "м"],
};

pub const ENGLISH: TradeWords = TradeWords {
    dealer: "Volga Heating Ltd",
    groups: ["Pumps", "Boilers", "Radiators", "Pipes and fittings"],
    products: [
        "Circulating pump for heating with a wet rotor",
        "Borehole pump",
        "Wall-hung combination boiler",
        "Floor-standing boiler",
        "Bimetal radiator, sections:",
        "Trench convector",
        "Cross-linked polyethylene pipe, coil",
        "Brass tee",
    ],
    units: ["pcs", "m"],
};

/// 64 products in four groups, a sale of one of them four times a day for two years.
async fn seed_trade(client: &Client, words: &TradeWords) {
    let zero = "toUUID('00000000-0000-0000-0000-000000000000')";
    let id = |kind: char, number: &str| {
        format!("toUUID(concat('{kind}0000000-0000-4000-8000-', leftPad(toString({number}), 12, '0')))")
    };
    for sql in [
        format!(
            "INSERT INTO {PRODUCTS} SELECT {}, {zero}, 1, toString(number), '', {:?}[number + 1], {zero}, 1, 0 FROM numbers(4)",
            id('8', "number"),
            words.groups
        )
        .replace('"', "'"),
        format!(
            "INSERT INTO {PRODUCTS} SELECT {}, {}, 0, concat('00-', leftPad(toString(1000 + number * 37), 8, '0')), \
             concat('TW', toString(25 + number), '-', toString(number % 8)), \
             concat({:?}[number % 8 + 1], ' ', toString(25 + intDiv(number, 8) * 5)), \
             if(number % 8 = 6, '{METRE}', '{PIECE}'), 1, 0 FROM numbers(64)",
            id('7', "number"),
            id('8', "intDiv(number % 8, 2)"),
            words.products
        )
        .replace('"', "'"),
        format!("INSERT INTO dw.dealer (dealer_id, code, name, version, is_deleted) VALUES ('{VOLGA}', '00-00000001', '{}', 1, 0)", words.dealer),
        format!(
            "INSERT INTO dw.unit VALUES ('{PIECE}', '796', '{}', 2, 0), ('{METRE}', '006', '{}', 2, 0)",
            words.units[0], words.units[1]
        ),
        format!(
            "INSERT INTO dw.sale WITH intDiv(number, 4) AS day, sipHash64(number) % 64 AS product, \
             1 + sipHash64(number, 1) % 7 AS pieces, \
             pieces * (90000 + sipHash64(product) % 400000) * if(day > 365, 0.87, 1) AS money \
             SELECT '{VOLGA}', toDate32(today() - day), {}, 1, now(), toString(number), {zero}, '{ROUBLE}', {}, pieces, money, \
             money / 6, money * 0.043, 1, 0 FROM numbers(2920)",
            id('9', "number"),
            id('7', "product"),
        ),
    ] {
        run(client, &sql).await;
    }
}

/// Sixty products in a group below a group, each sold today and a year ago.
pub async fn seed(client: &Client, dealer: &str) {
    let (mark, digit) = (canary(dealer), &dealer[dealer.len() - 1..]);
    let id = |kind: char, number: &str| {
        format!("toUUID(concat('{kind}0000000-0000-4000-8000-00000{digit}', leftPad(toString({number}), 6, '0')))")
    };
    let zero = "toUUID('00000000-0000-0000-0000-000000000000')";
    for sql in [
        format!(
            "INSERT INTO {PRODUCTS} SELECT {}, if(number = 1, {}, {zero}), 1, concat('Г{mark}', toString(number)), '', \
             concat('Группа {mark} ', toString(number)), {zero}, 1, 0 FROM numbers(2)",
            id('8', "number"),
            id('8', "0"),
        ),
        format!(
            "INSERT INTO {PRODUCTS} SELECT {}, {}, 0, concat('К{mark}-', toString(number)), 'А{mark}', \
             concat('Товар {mark} <b onclick=x>', leftPad(toString(number), 2, '0')), '{PIECE}', 1, 0 FROM numbers(60)",
            id('7', "number"),
            id('8', "1"),
        ),
        format!(
            "INSERT INTO dw.dealer (dealer_id, code, name, version, is_deleted) VALUES ('{dealer}', 'Д{mark}', 'ООО «{mark}»', 1, 0)"
        ),
        format!(
            "INSERT INTO dw.sale SELECT '{dealer}', toDate32(today() - (number % 2) * 365), {}, 1, now(), 'Н{mark}', \
             {zero}, '{ROUBLE}', {}, 2, 120 * (intDiv(number, 2) + 1), 20 * (intDiv(number, 2) + 1), 12, 1, 0 FROM numbers(120)",
            id('9', "number"),
            id('7', "intDiv(number, 2)"),
        ),
    ] {
        run(client, &sql).await;
    }
}
