//! `veridose verify`, `dispense` and `recall`: the counter and the recall desk, through a running node.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};
use veridose_contract::ConsentId;
use veridose_gs1::{Gtin, Lot};

use super::client::{Answered, Connection, text_of};
use super::{Outcome, print};

/// A pack to be judged.
#[derive(Debug, Args)]
#[command(
    after_help = "The exit code is 0 for an authentic pack that is neither expired, recalled, set apart, out of the trade nor held by\nanother than the ledger says.\n\n\
                  Examples:\n  veridose verify '(01)09506000134352(17)271231(10)ABC123(21)XYZ' --token-file pharmacy.token\n  \
                  veridose verify --proof receipt.json https://id.gs1.org/01/09506000134352/21/XYZ"
)]
pub struct Verify {
    /// What the scanner read, in any form
    scan: String,
    /// Write the receipt of what last concerned the pack to this file, for `veridose proof verify`
    #[arg(long, value_name = "FILE")]
    proof: Option<PathBuf>,
    /// The node
    #[command(flatten)]
    connection: Connection,
}

/// Packs that are supplied.
#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
#[command(
    after_help = "Examples:\n  veridose dispense --consent 6f0c… --version 1 --prescription-file prescription.txt \\\n    \
                        https://id.gs1.org/01/09506000134352/21/XYZ\n  \
                        veridose dispense --without-patient '(01)09506000134352(21)XYZ'"
)]
pub struct Dispense {
    /// The packs, in any form
    #[arg(required = true)]
    items: Vec<String>,
    /// The patient's consent
    #[arg(long, value_parser = ConsentId::parse, required_unless_present = "without_patient",
          conflicts_with = "without_patient", requires = "consent_version")]
    consent: Option<ConsentId>,
    /// The version of the consent
    #[arg(long = "version", visible_alias = "consent-version", requires = "consent")]
    consent_version: Option<u32>,
    /// The prescription, in any words; other users of this machine can read it here
    #[arg(long, requires = "consent", conflicts_with = "prescription_file", value_name = "TEXT")]
    prescription: Option<String>,
    /// A file that holds the prescription
    #[arg(long, requires = "consent", value_name = "FILE")]
    prescription_file: Option<PathBuf>,
    /// Take the packs out of the trade as supplied, with no patient's record
    #[arg(long)]
    without_patient: bool,
    /// The caller's own name for this request: sent again under it, nothing happens twice
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// The node
    #[command(flatten)]
    connection: Connection,
}

/// A lot or product that is recalled.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  veridose recall --gtin 09506000134352 --lot ABC123 --class 1 --reason 'particles in the solution'\n  \
                  veridose recall --gtin 09506000134352 --class 2 --reason 'leaflet of another product'"
)]
pub struct Recall {
    /// The product
    #[arg(long, visible_alias = "product", value_parser = Gtin::parse)]
    gtin: Gtin,
    /// The lot; every lot of the product where nothing is said
    #[arg(long, value_parser = Lot::parse)]
    lot: Option<Lot>,
    /// Depth, 1 (most severe) to 3
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=3))]
    class: u8,
    /// Why; every member reads it
    #[arg(long)]
    reason: String,
    /// What holders shall do
    #[arg(long)]
    instructions: Option<String>,
    /// The caller's own name for this request: sent again under it, nothing happens twice
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// The node
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn verify(wanted: &Verify, json: bool) -> Result<Outcome> {
    let body = json!({ "scan": wanted.scan, "proof": wanted.proof.is_some() });
    let mut verdict = match wanted.connection.client()?.send(Method::POST, "/verifications", Some(&body))? {
        Answered::Done(verdict) => verdict,
        refused @ Answered::Refused(_) => return refused.tell(json, |_| Vec::new()),
    };
    let receipt = verdict.as_object_mut().and_then(|fields| fields.remove("proof"));
    if let Some(file) = &wanted.proof {
        let receipt = receipt.filter(|receipt| !receipt.is_null());
        let receipt = receipt.context("the node has no receipt for this: the pack is not on the ledger")?;
        std::fs::write(file, format!("{receipt}\n")).with_context(|| format!("failed to write {}", file.display()))?;
    }
    let outcome = if is_sound(&verdict) { Outcome::Done } else { Outcome::Refused };
    if json {
        print(&verdict.to_string())?;
    } else {
        for line in lines(&verdict) {
            print(&line)?;
        }
    }
    Ok(outcome)
}

/// Whether nothing speaks against the pack. Unlike `dispensable` this also holds for a wholesaler, who dispenses nothing.
fn is_sound(verdict: &Value) -> bool {
    verdict["outcome"] == "authentic"
        && verdict["status"] == "active"
        && verdict["code"] != "held_elsewhere"
        && verdict["expired"] != true
        && verdict["quarantined"] != true
        && verdict["recall_class"].is_null()
}

fn lines(verdict: &Value) -> Vec<String> {
    let code = verdict["nmvs_code"].as_str().map(|code| format!(" [{code}]")).unwrap_or_default();
    let severity = match verdict["severity"].as_str() {
        Some(severity @ ("warning" | "alert")) => format!("{severity}: "),
        Some(_) | None => String::new(),
    };
    let mut lines = vec![format!("{severity}{}{code}: {}", text_of(verdict, "code"), text_of(verdict, "message"))];
    lines.push(format!("  {}", text_of(verdict, "next_step")));
    for warning in verdict["warnings"].as_array().into_iter().flatten() {
        lines.push(format!("  {}: {}", text_of(warning, "code"), text_of(warning, "text")));
    }
    if let Some(suggestion) = verdict["suggestion"].as_str() {
        lines.push(format!("  perhaps meant: {suggestion}"));
    }
    lines
}

pub(super) fn dispense(wanted: &Dispense, json: bool) -> Result<Outcome> {
    let prescription = match (&wanted.prescription, &wanted.prescription_file) {
        (Some(text), _) => Some(text.clone()),
        (None, Some(file)) => {
            Some(std::fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))?)
        }
        (None, None) => None,
    };
    let (path, body) = match (&wanted.consent, wanted.consent_version, prescription) {
        (Some(id), Some(version), Some(prescription)) => {
            let consent = json!({ "id": id, "version": version });
            ("/dispenses", json!({ "items": wanted.items, "consent": consent, "prescription": prescription }))
        }
        (Some(_), _, _) => bail!("give the prescription with --prescription-file or --prescription"),
        (None, _, _) => ("/decommissions", json!({ "items": wanted.items, "reason": "supplied" })),
    };
    let client = wanted.connection.client()?;
    client.write(path, &body, wanted.idempotency_key.as_deref())?.tell(json, |done| {
        let mut lines = vec![done_line("dispensed", done)];
        let salt = done["prescription_salt"].as_str();
        lines.extend(salt.map(|salt| format!("  keep with the prescription: salt {salt}")));
        lines
    })
}

pub(super) fn recall(wanted: &Recall, json: bool) -> Result<Outcome> {
    let body = recall_body(wanted);
    let client = wanted.connection.client()?;
    let answered = client.write("/recalls", &body, wanted.idempotency_key.as_deref())?;
    answered.tell(json, |done| vec![done_line("recalled", done)])
}

fn recall_body(wanted: &Recall) -> Value {
    let mut body = match &wanted.lot {
        Some(lot) => json!({ "lot": { "gtin": wanted.gtin, "lot": lot } }),
        None => json!({ "product": wanted.gtin }),
    };
    body["class"] = json!(wanted.class);
    body["reason"] = json!(wanted.reason);
    if let Some(instructions) = &wanted.instructions {
        body["instructions"] = json!(instructions);
    }
    body
}

/// What was done, and where it stands.
fn done_line(what: &str, done: &Value) -> String {
    let again = if done["repeated"] == true { ", as before" } else { "" };
    format!("{what}{again}: transaction {}, entry {} of the log", text_of(done, "tx"), done["index"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Parser, error::ErrorKind};

    #[derive(Debug, Parser)]
    enum Desk {
        Dispense(Dispense),
        Recall(Recall),
    }

    fn parse(arguments: &str) -> Result<Desk, clap::Error> {
        Desk::try_parse_from(std::iter::once("veridose").chain(arguments.split(' ')))
    }

    #[test]
    fn a_dispense_says_whose_it_is() {
        let consent = "0".repeat(32);
        parse("dispense --without-patient x").expect("complete");
        parse(&format!("dispense x --consent {consent} --version 1 --prescription p")).expect("complete");
        for incomplete in [
            "dispense x".to_owned(),
            format!("dispense x --consent {consent}"),
            format!("dispense x --consent {consent} --prescription p"),
            "dispense x --without-patient --prescription p".to_owned(),
        ] {
            let error = parse(&incomplete).expect_err(&incomplete);
            assert!(
                matches!(error.kind(), ErrorKind::MissingRequiredArgument | ErrorKind::ArgumentConflict),
                "{incomplete}: {error}"
            );
        }
    }

    #[test]
    fn recall_of_a_lot_and_of_a_product() {
        let body = |arguments: &str| match parse(arguments).expect("complete") {
            Desk::Recall(recall) => recall_body(&recall).to_string(),
            Desk::Dispense(_) => panic!("this is a recall"),
        };
        assert_eq!(
            body("recall --gtin 09506000134352 --lot A1 --class 1 --reason glass"),
            r#"{"lot":{"gtin":"09506000134352","lot":"A1"},"class":1,"reason":"glass"}"#
        );
        assert_eq!(
            body("recall --gtin 09506000134352 --class 2 --reason leaflet --instructions return"),
            r#"{"product":"09506000134352","class":2,"reason":"leaflet","instructions":"return"}"#
        );
        assert!(parse("recall --gtin 09506000134352 --class 4 --reason x").is_err());
        assert!(parse("recall --gtin 09506000134351 --class 1 --reason x").is_err());
    }

    #[test]
    fn only_an_authentic_active_pack_is_sound() {
        let good = json!({ "outcome": "authentic", "status": "active", "expired": false, "quarantined": false });
        assert!(is_sound(&good));
        for (field, value) in [
            ("outcome", json!("mismatch")),
            ("status", json!("dispensed")),
            ("code", json!("held_elsewhere")),
            ("expired", json!(true)),
            ("quarantined", json!(true)),
            ("recall_class", json!(2)),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            assert!(!is_sound(&bad), "{field}");
        }
    }
}
