//! The SQL view of the ledger and the encrypted payload vault
