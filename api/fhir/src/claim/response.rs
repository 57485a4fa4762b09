//! What became of a claim, as `ClaimResponse`.

use serde_json::{Value, json};
use veridose_contract::{ClaimVerdict, PartyId};

use super::{Money, Reason};
use crate::consent::systems::{ADJUDICATION, CLAIM_REASON, PARTY, PAYMENT_TYPE};

/// What a payer decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What.
    pub verdict: ClaimVerdict,
    /// Why not all of it is paid.
    pub reason: Option<Reason>,
    /// How much is paid.
    pub benefit: Money,
    /// Words, for people.
    pub note: Option<String>,
}

/// A payment that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// How much.
    pub amount: Money,
    /// What the payer calls it.
    pub reference: String,
    /// When, `YYYY-MM-DD`.
    pub date: String,
}

/// The `ClaimResponse` to a claim of this id, as it stands; `created` is when it was decided on, or looked at.
pub fn response(
    (id, claim): (&str, &Value),
    payer: &PartyId,
    patient: &str,
    created: &str,
    decision: Option<&Decision>,
) -> Value {
    let mut told = json!({
        "resourceType": "ClaimResponse", "status": "active", "type": claim["type"], "use": "claim",
        "patient": {"reference": format!("Patient/{patient}")}, "created": created,
        "insurer": {"identifier": {"system": PARTY, "value": payer.as_str()}},
        "request": {"reference": format!("Claim/{id}")}, "outcome": "queued",
    });
    if claim["provider"].is_object() {
        told["requestor"] = claim["provider"].clone();
    }
    let Some(decision) = decision else { return told };
    let amount = |category: &str, amount: Value| json!({"category": {"coding": [{"system": ADJUDICATION, "code": category}]}, "amount": amount});
    let benefit = amount("benefit", decision.benefit.json());
    let mut adjudicated = benefit.clone();
    if let Some(reason) = decision.reason {
        adjudicated["reason"] = json!({"coding": [{"system": CLAIM_REASON, "code": reason.as_str()}]});
    }
    told["outcome"] = json!("complete");
    told["disposition"] = json!(match decision.verdict {
        ClaimVerdict::Accepted => "accepted",
        ClaimVerdict::Partly => "partly",
        ClaimVerdict::Refused => "refused",
    });
    told["adjudication"] = json!([adjudicated]);
    told["total"] = json!([benefit]);
    if let Some(total) = claim.get("total") {
        told["total"] = json!([amount("submitted", total.clone()), benefit]);
    }
    if let Some(note) = &decision.note {
        told["processNote"] = json!([{"number": 1, "type": "display", "text": note}]);
    }
    told
}

impl Payment {
    /// Tells of the payment in the `ClaimResponse`.
    pub fn stand_in(&self, response: &mut Value) {
        response["payment"] = json!({
            "type": {"coding": [{"system": PAYMENT_TYPE, "code": "complete"}]}, "date": self.date,
            "amount": self.amount.json(), "identifier": {"system": "urn:veridose:payment", "value": self.reference},
        });
    }
}
