//! Two dealers whose every text carries a canary, and a portal over them.

use clickhouse::Client;
use tests::{SignedIn, TestClickHouse, TestKeycloak, TestPortal, TestPostgres, clickhouse, folder, postgres};

pub const VOLGA: &str = "5b0d6f0e-d0d0-11ee-8a01-000000000001";
pub const URAL: &str = "5b0d6f0e-d0d0-11ee-8a01-000000000002";
pub const NORTH: &str = "5b0d6f0e-d0d0-11ee-8a01-000000000003";

/// Stands in every text of that dealer, and nowhere else.
pub fn canary(dealer: &str) -> String {
    format!("КАНАРЕЙКА-{}", &dealer[dealer.len() - 1..])
}

pub struct Stand {
    pub portal: TestPortal,
    pub clickhouse: TestClickHouse,
    pub keycloak: TestKeycloak,
    _postgres: TestPostgres,
    _folder: tempfile::TempDir,
}

impl Stand {
    pub async fn start() -> Self {
        let (postgres, clickhouse, keycloak, folder) =
            (postgres().await, clickhouse().await, TestKeycloak::shared(), folder());
        for dealer in [VOLGA, URAL, NORTH] {
            seed(&clickhouse.client("migrator"), dealer).await;
        }
        let portal = TestPortal::start(&postgres, &clickhouse, &keycloak, folder.path()).await;
        Self { portal, clickhouse, keycloak, _postgres: postgres, _folder: folder }
    }

    /// Signed in as an employee of these dealers.
    pub async fn dealer(&self, dealers: &[&str]) -> SignedIn {
        let person = self.keycloak.dealer(dealers).await;
        SignedIn::to(&self.portal.url, &person.name, &person.name).await
    }
}

/// Sixty products in a group below a group, each sold today and a year ago.
async fn seed(client: &Client, dealer: &str) {
    let (mark, digit) = (canary(dealer), &dealer[dealer.len() - 1..]);
    let id = |kind: char, number: &str| {
        format!("toUUID(concat('{kind}0000000-0000-4000-8000-00000{digit}', leftPad(toString({number}), 6, '0')))")
    };
    let zero = "toUUID('00000000-0000-0000-0000-000000000000')";
    for sql in [
        format!(
            "INSERT INTO dw.product SELECT {}, if(number = 1, {}, {zero}), 1, concat('Г{mark}', toString(number)), '', \
             concat('Группа {mark} ', toString(number)), 1, 0 FROM numbers(2)",
            id('8', "number"),
            id('8', "0"),
        ),
        format!(
            "INSERT INTO dw.product SELECT {}, {}, 0, concat('К{mark}-', toString(number)), 'А{mark}', \
             concat('Товар {mark} <b onclick=x>', leftPad(toString(number), 2, '0')), 1, 0 FROM numbers(60)",
            id('7', "number"),
            id('8', "1"),
        ),
        format!("INSERT INTO dw.dealer VALUES ('{dealer}', 'Д{mark}', 'ООО «{mark}»', 1, 0)"),
        format!(
            "INSERT INTO dw.sale SELECT '{dealer}', toDate32(today() - (number % 2) * 365), {}, 1, now(), 'Н{mark}', \
             {zero}, {zero}, {}, 2, 120 * (intDiv(number, 2) + 1), 20 * (intDiv(number, 2) + 1), 12, 1, 0 FROM numbers(120)",
            id('9', "number"),
            id('7', "intDiv(number, 2)"),
        ),
        "INSERT INTO dw.pass SELECT ['sales', 'products', 'dealers'][number + 1], 0, 1, 1, now64(3), 60 FROM numbers(3)"
            .to_owned(),
    ] {
        client.query_raw(&sql).execute().await.unwrap_or_else(|cause| panic!("{cause}: {sql}"));
    }
}
