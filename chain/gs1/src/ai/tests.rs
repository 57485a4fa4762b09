//! Our table against GS1's own, where the data are at hand.

use std::sync::LazyLock;

use super::*;
use crate::check::{CSET_39, CSET_64, CSET_82, DIGITS};

/// One identifier, written so that both tables can be compared.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    ai: u16,
    separator: bool,
    attribute: bool,
    parts: Vec<String>,
    requires: Vec<Vec<u16>>,
    excludes: Vec<u16>,
    key: Option<Vec<Vec<u16>>>,
}

/// The numbers of all identifiers; patterns stand for those of them that exist.
fn numbers() -> impl Iterator<Item = u16> {
    static NUMBERS: LazyLock<Vec<u16>> = LazyLock::new(|| (0..=9999).filter(|number| row(*number).is_some()).collect());
    NUMBERS.iter().copied()
}

fn expand(pattern: &str) -> Vec<u16> {
    let first = pattern.replace('n', "0").parse().expect("digits");
    let last = pattern.replace('n', "9").parse().expect("digits");
    numbers().filter(|number| (first..=last).contains(number)).collect()
}

fn ours() -> Vec<Line> {
    let set = |set: CharacterSet| match set {
        DIGITS => 'N',
        CSET_82 => 'X',
        CSET_39 => 'Y',
        CSET_64 => 'Z',
        _ => '?',
    };
    let part = |part: &Part| {
        let optional = if part.presence == Presence::Optional { "optional " } else { "" };
        format!("{optional}{}{}-{} {}", set(part.set), part.length_min, part.length_max, linters(part.rule))
    };
    let within = |pattern: &Pattern| numbers().filter(|number| Ai(*number).is(*pattern)).collect::<Vec<_>>();
    numbers()
        .map(|ai| {
            let row = Ai(ai).row();
            let mut excludes: Vec<u16> = row.excludes.iter().flat_map(within).collect();
            if row.excludes_own_ten {
                excludes.extend(numbers().filter(|other| Ai(ai).is_in_ten_of(Ai(*other))));
            }
            excludes.retain(|other| *other != ai);
            excludes.sort_unstable();
            let groups = row.requires.iter();
            let mut requires: Vec<Vec<u16>> =
                groups.map(|group| group.iter().flat_map(within).collect::<Vec<_>>()).collect();
            requires.sort();
            Line {
                ai,
                separator: row.separator == Separator::Needed,
                attribute: !matches!(row.in_link, InLink::NotAttribute),
                parts: row.parts.iter().map(part).collect(),
                requires,
                excludes,
                key: match row.in_link {
                    InLink::Key(sequences) => Some(sequences.iter().map(|sequence| sequence.to_vec()).collect()),
                    InLink::Attribute | InLink::NotAttribute => None,
                },
            }
        })
        .collect()
}

/// The dictionary's name of a rule. Empty for those of its rules that need a list kept elsewhere.
fn linters(rule: Rule) -> &'static str {
    match rule {
        Rule::None => "",
        Rule::CheckDigit => "csum",
        Rule::CheckPair => "csumalpha,gcppos1",
        Rule::CheckPairNotNumber => "csumalpha,gcppos1,hasnondigit",
        Rule::CompanyPrefix => "gcppos1",
        Rule::DayOrMonth => "yymmd0",
        Rule::Day => "yymmdd",
        Rule::FullDay => "yyyymmdd",
        Rule::HourMinute => "hhmi",
        Rule::Hour => "hh",
        Rule::Sixty => "mi or ss",
        Rule::Zero => "zero",
        Rule::NotZero => "nonzero",
        Rule::NoLeadingZero => "nozeroprefix",
        Rule::PercentEncoded => "pcenc",
        Rule::PieceOfTotal => "pieceoftotal",
        Rule::PositionInSequence => "posinseqslash",
        Rule::Latitude => "latitude",
        Rule::Longitude => "longitude",
        Rule::Hyphen => "hyphen",
        Rule::Iban => "iban",
        Rule::Sex => "iso5218",
        Rule::YesNo => "yesno",
        Rule::Winding => "winding",
        Rule::MediaType => "mediatype",
    }
}

fn theirs(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = text
        .lines()
        .map(|line| line.split_once('#').map_or(line, |(before, _)| before))
        .filter(|line| !line.trim().is_empty())
        .flat_map(their_lines)
        .collect();
    lines.sort();
    lines
}

fn their_lines(line: &str) -> Vec<Line> {
    let mut words = line.split_whitespace().peekable();
    let range = words.next().expect("identifiers");
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let flags = words.next_if(|word| !word.starts_with(['N', 'X', 'Y', 'Z', '['])).unwrap_or_default();
    let (attributes, parts): (Vec<&str>, Vec<&str>) =
        words.partition(|word| word.contains('=') || word.starts_with("dlpkey"));
    let listed = |name: &str| {
        let values = attributes.iter().filter_map(move |attribute| attribute.strip_prefix(name)?.strip_prefix('='));
        values.flat_map(|value| value.split(',')).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut requires: Vec<Vec<u16>> =
        listed("req").iter().map(|group| group.split('+').flat_map(expand).collect()).collect();
    requires.sort();
    let key = attributes.iter().find_map(|attribute| attribute.strip_prefix("dlpkey")).map(|sequences| {
        let sequences = sequences.trim_start_matches('=').split('|').filter(|sequence| !sequence.is_empty());
        sequences.map(|sequence| sequence.split(',').flat_map(expand).collect()).collect::<Vec<Vec<u16>>>()
    });
    (first.parse().expect("digits")..=last.parse().expect("digits"))
        .map(|ai| {
            let mut excludes: Vec<u16> = listed("ex").iter().flat_map(|pattern| expand(pattern)).collect();
            excludes.retain(|other| *other != ai);
            excludes.sort_unstable();
            Line {
                ai,
                separator: !flags.contains('*'),
                attribute: flags.contains('?'),
                parts: parts.iter().map(|part| their_part(part)).collect(),
                requires: requires.clone(),
                excludes,
                key: key.clone(),
            }
        })
        .collect()
}

fn their_part(part: &str) -> String {
    let optional = if part.starts_with('[') { "optional " } else { "" };
    let part = part.replace(['[', ']'], "");
    let (form, linters) = part.split_once(',').unwrap_or((&part, ""));
    let (set, length) = form.split_at(1);
    let (min, max) = length.strip_prefix("..").map_or((length, length), |max| ("1", max));
    let linters = match linters {
        "csum,gcppos1" | "csum,gcppos2" => "csum",
        "mi" | "ss" => "mi or ss",
        "iso3166" | "iso3166999" | "iso3166alpha2" | "iso4217" | "importeridx" | "packagetype" | "couponcode"
        | "couponposoffer" => "",
        other => other,
    };
    format!("{optional}{set}{min}-{max} {linters}")
}

#[test]
fn the_table_is_gs1s() {
    let Some(folder) = crate::tests::data("gs1") else { return };
    let text = std::fs::read_to_string(folder.join("gs1-syntax-dictionary.txt")).expect("the folder has it");
    let (ours, theirs) = (ours(), theirs(&text));
    assert!(theirs.len() > 500, "the dictionary has {} identifiers", theirs.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(ours.len(), theirs.len());
}

#[test]
fn rows_are_in_order_and_their_identifiers_are_read_back() {
    assert!(TABLE.windows(2).all(|pair| matches!(pair, [first, second] if first.last < second.first)));
    for number in numbers() {
        let digits = Ai(number).to_string();
        assert_eq!(Ai::parse(&digits), Ok(Ai(number)));
        assert_eq!(Ai::lead(&format!("{digits}123456")), Some((Ai(number), "123456")));
    }
    for digits in ["", "0", "1", "001", "0001", "04", "3106", "310", "9999", "ää", "1ä", "+1"] {
        Ai::parse(digits).expect_err(digits);
    }
}

#[test]
fn rules_accept_and_refuse() {
    for (rule, right, wrong) in [
        (Rule::CheckPair, "1987654Ad4X4bL5ttr2310c2K", "1987654Ad4X4bL5ttr2310c2L"),
        (Rule::CompanyPrefix, "4012A", "401A"),
        (Rule::DayOrMonth, "260200", "260230"),
        (Rule::Day, "240229", "260200"),
        (Rule::FullDay, "20240229", "20230229"),
        (Rule::HourMinute, "2359", "2400"),
        (Rule::NoLeadingZero, "10", "01"),
        (Rule::PercentEncoded, "A%2FB", "A%2"),
        (Rule::PieceOfTotal, "0202", "0302"),
        (Rule::PositionInSequence, "1/2", "2/1"),
        (Rule::Latitude, "1800000000", "1800000001"),
        (Rule::Iban, "GB82WEST12345698765432", "GB83WEST12345698765432"),
        (Rule::Sex, "9", "3"),
        (Rule::Winding, "9", "2"),
        (Rule::MediaType, "80", "11"),
    ] {
        assert!(rule.holds(right), "{rule:?} {right}");
        assert!(!rule.holds(wrong), "{rule:?} {wrong}");
    }
}
