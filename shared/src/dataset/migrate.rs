//! The datasets' part of the warehouse: tables first, then views, which may read any of them.

use clickhouse::Client;
use clickhouse::error::Error;

use super::catalogue::Catalogue;
use super::definition::{Dataset, TextFile};
use super::table::{Difference, Table};

/// Makes and extends what the datasets need. Returns a sentence for each thing that was refused; the other datasets have theirs.
pub async fn migrate(client: &Client, datasets: &Catalogue) -> Result<Vec<String>, Error> {
    let mut refused = Vec::new();
    let mut views: Vec<TextFile> = Vec::new();
    for dataset in datasets.all() {
        if !dataset.is_like_another {
            refused.extend(table(client, *dataset).await?);
            views.extend(shown(*dataset));
        }
        views.extend(dataset.views.iter().cloned());
    }
    refused.extend(all(client, views).await?);
    Ok(refused)
}

/// A sentence, if the table that stands is another.
async fn table(client: &Client, dataset: Dataset) -> Result<Option<String>, Error> {
    let table = Table::of(dataset);
    run(client, &table.create()).await?;
    let columns: Vec<(String, String)> = client
        .query("SELECT name, type FROM system.columns WHERE database = 'dw' AND table = ? ORDER BY position")
        .bind(&table.name)
        .fetch_all()
        .await?;
    let key: String = client
        .query("SELECT sorting_key FROM system.tables WHERE database = 'dw' AND name = ?")
        .bind(&table.name)
        .fetch_one()
        .await?;
    match table.compare(&columns, &key) {
        None => Ok(None),
        Some(Difference::Lacks(statements)) => {
            for statement in statements {
                run(client, &statement).await?;
            }
            Ok(None)
        }
        Some(Difference::Refused(why)) => Ok(Some(format!("{dataset} waits until that is mended: {why}"))),
    }
}

/// Of a snapshot: the last one that has arrived whole. Read by definer views only.
fn shown(dataset: Dataset) -> Option<TextFile> {
    let (name, table) = (dataset.name(), &dataset.table);
    dataset.is_snapshot().then(|| TextFile {
        path: format!("the rows of {name} that are shown"),
        text: format!(
            "CREATE OR REPLACE VIEW dw.{table}_now SQL SECURITY INVOKER AS SELECT * FROM dw.{table} FINAL WHERE bitShiftRight(version, 32) = \
             (SELECT max(bitShiftRight(version, 32)) FROM dw.{table} WHERE bitShiftRight(version, 32) <= \
             (SELECT max(pass) FROM dw.pass WHERE dataset = '{name}'))"
        ),
    })
}

/// Views may stand on each other: those that fail are tried again while any succeeds.
async fn all(client: &Client, mut views: Vec<TextFile>) -> Result<Vec<String>, Error> {
    loop {
        let before = views.len();
        let mut failed = Vec::new();
        let mut reasons = Vec::new();
        for view in views {
            match run(client, &view.text).await {
                Ok(()) => {}
                Err(Error::BadResponse(reason)) => {
                    reasons.push(format!("{} does not fit: {}", view.path, reason.trim_end()));
                    failed.push(view);
                }
                Err(error) => return Err(error),
            }
        }
        if failed.is_empty() || failed.len() == before {
            return Ok(reasons);
        }
        views = failed;
    }
}

/// A question mark is the client's own sign for a value.
async fn run(client: &Client, statement: &str) -> Result<(), Error> {
    client.query(&statement.replace('?', "??")).execute().await
}
