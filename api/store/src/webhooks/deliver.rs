//! Messages on their way to a subscription.

use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;
use veridose_contract::{PartyId, Timestamp};

use super::{Secret, Webhook, WebhookState, Webhooks, set_state};
use crate::database::{Existing, insert_all, unsigned};
use crate::entity::webhooks::{delivery, webhook};
use crate::limits::DELIVERIES_KEPT_MS;
use crate::{JobKind, NewJob, Page, PageRequest, StoreError, text};

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It waits for its first or next try.
    Waiting,
    /// The receiver took it.
    Delivered,
    /// It was given up.
    Failed,
}

/// A message to a subscription, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Delivery {
    /// Its name, which is the same at each try.
    pub message: String,
    /// What it says.
    pub body: String,
    /// What became of it.
    pub state: DeliveryState,
    /// When it was written.
    #[schema(value_type = i64)]
    pub created_at: Timestamp,
    /// When it was tried last.
    #[schema(value_type = Option<i64>)]
    pub tried_at: Option<Timestamp>,
    /// How often it was tried.
    pub tries: u64,
    /// The receiver's last status.
    pub status: Option<u64>,
    /// Why the last try failed.
    pub error: Option<String>,
}

/// A message to be delivered.
#[derive(Debug, Clone)]
pub struct Message {
    /// For which subscription.
    pub webhook: Uuid,
    /// Its name: the same thing happened has the same one.
    pub name: String,
    /// What it says, JSON.
    pub body: String,
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Try {
    /// The receiver took it, with this status.
    Taken(u16),
    /// It did not; it is tried again.
    Failed(Option<u16>, String),
    /// It did not, and that was the last try.
    GivenUp(Option<u16>, String),
    /// The receiver says that nothing more is to be sent.
    Gone(u16),
}

impl Webhooks {
    /// Has messages delivered, each once, with this many tries and this wait after the first that failed.
    pub async fn tell(&self, messages: &[Message], tries_max: u64, pause_ms: u64) -> Result<(), StoreError> {
        let write = self.database.write().await?;
        let now = self.database.now(write.on()).await?;
        let row = |message: &Message| delivery::Model {
            webhook: message.webhook.to_string(),
            message: message.name.clone(),
            body: message.body.clone(),
            state: text::word(&DeliveryState::Waiting),
            created_at: now,
            tried_at: None,
            tries: 0,
            status: None,
            error: None,
        };
        let job = |message: &Message| NewJob {
            id: format!("deliver {} {}", message.webhook, message.name),
            kind: JobKind::Deliver,
            payload: json!({ "webhook": message.webhook, "message": message.name }),
            attempts_max: tries_max,
            pause_ms,
            every_ms: None,
        };
        insert_all::<delivery::Entity>(write.on(), messages.iter().map(row).collect(), Existing::Keep).await?;
        self.jobs.add_within(&write, &messages.iter().map(job).collect::<Vec<_>>()).await?;
        Ok(write.commit().await?)
    }

    /// A message that waits, its subscription, and the secrets that sign it, the newest first; nothing where it is not to be
    /// delivered any more.
    pub async fn waiting(
        &self,
        id: Uuid,
        message: &str,
    ) -> Result<Option<(Webhook, Delivery, Vec<Secret>)>, StoreError> {
        let read = self.database.read();
        let Some(row) = webhook::Entity::find_by_id(id.to_string()).one(read).await? else { return Ok(None) };
        let key = (id.to_string(), message.to_owned());
        let Some(delivery) = delivery::Entity::find_by_id(key).one(read).await? else { return Ok(None) };
        let mut secrets = vec![self.open(&row.id, &row.secret)?];
        let now = self.database.now(read).await?;
        if let (Some(before), Some(until)) = (&row.secret_before, row.before_until)
            && until > now
        {
            secrets.push(self.open(&row.id, before)?);
        }
        let (webhook, delivery) = (Webhook::try_from(row)?, Delivery::try_from(delivery)?);
        let is_due = webhook.state == WebhookState::Active && delivery.state == DeliveryState::Waiting;
        Ok(is_due.then_some((webhook, delivery, secrets)))
    }

    /// Writes how a try ended. A subscription whose message was given up, or whose receiver is gone, is not served any more.
    pub async fn tried(&self, id: Uuid, message: &str, ended: &Try) -> Result<(), StoreError> {
        let (state, status, error, disabled) = match ended {
            Try::Taken(status) => (DeliveryState::Delivered, Some(*status), None, None),
            Try::Failed(status, error) => (DeliveryState::Waiting, *status, Some(error.clone()), None),
            Try::GivenUp(status, error) => {
                let reason = format!("a message could not be delivered at all: {error}");
                (DeliveryState::Failed, *status, Some(error.clone()), Some(reason))
            }
            Try::Gone(status) => {
                let reason = format!("the receiver answered {status}: it is gone");
                (DeliveryState::Failed, Some(*status), Some(reason.clone()), Some(reason))
            }
        };
        let write = self.database.write().await?;
        delivery::Entity::update_many()
            .col_expr(delivery::Column::State, Expr::value(text::word(&state)))
            .col_expr(delivery::Column::TriedAt, self.database.clock())
            .col_expr(delivery::Column::Tries, Expr::col(delivery::Column::Tries).add(1))
            .col_expr(delivery::Column::Status, Expr::value(status.map(i64::from)))
            .col_expr(delivery::Column::Error, Expr::value(error))
            .filter(delivery::Column::Webhook.eq(id.to_string()))
            .filter(delivery::Column::Message.eq(message))
            .exec(write.on())
            .await?;
        if disabled.is_some() {
            // What waits behind it is not tried any more, and its log says so.
            delivery::Entity::update_many()
                .col_expr(delivery::Column::State, Expr::value(text::word(&DeliveryState::Failed)))
                .col_expr(delivery::Column::Error, Expr::value("the subscription was disabled"))
                .filter(delivery::Column::Webhook.eq(id.to_string()))
                .filter(delivery::Column::State.eq(text::word(&DeliveryState::Waiting)))
                .exec(write.on())
                .await?;
            set_state(&write, &id.to_string(), WebhookState::Disabled, disabled).await?;
        }
        Ok(write.commit().await?)
    }

    /// What was told to a subscription of the party, the latest first.
    pub async fn deliveries(
        &self,
        party: &PartyId,
        id: Uuid,
        page: &PageRequest,
    ) -> Result<Page<Delivery>, StoreError> {
        self.webhook(party, id).await?.ok_or(StoreError::NoWebhook)?;
        let mut find = delivery::Entity::find().filter(delivery::Column::Webhook.eq(id.to_string()));
        if let Some((created_at, message)) = page.after::<(i64, String)>()? {
            let same = delivery::Column::CreatedAt.eq(created_at);
            let same = Condition::all().add(same).add(delivery::Column::Message.lt(message));
            find = find.filter(Condition::any().add(delivery::Column::CreatedAt.lt(created_at)).add(same));
        }
        let rows = find
            .order_by_desc(delivery::Column::CreatedAt)
            .order_by_desc(delivery::Column::Message)
            .limit(page.limit_and_one())
            .all(self.database.read())
            .await?;
        Page::cut(rows, page.limit(), |row| (row.created_at, row.message.clone())).try_map(Delivery::try_from)
    }

    /// Removes what was told long ago. Returns how much.
    pub async fn prune(&self) -> Result<u64, StoreError> {
        let write = self.database.write().await?;
        let old = Expr::col(delivery::Column::CreatedAt).lte(self.database.clock().sub(DELIVERIES_KEPT_MS));
        let pruned = delivery::Entity::delete_many().filter(old).exec(write.on()).await?;
        write.commit().await?;
        Ok(pruned.rows_affected)
    }
}

impl TryFrom<delivery::Model> for Delivery {
    type Error = StoreError;

    fn try_from(row: delivery::Model) -> Result<Self, StoreError> {
        Ok(Self {
            message: row.message,
            body: row.body,
            state: text::variant("delivery state", &row.state)?,
            created_at: Timestamp(row.created_at),
            tried_at: row.tried_at.map(Timestamp),
            tries: unsigned(row.tries),
            status: row.status.map(unsigned),
            error: row.error,
        })
    }
}
