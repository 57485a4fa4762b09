//! The contract behind the shim: what `veridose_ledger::wire` says, done.
//!
//! A submit is a [`Group`](veridose_ledger::host::Group) on the peer's state, exactly as the embedded ledger's writer
//! runs one, and either all of it is written or nothing. The contract reads synchronously, so it runs on a thread of its
//! own that waits for the peer's answers; what was read once in a transaction is not asked for again.

mod attest;
mod endorsers;
mod import;
mod init;
mod state;
mod submit;

use std::sync::Arc;

use tokio::runtime::Handle;
use veridose_contract::{StateError, Timestamp, Transaction, read};
use veridose_ledger::host::{CLOCK_SKEW_MAX_MS, Keys};
use veridose_ledger::wire;

use crate::shim::{Answer, Chaincode, ShimError, Stub};
use init::Start;
use state::{Effect, PeerState};

/// Tells the host's time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Runs the contract.
pub struct Host {
    inner: Arc<Inner>,
}

struct Inner {
    keys: Keys,
    clock: Clock,
    clock_skew_max_ms: i64,
}

/// Why a transaction is not endorsed.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    /// It is in no form that the function takes.
    #[error("{0}")]
    Malformed(String),
    /// Some of it was refused; the text is JSON, see [`wire::Refusals`].
    #[error("{0}")]
    Refused(String),
    /// It is not what comes next.
    #[error("{0}")]
    Misplaced(String),
    /// It goes over a limit.
    #[error("{0}")]
    TooLarge(String),
    /// The state could not be read, or is not what it must be.
    #[error("{0}")]
    State(String),
    /// The peer gave no answer.
    #[error(transparent)]
    Peer(#[from] ShimError),
}

impl From<StateError> for Refusal {
    fn from(error: StateError) -> Self {
        Self::State(veridose_ledger::LedgerError::from(error).to_string())
    }
}

impl From<wire::Refusals> for Refusal {
    fn from(refusals: wire::Refusals) -> Self {
        Self::Refused(serde_json::to_string(&refusals).expect("texts, numbers and lists are valid JSON"))
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let status = match &refusal {
            Refusal::Malformed(_) => wire::STATUS_MALFORMED,
            Refusal::Refused(_) => wire::STATUS_REFUSED,
            Refusal::Misplaced(_) => wire::STATUS_MISPLACED,
            Refusal::TooLarge(_) => wire::STATUS_TOO_LARGE,
            Refusal::State(_) | Refusal::Peer(_) => wire::STATUS_FAULT,
        };
        Self::refused(status, refusal.to_string())
    }
}

impl Host {
    /// A host with this clock.
    pub fn new(clock: Clock) -> Self {
        Self { inner: Arc::new(Inner { keys: Keys::default(), clock, clock_skew_max_ms: CLOCK_SKEW_MAX_MS }) }
    }
}

impl Chaincode for Host {
    async fn invoke(self: Arc<Self>, stub: Arc<Stub>, function: String, arguments: Vec<Vec<u8>>) -> Answer {
        // Some clients name the contract before the function.
        let function = function.rsplit_once(':').map_or(function.as_str(), |(_, name)| name);
        match self.run(&stub, function, arguments).await {
            Ok(payload) => Answer::ok(payload),
            Err(refusal) => refusal.into(),
        }
    }
}

impl Host {
    /// Reads ahead what is known to be needed, judges on a thread of its own, then writes.
    async fn run(&self, stub: &Arc<Stub>, function: &str, arguments: Vec<Vec<u8>>) -> Result<Vec<u8>, Refusal> {
        let state = PeerState::new(Handle::current(), Arc::clone(stub));
        let inner = Arc::clone(&self.inner);
        let effect = match function {
            wire::SUBMIT => {
                let (state, transactions) = read_ahead(state, &arguments).await?;
                judge(move || submit::submit(&inner, &state, &transactions)).await?
            }
            wire::IMPORT => {
                let (place, rest) = import::place(&arguments)?;
                let (state, transactions) = read_ahead(state, rest).await?;
                judge(move || import::import(&inner, &state, place, &transactions)).await?
            }
            wire::IMPORT_PART => {
                let (place, rest) = import::place(&arguments)?;
                let rest = rest.to_vec();
                judge(move || import::part(&inner, &state, place, &rest)).await?
            }
            wire::IMPORT_END => judge(move || import::end(&inner, &state, &arguments)).await?,
            wire::ATTEST => judge(move || attest::attest(&state, &arguments)).await?,
            wire::VERSION => judge(move || version(&state)).await?,
            wire::ENDORSERS => {
                let caller = stub.creator().map(|creator| creator.msp_id.clone());
                judge(move || endorsers::endorsers(&state, caller.as_deref(), &arguments)).await?
            }
            wire::GUARD => endorsers::guard(stub, &arguments).await?,
            wire::INIT => judge(move || init::init(&state, Start::Empty, &arguments)).await?,
            wire::IMPORT_BEGIN => judge(move || init::init(&state, Start::Import, &arguments)).await?,
            _ => return Err(Refusal::Malformed(format!("there is no function {function:?}"))),
        };
        Ok(effect.write(stub).await?)
    }
}

/// The transactions of a submit, and the state with their items read.
async fn read_ahead(state: PeerState, arguments: &[Vec<u8>]) -> Result<(PeerState, Vec<Transaction>), Refusal> {
    let transactions = submit::parse(arguments)?;
    let commands = transactions.iter().flat_map(|transaction| &transaction.body.commands);
    let state = state.fetch(commands.flat_map(|command| &command.items).copied()).await?;
    Ok((state, transactions))
}

/// Runs what reads the state, on a thread that may wait for it.
async fn judge(work: impl FnOnce() -> Result<Effect, Refusal> + Send + 'static) -> Result<Effect, Refusal> {
    match tokio::task::spawn_blocking(work).await {
        Ok(judged) => judged,
        // The shim contains it; a runtime that is shutting down ends it in the same way.
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(Refusal::State(error.to_string())),
        },
    }
}

fn version(state: &PeerState) -> Result<Effect, Refusal> {
    let network = read::network(state)?.map(|network| network.id);
    let program = env!("CARGO_PKG_VERSION").to_owned();
    let imported = match network {
        Some(_) => None,
        None => import::Import::open(state)?.map(|import| import.progress(state)).transpose()?,
    };
    let endorsers = state.host_record(wire::ENDORSERS_KEY)?.map(|bytes| endorsers::Endorsers::decode(&bytes));
    let endorsers = endorsers.transpose()?.map(|found| found.msp_ids).unwrap_or_default();
    let version = wire::Version { endorsers, contract: veridose_contract::VERSION, program, network, imported };
    Ok(Effect::answer(serde_json::to_vec(&version).expect("numbers and texts are valid JSON")))
}
