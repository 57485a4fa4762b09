//! Files that are written and read in frames: a length of four bytes, big-endian, and as many bytes.

use std::fs::File;
use std::io::{BufReader, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::StoreError;
use crate::limits::BACKUP_FRAME_BYTES_MAX;

/// Bytes that are written at once.
const PIECE_BYTES: usize = 1 << 20;

/// A new file; writing leaves the asynchronous threads.
pub(super) struct Out {
    path: PathBuf,
    /// Away while a piece is being written.
    file: Option<(File, Sha256)>,
    buffer: Vec<u8>,
}

impl Out {
    pub(super) async fn create(path: &Path) -> Result<Self, StoreError> {
        let making = path.to_owned();
        let open = move || std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(making);
        let file = tokio::task::spawn_blocking(open).await.map_err(|_| StoreError::Closing)?;
        let file = file.map_err(|error| failed(path, error))?;
        Ok(Self { path: path.to_owned(), file: Some((file, Sha256::new())), buffer: Vec::new() })
    }

    pub(super) async fn put(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() < PIECE_BYTES { Ok(()) } else { self.flush().await }
    }

    pub(super) async fn frame(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.put(&size.to_be_bytes()).await?;
        self.put(bytes).await
    }

    /// Everything written so far is in the file. Gives its SHA-256.
    pub(super) async fn sha256(&mut self) -> Result<[u8; 32], StoreError> {
        self.flush().await?;
        Ok(self.file.as_ref().map_or([0; 32], |(_, hash)| hash.clone().finalize().into()))
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        let (mut file, mut hash) = self.file.take().ok_or(StoreError::Closing)?;
        let piece = std::mem::take(&mut self.buffer);
        let write = move || {
            hash.update(&piece);
            file.write_all(&piece).map(|()| (file, hash))
        };
        let written = tokio::task::spawn_blocking(write).await.map_err(|_| StoreError::Closing)?;
        self.file = Some(written.map_err(|error| failed(&self.path, error))?);
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<(), StoreError> {
        self.flush().await
    }
}

/// A file that is read.
pub(super) struct In {
    path: PathBuf,
    file: BufReader<File>,
    hash: Sha256,
}

impl In {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(|error| failed(path, error))?;
        Ok(Self { path: path.to_owned(), file: BufReader::with_capacity(PIECE_BYTES, file), hash: Sha256::new() })
    }

    /// The next bytes, exactly as many; nothing at the end of the file.
    pub(super) fn exact(&mut self, size: usize) -> Result<Option<Vec<u8>>, StoreError> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(size).unwrap_or(u64::MAX);
        self.file.by_ref().take(limit).read_to_end(&mut bytes).map_err(|error| failed(&self.path, error))?;
        if bytes.is_empty() && size > 0 {
            return Ok(None);
        }
        if bytes.len() < size {
            return Err(self.malformed("it ends too early"));
        }
        self.hash.update(&bytes);
        Ok(Some(bytes))
    }

    pub(super) fn frame(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(size) = self.exact(4)? else { return Ok(None) };
        let size = size.try_into().map(u32::from_be_bytes).unwrap_or_default();
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size > BACKUP_FRAME_BYTES_MAX {
            return Err(self.malformed("a part of it is longer than any can be"));
        }
        match self.exact(size)? {
            None => Err(self.malformed("it ends too early")),
            frame => Ok(frame),
        }
    }

    /// SHA-256 of what was read so far.
    pub(super) fn sha256(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }

    pub(super) fn malformed(&self, problem: &str) -> StoreError {
        StoreError::Malformed { what: "backup", detail: format!("{}: {problem}", self.path.display()) }
    }
}

pub(super) fn failed(path: &Path, error: std::io::Error) -> StoreError {
    StoreError::File { path: path.to_owned(), source: Arc::new(error) }
}
