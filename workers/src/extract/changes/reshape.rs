//! A mapping was mended, or a dataset has a field more: what was sent or rejected by another shape is read again, some of it in each
//! pass and the newest first, so that the usual work goes on meanwhile.

use std::time::{Duration, Instant};

use super::missing::Missing;
use super::{Reader, spans};
use crate::erp::pages::Span;
use crate::extract::shapes::Other;
use crate::extract::{Stop, progress};

/// Documents of one slice.
const SLICE: i64 = 5_000;

/// Of the time between two passes, the share that slices may take. At least one is read in each pass.
const SHARE: u32 = 2;

impl Reader {
    /// Reads the next slices. Nothing, where everything is of the present shape.
    pub async fn reshape(&self) -> Result<(), Stop> {
        let pool = self.ledger().pool();
        if progress::of(pool, &self.pass).await?.shape == self.pass.shape {
            return Ok(());
        }
        let (dataset, until) =
            (self.pass.dataset, Instant::now() + Duration::from_secs(self.interval_s.into()) / SHARE);
        let mut missing = Missing::default();
        loop {
            let Other { sent, rejected } = self.ledger().of_another_shape(&self.pass).await?;
            if sent + rejected == 0 {
                progress::reshaped(pool, &self.pass).await?;
                break;
            }
            tracing::info!(
                dataset.name = dataset.name(),
                reshape.sent = sent,
                reshape.rejected = rejected,
                "{sent} of {dataset} that were read by another mapping are read again, and {rejected} that were rejected"
            );
            if rejected > 0 {
                self.try_rejected_again().await?;
            }
            if sent > 0 {
                self.read_slice(&mut missing).await?;
            }
            self.pass.check()?;
            if Instant::now() >= until {
                break;
            }
        }
        self.remove(missing).await
    }

    async fn try_rejected_again(&self) -> Result<(), Stop> {
        let keys = self.ledger().rejected_by_another_shape(&self.pass, SLICE).await?;
        self.read_by_key(&keys).await?;
        // What is none of 1C's any more, or never had a key, is met again by whoever reads it.
        self.ledger().forget_rejected(&self.pass, &keys).await
    }

    async fn read_slice(&self, missing: &mut Missing) -> Result<(), Stop> {
        let slice = self.ledger().slice_of_another_shape(&self.pass, SLICE).await?;
        match (slice.first, slice.last) {
            (Some(first), Some(last)) => {
                let to = last.succ_opt().map(Into::into);
                self.read(vec![Span { from: Some(first.into()), to }], false).await?;
            }
            _ => self.read_all().await?,
        }
        // Moved to another day since, or gone.
        let rest = self.ledger().still_of_another_shape(&self.pass, &slice.keys).await?;
        let span = spans::name(&Span { from: slice.first.map(Into::into), to: slice.last.map(Into::into) });
        self.ask_for(&rest, &span, missing).await?;
        // What is gone is removed at the end, or held: either way it is not asked for again here.
        self.ledger().take_shape(&self.pass, &rest).await
    }
}
