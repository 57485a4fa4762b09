//! `veridose key …`: the signing keys of the organisations in a data directory.

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::{Args, Subcommand};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;
use veridose_contract::{NetworkId, PartyId};
use veridose_ledger::pki;

use super::client::{Connection, text_of};
use super::{Outcome, local, print};
use crate::config::Config;
use crate::node::{clock, registration};

/// What is done with keys.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a new signing key and certificate for an organisation
    #[command(
        after_help = "The old key stays beside the new one. A running node that signs for the organisation registers the new\n\
                            certificate within seconds and signs with it from then on. An organisation that signs on its own side runs\n\
                            `veridose key register`.\n\nExample:\n  veridose --data /srv/veridose key rotate corner-pharmacy"
    )]
    Rotate {
        /// The organisation
        #[arg(value_parser = PartyId::parse)]
        party: PartyId,
    },
    /// Register the certificate of an organisation that signs on its own side, through a running node
    #[command(
        after_help = "The certificate registers itself: the transaction is signed with its key. The organisation must have been\n\
                            admitted. The network's identifier stands in `veridose ledger key --json` of a node.\n\n\
                            Example:\n  veridose --data ./keys-of-corner key register corner-pharmacy \\\n    \
                            --network 5b0e… --server https://node.example --token-file corner.token"
    )]
    Register(Register),
    /// List the organisations whose keys are here, with their certificates
    #[command(after_help = "Example:\n  veridose --data /srv/veridose key list")]
    List,
    /// Print an organisation's certificate, PEM
    #[command(
        after_help = "Example:\n  veridose --data /srv/veridose key export-certificate corner-pharmacy > corner.pem"
    )]
    ExportCertificate {
        /// The organisation
        #[arg(value_parser = PartyId::parse)]
        party: PartyId,
    },
}

/// Whose certificate is registered, and where.
#[derive(Debug, Args)]
pub struct Register {
    /// The organisation
    #[arg(value_parser = PartyId::parse)]
    party: PartyId,
    /// The network that it is a member of
    #[arg(long, value_parser = NetworkId::parse)]
    network: NetworkId,
    /// The node
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(config: &Config, command: &Command, json: bool) -> Result<Outcome> {
    match command {
        Command::Rotate { party } => rotate(config, party, json),
        Command::Register(wanted) => register(config, wanted, json),
        Command::List => list(config, json),
        Command::ExportCertificate { party } => {
            let signer = local::key_store(config)?.signer(party)?;
            let pem = pki::to_pem(&signer.certificate().der);
            if json {
                return print(&json!({ "certificate": signer.fingerprint(), "pem": pem }).to_string());
            }
            print(pem.trim_end())
        }
    }
}

fn rotate(config: &Config, party: &PartyId, json: bool) -> Result<Outcome> {
    let keys = local::key_store(config)?;
    let old = keys.signer(party)?;
    let new = keys.issue(party, old.certificate().role, old.certificate().site, clock(config).now())?;
    let (old, new) = (old.fingerprint(), new.fingerprint());
    if json {
        return print(&json!({ "party": party, "before": old, "certificate": new }).to_string());
    }
    print(&format!("{party} signs with the certificate {new} from now on, no longer with {old}"))?;
    print("next: nothing where a node signs for this organisation; else run `veridose key register`")
}

fn register(config: &Config, wanted: &Register, json: bool) -> Result<Outcome> {
    let signer = local::key_store(config)?.signer(&wanted.party)?;
    let transaction = registration(&signer, wanted.network, clock(config).now())?;
    let client = wanted.connection.client()?;
    let request = client
        .request(Method::POST, "/transactions")
        .header(CONTENT_TYPE, "text/plain")
        .body(BASE64.encode(borsh::to_vec(&transaction)?));
    client.exchange(request)?.0.tell(json, |done| {
        let (tx, index) = (text_of(done, "tx"), &done["index"]);
        vec![format!("certificate {} is registered: transaction {tx}, entry {index} of the log", signer.fingerprint())]
    })
}

fn list(config: &Config, json: bool) -> Result<Outcome> {
    let keys = local::key_store(config)?;
    for party in keys.parties()? {
        let signer = keys.signer(&party)?;
        let certificate = signer.certificate();
        let (role, until) = (pki::role_name(certificate.role), local::moment(certificate.not_after));
        if json {
            let row = json!({
                "party": party, "role": role, "site": certificate.site, "certificate": certificate.fingerprint,
                "not_before": local::moment(certificate.not_before), "not_after": until,
            });
            print(&row.to_string())?;
        } else {
            print(&format!("{party}  {role}  {}  until {until}", certificate.fingerprint))?;
        }
    }
    Ok(Outcome::Done)
}
