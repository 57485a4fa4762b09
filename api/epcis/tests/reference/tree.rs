//! Documents as trees in which only what means something differs: without white space, prefixes, the order of members,
//! the wrappers of 1.2 and the spelling of standard words.

use std::collections::BTreeMap;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use serde_json::Value;

/// What standard words are prefixed with in some syntax.
const WORD_PREFIXES: [&str; 16] = [
    "urn:epcglobal:cbv:bizstep:",
    "urn:epcglobal:cbv:disp:",
    "urn:epcglobal:cbv:btt:",
    "urn:epcglobal:cbv:sdt:",
    "urn:epcglobal:cbv:er:",
    "https://ref.gs1.org/cbv/BizStep-",
    "https://ref.gs1.org/cbv/Disp-",
    "https://ref.gs1.org/cbv/BTT-",
    "https://ref.gs1.org/cbv/SDT-",
    "https://ref.gs1.org/cbv/ER-",
    "https://ref.gs1.org/cbv/Comp-",
    "cbv:BizStep-",
    "cbv:Comp-",
    "gs1:",
    "https://gs1.org/voc/",
    "https://ref.gs1.org/voc/",
];

fn word(text: &str) -> String {
    let text = text.trim();
    WORD_PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text).to_owned()
}

/// A JSON document: contexts become the set of their URLs and prefixes, empty lists are left out.
pub(crate) fn json(text: &[u8]) -> Value {
    let mut value: Value = serde_json::from_slice(text).expect("JSON");
    if let Some(context) = value.get_mut("@context") {
        *context = declared(context);
    }
    plain(value)
}

fn declared(context: &Value) -> Value {
    let mut all = BTreeMap::new();
    let parts = context.as_array().cloned().unwrap_or_else(|| vec![context.clone()]);
    for part in parts {
        match part {
            Value::String(url) if url.ends_with("/epcis-context.jsonld") => {}
            Value::String(url) => drop(all.insert(url, Value::Null)),
            Value::Object(prefixes) => all.extend(prefixes),
            other => panic!("{other} in a context"),
        }
    }
    all.into_iter().collect::<serde_json::Map<_, _>>().into()
}

fn plain(value: Value) -> Value {
    match value {
        Value::String(text) => word(&text).into(),
        Value::Array(values) => values.into_iter().map(plain).collect(),
        Value::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| value.as_array().is_none_or(|list| !list.is_empty()));
            members.map(|(name, value)| (name, plain(value))).collect::<serde_json::Map<_, _>>().into()
        }
        // 200 and 200.0 are one number.
        Value::Number(number) => number.as_f64().into(),
        other => other,
    }
}

/// An element with everything in it, sorted.
#[derive(Debug, PartialEq, PartialOrd, Clone, Default)]
pub(crate) struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
    children: Vec<Element>,
}

/// An XML document.
pub(crate) fn xml(text: &[u8]) -> Element {
    let text = std::str::from_utf8(text).expect("UTF-8");
    let mut reader = quick_xml::NsReader::from_str(text);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().expect("XML") {
            Event::Start(tag) => open.push(element(&reader, &tag)),
            Event::Empty(tag) => {
                open.push(element(&reader, &tag));
                close(&mut open);
            }
            Event::End(_) => close(&mut open),
            Event::Text(text) => open.last_mut().expect("an element is open").text.push_str(&text),
            Event::GeneralRef(reference) => {
                let text = match &*reference {
                    "amp" => "&",
                    "lt" => "<",
                    "gt" => ">",
                    other => panic!("the entity {other}"),
                };
                open.last_mut().expect("an element is open").text.push_str(text);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    open.pop().and_then(|mut root| root.children.pop()).expect("a root element")
}

/// `{namespace}local`; the namespaces of EPCIS, and of what is added for 1.2, count as none.
fn name(reader: &quick_xml::NsReader<&[u8]>, qualified: &str, attribute: bool) -> String {
    let (prefix, local) = qualified.split_once(':').unwrap_or(("", qualified));
    if prefix.is_empty() && attribute {
        return local.to_owned();
    }
    let name = quick_xml::name::QName(qualified);
    let (resolved, _) = reader.resolver().resolve_element(name);
    match resolved {
        quick_xml::name::ResolveResult::Bound(namespace) => {
            let uri = namespace.into_inner().trim_end_matches(':');
            let own = uri.starts_with("urn:epcglobal:epcis:xsd:") || uri == "https://veridose.org/ns/epcis12";
            if own { local.to_owned() } else { format!("{{{uri}}}{local}") }
        }
        _ => local.to_owned(),
    }
}

fn element(reader: &quick_xml::NsReader<&[u8]>, tag: &BytesStart<'_>) -> Element {
    let mut attributes = BTreeMap::new();
    for attribute in tag.attributes() {
        let attribute = attribute.expect("an attribute");
        let key = attribute.key.into_inner();
        if !key.starts_with("xmlns") && !key.ends_with(":schemaLocation") {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).expect("a value");
            attributes.insert(name(reader, key, true), word(&value));
        }
    }
    Element { name: name(reader, tag.name().into_inner(), false), attributes, ..Element::default() }
}

fn close(open: &mut Vec<Element>) {
    let mut element = open.pop().expect("an element is open");
    element.text = if element.children.is_empty() { word(&element.text) } else { String::new() };
    element.children.sort_by(|one, other| one.partial_cmp(other).expect("elements have an order"));
    let parent = open.last_mut().expect("the document is open");
    let is_empty_list = element.children.is_empty() && matches!(&*element.name, "epcList" | "childEPCs");
    if matches!(&*element.name, "extension" | "baseExtension") {
        parent.children.append(&mut element.children);
    } else if !is_empty_list && !element.attributes.contains_key("{http://www.w3.org/2001/XMLSchema-instance}nil") {
        parent.children.push(element);
    }
}
