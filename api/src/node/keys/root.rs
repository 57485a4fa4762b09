//! The root of patients' keys, in a file of its own that each erasure replaces.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use veridose_ledger::pki::{self, Passphrase};
use veridose_store::{Root, RootKeeper};

use super::files::replace_and_wipe;

const PURPOSE: &str = "patients";

/// `keys/patients.key`.
pub(super) struct RootFile {
    pub(super) path: PathBuf,
    pub(super) passphrase: Arc<Passphrase>,
}

impl RootFile {
    /// The text of the file.
    pub(super) fn seal(&self, root: &Root) -> io::Result<String> {
        pki::seal(&root.to_bytes(), PURPOSE, &self.passphrase).map_err(io::Error::other)
    }
}

impl RootKeeper for RootFile {
    fn read(&self) -> io::Result<Root> {
        let path = self.path.display();
        let text = std::fs::read_to_string(&self.path)
            .map_err(|error| io::Error::new(error.kind(), format!("{path}: {error}")))?;
        let bytes = pki::open(&text, PURPOSE, &self.passphrase);
        let bytes = bytes.map_err(|error| io::Error::other(format!("failed to unlock {path}: {error}")))?;
        Root::from_bytes(&bytes).ok_or_else(|| io::Error::other(format!("{path} does not hold a root")))
    }

    fn replace(&self, root: &Root) -> io::Result<()> {
        // Of several processes with one folder a later one may have been quicker.
        if self.read()?.generation() >= root.generation() {
            return Ok(());
        }
        replace_and_wipe(&self.path, &self.seal(root)?)
    }
}
