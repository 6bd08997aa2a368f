//! A job is asked for. Whoever asks for the same again meets the job that is there.

use std::time::Duration;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::names::{EXPORT, QUEUED};
use crate::ids::DealerId;
use crate::language::Language;

/// Jobs that one dealer may ask for within an hour.
pub const PER_HOUR: i64 = 10;

/// For so many seconds a finished job answers the same request: its rows are as young as those of a page.
const SAME_FOR_S: f64 = 60.0;

/// A file of a report, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The report's name.
    pub report: String,
    /// Its filter, as it stands in an address: written by `Filter::url`, so that equal filters are equal texts.
    pub query: String,
    /// The format's code.
    pub format: String,
    pub language: Language,
    /// "Today" of the filter. A job that runs after midnight is of the days that were asked for.
    pub today: NaiveDate,
}

/// Who asks for what.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// Keycloak's `sub`.
    pub subject: &'a str,
    /// Whose rows the file will hold: sorted, each once, at least one.
    pub dealers: &'a [DealerId],
    pub request: &'a Request,
}

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    New(Uuid),
    /// The same was asked for before.
    Same(Uuid),
    /// The dealer has had its jobs of this hour.
    TooMany {
        retry_after: Duration,
    },
}

/// Places an order in the caller's transaction. Workers hear of it when that is committed.
pub async fn place(connection: &mut PgConnection, order: &Order<'_>) -> sqlx::Result<Placed> {
    let party = party(order.dealers);
    // Orders of a party one after another: each counts those before it.
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('job of ' || $1::text, 0))", party)
        .execute(&mut *connection)
        .await?;
    let fingerprint = fingerprint(order, &party);
    let same = sqlx::query_scalar!(
        "SELECT id FROM job
         WHERE fingerprint = $1 AND (state IN ('queued', 'running') OR state = 'done' AND file_key IS NOT NULL
               AND finished_at > now() - make_interval(secs => $2) AND expires_at > now())
         ORDER BY created_at DESC LIMIT 1",
        &fingerprint,
        SAME_FOR_S,
    );
    if let Some(id) = same.fetch_optional(&mut *connection).await? {
        return Ok(Placed::Same(id));
    }
    let hour = sqlx::query!(
        r#"SELECT count(*) AS "jobs!", extract(epoch FROM min(created_at) + interval '1 hour' - now())::float8 AS next_s
           FROM job WHERE party = $1 AND created_at > now() - interval '1 hour'"#,
        party,
    )
    .fetch_one(&mut *connection)
    .await?;
    if hour.jobs >= PER_HOUR {
        let retry_after = Duration::from_secs_f64(hour.next_s.unwrap_or_default().clamp(1.0, 3600.0));
        return Ok(Placed::TooMany { retry_after });
    }
    let id = Uuid::new_v4();
    let dealers: Vec<Uuid> = order.dealers.iter().map(|dealer| dealer.0).collect();
    sqlx::query!(
        "INSERT INTO job (id, kind, subject, dealers, party, request, fingerprint) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id,
        EXPORT,
        order.subject,
        &dealers,
        party,
        Json(order.request) as _,
        &fingerprint,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("SELECT pg_notify($1, '')", QUEUED).execute(&mut *connection).await?;
    Ok(Placed::New(id))
}

/// The dealer, or a name of the set of several. A manager of many does not use up what is each dealer's own.
fn party(dealers: &[DealerId]) -> String {
    match dealers {
        [dealer] => dealer.to_string(),
        several => {
            let mut hash = Sha256::new();
            several.iter().for_each(|dealer| hash.update(dealer.0.as_bytes()));
            let digits: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
            format!("{} dealers {digits}", several.len())
        }
    }
}

pub(super) fn fingerprint(order: &Order<'_>, party: &str) -> Vec<u8> {
    let Request { report, query, format, language, today } = order.request;
    let parts = [order.subject, party, report, query, format, language.code(), &today.to_string()];
    let mut hash = Sha256::new();
    for part in parts {
        // With its length: no two lists of parts read alike.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::{Order, Request, fingerprint, party};
    use crate::ids::DealerId;
    use crate::language::Language;
    use uuid::Uuid;

    #[test]
    fn the_same_request_has_the_same_fingerprint_and_any_other_another() {
        let request = Request {
            report: "sales".to_owned(),
            query: "period=year".to_owned(),
            format: "csv".to_owned(),
            language: Language::Ru,
            today: "2026-11-30".parse().unwrap(),
        };
        let dealers = [1, 2].map(|dealer| DealerId(Uuid::from_u128(dealer)));
        let of = |subject: &str, dealers: &[DealerId], request: &Request| {
            fingerprint(&Order { subject, dealers, request }, &party(dealers))
        };
        let first = of("a", &dealers, &request);
        assert_eq!(first, of("a", &dealers, &request.clone()));
        let others = [
            of("b", &dealers, &request),
            of("a", &dealers[..1], &request),
            of("a", &dealers, &Request { report: "stock".to_owned(), ..request.clone() }),
            of("a", &dealers, &Request { query: String::new(), ..request.clone() }),
            of("a", &dealers, &Request { format: "json".to_owned(), ..request.clone() }),
            of("a", &dealers, &Request { language: Language::En, ..request.clone() }),
            of("a", &dealers, &Request { today: "2026-12-01".parse().unwrap(), ..request.clone() }),
            of(
                "a",
                &dealers,
                &Request { report: "sale".to_owned(), query: "speriod=year".to_owned(), ..request.clone() },
            ),
        ];
        assert!(others.iter().all(|other| *other != first));
    }
}
