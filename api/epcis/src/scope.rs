//! Namespace prefixes: what they stand for while reading, and which one a name gets while writing.

use std::sync::Arc;

use crate::error::Fault;
use crate::limits::NAMESPACES_MAX;
use crate::model::{
    CBV_WEB, CBVMDA_NAMESPACE, Event, Fields, GS1_WEB, Header, Name, Namespace, Uri, VERIDOSE_NAMESPACE,
    VERIDOSE_PREFIX, Value,
};

/// The namespace of `xsi:type` and `xsi:nil`.
pub(crate) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The namespace of the types that `xsi:type` names.
pub(crate) const XSD: &str = "http://www.w3.org/2001/XMLSchema";

/// The JSON-LD context of EPCIS 2.0.
pub(crate) const EPCIS_CONTEXT: &str = "https://ref.gs1.org/standards/epcis/epcis-context.jsonld";

/// Prefixes that the JSON-LD context of EPCIS declares.
pub(crate) const JSON_PREFIXES: [(&str, &str); 8] = [
    ("cbvmda", CBVMDA_NAMESPACE),
    ("gs1", GS1_WEB),
    ("cbv", CBV_WEB),
    ("epcis", "https://ref.gs1.org/epcis/"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("owl", "http://www.w3.org/2002/07/owl#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
    ("dcterms", "http://purl.org/dc/terms/"),
];

/// Whether a prefix of a value is never a declared one, whatever a document declares.
fn is_scheme(prefix: &str, rest: &str) -> bool {
    rest.starts_with("//") || matches!(prefix, "urn" | "ni" | "gs1" | "cbv" | "cbvmda" | "epcis")
}

/// The prefixes in scope while an event is read, and those that its values were spelled with.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    bound: Vec<Arc<Namespace>>,
    used: Vec<Arc<Namespace>>,
}

impl Scope {
    /// Declares a prefix; a later declaration hides an earlier one.
    pub(crate) fn bind(&mut self, namespace: Arc<Namespace>) -> Result<(), Fault> {
        if self.bound.len() >= NAMESPACES_MAX {
            return Err(Fault::new(
                format!("more than {NAMESPACES_MAX} namespace prefixes are declared at once"),
                "declare fewer of them",
            ));
        }
        self.bound.push(namespace);
        Ok(())
    }

    /// All declarations in scope.
    pub(crate) fn bound(&self) -> &[Arc<Namespace>] {
        &self.bound
    }

    /// How many declarations are in scope, to come back to with [`Scope::leave`].
    pub(crate) fn mark(&self) -> usize {
        self.bound.len()
    }

    /// Forgets what was declared since the mark.
    pub(crate) fn leave(&mut self, mark: usize) {
        self.bound.truncate(mark);
    }

    /// What the prefix stands for.
    pub(crate) fn find(&self, prefix: &str) -> Option<&Arc<Namespace>> {
        self.bound.iter().rev().find(|namespace| &*namespace.prefix == prefix)
    }

    /// Notes the prefix of a word of one's own, so that it is declared wherever the event is written.
    pub(crate) fn note(&mut self, prefix: &str, rest: &str) {
        if is_scheme(prefix, rest) || self.used.iter().any(|namespace| &*namespace.prefix == prefix) {
            return;
        }
        if let Some(namespace) = self.find(prefix).cloned() {
            self.used.push(namespace);
        }
    }

    /// Notes the prefix of an identifier.
    pub(crate) fn note_uri(&mut self, uri: &Uri) {
        if !self.bound.is_empty()
            && let Some((prefix, rest)) = uri.as_str().split_once(':')
        {
            self.note(prefix, rest);
        }
    }

    /// Ends an event: the noted prefixes.
    pub(crate) fn take_used(&mut self) -> Vec<Arc<Namespace>> {
        std::mem::take(&mut self.used)
    }
}

/// The prefixes that names get in the document being written.
#[derive(Debug)]
pub(crate) struct Prefixes {
    bound: Vec<Arc<Namespace>>,
    reserved: usize,
}

impl Prefixes {
    /// Starts with what the syntax itself declares.
    pub(crate) fn new(reserved: &[(&str, &str)]) -> Self {
        let bound = reserved.iter().map(|(prefix, uri)| Namespace::new(prefix, uri)).collect();
        Self { bound, reserved: reserved.len() }
    }

    /// Binds what the header declares and names; the result says what to declare.
    pub(crate) fn enter_document(&mut self, header: &Header) -> &[Arc<Namespace>] {
        for namespace in &header.namespaces {
            self.bind(namespace);
        }
        self.visit_fields(&header.extensions);
        self.visit_fields(&header.document_extensions);
        if let Some(sbdh) = &header.sbdh {
            self.bind(&veridose());
            self.visit_object_fields(sbdh);
        }
        for list in &header.master_data {
            self.visit_fields(&list.extensions);
            for element in &list.elements {
                self.visit_fields(&element.extensions);
                element.attributes.iter().for_each(|attribute| self.visit_value(&attribute.value));
            }
        }
        &self.bound[self.reserved..]
    }

    /// Binds one more namespace for the whole document.
    pub(crate) fn enter_namespace(&mut self, namespace: &Arc<Namespace>) {
        self.bind(namespace);
    }

    /// Binds what the event names. What was bound beyond `mark` is to be declared at the event.
    pub(crate) fn enter_event(&mut self, event: &Event) -> usize {
        let mark = self.bound.len();
        // The words of an event are spelled with these prefixes, so they may hide those of the document.
        for namespace in &event.namespaces {
            let known = self.bound.iter().rev().find(|known| known.prefix == namespace.prefix);
            if known.is_none_or(|known| known.uri != namespace.uri) {
                self.bound.push(Arc::clone(namespace));
            }
        }
        self.visit_fields(&event.ilmd);
        self.visit_fields(&event.extensions);
        for place in event.read_point.iter().chain(&event.biz_location) {
            self.visit_fields(&place.extensions);
        }
        if let Some(declaration) = &event.error_declaration {
            self.visit_fields(&declaration.extensions);
        }
        for element in &event.sensor_element_list {
            self.visit_fields(&element.extensions);
            element.metadata.iter().for_each(|metadata| self.visit_fields(&metadata.extensions));
            element.reports.iter().for_each(|report| self.visit_fields(&report.extensions));
        }
        mark
    }

    /// What was bound since the mark.
    pub(crate) fn since(&self, mark: usize) -> &[Arc<Namespace>] {
        &self.bound[mark..]
    }

    /// Forgets what was bound since the mark.
    pub(crate) fn leave(&mut self, mark: usize) {
        self.bound.truncate(mark);
    }

    /// The prefix of a namespace that was bound on entering.
    pub(crate) fn of<'a>(&'a self, namespace: &'a Namespace) -> &'a str {
        self.bound
            .iter()
            .enumerate()
            .rev()
            .find(|(at, known)| known.uri == namespace.uri && !self.is_hidden(*at))
            .map_or(&namespace.prefix, |(_, known)| &known.prefix)
    }

    /// Whether a later declaration of the same prefix hides this one.
    fn is_hidden(&self, at: usize) -> bool {
        self.bound[at + 1..].iter().any(|later| later.prefix == self.bound[at].prefix)
    }

    fn bind(&mut self, namespace: &Arc<Namespace>) {
        let known = (0..self.bound.len()).any(|at| self.bound[at].uri == namespace.uri && !self.is_hidden(at));
        if known {
            return;
        }
        let taken = |prefix: &str| self.bound.iter().any(|known| &*known.prefix == prefix);
        if is_prefix(&namespace.prefix) && !taken(&namespace.prefix) {
            self.bound.push(Arc::clone(namespace));
            return;
        }
        let free = (1..=self.bound.len() + 1).map(|number| format!("ns{number}")).find(|prefix| !taken(prefix));
        let prefix = free.expect("there is one candidate more than there are prefixes");
        self.bound.push(Namespace::new(&prefix, &namespace.uri));
    }

    fn visit_name(&mut self, name: &Name) {
        if let Some(namespace) = &name.namespace {
            self.bind(namespace);
        }
    }

    fn visit_fields(&mut self, fields: &Fields) {
        for (name, value) in fields.iter() {
            self.visit_name(name);
            self.visit_value(value);
        }
    }

    fn visit_object_fields(&mut self, object: &crate::model::Object) {
        if !object.attributes.is_empty() || object.text.is_some() {
            self.bind(&veridose());
        }
        object.attributes.iter().for_each(|(name, _)| self.visit_name(name));
        self.visit_fields(&object.fields);
    }

    fn visit_value(&mut self, value: &Value) {
        match value {
            Value::List(values) => values.iter().for_each(|value| self.visit_value(value)),
            Value::Object(object) => self.visit_object_fields(object),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
        }
    }
}

/// The namespace of what this codec adds.
pub(crate) fn veridose() -> Arc<Namespace> {
    Namespace::new(VERIDOSE_PREFIX, VERIDOSE_NAMESPACE)
}

/// Whether XML and JSON both accept this as a prefix.
fn is_prefix(text: &str) -> bool {
    is_xml_name(text) && !text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("xml"))
}

/// Whether this is a name without a colon as XML has them. Beyond ASCII every letter-like character is accepted.
pub(crate) fn is_xml_name(text: &str) -> bool {
    let starts = |first: char| first.is_alphabetic() || first == '_';
    let goes_on = |next: char| next.is_alphanumeric() || matches!(next, '_' | '-' | '.');
    text.chars().next().is_some_and(starts) && text.chars().all(goes_on)
}
