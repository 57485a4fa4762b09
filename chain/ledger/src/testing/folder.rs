//! Folders of a ledger, and damage to their files.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::Random;

/// A folder in memory where the machine has one: for faults that are simulated, where a real disk would only be slow.
pub(crate) fn fast_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a folder")
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the folder lists") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("it copies");
        }
    }
}

/// The files of a folder that are not empty, in the order of their paths.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder lists") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if std::fs::metadata(&path).expect("a size").len() > 0 {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Flips a bit of the file; the byte at which, and what the file was before.
pub(crate) fn flip(path: &Path, random: &mut Random) -> (usize, Vec<u8>) {
    let good = std::fs::read(path).expect("it reads");
    let mut bad = good.clone();
    let at = random.below(bad.len());
    bad[at] ^= 1 << random.below(8);
    std::fs::write(path, &bad).expect("it writes");
    (at, good)
}
