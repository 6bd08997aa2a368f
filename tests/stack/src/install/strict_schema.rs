//! Kubernetes' own descriptions of its kinds, as JSON schemas that refuse what they do not name: a misspelt field is an
//! error here, where the API server would drop it in silence.

use serde_json::{Map, Value, json};

const DEFINITIONS: &str = "_definitions.json";
/// Keys of a schema that hold schemas, for which "nothing else" must not be said: they speak of a part of an object.
const PARTIAL: [&str; 4] = ["allOf", "anyOf", "oneOf", "not"];
/// Keys that a validator has no use for, or that only the API server understands.
const DROPPED: [&str; 6] = ["description", "default", "format", "example", "externalDocs", "title"];

/// A schema and the file it belongs in, as kubeconform looks for it.
pub(super) struct Schema {
    pub file: String,
    pub json: Value,
}

/// The kinds of a Kubernetes release, out of its swagger.json, and the definitions they share.
pub(super) fn of_swagger(swagger: &Value) -> Vec<Schema> {
    let empty = Map::new();
    let definitions = swagger["definitions"].as_object().unwrap_or(&empty);
    let strict: Map<String, Value> =
        definitions.iter().map(|(name, node)| (name.clone(), scalar(name).unwrap_or_else(|| closed(node)))).collect();
    let kinds = definitions.iter().filter_map(|(name, node)| {
        let [gvk] = node["x-kubernetes-group-version-kind"].as_array()?.as_slice() else { return None };
        let (group, version, kind) = (gvk["group"].as_str()?, gvk["version"].as_str()?, gvk["kind"].as_str()?);
        let short_group = group.split('.').next().filter(|group| !group.is_empty());
        let suffix = short_group.map(|group| format!("-{group}")).unwrap_or_default();
        let file = format!("{}{suffix}-{version}.json", kind.to_lowercase());
        Some(Schema { file, json: named(strict[name].clone(), group, version, kind) })
    });
    let mut schemas: Vec<Schema> = kinds.collect();
    schemas.push(Schema { file: DEFINITIONS.to_owned(), json: json!({ "definitions": strict }) });
    schemas
}

/// The kinds of a CustomResourceDefinition, one for each version.
pub(super) fn of_crd(crd: &Value) -> Vec<Schema> {
    let (group, kind) =
        (crd["spec"]["group"].as_str().unwrap_or(""), crd["spec"]["names"]["kind"].as_str().unwrap_or(""));
    let versions = crd["spec"]["versions"].as_array().into_iter().flatten();
    versions
        .map(|version| {
            let name = version["name"].as_str().unwrap_or("");
            let mut json = closed(&version["schema"]["openAPIV3Schema"]);
            json["properties"]["metadata"] = metadata();
            let file = format!("{group}/{}_{name}.json", kind.to_lowercase());
            Schema { file, json: named(json, group, name, kind) }
        })
        .collect()
}

/// Has the schema of a kind insist on its own apiVersion and kind.
fn named(mut schema: Value, group: &str, version: &str, kind: &str) -> Value {
    let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    schema["properties"]["apiVersion"] = json!({ "enum": [api_version] });
    schema["properties"]["kind"] = json!({ "enum": [kind] });
    schema
}

/// What a manifest of ours may say about a custom object.
fn metadata() -> Value {
    let texts = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "properties": { "name": text, "namespace": text, "labels": texts, "annotations": texts },
        "additionalProperties": false,
    })
}

/// Definitions that swagger calls strings and the API server reads as numbers too.
fn scalar(definition: &str) -> Option<Value> {
    match definition.rsplit('.').next()? {
        "IntOrString" => Some(json!({ "type": ["integer", "string"] })),
        "Quantity" => Some(json!({ "type": ["number", "string"] })),
        _ => None,
    }
}

/// A schema that names every field it allows.
fn closed(node: &Value) -> Value {
    let mut schema = open(node);
    let keeps_unknown = node["x-kubernetes-preserve-unknown-fields"] == true;
    if node["properties"].is_object() && !keeps_unknown && node.get("additionalProperties").is_none() {
        schema["additionalProperties"] = json!(false);
    }
    schema
}

/// The same schema in the words of JSON Schema; it says nothing about fields it does not name.
fn open(node: &Value) -> Value {
    let Some(fields) = node.as_object() else { return node.clone() };
    if let Some(reference) = node["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return json!({ "$ref": format!("{DEFINITIONS}#/definitions/{name}") });
    }
    if node["x-kubernetes-int-or-string"] == true {
        return json!({ "type": ["integer", "string"] });
    }
    let kept = fields.iter().filter(|(key, _)| !DROPPED.contains(&key.as_str()) && !key.starts_with("x-kubernetes"));
    let schema = kept.map(|(key, value)| {
        let value = match key.as_str() {
            "properties" => each(value, closed),
            "items" | "additionalProperties" => closed(value),
            key if PARTIAL.contains(&key) => partial(value),
            _ => value.clone(),
        };
        (key.clone(), value)
    });
    Value::Object(schema.collect())
}

fn each(map: &Value, change: fn(&Value) -> Value) -> Value {
    map.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), change(value))).collect()
}

/// One schema or a list of them, with everything below left open.
fn partial(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(partial).collect(),
        Value::Object(fields) => fields
            .iter()
            .filter(|(key, _)| !DROPPED.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swagger() -> Value {
        json!({ "definitions": {
            "io.k8s.api.apps.v1.Thing": {
                "description": "A thing.",
                "type": "object",
                "required": ["spec"],
                "properties": {
                    "apiVersion": { "type": "string" },
                    "kind": { "type": "string" },
                    "spec": { "$ref": "#/definitions/io.k8s.api.apps.v1.ThingSpec" },
                },
                "x-kubernetes-group-version-kind": [{ "group": "apps.k8s.io", "kind": "Thing", "version": "v1" }],
            },
            "io.k8s.api.apps.v1.ThingSpec": {
                "type": "object",
                "properties": {
                    "description": { "type": "string", "description": "A field of that name stays." },
                    "port": { "$ref": "#/definitions/io.k8s.util.IntOrString" },
                    "labels": { "type": "object", "additionalProperties": { "type": "string" } },
                },
            },
            "io.k8s.util.IntOrString": { "type": "string", "format": "int-or-string" },
        }})
    }

    #[test]
    fn a_kind_lies_where_kubeconform_looks_and_refuses_other_fields() {
        let schemas = of_swagger(&swagger());
        let thing = schemas.iter().find(|schema| schema.file == "thing-apps-v1.json").unwrap();
        assert_eq!(thing.json["additionalProperties"], false);
        assert_eq!(thing.json["properties"]["apiVersion"]["enum"], json!(["apps.k8s.io/v1"]));
        assert_eq!(
            thing.json["properties"]["spec"]["$ref"],
            "_definitions.json#/definitions/io.k8s.api.apps.v1.ThingSpec"
        );
    }

    #[test]
    fn definitions_are_closed_but_for_maps_and_scalars() {
        let schemas = of_swagger(&swagger());
        let definitions = &schemas.iter().find(|schema| schema.file == DEFINITIONS).unwrap().json["definitions"];
        let spec = &definitions["io.k8s.api.apps.v1.ThingSpec"];
        assert_eq!(spec["additionalProperties"], false);
        assert_eq!(spec["properties"]["description"], json!({ "type": "string" }));
        assert_eq!(spec["properties"]["labels"]["additionalProperties"], json!({ "type": "string" }));
        assert_eq!(definitions["io.k8s.util.IntOrString"], json!({ "type": ["integer", "string"] }));
    }

    #[test]
    fn a_part_of_a_custom_kind_that_only_demands_fields_stays_open() {
        let crd = json!({ "spec": { "group": "example.org", "names": { "kind": "Lamp" }, "versions": [{
            "name": "v1",
            "schema": { "openAPIV3Schema": { "type": "object", "properties": { "spec": {
                "type": "object",
                "properties": { "a": { "type": "string" }, "b": { "x-kubernetes-int-or-string": true } },
                "anyOf": [{ "required": ["a"] }, { "properties": { "b": { "minimum": 1 } } }],
            }}}},
        }]}});
        let schemas = of_crd(&crd);
        assert_eq!(schemas[0].file, "example.org/lamp_v1.json");
        let spec = &schemas[0].json["properties"]["spec"];
        assert_eq!(spec["additionalProperties"], false);
        assert_eq!(spec["anyOf"][1], json!({ "properties": { "b": { "minimum": 1 } } }));
        assert_eq!(spec["properties"]["b"]["type"], json!(["integer", "string"]));
    }
}
