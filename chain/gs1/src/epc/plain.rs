//! Packs as most events name them, read without a copy.

use crate::gtin::Gtin;

/// The product and the serial number of a pack, from a URI that shows them as they are: a canonical Digital Link or an EPC URN,
/// both without escapes. What this gives [`super::Epc::parse`] gives too; where it gives nothing, the URI may still name a pack.
///
/// ```
/// use veridose_gs1::plain_pack;
/// let (gtin, serial) = plain_pack("https://id.gs1.org/01/04012345111118/21/9876").expect("a pack");
/// assert_eq!((gtin.to_string().as_str(), serial), ("04012345111118", "9876"));
/// assert_eq!(plain_pack("urn:epc:id:sgtin:4012345.011111.9876"), Some((gtin, serial)));
/// assert_eq!(plain_pack("https://id.gs1.org/01/04012345111118/21/A%2FB"), None);
/// ```
pub fn plain_pack(uri: &str) -> Option<(Gtin, &str)> {
    let (gtin, serial) = of_link(uri).or_else(|| of_urn(uri))?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    ((1..=20).contains(&serial.len()) && serial.bytes().all(is_plain)).then_some((gtin, serial))
}

/// `https://id.gs1.org/01/GTIN-14/21/SERIAL`
fn of_link(uri: &str) -> Option<(Gtin, &str)> {
    let (gtin, rest) = uri.strip_prefix("https://id.gs1.org/01/")?.split_at_checked(14)?;
    Some((Gtin::parse(gtin).ok()?, rest.strip_prefix("/21/")?))
}

/// `urn:epc:id:sgtin:PREFIX.REFERENCE.SERIAL`, the reference beginning with the indicator.
fn of_urn(uri: &str) -> Option<(Gtin, &str)> {
    let (prefix, rest) = uri.strip_prefix("urn:epc:id:sgtin:")?.split_once('.')?;
    let (reference, serial) = rest.split_once('.')?;
    let (indicator, item) = reference.split_at_checked(1)?;
    let digits = || [indicator, prefix, item].into_iter().flat_map(str::bytes);
    let is_gtin = (6..=12).contains(&prefix.len()) && digits().count() == 13;
    Some((Gtin::of_digits(digits()).filter(|_| is_gtin)?, serial))
}
