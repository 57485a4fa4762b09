//! Events and headers as JSON-LD.

use std::sync::Arc;

use super::header::SBDH;
use super::out::Out;
use crate::model::{
    CBVMDA_ATTRIBUTE, ErrorDeclaration, Event, Header, MasterData, Namespace, Party, PersistentDisposition, Place,
    QuantityElement, SensorElement, SensorMetadata, SensorReport, Term, Timestamp, Uri,
};
use crate::scope::{EPCIS_CONTEXT, Prefixes, veridose};

/// Everything of a document up to its first event.
pub(crate) fn document_start(out: &mut Out, header: &Header, prefixes: &mut Prefixes) {
    let declared = prefixes.enter_document(header).to_vec();
    out.open(b'{');
    context(out, &declared, &header.contexts);
    out.text_member("id", header.id.as_ref().map(Uri::as_str));
    out.text_member("type", Some("EPCISDocument"));
    out.text_member("schemaVersion", Some("2.0"));
    out.text_member("creationDate", header.creation_date.as_ref().map(Timestamp::as_str));
    out.text_member("sender", header.sender.as_deref());
    out.text_member("receiver", header.receiver.as_deref());
    out.text_member("instanceIdentifier", header.instance_identifier.as_deref());
    out.fields(&header.document_extensions, prefixes);
    if !header.master_data.is_empty() || !header.extensions.is_empty() || header.sbdh.is_some() {
        epcis_header(out, header, prefixes);
    }
    out.key("epcisBody");
    out.open(b'{');
    out.key("eventList");
    out.open(b'[');
}

/// What closes the brackets of [`document_start`].
pub(crate) fn document_end(out: &mut Out) {
    out.close(b']');
    out.close(b'}');
    out.close(b'}');
    out.line();
}

fn context(out: &mut Out, declared: &[Arc<Namespace>], urls: &[Box<str>]) {
    out.key("@context");
    out.open(b'[');
    out.string(EPCIS_CONTEXT);
    for url in urls {
        out.string(url);
    }
    prefix_definitions(out, declared);
    out.close(b']');
}

fn prefix_definitions(out: &mut Out, declared: &[Arc<Namespace>]) {
    if declared.is_empty() {
        return;
    }
    out.open(b'{');
    for namespace in declared {
        out.text_member(&namespace.prefix, Some(&namespace.uri));
    }
    out.close(b'}');
}

fn epcis_header(out: &mut Out, header: &Header, prefixes: &Prefixes) {
    out.key("epcisHeader");
    out.open(b'{');
    if !header.master_data.is_empty() {
        out.key("epcisMasterData");
        out.open(b'{');
        out.list_member("vocabularyList", &header.master_data, |out, list| master_data(out, list, prefixes));
        out.close(b'}');
    }
    out.fields(&header.extensions, prefixes);
    if let Some(sbdh) = &header.sbdh {
        out.key(&format!("{}:{SBDH}", prefixes.of(&veridose())));
        out.object(sbdh, prefixes);
    }
    out.close(b'}');
}

fn master_data(out: &mut Out, list: &MasterData, prefixes: &Prefixes) {
    out.open(b'{');
    out.text_member("type", Some(list.kind.as_str()));
    out.list_member("vocabularyElementList", &list.elements, |out, element| {
        out.open(b'{');
        out.text_member("id", Some(element.id.as_str()));
        out.list_member("attributes", &element.attributes, |out, attribute| {
            out.open(b'{');
            match attribute.id.as_str().strip_prefix(CBVMDA_ATTRIBUTE) {
                Some(name) => out.text_member("id", Some(&format!("cbvmda:{name}"))),
                None => out.text_member("id", Some(attribute.id.as_str())),
            }
            out.key("attribute");
            out.value(&attribute.value, prefixes);
            out.close(b'}');
        });
        out.list_member("children", &element.children, |out, child| out.string(child.as_str()));
        out.fields(&element.extensions, prefixes);
        out.close(b'}');
    });
    out.fields(&list.extensions, prefixes);
    out.close(b'}');
}

/// How an event says which prefixes it is spelled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    /// The event stands alone: it names the context of EPCIS too.
    Whole,
    /// The event stands in a document that names it.
    Added,
}

/// One event as an object.
pub(crate) fn event(out: &mut Out, event: &Event, prefixes: &mut Prefixes, whole: Context) {
    let mark = prefixes.enter_event(event);
    out.open(b'{');
    let added = prefixes.since(mark);
    match whole {
        Context::Whole => context(out, added, &[]),
        Context::Added if added.is_empty() => {}
        Context::Added => {
            out.key("@context");
            out.open(b'[');
            prefix_definitions(out, added);
            out.close(b']');
        }
    }
    what_and_when(out, event, prefixes);
    things(out, event);
    where_and_why(out, event, prefixes);
    if !event.ilmd.is_empty() {
        out.key("ilmd");
        out.open(b'{');
        out.fields(&event.ilmd, prefixes);
        out.close(b'}');
    }
    out.fields(&event.extensions, prefixes);
    out.close(b'}');
    prefixes.leave(mark);
}

fn what_and_when(out: &mut Out, event: &Event, prefixes: &Prefixes) {
    out.text_member("type", Some(event.kind.name()));
    out.text_member("eventTime", Some(event.event_time.as_str()));
    out.text_member("recordTime", event.record_time.as_ref().map(Timestamp::as_str));
    out.text_member("eventTimeZoneOffset", Some(event.event_time_zone_offset.as_str()));
    out.text_member("eventID", event.event_id.as_ref().map(Uri::as_str));
    if let Some(declared) = &event.error_declaration {
        out.key("errorDeclaration");
        error_declaration(out, declared, prefixes);
    }
    match &*event.certification_info {
        [one] => out.text_member("certificationInfo", Some(one.as_str())),
        several => uris(out, "certificationInfo", several),
    }
}

fn things(out: &mut Out, event: &Event) {
    out.text_member("parentID", event.parent_id.as_ref().map(Uri::as_str));
    uris(out, "epcList", &event.epc_list);
    uris(out, "childEPCs", &event.child_epcs);
    uris(out, "inputEPCList", &event.input_epc_list);
    out.list_member("inputQuantityList", &event.input_quantity_list, quantity);
    uris(out, "outputEPCList", &event.output_epc_list);
    out.list_member("outputQuantityList", &event.output_quantity_list, quantity);
    out.text_member("transformationID", event.transformation_id.as_ref().map(Uri::as_str));
    out.list_member("quantityList", &event.quantity_list, quantity);
    out.list_member("childQuantityList", &event.child_quantity_list, quantity);
    out.text_member("action", event.action.map(crate::model::Action::name));
}

fn where_and_why(out: &mut Out, event: &Event, prefixes: &Prefixes) {
    out.text_member("bizStep", event.biz_step.as_ref().map(Term::as_str));
    out.text_member("disposition", event.disposition.as_ref().map(Term::as_str));
    if let Some(both) = &event.persistent_disposition {
        persistent(out, both);
    }
    place(out, "readPoint", event.read_point.as_ref(), prefixes);
    place(out, "bizLocation", event.biz_location.as_ref(), prefixes);
    out.list_member("bizTransactionList", &event.biz_transaction_list, |out, transaction| {
        out.open(b'{');
        out.text_member("type", transaction.kind.as_ref().map(Term::as_str));
        out.text_member("bizTransaction", Some(transaction.id.as_str()));
        out.close(b'}');
    });
    out.list_member("sourceList", &event.source_list, |out, source| party(out, "source", source));
    out.list_member("destinationList", &event.destination_list, |out, end| party(out, "destination", end));
    out.list_member("sensorElementList", &event.sensor_element_list, |out, element| sensor(out, element, prefixes));
}

fn uris(out: &mut Out, key: &str, uris: &[Uri]) {
    out.list_member(key, uris, |out, uri| out.string(uri.as_str()));
}

fn quantity(out: &mut Out, element: &QuantityElement) {
    out.open(b'{');
    out.text_member("epcClass", Some(element.epc_class.as_str()));
    out.number_member("quantity", element.quantity.as_ref());
    out.text_member("uom", element.uom.as_deref());
    out.close(b'}');
}

fn party(out: &mut Out, end: &str, party: &Party) {
    out.open(b'{');
    out.text_member("type", Some(party.kind.as_str()));
    out.text_member(end, Some(party.id.as_str()));
    out.close(b'}');
}

fn place(out: &mut Out, key: &str, place: Option<&Place>, prefixes: &Prefixes) {
    let Some(place) = place else { return };
    out.key(key);
    out.open(b'{');
    out.text_member("id", Some(place.id.as_str()));
    out.fields(&place.extensions, prefixes);
    out.close(b'}');
}

fn persistent(out: &mut Out, both: &PersistentDisposition) {
    out.key("persistentDisposition");
    out.open(b'{');
    out.list_member("set", &both.set, |out, term| out.string(term.as_str()));
    out.list_member("unset", &both.unset, |out, term| out.string(term.as_str()));
    out.close(b'}');
}

fn error_declaration(out: &mut Out, declared: &ErrorDeclaration, prefixes: &Prefixes) {
    out.open(b'{');
    out.text_member("declarationTime", Some(declared.declaration_time.as_str()));
    out.text_member("reason", declared.reason.as_ref().map(Term::as_str));
    uris(out, "correctiveEventIDs", &declared.corrective_event_ids);
    out.fields(&declared.extensions, prefixes);
    out.close(b'}');
}

fn sensor(out: &mut Out, element: &SensorElement, prefixes: &Prefixes) {
    out.open(b'{');
    if let Some(metadata) = &element.metadata {
        out.key("sensorMetadata");
        sensor_metadata(out, metadata, prefixes);
    }
    out.list_member("sensorReport", &element.reports, |out, report| sensor_report(out, report, prefixes));
    out.fields(&element.extensions, prefixes);
    out.close(b'}');
}

fn sensor_metadata(out: &mut Out, metadata: &SensorMetadata, prefixes: &Prefixes) {
    out.open(b'{');
    metadata.texts().into_iter().for_each(|(key, text)| out.text_member(key, text));
    out.fields(&metadata.extensions, prefixes);
    out.close(b'}');
}

fn sensor_report(out: &mut Out, report: &SensorReport, prefixes: &Prefixes) {
    out.open(b'{');
    out.text_member("type", report.kind.as_ref().map(Term::as_str));
    out.text_member("exception", report.exception.as_ref().map(Term::as_str));
    out.text_member("component", report.component.as_ref().map(Term::as_str));
    report.texts().into_iter().for_each(|(key, text)| out.text_member(key, text));
    report.numbers().into_iter().for_each(|(key, number)| out.number_member(key, number));
    if let Some(is) = report.boolean_value {
        out.key("booleanValue");
        out.raw(if is { "true" } else { "false" });
    }
    out.fields(&report.extensions, prefixes);
    out.close(b'}');
}
