//! What ClickHouse's refusals mean, by what can be done about them: read in one place.

use std::time::Duration;

use clickhouse::error::Error;

use super::tsv::Misread;

/// Why there are no rows, by what a viewer can do about it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RunError {
    #[error("ClickHouse is unavailable: {0}")]
    Unavailable(String),
    /// The dealer's quota is used up.
    #[error("too many queries of this dealer")]
    TooMany { retry_after: Duration },
    #[error("the query took longer than allowed")]
    TimedOut,
    /// More rows or memory than one question may take: narrow it.
    #[error("too much is asked at once: {0}")]
    TooMuch(String),
    /// Ours to mend: the query, the rights or the schema.
    #[error("ClickHouse refuses the query: {0}")]
    Refused(String),
}

impl RunError {
    /// A bad day of ClickHouse, as against a bad question or a used-up quota.
    pub const fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<Misread> for RunError {
    fn from(cause: Misread) -> Self {
        Self::Refused(cause.to_string())
    }
}

impl From<Error> for RunError {
    fn from(cause: Error) -> Self {
        match &cause {
            Error::BadResponse(text) => of_answer(text),
            Error::Network(_) | Error::TimedOut | Error::Decompression(_) => Self::Unavailable(cause.to_string()),
            _ => Self::Refused(cause.to_string()),
        }
    }
}

/// The number of ClickHouse's error in its answer.
pub fn code(answer: &str) -> Option<u32> {
    let rest = answer.split("Code: ").nth(1)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn of_answer(text: &str) -> RunError {
    let told = || text.lines().next().unwrap_or_default().to_owned();
    match code(text) {
        Some(201) => RunError::TooMany { retry_after: Duration::from_secs(60) },
        Some(159 | 160) => RunError::TimedOut,
        // rows or bytes read, or of the result
        Some(158 | 307 | 396) => RunError::TooMuch(told()),
        // Its own memory, as against that of the server or of all the portal's queries together.
        Some(241) if text.to_lowercase().contains("query memory limit exceeded") => RunError::TooMuch(told()),
        // memory, too many queries, too many parts, network, shutting down, still starting
        Some(202 | 209 | 210 | 241 | 242 | 252 | 279 | 394 | 439 | 236 | 516) | None => RunError::Unavailable(told()),
        Some(_) => RunError::Refused(told()),
    }
}

#[cfg(test)]
mod tests {
    use super::RunError;
    use clickhouse::error::Error;

    #[test]
    fn errors_are_classified_by_what_can_be_done() {
        let of = |text: &str| RunError::from(Error::BadResponse(text.to_owned()));
        assert!(matches!(of("Code: 201. DB::Exception: Quota for user"), RunError::TooMany { .. }));
        assert!(matches!(of("Code: 159. DB::Exception: Timeout exceeded"), RunError::TimedOut));
        assert!(matches!(of("Code: 241. DB::Exception: (total) memory limit exceeded"), RunError::Unavailable(_)));
        for too_much in [
            "Code: 158. DB::Exception: Limit for rows to read exceeded",
            "Code: 307. DB::Exception: Limit for bytes to read exceeded",
            "Code: 396. DB::Exception: Limit for result exceeded",
            "Code: 241. DB::Exception: Query memory limit exceeded: would use 1.00 GiB",
        ] {
            assert!(matches!(of(too_much), RunError::TooMuch(_)) && !of(too_much).is_outage(), "{too_much}");
        }
        assert!(matches!(of("Code: 497. DB::Exception: Not enough privileges"), RunError::Refused(_)));
        assert!(matches!(RunError::from(Error::TimedOut), RunError::Unavailable(_)));
    }
}
