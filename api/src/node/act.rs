//! Acting for an organisation: documents into the vault, commands onto the ledger, in that order.

#[cfg(test)]
mod tests;

use veridose_contract::{
    Action, Code, Command, Creator, Fingerprint, IdempotencyKey, PartyId, Rejection, Role, Site, TxId, read,
};
use veridose_ledger::{LedgerError, SubmitError, signer};
use veridose_store::{Opened, Payload, Request, Sealing, StoreError};

use super::Node;
use crate::trade::{Draft, Plan, command, happened};

/// Documents of an earlier attempt that are opened at once.
const DOCUMENTS_AT_ONCE: usize = 1_000;

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
    /// transaction names, and the client's retry takes them up: it submits what they say, not what it would say itself.
    pub async fn act(&self, actor: &Actor, plan: &Plan, request: Request) -> Result<Done, ActError> {
        let signer = self.signer(&actor.party).ok_or_else(|| ActError::NoKey(actor.party.clone()))?;
        let _turn = self.turns.take(&actor.party, &request.key).await;
        let sealing = self.seal(actor, plan, request).await?;
        let repeated = sealing.repeated;
        if repeated && let Some(done) = self.done(&actor.party, &request.key)? {
            return Ok(done);
        }
        let commands = self.commands(actor, plan, &sealing).await?;
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
        let sealing = self.seal(actor, plan, request).await?;
        let commands = self.commands(actor, plan, &sealing).await?;
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

    async fn seal(&self, actor: &Actor, plan: &Plan, request: Request) -> Result<Sealing, ActError> {
        let readers: Vec<PartyId> = plan.readers.iter().filter(|reader| **reader != actor.party).cloned().collect();
        let vault = &self.store().vault;
        Ok(match &plan.patient {
            Some(patient) => {
                vault.seal_patient(&actor.party, patient, Some(request), &plan.documents, &readers).await?
            }
            None => vault.seal(&actor.party, Some(request), &plan.documents, &readers).await?,
        })
    }

    /// The plan's commands on the sealed documents. Where those were sealed by an earlier attempt, they are what counts: they
    /// hold the salt of that time, and the time itself.
    async fn commands(&self, actor: &Actor, plan: &Plan, sealing: &Sealing) -> Result<Vec<Command>, ActError> {
        let commitment = |draft: &Draft| sealing.commitments[draft.document];
        if !sealing.repeated {
            return Ok(plan.drafts.iter().map(|draft| command(draft, commitment(draft))).collect());
        }
        let mut earlier = Vec::with_capacity(sealing.commitments.len());
        for some in sealing.commitments.chunks(DOCUMENTS_AT_ONCE) {
            earlier.extend(self.store().vault.open_many(some, &actor.party).await?);
        }
        let retold = |draft: &Draft| {
            let Opened::Document(document) = &earlier[draft.document] else {
                return Err(StoreError::PatientErased.into());
            };
            Ok(command(&retold(draft, document)?, commitment(draft)))
        };
        plan.drafts.iter().map(retold).collect()
    }
}

/// The draft as the document of an earlier attempt tells it.
fn retold(draft: &Draft, document: &Payload) -> Result<Draft, StoreError> {
    let mut draft = draft.clone();
    match document {
        Payload::Consent(document) => {
            if let Action::RegisterConsent(consent) | Action::AmendConsent { consent, .. } = &mut draft.action {
                (consent.subject, consent.from, consent.until) = (document.subject(), document.from, document.until);
            }
        }
        Payload::Event(event) => {
            let event = veridose_epcis::from_json(event.get().as_bytes());
            let event = event.map_err(|error| StoreError::Malformed { what: "event", detail: error.to_string() })?;
            draft.happened = happened(&event);
        }
        Payload::Product(_)
        | Payload::Lot(_)
        | Payload::Recall(_)
        | Payload::Case(_)
        | Payload::Revocation(_)
        | Payload::Note(_)
        | Payload::Model(_)
        | Payload::Decision(_)
        | Payload::Study(_)
        | Payload::StudyVersion(_)
        | Payload::Signature(_)
        | Payload::Fhir(_) => {}
    }
    Ok(draft)
}

fn payloads(commands: &[Command]) -> Vec<veridose_contract::Commitment> {
    let mut payloads: Vec<_> = commands.iter().map(|command| command.payload).collect();
    payloads.sort_unstable();
    payloads.dedup();
    payloads
}
