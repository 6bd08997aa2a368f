//! How each dataset stands, put together of what the extractors write down and of what has arrived.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::Serialize;
use shared::report::freshness::Freshness;
use shared::steering::{self, CronJob};
use utoipa::ToSchema;

use crate::error::AppError;
use crate::state::App;

/// As PostgreSQL has it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DatasetRow)]
pub struct Row {
    pub dataset: String,
    /// The first load is over.
    pub is_loaded: Option<bool>,
    /// Until then: everything dated earlier has been sent.
    pub loaded_to: Option<NaiveDateTime>,
    /// When the last pass had sent its marker.
    pub done_at: Option<DateTime<Utc>>,
    pub done_pass: Option<i64>,
    /// The earliest day of what was sent.
    pub first_day: Option<NaiveDate>,
    pub running_job: Option<String>,
    pub running_since: Option<DateTime<Utc>>,
    pub running_sent: Option<i64>,
    pub running_attempt: Option<i32>,
    pub last_job: Option<String>,
    pub last_at: Option<DateTime<Utc>>,
    /// Documents or items that the last pass sent, and their lines.
    pub last_sent: Option<i64>,
    pub last_lines: Option<i64>,
    pub last_rejected: Option<i64>,
    pub last_took_s: Option<f64>,
    /// Why the pass after that failed.
    pub trouble: Option<String>,
    pub trouble_state: Option<String>,
    pub trouble_until: Option<DateTime<Utc>>,
    pub paused_by: Option<String>,
    pub paused_reason: Option<String>,
    pub paused_since: Option<DateTime<Utc>>,
    /// Documents missing in 1C, so many at once that nothing is removed.
    pub held: i64,
    pub set_aside: i64,
}

/// A dataset as the page and the API show it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DatasetStand)]
pub struct Stand {
    #[serde(flatten)]
    pub row: Row,
    /// As of when its rows in the warehouse are; null: not there yet.
    pub as_of: Option<DateTime<Utc>>,
    /// Usual seconds between its passes.
    pub interval_s: u32,
    /// Seconds between the last marker that was sent and the moment that the warehouse is as of, beyond what a pass takes: rows that
    /// are on their way through Kafka.
    pub behind_s: Option<i64>,
    /// 0 to 99 of a first load, by the days that it has passed.
    pub percent: Option<i64>,
    /// Seconds that it has left at the pace so far.
    pub remaining_s: Option<i64>,
    /// When it is read next.
    pub next_at: Option<DateTime<Utc>>,
    /// Has days: they can be read again.
    pub has_days: bool,
    /// It is asked of 1C at all.
    pub is_read: bool,
}

/// Of all datasets. Without ClickHouse as of nobody knows when.
pub async fn stands(app: &App) -> Result<(Vec<Stand>, Vec<CronJob>), AppError> {
    let rows = sqlx::query_file_as!(Row, "src/operations/sync/stand.sql").fetch_all(&app.postgres).await?;
    let jobs = steering::jobs(&app.postgres).await?;
    let mut ages = HashMap::new();
    for row in &rows {
        let age = app.ask(app.engine.freshness(std::slice::from_ref(&row.dataset))).await;
        if let Ok(age) = age {
            ages.insert(row.dataset.clone(), age);
        }
    }
    let now = shared::clock::now();
    let stands = rows.into_iter().map(|row| {
        let age = ages.get(&row.dataset).copied().unwrap_or(Freshness { as_of: None, interval_s: 0 });
        stand(row, age, &jobs, now)
    });
    Ok((stands.collect(), jobs))
}

fn stand(row: Row, age: Freshness, jobs: &[CronJob], now: DateTime<Utc>) -> Stand {
    let own = || jobs.iter().filter(|job| job.dataset == row.dataset);
    let next_at = own().filter(|job| job.reach != "audit").filter_map(|job| job.next_at).min();
    let has_days = own().any(|job| job.reach == "everything");
    let is_read = own().any(|job| job.reach == "usual");
    let (percent, remaining_s) = first_load(&row, now);
    // A pass sends its marker when it has taken so long; what is older than that has not arrived.
    let behind_s = row.done_at.zip(age.as_of).map(|(done, as_of)| {
        let took = row.last_took_s.unwrap_or_default() as i64;
        ((done - as_of).num_seconds() - took - 1).max(0)
    });
    let (as_of, interval_s) = (age.as_of, age.interval_s);
    Stand { row, as_of, interval_s, behind_s, percent, remaining_s, next_at, has_days, is_read }
}

/// How far the first load is by its days, and what is left at that pace.
fn first_load(row: &Row, now: DateTime<Utc>) -> (Option<i64>, Option<i64>) {
    let (Some(false), Some(loaded_to), Some(first), Some(since)) =
        (row.is_loaded, row.loaded_to, row.first_day, row.running_since)
    else {
        return (None, None);
    };
    let (done, all) = ((loaded_to.date() - first).num_days(), (now.date_naive() - first).num_days());
    if all <= 0 || done <= 0 {
        return (Some(0), None);
    }
    let took = (now - since).num_seconds();
    let percent = (done * 100 / all).clamp(0, 99);
    (Some(percent), Some((took * (all - done).max(0) / done).max(1)))
}

#[cfg(test)]
mod tests {
    use super::{Row, first_load};

    fn row() -> Row {
        Row {
            dataset: "sales".to_owned(),
            is_loaded: Some(false),
            loaded_to: Some("2026-01-26T00:00:00".parse().unwrap()),
            done_at: None,
            done_pass: None,
            first_day: Some("2026-01-01".parse().unwrap()),
            running_job: Some("sales".to_owned()),
            running_since: Some("2026-04-10T11:59:00Z".parse().unwrap()),
            running_sent: Some(10),
            running_attempt: Some(1),
            last_job: None,
            last_at: None,
            last_sent: None,
            last_lines: None,
            last_rejected: None,
            last_took_s: None,
            trouble: None,
            trouble_state: None,
            trouble_until: None,
            paused_by: None,
            paused_reason: None,
            paused_since: None,
            held: 0,
            set_aside: 0,
        }
    }

    #[test]
    fn a_first_load_is_as_far_as_its_days() {
        let now = "2026-04-11T12:00:00Z".parse().unwrap();
        // 25 of 100 days in a day and a minute.
        assert_eq!(first_load(&row(), now), (Some(25), Some(3 * 86_460)));
        assert_eq!(first_load(&Row { is_loaded: Some(true), ..row() }, now), (None, None));
        assert_eq!(first_load(&Row { running_since: None, ..row() }, now), (None, None));
        let ahead = Row { loaded_to: Some("2026-05-01T00:00:00".parse().unwrap()), ..row() };
        assert_eq!(first_load(&ahead, now).0, Some(99), "never whole before it is whole");
    }
}
