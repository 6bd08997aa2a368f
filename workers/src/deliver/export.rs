//! One attempt at one file: the same file as the page's download, made of the dealers that were granted when it was asked for,
//! as long as they are granted.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use shared::file_store::{FileStore, NewFile};
use shared::files::{self, File, Wanted};
use shared::ids::DealerId;
use shared::jobs::{Claim, Made, Progress, Reason};
use shared::report::definition::Definition;
use shared::report::filter::Filter;
use shared::report::run::Engine;
use shared::report::scope::DealerScope;
use shared::report::write::{self, Open};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::cancel::query_id;
use super::failure::Failure;
use super::writer;

/// What is not known yet.
const UNKNOWN: u64 = u64::MAX;

/// How far an attempt is; shared with whoever writes it down.
pub struct Meter {
    written: std::sync::Mutex<Arc<AtomicU64>>,
    total: AtomicU64,
}

impl Default for Meter {
    fn default() -> Self {
        Self { written: std::sync::Mutex::default(), total: AtomicU64::new(UNKNOWN) }
    }
}

impl Meter {
    pub fn progress(&self) -> Progress {
        let written = self.written.lock().unwrap_or_else(std::sync::PoisonError::into_inner).load(Ordering::Relaxed);
        let total = Some(self.total.load(Ordering::Relaxed)).filter(|total| *total != UNKNOWN);
        Progress { written, total }
    }

    fn counts(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    fn reads(&self, file: &File) {
        self.counts(file.contents.count);
        *self.written.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = file.written();
    }
}

/// What an attempt needs. Cheap to clone.
#[derive(Clone)]
pub struct Exporter {
    pub pool: PgPool,
    pub engine: Engine,
    pub files: FileStore,
}

impl Exporter {
    /// Makes the file. Whatever ends it early, no file of it has a name.
    pub async fn make(&self, claim: &Claim, meter: &Meter, stop: &CancellationToken) -> Result<Made, Failure> {
        let (opened, open) = stop.run_until_cancelled(self.open(claim, meter)).await.ok_or(Failure::Stopped)??;
        let (name, plain_name, media_type) = (opened.name.clone(), opened.plain_name.clone(), opened.media_type());
        let rows = opened.contents.count;
        let mut upload = stop.run_until_cancelled(self.files.create()).await.ok_or(Failure::Stopped)??;
        let written = stop.run_until_cancelled(self.fill(&mut upload, opened.parts(open), claim)).await;
        if let Err(failure) = written.unwrap_or(Err(Failure::Stopped)) {
            upload.abort().await;
            return Err(failure);
        }
        let (key, bytes) = upload.finish().await?;
        Ok(Made { key, name, plain_name, media_type, bytes, rows })
    }

    async fn open(&self, claim: &Claim, meter: &Meter) -> Result<(File, Open), Failure> {
        let (report, scope) = self.allowed(claim).await?;
        let request = &*claim.request;
        let gone =
            |what: &str| Failure::because(Reason::Report, format!("{what} of {} is not there any more", report.name));
        let format = write::format(&request.format).ok_or_else(|| gone("the format"))?;
        let pairs: Vec<(String, String)> = form_urlencoded::parse(request.query.as_bytes()).into_owned().collect();
        let filter = Filter::read(&report, &scope, request.today, &pairs).map_err(|_| gone("a filter"))?.first_page();
        let id = |what: &str| query_id(claim.id, claim.fence, what);
        let count = self.engine.count_long(&report, &scope, &filter, &id("count")).await?;
        meter.counts(count);
        let open = writer::of(format, count)?;
        let (report, scope, filter, language) = (&report, &scope, &filter, request.language);
        let wanted = Wanted { report, scope, filter, language, format };
        let file = files::open(&self.engine, wanted, Some(&id("rows"))).await?;
        meter.reads(&file);
        Ok((file, open))
    }

    /// The rows, and once they are there the question whether they may still be seen.
    async fn fill(
        &self,
        upload: &mut NewFile,
        parts: impl Stream<Item = io::Result<Bytes>>,
        claim: &Claim,
    ) -> Result<(), Failure> {
        let mut parts = std::pin::pin!(parts);
        while let Some(part) = parts.next().await {
            upload.write(part.map_err(writer::failed)?).await?;
        }
        self.allowed(claim).await.map(drop)
    }

    /// The report and the dealers of a job, if the person may see all of them now.
    async fn allowed(&self, claim: &Claim) -> Result<(Arc<Definition>, DealerScope), Failure> {
        let taken = |what: &str| Failure::because(Reason::Access, format!("{what} was taken away from who asked"));
        let (role, seen) =
            shared::access::of_subject(&self.pool, &claim.subject).await?.ok_or_else(|| taken("all access"))?;
        let dealers: Vec<DealerId> = claim.dealers.iter().copied().map(DealerId).collect();
        if dealers.is_empty() || dealers.iter().any(|dealer| !seen.contains(dealer)) {
            return Err(taken("a dealer"));
        }
        let name = &claim.request.report;
        if self.engine.catalogue().get(name).is_none() {
            return Err(Failure::because(Reason::Report, format!("{name} is not there any more")));
        }
        let report = self.engine.catalogue().one_open_to(role, name).ok_or_else(|| taken("the report"))?;
        Ok((report.clone(), DealerScope::granted(dealers)))
    }
}
