//! What users add to the standard: one namespaced tree that XML elements and JSON members both map to.
//!
//! A name that is repeated in XML is a list in JSON. What one syntax has and the other lacks is spelled with names of
//! [`VERIDOSE_NAMESPACE`], so that nothing is lost on the way and back.

use std::sync::Arc;

use super::Number;

/// The namespace of what this codec adds where a syntax has no place for something.
pub const VERIDOSE_NAMESPACE: &str = "https://veridose.org/ns/epcis12";

/// The prefix that is written for [`VERIDOSE_NAMESPACE`].
pub const VERIDOSE_PREFIX: &str = "veridose";

/// Master data attributes of the Core Business Vocabulary, as XML documents declare it.
pub const CBVMDA_NAMESPACE: &str = "urn:epcglobal:cbv:mda";

/// A prefix and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace {
    /// The prefix of the document that was read. A hint for writing, never a part of a name's identity.
    pub prefix: Box<str>,
    /// The URI that identifies the namespace.
    pub uri: Box<str>,
}

impl Namespace {
    /// A namespace. The spellings `urn:epcglobal:cbv:mda:` and `…mda#` of the master data vocabulary are the same one.
    pub fn new(prefix: &str, uri: &str) -> Arc<Self> {
        let uri =
            if matches!(uri, "urn:epcglobal:cbv:mda:" | "urn:epcglobal:cbv:mda#") { CBVMDA_NAMESPACE } else { uri };
        Arc::new(Self { prefix: prefix.into(), uri: uri.into() })
    }
}

/// The name of an extension: what it is called and in whose namespace. Names are equal whatever prefix they were read with.
#[derive(Debug, Clone)]
pub struct Name {
    /// The namespace, absent for a bare name inside an extension.
    pub namespace: Option<Arc<Namespace>>,
    /// The name without its prefix.
    pub local: Box<str>,
}

impl Name {
    /// A name in a namespace.
    pub fn new(namespace: Option<Arc<Namespace>>, local: &str) -> Self {
        Self { namespace, local: local.into() }
    }

    /// The URI of the namespace, empty where there is none.
    pub fn namespace_uri(&self) -> &str {
        self.namespace.as_ref().map_or("", |namespace| &namespace.uri)
    }

    /// Whether this is `local` of the namespace `uri`.
    pub fn is(&self, uri: &str, local: &str) -> bool {
        &*self.local == local && self.namespace_uri() == uri
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.local == other.local && self.namespace_uri() == other.namespace_uri()
    }
}
impl Eq for Name {}

/// The value of an extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// JSON `null`, XML `xsi:nil`.
    Null,
    /// A JSON boolean.
    Bool(bool),
    /// A JSON number.
    Number(Number),
    /// A string or the text of an element.
    Text(Box<str>),
    /// A JSON list, or an element that is repeated.
    List(Vec<Value>),
    /// A JSON object, or an element with elements or attributes in it.
    Object(Box<Object>),
}

impl Value {
    /// The text, where the value is one or is an element with attributes around one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(number.as_str()),
            Self::Bool(true) => Some("true"),
            Self::Bool(false) => Some("false"),
            Self::Object(object) => object.text.as_deref(),
            Self::Null | Self::List(_) => None,
        }
    }

    /// The members, where the value has some.
    pub fn fields(&self) -> Option<&Fields> {
        match self {
            Self::Object(object) => Some(&object.fields),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => None,
        }
    }
}

/// A value with a structure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object {
    /// Attributes of the XML element.
    pub attributes: Vec<(Name, Box<str>)>,
    /// The text of an XML element that also has attributes.
    pub text: Option<Box<str>>,
    /// Members, or elements in it.
    pub fields: Fields,
}

/// Named values in the order of their first appearance; no name stands twice. The order is kept for those who read the
/// document and means nothing: neither JSON nor the standard gives it a meaning, so it does not count for equality.
#[derive(Debug, Clone, Default)]
pub struct Fields(pub(crate) Vec<(Name, Value)>);

impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        let has = |(name, value): &(Name, Value)| other.get(name.namespace_uri(), &name.local) == Some(value);
        self.0.len() == other.0.len() && self.0.iter().all(has)
    }
}
impl Eq for Fields {}

impl Fields {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Value)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// The value of `local` in the namespace `uri` (empty: no namespace).
    pub fn get(&self, uri: &str, local: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| name.is(uri, local)).map(|(_, value)| value)
    }

    /// The first value with this local name, whatever its namespace: for what several guidelines name alike.
    pub fn get_local(&self, local: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| &*name.local == local).map(|(_, value)| value)
    }

    /// Sets a value; a second one under the same name makes a list of both.
    pub fn add(&mut self, name: Name, value: Value) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            None => self.0.push((name, value)),
            Some((_, Value::List(list))) => list.push(value),
            Some((_, single)) => {
                let first = std::mem::replace(single, Value::Null);
                *single = Value::List(vec![first, value]);
            }
        }
    }
}
