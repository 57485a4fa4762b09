//! Tombstones: what an erased document leaves in the view, the same as a fold that finds it erased.

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use veridose_contract::Commitment;

use crate::database::{KEYS_PER_QUERY_MAX, Write};
use crate::entity::answers::{case_quarantine, recall};
use crate::entity::events::{event, term};
use crate::entity::goods::{lot, product};
use crate::projection::CONSENT_TERM;
use crate::query::DocumentState;
use crate::text;

/// Takes everything out of the rows that came from these documents.
pub(super) async fn tombstones(write: &Write, erased: &[Commitment]) -> Result<(), DbErr> {
    let nothing = || Expr::value(Option::<String>::None);
    for some in erased.chunks(KEYS_PER_QUERY_MAX) {
        let keys = || some.iter().map(|commitment| commitment.0.to_vec());
        let mut events = Query::select();
        events.column(event::Column::Id).from(event::Entity).and_where(event::Column::Commitment.is_in(keys()));
        let of_case = case_quarantine::Column::EventId.in_subquery(events.clone());
        case_quarantine::Entity::delete_many().filter(of_case).exec(write.on()).await?;
        let of_document = term::Entity::delete_many().filter(term::Column::Kind.ne(CONSENT_TERM));
        of_document.filter(term::Column::EventId.in_subquery(events)).exec(write.on()).await?;
        event::Entity::update_many()
            .col_expr(event::Column::Document, Expr::value(text::word(&DocumentState::Erased)))
            .col_expr(event::Column::EventId, nothing())
            .col_expr(event::Column::EventType, nothing())
            .col_expr(event::Column::Action, nothing())
            .col_expr(event::Column::BizStep, nothing())
            .col_expr(event::Column::Disposition, nothing())
            .col_expr(event::Column::ReadPoint, nothing())
            .col_expr(event::Column::BizLocation, nothing())
            .filter(event::Column::Commitment.is_in(keys()))
            .exec(write.on())
            .await?;
        product::Entity::update_many()
            .col_expr(product::Column::Details, nothing())
            .filter(product::Column::Commitment.is_in(keys()))
            .exec(write.on())
            .await?;
        lot::Entity::update_many()
            .col_expr(lot::Column::Gtin, nothing())
            .col_expr(lot::Column::Number, nothing())
            .filter(lot::Column::Commitment.is_in(keys()))
            .exec(write.on())
            .await?;
        recall::Entity::update_many()
            .col_expr(recall::Column::Reason, nothing())
            .filter(recall::Column::Commitment.is_in(keys()))
            .exec(write.on())
            .await?;
    }
    Ok(())
}
