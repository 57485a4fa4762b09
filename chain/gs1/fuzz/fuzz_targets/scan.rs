//! No text makes a parser panic, and what a scan says survives each form it is written in.
#![no_main]

use libfuzzer_sys::fuzz_target;
use veridose_gs1::{Epc, canonical_uri, scan};

fuzz_target!(|text: &str| {
    let canonical = canonical_uri(text);
    assert_eq!(canonical_uri(&canonical), canonical);
    if let Ok(epc) = Epc::parse(text) {
        assert_eq!(Epc::parse(&epc.digital_link()), Ok(epc));
    }
    if let Ok(scan) = scan::parse(text) {
        let again = scan::parse(&scan.bracketed()).expect("its own bracketed form");
        assert_eq!(again.elements(), scan.elements());
    }
});
