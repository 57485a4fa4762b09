//! What sensors observed.

use super::{Fields, Number, Term, Timestamp, Uri};

/// Observations that share their circumstances.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SensorElement {
    /// What holds for all reports.
    pub metadata: Option<SensorMetadata>,
    /// The observations.
    pub reports: Vec<SensorReport>,
    /// User extensions.
    pub extensions: Fields,
}

/// Circumstances of observations. Field names are those of the standard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of EPCIS 2.0, section 7.3.6, under the same names")]
pub struct SensorMetadata {
    pub time: Option<Timestamp>,
    pub start_time: Option<Timestamp>,
    pub end_time: Option<Timestamp>,
    pub device_id: Option<Uri>,
    pub device_metadata: Option<Uri>,
    pub raw_data: Option<Uri>,
    pub data_processing_method: Option<Uri>,
    pub biz_rules: Option<Uri>,
    pub extensions: Fields,
}

/// One observation. Field names are those of the standard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of EPCIS 2.0, section 7.3.6, under the same names")]
pub struct SensorReport {
    pub kind: Option<Term>,
    pub exception: Option<Term>,
    pub device_id: Option<Uri>,
    pub device_metadata: Option<Uri>,
    pub raw_data: Option<Uri>,
    pub data_processing_method: Option<Uri>,
    pub biz_rules: Option<Uri>,
    pub time: Option<Timestamp>,
    pub microorganism: Option<Uri>,
    pub chemical_substance: Option<Uri>,
    pub value: Option<Number>,
    pub component: Option<Term>,
    pub string_value: Option<Box<str>>,
    pub boolean_value: Option<bool>,
    pub hex_binary_value: Option<Box<str>>,
    pub uri_value: Option<Uri>,
    pub min_value: Option<Number>,
    pub max_value: Option<Number>,
    pub mean_value: Option<Number>,
    pub s_dev: Option<Number>,
    pub perc_rank: Option<Number>,
    pub perc_value: Option<Number>,
    pub uom: Option<Box<str>>,
    pub coordinate_reference_system: Option<Uri>,
    pub extensions: Fields,
}

impl SensorMetadata {
    /// The fields that are written as text, by their names in the standard.
    pub(crate) fn texts(&self) -> [(&'static str, Option<&str>); 8] {
        [
            ("time", self.time.as_ref().map(Timestamp::as_str)),
            ("startTime", self.start_time.as_ref().map(Timestamp::as_str)),
            ("endTime", self.end_time.as_ref().map(Timestamp::as_str)),
            ("deviceID", self.device_id.as_ref().map(Uri::as_str)),
            ("deviceMetadata", self.device_metadata.as_ref().map(Uri::as_str)),
            ("rawData", self.raw_data.as_ref().map(Uri::as_str)),
            ("dataProcessingMethod", self.data_processing_method.as_ref().map(Uri::as_str)),
            ("bizRules", self.biz_rules.as_ref().map(Uri::as_str)),
        ]
    }
}

impl SensorReport {
    /// The fields that are written as text, by their names in the standard; words of a vocabulary are not among them.
    pub(crate) fn texts(&self) -> [(&'static str, Option<&str>); 13] {
        [
            ("deviceID", self.device_id.as_ref().map(Uri::as_str)),
            ("deviceMetadata", self.device_metadata.as_ref().map(Uri::as_str)),
            ("rawData", self.raw_data.as_ref().map(Uri::as_str)),
            ("dataProcessingMethod", self.data_processing_method.as_ref().map(Uri::as_str)),
            ("bizRules", self.biz_rules.as_ref().map(Uri::as_str)),
            ("time", self.time.as_ref().map(Timestamp::as_str)),
            ("microorganism", self.microorganism.as_ref().map(Uri::as_str)),
            ("chemicalSubstance", self.chemical_substance.as_ref().map(Uri::as_str)),
            ("stringValue", self.string_value.as_deref()),
            ("hexBinaryValue", self.hex_binary_value.as_deref()),
            ("uriValue", self.uri_value.as_ref().map(Uri::as_str)),
            ("uom", self.uom.as_deref()),
            ("coordinateReferenceSystem", self.coordinate_reference_system.as_ref().map(Uri::as_str)),
        ]
    }

    /// The fields that are numbers, by their names in the standard.
    pub(crate) fn numbers(&self) -> [(&'static str, Option<&Number>); 7] {
        [
            ("value", self.value.as_ref()),
            ("minValue", self.min_value.as_ref()),
            ("maxValue", self.max_value.as_ref()),
            ("meanValue", self.mean_value.as_ref()),
            ("sDev", self.s_dev.as_ref()),
            ("percRank", self.perc_rank.as_ref()),
            ("percValue", self.perc_value.as_ref()),
        ]
    }
}
