//! Who writes the view: one process at a time.
//!
//! The cursor's row is the lease. Each owner has an epoch of its own, and every write of the view locks the row and compares the epoch
//! first: what a process writes that has lost the view meanwhile is refused, whatever it believes and whatever its clock says. Leases are
//! measured with the database's clock. On SQLite, a file of one process, the lease does not lapse: who starts has the view.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use sea_orm::sea_query::{Condition, Expr, ExprTrait, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter};

use super::{CURSOR, Projection};
use crate::StoreError;
use crate::database::{Write, clock};
use crate::entity::members::cursor::{Column, Entity, Model};
use crate::limits::VIEW_LEASE_MS;

/// When the view is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// At the start of a process: what one of the same name left behind is its own.
    Start,
    /// While others may own it: only when nobody does.
    Free,
}

/// No process has this epoch.
const NONE: i64 = 0;

/// What this process is called, and the epoch under which it writes the view.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    pub(super) name: String,
    epoch: Arc<AtomicI64>,
}

impl Owner {
    pub(super) fn new(name: String) -> Self {
        Self { name, epoch: Arc::new(AtomicI64::new(NONE)) }
    }

    fn epoch(&self) -> Option<i64> {
        Some(self.epoch.load(Ordering::Acquire)).filter(|epoch| *epoch != NONE)
    }
}

impl Projection {
    /// Under a process's name, see [`Claim::Start`]. Of several on one database each has its own.
    pub(crate) fn named(self, name: String) -> Self {
        Self { owner: Owner::new(name), ..self }
    }

    /// Asks for the view, which is this process's then for as long as it renews it.
    pub async fn claim(&self, claim: Claim) -> Result<bool, StoreError> {
        let write = self.view.write().await?;
        let lapses = Lapses::of(&write);
        let free =
            Condition::any().add(Column::LeaseUntil.is_null()).add(Expr::col(Column::LeaseUntil).lte(lapses.now()));
        let free = match (claim, lapses) {
            (Claim::Start, Lapses::Never) => Condition::all(),
            (Claim::Start, Lapses::InTime) => free.add(Column::Owner.eq(&self.owner.name)),
            (Claim::Free, _) => free,
        };
        let claimed = Entity::update_many()
            .col_expr(Column::Owner, Expr::value(self.owner.name.clone()))
            .col_expr(Column::Epoch, Expr::col(Column::Epoch).add(1))
            .col_expr(Column::LeaseUntil, lapses.until())
            .filter(Column::Id.eq(CURSOR))
            .filter(free)
            .exec(write.on())
            .await?;
        if claimed.rows_affected == 0 {
            return Ok(false);
        }
        let epoch = cursor(&write).await?.epoch;
        write.commit().await?;
        self.owner.epoch.store(epoch, Ordering::Release);
        Ok(true)
    }

    /// Keeps the view for another while; false if it is another's now.
    pub async fn renew(&self) -> Result<bool, StoreError> {
        let Some(epoch) = self.owner.epoch() else { return Ok(false) };
        let write = self.view.write().await?;
        let renewed = match Lapses::of(&write) {
            Lapses::Never => cursor(&write).await?.epoch == epoch,
            lapses @ Lapses::InTime => {
                let lease = Entity::update_many().col_expr(Column::LeaseUntil, lapses.until());
                let lease =
                    lease.filter(Column::Id.eq(CURSOR)).filter(Column::Epoch.eq(epoch)).exec(write.on()).await?;
                write.commit().await?;
                lease.rows_affected == 1
            }
        };
        if !renewed {
            self.lost(epoch);
        }
        Ok(renewed)
    }

    /// Gives the view back, so that nobody need wait for the lease to lapse.
    pub async fn release(&self) -> Result<(), StoreError> {
        let Some(epoch) = self.owner.epoch() else { return Ok(()) };
        self.lost(epoch);
        let write = self.view.write().await?;
        Entity::update_many()
            .col_expr(Column::Owner, Expr::value(None::<String>))
            .col_expr(Column::LeaseUntil, Expr::value(None::<i64>))
            .filter(Column::Id.eq(CURSOR))
            .filter(Column::Epoch.eq(epoch))
            .exec(write.on())
            .await?;
        Ok(write.commit().await?)
    }

    /// Whether other processes may write to the same database.
    pub(crate) fn is_shared(&self) -> bool {
        self.view.read().get_database_backend() == DbBackend::Postgres
    }

    /// Whether this process owns the view, as far as it knows.
    pub fn is_owner(&self) -> bool {
        self.owner.epoch().is_some()
    }

    /// Who owns it, as the database says.
    pub async fn owner(&self) -> Result<Option<String>, StoreError> {
        Ok(Entity::find_by_id(CURSOR).one(self.view.read()).await?.and_then(|cursor| cursor.owner))
    }

    /// Locks the cursor's row until the end of the transaction, and refuses who does not own the view.
    pub(super) async fn own(&self, write: &Write) -> Result<Model, StoreError> {
        let cursor = cursor(write).await?;
        match self.owner.epoch() {
            Some(epoch) if epoch == cursor.epoch => Ok(cursor),
            Some(epoch) => {
                self.lost(epoch);
                Err(StoreError::NotOwner)
            }
            None => Err(StoreError::NotOwner),
        }
    }

    /// Unless another epoch has begun since.
    fn lost(&self, epoch: i64) {
        // Whichever came first is right: the epoch that is stored then is another one.
        let _ = self.owner.epoch.compare_exchange(epoch, NONE, Ordering::AcqRel, Ordering::Acquire);
    }
}

/// The cursor, locked where rows are.
async fn cursor(write: &Write) -> Result<Model, StoreError> {
    use sea_orm::QuerySelect as _;
    let cursor = Entity::find_by_id(CURSOR).lock_exclusive().one(write.on()).await?;
    cursor.ok_or(StoreError::Malformed { what: "cursor", detail: "it is gone".to_owned() })
}

/// Whether a lease ends by itself on a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lapses {
    /// PostgreSQL, where many processes may meet.
    InTime,
    /// SQLite.
    Never,
}

impl Lapses {
    pub(super) fn of(write: &Write) -> Self {
        if write.on().get_database_backend() == DbBackend::Postgres { Self::InTime } else { Self::Never }
    }

    /// The database's time, in milliseconds.
    fn now(self) -> SimpleExpr {
        match self {
            Self::InTime => clock(DbBackend::Postgres),
            Self::Never => Expr::value(0_i64),
        }
    }

    /// The end of a lease that is renewed now.
    pub(super) fn until(self) -> SimpleExpr {
        match self {
            Self::InTime => self.now().add(VIEW_LEASE_MS),
            Self::Never => Expr::value(i64::MAX),
        }
    }
}
