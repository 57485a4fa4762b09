//! Lists and single rows of everything that is not an event.

use veridose_contract::{ConsentId, ItemKey, LotKey, OfferId, PartyId, ProductKey};

use crate::query::{
    ConsentRow, ContainerRow, HandoffItem, HandoffRow, HandoffSide, HandoffState, LotRow, PackRow, PartyRow,
    ProductRow, Queries, RecallRow, Viewer,
};
use crate::{Page, PageRequest, StoreError};

impl Queries {
    /// Handoffs that the caller sends or receives (a regulator: all), latest offer first.
    pub async fn handoffs(
        &self,
        viewer: &Viewer,
        side: HandoffSide,
        states: &[HandoffState],
        page: &PageRequest,
    ) -> Result<Page<HandoffRow>, StoreError> {
        todo!()
    }

    /// One handoff, if the caller is party to it.
    pub async fn handoff(&self, viewer: &Viewer, offer: &OfferId) -> Result<Option<HandoffRow>, StoreError> {
        todo!()
    }

    /// Items of a handoff, if the caller is party to it.
    pub async fn handoff_items(
        &self,
        viewer: &Viewer,
        offer: &OfferId,
        page: &PageRequest,
    ) -> Result<Page<HandoffItem>, StoreError> {
        todo!()
    }

    /// The caller's products (a regulator: all).
    pub async fn products(&self, viewer: &Viewer, page: &PageRequest) -> Result<Page<ProductRow>, StoreError> {
        todo!()
    }

    /// A product by its key: who has the key has the name, so no viewer is asked for.
    pub async fn product(&self, product: &ProductKey) -> Result<Option<ProductRow>, StoreError> {
        todo!()
    }

    /// The caller's lots (a regulator: all), of one product if given.
    pub async fn lots(
        &self,
        viewer: &Viewer,
        product: Option<&ProductKey>,
        page: &PageRequest,
    ) -> Result<Page<LotRow>, StoreError> {
        todo!()
    }

    /// A lot by its key: who has the key has the name, so no viewer is asked for.
    pub async fn lot(&self, lot: &LotKey) -> Result<Option<LotRow>, StoreError> {
        todo!()
    }

    /// Every member and proposed member: the members know each other.
    pub async fn parties(&self, page: &PageRequest) -> Result<Page<PartyRow>, StoreError> {
        todo!()
    }

    /// One party.
    pub async fn party(&self, party: &PartyId) -> Result<Option<PartyRow>, StoreError> {
        todo!()
    }

    /// Consents that the party keeps.
    pub async fn consents(&self, custodian: &PartyId, page: &PageRequest) -> Result<Page<ConsentRow>, StoreError> {
        todo!()
    }

    /// One consent, if the caller keeps it, is its grantee, or is a regulator.
    pub async fn consent(&self, viewer: &Viewer, consent: &ConsentId) -> Result<Option<ConsentRow>, StoreError> {
        todo!()
    }

    /// Recalls, latest first: every member must know of each.
    pub async fn recalls(&self, page: &PageRequest) -> Result<Page<RecallRow>, StoreError> {
        todo!()
    }

    /// A container, if the caller holds it or is a regulator.
    pub async fn container(&self, viewer: &Viewer, container: &ItemKey) -> Result<Option<ContainerRow>, StoreError> {
        todo!()
    }

    /// A pack that was touched on its own, if the caller holds it or is a regulator.
    pub async fn pack(&self, viewer: &Viewer, pack: &ItemKey) -> Result<Option<PackRow>, StoreError> {
        todo!()
    }
}
