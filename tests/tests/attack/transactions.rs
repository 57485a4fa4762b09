//! Signed transactions that are not what they say.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use tempfile::TempDir;
use veridose_contract::{
    Action, Command, Commitment, IdempotencyKey, NetworkId, PartyId, Role, Timestamp, Transaction,
};
use veridose_ledger::pki::{Authority, Request};
use veridose_ledger::{Network, Signer, prepare};
use veridose_tests::{Answer, Client, Factory, Server, now, send, token};

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
