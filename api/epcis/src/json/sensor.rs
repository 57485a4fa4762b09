//! Sensor data from JSON objects.

use super::event::{list, members, number, parsed, term, text, uri};
use super::extension::extend;
use super::tree::{Json, Member};
use super::trouble::Trouble;
use crate::error::Fault;
use crate::model::{Number, SensorElement, SensorMetadata, SensorReport, Timestamp, Vocabulary};
use crate::scope::Scope;

pub(super) fn element(value: Json<'_>, scope: &mut Scope) -> Result<SensorElement, Trouble> {
    let mut element = SensorElement::default();
    for (key, value) in members(value)? {
        let result = match &*key {
            "sensorMetadata" => metadata(value, scope).map(|metadata| element.metadata = Some(metadata)),
            "sensorReport" => list(value, |item| report(item, scope)).map(|reports| element.reports = reports),
            _ => {
                extend(&mut element.extensions, (key, value), scope)?;
                continue;
            }
        };
        result.map_err(|trouble| trouble.within(&key))?;
    }
    Ok(element)
}

fn metadata(value: Json<'_>, scope: &mut Scope) -> Result<SensorMetadata, Trouble> {
    let mut metadata = SensorMetadata::default();
    for member in members(value)? {
        let (key, value) = &member;
        let result = match &**key {
            "time" => parsed(value, Timestamp::parse).map(|time| metadata.time = Some(time)),
            "startTime" => parsed(value, Timestamp::parse).map(|time| metadata.start_time = Some(time)),
            "endTime" => parsed(value, Timestamp::parse).map(|time| metadata.end_time = Some(time)),
            "deviceID" => uri(value, scope).map(|uri| metadata.device_id = Some(uri)),
            "deviceMetadata" => uri(value, scope).map(|uri| metadata.device_metadata = Some(uri)),
            "rawData" => uri(value, scope).map(|uri| metadata.raw_data = Some(uri)),
            "dataProcessingMethod" => uri(value, scope).map(|uri| metadata.data_processing_method = Some(uri)),
            "bizRules" => uri(value, scope).map(|uri| metadata.biz_rules = Some(uri)),
            _ => {
                extend(&mut metadata.extensions, member, scope)?;
                continue;
            }
        };
        result.map_err(|trouble| trouble.within(key))?;
    }
    Ok(metadata)
}

fn report(value: Json<'_>, scope: &mut Scope) -> Result<SensorReport, Trouble> {
    let mut report = SensorReport::default();
    for member in members(value)? {
        report_field(&mut report, member, scope)?;
    }
    Ok(report)
}

fn report_field(report: &mut SensorReport, member: Member<'_>, scope: &mut Scope) -> Result<(), Trouble> {
    let (key, value) = &member;
    let measured = |value| number(value, Number::parse);
    let result = match &**key {
        "type" => term(value, Vocabulary::Measurement, scope).map(|term| report.kind = Some(term)),
        "exception" => term(value, Vocabulary::SensorException, scope).map(|term| report.exception = Some(term)),
        "component" => term(value, Vocabulary::Component, scope).map(|term| report.component = Some(term)),
        "deviceID" => uri(value, scope).map(|uri| report.device_id = Some(uri)),
        "deviceMetadata" => uri(value, scope).map(|uri| report.device_metadata = Some(uri)),
        "rawData" => uri(value, scope).map(|uri| report.raw_data = Some(uri)),
        "dataProcessingMethod" => uri(value, scope).map(|uri| report.data_processing_method = Some(uri)),
        "bizRules" => uri(value, scope).map(|uri| report.biz_rules = Some(uri)),
        "microorganism" => uri(value, scope).map(|uri| report.microorganism = Some(uri)),
        "chemicalSubstance" => uri(value, scope).map(|uri| report.chemical_substance = Some(uri)),
        "uriValue" => uri(value, scope).map(|uri| report.uri_value = Some(uri)),
        "coordinateReferenceSystem" => uri(value, scope).map(|uri| report.coordinate_reference_system = Some(uri)),
        "time" => parsed(value, Timestamp::parse).map(|time| report.time = Some(time)),
        "value" => measured(value).map(|number| report.value = Some(number)),
        "minValue" => measured(value).map(|number| report.min_value = Some(number)),
        "maxValue" => measured(value).map(|number| report.max_value = Some(number)),
        "meanValue" => measured(value).map(|number| report.mean_value = Some(number)),
        "sDev" => measured(value).map(|number| report.s_dev = Some(number)),
        "percRank" => measured(value).map(|number| report.perc_rank = Some(number)),
        "percValue" => measured(value).map(|number| report.perc_value = Some(number)),
        "stringValue" => text(value).map(|text| report.string_value = Some(text.into())),
        "hexBinaryValue" => text(value).map(|text| report.hex_binary_value = Some(text.into())),
        "uom" => text(value).map(|text| report.uom = Some(text.into())),
        "booleanValue" => match value {
            Json::Bool(is) => {
                report.boolean_value = Some(*is);
                Ok(())
            }
            other => {
                Err(Fault::new(format!("{} where true or false should be", other.kind()), "write it without quotes")
                    .into())
            }
        },
        _ => return extend(&mut report.extensions, member, scope),
    };
    result.map_err(|trouble| trouble.within(key))
}
