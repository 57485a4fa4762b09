//! Keys of the state, and composite keys as every Fabric shim builds them.
//!
//! A composite key is `U+0000`, the object type and each attribute, every one of them followed by `U+0000`. The leading
//! `U+0000` is its namespace: simple keys do not begin with it, so a range over simple keys meets no composite one.

use super::ShimError;

/// What a composite key begins with and each of its parts ends with.
const SEPARATOR: char = '\u{0}';
/// Sorts after every attribute, so it ends the range of a partial key.
const LAST: char = '\u{10ffff}';
/// The first simple key: a range from the empty key begins here, past the composite ones.
const FIRST_SIMPLE: &str = "\u{1}";

/// Builds a composite key.
///
/// ```
/// use veridose_chaincode::shim::{composite_key, split_composite_key};
/// let key = composite_key("offer", &["north", "7"]).expect("allowed characters");
/// assert_eq!(key, "\0offer\0north\07\0");
/// assert_eq!(split_composite_key(&key).expect("our own"), ("offer", vec!["north", "7"]));
/// ```
pub fn composite_key(object_type: &str, attributes: &[&str]) -> Result<String, ShimError> {
    let mut key = String::from(SEPARATOR);
    for part in std::iter::once(&object_type).chain(attributes) {
        if part.contains([SEPARATOR, LAST]) {
            return Err(refuse(part, "holds U+0000 or U+10FFFF, which composite keys are built with"));
        }
        key.push_str(part);
        key.push(SEPARATOR);
    }
    Ok(key)
}

/// The object type and the attributes of a composite key.
pub fn split_composite_key(key: &str) -> Result<(&str, Vec<&str>), ShimError> {
    let inner = key.strip_prefix(SEPARATOR).and_then(|rest| rest.strip_suffix(SEPARATOR));
    let inner = inner.ok_or_else(|| refuse(key, "is no composite key"))?;
    let mut parts = inner.split(SEPARATOR);
    let object_type = parts.next().expect("a split has a first part");
    Ok((object_type, parts.collect()))
}

/// First and last bound of what begins with these attributes.
pub(super) fn composite_range(object_type: &str, attributes: &[&str]) -> Result<(String, String), ShimError> {
    let start = composite_key(object_type, attributes)?;
    let end = format!("{start}{LAST}");
    Ok((start, end))
}

/// Checks a key that is to be read or written.
pub(super) fn check(key: &str) -> Result<(), ShimError> {
    if key.is_empty() { Err(refuse(key, "is empty")) } else { Ok(()) }
}

/// The bounds of a range over simple keys; an empty bound is open.
pub(super) fn simple_range<'a>(start: &'a str, end: &'a str) -> Result<(&'a str, &'a str), ShimError> {
    for bound in [start, end] {
        if bound.starts_with(SEPARATOR) {
            return Err(refuse(bound, "begins with U+0000, so it is no simple key"));
        }
    }
    Ok((if start.is_empty() { FIRST_SIMPLE } else { start }, end))
}

fn refuse(key: &str, problem: &'static str) -> ShimError {
    ShimError::Key { key: key.chars().take(80).collect(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_composite_key_comes_apart_as_it_was_put_together(
            object_type in any::<String>(),
            attributes in prop::collection::vec(any::<String>(), 0..5),
        ) {
            let attributes: Vec<&str> = attributes.iter().map(String::as_str).collect();
            let bad = |part: &str| part.contains(['\u{0}', '\u{10ffff}']);
            match composite_key(&object_type, &attributes) {
                Ok(key) => prop_assert_eq!(split_composite_key(&key), Ok((object_type.as_str(), attributes))),
                Err(_) => prop_assert!(bad(&object_type) || attributes.iter().any(|part| bad(part))),
            }
        }

        #[test]
        fn a_partial_key_ranges_over_what_begins_with_it_and_nothing_else(
            left in prop::collection::vec("[a-c\u{7f}\u{ffff}]{0,2}", 1..4),
            right in prop::collection::vec("[a-c\u{7f}\u{ffff}]{0,2}", 0..4),
        ) {
            let left: Vec<&str> = left.iter().map(String::as_str).collect();
            let right: Vec<&str> = right.iter().map(String::as_str).collect();
            let key = composite_key("t", &left).expect("allowed");
            let (start, end) = composite_range("t", &right).expect("allowed");
            let inside = key >= start && key < end;
            prop_assert_eq!(inside, left.starts_with(&right));
        }

        #[test]
        fn what_is_no_composite_key_does_not_come_apart(key in "\\PC{0,8}") {
            prop_assert!(split_composite_key(&key).is_err());
        }
    }

    #[test]
    fn separators_and_empty_keys_are_refused() {
        assert!(composite_key("a\0b", &[]).is_err());
        assert!(composite_key("a", &["\u{10ffff}"]).is_err());
        assert!(check("").is_err());
        assert!(simple_range("\0a", "").is_err());
        assert_eq!(simple_range("", ""), Ok(("\u{1}", "")));
    }
}
