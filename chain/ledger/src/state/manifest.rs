//! The state store's manifests, judged before they are believed.
//!
//! A manifest says which tables hold a keyspace's records. lsm-tree 3 writes its XXH3-128 into the file `current` beside it
//! and does not compare it when it opens: a manifest with a flipped bit could leave out a table, whose records would then
//! be missing without a word, or ask for more memory than there is.

use std::path::Path;

use xxhash_rust::xxh3::xxh3_128;

use crate::LedgerError;
use crate::log::failed;

/// Refuses a store in which a keyspace's manifest is not the one that was written.
pub(super) fn check(folder: &Path) -> Result<(), LedgerError> {
    let keyspaces = folder.join("keyspaces");
    if !keyspaces.is_dir() {
        // A store that is to be created.
        return Ok(());
    }
    for keyspace in std::fs::read_dir(&keyspaces).map_err(failed("list", &keyspaces))? {
        let keyspace = keyspace.map_err(failed("list", &keyspaces))?.path();
        // One that was being created when the node was killed has none yet.
        if keyspace.join("current").is_file() {
            check_one(&keyspace)?;
        }
    }
    Ok(())
}

fn check_one(keyspace: &Path) -> Result<(), LedgerError> {
    let pointer = keyspace.join("current");
    let damaged = |path: &Path, problem: &str| LedgerError::State(format!("{} is damaged: {problem}", path.display()));
    let bytes = std::fs::read(&pointer).map_err(failed("read", &pointer))?;
    // Number of the manifest, its checksum, and the kind of checksum: 0 is XXH3.
    let parts =
        bytes.split_first_chunk::<8>().and_then(|(number, rest)| Some((number, rest.split_first_chunk::<16>()?)));
    let Some((number, (checksum, [0]))) = parts else {
        return Err(damaged(&pointer, "it is not a number, a checksum and the kind of it"));
    };
    let manifest = keyspace.join(format!("v{}", u64::from_le_bytes(*number)));
    let bytes = match std::fs::read(&manifest) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(damaged(&pointer, "it names a manifest that is not there"));
        }
        Err(error) => return Err(failed("read", &manifest)(error)),
    };
    if xxh3_128(&bytes) == u128::from_le_bytes(*checksum) {
        Ok(())
    } else {
        Err(damaged(&manifest, "it does not match its checksum"))
    }
}
