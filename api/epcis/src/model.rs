//! One event and one document, whatever syntax they came in.

use std::sync::Arc;

mod check;
mod extension;
mod header;
mod scalar;
mod sensor;
mod vocabulary;

pub(crate) use check::{foreign, missing};

pub use extension::{CBVMDA_NAMESPACE, Fields, Name, Namespace, Object, VERIDOSE_NAMESPACE, VERIDOSE_PREFIX, Value};
pub(crate) use header::CBVMDA_ATTRIBUTE;
pub use header::{Header, MasterData, MasterDataAttribute, MasterDataElement};
pub use scalar::{Number, Timestamp, Uri, ZoneOffset};
pub use sensor::{SensorElement, SensorMetadata, SensorReport};
pub(crate) use vocabulary::{CBV_WEB, GS1_WEB};
pub use vocabulary::{Term, Vocabulary};

use crate::error::{Fault, shown};

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// Something happened to things.
    Object,
    /// Things were put into or taken out of a container.
    Aggregation,
    /// Things were tied to a business transaction.
    Transaction,
    /// Things were used up and others made of them.
    Transformation,
    /// Things were fixed to an asset or a place.
    Association,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::Object, Self::Aggregation, Self::Transaction, Self::Transformation, Self::Association];

    /// The name that XML elements and the JSON `type` use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Object => "ObjectEvent",
            Self::Aggregation => "AggregationEvent",
            Self::Transaction => "TransactionEvent",
            Self::Transformation => "TransformationEvent",
            Self::Association => "AssociationEvent",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Result<Self, Fault> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| match name {
            "QuantityEvent" => Fault::new(
                "a QuantityEvent was withdrawn from the standard",
                "give an ObjectEvent with a quantityList instead",
            ),
            _ => Fault::new(
                format!("{} is not an event of EPCIS", shown(name)),
                "give an ObjectEvent, AggregationEvent, TransactionEvent, TransformationEvent or AssociationEvent",
            ),
        })
    }
}

/// What an event says of the things it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// They begin: to exist, to belong together.
    Add,
    /// They were seen.
    Observe,
    /// They end: to exist, to belong together.
    Delete,
}

impl Action {
    /// The word of the standard.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Observe => "OBSERVE",
            Self::Delete => "DELETE",
        }
    }

    /// Parses the word of the standard.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        match text.trim() {
            "ADD" => Ok(Self::Add),
            "OBSERVE" => Ok(Self::Observe),
            "DELETE" => Ok(Self::Delete),
            other => Err(Fault::new(format!("{} is not an action", shown(other)), "write ADD, OBSERVE or DELETE")),
        }
    }
}

/// One event, with every field of EPCIS 2.0. Which of them a kind may have is checked when it is read and written. A list
/// that is empty and one that is left out are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of EPCIS 2.0, section 7.4, under the same names")]
pub struct Event {
    pub kind: EventKind,
    pub event_time: Timestamp,
    pub record_time: Option<Timestamp>,
    pub event_time_zone_offset: ZoneOffset,
    pub event_id: Option<Uri>,
    pub error_declaration: Option<Box<ErrorDeclaration>>,
    pub certification_info: Vec<Uri>,
    pub parent_id: Option<Uri>,
    pub epc_list: Vec<Uri>,
    pub child_epcs: Vec<Uri>,
    pub input_epc_list: Vec<Uri>,
    pub output_epc_list: Vec<Uri>,
    pub quantity_list: Vec<QuantityElement>,
    pub child_quantity_list: Vec<QuantityElement>,
    pub input_quantity_list: Vec<QuantityElement>,
    pub output_quantity_list: Vec<QuantityElement>,
    pub transformation_id: Option<Uri>,
    pub action: Option<Action>,
    pub biz_step: Option<Term>,
    pub disposition: Option<Term>,
    pub persistent_disposition: Option<PersistentDisposition>,
    pub read_point: Option<Place>,
    pub biz_location: Option<Place>,
    pub biz_transaction_list: Vec<BizTransaction>,
    pub source_list: Vec<Party>,
    pub destination_list: Vec<Party>,
    pub sensor_element_list: Vec<SensorElement>,
    pub ilmd: Fields,
    pub extensions: Fields,
    /// Declared prefixes that the words and identifiers of this event are spelled with, such as `example:` in
    /// `bizStep: "example:sorting"`.
    pub namespaces: Vec<Arc<Namespace>>,
}

impl Event {
    /// An event with the fields that every event has, and no other.
    pub fn new(kind: EventKind, event_time: Timestamp, event_time_zone_offset: ZoneOffset) -> Self {
        Self {
            kind,
            event_time,
            record_time: None,
            event_time_zone_offset,
            event_id: None,
            error_declaration: None,
            certification_info: Vec::new(),
            parent_id: None,
            epc_list: Vec::new(),
            child_epcs: Vec::new(),
            input_epc_list: Vec::new(),
            output_epc_list: Vec::new(),
            quantity_list: Vec::new(),
            child_quantity_list: Vec::new(),
            input_quantity_list: Vec::new(),
            output_quantity_list: Vec::new(),
            transformation_id: None,
            action: None,
            biz_step: None,
            disposition: None,
            persistent_disposition: None,
            read_point: None,
            biz_location: None,
            biz_transaction_list: Vec::new(),
            source_list: Vec::new(),
            destination_list: Vec::new(),
            sensor_element_list: Vec::new(),
            ilmd: Fields::default(),
            extensions: Fields::default(),
            namespaces: Vec::new(),
        }
    }

    /// Every EPC that the event names, the parent first.
    pub fn epcs(&self) -> impl Iterator<Item = &Uri> {
        self.parent_id
            .iter()
            .chain(&self.epc_list)
            .chain(&self.child_epcs)
            .chain(&self.input_epc_list)
            .chain(&self.output_epc_list)
    }

    /// The lot of what was made (ILMD `cbvmda:lotNumber`).
    pub fn lot_number(&self) -> Option<&str> {
        self.ilmd_text("lotNumber")
    }

    /// The expiry date of what was made, as written (ILMD `cbvmda:itemExpirationDate`).
    pub fn item_expiration_date(&self) -> Option<&str> {
        self.ilmd_text("itemExpirationDate")
    }

    /// The text of a standard attribute of the instance or lot master data.
    pub fn ilmd_text(&self, name: &str) -> Option<&str> {
        self.ilmd.get(CBVMDA_NAMESPACE, name).and_then(Value::as_text).map(str::trim)
    }
}

/// Why an earlier event is declared wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorDeclaration {
    /// When the declaration was made.
    pub declaration_time: Timestamp,
    /// The reason, a word of the vocabulary.
    pub reason: Option<Term>,
    /// The events that stand in for the wrong one.
    pub corrective_event_ids: Vec<Uri>,
    /// User extensions.
    pub extensions: Fields,
}

/// An amount of a class of things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuantityElement {
    /// The class: a product or a lot of it.
    pub epc_class: Uri,
    /// How much, absent where it is not known.
    pub quantity: Option<Number>,
    /// The unit, absent where things are counted.
    pub uom: Option<Box<str>>,
}

/// A read point or business location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The place.
    pub id: Uri,
    /// User extensions.
    pub extensions: Fields,
}

/// A business transaction, such as a purchase order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BizTransaction {
    /// What kind of transaction.
    pub kind: Option<Term>,
    /// Which one.
    pub id: Uri,
}

/// A source or destination: a place or a party at either end of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// In what respect: owner, holder or location.
    pub kind: Term,
    /// Who or where.
    pub id: Uri,
}

/// Dispositions that last beyond the event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersistentDisposition {
    /// Those that begin.
    pub set: Vec<Term>,
    /// Those that end.
    pub unset: Vec<Term>,
}

/// A document whole in memory. Large ones are read event by event through [`crate::Reader`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Everything but the events.
    pub header: Header,
    /// The events in order.
    pub events: Vec<Event>,
}
