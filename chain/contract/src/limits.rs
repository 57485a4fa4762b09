//! Every limit of the contract, in one place. A refusal that comes from one names it and its value.

/// Items that one transaction may name, over all its commands.
pub const ITEMS_PER_TRANSACTION_MAX: usize = 100_000;
/// Commands that one transaction may hold.
pub const COMMANDS_PER_TRANSACTION_MAX: usize = 10_000;
/// Containers above a pack: pack, bundle, case, layer, pallet and three to spare.
pub const AGGREGATION_DEPTH_MAX: usize = 8;
/// Length of a party's identifier.
pub const PARTY_ID_LENGTH_MAX: usize = 32;
/// Length of a party's name, in bytes.
pub const PARTY_NAME_BYTES_MAX: usize = 200;
/// Sites (GLN) that one party may have.
pub const SITES_PER_PARTY_MAX: usize = 10_000;
/// Length of what a model is for.
pub const MODEL_KIND_LENGTH_MAX: usize = 32;
/// Length of the commit of a model's code: that of a SHA-256 in hexadecimal.
pub const MODEL_CODE_LENGTH_MAX: usize = 64;
/// A probability of one, in millionths.
pub const SCORE_MILLIONTHS_MAX: u32 = 1_000_000;
/// Sites of one study, besides its sponsor.
pub const SITES_PER_STUDY_MAX: usize = 1_000;
/// Signatures under one version of a document.
pub const SIGNATURES_PER_VERSION_MAX: usize = 100;
/// Size of a DER certificate.
pub const CERTIFICATE_BYTES_MAX: usize = 8_192;
/// Records of a log of accesses that one anchor fixes.
pub const ACCESS_RECORDS_PER_ANCHOR_MAX: u32 = 1 << 20;
/// How far back a dispense, decommissioning or undo may be dated for judging expiry, consent and term, in milliseconds:
/// an offline week. Files that are handed in later are judged as of that long before.
pub const HAPPENED_PAST_MAX_MS: i64 = 7 * 24 * 3_600 * 1_000;
/// How far ahead of the transaction's own time a happening may lie, in milliseconds: skew of a scanner's clock.
pub const HAPPENED_FUTURE_MAX_MS: i64 = 5 * 60 * 1_000;
/// Days within which a decommissioning may be undone (Regulation (EU) 2016/161, Art. 13(1)(b)).
pub const UNDO_DAYS_MAX: i64 = 10;
