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
    /// Something that was meant as a pack or container and names none: why.
    Broken(String),
}

impl Thing {
    /// Reads an EPC in any of its forms. A private URI is [`Thing::Other`]: it is welcome in EPCIS.
    pub fn of(epc: &str) -> Self {
        match Epc::parse(epc) {
            Ok(Epc::Sgtin(sgtin)) => Self::Pack(sgtin),
            Ok(Epc::Sscc(sscc)) => Self::Container(sscc),
            Ok(Epc::Lgtin(..) | Epc::Gtin(_) | Epc::Sgln(_) | Epc::Pgln(_) | Epc::Key(_) | Epc::Other(_)) => {
                Self::Other
            }
            Err(_) if is_of_another_scheme(epc) => Self::Other,
            Err(error) => Self::Broken(error.to_string()),
        }
    }

    /// The name that the ledger blinds.
    pub fn name(&self) -> Option<String> {
        match self {
            Self::Pack(sgtin) => Some(sgtin.name()),
            Self::Container(sscc) => Some(sscc.name()),
            Self::Other | Self::Broken(_) => None,
        }
    }

    /// The key on the ledger.
    pub fn key(&self, network_key: &NetworkKey) -> Option<ItemKey> {
        self.name().map(|name| network_key.item(&name))
    }
}

/// Whether a URN is of a scheme that the ledger does not follow: a mistyped asset is kept for what moved beside it.
fn is_of_another_scheme(epc: &str) -> bool {
    let is = |scheme: &str| epc.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    is("urn:") && !is("urn:epc:id:sgtin:") && !is("urn:epc:id:sscc:")
}
