//! `veridose consent verify`: who signed a consent, checked offline.

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use serde_json::json;
use veridose_contract::SignedBy;

use super::{Outcome, local, print, proof};
use crate::passkey::proof::{ConsentProof, ProvenVersion, check};

/// What is done with a consent.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say who signed the versions of a consent
    #[command(
        after_help = "FILE holds what GET /consents/{id}/proof gave; no server is needed. The exit code is 1 if a version is not \
                            proven.\n\nExample:\n  veridose consent verify consent.json --log-key log.vkey"
    )]
    Verify(Verify),
}

/// A consent and what it is checked against.
#[derive(Debug, Args)]
pub struct Verify {
    /// The consent's proof; `-` reads standard input
    file: PathBuf,
    /// The log's public key, or a file that holds it (`veridose ledger key`, or GET /log/key)
    #[arg(long)]
    log_key: String,
    /// The passkey that must have signed every version, by the fingerprint that GET /patients/me/passkeys gives
    #[arg(long, value_name = "SHA-256")]
    passkey: Option<String>,
}

pub(super) fn run(command: &Command, json: bool) -> Result<Outcome> {
    let Command::Verify(wanted) = command;
    let log = proof::log_key(&wanted.log_key)?;
    let text = local::document(&wanted.file)?;
    let proof: ConsentProof =
        serde_json::from_slice(text.as_ref()).context("failed to understand the consent's proof")?;
    anyhow::ensure!(!proof.versions.is_empty(), "the proof holds no version of the consent");
    let mut proven = Vec::new();
    for (number, version) in proof.versions.iter().enumerate() {
        match check(proof.consent, version, &log, wanted.passkey.as_deref()) {
            Ok(version) => proven.push(version),
            Err(problem) => {
                let problem = format!("entry {number} of the proof: {problem}");
                if json {
                    print(&json!({ "proven": false, "problem": problem }).to_string())?;
                } else {
                    writeln!(io::stderr(), "veridose: the consent is not proven: {problem}")?;
                }
                return Ok(Outcome::Refused);
            }
        }
    }
    if json {
        return print(&json!({ "proven": true, "consent": proof.consent, "versions": proven }).to_string());
    }
    print(&format!("proven: consent {}", proof.consent))?;
    for version in &proven {
        print(&line(version))?;
    }
    Ok(Outcome::Done)
}

fn line(proven: &ProvenVersion) -> String {
    let ProvenVersion { version, act, index, custodian, .. } = proven;
    let who = match (proven.signed_by, &proven.key, &proven.origin) {
        (SignedBy::Patient, Some(key), Some(origin)) => {
            format!("signed by the patient's passkey {key} on {origin}")
        }
        (SignedBy::Patient | SignedBy::Custodian, _, _) => "witnessed by the custodian".to_owned(),
    };
    format!("  version {version} ({act}, entry {index} of the log, kept by {custodian}): {who}")
}
