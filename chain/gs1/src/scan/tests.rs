use proptest::prelude::*;

use super::*;
use crate::check::with_check_digit;
use crate::tests::cset_82;

const GS: &str = "\u{1D}";

#[test]
fn every_form_of_one_pack_is_one_scan() {
    let expected = parse("(01)09506000134352(17)251231(10)ABC123(21)XYZ").expect("bracketed");
    let lines = [
        "01095060001343521725123110ABC123<GS>21XYZ",
        "]d201095060001343521725123110ABC123<GS>21XYZ",
        "]C101095060001343521725123110ABC123<GS>21XYZ<GS>",
        "]e001095060001343521725123110ABC123<GS>21XYZ",
        "]Q3<GS>01095060001343521725123110ABC123<GS>21XYZ",
        "]J101095060001343521725123110ABC123<GS>21XYZ\r\n",
        "0109506000134352<GS>17251231<GS>10ABC123<GS>21XYZ",
        "(01) 09506000134352 (17) 251231 (10) ABC123 (21) XYZ",
        "]d2(01)09506000134352(17)251231(10)ABC123(21)XYZ",
    ];
    for line in lines {
        for separator in [GS, "\u{241D}", "^]", "^", "|", "<GS>", "{GS}", "[GS]", "<FNC1>", "\\x1D", "\\u001D"] {
            let text = line.replace("<GS>", separator);
            assert_eq!(parse(&text).as_ref(), Ok(&expected), "{text:?}");
        }
    }
}

#[test]
fn elements_may_come_in_any_order_and_from_a_link() {
    for text in [
        "21XYZ\u{1D}10ABC123\u{1D}17251231\u{1D}0109506000134352",
        "(10)ABC123(21)XYZ(17)251231(01)09506000134352",
        "https://id.gs1.org/01/09506000134352/10/ABC123/21/XYZ?17=251231",
        "HTTPS://brand.example/stem/gtin/9506000134352/lot/ABC123/ser/XYZ?linkType=all&17=251231#x",
        "https://x.example/01/09506000134352?10=ABC123&21=X%59Z&17=251231",
    ] {
        let scan = parse(text).expect(text);
        assert_eq!(scan.sgtin().expect("a pack").name(), "(01)09506000134352(21)XYZ", "{text}");
        assert_eq!(scan.lot().expect("a lot").as_str(), "ABC123");
        assert_eq!(scan.expiry(2026).expect("a date").to_string(), "2025-12-31");
    }
}

#[test]
fn other_things_than_packs() {
    let pallet = parse("(00)376104250021234569").expect("an SSCC");
    assert_eq!(pallet.sscc().expect("an SSCC").name(), "(00)376104250021234569");
    assert_eq!(parse("376104250021234569").as_ref(), Ok(&pallet));
    assert_eq!(parse("urn:epc:id:sscc:7610425.3002123456").expect("a URN").urn(7), pallet.urn(7));
    assert_eq!(parse("]E09506000134352").expect("an EAN-13").gtin(), Gtin::parse("9506000134352").ok());
    let place = parse("(414)4012345000054(254)7").expect("a place").epc().expect("one");
    assert_eq!(place.sgln().expect("a place").name(), "(414)4012345000054(254)7");
    assert_eq!(parse("(02)09506000134352(37)12").expect("a label").notes().len(), 1, "its SSCC may stand elsewhere");
    let measured = parse("(01)09506000134352(3103)000750(21)A").expect("a measure");
    assert_eq!(measured.digital_link().expect("a link"), "https://id.gs1.org/01/09506000134352/21/A?3103=000750");
}

#[test]
fn parentheses_in_a_value_stay_there() {
    for (text, serial) in [
        ("(01)09506000134352(21)A(B)C", "A(B)C"),
        ("(01)09506000134352(21)A(99999)C", "A(99999)C"),
        ("(01)09506000134352(21)A(01)C", "A(01)C"),
        ("(01)09506000134352(21)A\\(10)C", "A(10)C"),
        ("(01)09506000134352(21)(", "("),
    ] {
        let scan = parse(text).expect(text);
        assert_eq!(scan.serial().expect("a serial").as_str(), serial);
        assert_eq!(parse(&scan.bracketed()).as_ref(), Ok(&scan));
    }
}

/// What comes of a scan, as a person would read it.
fn told(text: &str) -> String {
    match parse(text) {
        Ok(scan) => {
            let notes = scan.notes().iter().map(|note| format!("\n  note {}", line(note)));
            format!("{text:?}\n  {}{}", scan.bracketed(), notes.collect::<String>())
        }
        Err(diagnosis) => format!("{text:?}\n  {}", line(&diagnosis)),
    }
}

fn line(diagnosis: &Diagnosis) -> String {
    let suggestion = diagnosis.suggestion.as_ref().map(|scan| format!("\n    perhaps {scan:?}")).unwrap_or_default();
    format!("{}: {diagnosis}{suggestion}", diagnosis.code)
}

#[test]
fn each_mistake_has_its_diagnosis() {
    let told: Vec<String> = [
        "",
        "   ",
        "hello",
        "]d2",
        "(01)09506000134351(21)XYZ",
        "010950600013435121XYZ",
        "https://id.gs1.org/01/09506000134351/21/XYZ",
        "9506000134351",
        "(8003)04012345555557X1",
        "(00)376104250021234560",
        "(01)9506000134352(21)XYZ",
        "(01)0950600013435(21)XYZ",
        "(01)09506000134352(21)",
        "(01)09506000134352(21)ABCDEFGHIJKLMNOPQRSTU",
        "(01)09506000134352(21)AB C",
        "(01)09506000134352(21)ABÇ",
        "(01)09506000134352(17)251301",
        "(01)09506000134352(17)250229(21)X",
        "(01)09506000134352(17)251200(21)X",
        "(01)09506000134352(04)251200(21)X",
        "010950600013435204XYZ",
        "(01)09506000134352 21 XYZ",
        "(01)09506000134352(21",
        "(21)XYZ",
        "17251231\u{1D}10ABC",
        "(01)09506000134352(255)4012345555554",
        "(01)09506000134352(3102)000750(3103)000750",
        "(01)09506000134352(21)A(01)04012345111118",
        "0109506000134352\u{1D}0104012345111118",
        "0109506000134352172512311012345678ABCDEF21SERIAL7",
        "010950600013435210LOTABC17251231217654321",
        "010950600013435210A-7721B9",
        "010950600013435210LOT2121ABC",
        "0109506000134352172512311012345678912345678912121212121",
        "01095060001343521725123110ABC123 21XYZ",
        "01095060001343521725123110ABC123\u{1E}21XYZ",
        "]D201095060001343521725123110abc123\u{1D}21xyz",
        "]C1",
        "]c10109506000134352",
        "HTTPS://ID.GS1.ORG/01/09506000134352/21/xYz",
        "HTTPS://ID.GS1.ORG/GTIN/09506000134352/SER/xYz",
        "URN:EPC:ID:SGTIN:4012345.011111.abc",
        "+d20109506000134352",
        ")01=09506000134352)21=XZY",
        "httpsÖ--id.gs1.org-01-09506000134352-21-XYZ",
        "https://id.gs1.org/ARFKk4XB0CDKWcnpq",
        "https://example.com/",
        "https://id.gs1.org/01/09506000134352/21/%G1",
        "https://id.gs1.org/414/4012345000054/21/A",
        "urn:epc:id:sgtin:4012345.0111.9",
        "urn:epc:id:bic:CSQU3054383",
        "(7003)2512312460(01)09506000134352",
        "(01)09506000134352(4330)0012345",
    ]
    .map(told)
    .to_vec();
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn input_has_a_limit() {
    let diagnosis = parse(&"(".repeat(SCAN_BYTES_MAX + 1)).expect_err("too long");
    assert_eq!(diagnosis.code, Code::TooLong);
    for part in ["(", "(10)", "(10)A", "10A\u{1D}", "(99)(", "99(99)\u{1D}", "21", "/01/", "^A"] {
        for start in ["", "(01)09506000134352(99)", "0109506000134352", "https://a"] {
            let text = format!("{start}{}", part.repeat((SCAN_BYTES_MAX - start.len()) / part.len()));
            parse(&text).expect_err(part);
        }
    }
    let many: Vec<String> = (3100..3106).chain(3110..3116).map(|ai| format!("{ai}000001")).collect();
    let twice = format!("0109506000134352{}", many.join("").repeat(6));
    assert_eq!(parse(&twice).expect_err("too many").code, Code::TooLong);
}

#[test]
fn misreads_are_offered_for_a_pack_that_is_not_found() {
    let scan = parse("(01)09506000134352(10)Lot(21)ayZ").expect("a pack");
    let serials: Vec<(Code, String)> = scan
        .likely_misreads()
        .iter()
        .map(|(code, other)| (*code, other.serial().expect("a serial").to_string()))
        .collect();
    assert_eq!(serials, [(Code::CapsLock, "AYz".to_owned()), (Code::KeyboardLayout, "azY".to_owned())]);
    assert!(parse("(01)09506000134352(21)123").expect("a pack").likely_misreads().is_empty());
}

#[test]
fn codes_read_as_they_are_written() {
    let diagnosis = parse("(21)X").expect_err("no GTIN");
    let json = serde_json::to_value(&diagnosis).expect("text");
    assert_eq!(json["code"], diagnosis.code.as_str());
    assert_eq!(
        serde_json::to_value(parse("(01)09506000134352").expect("a GTIN")).expect("text")["elements"][0]["ai"],
        "01"
    );
}

prop_compose! {
    fn packs()(
        digits in 0u64..10_000_000_000_000,
        serial in proptest::option::of(cset_82(20)),
        lot in proptest::option::of(cset_82(20)),
        month in 1u8..=12,
        day in 0u8..=28,
        dated in any::<bool>(),
        weight in proptest::option::of(0u32..1_000_000),
    ) -> Vec<Element> {
        let gtin = format!("{:014}", with_check_digit(digits));
        let mut elements = vec![Element::new(Ai::GTIN, gtin)];
        elements.extend(serial.map(|serial| Element::new(Ai::SERIAL, serial)));
        elements.extend(dated.then(|| Element::new(Ai::EXPIRY, format!("26{month:02}{day:02}"))));
        elements.extend(weight.map(|weight| Element::new(Ai::known(3103), format!("{weight:06}"))));
        elements.extend(lot.map(|lot| Element::new(Ai::LOT, lot)));
        elements
    }
}

fn sorted(scan: &Scan) -> Vec<Element> {
    let mut elements = scan.elements().to_vec();
    elements.sort();
    elements
}

proptest! {
    #[test]
    fn every_form_leads_back(elements in packs().prop_shuffle()) {
        let scan = parse(&form::bracketed(&elements)).expect("bracketed");
        prop_assert_eq!(scan.elements(), elements.as_slice());
        let link = scan.digital_link().expect("it has a key");
        prop_assert_eq!(sorted(&parse(&link).expect("its own link")), sorted(&scan), "{}", link);
        let text = scan.element_string();
        if !["<GS>", "<FNC1>"].iter().any(|stand_in| text.contains(stand_in)) {
            let again = parse(&text).expect("its own element string");
            prop_assert_eq!(again.elements(), elements.as_slice());
            let again = parse(&format!("]d2{text}")).expect("with its symbology");
            prop_assert_eq!(again.elements(), elements.as_slice());
        }
        if let Some(epc) = scan.epc() {
            let urn = parse(&epc.urn(7).expect("these have URNs"));
            prop_assert_eq!(urn.map(|scan| scan.epc()), Ok(Some(epc)));
        }
    }

    #[test]
    fn any_text(text in "\\PC*") {
        let _ = parse(&text);
    }

    #[test]
    fn nearly_a_scan(text in "(\\]d2|\\(01\\)|https://a/|urn:epc:id:)?([0-9]{2,16}|[A-Za-z(){}/%.:?=&^+|<>\\x1D]|\\(10\\)|/21/|ä){0,24}") {
        if let Ok(scan) = parse(&text) {
            let _ = (scan.element_string(), scan.digital_link(), scan.epc(), scan.likely_misreads());
            prop_assert_eq!(parse(&scan.bracketed()).map(|again| again.elements), Ok(scan.elements));
        }
    }

    #[test]
    fn a_suggestion_can_itself_be_read(elements in packs(), place in 0usize..40, digit in "[0-9]") {
        let mut text = form::bracketed(&elements);
        if text.is_char_boundary(place) && place < text.len() {
            text.replace_range(place..=place, &digit);
        }
        if let Err(Diagnosis { suggestion: Some(suggestion), .. }) = parse(&text) {
            prop_assert!(parse(&suggestion).is_ok(), "{}", suggestion);
        }
    }
}
