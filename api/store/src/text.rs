//! Words of the trade as text columns: the same words that serde writes.

use serde::de::IntoDeserializer;
use serde::de::value::Error;
use serde::{Serialize, de::DeserializeOwned};

use crate::StoreError;

/// The word for a variant without fields, as it stands in JSON.
///
/// # Panics
/// If the value is anything else than such a variant.
pub fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        other => unreachable!("only enums of unit variants are kept as words, not {other:?}"),
    }
}

/// The variant of a word.
pub(crate) fn variant<T: DeserializeOwned>(what: &'static str, word: &str) -> Result<T, StoreError> {
    let deserializer: serde::de::value::StrDeserializer<'_, Error> = word.into_deserializer();
    T::deserialize(deserializer).map_err(|error| StoreError::Malformed { what, detail: error.to_string() })
}

/// A party's name out of a column.
pub(crate) fn party(name: &str) -> Result<veridose_contract::PartyId, StoreError> {
    veridose_contract::PartyId::parse(name)
        .map_err(|error| StoreError::Malformed { what: "party", detail: error.to_string() })
}
