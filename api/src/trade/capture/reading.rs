//! A captured document read event by event, off the threads that serve requests.

use std::io::BufReader;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::value::RawValue;
use tokio::sync::mpsc;
use veridose_epcis::model::Event;
use veridose_epcis::{EpcisError, Header, Location, TableFault, TableReader};
use veridose_store::Document;

use crate::trade::record;
use crate::trade::refusal::Refusal;

/// Events and pieces that may wait on either side of the reader.
const QUEUE: usize = 64;

/// The media type of a table (RFC 7111).
const TABLE: &str = "text/csv";

/// What stood at one place of the document.
pub(super) enum Read {
    /// An event, its canonical JSON and its hash; with the line that it begins at, where it stood in a table or in XML.
    Event { event: Box<Event>, json: Box<RawValue>, hash: String, line: Option<u64> },
    /// Something that is no event.
    Fault(Refusal),
    /// The document itself, before its first event, is at fault.
    Unreadable(Refusal),
    /// The store could not give the document: nobody's fault but the node's.
    Lost(std::io::Error),
}

impl Read {
    /// How many things it names.
    pub(super) fn items(&self) -> usize {
        match self {
            Self::Event { event, .. } => event.epcs().count(),
            Self::Fault(_) | Self::Unreadable(_) | Self::Lost(_) => 0,
        }
    }
}

/// A document on its way from the store through the parser.
pub(super) struct Reading {
    reads: mpsc::Receiver<Read>,
    header: Arc<Mutex<Arc<Header>>>,
}

impl Reading {
    /// Reads a document of this media type.
    pub(super) fn start(mut document: Document, media_type: &str) -> Self {
        let (piece_in, piece_out) = mpsc::channel(QUEUE);
        let (read_in, reads) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            loop {
                let piece = document.next().await;
                let last = !matches!(piece, Ok(Some(_)));
                if piece_in.send(piece.map_err(std::io::Error::other)).await.is_err() || last {
                    break;
                }
            }
        });
        let header = Arc::new(Mutex::default());
        let (shared, is_table) = (Arc::clone(&header), media_type == TABLE);
        tokio::task::spawn_blocking(move || {
            let pieces = Pieces { waiting: piece_out, piece: Vec::new(), at: 0 };
            if is_table { parse_table(pieces, &read_in) } else { parse(pieces, &shared, &read_in) }
        });
        Self { reads, header }
    }

    pub(super) async fn next(&mut self) -> Option<Read> {
        self.reads.recv().await
    }

    /// The header as far as it was read. It stands before the events; a JSON document may have it behind them.
    pub(super) fn header(&self) -> Arc<Header> {
        Arc::clone(&self.header.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn parse(pieces: Pieces, header: &Mutex<Arc<Header>>, reads: &mpsc::Sender<Read>) {
    let tell = |now: &Header| *header.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(now.clone());
    let mut reader = match veridose_epcis::Reader::new(BufReader::new(pieces), None) {
        Ok(reader) => reader,
        Err(error) => {
            // Nobody listens any more only when the job has ended.
            let _ = reads.blocking_send(match error {
                EpcisError::Io(error) => Read::Lost(error),
                error => Read::Unreadable(fault(&error)),
            });
            return;
        }
    };
    tell(reader.header());
    while let Some(event) = reader.next() {
        let read = match event {
            Ok(event) => read_of(event, reader.line()),
            Err(EpcisError::Io(error)) => Read::Lost(error),
            Err(error) => Read::Fault(fault(&error)),
        };
        if reads.blocking_send(read).is_err() {
            return;
        }
    }
    tell(reader.header());
}

/// As [`parse`], for a table.
fn parse_table(pieces: Pieces, reads: &mpsc::Sender<Read>) {
    let rows = match TableReader::new(BufReader::new(pieces)) {
        Ok(rows) => rows,
        Err(TableFault::Io(error)) => return drop(reads.blocking_send(Read::Lost(error))),
        Err(fault) => return drop(reads.blocking_send(Read::Unreadable(table_fault(&fault)))),
    };
    for row in rows {
        let read = match row {
            Ok(lines) => read_of(lines.event, Some(lines.first)),
            Err(TableFault::Io(error)) => Read::Lost(error),
            Err(fault) => Read::Fault(table_fault(&fault)),
        };
        if reads.blocking_send(read).is_err() {
            return;
        }
    }
}

fn read_of(event: Event, line: Option<u64>) -> Read {
    let hash = veridose_epcis::hash(&event);
    Read::Event { json: record::json(&event), event: Box::new(event), hash, line }
}

fn table_fault(fault: &TableFault) -> Refusal {
    let (detail, fix) = match fault {
        TableFault::Cell { fault, .. } => (fault.to_string(), fault.fix()),
        TableFault::NoText { .. } | TableFault::Io(_) => (fault.to_string(), "correct the table"),
    };
    Refusal::new(fault.code(), &fault.place(), detail, fix)
}

fn fault(error: &EpcisError) -> Refusal {
    let field = error.field().unwrap_or("document");
    let place = match error.location() {
        Some(Location::Line(line)) => format!("line {line}, {field}"),
        Some(Location::Path(path)) => path.clone(),
        Some(Location::Event(_)) | None => field.to_owned(),
    };
    Refusal::new("event_invalid", &place, error.to_string(), "correct the document")
}

/// The pieces of a stored document as one stream of bytes.
struct Pieces {
    waiting: mpsc::Receiver<std::io::Result<Option<Vec<u8>>>>,
    piece: Vec<u8>,
    at: usize,
}

impl std::io::Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.at == self.piece.len() {
            match self.waiting.blocking_recv() {
                Some(Ok(Some(piece))) => (self.piece, self.at) = (piece, 0),
                Some(Ok(None)) => return Ok(0),
                Some(Err(error)) => return Err(error),
                None => return Err(std::io::Error::other("the store stopped reading the document")),
            }
        }
        let rest = &self.piece[self.at..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.at += length;
        Ok(length)
    }
}
