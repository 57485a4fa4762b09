//! `veridose party …`: an organisation's keys, and its way into the network.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use veridose_contract::{PartyId, Role, Site};
use veridose_gs1::Gln;
use veridose_ledger::pki;

use super::client::{Answered, Connection, text_of};
use super::{Outcome, local, print};
use crate::config::Config;
use crate::node::clock;

/// What is done about an organisation.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an organisation's authority, its signing key and certificate, and the admission that members approve
    #[command(
        after_help = "Works in the data directory, without a server: keys/ID/ gets ca.key, ca.pem, signer.key, signer.pem\n\
                            and admission.json. The passphrase that seals the keys comes from VERIDOSE_PASSPHRASE or from the file that\n\
                            VERIDOSE_PASSPHRASE_FILE names. Then members run `veridose party admit` with admission.json.\n\n\
                            Example:\n  veridose --data ./keys-of-corner party create corner-pharmacy --name 'Corner Pharmacy' \\\n    \
                            --role pharmacy --gln 9506000700014"
    )]
    Create(Create),
    /// Propose an organisation as a member, or approve one that was proposed in the same words
    #[command(
        after_help = "Asks a running node, with the token of a member. The organisation is in when enough members have\n\
                            said so. An organisation that signs on its own side then runs `veridose key register`.\n\n\
                            Example:\n  veridose party admit admission.json --token-file member.token"
    )]
    Admit {
        /// The admission that `veridose party create` made
        admission: PathBuf,
        /// The node
        #[command(flatten)]
        connection: Connection,
    },
    /// List the members, as a running node knows them
    #[command(after_help = "Example:\n  veridose party list --token-file member.token")]
    List {
        /// The node
        #[command(flatten)]
        connection: Connection,
    },
}

/// Who the organisation is.
#[derive(Debug, Args)]
pub struct Create {
    /// Short name: a-z, 0-9 and hyphens
    #[arg(value_parser = PartyId::parse)]
    id: PartyId,
    /// Name in full
    #[arg(long)]
    name: String,
    /// What it does in the trade: manufacturer, distributor, pharmacy or regulator
    #[arg(long, value_parser = role)]
    role: Role,
    /// GLN of a site, the main one first; may be repeated
    #[arg(long, visible_alias = "site", required = true, value_parser = site)]
    gln: Vec<Site>,
}

fn role(name: &str) -> Result<Role, String> {
    pki::role_of(name).ok_or_else(|| "expected manufacturer, distributor, pharmacy or regulator".to_owned())
}

fn site(text: &str) -> Result<Site, String> {
    Gln::parse(text).map(|gln| Site(gln.number())).map_err(|error| error.to_string())
}

pub(super) fn run(config: &Config, command: &Command, json: bool) -> Result<Outcome> {
    match command {
        Command::Create(wanted) => create(config, wanted, json),
        Command::Admit { admission, connection } => admit(admission, connection, json),
        Command::List { connection } => list(connection, json),
    }
}

fn create(config: &Config, wanted: &Create, json: bool) -> Result<Outcome> {
    let (keys, now) = (local::key_store(config)?, clock(config).now());
    let authority = keys.create_authority(&wanted.id, now)?;
    let signer = keys.issue(&wanted.id, wanted.role, wanted.gln.first().copied(), now)?;
    let admission = json!({
        "id": wanted.id, "name": wanted.name, "role": wanted.role, "sites": wanted.gln,
        "authority": pki::to_pem(authority.der()),
    });
    let folder = config.keys().join(wanted.id.as_str());
    let file = folder.join("admission.json");
    std::fs::write(&file, format!("{admission:#}\n")).with_context(|| format!("failed to write {}", file.display()))?;
    if json {
        let (certificate, folder) = (signer.fingerprint(), folder.display().to_string());
        return print(&json!({ "certificate": certificate, "folder": folder, "admission": admission }).to_string());
    }
    print(&format!("keys of {} made in {}", wanted.id, folder.display()))?;
    print(&format!("certificate {}", signer.fingerprint()))?;
    print(&format!("next: members run `veridose party admit {}`", file.display()))
}

fn admit(admission: &PathBuf, connection: &Connection, json: bool) -> Result<Outcome> {
    let text = std::fs::read_to_string(admission).with_context(|| format!("failed to read {}", admission.display()))?;
    let body: Value =
        serde_json::from_str(&text).with_context(|| format!("failed to understand {}", admission.display()))?;
    connection.client()?.send(Method::POST, "/parties", Some(&body))?.tell(json, |done| {
        let id = body["id"].as_str().unwrap_or("the organisation");
        vec![format!("{id} is proposed, or approved where it was proposed before: transaction {}", text_of(done, "tx"))]
    })
}

fn list(connection: &Connection, json: bool) -> Result<Outcome> {
    let client = connection.client()?;
    for page in client.pages("/parties?perPage=500".to_owned()) {
        let rows = match page? {
            Answered::Done(rows) => rows,
            refused @ Answered::Refused(_) => return refused.tell(json, |_| Vec::new()),
        };
        for row in rows["items"].as_array().into_iter().flatten() {
            if json {
                print(&row.to_string())?;
            } else {
                let (id, role, state) = (text_of(row, "party"), text_of(row, "role"), text_of(row, "state"));
                print(&format!("{id}  {role}  {state}  {}", text_of(row, "name")))?;
            }
        }
    }
    Ok(Outcome::Done)
}
