//! Every valid document of the reference data goes through every syntax and comes back the same.

use std::fs;
use std::path::{Path, PathBuf};

use veridose_epcis::{Document, Syntax, hash, prehash, read_document, write_document};

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
