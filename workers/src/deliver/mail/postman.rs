//! The loop of mails: what is due becomes mails, a mail is claimed, written, sent and noted under a lease.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use lettre::Address;
use shared::clock;
use shared::deliveries::{self, Direction, Mail, Outbox, Outcome, Over, Reason, Schedule, Threshold};
use shared::file_store::{FileStore, NewFile};
use shared::files::{self, File, Wanted};
use shared::jobs::{self, Made, Order, Request};
use shared::language::Language;
use shared::report::run::Engine;
use shared::report::write;
use shared::words::{Text, age, format};
use sqlx::types::Json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::body::{self, Body};
use super::config::MailConfig;
use super::letter::{Enclosed, Letter};
use super::post::{Post, Untaken};
use super::view::View;
use crate::deliver::cancel::{Canceller, query_id};
use crate::deliver::failure::Failure;

/// How late a due time may be noticed.
const POLL: Duration = Duration::from_secs(2);
const SWEEP: Duration = Duration::from_secs(10 * 60);
/// As long as an export may take.
const LONGEST: Duration = Duration::from_secs(30 * 60);
/// How long a mail may go on after SIGTERM.
const DRAIN: Duration = Duration::from_secs(10);
/// How long a file may be had that was too large to go along: over a weekend.
const KEEP: Duration = Duration::from_secs(72 * 60 * 60);
/// Rows that a letter names, of those past a threshold.
const NAMED: usize = 10;

/// Why a mail did not go out. The cause is for the log.
#[derive(Debug)]
pub struct Unsent {
    reason: Reason,
    cause: String,
}

impl Unsent {
    pub fn because(reason: Reason, cause: impl std::fmt::Display) -> Self {
        Self { reason, cause: cause.to_string() }
    }
}

impl<F: Into<Failure>> From<F> for Unsent {
    fn from(failure: F) -> Self {
        match failure.into() {
            Failure::Because(reason, cause) => Self { reason: Reason::File(reason), cause },
            Failure::Stopped => Self::because(Reason::File(jobs::Reason::Worker), "stopped"),
        }
    }
}

impl From<Untaken> for Unsent {
    fn from(Untaken { reason, cause }: Untaken) -> Self {
        Self { reason, cause }
    }
}

/// What a letter is made of, but for whom it goes to.
struct Said {
    lead: Option<String>,
    tables: Vec<(String, body::Figures)>,
    enclosed: Option<Enclosed>,
    file: Option<Url>,
    /// What the recipient knows of the threshold, having read it.
    is_alarmed: bool,
}

pub struct Postman {
    outbox: Outbox,
    engine: Engine,
    files: FileStore,
    canceller: Canceller,
    post: Post,
    config: MailConfig,
}

impl Postman {
    pub fn new(
        config: MailConfig,
        pool: sqlx::PgPool,
        (engine, files): (Engine, FileStore),
        canceller: Canceller,
    ) -> anyhow::Result<Self> {
        let post = Post::new(&config.server)?;
        Ok(Self { outbox: Outbox::new(pool, config.rhythm.clone()), engine, files, canceller, post, config })
    }

    /// Works until told to stop, and ends what is under way. Several may do so at once.
    pub async fn work(self: Arc<Self>, shutdown: CancellationToken) {
        let mut swept: Option<Instant> = None;
        while !shutdown.is_cancelled() {
            let turn = async {
                if swept.is_none_or(|at| at.elapsed() >= SWEEP) {
                    self.outbox.sweep().await?;
                    swept = Some(Instant::now());
                }
                self.outbox.fill().await?;
                self.outbox.claim().await
            };
            match turn.await {
                Ok(Some(mail)) => {
                    Arc::clone(&self).deliver(mail, &shutdown).await;
                    continue;
                }
                Ok(None) => {}
                Err(cause) => {
                    tracing::warn!(%cause, "PostgreSQL does not answer as it should: no mail goes out until it does")
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    async fn deliver(self: Arc<Self>, mail: Mail, shutdown: &CancellationToken) {
        let (own, attempted) = (Arc::clone(&self), mail.clone());
        // Its own task: a panic ends the try, not the postman.
        let mut task = tokio::spawn(async move { own.attempt(&attempted).await });
        let ended = tokio::select! {
            ended = &mut task => Some(ended),
            () = tokio::time::sleep(LONGEST) => None,
            () = self.keep(&mail) => {
                tracing::info!(mail.id = %mail.id, "The mail was taken over meanwhile");
                task.abort();
                return self.canceller.end(mail.id).await;
            }
            () = async { shutdown.cancelled().await; tokio::time::sleep(DRAIN).await } => {
                task.abort();
                self.canceller.end(mail.id).await;
                return self.note(&mail, Outcome::Drained).await;
            }
        };
        let unsent = match ended {
            Some(Ok(Ok(outcome))) => return self.note(&mail, outcome).await,
            Some(Ok(Err(unsent))) => unsent,
            Some(Err(panic)) => Unsent::because(Reason::File(jobs::Reason::Internal), format!("it panicked: {panic}")),
            None => {
                task.abort();
                Unsent::because(Reason::File(jobs::Reason::TooLong), "half an hour was not enough")
            }
        };
        self.canceller.end(mail.id).await;
        let Unsent { reason, cause } = unsent;
        let (report, attempt) = (&mail.report, mail.attempt);
        tracing::warn!(mail.id = %mail.id, report, attempt, reason = reason.code(), cause, "A mail of {report} did not go out");
        self.note(&mail, Outcome::Failed(reason)).await;
    }

    /// Returns when the mail is lost: said by PostgreSQL, or because the lease could not be kept in time.
    async fn keep(&self, mail: &Mail) {
        let lease = self.outbox.rhythm().lease;
        let mut kept = Instant::now();
        loop {
            tokio::time::sleep(lease / 6).await;
            match tokio::time::timeout(lease / 3, self.outbox.beat(mail)).await {
                Ok(Ok(true)) => kept = Instant::now(),
                Ok(Ok(false)) => return,
                _ if kept.elapsed() + lease / 3 >= lease => return,
                _ => {}
            }
        }
    }

    /// Tries for as long as the lease lasts: what was sent and is not noted goes out twice.
    async fn note(&self, mail: &Mail, outcome: Outcome) {
        let until = Instant::now() + self.outbox.rhythm().lease;
        loop {
            match self.outbox.finish(mail, outcome).await {
                Ok(_) => break,
                Err(cause) if Instant::now() >= until => {
                    return tracing::warn!(%cause, mail.id = %mail.id, "The end of a mail could not be noted: its lease runs out");
                }
                Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
            }
        }
        let word = match outcome {
            Outcome::Sent { .. } => "sent",
            Outcome::Quiet => "quiet",
            Outcome::Failed(_) => "failed",
            Outcome::Drained => "drained",
        };
        if word == "sent" {
            tracing::info!(mail.id = %mail.id, report = mail.report, attempt = mail.attempt, "Sent a mail of {}", mail.report);
        }
        metrics::counter!("reporter_mails_total", "outcome" => word).increment(1);
    }

    async fn attempt(&self, mail: &Mail) -> Result<Outcome, Unsent> {
        let pool = self.outbox.pool();
        let unknown = || Unsent::because(Reason::Absent, "nobody of that name has signed in");
        let to = deliveries::addressee(pool, &mail.subject).await?.ok_or_else(unknown)?;
        let address = to.email.as_deref().and_then(|email| email.parse::<Address>().ok());
        let address = address.ok_or_else(|| Unsent::because(Reason::Address, "no verified address"))?;
        let schedule = Schedule::read(&mail.rhythm, mail.at_time, &mail.timezone);
        let day = schedule.map_or_else(|| mail.due_at.date_naive(), |schedule| schedule.day_of(mail.due_at));
        let view = View::of(pool, &self.engine, mail, day).await?;
        let file = self.open(mail, &view, to.language).await?;
        let (facts, text) = (body::facts(&file.contents), Text::of(to.language));
        let own_title = view.report.title.get(to.language).to_owned();
        let title = if mail.title.is_empty() { &own_title } else { &mail.title };
        let said = match &mail.threshold {
            Some(Json(threshold)) => self.alarm(mail, threshold, file, text).await?,
            None => Some(self.file(mail, &view, file, text).await?),
        };
        let Some(said) = said else { return Ok(Outcome::Quiet) };
        // What was taken away while the rows were read is not sent any more.
        if View::of(pool, &self.engine, mail, day).await?.scope != view.scope {
            return Err(Unsent::because(Reason::Access, "what the recipient may see has changed meanwhile"));
        }
        let token = self.outbox.token(mail).await?;
        let link = |path: &str| {
            self.config.public.join(path).map_err(|cause| Unsent::because(Reason::File(jobs::Reason::Internal), cause))
        };
        let (open, unsubscribe) =
            (link(&view.filter.url(&view.report))?, link(&format!("/unsubscribe/{}", token.expose()))?);
        let subject = said.lead.as_deref().filter(|_| mail.threshold.is_some());
        let subject = subject.map_or_else(|| title.clone(), |lead| format!("{title}: {lead}"));
        let words = Body {
            text,
            title,
            lead: said.lead,
            facts,
            tables: said.tables,
            view: open.as_str(),
            file: said.file.as_ref().map(Url::as_str),
            unsubscribe: unsubscribe.as_str(),
        };
        let letter = Letter {
            id: mail.id,
            from: &self.config.from,
            to: (&to.name, address),
            subject: &subject,
            written_at: clock::now(),
            text: words.plain(),
            html: words.html().into_string(),
            enclosed: said.enclosed,
            unsubscribe: &unsubscribe,
        };
        let letter = letter.message().map_err(|cause| Unsent::because(Reason::File(jobs::Reason::Internal), cause))?;
        self.post.send(letter).await?;
        Ok(Outcome::Sent { is_alarmed: said.is_alarmed })
    }

    /// The rows on their way, by the same road as a download.
    async fn open(&self, mail: &Mail, view: &View, language: Language) -> Result<File, Unsent> {
        let gone = || Unsent::because(Reason::File(jobs::Reason::Report), "the format is not there any more");
        let format = write::format(&mail.format).ok_or_else(gone)?;
        let wanted = Wanted { report: &view.report, scope: &view.scope, filter: &view.filter, language, format };
        Ok(files::open(&self.engine, wanted, Some(&query_id(mail.id, mail.fence, "rows"))).await?)
    }

    /// What a threshold says, if that is news to the recipient.
    async fn alarm(
        &self,
        mail: &Mail,
        threshold: &Threshold,
        mut file: File,
        text: Text,
    ) -> Result<Option<Said>, Unsent> {
        let report = file.contents.report.clone();
        let gone = || Unsent::because(Reason::File(jobs::Reason::Report), "the column is not there any more");
        let column = threshold.column(&report).ok_or_else(gone)?;
        let totals = file.contents.totals.clone();
        let mut past = Vec::new();
        let is_met = match threshold.over {
            Over::Total => threshold.is_met_by_total(&report, &totals, column),
            Over::Row => {
                while past.len() < NAMED
                    && let Some(rows) = file.rows().await?
                {
                    past.extend(rows.into_iter().filter(|row| threshold.is_met(&row.shown(&report, &totals, column))));
                }
                past.truncate(NAMED);
                !past.is_empty()
            }
        };
        if is_met == mail.is_alarmed {
            return Ok(None);
        }
        let language = text.language();
        let named = past.iter().filter_map(|row| {
            let value = body::figure(text, (&report, &totals), row, column)?;
            let name = format::value(language, report.columns[0].kind, &row.shown(&report, &totals, 0));
            Some((name, value))
        });
        let named: body::Figures = named.collect();
        let head = report.columns[column].title.get(language);
        let tables = if named.is_empty() { body::totals(text, &file.contents) } else { vec![(head.to_owned(), named)] };
        let words = match (is_met, threshold.direction) {
            (true, Direction::Above) => "mail-above",
            (true, Direction::Below) => "mail-below",
            (false, Direction::Above) => "mail-not-above",
            (false, Direction::Below) => "mail-not-below",
        };
        let value = format::number(language, &threshold.value, 4);
        let lead = text.with(words, &[("column", head.into()), ("value", value.into())]);
        Ok(Some(Said { lead: Some(lead), tables, enclosed: None, file: None, is_alarmed: is_met }))
    }

    /// The file goes along, or waits behind sign-in where it is large.
    async fn file(&self, mail: &Mail, view: &View, file: File, text: Text) -> Result<Said, Unsent> {
        let tables = body::totals(text, &file.contents);
        let said = |enclosed, link: Option<(Url, String)>| {
            let (file, lead) = link.unzip();
            Said { lead, tables, enclosed, file, is_alarmed: false }
        };
        if let Some(kept) = self.kept(mail, text).await? {
            return Ok(said(None, Some(kept)));
        }
        let (name, plain_name, media_type, rows) =
            (file.name.clone(), file.plain_name.clone(), file.media_type(), file.contents.count);
        let (mut small, mut large): (Vec<u8>, Option<NewFile>) = (Vec::new(), None);
        let mut parts = std::pin::pin!(file.parts());
        while let Some(part) = parts.next().await {
            // Whatever `parts` brings was read from ClickHouse or made of it.
            let part = part.map_err(|cause| Unsent::because(Reason::File(jobs::Reason::Warehouse), cause));
            let part = match (part, &mut large) {
                (Ok(part), _) => part,
                (Err(unsent), None) => return Err(unsent),
                (Err(unsent), Some(_)) => {
                    if let Some(large) = large.take() {
                        large.abort().await;
                    }
                    return Err(unsent);
                }
            };
            match &mut large {
                Some(large) => large.write(part).await?,
                None if small.len() + part.len() <= self.config.attachment_bytes => small.extend_from_slice(&part),
                None => {
                    let mut begun = self.files.create().await?;
                    begun.write(std::mem::take(&mut small).into()).await?;
                    begun.write(part).await?;
                    large = Some(begun);
                }
            }
        }
        let Some(large) = large else { return Ok(said(Some(Enclosed { name, media_type, bytes: small }), None)) };
        let (key, bytes) = large.finish().await?;
        let made = Made { key, name, plain_name, media_type, bytes, rows };
        let request = Request {
            report: view.report.name.clone(),
            query: view.filter.query(&view.report),
            format: mail.format.clone(),
            language: text.language(),
            today: view.today,
        };
        let order = Order { subject: &mail.subject, dealers: &view.dealers(), request: &request };
        let job = jobs::keep(self.outbox.pool(), &order, &made, KEEP).await?;
        self.outbox.keep_export(mail, job).await?;
        let mail = Mail { export: Some(job), ..mail.clone() };
        let kept = self.kept(&mail, text).await?;
        Ok(said(
            None,
            Some(kept.ok_or_else(|| Unsent::because(Reason::File(jobs::Reason::Storage), "its job is gone"))?),
        ))
    }

    /// Where the file waits that an earlier try made, and the words for it.
    async fn kept(&self, mail: &Mail, text: Text) -> Result<Option<(Url, String)>, Unsent> {
        let Some(id) = mail.export else { return Ok(None) };
        let Some(job) = jobs::find(self.outbox.pool(), id, &mail.subject).await?.filter(jobs::Job::has_file) else {
            return Ok(None);
        };
        let size = format::size(text, job.file_bytes.unwrap_or_default()).into();
        let until = job.expires_at.map(|at| age::time(text, at, self.engine.timezone())).unwrap_or_default();
        let words = text.with("mail-large", &[("size", size), ("until", until.into())]);
        let url = self.config.public.join(&format!("/exports/{id}"));
        Ok(Some((url.map_err(|cause| Unsent::because(Reason::File(jobs::Reason::Internal), cause))?, words)))
    }
}
