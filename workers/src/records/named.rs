//! Items of a catalog that have a code and a name, and nothing else: dealers, currencies, units of measure.

use std::collections::HashMap;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{Item, Record, json, row};

/// What a catalog's message and its table call things.
pub trait Names {
    const TABLE: &'static str;
    const COLUMNS: &'static str;
    /// The message's fields: the item's key, and its texts.
    const ID: &'static str;
    const ITEM: &'static str;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<N> {
    pub code: String,
    pub name: String,
    of: PhantomData<N>,
}

/// A partner of the infobase that is a client.
pub type Dealer = Named<Dealers>;
/// The code is the numeric one of ISO 4217, as 1C keeps it: 643.
pub type Currency = Named<Currencies>;
pub type Unit = Named<Units>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dealers {}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Currencies {}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Units {}

impl Names for Dealers {
    const TABLE: &'static str = "dealer";
    const COLUMNS: &'static str = "dealer_id, code, name, version, is_deleted";
    const ID: &'static str = "dealer_id";
    const ITEM: &'static str = "dealer";
}

impl Names for Currencies {
    const TABLE: &'static str = "currency";
    const COLUMNS: &'static str = "currency_id, code, name, version, is_deleted";
    const ID: &'static str = "currency_id";
    const ITEM: &'static str = "currency";
}

impl Names for Units {
    const TABLE: &'static str = "unit";
    const COLUMNS: &'static str = "unit_id, code, name, version, is_deleted";
    const ID: &'static str = "unit_id";
    const ITEM: &'static str = "unit";
}

impl<N> Named<N> {
    pub fn new(code: String, name: String) -> Self {
        Self { code, name, of: PhantomData }
    }
}

impl<N> Default for Named<N> {
    fn default() -> Self {
        Self::new(String::new(), String::new())
    }
}

impl<N: Names> Item for Named<N> {
    fn write(out: &mut Vec<u8>, version: u64, id: Uuid, item: Option<&Self>) {
        json::open(out, version);
        json::name(out, N::ID);
        json::uuid(out, Some(id));
        json::name(out, N::ITEM);
        match item {
            None => out.extend_from_slice(b"null"),
            Some(item) => {
                out.extend_from_slice(b"{\"code\":");
                json::text(out, &item.code);
                out.extend_from_slice(b",\"name\":");
                json::text(out, &item.name);
                out.push(b'}');
            }
        }
        out.push(b'}');
    }
}

#[derive(serde::Deserialize, Default)]
struct Texts {
    #[serde(default)]
    code: String,
    name: String,
}

impl<N: Names> Record for Named<N> {
    const TABLE: &'static str = N::TABLE;
    const COLUMNS: &'static str = N::COLUMNS;

    fn decode(payload: &[u8], rows: &mut Vec<u8>) -> Result<u32, String> {
        let fields: HashMap<String, &RawValue> =
            serde_json::from_slice(payload).map_err(|error| super::problem(payload, &error))?;
        super::check_revision(field(&fields, "revision")?)?;
        let version: u64 = field(&fields, "version")?;
        let id: Uuid = field(&fields, N::ID)?;
        let item: Option<Texts> = field(&fields, N::ITEM)?;
        let is_deleted = item.is_none();
        let Texts { code, name } = item.unwrap_or_default();
        row::uuid(rows, id);
        row::text(rows, &code);
        row::text(rows, &name);
        row::u64(rows, version);
        row::u8(rows, is_deleted.into());
        Ok(1)
    }
}

fn field<T: DeserializeOwned>(fields: &HashMap<String, &RawValue>, name: &str) -> Result<T, String> {
    let text = fields.get(name).ok_or_else(|| format!("is no message of this topic: {name} is missing"))?;
    serde_json::from_str(text.get()).map_err(|error| format!("is no message of this topic: {name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded<N: Names>(text: &str) -> Result<Vec<u8>, String> {
        let mut rows = Vec::new();
        Named::<N>::decode(text.as_bytes(), &mut rows).map(|_| rows)
    }

    #[test]
    fn a_dealer_is_written_as_the_releases_before_read_it_and_read_as_they_and_later_ones_write_it() {
        let mut out = Vec::new();
        Dealer::write(&mut out, 7, Uuid::from_u128(1), Some(&Dealer::new("1".to_owned(), "Волга \"\"".to_owned())));
        let text = String::from_utf8(out).unwrap();
        let id = "00000000-0000-0000-0000-000000000001";
        let wanted =
            format!(r#"{{"revision":1,"version":7,"dealer_id":"{id}","dealer":{{"code":"1","name":"Волга \"\""}}}}"#);
        assert_eq!(text, wanted);
        let rows = decoded::<Dealers>(&text).unwrap();
        let newer =
            text.replace("\"code\"", "\"phone\":[],\"code\"").replace("\"version\"", "\"unit_id\":null,\"version\"");
        assert_eq!(decoded::<Dealers>(&newer).unwrap(), rows);
        assert!(decoded::<Dealers>(&text.replace("\"code\":\"1\",", "")).is_ok());
        for needed in ["version", "dealer_id", "dealer", "name"] {
            let without = text.replace(&format!("\"{needed}\""), "\"another\"");
            assert!(decoded::<Dealers>(&without).is_err(), "{needed} must be there");
        }
        assert!(decoded::<Units>(&text).unwrap_err().contains("unit_id is missing"));
        assert!(
            decoded::<Dealers>(&text.replace("\"revision\":1", "\"revision\":2")).unwrap_err().contains("revision 2")
        );
    }
}
