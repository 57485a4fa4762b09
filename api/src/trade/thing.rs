//! What an EPC names, as far as the ledger is concerned.

use veridose_contract::ItemKey;
use veridose_contract::blind::NetworkKey;
use veridose_gs1::{Epc, Sgtin, Sscc};

/// What an EPC of an event names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thing {
    /// A pack, or a case with a serial number of its own.
    Pack(Sgtin),
    /// A logistic unit.
    Container(Sscc),
    /// Anything else: the event may name it, the ledger does not follow it.
    Other,
}

impl Thing {
    /// Reads an EPC in any of its forms. What cannot be read is [`Thing::Other`]: private URIs are welcome in EPCIS.
    pub fn of(epc: &str) -> Self {
        match Epc::parse(epc) {
            Ok(Epc::Sgtin(sgtin)) => Self::Pack(sgtin),
            Ok(Epc::Sscc(sscc)) => Self::Container(sscc),
            Ok(Epc::Lgtin(..) | Epc::Gtin(_) | Epc::Sgln(_) | Epc::Pgln(_) | Epc::Key(_) | Epc::Other(_)) | Err(_) => {
                Self::Other
            }
        }
    }

    /// The name that the ledger blinds.
    pub fn name(&self) -> Option<String> {
        match self {
            Self::Pack(sgtin) => Some(sgtin.name()),
            Self::Container(sscc) => Some(sscc.name()),
            Self::Other => None,
        }
    }

    /// The key on the ledger.
    pub fn key(&self, network_key: &NetworkKey) -> Option<ItemKey> {
        self.name().map(|name| network_key.item(&name))
    }
}
