//! Events as XML, 1.2 and 2.0. The order of elements is that of the schemas.

use super::extension::EXTENSIONS;
use super::frame::{InField, Refusal, Version};
use super::out::{Out, tag};
use crate::error::Fault;
use crate::model::{
    Action, Event, EventKind, Fields, Number, Party, Place, QuantityElement, SensorElement, Term, Timestamp, Uri,
    VERIDOSE_NAMESPACE, VERIDOSE_PREFIX, Value, Vocabulary,
};
use crate::scope::{Prefixes, is_xml_name};

/// One event.
pub(crate) fn event(out: &mut Out, event: &Event, prefixes: &mut Prefixes, version: Version) -> Result<(), Refusal> {
    let mark = prefixes.enter_event(event);
    let writer = EventWriter { event, prefixes, version };
    let result = writer.write(out, mark);
    prefixes.leave(mark);
    result
}

struct EventWriter<'e> {
    event: &'e Event,
    prefixes: &'e Prefixes,
    version: Version,
}

impl EventWriter<'_> {
    fn write(&self, out: &mut Out, mark: usize) -> Result<(), Refusal> {
        let kind = self.event.kind;
        let foreign = self.version == Version::V1 && kind == EventKind::Association;
        let wrapped = self.version == Version::V1 && kind == EventKind::Transformation;
        let name = if foreign { format!("{VERIDOSE_PREFIX}:{}", kind.name()) } else { kind.name().to_owned() };
        if wrapped {
            out.open("extension");
        }
        out.start(&name);
        if foreign {
            out.attribute(&format!("xmlns:{VERIDOSE_PREFIX}"), VERIDOSE_NAMESPACE).in_field("event")?;
        }
        for namespace in self.prefixes.since(mark) {
            out.attribute(&format!("xmlns:{}", namespace.prefix), &namespace.uri).in_field("event")?;
        }
        out.body();
        self.identity(out)?;
        self.things_and_action(out)?;
        self.where_and_why(out)?;
        self.rest(out)?;
        out.fields(&self.event.extensions, self.prefixes).in_field("extension")?;
        out.close(&name);
        if wrapped {
            out.close("extension");
        }
        Ok(())
    }

    /// The name of an element that 1.2 does not have, with its declaration, and the name that closes it.
    fn open_new(&self, out: &mut Out, name: &str) -> String {
        if self.version == Version::V2 {
            out.open(name);
            return name.to_owned();
        }
        let name = format!("{VERIDOSE_PREFIX}:{name}");
        out.start(&name);
        out.raw(" xmlns:");
        out.raw(VERIDOSE_PREFIX);
        out.raw("=\"");
        out.raw(VERIDOSE_NAMESPACE);
        out.raw("\">");
        name
    }

    fn identity(&self, out: &mut Out) -> Result<(), Refusal> {
        let event = self.event;
        out.element("eventTime", event.event_time.as_str()).in_field("eventTime")?;
        out.optional("recordTime", event.record_time.as_ref().map(Timestamp::as_str)).in_field("recordTime")?;
        out.element("eventTimeZoneOffset", event.event_time_zone_offset.as_str()).in_field("eventTimeZoneOffset")?;
        let based = self.version == Version::V1 && (event.event_id.is_some() || event.error_declaration.is_some());
        if based {
            out.open("baseExtension");
        }
        out.optional("eventID", event.event_id.as_ref().map(Uri::as_str)).in_field("eventID")?;
        self.error_declaration(out).in_field("errorDeclaration")?;
        if based {
            out.close("baseExtension");
        }
        if self.version == Version::V2 {
            self.certifications(out)?;
        }
        Ok(())
    }

    fn certifications(&self, out: &mut Out) -> Result<(), Refusal> {
        if self.event.certification_info.is_empty() {
            return Ok(());
        }
        let name = self.open_new(out, "certificationInfo");
        let all: Vec<_> = self.event.certification_info.iter().map(Uri::as_str).collect();
        out.content(&all.join(" ")).in_field("certificationInfo")?;
        out.close(&name);
        Ok(())
    }

    fn error_declaration(&self, out: &mut Out) -> Result<(), Fault> {
        let Some(declared) = &self.event.error_declaration else { return Ok(()) };
        out.open("errorDeclaration");
        out.element("declarationTime", declared.declaration_time.as_str())?;
        if let Some(reason) = &declared.reason {
            term(out, "reason", reason, Vocabulary::ErrorReason)?;
        }
        uris(out, "correctiveEventIDs", "correctiveEventID", &declared.corrective_event_ids)?;
        out.fields(&declared.extensions, self.prefixes)?;
        out.close("errorDeclaration");
        Ok(())
    }

    fn things_and_action(&self, out: &mut Out) -> Result<(), Refusal> {
        let event = self.event;
        if event.kind == EventKind::Transaction {
            self.biz_transactions(out)?;
        }
        out.optional("parentID", event.parent_id.as_ref().map(Uri::as_str)).in_field("parentID")?;
        // The schema of 1.2 wants these lists even where they are empty.
        let bare = |kind| self.version == Version::V1 && event.kind == kind;
        if event.epc_list.is_empty() && (bare(EventKind::Object) || bare(EventKind::Transaction)) {
            out.raw("<epcList/>");
        }
        if event.child_epcs.is_empty() && bare(EventKind::Aggregation) {
            out.raw("<childEPCs/>");
        }
        uris(out, "epcList", "epc", &event.epc_list).in_field("epcList")?;
        uris(out, "childEPCs", "epc", &event.child_epcs).in_field("childEPCs")?;
        if event.kind == EventKind::Association {
            quantities(out, "childQuantityList", &event.child_quantity_list).in_field("childQuantityList")?;
        }
        uris(out, "inputEPCList", "epc", &event.input_epc_list).in_field("inputEPCList")?;
        quantities(out, "inputQuantityList", &event.input_quantity_list).in_field("inputQuantityList")?;
        uris(out, "outputEPCList", "epc", &event.output_epc_list).in_field("outputEPCList")?;
        quantities(out, "outputQuantityList", &event.output_quantity_list).in_field("outputQuantityList")?;
        out.optional("transformationID", event.transformation_id.as_ref().map(Uri::as_str))
            .in_field("transformationID")?;
        out.optional("action", event.action.map(Action::name)).in_field("action")
    }

    fn where_and_why(&self, out: &mut Out) -> Result<(), Refusal> {
        let event = self.event;
        if let Some(step) = &event.biz_step {
            term(out, "bizStep", step, Vocabulary::BizStep).in_field("bizStep")?;
        }
        if let Some(disposition) = &event.disposition {
            term(out, "disposition", disposition, Vocabulary::Disposition).in_field("disposition")?;
        }
        self.place(out, "readPoint", event.read_point.as_ref()).in_field("readPoint")?;
        self.place(out, "bizLocation", event.biz_location.as_ref()).in_field("bizLocation")?;
        if event.kind != EventKind::Transaction {
            self.biz_transactions(out)?;
        }
        Ok(())
    }

    /// What 2.0 has at the event's own level and 1.2 in an extension.
    fn rest(&self, out: &mut Out) -> Result<(), Refusal> {
        let event = self.event;
        let v1 = self.version == Version::V1;
        let wrapped = v1
            && !matches!(event.kind, EventKind::Transformation | EventKind::Association)
            && (!event.quantity_list.is_empty()
                || !event.child_quantity_list.is_empty()
                || !event.source_list.is_empty()
                || !event.destination_list.is_empty()
                || !event.ilmd.is_empty());
        if wrapped {
            out.open("extension");
        }
        quantities(out, "quantityList", &event.quantity_list).in_field("quantityList")?;
        if event.kind != EventKind::Association {
            quantities(out, "childQuantityList", &event.child_quantity_list).in_field("childQuantityList")?;
        }
        parties(out, "sourceList", "source", &event.source_list).in_field("sourceList")?;
        parties(out, "destinationList", "destination", &event.destination_list).in_field("destinationList")?;
        if v1 {
            self.ilmd(out)?;
        }
        if wrapped {
            out.close("extension");
        }
        if v1 {
            self.certifications(out)?;
        }
        self.sensors(out).in_field("sensorElementList")?;
        self.persistent(out).in_field("persistentDisposition")?;
        if v1 { Ok(()) } else { self.ilmd(out) }
    }

    fn ilmd(&self, out: &mut Out) -> Result<(), Refusal> {
        if self.event.ilmd.is_empty() {
            return Ok(());
        }
        out.open("ilmd");
        out.fields(&self.event.ilmd, self.prefixes).in_field("ilmd")?;
        out.close("ilmd");
        Ok(())
    }

    fn biz_transactions(&self, out: &mut Out) -> Result<(), Refusal> {
        if self.event.biz_transaction_list.is_empty() {
            return Ok(());
        }
        out.open("bizTransactionList");
        for transaction in &self.event.biz_transaction_list {
            out.start("bizTransaction");
            if let Some(kind) = &transaction.kind {
                term_attribute(out, "type", kind, Vocabulary::BizTransactionType).in_field("bizTransactionList")?;
            }
            out.body();
            out.content(transaction.id.as_str()).in_field("bizTransactionList")?;
            out.close("bizTransaction");
        }
        out.close("bizTransactionList");
        Ok(())
    }

    fn place(&self, out: &mut Out, name: &str, place: Option<&Place>) -> Result<(), Fault> {
        let Some(place) = place else { return Ok(()) };
        out.open(name);
        out.element("id", place.id.as_str())?;
        out.fields(&place.extensions, self.prefixes)?;
        out.close(name);
        Ok(())
    }

    fn persistent(&self, out: &mut Out) -> Result<(), Fault> {
        let Some(both) = &self.event.persistent_disposition else { return Ok(()) };
        let name = self.open_new(out, "persistentDisposition");
        both.unset.iter().try_for_each(|word| term(out, "unset", word, Vocabulary::Disposition))?;
        both.set.iter().try_for_each(|word| term(out, "set", word, Vocabulary::Disposition))?;
        out.close(&name);
        Ok(())
    }

    fn sensors(&self, out: &mut Out) -> Result<(), Fault> {
        if self.event.sensor_element_list.is_empty() {
            return Ok(());
        }
        let name = self.open_new(out, "sensorElementList");
        for element in &self.event.sensor_element_list {
            self.sensor(out, element)?;
        }
        out.close(&name);
        Ok(())
    }

    fn sensor(&self, out: &mut Out, element: &SensorElement) -> Result<(), Fault> {
        out.open("sensorElement");
        if let Some(metadata) = &element.metadata {
            out.start("sensorMetadata");
            metadata.texts().into_iter().try_for_each(|(name, text)| out.optional_attribute(name, text))?;
            self.attributes(out, &metadata.extensions)?;
            out.raw("/>");
        }
        for report in &element.reports {
            out.start("sensorReport");
            for (name, word, vocabulary) in [
                ("type", &report.kind, Vocabulary::Measurement),
                ("exception", &report.exception, Vocabulary::SensorException),
                ("component", &report.component, Vocabulary::Component),
            ] {
                word.iter().try_for_each(|word| term_attribute(out, name, word, vocabulary))?;
            }
            for (name, number) in report.numbers() {
                out.optional_attribute(name, number.map(Number::as_str))?;
            }
            let boolean = report.boolean_value.map(|is| if is { "true" } else { "false" });
            out.optional_attribute("booleanValue", boolean)?;
            report.texts().into_iter().try_for_each(|(name, text)| out.optional_attribute(name, text))?;
            self.attributes(out, &report.extensions)?;
            out.raw("/>");
        }
        out.fields(&element.extensions, self.prefixes)?;
        out.close("sensorElement");
        Ok(())
    }

    /// Extensions as attributes; what an attribute cannot hold goes as JSON into one of this codec's own.
    fn attributes(&self, out: &mut Out, fields: &Fields) -> Result<(), Fault> {
        let mut other = Fields::default();
        for (name, value) in fields.iter() {
            match value {
                Value::Text(text)
                    if is_xml_name(&name.local) && !matches!(name.namespace_uri(), "" | VERIDOSE_NAMESPACE) =>
                {
                    out.declare_reserved(name)?;
                    out.attribute(&tag(name, self.prefixes), text)?;
                }
                value => other.add(name.clone(), value.clone()),
            }
        }
        if other.is_empty() {
            Ok(())
        } else {
            out.own_attribute(EXTENSIONS, &crate::json::fields_to(&other, self.prefixes))
        }
    }
}

fn term(out: &mut Out, name: &str, word: &Term, vocabulary: Vocabulary) -> Result<(), Fault> {
    out.open(name);
    out.raw(word.xml_prefix(vocabulary));
    out.content(word.as_str())?;
    out.close(name);
    Ok(())
}

fn term_attribute(out: &mut Out, name: &str, word: &Term, vocabulary: Vocabulary) -> Result<(), Fault> {
    out.attribute(name, &format!("{}{word}", word.xml_prefix(vocabulary)))
}

fn uris(out: &mut Out, list: &str, name: &str, uris: &[Uri]) -> Result<(), Fault> {
    if uris.is_empty() {
        return Ok(());
    }
    out.open(list);
    uris.iter().try_for_each(|uri| out.element(name, uri.as_str()))?;
    out.close(list);
    Ok(())
}

fn quantities(out: &mut Out, list: &str, elements: &[QuantityElement]) -> Result<(), Fault> {
    if elements.is_empty() {
        return Ok(());
    }
    out.open(list);
    for element in elements {
        out.open("quantityElement");
        out.element("epcClass", element.epc_class.as_str())?;
        out.optional("quantity", element.quantity.as_ref().map(Number::as_str))?;
        out.optional("uom", element.uom.as_deref())?;
        out.close("quantityElement");
    }
    out.close(list);
    Ok(())
}

fn parties(out: &mut Out, list: &str, name: &str, parties: &[Party]) -> Result<(), Fault> {
    if parties.is_empty() {
        return Ok(());
    }
    out.open(list);
    for party in parties {
        out.start(name);
        term_attribute(out, "type", &party.kind, Vocabulary::SourceDestType)?;
        out.body();
        out.content(party.id.as_str())?;
        out.close(name);
    }
    out.close(list);
    Ok(())
}
