//! `veridose sign`: an organisation that keeps its key to itself signs what a node prepared for it.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::Args;
use serde::Deserialize;
use serde_json::json;
use veridose_contract::{Action, Body, Certificate, Header, Party, Transaction};
use veridose_ledger::pki::{self, AuthorityCertificate};
use veridose_ledger::signer::Signer;

use super::{Outcome, local, print};
use crate::config::Config;

/// Items of a command that are shown.
const ITEMS_SHOWN_MAX: usize = 5;

/// What is signed, and with which key.
#[derive(Debug, Args)]
#[command(
    after_help = "A write with `Prefer: return=unsigned` answers with a transaction that nobody has signed. This command shows\n\
                  what it does, signs it, and prints what is to be posted to /transactions as text/plain. The key's\n\
                  passphrase comes from VERIDOSE_PASSPHRASE, or from the file that VERIDOSE_PASSPHRASE_FILE names.\n\n\
                  Example:\n  veridose sign --key signer.key --certificate signer.pem unsigned.json signed.txt"
)]
pub struct Arguments {
    /// The key
    #[command(flatten)]
    key: KeyFiles,
    /// The unsigned transaction: the node's JSON answer, or its base64; `-` reads standard input
    #[arg(value_name = "IN", default_value = "-")]
    input: PathBuf,
    /// Where the signed transaction goes; standard output where nothing is said
    #[arg(value_name = "OUT")]
    output: Option<PathBuf>,
}

/// An organisation's key with its certificate.
#[derive(Debug, Args)]
pub(super) struct KeyFiles {
    /// The sealed key file (`veridose party create` makes it)
    #[arg(long)]
    key: PathBuf,
    /// The key's certificate, PEM
    #[arg(long)]
    certificate: PathBuf,
    /// The certificate (PEM) of the organisation's authority; ca.pem beside the certificate where nothing is said
    #[arg(long)]
    authority: Option<PathBuf>,
}

impl KeyFiles {
    /// The certificate, checked against its authority: nothing is signed under one that the ledger would refuse.
    fn certificate(&self) -> Result<Certificate> {
        let der = pem(&self.certificate)?;
        let (party, _) = pki::subject_and_key(&der)?;
        let authority = self.authority.clone().unwrap_or_else(|| self.certificate.with_file_name("ca.pem"));
        let authority = AuthorityCertificate::parse(&pem(&authority)?)?;
        Ok(pki::check(&der, &authority, &party)?.certificate)
    }

    /// The key, unlocked, under the certificate.
    pub(super) fn signer(&self, config: &Config) -> Result<Signer> {
        let certificate = self.certificate()?;
        let purpose = format!("{} signer", certificate.party);
        let key = pki::open(&local::document(&self.key)?, &purpose, &local::passphrase(config)?)
            .with_context(|| format!("failed to unlock {}", self.key.display()))?;
        Ok(Signer::new(&key, certificate)?)
    }
}

/// The node's answer, as far as it is of interest here.
#[derive(Deserialize)]
struct Answer {
    transaction: String,
}

pub(super) fn run(config: &Config, wanted: &Arguments, json: bool) -> Result<Outcome> {
    let (header, body) = decode(&local::document(&wanted.input)?)?;
    let certificate = wanted.key.certificate()?;
    check(&header, &body, &certificate)?;
    for line in summary(&header, &body, &certificate) {
        writeln!(io::stderr(), "{line}")?;
    }
    let (signer, tx) = (wanted.key.signer(config)?, header.id());
    let transaction = sealed(header, body, &signer)?;
    match &wanted.output {
        Some(path) => std::fs::write(path, format!("{transaction}\n"))
            .with_context(|| format!("failed to write {}", path.display()))?,
        None if json => return print(&json!({ "tx": tx, "transaction": transaction }).to_string()),
        None => return print(&transaction),
    }
    Ok(Outcome::Done)
}

/// The signed form of what a node prepared for this certificate, as base64.
pub(super) fn signed(unsigned: &str, signer: &Signer) -> Result<String> {
    let (header, body) = decode(unsigned)?;
    check(&header, &body, signer.certificate())?;
    sealed(header, body, signer)
}

fn sealed(header: Header, body: Body, signer: &Signer) -> Result<String> {
    let signature = signer.sign(&header)?;
    Ok(BASE64.encode(borsh::to_vec(&Transaction { header, signature, body })?))
}

fn decode(text: &str) -> Result<(Header, Body)> {
    let text = text.trim();
    let answer = if text.starts_with('{') {
        serde_json::from_str::<Answer>(text).context("the JSON has no `transaction`: was it asked for unsigned?")?
    } else {
        Answer { transaction: text.to_owned() }
    };
    let bytes = BASE64.decode(answer.transaction).context("the unsigned transaction is not base64")?;
    borsh::from_slice(&bytes).context("this is not an unsigned transaction")
}

fn pem(path: &Path) -> Result<Vec<u8>> {
    pki::parse_pem(&local::document(path)?).with_context(|| format!("failed to understand {}", path.display()))
}

/// What is signed must be what is shown.
fn check(header: &Header, body: &Body, certificate: &Certificate) -> Result<()> {
    ensure!(header.version == Header::VERSION, "the transaction is of version {}, which is not known", header.version);
    ensure!(
        header.body_root == body.root(),
        "the commands are not those that the header names: do not sign this, and ask who sent it"
    );
    ensure!(
        header.creator == certificate.fingerprint,
        "the transaction was prepared for the certificate {}, this one is {}: ask for it again with \
         `Veridose-Certificate: {1}`",
        header.creator,
        certificate.fingerprint
    );
    Ok(())
}

fn summary(header: &Header, body: &Body, certificate: &Certificate) -> Vec<String> {
    let mut lines = vec![
        format!("signing for {} with the certificate {}", certificate.party, certificate.fingerprint),
        format!("  transaction {} on network {}, made {}", header.id(), header.network, local::moment(header.time)),
    ];
    for (index, command) in body.commands.iter().enumerate() {
        let site = command.site.map(|site| format!(", at GLN {:013}", site.0)).unwrap_or_default();
        let (items, happened) = (command.items.len(), local::moment(command.happened));
        lines.push(format!("  command {index}: {}", shown(&command.action)));
        lines.push(format!("    {items} items, happened {happened}{site}, document {}", command.payload));
        lines.extend(command.items.iter().take(ITEMS_SHOWN_MAX).map(|item| format!("    item {item}")));
        if items > ITEMS_SHOWN_MAX {
            lines.push(format!("    and {} more", items - ITEMS_SHOWN_MAX));
        }
    }
    lines
}

/// An action in full, but for the bytes of certificates, for which their fingerprints stand.
fn shown(action: &Action) -> String {
    match action {
        Action::Admit(party) | Action::UpdateParty(party) => {
            let Party { id, name, role, sites, ca, ca_der: _ } = party;
            format!("{}: {id}, {name:?}, {role:?}, {sites:?}, authority {ca}", action.name())
        }
        Action::RegisterCertificate(certificate) => {
            let Certificate { fingerprint, party, role, site, .. } = certificate;
            format!("{}: {fingerprint} of {party}, {role:?}, {site:?}", action.name())
        }
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use veridose_contract::{
        Command, Commitment, Fingerprint, IdempotencyKey, ItemKey, NetworkId, PartyId, Role, Timestamp,
    };

    fn prepared() -> (Header, Body, Certificate) {
        let command = Command {
            action: Action::Commission { lot: veridose_contract::LotKey([7; 32]) },
            happened: Timestamp(1_700_000_000_000),
            site: None,
            payload: Commitment([1; 32]),
            items: (0..7).map(|item| ItemKey([item; 32])).collect(),
        };
        let creator = Fingerprint([9; 32]);
        let (header, body) = veridose_ledger::unsigned(
            NetworkId([2; 16]),
            creator,
            IdempotencyKey([3; 16]),
            Timestamp(1_700_000_000_000),
            vec![command],
        );
        let certificate = Certificate {
            fingerprint: creator,
            party: PartyId::parse("maker").expect("a name"),
            role: Role::Manufacturer,
            site: None,
            not_before: Timestamp(0),
            not_after: Timestamp(0),
            der: Vec::new(),
        };
        (header, body, certificate)
    }

    #[test]
    fn summary_names_what_is_signed() {
        let (header, body, certificate) = prepared();
        insta::assert_snapshot!(summary(&header, &body, &certificate).join("\n"));
    }

    #[test]
    fn other_commands_and_other_certificates_are_not_signed() {
        let (header, mut body, mut certificate) = prepared();
        check(&header, &body, &certificate).expect("as prepared");
        certificate.fingerprint = Fingerprint([8; 32]);
        let error = check(&header, &body, &certificate).expect_err("another certificate");
        assert!(error.to_string().contains("Veridose-Certificate: 0808"), "{error}");
        body.commands[0].items.pop();
        let error = check(&header, &body, &certificate).expect_err("another body");
        assert!(error.to_string().contains("do not sign"), "{error}");
    }

    #[test]
    fn both_forms_are_read() {
        let (header, body, _) = prepared();
        let text = BASE64.encode(borsh::to_vec(&(&header, &body)).expect("a Vec takes all"));
        let answer = json!({ "transaction": text, "signing_input": "" }).to_string();
        for form in [text.as_str(), &answer] {
            assert_eq!(decode(form).expect("as the node writes it"), (header.clone(), body.clone()));
        }
        assert!(decode("{}").is_err());
        assert!(decode("AAAA").is_err());
    }
}
