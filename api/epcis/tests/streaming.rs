//! A document of many events is read with the memory of one.

use std::fmt::Write as _;
use std::io::{BufReader, Read};

use veridose_epcis::{Reader, Syntax, Writer, convert, read_document};

const EVENTS: usize = 400;
const EPCS: usize = 1_000;

/// What the process may grow by while it reads or converts some 24 MB.
const GROWTH_BYTES_MAX: u64 = 12 << 20;

/// A document that is made while it is read, so that it is never in memory as a whole.
struct Endless {
    start: Option<String>,
    event: Vec<u8>,
    separator: &'static [u8],
    end: Option<String>,
    events_left: usize,
    chunk: Vec<u8>,
    at: usize,
    bytes: u64,
}

impl Endless {
    fn new(syntax: Syntax) -> Self {
        let mut epcs = String::new();
        let (open, close, separator) =
            if syntax == Syntax::Json { ("\"", "\"", ",") } else { ("<epc>", "</epc>\n", "") };
        for number in 0..EPCS {
            let separator = if number == 0 { "" } else { separator };
            write!(epcs, "{separator}{open}urn:epc:id:sgtin:030001.0012345.{number}{close}").expect("memory takes it");
        }
        let mut writer = Writer::new(Vec::new(), syntax, &veridose_epcis::Header::default()).expect("a header");
        let one = br#"{"type": "ObjectEvent", "eventTime": "2023-03-27T06:45:16Z", "eventTimeZoneOffset": "-05:00",
            "epcList": ["urn:x:epcs"], "action": "ADD", "bizStep": "commissioning"}"#;
        writer.write(&veridose_epcis::from_json(one).expect("an event")).expect("an event is written");
        let document = String::from_utf8(writer.finish().expect("memory takes it")).expect("UTF-8");
        let (from, to) = if syntax == Syntax::Json {
            ("{\"type\":\"ObjectEvent\"", "}")
        } else {
            ("<ObjectEvent", "</ObjectEvent>")
        };
        let from = document.find(from).expect("the event begins");
        let to = from + document[from..].find(to).expect("the event ends") + to.len();
        let placeholder = format!("{open}urn:x:epcs{}", close.trim_end());
        Self {
            start: Some(document[..from].to_owned()),
            event: document[from..to].replace(&placeholder, &epcs).into_bytes(),
            separator: if syntax == Syntax::Json { b",\n" } else { b"\n" },
            end: Some(document[to..].to_owned()),
            events_left: EVENTS,
            chunk: Vec::new(),
            at: 0,
            bytes: 0,
        }
    }

    fn next_chunk(&mut self) -> Option<Vec<u8>> {
        if let Some(start) = self.start.take() {
            return Some(start.into_bytes());
        }
        if self.events_left == 0 {
            return self.end.take().map(String::into_bytes);
        }
        self.events_left -= 1;
        let mut event = self.event.clone();
        if self.events_left > 0 {
            event.extend_from_slice(self.separator);
        }
        Some(event)
    }
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.chunk.len() {
            let Some(chunk) = self.next_chunk() else { return Ok(0) };
            (self.chunk, self.at) = (chunk, 0);
            self.bytes += self.chunk.len() as u64;
        }
        let count = out.len().min(self.chunk.len() - self.at);
        out[..count].copy_from_slice(&self.chunk[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

/// The most memory that this process ever had, where the system tells.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib << 10)
}

fn grows_little(what: &str, work: impl FnOnce()) {
    let before = peak_bytes();
    work();
    if let (Some(before), Some(after)) = (before, peak_bytes()) {
        let growth = after - before;
        assert!(growth < GROWTH_BYTES_MAX, "{what}: grew by {growth} bytes");
    }
}

/// One test, because peak memory is a matter of the whole process.
#[test]
fn large_documents_need_the_memory_of_one_event() {
    for syntax in [Syntax::Json, Syntax::Xml20, Syntax::Xml12] {
        grows_little(syntax.name(), || {
            let mut source = Endless::new(syntax);
            let mut reader = Reader::new(BufReader::new(&mut source), None).expect("a document");
            let mut epcs = 0;
            for event in reader.by_ref() {
                epcs += event.expect("an event").epc_list.len();
            }
            assert!(reader.is_complete());
            assert_eq!(reader.syntax(), syntax);
            assert_eq!(epcs, EVENTS * EPCS);
            drop(reader);
            assert!(source.bytes > 15_000_000, "the document has only {} bytes", source.bytes);
        });
    }
    grows_little("conversion", || {
        let converted =
            convert(BufReader::new(Endless::new(Syntax::Xml12)), std::io::sink(), Syntax::Json).expect("a conversion");
        assert_eq!(converted, EVENTS as u64);
    });
}

#[test]
fn a_document_without_events_is_one() {
    for syntax in [Syntax::Json, Syntax::Xml20, Syntax::Xml12] {
        let writer = Writer::new(Vec::new(), syntax, &veridose_epcis::Header::default()).expect("a header");
        let written = writer.finish().expect("memory takes it");
        assert!(read_document(&written).expect("a document").events.is_empty());
    }
}
