//! Claims for dispenses.
// SeaORM calls every row `Model`, and one of these is a claim.
#![allow(clippy::struct_field_names)]

/// A claim as it was handed in, and what became of it.
pub(crate) mod claim {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "claim")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub claim: Vec<u8>,
        pub dispense: Vec<u8>,
        pub claimant: String,
        pub payer: String,
        pub packs: i64,
        pub state: String,
        pub submitted_at: i64,
        pub moved_at: i64,
        pub decision: Option<Vec<u8>>,
        pub payment: Option<Vec<u8>>,
        pub event_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
