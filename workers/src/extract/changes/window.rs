//! Documents: the first load, month by month; then the diff of what 1C shows against what was sent, over the last days
//! or over everything. A document is matched by its key, never by the window it lies in.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::missing::{Compared, Missing};
use super::{BY_KEY, KeyPage, Reader, figures, spans};
use crate::erp::Mapping;
use crate::erp::pages::{self, Page, Span, Walk};
use crate::erp::read::{Rejected, Sink};
use crate::erp::records::{Key, Keys, Records};
use crate::erp::url::{Question, datetime};
use crate::extract::audit::source::Source;
use crate::extract::ledger::Known;
use crate::extract::publish::InFlight;
use crate::extract::{Stop, progress};

/// The span of each usual pass; the day it begins at moves on.
const RECENT: &str = "the last days";

/// A page on its way from 1C to the topic.
struct Fetched {
    page: Page<Records>,
    /// Which of its documents were not met before.
    fresh: Vec<bool>,
    /// Everything dated earlier has been met.
    reached: Option<NaiveDateTime>,
}

impl Reader {
    /// The usual pass: what is left of the first load, or the newest documents of the window and those whose turn it is. A base
    /// with no more keys than that is compared whole: it may be one question, too.
    pub async fn window(&self, window: NaiveDate, today: NaiveDate) -> Result<(), Stop> {
        let progress = progress::of(self.ledger().pool(), &self.pass).await?;
        if !progress.is_loaded {
            return self.load(progress.loaded_to, today).await;
        }
        let mut missing = Missing::default();
        if self.is_large().await? {
            let newest = self.diff_newest(window, today, &mut missing).await?;
            for span in self.take_turns(progress, window, newest).await? {
                self.diff(span, &spans::name(&span), &mut missing).await?;
            }
        } else {
            self.diff(spans::ALL, &spans::name(&spans::ALL), &mut missing).await?;
        }
        self.finish_unconfirmed(&mut missing).await?;
        self.remove(missing).await
    }

    /// The nightly pass: the same diff over everything, which also finds what was edited or removed long ago; of some months by their
    /// figures too. Whatever time
    /// that takes, the newest documents are read as often as usual meanwhile. Returns as of when these were read.
    pub async fn everything(&self, window: NaiveDate, today: NaiveDate) -> Result<DateTime<Utc>, Stop> {
        let mut as_of = self.pass.read_at;
        let progress = progress::of(self.ledger().pool(), &self.pass).await?;
        if !progress.is_loaded {
            self.load(progress.loaded_to, today).await?;
            return Ok(as_of);
        }
        let (mut missing, mut source) = (Missing::of_all(), Source::default());
        let mut marked = self.began;
        for span in self.all_in_parts(today).await? {
            if self.interval_s > 0 && marked.elapsed().as_secs() >= self.interval_s.into() {
                marked = Instant::now();
                as_of = self.recent(window, today).await?.unwrap_or(as_of);
            }
            if figures::is_their_turn(&span, today) {
                self.compare(span, &mut missing, &mut source).await?;
            } else {
                self.diff(span, &spans::name(&span), &mut missing).await?;
            }
        }
        self.finish_unconfirmed(&mut missing).await?;
        self.remove(missing).await?;
        self.settle(source).await?;
        Ok(as_of)
    }

    /// The spans that turns take, so that one held by the brake has one name; a base that the usual pass compares whole is one.
    async fn all_in_parts(&self, today: NaiveDate) -> Result<Vec<Span>, Stop> {
        if !self.is_large().await? {
            return Ok(vec![spans::ALL]);
        }
        let mut all = Vec::new();
        for span in spans::all(self.first_date().await?, today) {
            all.extend(self.parts(span).await?);
        }
        Ok(all)
    }

    /// It has more keys than the usual pass compares.
    async fn is_large(&self) -> Result<bool, Stop> {
        self.ledger().is_larger_than(&self.pass, 3 * self.keys_at_once).await
    }

    /// The usual pass within a longer one: what is recent is as fresh as ever. None: the brake holds it.
    async fn recent(&self, window: NaiveDate, today: NaiveDate) -> Result<Option<DateTime<Utc>>, Stop> {
        let read_at = self.now();
        let mut missing = Missing::default();
        self.diff_newest(window, today, &mut missing).await?;
        self.finish_unconfirmed(&mut missing).await?;
        match self.remove(missing).await {
            Ok(()) => {}
            // The longer pass meets the same, and tells it at its end.
            Err(Stop::Held(_)) => return Ok(None),
            Err(stop) => return Err(stop),
        }
        self.done(read_at).await?;
        Ok(Some(read_at))
    }

    /// Returns from which day on it compared.
    async fn diff_newest(&self, window: NaiveDate, today: NaiveDate, missing: &mut Missing) -> Result<NaiveDate, Stop> {
        let newest = self.newest_from(window, today).await?;
        self.diff(Span { from: Some(newest.into()), to: None }, RECENT, missing).await?;
        Ok(newest)
    }

    /// What is not dated before `loaded_to`, which an interrupted load has reached.
    async fn load(&self, loaded_to: Option<NaiveDateTime>, today: NaiveDate) -> Result<(), Stop> {
        let all = spans::all(self.first_date().await?, today);
        let dataset = self.pass.dataset;
        let rest = spans::after(all.clone(), loaded_to);
        tracing::info!(
            dataset.name = dataset.name(),
            pass.spans = rest.len(),
            "Loading {dataset}, {} spans to read",
            rest.len()
        );
        self.read(rest, true).await?;
        let mut missing = Missing::of_all();
        self.finish_unconfirmed(&mut missing).await?;
        progress::load_done(self.ledger().pool(), &self.pass).await?;
        if loaded_to.is_some() {
            // What was read before the interruption may have been edited since.
            for span in all {
                self.diff(span, &spans::name(&span), &mut missing).await?;
            }
        }
        self.remove(missing).await
    }

    /// The date of the first document that is no junk.
    async fn first_date(&self) -> Result<Option<NaiveDateTime>, Stop> {
        let mapping = self.keys_mapping();
        let date = mapping.date().to_owned();
        let page: KeyPage = pages::fetch(&self.client, &mapping, &mut self.page_size(), |_| {
            Question::of(&mapping.entity)
                .with("$select", mapping.select())
                .with("$filter", format!("{date} ge {}", datetime(spans::dawn())))
                .with("$orderby", date.clone())
                .with("$top", "1")
        })
        .await?;
        Ok(page.sink.keys.first().map(|key| key.dated))
    }

    /// Reads whole documents, span after span: the next page comes in while the last one goes out.
    pub(super) async fn read(&self, spans: Vec<Span>, is_load: bool) -> Result<(), Stop> {
        let (sender, mut pages) = mpsc::channel(1);
        let mut fetching = JoinSet::new();
        fetching.spawn(fetch_all(self.client.clone(), Arc::clone(&self.mapping), spans, sender));
        let mut in_flight: Option<(InFlight, Option<NaiveDateTime>)> = None;
        while let Some(Fetched { page, fresh, reached }) = pages.recv().await {
            self.pass.check()?;
            let reached = reached.filter(|_| is_load);
            self.set_aside(page.rejected).await?;
            let sent = self.publisher.send(&self.pass, &page.sink, |at| fresh[at]).await?;
            if let Some((before, reached)) = in_flight.take() {
                self.publisher.settle(&self.pass, before, reached).await?;
            }
            match sent {
                Some(sent) => in_flight = Some((sent, reached)),
                None => self.ledger().move_on(&self.pass, reached).await?,
            }
        }
        if let Some((last, reached)) = in_flight {
            self.publisher.settle(&self.pass, last, reached).await?;
        }
        match fetching.join_next().await {
            Some(Ok(fetched)) => fetched,
            Some(Err(panicked)) => Err(Stop::Retry(panicked.to_string())),
            None => Ok(()),
        }
    }

    /// Compares the keys of a span with the ledger; reads what differs, and asks by name for what is missed.
    async fn diff(&self, span: Span, name: &str, missing: &mut Missing) -> Result<(), Stop> {
        let found = self.keys(span).await?;
        self.diff_keys(span, name, found, missing).await
    }

    /// The same with keys that are there already, and what of them does not fit.
    pub(super) async fn diff_keys(
        &self,
        span: Span,
        name: &str,
        (keys, rejected): (Vec<Key>, Vec<Rejected>),
        missing: &mut Missing,
    ) -> Result<(), Stop> {
        let known = self.known_of(span).await?;
        let mut seen = HashSet::with_capacity(known.len());
        let mut changed: Vec<Key> = Vec::new();
        let odd = self.odd_keys(rejected, &mut seen).await?;
        for key in keys {
            seen.insert(key.id);
            if self.is_changed(&key, known.get(&key.id)) {
                changed.push(key);
            }
        }
        if changed.len() > BY_KEY {
            let first = changed.iter().map(|key| key.dated).min();
            let last = changed.iter().map(|key| key.dated).max();
            let to = last.and_then(|last| last.checked_add_signed(chrono::Duration::seconds(1)));
            self.read(vec![Span { from: first, to }], false).await?;
        } else {
            let keys: Vec<_> = changed.iter().map(|key| key.id).collect();
            self.read_by_key(&keys).await?;
        }
        self.read_by_key(&odd).await?;
        let compared = Compared { span: name, is_all: span == spans::ALL, known: &known, seen: &seen };
        self.look_for(compared, missing).await
    }

    /// What the ledger knows of a span.
    pub(super) async fn known_of(&self, span: Span) -> Result<HashMap<Uuid, Known>, Stop> {
        let day = |moment: Option<NaiveDateTime>| moment.map(|moment| moment.date());
        self.ledger().of_days(&self.pass, day(span.from), day(span.to)).await
    }

    async fn keys(&self, span: Span) -> Result<(Vec<Key>, Vec<Rejected>), Stop> {
        let mut keys = Vec::new();
        let met = |page: &Keys| page.keys.iter().map(|key| (key.id, key.dated)).collect();
        let take = |page: Keys, fresh: Vec<bool>| {
            keys.extend(page.keys.into_iter().zip(fresh).filter_map(|(key, is_fresh)| is_fresh.then_some(key)));
        };
        let rejected = self.walk(self.keys_mapping(), span, met, take).await?;
        Ok((keys, rejected))
    }

    /// Hands on each page of a span with which of its documents, those that `met` names, were not met before; returns what does not fit.
    pub(super) async fn walk<S: Sink + Send + 'static>(
        &self,
        mapping: Arc<Mapping>,
        span: Span,
        met: impl Fn(&S) -> Vec<(Uuid, NaiveDateTime)>,
        mut take: impl FnMut(S, Vec<bool>),
    ) -> Result<Vec<Rejected>, Stop> {
        let (mut walk, mut size, mut rejected) = (Walk::over(span), self.page_size(), Vec::new());
        loop {
            self.pass.check()?;
            let page: Page<S> =
                pages::fetch(&self.client, &mapping, &mut size, |top| walk.question(&mapping, top)).await?;
            let is_last = page.is_last();
            let fresh = walk.advance(&met(&page.sink), page.documents);
            rejected.extend(page.rejected);
            take(page.sink, fresh);
            if is_last {
                return Ok(rejected);
            }
        }
    }
}

/// Runs ahead of the publisher by one page at most: memory stays bounded whatever the size of the base.
async fn fetch_all(
    client: crate::erp::Client,
    mapping: Arc<Mapping>,
    spans: Vec<Span>,
    pages: mpsc::Sender<Fetched>,
) -> Result<(), Stop> {
    let mut size = pages::PageSize::aiming_at(client.page_bytes());
    for span in spans {
        let mut walk = Walk::over(span);
        loop {
            let page: Page<Records> =
                pages::fetch(&client, &mapping, &mut size, |top| walk.question(&mapping, top)).await?;
            let fresh = walk.advance(&page.sink.dated(), page.documents);
            let is_last = page.is_last();
            let reached = if is_last { span.to } else { walk.reached() };
            if pages.send(Fetched { page, fresh, reached }).await.is_err() {
                return Ok(());
            }
            if is_last {
                break;
            }
        }
    }
    Ok(())
}
