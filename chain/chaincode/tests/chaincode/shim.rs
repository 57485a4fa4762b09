//! The shim: what a chaincode can ask for, how many at once, and what goes wrong.

use std::sync::Arc;
use std::time::Duration;

use fabric_sdk::fabric::protos::ChaincodeMessage;
use fabric_sdk::fabric::protos::chaincode_message::Type;
use tokio::sync::{Barrier, Notify, oneshot};
use veridose_chaincode::shim::{
    Answer, Chaincode, KeyPolicy, Metrics, Moment, Options, Server, ServerError, ShimError, Stub, composite_key,
    serve_metrics,
};

use super::peer::{CHANNEL, Peer, TIME};

/// A chaincode that does what its function is called.
#[derive(Default)]
pub(crate) struct Trial {
    barrier: Option<Barrier>,
    release: Arc<Notify>,
}

impl Chaincode for Trial {
    async fn invoke(self: Arc<Self>, stub: Arc<Stub>, function: String, arguments: Vec<Vec<u8>>) -> Answer {
        self.run(&stub, &function, &arguments).await.unwrap_or_else(Answer::from)
    }
}

fn text(bytes: Option<&Vec<u8>>) -> String {
    String::from_utf8(bytes.cloned().unwrap_or_default()).expect("UTF-8")
}

impl Trial {
    async fn run(&self, stub: &Stub, function: &str, arguments: &[Vec<u8>]) -> Result<Answer, ShimError> {
        let (key, value) = (text(arguments.first()), text(arguments.get(1)));
        let mut lines = Vec::new();
        match function {
            "put" => stub.put(&key, value.into_bytes()).await?,
            "delete" => stub.delete(&key).await?,
            "get" => lines.push(text(stub.get(&key).await?.as_ref())),
            "swap" => {
                let before = stub.get(&key).await?;
                stub.put(&key, value.into_bytes()).await?;
                stub.set_event("swapped", key.clone().into_bytes());
                lines.push(text(before.as_ref()));
            }
            "refuse" => {
                stub.put(&key, vec![1]).await?;
                stub.set_event("never", vec![]);
                return Ok(Answer::refused(409, "not today"));
            }
            "private" => {
                stub.put_private("prices", &key, value.into_bytes()).await?;
                lines.push(text(stub.get_private("prices", &key).await?.as_ref()));
                lines.push(text(stub.get_private_hash("prices", &key).await?.as_ref()));
            }
            "guard" => {
                let policy = KeyPolicy::majority(vec!["AMSP".to_owned(), "BMSP".to_owned()]);
                stub.set_key_policy(&key, &policy).await?;
            }
            "policy" => {
                let policy = stub.key_policy(&key).await?;
                let policy = policy.map(|bytes| KeyPolicy::decode(&bytes)).transpose()?;
                lines.push(policy.map_or("none".to_owned(), |policy| {
                    format!("{} of {}", policy.required, policy.msp_ids.join(" "))
                }));
            }
            "who" => {
                let creator = stub.creator().expect("a proposal has one");
                lines = vec![creator.msp_id.clone(), stub.tx_id().to_owned(), stub.channel().to_owned()];
                let (seconds, nanoseconds) = TIME;
                assert_eq!(stub.timestamp(), Some(Moment { seconds, nanoseconds }));
                lines.push(text(stub.transient("secret").map(<[u8]>::to_vec).as_ref()));
                assert!(stub.attributes().is_err(), "the submitter's certificate is none");
            }
            other => return self.query(stub, other, &key, &value).await,
        }
        Ok(answer(&lines))
    }

    /// Reads of many keys.
    async fn query(&self, stub: &Stub, function: &str, key: &str, value: &str) -> Result<Answer, ShimError> {
        let mut lines = Vec::new();
        match function {
            "range" => {
                let mut range = stub.range(key, value).await?;
                while let Some(pair) = range.next().await? {
                    lines.push(format!("{}={}", pair.key, text(Some(&pair.value))));
                }
            }
            "page" => {
                let page = stub.page("", "", 4, key).await?;
                lines.extend(page.pairs.into_iter().map(|pair| pair.key));
                lines.push(page.bookmark.unwrap_or_default());
            }
            "composite" => {
                let mut range = stub.range_composite("offer", &[key]).await?;
                while let Some(pair) = range.next().await? {
                    lines.push(pair.key.replace('\0', "/"));
                }
            }
            "history" => {
                let mut changes = stub.history(key).await?;
                while let Some(change) = changes.next().await? {
                    lines.push(change.value.map_or("gone".to_owned(), |value| text(Some(&value))));
                }
            }
            other => return self.misbehave(stub, other, key).await,
        }
        Ok(answer(&lines))
    }

    /// What a chaincode should not do, or not for long.
    async fn misbehave(&self, stub: &Stub, function: &str, key: &str) -> Result<Answer, ShimError> {
        let mut lines = Vec::new();
        match function {
            "panic" => panic!("on purpose"),
            "large" => return Ok(Answer::ok(vec![7; key.parse().expect("a number")])),
            "put-large" => stub.put("large", vec![7; key.parse().expect("a number")]).await?,
            "wait" => self.release.notified().await,
            "meet" => {
                stub.get("before").await?;
                self.barrier.as_ref().expect("set up").wait().await;
                lines.push(text(stub.get(key).await?.as_ref()));
            }
            "both" => {
                let (left, right) = tokio::join!(stub.get("a"), stub.get("b"));
                lines = vec![text(left?.as_ref()), text(right?.as_ref())];
            }
            "give-up" => {
                let late = tokio::time::timeout(Duration::ZERO, async {
                    stub.get("a").await.ok();
                    std::future::pending::<()>().await;
                });
                late.await.expect_err("it never ends");
                lines.push(format!("{:?}", stub.get("b").await));
            }
            other => return Ok(Answer::refused(400, format!("no function {other}"))),
        }
        Ok(answer(&lines))
    }
}

fn answer(lines: &[String]) -> Answer {
    Answer::ok(lines.join("\n").into_bytes())
}

/// A chaincode that runs until it is dropped or told to stop.
pub(crate) struct Served {
    pub(crate) address: std::net::SocketAddr,
    pub(crate) metrics: Arc<Metrics>,
    stop: Option<oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<Result<(), ServerError>>,
}

impl Served {
    pub(crate) fn start<C: Chaincode>(chaincode: C, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::new("trial:1", "127.0.0.1:0".parse().expect("an address"));
        change(&mut options);
        let metrics = Arc::new(Metrics::default());
        let server = Server::bind(options, chaincode, Arc::clone(&metrics)).expect("it listens");
        let address = server.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(server.run(async move {
            stopped.await.ok();
        }));
        Self { address, metrics, stop: Some(stop), task }
    }

    pub(crate) async fn stop(mut self) -> Result<(), ServerError> {
        drop(self.stop.take());
        self.task.await.expect("the server does not panic")
    }

    /// One line of the metrics.
    fn count(&self, name: &str) -> String {
        let text = self.metrics.text();
        let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a known metric");
        line.trim().to_owned()
    }
}

async fn ok(peer: &Peer, function: &str, arguments: &[&str]) -> String {
    let arguments: Vec<Vec<u8>> = arguments.iter().map(|argument| argument.as_bytes().to_vec()).collect();
    let done = peer.submit(function, &arguments).await;
    assert_eq!(done.response.status, 200, "{function}: {}", done.response.message);
    String::from_utf8(done.response.payload).expect("UTF-8")
}

#[tokio::test]
async fn state_ranges_history_private_data_and_policies() {
    let served = Served::start(Trial::default(), |_| {});
    let peer = Peer::connect(served.address).await;
    assert_eq!(peer.package_id().as_deref(), Some("trial:1"));
    for number in 0..8 {
        ok(&peer, "put", &[&format!("k{number}"), &format!("v{number}")]).await;
    }
    for (by, name) in [("north", "1"), ("north", "2"), ("northern", "3")] {
        ok(&peer, "put", &[&composite_key("offer", &[by, name]).expect("allowed"), "o"]).await;
    }
    assert_eq!(ok(&peer, "get", &["k3"]).await, "v3");
    assert_eq!(ok(&peer, "range", &["k2", "k7"]).await, "k2=v2\nk3=v3\nk4=v4\nk5=v5\nk6=v6");
    assert_eq!(ok(&peer, "range", &["", ""]).await.lines().count(), 8, "composite keys are apart");
    assert_eq!(ok(&peer, "page", &[""]).await, "k0\nk1\nk2\nk3\nk4");
    assert_eq!(ok(&peer, "page", &["k4"]).await, "k4\nk5\nk6\nk7\n");
    assert_eq!(ok(&peer, "composite", &["north"]).await, "/offer/north/1/\n/offer/north/2/");
    ok(&peer, "delete", &["k3"]).await;
    assert_eq!(ok(&peer, "get", &["k3"]).await, "");
    assert_eq!(ok(&peer, "history", &["k3"]).await, "gone\nv3");
    assert_eq!(ok(&peer, "private", &["p", "12"]).await, "\n", "a write is not read back in its transaction");
    assert_eq!(ok(&peer, "private", &["p", "13"]).await, "12\n21");
    assert_eq!(ok(&peer, "policy", &["k1"]).await, "none");
    ok(&peer, "guard", &["k1"]).await;
    assert_eq!(ok(&peer, "policy", &["k1"]).await, "2 of AMSP BMSP");
    let who = ok(&peer, "who", &[]).await;
    assert!(who.starts_with("NorthMSP\ntx"), "{who}");
    assert!(who.ends_with(&format!("\n{CHANNEL}\nbetween us")), "{who}");
    let swapped = peer.submit("swap", &[b"k1".to_vec(), b"new".to_vec()]).await;
    assert_eq!(swapped.event.map(|event| (event.event_name, event.payload)), Some(("swapped".into(), b"k1".to_vec())));
}

#[tokio::test]
async fn a_refusal_carries_its_status_and_no_event() {
    let served = Served::start(Trial::default(), |_| {});
    let peer = Peer::connect(served.address).await;
    let refused = peer.submit("refuse", &[b"k".to_vec()]).await;
    assert_eq!((refused.response.status, refused.response.message.as_str()), (409, "not today"));
    assert!(refused.event.is_none() && peer.world().state.is_empty());
    let empty = peer.submit("get", &[vec![]]).await;
    assert_eq!((empty.response.status, empty.response.message.as_str()), (500, "the key \"\" is empty"));
    peer.fail(Some("the disk is full"));
    let failed = peer.submit("put", &[b"k".to_vec()]).await;
    assert_eq!(failed.response.message, "the peer refused to write a key: the disk is full");
    peer.fail(None);
    let malformed = ChaincodeMessage {
        r#type: Type::Transaction.into(),
        payload: vec![0xff],
        txid: "bad".into(),
        ..Default::default()
    };
    peer.send(malformed).await;
    assert_eq!(ok(&peer, "get", &["k"]).await, "", "the stream goes on");
    assert_eq!(served.count("chaincode_transactions_total{outcome=\"refused\"}"), "4");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_and_fifty_six_are_under_way_at_once() {
    let count = 256;
    let served = Served::start(Trial { barrier: Some(Barrier::new(count)), ..Trial::default() }, |_| {});
    let peer = Peer::connect(served.address).await;
    for number in 0..count {
        ok(&peer, "put", &[&format!("k{number}"), &format!("v{number}")]).await;
    }
    // None of them goes on before all of them are there.
    let mut answers = Vec::new();
    for number in 0..count {
        answers.push(peer.propose("meet", &[format!("k{number}").into_bytes()]).await);
    }
    for (number, answer) in answers.into_iter().enumerate() {
        let done = answer.await.expect("an answer");
        assert_eq!(done.response.payload, format!("v{number}").into_bytes());
    }
    assert_eq!(served.count("chaincode_transactions_in_flight"), "0");
}

#[tokio::test]
async fn calls_of_one_transaction_wait_for_each_other() {
    let served = Served::start(Trial::default(), |_| {});
    let peer = Peer::connect(served.address).await;
    ok(&peer, "put", &["a", "1"]).await;
    ok(&peer, "put", &["b", "2"]).await;
    assert_eq!(ok(&peer, "both", &[]).await, "1\n2");
}

#[tokio::test]
async fn a_call_that_was_given_up_ends_its_transaction_alone() {
    let served = Served::start(Trial::default(), |_| {});
    let peer = Peer::connect(served.address).await;
    ok(&peer, "put", &["a", "1"]).await;
    ok(&peer, "put", &["b", "2"]).await;
    let answer = ok(&peer, "give-up", &[]).await;
    assert!(answer == "Err(Disconnected)" || answer == "Ok(Some([50]))", "never the answer to another call: {answer}");
    assert_eq!(ok(&peer, "get", &["b"]).await, "2");
}

#[tokio::test]
async fn a_panic_fails_its_own_transaction() {
    let served = Served::start(Trial::default(), |_| {});
    let peer = Peer::connect(served.address).await;
    let waiting = peer.propose("wait", &[]).await;
    let panicked = peer.submit("panic", &[]).await;
    assert_eq!((panicked.response.status, panicked.response.message.as_str()), (500, "the chaincode panicked"));
    assert_eq!(ok(&peer, "get", &["k"]).await, "");
    assert_eq!(served.count("chaincode_transactions_total{outcome=\"panicked\"}"), "1");
    drop(waiting);
}

#[tokio::test]
async fn what_is_too_large_fails_its_own_transaction() {
    let served = Served::start(Trial::default(), |options| options.message_bytes_max = 100_000);
    let peer = Peer::connect(served.address).await;
    for function in ["large", "put-large"] {
        let done = peer.submit(function, &[b"200000".to_vec()]).await;
        assert_eq!(done.response.status, 500);
        assert!(done.response.message.contains("100000 are allowed"), "{}", done.response.message);
        let fits = peer.submit(function, &[b"90000".to_vec()]).await;
        assert_eq!(fits.response.status, 200);
    }
    assert_eq!(ok(&peer, "get", &["k"]).await, "");
    // What the peer sends beyond the limit ends the stream; another can be opened.
    peer.propose("get", &[vec![b'k'; 200_000]]).await.await.expect_err("no answer");
    let status = peer.ended().await.map(|status| status.code());
    assert_ne!(status, Some(tonic::Code::Ok));
    let again = Peer::connect(served.address).await;
    assert_eq!(ok(&again, "get", &["k"]).await, "");
}

#[tokio::test]
async fn past_the_limit_a_transaction_is_told_to_come_again() {
    let served = Served::start(Trial::default(), |options| options.in_flight_max = 2);
    let peer = Peer::connect(served.address).await;
    let waiting = [peer.propose("wait", &[]).await, peer.propose("wait", &[]).await];
    let busy = peer.submit("get", &[b"k".to_vec()]).await;
    assert_eq!((busy.response.status, busy.response.message.as_str()), (503, "too many transactions are under way"));
    assert_eq!(served.count("chaincode_transactions_total{outcome=\"busy\"}"), "1");
    assert_eq!(served.count("chaincode_transactions_in_flight"), "2");
    drop(waiting);
}

#[tokio::test]
async fn a_cut_connection_loses_what_was_under_way_and_nothing_more() {
    let served = Served::start(Trial::default(), |_| {});
    let (one, other) = (Peer::connect(served.address).await, Peer::connect(served.address).await);
    ok(&one, "put", &["k", "v"]).await;
    let world = one.world();
    let waiting = one.propose("wait", &[]).await;
    one.cut();
    waiting.await.expect_err("its peer is gone");
    assert_eq!(ok(&other, "get", &["k"]).await, "");
    let again = Peer::connect(served.address).await;
    again.set_world(world);
    assert_eq!(ok(&again, "get", &["k"]).await, "v");
    while served.count("chaincode_peers_connected") != "2" {
        tokio::task::yield_now().await;
    }
    assert_eq!(served.count("chaincode_transactions_total{outcome=\"lost\"}"), "1");
    assert_eq!(served.count("chaincode_transactions_in_flight"), "0");
}

#[tokio::test]
async fn stopping_lets_what_is_under_way_end() {
    let release = Arc::new(Notify::new());
    let served = Served::start(Trial { release: Arc::clone(&release), ..Trial::default() }, |_| {});
    let peer = Peer::connect(served.address).await;
    let waiting = peer.propose("wait", &[]).await;
    ok(&peer, "get", &["k"]).await;
    let stopping = tokio::spawn(served.stop());
    // From some moment on nothing new is begun.
    while peer.submit("get", &[b"k".to_vec()]).await.response.status != 503 {
        tokio::task::yield_now().await;
    }
    release.notify_one();
    assert_eq!(waiting.await.expect("it may end").response.status, 200);
    assert!(peer.ended().await.is_none(), "the stream is closed in order");
    stopping.await.expect("no panic").expect("it stops");
}

#[tokio::test]
async fn stopping_waits_no_longer_than_it_may() {
    let served = Served::start(Trial::default(), |options| options.stop_max = Duration::from_millis(100));
    let peer = Peer::connect(served.address).await;
    let waiting = peer.propose("wait", &[]).await;
    ok(&peer, "get", &["k"]).await;
    served.stop().await.expect("it stops");
    waiting.await.expect_err("it was cut off");
}

#[tokio::test]
async fn the_address_that_is_taken_is_named() {
    let served = Served::start(Trial::default(), |_| {});
    let options = Options::new("trial:1", served.address);
    let error = Server::bind(options, Trial::default(), Arc::default()).err().expect("it is taken");
    assert_eq!(error.to_string(), format!("failed to listen on {}", served.address));
}

#[tokio::test]
async fn metrics_are_scraped_over_http() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let served = Served::start(Trial::default(), |_| {});
    let peer = Peer::connect(served.address).await;
    ok(&peer, "put", &["k", "v"]).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = free.local_addr().expect("an address");
    drop(free);
    let serving = tokio::spawn(serve_metrics(address, Arc::clone(&served.metrics)));
    let scrape = async |path: &str| {
        let mut stream = loop {
            match tokio::net::TcpStream::connect(address).await {
                Ok(stream) => break stream,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        let request = format!("GET {path} HTTP/1.1\r\nhost: here\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("it listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it answers");
        answer
    };
    let found = scrape("/metrics").await;
    assert!(found.starts_with("HTTP/1.1 200 OK\r\n"), "{found}");
    for line in [
        "chaincode_transactions_total{outcome=\"ok\"} 1",
        "chaincode_transaction_seconds_count 1",
        "chaincode_peer_calls_total 1",
        "chaincode_peers_connected 1",
    ] {
        assert!(found.contains(line), "{found}");
    }
    assert!(scrape("/healthz").await.ends_with("ok\n"));
    assert!(scrape("/").await.starts_with("HTTP/1.1 404"));
    serving.abort();
}
