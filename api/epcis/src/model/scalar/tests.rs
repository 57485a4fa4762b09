use time::macros::datetime;

use super::*;

#[test]
fn timestamps_keep_their_text_and_name_an_instant() {
    let cases = [
        ("2023-03-27T06:45:16Z", datetime!(2023-03-27 06:45:16 UTC)),
        ("2005-04-03T20:33:31.116000-06:00", datetime!(2005-04-04 02:33:31.116 UTC)),
        ("2022-04-13T12:35:29.017069617Z", datetime!(2022-04-13 12:35:29.017_069_617 UTC)),
        ("2022-04-13T12:35:29.0170696179999+14:00", datetime!(2022-04-12 22:35:29.017_069_617 UTC)),
        ("2023-12-31T24:00:00Z", datetime!(2024-01-01 00:00:00 UTC)),
    ];
    for (text, instant) in cases {
        let timestamp = Timestamp::parse(text).expect(text);
        assert_eq!(timestamp.as_str(), text);
        assert_eq!(timestamp.instant(), instant);
    }
}

#[test]
fn timestamps_that_name_no_instant_are_refused() {
    let cases = [
        "",
        "2023-03-27",
        "2023-03-27T06:45:16",
        "2023-03-27 06:45:16Z",
        "2023-02-30T06:45:16Z",
        "2023-03-27T25:45:16Z",
        "2023-03-27T24:00:01Z",
        "2023-03-27T06:45:16.Z",
        "2023-03-27T06:45:16+15:00",
        "2023-03-27T06:45:16+5:00",
        "23-03-27T06:45:16Z",
        "2023-03-27T06:45:16Zulu",
        "२०२३-03-27T06:45:16Z",
        "0000-01-01T00:00:00+14:00x",
        "9999-12-31T23:59:59-14:00",
    ];
    for text in cases {
        assert!(Timestamp::parse(text).is_err(), "{text} was accepted");
    }
}

#[test]
fn numbers_get_a_spelling_that_json_accepts_too() {
    let cases = [
        ("12", "12"),
        ("200.0", "200.0"),
        ("+5", "5"),
        (".5", "0.5"),
        ("5.", "5.0"),
        ("-0.10", "-0.10"),
        ("007", "7"),
        ("1.5E-3", "1.5e-3"),
        (" 26 ", "26"),
        ("00.5", "0.5"),
    ];
    for (text, spelled) in cases {
        let number = Number::parse(text).expect(text);
        assert_eq!(number.as_str(), spelled);
        assert!(serde_json::from_str::<serde_json::Number>(number.as_str()).is_ok(), "{spelled}");
    }
    for text in ["", "-", ".", "1e", "INF", "NaN", "1,5", "0x10", "1e9999", "--1"] {
        assert!(Number::parse(text).is_err(), "{text} was accepted");
    }
    assert!(Number::parse_quantity("-1").is_err());
    assert!(Number::parse_quantity("1e3").is_err());
}

#[test]
fn offsets_and_uris() {
    for text in ["+00:00", "-05:00", "+14:00", "-00:00"] {
        assert_eq!(ZoneOffset::parse(text).expect(text).as_str(), text);
    }
    for text in ["", "Z", "05:00", "+5:00", "+14:01", "+05:60", "+05:0", "+05:000"] {
        assert!(ZoneOffset::parse(text).is_err(), "{text} was accepted");
    }
    for text in ["urn:epc:id:sgtin:0614141.107346.2017", "https://id.gs1.org/01/09521141012345/21/2017", "example:x"] {
        assert_eq!(Uri::parse(text).expect(text).as_str(), text);
    }
    for text in ["", "urn:", ":x", "no scheme", "urn:a b", "1a:b", "urn:a\u{7f}"] {
        assert!(Uri::parse(text).is_err(), "{text} was accepted");
    }
}
