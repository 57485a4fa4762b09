//! What a chaincode can ask about its transaction and of its peer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fabric_sdk::fabric::protos::chaincode_message::Type;
use fabric_sdk::fabric::protos::{
    ChaincodeEvent, ChaincodeMessage, DelState, GetState, GetStateMetadata, MetaDataKeys, PurgePrivateState, PutState,
    PutStateMetadata, StateMetadata, StateMetadataResult,
};
use prost::Message as _;
use tokio::sync::{mpsc, oneshot};
use tonic::Status;

use super::context::{Context, decode};
use super::{Creator, KeyPolicy, Metrics, Moment, ShimError, key};

/// A message on its way to the peer.
pub(super) type Outgoing = mpsc::Sender<Result<ChaincodeMessage, Status>>;

/// Where the reader of the stream puts the peer's answer to the one call that a transaction may have open.
#[derive(Default)]
pub(super) struct Slot(Mutex<Option<oneshot::Sender<ChaincodeMessage>>>);

impl Slot {
    fn open(&self) -> oneshot::Receiver<ChaincodeMessage> {
        let (answer, answered) = oneshot::channel();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        answered
    }

    /// Hands the answer over; false if nobody waits for one.
    pub(super) fn fill(&self, message: ChaincodeMessage) -> bool {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        waiting.is_some_and(|answer| answer.send(message).is_ok())
    }

    /// Tells whoever waits that no answer will come.
    pub(super) fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// One transaction, and its peer.
///
/// Calls of one transaction wait for each other, as the protocol allows one at a time. A call that is dropped before
/// its answer came ends the transaction: its answer could be taken for that of the next call.
pub struct Stub {
    context: Context,
    out: Outgoing,
    slot: Arc<Slot>,
    turn: tokio::sync::Mutex<()>,
    over: AtomicBool,
    event: Mutex<Option<ChaincodeEvent>>,
    message_bytes_max: usize,
    metrics: Arc<Metrics>,
}

/// Ends the transaction if the call is dropped.
struct Open<'a>(&'a AtomicBool, bool);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.1 {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

impl Stub {
    pub(super) fn new(
        context: Context,
        out: Outgoing,
        slot: Arc<Slot>,
        message_bytes_max: usize,
        metrics: Arc<Metrics>,
    ) -> Self {
        let turn = tokio::sync::Mutex::new(());
        let (over, event) = (AtomicBool::new(false), Mutex::new(None));
        Self { context, out, slot, turn, over, event, message_bytes_max, metrics }
    }

    /// Fabric's name of the transaction.
    pub fn tx_id(&self) -> &str {
        &self.context.tx_id
    }

    /// The channel.
    pub fn channel(&self) -> &str {
        &self.context.channel
    }

    /// The submitter's time; every endorser sees the same.
    pub fn timestamp(&self) -> Option<Moment> {
        self.context.timestamp
    }

    /// The submitter; nothing when the peer itself calls.
    pub fn creator(&self) -> Option<&Creator> {
        self.context.creator.as_ref()
    }

    /// The attributes of the submitter's certificate.
    pub fn attributes(&self) -> Result<BTreeMap<String, String>, ShimError> {
        self.creator().map_or_else(|| Ok(BTreeMap::new()), Creator::attributes)
    }

    /// What the submitter sent to the endorsers alone, under a name.
    pub fn transient(&self, name: &str) -> Option<&[u8]> {
        self.context.transient.get(name).map(Vec::as_slice)
    }

    /// Sets the transaction's event; the last one set is sent, if the transaction goes well.
    pub fn set_event(&self, name: &str, payload: Vec<u8>) {
        let event = ChaincodeEvent {
            chaincode_id: String::new(),
            tx_id: self.tx_id().to_owned(),
            event_name: name.to_owned(),
            payload,
        };
        *self.event.lock().unwrap_or_else(PoisonError::into_inner) = Some(event);
    }

    /// The value of a key before the transaction.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, ShimError> {
        self.get_in("", key).await
    }

    /// Writes a key.
    pub async fn put(&self, key: &str, value: Vec<u8>) -> Result<(), ShimError> {
        self.put_in("", key, value).await
    }

    /// Removes a key.
    pub async fn delete(&self, key: &str) -> Result<(), ShimError> {
        self.delete_in("", key).await
    }

    /// The value of a key of a private collection, if this peer may have it and does.
    pub async fn get_private(&self, collection: &str, key: &str) -> Result<Option<Vec<u8>>, ShimError> {
        self.get_in(collection, key).await
    }

    /// SHA-256 of the value of a key of a private collection: every peer of the channel has it.
    pub async fn get_private_hash(&self, collection: &str, key: &str) -> Result<Option<Vec<u8>>, ShimError> {
        key::check(key)?;
        let request = GetState { key: key.to_owned(), collection: collection.to_owned() };
        let hash = self.call(Type::GetPrivateDataHash, "read the hash of a private key", &request).await?;
        Ok(present(hash))
    }

    /// Writes a key of a private collection.
    pub async fn put_private(&self, collection: &str, key: &str, value: Vec<u8>) -> Result<(), ShimError> {
        self.put_in(collection, key, value).await
    }

    /// Removes a key of a private collection; its history stays with the members.
    pub async fn delete_private(&self, collection: &str, key: &str) -> Result<(), ShimError> {
        self.delete_in(collection, key).await
    }

    /// Removes a key of a private collection and every value it had.
    pub async fn purge_private(&self, collection: &str, key: &str) -> Result<(), ShimError> {
        key::check(key)?;
        let request = PurgePrivateState { key: key.to_owned(), collection: collection.to_owned() };
        self.call(Type::PurgePrivateData, "purge a private key", &request).await.map(drop)
    }

    /// The endorsement policy of a key, as bytes; nothing if the chaincode's own applies.
    pub async fn key_policy(&self, key: &str) -> Result<Option<Vec<u8>>, ShimError> {
        key::check(key)?;
        let request = GetStateMetadata { key: key.to_owned(), collection: String::new() };
        let answer = self.call(Type::GetStateMetadata, "read a key's policy", &request).await?;
        let found: StateMetadataResult = decode("key's metadata", &answer)?;
        let policy = found.entries.into_iter().find(|entry| entry.metakey == policy_name());
        Ok(policy.map(|entry| entry.value))
    }

    /// Sets the endorsement policy of a key: from the next block on, writes of it need these endorsements.
    pub async fn set_key_policy(&self, key: &str, policy: &KeyPolicy) -> Result<(), ShimError> {
        key::check(key)?;
        let metadata = StateMetadata { metakey: policy_name().to_owned(), value: policy.encode() };
        let request = PutStateMetadata { key: key.to_owned(), collection: String::new(), metadata: Some(metadata) };
        self.call(Type::PutStateMetadata, "set a key's policy", &request).await.map(drop)
    }

    async fn get_in(&self, collection: &str, key: &str) -> Result<Option<Vec<u8>>, ShimError> {
        key::check(key)?;
        let request = GetState { key: key.to_owned(), collection: collection.to_owned() };
        let value = self.call(Type::GetState, "read a key", &request).await?;
        Ok(present(value))
    }

    async fn put_in(&self, collection: &str, key: &str, value: Vec<u8>) -> Result<(), ShimError> {
        key::check(key)?;
        let request = PutState { key: key.to_owned(), value, collection: collection.to_owned() };
        self.call(Type::PutState, "write a key", &request).await.map(drop)
    }

    async fn delete_in(&self, collection: &str, key: &str) -> Result<(), ShimError> {
        key::check(key)?;
        let request = DelState { key: key.to_owned(), collection: collection.to_owned() };
        self.call(Type::DelState, "remove a key", &request).await.map(drop)
    }

    /// One call to the peer and its answer.
    pub(super) async fn call(
        &self,
        kind: Type,
        call: &'static str,
        request: &impl prost::Message,
    ) -> Result<Vec<u8>, ShimError> {
        let _turn = self.turn.lock().await;
        if self.over.load(Ordering::Relaxed) {
            return Err(ShimError::Disconnected);
        }
        let message = self.message(kind, request.encode_to_vec());
        self.check_size(&message)?;
        self.metrics.called();
        let mut open = Open(&self.over, false);
        let answered = self.slot.open();
        self.out.send(Ok(message)).await.map_err(|_| ShimError::Disconnected)?;
        let answer = answered.await.map_err(|_| ShimError::Disconnected)?;
        open.1 = true;
        match Type::try_from(answer.r#type) {
            Ok(Type::Response) => Ok(answer.payload),
            _ => Err(ShimError::Refused { call, reason: String::from_utf8_lossy(&answer.payload).into_owned() }),
        }
    }

    pub(super) fn message(&self, kind: Type, payload: Vec<u8>) -> ChaincodeMessage {
        ChaincodeMessage {
            r#type: kind.into(),
            payload,
            txid: self.tx_id().to_owned(),
            channel_id: self.channel().to_owned(),
            ..ChaincodeMessage::default()
        }
    }

    pub(super) fn check_size(&self, message: &ChaincodeMessage) -> Result<(), ShimError> {
        let (size, max) = (message.encoded_len(), self.message_bytes_max);
        if size > max { Err(ShimError::TooLarge { size, max }) } else { Ok(()) }
    }

    /// Ends the transaction: what is still running of it can ask nothing more.
    pub(super) fn end(&self) -> Option<ChaincodeEvent> {
        self.over.store(true, Ordering::Relaxed);
        self.slot.close();
        self.event.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Fabric gives an absent key an empty value, and takes no other.
fn present(value: Vec<u8>) -> Option<Vec<u8>> {
    if value.is_empty() { None } else { Some(value) }
}

fn policy_name() -> &'static str {
    MetaDataKeys::ValidationParameter.as_str_name()
}
