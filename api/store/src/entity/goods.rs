//! Goods.

/// A product.
pub(crate) mod product {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "product")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub product: Vec<u8>,
        pub party: String,
        pub commitment: Vec<u8>,
        pub details: Option<String>,
        pub recall: Option<i32>,
        pub event_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A lot.
pub(crate) mod lot {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "lot")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub lot: Vec<u8>,
        pub product: Vec<u8>,
        pub party: String,
        pub expiry: i32,
        pub commitment: Vec<u8>,
        pub gtin: Option<String>,
        pub number: Option<String>,
        pub commissioned: i64,
        pub recall: Option<i32>,
        pub quarantined: bool,
        pub event_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Packs that came into being together.
pub(crate) mod batch {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "batch")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub event_id: i64,
        pub lot: Vec<u8>,
        pub party: String,
        pub packs: i64,
        pub happened: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A container.
pub(crate) mod container {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "container")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub item: Vec<u8>,
        pub parent: Option<Vec<u8>>,
        pub holder: String,
        pub event_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A pack touched on its own.
pub(crate) mod pack {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "pack")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub item: Vec<u8>,
        pub holder: String,
        pub state: String,
        pub reason: Option<String>,
        pub quarantined: bool,
        pub recall: Option<i32>,
        pub event_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
