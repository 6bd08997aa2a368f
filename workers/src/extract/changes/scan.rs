//! Catalogs: all keys with their `DataVersion`, page by page; what differs is read.

use std::collections::HashSet;

use super::missing::{Compared, Missing};
use super::{BY_KEY, KeyPage, Reader};
use crate::erp::mapping::Mapping;
use crate::erp::pages::{self, Page};
use crate::erp::records::Records;
use crate::erp::url::Question;
use crate::extract::Stop;

impl Reader {
    /// One pass over a catalog. An item that slips between two pages while names change is asked for by key, so no
    /// shift of the pages can delete it.
    pub async fn scan(&self) -> Result<(), Stop> {
        let known = self.ledger().of_days(&self.pass, None, None).await?;
        let mapping = self.keys_mapping();
        let mut missing = Missing::default();
        let (mut seen, mut changed) = (HashSet::new(), Vec::new());
        let (mut size, mut skip) = (self.page_size(), 0);
        loop {
            self.pass.check()?;
            let page: KeyPage =
                pages::fetch(&self.client, &mapping, &mut size, |top| by_key(&mapping, skip, top)).await?;
            skip += page.documents;
            let is_last = page.is_last();
            changed.extend(self.odd_keys(page.rejected, &mut seen).await?);
            for key in &page.sink.keys {
                if seen.insert(key.id) && self.is_changed(key, known.get(&key.id)) {
                    changed.push(key.id);
                }
            }
            if is_last {
                break;
            }
        }
        if changed.len() > BY_KEY {
            self.read_all().await?;
        } else {
            self.read_by_key(&changed).await?;
        }
        let compared = Compared { span: "all", is_all: true, known: &known, seen: &seen };
        self.look_for(compared, &mut missing).await?;
        self.finish_unconfirmed(&mut missing).await?;
        self.remove(missing).await
    }

    /// Every item again; the publisher drops what has not changed.
    pub(super) async fn read_all(&self) -> Result<(), Stop> {
        let (mut size, mut skip) = (self.page_size(), 0);
        loop {
            self.pass.check()?;
            let page: Page<Records> =
                pages::fetch(&self.client, &self.mapping, &mut size, |top| by_key(&self.mapping, skip, top)).await?;
            skip += page.documents;
            let is_last = page.is_last();
            self.set_aside(page.rejected).await?;
            self.publisher.publish(&self.pass, &page.sink).await?;
            if is_last {
                return Ok(());
            }
        }
    }
}

/// References have no order that a filter could use: catalogs are paged by position, in the order of the full key.
fn by_key(mapping: &Mapping, skip: usize, top: usize) -> Question {
    Question::of(&mapping.entity)
        .with("$select", mapping.select())
        .with("$orderby", mapping.id())
        .with("$skip", skip.to_string())
        .with("$top", top.to_string())
}
