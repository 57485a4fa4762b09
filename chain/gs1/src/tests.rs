//! What the tests share, and the identifiers of real documents.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use crate::{Epc, canonical_uri, prefix_length};

/// One to `length_max` characters of set 82.
pub(crate) fn cset_82(length_max: usize) -> impl Strategy<Value = String> {
    let character = proptest::char::range('!', 'z')
        .prop_filter("of set 82", |found| u8::try_from(*found).is_ok_and(|byte| crate::check::CSET_82.has(byte)));
    proptest::collection::vec(character, 1..=length_max).prop_map(|characters| characters.into_iter().collect())
}

/// A folder of real input; `None`, said plainly, where this machine does not have it.
#[allow(clippy::print_stderr)]
pub(crate) fn data(folder: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data = std::env::var_os("VERIDOSE_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    let path = data.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not there; set VERIDOSE_DATA", path.display());
    None
}

/// Every file below a folder, as text.
fn texts(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| if path.is_dir() { texts(&path) } else { vec![fs::read_to_string(&path).expect("a text")] })
        .collect()
}

/// The identifiers in a document: URNs and links, as they stand between quotes or tags.
fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.split(['"', '<', '>', ' ', '\n', '\r', '\t'])
        .filter(|word| word.starts_with("urn:epc:") || word.starts_with("https://"))
}

#[test]
fn every_identifier_of_real_documents_is_read() {
    let Some(folder) = data("epcis") else { return };
    let mut urns = 0;
    for text in texts(&folder) {
        for given in identifiers(&text) {
            let epc = Epc::parse(given).unwrap_or_else(|error| panic!("{given}: {error}"));
            let Some(prefix) = prefix_length(given) else { continue };
            urns += 1;
            assert_eq!(epc.urn(prefix).as_deref(), Ok(given));
            assert_eq!(Epc::parse(&epc.digital_link()), Ok(epc), "{given}");
        }
    }
    assert!(urns > 300, "{urns} URNs of GS1 keys were found");
}

/// The reference pre-hash strings name things in the canonical form.
#[test]
fn canonical_uris_are_those_of_the_reference_hashes() {
    let Some(folder) = data("epcis-hash") else { return };
    let mut compared = 0;
    for reference in ["ReferenceEventHashAlgorithm", "ReferenceEventHashAlgorithm2", "ReferenceEventHashAlgorithm3"] {
        let read =
            |kind: &str| fs::read_to_string(folder.join(format!("{reference}.{kind}"))).expect("the folder has it");
        let hashed = read("prehashes");
        for given in identifiers(&read("jsonld")).filter(|given| given.starts_with("urn:epc:id:")) {
            let canonical = canonical_uri(given);
            assert!(hashed.contains(&canonical), "{reference}: {given} as {canonical}");
            compared += 1;
        }
    }
    assert!(compared > 10, "{compared} identifiers were compared");
}
