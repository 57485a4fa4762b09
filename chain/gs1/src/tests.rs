//! Strategies that the property tests share.

use proptest::prelude::*;

/// One to `length_max` characters of set 82.
pub(crate) fn cset_82(length_max: usize) -> impl Strategy<Value = String> {
    let character = proptest::char::range('!', 'z')
        .prop_filter("of set 82", |found| u8::try_from(*found).is_ok_and(|byte| crate::check::CSET_82.has(byte)));
    proptest::collection::vec(character, 1..=length_max).prop_map(|characters| characters.into_iter().collect())
}
