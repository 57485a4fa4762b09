//! What each kind of event must and must not say. The rules are those of EPCIS 2.0, section 7.4.

use super::{Event, EventKind};
use crate::error::Fault;
use crate::limits::EPCS_PER_EVENT_MAX;

impl EventKind {
    /// Whether events of this kind may have the field.
    pub(crate) fn has(self, field: &str) -> bool {
        match field {
            "parentID" => matches!(self, Self::Aggregation | Self::Transaction | Self::Association),
            "childEPCs" | "childQuantityList" => matches!(self, Self::Aggregation | Self::Association),
            "epcList" | "quantityList" => matches!(self, Self::Object | Self::Transaction),
            "inputEPCList" | "inputQuantityList" | "outputEPCList" | "outputQuantityList" | "transformationID" => {
                self == Self::Transformation
            }
            "ilmd" => matches!(self, Self::Object | Self::Transformation),
            "action" => self != Self::Transformation,
            _ => true,
        }
    }
}

impl Event {
    /// Names the first rule of the standard that the event breaks: the field and the fault.
    pub fn check(&self) -> Result<(), (&'static str, Fault)> {
        self.check_fields_of_kind()?;
        self.check_sizes()?;
        match self.kind {
            EventKind::Object => self.check_object(),
            EventKind::Aggregation => self.check_aggregation(),
            EventKind::Transaction => {
                require(!self.biz_transaction_list.is_empty(), "bizTransactionList", "name the business transaction")
            }
            EventKind::Association => {
                require(self.parent_id.is_some(), "parentID", "name the asset or place that things are fixed to")
            }
            EventKind::Transformation => self.check_transformation(),
        }
    }

    fn check_fields_of_kind(&self) -> Result<(), (&'static str, Fault)> {
        let present = [
            ("parentID", self.parent_id.is_some()),
            ("childEPCs", !self.child_epcs.is_empty()),
            ("childQuantityList", !self.child_quantity_list.is_empty()),
            ("epcList", !self.epc_list.is_empty()),
            ("quantityList", !self.quantity_list.is_empty()),
            ("inputEPCList", !self.input_epc_list.is_empty()),
            ("inputQuantityList", !self.input_quantity_list.is_empty()),
            ("outputEPCList", !self.output_epc_list.is_empty()),
            ("outputQuantityList", !self.output_quantity_list.is_empty()),
            ("transformationID", self.transformation_id.is_some()),
            ("ilmd", !self.ilmd.is_empty()),
            ("action", self.action.is_some()),
        ];
        match present.into_iter().find(|(field, present)| *present && !self.kind.has(field)) {
            Some((field, _)) => Err((field, foreign(self.kind))),
            None => require(self.action.is_some() || !self.kind.has("action"), "action", "say ADD, OBSERVE or DELETE"),
        }
    }

    fn check_sizes(&self) -> Result<(), (&'static str, Fault)> {
        let epcs = self.epcs().count();
        if epcs <= EPCS_PER_EVENT_MAX {
            return Ok(());
        }
        Err((
            "epcList",
            Fault::new(format!("{epcs} EPCs in one event, at most {EPCS_PER_EVENT_MAX} are read"), "split the event"),
        ))
    }

    fn check_object(&self) -> Result<(), (&'static str, Fault)> {
        let says_something =
            !self.epc_list.is_empty() || !self.quantity_list.is_empty() || !self.sensor_element_list.is_empty();
        require(
            says_something,
            "epcList",
            "name things in epcList or quantityList, or observations in sensorElementList",
        )
    }

    fn check_aggregation(&self) -> Result<(), (&'static str, Fault)> {
        require(
            self.parent_id.is_some() || self.action == Some(super::Action::Observe),
            "parentID",
            "name the container; only an OBSERVE may leave it out",
        )
    }

    fn check_transformation(&self) -> Result<(), (&'static str, Fault)> {
        let linked = self.transformation_id.is_some();
        let uses = !self.input_epc_list.is_empty() || !self.input_quantity_list.is_empty();
        let makes = !self.output_epc_list.is_empty() || !self.output_quantity_list.is_empty();
        require(uses || linked, "inputEPCList", "name what was used up, or a transformationID that links to it")?;
        require(makes || linked, "outputEPCList", "name what was made, or a transformationID that links to it")
    }
}

fn require(held: bool, field: &'static str, fix: &str) -> Result<(), (&'static str, Fault)> {
    if held { Ok(()) } else { Err((field, missing(fix))) }
}

/// The fault of a field that is not there.
pub(crate) fn missing(fix: &str) -> Fault {
    Fault::new("missing", fix)
}

/// The fault of a field that this kind of event has not.
pub(crate) fn foreign(kind: EventKind) -> Fault {
    Fault::new(format!("not a field of {}", kind.name()), "remove it, or put it into an extension of your own")
}
