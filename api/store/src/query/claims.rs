//! Claims as who claims, who is to pay and regulators see them: nothing of the patient, the product or the price.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veridose_contract::{Commitment, DispenseId, PartyId, Timestamp};

use crate::database::{fixed, unsigned};
use crate::entity::claims::claim;
use crate::query::{Queries, Viewer};
use crate::{Page, PageRequest, StoreError, text};

/// How a claim stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimState {
    /// Handed in.
    Submitted,
    /// All of it will be paid.
    Accepted,
    /// Less will be paid than was asked for.
    Partly,
    /// Nothing will be paid.
    Refused,
    /// Paid.
    Paid,
    /// Paid, and the money was given back.
    Reversed,
    /// Taken back by who handed it in.
    Withdrawn,
}

/// A claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClaimRow {
    /// The claim's name: the commitment to its document.
    #[schema(value_type = String)]
    pub claim: Commitment,
    /// The dispense on the ledger that it is for.
    #[schema(value_type = String)]
    pub dispense: DispenseId,
    /// Who dispensed and asks to be paid.
    #[schema(value_type = String)]
    pub claimant: PartyId,
    /// Who is to pay.
    #[schema(value_type = String)]
    pub payer: PartyId,
    /// For how many packs.
    pub packs: u64,
    /// How it stands.
    pub state: ClaimState,
    /// When it was handed in.
    #[schema(value_type = i64)]
    pub submitted_at: Timestamp,
    /// Since when it stands so.
    #[schema(value_type = i64)]
    pub moved_at: Timestamp,
    /// The document of the decision.
    #[schema(value_type = Option<String>)]
    pub decision: Option<Commitment>,
    /// The document that names the payment.
    #[schema(value_type = Option<String>)]
    pub payment: Option<Commitment>,
}

impl Queries {
    /// Claims that the caller handed in or is to pay (a regulator: all), latest first; of one state, where one is given.
    pub async fn claims(
        &self,
        viewer: &Viewer,
        state: Option<ClaimState>,
        page: &PageRequest,
    ) -> Result<Page<ClaimRow>, StoreError> {
        let mut find = own(viewer);
        if let Some(state) = state {
            find = find.filter(claim::Column::State.eq(text::word(&state)));
        }
        if let Some(event) = page.after::<i64>()? {
            find = find.filter(claim::Column::EventId.lt(event));
        }
        let rows = find.order_by_desc(claim::Column::EventId).limit(page.limit_and_one()).all(self.view.read()).await?;
        Page::cut(rows, page.limit(), |row| row.event_id).try_map(ClaimRow::try_from)
    }

    /// One claim, if it is the caller's to see.
    pub async fn claim(&self, viewer: &Viewer, id: &Commitment) -> Result<Option<ClaimRow>, StoreError> {
        let row = own(viewer).filter(claim::Column::Claim.eq(id.0.to_vec())).one(self.view.read()).await?;
        row.map(ClaimRow::try_from).transpose()
    }

    /// One claim, for the patient whose document it is: whoever asks has the document under its patient's key.
    pub async fn claim_for_patient(&self, id: &Commitment) -> Result<Option<ClaimRow>, StoreError> {
        let row = claim::Entity::find_by_id(id.0.to_vec()).one(self.view.read()).await?;
        row.map(ClaimRow::try_from).transpose()
    }
}

fn own(viewer: &Viewer) -> Select<claim::Entity> {
    match viewer {
        Viewer::Regulator(_) => claim::Entity::find(),
        Viewer::Party(party) => claim::Entity::find().filter(
            Condition::any()
                .add(claim::Column::Claimant.eq(party.as_str()))
                .add(claim::Column::Payer.eq(party.as_str())),
        ),
    }
}

impl TryFrom<claim::Model> for ClaimRow {
    type Error = StoreError;

    fn try_from(row: claim::Model) -> Result<Self, StoreError> {
        let commitment =
            |bytes: Option<Vec<u8>>| bytes.map(|bytes| fixed("commitment", &bytes).map(Commitment)).transpose();
        Ok(Self {
            claim: Commitment(fixed("claim", &row.claim)?),
            dispense: DispenseId(fixed("dispense", &row.dispense)?),
            claimant: text::party(&row.claimant)?,
            payer: text::party(&row.payer)?,
            packs: unsigned(row.packs),
            state: text::variant("state", &row.state)?,
            submitted_at: Timestamp(row.submitted_at),
            moved_at: Timestamp(row.moved_at),
            decision: commitment(row.decision)?,
            payment: commitment(row.payment)?,
        })
    }
}
