//! The queue of jobs.

/// A job.
pub(crate) mod job {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "job")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub kind: String,
        pub payload: String,
        pub state: String,
        pub created_at: i64,
        pub due_at: i64,
        pub finished_at: Option<i64>,
        pub every_ms: Option<i64>,
        pub attempts: i64,
        pub attempts_max: i64,
        pub pause_ms: i64,
        pub claims: i64,
        pub runner: Option<String>,
        pub lease_until: Option<i64>,
        pub cancelling: bool,
        pub done: i64,
        pub total: i64,
        pub error: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
