//! The bytes of a JSON document, of which only one member or event is in memory at a time.

use std::io::BufRead;

use crate::error::{EpcisError, Location};

/// A stream of JSON with just enough syntax to cut it into values.
pub(crate) struct Source<R> {
    input: R,
}

impl<R: BufRead> Source<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input }
    }

    /// The next byte that is not white space, still unread.
    pub(crate) fn peek(&mut self) -> Result<Option<u8>, EpcisError> {
        loop {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                return Ok(None);
            }
            if let Some(at) = chunk.iter().position(|byte| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t')) {
                let byte = chunk[at];
                self.input.consume(at);
                return Ok(Some(byte));
            }
            let blank = chunk.len();
            self.input.consume(blank);
        }
    }

    /// Steps over the peeked byte.
    pub(crate) fn step(&mut self) {
        self.input.consume(1);
    }

    /// Appends the text of the next value to `text`, at most `limit` bytes. That the value is well formed is left to the
    /// parser; here only brackets and quotes are followed.
    pub(crate) fn value(&mut self, text: &mut Vec<u8>, limit: usize, path: &str) -> Result<(), EpcisError> {
        match self.peek()? {
            Some(b'{' | b'[' | b'"') => self.cut(text, Cut::default(), limit, path),
            Some(_) => self.scalar(text, limit, path),
            None => Err(ended(path)),
        }
    }

    /// Appends what is left of an object whose opening bracket is already read, and its closing bracket.
    pub(crate) fn rest_of_object(&mut self, text: &mut Vec<u8>, limit: usize, path: &str) -> Result<(), EpcisError> {
        self.cut(text, Cut { depth: 1, ..Cut::default() }, limit, path)
    }

    fn cut(&mut self, text: &mut Vec<u8>, mut cut: Cut, limit: usize, path: &str) -> Result<(), EpcisError> {
        loop {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                return Err(ended(path));
            }
            let end = cut.scan(chunk);
            let taken = end.unwrap_or(chunk.len());
            text.extend_from_slice(&chunk[..taken]);
            self.input.consume(taken);
            if text.len() > limit {
                return Err(EpcisError::event_bytes(Location::Path(path.to_owned())));
            }
            if end.is_some() {
                return Ok(());
            }
        }
    }

    /// A number or a word: up to the next bracket, comma or white space.
    fn scalar(&mut self, text: &mut Vec<u8>, limit: usize, path: &str) -> Result<(), EpcisError> {
        loop {
            let chunk = self.input.fill_buf()?;
            let end = chunk.iter().position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'));
            let taken = end.unwrap_or(chunk.len());
            text.extend_from_slice(&chunk[..taken]);
            let at_end = chunk.is_empty();
            self.input.consume(taken);
            if text.len() > limit {
                return Err(EpcisError::event_bytes(Location::Path(path.to_owned())));
            }
            if end.is_some() || at_end {
                return Ok(());
            }
        }
    }
}

fn ended(path: &str) -> EpcisError {
    EpcisError::Malformed {
        at: Location::Path(path.to_owned()),
        reason: "the document ends within a value".to_owned(),
        fix: "send the whole document".to_owned(),
    }
}

/// How far into a value the scan is.
#[derive(Default)]
struct Cut {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Cut {
    /// Follows brackets and quotes; returns where the value ends, if it ends in this chunk.
    fn scan(&mut self, chunk: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < chunk.len() {
            if self.in_string {
                if self.escaped {
                    self.escaped = false;
                    at += 1;
                    continue;
                }
                let found = memchr::memchr2(b'"', b'\\', &chunk[at..])?;
                at += found + 1;
                if chunk[at - 1] == b'\\' {
                    self.escaped = true;
                    continue;
                }
                self.in_string = false;
                if self.depth == 0 {
                    return Some(at);
                }
                continue;
            }
            match chunk[at] {
                b'"' => self.in_string = true,
                // Depth is only counted here: the parser bounds it and names the place.
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
            at += 1;
        }
        None
    }
}
