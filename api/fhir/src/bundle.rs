//! Bundles: a page of what was found, or everything about a patient.

use serde_json::{Value, json};

/// A link of a bundle: `self`, `next`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// How it relates.
    pub relation: &'static str,
    /// Where it leads.
    pub url: String,
}

/// A page of what a search found. `base` is where the service's resources lie.
pub fn searchset(base: &str, links: &[Link], total: Option<usize>, resources: Vec<Value>) -> Value {
    let link: Vec<Value> = links.iter().map(|link| json!({"relation": link.relation, "url": link.url})).collect();
    let entry: Vec<Value> = resources
        .into_iter()
        .map(|resource| json!({"fullUrl": url(base, &resource), "resource": resource, "search": {"mode": "match"}}))
        .collect();
    let mut bundle = json!({"resourceType": "Bundle", "type": "searchset"});
    if let Some(total) = total {
        bundle["total"] = json!(total);
    }
    with(bundle, [("link", link), ("entry", entry)])
}

/// A version in a history.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where the resource lies, below the base: `Observation/ID`.
    pub path: String,
    /// The version, from 1.
    pub version: u32,
    /// Since when.
    pub at: String,
    /// The resource; nothing where it was deleted.
    pub resource: Option<Value>,
}

/// Versions of a resource, the latest first.
pub fn history(base: &str, links: &[Link], total: usize, entries: Vec<Entry>) -> Value {
    let link: Vec<Value> = links.iter().map(|link| json!({"relation": link.relation, "url": link.url})).collect();
    let told = |Entry { path, version, at, resource }: Entry| {
        let (method, status) = match (&resource, version) {
            (None, _) => ("DELETE", "204"),
            (Some(_), 1) => ("POST", "201"),
            (Some(_), _) => ("PUT", "200"),
        };
        let kind = path.split('/').next().unwrap_or_default();
        let asked = if method == "POST" { kind } else { path.as_str() };
        let mut told = json!({
            "fullUrl": format!("{base}/{path}"), "request": {"method": method, "url": asked},
            "response": {"status": status, "etag": format!("W/\"{version}\""), "lastModified": at},
        });
        if let Some(resource) = resource {
            told["resource"] = resource;
        }
        told
    };
    let entry = entries.into_iter().map(told).collect();
    with(json!({"resourceType": "Bundle", "type": "history", "total": total}), [("link", link), ("entry", entry)])
}

/// Resources that belong together, as a file of their own.
pub fn collection(base: &str, at: &str, resources: Vec<Value>) -> Value {
    let entry: Vec<Value> =
        resources.into_iter().map(|resource| json!({"fullUrl": url(base, &resource), "resource": resource})).collect();
    with(json!({"resourceType": "Bundle", "type": "collection", "timestamp": at}), [("entry", entry)])
}

/// FHIR knows no empty lists.
fn with<const N: usize>(mut bundle: Value, lists: [(&str, Vec<Value>); N]) -> Value {
    for (name, list) in lists {
        if !list.is_empty() {
            bundle[name] = Value::Array(list);
        }
    }
    bundle
}

fn url(base: &str, resource: &Value) -> String {
    let text = |name: &str| resource[name].as_str().unwrap_or_default();
    format!("{base}/{}/{}", text("resourceType"), text("id"))
}
