//! What a Claim says, element by element.

use std::str::FromStr as _;

use rust_decimal::Decimal;
use serde_json::Value;

use super::{Claimed, ITEMS_MAX, Item, Money, Named};
use crate::consent::systems::{GTIN, NDC, PARTY, PATIENT};
use crate::consent::{Whose, whose};
use crate::issue::{Issue, IssueCode};
use crate::moment::Moment;

/// The extension that names the transaction of a dispense.
const DISPENSE: &str = "urn:veridose:dispense";
/// Most packs of one product in a claim.
const PACKS_MAX: u32 = 1_000;
/// Decimals of an amount.
const SCALE_MAX: u32 = 4;

/// Reads a Claim that is as defined. What this service cannot hold to is refused where it stands.
pub fn read(claim: &Value) -> Result<Claimed, Vec<Issue>> {
    let mut reading = Reading { issues: Vec::new() };
    let claimed = reading.claim(claim);
    match claimed {
        Some(claimed) if reading.issues.is_empty() => Ok(claimed),
        _ => Err(reading.issues),
    }
}

/// An amount; what is wrong with it, if it is none.
pub fn money(money: &Value) -> Result<Money, &'static str> {
    let value = match &money["value"] {
        Value::Number(number) => decimal(&number.to_string()),
        Value::String(text) => decimal(text),
        _ => None,
    };
    let value = value.ok_or("give a value that is not below zero, with 15 digits at most, four of them decimals")?;
    let currency =
        money["currency"].as_str().filter(|code| code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()));
    let currency = currency.ok_or("give the currency by its three letters (ISO 4217)")?.to_owned();
    Ok(Money { value, currency })
}

fn decimal(text: &str) -> Option<Decimal> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let value = Decimal::from_str(text).ok()?.normalize();
    (digits <= 15 && value.scale() <= SCALE_MAX && !value.is_sign_negative()).then_some(value)
}

struct Reading {
    issues: Vec<Issue>,
}

impl Reading {
    fn say<T>(&mut self, code: IssueCode, at: &str, text: &str) -> Option<T> {
        self.issues.push(Issue::at(code, at, text));
        None
    }

    fn claim(&mut self, claim: &Value) -> Option<Claimed> {
        for (name, wanted) in [("status", "active"), ("use", "claim")] {
            if claim[name] != wanted {
                self.say::<()>(
                    IssueCode::NotSupported,
                    &format!("Claim.{name}"),
                    &format!("only {wanted} is taken in"),
                );
            }
        }
        let words =
            format!("name the patient by reference, Patient/ and the id here, or by identifier with system {PATIENT}");
        let whose = whose(&claim["patient"]).or_else(|| self.say(IssueCode::BusinessRule, "Claim.patient", &words));
        let words = format!("name the member that is to pay by identifier with system {PARTY}");
        let payer = party(&claim["insurer"]).or_else(|| self.say(IssueCode::BusinessRule, "Claim.insurer", &words));
        let created = claim["created"].as_str().and_then(Moment::parse);
        let dispense = self.dispense(claim);
        let items = self.items(claim);
        let total = claim.get("total").and_then(|total| self.amount(total, "Claim.total"));
        Some(Claimed {
            whose: whose.unwrap_or(Whose::Unsaid),
            payer: payer?,
            provider: party(&claim["provider"]),
            created: created?,
            prescription: referred(&claim["prescription"], "MedicationRequest/"),
            dispense: dispense?,
            items: items?,
            total,
        })
    }

    /// The one dispense.
    fn dispense(&mut self, claim: &Value) -> Option<Named> {
        let extensions = claim["extension"].as_array().into_iter().flatten();
        let by_transaction = extensions.filter(|extension| extension["url"] == DISPENSE);
        let by_transaction = by_transaction.filter_map(|e| e["valueString"].as_str().map(str::to_owned));
        let infos = claim["supportingInfo"].as_array().into_iter().flatten();
        let by_record = infos.filter_map(|info| referred(&info["valueReference"], "MedicationDispense/"));
        let mut named: Vec<Named> =
            by_transaction.map(Named::Transaction).chain(by_record.map(Named::Record)).collect();
        if named.len() == 1 {
            return named.pop();
        }
        let text = format!(
            "a claim is for one dispense: name it once, by supportingInfo.valueReference MedicationDispense/ and its id, or by the \
             extension {DISPENSE} with the transaction as valueString"
        );
        self.say(IssueCode::BusinessRule, "Claim.supportingInfo", &text)
    }

    fn items(&mut self, claim: &Value) -> Option<Vec<Item>> {
        let items = claim["item"].as_array().map_or(&[][..], Vec::as_slice);
        if items.is_empty() || items.len() > ITEMS_MAX {
            let text = format!("a claim has 1 to {ITEMS_MAX} items, each a product");
            return self.say(IssueCode::BusinessRule, "Claim.item", &text);
        }
        // Every item is read, so that all that is wrong is told.
        let read: Vec<Option<Item>> =
            items.iter().enumerate().map(|(at, item)| self.item(item, &format!("Claim.item[{at}]"))).collect();
        read.into_iter().collect()
    }

    fn item(&mut self, item: &Value, at: &str) -> Option<Item> {
        for name in ["detail", "factor", "modifier"] {
            if item.get(name).is_some() {
                self.say::<()>(
                    IssueCode::NotSupported,
                    &format!("{at}.{name}"),
                    "products are claimed as items, at their price",
                );
            }
        }
        let codings = item["productOrService"]["coding"].as_array().map_or(&[][..], Vec::as_slice);
        let coded = |system: &str| {
            let coding = codings.iter().find(|coding| coding["system"] == system);
            coding.and_then(|coding| coding["code"].as_str()).map(str::to_owned)
        };
        let words = format!("name the product by a coding with system {GTIN}");
        let gtin = coded(GTIN).or_else(|| self.say(IssueCode::BusinessRule, &format!("{at}.productOrService"), &words));
        let packs = whole(&item["quantity"]).or_else(|| {
            let text = format!("say how many packs: a whole number from 1 to {PACKS_MAX}");
            self.say(IssueCode::BusinessRule, &format!("{at}.quantity"), &text)
        });
        let unit_price = item.get("unitPrice").and_then(|price| self.amount(price, &format!("{at}.unitPrice")));
        let net = match item.get("net") {
            Some(net) => self.amount(net, &format!("{at}.net")),
            None => self.say(IssueCode::Required, &format!("{at}.net"), "say what is to be paid"),
        };
        let period = |name: &str| item["servicedPeriod"][name].as_str().and_then(Moment::parse);
        let serviced = item["servicedDate"]
            .as_str()
            .and_then(Moment::parse)
            .or_else(|| Some(Moment { start: period("start")?.start, end: period("end")?.end }));
        Some(Item { gtin: gtin?, ndc: coded(NDC), serviced, packs: packs?, unit_price, net: net? })
    }

    fn amount(&mut self, value: &Value, at: &str) -> Option<Money> {
        money(value).map_err(|text| self.say::<()>(IssueCode::Value, at, text)).ok()
    }
}

fn whole(quantity: &Value) -> Option<u32> {
    let exact = quantity.get("comparator").is_none();
    let value = quantity["value"].as_number().and_then(|number| decimal(&number.to_string())).filter(|_| exact)?;
    // Without decimals it reads as a whole number.
    value.to_string().parse().ok().filter(|packs| (1..=PACKS_MAX).contains(packs))
}

fn party(reference: &Value) -> Option<String> {
    let identifier = &reference["identifier"];
    identifier["value"].as_str().filter(|_| identifier["system"] == PARTY).map(str::to_owned)
}

fn referred(reference: &Value, kind: &str) -> Option<String> {
    reference["reference"].as_str()?.strip_prefix(kind).map(str::to_owned)
}
