//! Cases, as who raised them and as regulators see them.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use veridose_contract::CaseId;

use crate::entity::answers::case_file;
use crate::query::{CaseRow, CaseState, Queries, Viewer};
use crate::{Page, PageRequest, StoreError, text};

impl Queries {
    /// Cases that the caller raised (a regulator: all), in one of the states if any are named, latest first.
    pub async fn cases(
        &self,
        viewer: &Viewer,
        states: &[CaseState],
        page: &PageRequest,
    ) -> Result<Page<CaseRow>, StoreError> {
        let mut find = own(viewer);
        if !states.is_empty() {
            find = find.filter(case_file::Column::Stage.is_in(states.iter().map(text::word)));
        }
        if let Some(event) = page.after::<i64>()? {
            find = find.filter(case_file::Column::EventId.lt(event));
        }
        let find = find.order_by_desc(case_file::Column::EventId).limit(page.limit_and_one());
        let rows = find.all(self.view.read()).await?;
        Page::cut(rows, page.limit(), |row| row.event_id).try_map(CaseRow::try_from)
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
