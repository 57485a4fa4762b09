//! Sensor data from XML elements, whose fields are attributes.

use super::event::Reader;
use super::extension::{EXTENSIONS, extend};
use super::tree::{At, Space};
use crate::error::{EpcisError, Fault, shown};
use crate::model::{
    Fields, Number, SensorElement, SensorMetadata, SensorReport, Timestamp, Uri, VERIDOSE_NAMESPACE, Value, Vocabulary,
};
use crate::scope::Scope;

pub(super) fn element(reader: Reader<'_>, at: At, scope: &mut Scope) -> Result<SensorElement, EpcisError> {
    let mut element = SensorElement::default();
    let mut children = Vec::new();
    reader.gather(at, &mut children);
    for child in children {
        match reader.tree.local(child) {
            _ if !reader.tree.is_standard(child) => extend(&mut element.extensions, reader.tree, child)?,
            "sensorMetadata" if element.metadata.is_some() => return Err(reader.twice(child, "sensorMetadata")),
            "sensorMetadata" => element.metadata = Some(metadata(reader, child, scope)?),
            "sensorReport" => element.reports.push(report(reader, child, scope)?),
            _ => return Err(reader.unknown(child, "correct its name, or put it into a namespace of your own")),
        }
    }
    Ok(element)
}

/// An attribute on its way into the model.
struct Field<'t> {
    reader: Reader<'t>,
    at: At,
    name: &'t str,
    text: &'t str,
}

impl Field<'_> {
    fn parsed<T>(&self, parse: fn(&str) -> Result<T, Fault>) -> Result<Option<T>, EpcisError> {
        parse(self.text).map(Some).map_err(|fault| self.reader.fault(self.at, self.name, fault))
    }

    fn uri(&self, scope: &mut Scope) -> Result<Option<Uri>, EpcisError> {
        let uri = self.parsed(Uri::parse)?;
        if let Some(uri) = &uri {
            scope.note_uri(uri);
        }
        Ok(uri)
    }

    fn unknown(&self) -> EpcisError {
        let fault = Fault::new("not an attribute of the standard", "correct its name, or give it a prefix of your own");
        self.reader.fault(self.at, self.name, fault)
    }
}

/// Sorts the attributes of an element into fields of the standard and extensions.
fn attributes<'t>(
    reader: Reader<'t>,
    at: At,
    scope: &mut Scope,
    mut field: impl FnMut(&Field<'t>, &mut Scope) -> Result<(), EpcisError>,
) -> Result<Fields, EpcisError> {
    let mut extensions = Fields::default();
    for (space, name, text) in reader.tree.attributes(at) {
        if space == Space::None {
            field(&Field { reader, at, name, text }, scope)?;
        } else if name == EXTENSIONS && reader.tree.space_uri(space) == VERIDOSE_NAMESPACE {
            let more = crate::json::fields_from(text, scope).map_err(|fault| reader.fault(at, EXTENSIONS, fault))?;
            more.0.into_iter().for_each(|(name, value)| extensions.add(name, value));
        } else {
            extensions.add(reader.tree.attribute_name(space, name), Value::Text(text.into()));
        }
    }
    Ok(extensions)
}

fn metadata(reader: Reader<'_>, at: At, scope: &mut Scope) -> Result<SensorMetadata, EpcisError> {
    let mut metadata = SensorMetadata::default();
    metadata.extensions = attributes(reader, at, scope, |field, scope| {
        match field.name {
            "time" => metadata.time = field.parsed(Timestamp::parse)?,
            "startTime" => metadata.start_time = field.parsed(Timestamp::parse)?,
            "endTime" => metadata.end_time = field.parsed(Timestamp::parse)?,
            "deviceID" => metadata.device_id = field.uri(scope)?,
            "deviceMetadata" => metadata.device_metadata = field.uri(scope)?,
            "rawData" => metadata.raw_data = field.uri(scope)?,
            "dataProcessingMethod" => metadata.data_processing_method = field.uri(scope)?,
            "bizRules" => metadata.biz_rules = field.uri(scope)?,
            _ => return Err(field.unknown()),
        }
        Ok(())
    })?;
    Ok(metadata)
}

fn report(reader: Reader<'_>, at: At, scope: &mut Scope) -> Result<SensorReport, EpcisError> {
    let mut report = SensorReport::default();
    report.extensions = attributes(reader, at, scope, |field, scope| report_field(&mut report, field, scope))?;
    Ok(report)
}

fn report_field(report: &mut SensorReport, field: &Field<'_>, scope: &mut Scope) -> Result<(), EpcisError> {
    let term = |vocabulary, scope: &mut Scope| {
        field.reader.term_of(field.at, field.name, field.text, vocabulary, scope).map(Some)
    };
    match field.name {
        "type" => report.kind = term(Vocabulary::Measurement, scope)?,
        "exception" => report.exception = term(Vocabulary::SensorException, scope)?,
        "component" => report.component = term(Vocabulary::Component, scope)?,
        "deviceID" => report.device_id = field.uri(scope)?,
        "deviceMetadata" => report.device_metadata = field.uri(scope)?,
        "rawData" => report.raw_data = field.uri(scope)?,
        "dataProcessingMethod" => report.data_processing_method = field.uri(scope)?,
        "bizRules" => report.biz_rules = field.uri(scope)?,
        "microorganism" => report.microorganism = field.uri(scope)?,
        "chemicalSubstance" => report.chemical_substance = field.uri(scope)?,
        "uriValue" => report.uri_value = field.uri(scope)?,
        "coordinateReferenceSystem" => report.coordinate_reference_system = field.uri(scope)?,
        "time" => report.time = field.parsed(Timestamp::parse)?,
        "value" => report.value = field.parsed(Number::parse)?,
        "minValue" => report.min_value = field.parsed(Number::parse)?,
        "maxValue" => report.max_value = field.parsed(Number::parse)?,
        "meanValue" => report.mean_value = field.parsed(Number::parse)?,
        "sDev" => report.s_dev = field.parsed(Number::parse)?,
        "percRank" => report.perc_rank = field.parsed(Number::parse)?,
        "percValue" => report.perc_value = field.parsed(Number::parse)?,
        "stringValue" => report.string_value = Some(field.text.into()),
        "hexBinaryValue" => report.hex_binary_value = Some(field.text.into()),
        "uom" => report.uom = Some(field.text.into()),
        "booleanValue" => report.boolean_value = field.parsed(boolean)?,
        _ => return Err(field.unknown()),
    }
    Ok(())
}

fn boolean(text: &str) -> Result<bool, Fault> {
    match text.trim() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        other => Err(Fault::new(format!("{} is neither true nor false", shown(other)), "write true or false")),
    }
}
