//! `veridose proof verify`: a receipt checked offline, with the log's public key and nothing else.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use veridose_gs1::{Sscc, scan};
use veridose_ledger::proof::{Organisation, Receipt, Verified, verify, verify_attestations};
use veridose_ledger::{LogVerifier, pki};

use super::{Outcome, local, print};

/// What is done with a receipt.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say what a receipt proves
    #[command(
        after_help = "Needs no server and no ledger: a receipt, the log's public key, and the pack if the receipt is about one.\n\n\
                            Examples:\n  veridose proof verify receipt.json --log-key log.vkey\n  \
                            veridose proof verify - --log-key log.vkey --scan '(01)09506000134352(21)XYZ' < receipt.json"
    )]
    Verify(Verify),
}

/// A receipt and what it is checked against.
#[derive(Debug, Args)]
pub struct Verify {
    #[command(flatten)]
    evidence: Evidence,
    /// The pack or container that the receipt shall be about, in any form
    #[arg(long)]
    scan: Option<String>,
    /// The certificate (PEM) of who signed the transaction, to check its signature too
    #[arg(long)]
    certificate: Option<PathBuf>,
    /// An organisation of a Fabric channel and the certificate (PEM) of its authority, to check what its peer signed; once
    /// for each organisation in the receipt
    #[arg(long = "organisation", value_name = "MSP=FILE")]
    organisations: Vec<String>,
}

/// What shall prove something, and the log that it is from.
#[derive(Debug, Args)]
pub(super) struct Evidence {
    /// What the service gave; `-` reads standard input
    file: PathBuf,
    /// The log's public key, or a file that holds it (`veridose ledger key`, or GET /log/key)
    #[arg(long)]
    log_key: String,
}

impl Evidence {
    /// The log's key, and the bytes of the file.
    pub(super) fn read(&self) -> Result<(LogVerifier, String)> {
        Ok((log_key(&self.log_key)?, local::document(&self.file)?))
    }
}

pub(super) fn run(command: &Command, json: bool) -> Result<Outcome> {
    let Command::Verify(wanted) = command;
    let name = wanted.scan.as_deref().map(name_of).transpose()?;
    let certificate = wanted.certificate.as_deref().map(certificate).transpose()?;
    let organisations = wanted.organisations.iter().map(|given| organisation(given)).collect::<Result<Vec<_>>>()?;
    let (log, receipt) = wanted.evidence.read()?;
    let verified = Receipt::parse(&receipt).and_then(|receipt| {
        let verified = verify(&receipt, name.as_deref(), &log, certificate.as_deref())?;
        let vouching = if organisations.is_empty() {
            Vec::new()
        } else {
            verify_attestations(&receipt, &verified, &organisations)?
        };
        Ok((verified, vouching))
    });
    match verified {
        Ok((verified, vouching)) if json => print(&as_json(&verified, name.as_deref(), &vouching).to_string()),
        Ok((verified, vouching)) => print(&as_text(&verified, name.as_deref(), &vouching)),
        Err(problem) => {
            if json {
                print(&json!({ "proven": false, "problem": problem.to_string() }).to_string())?;
            } else {
                writeln!(io::stderr(), "veridose: the receipt proves nothing: {problem}")?;
            }
            Ok(Outcome::Refused)
        }
    }
}

/// The log's key from its text, or from a file that holds it.
pub(super) fn log_key(given: &str) -> Result<LogVerifier> {
    let path = Path::new(given);
    let text = if path.is_file() {
        std::fs::read_to_string(path).with_context(|| format!("failed to read {given}"))?
    } else {
        given.to_owned()
    };
    LogVerifier::parse(text.trim()).with_context(|| format!("--log-key: {given} is no file and no key of a log"))
}

/// The name that a scan's pack or container has on the ledger.
fn name_of(text: &str) -> Result<String> {
    let scan = scan::parse(text).context("--scan")?;
    let container = || scan.sscc().map(Sscc::name);
    let name = scan.sgtin().map(|pack| pack.name()).or_else(container);
    name.context("--scan: name a pack with its serial number, or a container (SSCC)")
}

fn certificate(file: &Path) -> Result<Vec<u8>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))?;
    pki::parse_pem(&text).with_context(|| format!("failed to understand {}", file.display()))
}

fn organisation(given: &str) -> Result<Organisation> {
    let (msp_id, file) = given.split_once('=').context("--organisation: write the MSP identifier, =, and a file")?;
    Ok(Organisation { msp_id: msp_id.to_owned(), authority: certificate(Path::new(file))? })
}

fn as_json(verified: &Verified, name: Option<&str>, vouching: &[String]) -> Value {
    let commands = verified.commands.iter().map(|command| {
        json!({
            "index": command.index, "action": command.action.name(), "happened": local::moment(command.happened),
            "site": command.site, "payload": command.payload, "items": command.items,
        })
    });
    let items = verified.items.iter().map(|(item, command)| json!({ "item": item, "command": command }));
    json!({
        "proven": true, "tx": verified.id, "index": verified.index, "about": name,
        "log": { "origin": verified.origin, "size": verified.size, "root": hex::encode(verified.root) },
        "network": verified.header.network, "time": local::moment(verified.header.time),
        "creator": verified.header.creator, "signature_checked": verified.signature_checked,
        "attested_by": vouching,
        "commands": commands.collect::<Vec<_>>(), "items": items.collect::<Vec<_>>(),
    })
}

fn as_text(verified: &Verified, name: Option<&str>, vouching: &[String]) -> String {
    let Verified { index, origin, size, id, header, .. } = verified;
    let signature =
        if verified.signature_checked { "signature checked" } else { "give --certificate to check its signature" };
    let mut text = format!(
        "proven: transaction {id}\n  is entry {index} of the log {origin}, by a checkpoint of {size} entries that the log signed\n  \
         made {} under the certificate {} ({signature})",
        local::moment(header.time),
        header.creator,
    );
    if !vouching.is_empty() {
        write!(text, "\n  attested by peers of {}", vouching.join(", ")).expect("a String takes all");
    }
    for command in &verified.commands {
        let site = command.site.map(|site| format!(", at GLN {:013}", site.0)).unwrap_or_default();
        let (name, happened) = (command.action.name(), local::moment(command.happened));
        write!(text, "\n  command {}: {name} of {} items, happened {happened}{site}", command.index, command.items)
            .expect("a String takes all");
    }
    match name {
        Some(name) => write!(text, "\n  about {name}").expect("a String takes all"),
        None => {
            for (item, command) in &verified.items {
                write!(text, "\n  item {item} in command {command}").expect("a String takes all");
            }
        }
    }
    text
}
