//! Clinical studies and the versions of their documents.
// SeaORM calls every row `Model`, and one of these is a study's.
#![allow(clippy::struct_field_names)]

/// A study.
pub(crate) mod study {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "study")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub study: Vec<u8>,
        pub sponsor: String,
        pub kind: String,
        pub sites: String,
        pub registered_at: i64,
        pub commitment: Vec<u8>,
        pub event_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A version of a document.
pub(crate) mod study_version {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "study_version")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub study: Vec<u8>,
        #[sea_orm(primary_key, auto_increment = false)]
        pub content: Vec<u8>,
        pub document: Vec<u8>,
        pub kind: String,
        pub version: i64,
        pub party: String,
        pub anchored_at: i64,
        pub commitment: Vec<u8>,
        pub event_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
