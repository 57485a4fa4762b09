//! What the chaincode does in a second on a real network, beside a minimal one with as many reads and writes, as Markdown:
//! `VERIDOSE_FABRIC_DIR` names a network that serves the contract and was started without a genesis,
//! `VERIDOSE_FABRIC_MINIMAL_DIR` one that serves `examples/minimal.rs`, and `VERIDOSE_FABRIC_NETWORK` the script that started them.
//! Both may run at once: one of them idles.
#![allow(missing_docs, clippy::print_stdout)]

#[path = "../tests/chaincode/gateway.rs"]
mod gateway;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gateway::{Gateway, Took};
use veridose_contract::{Action, IdempotencyKey, ItemKey, Timestamp};
use veridose_ledger::testing::{LOT, Member, Members, packs};
use veridose_ledger::wire;

/// Organisations of whose peers that many endorse.
const POLICIES: [&str; 2] = ["2", "1"];
/// In flight at once, and how many in all.
const LOADS: [(usize, usize); 3] = [(1, 30), (64, 1_280), (256, 2_560)];
/// How often each of two is measured, in turn; the best counts.
const ROUNDS: usize = 3;
/// What commissioning one pack reads and writes, and how much it writes to a key.
const MINIMAL: [&str; 3] = ["6", "3", "60"];
/// What one submit holds: how many signed transactions, of how many packs each; and how many submits, so many at once.
const BATCHES: [(usize, u64, usize, usize); 4] =
    [(100, 1, 32, 8), (1, 100, 64, 8), (1, 1_000, 16, 4), (1, 10_000, 6, 2)];

struct Contract {
    members: Members,
    gateway: Gateway,
    next: AtomicU64,
    packs: AtomicU64,
}

impl Contract {
    async fn open(folder: &Path) -> Self {
        let gateway = Gateway::open(folder, "alpine-pharma");
        let version = gateway.evaluate(wire::VERSION, &[]).await.expect("the network serves the contract");
        let version: wire::Version = serde_json::from_slice(&version).expect("a version");
        assert_eq!(version.network, None, "the channel has a network already: start one without a genesis");
        let contract = Self { members: Members::new(), gateway, next: AtomicU64::new(0), packs: AtomicU64::new(0) };
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

    /// Packs that nobody has commissioned.
    fn fresh(&self, count: u64) -> Vec<ItemKey> {
        packs(self.packs.fetch_add(count, Ordering::Relaxed), count)
    }

    fn commission(&self, items: Vec<ItemKey>) -> Vec<u8> {
        self.sign(&self.members.maker, Action::Commission { lot: LOT }, items)
    }
}

/// What a load came to.
#[derive(Clone, Copy)]
struct Figures {
    a_second: f64,
    /// Until it was endorsed, and until it was in a block.
    endorsed_p50: Duration,
    p50: Duration,
    p95: Duration,
}

impl Figures {
    fn better(best: Option<Self>, other: Self) -> Option<Self> {
        best.filter(|best| best.a_second >= other.a_second).or(Some(other))
    }
}

/// Sends so many, so many at once.
async fn load(
    (in_flight, total): (usize, usize),
    gateway: &Gateway,
    function: &str,
    arguments: impl Fn() -> Vec<Vec<u8>>,
) -> Result<Figures, String> {
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    let worker = async || {
        let mut took: Vec<Took> = Vec::new();
        while next.fetch_add(1, Ordering::Relaxed) < total {
            took.push(gateway.submit(function, &arguments()).await?);
        }
        Ok::<_, String>(took)
    };
    let workers = (0..in_flight).map(|_| worker());
    let mut took = futures_util::future::try_join_all(workers).await?.concat();
    let a_second = float(total) / begun.elapsed().as_secs_f64();
    took.sort_by_key(|took| took.endorse);
    let endorsed_p50 = took[(took.len() - 1) / 2].endorse;
    took.sort_by_key(|took| took.all);
    let at = |part: usize| took[(took.len() - 1) * part / 100].all;
    Ok(Figures { a_second, endorsed_p50, p50: at(50), p95: at(95) })
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("small"))
}

/// Single commands of one pack, beside the minimal chaincode's.
async fn singles(policy: &str, contract: &Contract, minimal: Option<&Gateway>) {
    let one = || vec![contract.commission(contract.fresh(1))];
    let seed = AtomicU64::new(0);
    for (in_flight, total) in LOADS {
        let (mut ours, mut others) = (None, None);
        for _ in 0..ROUNDS {
            let of = load((in_flight, total), &contract.gateway, wire::SUBMIT, one).await;
            ours = Figures::better(ours, of.expect("accepted"));
            if let Some(minimal) = minimal {
                let arguments = || {
                    let seed = format!("{policy}-{in_flight}-{}", seed.fetch_add(1, Ordering::Relaxed));
                    MINIMAL.into_iter().chain([seed.as_str()]).map(|text| text.as_bytes().to_vec()).collect()
                };
                let of = load((in_flight, total), minimal, "work", arguments).await;
                others = Figures::better(others, of.expect("accepted"));
            }
        }
        let ours = ours.expect("measured");
        let cells = |of: Figures| format!("{:.0} | {} | {}", of.a_second, of.p50.as_millis(), of.p95.as_millis());
        let beside = others.map_or("– | – | – | –".to_owned(), |others| {
            format!("{} | {:.2}", cells(others), ours.a_second / others.a_second)
        });
        println!("| {policy} | {in_flight} | {} | {beside} |", cells(ours));
    }
}

/// Packs a second where many are in one submit.
async fn batched(policy: &str, contract: &Contract) {
    for (transactions, packs, total, in_flight) in BATCHES {
        let submit = || (0..transactions).map(|_| contract.commission(contract.fresh(packs))).collect();
        let of = match load((in_flight, total), &contract.gateway, wire::SUBMIT, submit).await {
            Ok(of) => of,
            Err(problem) => {
                println!("| {policy} | {transactions} × {packs} | {in_flight} | {problem} | | | |");
                continue;
            }
        };
        let packs_in_one = transactions * usize::try_from(packs).expect("small");
        let a_second = of.a_second * float(packs_in_one);
        println!(
            "| {policy} | {transactions} × {packs} | {in_flight} | {a_second:.0} | {} | {} | {} |",
            of.endorsed_p50.as_millis(),
            of.p50.as_millis(),
            of.p95.as_millis()
        );
    }
}

/// Sets how many organisations must endorse, on all of the networks.
fn endorse(script: &Path, networks: &[&PathBuf], policy: &str) {
    for network in networks {
        let done = Command::new(script).args(["policy", policy, "--dir"]).arg(network).output().expect("it runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

fn main() {
    let path = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let (Some(ours), Some(script)) = (path("VERIDOSE_FABRIC_DIR"), path("VERIDOSE_FABRIC_NETWORK")) else {
        println!(
            "skipped: VERIDOSE_FABRIC_DIR and VERIDOSE_FABRIC_NETWORK name no network: `tests/run bench-fabric` starts them"
        );
        return;
    };
    let other = path("VERIDOSE_FABRIC_MINIMAL_DIR");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let contract = Contract::open(&ours).await;
        let minimal = other.as_ref().map(|folder| Gateway::open(folder, "alpine-pharma"));
        let networks: Vec<_> = [&ours].into_iter().chain(&other).collect();
        println!("Single commands of one pack, and a minimal chaincode with as many reads and writes; the best of {ROUNDS}.\n");
        println!("| organisations that endorse, of 4 | in flight | TPS | p50 ms | p95 ms | minimal TPS | p50 ms | p95 ms | ratio |");
        println!("|---|---|---|---|---|---|---|---|---|");
        for policy in POLICIES {
            endorse(&script, &networks, policy);
            singles(policy, &contract, minimal.as_ref()).await;
        }
        println!("\nPacks commissioned in batches.\n");
        println!("| organisations that endorse, of 4 | a submit: transactions × packs | in flight | packs a second | endorsed p50 ms | p50 ms | p95 ms |");
        println!("|---|---|---|---|---|---|---|");
        for policy in POLICIES {
            endorse(&script, &networks, policy);
            batched(policy, &contract).await;
        }
    });
}
