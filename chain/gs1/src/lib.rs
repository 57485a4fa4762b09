//! GS1 identifiers, scans, Digital Link and EPC URNs
