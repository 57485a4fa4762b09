//! A nation's accesses: so many people are known, and so many accesses are recorded, each durable before its asker is told.
//!
//! `VERIDOSE_BENCH_PEOPLE` patients (100,000 by default) and `VERIDOSE_BENCH_ACCESSES` accesses (200,000 by default) of patients drawn
//! at random. A tenth of the accesses is asked for one by one, with so many under way; the rest comes in lists, as from aggregates.
//! Then the roots that a node anchors on the ledger, one over each second's records. A day of a nation: 1300000 and 5000000.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use veridose_contract::access::{Access, Grant, GrantRule};
use veridose_contract::{ConsentId, DataForm, DataKind, NetworkId, PartyId, Timestamp, merkle};
use veridose_store::{AccessNote, Founding, HeldRoot, MasterKey, NewAccess, PageRequest, Person, Root, Store};
use zeroize::Zeroizing;

/// Accesses that are asked for one by one and under way at the same time.
const UNDER_WAY: usize = 256;
/// Accesses of one list.
const LIST: usize = 10_000;
/// Anchors of a day, one a second.
const SECONDS_OF_A_DAY: usize = 86_400;
/// People that are taken in at once.
const PEOPLE_AT_ONCE: usize = 10_000;

fn setting(name: &str, otherwise: usize) -> usize {
    let text = std::env::var(format!("VERIDOSE_BENCH_{name}")).ok();
    text.map_or(otherwise, |text| text.parse().expect("a number"))
}

/// `SplitMix64`: the same draws in each run.
struct Draws(u64);

impl Draws {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).expect("below the limit")
    }
}

fn access(store: &Store, patient: usize, number: usize) -> NewAccess {
    let grant = Grant {
        rule: GrantRule::Care,
        kinds: vec![DataKind::Dispense, DataKind::Prescription],
        form: DataForm::Full,
        consent: Some(ConsentId([7; 16])),
        version: Some(1),
        emergency: None,
        until: Some(Timestamp(1_800_000_000_000)),
    };
    let note = AccessNote {
        at: Timestamp(1_790_000_000_000 + i64::try_from(number).expect("small")),
        who: Person { issuer: "https://id.hospital.example".into(), subject: format!("clinician-{}", number % 5_000) },
        party: Some(PartyId::parse("harbour-pharmacy").expect("a party")),
        purpose: "care".into(),
        asked: vec![DataKind::Dispense, DataKind::Prescription],
        what: "MedicationDispense/search".into(),
        access: Access::Granted(grant),
    };
    NewAccess { patient: Some(store.vault.patient_id(&name(patient))), note }
}

fn name(patient: usize) -> String {
    format!("patient {patient}")
}

fn bytes_below(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    entries.map(|entry| entry.metadata().expect("its size").len()).sum()
}

fn peak_memory_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let kilobytes = line.and_then(|line| line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1_000
}

fn per_second(count: usize, took: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let count = count as f64;
    count / took.as_secs_f64()
}

/// Latencies of accesses that are asked for one by one.
async fn one_by_one(store: &Store, people: usize, accesses: usize) -> (Duration, Vec<Duration>) {
    let begun = Instant::now();
    let lines = (0..UNDER_WAY).map(|line| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut draws = Draws(line as u64);
            let mut took = Vec::new();
            for number in (line..accesses).step_by(UNDER_WAY) {
                let asked = Instant::now();
                store.accesses.record(access(&store, draws.below(people), number)).await.expect("recorded");
                took.push(asked.elapsed());
            }
            took
        })
    });
    let mut took = Vec::with_capacity(accesses);
    for line in lines.collect::<Vec<_>>() {
        took.extend(line.await.expect("ended"));
    }
    took.sort_unstable();
    (begun.elapsed(), took)
}

/// Patients who have themselves forgotten, and the key backup that is written anew each time.
#[expect(clippy::print_stdout, reason = "the figures are what the bench is for")]
async fn erasures(store: &Store, people: usize, folder: &Path) {
    let mut took = Vec::new();
    for patient in 0..people.min(50) {
        let begun = Instant::now();
        store.vault.destroy_patient_key(&name(patient)).await.expect("destroyed");
        took.push(begun.elapsed());
    }
    took.sort_unstable();
    let milliseconds = |took: Duration| took.as_secs_f64() * 1_000.0;
    println!(
        "an erasure: p50 {:.0}, max {:.0} ms",
        milliseconds(took[took.len() / 2]),
        milliseconds(took[took.len() - 1])
    );
    let (begun, path) = (Instant::now(), folder.join("keys.backup"));
    store.write_key_backup(&path, &Root::first(), Vec::new()).await.expect("written");
    std::fs::File::open(&path).and_then(|file| file.sync_all()).expect("durable");
    let megabytes = std::fs::metadata(&path).expect("there").len() / 1_000_000;
    println!("a key backup, durable: {:.0} ms, {megabytes} MB", milliseconds(begun.elapsed()));
}

/// The roots of a day, if its accesses come evenly: one over each second's records.
#[expect(clippy::print_stdout, reason = "the figures are what the bench is for")]
async fn anchor(store: &Store, accesses: usize, recording: Duration) {
    let begun = Instant::now();
    let of_a_second = accesses.div_ceil(SECONDS_OF_A_DAY) as u64;
    let (mut place, mut roots) = (0, 0);
    loop {
        let leaves = store.accesses.leaves(place, of_a_second).await.expect("leaves");
        if leaves.is_empty() {
            break;
        }
        place += leaves.len() as u64;
        roots += u64::from(merkle::root(leaves.into_iter()) != [0; 32]);
    }
    let took = begun.elapsed();
    println!(
        "{roots} roots over {of_a_second} records each: {:.0} s, {:.2} % of the time that recording took",
        took.as_secs_f64(),
        100.0 * took.as_secs_f64() / recording.as_secs_f64()
    );
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the figures are what the bench is for")]
async fn main() {
    let (people, accesses) = (setting("PEOPLE", 100_000), setting("ACCESSES", 200_000));
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("store.db").display());
    let founding = Founding { network: NetworkId([1; 16]), members: Vec::new(), threshold: 1 };
    let store = Store::open(&url, MasterKey::new(Zeroizing::new([9; 32])), Arc::<HeldRoot>::default(), founding)
        .await
        .expect("opens");
    let begun = Instant::now();
    for first in (0..people).step_by(PEOPLE_AT_ONCE) {
        let some: Vec<String> = (first..people.min(first + PEOPLE_AT_ONCE)).map(name).collect();
        store.vault.know(&some).await.expect("known");
    }
    println!("{people} people known in {:.0} s.", begun.elapsed().as_secs_f64());
    let before = bytes_below(folder.path());
    let single = accesses / 10;
    let (took, latencies) = one_by_one(&store, people, single).await;
    let at = |share: usize| latencies[(latencies.len() - 1) * share / 100].as_secs_f64() * 1_000.0;
    println!(
        "one by one, {UNDER_WAY} under way: {:.0} records/s; p50 {:.1}, p95 {:.1}, p99 {:.1} ms",
        per_second(single, took),
        at(50),
        at(95),
        at(99)
    );
    let (begun, mut draws) = (Instant::now(), Draws(99));
    for first in (single..accesses).step_by(LIST) {
        let list =
            (first..accesses.min(first + LIST)).map(|number| access(&store, draws.below(people), number)).collect();
        store.accesses.record_all(list).await.expect("recorded");
    }
    let listed = begun.elapsed();
    println!("in lists of {LIST}: {:.0} records/s", per_second(accesses - single, listed));
    anchor(&store, accesses, took + listed).await;
    let begun = Instant::now();
    let lists = 1_000;
    for _ in 0..lists {
        let page = PageRequest { limit: Some(30), token: None };
        store.accesses.of_patient(&name(draws.below(people)), &page).await.expect("a list");
    }
    println!(
        "a patient's list, one after the other: {:.2} ms",
        begun.elapsed().as_secs_f64() * 1_000.0 / f64::from(lists)
    );
    erasures(&store, people, folder.path()).await;
    let bytes = bytes_below(folder.path());
    println!(
        "disk: {:.2} GB, {:.0} B an access; {} MB before. Peak memory {} MB.",
        per_second(usize::try_from(bytes).expect("fits"), Duration::from_secs(1_000_000_000)),
        per_second(usize::try_from(bytes - before).expect("fits"), Duration::from_secs(accesses as u64)),
        before / 1_000_000,
        peak_memory_megabytes()
    );
}
