//! Packs and containers as a client names them: an EPC URN, a Digital Link, or anything that a scanner reads.

use veridose_contract::ItemKey;
use veridose_contract::blind::NetworkKey;
use veridose_epcis::model::Uri;
use veridose_gs1::{Epc, Gtin, Lot, lot_name, scan};

use crate::problem::Problem;

/// A pack or container that a request names.
pub(crate) struct Item {
    /// Its canonical name, which the ledger blinds.
    pub(crate) name: String,
    /// Its key on the ledger.
    pub(crate) key: ItemKey,
    /// Its Digital Link.
    pub(crate) uri: Uri,
}

/// Reads the name of a pack or container; `field` is where it stood.
pub(crate) fn item(key: &NetworkKey, field: &str, text: &str) -> Result<Item, Problem> {
    let epc = match Epc::parse(text) {
        Ok(epc @ (Epc::Sgtin(_) | Epc::Sscc(_))) => epc,
        Ok(Epc::Lgtin(..) | Epc::Gtin(_) | Epc::Sgln(_) | Epc::Pgln(_) | Epc::Key(_) | Epc::Other(_)) | Err(_) => {
            let scan = scan::parse(text).map_err(|diagnosis| Problem::field(field, diagnosis.message))?;
            scan.epc().ok_or_else(|| Problem::field(field, "the scan names no pack and no container"))?
        }
    };
    let name = match &epc {
        Epc::Sgtin(sgtin) => sgtin.name(),
        Epc::Sscc(sscc) => sscc.name(),
        Epc::Lgtin(..) | Epc::Gtin(_) | Epc::Sgln(_) | Epc::Pgln(_) | Epc::Key(_) | Epc::Other(_) => {
            return Err(Problem::field(field, "expected a pack with its serial number, or a container (SSCC)"));
        }
    };
    let uri = Uri::parse(&epc.digital_link()).map_err(|error| Problem::field(field, error.reason))?;
    Ok(Item { key: key.item(&name), name, uri })
}

/// The text as a part of a path or query.
pub(crate) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

/// Reads a list of them.
pub(super) fn items(key: &NetworkKey, texts: &[String]) -> Result<Vec<Item>, Problem> {
    texts.iter().enumerate().map(|(at, text)| item(key, &format!("items[{at}]"), text)).collect()
}

/// Reads a product's number.
pub(super) fn gtin(field: &str, text: &str) -> Result<Gtin, Problem> {
    Gtin::parse(text).map_err(|error| Problem::field(field, error))
}

/// A lot as a client names it.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LotName {
    /// The product, a GTIN.
    #[schema(example = "09506000134352")]
    pub(crate) gtin: String,
    /// The lot number.
    #[schema(example = "ABC123")]
    pub(crate) lot: String,
}

impl LotName {
    /// The canonical name, which the ledger blinds.
    pub(super) fn name(&self) -> Result<String, Problem> {
        let lot = Lot::parse(&self.lot).map_err(|error| Problem::field("lot.lot", error))?;
        Ok(lot_name(&gtin("lot.gtin", &self.gtin)?, &lot))
    }
}

/// Keys and Digital Links of a list.
pub(super) fn split(items: Vec<Item>) -> (Vec<ItemKey>, Vec<Uri>) {
    items.into_iter().map(|item| (item.key, item.uri)).unzip()
}
