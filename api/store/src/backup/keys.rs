//! The key backup: all living patients' keys and the parties' keys, under a key of its own that is replaced with each writing.
//!
//! ```text
//! veridose key backup 1 key=K erasures=G     the number of its key, and how often patients' keys had been destroyed
//! frames                                     some patients' rows each: name and key, wrapped under the ring
//! an empty frame, a frame with the head      the ring, the parties' keys, who is erased, the key files: sealed under the key
//! ```
//!
//! Whoever keeps an old key backup needs the old key, which is destroyed when the next one is written.

use std::path::Path;
use std::pin::pin;

use borsh::{BorshDeserialize, BorshSerialize};
use futures_util::TryStreamExt as _;
use sea_orm::{EntityTrait, QueryOrder};
use zeroize::Zeroizing;

use super::file::{In, Out};
use crate::database::{fixed, unsigned};
use crate::entity::vault::{party, patient, ring};
use crate::vault::{Held, Key, Root, decrypt, encrypt};
use crate::{Store, StoreError};

const ROWS_PER_FRAME: usize = 1_024;
const LINE_BYTES_MAX: usize = 128;

/// What a key backup says of itself without a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyBackupMark {
    /// The number of the key that it is sealed under.
    pub key: u64,
    /// How often patients' keys had been destroyed when it was written.
    pub erasures: u64,
}

/// What a key backup holds.
pub struct KeyBackup {
    /// What it says of itself.
    pub mark: KeyBackupMark,
    /// The node's key files, by their names, sealed under the node's passphrase.
    pub files: Vec<(String, Vec<u8>)>,
    /// What patients are called in the vault whose keys were destroyed.
    pub erased: Vec<[u8; 32]>,
    pub(super) patients: Vec<([u8; 32], Key)>,
    pub(super) parties: Vec<(String, Vec<u8>)>,
}

impl std::fmt::Debug for KeyBackup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyBackup({:?}, {} patients, hidden)", self.mark, self.patients.len())
    }
}

#[derive(BorshSerialize, BorshDeserialize)]
struct Head {
    ring: Vec<u8>,
    parties: Vec<(String, Vec<u8>)>,
    erased: Vec<[u8; 32]>,
    files: Vec<(String, Vec<u8>)>,
    patients: u64,
    /// SHA-256 of the file up to this frame.
    sha256: [u8; 32],
}

type Rows = Vec<(Vec<u8>, Vec<u8>)>;

impl KeyBackupMark {
    /// Of a key backup in a file.
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        Self::next(&mut In::open(path)?)
    }

    fn next(file: &mut In) -> Result<Self, StoreError> {
        let mut line = Vec::new();
        while line.last() != Some(&b'\n') && line.len() < LINE_BYTES_MAX {
            line.extend(file.exact(1)?.ok_or_else(|| file.malformed("it ends too early"))?);
        }
        let mark = std::str::from_utf8(&line).ok().and_then(Self::parse);
        mark.ok_or_else(|| file.malformed("it is no key backup"))
    }

    fn parse(line: &str) -> Option<Self> {
        let rest = line.strip_prefix("veridose key backup 1 key=")?.strip_suffix('\n')?;
        let (key, erasures) = rest.split_once(" erasures=")?;
        Some(Self { key: key.parse().ok()?, erasures: erasures.parse().ok()? })
    }

    fn line(self) -> String {
        format!("veridose key backup 1 key={} erasures={}\n", self.key, self.erasures)
    }
}

impl Store {
    /// Writes a key backup under a key, with the node's key files. Nothing is synced.
    pub async fn write_key_backup(
        &self,
        path: &Path,
        key: &Root,
        files: Vec<(String, Vec<u8>)>,
    ) -> Result<KeyBackupMark, StoreError> {
        let database = &self.vault.database;
        let on = database.snapshot().await?;
        let row = ring::Entity::find_by_id(0).one(&on).await?.ok_or(StoreError::OtherRoot)?;
        let current = self.vault.keys.patients.adopt(&row).await?;
        let mark = KeyBackupMark { key: key.generation(), erasures: unsigned(row.generation) };
        let mut out = Out::create(path).await?;
        out.put(mark.line().as_bytes()).await?;
        let (mut rows, mut erased, mut patients) = (Rows::new(), Vec::new(), 0);
        {
            let mut found = pin!(patient::Entity::find().order_by_asc(patient::Column::Patient).stream(&on).await?);
            while let Some(row) = found.try_next().await? {
                match row.wrapped {
                    None => erased.push(fixed("patient", &row.patient)?),
                    Some(wrapped) => rows.push((row.patient, wrapped)),
                }
                if rows.len() == ROWS_PER_FRAME {
                    patients += count(&rows);
                    out.frame(&encoded(&std::mem::take(&mut rows))).await?;
                }
            }
        }
        patients += count(&rows);
        out.frame(&encoded(&rows)).await?;
        out.frame(&[]).await?;
        let parties = party::Entity::find().all(&on).await?.into_iter().map(|row| (row.party, row.wrapped)).collect();
        let sha256 = out.sha256().await?;
        let head = Head { ring: current.ring().to_vec(), parties, erased, files, patients, sha256 };
        out.frame(&encrypt(&key.key, mark.line().as_bytes(), encoded(&head))).await?;
        out.finish().await?;
        Ok(mark)
    }
}

impl KeyBackup {
    /// Reads a key backup; refused if a bit of it was altered, or the key is another one.
    pub fn read(path: &Path, key: &Root) -> Result<Self, StoreError> {
        let mut file = In::open(path)?;
        let mark = KeyBackupMark::next(&mut file)?;
        let mut rows = Rows::new();
        loop {
            let frame = file.frame()?.ok_or_else(|| file.malformed("it ends too early"))?;
            if frame.is_empty() {
                break;
            }
            rows.extend(borsh::from_slice::<Rows>(&frame).map_err(|_| file.malformed("patients' rows do not read"))?);
        }
        let sha256 = file.sha256();
        let sealed = file.frame()?.ok_or_else(|| file.malformed("it ends too early"))?;
        let head = decrypt(&key.key, mark.line().as_bytes(), &sealed);
        let head = head.ok_or_else(|| {
            file.malformed("it does not open with this key: it was altered, or an erasure came after it")
        })?;
        let head: Head = borsh::from_slice(&head).map_err(|_| file.malformed("its head does not read"))?;
        if head.sha256 != sha256 || head.patients != count(&rows) || file.exact(1)?.is_some() {
            return Err(file.malformed("it was altered"));
        }
        let wrapping = Held::from_ring(key.clone(), Zeroizing::new(head.ring))
            .ok_or_else(|| file.malformed("its ring does not read"))?;
        let mut patients = Vec::with_capacity(rows.len());
        for (id, wrapped) in rows {
            let key = wrapping.unwrap(&id, &wrapped).ok_or_else(|| file.malformed("a patient's key does not open"))?;
            patients.push((fixed("patient", &id)?, key));
        }
        Ok(Self { mark, files: head.files, erased: head.erased, patients, parties: head.parties })
    }

    /// Living patients whose keys it holds.
    pub fn patients(&self) -> usize {
        self.patients.len()
    }
}

fn count(rows: &Rows) -> u64 {
    u64::try_from(rows.len()).unwrap_or(u64::MAX)
}

fn encoded(value: &impl BorshSerialize) -> Vec<u8> {
    borsh::to_vec(value).expect("writing to a Vec does not fail")
}
