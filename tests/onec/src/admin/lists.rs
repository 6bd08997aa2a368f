//! Catalogs that a test publishes, and the small ones of UT 11: rows as JSON, by the names of 1C.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Outcome, Problem, SetField, Shared, bad, read};
use crate::{
    base::{Item, Source, source},
    odata::json::value,
    schema::{Schema, Type},
    server::Server,
};

/// The sets whose rows can be given.
pub async fn published(State(server): Shared) -> Outcome {
    Ok(Json(json!(server.schema().lists().map(|of| of.name.clone()).collect::<Vec<_>>())))
}

/// The body is in the language of `schema/ut11.txt`.
pub async fn publish(server: Shared, body: Bytes) -> Outcome {
    server.publish(&String::from_utf8_lossy(&body)).map_err(bad)?;
    published(server).await
}

fn list<'a>(schema: &'a Schema, name: &str) -> Result<(&'a Type, u16), Problem> {
    let found = schema.named(name).and_then(|of| Some((of, of.list?)));
    found.ok_or_else(|| Problem(StatusCode::NOT_FOUND, format!("{name} keeps no rows of its own")))
}

/// Rows as they are true, all fields by their published names.
pub async fn rows(State(server): Shared, Path(set): Path<String>) -> Outcome {
    let schema = server.schema();
    let (of, number) = list(&schema, &set)?;
    let base = server.base();
    let items = base.lists.get(number as usize).into_iter().flat_map(|list| list.rows());
    Ok(Json(Value::Array(items.map(|item| shown(of, item)).collect())))
}

fn shown(of: &Type, item: &Item) -> Value {
    let row = crate::base::Row::Item(item);
    let field = |property: &crate::schema::Property| {
        let held = match source(of, property) {
            Source::Column(column) => row.value(column),
            Source::Fixed(fixed) => fixed,
        };
        (property.name.clone(), value(held, &property.kind))
    };
    Value::Object(of.properties.iter().map(field).collect())
}

/// One row or a list of them; one with a reference that is there takes its place.
pub async fn put(State(server): Shared, Path(set): Path<String>, body: Bytes) -> Outcome {
    let rows = match read(&body)? {
        Value::Array(rows) => rows,
        one => vec![one],
    };
    Ok(Json(json!({"refs": put_rows(&server, &set, &rows)?})))
}

fn put_rows(server: &Arc<Server>, set: &str, rows: &[Value]) -> Result<Vec<Uuid>, Problem> {
    let schema = server.schema();
    let (of, number) = list(&schema, set)?;
    let objects: Option<Vec<&Map<String, Value>>> = rows.iter().map(Value::as_object).collect();
    let objects = objects.ok_or_else(|| bad("a row is an object"))?;
    let mut base = server.base_mut();
    let mut items = Vec::with_capacity(objects.len());
    for row in objects {
        base.written += 1;
        let reference =
            Uuid::from_u128((0x7c11_0002_u128 << 96) | 0x11ee_8a01_0000_0000_0000 | u128::from(base.written));
        items.push(Item::read(of, row, reference).map_err(bad)?);
    }
    let references = items.iter().map(|item| item.reference).collect();
    for item in items {
        base.put_item(number, item)?;
    }
    Ok(references)
}

pub async fn change(
    State(server): Shared,
    Path((set, reference, action)): Path<(String, Uuid, String)>,
    body: Bytes,
) -> Outcome {
    let schema = server.schema();
    let (of, number) = list(&schema, &set)?;
    let mut base = server.base_mut();
    match action.as_str() {
        "set" => {
            let wanted: SetField = read(&body)?;
            let set = base.write_item(number, reference, |item| item.set(of, &wanted.field, wanted.value))?;
            return Ok(Json(json!({"ref": reference, "is_truth": set.map_err(bad)?})));
        }
        "mark-deleted" => base.write_item(number, reference, |item| item.is_deleted = true)?,
        "touch" => base.write_item(number, reference, |_| ())?,
        "delete" => base.delete_item(number, reference)?,
        other => return Err(Problem(StatusCode::NOT_FOUND, format!("nothing called {other} can be done to a row"))),
    }
    Ok(Json(json!({"ref": reference})))
}

/// What a file gives at the start: `{"Catalog_X": [{…}]}`.
pub fn read_file(server: &Arc<Server>, json: &str) -> Result<(), String> {
    let sets: Map<String, Value> = serde_json::from_str(json).map_err(|error| error.to_string())?;
    for (set, rows) in sets {
        let rows = rows.as_array().ok_or_else(|| format!("the rows of {set} are no list"))?;
        put_rows(server, &set, rows).map_err(|Problem(_, reason)| format!("{set}: {reason}"))?;
    }
    Ok(())
}
