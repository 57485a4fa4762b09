//! Handoffs, recalls, quarantines, consents.

/// An offer and its answer.
pub(crate) mod handoff {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "handoff")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub offer: Vec<u8>,
        pub sender: String,
        pub receiver: String,
        pub kind: String,
        pub state: String,
        pub items: i64,
        pub remaining: i64,
        pub discrepancies: i64,
        pub offered: Vec<u8>,
        pub answered: Option<Vec<u8>>,
        pub offered_at: i64,
        pub answered_at: Option<i64>,
        pub offered_event: i64,
        pub answered_event: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// An item of an offer.
pub(crate) mod handoff_item {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "handoff_item")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub offer: Vec<u8>,
        #[sea_orm(primary_key, auto_increment = false)]
        pub item: Vec<u8>,
        pub accepted: bool,
        pub discrepancy: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A recall.
pub(crate) mod recall {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recall")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub event_id: i64,
        pub party: String,
        pub scope: String,
        pub target: Vec<u8>,
        pub items: i64,
        pub class: i32,
        pub commitment: Vec<u8>,
        pub reason: Option<String>,
        pub called_at: i64,
        pub ended_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A quarantine.
pub(crate) mod quarantine {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "quarantine")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub event_id: i64,
        pub party: String,
        pub scope: String,
        pub target: Vec<u8>,
        pub items: i64,
        pub commitment: Vec<u8>,
        pub set_at: i64,
        pub released_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A consent.
pub(crate) mod consent {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "consent")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub consent: Vec<u8>,
        pub custodian: String,
        pub purpose: String,
        pub data: String,
        pub form: String,
        pub credential: Option<String>,
        pub grantee: Option<String>,
        pub valid_from: i64,
        pub valid_until: Option<i64>,
        pub version: i64,
        pub commitment: Vec<u8>,
        pub revoked_at: Option<i64>,
        pub event_id: i64,
        pub signed_by: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A case.
pub(crate) mod case_file {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "case_file")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Vec<u8>,
        pub party: String,
        pub raised_at: i64,
        pub stage: String,
        pub outcome: Option<String>,
        pub assignee: Option<String>,
        pub commitment: Vec<u8>,
        pub moved_at: i64,
        pub event_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A quarantine that was set because of a case.
pub(crate) mod case_quarantine {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "case_quarantine")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub event_id: i64,
        pub case_id: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a regulator did with a case.
pub(crate) mod case_step {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "case_step")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub event_id: i64,
        pub case_id: Vec<u8>,
        pub step: String,
        pub value: Option<String>,
        pub party: String,
        pub at: i64,
        pub commitment: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
