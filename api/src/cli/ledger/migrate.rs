//! `veridose ledger migrate …`: the way of an embedded ledger onto a Fabric channel.

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
#[cfg(feature = "fabric")]
use serde_json::json;
use veridose_contract::{Fingerprint, PartyId, Signature};
use veridose_ledger::wire::{MemberSignature, closing_bytes};
use veridose_ledger::{Embedded, LogVerifier, SignedCheckpoint};

use super::super::sign::KeyFiles;
use super::super::{Outcome, local, print};
use crate::config::Config;
use crate::node::{Frozen, Parts, options};

/// The steps of a migration.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Close the embedded ledger, and print what the members sign
    #[command(
        after_help = "The node must be stopped, and does not start on this ledger again. Prints the same however often it is run.\n\n\
                            Example:\n  veridose --data /srv/veridose ledger migrate checkpoint > closing.json"
    )]
    Checkpoint,
    /// Sign on a member's own side that the ledger ends there
    #[command(
        after_help = "Shows on standard error what is signed; compare size and root with a checkpoint or receipt of your own. The\n\
                            key's passphrase comes from VERIDOSE_PASSPHRASE, or from the file that VERIDOSE_PASSPHRASE_FILE names.\n\n\
                            Example:\n  veridose ledger migrate sign closing.json --key signer.key --certificate signer.pem > ours.json"
    )]
    Sign(Sign),
    /// Bring the closed ledger onto the channel, under the signatures of more than half of the active members
    #[command(
        after_help = "Checks the whole log and the signatures first, then brings entry after entry; run again after an interruption,\n\
                            it goes on. At the end it follows the channel from its first block and compares. Afterwards `veridose serve\n\
                            --ledger fabric` goes on with this data directory; the old log and its proofs stay as they are.\n\n\
                            Example:\n  veridose --data /srv/veridose --ledger fabric --fabric-profile connection.json \\\n    \
                            ledger migrate run maker.json pharmacy.json agency.json"
    )]
    Run {
        /// What members signed, a file each
        #[arg(value_name = "SIGNATURE", required = true)]
        signatures: Vec<PathBuf>,
    },
    /// Give the migration up: the embedded ledger is open again
    #[command(after_help = "Never after `run` has ended: the network would go on in two places.\n\n\
                            Example:\n  veridose --data /srv/veridose ledger migrate cancel")]
    Cancel,
}

/// What is signed, and with which key.
#[derive(Debug, Args)]
pub struct Sign {
    /// What `veridose ledger migrate checkpoint` printed; `-` reads standard input
    #[arg(value_name = "CLOSING")]
    closing: PathBuf,
    /// The key
    #[command(flatten)]
    key: KeyFiles,
    /// The log's public key, where it is known from elsewhere (`veridose ledger key`)
    #[arg(long)]
    log_key: Option<String>,
}

/// A member's signature, as it is sent to who brings the ledger over.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Word {
    party: PartyId,
    certificate: Fingerprint,
    /// Base64 of 64 bytes.
    signature: String,
}

pub(super) fn run(config: &Config, command: &Command, json: bool) -> Result<Outcome> {
    match command {
        Command::Checkpoint => checkpoint(config),
        Command::Sign(wanted) => sign(config, wanted),
        Command::Run { signatures } => bring(config, signatures, json),
        Command::Cancel => {
            ensure!(Frozen::read(&config.data)?.is_some(), "no migration was begun in {}", config.data.display());
            Frozen::remove(&config.data)?;
            print("the migration is given up: the embedded ledger is open again")
        }
    }
}

fn checkpoint(config: &Config) -> Result<Outcome> {
    let folder = local::ledger_folder(config)?;
    if let Some(frozen) = Frozen::read(&config.data)? {
        return print(&serde_json::to_string(&frozen)?);
    }
    let Parts { network, log_key, .. } = local::existing(config)?;
    let id = network.id;
    let ledger = Embedded::open(&folder, network, log_key, options(config))
        .context("failed to open the ledger (is the node stopped?)")?;
    let SignedCheckpoint { size, text, .. } = ledger.checkpoint()?;
    ensure!(size == ledger.size() && size > 0, "the ledger is empty: there is nothing to bring over");
    let frozen = Frozen { network: id, log_key: ledger.verifier().text().to_owned(), checkpoint: text };
    frozen.write(&config.data)?;
    print(&serde_json::to_string(&frozen)?)
}

fn sign(config: &Config, wanted: &Sign) -> Result<Outcome> {
    let text = local::document(&wanted.closing)?;
    let frozen: Frozen =
        serde_json::from_str(&text).context("this is not what `veridose ledger migrate checkpoint` prints")?;
    if let Some(known) = &wanted.log_key {
        ensure!(
            *known == frozen.log_key,
            "the checkpoint names another log key, {}: do not sign this, and ask who sent it",
            frozen.log_key
        );
    }
    let said = LogVerifier::parse(&frozen.log_key)?.check(&frozen.checkpoint)?;
    let signer = wanted.key.signer(config)?;
    let party = signer.certificate().party.clone();
    let SignedCheckpoint { size, root, .. } = said;
    writeln!(
        io::stderr(),
        "signing for {party}: the ledger of network {} ends after {size} entries, with the root {}, and goes on on a channel",
        frozen.network,
        hex::encode(root)
    )?;
    let signature = signer.sign_bytes(&closing_bytes(&frozen.network, &frozen.checkpoint))?;
    let word = Word { party, certificate: signer.fingerprint(), signature: BASE64.encode(signature.0) };
    print(&serde_json::to_string(&word)?)
}

fn words(files: &[PathBuf]) -> Result<Vec<(Word, MemberSignature)>> {
    let read = |path: &PathBuf| {
        let word: Word = serde_json::from_str(&local::document(path)?)
            .with_context(|| format!("{} is not what `veridose ledger migrate sign` prints", path.display()))?;
        let bytes = BASE64.decode(&word.signature).ok().and_then(|bytes| bytes.try_into().ok());
        let bytes = bytes.with_context(|| format!("{}: the signature is not of 64 bytes", path.display()))?;
        let signature = MemberSignature { creator: word.certificate, signature: Signature(bytes) };
        Ok((word, signature))
    };
    files.iter().map(read).collect()
}

#[cfg(not(feature = "fabric"))]
fn bring(_: &Config, files: &[PathBuf], _: bool) -> Result<Outcome> {
    words(files)?;
    bail!("this program was built without Fabric: build it with --features fabric")
}

#[cfg(feature = "fabric")]
fn bring(config: &Config, files: &[PathBuf], json: bool) -> Result<Outcome> {
    use veridose_ledger::check::check;
    use veridose_ledger::fabric;

    use crate::config::LedgerKind;
    use crate::node::fabric_settings;

    if config.ledger.kind != LedgerKind::Fabric {
        bail!("where to? give --ledger fabric and --fabric-profile");
    }
    let settings = fabric_settings(&config.ledger)?;
    let words = words(files)?;
    let folder = local::ledger_folder(config)?;
    let frozen = Frozen::read(&config.data)?
        .context("run `veridose ledger migrate checkpoint` first, and have the members sign it")?;
    let Parts { network, log_key, keys } = local::existing(config)?;
    let origin = network.origin.clone();
    let said = log_key.verifier().check(&frozen.checkpoint)?;
    let bar = local::counter("entries checked")?;
    let report = check(&folder, &network, log_key.verifier(), &mut |progress| {
        bar.set_length(progress.of);
        bar.set_position(progress.entries);
    })
    .context("the old ledger is not sound, and nothing was brought over")?;
    bar.finish_and_clear();
    if let Some(difference) = report.differences.first() {
        bail!(
            "the old ledger's state is not what its log says, and nothing was brought over: {difference}; make it anew with `veridose ledger rebuild-state`"
        );
    }
    ensure!(
        report.entries == said.size,
        "the log has {} entries, and was closed at {}: this node has gone on since",
        report.entries,
        said.size
    );
    let ledger = Embedded::open(&folder, network, log_key, options(config))?;
    ensure!(ledger.root_at(said.size)? == said.root, "the log is not the one that was closed");
    let signatures = judge(&ledger, &said, &words)?;
    let progress = local::counter("entries on the channel")?;
    let agreed = super::super::runtime()?.block_on(async {
        let mut show = |entries, of| {
            progress.set_length(of);
            progress.set_position(entries);
        };
        let options = options(config);
        fabric::bring(&ledger, &options, &settings, &said, &signatures, &mut show).await?;
        progress.set_message("entries, and now the channel is followed from its first block");
        let scratch = config.data.join("ledger.channel");
        fabric::agree(&ledger, &said, &scratch, keys.log_key(&origin)?, options, &settings)
            .await
            .map_err(anyhow::Error::from)
    })?;
    progress.finish_and_clear();
    tell(&agreed, &words, json)
}

/// The signatures, if they are enough.
#[cfg(feature = "fabric")]
fn judge(
    ledger: &Embedded,
    said: &SignedCheckpoint,
    words: &[(Word, MemberSignature)],
) -> Result<Vec<MemberSignature>> {
    use veridose_ledger::host::{Closing, Keys, check_closing};

    let state = ledger.state();
    let mut members = std::collections::BTreeSet::new();
    for record in state.records() {
        members.extend(veridose_contract::party_of(&record?.0));
    }
    let all: Vec<_> = words.iter().map(|(_, signature)| *signature).collect();
    let closing = check_closing(&state, &Keys::default(), &members, ledger.network_id(), &said.text, &all)?;
    for (word, _) in words {
        ensure!(
            closing.signed.contains(&word.party),
            "the signature of {} does not count: it is of another checkpoint, or of a certificate or member that may not act",
            word.party
        );
    }
    let Closing { active, signed } = &closing;
    let list = |parties: &std::collections::BTreeSet<PartyId>| {
        parties.iter().map(PartyId::as_str).collect::<Vec<_>>().join(", ")
    };
    ensure!(
        closing.is_closed(),
        "{} of {} active members signed ({}); more than half must: {}",
        signed.len(),
        active.len(),
        list(signed),
        list(&(active - signed))
    );
    Ok(all)
}

#[cfg(feature = "fabric")]
fn tell(agreed: &veridose_ledger::fabric::Agreed, words: &[(Word, MemberSignature)], json: bool) -> Result<Outcome> {
    let signed: Vec<_> = words.iter().map(|(word, _)| word.party.as_str()).collect();
    if json {
        return print(&json!({ "entries": agreed.entries, "records": agreed.records, "signed": signed }).to_string());
    }
    print(&format!("{} entries are on the channel, as signed by {}", agreed.entries, signed.join(", ")))?;
    print(&match agreed.records {
        Some(records) => format!("a replica made of the channel alone has the same log and the same {records} records"),
        None => "a replica made of the channel alone has the same log; the channel has gone on since".to_owned(),
    })?;
    print("next: start this node, and those of the other members, with `veridose serve --ledger fabric`")
}
