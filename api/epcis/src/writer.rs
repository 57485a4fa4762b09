//! Documents written event by event.

use std::io::Write;

use crate::error::{EpcisError, Location};
use crate::json;
use crate::model::{Document, Event, Header, Timestamp};
use crate::reader::Syntax;
use crate::scope::{JSON_PREFIXES, Prefixes};
use crate::xml::{
    self,
    frame::{Refusal, Version},
};

/// A document on its way out. Each event is checked against the standard and handed on whole; [`Writer::finish`] closes
/// the document.
pub struct Writer<W> {
    output: W,
    syntax: Syntax,
    prefixes: Prefixes,
    json: json::Out,
    xml: xml::Out,
    events_written: u64,
}

impl<W: Write> Writer<W> {
    /// Writes everything before the first event.
    pub fn new(output: W, syntax: Syntax, header: &Header) -> Result<Self, EpcisError> {
        let prefixes = version(syntax).map_or_else(|| Prefixes::new(&JSON_PREFIXES), Version::prefixes);
        let (json, xml) = (json::Out::default(), xml::Out::default());
        let mut writer = Self { output, syntax, prefixes, json, xml, events_written: 0 };
        match version(syntax) {
            None => {
                json::write::document_start(&mut writer.json, header, &mut writer.prefixes);
                writer.output.write_all(writer.json.bytes())?;
            }
            Some(version) => {
                xml::frame::document_start(&mut writer.xml, header, &mut writer.prefixes, version)
                    .map_err(|refusal| writer.unwritable(refusal))?;
                writer.output.write_all(writer.xml.bytes())?;
            }
        }
        Ok(writer)
    }

    /// Writes one event. An event that is refused leaves no trace, and the next one may follow.
    pub fn write(&mut self, event: &Event) -> Result<(), EpcisError> {
        event.check().map_err(|(field, fault)| fault.at(Location::Event(self.events_written), field))?;
        match version(self.syntax) {
            None => {
                self.json.clear();
                if self.events_written > 0 {
                    self.output.write_all(b",")?;
                }
                self.output.write_all(b"\n")?;
                self.json
                    .element(|out| json::write::event(out, event, &mut self.prefixes, json::write::Context::Added));
                self.output.write_all(self.json.bytes())?;
            }
            Some(version) => {
                self.xml.clear();
                self.xml.line();
                xml::write::event(&mut self.xml, event, &mut self.prefixes, version)
                    .map_err(|refusal| self.unwritable(refusal))?;
                self.output.write_all(self.xml.bytes())?;
            }
        }
        self.events_written += 1;
        Ok(())
    }

    /// Closes the document and hands the output back.
    pub fn finish(mut self) -> Result<W, EpcisError> {
        if version(self.syntax).is_some() {
            self.xml.clear();
            xml::frame::document_end(&mut self.xml);
            self.output.write_all(self.xml.bytes())?;
        } else {
            self.json.clear();
            json::write::document_end(&mut self.json);
            self.output.write_all(self.json.bytes())?;
        }
        self.output.flush()?;
        Ok(self.output)
    }

    fn unwritable(&self, (field, fault): Refusal) -> EpcisError {
        EpcisError::Unwritable {
            at: Location::Event(self.events_written),
            field: field.to_owned(),
            syntax: self.syntax.name(),
            reason: fault.reason,
            fix: fault.fix,
        }
    }
}

fn version(syntax: Syntax) -> Option<Version> {
    match syntax {
        Syntax::Json => None,
        Syntax::Xml20 => Some(Version::V2),
        Syntax::Xml12 => Some(Version::V1),
    }
}

/// Writes events as the answer to a query of that name, an `EPCISQueryDocument` in EPCIS 2.0 XML.
pub fn write_answer(query: &str, created: &Timestamp, events: &[Event]) -> Result<Vec<u8>, EpcisError> {
    let mut writer = Writer {
        output: Vec::new(),
        syntax: Syntax::Xml20,
        prefixes: Version::V2.prefixes(),
        json: json::Out::default(),
        xml: xml::Out::default(),
        events_written: 0,
    };
    xml::frame::answer_start(&mut writer.xml, query, created).map_err(|refusal| writer.unwritable(refusal))?;
    writer.output.write_all(writer.xml.bytes())?;
    events.iter().try_for_each(|event| writer.write(event))?;
    writer.xml.clear();
    xml::frame::answer_end(&mut writer.xml);
    writer.output.write_all(writer.xml.bytes())?;
    Ok(writer.output)
}

/// Writes a whole document into memory.
pub fn write_document(document: &Document, syntax: Syntax) -> Result<Vec<u8>, EpcisError> {
    let mut writer = Writer::new(Vec::new(), syntax, &document.header)?;
    document.events.iter().try_for_each(|event| writer.write(event))?;
    writer.finish()
}
