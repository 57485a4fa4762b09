//! What the whole-system tests share: a server of their own on a free port, documents from outside, hostile input.
//!
//! Each group is one test binary (`tests/tests/system.rs`, `attack.rs`, `crash.rs`, `fabric.rs`), run by `tests/run`. They drive the
//! built `veridose` as its users do, over HTTP and the command line, and know nothing of its inside.

mod browser;
mod client;
mod connection;
mod documents;
mod fabric;
mod factory;
mod goods;
mod ground;
mod hostile;
mod measure;
mod own_side;
mod postgres;
mod random;
mod relay;
mod rival;
mod rows;
mod server;
mod shelves;
mod small_disk;
mod trial;
mod visitor;

pub use browser::Browser;
pub use client::{Answer, Client, JSON_LD, printed, send, token, veridose};
pub use connection::{Connections, post};
pub use documents::Documents;
pub use fabric::{FabricNetwork, checkpoint, copy_founding, eventually};
pub use factory::{Factory, Side, now};
pub use goods::{commissioning, document, pack, pack_path};
pub use hostile::{billion_laughs, deep_nesting, external_entity, gzip_of_zeros};
pub use measure::{Measured, compared, disk_bytes, drive, machine, setting, table};
pub use own_side::{OwnSide, signed_destruction};
pub use postgres::{PostgresServer, new_database};
pub use random::Random;
pub use relay::Relay;
pub use rival::{Rival, RivalServer};
pub use rows::{Dump, Part, Rows};
pub use server::{Server, binary};
pub use shelves::{PHARMACIES, fill_shelves, product};
pub use small_disk::SmallDisk;
pub use trial::Trial;
pub use visitor::{Seen, Visitor};
