//! EPCIS events as a table of numbers: what detection reads.
//!
//! Documents of any syntax and order become one table in which every pack, container, place, party and lot is a number.
//! Invariants: the same events give the same table up to the numbers, whatever the order of the documents; copies of an
//! event count once; what a document leaves out is absent and never invented.

mod load;
mod names;
mod places;
mod read;
mod step;
mod table;
mod things;

pub use load::{Loaded, load, load_texts, read_all, read_texts, settle};
pub(crate) use load::{drop_copies, in_turn, ordered};
pub(crate) use names::hash;
pub use names::{NONE, Names};
pub use places::{Known, Places, Role};
pub use read::{Reading, Wanted, add, add_of};
pub use step::{Disposition, Step};
pub(crate) use table::number;
pub use table::{EventTable, NO_DAY, NO_TIME, NamesOfRow, Quantity, Row, flag};
pub use things::{ThingKind, Things};
