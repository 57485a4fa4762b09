//! One JSON value as a tree that borrows from its text.
//!
//! A pull from the text and not `serde_json::Value`: numbers keep their spelling (`26.0`, or more digits than a double
//! has), a name given twice is seen, and strings without escapes are not copied.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::error::shown;
use crate::limits::{DEPTH_MAX, NODES_MAX, NUMBER_CHARS_MAX, TEXT_BYTES_MAX};

/// A JSON value.
#[derive(Debug, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Vec<Member<'a>>),
}

/// A name and its value.
pub(crate) type Member<'a> = (Cow<'a, str>, Json<'a>);

impl Json<'_> {
    /// What the value is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// Why a text is not JSON, and how many bytes into it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotJson {
    pub(crate) offset: usize,
    pub(crate) reason: String,
}

/// Parses one value with nothing after it but white space.
pub(crate) fn parse(text: &str) -> Result<Json<'_>, NotJson> {
    let mut cursor = Cursor { text, bytes: text.as_bytes(), at: 0, nodes: 0 };
    let value = cursor.value(0)?;
    match cursor.peek() {
        None => Ok(value),
        Some(byte) => Err(cursor.wrong(format!("{} after the end", printed(byte)))),
    }
}

fn printed(byte: u8) -> String {
    if byte.is_ascii_graphic() { format!("'{}'", char::from(byte)) } else { format!("byte 0x{byte:02x}") }
}

struct Cursor<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    nodes: usize,
}

impl<'a> Cursor<'a> {
    fn wrong(&self, reason: impl Into<String>) -> NotJson {
        NotJson { offset: self.at, reason: reason.into() }
    }

    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    fn value(&mut self, depth: usize) -> Result<Json<'a>, NotJson> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(self.wrong(format!("more than {NODES_MAX} values")));
        }
        if depth > DEPTH_MAX {
            return Err(self.wrong(format!("nested deeper than {DEPTH_MAX} levels")));
        }
        match self.peek() {
            Some(b'"') => self.string().map(Json::Text),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(other) => Err(self.wrong(format!("{} where a value should be", printed(other)))),
            None => Err(self.wrong("the text ends where a value should be")),
        }
    }

    fn word(&mut self, word: &str, value: Json<'a>) -> Result<Json<'a>, NotJson> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.wrong("neither true, false nor null"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn list(&mut self, depth: usize) -> Result<Json<'a>, NotJson> {
        self.at += 1;
        let mut values = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::List(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            if self.goes_on(b']')? {
                continue;
            }
            return Ok(Json::List(values));
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json<'a>, NotJson> {
        /// Up to here comparing with all earlier names is faster than a set.
        const COMPARED_MAX: usize = 24;
        self.at += 1;
        let mut members: Vec<Member<'a>> = Vec::new();
        let mut names = HashSet::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(members));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.wrong("a name in quotes should stand here"));
            }
            let name = self.string()?;
            if members.len() == COMPARED_MAX {
                names.extend(members.iter().map(|(known, _)| known.clone()));
            }
            let twice = if members.len() < COMPARED_MAX {
                members.iter().any(|(known, _)| *known == name)
            } else {
                !names.insert(name.clone())
            };
            if twice {
                return Err(self.wrong(format!("the name {} stands twice in one object", shown(&name))));
            }
            if self.peek() != Some(b':') {
                return Err(self.wrong("a colon should follow the name"));
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            members.push((name, value));
            if !self.goes_on(b'}')? {
                return Ok(Json::Object(members));
            }
        }
    }

    /// Steps over a comma (true) or the closing bracket (false).
    fn goes_on(&mut self, close: u8) -> Result<bool, NotJson> {
        let next = self.peek();
        if next != Some(b',') && next != Some(close) {
            return Err(self.wrong(format!("a comma or {} should stand here", printed(close))));
        }
        self.at += 1;
        Ok(next == Some(b','))
    }

    fn number(&mut self) -> Result<Json<'a>, NotJson> {
        let start = self.at;
        let rest = &self.bytes[start..];
        let length = rest
            .iter()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .unwrap_or(rest.len());
        let text = &self.text[start..start + length];
        if length > NUMBER_CHARS_MAX || !is_number(text.as_bytes()) {
            return Err(self.wrong(format!("{} is not a number", shown(text))));
        }
        self.at += length;
        Ok(Json::Number(text))
    }

    fn string(&mut self) -> Result<Cow<'a, str>, NotJson> {
        let start = self.at + 1;
        let rest = &self.bytes[start..];
        let length = memchr::memchr2(b'"', b'\\', rest);
        let Some(length) = length else { return Err(self.wrong("the text ends within a string")) };
        if length > TEXT_BYTES_MAX {
            return Err(self.wrong(format!("a string of more than {TEXT_BYTES_MAX} bytes")));
        }
        // Every byte is looked at, so that the compiler can look at many at once.
        let control = rest[..length].iter().filter(|byte| **byte < b' ').count();
        if rest[length] == b'"' && control == 0 {
            self.at = start + length + 1;
            return Ok(Cow::Borrowed(&self.text[start..start + length]));
        }
        self.escaped_string(start).map(Cow::Owned)
    }

    /// A string with escapes. Rare, so it is found in full first and unescaped by `serde_json`.
    fn escaped_string(&mut self, start: usize) -> Result<String, NotJson> {
        let mut at = start;
        loop {
            match self.bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => at += 2,
                Some(_) => at += 1,
                None => return Err(self.wrong("the text ends within a string")),
            }
        }
        if at - start > TEXT_BYTES_MAX {
            return Err(self.wrong(format!("a string of more than {TEXT_BYTES_MAX} bytes")));
        }
        let text = serde_json::from_str(&self.text[start - 1..=at])
            .map_err(|_| self.wrong("a string with a control character or an escape that JSON does not know"))?;
        self.at = at + 1;
        Ok(text)
    }
}

/// Whether the text is a number in JSON's grammar.
fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text[0] == b'0') {
        return false;
    }
    let mut rest = &text[whole..];
    if let Some(decimals) = rest.strip_prefix(b".") {
        let count = digits(decimals);
        if count == 0 {
            return false;
        }
        rest = &decimals[count..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let power = exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
        let count = digits(power);
        return count > 0 && count == power.len();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn to_serde(value: &Json<'_>) -> serde_json::Value {
        match value {
            Json::Null => serde_json::Value::Null,
            Json::Bool(is) => (*is).into(),
            Json::Number(text) => serde_json::from_str(text).expect("the grammar of a number was checked"),
            Json::Text(text) => text.as_ref().into(),
            Json::List(values) => values.iter().map(to_serde).collect(),
            Json::Object(members) => members
                .iter()
                .map(|(name, value)| (name.to_string(), to_serde(value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }

    fn arbitrary_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            // Eighths of a whole number: serde_json itself does not read every double back exactly.
            any::<i32>().prop_map(|number| (f64::from(number) / 8.0).into()),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 48, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::btree_map(any::<String>(), inner, 0..40)
                    .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn reads_what_serde_json_writes(value in arbitrary_json(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let text = text.expect("a value has a text");
            prop_assert_eq!(to_serde(&parse(&text).expect("it is JSON")), value);
        }

        #[test]
        fn refuses_what_serde_json_refuses(text in r#"[\[\]{}:,"\\a-e0-9.+\-tfnu \n]{0,12}"#) {
            let ours = parse(&text);
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            // A name that stands twice, and a number beyond a double, are the two things on which the parsers differ.
            match (ours, theirs) {
                (Ok(ours), Ok(theirs)) => prop_assert_eq!(to_serde(&ours), theirs),
                (Err(fault), Ok(_)) => prop_assert!(fault.reason.contains("twice"), "{}: {}", text, fault.reason),
                (Ok(_), Err(theirs)) => prop_assert!(theirs.to_string().contains("out of range"), "{}: {}", text, theirs),
                (Err(_), Err(_)) => {}
            }
        }
    }

    #[test]
    fn keeps_the_spelling_of_numbers_and_borrows_plain_strings() {
        let text =
            r#"{"a": 26.0, "b": 0.1000000000000000055511151231257827, "c": "plain", "d": "a\u00e9\ud83d\ude00"}"#;
        let Json::Object(members) = parse(text).expect("it is JSON") else { panic!("an object") };
        assert_eq!(members[0].1, Json::Number("26.0"));
        assert_eq!(members[1].1, Json::Number("0.1000000000000000055511151231257827"));
        assert!(matches!(&members[2].1, Json::Text(Cow::Borrowed("plain"))));
        assert_eq!(members[3].1, Json::Text("aé😀".into()));
    }

    #[test]
    fn bounds_depth() {
        let deep = format!("{}{}", "[".repeat(DEPTH_MAX + 2), "]".repeat(DEPTH_MAX + 2));
        assert!(parse(&deep).expect_err("too deep").reason.contains("nested deeper"));
    }
}
