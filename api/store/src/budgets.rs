//! What was told of many patients together, and how much of their privacy it cost: primary data, because a loss cannot be undone.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use veridose_contract::{PartyId, Purpose, Timestamp};

use crate::database::{Database, Existing, Write, fixed, insert_all, signed, unsigned};
use crate::entity::privacy::{budget, release};
use crate::{Page, PageRequest, StoreError};

/// What the budget of all data together is called.
const ALL: &str = "";

/// The budgets. Losses are thousandths of epsilon and add up (sequential composition: Dwork and Roth 2014, theorem 3.16).
#[derive(Debug, Clone)]
pub struct Budgets {
    database: Database,
}

/// An answer with noise, and to which question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// SHA-256 of who asked, what for and what.
    pub question: [u8; 32],
    /// The member that asked.
    pub party: PartyId,
    /// What for.
    pub purpose: Purpose,
    /// When.
    pub at: Timestamp,
    /// What it cost, in thousandths of epsilon.
    pub epsilon_millis: u32,
    /// The answer as it was given, JSON text.
    pub answer: String,
}

/// The most that may be spent, in thousandths of epsilon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetLimits {
    /// By one member for one purpose.
    pub each_millis: u32,
    /// By all together.
    pub all_millis: u32,
}

/// What is left, in thousandths of epsilon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetLeft {
    /// To the member for the purpose.
    pub each_millis: u32,
    /// To all together.
    pub all_millis: u32,
}

impl Budgets {
    pub(crate) const fn new(database: Database) -> Self {
        Self { database }
    }

    /// What was answered to the question before.
    pub async fn released(&self, question: &[u8; 32]) -> Result<Option<Release>, StoreError> {
        let find = release::Entity::find().filter(release::Column::Question.eq(question.to_vec()));
        find.one(self.database.read()).await?.map(Release::try_from).transpose()
    }

    /// What is left to a member for a purpose.
    pub async fn left(
        &self,
        party: &PartyId,
        purpose: Purpose,
        limits: BudgetLimits,
    ) -> Result<BudgetLeft, StoreError> {
        let own = scope(party, purpose);
        let find = budget::Entity::find().filter(budget::Column::Scope.is_in([ALL, own.as_str()]));
        let rows = find.all(self.database.read()).await?;
        let left = |scope: &str, limit: u32| {
            let spent = rows.iter().find(|row| row.scope == scope).map_or(0, |row| unsigned(row.spent_millis));
            u32::try_from(u64::from(limit).saturating_sub(spent)).unwrap_or(u32::MAX)
        };
        Ok(BudgetLeft { each_millis: left(&own, limits.each_millis), all_millis: left(ALL, limits.all_millis) })
    }

    /// Pays for an answer and keeps it, durable when this returns: it may be given after that. Where the question was answered
    /// meanwhile, that answer comes back and nothing is paid. Refused where a limit would be exceeded.
    ///
    /// Survives a crash whole: the losses and the answer go in one commit, and the same question gets this answer again.
    pub async fn release(&self, wanted: Release, limits: BudgetLimits) -> Result<Release, StoreError> {
        let write = self.database.write().await?;
        let loss = i64::from(wanted.epsilon_millis);
        // The budget of all comes first: its row is locked until the end, so that questions are answered one by one.
        let fits = spend(&write, ALL, loss, limits.all_millis).await?;
        let find = release::Entity::find().filter(release::Column::Question.eq(wanted.question.to_vec()));
        if let Some(before) = find.one(write.on()).await? {
            return before.try_into();
        }
        if !fits || !spend(&write, &scope(&wanted.party, wanted.purpose), loss, limits.each_millis).await? {
            drop(write);
            let BudgetLeft { each_millis, all_millis } = self.left(&wanted.party, wanted.purpose, limits).await?;
            return Err(StoreError::BudgetSpent { each_millis, all_millis });
        }
        let seq = signed("releases", release::Entity::find().count(write.on()).await?)?;
        let row = release::Model {
            seq,
            question: wanted.question.to_vec(),
            party: wanted.party.to_string(),
            purpose: wanted.purpose.to_string(),
            at: wanted.at.0,
            epsilon_millis: loss,
            answer: wanted.answer.clone(),
        };
        insert_all::<release::Entity>(write.on(), vec![row], Existing::Refuse).await?;
        write.commit().await?;
        Ok(wanted)
    }

    /// What was told and what it cost, the latest first: a member's own, or all.
    pub async fn releases(&self, party: Option<&PartyId>, page: &PageRequest) -> Result<Page<Release>, StoreError> {
        let mut find = release::Entity::find();
        if let Some(party) = party {
            find = find.filter(release::Column::Party.eq(party.as_str()));
        }
        if let Some(seq) = page.after::<i64>()? {
            find = find.filter(release::Column::Seq.lt(seq));
        }
        let find = find.order_by_desc(release::Column::Seq).limit(page.limit_and_one());
        let rows = find.all(self.database.read()).await?;
        Page::cut(rows, page.limit(), |row| row.seq).try_map(Release::try_from)
    }
}

/// A member's budget for a purpose. No name of a member has a space.
fn scope(party: &PartyId, purpose: Purpose) -> String {
    format!("{party} {purpose}")
}

/// Adds a loss where it stays within the limit; the row is locked until the commit.
async fn spend(write: &Write, scope: &str, loss: i64, limit: u32) -> Result<bool, StoreError> {
    let begun = budget::Model { scope: scope.to_owned(), spent_millis: 0 };
    insert_all::<budget::Entity>(write.on(), vec![begun], Existing::Keep).await?;
    let after = Expr::col(budget::Column::SpentMillis).add(loss);
    let spent = budget::Entity::update_many()
        .col_expr(budget::Column::SpentMillis, after.clone())
        .filter(budget::Column::Scope.eq(scope))
        .filter(after.lte(i64::from(limit)))
        .exec(write.on())
        .await?;
    Ok(spent.rows_affected == 1)
}

impl TryFrom<release::Model> for Release {
    type Error = StoreError;

    fn try_from(row: release::Model) -> Result<Self, StoreError> {
        let malformed = |detail: String| StoreError::Malformed { what: "release", detail };
        Ok(Self {
            question: fixed("question", &row.question)?,
            party: PartyId::parse(&row.party).map_err(|error| malformed(error.to_string()))?,
            purpose: row.purpose.parse().map_err(|_| malformed("of no purpose".to_owned()))?,
            at: Timestamp(row.at),
            epsilon_millis: u32::try_from(row.epsilon_millis).map_err(|error| malformed(error.to_string()))?,
            answer: row.answer,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{databases, party};

    const LIMITS: BudgetLimits = BudgetLimits { each_millis: 1_000, all_millis: 2_500 };

    fn release(name: &str, question: u8, epsilon_millis: u32) -> Release {
        let (purpose, at) = (Purpose::PublicHealthResearch, Timestamp(1));
        let answer = format!("{question}");
        Release { question: [question; 32], party: party(name), purpose, at, epsilon_millis, answer }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_budget_runs_out_and_the_same_question_costs_nothing() {
        for database in databases("budgets").await {
            let budgets = database.open().await.budgets;
            let first = budgets.release(release("agency", 1, 600), LIMITS).await.expect("within");
            let again = Release { answer: "another draw".to_owned(), ..first.clone() };
            assert_eq!(budgets.release(again, LIMITS).await.expect("the first answer"), first);
            let spent = budgets.release(release("agency", 2, 401), LIMITS).await;
            assert!(matches!(spent, Err(StoreError::BudgetSpent { each_millis: 400, all_millis: 1_900 })), "{spent:?}");
            assert_eq!(budgets.released(&[2; 32]).await.expect("reads"), None);
            budgets.release(release("agency", 2, 400), LIMITS).await.expect("to the last");
            // What many ask for at once never costs more than there is: 1,500 are left to all, 1,000 to each.
            let asks = (0..40).map(|number| {
                let budgets = budgets.clone();
                let name = if number % 2 == 0 { "maker" } else { "pharmacy" };
                tokio::spawn(async move { budgets.release(release(name, 100 + number, 100), LIMITS).await.is_ok() })
            });
            let mut within = 0;
            for ask in asks.collect::<Vec<_>>() {
                within += usize::from(ask.await.expect("ends"));
            }
            assert_eq!(within, 15);
            let purpose = Purpose::PublicHealthResearch;
            let left = budgets.left(&party("agency"), purpose, LIMITS).await.expect("reads");
            assert_eq!(left, BudgetLeft { each_millis: 0, all_millis: 0 });
            let page = PageRequest { limit: Some(10), token: None };
            let page = budgets.releases(None, &page).await.expect("a page");
            assert_eq!((page.items.len(), page.next.is_some()), (10, true));
            let own = budgets.releases(Some(&party("agency")), &PageRequest::default()).await.expect("a page");
            assert_eq!(own.items.iter().map(|one| one.question[0]).collect::<Vec<_>>(), [2, 1]);
        }
    }
}
