//! Which causes of suspicion have become cases, so that none becomes two. Primary data.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use veridose_contract::IdempotencyKey;

use crate::StoreError;
use crate::database::{Database, Existing, fixed, insert_all};
use crate::entity::detection::case_cause;
use crate::limits::CAUSES_PER_CASE_MAX;

/// What is to be done about causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// One of them is a case already; the others belong to it from now on.
    Raised,
    /// None is a case: it is to be raised by this request.
    Open(IdempotencyKey),
}

/// The causes.
#[derive(Debug, Clone)]
pub struct Causes {
    database: Database,
}

impl Causes {
    pub(crate) const fn new(database: Database) -> Self {
        Self { database }
    }

    /// Takes causes that belong together, the first ones of too many; `request` is what would raise their case. One that was
    /// interrupted before its case was raised is told as open again, with its own request.
    pub async fn take(&self, causes: &[String], request: IdempotencyKey) -> Result<Known, StoreError> {
        let causes = &causes[..causes.len().min(CAUSES_PER_CASE_MAX)];
        let write = self.database.write().await?;
        let known = case_cause::Entity::find()
            .filter(case_cause::Column::Cause.is_in(causes.iter().map(String::as_str)))
            .all(write.on())
            .await?;
        let first = known.iter().find(|row| row.raised).or_else(|| known.first());
        let raised = first.is_some_and(|row| row.raised);
        let request = match first {
            Some(row) => IdempotencyKey(fixed("request of a case", &row.request)?),
            None => request,
        };
        let row = |cause: &String| case_cause::Model { cause: cause.clone(), request: request.0.to_vec(), raised };
        insert_all::<case_cause::Entity>(write.on(), causes.iter().map(row).collect(), Existing::Keep).await?;
        write.commit().await?;
        Ok(if raised { Known::Raised } else { Known::Open(request) })
    }

    /// Keeps a cause that is none of a case by itself, and tells how many there are whose names begin so; at most
    /// [`CAUSES_PER_CASE_MAX`].
    pub async fn gather(&self, cause: &str, beginning: &str) -> Result<usize, StoreError> {
        let write = self.database.write().await?;
        let row = case_cause::Model { cause: cause.to_owned(), request: vec![0; 16], raised: false };
        insert_all::<case_cause::Entity>(write.on(), vec![row], Existing::Keep).await?;
        let found = case_cause::Entity::find()
            .filter(case_cause::Column::Cause.starts_with(beginning))
            .limit(CAUSES_PER_CASE_MAX as u64)
            .all(write.on())
            .await?;
        write.commit().await?;
        Ok(found.len())
    }

    /// The case of this request is on the ledger.
    pub async fn raised(&self, request: IdempotencyKey) -> Result<(), StoreError> {
        let write = self.database.write().await?;
        case_cause::Entity::update_many()
            .col_expr(case_cause::Column::Raised, Expr::value(true))
            .filter(case_cause::Column::Request.eq(request.0.to_vec()))
            .exec(write.on())
            .await?;
        Ok(write.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::databases;

    #[tokio::test]
    async fn a_cause_becomes_one_case_and_draws_others_into_it() {
        for database in databases("causes").await {
            let causes = database.open().await.causes;
            let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            let (one, two) = (IdempotencyKey([1; 16]), IdempotencyKey([2; 16]));
            assert_eq!(causes.take(&named(&["a", "b"]), one).await.expect("taken"), Known::Open(one));
            // Interrupted before the case was raised: the same request again.
            assert_eq!(causes.take(&named(&["b", "c"]), two).await.expect("taken"), Known::Open(one));
            causes.raised(one).await.expect("written");
            assert_eq!(causes.take(&named(&["c", "d"]), two).await.expect("taken"), Known::Raised);
            assert_eq!(causes.take(&named(&["d"]), two).await.expect("taken"), Known::Raised, "drawn in before");
            assert_eq!(causes.take(&named(&["e"]), two).await.expect("taken"), Known::Open(two));
            for (cause, expected) in [("claims:a:1", 1), ("claims:b:1", 1), ("claims:a:2", 2), ("claims:a:2", 2)] {
                let beginning = &cause[..=cause.rfind(':').expect("one")];
                assert_eq!(causes.gather(cause, beginning).await.expect("kept"), expected, "{cause}");
            }
        }
    }
}
