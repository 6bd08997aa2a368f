//! A dealer: a partner of the infobase that is a client.

use std::borrow::Cow;

use uuid::Uuid;

use super::{Record, json, row};
use crate::datasets::Dataset;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dealer {
    pub code: String,
    pub name: String,
}

/// Writes a message over what `out` held; without a dealer it is gone from 1C, or no client any more.
pub fn write(out: &mut Vec<u8>, version: u64, dealer_id: Uuid, dealer: Option<&Dealer>) {
    json::open(out, version);
    out.extend_from_slice(b",\"dealer_id\":");
    json::uuid(out, Some(dealer_id));
    out.extend_from_slice(b",\"dealer\":");
    match dealer {
        None => out.extend_from_slice(b"null"),
        Some(dealer) => {
            out.extend_from_slice(b"{\"code\":");
            json::text(out, &dealer.code);
            out.extend_from_slice(b",\"name\":");
            json::text(out, &dealer.name);
            out.push(b'}');
        }
    }
    out.push(b'}');
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Message<'a> {
    revision: u32,
    version: u64,
    dealer_id: Uuid,
    #[serde(borrow)]
    dealer: Option<DealerText<'a>>,
}

#[derive(serde::Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct DealerText<'a> {
    #[serde(borrow)]
    code: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
}

impl Record for Dealer {
    const DATASET: Dataset = Dataset::Dealers;
    const TABLE: &'static str = "dealer";
    const COLUMNS: &'static str = "dealer_id, code, name, version, is_deleted";

    fn decode(payload: &[u8], rows: &mut Vec<u8>) -> Result<u32, String> {
        let message: Message<'_> = serde_json::from_slice(payload).map_err(|error| super::problem(payload, &error))?;
        super::check_revision(message.revision)?;
        let is_deleted = message.dealer.is_none();
        let dealer = message.dealer.unwrap_or_default();
        row::uuid(rows, message.dealer_id);
        row::text(rows, &dealer.code);
        row::text(rows, &dealer.name);
        row::u64(rows, message.version);
        row::u8(rows, is_deleted.into());
        Ok(1)
    }
}
