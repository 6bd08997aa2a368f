//! A warehouse of millions of rows, the same for every build: columns by name, for schemas grow.

use anyhow::{Context, Result};
use clickhouse::Client;

use crate::road::Road;

/// The dealer that is looked at.
pub const DEALER: &str = "5b0d6f0e-d0d0-11ee-8a01-000000000001";

const DATASETS: &str = "['sales', 'returns', 'products', 'dealers', 'currencies', 'units']";
const ROUBLE: &str = "toUUID('c0000000-0000-4000-8000-000000000643')";
const PIECE: &str = "toUUID('d0000000-0000-4000-8000-000000000796')";

/// Fifty dealers, five thousand products in a hundred groups, three years up to today; a fiftieth is the first dealer's.
pub async fn fill(road: &Road<'_>, lines: u64) -> Result<()> {
    let migrator = road.client("migrator");
    let id = |kind: &str, number: &str| {
        format!("toUUID(concat('5b0d6f0e-{kind}-11ee-8a01-', leftPad(lower(hex({number})), 12, '0')))")
    };
    let mut statements = vec![
        format!(
            "INSERT INTO dw.dealer (dealer_id, code, name, version, is_deleted)
             SELECT {dealer}, toString(number), concat('Дилер ', toString(number)), 1, 0 FROM numbers(1, 50)",
            dealer = id("d0d0", "number")
        ),
        format!(
            "INSERT INTO dw.product (product_id, parent_id, is_group, code, article, name, version, is_deleted)
             SELECT {product}, if(number < 100, toUUID('00000000-0000-0000-0000-000000000000'), {group}), number < 100,
               concat('НФ-', leftPad(toString(number), 8, '0')), toString(number),
               concat(if(number < 100, 'Группа ', 'Насос циркуляционный '), toString(number)), 1, 0
             FROM numbers(5100)",
            product = id("aaaa", "number"),
            group = id("aaaa", "number % 100")
        ),
        format!(
            "INSERT INTO dw.sale (dealer_id, sold_on, document_id, line_no, sold_at, number, legal_entity_id, currency_id,
               product_id, quantity, revenue, vat, discount, version, is_deleted)
             SELECT {dealer}, toDate32(today() - (cityHash64(number, 'd') % 1095)), {document}, number % 10 + 1, now64(0),
               concat('ТД-', toString(intDiv(number, 10))), {dealer}, {ROUBLE}, {product},
               toDecimal64(1 + cityHash64(number, 'q') % 20, 4), toDecimal64(100 + cityHash64(number, 'r') % 90000, 4),
               toDecimal64(intDiv(100 + cityHash64(number, 'r') % 90000, 6), 4),
               toDecimal64(cityHash64(number, 's') % 900, 4), 1, 0
             FROM numbers({lines})",
            dealer = id("d0d0", "intDiv(number, 10) % 50 + 1"),
            document = id("bbbb", "intDiv(number, 10)"),
            product = id("aaaa", "100 + cityHash64(number, 'p') % 5000")
        ),
    ];
    if has(&migrator, "currency").await? {
        statements.push(format!(
            "INSERT INTO dw.currency (currency_id, code, name, version, is_deleted) SELECT {ROUBLE}, '643', 'RUB', 1, 0"
        ));
    }
    if has(&migrator, "unit").await? {
        statements.push(format!(
            "INSERT INTO dw.unit (unit_id, code, name, version, is_deleted) SELECT {PIECE}, '796', 'шт', 1, 0"
        ));
        statements.push(format!(
            "INSERT INTO dw.product (product_id, parent_id, is_group, code, article, name, unit_id, version, is_deleted)
             SELECT product_id, parent_id, is_group, code, article, name, {PIECE}, 2, 0 FROM dw.product"
        ));
    }
    statements.extend(["sale", "product"].map(|table| format!("OPTIMIZE TABLE dw.{table} FINAL")));
    for statement in statements {
        run(&migrator, &statement).await?;
    }
    arrive(&migrator, 1).await
}

/// A pass of every dataset has arrived, that of sales with new rows: as every minute of a working day.
pub async fn arrive(migrator: &Client, pass: u64) -> Result<()> {
    let columns = "dataset, partition, partitions, pass, read_at, interval_s";
    let values = format!("arrayJoin({DATASETS}) AS dataset, 0, 1, {pass}, now64(3), 60");
    let says: u64 = migrator
        .query("SELECT count() FROM system.columns WHERE database = 'dw' AND table = 'pass' AND name = 'rows_version'")
        .fetch_one()
        .await?;
    let insert = match says {
        0 => format!("INSERT INTO dw.pass ({columns}) SELECT {values}"),
        _ => format!("INSERT INTO dw.pass ({columns}, rows_version) SELECT {values}, if(dataset = 'sales', {pass}, 1)"),
    };
    run(migrator, &insert).await
}

async fn has(migrator: &Client, table: &str) -> Result<bool> {
    let there: u8 = migrator.query(&format!("EXISTS TABLE dw.{table}")).fetch_one().await?;
    Ok(there == 1)
}

async fn run(migrator: &Client, sql: &str) -> Result<()> {
    migrator.query_raw(sql).execute().await.with_context(|| format!("fill the warehouse: {sql:.80}"))
}
