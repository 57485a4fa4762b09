//! An XML document read event by event.

use std::io::BufRead;

use super::event;
use super::header;
use super::parser::{EPCIS_1, EPCIS_2, Parser, Step};
use crate::error::{EpcisError, Fault, Location, shown};
use crate::model::{Event, EventKind, Header, Namespace, VERIDOSE_NAMESPACE};
use crate::reader::Syntax;
use crate::scope::{JSON_PREFIXES, XSD, XSI};

/// An element that reading is inside of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Document,
    Body,
    QueryResults,
    ResultsBody,
    EventList,
}

/// What was done about a child of a [`Level`].
enum Child {
    Entered,
    Read,
    Event(Box<Event>),
}

pub(crate) struct XmlReader<R> {
    parser: Parser<R>,
    levels: Vec<Level>,
    header: Header,
    syntax: Syntax,
    /// The event that was found while the header was read.
    first: Option<Result<Event, EpcisError>>,
    /// Where the event begins that was read last.
    line: u64,
    ended: bool,
}

impl<R: BufRead> XmlReader<R> {
    /// Reads up to the first event.
    pub(crate) fn new(input: R) -> Result<Self, EpcisError> {
        let mut reader = Self {
            parser: Parser::new(input),
            levels: Vec::new(),
            header: Header::default(),
            syntax: Syntax::Xml20,
            first: None,
            line: 1,
            ended: false,
        };
        let step = reader.parser.step()?;
        match step {
            Step::Open | Step::Empty => reader.root(step)?,
            Step::Close | Step::End => return Err(reader.parser.malformed("no element", "give an EPCISDocument")),
        }
        if reader.first.is_none() {
            let mut broken = false;
            let first = reader.next_event(&mut broken);
            match first {
                Some(Err(error)) if broken => return Err(error),
                first => reader.first = first,
            }
        }
        Ok(reader)
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    pub(crate) fn syntax(&self) -> Syntax {
        self.syntax
    }

    /// The line at which the event begins that was read last.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Whether the document was read to its end.
    pub(crate) fn at_end(&self) -> bool {
        self.ended && self.first.is_none()
    }

    fn invalid(&self, field: &str, reason: &str, fix: &str) -> EpcisError {
        Fault::new(reason, fix).at(Location::Line(self.parser.line()), field)
    }

    fn root(&mut self, step: Step) -> Result<(), EpcisError> {
        let tree = &self.parser.tree;
        let local = tree.local(0).to_owned();
        if tree.is_standard(0) && EventKind::parse(&local).is_ok() {
            let event = self.read_event(step);
            self.first = Some(event);
            return Ok(());
        }
        if !matches!(&*local, "EPCISDocument" | "EPCISQueryDocument")
            || !(tree.is_standard(0) || self.is_query_element())
        {
            let reason = format!("{} is not a document of EPCIS", shown(&local));
            return Err(self.invalid(
                "EPCISDocument",
                &reason,
                "give an EPCISDocument in the namespace urn:epcglobal:epcis:xsd:2 or urn:epcglobal:epcis:xsd:1",
            ));
        }
        self.version()?;
        header::document_attributes(&mut self.header, &self.parser.tree)?;
        self.header.namespaces =
            self.parser.scope.bound().iter().filter(|namespace| !is_well_known(namespace)).cloned().collect();
        if step == Step::Empty {
            return Err(self.invalid("EPCISBody", "missing", "an EPCISDocument has an EPCISBody with an EventList"));
        }
        self.levels.push(Level::Document);
        Ok(())
    }

    fn version(&mut self) -> Result<(), EpcisError> {
        let tree = &self.parser.tree;
        self.syntax = match tree.plain_attribute(0, "schemaVersion") {
            Some(version) if version == "2" || version.starts_with("2.") => Syntax::Xml20,
            Some(version) if version == "1" || version.starts_with("1.") => Syntax::Xml12,
            Some(other) => {
                let reason = format!("{} is not a version that is read", shown(other));
                return Err(self.invalid("schemaVersion", &reason, "write 1.2 or 2.0"));
            }
            None if tree.space_uri(tree.node(0).space) == EPCIS_1 => Syntax::Xml12,
            None => Syntax::Xml20,
        };
        Ok(())
    }

    /// The next event. After an error the reader stands behind the event, unless `broken` says otherwise.
    pub(crate) fn next_event(&mut self, broken: &mut bool) -> Option<Result<Event, EpcisError>> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            if self.ended {
                return None;
            }
            match self.advance(broken) {
                Ok(None) => {}
                Ok(Some(event)) => return Some(Ok(event)),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    fn advance(&mut self, broken: &mut bool) -> Result<Option<Event>, EpcisError> {
        let step = self.parser.step().inspect_err(|_| *broken = true)?;
        match step {
            Step::Close => {
                self.levels.pop();
                self.parser.leave();
            }
            Step::End if self.levels.is_empty() => self.ended = true,
            Step::End => {
                *broken = true;
                return Err(self.parser.malformed("the document ends too early", "send the whole document"));
            }
            Step::Open | Step::Empty => {
                let Some(level) = self.levels.last().copied() else {
                    *broken = true;
                    return Err(self.parser.malformed("a second document follows", "send one document at a time"));
                };
                match self.child(level, step, broken)? {
                    Child::Entered | Child::Read => {}
                    Child::Event(event) => return Ok(Some(*event)),
                }
            }
        }
        Ok(None)
    }

    fn child(&mut self, level: Level, step: Step, broken: &mut bool) -> Result<Child, EpcisError> {
        let standard = self.parser.tree.is_standard(0);
        let local = self.parser.tree.local(0).to_owned();
        let inner = match (level, &*local) {
            (Level::Document, "EPCISBody") => Some(Level::Body),
            (Level::Body | Level::ResultsBody, "EventList") | (Level::EventList, "extension") => Some(Level::EventList),
            (Level::Body, "QueryResults") => Some(Level::QueryResults),
            (Level::QueryResults, "resultsBody") => Some(Level::ResultsBody),
            _ => None,
        };
        if let Some(inner) = inner.filter(|_| standard || self.is_query_element()) {
            if step == Step::Open {
                self.levels.push(inner);
            } else {
                self.parser.leave();
            }
            return Ok(Child::Entered);
        }
        match level {
            Level::EventList => {
                self.line = self.parser.line();
                self.read_event_marking(step, broken).map(|event| Child::Event(Box::new(event)))
            }
            Level::Document => {
                // A header that cannot be read leaves nothing to go on with.
                *broken = true;
                self.read_document_child(step, standard, &local)?;
                *broken = false;
                Ok(Child::Read)
            }
            // What a query result says of its query is no part of the events.
            Level::QueryResults | Level::ResultsBody => {
                self.read_whole(step).inspect_err(|_| *broken = true)?;
                self.parser.leave();
                Ok(Child::Read)
            }
            Level::Body => {
                *broken = true;
                let reason = "not an element of EPCISBody that is read";
                Err(self.invalid(&local, reason, "give an EventList"))
            }
        }
    }

    /// Query results are qualified with a namespace of their own.
    fn is_query_element(&self) -> bool {
        let uri = self.parser.tree.space_uri(self.parser.tree.node(0).space);
        uri.starts_with("urn:epcglobal:epcis-query:xsd:")
    }

    fn read_whole(&mut self, step: Step) -> Result<(), EpcisError> {
        if step == Step::Open {
            return self.parser.read_element();
        }
        self.parser.tree.end();
        Ok(())
    }

    fn read_document_child(&mut self, step: Step, standard: bool, local: &str) -> Result<(), EpcisError> {
        self.read_whole(step)?;
        let tree = &self.parser.tree;
        let result = if standard && local == "EPCISHeader" {
            header::header(&mut self.header, tree)
        } else if standard && local == "extension" {
            tree.children(0)
                .try_for_each(|child| super::extension::extend(&mut self.header.document_extensions, tree, child))
        } else if standard {
            Err(self.invalid(local, "not an element of EPCISDocument", "give EPCISHeader and EPCISBody"))
        } else {
            super::extension::extend(&mut self.header.document_extensions, tree, 0)
        };
        self.parser.leave();
        result
    }

    /// Reads an event; `broken` is set where the fault lies in the markup, so that nothing after it can be trusted.
    fn read_event_marking(&mut self, step: Step, broken: &mut bool) -> Result<Event, EpcisError> {
        let event = self.read_event(step);
        if let Err(
            EpcisError::Malformed { .. }
            | EpcisError::Forbidden { .. }
            | EpcisError::TooLarge { .. }
            | EpcisError::Io(_),
        ) = &event
        {
            *broken = true;
        }
        event
    }

    fn read_event(&mut self, step: Step) -> Result<Event, EpcisError> {
        self.read_whole(step)?;
        let event = if self.parser.tree.is_standard(0) {
            event::event(&self.parser.tree, &mut self.parser.scope)
        } else {
            let name = shown(self.parser.tree.local(0));
            Err(self.invalid(
                "EventList",
                &format!("{name} is no event of EPCIS"),
                "remove it: only events are read here",
            ))
        };
        self.parser.scope.take_used();
        self.parser.leave();
        event
    }
}

/// Namespaces that say nothing about a document's extensions: those of the markup itself, and what the context of EPCIS
/// declares anyway.
fn is_well_known(namespace: &Namespace) -> bool {
    const MARKUP: [&str; 7] = [EPCIS_1, EPCIS_2, XSI, header::SBDH, VERIDOSE_NAMESPACE, "", XSD];
    const MARKUP_FAMILIES: [&str; 3] =
        ["urn:epcglobal:epcis-query:xsd:", "urn:epcglobal:xsd:", "urn:epcglobal:epcis-masterdata:xsd:"];
    MARKUP.contains(&&*namespace.uri)
        || MARKUP_FAMILIES.iter().any(|family| namespace.uri.starts_with(family))
        || JSON_PREFIXES.contains(&(&*namespace.prefix, &*namespace.uri))
}
