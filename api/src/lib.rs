//! Veridose: track and trace of medicine packs on a ledger that no member can rewrite
