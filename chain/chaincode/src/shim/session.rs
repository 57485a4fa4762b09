//! One stream from a peer, from its registration to its end.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use fabric_sdk::fabric::protos::chaincode_message::Type;
use fabric_sdk::fabric::protos::{ChaincodeId, ChaincodeMessage, Response};
use prost::Message as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tonic::{Status, Streaming};

use super::context::{self, Context};
use super::metrics::Outcome;
use super::stub::{Outgoing, Slot};
use super::{Answer, Chaincode, Metrics, Options, STATUS_BUSY, STATUS_FAILED, STATUS_REFUSED_MIN, ShimError, Stub};

/// What all streams share.
pub(super) struct Shared<C> {
    pub(super) chaincode: Arc<C>,
    pub(super) options: Options,
    pub(super) metrics: Arc<Metrics>,
    pub(super) permits: Arc<Semaphore>,
    pub(super) stop: watch::Receiver<bool>,
}

/// A transaction under way.
struct Running {
    stub: Arc<Stub>,
    started: Instant,
    _permit: OwnedSemaphorePermit,
}

type Name = (String, String);

struct Session<C> {
    shared: Arc<Shared<C>>,
    out: Outgoing,
    ready: bool,
    stopping: bool,
    tasks: JoinSet<Answer>,
    running: HashMap<Id, Running>,
    slots: HashMap<Name, Arc<Slot>>,
}

/// Why a stream ended.
enum End {
    Peer,
    Error(Status),
    Stopped,
}

/// Serves a stream until it ends or the chaincode stops.
pub(super) async fn run<C: Chaincode>(shared: Arc<Shared<C>>, incoming: Streaming<ChaincodeMessage>, out: Outgoing) {
    shared.metrics.connected(1);
    let metrics = Arc::clone(&shared.metrics);
    let (running, slots) = (HashMap::new(), HashMap::new());
    let mut session = Session { shared, out, ready: false, stopping: false, tasks: JoinSet::new(), running, slots };
    match session.serve(incoming).await {
        Ok(End::Peer) => tracing::info!("the peer closed its stream"),
        Ok(End::Stopped) => tracing::info!("the stream is closed"),
        Ok(End::Error(status)) => {
            tracing::warn!(reason = status.message(), "the stream to the peer failed");
        }
        Err(ShimError::Disconnected) => tracing::warn!("the peer takes no more messages"),
        Err(error) => tracing::warn!(%error, "the stream to the peer failed"),
    }
    // Whoever still waits for the peer learns that nothing will come, and ends by itself.
    for running in session.running.values() {
        running.stub.end();
        metrics.finished(Outcome::Lost, running.started.elapsed());
    }
    metrics.connected(-1);
}

impl<C: Chaincode> Session<C> {
    async fn serve(&mut self, mut incoming: Streaming<ChaincodeMessage>) -> Result<End, ShimError> {
        let id = ChaincodeId { name: self.shared.options.package_id.clone(), ..ChaincodeId::default() };
        let register =
            ChaincodeMessage { r#type: Type::Register.into(), payload: id.encode_to_vec(), ..Default::default() };
        self.send(register).await?;
        let mut stop = self.shared.stop.clone();
        let mut stopped = pin!(async move {
            // An error means that the server is gone, which is a stop as well.
            let _ = stop.wait_for(|stop| *stop).await;
        });
        let deadline = tokio::time::sleep(std::time::Duration::MAX);
        let mut deadline = pin!(deadline);
        loop {
            if self.stopping && self.tasks.is_empty() {
                return Ok(End::Stopped);
            }
            tokio::select! {
                message = incoming.message() => match message {
                    Ok(Some(message)) => self.take(message).await?,
                    Ok(None) => return Ok(End::Peer),
                    Err(status) => return Ok(End::Error(status)),
                },
                Some(done) = self.tasks.join_next_with_id() => self.complete(done).await?,
                () = &mut stopped, if !self.stopping => {
                    self.stopping = true;
                    deadline.as_mut().reset(tokio::time::Instant::now() + self.shared.options.stop_max);
                }
                () = &mut deadline, if self.stopping => {
                    tracing::warn!(under_way = self.tasks.len(), "transactions are cut off");
                    return Ok(End::Stopped);
                }
            }
        }
    }

    async fn send(&self, message: ChaincodeMessage) -> Result<(), ShimError> {
        self.out.send(Ok(message)).await.map_err(|_| ShimError::Disconnected)
    }

    async fn take(&mut self, message: ChaincodeMessage) -> Result<(), ShimError> {
        match Type::try_from(message.r#type) {
            Ok(Type::Registered) => Ok(()),
            Ok(Type::Ready) => {
                self.ready = true;
                tracing::info!(id = self.shared.options.package_id, "a peer is connected");
                Ok(())
            }
            Ok(Type::Keepalive) => self.send(message).await,
            Ok(Type::Transaction | Type::Init) if self.ready => self.begin(message).await,
            Ok(Type::Error) if !self.ready => Err(ShimError::Refused {
                call: "register the chaincode",
                reason: String::from_utf8_lossy(&message.payload).into_owned(),
            }),
            Ok(Type::Response | Type::Error) => {
                let name = (message.channel_id.clone(), message.txid.clone());
                let waited = self.slots.get(&name).is_some_and(|slot| slot.fill(message));
                if !waited {
                    tracing::debug!(tx.id = name.1, "an answer that nobody waits for");
                }
                Ok(())
            }
            _ => Err(ShimError::malformed("message", format!("its type {} is out of place", message.r#type))),
        }
    }

    /// Starts a transaction, or answers at once that it cannot be.
    async fn begin(&mut self, message: ChaincodeMessage) -> Result<(), ShimError> {
        let name = (message.channel_id.clone(), message.txid.clone());
        let permit = Arc::clone(&self.shared.permits).try_acquire_owned();
        let (permit, reason) = match permit {
            Ok(_) if self.stopping => (None, "the chaincode is stopping"),
            Ok(_) if self.slots.contains_key(&name) => (None, "the transaction is under way already"),
            Ok(permit) => (Some(permit), ""),
            Err(_) => (None, "too many transactions are under way"),
        };
        let read = context::call(&message).and_then(|call| Ok((call, Context::read(&message)?)));
        let ((function, arguments), context, permit) = match (permit, read) {
            (Some(permit), Ok((call, context))) => (call, context, permit),
            (None, _) => {
                self.shared.metrics.turned_away(Outcome::Busy);
                return self.answer(&message, Answer::refused(STATUS_BUSY, reason)).await;
            }
            (Some(_), Err(error)) => {
                self.shared.metrics.turned_away(Outcome::Refused);
                return self.answer(&message, error.into()).await;
            }
        };
        let slot = Arc::new(Slot::default());
        let (options, metrics) = (&self.shared.options, &self.shared.metrics);
        let stub =
            Stub::new(context, self.out.clone(), Arc::clone(&slot), options.message_bytes_max, Arc::clone(metrics));
        metrics.started();
        let stub = Arc::new(stub);
        let chaincode = Arc::clone(&self.shared.chaincode);
        let task = self.tasks.spawn(chaincode.invoke(Arc::clone(&stub), function, arguments));
        self.running.insert(task.id(), Running { stub, started: Instant::now(), _permit: permit });
        self.slots.insert(name, slot);
        Ok(())
    }

    /// Answers a transaction that never began.
    async fn answer(&self, message: &ChaincodeMessage, answer: Answer) -> Result<(), ShimError> {
        let completed = ChaincodeMessage {
            r#type: Type::Completed.into(),
            payload: encode(answer),
            txid: message.txid.clone(),
            channel_id: message.channel_id.clone(),
            ..ChaincodeMessage::default()
        };
        self.send(completed).await
    }

    async fn complete(&mut self, done: Result<(Id, Answer), JoinError>) -> Result<(), ShimError> {
        let (id, answer, panicked) = match done {
            Ok((id, answer)) => (id, answer, false),
            Err(error) => {
                tracing::error!(%error, "a transaction panicked");
                (error.id(), Answer::refused(STATUS_FAILED, "the chaincode panicked"), true)
            }
        };
        let running = self.running.remove(&id).expect("every task is entered when it is spawned");
        let stub = &running.stub;
        self.slots.remove(&(stub.channel().to_owned(), stub.tx_id().to_owned()));
        let refused = answer.status >= STATUS_REFUSED_MIN;
        let event = stub.end().filter(|_| !refused);
        let mut completed = stub.message(Type::Completed, encode(answer));
        completed.chaincode_event = event;
        let outcome = match stub.check_size(&completed) {
            Ok(()) if panicked => Outcome::Panicked,
            Ok(()) if refused => Outcome::Refused,
            Ok(()) => Outcome::Ok,
            Err(error) => {
                completed = stub.message(Type::Completed, encode(error.into()));
                Outcome::Refused
            }
        };
        self.shared.metrics.finished(outcome, running.started.elapsed());
        self.send(completed).await
    }
}

fn encode(answer: Answer) -> Vec<u8> {
    Response { status: answer.status, message: answer.message, payload: answer.payload }.encode_to_vec()
}
