//! XML text, element by element.

use crate::error::Fault;
use crate::model::{Fields, Name, Object, VERIDOSE_NAMESPACE, VERIDOSE_PREFIX, Value};
use crate::scope::{Prefixes, XSD, XSI, is_xml_name};

use super::extension::{ITEM, LIST, MEMBER, MEMBER_NAME, MEMBER_NAMESPACE, OBJECT, is_marker};
use super::parser::is_xml_char;

/// XML being written.
#[derive(Debug, Default)]
pub(crate) struct Out {
    text: String,
}

impl Out {
    pub(crate) fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Forgets what was written, keeping the memory.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
    }

    /// A line break between two elements of a long list.
    pub(crate) fn line(&mut self) {
        self.text.push('\n');
    }

    /// Markup that is XML already.
    pub(crate) fn raw(&mut self, markup: &str) {
        self.text.push_str(markup);
    }

    /// `<name`, to which attributes may be added.
    pub(crate) fn start(&mut self, name: &str) {
        self.text.push('<');
        self.text.push_str(name);
    }

    /// Ends a start tag.
    pub(crate) fn body(&mut self) {
        self.text.push('>');
    }

    /// A start tag without attributes.
    pub(crate) fn open(&mut self, name: &str) {
        self.start(name);
        self.body();
    }

    pub(crate) fn close(&mut self, name: &str) {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    pub(crate) fn attribute(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        self.text.push(' ');
        self.text.push_str(name);
        self.text.push_str("=\"");
        self.escape(value, true)?;
        self.text.push('"');
        Ok(())
    }

    pub(crate) fn optional_attribute(&mut self, name: &str, value: Option<&str>) -> Result<(), Fault> {
        value.map_or(Ok(()), |value| self.attribute(name, value))
    }

    pub(crate) fn content(&mut self, text: &str) -> Result<(), Fault> {
        self.escape(text, false)
    }

    /// An element with text in it.
    pub(crate) fn element(&mut self, name: &str, text: &str) -> Result<(), Fault> {
        self.open(name);
        self.content(text)?;
        self.close(name);
        Ok(())
    }

    /// [`Out::element`], left out where there is no text.
    pub(crate) fn optional(&mut self, name: &str, text: Option<&str>) -> Result<(), Fault> {
        text.map_or(Ok(()), |text| self.element(name, text))
    }

    fn escape(&mut self, text: &str, attribute: bool) -> Result<(), Fault> {
        let special = |byte: u8| byte < 0x20 || matches!(byte, b'<' | b'>' | b'&' | b'"' | 0xef);
        // Nearly every text is plain.
        if !text.bytes().any(special) {
            self.text.push_str(text);
            return Ok(());
        }
        for character in text.chars() {
            match character {
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '&' => self.text.push_str("&amp;"),
                '"' if attribute => self.text.push_str("&quot;"),
                // A reader would turn these into other white space.
                '\r' => self.text.push_str("&#13;"),
                '\n' if attribute => self.text.push_str("&#10;"),
                '\t' if attribute => self.text.push_str("&#9;"),
                other if is_xml_char(other) => self.text.push(other),
                other => {
                    return Err(Fault::new(
                        format!("XML has no form for the character {other:?}"),
                        "write the event as JSON, or remove the character",
                    ));
                }
            }
        }
        Ok(())
    }

    /// Extensions as elements.
    pub(crate) fn fields(&mut self, fields: &Fields, prefixes: &Prefixes) -> Result<(), Fault> {
        fields.iter().try_for_each(|(name, value)| self.field(name, value, prefixes))
    }

    fn field(&mut self, name: &Name, value: &Value, prefixes: &Prefixes) -> Result<(), Fault> {
        let plain = |value: &Value| !matches!(value, Value::List(_));
        match value {
            Value::List(values) if values.len() > 1 && values.iter().all(plain) => {
                values.iter().try_for_each(|value| self.named(name, value, prefixes))
            }
            value => self.named(name, value, prefixes),
        }
    }

    fn named(&mut self, name: &Name, value: &Value, prefixes: &Prefixes) -> Result<(), Fault> {
        if is_xml_name(&name.local) {
            let tag = tag(name, prefixes);
            self.start(&tag);
            self.declare_reserved(name)?;
            return self.value(&tag, value, prefixes);
        }
        let tag = format!("{VERIDOSE_PREFIX}:{MEMBER}");
        self.start(&tag);
        self.own_attribute(MEMBER_NAME, &name.local)?;
        if let Some(namespace) = &name.namespace {
            self.own_attribute(MEMBER_NAMESPACE, &namespace.uri)?;
        }
        self.value(&tag, value, prefixes)
    }

    /// Namespaces that the document does not declare are declared where they are used.
    pub(crate) fn declare_reserved(&mut self, name: &Name) -> Result<(), Fault> {
        match name.namespace_uri() {
            VERIDOSE_NAMESPACE => self.declare(VERIDOSE_PREFIX, VERIDOSE_NAMESPACE),
            XSI => self.declare("xsi", XSI),
            _ => Ok(()),
        }
    }

    /// Declares a prefix at the start tag that is open, once.
    fn declare(&mut self, prefix: &str, uri: &str) -> Result<(), Fault> {
        let attribute = format!("xmlns:{prefix}");
        let tag = self.text.rfind('<').unwrap_or(0);
        if self.text[tag..].contains(&format!(" {attribute}=\"")) { Ok(()) } else { self.attribute(&attribute, uri) }
    }

    /// An attribute of this codec, with its declaration.
    pub(crate) fn own_attribute(&mut self, local: &str, value: &str) -> Result<(), Fault> {
        self.declare(VERIDOSE_PREFIX, VERIDOSE_NAMESPACE)?;
        self.attribute(&format!("{VERIDOSE_PREFIX}:{local}"), value)
    }

    fn typed(&mut self, tag: &str, kind: &str, text: &str) -> Result<(), Fault> {
        self.declare("xsi", XSI)?;
        self.declare("xsd", XSD)?;
        self.attribute("xsi:type", &format!("xsd:{kind}"))?;
        self.body();
        self.raw(text);
        self.close(tag);
        Ok(())
    }

    /// The rest of an element whose start tag is open: its markers, its value and its end.
    pub(crate) fn value(&mut self, tag: &str, value: &Value, prefixes: &Prefixes) -> Result<(), Fault> {
        match value {
            Value::Null => {
                self.declare("xsi", XSI)?;
                self.attribute("xsi:nil", "true")?;
                self.body();
                self.close(tag);
            }
            Value::Bool(is) => self.typed(tag, "boolean", if *is { "true" } else { "false" })?,
            Value::Number(number) => self.typed(tag, "double", number.as_str())?,
            Value::Text(text) => {
                self.body();
                self.content(text)?;
                self.close(tag);
            }
            Value::List(values) => {
                self.own_attribute(LIST, "true")?;
                self.body();
                let item = format!("{VERIDOSE_PREFIX}:{ITEM}");
                for value in values {
                    self.start(&item);
                    self.declare(VERIDOSE_PREFIX, VERIDOSE_NAMESPACE)?;
                    self.value(&item, value, prefixes)?;
                }
                self.close(tag);
            }
            Value::Object(object) => {
                self.object(object, prefixes)?;
                self.close(tag);
            }
        }
        Ok(())
    }

    /// Attributes and contents of an element whose start tag is open.
    pub(crate) fn object(&mut self, object: &Object, prefixes: &Prefixes) -> Result<(), Fault> {
        for (name, text) in &object.attributes {
            if !is_xml_name(&name.local) || is_marker(name.namespace_uri(), &name.local) {
                return Err(Fault::new(
                    format!("{:?} is no name of an XML attribute", name.local),
                    "write the event as JSON, or rename the attribute",
                ));
            }
            self.declare_reserved(name)?;
            self.attribute(&tag(name, prefixes), text)?;
        }
        if object.attributes.is_empty() && object.text.is_none() && object.fields.is_empty() {
            self.own_attribute(OBJECT, "true")?;
        }
        self.body();
        if let Some(text) = &object.text {
            self.content(text)?;
        }
        self.fields(&object.fields, prefixes)
    }
}

/// A name with the prefix that its namespace has in this document.
pub(crate) fn tag(name: &Name, prefixes: &Prefixes) -> String {
    match &name.namespace {
        Some(namespace) => format!("{}:{}", prefixes.of(namespace), name.local),
        None => name.local.to_string(),
    }
}
