//! A scan at the counter, and what the state says of it.
//!
//! An error of the scan is not a forgery: what cannot be read is *unreadable*, with a diagnosis; only what reads well and
//! stands on no ledger is *not found*. Codes A2 to A68 are those of the European national systems; no code is given where the
//! refusal is because the pack is expired, recalled or withdrawn. A7 at the place that did it first is a repeat, and so a warning;
//! elsewhere it is an alert.

mod words;

use serde::Serialize;
use utoipa::ToSchema;
use veridose_contract::blind::NetworkKey;
use veridose_contract::{
    DecommissionReason, ItemKey, PartyId, Role, Site, Standing, StateError, StateRead, Timestamp, read, resolve,
};
use veridose_gs1::scan::{self, Scan};
use veridose_gs1::{Sscc, lot_name};

/// What the scan turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// On the ledger, and what the code says agrees with it.
    Authentic,
    /// On the ledger, but the code says another lot or expiry date.
    Mismatch,
    /// No such serial number was ever commissioned.
    NotFound,
    /// The scan is not a well-formed code: a fault of reading, not of the pack.
    Unreadable,
}

/// How much it matters. An alert is the only one that suspects anybody: a slip at the counter, a bad scan or a withdrawn pack is
/// never one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing speaks against the pack.
    None,
    /// It is genuine and must not be dispensed, or not yet, and nobody did wrong: expired, recalled, set apart, not received.
    Notice,
    /// Most often a slip of the scanner, of handling or of the data: to be put right where it happened.
    Warning,
    /// Perhaps a falsification: the pack is set aside and a case is opened.
    Alert,
}

/// What of a code that was not found is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unknown {
    Product,
    Lot,
    Serial,
    Container,
}

/// Where the pack stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PackStatus {
    /// In the trade.
    Active,
    /// Supplied to a patient.
    Dispensed,
    /// Out of the trade without a patient: supplied, exported, sample, free sample, locked.
    Decommissioned,
    /// Reported stolen.
    Stolen,
    /// Destroyed, or to be.
    Destroyed,
    /// Used up in repackaging.
    Repackaged,
}

/// Who holds it, as far as the caller may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// The caller's organisation.
    You,
    /// On its way to the caller's organisation, not accepted yet.
    OnItsWayToYou,
    /// Somebody else.
    Another,
}

/// A field of the code that the ledger contradicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// AI 10.
    Lot,
    /// AI 17.
    Expiry,
}

/// Something to know that does not by itself forbid dispensing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Warning {
    /// Stable code.
    pub code: &'static str,
    /// In words.
    pub text: String,
}

/// What was read from the code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reading {
    /// Product, 14 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gtin: Option<String>,
    /// Serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Lot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lot: Option<String>,
    /// Expiry date, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry: Option<String>,
    /// Container, 18 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sscc: Option<String>,
}

/// The answer to a scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Verdict {
    /// What the scan turned out to be.
    pub outcome: Outcome,
    /// Whether the caller may dispense this pack now.
    pub dispensable: bool,
    /// How much it matters: what tells an alert from a warning.
    pub severity: Severity,
    /// Stable code of the message.
    pub code: &'static str,
    /// Code of the European national systems, where one exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nmvs_code: Option<&'static str>,
    /// One plain sentence.
    pub message: String,
    /// What to do now.
    pub next_step: String,
    /// What was read.
    pub scanned: Reading,
    /// Where the pack stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<PackStatus>,
    /// Fields of the code that differ.
    pub mismatches: Vec<Field>,
    /// Who holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<Holder>,
    /// Class of the recall it is under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recall_class: Option<u8>,
    /// Whether it is past its last day of use.
    pub expired: bool,
    /// Whether it is set apart.
    pub quarantined: bool,
    /// What else to know.
    pub warnings: Vec<Warning>,
    /// A scan that may have been meant; never applied unasked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// Key of the item on the ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub item: Option<ItemKey>,
}

/// Who asks, where and when.
#[derive(Clone, Copy)]
pub struct Counter<'a> {
    /// The state.
    pub state: &'a dyn StateRead,
    /// Blinds names.
    pub network_key: &'a NetworkKey,
    /// The caller's organisation.
    pub party: &'a PartyId,
    /// What it does in the trade.
    pub role: Role,
    /// The caller's site.
    pub site: Option<Site>,
    /// Now.
    pub now: Timestamp,
}

/// Verifies a scan in any form.
pub fn verify(counter: &Counter<'_>, text: &str) -> Result<Verdict, StateError> {
    let scan = match scan::parse(text) {
        Ok(scan) => scan,
        Err(diagnosis) => return Ok(words::unreadable(&diagnosis)),
    };
    let Some(name) = scan.sgtin().map(|pack| pack.name()).or_else(|| scan.sscc().map(Sscc::name)) else {
        return Ok(words::without_serial(reading(&scan, counter.now)));
    };
    let item = counter.network_key.item(&name);
    let scanned = reading(&scan, counter.now);
    let Some(standing) = resolve(counter.state, &item)? else {
        if let Some((code, meant)) = misread(counter, &scan)? {
            return Ok(words::misread(code, scanned, meant));
        }
        return Ok(words::not_found(scanned, unknown(counter, &scan)?));
    };
    let mismatches = mismatches(counter, &scan, &standing);
    let mut verdict = words::found(counter, item, scanned, &standing, mismatches);
    verdict.warnings.extend(scan.notes().iter().map(words::note));
    Ok(verdict)
}

/// The first part of the code, from the product to the serial number, that the ledger does not know.
fn unknown(counter: &Counter<'_>, scan: &Scan) -> Result<Unknown, StateError> {
    let Some(gtin) = scan.gtin() else { return Ok(Unknown::Container) };
    if read::product(counter.state, &counter.network_key.product(&gtin.name()))?.is_none() {
        return Ok(Unknown::Product);
    }
    let Some(lot) = scan.lot() else { return Ok(Unknown::Serial) };
    let known = read::lot(counter.state, &counter.network_key.lot(&lot_name(&gtin, &lot)))?;
    Ok(if known.is_some() { Unknown::Serial } else { Unknown::Lot })
}

/// A pack that exists and that this scan would name, had a keyboard not changed it: the mistake, and the scan as it was
/// probably meant.
fn misread(counter: &Counter<'_>, scan: &Scan) -> Result<Option<(&'static str, String)>, StateError> {
    for (code, meant) in scan.likely_misreads() {
        if let Some(pack) = meant.sgtin()
            && resolve(counter.state, &counter.network_key.item(&pack.name()))?.is_some()
        {
            return Ok(Some((code.as_str(), meant.bracketed())));
        }
    }
    Ok(None)
}

fn reading(scan: &Scan, now: Timestamp) -> Reading {
    Reading {
        gtin: scan.gtin().map(|gtin| gtin.to_string()),
        serial: scan.serial().map(|serial| serial.as_str().to_owned()),
        lot: scan.lot().map(|lot| lot.as_str().to_owned()),
        expiry: scan.expiry(year(now)).map(|expiry| expiry.to_string()),
        sscc: scan.sscc().map(|unit| unit.to_string()),
    }
}

fn year(now: Timestamp) -> i32 {
    crate::node::date_time(now).year()
}

fn mismatches(counter: &Counter<'_>, scan: &Scan, standing: &Standing) -> Vec<Field> {
    let mut fields = Vec::new();
    if let (Some(gtin), Some(lot), Some(registered)) = (scan.gtin(), scan.lot(), standing.lot)
        && counter.network_key.lot(&lot_name(&gtin, &lot)) != registered
    {
        fields.push(Field::Lot);
    }
    if let (Some(expiry), Some(registered)) = (scan.expiry(year(counter.now)), standing.expiry)
        && expiry.day() != registered.0
    {
        fields.push(Field::Expiry);
    }
    fields
}

/// The status that a decommissioning reason means at the counter.
pub(crate) const fn status_of(reason: DecommissionReason) -> PackStatus {
    match reason {
        DecommissionReason::Stolen => PackStatus::Stolen,
        DecommissionReason::Destroyed | DecommissionReason::Error => PackStatus::Destroyed,
        DecommissionReason::Supplied
        | DecommissionReason::Exported
        | DecommissionReason::Sample
        | DecommissionReason::FreeSample
        | DecommissionReason::Locked => PackStatus::Decommissioned,
    }
}
