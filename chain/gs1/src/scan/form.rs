//! The forms a scan comes in.

use std::borrow::Cow;

use super::diagnosis::{Code, Diagnosis};
use super::{GROUP_SEPARATOR, SCAN_ELEMENTS_MAX, mistake};
use crate::ai::{Ai, Element, Separator, check};
use crate::check::DIGITS;
use crate::epc::Epc;
use crate::error::shorten;
use crate::gtin::Gtin;
use crate::keys::Sscc;
use crate::link;

/// What keyboards and logs make of the group separator. None of these can be meant as data except `<GS>` and `<FNC1>`,
/// whose characters are of set 82; no issuer is known to use them.
const STAND_INS: [&str; 11] =
    ["\u{241D}", "^]", "^", "|", "<GS>", "{GS}", "[GS]", "<FNC1>", "{FNC1}", "\\x1D", "\\u001D"];
/// Symbology identifiers that announce GS1 data (GS1 General Specifications, figure 5.1.2).
const GS1_SYMBOLS: [&str; 5] = ["]d2", "]C1", "]e0", "]Q3", "]J1"];

/// Reads whichever form it is; the data are not checked yet.
pub(super) fn read(text: &str) -> Result<Vec<Element>, Diagnosis> {
    match read_form(text) {
        Ok(elements) if elements.is_empty() => Err(Diagnosis::new(Code::Empty, "nothing was scanned")),
        elements => elements,
    }
}

fn read_form(text: &str) -> Result<Vec<Element>, Diagnosis> {
    if let Some(symbol) = text.get(..3).filter(|symbol| symbol.starts_with(']')) {
        let content = text.get(3..).unwrap_or_default();
        if GS1_SYMBOLS.contains(&symbol) && !content.starts_with('(') {
            return element_string(content);
        }
        let is_identifier = symbol.bytes().skip(1).all(|byte| byte.is_ascii_alphanumeric());
        let swapped = mistake::swap_case(symbol);
        if !is_identifier || content.starts_with(']') || is_swapped(&swapped, content) {
            let message =
                format!("{symbol:?} is no symbology identifier of GS1 data; expected ]d2, ]C1, ]e0, ]Q3 or ]J1");
            return Err(Diagnosis::new(Code::UnknownForm, message).with("given", symbol));
        }
        return unprefixed(content);
    }
    unprefixed(text)
}

/// `]D2` for `]d2`; `]E0` is the identifier of an EAN-13 as well, whose content is 13 digits.
fn is_swapped(swapped: &str, content: &str) -> bool {
    GS1_SYMBOLS.contains(&swapped) && !(swapped == "]e0" && content.len() == 13)
}

fn unprefixed(text: &str) -> Result<Vec<Element>, Diagnosis> {
    if text.starts_with('(') {
        return read_bracketed(text);
    }
    if let Some(address) = link::web(text) {
        return read_link(address);
    }
    if text.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("urn:epc:")) {
        let elements = Epc::parse(text)?.elements();
        if elements.is_empty() {
            let message = "the URN names no GS1 key; expected urn:epc:id:sgtin:… or another GS1 scheme";
            return Err(Diagnosis::new(Code::UnknownForm, message).with("given", shorten(text)));
        }
        return Ok(elements);
    }
    if DIGITS.has_all(text) {
        match text.len() {
            8 | 12 | 13 | 14 => return Ok(vec![Element::new(Ai::GTIN, Gtin::parse(text)?.to_string())]),
            18 => return Ok(vec![Element::new(Ai::SSCC, Sscc::parse(text)?.to_string())]),
            _ => {}
        }
    }
    element_string(text)
}

fn read_link(address: &str) -> Result<Vec<Element>, Diagnosis> {
    let in_link = |error: crate::Error| Diagnosis { code: Code::WrongLink, ..error.into() };
    match link::read(address).map_err(in_link)? {
        Some(link) => {
            let mut elements = Vec::with_capacity(4);
            link.path.into_iter().chain(link.query).try_for_each(|element| push(&mut elements, element))?;
            Ok(elements)
        }
        None if link::is_compressed(address) => Err(Diagnosis::new(
            Code::Compressed,
            "the link names no GS1 key; it may be a compressed Digital Link, which is not read: scan another symbol",
        )),
        None => Err(Diagnosis::new(
            Code::UnknownForm,
            "the link names no GS1 key; a Digital Link has one in its path, such as /01/09506000134352",
        )
        .with("given", shorten(address))),
    }
}

/// Puts the group separator where a stand-in is; a scan with none of their characters is left as it is.
fn with_separators(text: &str) -> Cow<'_, str> {
    let is_suspect = |byte: u8| matches!(byte, b'^' | b'|' | b'<' | b'{' | b'[' | b'\\' | 0xE2);
    if !text.bytes().any(is_suspect) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if let Some(behind) = STAND_INS.iter().find_map(|stand_in| rest.strip_prefix(stand_in)) {
            out.push(GROUP_SEPARATOR);
            rest = behind;
        } else {
            out.push(next);
            rest = rest.get(next.len_utf8()..).unwrap_or_default();
        }
    }
    Cow::Owned(out)
}

/// Identifiers and data one after the other, a separator behind what has no predefined length.
pub(super) fn element_string(text: &str) -> Result<Vec<Element>, Diagnosis> {
    let text = with_separators(text);
    let mut elements = Vec::with_capacity(4);
    let mut rest = text.trim_start_matches(GROUP_SEPARATOR);
    while !rest.is_empty() {
        let Some((ai, data)) = Ai::lead(rest) else {
            return Err(unknown_ai(rest, &elements));
        };
        let field = data.split_once(GROUP_SEPARATOR).map_or(data, |(field, _)| field);
        let (_, length_max) = ai.lengths();
        let value = match ai.row().separator {
            Separator::Predefined => field.get(..length_max).unwrap_or(field),
            Separator::Needed => field,
        };
        if value.len() > length_max && value.is_ascii() {
            return Err(mistake::lost_separator(ai, value, &elements));
        }
        push(&mut elements, Element::new(ai, value))?;
        rest = data.get(value.len()..).unwrap_or_default().trim_start_matches(GROUP_SEPARATOR);
    }
    Ok(elements)
}

/// Adds an element, up to the limit: what follows takes time that grows with their square.
fn push(elements: &mut Vec<Element>, element: Element) -> Result<(), Diagnosis> {
    if elements.len() == SCAN_ELEMENTS_MAX {
        let message = format!("the scan has more than {SCAN_ELEMENTS_MAX} elements; scan one symbol at a time");
        return Err(Diagnosis::new(Code::TooLong, message));
    }
    elements.push(element);
    Ok(())
}

fn unknown_ai(rest: &str, before: &[Element]) -> Diagnosis {
    let found: String = rest.chars().take(4).collect();
    let Some(last) = before.last() else {
        let message = format!(
            "no form of a scan: {found:?} at its start is no Application Identifier; expected an element string, \
             (01)…, a Digital Link or an EPC URN"
        );
        return Diagnosis::new(Code::UnknownForm, message).with("given", found);
    };
    let (ai, noun) = (last.ai, last.ai.noun());
    let message = format!("{found:?} behind ({ai}) {noun} is no Application Identifier");
    Diagnosis::new(Code::UnknownAi, message).with("given", found)
}

/// `(01)…(10)…`
fn read_bracketed(text: &str) -> Result<Vec<Element>, Diagnosis> {
    let mut elements: Vec<Element> = Vec::with_capacity(4);
    let mut rest = text;
    while let Some((digits, data)) = identifier(rest) {
        let Some(ai) = Ai::find(digits) else {
            let unknown = Diagnosis::new(Code::UnknownAi, format!("({digits}) is no Application Identifier"));
            return Err(unknown.with("given", format!("({digits})")));
        };
        let (value, behind) = bracketed_value(ai, data, &elements);
        push(&mut elements, Element { ai, value })?;
        rest = behind;
    }
    if rest.is_empty() {
        return Ok(elements);
    }
    let found: String = rest.chars().take(8).collect();
    let message =
        format!("{found:?} is no Application Identifier in parentheses; expected two to four digits as in (01)");
    Err(Diagnosis::new(Code::UnknownAi, message).with("given", found))
}

/// The digits between parentheses that the text starts with, and what follows.
fn identifier(text: &str) -> Option<(&str, &str)> {
    let end = text.bytes().take(6).position(|byte| byte == b')')?;
    let digits = text.get(..end)?.strip_prefix('(')?;
    (digits.len() >= 2 && DIGITS.has_all(digits)).then_some((digits, text.get(end + 1..)?))
}

/// The data up to the next identifier that has not come yet and behind which the data are valid; failing that, up to
/// the first identifier, so that the diagnosis is about the data that were meant.
fn bracketed_value<'a>(ai: Ai, data: &'a str, before: &[Element]) -> (String, &'a str) {
    let plain = |value: &str| value.trim_matches([' ', GROUP_SEPARATOR]).replace("\\(", "(");
    // Escapes at most double the length, and a person's spaces add a few characters.
    let bytes_max = ai.lengths().1 * 2 + 8;
    let mut first = None;
    for (at, _) in data.match_indices('(').take_while(|(at, _)| *at <= bytes_max) {
        let (value, behind) = data.split_at(at);
        let Some((digits, _)) = identifier(behind).filter(|_| !value.ends_with('\\')) else { continue };
        first = first.or(Some(at));
        let is_new = |next: Ai| next != ai && before.iter().all(|element| element.ai != next);
        let value = plain(value);
        if Ai::find(digits).is_some_and(is_new) && check(ai, &value).is_ok() {
            return (value, behind);
        }
    }
    if data.len() <= bytes_max {
        let whole = plain(data);
        if check(ai, &whole).is_ok() {
            return (whole, "");
        }
    }
    let (value, behind) = data.split_at(first.unwrap_or(data.len()));
    (plain(value), behind)
}

/// Writes the form for people.
pub(super) fn bracketed(elements: &[Element]) -> String {
    let mut text = String::with_capacity(64);
    for element in elements {
        text.extend(["(", &element.ai.to_string(), ")", &element.value.replace('(', "\\(")]);
    }
    text
}
