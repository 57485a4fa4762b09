//! Models and what they said of cases.
// SeaORM calls every row `Model`, and some of these have one.
#![allow(clippy::struct_field_names)]

/// A model of a party.
pub(crate) mod model {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "model")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub party: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub model: Vec<u8>,
        pub kind: String,
        pub registered_at: i64,
        pub commitment: Vec<u8>,
        pub event_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a model said of a case.
pub(crate) mod decision {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "decision")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub event_id: i64,
        pub party: String,
        pub model: Vec<u8>,
        pub subject: Vec<u8>,
        pub features: Vec<u8>,
        pub score_millionths: i64,
        pub commitment: Vec<u8>,
        pub decided_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
