//! Models and what they said of cases, as their owners and regulators see them.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::Serialize;
use utoipa::ToSchema;
use veridose_contract::{Commitment, ModelId, PartyId, Timestamp};

use crate::database::{fixed, unsigned};
use crate::entity::models::{decision, model};
use crate::query::{Queries, Viewer};
use crate::{Page, PageRequest, StoreError, text};

/// Decisions that are told of one case, the latest of them.
pub const DECISIONS_MAX: u64 = 100;

/// A registered model. Whether it is in use, the ledger's state tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModelRow {
    /// Its name: the SHA-256 of its file.
    #[schema(value_type = String)]
    pub model: ModelId,
    /// Whose it is.
    #[schema(value_type = String)]
    pub party: PartyId,
    /// What it is for.
    pub kind: String,
    /// When it was registered.
    #[schema(value_type = i64)]
    pub registered_at: Timestamp,
    /// The document that holds its file and card.
    #[schema(value_type = String)]
    pub commitment: Commitment,
}

/// What a model said of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DecisionRow {
    /// The model.
    #[schema(value_type = String)]
    pub model: ModelId,
    /// Whose model it is.
    #[schema(value_type = String)]
    pub party: PartyId,
    /// SHA-256 of the features that it looked at, in hexadecimal.
    pub features_sha256: String,
    /// The probability that it gave, in millionths.
    pub score_millionths: u64,
    /// The document with the features and what each of them added.
    #[schema(value_type = String)]
    pub commitment: Commitment,
    /// When.
    #[schema(value_type = i64)]
    pub decided_at: Timestamp,
}

impl Queries {
    /// Models of the caller (a regulator: of all), of one kind if any is named, latest first.
    pub async fn models(
        &self,
        viewer: &Viewer,
        kind: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<ModelRow>, StoreError> {
        let mut find = own(viewer);
        if let Some(kind) = kind {
            find = find.filter(model::Column::Kind.eq(kind));
        }
        if let Some(event) = page.after::<i64>()? {
            find = find.filter(model::Column::EventId.lt(event));
        }
        let rows = find.order_by_desc(model::Column::EventId).limit(page.limit_and_one()).all(self.view.read()).await?;
        Page::cut(rows, page.limit(), |row| row.event_id).try_map(ModelRow::try_from)
    }

    /// One model, if the caller may see it. Of several parties that registered the same, the named one's, or the first.
    pub async fn model(
        &self,
        viewer: &Viewer,
        id: &ModelId,
        party: Option<&PartyId>,
    ) -> Result<Option<ModelRow>, StoreError> {
        let mut find = own(viewer).filter(model::Column::Model.eq(id.0.to_vec()));
        if let Some(party) = party {
            find = find.filter(model::Column::Party.eq(party.as_str()));
        }
        let row = find.order_by_asc(model::Column::EventId).one(self.view.read()).await?;
        row.map(ModelRow::try_from).transpose()
    }

    /// What models said of a case that the caller may see, by the case's document; latest first.
    pub async fn decisions(&self, viewer: &Viewer, case: &Commitment) -> Result<Vec<DecisionRow>, StoreError> {
        let mut find = decision::Entity::find().filter(decision::Column::Subject.eq(case.0.to_vec()));
        if let Viewer::Party(party) = viewer {
            find = find.filter(decision::Column::Party.eq(party.as_str()));
        }
        let find = find.order_by_desc(decision::Column::EventId).limit(DECISIONS_MAX);
        find.all(self.view.read()).await?.into_iter().map(DecisionRow::try_from).collect()
    }
}

fn own(viewer: &Viewer) -> Select<model::Entity> {
    match viewer {
        Viewer::Regulator(_) => model::Entity::find(),
        Viewer::Party(party) => model::Entity::find().filter(model::Column::Party.eq(party.as_str())),
    }
}

impl TryFrom<model::Model> for ModelRow {
    type Error = StoreError;

    fn try_from(row: model::Model) -> Result<Self, StoreError> {
        Ok(Self {
            model: ModelId(fixed("model", &row.model)?),
            party: text::party(&row.party)?,
            kind: row.kind,
            registered_at: Timestamp(row.registered_at),
            commitment: Commitment(fixed("commitment", &row.commitment)?),
        })
    }
}

impl TryFrom<decision::Model> for DecisionRow {
    type Error = StoreError;

    fn try_from(row: decision::Model) -> Result<Self, StoreError> {
        Ok(Self {
            model: ModelId(fixed("model", &row.model)?),
            party: text::party(&row.party)?,
            features_sha256: hex::encode(&row.features),
            score_millionths: unsigned(row.score_millionths),
            commitment: Commitment(fixed("commitment", &row.commitment)?),
            decided_at: Timestamp(row.decided_at),
        })
    }
}
