//! A JSON document read event by event.

use std::io::BufRead;

use super::alone::{event_from, malformed, parse};
use super::header;
use super::source::Source;
use super::tree::Json;
use super::trouble::Trouble;
use crate::error::{EpcisError, Fault, Location, shown};
use crate::limits::{EVENT_BYTES_MAX, HEADER_BYTES_MAX};
use crate::model::{Event, EventKind, Header};
use crate::scope::Scope;

/// An object that reading is inside of, on the way to the events and out again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Document,
    Body,
    QueryResults,
    ResultsBody,
}

impl Level {
    const fn path(self) -> &'static str {
        match self {
            Self::Document => "$",
            Self::Body => "$.epcisBody",
            Self::QueryResults => "$.epcisBody.queryResults",
            Self::ResultsBody => "$.epcisBody.queryResults.resultsBody",
        }
    }

    /// The object that the member `key` opens.
    fn inner(self, key: &str) -> Option<Self> {
        match (self, key) {
            (Self::Document, "epcisBody") => Some(Self::Body),
            (Self::Body, "queryResults") => Some(Self::QueryResults),
            (Self::QueryResults, "resultsBody") => Some(Self::ResultsBody),
            _ => None,
        }
    }
}

#[derive(Debug)]
enum Position {
    /// Before a member of the innermost level.
    Members,
    /// In `eventList`, before the element with this index.
    Events(usize),
    /// The text of a bare event, or of `epcisBody.event`, is in the buffer.
    Held(&'static str),
    /// Behind everything.
    End,
}

/// What is found on the way through a document.
pub(crate) struct JsonReader<R> {
    source: Source<R>,
    levels: Vec<Level>,
    /// Whether a comma is due before the next member of the innermost level.
    begun: bool,
    position: Position,
    header: Header,
    scope: Scope,
    buffer: Vec<u8>,
    /// The text of the members read so far, in case the document turns out to be a bare event.
    seen: Vec<u8>,
    body_seen: bool,
    kind_seen: bool,
}

impl<R: BufRead> JsonReader<R> {
    /// Reads up to the first event.
    pub(crate) fn new(input: R) -> Result<Self, EpcisError> {
        let mut reader = Self {
            source: Source::new(input),
            levels: vec![Level::Document],
            begun: false,
            position: Position::Members,
            header: Header::default(),
            scope: Scope::default(),
            buffer: Vec::new(),
            seen: Vec::new(),
            body_seen: false,
            kind_seen: false,
        };
        if reader.source.peek()? != Some(b'{') {
            return Err(malformed("$", "no JSON object", "give an EPCISDocument or one event"));
        }
        reader.source.step();
        reader.advance()?;
        Ok(reader)
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// Whether the document was read to its end.
    pub(crate) fn at_end(&self) -> bool {
        matches!(self.position, Position::End)
    }

    /// The next event. After an error the reader stands before the next event, unless `broken` says otherwise.
    pub(crate) fn next_event(&mut self, broken: &mut bool) -> Option<Result<Event, EpcisError>> {
        loop {
            match self.position {
                Position::End => return None,
                Position::Held(path) => {
                    self.position = if self.levels.is_empty() { Position::End } else { Position::Members };
                    return Some(self.parse_held(path));
                }
                Position::Members => {
                    if let Err(error) = self.advance() {
                        *broken = true;
                        return Some(Err(error));
                    }
                }
                Position::Events(index) => match self.cut_event(index) {
                    Ok(true) => {
                        let path = self.event_path(index);
                        return Some(self.parse_held(&path));
                    }
                    Ok(false) => {}
                    Err(error) => {
                        *broken = true;
                        return Some(Err(error));
                    }
                },
            }
        }
    }

    fn event_path(&self, index: usize) -> String {
        format!("{}.eventList[{index}]", self.level().path())
    }

    fn level(&self) -> Level {
        self.levels.last().copied().unwrap_or(Level::Document)
    }

    /// Copies the next element of `eventList` into the buffer; false at the end of the list.
    fn cut_event(&mut self, index: usize) -> Result<bool, EpcisError> {
        let next = self.source.peek()?;
        if next == Some(b']') {
            self.source.step();
            self.position = Position::Members;
            return Ok(false);
        }
        if index > 0 {
            if next != Some(b',') {
                return Err(malformed(
                    &self.event_path(index),
                    "no comma between two events",
                    "write a comma or end the list",
                ));
            }
            self.source.step();
        }
        self.buffer.clear();
        let path = self.event_path(index);
        self.source.value(&mut self.buffer, EVENT_BYTES_MAX, &path)?;
        if self.buffer.is_empty() {
            return Err(malformed(
                &path,
                "no event where one should be",
                "remove the comma before the end of the list",
            ));
        }
        self.position = Position::Events(index + 1);
        Ok(true)
    }

    fn parse_held(&mut self, path: &str) -> Result<Event, EpcisError> {
        let buffer = std::mem::take(&mut self.buffer);
        let event = event_from(&buffer, &mut self.scope, path);
        self.buffer = buffer;
        event
    }

    /// Reads members until an event comes or the document ends.
    fn advance(&mut self) -> Result<(), EpcisError> {
        while let (Position::Members, Some(level)) = (&self.position, self.levels.last().copied()) {
            match self.source.peek()? {
                Some(b'}') => {
                    self.source.step();
                    self.levels.pop();
                    self.begun = true;
                }
                Some(b',') if self.begun => {
                    self.source.step();
                    self.begun = false;
                    if self.source.peek()? != Some(b'"') {
                        return Err(malformed(level.path(), "no name after a comma", "remove the comma"));
                    }
                }
                Some(b'"') if !self.begun => self.member(level)?,
                Some(_) => {
                    return Err(malformed(level.path(), "no name, comma or end of the object", "check the JSON"));
                }
                None => return Err(malformed(level.path(), "the document ends too early", "send the whole document")),
            }
        }
        if self.levels.is_empty() && matches!(self.position, Position::Members) {
            self.finish()?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), EpcisError> {
        if self.source.peek()?.is_some() {
            return Err(malformed("$", "something follows the end of the document", "send one document at a time"));
        }
        if !self.body_seen {
            return Err(Trouble::from(crate::model::missing("an EPCISDocument has an epcisBody with an eventList"))
                .about("epcisBody")
                .under("$"));
        }
        if !self.kind_seen {
            return Err(Trouble::from(crate::model::missing("write \"type\": \"EPCISDocument\""))
                .about("type")
                .under("$"));
        }
        self.position = Position::End;
        Ok(())
    }

    fn member(&mut self, level: Level) -> Result<(), EpcisError> {
        self.buffer.clear();
        self.source.value(&mut self.buffer, HEADER_BYTES_MAX, level.path())?;
        let key = self.key(level)?;
        if self.source.peek()? != Some(b':') {
            return Err(malformed(level.path(), "no colon after a name", "check the JSON"));
        }
        self.source.step();
        self.begun = true;
        if let Some(inner) = level.inner(&key) {
            self.enter(inner)
        } else if level == Level::Document {
            self.document_member(&key)
        } else if key == "eventList" {
            self.enter_list(level)
        } else if key == "event" && level == Level::Body {
            self.buffer.clear();
            self.source.value(&mut self.buffer, EVENT_BYTES_MAX, "$.epcisBody.event")?;
            self.position = Position::Held("$.epcisBody.event");
            Ok(())
        } else {
            // What a query result says of its query is no part of the events.
            self.buffer.clear();
            self.source.value(&mut self.buffer, HEADER_BYTES_MAX, level.path())
        }
    }

    fn key(&self, level: Level) -> Result<String, EpcisError> {
        serde_json::from_slice(&self.buffer)
            .map_err(|_| malformed(level.path(), "a name that is not a JSON string", "check the JSON"))
    }

    fn enter(&mut self, inner: Level) -> Result<(), EpcisError> {
        if self.source.peek()? != Some(b'{') {
            return Err(malformed(inner.path(), "no object where one should be", "put it in { }"));
        }
        self.source.step();
        self.body_seen = true;
        self.begun = false;
        self.levels.push(inner);
        Ok(())
    }

    fn enter_list(&mut self, level: Level) -> Result<(), EpcisError> {
        if self.source.peek()? != Some(b'[') {
            return Err(malformed(
                &format!("{}.eventList", level.path()),
                "no list of events",
                "put the events in [ ]",
            ));
        }
        self.source.step();
        self.position = Position::Events(0);
        Ok(())
    }

    fn document_member(&mut self, key: &str) -> Result<(), EpcisError> {
        self.buffer.clear();
        let path = format!("$.{key}");
        self.source.value(&mut self.buffer, HEADER_BYTES_MAX, &path)?;
        if !self.body_seen && is_event_member(key, &self.buffer) {
            return self.hold_bare_event(key);
        }
        self.note_member(key);
        if self.seen.len() > HEADER_BYTES_MAX {
            return Err(EpcisError::TooLarge {
                at: Location::Path(path),
                what: "bytes before the first event".to_owned(),
                limit: HEADER_BYTES_MAX,
                fix: "send master data in documents of their own".to_owned(),
            });
        }
        let buffer = std::mem::take(&mut self.buffer);
        let result = self.read_member(key, &buffer);
        self.buffer = buffer;
        result
    }

    fn read_member(&mut self, key: &str, text: &[u8]) -> Result<(), EpcisError> {
        let path = format!("$.{key}");
        let value = parse(text, &path)?;
        match key {
            "@context" if self.body_seen => Err(Fault::new(
                "stands behind the events that it is for",
                "put @context first: large documents are read in one pass",
            )
            .at(Location::Path(path), "@context")),
            "@context" => {
                header::context(&value, &mut self.scope, &mut self.header.contexts)
                    .map_err(|trouble| trouble.under(&path))?;
                self.header.namespaces = self.scope.bound().to_vec();
                Ok(())
            }
            "type" => match &value {
                Json::Text(kind) if matches!(&**kind, "EPCISDocument" | "EPCISQueryDocument") => {
                    self.kind_seen = true;
                    Ok(())
                }
                other => Err(Fault::new(
                    format!("{} is not a document of EPCIS", described(other)),
                    "write EPCISDocument, EPCISQueryDocument or the type of one event",
                )
                .at(Location::Path(path), "type")),
            },
            "epcisHeader" => {
                header::epcis_header(&mut self.header, value, &mut self.scope).map_err(|trouble| trouble.under(&path))
            }
            _ => {
                header::document_field(&mut self.header, key, value, &self.scope).map_err(|trouble| trouble.under("$"))
            }
        }
    }

    fn note_member(&mut self, key: &str) {
        if self.body_seen || self.kind_seen {
            return;
        }
        if !self.seen.is_empty() {
            self.seen.push(b',');
        }
        self.seen.extend_from_slice(super::out::quoted(key).as_bytes());
        self.seen.push(b':');
        self.seen.extend_from_slice(&self.buffer);
    }

    /// The document is one event: gathers its whole text.
    fn hold_bare_event(&mut self, key: &str) -> Result<(), EpcisError> {
        self.note_member(key);
        let mut text = vec![b'{'];
        text.append(&mut self.seen);
        self.source.rest_of_object(&mut text, EVENT_BYTES_MAX, "$")?;
        if self.source.peek()?.is_some() {
            return Err(malformed("$", "something follows the end of the event", "send one event, or a document"));
        }
        self.buffer = text;
        // What was read on the way belongs to the event, which is read again as a whole.
        self.header = Header::default();
        self.scope = Scope::default();
        self.levels.clear();
        self.position = Position::Held("$");
        Ok(())
    }
}

/// Whether a member can only stand in an event, never in a document.
fn is_event_member(key: &str, value: &[u8]) -> bool {
    if key == "type" {
        return EventKind::ALL.iter().any(|kind| value == format!("\"{}\"", kind.name()).as_bytes());
    }
    super::event::is_field(key)
}

fn described(value: &Json<'_>) -> String {
    match value {
        Json::Text(text) => shown(text),
        other => other.kind().to_owned(),
    }
}
