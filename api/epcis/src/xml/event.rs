//! One event from an XML element. The wrappers `extension` and `baseExtension` of EPCIS 1.2 are looked through wherever
//! they stand, so that documents which mix the two versions are read as they were meant.

use super::extension::{extend, fields};
use super::sensor;
use super::tree::{At, Tree};
use crate::error::{EpcisError, Fault, Location};
use crate::model::{
    Action, BizTransaction, ErrorDeclaration, Event, EventKind, Fields, Number, Party, PersistentDisposition, Place,
    QuantityElement, Term, Timestamp, Uri, Vocabulary, ZoneOffset,
};
use crate::scope::{Scope, XSI};

/// Reads the event whose element is the root of the tree.
pub(crate) fn event(tree: &Tree, scope: &mut Scope) -> Result<Event, EpcisError> {
    let reader = Reader { tree };
    let kind = EventKind::parse(tree.local(0)).map_err(|fault| reader.fault(0, "event", fault))?;
    let mut children = Vec::with_capacity(24);
    reader.gather(0, &mut children);
    let mut event = Event::new(
        kind,
        reader.required(&children, "eventTime", Timestamp::parse)?,
        reader.required(&children, "eventTimeZoneOffset", ZoneOffset::parse)?,
    );
    let mut seen: Vec<&str> = Vec::with_capacity(24);
    for at in children {
        if !tree.is_standard(at) {
            extend(&mut event.extensions, tree, at)?;
            continue;
        }
        let local = tree.local(at);
        if seen.contains(&local) {
            return Err(reader.twice(at, local));
        }
        seen.push(local);
        reader.field(&mut event, at, scope)?;
    }
    event.namespaces = scope.take_used();
    event.check().map_err(|(field, fault)| reader.fault(0, field, fault))?;
    Ok(event)
}

/// What is read from.
#[derive(Clone, Copy)]
pub(super) struct Reader<'t> {
    pub(super) tree: &'t Tree,
}

impl Reader<'_> {
    pub(super) fn fault(self, at: At, field: &str, fault: Fault) -> EpcisError {
        fault.at(Location::Line(self.tree.node(at).line), field)
    }

    /// The children of an element and of the wrappers in it.
    pub(super) fn gather(self, at: At, children: &mut Vec<At>) {
        for child in self.tree.children(at) {
            if self.tree.is(child, "extension") || self.tree.is(child, "baseExtension") {
                self.gather(child, children);
            } else if !self.is_absent(child) {
                children.push(child);
            }
        }
    }

    /// Whether an element of the standard says that it says nothing (`xsi:nil`).
    fn is_absent(self, at: At) -> bool {
        self.tree.is_standard(at) && self.tree.attribute_of(at, XSI, "nil") == Some("true")
    }

    /// [`Reader::gather`] for an element in which nothing of the standard may stand twice.
    fn gathered(self, at: At) -> Result<Vec<At>, EpcisError> {
        let mut children = Vec::new();
        self.gather(at, &mut children);
        for (index, child) in children.iter().enumerate().filter(|(_, child)| self.tree.is_standard(**child)) {
            let local = self.tree.local(*child);
            if children[..index].iter().any(|earlier| self.tree.is(*earlier, local)) {
                return Err(self.twice(*child, local));
            }
        }
        Ok(children)
    }

    pub(super) fn twice(self, at: At, field: &str) -> EpcisError {
        self.fault(at, field, Fault::new("stands twice in one element", "give it once"))
    }

    fn required<T>(self, children: &[At], name: &str, parse: fn(&str) -> Result<T, Fault>) -> Result<T, EpcisError> {
        match children.iter().find(|at| self.tree.is(**at, name)) {
            Some(at) => self.parsed(*at, parse),
            None => Err(self.fault(0, name, crate::model::missing("every event has it"))),
        }
    }

    pub(super) fn parsed<T>(self, at: At, parse: fn(&str) -> Result<T, Fault>) -> Result<T, EpcisError> {
        parse(self.tree.text(at)).map_err(|fault| self.fault(at, self.tree.local(at), fault))
    }

    fn uri(self, at: At, scope: &mut Scope) -> Result<Uri, EpcisError> {
        let uri = self.parsed(at, Uri::parse)?;
        scope.note_uri(&uri);
        Ok(uri)
    }

    fn term(self, at: At, vocabulary: Vocabulary, scope: &mut Scope) -> Result<Term, EpcisError> {
        self.term_of(at, self.tree.local(at), self.tree.text(at), vocabulary, scope)
    }

    pub(super) fn term_of(
        self,
        at: At,
        field: &str,
        text: &str,
        vocabulary: Vocabulary,
        scope: &mut Scope,
    ) -> Result<Term, EpcisError> {
        let term = Term::parse(vocabulary, text).map_err(|fault| self.fault(at, field, fault))?;
        if let Some((prefix, rest)) = term.curie() {
            scope.note(prefix, rest);
        }
        Ok(term)
    }

    /// The children, each of which must be an element `name` of the standard.
    pub(super) fn list<T>(
        self,
        at: At,
        name: &str,
        mut item: impl FnMut(At) -> Result<T, EpcisError>,
    ) -> Result<Vec<T>, EpcisError> {
        let children = self.tree.children(at).map(|child| {
            if self.tree.is(child, name) {
                item(child)
            } else {
                Err(self.unknown(child, &format!("give {name} elements")))
            }
        });
        children.collect()
    }

    pub(super) fn unknown(self, at: At, fix: &str) -> EpcisError {
        let reason = format!("not an element of {}", self.tree.local(0));
        self.fault(at, self.tree.local(at), Fault::new(reason, fix))
    }

    fn uris(self, at: At, name: &str, scope: &mut Scope) -> Result<Vec<Uri>, EpcisError> {
        self.list(at, name, |item| self.uri(item, scope))
    }

    fn field(self, event: &mut Event, at: At, scope: &mut Scope) -> Result<(), EpcisError> {
        let local = self.tree.local(at);
        if !event.kind.has(local) {
            return Err(self.fault(at, local, crate::model::foreign(event.kind)));
        }
        match local {
            "eventTime" | "eventTimeZoneOffset" => {}
            "epcList" => event.epc_list = self.uris(at, "epc", scope)?,
            "childEPCs" => event.child_epcs = self.uris(at, "epc", scope)?,
            "inputEPCList" => event.input_epc_list = self.uris(at, "epc", scope)?,
            "outputEPCList" => event.output_epc_list = self.uris(at, "epc", scope)?,
            "quantityList" => event.quantity_list = self.quantities(at, scope)?,
            "childQuantityList" => event.child_quantity_list = self.quantities(at, scope)?,
            "inputQuantityList" => event.input_quantity_list = self.quantities(at, scope)?,
            "outputQuantityList" => event.output_quantity_list = self.quantities(at, scope)?,
            "recordTime" => event.record_time = Some(self.parsed(at, Timestamp::parse)?),
            "eventID" => event.event_id = Some(self.uri(at, scope)?),
            "errorDeclaration" => event.error_declaration = Some(Box::new(self.error_declaration(at, scope)?)),
            "certificationInfo" => event.certification_info = self.certifications(at, scope)?,
            "parentID" => event.parent_id = self.optional_uri(at, scope)?,
            "transformationID" => event.transformation_id = self.optional_uri(at, scope)?,
            "action" => event.action = Some(self.parsed(at, Action::parse)?),
            "bizStep" => event.biz_step = Some(self.term(at, Vocabulary::BizStep, scope)?),
            "disposition" => event.disposition = Some(self.term(at, Vocabulary::Disposition, scope)?),
            "persistentDisposition" => event.persistent_disposition = Some(self.persistent(at, scope)?),
            "readPoint" => event.read_point = Some(self.place(at, scope)?),
            "bizLocation" => event.biz_location = Some(self.place(at, scope)?),
            "bizTransactionList" => {
                event.biz_transaction_list =
                    self.list(at, "bizTransaction", |item| self.biz_transaction(item, scope))?;
            }
            "sourceList" => event.source_list = self.list(at, "source", |item| self.party(item, scope))?,
            "destinationList" => {
                event.destination_list = self.list(at, "destination", |item| self.party(item, scope))?;
            }
            "sensorElementList" => {
                event.sensor_element_list =
                    self.list(at, "sensorElement", |item| sensor::element(self, item, scope))?;
            }
            "ilmd" => event.ilmd = self.ilmd(at)?,
            _ => return Err(self.unknown(at, "correct its name, or put it into a namespace of your own")),
        }
        Ok(())
    }

    /// An element that some senders write empty instead of leaving it out.
    fn optional_uri(self, at: At, scope: &mut Scope) -> Result<Option<Uri>, EpcisError> {
        if self.tree.text(at).trim_ascii().is_empty() { Ok(None) } else { self.uri(at, scope).map(Some) }
    }

    /// The standard has one; several are what this codec writes for several in JSON.
    fn certifications(self, at: At, scope: &mut Scope) -> Result<Vec<Uri>, EpcisError> {
        let mut parts = self.tree.text(at).split_ascii_whitespace();
        let certifications = parts.by_ref().map(|text| {
            let uri = Uri::parse(text).map_err(|fault| self.fault(at, "certificationInfo", fault))?;
            scope.note_uri(&uri);
            Ok(uri)
        });
        certifications.collect()
    }

    fn ilmd(self, at: At) -> Result<Fields, EpcisError> {
        // EPCIS 1.2 knows an `extension` in ilmd, which no document is known to use; what is in it is kept.
        fields(self.tree, at)
    }

    fn quantities(self, at: At, scope: &mut Scope) -> Result<Vec<QuantityElement>, EpcisError> {
        self.list(at, "quantityElement", |item| {
            let (mut epc_class, mut quantity, mut uom) = (None, None, None);
            for child in self.gathered(item)? {
                match self.tree.local(child) {
                    "epcClass" => epc_class = Some(self.uri(child, scope)?),
                    "quantity" => quantity = Some(self.parsed(child, Number::parse_quantity)?),
                    "uom" => uom = Some(self.tree.text(child).trim().into()),
                    _ => return Err(self.unknown(child, "remove it")),
                }
            }
            let epc_class = self.present(item, epc_class, "epcClass", "name the class that is counted")?;
            Ok(QuantityElement { epc_class, quantity, uom })
        })
    }

    pub(super) fn present<T>(self, at: At, value: Option<T>, name: &str, fix: &str) -> Result<T, EpcisError> {
        value.ok_or_else(|| self.fault(at, name, crate::model::missing(fix)))
    }

    fn biz_transaction(self, at: At, scope: &mut Scope) -> Result<BizTransaction, EpcisError> {
        let kind = match self.tree.plain_attribute(at, "type") {
            Some(text) => Some(self.term_of(at, "type", text, Vocabulary::BizTransactionType, scope)?),
            None => None,
        };
        Ok(BizTransaction { kind, id: self.uri(at, scope)? })
    }

    fn party(self, at: At, scope: &mut Scope) -> Result<Party, EpcisError> {
        let text = self.tree.plain_attribute(at, "type");
        let text = self.present(at, text, "type", "say owning_party, possessing_party or location")?;
        let kind = self.term_of(at, "type", text, Vocabulary::SourceDestType, scope)?;
        Ok(Party { kind, id: self.uri(at, scope)? })
    }

    fn place(self, at: At, scope: &mut Scope) -> Result<Place, EpcisError> {
        let (mut id, mut extensions) = (None, Fields::default());
        for child in self.gathered(at)? {
            if self.tree.is(child, "id") {
                id = Some(self.uri(child, scope)?);
            } else {
                extend(&mut extensions, self.tree, child)?;
            }
        }
        Ok(Place { id: self.present(at, id, "id", "name the place")?, extensions })
    }

    fn persistent(self, at: At, scope: &mut Scope) -> Result<PersistentDisposition, EpcisError> {
        let mut both = PersistentDisposition::default();
        for child in self.tree.children(at) {
            let term = self.term(child, Vocabulary::Disposition, scope)?;
            match self.tree.local(child) {
                "set" => both.set.push(term),
                "unset" => both.unset.push(term),
                _ => return Err(self.unknown(child, "give set and unset elements")),
            }
        }
        Ok(both)
    }

    fn error_declaration(self, at: At, scope: &mut Scope) -> Result<ErrorDeclaration, EpcisError> {
        let (mut time, mut reason, mut corrective) = (None, None, Vec::new());
        let mut extensions = Fields::default();
        for child in self.gathered(at)? {
            match self.tree.local(child) {
                _ if !self.tree.is_standard(child) => extend(&mut extensions, self.tree, child)?,
                "declarationTime" => time = Some(self.parsed(child, Timestamp::parse)?),
                "reason" => reason = Some(self.term(child, Vocabulary::ErrorReason, scope)?),
                "correctiveEventIDs" => corrective = self.uris(child, "correctiveEventID", scope)?,
                _ => return Err(self.unknown(child, "correct its name, or put it into a namespace of your own")),
            }
        }
        let declaration_time = self.present(at, time, "declarationTime", "say when the error was declared")?;
        Ok(ErrorDeclaration { declaration_time, reason, corrective_event_ids: corrective, extensions })
    }
}
