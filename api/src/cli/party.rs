//! The commands of an organisation: its authority and keys, and signing on its own side.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::{Args, Subcommand};
use serde_json::json;
use veridose_contract::{Body, Header, PartyId, Role, Site, Transaction};
use veridose_ledger::pki;

use super::{Outcome, print};
use crate::config::Config;
use crate::node::{clock, key_store};

/// What is done with organisations.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an organisation's certificate authority and its first signing key, and print the request to admit it
    #[command(
        after_help = "Example:\n  veridose party create corner-pharmacy --name 'Corner Pharmacy' --role pharmacy \
                            --site 9506000700014 > admission.json"
    )]
    Create(Create),
}

/// An organisation to be made.
#[derive(Debug, Args)]
pub struct Create {
    /// Short name
    #[arg(value_parser = PartyId::parse)]
    id: PartyId,
    /// Name in full
    #[arg(long)]
    name: String,
    /// What it does: manufacturer, distributor, pharmacy or regulator
    #[arg(long, value_parser = role)]
    role: Role,
    /// Its sites (GLN), the main one first
    #[arg(long = "site", required = true)]
    sites: Vec<u64>,
}

fn role(text: &str) -> Result<Role, String> {
    pki::role_of(text).ok_or_else(|| "expected manufacturer, distributor, pharmacy or regulator".into())
}

/// What is done with signing keys.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Issue a new signing key and certificate; the old ones are kept beside
    Rotate {
        /// The organisation
        #[arg(value_parser = PartyId::parse)]
        party: PartyId,
        /// What it does in the trade
        #[arg(long, value_parser = role)]
        role: Role,
        /// The place that the certificate names, a GLN
        #[arg(long)]
        site: Option<u64>,
    },
    /// Print the current certificate's fingerprint, as `Veridose-Certificate` names it
    Show {
        /// The organisation
        #[arg(value_parser = PartyId::parse)]
        party: PartyId,
    },
}

/// A transaction to be signed.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  veridose sign --party corner-pharmacy unsigned.json > signed.txt\n  \
                        curl -H 'Content-Type: text/plain' --data @signed.txt http://127.0.0.1:8080/transactions")]
pub struct Sign {
    /// The organisation whose key signs
    #[arg(long, value_parser = PartyId::parse)]
    party: PartyId,
    /// The answer to a request with `Prefer: return=unsigned`; `-` reads standard input
    file: PathBuf,
}

pub(super) fn run(config: &Config, command: &Command) -> anyhow::Result<Outcome> {
    let Command::Create(wanted) = command;
    let (keys, now) = (key_store(config)?, clock(config).now());
    let sites: Vec<_> = wanted.sites.iter().map(|site| Site(*site)).collect();
    let authority = keys.create_authority(&wanted.id, now)?;
    keys.issue(&wanted.id, wanted.role, sites.first().copied(), now)?;
    let admission = json!({
        "id": wanted.id, "name": wanted.name, "role": wanted.role, "sites": sites,
        "authority": pki::to_pem(authority.der()),
    });
    print(&admission.to_string())
}

pub(super) fn key(config: &Config, command: &Key) -> anyhow::Result<Outcome> {
    let keys = key_store(config)?;
    let signer = match command {
        Key::Rotate { party, role, site } => keys.issue(party, *role, site.map(Site), clock(config).now())?,
        Key::Show { party } => keys.signer(party)?,
    };
    print(&signer.fingerprint().to_string())
}

pub(super) fn sign(config: &Config, wanted: &Sign) -> anyhow::Result<Outcome> {
    let answer: serde_json::Value = serde_json::from_str(&read(&wanted.file)?).context("the file is not JSON")?;
    let unsigned = answer["transaction"].as_str().context("the file has no field `transaction`")?;
    let bytes = BASE64.decode(unsigned).context("`transaction` is not base64")?;
    let (header, body): (Header, Body) = borsh::from_slice(&bytes).context("`transaction` is not header and body")?;
    ensure!(header.body_root == body.root(), "the header does not commit to the body: do not sign this");
    let signer = key_store(config)?.signer(&wanted.party)?;
    ensure!(header.creator == signer.fingerprint(), "the transaction asks for another certificate's signature");
    let signature = signer.sign(&header)?;
    print(&BASE64.encode(Transaction { header, signature, body }.encode()))
}

fn read(file: &Path) -> anyhow::Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    std::fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))
}
