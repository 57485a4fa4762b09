//! What exactly is wrong with a scan that cannot be read, in the page's language.

use fluent_bundle::FluentValue;
use veridose_gs1::scan::{self, Code, Diagnosis};

use crate::pages::words::Words;

/// The values that a diagnosis may have, as the catalogue names them.
const VALUES: [&str; 7] = ["given", "found", "expected", "position", "length", "other", "needs"];

/// In a sentence; none for a scan that reads well.
pub(super) fn told(words: &Words, text: &str) -> Option<String> {
    let diagnosis = scan::parse(text).err()?;
    let value = |name: &str| value(&diagnosis, name).unwrap_or_default();
    let range = range(words, &diagnosis);
    let suffix = if diagnosis.code == Code::WrongLength && range.is_none() { "-unbounded" } else { "" };
    let [given, found, expected, position, length, other, needs] =
        VALUES.map(|name| (name, FluentValue::from(value(name).to_owned())));
    let part = ("part", part(words, &diagnosis).into());
    let values = [given, found, expected, position, length, other, needs, part, ("range", range.into())];
    words.find(&format!("detail-{}{suffix}", diagnosis.code), values)
}

fn value<'a>(diagnosis: &'a Diagnosis, name: &str) -> Option<&'a str> {
    diagnosis.values.iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_str())
}

/// The part of the code, with its identifier.
fn part(words: &Words, diagnosis: &Diagnosis) -> String {
    let Some(noun) = value(diagnosis, "part") else { return words.say("detail-whole") };
    let key = format!("part-{}", noun.to_lowercase().replace(' ', "-"));
    // Abbreviations are the same in every language.
    let said = words.find(&key, []).unwrap_or_else(|| noun.to_owned());
    value(diagnosis, "ai").map_or_else(|| said.clone(), |ai| format!("({ai}) {said}"))
}

/// How long the part may be.
fn range(words: &Words, diagnosis: &Diagnosis) -> Option<String> {
    let (min, max) = (value(diagnosis, "min")?, value(diagnosis, "max")?);
    if min == max {
        return Some(max.to_owned());
    }
    Some(words.with("detail-range", [("min", min.to_owned().into()), ("max", max.to_owned().into())]))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::pages::words::Language;

    /// Scans that cannot be read, at least one for each mistake that refuses one.
    const BAD: [&str; 22] = [
        "",
        "hello",
        "]x9123",
        "(01)09506000134351(21)XYZ",
        "9506000134351",
        "(01)9506000134352(21)XYZ",
        "(01)09506000134352(21)",
        "(01)09506000134352(21)AB C",
        "(01)09506000134352(17)251301",
        "(01)09506000134352(04)251200(21)X",
        "010950600013435204XYZ",
        "(21)XYZ",
        "(01)09506000134352(255)4012345555554",
        "0109506000134352\u{1d}0104012345111118",
        "0109506000134352172512311012345678ABCDEF21SERIAL7",
        "01095060001343521725123110ABC123 21XYZ",
        "]D201095060001343521725123110abc123\u{1d}21xyz",
        "https://id.gs1.org/01/09506000134352/21/%zz",
        "https://example.com/nothing",
        "https://example.com/AQEjRWeJq83vEjRWeJA",
        "(01)09506000134352(4321)2",
        ")01=09506000134352)21=XzY",
    ];

    #[test]
    fn a_bad_scan_is_told_exactly_in_every_language() {
        let long = "0".repeat(10_000);
        let scans: Vec<&str> = BAD.into_iter().chain([long.as_str()]).collect();
        let codes: BTreeSet<Code> =
            scans.iter().filter_map(|text| scan::parse(text).err()).map(|bad| bad.code).collect();
        // The day zero is only noted.
        let missing: Vec<_> =
            Code::ALL.iter().filter(|code| !codes.contains(code) && **code != Code::DayZero).collect();
        assert!(missing.is_empty(), "no scan here has {missing:?}");
        for words in Language::ALL.map(Words::of) {
            for text in &scans {
                let said = told(words, text).unwrap_or_else(|| panic!("{:?}: {text}", words.language));
                let is_whole =
                    !said.contains(['{', '}']) && !["“”", "„“", "  ", ": :"].iter().any(|gap| said.contains(gap));
                let is_empty_part = *text == "(01)09506000134352(21)";
                assert!(is_whole || is_empty_part, "{:?}: {text:?}: {said}", words.language);
            }
        }
        let german = |text| told(Words::of(Language::German), text).expect("bad");
        assert_eq!(
            german("(01)09506000134352(17)251301"),
            "(17) Verfalldatum: „251301“ ist kein Datum der Form JJMMTT."
        );
        assert_eq!(german("(01)9506000134352(21)XYZ"), "(01) GTIN: „9506000134352“ hat 13 Zeichen; erlaubt sind 14.");
        assert_eq!(
            german("9506000134351"),
            "GTIN: Die Prüfziffer von „9506000134351“ ist 1, aus den übrigen Ziffern folgt aber 2."
        );
        assert_eq!(told(Words::of(Language::English), "(01)09506000134352(21)XYZ"), None);
    }
}
