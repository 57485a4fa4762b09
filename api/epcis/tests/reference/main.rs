//! Every valid document of the reference data goes through every syntax and comes back the same: as events, and in its own
//! syntax as the tree of its elements or members.

mod tree;

use std::fs;
use std::path::{Path, PathBuf};

use veridose_epcis::model::Timestamp;
use veridose_epcis::{Document, Reader, Syntax, hash, prehash, read_document, write_answer, write_document};

/// The documents of a folder, or none where the data is not there.
#[allow(clippy::print_stdout, reason = "a skipped test says so")]
fn documents(folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let root = std::env::var_os("VERIDOSE_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let folder = root.join(folder);
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("skipped: {} is not there", folder.display());
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a folder can be listed").path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).expect("a file can be read"))).collect()
}

fn read(path: &Path, text: &[u8]) -> Document {
    read_document(text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn check_round_trips(folder: &str) {
    for (path, text) in documents(folder) {
        let document = read(&path, &text);
        assert!(!document.events.is_empty(), "{} has no events", path.display());
        for syntax in [Syntax::Json, Syntax::Xml20, Syntax::Xml12] {
            let written =
                write_document(&document, syntax).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let again = read(&path, &written);
            let ids = |document: &Document| document.events.iter().map(hash).collect::<Vec<_>>();
            assert_eq!(ids(&again), ids(&document), "{} through {}", path.display(), syntax.name());
            assert_eq!(again.events, document.events, "{} through {}", path.display(), syntax.name());
        }
        let created = Timestamp::parse("2026-01-05T08:00:00Z").expect("a time");
        let answer = write_answer("SimpleEventQuery", &created, &document.events);
        let answer = answer.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(read(&path, &answer).events, document.events, "{} as the answer to a query", path.display());
    }
}

#[test]
fn documents_in_1_2_xml_come_back_from_every_syntax() {
    check_round_trips("epcis/1.2-xml");
}

#[test]
fn documents_in_2_0_xml_come_back_from_every_syntax() {
    check_round_trips("epcis/2.0-xml");
}

#[test]
fn documents_in_2_0_json_come_back_from_every_syntax() {
    check_round_trips("epcis/2.0-json");
}

#[test]
fn hash_ids_agree_with_the_reference_in_both_syntaxes() {
    let files = documents("epcis-hash");
    let expected = |path: &Path, extension: &str| -> Vec<String> {
        let text = fs::read_to_string(path.with_extension(extension)).expect("the reference strings are beside it");
        text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    let is_document =
        |path: &Path| path.extension().is_some_and(|extension| extension == "xml" || extension == "jsonld");
    for (path, text) in files.into_iter().filter(|(path, _)| is_document(path)) {
        let events = read(&path, &text).events;
        let strings: Vec<_> = events.iter().map(prehash).collect();
        assert_eq!(strings, expected(&path, "prehashes"), "{}", path.display());
        let ids: Vec<_> = events.iter().map(hash).collect();
        assert_eq!(ids, expected(&path, "hashes"), "{}", path.display());
    }
}

/// The documents of a folder beside what is written for them in the syntax that they say they are in.
fn rewritten(folder: &str) -> Vec<(PathBuf, Vec<u8>, Vec<u8>)> {
    let rewrite = |(path, text): (PathBuf, Vec<u8>)| {
        let syntax = Reader::new(&text[..], None).expect("a document").syntax();
        let written = write_document(&read(&path, &text), syntax).expect("what was read can be written");
        (path, text, written)
    };
    documents(folder).into_iter().map(rewrite).collect()
}

#[test]
fn xml_documents_come_back_element_by_element() {
    for (path, text, written) in rewritten("epcis/1.2-xml").into_iter().chain(rewritten("epcis/2.0-xml")) {
        assert_eq!(tree::xml(&written), tree::xml(&text), "{}", path.display());
    }
}

#[test]
fn json_documents_come_back_member_by_member() {
    for (path, text, written) in rewritten("epcis/2.0-json") {
        assert_eq!(tree::json(&written), tree::json(&text), "{}", path.display());
    }
}

#[test]
fn headers_come_back_from_every_syntax() {
    for folder in ["epcis/1.2-xml", "epcis/2.0-xml", "epcis/2.0-json"] {
        for (path, text) in documents(folder) {
            let document = read(&path, &text);
            for syntax in [Syntax::Json, Syntax::Xml20, Syntax::Xml12] {
                let written = write_document(&document, syntax).expect("what was read can be written");
                let mut header = read(&path, &written).header;
                // Prefixes that only the header's extensions need are declared beside those of the document.
                header.namespaces.retain(|namespace| document.header.namespaces.contains(namespace));
                assert_eq!(header, document.header, "{} through {}", path.display(), syntax.name());
            }
        }
    }
}

#[test]
fn the_pharmaceutical_example_says_what_it_says() {
    let files = documents("epcis/1.2-xml");
    let Some((path, text)) = files.iter().find(|(path, _)| path.ends_with("GS1_US_Pharma_Example_2_2_1_1.xml")) else {
        return;
    };
    let document = read(path, text);
    let header = &document.header;
    assert_eq!(document.events.len(), 8);
    assert_eq!(header.sender.as_deref(), Some("urn:epc:id:sgln:030001.111111.0"));
    assert_eq!(header.receiver.as_deref(), Some("urn:epc:id:sgln:039999.999999.0"));
    assert_eq!(header.instance_identifier.as_deref(), Some("1100220001"));
    assert!(header.affirms_transaction_statement());
    let product = header.master_data_of("EPCClass", "urn:epc:idpat:sgtin:030001.0012345.*").expect("the product");
    assert_eq!(product.ndc(), Some("0001-0123-45"));
    assert_eq!(product.attribute("regulatedProductName"), Some("Epcistra"));
    assert_eq!(product.attribute("dosageFormType"), Some("PILL"));
    let commissioning = &document.events[0];
    assert_eq!(commissioning.lot_number(), Some("A123"));
    assert_eq!(commissioning.item_expiration_date(), Some("2025-03-27"));
    let shipping = &document.events[7];
    let dropped =
        shipping.extensions.get("http://epcis.gs1us.org/hc/ns", "dropShipment").and_then(|value| value.as_text());
    assert_eq!(dropped, Some("false"));
}

#[test]
fn invalid_documents_are_refused() {
    for (path, text) in documents("epcis/invalid") {
        let faults = veridose_epcis::validate(&text[..]).faults;
        let said: Vec<_> = faults.iter().map(ToString::to_string).collect();
        let expected = match path.file_name().and_then(|name| name.to_str()) {
            Some("ObjectEvent_with_invalid_action.json") => {
                "$.epcisBody.eventList[0].action: action: \"CREATE\" is not an action; write ADD, OBSERVE or DELETE"
            }
            Some("ObjectEvent_without_eventTime.xml") => "line 6: eventTime: missing; every event has it",
            _ => panic!("{} is not known to this test", path.display()),
        };
        assert_eq!(said, [expected]);
    }
}

#[test]
fn query_results_are_read_as_documents() {
    for (path, text) in documents("epcis/query") {
        if path.file_name().is_some_and(|name| name == "queryDocument.json") {
            assert_eq!(read(&path, &text).events.len(), 1);
        }
    }
}
