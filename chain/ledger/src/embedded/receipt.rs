//! Receipts of what is in the log.

use std::collections::BTreeSet;

use veridose_contract::{Header, ItemKey};

use super::{Embedded, decode};
use crate::LedgerError;
use crate::proof::{Base64, CommandProof, ItemProof, Paths, Proof, Receipt};

/// Commands that a receipt without items shows at most.
pub const COMMANDS_SHOWN_MAX: usize = 64;

impl Embedded {
    /// The header of a transaction: who signed what, without the cost of reading a large body.
    pub fn header(&self, index: u64) -> Result<Header, LedgerError> {
        if index >= self.size() {
            return Err(LedgerError::NotFound(format!("entry {index}")));
        }
        Ok(decode(index, &self.shared.log.entry(index)?)?.header)
    }

    /// A receipt for a transaction and the items of it; without items, for its commands, as far as [`COMMANDS_SHOWN_MAX`].
    pub fn receipt(&self, index: u64, items: &[ItemKey]) -> Result<Receipt, LedgerError> {
        let log = &self.shared.log;
        let checkpoint = match log.checkpoint() {
            Some(checkpoint) if checkpoint.size > index => checkpoint,
            Some(_) | None => log.checkpoint_now()?,
        };
        if index >= self.size() || index >= checkpoint.size {
            return Err(LedgerError::NotFound(format!("entry {index}")));
        }
        let bytes = log.entry(index)?;
        let entry = decode(index, &bytes)?;
        let (body, subtrees) = log.body_with_subtrees(&entry)?;
        let paths = Paths::new(&body, subtrees, entry.header.body_root);
        let proof = Proof {
            index,
            hashes: log.inclusion(index, checkpoint.size, &checkpoint.root)?,
            checkpoint: checkpoint.text.clone(),
        };
        let path = |leaf: usize| -> Result<Vec<Base64>, LedgerError> {
            Ok(paths.path(leaf)?.into_iter().map(Base64::from).collect())
        };
        let leaf = |command, item| body.leaf_index(command, item).expect("a command of this body, or an item of it");
        let mut shown = BTreeSet::new();
        let mut proofs = Vec::new();
        for item in items {
            let before = proofs.len();
            for (number, command) in body.commands.iter().enumerate() {
                for place in (0..command.items.len()).filter(|place| command.items[*place] == *item) {
                    shown.insert(number);
                    let leaf = leaf(number, Some(place));
                    let command = u32::try_from(number).expect("the contract limits the commands");
                    proofs.push(ItemProof {
                        item: *item,
                        command,
                        leaf_index: leaf as u64,
                        path: path(leaf)?,
                        t: None,
                    });
                }
            }
            if proofs.len() == before {
                return Err(LedgerError::NotFound(format!("item {item} in entry {index}")));
            }
        }
        if items.is_empty() {
            shown.extend(0..body.commands.len().min(COMMANDS_SHOWN_MAX));
        }
        let commands = shown.into_iter().map(|number| {
            let leaf = leaf(number, None);
            let head = body.head(number).expect("a command of this body");
            Ok(CommandProof { leaf: Base64(head), leaf_index: leaf as u64, path: path(leaf)? })
        });
        Ok(Receipt {
            version: 1,
            commands: commands.collect::<Result<_, LedgerError>>()?,
            entry: Base64(bytes.to_vec()),
            proof: proof.to_text(),
            leaves: paths.leaf_count() as u64,
            items: proofs,
            attestations: None,
        })
    }
}
