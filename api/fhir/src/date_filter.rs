//! Searches by date: a value with a prefix (FHIR R4, 3.1.1.4.5 and 3.1.1.5).

use veridose_contract::Timestamp;

use crate::moment::Moment;

/// How dates must relate to the one that is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefix {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    StartsAfter,
    EndsBefore,
}

const PREFIXES: [(&str, Prefix); 8] = [
    ("eq", Prefix::Equal),
    ("ne", Prefix::NotEqual),
    ("gt", Prefix::Greater),
    ("lt", Prefix::Less),
    ("ge", Prefix::GreaterOrEqual),
    ("le", Prefix::LessOrEqual),
    ("sa", Prefix::StartsAfter),
    ("eb", Prefix::EndsBefore),
];

/// Which dates are looked for. Both the date that is named and the one that is found are spans, as long as they are imprecise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateFilter {
    prefix: Prefix,
    named: Moment,
}

impl DateFilter {
    /// `2026-02`, `ge2026-02-01`, `lt2026-02-01T10:00:00Z`; nothing for `ap`, whose nearness every server takes otherwise.
    pub fn parse(text: &str) -> Option<Self> {
        let prefix = PREFIXES.into_iter().find_map(|(word, prefix)| Some((prefix, text.strip_prefix(word)?)));
        let (prefix, date) = prefix.unwrap_or((Prefix::Equal, text));
        Some(Self { prefix, named: Moment::parse(date)? })
    }

    /// Whether a span is looked for. One that is open has the first or the last of all moments.
    pub fn finds(&self, found: Moment) -> bool {
        let named = self.named;
        let within = named.start <= found.start && found.end <= named.end;
        match self.prefix {
            Prefix::Equal => within,
            Prefix::NotEqual => !within,
            Prefix::Greater => found.end > named.end,
            Prefix::Less => found.start < named.start,
            Prefix::GreaterOrEqual => found.end > named.end || within,
            Prefix::LessOrEqual => found.start < named.start || within,
            Prefix::StartsAfter => found.start >= named.end,
            Prefix::EndsBefore => found.end <= named.start,
        }
    }
}

/// The span of a `date`, `dateTime`, `instant` or `Period`; nothing where it is none of them.
pub fn span(value: &serde_json::Value) -> Option<Moment> {
    if let Some(text) = value.as_str() {
        return Moment::parse(text);
    }
    let part = |name: &str| value[name].as_str().map(Moment::parse);
    match (part("start"), part("end")) {
        (None, None) => None,
        (start, end) => Some(Moment {
            start: start.map_or(Some(Timestamp(i64::MIN)), |start| start.map(|start| start.start))?,
            end: end.map_or(Some(Timestamp(i64::MAX)), |end| end.map(|end| end.end))?,
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The examples of R4's table of prefixes, and what lies beside them.
    #[test]
    fn a_prefix_says_how_spans_relate() {
        let day = json!("2013-01-14");
        let period = |start: &str, end: &str| json!({"start": start, "end": end});
        let cases = [
            ("eq2013-01-14", day.clone(), true),
            ("2013-01-14", json!("2013-01-14T10:00:00Z"), true),
            ("2013-01-14T10:00:00Z", day.clone(), false),
            ("ne2013-01-14", json!("2013-01-15T00:00:00Z"), true),
            ("ne2013-01-14", day.clone(), false),
            ("lt2013-01-14T10:00:00Z", day.clone(), true),
            ("gt2013-01-14T10:00:00Z", day.clone(), true),
            ("gt2013-01-14", json!("2013-01-14T23:00:00Z"), false),
            ("ge2013-03-14", period("2013-01-21", "2013-04-01"), true),
            ("le2013-03-14", json!({"start": "2013-01-21"}), true),
            ("le2013-01-01", day.clone(), false),
            ("sa2013-03-14", json!({"start": "2013-03-15"}), true),
            ("sa2013-03-14", json!({"start": "2013-03-14"}), false),
            ("eb2013-03-14", json!({"end": "2013-03-13"}), true),
            ("eb2013-03-14", period("2013-01-01", "2013-03-14"), false),
        ];
        for (filter, value, expected) in cases {
            let found = DateFilter::parse(filter).expect("a filter").finds(span(&value).expect("a span"));
            assert_eq!(found, expected, "{filter} of {value}");
        }
        for wrong in ["", "ap2013", "xx2013", "ge", "ge2013-13", "2013-01-14T10"] {
            assert_eq!(DateFilter::parse(wrong), None, "{wrong}");
        }
        assert_eq!(span(&json!({"start": "soon"})), None);
        assert_eq!(span(&json!({})), None);
    }
}
