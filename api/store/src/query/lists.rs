//! Lists and single rows of everything that is not an event.

use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use veridose_contract::{
    Commitment, ConsentId, Fingerprint, ItemKey, LotKey, OfferId, PartyId, ProductKey, Purpose, Timestamp,
};

use crate::database::{KEYS_PER_QUERY_MAX, fixed, signed, unsigned};
use crate::entity::answers::{consent, handoff, handoff_item, recall};
use crate::entity::goods::{batch, container, lot, pack, product};
use crate::entity::members::{certificate, party};
use crate::projection::COMMANDS_STRIDE;
use crate::query::{
    CertificateRow, ConsentRow, ContainerRow, HandoffItem, HandoffRow, HandoffSide, HandoffState, LotRow, PackRow,
    PartyRow, ProductRow, Queries, RecallRow, Viewer,
};
use crate::{Page, PageRequest, StoreError, text};

impl Queries {
    /// Handoffs that the caller sends or receives (a regulator: all), latest offer first.
    pub async fn handoffs(
        &self,
        viewer: &Viewer,
        side: HandoffSide,
        states: &[HandoffState],
        page: &PageRequest,
    ) -> Result<Page<HandoffRow>, StoreError> {
        let states: Vec<String> = states.iter().map(text::word).collect();
        let mut find = handoff::Entity::find().filter(own_handoffs(viewer, side));
        if !states.is_empty() {
            find = find.filter(handoff::Column::State.is_in(states));
        }
        if let Some(event) = page.after::<i64>()? {
            find = find.filter(handoff::Column::OfferedEvent.lt(event));
        }
        let find = find.order_by_desc(handoff::Column::OfferedEvent).limit(page.limit_and_one());
        let rows = find.all(self.view.read()).await?;
        Page::cut(rows, page.limit(), |row| row.offered_event).try_map(HandoffRow::try_from)
    }

    /// One handoff, if the caller is party to it.
    pub async fn handoff(&self, viewer: &Viewer, offer: &OfferId) -> Result<Option<HandoffRow>, StoreError> {
        let find = handoff::Entity::find_by_id(offer.0).filter(own_handoffs(viewer, HandoffSide::Both));
        find.one(self.view.read()).await?.map(HandoffRow::try_from).transpose()
    }

    /// Items of a handoff, if the caller is party to it.
    pub async fn handoff_items(
        &self,
        viewer: &Viewer,
        offer: &OfferId,
        page: &PageRequest,
    ) -> Result<Page<HandoffItem>, StoreError> {
        if self.handoff(viewer, offer).await?.is_none() {
            return Ok(Page::cut(Vec::new(), page.limit(), |_: &HandoffItem| ()));
        }
        let mut find = handoff_item::Entity::find().filter(handoff_item::Column::Offer.eq(offer.0.to_vec()));
        if let Some(item) = page.after::<Vec<u8>>()? {
            find = find.filter(handoff_item::Column::Item.gt(item));
        }
        let find = find.order_by_asc(handoff_item::Column::Item).limit(page.limit_and_one());
        let rows = find.all(self.view.read()).await?;
        Page::cut(rows, page.limit(), |row| row.item.clone()).try_map(HandoffItem::try_from)
    }

    /// The caller's products (a regulator: all).
    pub async fn products(&self, viewer: &Viewer, page: &PageRequest) -> Result<Page<ProductRow>, StoreError> {
        let mut find = product::Entity::find();
        if let Viewer::Party(party) = viewer {
            find = find.filter(product::Column::Party.eq(party.as_str()));
        }
        if let Some(event) = page.after::<i64>()? {
            find = find.filter(product::Column::EventId.gt(event));
        }
        let find = find.order_by_asc(product::Column::EventId).limit(page.limit_and_one());
        let rows = find.all(self.view.read()).await?;
        Page::cut(rows, page.limit(), |row| row.event_id).try_map(ProductRow::try_from)
    }

    /// A product by its key: who has the key has the name, so no viewer is asked for.
    pub async fn product(&self, product: &ProductKey) -> Result<Option<ProductRow>, StoreError> {
        let row = product::Entity::find_by_id(product.0).one(self.view.read()).await?;
        row.map(ProductRow::try_from).transpose()
    }

    /// The caller's lots (a regulator: all), of one product if given.
    pub async fn lots(
        &self,
        viewer: &Viewer,
        product: Option<&ProductKey>,
        page: &PageRequest,
    ) -> Result<Page<LotRow>, StoreError> {
        let mut find = lot::Entity::find();
        if let Viewer::Party(party) = viewer {
            find = find.filter(lot::Column::Party.eq(party.as_str()));
        }
        if let Some(product) = product {
            find = find.filter(lot::Column::Product.eq(product.0.to_vec()));
        }
        if let Some(event) = page.after::<i64>()? {
            find = find.filter(lot::Column::EventId.gt(event));
        }
        let find = find.order_by_asc(lot::Column::EventId).limit(page.limit_and_one());
        let rows = find.all(self.view.read()).await?;
        Page::cut(rows, page.limit(), |row| row.event_id).try_map(LotRow::try_from)
    }

    /// A lot by its key: who has the key has the name, so no viewer is asked for.
    pub async fn lot(&self, lot: &LotKey) -> Result<Option<LotRow>, StoreError> {
        let row = lot::Entity::find_by_id(lot.0).one(self.view.read()).await?;
        row.map(LotRow::try_from).transpose()
    }

    /// Every member and proposed member: the members know each other.
    pub async fn parties(&self, page: &PageRequest) -> Result<Page<PartyRow>, StoreError> {
        let mut find = party::Entity::find();
        if let Some(name) = page.after::<String>()? {
            find = find.filter(party::Column::Party.gt(name));
        }
        let find = find.order_by_asc(party::Column::Party).limit(page.limit_and_one());
        let rows = find.all(self.view.read()).await?;
        Page::cut(rows, page.limit(), |row| row.party.clone()).try_map(PartyRow::try_from)
    }

    /// Certificates that nobody revoked, those that end first at the front.
    pub async fn certificates(&self, page: &PageRequest) -> Result<Page<CertificateRow>, StoreError> {
        let mut find = certificate::Entity::find().filter(certificate::Column::RevokedAt.is_null());
        let position = |row: &certificate::Model| (row.not_after, row.fingerprint.clone());
        if let Some((end, fingerprint)) = page.after::<(i64, Vec<u8>)>()? {
            let same = certificate::Column::NotAfter.eq(end).and(certificate::Column::Fingerprint.gt(fingerprint));
            find = find.filter(Condition::any().add(certificate::Column::NotAfter.gt(end)).add(same));
        }
        let rows = find
            .order_by_asc(certificate::Column::NotAfter)
            .order_by_asc(certificate::Column::Fingerprint)
            .limit(page.limit_and_one())
            .all(self.view.read())
            .await?;
        Page::cut(rows, page.limit(), position).try_map(|row| {
            Ok(CertificateRow {
                fingerprint: Fingerprint(fixed("certificate", &row.fingerprint)?),
                party: text::party(&row.party)?,
                not_after: Timestamp(row.not_after),
            })
        })
    }

    /// One party.
    pub async fn party(&self, party: &PartyId) -> Result<Option<PartyRow>, StoreError> {
        let row = party::Entity::find_by_id(party.as_str()).one(self.view.read()).await?;
        row.map(PartyRow::try_from).transpose()
    }

    /// Consents that the party keeps.
    pub async fn consents(&self, custodian: &PartyId, page: &PageRequest) -> Result<Page<ConsentRow>, StoreError> {
        let mut find = consent::Entity::find().filter(consent::Column::Custodian.eq(custodian.as_str()));
        if let Some(event) = page.after::<i64>()? {
            find = find.filter(consent::Column::EventId.gt(event));
        }
        let find = find.order_by_asc(consent::Column::EventId).limit(page.limit_and_one());
        let rows = find.all(self.view.read()).await?;
        Page::cut(rows, page.limit(), |row| row.event_id).try_map(ConsentRow::try_from)
    }

    /// Consents whose current version's document is one of these, with the document.
    pub async fn consent_rows_of(&self, documents: &[Commitment]) -> Result<Vec<ConsentRow>, StoreError> {
        let mut rows = Vec::new();
        for some in documents.chunks(KEYS_PER_QUERY_MAX) {
            let keys = some.iter().map(|commitment| commitment.0.to_vec());
            let find = consent::Entity::find().filter(consent::Column::Commitment.is_in(keys));
            rows.extend(find.order_by_asc(consent::Column::EventId).all(self.view.read()).await?);
        }
        rows.into_iter().map(ConsentRow::try_from).collect()
    }

    /// One consent, if the caller keeps it, is its grantee, or is a regulator.
    pub async fn consent(&self, viewer: &Viewer, consent: &ConsentId) -> Result<Option<ConsentRow>, StoreError> {
        let mut find = consent::Entity::find_by_id(consent.0);
        if let Viewer::Party(party) = viewer {
            let custodian = consent::Column::Custodian.eq(party.as_str());
            let grantee = consent::Column::Grantee.eq(party.as_str());
            find = find.filter(Condition::any().add(custodian).add(grantee));
        }
        find.one(self.view.read()).await?.map(ConsentRow::try_from).transpose()
    }

    /// The consents that these documents say, each with its document, whatever became of them.
    pub async fn consents_of(&self, documents: &[Commitment]) -> Result<Vec<(Commitment, ConsentId)>, StoreError> {
        let mut consents = Vec::new();
        for some in documents.chunks(KEYS_PER_QUERY_MAX) {
            let find = consent::Entity::find()
                .filter(consent::Column::Commitment.is_in(some.iter().map(|document| document.0.to_vec())))
                .order_by_asc(consent::Column::Consent)
                .select_only()
                .column(consent::Column::Commitment)
                .column(consent::Column::Consent);
            consents.extend(documented(find.into_tuple().all(self.view.read()).await?)?);
        }
        Ok(consents)
    }

    /// Consents to these purposes that were not revoked, each with its document, at most so many.
    pub async fn consents_for(
        &self,
        purposes: &[Purpose],
        max: u64,
    ) -> Result<Vec<(Commitment, ConsentId)>, StoreError> {
        let find = consent::Entity::find()
            .filter(consent::Column::Purpose.is_in(purposes.iter().map(text::word)))
            .filter(consent::Column::RevokedAt.is_null())
            .limit(max)
            .select_only()
            .column(consent::Column::Commitment)
            .column(consent::Column::Consent);
        documented(find.into_tuple().all(self.view.read()).await?)
    }

    /// Recalls, latest first: every member must know of each.
    pub async fn recalls(&self, page: &PageRequest) -> Result<Page<RecallRow>, StoreError> {
        let mut find = recall::Entity::find();
        if let Some(event) = page.after::<i64>()? {
            find = find.filter(recall::Column::EventId.lt(event));
        }
        let find = find.order_by_desc(recall::Column::EventId).limit(page.limit_and_one());
        let rows = find.all(self.view.read()).await?;
        Page::cut(rows, page.limit(), |row| row.event_id).try_map(RecallRow::try_from)
    }

    /// One recall, by its transaction and command: every member must know of each.
    pub async fn recall(&self, tx_index: u64, command: u32) -> Result<Option<RecallRow>, StoreError> {
        let event = signed("ledger index", tx_index.saturating_mul(COMMANDS_STRIDE).saturating_add(command.into()))?;
        recall::Entity::find_by_id(event).one(self.view.read()).await?.map(RecallRow::try_from).transpose()
    }

    /// The commands that made packs of a lot, each by its transaction and its own number, the first ones of too many.
    pub async fn batches(&self, lot: &LotKey, max: u32) -> Result<Vec<(u64, u32)>, StoreError> {
        let find = batch::Entity::find().filter(batch::Column::Lot.eq(lot.0.to_vec()));
        let rows = find.order_by_asc(batch::Column::EventId).limit(u64::from(max)).all(self.view.read()).await?;
        let place = |row: batch::Model| {
            let (event, stride) = (unsigned(row.event_id), COMMANDS_STRIDE);
            (event / stride, u32::try_from(event % stride).unwrap_or(u32::MAX))
        };
        Ok(rows.into_iter().map(place).collect())
    }

    /// A container, if the caller holds it or is a regulator.
    pub async fn container(&self, viewer: &Viewer, container: &ItemKey) -> Result<Option<ContainerRow>, StoreError> {
        let mut find = container::Entity::find_by_id(container.0);
        if let Viewer::Party(party) = viewer {
            find = find.filter(container::Column::Holder.eq(party.as_str()));
        }
        find.one(self.view.read()).await?.map(ContainerRow::try_from).transpose()
    }

    /// A pack that was touched on its own, if the caller holds it or is a regulator.
    pub async fn pack(&self, viewer: &Viewer, pack: &ItemKey) -> Result<Option<PackRow>, StoreError> {
        let mut find = pack::Entity::find_by_id(pack.0);
        if let Viewer::Party(party) = viewer {
            find = find.filter(pack::Column::Holder.eq(party.as_str()));
        }
        find.one(self.view.read()).await?.map(PackRow::try_from).transpose()
    }
}

/// Handoffs on the caller's side of which the caller stands; a regulator stands on every side.
fn own_handoffs(viewer: &Viewer, side: HandoffSide) -> Condition {
    let Viewer::Party(party) = viewer else { return Condition::all() };
    let incoming = handoff::Column::Receiver.eq(party.as_str());
    let outgoing = handoff::Column::Sender.eq(party.as_str());
    match side {
        HandoffSide::Incoming => Condition::all().add(incoming),
        HandoffSide::Outgoing => Condition::all().add(outgoing),
        HandoffSide::Both => Condition::any().add(incoming).add(outgoing),
    }
}

/// Consents with their documents.
fn documented(rows: Vec<(Vec<u8>, Vec<u8>)>) -> Result<Vec<(Commitment, ConsentId)>, StoreError> {
    let read = |(document, consent): (Vec<u8>, Vec<u8>)| {
        Ok((Commitment(fixed("commitment", &document)?), ConsentId(fixed("consent", &consent)?)))
    };
    rows.into_iter().map(read).collect()
}
