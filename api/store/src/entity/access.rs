//! Accesses to patients' data.

/// Records of a log of accesses that are anchored on the ledger.
pub(crate) mod anchor {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "anchored_access")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub log: Vec<u8>,
        #[sea_orm(primary_key, auto_increment = false)]
        pub first: i64,
        pub records: i64,
        pub root: Vec<u8>,
        pub party: String,
        pub event_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A log of accesses.
pub(crate) mod log {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "access_log")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        pub log: Vec<u8>,
        pub start: i64,
        pub records: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A record of an access.
pub(crate) mod record {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "access_record")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub place: i64,
        pub patient: Option<Vec<u8>>,
        pub previous: Option<i64>,
        pub leaf: Vec<u8>,
        pub sealed: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A patient's last record.
pub(crate) mod head {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "access_head")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub patient: Vec<u8>,
        pub number: i64,
        pub place: i64,
        pub leaf: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A declared emergency.
pub(crate) mod emergency {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "access_emergency")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Vec<u8>,
        pub patient: Vec<u8>,
        pub party: String,
        pub declared_by: Vec<u8>,
        pub declared_at: i64,
        pub confirmed_by: Option<Vec<u8>>,
        pub confirmed_at: Option<i64>,
        pub until: i64,
        pub sealed: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
