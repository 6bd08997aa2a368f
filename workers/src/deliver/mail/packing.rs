//! The file of a mail: it goes along, or waits behind sign-in where it is large.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use shared::deliveries::{Mail, Outbox, Reason};
use shared::file_store::{FileStore, NewFile};
use shared::files::File;
use shared::jobs::{self, Job, Made, Order, Request};
use shared::words::{Text, age, format};
use url::Url;

use super::body;
use super::letter::Enclosed;
use super::said::Said;
use super::unsent::Unsent;
use super::view::View;
use crate::deliver::writer;

/// How long a file waits: over a weekend.
const KEEP: Duration = Duration::from_secs(72 * 60 * 60);

/// What packing needs.
pub struct Packer {
    pub outbox: Outbox,
    pub files: FileStore,
    pub public: Url,
    pub timezone: chrono_tz::Tz,
    /// A larger file does not go along.
    pub largest: usize,
}

/// A file whose end has come: in memory, or in the store.
enum Packed {
    Small(Vec<u8>),
    Large(NewFile),
}

impl Packer {
    pub async fn said(&self, mail: &Mail, view: &View, file: File, text: Text) -> Result<Said, Unsent> {
        let tables = body::totals(text, &file.contents);
        if let Some(job) = self.kept(mail).await? {
            return self.waits(&job, tables, text);
        }
        let (name, plain_name, media_type) = (file.name.clone(), file.plain_name.clone(), file.media_type());
        let rows = file.contents.count;
        let large = match self.pack(file).await? {
            Packed::Large(large) => large,
            Packed::Small(bytes) => {
                return Ok(Said { tables, enclosed: Some(Enclosed { name, media_type, bytes }), ..Said::default() });
            }
        };
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
        let kept = self.kept(&Mail { export: Some(job), ..mail.clone() }).await?;
        let job = kept.ok_or_else(|| Unsent::because(Reason::File(jobs::Reason::Storage), "its job is gone"))?;
        self.waits(&job, tables, text)
    }

    async fn pack(&self, file: File) -> Result<Packed, Unsent> {
        let mut packed = Packed::Small(Vec::new());
        let open = writer::of(file.format(), file.contents.count)?;
        let mut parts = std::pin::pin!(file.parts(open));
        while let Some(part) = parts.next().await {
            packed = match (part, packed) {
                (Ok(part), packed) => self.add(packed, part).await?,
                (Err(cause), packed) => {
                    if let Packed::Large(large) = packed {
                        large.abort().await;
                    }
                    return Err(writer::failed(cause).into());
                }
            };
        }
        Ok(packed)
    }

    async fn add(&self, packed: Packed, part: Bytes) -> Result<Packed, Unsent> {
        match packed {
            Packed::Small(mut bytes) if bytes.len() + part.len() <= self.largest => {
                bytes.extend_from_slice(&part);
                Ok(Packed::Small(bytes))
            }
            Packed::Small(bytes) => {
                let mut large = self.files.create().await?;
                large.write(bytes.into()).await?;
                large.write(part).await?;
                Ok(Packed::Large(large))
            }
            Packed::Large(mut large) => {
                large.write(part).await?;
                Ok(Packed::Large(large))
            }
        }
    }

    /// The file that an earlier try made, as long as it is there.
    async fn kept(&self, mail: &Mail) -> Result<Option<Job>, Unsent> {
        let Some(id) = mail.export else { return Ok(None) };
        Ok(jobs::find(self.outbox.pool(), id, &mail.subject).await?.filter(Job::has_file))
    }

    fn waits(&self, job: &Job, tables: Vec<(String, body::Figures)>, text: Text) -> Result<Said, Unsent> {
        let size = format::size(text, job.file_bytes.unwrap_or_default()).into();
        let until = job.expires_at.map(|at| age::time(text, at, self.timezone)).unwrap_or_default();
        let lead = text.with("mail-large", &[("size", size), ("until", until.into())]);
        let file = self.public.join(&format!("/exports/{}", job.id)).map_err(Unsent::internal)?;
        Ok(Said { lead: Some(lead), tables, file: Some(file), ..Said::default() })
    }
}
