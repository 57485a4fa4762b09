//! Signed transactions that are not what they say.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use tempfile::TempDir;
use veridose_contract::{
    Action, Command, Commitment, IdempotencyKey, NetworkId, PartyId, Role, Timestamp, Transaction,
};
use veridose_ledger::pki::{Authority, Request};
use veridose_ledger::{Network, Signer, prepare};
use veridose_tests::{
    Answer, Client, Factory, JSON_LD, Server, commissioning, document, now, pack_path, send, signed_destruction, token,
};

const DAY_MS: i64 = 86_400_000;

struct Target {
    server: Server,
    maker: Client,
    network: NetworkId,
    _data: TempDir,
}

impl Target {
    async fn start() -> Self {
        let data = tempfile::tempdir().expect("temporary directory");
        let server = Server::start(data.path(), &["serve"]).await.expect("starts");
        let token = token(data.path(), "manufacturer", &["--party", "alpine-pharma"]).expect("a token");
        let maker = Client::new(server.base(), Some(&token)).expect("a client");
        let file = std::fs::read_to_string(data.path().join("network.toml")).expect("the network file");
        let network = Network::parse(&file).expect("a network").id;
        Self { server, maker, network, _data: data }
    }

    async fn submit(&self, transaction: &Transaction) -> Answer {
        let request = self.maker.request(Method::POST, "/transactions");
        let request = request.header(CONTENT_TYPE, "application/octet-stream").body(transaction.encode());
        send(request).await.expect("the server answers")
    }

    async fn refused(&self, transaction: &Transaction, why: &str) {
        let answer = self.submit(transaction).await;
        answer.refusal().unwrap_or_else(|error| panic!("{why}: {error}"));
    }
}

/// A signer that says it is the manufacturer, certified by an authority of the attacker's own.
fn impostor() -> Signer {
    let party = PartyId::parse("alpine-pharma").expect("a name");
    let (not_before, not_after) = (Timestamp(now().0 - DAY_MS), Timestamp(now().0 + DAY_MS));
    let authority = Authority::create(&party, not_before, not_after).expect("an authority");
    let request = Request { role: Role::Manufacturer, site: None, not_before, not_after };
    let issued = authority.issue(&request).expect("a certificate");
    Signer::new(&issued.key, issued.certificate).expect("a signer")
}

fn signed(signer: &Signer, network: NetworkId, action: Action) -> Transaction {
    let command = Command { action, happened: now(), site: None, payload: Commitment([1; 32]), items: Vec::new() };
    prepare(signer, network, IdempotencyKey([2; 16]), now(), vec![command]).expect("signs")
}

#[tokio::test]
async fn nobody_signs_for_another() {
    let target = Target::start().await;
    let impostor = impostor();
    let certificate = Action::RegisterCertificate(impostor.certificate().clone());
    target.refused(&signed(&impostor, target.network, certificate), "a certificate of another authority").await;
    target.refused(&signed(&impostor, target.network, Action::Anchor), "a certificate that is not on the ledger").await;

    let stranger = Factory::found("attack.example/log").expect("a network");
    target.refused(&stranger.opening().expect("signs"), "a transaction of another network").await;
    assert_eq!(target.maker.get("/healthz").await.expect("an answer").status, 200, "the server goes on");
    target.server.stop().await.expect("stops");
}

async fn destruction(target: &Target, serial: &str) -> Transaction {
    let signed = signed_destruction(&target.server, &target.maker, serial).await.expect("signed");
    borsh::from_slice(&BASE64.decode(signed).expect("base64")).expect("a transaction")
}

#[tokio::test]
async fn a_registered_name_is_no_signature_and_a_replay_is_no_second_time() {
    let target = Target::start().await;
    let packs = document(&[commissioning(&["A", "B"], Some("L1"))]).to_string();
    let job = target.maker.capture(JSON_LD, "rollback", packs).await.expect("a job");
    assert_eq!(job["success"], true, "{job}");
    let (honest, other) = (destruction(&target, "A").await, destruction(&target, "B").await);

    let mut forged = honest.clone();
    forged.signature = impostor().sign(&forged.header).expect("signs");
    target.refused(&forged, "the registered certificate's name under another key's signature").await;
    let mut swapped = honest.clone();
    swapped.body = other.body.clone();
    target.refused(&swapped, "a signed header over another body").await;
    let mut moved = honest.clone();
    moved.signature = other.signature;
    target.refused(&moved, "the signature of another transaction").await;
    let mut renamed = honest.clone();
    renamed.header.idempotency_key = IdempotencyKey([7; 16]);
    target.refused(&renamed, "a replay under a new request's name").await;

    let first = target.submit(&honest).await.success().expect("the honest one is accepted");
    let replayed = target.submit(&honest).await.success().expect("a replay is answered as the first");
    assert_eq!(
        (&replayed["tx"], &replayed["index"]),
        (&first["tx"], &first["index"]),
        "a replay was carried out again"
    );
    let shown = target.maker.get(&pack_path("A")).await.expect("an answer").success().expect("ours");
    let ends = shown["history"].as_array().expect("a history").iter();
    assert_eq!(ends.filter(|event| event["kind"] == "decommission").count(), 1, "{shown}");
    let untouched = target.maker.get(&pack_path("B")).await.expect("an answer").success().expect("ours");
    assert_eq!(untouched["status"], "active");
    target.server.stop().await.expect("stops");
}
