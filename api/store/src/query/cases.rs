//! Cases, as who raised them and as regulators see them.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use veridose_contract::{CaseId, Timestamp};

use crate::entity::answers::{case_file, case_quarantine, case_step, quarantine};
use crate::query::{CaseFilter, CaseRow, CaseStepRow, QuarantineRow, Queries, Viewer};
use crate::{Page, PageRequest, StoreError, text};

/// Quarantines that are told of one case.
const QUARANTINES_MAX: u64 = 1_000;
/// Steps that are told of one case.
const STEPS_MAX: u64 = 1_000;

impl Queries {
    /// Cases that the caller raised (a regulator: all) and that meet the filter, latest first.
    pub async fn cases(
        &self,
        viewer: &Viewer,
        filter: &CaseFilter,
        page: &PageRequest,
    ) -> Result<Page<CaseRow>, StoreError> {
        let mut find = own(viewer);
        if !filter.states.is_empty() {
            find = find.filter(case_file::Column::Stage.is_in(filter.states.iter().map(text::word)));
        }
        if let Some(assignee) = &filter.assignee {
            find = find.filter(case_file::Column::Assignee.eq(assignee.as_str()));
        }
        if let Some(from) = filter.from {
            find = find.filter(case_file::Column::RaisedAt.gte(from.0));
        }
        if let Some(before) = filter.before {
            find = find.filter(case_file::Column::RaisedAt.lt(before.0));
        }
        if let Some(event) = page.after::<i64>()? {
            find = find.filter(case_file::Column::EventId.lt(event));
        }
        let find = find.order_by_desc(case_file::Column::EventId).limit(page.limit_and_one());
        let rows = find.all(self.view.read()).await?;
        Page::cut(rows, page.limit(), |row| row.event_id).try_map(CaseRow::try_from)
    }

    /// Cases raised from one time on and before another, as [`Self::cases`] shows them, earliest first.
    pub async fn cases_raised(
        &self,
        viewer: &Viewer,
        (from, to): (Timestamp, Timestamp),
        page: &PageRequest,
    ) -> Result<Page<CaseRow>, StoreError> {
        let mut find =
            own(viewer).filter(case_file::Column::RaisedAt.gte(from.0)).filter(case_file::Column::RaisedAt.lt(to.0));
        if let Some(event) = page.after::<i64>()? {
            find = find.filter(case_file::Column::EventId.gt(event));
        }
        let find = find.order_by_asc(case_file::Column::EventId).limit(page.limit_and_one());
        let rows = find.all(self.view.read()).await?;
        Page::cut(rows, page.limit(), |row| row.event_id).try_map(CaseRow::try_from)
    }

    /// Quarantines that were set because of a case, which the caller must be able to see; latest first, at most a
    /// thousand.
    pub async fn quarantines_of(&self, case: &CaseId) -> Result<Vec<QuarantineRow>, StoreError> {
        let events = case_quarantine::Entity::find()
            .filter(case_quarantine::Column::CaseId.eq(case.0.to_vec()))
            .order_by_desc(case_quarantine::Column::EventId)
            .limit(QUARANTINES_MAX);
        let events: Vec<i64> = events.all(self.view.read()).await?.into_iter().map(|row| row.event_id).collect();
        let find = quarantine::Entity::find().filter(quarantine::Column::EventId.is_in(events));
        let rows = find.order_by_desc(quarantine::Column::EventId).all(self.view.read()).await?;
        rows.into_iter().map(QuarantineRow::try_from).collect()
    }

    /// What was done with a case, which the caller must be able to see; earliest first, at most a thousand steps.
    pub async fn case_steps(&self, case: &CaseId) -> Result<Vec<CaseStepRow>, StoreError> {
        let find = case_step::Entity::find()
            .filter(case_step::Column::CaseId.eq(case.0.to_vec()))
            .order_by_asc(case_step::Column::EventId)
            .limit(STEPS_MAX);
        find.all(self.view.read()).await?.into_iter().map(CaseStepRow::try_from).collect()
    }

    /// One case, if the caller may see it.
    pub async fn case(&self, viewer: &Viewer, case: &CaseId) -> Result<Option<CaseRow>, StoreError> {
        let find = own(viewer).filter(case_file::Column::CaseId.eq(case.0.to_vec()));
        find.one(self.view.read()).await?.map(CaseRow::try_from).transpose()
    }
}

fn own(viewer: &Viewer) -> Select<case_file::Entity> {
    match viewer {
        Viewer::Regulator(_) => case_file::Entity::find(),
        Viewer::Party(party) => case_file::Entity::find().filter(case_file::Column::Party.eq(party.as_str())),
    }
}
