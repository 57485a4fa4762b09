//! Own rows out of the database's.

use time::{Date, Duration, OffsetDateTime};
use veridose_contract::{CaseId, Commitment, ConsentId, Fingerprint, ItemKey, LotKey, OfferId, ProductKey, Timestamp};

use crate::database::{fixed, unsigned};
use crate::entity::answers::{case_file, case_step, consent, handoff, handoff_item, quarantine, recall};
use crate::entity::goods::{container, lot, pack, product};
use crate::entity::members::party;
use crate::projection::COMMANDS_STRIDE;
use crate::query::{
    CaseRow, CaseStepRow, ConsentRow, ContainerRow, HandoffItem, HandoffRow, LotRow, PackRow, PackStanding, PackState,
    PartyRow, ProductRow, QuarantineRow, RecallRow, RecallScope, Scope,
};
use crate::{StoreError, text};

fn json<T: serde::de::DeserializeOwned>(what: &'static str, json: &str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|error| StoreError::Malformed { what, detail: error.to_string() })
}

fn tx_index(event: i64) -> u64 {
    unsigned(event) / COMMANDS_STRIDE
}

fn class(class: i32) -> Result<u8, StoreError> {
    u8::try_from(class).map_err(|_| StoreError::Malformed { what: "recall class", detail: class.to_string() })
}

fn day(days: i32) -> Result<Date, StoreError> {
    OffsetDateTime::UNIX_EPOCH
        .date()
        .checked_add(Duration::days(i64::from(days)))
        .ok_or_else(|| StoreError::Malformed { what: "expiry", detail: format!("{days} days since 1970") })
}

impl TryFrom<handoff::Model> for HandoffRow {
    type Error = StoreError;

    fn try_from(row: handoff::Model) -> Result<Self, StoreError> {
        let answered = row.answered.map(|answered| fixed("commitment", &answered).map(Commitment));
        Ok(Self {
            offer: OfferId(fixed("offer", &row.offer)?),
            from: text::party(&row.sender)?,
            to: text::party(&row.receiver)?,
            kind: text::variant("handoff kind", &row.kind)?,
            state: text::variant("handoff state", &row.state)?,
            items: unsigned(row.items),
            remaining: unsigned(row.remaining),
            discrepancies: unsigned(row.discrepancies),
            offered: Commitment(fixed("commitment", &row.offered)?),
            answered: answered.transpose()?,
            offered_at: Timestamp(row.offered_at),
            answered_at: row.answered_at.map(Timestamp),
            offered_index: tx_index(row.offered_event),
            answered_index: row.answered_event.map(tx_index),
        })
    }
}

impl TryFrom<handoff_item::Model> for HandoffItem {
    type Error = StoreError;

    fn try_from(row: handoff_item::Model) -> Result<Self, StoreError> {
        let discrepancy = row.discrepancy.map(|word| text::variant("discrepancy", &word));
        let item = ItemKey(fixed("item", &row.item)?);
        Ok(Self { item, accepted: row.accepted, discrepancy: discrepancy.transpose()? })
    }
}

impl TryFrom<product::Model> for ProductRow {
    type Error = StoreError;

    fn try_from(row: product::Model) -> Result<Self, StoreError> {
        Ok(Self {
            product: ProductKey(fixed("product", &row.product)?),
            party: text::party(&row.party)?,
            commitment: Commitment(fixed("commitment", &row.commitment)?),
            details: row.details.map(|details| json("product", &details)).transpose()?,
            recall: row.recall.map(class).transpose()?,
        })
    }
}

impl TryFrom<lot::Model> for LotRow {
    type Error = StoreError;

    fn try_from(row: lot::Model) -> Result<Self, StoreError> {
        Ok(Self {
            lot: LotKey(fixed("lot", &row.lot)?),
            product: ProductKey(fixed("product", &row.product)?),
            party: text::party(&row.party)?,
            expiry: day(row.expiry)?,
            commitment: Commitment(fixed("commitment", &row.commitment)?),
            gtin: row.gtin,
            number: row.number,
            commissioned: unsigned(row.commissioned),
            recall: row.recall.map(class).transpose()?,
            quarantined: row.quarantined,
        })
    }
}

impl TryFrom<party::Model> for PartyRow {
    type Error = StoreError;

    fn try_from(row: party::Model) -> Result<Self, StoreError> {
        Ok(Self {
            party: text::party(&row.party)?,
            name: row.name,
            role: text::variant("role", &row.role)?,
            sites: json("list of sites", &row.sites)?,
            ca: Fingerprint(fixed("fingerprint", &row.ca)?),
            state: text::variant("party state", &row.state)?,
        })
    }
}

impl TryFrom<consent::Model> for ConsentRow {
    type Error = StoreError;

    fn try_from(row: consent::Model) -> Result<Self, StoreError> {
        Ok(Self {
            consent: ConsentId(fixed("consent", &row.consent)?),
            custodian: text::party(&row.custodian)?,
            purpose: text::variant("purpose", &row.purpose)?,
            data: row.data.split(' ').map(|kind| text::variant("kind of data", kind)).collect::<Result<_, _>>()?,
            form: text::variant("form of data", &row.form)?,
            credential: row.credential.map(|kind| text::variant("kind of credential", &kind)).transpose()?,
            grantee: row.grantee.as_deref().map(text::party).transpose()?,
            from: Timestamp(row.valid_from),
            until: row.valid_until.map(Timestamp),
            version: u32::try_from(row.version).unwrap_or(u32::MAX),
            commitment: Commitment(fixed("commitment", &row.commitment)?),
            revoked_at: row.revoked_at.map(Timestamp),
            signed_by: text::variant("signer of a consent", &row.signed_by)?,
        })
    }
}

impl TryFrom<case_file::Model> for CaseRow {
    type Error = StoreError;

    fn try_from(row: case_file::Model) -> Result<Self, StoreError> {
        Ok(Self {
            case: CaseId(fixed("case", &row.case_id)?),
            party: text::party(&row.party)?,
            raised_at: Timestamp(row.raised_at),
            state: text::variant("case stage", &row.stage)?,
            outcome: row.outcome.as_deref().map(|word| text::variant("case outcome", word)).transpose()?,
            assignee: row.assignee.as_deref().map(text::party).transpose()?,
            commitment: Commitment(fixed("commitment", &row.commitment)?),
            moved_at: Timestamp(row.moved_at),
        })
    }
}

fn command(event: i64) -> u32 {
    u32::try_from(unsigned(event) % COMMANDS_STRIDE).unwrap_or(u32::MAX)
}

fn scope(word: &str, items: i64, target: &[u8]) -> Result<RecallScope, StoreError> {
    Ok(match text::variant::<Scope>("scope of a measure", word)? {
        Scope::Items => RecallScope::Items(unsigned(items)),
        Scope::Lot => RecallScope::Lot(LotKey(fixed("lot", target)?)),
        Scope::Product => RecallScope::Product(ProductKey(fixed("product", target)?)),
    })
}

impl TryFrom<case_step::Model> for CaseStepRow {
    type Error = StoreError;

    fn try_from(row: case_step::Model) -> Result<Self, StoreError> {
        Ok(Self {
            tx_index: tx_index(row.event_id),
            step: text::variant("step of a case", &row.step)?,
            value: row.value,
            party: text::party(&row.party)?,
            at: Timestamp(row.at),
            commitment: Commitment(fixed("commitment", &row.commitment)?),
        })
    }
}

impl TryFrom<quarantine::Model> for QuarantineRow {
    type Error = StoreError;

    fn try_from(row: quarantine::Model) -> Result<Self, StoreError> {
        Ok(Self {
            tx_index: tx_index(row.event_id),
            command: command(row.event_id),
            party: text::party(&row.party)?,
            scope: scope(&row.scope, row.items, &row.target)?,
            commitment: Commitment(fixed("commitment", &row.commitment)?),
            set_at: Timestamp(row.set_at),
            released_at: row.released_at.map(Timestamp),
        })
    }
}

impl TryFrom<recall::Model> for RecallRow {
    type Error = StoreError;

    fn try_from(row: recall::Model) -> Result<Self, StoreError> {
        let scope = scope(&row.scope, row.items, &row.target)?;
        Ok(Self {
            tx_index: tx_index(row.event_id),
            command: command(row.event_id),
            party: text::party(&row.party)?,
            scope,
            class: class(row.class)?,
            commitment: Commitment(fixed("commitment", &row.commitment)?),
            reason: row.reason,
            called_at: Timestamp(row.called_at),
            ended_at: row.ended_at.map(Timestamp),
        })
    }
}

impl TryFrom<container::Model> for ContainerRow {
    type Error = StoreError;

    fn try_from(row: container::Model) -> Result<Self, StoreError> {
        let parent = row.parent.map(|parent| fixed("item", &parent).map(ItemKey));
        Ok(Self {
            container: ItemKey(fixed("item", &row.item)?),
            parent: parent.transpose()?,
            holder: text::party(&row.holder)?,
            tx_index: tx_index(row.event_id),
        })
    }
}

impl TryFrom<pack::Model> for PackRow {
    type Error = StoreError;

    fn try_from(row: pack::Model) -> Result<Self, StoreError> {
        let state = match text::variant::<PackStanding>("pack state", &row.state)? {
            PackStanding::Active => PackState::Active,
            PackStanding::Decommissioned => {
                let reason = row.reason.unwrap_or_default();
                PackState::Decommissioned(text::variant("reason", &reason)?)
            }
            PackStanding::Dispensed => PackState::Dispensed,
            PackStanding::Transformed => PackState::Transformed,
        };
        Ok(Self {
            pack: ItemKey(fixed("item", &row.item)?),
            holder: if row.holder.is_empty() { None } else { Some(text::party(&row.holder)?) },
            state,
            quarantined: row.quarantined,
            recall: row.recall.map(class).transpose()?,
            tx_index: tx_index(row.event_id),
        })
    }
}
