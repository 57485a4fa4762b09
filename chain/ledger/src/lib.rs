//! The ledger: submit, read, follow, prove
