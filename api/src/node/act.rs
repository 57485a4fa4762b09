//! Acting for an organisation: documents into the vault, commands onto the ledger, in that order.

use veridose_contract::{
    Code, Command, Creator, Fingerprint, IdempotencyKey, PartyId, Rejection, Role, Site, TxId, read,
};
use veridose_ledger::{LedgerError, SubmitError, signer};
use veridose_store::{Request, StoreError};

use super::Node;
use crate::trade::{Plan, command};

/// Whom a request acts for, as its token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The organisation.
    pub party: PartyId,
    /// What it does in the trade.
    pub role: Role,
    /// The site that the caller works at, if the token names one.
    pub site: Option<Site>,
}

/// A transaction that is on the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Its name.
    pub tx: TxId,
    /// Its place in the log.
    pub index: u64,
    /// Whether this request had been carried out before.
    pub repeated: bool,
}

/// A transaction that an organisation is to sign on its own side.
#[derive(Debug, Clone)]
pub struct Unsigned {
    /// The canonical header; its signing bytes are what is signed.
    pub header: veridose_contract::Header,
    /// The commands.
    pub body: veridose_contract::Body,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// The contract refused.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The node does not hold this organisation's key.
    #[error("this node does not sign for {0}: ask for the unsigned transaction and sign it on your own side")]
    NoKey(PartyId),
    /// The organisation has no certificate that could sign.
    #[error("{0} has no certificate on the ledger")]
    NoCertificate(PartyId),
    /// The vault failed or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger failed or refused.
    #[error(transparent)]
    Ledger(#[from] SubmitError),
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LedgerError),
    /// The state could not be read.
    #[error(transparent)]
    State(#[from] veridose_contract::StateError),
    /// Signing failed.
    #[error(transparent)]
    Signing(#[from] veridose_ledger::pki::PkiError),
}

impl Node {
    /// Carries a plan out: seals its documents, signs for the organisation, submits. The same request again gets the
    /// first answer. After a refusal the documents are gone again; a crash in between leaves sealed documents that no
    /// transaction names, and the client's retry takes them up.
    pub async fn act(&self, actor: &Actor, plan: &Plan, request: Request) -> Result<Done, ActError> {
        let signer = self.signer(&actor.party).ok_or_else(|| ActError::NoKey(actor.party.clone()))?;
        let (commands, repeated) = self.seal(actor, plan, request).await?;
        if repeated && let Some(done) = self.done(&actor.party, &request.key)? {
            return Ok(done);
        }
        let commitments = payloads(&commands);
        let transaction = signer::prepare(&signer, self.network().id, request.key, self.clock().now(), commands)?;
        match self.ledger().submit(transaction).await {
            Ok(committed) => Ok(Done { tx: committed.id, index: committed.index, repeated: committed.repeated }),
            Err(SubmitError::Rejected(rejection)) => {
                // Two of the same request at once: one of them is on the ledger, and its answer is the answer of both.
                if rejection.code == Code::IdempotencyConflict
                    && let Some(done) = self.done(&actor.party, &request.key)?
                {
                    return Ok(done);
                }
                if !repeated {
                    self.store().vault.discard(&actor.party, &commitments).await?;
                }
                Err(rejection.into())
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Seals the documents and returns the transaction for the organisation to sign; `certificate` is the one it will
    /// sign with.
    pub async fn unsigned(
        &self,
        actor: &Actor,
        plan: &Plan,
        request: Request,
        certificate: Fingerprint,
    ) -> Result<Unsigned, ActError> {
        let known = read::certificate(&self.ledger().state(), &certificate)?;
        if known.is_none_or(|known| known.certificate.party != actor.party || known.revoked.is_some()) {
            return Err(ActError::NoCertificate(actor.party.clone()));
        }
        let (commands, _) = self.seal(actor, plan, request).await?;
        let (header, body) =
            signer::unsigned(self.network().id, certificate, request.key, self.clock().now(), commands);
        Ok(Unsigned { header, body })
    }

    /// Whom the contract sees acting. The certificate's own site is not the caller's: a command names where it happened.
    pub fn creator(&self, actor: &Actor) -> Creator {
        let fingerprint = self.signer(&actor.party).map_or(Fingerprint([0; 32]), |signer| signer.fingerprint());
        Creator { party: actor.party.clone(), role: actor.role, site: actor.site, fingerprint }
    }

    /// The transaction that a request of an organisation became.
    pub fn done(&self, party: &PartyId, key: &IdempotencyKey) -> Result<Option<Done>, ActError> {
        let Some(record) = read::idempotency(&self.ledger().state(), party, key)? else { return Ok(None) };
        let index = self.ledger().index_of(&record.tx)?;
        Ok(index.map(|index| Done { tx: record.tx, index, repeated: true }))
    }

    async fn seal(&self, actor: &Actor, plan: &Plan, request: Request) -> Result<(Vec<Command>, bool), ActError> {
        let readers: Vec<PartyId> = plan.readers.iter().filter(|reader| **reader != actor.party).cloned().collect();
        let vault = &self.store().vault;
        let sealing = match &plan.patient {
            Some(patient) => {
                vault.seal_patient(&actor.party, patient, Some(request), &plan.documents, &readers).await?
            }
            None => vault.seal(&actor.party, Some(request), &plan.documents, &readers).await?,
        };
        let commands = plan.drafts.iter().map(|draft| command(draft, sealing.commitments[draft.document])).collect();
        Ok((commands, sealing.repeated))
    }
}

fn payloads(commands: &[Command]) -> Vec<veridose_contract::Commitment> {
    let mut payloads: Vec<_> = commands.iter().map(|command| command.payload).collect();
    payloads.sort_unstable();
    payloads.dedup();
    payloads
}
