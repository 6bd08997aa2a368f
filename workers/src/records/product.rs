//! A product, or a group (folder) of products.

use std::borrow::Cow;

use uuid::Uuid;

use super::{Record, json, row};
use crate::datasets::Dataset;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Product {
    pub parent_id: Option<Uuid>,
    pub is_group: bool,
    pub code: String,
    pub article: String,
    pub name: String,
}

/// Writes a message over what `out` held; without a product it is gone from 1C.
pub fn write(out: &mut Vec<u8>, version: u64, product_id: Uuid, product: Option<&Product>) {
    json::open(out, version);
    out.extend_from_slice(b",\"product_id\":");
    json::uuid(out, Some(product_id));
    out.extend_from_slice(b",\"product\":");
    match product {
        None => out.extend_from_slice(b"null"),
        Some(product) => {
            out.extend_from_slice(b"{\"parent_id\":");
            json::uuid(out, product.parent_id);
            out.extend_from_slice(b",\"is_group\":");
            json::flag(out, product.is_group);
            out.extend_from_slice(b",\"code\":");
            json::text(out, &product.code);
            out.extend_from_slice(b",\"article\":");
            json::text(out, &product.article);
            out.extend_from_slice(b",\"name\":");
            json::text(out, &product.name);
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
    product_id: Uuid,
    #[serde(borrow)]
    product: Option<ProductText<'a>>,
}

#[derive(serde::Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct ProductText<'a> {
    parent_id: Option<Uuid>,
    is_group: bool,
    #[serde(borrow)]
    code: Cow<'a, str>,
    #[serde(borrow)]
    article: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
}

impl Record for Product {
    const DATASET: Dataset = Dataset::Products;
    const TABLE: &'static str = "product";
    const COLUMNS: &'static str = "product_id, parent_id, is_group, code, article, name, version, is_deleted";

    fn decode(payload: &[u8], rows: &mut Vec<u8>) -> Result<u32, String> {
        let message: Message<'_> = serde_json::from_slice(payload).map_err(|error| super::problem(payload, &error))?;
        super::check_revision(message.revision)?;
        let is_deleted = message.product.is_none();
        let product = message.product.unwrap_or_default();
        row::uuid(rows, message.product_id);
        row::uuid(rows, product.parent_id.unwrap_or_default());
        row::u8(rows, product.is_group.into());
        row::text(rows, &product.code);
        row::text(rows, &product.article);
        row::text(rows, &product.name);
        row::u64(rows, message.version);
        row::u8(rows, is_deleted.into());
        Ok(1)
    }
}
