//! Starting: the folder locked, the log recovered, the state brought up to it.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread::{self, JoinHandle};

use tokio::sync::{Semaphore, watch};

use super::replay::catch_up;
use super::{Embedded, Options, Shared, writer};
use crate::LedgerError;
use crate::host::Keys;
use crate::log::{Log, LogKey, LogWriter};
use crate::network::Network;
use crate::state::StateStore;

impl Embedded {
    /// Opens the ledger in a folder, or begins it there. What a crash left is recovered without help; a log that was rolled
    /// back, forked or damaged is refused.
    pub fn open(folder: &Path, network: Network, key: LogKey, options: Options) -> Result<Self, LedgerError> {
        Self::open_with(folder, network, key, options, &mut |_, _| {})
    }

    /// Throws the state away and makes it anew from the log. `progress` is told how many entries of how many are applied.
    pub fn rebuild_state(
        folder: &Path,
        network: Network,
        key: LogKey,
        options: Options,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Self, LedgerError> {
        let lock = lock(folder)?;
        StateStore::discard(&folder.join("state"))?;
        drop(lock);
        Self::open_with(folder, network, key, options, progress)
    }

    fn open_with(
        folder: &Path,
        network: Network,
        key: LogKey,
        options: Options,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Self, LedgerError> {
        let (shared, log_writer) = recover(folder, network, key, options, progress)?;
        let in_flight = Arc::new(Semaphore::new(shared.options.in_flight_max));
        let (queue, jobs) = mpsc::channel();
        let (checked, ready) = mpsc::channel();
        let jobs = Arc::new(Mutex::new(jobs));
        let mut threads = Vec::new();
        for _ in 0..shared.options.verifiers.max(1) {
            let (shared, jobs, checked) = (Arc::clone(&shared), Arc::clone(&jobs), checked.clone());
            threads.push(start("ledger-check", move || writer::check(&shared, &jobs, &checked))?);
        }
        drop(checked);
        let writing = Arc::clone(&shared);
        threads.push(start("ledger-write", move || writer::write(&writing, log_writer, &ready))?);
        let (stop_publishing, publisher) = publisher(&shared)?;
        threads.push(publisher);
        Ok(Self { shared, in_flight, queue: Some(queue), stop_publishing: Some(stop_publishing), threads })
    }
}

/// Takes the folder, recovers the log and brings the state up to it.
pub(super) fn recover(
    folder: &Path,
    network: Network,
    key: LogKey,
    options: Options,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(Arc<Shared>, LogWriter), LedgerError> {
    let lock = lock(folder)?;
    if key.verifier().origin() != network.origin {
        let (of_key, of_network) = (key.verifier().origin(), &network.origin);
        let problem = format!("the log's key is for {of_key:?}, the network's log is {of_network:?}");
        return Err(LedgerError::Configuration(problem));
    }
    let (log, log_writer) = Log::open(Arc::clone(&options.disk), folder, key)?;
    let state = StateStore::open(&folder.join("state"))?;
    let keys = Keys::default();
    catch_up(&network, &log, &state, &keys, progress)?;
    let (size, _) = log.head();
    let shared = Shared {
        network,
        log,
        state,
        keys,
        read_only: OnceLock::new(),
        size: watch::Sender::new(size),
        options,
        _lock: lock,
    };
    let shared = Arc::new(shared);
    if let Err(error) = shared.log.publish() {
        writer::stop_writing(&shared, &error);
    }
    Ok((shared, log_writer))
}

/// Starts the thread that publishes checkpoints until it is told to stop.
pub(super) fn publisher(shared: &Arc<Shared>) -> Result<(mpsc::Sender<()>, JoinHandle<()>), LedgerError> {
    let (stop_publishing, stop) = mpsc::channel();
    let publishing = Arc::clone(shared);
    let thread = start("ledger-publish", move || writer::publish(&publishing, &stop))?;
    Ok((stop_publishing, thread))
}

fn start(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, LedgerError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map_err(|error| LedgerError::Configuration(format!("failed to start the thread {name}: {error}")))
}

/// Whether a process has the ledger in a folder open.
pub fn is_in_use(folder: &Path) -> Result<bool, LedgerError> {
    let path = folder.join("lock");
    let file = match std::fs::File::open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        file => file.map_err(|source| LedgerError::Disk { action: "open", path: path.clone(), source })?,
    };
    match file.try_lock() {
        Ok(()) => Ok(false),
        Err(std::fs::TryLockError::WouldBlock) => Ok(true),
        Err(std::fs::TryLockError::Error(source)) => Err(LedgerError::Disk { action: "lock", path, source }),
    }
}

/// Takes the folder for this process alone.
pub(crate) fn lock(folder: &Path) -> Result<std::fs::File, LedgerError> {
    let path = folder.join("lock");
    let failed = |action| {
        let path = path.clone();
        move |source| LedgerError::Disk { action, path, source }
    };
    std::fs::create_dir_all(folder).map_err(failed("create the folder of"))?;
    let file = std::fs::File::create(&path).map_err(failed("create"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(LedgerError::Configuration(format!("{} is in use by another process", folder.display())))
        }
        Err(std::fs::TryLockError::Error(source)) => Err(failed("lock")(source)),
    }
}
