//! Pages: asked for until they come, smaller when 1C cannot build them, and walked by date without deep `$skip`.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::NaiveDateTime;
use uuid::Uuid;

use super::client::{Client, full_jitter};
use super::error::ErpError;
use super::mapping::Mapping;
pub use super::page_size::PageSize;
use super::read::{self, Rejected, Sink};
use super::url::{Question, datetime};

/// One answer, read.
#[derive(Debug)]
pub struct Page<S> {
    pub sink: S,
    /// Documents in the answer, the rejected ones included.
    pub documents: usize,
    pub rejected: Vec<Rejected>,
    /// `$top` of its question: fewer documents mean that it was the last.
    pub top: usize,
}

impl<S> Page<S> {
    pub fn is_last(&self) -> bool {
        self.documents < self.top
    }
}

/// Asks until a whole page has come, smaller each time that 1C could not build it, and never larger than it could before.
pub async fn fetch<S: Sink + Send + 'static>(
    client: &Client,
    mapping: &Arc<Mapping>,
    size: &mut PageSize,
    question: impl Fn(usize) -> Question,
) -> Result<Page<S>, ErpError> {
    let ceilings = client.ceilings();
    let fields = format!("{}?{}", mapping.entity, mapping.select());
    let (mut tried, mut broken, mut failed) = (0, 0, None);
    loop {
        tried += 1;
        size.keep_below(ceilings.of(&fields).unwrap_or(usize::MAX));
        let top = size.top();
        let error = match once(client, mapping, &question(top), top).await {
            Ok((page, bytes)) => {
                // A question that is no larger for a larger page tells nothing about sizes.
                let is_full = question(top) != question(top + 1);
                if is_full && (failed.is_some() || page.documents >= top) {
                    ceilings.built(&fields, top, failed);
                }
                size.learn(page.documents, bytes);
                return Ok(page);
            }
            Err(error) => error,
        };
        let is_broken = matches!(error, ErpError::Broken { .. });
        if !(is_broken || error.wants_smaller_page()) || tried >= client.limits().tries {
            return Err(error);
        }
        if error.wants_smaller_page() {
            failed = Some(top);
            size.halve();
        } else {
            broken += 1;
            // The same again may do once; then perhaps less of it.
            if broken > 1 {
                size.halve();
            }
        }
        tracing::warn!(erp.entity = mapping.entity, erp.top = size.top(), attempt = tried, "{error}");
        tokio::time::sleep(full_jitter(client.limits().backoff, tried)).await;
    }
}

async fn once<S: Sink + Send + 'static>(
    client: &Client,
    mapping: &Arc<Mapping>,
    question: &Question,
    top: usize,
) -> Result<(Page<S>, usize), ErpError> {
    let body = client.get(question).await?;
    let bytes = body.len();
    metrics::counter!("erp_bytes_total").increment(bytes as u64);
    let mapping = Arc::clone(mapping);
    let entity = mapping.entity.clone();
    let read = tokio::task::spawn_blocking(move || read::answer::<S>(&body, &mapping));
    let broken = |problem: String| ErpError::Broken { entity: entity.clone(), problem };
    let (sink, count) =
        read.await.map_err(|error| broken(error.to_string()))?.map_err(|error| broken(error.to_string()))?;
    // One document may be odd; where all lack a field, it is the answer to another question, and no dead letter.
    let lacks_a_field = count.rejected.iter().all(|rejected| rejected.reason.ends_with(" is missing"));
    if let Some(first) = count.rejected.first()
        && count.documents > 1
        && count.rejected.len() == count.documents
        && lacks_a_field
    {
        return Err(broken(format!("does not fit the question: in every document {}", first.reason)));
    }
    Ok((Page { sink, documents: count.documents, rejected: count.rejected, top }, bytes))
}

/// From a date (included) to a date (not included); an open end catches junk dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: Option<NaiveDateTime>,
    pub to: Option<NaiveDateTime>,
}

/// A walk over a span by date: each page starts at the last date of the one before, so rows that move meanwhile
/// shift nothing; what was already met at that date is known by key.
#[derive(Debug, Clone)]
pub struct Walk {
    span: Span,
    /// Met already, dated exactly `span.from`.
    met: HashSet<Uuid>,
    /// Within one and the same second only: there is no other way past more documents than fit into a page.
    skip: usize,
}

impl Walk {
    pub fn over(span: Span) -> Self {
        Self { span, met: HashSet::new(), skip: 0 }
    }

    pub fn question(&self, mapping: &Mapping, top: usize) -> Question {
        let date = mapping.date();
        let from = self.span.from.map(|from| format!("{date} ge {}", datetime(from)));
        let to = self.span.to.map(|to| format!("{date} lt {}", datetime(to)));
        let filter = [from, to].into_iter().flatten().collect::<Vec<_>>().join(" and ");
        let mut question = Question::of(&mapping.entity).with("$select", mapping.select());
        if !filter.is_empty() {
            question = question.with("$filter", filter);
        }
        question = question.with("$orderby", format!("{date},{}", mapping.id()));
        if self.skip > 0 {
            question = question.with("$skip", self.skip.to_string());
        }
        question.with("$top", top.to_string())
    }

    /// Takes note of a page: `met` in its order, `documents` of it in all. Tells which of them were not met before.
    pub fn advance(&mut self, met: &[(Uuid, NaiveDateTime)], documents: usize) -> Vec<bool> {
        let fresh = met.iter().map(|(id, _)| !self.met.contains(id)).collect();
        let last = met.iter().map(|(_, date)| *date).max();
        match last {
            Some(last) if self.span.from.is_none_or(|from| last > from) => {
                self.span.from = Some(last);
                self.met = met.iter().filter(|(_, date)| *date == last).map(|(id, _)| *id).collect();
                self.skip = 0;
            }
            _ => {
                self.met.extend(met.iter().map(|(id, _)| *id));
                self.skip += (documents - documents / 10).max(1);
            }
        }
        fresh
    }

    /// Everything dated earlier has been met.
    pub fn reached(&self) -> Option<NaiveDateTime> {
        self.span.from
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: u32) -> NaiveDateTime {
        chrono::NaiveDate::from_ymd_opt(2024, 3, 5).unwrap().and_hms_opt(0, 0, 0).unwrap()
            + chrono::Duration::seconds(second.into())
    }

    /// What a server answers: from the position on, by date and key, `top` at most.
    fn answer(base: &[(Uuid, NaiveDateTime)], walk: &Walk, top: usize) -> Vec<(Uuid, NaiveDateTime)> {
        let mut rows: Vec<_> =
            base.iter().filter(|(_, date)| walk.span.from.is_none_or(|from| *date >= from)).copied().collect();
        rows.sort_by_key(|(id, date)| (*date, *id));
        rows.into_iter().skip(walk.skip).take(top).collect()
    }

    proptest! {
        #[test]
        fn a_walk_meets_every_document_once_however_many_share_a_second(
            seconds in prop::collection::vec(0u32..12, 0..80), top in 1usize..9,
        ) {
            let base: Vec<_> = seconds.iter().zip(1u128..).map(|(second, id)| (Uuid::from_u128(id), at(*second))).collect();
            let mut walk = Walk::over(Span { from: None, to: None });
            let mut met = Vec::new();
            for _ in 0..2_000 {
                let page = answer(&base, &walk, top);
                let fresh = walk.advance(&page, page.len());
                met.extend(page.iter().zip(fresh).filter(|(_, fresh)| *fresh).map(|((id, _), _)| *id));
                if page.len() < top {
                    break;
                }
            }
            met.sort();
            let mut all: Vec<_> = base.iter().map(|(id, _)| *id).collect();
            all.sort();
            prop_assert_eq!(met, all);
        }
    }

    #[test]
    fn a_document_inserted_before_the_position_shifts_nothing() {
        let mut base: Vec<_> = (1..=6u128).map(|id| (Uuid::from_u128(id), at(u32::try_from(id).unwrap()))).collect();
        let mut walk = Walk::over(Span { from: None, to: None });
        let page = answer(&base, &walk, 3);
        assert_eq!(walk.advance(&page, 3), [true; 3]);
        base.push((Uuid::from_u128(99), at(0)));
        let page = answer(&base, &walk, 3);
        assert_eq!(walk.advance(&page, 3), [false, true, true], "the overlap is known, nothing is skipped");
    }
}
