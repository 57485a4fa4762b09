//! GS1 Digital Link URIs: any domain and stem, keys by number or by their old short names, attributes in the query.
//!
//! Compressed Digital Links are not read: they need the table of GS1's compression standard, and no pack carries one.

use std::borrow::Cow;

use crate::ai::{Ai, Element, InLink};
use crate::error::Error;

/// Where the canonical form lives (GS1 Digital Link standard, URI syntax, section 4.11).
const CANONICAL: &str = "https://id.gs1.org";
const KIND: &str = "Digital Link";
/// A last path segment of this many base-64 characters is a compressed link rather than a word.
const COMPRESSED_CHARACTERS_MIN: usize = 10;

/// What a Digital Link says.
pub(crate) struct Link {
    /// The primary key, then its qualifiers.
    pub(crate) path: Vec<Element>,
    /// Attributes, in the order of the query.
    pub(crate) query: Vec<Element>,
}

/// What stands behind `http://` or `https://`, the scheme in any case.
pub(crate) fn web(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    (scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")).then_some(rest)
}

/// Reads a web address; `None` when its path ends in no GS1 key, so that it is some other address.
pub(crate) fn read(address: &str) -> Result<Option<Link>, Error> {
    let address = address.split_once('#').map_or(address, |(before, _)| before);
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let Some(path) = read_path(path.trim_end_matches('/'))? else { return Ok(None) };
    let mut attributes = Vec::new();
    for pair in query.split(['&', ';']) {
        let Some((name, value)) = pair.split_once('=') else { continue };
        if let Some(ai) = Ai::find(name) {
            attributes.push(Element::new(ai, decode(KIND, value)?));
        }
    }
    Ok(Some(Link { path, query: attributes }))
}

/// Walks the path from its end: pairs of qualifier and value, then the key. What stands before is the stem.
fn read_path(path: &str) -> Result<Option<Vec<Element>>, Error> {
    let mut elements = Vec::with_capacity(4);
    let mut rest = path;
    while let Some((before, value)) = rest.rsplit_once('/') {
        let Some((stem, code)) = before.rsplit_once('/') else { return Ok(None) };
        let Some(ai) = short_name(code).or_else(|| Ai::find(code)) else { return Ok(None) };
        let value = decode(KIND, value)?;
        match ai.row().in_link {
            InLink::Key(sequences) => {
                elements.push(Element::new(ai, widen(ai, value)));
                elements.reverse();
                return order(elements, sequences, path).map(Some);
            }
            InLink::NotAttribute | InLink::Attribute => elements.push(Element::new(ai, value)),
        }
        rest = stem;
    }
    Ok(None)
}

/// GTIN-8, 12 and 13 stand in older links as they are.
fn widen(ai: Ai, value: Cow<'_, str>) -> Cow<'_, str> {
    if ai == Ai::GTIN && matches!(value.len(), 8 | 12 | 13) { format!("{value:0>14}").into() } else { value }
}

/// Puts the qualifiers into the standard's order, whatever order they came in.
fn order(elements: Vec<Element>, sequences: &[&[u16]], path: &str) -> Result<Vec<Element>, Error> {
    let place = |sequence: &[u16], ai: Ai| sequence.iter().position(|number| Ai::known(*number) == ai);
    let qualifiers = elements.get(1..).unwrap_or_default();
    if qualifiers.is_empty() {
        return Ok(elements);
    }
    let fits = |sequence: &&&[u16]| qualifiers.iter().all(|element| place(sequence, element.ai).is_some());
    let Some(sequence) = sequences.iter().find(fits) else {
        let fix = "name in the path only the key and its own qualifiers, all else in the query";
        return Err(Error::form(KIND, "a qualifier that does not belong to the key", fix, path));
    };
    let mut elements = elements;
    if let Some(qualifiers) = elements.get_mut(1..) {
        qualifiers.sort_by_key(|element| place(sequence, element.ai));
        if qualifiers.windows(2).any(|pair| matches!(pair, [first, second] if first.ai == second.ai)) {
            return Err(Error::form(KIND, "a qualifier that stands twice", "name each one once", path));
        }
    }
    Ok(elements)
}

/// Whether an address without a key looks like a compressed link.
pub(crate) fn is_compressed(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let Some((_, last)) = path.trim_end_matches('/').rsplit_once('/') else { return false };
    last.len() >= COMPRESSED_CHARACTERS_MIN
        && last.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The names that versions before 1.2 of the standard allowed instead of numbers.
fn short_name(code: &str) -> Option<Ai> {
    let number = match code {
        "gtin" => 1,
        "sscc" => 0,
        "lot" => 10,
        "ser" => 21,
        "cpv" => 22,
        "tpx" => 235,
        "gdti" => 253,
        "glnx" => 254,
        "gcn" => 255,
        "ginc" => 401,
        "gsin" => 402,
        "gln" => 414,
        "payTo" => 415,
        "party" => 417,
        "grai" => 8003,
        "giai" => 8004,
        "itip" => 8006,
        "cpid" => 8010,
        "cpsn" => 8011,
        "gmn" => 8013,
        "gsrnp" => 8017,
        "gsrn" => 8018,
        "srin" => 8019,
        "refno" => 8020,
        _ => return None,
    };
    Some(Ai::known(number))
}

/// Writes the canonical form.
pub(crate) fn write<'a>(
    path: impl IntoIterator<Item = (Ai, &'a str)>,
    query: impl IntoIterator<Item = (Ai, &'a str)>,
) -> String {
    let mut uri = String::with_capacity(64);
    uri.push_str(CANONICAL);
    for (ai, value) in path {
        uri.extend(["/", &ai.to_string(), "/"]);
        encode(value, b"-._~';=", &mut uri);
    }
    for (at, (ai, value)) in query.into_iter().enumerate() {
        uri.push(if at == 0 { '?' } else { '&' });
        uri.extend([&ai.to_string(), "="]);
        encode(value, b"-._~", &mut uri);
    }
    uri
}

/// Appends the text with each byte escaped that is neither a letter, a digit nor listed.
pub(crate) fn encode(text: &str, plain: &[u8], into: &mut String) {
    const HEXADECIMAL: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.extend(['%', HEXADECIMAL[usize::from(byte >> 4)], HEXADECIMAL[usize::from(byte & 15)]]);
        }
    }
}

/// Takes the percent-encoding off.
pub(crate) fn decode<'a>(kind: &'static str, text: &'a str) -> Result<Cow<'a, str>, Error> {
    let wrong = || {
        let fix = "write % itself as %25 and other characters as % and two hexadecimal digits of their UTF-8";
        Error::form(kind, "a broken percent-encoding", fix, text)
    };
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => rest.next().zip(rest.next()).and_then(|(high, low)| hexadecimal(high, low)).ok_or_else(wrong)?,
            plain => plain,
        });
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| wrong())
}

fn hexadecimal(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}
