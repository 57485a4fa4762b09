//! The signed checkpoint: origin, size and root of the log, under the log's Ed25519 key (C2SP tlog-checkpoint over
//! signed-note).

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use signed_note::{Note, Signer as _, StandardSigner, StandardVerifier, Verifier as _, VerifierList};
use tlog_tiles::Checkpoint;
use zeroize::Zeroizing;

use super::Hash;
use crate::LedgerError;
use crate::pki::random;

/// C2SP signed-note's number for Ed25519.
const ED25519: u8 = 1;

/// The log's private key.
pub struct LogKey {
    signer: StandardSigner,
    text: Zeroizing<String>,
    verifier: LogVerifier,
}

impl LogKey {
    /// Makes a key for the log of this origin, for instance `ledger.example.org/trial`.
    pub fn generate(origin: &str) -> Result<Self, LedgerError> {
        let seed = Zeroizing::new(random::<32>()?);
        let pair = Ed25519KeyPair::from_seed_unchecked(&*seed).map_err(|error| configuration(&error))?;
        let public = [&[ED25519], pair.public_key().as_ref()].concat();
        let private = Zeroizing::new([&[ED25519], seed.as_slice()].concat());
        let id = signed_note::key_id(origin, &public);
        Self::parse(&format!("PRIVATE+KEY+{origin}+{id:08x}+{}", STANDARD.encode(&*private)))
    }

    /// From its text (`PRIVATE+KEY+origin+id+key`), as golang.org/x/mod/sumdb/note writes it.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        let signer = StandardSigner::new(text).map_err(|error| configuration(&error))?;
        let encoded = text.rsplit_once('+').map_or("", |(_, encoded)| encoded);
        // A base64 text may itself hold a plus; the seed is then found from the third separator on.
        let encoded = text.splitn(5, '+').nth(4).unwrap_or(encoded);
        let private = Zeroizing::new(STANDARD.decode(encoded).map_err(|error| configuration(&error))?);
        let seed = private.get(1..).unwrap_or_default();
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|error| configuration(&error))?;
        let public = [&[ED25519], pair.public_key().as_ref()].concat();
        let vkey = format!("{}+{:08x}+{}", signer.name(), signer.key_id(), STANDARD.encode(public));
        Ok(Self { signer, text: Zeroizing::new(text.to_owned()), verifier: LogVerifier::parse(&vkey)? })
    }

    /// The private key's text; to be sealed before it is written anywhere.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The public key.
    pub const fn verifier(&self) -> &LogVerifier {
        &self.verifier
    }

    pub(crate) fn sign(&self, size: u64, root: Hash) -> Result<SignedCheckpoint, LedgerError> {
        let origin = self.verifier.origin();
        let checkpoint = Checkpoint::new(origin, size, tlog_tiles::Hash(root), "")
            .map_err(|error| LedgerError::Configuration(error.to_string()))?;
        let mut note = Note::new(&checkpoint.to_bytes(), &[]).map_err(|error| configuration(&error))?;
        note.add_sigs(&[&self.signer]).map_err(|error| configuration(&error))?;
        let text = String::from_utf8(note.to_bytes()).map_err(|error| configuration(&error))?;
        Ok(SignedCheckpoint { size, root, text })
    }
}

/// The log's public key (`origin+id+key`), for whoever checks.
#[derive(Clone)]
pub struct LogVerifier {
    verifier: StandardVerifier,
    text: String,
}

impl std::fmt::Debug for LogVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl LogVerifier {
    /// From the text of a verifier key.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        let verifier = StandardVerifier::new(text).map_err(|error| configuration(&error))?;
        Ok(Self { verifier, text: text.to_owned() })
    }

    /// Name of the log.
    pub fn origin(&self) -> &str {
        self.verifier.name()
    }

    /// The text of the verifier key.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Checks a signed checkpoint of this log.
    pub fn check(&self, text: &str) -> Result<SignedCheckpoint, LedgerError> {
        let damaged = |problem: &str| LedgerError::damaged("the checkpoint", problem);
        let note = Note::from_bytes(text.as_bytes()).map_err(|error| damaged(&error.to_string()))?;
        let known = VerifierList::new(vec![Box::new(self.verifier.clone())]);
        note.verify(&known).map_err(|error| damaged(&error.to_string()))?;
        let (origin, checkpoint) = SignedCheckpoint::read(text)?;
        if origin != self.origin() {
            return Err(damaged(&format!("it is of the log {origin:?}")));
        }
        Ok(checkpoint)
    }
}

impl SignedCheckpoint {
    /// The origin of a checkpoint and what it says, its signature left aside: for whoever knows size and root from elsewhere.
    pub fn read(text: &str) -> Result<(String, Self), LedgerError> {
        let damaged = |problem: &str| LedgerError::damaged("the checkpoint", problem);
        let note = Note::from_bytes(text.as_bytes()).map_err(|error| damaged(&error.to_string()))?;
        let checkpoint = Checkpoint::from_bytes(note.text()).map_err(|error| damaged(&error.to_string()))?;
        let (size, root) = (checkpoint.size(), checkpoint.hash().0);
        Ok((checkpoint.origin().to_owned(), Self { size, root, text: text.to_owned() }))
    }
}

/// What a log says of itself, with its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// Entries in the log.
    pub size: u64,
    /// Root of the tree over them.
    pub root: [u8; 32],
    /// The signed note.
    pub text: String,
}

fn configuration(error: &dyn std::fmt::Display) -> LedgerError {
    LedgerError::Configuration(format!("the log's key is not usable: {error}"))
}
