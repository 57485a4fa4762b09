//! Who lets data be used for a purpose: the same decision for all of them at once.

use std::collections::BTreeMap;

use veridose_contract::access::{Access, Grant, RefusalRule, purposes};
use veridose_contract::{ConsentId, Timestamp};

use super::{Ask, Use, judged, record};
use crate::node::Node;
use crate::problem::{Kind, Problem};

/// Nobody: no patient is called so.
const NOBODY: [u8; 32] = [0; 32];

/// Everybody whose consent may allow the request, decided by the state of the ledger at one moment, and recorded by nobody yet.
pub(crate) struct Cohort {
    /// When it was decided.
    pub(crate) at: Timestamp,
    /// Whose data may be given, by what the vault calls the patients.
    pub(crate) granted: Vec<([u8; 32], Grant)>,
    refused: Vec<(Option<[u8; 32]>, Access)>,
}

impl Cohort {
    /// Decides about everybody of whom a consent to the purpose stands, at most so many. Refused, and recorded, where nobody could be
    /// granted because of who asks.
    pub(crate) async fn of(node: &Node, ask: &Ask<'_>, consents_max: u64) -> Result<Self, Problem> {
        node.caught_up().await;
        let at = node.clock().now();
        let Use::Purpose(purpose) = ask.what_for else {
            return Err(Problem::new(
                Kind::BadRequest,
                "say what for in Veridose-Purpose: data of many are for research",
            ));
        };
        check_asker(node, ask, at).await?;
        let purposes = purposes(&node.ledger().state(), purpose)?;
        let consents = node.store().queries.consents_for(&purposes, consents_max.saturating_add(1)).await?;
        if consents.len() as u64 > consents_max {
            let detail =
                format!("more than {consents_max} consents to this purpose stand, and no answer goes through so many");
            return Err(Problem::new(Kind::QueryTooLarge, detail));
        }
        let documents: Vec<_> = consents.iter().map(|(document, _)| *document).collect();
        let of = node.store().vault.patients_of(&documents).await?;
        let mut patients: BTreeMap<[u8; 32], Vec<ConsentId>> = BTreeMap::new();
        for (document, consent) in consents {
            if let Some(patient) = of.get(&document) {
                patients.entry(*patient).or_default().push(consent);
            }
        }
        let names: Vec<[u8; 32]> = patients.keys().copied().collect();
        let judged = judged(node, ask, at, patients.into_iter().collect()).await?;
        let mut cohort = Self { at, granted: Vec::new(), refused: Vec::new() };
        for (patient, access) in names.into_iter().zip(judged) {
            match access {
                Access::Granted(grant) => cohort.granted.push((patient, grant)),
                refused @ Access::Refused(_) => cohort.refused.push((Some(patient), refused)),
            }
        }
        Ok(cohort)
    }

    /// Records those of the grants that `given` names, before anything of them is given; with `refusals`, also whose data were refused.
    pub(crate) async fn record(
        &self,
        node: &Node,
        ask: &Ask<'_>,
        given: impl Fn(&[u8; 32]) -> bool,
        refusals: bool,
    ) -> Result<(), Problem> {
        let granted = self.granted.iter().filter(|(patient, _)| given(patient));
        let granted = granted.map(|(patient, grant)| (Some(*patient), Access::Granted(grant.clone())));
        let refused = self.refused.iter().filter(|_| refusals).cloned();
        record(node, ask, self.at, granted.chain(refused).collect()).await.map(drop)
    }
}

/// Refuses, and records as nobody's, what no consent could allow. Whoever has none gets the refusal that is about consents.
async fn check_asker(node: &Node, ask: &Ask<'_>, at: Timestamp) -> Result<(), Problem> {
    let access = judged(node, ask, at, vec![(NOBODY, Vec::new())]).await?.pop().expect("a decision for each patient");
    match access {
        Access::Refused(refusal) if refusal.rule != RefusalRule::NoConsent => {
            let problem = Problem::no_access(&refusal);
            record(node, ask, at, vec![(None, Access::Refused(refusal))]).await?;
            Err(problem)
        }
        Access::Refused(_) | Access::Granted(_) => Ok(()),
    }
}
