//! Every valid document of the reference data goes through every syntax and comes back the same.

use std::fs;
use std::path::{Path, PathBuf};

use veridose_epcis::{Document, Syntax, read_document, write_document};

/// The documents of a folder, or none where the data is not there.
fn documents(folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let root = std::env::var_os("VERIDOSE_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let folder = root.join("epcis").join(folder);
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
            assert_eq!(again.events, document.events, "{} through {}", path.display(), syntax.name());
        }
    }
}

#[test]
fn documents_in_1_2_xml_come_back_from_every_syntax() {
    check_round_trips("1.2-xml");
}

#[test]
fn documents_in_2_0_xml_come_back_from_every_syntax() {
    check_round_trips("2.0-xml");
}

#[test]
fn documents_in_2_0_json_come_back_from_every_syntax() {
    check_round_trips("2.0-json");
}
