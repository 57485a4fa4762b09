//! A row's values as bytes: for each a tag, which also tells the type of one that is null, and the value.

use sea_orm::Value;

use crate::StoreError;

const BOOL: u8 = 0;
const BIG_INT: u8 = 2;
const DOUBLE: u8 = 4;
const TEXT: u8 = 6;
const BYTES: u8 = 8;

/// Appends a value. A tag that is odd says that it is there.
pub(super) fn put(to: &mut Vec<u8>, value: Value) -> Result<(), StoreError> {
    let (tag, bytes) = match value {
        Value::Bool(value) => (BOOL, value.map(|value| vec![u8::from(value)])),
        Value::BigInt(value) => (BIG_INT, value.map(|value| value.to_be_bytes().to_vec())),
        Value::Double(value) => (DOUBLE, value.map(|value| value.to_be_bytes().to_vec())),
        Value::String(value) => (TEXT, value.map(String::into_bytes)),
        Value::Bytes(value) => (BYTES, value),
        other => return Err(malformed(format!("a value of a type that backups do not know: {other:?}"))),
    };
    to.push(tag + u8::from(bytes.is_some()));
    if let Some(bytes) = bytes {
        let size = u32::try_from(bytes.len()).map_err(|_| malformed("a value of 4 GiB".to_owned()))?;
        to.extend(size.to_be_bytes());
        to.extend(bytes);
    }
    Ok(())
}

/// Takes the next value.
pub(super) fn take(from: &mut &[u8]) -> Result<Value, StoreError> {
    let value = take_one(from);
    value.ok_or_else(|| malformed("a value ends too early or has an unknown tag".to_owned()))
}

fn take_one(from: &mut &[u8]) -> Option<Value> {
    let (tag, rest) = from.split_first()?;
    *from = rest;
    let bytes = if tag % 2 == 1 {
        let (size, rest) = from.split_first_chunk::<4>()?;
        let (bytes, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*size)).ok()?)?;
        *from = rest;
        Some(bytes)
    } else {
        None
    };
    match tag & !1 {
        BOOL => read(bytes, Value::Bool, |bytes| bytes.first().map(|byte| *byte == 1)),
        BIG_INT => read(bytes, Value::BigInt, |bytes| bytes.try_into().ok().map(i64::from_be_bytes)),
        DOUBLE => read(bytes, Value::Double, |bytes| bytes.try_into().ok().map(f64::from_be_bytes)),
        TEXT => read(bytes, Value::String, |bytes| String::from_utf8(bytes.to_vec()).ok()),
        BYTES => read(bytes, Value::Bytes, |bytes| Some(bytes.to_vec())),
        _ => None,
    }
}

/// A value that is null or reads; nothing for one that does not.
fn read<T>(
    bytes: Option<&[u8]>,
    value: fn(Option<T>) -> Value,
    read: impl FnOnce(&[u8]) -> Option<T>,
) -> Option<Value> {
    match bytes {
        None => Some(value(None)),
        Some(bytes) => read(bytes).map(|read| value(Some(read))),
    }
}

fn malformed(detail: String) -> StoreError {
    StoreError::Malformed { what: "row", detail }
}
