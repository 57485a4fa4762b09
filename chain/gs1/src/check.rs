//! Check digits and character sets.
//!
//! The rules are those of the GS1 General Specifications: section 7.9 (check digits), section 7.11 (character sets).

use crate::error::{Error, shorten};

/// A set of ASCII characters, one bit each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct CharacterSet {
    bits: u128,
    /// What the set is called in an error.
    pub(crate) name: &'static str,
}

/// Decimal digits.
pub(crate) const DIGITS: CharacterSet = CharacterSet::new("0123456789", "the digits 0 to 9");
/// GS1 AI encodable character set 82: what a serial number or a lot may hold.
pub(crate) const CSET_82: CharacterSet = CharacterSet::new(
    "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz",
    "the 82 characters GS1 allows (A-Z a-z 0-9 and !\"%&'()*+,-./:;<=>?_)",
);
/// GS1 AI encodable character set 39: component and part identifiers.
pub(crate) const CSET_39: CharacterSet =
    CharacterSet::new("#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", "A-Z, 0-9 and #-/");
/// File-safe, URI-safe base 64.
pub(crate) const CSET_64: CharacterSet = CharacterSet::new(
    "-0123456789=ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz",
    "A-Z, a-z, 0-9 and -_= (base 64 for URIs)",
);

impl CharacterSet {
    const fn new(members: &str, name: &'static str) -> Self {
        let bytes = members.as_bytes();
        let mut bits = 0;
        let mut at = 0;
        while at < bytes.len() {
            bits |= 1u128 << bytes[at];
            at += 1;
        }
        Self { bits, name }
    }

    /// Whether the byte is a member.
    pub(crate) const fn has(self, byte: u8) -> bool {
        byte < 128 && (self.bits >> byte) & 1 == 1
    }

    /// Whether every character is a member.
    pub(crate) fn has_all(self, text: &str) -> bool {
        text.bytes().all(|byte| self.has(byte))
    }

    /// Refuses the first character that is not a member.
    pub(crate) fn check(self, kind: &'static str, text: &str) -> Result<(), Error> {
        if self.has_all(text) {
            return Ok(());
        }
        let is_member = |found: char| u8::try_from(found).is_ok_and(|byte| self.has(byte));
        let foreign = text.chars().enumerate().find(|(_, found)| !is_member(*found));
        let (index, found) = foreign.expect("a character that is not a member was just seen");
        Err(Error::Character { kind, found, position: index + 1, allowed: self.name, given: shorten(text) })
    }
}

/// The check digit that follows the given digits: weights 3 and 1 in turn from the right, up to the next ten.
pub(crate) fn check_digit(mut digits: u64) -> u8 {
    let mut sum = 0;
    let mut weight = 3;
    while digits > 0 {
        sum += digits % 10 * weight;
        digits /= 10;
        weight = 4 - weight;
    }
    // A remainder of ten is a single digit.
    u8::try_from((10 - sum % 10) % 10).expect("a number below ten fits a byte")
}

/// The number with its check digit (GS1 General Specifications 7.9.1) appended: what makes a GTIN, GLN or SSCC of the
/// digits before it, at most 18 of them.
pub fn with_check_digit(digits: u64) -> u64 {
    digits * 10 + u64::from(check_digit(digits))
}

/// Up to 18 digits as a number; the caller has checked the length.
pub(crate) fn number(kind: &'static str, text: &str) -> Result<u64, Error> {
    DIGITS.check(kind, text)?;
    Ok(text.bytes().fold(0u64, |value, digit| value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'))))
}

/// A number whose last digit is its check digit; the caller has checked the length.
pub(crate) fn checked_number(kind: &'static str, text: &str) -> Result<u64, Error> {
    let value = number(kind, text)?;
    let expected = check_digit(value / 10);
    if u64::from(expected) == value % 10 {
        return Ok(value);
    }
    let found = u8::try_from(value % 10).expect("a number below ten fits a byte");
    Err(Error::CheckDigit { kind, found, expected, given: shorten(text) })
}

/// The check character pair of a GMN (GS1 General Specifications 7.9.5): weights are primes, modulo 1021.
pub(crate) fn check_pair(text: &str) -> Option<[u8; 2]> {
    const ALPHABET: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    const ORDER: &[u8] = b"!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
    const PRIMES: [usize; 23] =
        [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83];
    if text.len() > PRIMES.len() {
        return None;
    }
    let mut sum = 0;
    for (character, prime) in text.bytes().rev().zip(PRIMES) {
        sum += ORDER.iter().position(|member| *member == character)? * prime;
    }
    let sum = sum % 1021;
    Some([*ALPHABET.get(sum >> 5)?, *ALPHABET.get(sum & 31)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_of_the_general_specifications() {
        // Example of section 7.9.1: GTIN-13 629104150021 → 3, SSCC 37610425002123456 → 9.
        assert_eq!(check_digit(629_104_150_021), 3);
        assert_eq!(check_digit(37_610_425_002_123_456), 9);
        assert_eq!(check_digit(0), 0);
    }

    #[test]
    fn check_pair_of_the_general_specifications() {
        assert_eq!(check_pair("1987654Ad4X4bL5ttr2310c"), Some(*b"2K"));
        assert_eq!(check_pair("a character outside ä"), None);
    }

    #[test]
    fn a_foreign_character_is_named_with_its_place() {
        let error = CSET_82.check("serial", "AB ä").expect_err("a space is foreign");
        assert!(error.to_string().starts_with("serial: ' ' at position 3 of \"AB ä\""), "{error}");
    }
}
