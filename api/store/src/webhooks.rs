//! Webhooks: who is told of cases, and what was told. Primary data. A message and the job that delivers it are written together.

mod deliver;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use veridose_contract::{PartyId, Timestamp};
use zeroize::Zeroizing;

pub use deliver::{Delivery, DeliveryState, Message, Try};

use crate::database::{Database, Existing, Write, insert_all};
use crate::entity::webhooks::{delivery, webhook};
use crate::limits::{SECRET_BEFORE_MS, WEBHOOKS_PER_PARTY_MAX};
use crate::page::latest_first;
use crate::vault::{Keys, random_key};
use crate::{Jobs, Page, PageRequest, StoreError, text};

const PURPOSE: &str = "webhook secret";

/// Whether a subscription is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookState {
    /// It is.
    Active,
    /// Its receiver did not answer for too long, or said that it is gone.
    Disabled,
}

/// A subscription to the cases that its party may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Webhook {
    /// Its name.
    pub id: Uuid,
    /// Whose it is.
    #[schema(value_type = String)]
    pub party: PartyId,
    /// Where messages go.
    pub url: String,
    /// Whether it is served.
    pub state: WebhookState,
    /// Why it is not.
    pub reason: Option<String>,
    /// Since when; of what happened before nothing is told.
    #[schema(value_type = i64)]
    pub created_at: Timestamp,
}

/// A key that messages are signed with.
pub type Secret = Zeroizing<[u8; 32]>;

/// The subscriptions.
#[derive(Debug, Clone)]
pub struct Webhooks {
    database: Database,
    keys: Arc<Keys>,
    jobs: Jobs,
}

impl Webhooks {
    pub(crate) const fn new(database: Database, keys: Arc<Keys>, jobs: Jobs) -> Self {
        Self { database, keys, jobs }
    }

    /// Subscribes the party under this name, and gives the secret. The same name again gives what is there.
    pub async fn subscribe(&self, id: Uuid, party: &PartyId, url: &str) -> Result<(Webhook, Secret), StoreError> {
        let write = self.database.write().await?;
        if let Some(row) = webhook::Entity::find_by_id(id.to_string()).one(write.on()).await? {
            if row.party != party.as_str() {
                return Err(StoreError::NoWebhook);
            }
            let secret = self.open(&row.id, &row.secret)?;
            return Ok((Webhook::try_from(row)?, secret));
        }
        let mine = webhook::Entity::find().filter(webhook::Column::Party.eq(party.as_str()));
        let limit = WEBHOOKS_PER_PARTY_MAX;
        let there = usize::try_from(mine.count(write.on()).await?).unwrap_or(usize::MAX);
        if there >= limit {
            return Err(StoreError::TooLarge { what: "webhooks of a party", size: there.saturating_add(1), limit });
        }
        let secret = random_key();
        let row = webhook::Model {
            id: id.to_string(),
            party: party.to_string(),
            url: url.to_owned(),
            secret: self.seal(&id.to_string(), &secret),
            secret_before: None,
            before_until: None,
            state: text::word(&WebhookState::Active),
            reason: None,
            created_at: self.database.now(write.on()).await?,
        };
        insert_all::<webhook::Entity>(write.on(), vec![row.clone()], Existing::Refuse).await?;
        write.commit().await?;
        Ok((Webhook::try_from(row)?, secret))
    }

    /// A subscription of the party.
    pub async fn webhook(&self, party: &PartyId, id: Uuid) -> Result<Option<Webhook>, StoreError> {
        let find = webhook::Entity::find_by_id(id.to_string()).filter(webhook::Column::Party.eq(party.as_str()));
        find.one(self.database.read()).await?.map(Webhook::try_from).transpose()
    }

    /// The subscriptions of the party, the latest first.
    pub async fn webhooks(&self, party: &PartyId, page: &PageRequest) -> Result<Page<Webhook>, StoreError> {
        let find = webhook::Entity::find().filter(webhook::Column::Party.eq(party.as_str()));
        let order = [webhook::Column::CreatedAt, webhook::Column::Id];
        let position = |row: &webhook::Model| (row.created_at, row.id.clone());
        latest_first(self.database.read(), find, order, page, position).await?.try_map(Webhook::try_from)
    }

    /// Every subscription that is served.
    pub async fn active(&self) -> Result<Vec<Webhook>, StoreError> {
        let find = webhook::Entity::find().filter(webhook::Column::State.eq(text::word(&WebhookState::Active)));
        let rows = find.order_by_asc(webhook::Column::Id).all(self.database.read()).await?;
        rows.into_iter().map(Webhook::try_from).collect()
    }

    /// Ends a subscription of the party; its log goes with it.
    pub async fn unsubscribe(&self, party: &PartyId, id: Uuid) -> Result<(), StoreError> {
        let (write, row) = self.lock(party, id).await?;
        delivery::Entity::delete_many().filter(delivery::Column::Webhook.eq(&row.id)).exec(write.on()).await?;
        webhook::Entity::delete_by_id(row.id).exec(write.on()).await?;
        Ok(write.commit().await?)
    }

    /// A new secret. The one before signs too for a day, so that the receiver can change over in between.
    pub async fn rotate(&self, party: &PartyId, id: Uuid) -> Result<(Webhook, Secret), StoreError> {
        let (write, row) = self.lock(party, id).await?;
        let secret = random_key();
        webhook::Entity::update_many()
            .col_expr(webhook::Column::Secret, Expr::value(self.seal(&row.id, &secret)))
            .col_expr(webhook::Column::SecretBefore, Expr::value(Some(row.secret.clone())))
            .col_expr(webhook::Column::BeforeUntil, self.database.clock().add(SECRET_BEFORE_MS))
            .filter(webhook::Column::Id.eq(&row.id))
            .exec(write.on())
            .await?;
        write.commit().await?;
        Ok((Webhook::try_from(row)?, secret))
    }

    /// Serves a subscription again that was disabled.
    pub async fn enable(&self, party: &PartyId, id: Uuid) -> Result<Webhook, StoreError> {
        let (write, row) = self.lock(party, id).await?;
        set_state(&write, &row.id, WebhookState::Active, None).await?;
        write.commit().await?;
        let state = text::word(&WebhookState::Active);
        Webhook::try_from(webhook::Model { state, reason: None, ..row })
    }

    async fn lock(&self, party: &PartyId, id: Uuid) -> Result<(Write, webhook::Model), StoreError> {
        let write = self.database.write().await?;
        let find = webhook::Entity::find_by_id(id.to_string()).filter(webhook::Column::Party.eq(party.as_str()));
        let row = find.lock_exclusive().one(write.on()).await?.ok_or(StoreError::NoWebhook)?;
        Ok((write, row))
    }

    fn seal(&self, id: &str, secret: &Secret) -> Vec<u8> {
        self.keys.seal(PURPOSE, id.as_bytes(), secret.as_ref())
    }

    fn open(&self, id: &str, sealed: &[u8]) -> Result<Secret, StoreError> {
        let opened = self.keys.unseal(PURPOSE, id.as_bytes(), sealed);
        let secret = opened.and_then(|secret| secret.as_slice().try_into().ok().map(Zeroizing::new));
        secret.ok_or_else(|| StoreError::KeyAltered(format!("the secret of webhook {id}")))
    }
}

async fn set_state(write: &Write, id: &str, state: WebhookState, reason: Option<String>) -> Result<(), StoreError> {
    webhook::Entity::update_many()
        .col_expr(webhook::Column::State, Expr::value(text::word(&state)))
        .col_expr(webhook::Column::Reason, Expr::value(reason))
        .filter(webhook::Column::Id.eq(id))
        .exec(write.on())
        .await?;
    Ok(())
}

impl TryFrom<webhook::Model> for Webhook {
    type Error = StoreError;

    fn try_from(row: webhook::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: Uuid::parse_str(&row.id)
                .map_err(|error| StoreError::Malformed { what: "webhook", detail: error.to_string() })?,
            party: text::party(&row.party)?,
            url: row.url,
            state: text::variant("webhook state", &row.state)?,
            reason: row.reason,
            created_at: Timestamp(row.created_at),
        })
    }
}
