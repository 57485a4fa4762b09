//! Every limit of the store, in one place.

/// Size of one document before compression.
pub const DOCUMENT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Documents that one request may seal.
pub const DOCUMENTS_PER_REQUEST_MAX: usize = veridose_contract::limits::COMMANDS_PER_TRANSACTION_MAX;
/// Size of all documents of a request together, before compression.
pub const REQUEST_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Parties that one request may name as readers.
pub const READERS_MAX: usize = 64;
/// Documents that one look-up or grant may name.
pub const COMMITMENTS_PER_CALL_MAX: usize = 10_000;
/// Rows of a page.
pub const PAGE_ROWS_MAX: u32 = 1_000;
/// Entries that one SQL transaction of the projection takes in.
pub const ENTRIES_PER_BATCH_MAX: usize = 512;
/// Commands and items of these entries together, so that their SQL transaction is short; a larger entry goes alone.
pub const ITEMS_PER_BATCH_MAX: usize = 100_000;
/// How long a link from one root of patients' keys to the next is kept where several processes share a database.
pub const LINKS_KEPT_MS: i64 = 7 * 86_400_000;
/// Size of one part of a file in a backup: a row with the largest document, or all key files and names of the erased.
pub const BACKUP_FRAME_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Size of one stored piece of an uploaded document.
pub const CAPTURE_PIECE_BYTES_MAX: usize = 1024 * 1024;
/// Errors that a capture job keeps; later ones are only counted.
pub const CAPTURE_ERRORS_MAX: u32 = 1_000;
/// Findings that a capture job keeps; the cases that they become have them all.
pub const CAPTURE_FINDINGS_MAX: u64 = 1_000;
/// Places of which one member's master data tells.
pub const PLACES_PER_PARTY_MAX: u64 = 100_000;
/// How long a process that does not renew its hold of the view keeps it.
pub const VIEW_LEASE_MS: i64 = 5_000;
/// How long a runner that does not renew its hold of a capture job keeps it.
pub const CAPTURE_LEASE_MS: i64 = 6_000;
/// How long a document that is being received is kept while nothing more of it comes.
pub const UPLOAD_LEASE_MS: i64 = 60_000;
/// After how long PostgreSQL ends a transaction in which nothing happens: one of a stopped process holds no lock for longer.
pub const IDLE_IN_TRANSACTION_MS: u32 = 4_000;
/// How often in a row a runner may break down over a capture job before it is given up.
pub const CAPTURE_FAULTS_MAX: i64 = 3;
/// Wait after the first breakdown, four times as long after each one that follows.
pub const CAPTURE_PAUSE_MS: i64 = 1_000;
/// Jobs of one kind that wait, run or are dead letters.
pub const JOBS_MAX: u64 = 100_000;
/// Size of what a job is to do.
pub const JOB_PAYLOAD_BYTES_MAX: usize = 64 * 1024;
/// How long a runner that does not renew its hold of a job keeps it.
pub const JOB_LEASE_MS: i64 = 10_000;
/// Longest wait after a run that failed.
pub const JOB_PAUSE_MS_MAX: i64 = 6 * 3_600_000;
/// How long jobs are kept that are done or were called off.
pub const JOB_KEPT_MS: i64 = 7 * 86_400_000;
/// How long dead letters are kept.
pub const JOB_DEAD_KEPT_MS: i64 = 90 * 86_400_000;
/// Characters of an error that are kept with a job.
pub const JOB_ERROR_CHARS_MAX: usize = 1_000;
/// Verifications that are kept together.
pub const SCANS_PER_BATCH_MAX: usize = 10_000;
/// Size of these before compression.
pub const SCAN_BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Batches that are looked through for the verifications of some items, the latest ones.
pub const SCAN_BATCHES_PER_CALL_MAX: u64 = 1_000;
/// How long verifications are kept: 400 days, a year with its reports.
pub const SCANS_KEPT_MS: i64 = 400 * 86_400_000;
/// Sessions of one person; the oldest gives way to a new one.
pub const SESSIONS_PER_PERSON_MAX: u64 = 20;
/// How much older a session's last use may look than it was: a use is written only when the one before is as old as this.
pub const SESSION_SEEN_STEP_MS: i64 = 60_000;
/// Causes that one case holds.
pub const CAUSES_PER_CASE_MAX: usize = 1_000;
/// Records of accesses that become durable together.
pub const ACCESSES_PER_COMMIT_MAX: usize = 1_024;
/// Accesses that wait to be recorded; further ones wait to wait.
pub const ACCESSES_WAITING_MAX: usize = 16_384;
/// Size of one record of an access, before compression.
pub const ACCESS_RECORD_BYTES_MAX: usize = 4 * 1024;
/// Passkeys of one patient.
pub const PASSKEYS_PER_PATIENT_MAX: u64 = 16;
/// Challenges of one patient that wait for their answer.
pub const CEREMONIES_PER_PATIENT_MAX: u64 = 32;
/// Webhooks of one party.
pub const WEBHOOKS_PER_PARTY_MAX: usize = 10;
/// How long a webhook's earlier secret signs beside the new one.
pub const SECRET_BEFORE_MS: i64 = 86_400_000;
/// How long it is kept what was told to webhooks.
pub const DELIVERIES_KEPT_MS: i64 = 30 * 86_400_000;
/// Lists that one person of the pages names.
pub const VIEWS_PER_PERSON_MAX: usize = 50;
