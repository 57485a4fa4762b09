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
