use proptest::prelude::*;

use super::*;
use crate::check::with_check_digit;
use crate::tests::cset_82;

/// URN, its Digital Link, and the length of the company prefix, computed by hand from the EPC Tag Data Standard.
const SAME: [(&str, &str, u8); 22] = [
    ("urn:epc:id:sgtin:0614141.011111.987", "/01/00614141111114/21/987", 7),
    ("urn:epc:id:sgtin:4012345.011111.A%2FB", "/01/04012345111118/21/A%2FB", 7),
    ("urn:epc:id:sgtin:4012345.911111.0007", "/01/94012345111111/21/0007", 7),
    ("urn:epc:class:lgtin:4012345.012345.998877", "/01/04012345123456/10/998877", 7),
    ("urn:epc:idpat:sgtin:4012345.098765.*", "/01/04012345987652", 7),
    ("urn:epc:id:sscc:4012345.0000000111", "/00/040123450000001112", 7),
    ("urn:epc:id:sscc:4012345.0000000333", "/00/040123450000003338", 7),
    ("urn:epc:id:sgln:4012345.00011.987", "/414/4012345000115/254/987", 7),
    ("urn:epc:id:sgln:4012345.00005.0", "/414/4012345000054", 7),
    ("urn:epc:id:pgln:0614141.00000", "/417/0614141000005", 7),
    ("urn:epc:id:gdti:4012345.11111.123", "/253/4012345111118123", 7),
    ("urn:epc:id:giai:4000001.111", "/8004/4000001111", 7),
    ("urn:epc:id:grai:4012345.55555.987", "/8003/04012345555554987", 7),
    ("urn:epc:idpat:grai:4012345.55555.*", "/8003/04012345555554", 7),
    ("urn:epc:id:sgcn:4012345.55555.44", "/255/401234555555444", 7),
    ("urn:epc:id:gsrn:4012345.9876540000", "/8018/401234598765400000", 7),
    ("urn:epc:id:cpi:4012345.A%2FB-1.123", "/8010/4012345A%2FB-1/8011/123", 7),
    ("urn:epc:idpat:cpi:4012345.ABC.*", "/8010/4012345ABC", 7),
    ("urn:epc:id:itip:4012345.012345.01.02.9%2F9", "/8006/040123451234560102/21/9%2F9", 7),
    ("urn:epc:idpat:itip:4012345.012345.01.02.*", "/8006/040123451234560102", 7),
    ("urn:epc:id:upui:4012345.012345.AB(12", "/01/04012345123456/235/AB%2812", 7),
    ("urn:epc:id:ginc:4012345.333", "/401/4012345333", 7),
];

#[test]
fn urns_and_links_name_the_same() {
    for (urn, path, prefix) in SAME {
        let epc = Epc::parse(urn).expect(urn);
        let link = format!("https://id.gs1.org{path}");
        assert_eq!(epc.digital_link(), link, "{urn}");
        assert_eq!(Epc::parse(&link), Ok(epc.clone()), "{urn}");
        assert_eq!(epc.urn(prefix).as_deref(), Ok(urn));
        assert_eq!(prefix_length(urn), Some(prefix));
        assert_eq!(canonical_uri(&format!("HTTP://brand.example.com/some/stem{path}?linkType=gs1:pip#top")), link);
    }
}

#[test]
fn a_company_prefix_of_twelve_digits_leaves_no_location_reference() {
    let urn = "urn:epc:id:sgln:401234500005..0";
    let epc = Epc::parse(urn).expect(urn);
    assert_eq!(epc.digital_link(), "https://id.gs1.org/414/4012345000054");
    assert_eq!(epc.urn(12).as_deref(), Ok(urn));
}

#[test]
fn only_the_finest_level_counts() {
    for (given, canonical) in [
        ("https://x.example/01/04012345111118/22/2A/10/L1/21/S1", "/01/04012345111118/21/S1"),
        ("https://x.example/01/04012345111118/22/2A/10/L1", "/01/04012345111118/10/L1"),
        ("https://x.example/01/04012345111118/22/2A", "/01/04012345111118"),
        ("https://x.example/01/04012345111118/21/S1/10/L1", "/01/04012345111118/21/S1"),
        ("https://x.example/gtin/4012345111118/", "/01/04012345111118"),
        ("https://x.example/414/4012345000054/254/0", "/414/4012345000054"),
        ("https://x.example/8006/040123451234560102/10/L/21/S", "/8006/040123451234560102/21/S"),
    ] {
        assert_eq!(canonical_uri(given), format!("https://id.gs1.org{canonical}"), "{given}");
    }
}

#[test]
fn other_identifiers_are_kept() {
    for uri in [
        "urn:epc:id:bic:CSQU3054383",
        "urn:epc:id:imovn:9176187",
        "urn:epc:id:gid:1.2.3",
        "urn:epc:id:adi:W81X9C.3KL984PX1.2WMA52",
        "urn:epc:idpat:sgtin:4012345.*.*",
        "urn:epc:raw:64.x00000001",
        "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "urn:jaif:id:obj:37SUN321456A111222333",
        "https://example.com/pallets/17",
        "https://example.com/10/00/index.html",
        "https://example.com/a/01/b",
        "urn:epcglobal:cbv:bt:5200001000008:1152",
    ] {
        assert_eq!(Epc::parse(uri), Ok(Epc::Other(uri.to_owned())));
        assert_eq!(canonical_uri(uri), uri);
    }
}

#[test]
fn a_wrong_check_digit_of_what_does_not_move_is_kept() {
    for (uri, canonical) in [
        ("https://id.example.com/8003/039123450007718765", "https://id.gs1.org/8003/039123450007718765"),
        ("https://id.example.com/gln/9521141123452/254/0", "https://id.gs1.org/414/9521141123452"),
    ] {
        assert_eq!(Epc::parse(uri), Ok(Epc::Other(uri.to_owned())));
        assert_eq!(canonical_uri(uri), canonical);
        assert_eq!(canonical_uri(canonical), canonical);
    }
    Epc::parse("https://id.example.com/00/376104250021234560").expect_err("a container");
}

#[test]
fn what_is_wrong_is_said() {
    for (uri, reason) in [
        ("urn:epc:id:sgtin:4012345.0111.9", "not the right number of digits"),
        ("urn:epc:id:sgtin:4012345.011111", "no serial number"),
        ("urn:epc:id:sgtin:40123.01111111.1", "6 to 12 digits"),
        ("urn:epc:id:sgtin:4012345.01111A.1", "'A' at position 13"),
        ("urn:epc:id:sgtin:4012345.011111.a b", "' ' at position 2"),
        ("urn:epc:id:sgtin:4012345.011111.%4", "broken percent-encoding"),
        ("urn:epc:id:sgtin:4012345.011111.123456789012345678901", "1 to 20 characters"),
        ("https://id.gs1.org/01/04012345111117", "its other digits give 8"),
        ("https://id.gs1.org/ARFKk4XB0CDKWcnpq", "compressed"),
        ("pallet 7", "no URI"),
        ("", "no URI"),
    ] {
        let error = Epc::parse(uri).expect_err(uri).to_string();
        assert!(error.contains(reason), "{uri}: {error}");
    }
}

#[test]
fn case_is_kept() {
    let (upper, lower) = ("urn:epc:id:sgtin:4012345.011111.ABC", "urn:epc:id:sgtin:4012345.011111.abc");
    assert_ne!(Epc::parse(upper), Epc::parse(lower));
}

#[test]
fn a_key_without_a_urn_says_so() {
    let person = Epc::parse("https://id.gs1.org/8018/401234598765400000/8019/5").expect("a GSRN with its instance");
    assert!(person.urn(7).expect_err("no URN").to_string().contains("no URN"));
    assert!(person.urn(5).expect_err("no such prefix").to_string().contains("6 to 12"));
}

fn things() -> impl Strategy<Value = Epc> {
    let gtin =
        (0u64..10_000_000_000_000).prop_map(|digits| Gtin::from_number(with_check_digit(digits)).expect("a GTIN"));
    let gln = (0u64..1_000_000_000_000).prop_map(|digits| Gln::from_number(with_check_digit(digits)).expect("a GLN"));
    let sscc = (0u64..100_000_000_000_000_000)
        .prop_map(|digits| Sscc::from_number(with_check_digit(digits)).expect("an SSCC"));
    let document = (0u64..1_000_000_000_000, proptest::option::of(cset_82(16))).prop_map(|(digits, serial)| {
        let value = format!("{:014}{}", with_check_digit(digits), serial.unwrap_or_default());
        Epc::Key(Key::new(Ai::known(8003), &value, Vec::new()).expect("a GRAI"))
    });
    prop_oneof![
        (gtin.clone(), cset_82(20))
            .prop_map(|(gtin, serial)| Epc::Sgtin(Sgtin { gtin, serial: Serial::parse(&serial).expect("a serial") })),
        (gtin.clone(), cset_82(20)).prop_map(|(gtin, lot)| Epc::Lgtin(gtin, Lot::parse(&lot).expect("a lot"))),
        (gtin.clone(), cset_82(28))
            .prop_map(|(gtin, serial)| Epc::Key(Key::third_party(gtin, &serial).expect("a UPUI"))),
        gtin.prop_map(Epc::Gtin),
        (gln.clone(), proptest::option::of(cset_82(20)))
            .prop_map(|(gln, spot)| Epc::Sgln(Sgln::new(gln, spot.and_then(|spot| Serial::parse(&spot).ok())))),
        gln.prop_map(Epc::Pgln),
        sscc.prop_map(Epc::Sscc),
        document,
    ]
}

proptest! {
    #[test]
    fn every_form_leads_back(epc in things(), prefix in 6u8..=12) {
        let urn = epc.urn(prefix).expect("these have URNs");
        prop_assert_eq!(Epc::parse(&urn), Ok(epc.clone()), "{}", urn);
        prop_assert_eq!(prefix_length(&urn), Some(prefix));
        let link = epc.digital_link();
        prop_assert_eq!(Epc::parse(&link), Ok(epc.clone()), "{}", link);
        prop_assert_eq!(canonical_uri(&urn), link);
        let json = serde_json::to_string(&epc).expect("text");
        prop_assert_eq!(serde_json::from_str::<Epc>(&json).expect("its own text"), epc);
    }

    #[test]
    fn canonical_is_a_fixed_point(text in ".*") {
        let once = canonical_uri(&text);
        prop_assert_eq!(canonical_uri(&once), once);
    }

    #[test]
    fn any_text(
        scheme in "(urn:epc:(id|class|idpat):(sgtin|lgtin|sscc|sgln|pgln|grai|giai|gdti|sgcn|gsrn|gsin|ginc|cpi|itip|upui):|https://a/)",
        body in "([0-9./*%A-F]|\\PC){0,40}",
    ) {
        if let Ok(epc) = Epc::parse(&format!("{scheme}{body}")) {
            let _ = (epc.urn(7), epc.digital_link());
        }
    }
}

#[test]
fn plain_packs_are_those_that_the_long_way_finds() {
    let check = |uri: &str| {
        let plain = plain_pack(uri);
        if let Some((gtin, serial)) = plain {
            let pack = Sgtin { gtin, serial: Serial::parse(serial).expect("a serial number") };
            assert_eq!(Epc::parse_any(uri), Ok(Epc::Sgtin(pack)), "{uri}");
        }
        plain.is_some()
    };
    let urns = ["urn:epc:id:sgtin:4012345.011111.9876", "urn:epc:id:sgtin:030001.0012345.A.b-_1"];
    let links = ["https://id.gs1.org/01/04012345111118/21/9876", "https://id.gs1.org/01/00614141111114/21/.-_"];
    for uri in urns.into_iter().chain(links) {
        assert!(check(uri), "{uri}");
        // Each byte of it changed, left out and doubled.
        for at in 0..uri.len() {
            for with in ["", "0", "5", "a", ".", "/", "%", "?", "é", "00"] {
                check(&format!("{}{with}{}", &uri[..at], &uri[at + 1..]));
            }
        }
    }
    let long = format!("https://id.gs1.org/01/04012345111118/21/{}", "1".repeat(21));
    assert!(!check(&long), "longer than a serial number");
}
