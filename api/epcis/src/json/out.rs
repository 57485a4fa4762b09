//! JSON text, member by member.

use crate::model::{Fields, Name, Number, Object, Value};
use crate::scope::{Prefixes, veridose};

use super::extension::{ATTRIBUTES, TEXT};

/// A string with its quotes.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string always has a JSON form")
}

/// JSON being written. Commas are set where they are due.
#[derive(Debug, Default)]
pub(crate) struct Out {
    text: Vec<u8>,
    begun: bool,
}

impl Out {
    /// Takes what was written so far.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.text)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.text
    }

    /// Forgets what was written, keeping the memory.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
    }

    /// A line break between two elements of a long list.
    pub(crate) fn line(&mut self) {
        self.text.push(b'\n');
    }

    /// Writes one element of a list that is written piece by piece.
    pub(crate) fn element(&mut self, write: impl FnOnce(&mut Self)) {
        self.begun = false;
        write(self);
    }

    fn comma_if_due(&mut self) {
        if self.begun {
            self.text.push(b',');
        }
        self.begun = true;
    }

    pub(crate) fn open(&mut self, bracket: u8) {
        self.comma_if_due();
        self.text.push(bracket);
        self.begun = false;
    }

    pub(crate) fn close(&mut self, bracket: u8) {
        self.text.push(bracket);
        self.begun = true;
    }

    fn push_string(&mut self, text: &str) {
        serde_json::to_writer(&mut self.text, text).expect("a string always has a JSON form and memory takes it");
    }

    /// The name of the next value.
    pub(crate) fn key(&mut self, key: &str) {
        self.comma_if_due();
        self.push_string(key);
        self.text.push(b':');
        self.begun = false;
    }

    pub(crate) fn string(&mut self, text: &str) {
        self.comma_if_due();
        self.push_string(text);
    }

    /// Text that is JSON already.
    pub(crate) fn raw(&mut self, text: &str) {
        self.comma_if_due();
        self.text.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn text_member(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.key(key);
            self.string(value);
        }
    }

    pub(crate) fn number_member(&mut self, key: &str, value: Option<&Number>) {
        if let Some(value) = value {
            self.key(key);
            self.raw(value.as_str());
        }
    }

    /// A list, left out where it is empty.
    pub(crate) fn list_member<T>(&mut self, key: &str, items: &[T], mut item: impl FnMut(&mut Self, &T)) {
        if items.is_empty() {
            return;
        }
        self.key(key);
        self.open(b'[');
        for value in items {
            item(self, value);
        }
        self.close(b']');
    }

    /// Extensions, as members of the object that is open.
    pub(crate) fn fields(&mut self, fields: &Fields, prefixes: &Prefixes) {
        for (name, value) in fields.iter() {
            self.name(name, prefixes);
            self.value(value, prefixes);
        }
    }

    fn name(&mut self, name: &Name, prefixes: &Prefixes) {
        match &name.namespace {
            Some(namespace) => self.key(&format!("{}:{}", prefixes.of(namespace), name.local)),
            None => self.key(&name.local),
        }
    }

    pub(crate) fn value(&mut self, value: &Value, prefixes: &Prefixes) {
        match value {
            Value::Null => self.raw("null"),
            Value::Bool(is) => self.raw(if *is { "true" } else { "false" }),
            Value::Number(number) => self.raw(number.as_str()),
            Value::Text(text) => self.string(text),
            Value::List(values) => {
                self.open(b'[');
                for value in values {
                    self.value(value, prefixes);
                }
                self.close(b']');
            }
            Value::Object(object) => self.object(object, prefixes),
        }
    }

    pub(crate) fn object(&mut self, object: &Object, prefixes: &Prefixes) {
        self.open(b'{');
        let own = veridose();
        if !object.attributes.is_empty() {
            self.name(&Name::new(Some(own.clone()), ATTRIBUTES), prefixes);
            self.open(b'{');
            for (name, text) in &object.attributes {
                self.name(name, prefixes);
                self.string(text);
            }
            self.close(b'}');
        }
        if let Some(text) = &object.text {
            self.name(&Name::new(Some(own), TEXT), prefixes);
            self.string(text);
        }
        self.fields(&object.fields, prefixes);
        self.close(b'}');
    }
}
