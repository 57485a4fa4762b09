//! What is done with whole documents: convert, validate, hash. All of it streams.

use std::io::{BufRead, Write};

use crate::error::EpcisError;
use crate::hash::hash;
use crate::reader::{Reader, Syntax};
use crate::writer::Writer;

/// How many faults [`validate`] gathers; a document with more is hopeless, and memory is bounded.
pub const FAULTS_MAX: usize = 1_000;

/// Writes the document in another syntax. The first fault ends it, and what is written by then is no document. Returns
/// the number of events.
pub fn convert(input: impl BufRead, output: impl Write, to: Syntax) -> Result<u64, EpcisError> {
    let mut reader = Reader::new(input, None)?;
    let mut writer = Writer::new(output, to, reader.header())?;
    for event in reader.by_ref() {
        writer.write(&event?)?;
    }
    writer.finish()?;
    Ok(reader.events_read())
}

/// What is wrong with a document.
#[derive(Debug)]
pub struct Validation {
    /// The syntax, where the document could be opened at all.
    pub syntax: Option<Syntax>,
    /// How many events were read, broken ones included.
    pub events: u64,
    /// The faults in order, the first [`FAULTS_MAX`] of them.
    pub faults: Vec<EpcisError>,
    /// Whether the document was read to its end.
    pub complete: bool,
}

impl Validation {
    /// Whether nothing is wrong.
    pub fn is_valid(&self) -> bool {
        self.complete && self.faults.is_empty()
    }
}

/// Reads the whole document and names everything that is wrong with it.
pub fn validate(input: impl BufRead) -> Validation {
    let mut reader = match Reader::new(input, None) {
        Ok(reader) => reader,
        Err(fault) => return Validation { syntax: None, events: 0, faults: vec![fault], complete: false },
    };
    let faults = reader.by_ref().filter_map(Result::err).take(FAULTS_MAX).collect();
    Validation { syntax: Some(reader.syntax()), events: reader.events_read(), faults, complete: reader.is_complete() }
}

/// The hash id of each event in the order of the document.
pub fn hashes<R: BufRead>(input: R) -> Result<impl Iterator<Item = Result<String, EpcisError>>, EpcisError> {
    Ok(Reader::new(input, None)?.map(|event| event.map(|event| hash(&event))))
}
