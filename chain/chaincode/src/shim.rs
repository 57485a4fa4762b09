//! A chaincode-as-a-service shim for Hyperledger Fabric, over tonic. It knows nothing of what the chaincode is for.
//!
//! A peer opens one stream and sends transactions over it; each runs in its own task and asks the peer for state while
//! it does. What holds:
//!
//! - The reader of a stream waits for no transaction, so one that is slow or stuck holds up no other.
//! - Every queue has a limit. Past it a transaction is answered with [`STATUS_BUSY`]; no message is dropped.
//! - A panic fails its own transaction and nothing else.
//! - A message that would be too large for the peer fails its own transaction; the stream, which the others share, stays.
//! - A transaction that fails writes nothing: the peer throws its writes away unless the status is below 400.
//!
//! Fabric's reads show the state before the transaction, not what the transaction wrote itself.

mod context;
mod creator;
mod error;
mod key;
mod metrics;
mod policy;
mod query;
mod server;
mod session;
mod stub;

use std::future::Future;
use std::sync::Arc;

pub use context::Moment;
pub use creator::Creator;
pub use error::ShimError;
pub use key::{composite_key, split_composite_key};
pub use metrics::{Metrics, serve_metrics};
pub use policy::KeyPolicy;
pub use query::{Change, Page, Pair, Range};
pub use server::{Options, Server, ServerError, Tls};
pub use stub::Stub;

/// Status of an answer that went well.
pub const STATUS_OK: i32 = 200;
/// From this status on the peer refuses to endorse.
pub const STATUS_REFUSED_MIN: i32 = 400;
/// Status of a failure of the chaincode itself.
pub const STATUS_FAILED: i32 = 500;
/// Status when too many transactions are under way, or the chaincode is stopping: try again.
pub const STATUS_BUSY: i32 = 503;

/// What a chaincode does with a transaction.
pub trait Chaincode: Send + Sync + 'static {
    /// Runs one transaction: a function of this name with these arguments.
    fn invoke(
        self: Arc<Self>,
        stub: Arc<Stub>,
        function: String,
        arguments: Vec<Vec<u8>>,
    ) -> impl Future<Output = Answer> + Send;
}

/// What a transaction is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// As in HTTP; from [`STATUS_REFUSED_MIN`] on nothing is written.
    pub status: i32,
    /// For people, or why it was refused.
    pub message: String,
    /// The result.
    pub payload: Vec<u8>,
}

impl Answer {
    /// It went well.
    pub const fn ok(payload: Vec<u8>) -> Self {
        Self { status: STATUS_OK, message: String::new(), payload }
    }

    /// It did not.
    pub fn refused(status: i32, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), payload: Vec::new() }
    }
}

impl From<ShimError> for Answer {
    fn from(error: ShimError) -> Self {
        Self::refused(STATUS_FAILED, error.to_string())
    }
}
