//! A case as it is handed out: one line of JSON.

use serde::{Deserialize, Serialize};

use crate::rules::{Kind, Severity};

/// One case, as a line of `alerts.jsonl`. A line from elsewhere may leave out what has a default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// A name that is the same whenever the same findings make the case.
    pub case: String,
    /// Place by score, from 1.
    pub rank: usize,
    /// How sure, 0 to 1.
    pub score: f64,
    /// What the case is about: the gravest of its findings.
    #[serde(default)]
    pub kind: String,
    /// How grave.
    #[serde(default)]
    pub severity: String,
    /// Stable codes of what was found, the surest first.
    pub codes: Vec<String>,
    /// Alert codes of the European system for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nmvs: Vec<String>,
    /// Failure reasons of verification messages for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lvms: Vec<String>,
    /// The packs and containers concerned, as received; at most [`super::EPCS_MAX`].
    pub epcs: Vec<String>,
    /// How many they are.
    #[serde(default)]
    pub epcs_total: usize,
    /// Lots of the packs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lots: Vec<String>,
    /// Parties, places and clients concerned.
    pub parties: Vec<String>,
    /// Time of the first event that proves it.
    pub first_event: String,
    /// Time of the last one.
    pub last_event: String,
    /// When it could first be known.
    #[serde(default)]
    pub detected_at: String,
    /// What happened, in words and numbers.
    pub explanation: String,
    /// What the score is made of, the largest parts first; at most [`super::PARTS_MAX`].
    #[serde(default)]
    pub contributions: Vec<Contribution>,
    /// The way of most packs that takes the fewest changes to come from the first pack's own, stop after stop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub usual_path: Vec<String>,
    /// Latitude and longitude of the last of its events whose place is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<[f64; 2]>,
    /// The events that prove it, in the order of time; at most [`super::EVENTS_MAX`].
    #[serde(default)]
    pub events: Vec<Proof>,
    /// What was found, the surest first; at most [`super::FINDINGS_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Found>,
}

/// A finding of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Its code.
    pub code: String,
    /// The pack or container that it is about before all, as received.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub item: String,
    /// How sure the rule is by itself, 0 to 1.
    pub strength: f64,
    /// The events that prove it, by their places in the case's own, from 0.
    pub events: Vec<usize>,
}

/// A part of a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    /// A code, or a measure of the case.
    pub name: String,
    /// What it adds: of a code the logarithm of the doubt that it takes away, `-ln(1 - p)`; of a measure to the log-odds.
    pub part: f64,
}

/// An event that proves something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// Its identifier, where it has one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The document it stands in.
    pub document: String,
    /// Its place there, from 0.
    pub index: u32,
    /// When it happened.
    pub time: String,
    /// What happened.
    pub step: String,
    /// Where.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// Latitude and longitude of the place, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<[f64; 2]>,
}

/// The word of a kind as it stands in JSON.
pub(super) const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::OperatorError => "operator_error",
        Kind::Risk => "risk",
        Kind::Process => "process",
        Kind::Diversion => "diversion",
        Kind::Falsification => "falsification",
    }
}

/// The word of a severity as it stands in JSON.
pub(super) const fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Notice => "notice",
        Severity::Warning => "warning",
        Severity::Alert => "alert",
    }
}
