//! What a client and the chaincode say to each other: names of functions, keys as Fabric writes them, and the answers.
//! Neither side knows more of the other than this file.
//!
//! | function | arguments | answer |
//! |---|---|---|
//! | [`INIT`] | the network file's text; then the MSP identifiers of which a majority must endorse changes of members: with none, the chaincode's policy alone holds | the network's identifier, as text |
//! | [`SUBMIT`] | one canonical transaction each | canonical list of [`TxId`]s, or [`STATUS_REFUSED`] and [`Refusals`] |
//! | [`ATTEST`] | one canonical header each | canonical list of [`Attestation`]s, in order; those that do not stand are left out |
//! | [`IMPORT_BEGIN`] | as [`INIT`] | the network's identifier; transactions are imported from now on, and not submitted |
//! | [`IMPORT`] | the place (u64) of the first in the log that is brought here, then one canonical transaction each, in the log's order | as [`SUBMIT`]; it stops at the first that is refused; [`STATUS_MISPLACED`] if another place is next |
//! | [`IMPORT_PART`] | the place (u64) of a transaction of more than [`PART_ITEMS_MAX`] items, the number (u32) of the step, and in step 0 the canonical transaction | canonical list of [`TxId`]s: empty, and that of the transaction after its last step |
//! | [`IMPORT_END`] | the text of the log's last checkpoint, then a canonical [`MemberSignature`] each of a majority of the active members | the network's identifier; transactions are submitted from now on |
//! | [`ENDORSERS`] | MSP identifiers: of whom a majority shall endorse changes of members, in the word of the caller's organisation | [`EndorsersAgreed`] as JSON; it holds for new records once more than half of those who do it now said the same |
//! | [`GUARD`] | the key after which to go on, as text, empty at first | as text, after which key to go on: records that stand are brought to those organisations; empty once all are |
//! | [`VERSION`] | none | [`Version`] as JSON |

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};
use veridose_contract::{Fingerprint, NetworkId, Rejection, Signature, TxId};

use crate::error::Unauthentic;

/// Writes the network's beginning.
pub const INIT: &str = "init";
/// Applies transactions, all or none.
pub const SUBMIT: &str = "submit";
/// Says which transactions stand; endorsers sign it.
pub const ATTEST: &str = "attest";
/// Which rules and which network.
pub const VERSION: &str = "version";

/// Begins the network with another ledger's log.
pub const IMPORT_BEGIN: &str = "import-begin";
/// Brings the next entries of that log.
pub const IMPORT: &str = "import";
/// Brings a large entry of that log, step by step.
pub const IMPORT_PART: &str = "import-part";
/// Ends it, if what came is what the log's last checkpoint says.
pub const IMPORT_END: &str = "import-end";

/// Says who is to endorse changes of members.
pub const ENDORSERS: &str = "endorsers";
/// Brings the members' records under those who do.
pub const GUARD: &str = "guard";

/// Status of an answer that was asked for in a form that is none.
pub const STATUS_MALFORMED: i32 = 400;
/// Status of a submit of which something was refused; its message is [`Refusals`].
pub const STATUS_REFUSED: i32 = 409;
/// Status of an import whose place is not the next one: what is asked for came before, or what comes before it did not.
pub const STATUS_MISPLACED: i32 = 412;
/// Status of a submit or a list that goes over a limit.
pub const STATUS_TOO_LARGE: i32 = 413;
/// Status when the state or the host failed; says nothing about the transactions.
pub const STATUS_FAULT: i32 = 500;

/// Transactions in one submit, and headers in one attest, at most.
pub const TRANSACTIONS_MAX: usize = 1_000;
/// Items that one submit may name over all its transactions.
pub const ITEMS_MAX: usize = 25_000;
/// The key under which `init` keeps who endorses changes of members; no key of the contract is written so.
pub const ENDORSERS_KEY: &str = ".endorsers";
/// The key under which an open import is kept; no key of the contract is written so.
pub const IMPORT_KEY: &str = ".import";
/// Items of an entry that is imported at once, and items or records that one step of a larger one reads or writes. It bounds the
/// time that one call takes of the 30 s in which Fabric wants it done.
pub const PART_ITEMS_MAX: usize = 5_000;
/// Refusals that one answer lists at most: it travels in a header of HTTP/2, once for each endorser, so a client allows
/// for headers of 256 KiB.
pub const REFUSALS_MAX: usize = 64;

/// A key of the contract as Fabric holds it: base64url without padding of its bytes. Fabric's keys are UTF-8, and those
/// of a `CouchDB` state may not begin with an underscore, which no prefix of the contract's becomes.
pub fn state_key(key: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// The contract's key; nothing if this is not one that [`state_key`] writes.
pub fn parse_state_key(key: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(key).ok()
}

/// What was refused of a submit. The others would have been accepted had they come without these, as far as it was
/// looked at: with `complete` unset there may be more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusals {
    /// In the order of the submit, at most [`REFUSALS_MAX`].
    pub refused: Vec<RefusedTransaction>,
    /// Whether every transaction was looked at.
    pub complete: bool,
}

/// One transaction that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedTransaction {
    /// Its place in the submit.
    pub index: usize,
    /// Its name.
    pub id: TxId,
    /// Why.
    #[serde(flatten)]
    pub why: Why,
}

/// Why a transaction was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Why {
    /// The contract refused it.
    Rejected(Rejection),
    /// It is not known to come from whom it says.
    Unauthenticated {
        /// What about it.
        reason: Unauthentic,
    },
    /// The request was answered before.
    Repeated {
        /// By this transaction; of the same submit, if it stands in it earlier.
        first: TxId,
    },
}

/// That a transaction stands on the channel's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Attestation {
    /// The network.
    pub network: NetworkId,
    /// The transaction.
    pub tx: TxId,
    /// What its header commits to.
    pub body_root: [u8; 32],
}

/// Which rules run, for which network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// [`veridose_contract::VERSION`].
    pub contract: u32,
    /// Of the program, for people.
    pub program: String,
    /// Nothing before [`INIT`], and while an import is open.
    pub network: Option<NetworkId>,
    /// An import that is open.
    pub imported: Option<Imported>,
    /// MSP identifiers of the organisations of which a majority must endorse changes of members; none if the chaincode's policy
    /// alone guards them.
    pub endorsers: BTreeSet<String>,
}

/// How many of the organisations that endorse changes of members want the same others to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndorsersAgreed {
    /// So many, the caller's among them.
    pub agreed: usize,
    /// Of so many.
    pub of: usize,
    /// Whether that is enough, and the list is what they want.
    pub is_taken: bool,
}

/// How far an open import is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The network that the log is of.
    pub network: NetworkId,
    /// Entries so far.
    pub entries: u64,
    /// Root of the tree over them, in hexadecimal.
    pub root: String,
    /// The next step of the entry that is being brought in steps; nothing between entries.
    pub step: Option<u32>,
}

/// A member's word that an import is complete: over [`closing_bytes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MemberSignature {
    /// The member's certificate.
    pub creator: Fingerprint,
    /// Its signature.
    pub signature: Signature,
}

/// A root as [`Imported`] writes it.
pub fn root_text(root: &[u8; 32]) -> String {
    hex::encode(root)
}

/// What members sign to end an import: a domain label, the network and the text of the last checkpoint.
pub fn closing_bytes(network: &NetworkId, checkpoint: &str) -> Vec<u8> {
    format!("veridose import 1\n{network}\n{checkpoint}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use veridose_contract::Code;

    fn back<T: Serialize + for<'a> Deserialize<'a> + PartialEq + std::fmt::Debug>(value: &T) -> String {
        let text = serde_json::to_string(value).expect("it serialises");
        assert_eq!(&serde_json::from_str::<T>(&text).expect("and back"), value);
        text
    }

    #[test]
    fn refusals_come_back_as_they_were() {
        let rejection = Rejection { code: Code::ItemExists, command: 2, item: None, detail: "it is there".into() };
        let reasons = [
            Unauthentic::Version(9),
            Unauthentic::Clock { off_ms: -7, max_ms: 5 },
            Unauthentic::Certificate("of another".into()),
            Unauthentic::Signature,
        ];
        let whys = reasons.map(|reason| Why::Unauthenticated { reason });
        let whys = whys.into_iter().chain([Why::Rejected(rejection), Why::Repeated { first: TxId([1; 32]) }]);
        let refused =
            whys.enumerate().map(|(index, why)| RefusedTransaction { index, id: TxId([2; 32]), why }).collect();
        let text = back(&Refusals { refused, complete: true });
        assert!(text.contains(r#""kind":"rejected","code":"item_exists","command":2"#), "{text}");
    }

    #[test]
    fn every_prefix_of_the_contract_begins_with_a_letter() {
        for prefix in b'a'..=b'z' {
            let key = state_key(&[prefix, 0xff]);
            assert!(key.starts_with(|first: char| first.is_ascii_alphabetic()), "{key}");
        }
    }

    proptest! {
        #[test]
        fn keys_come_back(key in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(![ENDORSERS_KEY, IMPORT_KEY].contains(&state_key(&key).as_str()));
            prop_assert_eq!(parse_state_key(&state_key(&key)), Some(key));
        }

        #[test]
        fn what_is_no_key_of_ours_is_refused(text in "\\PC{0,12}") {
            if let Some(key) = parse_state_key(&text) {
                prop_assert_eq!(state_key(&key), text);
            }
        }
    }
}
