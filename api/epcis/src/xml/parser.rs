//! XML markup to trees: well-formedness, namespaces, limits, and the refusal of everything that expands or fetches.

use std::io::BufRead;

use quick_xml::XmlVersion;
use quick_xml::escape::EscapeError;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event as Markup};

use super::lines::Lines;
use super::tree::{Space, Tree};
use crate::error::{EpcisError, Location, shown};
use crate::limits::{ATTRIBUTES_MAX, DEPTH_MAX, EVENT_BYTES_MAX, NODES_MAX, TEXT_BYTES_MAX};
use crate::model::Namespace;
use crate::scope::{Scope, is_xml_name};

/// The namespaces of EPCIS documents, 1.x and 2.0.
pub(crate) const EPCIS_1: &str = "urn:epcglobal:epcis:xsd:1";
/// See [`EPCIS_1`].
pub(crate) const EPCIS_2: &str = "urn:epcglobal:epcis:xsd:2";

/// The namespace of `xml:lang` and its like, which needs no declaration.
pub(crate) const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// What the next piece of markup does to the document's frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// An element began; the tree holds it and its attributes.
    Open,
    /// An element began and ended; the tree holds it.
    Empty,
    /// An element ended.
    Close,
    /// The input ended.
    End,
}

pub(crate) struct Parser<R> {
    reader: quick_xml::Reader<Lines<R>>,
    buffer: Vec<u8>,
    /// Where the scope stood before each open element.
    marks: Vec<usize>,
    pub(crate) scope: Scope,
    pub(crate) tree: Tree,
}

impl<R: BufRead> Parser<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            reader: quick_xml::Reader::from_reader(Lines::new(input, EVENT_BYTES_MAX)),
            buffer: Vec::new(),
            marks: Vec::new(),
            scope: Scope::default(),
            tree: Tree::default(),
        }
    }

    pub(crate) fn line(&self) -> u64 {
        self.reader.get_ref().line()
    }

    /// Reads to the next tag outside an event. Only that element is in the tree afterwards.
    pub(crate) fn step(&mut self) -> Result<Step, EpcisError> {
        self.tree.clear();
        self.reader.get_mut().allow(EVENT_BYTES_MAX);
        self.pull()
    }

    /// After [`Step::Open`]: reads the rest of that element into the tree. The prefixes that the element itself declares
    /// stay in scope until [`Parser::leave`].
    pub(crate) fn read_element(&mut self) -> Result<(), EpcisError> {
        let outer = self.marks.len();
        loop {
            match self.pull()? {
                Step::Open => {}
                Step::Empty => {
                    self.tree.end();
                    self.leave();
                }
                Step::Close => {
                    if self.tree.end() {
                        debug_assert_eq!(outer, self.marks.len());
                        return Ok(());
                    }
                    self.leave();
                }
                Step::End => {
                    return Err(self.malformed("the document ends within an element", "send the whole document"));
                }
            }
        }
    }

    /// Forgets the prefixes of the innermost open element.
    pub(crate) fn leave(&mut self) {
        if let Some(mark) = self.marks.pop() {
            self.scope.leave(mark);
        }
    }

    fn pull(&mut self) -> Result<Step, EpcisError> {
        loop {
            self.buffer.clear();
            let line = self.reader.get_ref().line();
            let mut buffer = std::mem::take(&mut self.buffer);
            let result = match self.reader.read_event_into(&mut buffer) {
                Ok(markup) => self.take(markup, line),
                Err(error) => Err(self.broken(&error)),
            };
            self.buffer = buffer;
            if let Some(step) = result? {
                return Ok(step);
            }
        }
    }

    fn take(&mut self, markup: Markup<'_>, line: u64) -> Result<Option<Step>, EpcisError> {
        match markup {
            Markup::Start(tag) => self.start(&tag, line).map(|()| Some(Step::Open)),
            Markup::Empty(tag) => self.start(&tag, line).map(|()| Some(Step::Empty)),
            Markup::End(_) => Ok(Some(Step::Close)),
            Markup::Eof => Ok(Some(Step::End)),
            Markup::Text(text) => {
                if text.contains('\r') { self.text(&text.xml10_content()) } else { self.text(&text) }.map(|()| None)
            }
            Markup::CData(text) => self.text(&text.xml10_content()).map(|()| None),
            Markup::GeneralRef(reference) => self.reference(&reference, line).map(|()| None),
            Markup::Comment(_) | Markup::PI(_) => Ok(None),
            Markup::Decl(declaration) => self.declaration(&declaration).map(|()| None),
            Markup::DocType(_) => Err(forbidden(line, "a DOCTYPE".to_owned(), "remove it")),
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, line: u64) -> Result<(), EpcisError> {
        if self.tree.depth() > DEPTH_MAX {
            return Err(too_large(line, "nested elements", DEPTH_MAX, "flatten the extension"));
        }
        self.marks.push(self.scope.mark());
        self.declare(tag, line)?;
        let name = tag.name();
        let (space, local) = self.resolve(name.into_inner(), line, true)?;
        self.tree.start(space, local, line);
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| self.malformed(&error.to_string(), "correct the attribute"))?;
            let key = attribute.key.into_inner();
            if is_declaration(key) {
                continue;
            }
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| self.attribute_error(&error, line))?;
            let (space, local) = self.resolve(key, line, false)?;
            self.tree.attribute(space, local, &value);
        }
        if self.tree.size() > NODES_MAX {
            return Err(too_large(line, "elements and attributes in one event", NODES_MAX, "split the event"));
        }
        Ok(())
    }

    /// Binds the prefixes that a tag declares, and counts its attributes.
    fn declare(&mut self, tag: &BytesStart<'_>, line: u64) -> Result<(), EpcisError> {
        if tag.attributes_raw().trim_ascii().is_empty() {
            return Ok(());
        }
        let mut attributes = tag.attributes();
        // Whether a name stands twice is seen by the second pass; here that would be quadratic in an unbounded count.
        for (count, attribute) in attributes.with_checks(false).enumerate() {
            if count >= ATTRIBUTES_MAX {
                return Err(too_large(line, "attributes of one element", ATTRIBUTES_MAX, "use elements instead"));
            }
            let attribute = attribute.map_err(|error| self.malformed(&error.to_string(), "correct the attribute"))?;
            let key = attribute.key.into_inner();
            if !is_declaration(key) {
                continue;
            }
            let uri = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| self.attribute_error(&error, line))?;
            let prefix = key.strip_prefix("xmlns:").unwrap_or("");
            self.scope.bind(Namespace::new(prefix, &uri)).map_err(|fault| fault.at(Location::Line(line), key))?;
        }
        Ok(())
    }

    /// The namespace and local part of a name. A default namespace holds for elements only.
    fn resolve<'n>(&mut self, name: &'n str, line: u64, element: bool) -> Result<(Space, &'n str), EpcisError> {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        if !is_xml_name(local) || !(prefix.is_empty() && local.len() == name.len() || is_xml_name(prefix)) {
            return Err(EpcisError::Malformed {
                at: Location::Line(line),
                reason: format!("{} is no name, or one with more than one colon", shown(name)),
                fix: "write a letter first, then letters, digits, - . and _, with at most one prefix:".to_owned(),
            });
        }
        if prefix.is_empty() && !element {
            return Ok((Space::None, local));
        }
        let found = self.scope.find(prefix).cloned();
        let namespace = match found {
            None if prefix.is_empty() => return Ok((Space::None, local)),
            None if prefix == "xml" => Namespace::new("xml", XML),
            None => {
                return Err(EpcisError::Malformed {
                    at: Location::Line(line),
                    reason: format!("the prefix of {} is not declared", shown(name)),
                    fix: format!("declare it with xmlns:{prefix}=\"…\""),
                });
            }
            Some(namespace) => namespace,
        };
        // An empty default namespace takes an outer one back.
        let space = if namespace.uri.is_empty() { Space::None } else { self.tree.space(&namespace) };
        Ok((space, local))
    }

    fn text(&mut self, text: &str) -> Result<(), EpcisError> {
        if self.tree.push_text(text) > TEXT_BYTES_MAX {
            return Err(too_large(self.line(), "bytes in one text", TEXT_BYTES_MAX, "shorten it"));
        }
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>, line: u64) -> Result<(), EpcisError> {
        let character = match reference.resolve_char_ref() {
            Ok(Some(character)) if is_xml_char(character) => character,
            Ok(Some(_)) | Err(_) => {
                return Err(self.malformed("a reference to a character that XML does not have", "remove it"));
            }
            Ok(None) => match &**reference {
                "lt" => '<',
                "gt" => '>',
                "amp" => '&',
                "quot" => '"',
                "apos" => '\'',
                other => return Err(forbidden(line, format!("the entity {}", shown(other)), "write the text itself")),
            },
        };
        self.text(character.encode_utf8(&mut [0; 4]))
    }

    fn declaration(&self, declaration: &BytesDecl<'_>) -> Result<(), EpcisError> {
        match declaration.encoding() {
            Some(Ok(encoding)) if !matches!(&*encoding.to_ascii_lowercase(), "utf-8" | "utf8" | "us-ascii") => {
                Err(self.malformed(&format!("the encoding {} is not read", shown(&encoding)), "encode it as UTF-8"))
            }
            _ => Ok(()),
        }
    }

    fn attribute_error(&self, error: &quick_xml::Error, line: u64) -> EpcisError {
        match error {
            quick_xml::Error::Escape(EscapeError::UnrecognizedEntity(_, name)) => {
                forbidden(line, format!("the entity {}", shown(name)), "write the text itself")
            }
            other => self.malformed(&other.to_string(), "correct the attribute"),
        }
    }

    fn broken(&self, error: &quick_xml::Error) -> EpcisError {
        match error {
            quick_xml::Error::Io(_) if self.reader.get_ref().exhausted => {
                EpcisError::event_bytes(Location::Line(self.line()))
            }
            quick_xml::Error::Io(error) => {
                EpcisError::Io(std::io::Error::new(error.kind(), std::sync::Arc::clone(error)))
            }
            quick_xml::Error::Encoding(_) => self.malformed("bytes that are not UTF-8", "encode it as UTF-8"),
            other => self.malformed(&other.to_string(), "correct the XML"),
        }
    }

    pub(crate) fn malformed(&self, reason: &str, fix: &str) -> EpcisError {
        EpcisError::Malformed { at: Location::Line(self.line()), reason: reason.to_owned(), fix: fix.to_owned() }
    }
}

fn is_declaration(key: &str) -> bool {
    key == "xmlns" || key.starts_with("xmlns:")
}

/// Whether XML 1.0 has the character.
pub(crate) fn is_xml_char(character: char) -> bool {
    !matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

fn forbidden(line: u64, what: String, fix: &str) -> EpcisError {
    EpcisError::Forbidden { at: Location::Line(line), what, fix: fix.to_owned() }
}

fn too_large(line: u64, what: &str, limit: usize, fix: &str) -> EpcisError {
    EpcisError::TooLarge { at: Location::Line(line), what: what.to_owned(), limit, fix: fix.to_owned() }
}
