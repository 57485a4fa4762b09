//! No bytes make a reader panic, and a document that is read comes back from each syntax of 2.0 as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veridose_epcis::{Syntax, hash, read_document, write_document};

fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = read_document(bytes) else { return };
    document.events.iter().for_each(|event| drop(hash(event)));
    for syntax in [Syntax::Json, Syntax::Xml20] {
        let Ok(text) = write_document(&document, syntax) else { continue };
        let again = read_document(&text).expect("its own writing");
        assert_eq!(again.events, document.events, "{syntax:?}: {}", String::from_utf8_lossy(&text));
    }
});
