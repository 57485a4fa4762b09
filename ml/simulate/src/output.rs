//! Documents of bounded size, written on several threads. Which thread writes which one changes no byte.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Scope, ScopedJoinHandle};

use veridose_epcis::{EpcisError, Header, Syntax, Writer};

use crate::document::{Scribe, master_data};
use crate::error::SimulateError;
use crate::event::Event;
use crate::name::{Lot, Names};
use crate::network::Network;
use crate::options::Options;

/// The events of one document.
struct Chunk {
    number: usize,
    events: Vec<Event>,
    lots: Arc<[Lot]>,
}

/// Where events go.
pub(crate) struct Output<'scope> {
    chunks: SyncSender<Chunk>,
    threads: Vec<ScopedJoinHandle<'scope, Result<(), SimulateError>>>,
    waiting: Vec<Event>,
    size: usize,
    /// Documents begun so far.
    pub(crate) documents: usize,
}

impl<'scope> Output<'scope> {
    pub(crate) fn start<'env: 'scope>(
        scope: &'scope Scope<'scope, 'env>,
        options: &'env Options,
        network: &'env Network,
    ) -> Self {
        let (chunks, received) = sync_channel(1);
        let received = Arc::new(Mutex::new(received));
        let thread = |_| {
            let received = Arc::clone(&received);
            scope.spawn(move || work(&received, options, network))
        };
        let threads = (0..options.threads).map(thread).collect();
        Self { chunks, threads, waiting: Vec::new(), size: options.events_per_file, documents: 0 }
    }

    /// Hands events on, in the order in which they are to stand. False when writing has failed.
    pub(crate) fn write(&mut self, events: Vec<Event>, lots: &[Lot]) -> bool {
        self.waiting.extend(events);
        while self.waiting.len() >= self.size {
            let rest = self.waiting.split_off(self.size);
            let events = std::mem::replace(&mut self.waiting, rest);
            if !self.send(events, lots) {
                return false;
            }
        }
        true
    }

    fn send(&mut self, events: Vec<Event>, lots: &[Lot]) -> bool {
        self.documents += 1;
        self.chunks.send(Chunk { number: self.documents, events, lots: lots.into() }).is_ok()
    }

    /// Writes what waits and ends. The number of documents, or the first failure.
    pub(crate) fn finish(mut self, lots: &[Lot]) -> Result<usize, SimulateError> {
        if !self.waiting.is_empty() {
            let events = std::mem::take(&mut self.waiting);
            self.send(events, lots);
        }
        drop(self.chunks);
        for thread in self.threads {
            thread.join().expect("a thread that writes does not panic")?;
        }
        Ok(self.documents)
    }
}

fn work(chunks: &Mutex<Receiver<Chunk>>, options: &Options, network: &Network) -> Result<(), SimulateError> {
    loop {
        let received = chunks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(chunk) = received else { return Ok(()) };
        let names = Names { network, lots: &chunk.lots, seed: options.seed, start: options.start };
        let path = options.out.join(format!("events-{:05}.jsonld", chunk.number));
        let scribe = Scribe::new(names);
        let made = chunk.events.iter().map(|event| event.recorded).max().unwrap_or_default();
        document(&path, &scribe.header(made), &chunk.events, &scribe)?;
    }
}

fn document(path: &Path, header: &Header, events: &[Event], scribe: &Scribe<'_>) -> Result<(), SimulateError> {
    let file = File::create(path).map_err(|source| SimulateError::Io { path: path.into(), source })?;
    let write = || -> Result<(), EpcisError> {
        let mut writer = Writer::new(BufWriter::with_capacity(1 << 20, file), Syntax::Json, header)?;
        for event in events {
            writer.write(&scribe.event(event))?;
        }
        writer.finish()?.flush()?;
        Ok(())
    };
    write().map_err(|source| SimulateError::Epcis { path: path.into(), source: Box::new(source) })
}

/// Writes the places and products.
pub(crate) fn write_master_data(options: &Options, names: Names<'_>) -> Result<(), SimulateError> {
    let scribe = Scribe::new(names);
    for (index, header) in master_data(&names, options.start_moment()).iter().enumerate() {
        let path: PathBuf = options.out.join(format!("masterdata-{:05}.jsonld", index + 1));
        document(&path, header, &[], &scribe)?;
    }
    Ok(())
}
