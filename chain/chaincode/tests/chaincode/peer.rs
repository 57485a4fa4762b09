//! A peer in this process that speaks Fabric's protocol over a real connection, and keeps the state in maps.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use fabric_sdk::fabric::common::{ChannelHeader, Header, SignatureHeader};
use fabric_sdk::fabric::google_protobuf::Timestamp;
use fabric_sdk::fabric::msp::SerializedIdentity;
use fabric_sdk::fabric::protos::chaincode_client::ChaincodeClient;
use fabric_sdk::fabric::protos::chaincode_message::Type;
use fabric_sdk::fabric::protos::{
    ChaincodeEvent, ChaincodeId, ChaincodeInput, ChaincodeMessage, ChaincodeProposalPayload, DelState,
    GetHistoryForKey, GetState, GetStateByRange, GetStateMetadata, Proposal, PutState, PutStateMetadata, QueryMetadata,
    QueryResponse, QueryResponseMetadata, QueryResultBytes, QueryStateNext, Response, SignedProposal,
    StateMetadataResult,
};
use fabric_sdk::fabric::queryresult::{KeyModification, Kv};
use prost::Message;
use tokio::sync::{mpsc, oneshot};
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{ClientTlsConfig, Endpoint};

/// Results that the peer sends at once, so that queries continue.
const BATCH: usize = 3;
pub(crate) const CHANNEL: &str = "trial";
/// The submitter's time in every proposal.
pub(crate) const TIME: (i64, i32) = (1_780_272_000, 123_456_789);

/// The transaction, and the value it wrote.
type Change = (String, Option<Vec<u8>>);

/// What the ledger of this peer holds.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct World {
    pub(crate) state: BTreeMap<String, Vec<u8>>,
    pub(crate) policies: BTreeMap<String, Vec<u8>>,
    pub(crate) private: BTreeMap<(String, String), Vec<u8>>,
    pub(crate) history: BTreeMap<String, Vec<Change>>,
}

/// What a transaction was answered with, and what it would write.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    pub(crate) response: Response,
    pub(crate) event: Option<ChaincodeEvent>,
    pub(crate) writes: BTreeMap<(String, String), Option<Vec<u8>>>,
    pub(crate) policies: BTreeMap<String, Vec<u8>>,
    pub(crate) calls: usize,
}

#[derive(Default)]
struct Simulation {
    done: Option<oneshot::Sender<Done>>,
    writes: BTreeMap<(String, String), Option<Vec<u8>>>,
    policies: BTreeMap<String, Vec<u8>>,
    queries: HashMap<String, Vec<Vec<u8>>>,
    calls: usize,
}

#[derive(Default)]
struct Inner {
    world: Mutex<World>,
    simulations: Mutex<HashMap<String, Simulation>>,
    /// Transactions with a call open: the real peer refuses a second.
    open: Mutex<HashSet<String>>,
    /// Calls are refused once this is set.
    failing: Mutex<Option<String>>,
    registered: Mutex<Option<String>>,
}

pub(crate) struct Peer {
    inner: Arc<Inner>,
    out: mpsc::Sender<ChaincodeMessage>,
    reading: tokio::task::JoinHandle<Option<tonic::Status>>,
    next: Mutex<u64>,
    /// The MSP that transactions say they come from.
    caller: Mutex<String>,
}

impl Peer {
    /// Connects and waits until the chaincode has registered.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::connect_with(address, None).await.expect("the chaincode can be reached")
    }

    pub(crate) async fn connect_with(address: SocketAddr, tls: Option<ClientTlsConfig>) -> Result<Self, tonic::Status> {
        let unreachable = |error: tonic::transport::Error| tonic::Status::unavailable(format!("{error:?}"));
        let scheme = if tls.is_some() { "https" } else { "http" };
        let mut endpoint = Endpoint::from_shared(format!("{scheme}://{address}")).expect("an address");
        if let Some(tls) = tls {
            endpoint = endpoint.tls_config(tls).map_err(unreachable)?;
        }
        let channel = endpoint.connect().await.map_err(unreachable)?;
        let (out, outgoing) = mpsc::channel(4_096);
        let mut client = ChaincodeClient::new(channel).max_decoding_message_size(200 << 20);
        let mut incoming = client.connect(ReceiverStream::new(outgoing)).await?.into_inner();
        let inner = Arc::new(Inner::default());
        let register = incoming.message().await?.expect("the chaincode registers first");
        assert_eq!(register.r#type, i32::from(Type::Register));
        let id = ChaincodeId::decode(register.payload.as_slice()).expect("its identifier");
        *inner.registered.lock().expect("unpoisoned") = Some(id.name);
        for kind in [Type::Registered, Type::Ready] {
            out.send(ChaincodeMessage { r#type: kind.into(), ..Default::default() }).await.expect("it listens");
        }
        let (reader, answers) = (Arc::clone(&inner), out.clone());
        let reading = tokio::spawn(async move {
            let ended = loop {
                match incoming.message().await {
                    Ok(Some(message)) => reader.take(&message, &answers),
                    Ok(None) => break None,
                    Err(status) => break Some(status),
                }
            };
            // Whoever still waits for an answer learns that none will come.
            reader.simulations.lock().expect("unpoisoned").clear();
            ended
        });
        Ok(Self { inner, out, reading, next: Mutex::new(0), caller: Mutex::new("NorthMSP".to_owned()) })
    }

    pub(crate) fn package_id(&self) -> Option<String> {
        self.inner.registered.lock().expect("unpoisoned").clone()
    }

    pub(crate) fn world(&self) -> World {
        self.inner.world.lock().expect("unpoisoned").clone()
    }

    pub(crate) fn set_world(&self, world: World) {
        *self.inner.world.lock().expect("unpoisoned") = world;
    }

    /// Transactions from now on say that they come from there.
    pub(crate) fn set_caller(&self, msp_id: &str) {
        msp_id.clone_into(&mut self.caller.lock().expect("unpoisoned"));
    }

    /// Every call from now on is refused with these words; with none, answered again.
    pub(crate) fn fail(&self, words: Option<&str>) {
        *self.inner.failing.lock().expect("unpoisoned") = words.map(str::to_owned);
    }

    /// Waits for the end of the stream.
    pub(crate) async fn ended(self) -> Option<tonic::Status> {
        drop(self.out);
        self.reading.await.expect("the reader does not panic")
    }

    /// Cuts the connection in the middle of everything.
    pub(crate) fn cut(self) {
        self.reading.abort();
    }

    pub(crate) async fn send(&self, message: ChaincodeMessage) {
        self.out.send(message).await.expect("the chaincode listens");
    }

    /// Sends a transaction; its answer, whenever it comes, or nothing if the stream ends.
    pub(crate) async fn propose(&self, function: &str, arguments: &[Vec<u8>]) -> oneshot::Receiver<Done> {
        let number = {
            let mut next = self.next.lock().expect("unpoisoned");
            *next += 1;
            *next
        };
        let tx_id = format!("tx{number}");
        let (done, answer) = oneshot::channel();
        let simulation = Simulation { done: Some(done), ..Simulation::default() };
        self.inner.simulations.lock().expect("unpoisoned").insert(tx_id.clone(), simulation);
        let caller = self.caller.lock().expect("unpoisoned").clone();
        self.send(transaction(&tx_id, &caller, function, arguments)).await;
        answer
    }

    /// Simulates only.
    pub(crate) async fn evaluate(&self, function: &str, arguments: &[Vec<u8>]) -> Done {
        self.propose(function, arguments).await.await.expect("an answer")
    }

    /// Simulates and, if it went well, writes.
    pub(crate) async fn submit(&self, function: &str, arguments: &[Vec<u8>]) -> Done {
        let done = self.evaluate(function, arguments).await;
        if done.response.status < 400 {
            self.commit(&done);
        }
        done
    }

    fn commit(&self, done: &Done) {
        let mut world = self.inner.world.lock().expect("unpoisoned");
        let name = format!("tx{}", self.next.lock().expect("unpoisoned"));
        for ((collection, key), value) in &done.writes {
            if collection.is_empty() {
                world.history.entry(key.clone()).or_default().insert(0, (name.clone(), value.clone()));
                match value {
                    Some(value) => world.state.insert(key.clone(), value.clone()),
                    None => world.state.remove(key),
                };
            } else {
                let key = (collection.clone(), key.clone());
                match value {
                    Some(value) => world.private.insert(key, value.clone()),
                    None => world.private.remove(&key),
                };
            }
        }
        world.policies.extend(done.policies.clone());
    }
}

fn transaction(tx_id: &str, caller: &str, function: &str, arguments: &[Vec<u8>]) -> ChaincodeMessage {
    let args = std::iter::once(function.as_bytes().to_vec()).chain(arguments.iter().cloned()).collect();
    let input = ChaincodeInput { args, ..ChaincodeInput::default() };
    let creator = SerializedIdentity { mspid: caller.to_owned(), id_bytes: b"no certificate".to_vec() };
    let channel = ChannelHeader {
        channel_id: CHANNEL.to_owned(),
        tx_id: tx_id.to_owned(),
        timestamp: Some(Timestamp { seconds: TIME.0, nanos: TIME.1 }),
        ..ChannelHeader::default()
    };
    let signature = SignatureHeader { creator: creator.encode_to_vec(), nonce: vec![1] };
    let header = Header { channel_header: channel.encode_to_vec(), signature_header: signature.encode_to_vec() };
    let transient_map = HashMap::from([("secret".to_owned(), b"between us".to_vec())]);
    let payload = ChaincodeProposalPayload { input: Vec::new(), transient_map };
    let proposal = Proposal { header: header.encode_to_vec(), payload: payload.encode_to_vec(), extension: Vec::new() };
    ChaincodeMessage {
        r#type: Type::Transaction.into(),
        payload: input.encode_to_vec(),
        txid: tx_id.to_owned(),
        channel_id: CHANNEL.to_owned(),
        proposal: Some(SignedProposal { proposal_bytes: proposal.encode_to_vec(), signature: vec![] }),
        ..ChaincodeMessage::default()
    }
}

fn read<M: Message + Default>(message: &ChaincodeMessage) -> M {
    M::decode(message.payload.as_slice()).expect("a request in its form")
}

impl Inner {
    fn take(self: &Arc<Self>, message: &ChaincodeMessage, answers: &mpsc::Sender<ChaincodeMessage>) {
        let kind = Type::try_from(message.r#type).expect("a known type");
        if kind == Type::Keepalive {
            return;
        }
        if kind == Type::Completed {
            let simulation = self.simulations.lock().expect("unpoisoned").remove(&message.txid);
            let Some(Simulation { done: Some(done), writes, policies, calls, .. }) = simulation else { return };
            let event = message.chaincode_event.clone();
            done.send(Done { response: read(message), event, writes, policies, calls }).ok();
            return;
        }
        let first = self.open.lock().expect("unpoisoned").insert(message.txid.clone());
        assert!(first, "{kind:?}: another call of {} is open", message.txid);
        let (inner, answers, message) = (Arc::clone(self), answers.clone(), message.clone());
        // As in the real peer, each call is answered by a task of its own.
        tokio::spawn(async move {
            let answer = inner.call(kind, &message);
            inner.open.lock().expect("unpoisoned").remove(&message.txid);
            let (kind, payload) = match answer {
                Ok(payload) => (Type::Response, payload),
                Err(words) => (Type::Error, words.into_bytes()),
            };
            let (txid, channel_id) = (message.txid, message.channel_id);
            let answer = ChaincodeMessage { r#type: kind.into(), payload, txid, channel_id, ..Default::default() };
            answers.send(answer).await.ok();
        });
    }

    fn call(&self, kind: Type, message: &ChaincodeMessage) -> Result<Vec<u8>, String> {
        if let Some(words) = &*self.failing.lock().expect("unpoisoned") {
            return Err(words.clone());
        }
        let world = self.world.lock().expect("unpoisoned");
        let mut simulations = self.simulations.lock().expect("unpoisoned");
        let simulation = simulations.get_mut(&message.txid).ok_or("no such transaction")?;
        simulation.calls += 1;
        match kind {
            Type::GetState => {
                let GetState { key, collection } = read(message);
                let found =
                    if collection.is_empty() { world.state.get(&key) } else { world.private.get(&(collection, key)) };
                Ok(found.cloned().unwrap_or_default())
            }
            Type::GetPrivateDataHash => {
                let GetState { key, collection } = read(message);
                let found = world.private.get(&(collection, key));
                Ok(found.map(|value| value.iter().rev().copied().collect()).unwrap_or_default())
            }
            Type::PutState => {
                let PutState { key, value, collection } = read(message);
                simulation.writes.insert((collection, key), Some(value));
                Ok(vec![])
            }
            Type::DelState => {
                let DelState { key, collection } = read(message);
                simulation.writes.insert((collection, key), None);
                Ok(vec![])
            }
            Type::PutStateMetadata => {
                let PutStateMetadata { key, metadata, .. } = read(message);
                let metadata = metadata.ok_or("no metadata")?;
                assert_eq!(metadata.metakey, "VALIDATION_PARAMETER");
                simulation.policies.insert(key, metadata.value);
                Ok(vec![])
            }
            Type::GetStateMetadata => {
                let GetStateMetadata { key, .. } = read(message);
                let entry = world.policies.get(&key).map(|value| fabric_sdk::fabric::protos::StateMetadata {
                    metakey: "VALIDATION_PARAMETER".to_owned(),
                    value: value.clone(),
                });
                Ok(StateMetadataResult { entries: entry.into_iter().collect() }.encode_to_vec())
            }
            Type::GetStateByRange => {
                let GetStateByRange { start_key, end_key, metadata, .. } = read(message);
                Ok(range(&world, simulation, &start_key, &end_key, &metadata))
            }
            Type::GetHistoryForKey => {
                let GetHistoryForKey { key } = read(message);
                let changes = world.history.get(&key).cloned().unwrap_or_default().into_iter();
                let change = |(tx_id, value): Change| KeyModification {
                    tx_id,
                    is_delete: value.is_none(),
                    value: value.unwrap_or_default(),
                    timestamp: Some(Timestamp { seconds: 1, nanos: 2 }),
                };
                let results = changes.map(|found| change(found).encode_to_vec()).collect();
                Ok(answer(simulation, results, vec![]))
            }
            Type::QueryStateNext => {
                let QueryStateNext { id } = read(message);
                let rest = simulation.queries.remove(&id).ok_or("no such query")?;
                Ok(answer_as(simulation, id, rest, vec![]))
            }
            other => Err(format!("{other:?} is out of place")),
        }
    }
}

fn range(world: &World, simulation: &mut Simulation, start: &str, end: &str, metadata: &[u8]) -> Vec<u8> {
    let paging = QueryMetadata::decode(metadata).expect("metadata in its form");
    let start = if paging.bookmark.is_empty() { start } else { &paging.bookmark };
    let inside = |key: &String| key.as_str() >= start && (end.is_empty() || key.as_str() < end);
    let mut found = world.state.iter().filter(|(key, _)| inside(key));
    let size = if paging.page_size == 0 { usize::MAX } else { usize::try_from(paging.page_size).expect("positive") };
    let results: Vec<_> = found
        .by_ref()
        .take(size)
        .map(|(key, value)| Kv { namespace: "cc".to_owned(), key: key.clone(), value: value.clone() }.encode_to_vec())
        .collect();
    let metadata = if paging.page_size == 0 {
        vec![]
    } else {
        let bookmark = found.next().map(|(key, _)| key.clone()).unwrap_or_default();
        let fetched_records_count = i32::try_from(results.len()).expect("few");
        QueryResponseMetadata { fetched_records_count, bookmark }.encode_to_vec()
    };
    answer(simulation, results, metadata)
}

fn answer(simulation: &mut Simulation, results: Vec<Vec<u8>>, metadata: Vec<u8>) -> Vec<u8> {
    let id = format!("query{}", simulation.calls);
    answer_as(simulation, id, results, metadata)
}

fn answer_as(simulation: &mut Simulation, id: String, mut results: Vec<Vec<u8>>, metadata: Vec<u8>) -> Vec<u8> {
    let rest = results.split_off(results.len().min(BATCH));
    let has_more = !rest.is_empty();
    if has_more {
        simulation.queries.insert(id.clone(), rest);
    }
    let results = results.into_iter().map(|result_bytes| QueryResultBytes { result_bytes }).collect();
    QueryResponse { results, has_more, id, metadata }.encode_to_vec()
}
