//! A resource against its definition.

use serde_json::{Map, Value};

use crate::definitions::{ANY, Element, RESOURCES, Release, Types, types};
use crate::issue::{Issue, IssueCode};
use crate::primitive;

/// Issues that are told of at once.
const ISSUES_MAX: usize = 50;
/// How deep elements may lie in each other.
const DEPTH_MAX: usize = 32;
/// Resources within a resource.
const CONTAINED_MAX: usize = 100;

/// Reads a resource; refuses what is no JSON, no resource of `kind`, or not as defined.
pub fn parse(release: Release, kind: &str, text: &[u8]) -> Result<Value, Vec<Issue>> {
    let value: Value = serde_json::from_slice(text).map_err(|error| {
        // The parser's own words may repeat a value.
        let text = format!("the body is no JSON: line {}, column {}", error.line(), error.column());
        vec![Issue { code: IssueCode::Structure, expression: None, text }]
    })?;
    validate(release, kind, &value)?;
    Ok(value)
}

/// Checks a resource of `kind` against its definition: names, types, how often, required codes.
pub fn validate(release: Release, kind: &str, resource: &Value) -> Result<(), Vec<Issue>> {
    let mut check = Check { types: types(release), issues: Vec::new() };
    check.resource(Some(kind), resource, kind, 0);
    if check.issues.is_empty() { Ok(()) } else { Err(check.issues) }
}

struct Check {
    types: &'static Types,
    issues: Vec<Issue>,
}

impl Check {
    fn say(&mut self, code: IssueCode, expression: &str, text: impl Into<String>) {
        if self.issues.len() < ISSUES_MAX {
            self.issues.push(Issue::at(code, expression, text));
        }
    }

    /// `kind` is what it must be; a contained one may be anything.
    fn resource(&mut self, kind: Option<&str>, value: &Value, path: &str, depth: usize) {
        let Some(object) = value.as_object() else {
            return self.say(IssueCode::Structure, path, "a resource is a JSON object");
        };
        let found = object.get("resourceType").and_then(Value::as_str);
        let Some(found) = found.filter(|found| kind.is_none_or(|kind| kind == *found)) else {
            let wanted = kind.unwrap_or("the name of a resource");
            return self.say(IssueCode::Structure, path, format!("resourceType must be {wanted}"));
        };
        if depth > 0 && object.contains_key("contained") {
            self.say(IssueCode::Invariant, path, "a contained resource contains none (dom-2)");
        }
        if RESOURCES.contains(&found) {
            self.object(found, object, path, depth, true);
            self.invariants(found, object, path);
        }
    }

    /// Rules between elements that the definitions cannot say.
    fn invariants(&mut self, kind: &str, object: &Map<String, Value>, path: &str) {
        let has = |start: &str| object.keys().any(|key| key.starts_with(start));
        if kind == "Observation" && has("dataAbsentReason") && has("value") {
            self.say(IssueCode::Invariant, path, "dataAbsentReason stands only where there is no value (obs-6)");
        }
        let no_policy = !has("policy");
        if kind == "Consent" && has("scope") && no_policy {
            self.say(IssueCode::Invariant, path, "either policy or policyRule must be said (ppc-1)");
        }
    }

    fn object(&mut self, kind: &str, object: &Map<String, Value>, path: &str, depth: usize, resource: bool) {
        if depth > DEPTH_MAX {
            return self.say(IssueCode::TooLong, path, format!("elements lie deeper than {DEPTH_MAX}"));
        }
        let own = object.keys().any(|key| key != "resourceType");
        if !own && !resource {
            return self.say(IssueCode::Invariant, path, "an element has a value or children (ele-1)");
        }
        let elements = self.types.get(kind).map_or(&[][..], Vec::as_slice);
        for (key, value) in object {
            self.member(kind, elements, key, value, path, depth, resource);
        }
        for element in elements {
            self.presence(element, object, path);
        }
    }

    /// Required elements, and choices of one.
    fn presence(&mut self, element: &Element, object: &Map<String, Value>, path: &str) {
        let plain = |key: &str| key.strip_prefix('_').unwrap_or(key).to_owned();
        let mut found: Vec<String> =
            object.keys().map(|key| plain(key)).filter(|key| named(element, key).is_some()).collect();
        found.sort_unstable();
        found.dedup();
        let name = element.name;
        if found.is_empty() && element.required {
            let suffix = if element.choice { "[x]" } else { "" };
            self.say(IssueCode::Required, &format!("{path}.{name}"), format!("{name}{suffix} must be said"));
        }
        if found.len() > 1 {
            self.say(IssueCode::Structure, &format!("{path}.{name}"), format!("only one of {name}[x] may be said"));
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a place in a tree")]
    fn member(
        &mut self,
        kind: &str,
        elements: &'static [Element],
        key: &str,
        value: &Value,
        path: &str,
        depth: usize,
        resource: bool,
    ) {
        let at = format!("{path}.{}", key.strip_prefix('_').unwrap_or(key));
        match key {
            "resourceType" if resource => {}
            "id" | "language" if resource => self.primitive(if key == "id" { "id" } else { "code" }, &[], value, &at),
            "implicitRules" if resource => {
                self.say(IssueCode::NotSupported, &at, "rules that the resource follows by itself are not known here");
            }
            "meta" if resource => self.value("Meta", &[], value, &at, depth),
            "text" if resource => self.value("Narrative", &[], value, &at, depth),
            "contained" if resource => self.contained(value, &at, depth),
            "id" if elements.iter().all(|element| element.name != "id") => self.primitive("string", &[], value, &at),
            "extension" => self.list("Extension", value, &at, depth),
            "modifierExtension" if resource || kind.contains('.') || kind == "Dosage" => {
                self.list("Extension", value, &at, depth);
            }
            _ => self.element(elements, key, value, path, depth),
        }
    }

    fn contained(&mut self, value: &Value, at: &str, depth: usize) {
        let Some(resources) = value.as_array().filter(|resources| !resources.is_empty()) else {
            return self.say(IssueCode::Structure, at, "is a list of resources");
        };
        if resources.len() > CONTAINED_MAX {
            return self.say(IssueCode::TooLong, at, format!("at most {CONTAINED_MAX} resources are contained"));
        }
        for (index, resource) in resources.iter().enumerate() {
            self.resource(None, resource, &format!("{at}[{index}]"), depth.saturating_add(1));
        }
    }

    fn element(&mut self, elements: &'static [Element], key: &str, value: &Value, path: &str, depth: usize) {
        let (plain, sidecar) = key.strip_prefix('_').map_or((key, false), |plain| (plain, true));
        let found = elements.iter().find_map(|element| named(element, plain).map(|kind| (element, kind)));
        let Some((element, kind)) = found else {
            let at = format!("{path}.{plain}");
            return self.say(IssueCode::Structure, &at, "there is no such element in this place");
        };
        // An element of a choice is named without its type, R4 FHIRPath 2.7.
        let at = format!("{path}.{}", element.name);
        if sidecar {
            let fits = primitive::is_known(&kind) && matches!(value, Value::Object(_) | Value::Array(_));
            if !fits {
                self.say(IssueCode::Structure, &at, "only a primitive has an element beside its value");
            }
            return;
        }
        if !element.many {
            return self.value(&kind, &element.codes, value, &at, depth);
        }
        let Some(values) = value.as_array().filter(|values| !values.is_empty()) else {
            return self.say(IssueCode::Structure, &at, "is a list of at least one");
        };
        for (index, value) in values.iter().enumerate() {
            if !(value.is_null() && primitive::is_known(&kind)) {
                self.value(&kind, &element.codes, value, &format!("{at}[{index}]"), depth);
            }
        }
    }

    fn list(&mut self, kind: &str, value: &Value, at: &str, depth: usize) {
        let Some(values) = value.as_array().filter(|values| !values.is_empty()) else {
            return self.say(IssueCode::Structure, at, "is a list of at least one");
        };
        for (index, value) in values.iter().enumerate() {
            self.value(kind, &[], value, &format!("{at}[{index}]"), depth);
        }
    }

    fn value(&mut self, kind: &str, codes: &[&'static str], value: &Value, at: &str, depth: usize) {
        if primitive::is_known(kind) {
            return self.primitive(kind, codes, value, at);
        }
        match value.as_object() {
            Some(object) => self.object(kind, object, at, depth.saturating_add(1), false),
            None => self.say(IssueCode::Structure, at, format!("is a {kind}: a JSON object")),
        }
    }

    fn primitive(&mut self, kind: &str, codes: &[&'static str], value: &Value, at: &str) {
        if let Some(fault) = primitive::fault(kind, value) {
            return self.say(IssueCode::Value, at, fault);
        }
        if !codes.is_empty() && !value.as_str().is_some_and(|code| codes.contains(&code)) {
            self.say(IssueCode::Value, at, format!("is one of {}", codes.join(", ")));
        }
    }
}

/// The type of the value under this name, if the name is the element's.
fn named(element: &Element, key: &str) -> Option<String> {
    if !element.choice {
        return (element.name == key).then(|| element.types[0].clone());
    }
    let suffix =
        key.strip_prefix(element.name).filter(|suffix| suffix.starts_with(|c: char| c.is_ascii_uppercase()))?;
    let mut small = suffix.to_owned();
    small.get_mut(..1)?.make_ascii_lowercase();
    if element.types[0] == ANY {
        let kind = if primitive::is_known(&small) { small } else { suffix.to_owned() };
        let known = primitive::is_known(&kind) || types(Release::R5).contains_key(&kind);
        return known.then_some(kind);
    }
    element.types.iter().find(|kind| **kind == small || **kind == suffix).cloned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(kind: &str, resource: &Value) -> Vec<(String, &'static str)> {
        let issues = validate(Release::R4, kind, resource).expect_err("refused");
        issues.into_iter().map(|issue| (issue.expression.expect("a place"), issue.code.as_str())).collect()
    }

    #[test]
    fn a_fault_is_named_by_its_path() {
        let patient = json!({"resourceType": "Patient", "name": [{"family": "Ng"}, {"family": 3}],
            "birthDate": "1990-02-30", "gender": "f", "shoe": 9, "link": [{"type": "refer"}],
            "deceasedBoolean": true, "deceasedDateTime": "2020", "contact": [{}]});
        let expected = [
            ("Patient.name[1].family", "value"),
            ("Patient.birthDate", "value"),
            ("Patient.gender", "value"),
            ("Patient.shoe", "structure"),
            ("Patient.link[0].other", "required"),
            ("Patient.contact[0]", "invariant"),
            ("Patient.deceased", "structure"),
        ];
        assert_eq!(faults("Patient", &patient), expected.map(|(path, code)| (path.to_owned(), code)));
    }

    #[test]
    fn a_choice_is_named_without_its_type() {
        let observation = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"},
            "valueQuantity": {"value": "5"}, "component": [{"valueString": "x"}]});
        let expected = [("Observation.value.value", "value"), ("Observation.component[0].code", "required")];
        assert_eq!(faults("Observation", &observation), expected.map(|(path, code)| (path.to_owned(), code)));
        assert_eq!(
            faults("Observation", &json!({"resourceType": "Patient"})),
            [("Observation".to_owned(), "structure")]
        );
    }

    #[test]
    fn no_value_is_repeated() {
        let patient = json!({"resourceType": "Patient", "birthDate": "Mustermann", "gender": "Mustermann",
            "name": "Mustermann", "deceasedBoolean": "Mustermann", "id": "Muster mann"});
        let issues = validate(Release::R4, "Patient", &patient).expect_err("refused");
        assert_eq!(issues.len(), 5);
        assert!(!format!("{issues:?}").to_lowercase().contains("muster"), "{issues:?}");
        let issues = parse(Release::R4, "Patient", b"{\"name\": Mustermann}").expect_err("refused");
        assert!(!format!("{issues:?}").contains("Muster"), "{issues:?}");
    }

    #[test]
    fn extensions_and_contained_resources_are_read() {
        let dispense = json!({"resourceType": "MedicationDispense", "status": "completed",
            "contained": [{"resourceType": "Medication", "id": "m", "code": {"text": "x"}}],
            "_status": {"extension": [{"url": "http://example.org/x", "valueString": "y"}]},
            "extension": [{"url": "http://example.org/x", "valueCodeableConcept": {"text": "y"}}],
            "medicationReference": {"reference": "#m"}, "quantity": {"value": 1.50}});
        assert_eq!(validate(Release::R4, "MedicationDispense", &dispense), Ok(()));
        let mut wrong = dispense;
        wrong["extension"][0]["valueNonsense"] = json!(1);
        assert_eq!(
            faults("MedicationDispense", &wrong),
            [("MedicationDispense.extension[0].valueNonsense".to_owned(), "structure")]
        );
    }
}
