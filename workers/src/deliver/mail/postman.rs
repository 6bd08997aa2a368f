//! The loop of mails: what is due becomes mails, a mail is claimed, written, sent and noted under a lease.

use std::sync::Arc;
use std::time::Duration;

use lettre::{Address, Message};
use shared::clock;
use shared::deliveries::{self, Addressee, Mail, Outbox, Outcome, Reason, Schedule, Token};
use shared::file_store::FileStore;
use shared::files::{self, File, Wanted};
use shared::jobs;
use shared::language::Language;
use shared::report::run::Engine;
use shared::report::write;
use shared::words::Text;
use sqlx::types::Json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::alarm;
use super::body::{self, Body, Figures};
use super::config::MailConfig;
use super::letter::Letter;
use super::packing::Packer;
use super::post::Post;
use super::said::Said;
use super::unsent::Unsent;
use super::view::View;
use crate::deliver::cancel::{Canceller, query_id};

/// How late a due time may be noticed.
const POLL: Duration = Duration::from_secs(2);
const SWEEP: Duration = Duration::from_secs(10 * 60);
/// As long as an export may take.
const LONGEST: Duration = Duration::from_secs(30 * 60);
/// How long a mail may go on after SIGTERM.
const DRAIN: Duration = Duration::from_secs(10);

pub struct Postman {
    outbox: Outbox,
    engine: Engine,
    packer: Packer,
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
        let outbox = Outbox::new(pool, config.rhythm.clone());
        let packer = Packer {
            outbox: outbox.clone(),
            files,
            public: config.public.clone(),
            timezone: engine.timezone(),
            largest: config.attachment_bytes,
        };
        Ok(Self { outbox, engine, packer, canceller, post, config })
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
        let said = match &mail.threshold {
            Some(Json(threshold)) => alarm::said(threshold, mail.is_alarmed, file, text).await?,
            None => Some(self.packer.said(mail, &view, file, text).await?),
        };
        // Not all of its rows were asked for.
        if mail.threshold.is_some() || mail.export.is_some() {
            self.canceller.end(mail.id).await;
        }
        let Some(said) = said else { return Ok(Outcome::Quiet) };
        // What was taken away while the rows were read is not sent any more.
        if View::of(pool, &self.engine, mail, day).await?.scope != view.scope {
            return Err(Unsent::because(Reason::Access, "what the recipient may see has changed meanwhile"));
        }
        let Some(token) = self.outbox.token(mail).await? else { return Ok(Outcome::Drained) };
        let is_alarmed = said.is_alarmed;
        let letter = self.letter(mail, &view, (&to, address), (facts, said), &token)?;
        self.post.send(letter).await?;
        Ok(Outcome::Sent { is_alarmed })
    }

    fn letter(
        &self,
        mail: &Mail,
        view: &View,
        (to, address): (&Addressee, Address),
        (facts, said): (Figures, Said),
        token: &Token,
    ) -> Result<Message, Unsent> {
        let text = Text::of(to.language);
        let title = Some(mail.title.as_str()).filter(|title| !title.is_empty());
        let title = title.unwrap_or_else(|| view.report.title.get(to.language));
        let subject = match &said.lead {
            Some(lead) if mail.threshold.is_some() => format!("{title}: {lead}"),
            _ => title.to_owned(),
        };
        let link = |path: &str| self.config.public.join(path).map_err(Unsent::internal);
        let open = link(&view.filter.url(&view.report))?;
        let unsubscribe = link(&format!("/unsubscribe/{}", token.expose()))?;
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
        letter.message().map_err(Unsent::internal)
    }

    /// The rows on their way, by the same road as a download.
    async fn open(&self, mail: &Mail, view: &View, language: Language) -> Result<File, Unsent> {
        let format = write::format(&mail.format).ok_or_else(|| Unsent::gone("the format"))?;
        let wanted = Wanted { report: &view.report, scope: &view.scope, filter: &view.filter, language, format };
        Ok(files::open(&self.engine, wanted, Some(&query_id(mail.id, mail.fence, "rows"))).await?)
    }
}
