//! The bytes of an XML document, with the number of the line and a bound on what is read for one event.

use std::io::{self, BufRead, Read};

/// Counts lines and bytes on their way to the parser.
pub(crate) struct Lines<R> {
    input: R,
    line: u64,
    /// Bytes that may still be read before the next [`Lines::allow`].
    allowance: usize,
    pub(crate) exhausted: bool,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(input: R, allowance: usize) -> Self {
        Self { input, line: 1, allowance, exhausted: false }
    }

    /// The line of the next byte, counted from one.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// From here on this many bytes may be read.
    pub(crate) fn allow(&mut self, bytes: usize) {
        self.allowance = bytes;
    }
}

impl<R: BufRead> Read for Lines<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let chunk = self.fill_buf()?;
        let count = chunk.len().min(out.len());
        out[..count].copy_from_slice(&chunk[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Lines<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.allowance == 0 {
            self.exhausted = true;
            return Err(io::Error::other("the limit on one event is passed"));
        }
        let chunk = self.input.fill_buf()?;
        // A source that is whole in memory hands out everything at once; the bound holds for it too.
        Ok(&chunk[..chunk.len().min(self.allowance)])
    }

    fn consume(&mut self, count: usize) {
        // The chunk is there already, so this reads nothing and cannot fail.
        if let Ok(chunk) = self.input.fill_buf() {
            let breaks: u64 = chunk[..count].iter().map(|byte| u64::from(*byte == b'\n')).sum();
            self.line += breaks;
        }
        self.input.consume(count);
        self.allowance -= count.min(self.allowance);
    }
}
