//! `veridose trial …`: documents of clinical studies, anchored, signed and checked by their files. A file never leaves the machine.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use veridose_contract::{Action, StudyStep, Timestamp, blind};
use veridose_ledger::LogVerifier;
use veridose_ledger::proof::{self, Receipt};

use super::client::{Answered, Client, Connection, text_of};
use super::{Outcome, local, print};
use crate::routes::encoded;

/// What is done about a study's documents.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Anchor a version of a document: who has the file can show later when it was there
    #[command(after_help = "Only the file's SHA-256 is sent.\n\n\
                      Example:\n  veridose trial anchor protocol-2.pdf --study NCT05000000 --document protocol --kind protocol \\\n    \
                      --version 2 --title 'Protocol, amendment 1' --token-file sponsor.token")]
    Anchor(Anchor),
    /// Sign the current version of a document (21 CFR Part 11: name, time, meaning)
    #[command(
        after_help = "Example:\n  veridose trial sign protocol-2.pdf --study NCT05000000 --meaning approval --name 'Dr Ada Weiss' \\\n    \
                      --token-file site.token"
    )]
    Sign(Sign),
    /// Say who anchored a file, when, who signed it, and whether a later version exists
    #[command(
        after_help = "The receipt of the anchoring is checked here, with the log's public key. Exit code 1 if the file is anchored\n\
                      nowhere, was amended since, or a proof does not hold.\n\n\
                      Example:\n  veridose trial verify protocol-1.pdf --log-key log.vkey --token-file auditor.token"
    )]
    Verify(Verify),
}

/// A version of a document.
#[derive(Debug, Args)]
pub struct Anchor {
    /// The file
    file: PathBuf,
    /// Name or number of the study
    #[arg(long)]
    study: String,
    /// What the document is called in the study, the same for all its versions
    #[arg(long)]
    document: String,
    /// `protocol`, `consent_form`, `case_report_form` or `other`
    #[arg(long)]
    kind: String,
    /// 1, then one more for each amendment
    #[arg(long, value_name = "N")]
    version: u32,
    /// The document's title
    #[arg(long)]
    title: String,
    /// What changed, for people
    #[arg(long, default_value = "")]
    note: String,
    /// The node
    #[command(flatten)]
    connection: Connection,
}

/// A signature.
#[derive(Debug, Args)]
pub struct Sign {
    /// The file
    file: PathBuf,
    /// Name or number of the study
    #[arg(long)]
    study: String,
    /// `authorship`, `review`, `approval` or `responsibility`
    #[arg(long)]
    meaning: String,
    /// The signer's name, as printed
    #[arg(long)]
    name: String,
    /// Words beside it, for people
    #[arg(long, default_value = "")]
    note: String,
    /// The node
    #[command(flatten)]
    connection: Connection,
}

/// A file to be checked.
#[derive(Debug, Args)]
pub struct Verify {
    /// The file
    file: PathBuf,
    /// The log's public key, or a file that holds it; the node's own word where nothing is given
    #[arg(long)]
    log_key: Option<String>,
    /// The node
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(command: &Command, json: bool) -> Result<Outcome> {
    match command {
        Command::Anchor(wanted) => anchor(wanted, json),
        Command::Sign(wanted) => sign(wanted, json),
        Command::Verify(wanted) => verify(wanted, json),
    }
}

fn anchor(wanted: &Anchor, json: bool) -> Result<Outcome> {
    let body = json!({
        "document": wanted.document, "kind": wanted.kind, "version": wanted.version,
        "sha256": sha256(&wanted.file)?, "title": wanted.title, "note": wanted.note,
    });
    let path = format!("/studies/{}/documents", encoded(&wanted.study));
    wanted.connection.client()?.send(Method::POST, &path, Some(&body))?.tell(json, |done| {
        vec![format!(
            "version {} of {} is anchored: transaction {}",
            wanted.version,
            wanted.document,
            text_of(done, "tx")
        )]
    })
}

fn sign(wanted: &Sign, json: bool) -> Result<Outcome> {
    let body = json!({
        "sha256": sha256(&wanted.file)?, "meaning": wanted.meaning, "name": wanted.name, "note": wanted.note,
    });
    let path = format!("/studies/{}/signatures", encoded(&wanted.study));
    let client = wanted.connection.client()?;
    client.send(Method::POST, &path, Some(&body))?.tell(json, |done| {
        vec![format!("signed by {} for {}: transaction {}", wanted.name, wanted.meaning, text_of(done, "tx"))]
    })
}

fn verify(wanted: &Verify, json: bool) -> Result<Outcome> {
    let (client, hash) = (wanted.connection.client()?, sha256(&wanted.file)?);
    let found = match client.send(Method::GET, &format!("/documents/{hash}"), None)? {
        Answered::Done(found) => found,
        refused @ Answered::Refused(_) => return refused.tell(json, |_| Vec::new()),
    };
    let key = match &wanted.log_key {
        Some(given) => super::proof::log_key(given)?,
        None => own_key(&client)?,
    };
    let mut told = Vec::new();
    for version in found["versions"].as_array().into_iter().flatten() {
        let proof = prove(&client, &key, &hash, &found, version)?;
        let is_current = version["version"] == version["current_version"];
        told.push((version, proof, is_current));
    }
    let holds = told.iter().all(|(_, proof, is_current)| *is_current && !matches!(proof, Proof::Fails(_)));
    if json {
        let versions = told.iter().map(|(version, proof, is_current)| {
            json!({ "version": version, "is_current": is_current, "proof": proof.word(), "problem": proof.problem() })
        });
        print(&json!({ "sha256": hash, "versions": versions.collect::<Vec<_>>() }).to_string())?;
    } else {
        for (version, proof, is_current) in &told {
            tell(version, proof, *is_current)?;
        }
    }
    Ok(if holds { Outcome::Done } else { Outcome::Refused })
}

fn tell(version: &Value, proof: &Proof, is_current: bool) -> Result<()> {
    let of = |field: &str| version[field].to_string();
    let [study, kind] = ["study", "kind"].map(|field| text_of(version, field));
    print(&format!("version {} of a {} of study {study}", of("version"), kind.replace('_', " ")))?;
    let anchored = &version["anchored"];
    print(&format!("  anchored by {} at {}", text_of(anchored, "by"), moment(&anchored["recorded"])))?;
    print(&format!("  transaction {}: {}", text_of(anchored, "tx"), proof.words()))?;
    for signature in version["signatures"].as_array().into_iter().flatten() {
        let name = signature["name"].as_str().unwrap_or("a name that is not told to you");
        let (by, meaning) = (text_of(signature, "by"), text_of(signature, "meaning"));
        print(&format!("  signed by {name} ({by}) at {}: {meaning}", moment(&signature["recorded"])))?;
    }
    if is_current {
        print("  it is the current version")?;
    } else {
        print(&format!("  IT WAS AMENDED: the current version is {}", of("current_version")))?;
    }
    Ok(())
}

/// What came of checking an anchoring's receipt.
enum Proof {
    Holds,
    /// The caller was not party to the transaction, so the node gives no receipt.
    NotGiven,
    Fails(String),
}

impl Proof {
    const fn word(&self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::NotGiven => "not_given",
            Self::Fails(_) => "fails",
        }
    }

    fn problem(&self) -> Option<&str> {
        if let Self::Fails(problem) = self { Some(problem) } else { None }
    }

    fn words(&self) -> String {
        match self {
            Self::Holds => "proven by its receipt".to_owned(),
            Self::NotGiven => "the node's word; its receipt is for the study's members".to_owned(),
            Self::Fails(problem) => format!("NOT PROVEN: {problem}"),
        }
    }
}

/// Checks with the log's key that the file was anchored as the node says.
fn prove(client: &Client, log: &LogVerifier, hash: &str, found: &Value, version: &Value) -> Result<Proof> {
    let t = hex::decode(text_of(found, "t")).ok().and_then(|t| <[u8; 32]>::try_from(t).ok());
    let t = t.context("the answer's blinding value is not 32 bytes")?;
    let content = blind::key(hash, &t);
    let receipt = match client.send(Method::GET, &format!("/receipts/{}", text_of(&version["anchored"], "tx")), None)? {
        Answered::Done(receipt) => receipt,
        Answered::Refused(problem) if problem["status"] == 404 => return Ok(Proof::NotGiven),
        Answered::Refused(problem) => return Ok(Proof::Fails(problem["detail"].to_string())),
    };
    let verified = Receipt::parse(&receipt.to_string()).and_then(|receipt| proof::verify(&receipt, None, log, None));
    let verified = match verified {
        Ok(verified) => verified,
        Err(problem) => return Ok(Proof::Fails(problem.to_string())),
    };
    let says_so = verified.commands.iter().any(|command| {
        matches!(&command.action, Action::MoveStudy { study, step: StudyStep::Anchor(document) }
            if document.content.0 == content
                && version["study"] == study.to_string()
                && version["version"] == document.version)
    });
    let is_in_time = version["anchored"]["recorded"] == verified.header.time.0;
    Ok(if says_so && is_in_time {
        Proof::Holds
    } else {
        Proof::Fails("the receipt is of another file, study, version or time".to_owned())
    })
}

fn own_key(client: &Client) -> Result<LogVerifier> {
    let answer = client.bytes("/log/key")?;
    let bytes = answer.map_err(|problem| anyhow::anyhow!("the node does not tell its log's key: {problem}"))?;
    Ok(LogVerifier::parse(String::from_utf8(bytes)?.trim())?)
}

/// What a document is called: the SHA-256 of its file, in hexadecimal.
fn sha256(path: &Path) -> Result<String> {
    let metadata = std::fs::metadata(path).with_context(|| format!("failed to read {}", path.display()))?;
    ensure!(metadata.is_file(), "{} is not a file", path.display());
    Ok(hex::encode(local::sha256(path)?))
}

fn moment(at: &Value) -> String {
    at.as_i64().map_or_else(|| "?".to_owned(), |at| local::moment(Timestamp(at)))
}
