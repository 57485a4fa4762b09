//! The state store's journals, judged before they are replayed.
//!
//! A batch in a journal begins with a number that says which of two values of a key is the later one. fjall 3's checksum of the
//! batch covers what is in it, and not that number: with a flipped bit in it an old value would stand again, under a checksum
//! that holds. There is one writer, so the numbers must rise.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};

use crate::LedgerError;
use crate::log::failed;

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const CLEAR: u8 = 4;
/// Of an item, before its key: kind and compression of the value, keyspace, lengths of key, value and stored value.
const ITEM_HEAD: usize = 1 + 1 + 8 + 2 + 4 + 4;
/// Checksum and trailer.
const END_BODY: u64 = 8 + 4;
const CLEAR_BODY: u64 = 8;

/// Refuses a store in whose journals a batch does not have a higher number than the one before.
pub(super) fn check(folder: &Path) -> Result<(), LedgerError> {
    let mut last = None;
    for journal in journals(folder)? {
        for (at, number) in batches(&journal)? {
            if last.is_some_and(|last| number <= last) {
                let problem = format!("the batch at byte {at} is not later than the one before");
                return Err(LedgerError::State(format!("{} is damaged: {problem}", journal.display())));
            }
            last = Some(number);
        }
    }
    Ok(())
}

/// The journals, oldest first.
fn journals(folder: &Path) -> Result<Vec<PathBuf>, LedgerError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut journals = Vec::new();
    for file in std::fs::read_dir(folder).map_err(failed("list", folder))? {
        let path = file.map_err(failed("list", folder))?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<u64>().ok());
        if let Some(number) = number.filter(|_| path.extension().is_some_and(|extension| extension == "jnl")) {
            journals.push((number, path));
        }
    }
    journals.sort_unstable();
    Ok(journals.into_iter().map(|(_, path)| path).collect())
}

/// Where each whole batch's number lies, and the number, up to the end or to what is no batch: that is the store's own to
/// judge. A kill may have cut the last one short, in its number too.
pub(super) fn batches(journal: &Path) -> Result<Vec<(u64, u64)>, LedgerError> {
    File::open(journal).and_then(numbers).map_err(failed("read", journal))
}

fn numbers(journal: File) -> std::io::Result<Vec<(u64, u64)>> {
    let mut reader = Reader { reader: BufReader::new(journal), at: 0 };
    let (mut batches, mut open) = (Vec::new(), None);
    while let Some([tag]) = reader.bytes()? {
        let rest = match tag {
            START => {
                let at = reader.at + 4;
                let Some(start) = reader.bytes::<12>()? else { break };
                open = start.last_chunk().map(|number| (at, u64::from_le_bytes(*number)));
                0
            }
            ITEM => {
                let Some(head) = reader.bytes::<ITEM_HEAD>()? else { break };
                let [.., k0, k1, _, _, _, _, v0, v1, v2, v3] = head;
                u64::from(u16::from_le_bytes([k0, k1])) + u64::from(u32::from_le_bytes([v0, v1, v2, v3]))
            }
            END => {
                batches.extend(open.take());
                END_BODY
            }
            CLEAR => CLEAR_BODY,
            _ => break,
        };
        reader.skip(rest)?;
    }
    Ok(batches)
}

struct Reader {
    reader: BufReader<File>,
    at: u64,
}

impl Reader {
    /// The next bytes, if there are so many.
    fn bytes<const N: usize>(&mut self) -> std::io::Result<Option<[u8; N]>> {
        let mut bytes = [0; N];
        match self.reader.read_exact(&mut bytes) {
            Ok(()) => {
                self.at += N as u64;
                Ok(Some(bytes))
            }
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Passes over so many bytes, or to the end.
    fn skip(&mut self, bytes: u64) -> std::io::Result<()> {
        self.at += bytes;
        self.reader.seek_relative(i64::try_from(bytes).map_err(std::io::Error::other)?)
    }
}
