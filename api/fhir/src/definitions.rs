//! What the resources and data types hold: names, types, how often, and codes of required bindings, from HL7's
//! `StructureDefinition`s of R4 (4.0.1) and, for Consent, R5 (5.0.0).
//!
//! One element a line, indented under what holds it: name, type (several for a choice), `!` for exactly one, `*` for any
//! number, `+` for at least one. A line with a name alone holds elements of its own.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A release of FHIR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// 4.0.1
    R4,
    /// 5.0.0
    R5,
}

impl Release {
    /// As the media type's parameter `fhirVersion` names it.
    pub const fn version(self) -> &'static str {
        match self {
            Self::R4 => "4.0",
            Self::R5 => "5.0",
        }
    }
}

/// An element of a type.
#[derive(Debug, Clone)]
pub(crate) struct Element {
    pub(crate) name: &'static str,
    /// One of several types, the type's name being part of the element's.
    pub(crate) choice: bool,
    pub(crate) types: Vec<String>,
    pub(crate) codes: Vec<&'static str>,
    pub(crate) required: bool,
    pub(crate) many: bool,
}

/// The elements of each type.
pub(crate) type Types = HashMap<String, Vec<Element>>;

/// Any type: the value of an extension.
pub(crate) const ANY: &str = "*any";
/// Resources that are read here. Others may stand in `contained`, and are not looked into.
pub(crate) const RESOURCES: [&str; 6] =
    ["Patient", "MedicationRequest", "MedicationDispense", "Observation", "Consent", "Claim"];

static R4: LazyLock<Types> = LazyLock::new(|| parse(&[include_str!("definitions/r4.txt")]));
static R5: LazyLock<Types> =
    LazyLock::new(|| parse(&[include_str!("definitions/r4.txt"), include_str!("definitions/r5.txt")]));

/// The types of a release.
pub(crate) fn types(release: Release) -> &'static Types {
    match release {
        Release::R4 => &R4,
        Release::R5 => &R5,
    }
}

/// A later text replaces types of an earlier one.
fn parse(texts: &[&'static str]) -> Types {
    let mut types = Types::new();
    for text in texts {
        let mut open: Vec<String> = Vec::new();
        for line in text.lines() {
            let depth = (line.len() - line.trim_start().len()) / 2;
            open.truncate(depth);
            if depth == 0 {
                types.insert(line.to_owned(), Vec::new());
                open.push(line.to_owned());
                continue;
            }
            let holder = open.join(".");
            let (element, is_holder) = element(line.trim_start(), &holder);
            if is_holder {
                types.insert(format!("{holder}.{}", element.name), Vec::new());
            }
            open.push(element.name.to_owned());
            types.get_mut(&holder).expect("a holder stands above what it holds").push(element);
        }
    }
    types
}

/// The element of a line, and whether it holds elements of its own.
fn element(line: &'static str, holder: &str) -> (Element, bool) {
    let mut words = line.split(' ').peekable();
    let name = words.next().expect("a line has a name");
    let said = words.next_if(|word| !["!", "*", "+"].contains(word));
    let often = words.next().unwrap_or_default();
    let (choice, name) = name.strip_suffix("[x]").map_or((false, name), |name| (true, name));
    let codes = said.and_then(|said| said.strip_prefix("code(")).and_then(|codes| codes.strip_suffix(')'));
    let types = match (said, codes) {
        (None, _) => vec![format!("{holder}.{name}")],
        (Some(_), Some(_)) => vec!["code".to_owned()],
        (Some(types), None) => types.split('|').map(str::to_owned).collect(),
    };
    let codes = codes.map(|codes| codes.split('|').collect()).unwrap_or_default();
    let (required, many) = (matches!(often, "!" | "+"), matches!(often, "*" | "+"));
    (Element { name, choice, types, codes, required, many }, said.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitive;

    #[test]
    fn every_type_that_is_named_is_defined() {
        for release in [Release::R4, Release::R5] {
            for element in types(release).values().flatten() {
                for name in &element.types {
                    let known = types(release).contains_key(name) || primitive::is_known(name) || name == ANY;
                    assert!(known, "{name} of {}", element.name);
                }
            }
        }
    }
}
