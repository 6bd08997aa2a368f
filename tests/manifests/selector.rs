//! Label selectors, as Kubernetes understands them.

use serde_json::Value;

use crate::site::{entries, list, text};

/// An empty selector takes everything; one that is not there takes nothing.
pub fn matches(selector: &Value, labels: &Value) -> bool {
    let has = |key: &str, value: &Value| !value.is_null() && labels[key] == *value;
    selector.is_object()
        && entries(&selector["matchLabels"]).all(|(key, value)| has(key, value))
        && list(&selector["matchExpressions"]).all(|expression| {
            let key = text(&expression["key"]);
            let listed = list(&expression["values"]).any(|value| has(key, value));
            match text(&expression["operator"]) {
                "In" => listed,
                "NotIn" => !listed,
                "Exists" => !labels[key].is_null(),
                "DoesNotExist" => labels[key].is_null(),
                _ => false,
            }
        })
}

#[test]
fn a_selector_takes_what_kubernetes_would_take() {
    use serde_json::json;
    let labels = json!({ "name": "kafka", "component": "store" });
    let takes = |selector: Value| matches(&selector, &labels);
    assert!(takes(json!({})));
    assert!(takes(json!({ "matchLabels": { "name": "kafka" } })));
    assert!(!takes(json!({ "matchLabels": { "name": "kafka", "zone": "a" } })));
    assert!(takes(json!({ "matchExpressions": [{ "key": "name", "operator": "In", "values": ["a", "kafka"] }] })));
    assert!(!takes(json!({ "matchExpressions": [{ "key": "name", "operator": "NotIn", "values": ["kafka"] }] })));
    assert!(takes(json!({ "matchExpressions": [{ "key": "zone", "operator": "DoesNotExist" }] })));
    assert!(!takes(Value::Null));
}
