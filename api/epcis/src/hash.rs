//! Event hash ids (CBV 2.0, section 8.9): one id for the same event in whatever syntax.
//!
//! The pre-hash string concatenates `name=value` in the standard's canonical order. Identifiers become Digital Links at
//! `https://id.gs1.org`, words of the vocabulary web URIs, times UTC with milliseconds, numbers lose what does not count;
//! the members of each list are sorted. The published reference strings put `destinationList` before `sourceList` and a
//! type before what it qualifies; so does this. Left out are `eventID`, `recordTime` and `errorDeclaration`, so that an
//! event and the declaration that it was wrong have the same id.

use sha2::{Digest, Sha256};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, UtcOffset};

use crate::model::{
    BizTransaction, Event, Fields, Name, Number, Object, Party, PersistentDisposition, Place, QuantityElement,
    SensorElement, SensorMetadata, SensorReport, Term, Timestamp, Uri, Value, Vocabulary,
};

/// The event hash id: `ni:///sha-256;…?ver=CBV2.0`.
pub fn hash(event: &Event) -> String {
    let digest = Sha256::digest(prehash(event).as_bytes());
    let mut id = String::with_capacity(96);
    id.push_str("ni:///sha-256;");
    for byte in digest {
        id.push(char::from_digit(u32::from(byte >> 4), 16).expect("a half byte is a hexadecimal digit"));
        id.push(char::from_digit(u32::from(byte & 15), 16).expect("a half byte is a hexadecimal digit"));
    }
    id.push_str("?ver=CBV2.0");
    id
}

/// The string that [`hash`] digests.
pub fn prehash(event: &Event) -> String {
    let mut text = String::with_capacity(512);
    pair(&mut text, "eventType", event.kind.name());
    instant(&mut text, "eventTime", Some(&event.event_time));
    pair(&mut text, "eventTimeZoneOffset", event.event_time_zone_offset.as_str());
    text.push_str(&sorted(event.certification_info.iter().map(|info| identified("certificationInfo", info))));
    things(&mut text, event);
    if let Some(action) = event.action {
        pair(&mut text, "action", action.name());
    }
    uri(&mut text, "transformationID", event.transformation_id.as_ref());
    word(&mut text, "bizStep", event.biz_step.as_ref(), Vocabulary::BizStep);
    word(&mut text, "disposition", event.disposition.as_ref(), Vocabulary::Disposition);
    persistent(&mut text, event.persistent_disposition.as_ref());
    place(&mut text, "readPoint", event.read_point.as_ref());
    place(&mut text, "bizLocation", event.biz_location.as_ref());
    list(&mut text, "bizTransactionList", event.biz_transaction_list.iter().map(biz_transaction));
    list(&mut text, "destinationList", event.destination_list.iter().map(|end| party("destination", end)));
    list(&mut text, "sourceList", event.source_list.iter().map(|end| party("source", end)));
    list(&mut text, "sensorElementList", event.sensor_element_list.iter().map(sensor));
    if !event.ilmd.is_empty() {
        text.push_str("ilmd");
        text.push_str(&extensions(&event.ilmd));
    }
    text.push_str(&extensions(&event.extensions));
    text
}

fn things(text: &mut String, event: &Event) {
    let epcs = |text: &mut String, name, uris: &[Uri]| list(text, name, uris.iter().map(|uri| identified("epc", uri)));
    let quantities = |text: &mut String, name, elements: &[QuantityElement]| {
        list(text, name, elements.iter().map(quantity));
    };
    epcs(text, "epcList", &event.epc_list);
    uri(text, "parentID", event.parent_id.as_ref());
    epcs(text, "inputEPCList", &event.input_epc_list);
    epcs(text, "childEPCs", &event.child_epcs);
    quantities(text, "quantityList", &event.quantity_list);
    quantities(text, "childQuantityList", &event.child_quantity_list);
    quantities(text, "inputQuantityList", &event.input_quantity_list);
    epcs(text, "outputEPCList", &event.output_epc_list);
    quantities(text, "outputQuantityList", &event.output_quantity_list);
}

fn pair(text: &mut String, name: &str, value: &str) {
    text.push_str(name);
    text.push('=');
    text.push_str(value);
}

fn sorted(parts: impl Iterator<Item = String>) -> String {
    let mut parts: Vec<_> = parts.collect();
    parts.sort_unstable();
    parts.concat()
}

/// A list under its name, left out where it is empty.
fn list(text: &mut String, name: &str, parts: impl Iterator<Item = String>) {
    let parts = sorted(parts);
    if !parts.is_empty() {
        text.push_str(name);
        text.push_str(&parts);
    }
}

fn identified(name: &str, uri: &Uri) -> String {
    format!("{name}={}", veridose_gs1::canonical_uri(uri.as_str()))
}

fn uri(text: &mut String, name: &str, uri: Option<&Uri>) {
    if let Some(uri) = uri {
        text.push_str(&identified(name, uri));
    }
}

fn word(text: &mut String, name: &str, word: Option<&Term>, vocabulary: Vocabulary) {
    if let Some(word) = word {
        text.push_str(name);
        text.push('=');
        text.push_str(word.web_prefix(vocabulary));
        text.push_str(word.as_str());
    }
}

/// UTC to the millisecond, half a millisecond rounded up.
fn instant(text: &mut String, name: &str, timestamp: Option<&Timestamp>) {
    const FORMAT: &[BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let Some(timestamp) = timestamp else { return };
    let utc = timestamp.instant().to_offset(UtcOffset::UTC);
    let rounded = utc.checked_add(Duration::microseconds(500)).unwrap_or(utc);
    let written = rounded.format(FORMAT).expect("the format names parts that every instant has");
    pair(text, name, &written);
}

fn quantity(element: &QuantityElement) -> String {
    let mut text = String::from("quantityElement");
    uri(&mut text, "epcClass", Some(&element.epc_class));
    number(&mut text, "quantity", element.quantity.as_ref());
    if let Some(unit) = &element.uom {
        pair(&mut text, "uom", unit.trim());
    }
    text
}

fn number(text: &mut String, name: &str, number: Option<&Number>) {
    if let Some(number) = number {
        pair(text, name, &shortest(number.as_str()).unwrap_or_else(|| number.as_str().to_owned()));
    }
}

fn persistent(text: &mut String, both: Option<&PersistentDisposition>) {
    let Some(both) = both else { return };
    let words = |name, words: &[Term]| {
        sorted(words.iter().map(|term| {
            let mut text = String::new();
            word(&mut text, name, Some(term), Vocabulary::Disposition);
            text
        }))
    };
    let both = words("set", &both.set) + &words("unset", &both.unset);
    list(text, "persistentDisposition", std::iter::once(both));
}

fn place(text: &mut String, name: &str, place: Option<&Place>) {
    if let Some(place) = place {
        text.push_str(name);
        uri(text, "id", Some(&place.id));
        text.push_str(&extensions(&place.extensions));
    }
}

fn biz_transaction(transaction: &BizTransaction) -> String {
    let mut text = String::new();
    word(&mut text, "type", transaction.kind.as_ref(), Vocabulary::BizTransactionType);
    uri(&mut text, "bizTransaction", Some(&transaction.id));
    text
}

fn party(end: &str, party: &Party) -> String {
    let mut text = String::new();
    word(&mut text, "type", Some(&party.kind), Vocabulary::SourceDestType);
    uri(&mut text, end, Some(&party.id));
    text
}

fn sensor(element: &SensorElement) -> String {
    let mut text = String::from("sensorElement");
    if let Some(metadata) = &element.metadata {
        text.push_str(&sensor_metadata(metadata));
    }
    text.push_str(&sorted(element.reports.iter().map(sensor_report)));
    text.push_str(&extensions(&element.extensions));
    text
}

fn sensor_metadata(metadata: &SensorMetadata) -> String {
    let mut text = String::from("sensorMetadata");
    instant(&mut text, "time", metadata.time.as_ref());
    instant(&mut text, "startTime", metadata.start_time.as_ref());
    instant(&mut text, "endTime", metadata.end_time.as_ref());
    uri(&mut text, "deviceID", metadata.device_id.as_ref());
    uri(&mut text, "deviceMetadata", metadata.device_metadata.as_ref());
    uri(&mut text, "rawData", metadata.raw_data.as_ref());
    uri(&mut text, "dataProcessingMethod", metadata.data_processing_method.as_ref());
    uri(&mut text, "bizRules", metadata.biz_rules.as_ref());
    text.push_str(&extensions(&metadata.extensions));
    text
}

fn sensor_report(report: &SensorReport) -> String {
    let mut text = String::from("sensorReport");
    let plain = |text: &mut String, name, value: Option<&str>| {
        if let Some(value) = value {
            pair(text, name, &canonical(value));
        }
    };
    word(&mut text, "type", report.kind.as_ref(), Vocabulary::Measurement);
    word(&mut text, "exception", report.exception.as_ref(), Vocabulary::SensorException);
    uri(&mut text, "deviceID", report.device_id.as_ref());
    uri(&mut text, "deviceMetadata", report.device_metadata.as_ref());
    uri(&mut text, "rawData", report.raw_data.as_ref());
    uri(&mut text, "dataProcessingMethod", report.data_processing_method.as_ref());
    // Not in the canonical order, but read from sensor reports in use; it must not change without a trace.
    uri(&mut text, "bizRules", report.biz_rules.as_ref());
    instant(&mut text, "time", report.time.as_ref());
    uri(&mut text, "microorganism", report.microorganism.as_ref());
    uri(&mut text, "chemicalSubstance", report.chemical_substance.as_ref());
    number(&mut text, "value", report.value.as_ref());
    word(&mut text, "component", report.component.as_ref(), Vocabulary::Component);
    plain(&mut text, "stringValue", report.string_value.as_deref());
    plain(&mut text, "booleanValue", report.boolean_value.map(|is| if is { "true" } else { "false" }));
    plain(&mut text, "hexBinaryValue", report.hex_binary_value.as_deref());
    uri(&mut text, "uriValue", report.uri_value.as_ref());
    number(&mut text, "minValue", report.min_value.as_ref());
    number(&mut text, "maxValue", report.max_value.as_ref());
    number(&mut text, "meanValue", report.mean_value.as_ref());
    number(&mut text, "sDev", report.s_dev.as_ref());
    number(&mut text, "percRank", report.perc_rank.as_ref());
    number(&mut text, "percValue", report.perc_value.as_ref());
    plain(&mut text, "uom", report.uom.as_deref());
    uri(&mut text, "coordinateReferenceSystem", report.coordinate_reference_system.as_ref());
    text.push_str(&extensions(&report.extensions));
    text
}

/// Names and values of extensions, sorted at each level.
fn extensions(fields: &Fields) -> String {
    let mut parts = Vec::with_capacity(fields.len());
    fields.iter().filter(|(name, _)| !is_comment(name)).for_each(|(name, value)| extension(&mut parts, name, value));
    sorted(parts.into_iter())
}

/// Remarks for a reader are no part of what happened.
fn is_comment(name: &Name) -> bool {
    name.is("http://www.w3.org/2000/01/rdf-schema#", "comment")
}

fn extension(parts: &mut Vec<String>, name: &Name, value: &Value) {
    if let Value::List(values) = value {
        // A list is its name once for each value, as in XML.
        for value in values {
            extension(parts, name, value);
        }
        return;
    }
    let mut text = full(name);
    match value {
        Value::Object(object) => text.push_str(&object_text(object)),
        Value::Number(number) => self::number(&mut text, "", Some(number)),
        Value::Null | Value::Bool(_) | Value::Text(_) | Value::List(_) => {
            if let Some(plain) = value.as_text().map(canonical).filter(|plain| !plain.is_empty()) {
                text.push('=');
                text.push_str(&plain);
            }
        }
    }
    parts.push(text);
}

fn object_text(object: &Object) -> String {
    let mut text = String::new();
    if let Some(plain) = &object.text {
        pair(&mut text, "", &canonical(plain));
    }
    let mut parts: Vec<_> =
        object.attributes.iter().map(|(name, value)| format!("{}={}", full(name), canonical(value))).collect();
    for (name, value) in object.fields.iter() {
        extension(&mut parts, name, value);
    }
    text.push_str(&sorted(parts.into_iter()));
    text
}

/// `{namespace}local`.
fn full(name: &Name) -> String {
    match &name.namespace {
        Some(namespace) => format!("{{{}}}{}", namespace.uri, name.local),
        None => name.local.to_string(),
    }
}

/// A free text: identifiers, vocabulary and numbers in it have the same form as elsewhere.
fn canonical(text: &str) -> String {
    /// What standard words begin with in XML, and what the web calls them.
    const WORDS: [(&str, &str); 5] = [
        ("urn:epcglobal:cbv:bizstep:", "https://ref.gs1.org/cbv/BizStep-"),
        ("urn:epcglobal:cbv:disp:", "https://ref.gs1.org/cbv/Disp-"),
        ("urn:epcglobal:cbv:btt:", "https://ref.gs1.org/cbv/BTT-"),
        ("urn:epcglobal:cbv:sdt:", "https://ref.gs1.org/cbv/SDT-"),
        ("urn:epcglobal:cbv:er:", "https://ref.gs1.org/cbv/ER-"),
    ];
    let text = text.trim();
    if let Some(number) = shortest(text) {
        return number;
    }
    if !text.contains(':') {
        return text.to_owned();
    }
    for (urn, web) in WORDS {
        if let Some(word) = text.strip_prefix(urn) {
            return format!("{web}{word}");
        }
    }
    veridose_gs1::canonical_uri(text)
}

/// A plain decimal without sign plus, leading and trailing zeros. Done on the digits, so that long ones stay exact.
fn shortest(text: &str) -> Option<String> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && decimals.is_empty()) || !plain(whole) || !plain(decimals) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let decimals = decimals.trim_end_matches('0');
    let mut number = String::from(if whole.is_empty() && decimals.is_empty() { "" } else { sign });
    number.push_str(if whole.is_empty() { "0" } else { whole });
    if !decimals.is_empty() {
        number.push('.');
        number.push_str(decimals);
    }
    Some(number)
}

#[cfg(test)]
mod tests;
