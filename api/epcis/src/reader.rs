//! Documents read event by event.

use std::io::{BufRead, Read};

use crate::error::{EpcisError, Location};
use crate::json::JsonReader;
use crate::model::{Document, Event, Header};
use crate::xml::XmlReader;

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// EPCIS 2.0 as JSON-LD.
    Json,
    /// EPCIS 2.0 as XML.
    Xml20,
    /// EPCIS 1.2 as XML.
    Xml12,
}

impl Syntax {
    /// The syntax by name, for messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "EPCIS 2.0 JSON-LD",
            Self::Xml20 => "EPCIS 2.0 XML",
            Self::Xml12 => "EPCIS 1.2 XML",
        }
    }

    /// The media type of a document.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/ld+json",
            Self::Xml20 | Self::Xml12 => "application/xml",
        }
    }
}

/// A document on its way in. Only one event is in memory at a time.
///
/// A broken event is one `Err`, after which reading goes on at the next event. Where that is not possible, because the
/// markup itself is broken or a limit on the whole is passed, the iterator ends and [`Reader::is_complete`] says so.
///
/// ```
/// let event = br#"{"@context": "https://ref.gs1.org/standards/epcis/epcis-context.jsonld", "type": "ObjectEvent",
///     "eventTime": "2023-03-27T06:45:16Z", "eventTimeZoneOffset": "-05:00", "action": "ADD",
///     "epcList": ["urn:epc:id:sgtin:030001.0012345.11"], "bizStep": "commissioning"}"#;
/// let mut reader = veridose_epcis::Reader::new(&event[..], None)?;
/// let event = reader.next().expect("one event")?;
/// assert_eq!(event.epc_list[0].as_str(), "urn:epc:id:sgtin:030001.0012345.11");
/// assert!(reader.next().is_none() && reader.is_complete());
/// # Ok::<(), veridose_epcis::EpcisError>(())
/// ```
pub struct Reader<R> {
    inner: Inner<R>,
    broken: bool,
    events_read: u64,
}

/// What is read from: the bytes that told the syntax, and those after them.
type Input<R> = std::io::Chain<std::io::Cursor<Vec<u8>>, R>;

enum Inner<R> {
    Json(Box<JsonReader<Input<R>>>),
    Xml(Box<XmlReader<Input<R>>>),
}

impl<R: BufRead> Reader<R> {
    /// Reads up to the first event. Without a syntax, the first character tells: `<` or `{`. With one, a document in
    /// another is refused, except that both versions of XML are read either way.
    pub fn new(mut input: R, syntax: Option<Syntax>) -> Result<Self, EpcisError> {
        let (start, first) = first_character(&mut input)?;
        let is_xml = first == Some(b'<');
        let expected_xml = syntax.map_or(is_xml, |syntax| syntax != Syntax::Json);
        if first.is_none() || !(is_xml || first == Some(b'{')) || is_xml != expected_xml {
            let expected = syntax.map_or("JSON or XML", Syntax::name);
            return Err(EpcisError::Malformed {
                at: Location::Line(1),
                reason: format!("this is not {expected}"),
                fix: "give a document that begins with < or {, in the syntax that is announced".to_owned(),
            });
        }
        let input = std::io::Cursor::new(start).chain(input);
        let inner = if is_xml {
            Inner::Xml(Box::new(XmlReader::new(input)?))
        } else {
            Inner::Json(Box::new(JsonReader::new(input)?))
        };
        Ok(Self { inner, broken: false, events_read: 0 })
    }

    /// What the document says before its events. What a JSON document says behind them is there when it is read.
    pub fn header(&self) -> &Header {
        match &self.inner {
            Inner::Json(reader) => reader.header(),
            Inner::Xml(reader) => reader.header(),
        }
    }

    /// The syntax of the document.
    pub fn syntax(&self) -> Syntax {
        match &self.inner {
            Inner::Json(_) => Syntax::Json,
            Inner::Xml(reader) => reader.syntax(),
        }
    }

    /// The line of an XML document at which the event begins that was read last. JSON is often written in one line.
    pub fn line(&self) -> Option<u64> {
        match &self.inner {
            Inner::Json(_) => None,
            Inner::Xml(reader) => Some(reader.line()),
        }
    }

    /// How many events were read, broken ones included.
    pub fn events_read(&self) -> u64 {
        self.events_read
    }

    /// Whether the document was read to its very end. False before that, and for ever if reading had to stop.
    pub fn is_complete(&self) -> bool {
        let at_end = match &self.inner {
            Inner::Json(reader) => reader.at_end(),
            Inner::Xml(reader) => reader.at_end(),
        };
        at_end && !self.broken
    }

    /// Reads the rest into memory; the first fault ends it.
    pub fn into_document(mut self) -> Result<Document, EpcisError> {
        let events = self.by_ref().collect::<Result<_, _>>()?;
        Ok(Document { header: self.header().clone(), events })
    }
}

/// Skips a byte order mark and white space. Returns what was skipped of the latter, so that lines are counted right, and
/// the first character, still unread.
fn first_character(input: &mut impl BufRead) -> Result<(Vec<u8>, Option<u8>), EpcisError> {
    const BLANK_BYTES_MAX: usize = 4096;
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let mut blank = Vec::new();
    let mut mark = MARK;
    loop {
        let chunk = input.fill_buf()?;
        let Some(byte) = chunk.first().copied() else { return Ok((blank, None)) };
        if let Some((_, rest)) = mark.split_first().filter(|(next, _)| **next == byte && blank.is_empty()) {
            mark = rest;
        } else if byte.is_ascii_whitespace() && blank.len() < BLANK_BYTES_MAX {
            blank.push(byte);
        } else {
            return Ok((blank, Some(byte)));
        }
        input.consume(1);
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Event, EpcisError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.broken {
            return None;
        }
        let event = match &mut self.inner {
            Inner::Json(reader) => reader.next_event(&mut self.broken),
            Inner::Xml(reader) => reader.next_event(&mut self.broken),
        };
        self.events_read += u64::from(event.is_some());
        event
    }
}

/// Reads a whole document into memory; the first fault ends it.
pub fn read_document(text: &[u8]) -> Result<Document, EpcisError> {
    Reader::new(text, None)?.into_document()
}
