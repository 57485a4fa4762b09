//! The disk, as the ledger sees it: few operations, each with a stated promise, so that a test can put a disk in place
//! that fails on purpose.

use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A file system. What a call wrote is durable only where its description says so; a crash may keep any part of the rest.
pub trait Disk: Send + Sync + Debug {
    /// The whole file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// Names in a folder; none if it does not exist.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;
    /// Puts a file in place in one step: whoever reads it sees all of it or what was there before. Durable if `sync`.
    fn replace(&self, path: &Path, bytes: &[u8], sync: bool) -> io::Result<()>;
    /// Makes the contents of a file that lies there, and its name, durable.
    fn sync(&self, path: &Path) -> io::Result<()>;
    /// Removes a file; one that is not there is no error.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Opens a file that is there for appending, cut to `length`.
    fn append(&self, path: &Path, length: u64) -> io::Result<Box<dyn Append>>;
}

/// A file that only grows.
pub trait Append: Send + Debug {
    /// Writes all bytes at the end, and makes them and the new length durable. After an error any part may be there.
    fn append_and_sync(&mut self, bytes: &[u8]) -> io::Result<()>;
}

/// The file system of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Local;

impl Disk for Local {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn replace(&self, path: &Path, bytes: &[u8], sync: bool) -> io::Result<()> {
        let temporary = temporary(path);
        let write = || {
            let mut file = File::create(&temporary)?;
            file.write_all(bytes)?;
            if sync { file.sync_all() } else { Ok(()) }
        };
        if let Err(error) = write() {
            if error.kind() != io::ErrorKind::NotFound {
                return Err(error);
            }
            std::fs::create_dir_all(folder(path))?;
            if sync {
                sync_folders(path)?;
            }
            write()?;
        }
        std::fs::rename(&temporary, path)?;
        if sync { File::open(folder(path))?.sync_all() } else { Ok(()) }
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()?;
        sync_folders(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    fn append(&self, path: &Path, length: u64) -> io::Result<Box<dyn Append>> {
        let file = OpenOptions::new().append(true).open(path)?;
        if file.metadata()?.len() != length {
            file.set_len(length)?;
            file.sync_all()?;
        }
        Ok(Box::new(LocalAppend(file)))
    }
}

#[derive(Debug)]
struct LocalAppend(File);

impl Append for LocalAppend {
    fn append_and_sync(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)?;
        self.0.sync_data()
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or_else(|| Path::new("."))
}

/// A name beside the file that no reader looks at.
fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

/// A new file's name is durable once its folder is, and that folder's once its own parent is; the tree is a few levels deep.
fn sync_folders(path: &Path) -> io::Result<()> {
    path.ancestors()
        .skip(1)
        .take(5)
        .filter(|folder| folder.is_dir())
        .try_for_each(|folder| File::open(folder)?.sync_all())
}
