//! Values of the primitive types (FHIR R4, 2.24.0.1): their forms, not what they mean.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use crate::moment::Moment;

/// Characters of a string: 1 MB.
const STRING_CHARS_MAX: usize = 1_048_576;
const NAMES: [&str; 20] = [
    "boolean",
    "integer",
    "integer64",
    "positiveInt",
    "unsignedInt",
    "decimal",
    "string",
    "markdown",
    "code",
    "id",
    "uri",
    "url",
    "canonical",
    "date",
    "dateTime",
    "instant",
    "time",
    "base64Binary",
    "xhtml",
    "uuid",
];

pub(crate) fn is_known(name: &str) -> bool {
    NAMES.contains(&name)
}

/// What is wrong with a value of that type; nothing if it is right.
pub(crate) fn fault(kind: &str, value: &Value) -> Option<&'static str> {
    match (kind, value) {
        ("boolean", Value::Bool(_)) | ("decimal", Value::Number(_)) => None,
        ("boolean", _) => Some("is true or false, without quotes"),
        ("integer", Value::Number(number)) if number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()) => {
            None
        }
        ("integer", _) => Some("is a whole number of 32 bits, without quotes"),
        ("positiveInt", Value::Number(number)) if in_range(number, 1) => None,
        ("positiveInt", _) => Some("is a whole number from 1 on, without quotes"),
        ("unsignedInt", Value::Number(number)) if in_range(number, 0) => None,
        ("unsignedInt", _) => Some("is a whole number from 0 on, without quotes"),
        ("decimal", _) => Some("is a number, without quotes"),
        (_, Value::String(text)) => text_fault(kind, text),
        _ => Some("is a text in quotes"),
    }
}

fn in_range(number: &serde_json::Number, least: i64) -> bool {
    number.as_i64().is_some_and(|number| number >= least && i32::try_from(number).is_ok())
}

fn text_fault(kind: &str, text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("is empty: leave it out");
    }
    let bad_char = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    if text.len() > STRING_CHARS_MAX || text.chars().any(bad_char) {
        return Some("has more than 1 MB or a control character");
    }
    let (fits, words) = match kind {
        "code" => (is_code(text), "is a code: no white space but single spaces between words"),
        "id" => (is_id(text), "is an id: 1 to 64 of A-Z, a-z, 0-9, - and ."),
        "uri" | "url" | "canonical" | "uuid" => (!text.contains(char::is_whitespace), "is a URI: no white space"),
        "date" => (text.len() <= 10 && Moment::parse(text).is_some(), "is a date: YYYY, YYYY-MM or YYYY-MM-DD"),
        "dateTime" => (
            Moment::parse(text).is_some(),
            "is a date, or a moment with seconds and zone: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+zz:zz",
        ),
        "instant" => (
            text.len() > 10 && Moment::parse(text).is_some(),
            "is a moment with seconds and zone: YYYY-MM-DDThh:mm:ss+zz:zz",
        ),
        "time" => (is_time(text), "is a time of day: hh:mm:ss"),
        "integer64" => (text.parse::<i64>().is_ok(), "is a whole number of 64 bits, in quotes"),
        "base64Binary" => {
            let dense: String = text.split_whitespace().collect();
            (BASE64.decode(dense).is_ok(), "is base64")
        }
        "xhtml" => (is_narrative(text), "is one XHTML div without scripts, forms or objects"),
        _ => (!text.trim().is_empty(), "is blank: leave it out"),
    };
    (!fits).then_some(words)
}

fn is_code(text: &str) -> bool {
    let ends = text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace);
    !ends && !text.contains("  ") && text.chars().all(|c| c == ' ' || !c.is_whitespace())
}

fn is_id(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

fn is_time(text: &str) -> bool {
    let mut parts = text.splitn(3, ':');
    let mut two = |max: u32| {
        let part = parts.next().unwrap_or_default();
        part.len() == 2 && part.parse::<u32>().is_ok_and(|number| number <= max)
    };
    if !two(23) || !two(59) {
        return false;
    }
    let seconds = parts.next().unwrap_or_default();
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    whole.len() == 2 && digits(whole) && digits(fraction) && whole.parse::<u32>().is_ok_and(|whole| whole <= 60)
}

/// The narrative rules of R4 (2.4.0, txt-1), as far as a look at the text tells.
fn is_narrative(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let banned = ["<script", "<form", "<object", "<iframe", "<base", "<link", "<head", "javascript:"];
    text.starts_with("<div") && text.ends_with("</div>") && !banned.iter().any(|word| text.contains(word))
}
