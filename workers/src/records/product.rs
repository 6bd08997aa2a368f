//! A product, or a group (folder) of products.

use std::borrow::Cow;

use uuid::Uuid;

use super::{Item, Record, json, row};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Product {
    pub parent_id: Option<Uuid>,
    pub is_group: bool,
    pub code: String,
    pub article: String,
    pub name: String,
    /// In which its quantities are told.
    pub unit_id: Option<Uuid>,
}

impl Item for Product {
    fn write(out: &mut Vec<u8>, version: u64, product_id: Uuid, product: Option<&Self>) {
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
                out.extend_from_slice(b",\"unit_id\":");
                json::uuid(out, product.unit_id);
                out.push(b'}');
            }
        }
        out.push(b'}');
    }
}

#[derive(serde::Deserialize)]
struct Message<'a> {
    revision: u32,
    version: u64,
    product_id: Uuid,
    #[serde(borrow, deserialize_with = "super::or_null")]
    product: Option<ProductText<'a>>,
}

#[derive(serde::Deserialize, Default)]
struct ProductText<'a> {
    parent_id: Option<Uuid>,
    #[serde(default)]
    is_group: bool,
    #[serde(borrow, default)]
    code: Cow<'a, str>,
    #[serde(borrow, default)]
    article: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    unit_id: Option<Uuid>,
}

impl Record for Product {
    const TABLE: &'static str = "product";
    const COLUMNS: &'static str = "product_id, parent_id, is_group, code, article, name, unit_id, version, is_deleted";

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
        row::uuid(rows, product.unit_id.unwrap_or_default());
        row::u64(rows, message.version);
        row::u8(rows, is_deleted.into());
        Ok(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Result<Vec<u8>, String> {
        let mut rows = Vec::new();
        Product::decode(text.as_bytes(), &mut rows).map(|_| rows)
    }

    #[test]
    fn a_product_of_another_release_is_read_and_one_without_a_name_is_not() {
        let (mut out, product) = (Vec::new(), Product { name: "Насос".to_owned(), ..Product::default() });
        Product::write(&mut out, 7, Uuid::from_u128(1), Some(&product));
        let text = String::from_utf8(out).unwrap();
        let rows = decoded(&text).unwrap();
        let newer = text.replace("\"parent_id\"", "\"weight\":1,\"parent_id\"");
        assert_eq!(decoded(&newer).unwrap(), rows);
        let older =
            text.replace(",\"unit_id\":null", "").replace("\"is_group\":false,", "").replace("\"article\":\"\",", "");
        assert_eq!(decoded(&older).unwrap(), rows);
        for needed in ["revision", "version", "product_id", "product", "name"] {
            let without = text.replace(&format!("\"{needed}\""), "\"another\"");
            assert!(decoded(&without).is_err(), "{needed} must be there");
        }
    }
}
