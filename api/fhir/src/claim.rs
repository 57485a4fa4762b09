//! Claims for dispenses: read from FHIR Claim, judged by what is known of the dispense, answered as `ClaimResponse`.
//!
//! A claim is for one dispense: its items are the products, each with the number of packs. Amounts are decimal numbers. One of JSON is taken
//! as the shortest decimal that names it, which is the number that was written as long as that has 15 digits at most.

mod judge;
mod read;
mod response;
#[cfg(test)]
mod tests;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::consent::Whose;
use crate::moment::Moment;

pub use judge::{DispenseFacts, Facts, Finding, Reason, judge};
pub use read::{money, read};
pub use response::{Decision, Payment, response};

/// Items of a claim.
pub const ITEMS_MAX: usize = 50;

/// What a claim says that is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Whose it is.
    pub whose: Whose,
    /// The member that is to pay.
    pub payer: String,
    /// The member that asks to be paid, where it is named as one.
    pub provider: Option<String>,
    /// When the claim was made.
    pub created: Moment,
    /// The id of the MedicationRequest.
    pub prescription: Option<String>,
    /// The dispense that it is for.
    pub dispense: Named,
    /// Products in order.
    pub items: Vec<Item>,
    /// All of it.
    pub total: Option<Money>,
}

/// How a claim names its dispense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// By the id of the MedicationDispense, in `supportingInfo.valueReference`.
    Record(String),
    /// By the transaction, in the extension `urn:veridose:dispense`.
    Transaction(String),
}

/// A product that is claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its GTIN.
    pub gtin: String,
    /// Its National Drug Code, where one is given.
    pub ndc: Option<String>,
    /// When it was supplied.
    pub serviced: Option<Moment>,
    /// How many packs.
    pub packs: u32,
    /// Price of a pack.
    pub unit_price: Option<Money>,
    /// Price of all.
    pub net: Money,
}

/// An amount in a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// How much; not below zero, with four decimals at most.
    pub value: Decimal,
    /// ISO 4217.
    pub currency: String,
}

impl Money {
    /// As FHIR writes it.
    pub fn json(&self) -> Value {
        let number: serde_json::Number =
            serde_json::from_str(&self.value.to_string()).expect("a decimal is a number of JSON");
        json!({"value": number, "currency": self.currency})
    }
}

/// What whoever pays needs of a claim: products, packs, dates and amounts, and under which policy. Nothing of the record, no diagnosis,
/// no name of the patient at the custodian.
pub fn minimum(claim: &Value, patient: &str) -> Value {
    const KEPT: [&str; 9] =
        ["resourceType", "status", "type", "use", "created", "insurer", "provider", "priority", "total"];
    const OF_ITEMS: [&str; 8] =
        ["sequence", "productOrService", "servicedDate", "servicedPeriod", "quantity", "unitPrice", "factor", "net"];
    const OF_INSURANCE: [&str; 4] = ["sequence", "focal", "coverage", "preAuthRef"];
    let picked = |value: &Value, names: &[&str]| -> Value {
        let named = names.iter().filter_map(|name| Some(((*name).to_owned(), value.get(*name)?.clone())));
        Value::Object(named.collect())
    };
    let each = |name: &str, names: &[&str]| -> Vec<Value> {
        claim[name].as_array().into_iter().flatten().map(|value| picked(value, names)).collect()
    };
    let mut least = picked(claim, &KEPT);
    least["patient"] = json!({"reference": format!("Patient/{patient}")});
    least["insurance"] = json!(each("insurance", &OF_INSURANCE));
    least["item"] = json!(each("item", &OF_ITEMS));
    least
}
