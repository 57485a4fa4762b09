//! The mistakes that people, scanners and keyboards make, recognised but never corrected on their own.

use super::diagnosis::{Code, Diagnosis};
use super::{GROUP_SEPARATOR, Scan, form, pairing, read};
use crate::ai::{Ai, Element, Separator, check};
use crate::check::{DIGITS, check_digit};

/// What a German keyboard layout makes of the keys a scanner presses, and what was meant.
const GERMAN_LAYOUT: [(char, char); 32] = [
    ('z', 'y'),
    ('y', 'z'),
    ('Z', 'Y'),
    ('Y', 'Z'),
    ('ß', '-'),
    ('-', '/'),
    ('_', '?'),
    ('?', '_'),
    ('/', '&'),
    ('&', '^'),
    ('(', '*'),
    (')', '('),
    ('=', ')'),
    ('+', ']'),
    ('*', '}'),
    ('ü', '['),
    ('Ü', '{'),
    ('ö', ';'),
    ('Ö', ':'),
    ('ä', '\''),
    ('Ä', '"'),
    (';', '<'),
    (':', '>'),
    ('#', '\\'),
    ('\'', '|'),
    ('`', '+'),
    ('´', '='),
    ('"', '@'),
    ('§', '#'),
    ('°', '~'),
    ('<', '\\'),
    ('^', '`'),
];

/// Looks for the mistake behind a scan that cannot be read.
pub(super) fn explain(text: &str, diagnosis: Diagnosis) -> Diagnosis {
    if diagnosis.suggestion.is_some() || text.is_empty() {
        return diagnosis;
    }
    let swapped = swap_case(text);
    if swapped != text && read(&swapped).is_ok() {
        let message = "upper and lower case are swapped: switch caps lock off and scan again";
        return Diagnosis { suggestion: Some(swapped), ..Diagnosis::new(Code::CapsLock, message) };
    }
    let american = on_american_layout(text);
    if american != text && read(&american).is_ok() {
        let message = "the keyboard layout of the scanner and the computer differ (Y and Z swapped, other signs): set \
                       both to the same layout and scan again";
        return Diagnosis { suggestion: Some(american), ..Diagnosis::new(Code::KeyboardLayout, message) };
    }
    if let Some(suggestion) = with_separators_for_blanks(text) {
        let message = "a blank or control character stands where the separator should: set the scanner to transmit the \
                       group separator (FNC1) unchanged";
        return Diagnosis { suggestion: Some(suggestion), ..Diagnosis::new(Code::LostSeparator, message) };
    }
    let suggestion = match diagnosis.code {
        Code::WrongCheckDigit => with_right_check_digit(text),
        Code::WrongLength => with_leading_zeros(text),
        Code::Empty
        | Code::TooLong
        | Code::UnknownForm
        | Code::UnknownAi
        | Code::WrongCharacter
        | Code::WrongDate
        | Code::WrongContent
        | Code::WrongLink
        | Code::Compressed
        | Code::MissingRequired
        | Code::Excluded
        | Code::Repeated
        | Code::LostSeparator
        | Code::CapsLock
        | Code::KeyboardLayout
        | Code::DayZero => None,
    };
    Diagnosis { suggestion, ..diagnosis }
}

/// The case of every ASCII letter turned round, as caps lock does.
pub fn swap_case(text: &str) -> String {
    let swap = |letter: char| match letter {
        'a'..='z' => letter.to_ascii_uppercase(),
        _ => letter.to_ascii_lowercase(),
    };
    text.chars().map(swap).collect()
}

/// Y and Z swapped, as a German keyboard layout does to an American one.
pub fn swap_yz(text: &str) -> String {
    let swap = |letter: char| match letter {
        'y' => 'z',
        'z' => 'y',
        'Y' => 'Z',
        'Z' => 'Y',
        other => other,
    };
    text.chars().map(swap).collect()
}

fn on_american_layout(text: &str) -> String {
    let meant = |seen: char| GERMAN_LAYOUT.iter().find(|(german, _)| *german == seen).map_or(seen, |(_, meant)| *meant);
    text.chars().map(meant).collect()
}

/// The scan with the group separator in place of what some keyboard drivers make of it.
fn with_separators_for_blanks(text: &str) -> Option<String> {
    let is_blank = |found: char| found != GROUP_SEPARATOR && (found.is_whitespace() || found.is_control());
    if !text.contains(is_blank) {
        return None;
    }
    let meant: String = text.chars().map(|found| if is_blank(found) { GROUP_SEPARATOR } else { found }).collect();
    read(&meant).ok().map(|scan| scan.bracketed())
}

/// The scan with the check digit that the other digits give. Another digit may be the wrong one, so it is a suggestion.
fn with_right_check_digit(text: &str) -> Option<String> {
    if DIGITS.has_all(text) && matches!(text.len(), 8 | 12 | 13 | 14 | 18) {
        let digits = text.get(..text.len() - 1)?;
        return Some(format!("{digits}{}", check_digit(digits.parse().ok()?)));
    }
    let elements = form::read(text).ok()?;
    let wrong = elements.iter().find(|element| check(element.ai, &element.value).is_err())?;
    let length = match wrong.value.len() {
        14.. if wrong.ai == Ai::known(8003) => 14,
        length => match wrong.ai.row().parts.first()?.length_max {
            fixed if fixed <= length => fixed,
            _ => return None,
        },
    };
    let digits = wrong.value.get(..length - 1)?;
    let expected = check_digit(digits.parse().ok()?);
    let right = format!("{digits}{expected}{}", wrong.value.get(length..)?);
    let suggestion = text.replacen(&wrong.value, &right, 1);
    read(&suggestion).is_ok().then_some(suggestion)
}

/// A GTIN of 8, 12 or 13 digits behind (01), where it must have 14.
fn with_leading_zeros(text: &str) -> Option<String> {
    let elements = form::read(text).ok()?;
    let gtin = elements.iter().find(|element| element.ai == Ai::GTIN)?;
    if !matches!(gtin.value.len(), 8 | 12 | 13) || !DIGITS.has_all(&gtin.value) {
        return None;
    }
    let suggestion = text.replacen(&gtin.value, &format!("{:0>14}", gtin.value), 1);
    read(&suggestion).is_ok().then_some(suggestion)
}

/// A field that is longer than its identifier allows: another element is glued to it.
pub(super) fn lost_separator(ai: Ai, field: &str, before: &[Element]) -> Diagnosis {
    let (_, length_max) = ai.lengths();
    let (noun, length) = (ai.noun(), field.len());
    let message = format!(
        "({ai}) {noun} has {length} characters, at most {length_max} are allowed: the separator behind it got lost; set \
         the scanner to transmit the group separator (FNC1)"
    );
    let lost = Diagnosis::new(Code::LostSeparator, message).about(ai).with("length", length.to_string());
    Diagnosis { suggestion: split_field(ai, field, before), ..lost }
}

/// The one way to take a field apart into more elements, bracketed; `None` if there is none or more than one.
fn split_field(ai: Ai, field: &str, before: &[Element]) -> Option<String> {
    let mut best: Option<Vec<Element>> = None;
    let mut is_only = true;
    let (length_min, length_max) = ai.lengths();
    for at in length_min.max(1)..=length_max.min(field.len()) {
        let Some((value, rest)) = field.split_at_checked(at) else { continue };
        let mut elements = before.to_vec();
        elements.push(Element::new(ai, value));
        if check(ai, value).is_err() || !take_apart(rest, &mut elements) || pairing::check(&elements).is_err() {
            continue;
        }
        // More elements are a better explanation: a date between lot and serial does not occur by chance.
        match best.as_ref().map_or(std::cmp::Ordering::Greater, |best| elements.len().cmp(&best.len())) {
            std::cmp::Ordering::Greater => (best, is_only) = (Some(elements), true),
            std::cmp::Ordering::Equal => is_only = false,
            std::cmp::Ordering::Less => {}
        }
    }
    best.filter(|_| is_only).map(|elements| form::bracketed(&elements))
}

/// Reads elements that a pack carries beside its GTIN, none of them twice.
fn take_apart(text: &str, elements: &mut Vec<Element>) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let Some((ai, data)) = Ai::lead(rest) else { return false };
        let is_of_a_pack =
            matches!(ai.to_string().as_str(), "10" | "11" | "17" | "21") || ai.noun() == "national drug number";
        if !is_of_a_pack || elements.iter().any(|element| element.ai == ai) {
            return false;
        }
        let length = match ai.row().separator {
            Separator::Predefined => ai.lengths().1,
            Separator::Needed => data.len(),
        };
        let Some((value, behind)) = data.split_at_checked(length) else { return false };
        if check(ai, value).is_err() {
            return false;
        }
        elements.push(Element::new(ai, value));
        rest = behind;
    }
    elements.len() > 1
}

/// What is odd about a scan that can be read.
pub(super) fn notes(text: &str, elements: &[Element]) -> Vec<Diagnosis> {
    let mut notes = Vec::new();
    let expiry = elements.iter().find(|element| element.ai == Ai::EXPIRY);
    if let Some(expiry) = expiry.filter(|expiry| expiry.value.ends_with("00")) {
        let message = format!("(17) expiry date {} names no day: the last day of the month counts", expiry.value);
        notes.push(Diagnosis::new(Code::DayZero, message));
    }
    notes.extend(perhaps_glued(text, elements));
    if let Some((scheme, _)) = text.split_once("://") {
        let letters = || elements.iter().flat_map(|element| element.value.chars()).filter(char::is_ascii_alphabetic);
        if scheme.bytes().all(|byte| byte.is_ascii_uppercase()) && letters().next().is_some() {
            let message = "the link is written in capitals: if caps lock was on, the serial number's case is swapped";
            notes.push(Diagnosis { suggestion: Some(swap_case(text)), ..Diagnosis::new(Code::CapsLock, message) });
        }
    }
    notes
}

/// A lot at the end of an element string of a product without a serial number may have swallowed it.
fn perhaps_glued(text: &str, elements: &[Element]) -> Option<Diagnosis> {
    let (last, before) = elements.split_last()?;
    let has = |ai: Ai| elements.iter().any(|element| element.ai == ai);
    let is_element_string = !text.starts_with('(') && !text.contains(':');
    if !is_element_string || last.ai != Ai::LOT || !has(Ai::GTIN) || has(Ai::SERIAL) {
        return None;
    }
    let suggestion = split_field(last.ai, &last.value, before).filter(|bracketed| bracketed.contains("(21)"))?;
    let message = format!(
        "there is no serial number, and (10) lot {:?} may hold one: the separator may have got lost; set the scanner to \
         transmit the group separator (FNC1)",
        last.value
    );
    Some(Diagnosis { suggestion: Some(suggestion), ..Diagnosis::new(Code::LostSeparator, message) })
}

/// The scans that a keyboard may have changed into this one.
pub(super) fn misreads(scan: &Scan) -> Vec<(Code, Scan)> {
    let changed = |change: &dyn Fn(&str) -> String| -> Option<Scan> {
        let mut elements = scan.elements.clone();
        for element in &mut elements {
            if matches!(element.ai, Ai::SERIAL | Ai::LOT) {
                element.value = change(&element.value);
            }
        }
        (elements != scan.elements).then(|| Scan { elements, notes: Vec::new() })
    };
    let swapped = changed(&swap_case).map(|other| (Code::CapsLock, other));
    let layout = changed(&swap_yz).map(|other| (Code::KeyboardLayout, other));
    swapped.into_iter().chain(layout).collect()
}
