//! Key files that a kill at any instant leaves whole: the old ones, or the new ones.

use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A sealed private key and its certificate, which are replaced together.
///
/// New ones are written as `NAME.next.pem` and then `NAME.next.key`. Moving the certificate to its place decides that they are the
/// current ones; a key that is left alone follows it at the next look.
pub(super) struct Pair {
    /// The sealed key.
    pub(super) key: PathBuf,
    /// The certificate.
    pub(super) pem: PathBuf,
}

impl Pair {
    /// The pair of that name in a folder.
    pub(super) fn at(folder: &Path, name: &str) -> Result<Self> {
        let pair = Self { key: folder.join(format!("{name}.key")), pem: folder.join(format!("{name}.pem")) };
        pair.finish()?;
        Ok(pair)
    }

    pub(super) fn exists(&self) -> bool {
        self.key.exists()
    }

    /// Keeps this pair as the current one. One that was there stays beside it, with `old` in its names.
    pub(super) fn keep(&self, key: &str, pem: &str, old: i64) -> Result<()> {
        let next = self.next();
        // The key first: alone it would count as decided.
        remove(&next.key)?;
        remove(&next.pem)?;
        write_new(&next.pem, pem)?;
        write_new(&next.key, key)?;
        if self.exists() {
            std::fs::hard_link(&self.key, self.key.with_extension(format!("{old}.key")))?;
            std::fs::hard_link(&self.pem, self.pem.with_extension(format!("{old}.pem")))?;
        }
        std::fs::rename(&next.pem, &self.pem)?;
        self.finish()
    }

    fn next(&self) -> Self {
        Self { key: self.key.with_extension("next.key"), pem: self.pem.with_extension("next.pem") }
    }

    fn finish(&self) -> Result<()> {
        let next = self.next();
        if !next.key.exists() || next.pem.exists() {
            return Ok(());
        }
        match std::fs::rename(&next.key, &self.key) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("failed to replace {}", self.key.display()))
            }
            // Another process was quicker.
            Ok(()) | Err(_) => sync_folder(&self.key),
        }
    }
}

/// Writes a file that did not exist, whole and durable before it has its name, readable by its owner only.
pub(crate) fn write_new(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().context("a key file lies in a folder")?;
    std::fs::create_dir_all(folder)?;
    let name = path.file_name().context("a key file has a name")?;
    let draft = folder.join(format!(".{}.{}", name.display(), std::process::id()));
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .with_context(|| format!("failed to create {}", draft.display()))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    // A link, unlike a move, does not replace what is there.
    let linked = std::fs::hard_link(&draft, path).with_context(|| format!("failed to create {}", path.display()));
    remove(&draft)?;
    linked?;
    sync_folder(path)
}

/// Puts a file in the place of one that holds a secret, whole or not at all, and durably. What the old one held is overwritten, as far
/// as the file system writes in place.
pub(crate) fn replace_and_wipe(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let draft = folder.join(format!(".{}.new", path.file_name().unwrap_or_default().display()));
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let old = match std::fs::OpenOptions::new().write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        old => Some(old?),
    };
    std::fs::rename(&draft, path)?;
    std::fs::File::open(folder)?.sync_all()?;
    let Some(mut old) = old else { return Ok(()) };
    let size = usize::try_from(old.metadata()?.len()).map_err(io::Error::other)?;
    old.write_all(&vec![0; size])?;
    old.sync_all()
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("failed to remove {}", path.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn sync_folder(path: &Path) -> Result<()> {
    Ok(std::fs::File::open(path.parent().context("a key file lies in a folder")?)?.sync_all()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is current: a key and the certificate that belongs to it.
    fn current(folder: &Path) -> Option<(String, String)> {
        let pair = Pair::at(folder, "signer").expect("readable");
        let read = |path: &Path| std::fs::read_to_string(path).expect("readable");
        pair.exists().then(|| (read(&pair.key), read(&pair.pem)))
    }

    #[test]
    fn a_pair_is_replaced_as_one_wherever_it_is_interrupted() {
        let new = Some(("new key".to_owned(), "new certificate".to_owned()));
        for old in [None, Some(("old key".to_owned(), "old certificate".to_owned()))] {
            // The files that are there when it is interrupted, in the order in which they come.
            for written in 0..=3 {
                let folder = tempfile::tempdir().expect("a folder");
                let pair = Pair::at(folder.path(), "signer").expect("empty");
                if let Some((key, pem)) = &old {
                    pair.keep(key, pem, 1).expect("kept");
                }
                let next = pair.next();
                if written > 0 {
                    write_new(&next.pem, "new certificate").expect("written");
                }
                if written > 1 {
                    write_new(&next.key, "new key").expect("written");
                }
                if written > 2 {
                    std::fs::rename(&next.pem, &pair.pem).expect("moved");
                }
                assert_eq!(current(folder.path()), if written > 2 { new.clone() } else { old.clone() }, "{written}");
                pair.keep("new key", "new certificate", 2).expect("kept again");
                assert_eq!(current(folder.path()), new, "{written}");
            }
        }
    }

    #[test]
    fn a_file_that_is_there_is_not_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("vault.key");
        write_new(&path, "first").expect("written");
        write_new(&path, "second").expect_err("there is one");
        assert_eq!(std::fs::read_to_string(&path).expect("readable"), "first");
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1);
    }
}
