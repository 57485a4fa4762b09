//! Real documents from outside, which the project does not carry.

use std::path::{Path, PathBuf};

/// The directory of real documents.
#[derive(Debug, Clone)]
pub struct Documents(PathBuf);

impl Documents {
    /// `VERIDOSE_DATA` or `../shared/data` beside the repository. Without them, says so for `tests/run` to repeat.
    #[expect(clippy::print_stdout, reason = "a test that skips says so on its standard output")]
    pub fn find() -> Option<Self> {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
        let folder = std::env::var_os("VERIDOSE_DATA").map_or(beside, PathBuf::from);
        if folder.is_dir() {
            return Some(Self(folder));
        }
        println!("skipped: no real documents at {} (VERIDOSE_DATA names their place)", folder.display());
        None
    }

    /// The path of one of them.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The documents of a folder with the extension, in the order of their names.
    pub fn list(&self, folder: &str, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(self.path(folder))? {
            let path = entry?.path();
            if path.extension().is_some_and(|its| its == extension) {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }
}
