//! What watches the trade: events and verifications go into the lake, what is new is searched for what cannot be true, and
//! suspicions become cases on the ledger.
//!
//! What is new is judged on the whole past of the things that it names, which the ledger's own index finds, so nothing is
//! computed twice for it; what only many things together show is found by a search of the whole lake, once a day.

mod counter;
mod follow;
mod gather;
mod model;
mod past;
pub(crate) mod places;
mod raise;
mod scans;
mod search;

pub(crate) use counter::{Found, at_counter, in_past, is_odd, told};
pub(crate) use follow::follow;
pub(crate) use model::LastInUse;
pub(crate) use raise::{accuse, millionths};
pub(crate) use scans::Recorder;
pub(crate) use search::{detect, search};

use veridose_contract::ItemKey;
use veridose_contract::blind::NetworkKey;
use veridose_gs1::Epc;

/// The canonical name of a pack or container, and its key on the ledger; nothing for anything else.
pub(crate) fn named(key: &NetworkKey, uri: &str) -> Option<(String, ItemKey)> {
    let name = match Epc::parse(uri).ok()? {
        Epc::Sgtin(pack) => pack.name(),
        Epc::Sscc(container) => container.name(),
        Epc::Lgtin(..) | Epc::Gtin(_) | Epc::Sgln(_) | Epc::Pgln(_) | Epc::Key(_) | Epc::Other(_) => return None,
    };
    let item = key.item(&name);
    Some((name, item))
}
