//! What the chaincode does in a second on a real network, beside a minimal one with as many reads and writes:
//! `VERIDOSE_FABRIC_DIR` names a network that serves the contract and was started without a genesis, and
//! `VERIDOSE_FABRIC_MINIMAL_DIR` one that serves `examples/minimal.rs`. Both may run at once: one of them idles.
#![allow(missing_docs, clippy::print_stdout)]

#[path = "../tests/chaincode/gateway.rs"]
mod gateway;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gateway::Gateway;
use veridose_contract::{Action, IdempotencyKey, ItemKey, Timestamp};
use veridose_ledger::testing::{LOT, Member, Members, pack, packs};
use veridose_ledger::wire;

/// In flight at once, and how many in all.
const LOADS: [(usize, usize); 3] = [(1, 30), (64, 1_280), (256, 2_560)];
/// How often each of two is measured, in turn.
const ROUNDS: usize = 3;
/// What commissioning one pack reads and writes, and how much it writes to a key.
const MINIMAL: [&str; 3] = ["6", "3", "60"];

struct Contract {
    members: Members,
    gateway: Gateway,
    next: AtomicU64,
}

impl Contract {
    async fn open(folder: &std::path::Path) -> Self {
        let gateway = Gateway::open(folder, "alpine-pharma");
        let version = gateway.evaluate(wire::VERSION, &[]).await.expect("the network serves the contract");
        let version: wire::Version = serde_json::from_slice(&version).expect("a version");
        assert_eq!(version.network, None, "the channel has a network already: start one without a genesis");
        let contract = Self { members: Members::new(), gateway, next: AtomicU64::new(0) };
        let file = contract.members.network.to_toml().into_bytes();
        contract.gateway.submit(wire::INIT, &[file]).await.expect("it begins");
        let maker = &contract.members.maker;
        let register = Action::RegisterCertificate(maker.signer.certificate().clone());
        let stock = contract.members.beginning().pop().expect("product and lot").body.commands;
        for action in std::iter::once(register).chain(stock.into_iter().map(|command| command.action)) {
            contract.gateway.submit(wire::SUBMIT, &[contract.sign(maker, action, vec![])]).await.expect("accepted");
        }
        contract
    }

    fn sign(&self, member: &Member, action: Action, items: Vec<ItemKey>) -> Vec<u8> {
        let mut key = [4; 16];
        key[..8].copy_from_slice(&self.next.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        let now = std::time::UNIX_EPOCH.elapsed().expect("after 1970");
        let now = Timestamp(i64::try_from(now.as_millis()).expect("a date"));
        self.members.sign_as(&member.signer, IdempotencyKey(key), now, vec![(action, items)]).encode()
    }

    fn commission(&self, items: Vec<ItemKey>) -> Vec<u8> {
        self.sign(&self.members.maker, Action::Commission { lot: LOT }, items)
    }
}

/// Sends so many, so many at once, and gives how many that were in a second.
async fn load(
    what: &str,
    (in_flight, total): (usize, usize),
    gateway: &Gateway,
    function: &str,
    arguments: impl Fn() -> Vec<Vec<u8>>,
) -> f64 {
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    let worker = async || {
        let mut took: Vec<Duration> = Vec::new();
        while next.fetch_add(1, Ordering::Relaxed) < total {
            took.push(gateway.submit(function, &arguments()).await.expect("accepted").all);
        }
        took
    };
    let workers = (0..in_flight).map(|_| worker());
    let mut took: Vec<_> = futures_util::future::join_all(workers).await.into_iter().flatten().collect();
    took.sort();
    let rate = f64::from(u32::try_from(total).expect("small")) / begun.elapsed().as_secs_f64();
    let at = |part: usize| took[(took.len() - 1) * part / 100].as_millis();
    println!("{what}, {in_flight} in flight: {rate:.0} a second, p50 {} ms, p95 {} ms", at(50), at(95));
    rate
}

fn main() {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let Some(ours) = folder("VERIDOSE_FABRIC_DIR") else {
        println!("skipped: VERIDOSE_FABRIC_DIR names no network");
        return;
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let contract = Contract::open(&ours).await;
        let mut first = 10_000;
        for count in [1, 100, 1_000, 10_000] {
            let transaction = contract.commission(packs(first, count));
            first += count;
            match contract.gateway.submit(wire::SUBMIT, &[transaction]).await {
                Ok(took) => println!("{count} packs: endorsed in {:?}, committed in {:?}", took.endorse, took.all),
                Err(error) => println!("{count} packs: {error}"),
            }
        }
        let minimal = folder("VERIDOSE_FABRIC_MINIMAL_DIR").map(|folder| Gateway::open(&folder, "alpine-pharma"));
        let packs = AtomicU64::new(1_000_000);
        let one = || vec![contract.commission(vec![pack(packs.fetch_add(1, Ordering::Relaxed))])];
        let seed = AtomicU64::new(0);
        for (in_flight, total) in LOADS {
            let (mut best_ours, mut best_minimal) = (0.0_f64, 0.0_f64);
            for _ in 0..ROUNDS {
                let rate = load("contract", (in_flight, total), &contract.gateway, wire::SUBMIT, one).await;
                best_ours = best_ours.max(rate);
                if let Some(minimal) = &minimal {
                    let arguments = || {
                        let seed = format!("{in_flight}-{}", seed.fetch_add(1, Ordering::Relaxed));
                        MINIMAL.into_iter().chain([seed.as_str()]).map(|text| text.as_bytes().to_vec()).collect()
                    };
                    best_minimal =
                        best_minimal.max(load("minimal", (in_flight, total), minimal, "work", arguments).await);
                }
            }
            if minimal.is_some() {
                println!("{in_flight} in flight: the contract does {:.2} of the minimal one", best_ours / best_minimal);
            }
        }
    });
}
