//! The SQL view of the ledger: a fold over accepted transactions in order, and nothing else.
//!
//! Everything of a batch is read first, the fold itself is pure, then rows and cursor are written in one SQL transaction.

mod detail;
mod erase;
mod fold;
mod owner;
#[cfg(test)]
mod tests;
mod working;

use std::fmt::Debug;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, PrimaryKeyToColumn, QueryFilter, QueryOrder};
use uuid::Uuid;
use veridose_contract::{Genesis, NetworkId, Party, Transaction, TxId};

pub(crate) use fold::{COMMANDS_STRIDE, CONSENT_TERM};
pub use owner::Claim;

use crate::database::{Database, Existing, Write, fixed, insert_all, signed, unsigned};
use crate::entity::{access, answers, claims, events, goods, members, models, studies};
use crate::limits::{ENTRIES_PER_BATCH_MAX, ITEMS_PER_BATCH_MAX};
use crate::projection::owner::{Lapses, Owner};
use crate::projection::working::Working;
use crate::query::PartyState;
use crate::{StoreError, Vault};

const CURSOR: i32 = 1;

/// The network as its file describes it: where the fold begins.
#[derive(Debug, Clone)]
pub struct Founding {
    /// The network.
    pub network: NetworkId,
    /// Founding members.
    pub members: Vec<Party>,
    /// Approvals that admit another member.
    pub threshold: u32,
}

impl From<&Genesis> for Founding {
    fn from(genesis: &Genesis) -> Self {
        let network = veridose_contract::network_id(genesis);
        Self { network, members: genesis.members.clone(), threshold: genesis.admit_threshold }
    }
}

/// Writer of the view.
#[derive(Debug, Clone)]
pub struct Projection {
    view: Database,
    vault: Vault,
    founding: Founding,
    owner: Owner,
}

impl Projection {
    /// Refuses a view of another network; an empty one begins with the founding members. Nobody owns the view by that.
    pub(crate) async fn open(view: Database, vault: Vault, founding: Founding) -> Result<Self, StoreError> {
        let projection = Self { view, vault, founding, owner: Owner::new(Uuid::new_v4().to_string()) };
        let write = projection.view.write().await?;
        if write.on().get_database_backend() == DbBackend::Postgres {
            // Two nodes that start at once would both begin it.
            write.on().execute_unprepared("LOCK TABLE cursor IN EXCLUSIVE MODE").await?;
        }
        match members::cursor::Entity::find_by_id(CURSOR).one(write.on()).await? {
            Some(cursor) if cursor.network == projection.founding.network.to_string() => {}
            Some(cursor) => {
                let expected = projection.founding.network.to_string();
                return Err(StoreError::OtherNetwork { found: cursor.network, expected });
            }
            None => projection.begin(&write, Lease::default()).await?,
        }
        write.commit().await?;
        Ok(projection)
    }

    /// Index of the first entry that is not in the view yet.
    pub async fn next_index(&self) -> Result<u64, StoreError> {
        let cursor = members::cursor::Entity::find_by_id(CURSOR).one(self.view.read()).await?;
        Ok(cursor.map_or(0, |cursor| unsigned(cursor.next_index)))
    }

    /// The last transaction in the view and its index; none in an empty one.
    pub async fn last(&self) -> Result<Option<(u64, TxId)>, StoreError> {
        let find = members::transaction::Entity::find().order_by_desc(members::transaction::Column::TxIndex);
        let Some(row) = find.one(self.view.read()).await? else { return Ok(None) };
        Ok(Some((unsigned(row.tx_index), TxId(fixed("transaction's name", &row.tx)?))))
    }

    /// Takes in entries, which must follow the cursor, and what was erased in the vault since the last call; no entries at all
    /// are fine. Rows and cursor are written in one SQL transaction a batch, which is refused as [`StoreError::NotOwner`] if this
    /// process does not own the view. Entries that the view already has are passed over. Returns the new cursor.
    pub async fn apply(&self, entries: &[(u64, &Transaction)]) -> Result<u64, StoreError> {
        let (batch, mut rest) = entries.split_at(batch_len(entries));
        let mut next = self.apply_batch(batch).await?;
        while !rest.is_empty() {
            let batch;
            (batch, rest) = rest.split_at(batch_len(rest));
            next = self.apply_batch(batch).await?;
        }
        Ok(next)
    }

    async fn apply_batch(&self, entries: &[(u64, &Transaction)]) -> Result<u64, StoreError> {
        // Documents are opened before the row is locked: others who want to know who owns the view do not wait for it.
        let known = self.next_index().await?;
        let fresh: Vec<(u64, &Transaction)> = entries.iter().filter(|(index, _)| *index >= known).copied().collect();
        let documents = self.documents(&fresh).await?;
        let write = self.view.write().await?;
        let cursor = self.own(&write).await?;
        let first = unsigned(cursor.next_index);
        let fresh: Vec<_> = fresh.into_iter().filter(|(index, _)| *index >= first).collect();
        for ((index, _), expected) in fresh.iter().zip(first..) {
            if *index != expected {
                return Err(StoreError::Gap { expected, given: *index });
            }
        }
        let next = fresh.last().map_or(first, |(index, _)| index + 1);
        if !fresh.is_empty() {
            let mut working = Working::load(&write, &fresh).await?;
            for (index, transaction) in &fresh {
                fold::transaction(&mut working, &self.founding, &documents, *index, transaction)?;
            }
            working.save(&write).await?;
        }
        // After the rows: a document erased while they were made becomes a tombstone in the same commit.
        let erased = self.vault.erased_since(cursor.erasures).await?;
        if fresh.is_empty() && erased.is_empty() {
            return Ok(next);
        }
        erase::tombstones(&write, &erased).await?;
        let erasures = cursor.erasures + i64::try_from(erased.len()).unwrap_or(i64::MAX);
        members::cursor::Entity::update_many()
            .col_expr(members::cursor::Column::NextIndex, Expr::value(signed("ledger index", next)?))
            .col_expr(members::cursor::Column::Erasures, Expr::value(erasures))
            .col_expr(members::cursor::Column::LeaseUntil, Lapses::of(&write).until())
            .filter(members::cursor::Column::Id.eq(CURSOR))
            .exec(write.on())
            .await?;
        write.commit().await?;
        Ok(next)
    }

    async fn documents(&self, entries: &[(u64, &Transaction)]) -> Result<detail::Documents, StoreError> {
        let commands = entries.iter().flat_map(|(_, transaction)| &transaction.body.commands);
        let mut commitments: Vec<_> = commands.map(|command| command.payload).collect();
        commitments.sort_unstable();
        commitments.dedup();
        self.vault.open_as_owner(&commitments).await
    }

    /// Empties every table of the view and sets the cursor to the beginning: the first step of a rebuild. The vault stays, and so does
    /// the owner, who alone may do so.
    pub async fn reset(&self) -> Result<(), StoreError> {
        let write = self.view.write().await?;
        let members::cursor::Model { owner, epoch, lease_until, .. } = self.own(&write).await?;
        for table in TABLES {
            write.on().execute_unprepared(&format!("DELETE FROM {table}")).await?;
        }
        self.begin(&write, Lease { owner, epoch, until: lease_until }).await?;
        Ok(write.commit().await?)
    }

    async fn begin(&self, write: &Write, lease: Lease) -> Result<(), StoreError> {
        let network = self.founding.network.to_string();
        let Lease { owner, epoch, until: lease_until } = lease;
        let cursor =
            members::cursor::Model { id: CURSOR, network, next_index: 0, erasures: 0, owner, epoch, lease_until };
        insert_all::<members::cursor::Entity>(write.on(), vec![cursor], Existing::Refuse).await?;
        let founders = self.founding.members.iter().map(|party| fold::party_row(party, PartyState::Member, None));
        Ok(insert_all::<members::party::Entity>(write.on(), founders.collect(), Existing::Refuse).await?)
    }

    /// Every row of every table in one fixed order, for comparing two views; of the cursor, how far the view is and not whose.
    pub async fn dump(&self) -> Result<Vec<String>, StoreError> {
        let cursors = members::cursor::Entity::find().all(self.view.read()).await?.into_iter();
        let said = |row: members::cursor::Model| format!("cursor {} {} {}", row.network, row.next_index, row.erasures);
        let mut rows: Vec<_> = cursors.map(said).collect();
        self.dump_table::<members::transaction::Entity>(&mut rows).await?;
        self.dump_table::<members::party::Entity>(&mut rows).await?;
        self.dump_table::<members::approval::Entity>(&mut rows).await?;
        self.dump_table::<members::certificate::Entity>(&mut rows).await?;
        self.dump_table::<events::event::Entity>(&mut rows).await?;
        self.dump_table::<events::viewer::Entity>(&mut rows).await?;
        self.dump_table::<events::term::Entity>(&mut rows).await?;
        self.dump_table::<events::dispute::Entity>(&mut rows).await?;
        self.dump_table::<goods::product::Entity>(&mut rows).await?;
        self.dump_table::<goods::lot::Entity>(&mut rows).await?;
        self.dump_table::<goods::batch::Entity>(&mut rows).await?;
        self.dump_table::<goods::container::Entity>(&mut rows).await?;
        self.dump_table::<goods::pack::Entity>(&mut rows).await?;
        self.dump_table::<answers::handoff::Entity>(&mut rows).await?;
        self.dump_table::<answers::handoff_item::Entity>(&mut rows).await?;
        self.dump_table::<answers::recall::Entity>(&mut rows).await?;
        self.dump_table::<answers::quarantine::Entity>(&mut rows).await?;
        self.dump_table::<answers::consent::Entity>(&mut rows).await?;
        self.dump_table::<answers::case_file::Entity>(&mut rows).await?;
        self.dump_table::<answers::case_quarantine::Entity>(&mut rows).await?;
        self.dump_table::<answers::case_step::Entity>(&mut rows).await?;
        self.dump_table::<models::model::Entity>(&mut rows).await?;
        self.dump_table::<models::decision::Entity>(&mut rows).await?;
        self.dump_table::<access::anchor::Entity>(&mut rows).await?;
        self.dump_table::<studies::study::Entity>(&mut rows).await?;
        self.dump_table::<studies::study_version::Entity>(&mut rows).await?;
        self.dump_table::<claims::claim::Entity>(&mut rows).await?;
        Ok(rows)
    }

    async fn dump_table<E: EntityTrait>(&self, rows: &mut Vec<String>) -> Result<(), StoreError>
    where
        E::Model: Debug + Send + Sync,
    {
        use sea_orm::Iterable;
        let mut find = E::find();
        for key in E::PrimaryKey::iter() {
            find = find.order_by_asc(key.into_column());
        }
        let table = E::default().table_name().to_owned();
        rows.extend(find.all(self.view.read()).await?.iter().map(|row| format!("{table} {row:?}")));
        Ok(())
    }
}

/// How many of the entries one SQL transaction takes in: at least one.
fn batch_len(entries: &[(u64, &Transaction)]) -> usize {
    let mut size = 0_usize;
    let fitting = entries.iter().take(ENTRIES_PER_BATCH_MAX).take_while(|(_, transaction)| {
        let commands = &transaction.body.commands;
        let items = commands.iter().map(|command| command.items.len()).sum::<usize>();
        size = size.saturating_add(commands.len()).saturating_add(items);
        size <= ITEMS_PER_BATCH_MAX
    });
    fitting.count().max(1).min(entries.len())
}

/// Whose the view is, as the cursor's row says.
#[derive(Debug, Default)]
struct Lease {
    owner: Option<String>,
    epoch: i64,
    until: Option<i64>,
}

/// Every table of the view.
const TABLES: [&str; 28] = [
    "cursor",
    "ledger_transaction",
    "party",
    "party_approval",
    "certificate",
    "event",
    "event_party",
    "event_term",
    "dispute",
    "product",
    "lot",
    "batch",
    "container",
    "pack",
    "handoff",
    "handoff_item",
    "recall",
    "quarantine",
    "consent",
    "case_file",
    "case_quarantine",
    "case_step",
    "model",
    "decision",
    "anchored_access",
    "study",
    "study_version",
    "claim",
];
