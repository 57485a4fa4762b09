//! Two nodes of one organisation on one PostgreSQL and one channel: one of them writes the view and works on a capture job,
//! and when it is lost the other does.

use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use veridose_tests::{
    Client, FabricNetwork, JSON_LD, Random, Trial, checkpoint, commissioning, copy_founding, document, eventually,
    new_database, pack_path, printed, send,
};

use super::load::{Load, PACKS_AN_EVENT, commission, destroy, verify};

/// Within this time the other node does what the lost one did.
const FAIL_OVER_MAX: Duration = Duration::from_secs(10);
/// Packs for the load.
const PACKS: usize = 4_000;
/// Events of a document that is handed in to a node just before it is lost, one pack each.
const EVENTS: usize = 1_000;
/// Requests sent at once.
const AT_ONCE: usize = 40;

/// How often the owner is lost.
fn losses() -> usize {
    if std::env::var_os("VERIDOSE_LONG").is_some() { 100 } else { 10 }
}

/// Where the nodes run.
struct Site {
    network: FabricNetwork,
    database: String,
}

impl Site {
    async fn open(name: &str) -> Option<Self> {
        let network = FabricNetwork::up(name, &[]).await.expect("a network")?;
        let database = new_database(&name.replace('-', "_")).await.expect("a database")?;
        Some(Self { network, database })
    }

    fn arguments(&self, more: &[&str]) -> Vec<String> {
        let shared = ["--database", &self.database].into_iter().chain(more.iter().copied()).map(str::to_owned);
        self.network.joining("alpine-pharma").into_iter().chain(shared).collect()
    }

    /// A node, and another one with the same network file and keys.
    async fn two(&self, one: &[&str], other: &[&str]) -> [Trial; 2] {
        let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
        let copy = folders[1].path().to_owned();
        let [first, second] = folders;
        let first = Trial::start_with(first, self.arguments(one)).await.expect("starts");
        copy_founding(first.data(), &copy).expect("copied");
        [first, Trial::start_with(second, self.arguments(other)).await.expect("another node starts")]
    }
}

/// A counter of a node.
async fn counter(client: &Client, name: &str) -> anyhow::Result<u64> {
    let text = client.request(Method::GET, "/metrics").send().await?.text().await?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(line.unwrap_or_default().parse()?)
}

async fn is_owner(client: &Client) -> anyhow::Result<Value> {
    Ok(json!(counter(client, "veridose_view_owner").await?))
}

/// Which of them writes the view; exactly one does.
async fn owner_of(clients: &[Client; 2]) -> usize {
    let both = [is_owner(&clients[0]).await.expect("an answer"), is_owner(&clients[1]).await.expect("an answer")];
    assert_eq!(both.iter().filter(|owner| **owner == 1).count(), 1, "{both:?}");
    both.iter().position(|owner| *owner == 1).expect("one does")
}

/// Hands a document of single packs in and does not wait; the job's path.
async fn hand_in(client: &Client, round: usize) -> String {
    let events: Vec<_> =
        (0..EVENTS).map(|number| commissioning(&[&format!("R{round}N{number}")], Some("L1"))).collect();
    let request = client.request(Method::POST, "/capture").header("GS1-Capture-Error-Behaviour", "proceed");
    let request = request.header("Idempotency-Key", format!("document-{round}")).header(CONTENT_TYPE, JSON_LD);
    let job = send(request.body(document(&events).to_string())).await.expect("an answer").success().expect("a job");
    format!("/capture/{}", job["captureID"].as_str().expect("a name"))
}

/// The job ends, with every event captured once.
async fn is_done(client: &Client, job: &str) {
    let ask = async || client.get(job).await?.success();
    let ended = eventually(Duration::from_mins(1), ask, |job| job["running"] == false).await.expect("the job ends");
    assert_eq!((&ended["success"], &ended["captured"]), (&json!(true), &json!(EVENTS)), "{ended}");
}

/// How long it takes until this node writes the view and has caught up.
async fn takes_over(client: &Client) -> Duration {
    let begun = Instant::now();
    eventually(FAIL_OVER_MAX, async || is_owner(client).await, |owner| *owner == 1).await.expect("it takes over");
    let lag = async || Ok(json!(counter(client, "veridose_view_lag").await?));
    eventually(FAIL_OVER_MAX, lag, |lag| *lag == 0).await.expect("it catches up");
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_owner_is_lost_the_other_goes_on() {
    let Some(site) = Site::open("lost-owner").await else { return };
    let mut random = Random::from_environment();
    let [one, other] = site.two(&[], &[]).await;
    let mut nodes = [one, other];
    commission(&nodes[0].maker().expect("a client"), PACKS).await;
    let (load, mut slowest, mut jobs) = (Load::default(), Duration::ZERO, Vec::new());
    for round in 0..losses() {
        let clients = [nodes[0].maker().expect("a client"), nodes[1].maker().expect("a client")];
        let lost = owner_of(&clients).await;
        let heir = &clients[1 - lost];
        jobs.push(hand_in(&clients[lost], round).await);
        let losing = async {
            tokio::time::sleep(Duration::from_millis(100 + random.below(900))).await;
            // Dead in one round; in the next asleep, so that it wakes and still believes that the view is its own.
            if round.is_multiple_of(2) {
                nodes[lost].server.kill_in_place().expect("killed");
            } else {
                nodes[lost].server.sleep().expect("stopped");
            }
            slowest = slowest.max(takes_over(heir).await);
            load.stop();
        };
        tokio::join!(load.run(heir), losing);
        if round.is_multiple_of(2) {
            let [first, second] = nodes;
            let (gone, stays) = if lost == 0 { (first, second) } else { (second, first) };
            let back = gone.kill_and_resume().await.expect("starts again");
            nodes = if lost == 0 { [back, stays] } else { [stays, back] };
        } else {
            nodes[lost].server.wake().expect("woken");
        }
        is_done(heir, jobs.last().expect("a job")).await;
        let clients = [nodes[0].maker().expect("a client"), nodes[1].maker().expect("a client")];
        let woken = async || is_owner(&clients[lost]).await;
        eventually(Duration::from_secs(5), woken, |owner| *owner == 0).await.expect("it knows that it lost the view");
        assert_eq!(owner_of(&clients).await, 1 - lost);
    }
    let answers = load.answers.lock().expect("no panic").clone();
    let acknowledged = answers.values().flatten().count();
    assert!(acknowledged > losses(), "the nodes hardly got to work: {acknowledged} requests");
    let clients = [nodes[0].maker().expect("a client"), nodes[1].maker().expect("a client")];
    for client in &clients {
        verify(client, &answers).await;
        let events = client.events().await.expect("events");
        let expected = PACKS / PACKS_AN_EVENT + answers.len() + jobs.len() * EVENTS;
        assert_eq!(events.len(), expected, "an event was lost or done twice");
    }
    ends_well(&site, nodes).await;
    println!(
        "measured: lost-owner: {} losses, {acknowledged} of {} requests acknowledged at once, at most {:.1} s until the other \
         node wrote the view",
        losses(),
        answers.len(),
        slowest.as_secs_f64()
    );
}

/// Both logs are the same, sound, and what the view shows.
async fn ends_well(site: &Site, nodes: [Trial; 2]) {
    let both = async || {
        let clients = (nodes[0].maker()?, nodes[1].maker()?);
        Ok(json!([checkpoint(&clients.0).await?, checkpoint(&clients.1).await?]))
    };
    eventually(Duration::from_secs(5), both, |both| both[0] == both[1]).await.expect("the same log");
    are_sound(site, nodes).await;
}

/// Both replicas are sound, and the view is what they say.
async fn are_sound(site: &Site, nodes: [Trial; 2]) {
    let rebuild = ["project", "rebuild", "--compare", "--database", &site.database];
    let [one, other] = nodes;
    let folders = [one.stop().await.expect("stops"), other.stop().await.expect("stops")];
    for folder in &folders {
        printed(folder.path(), &["ledger", "check"]).expect("the replica is sound");
        printed(folder.path(), &rebuild).expect("the view is what the ledger says");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_to_both_happens_once_and_each_does_its_part() {
    let Some(site) = Site::open("parts").await else { return };
    let nodes = site.two(&["--role", "work"], &["--role", "serve"]).await;
    let maker = nodes[1].maker().expect("a client");
    let worker = nodes[0].maker().expect("a client");
    assert_eq!(worker.get("/events").await.expect("an answer").status, 404, "a worker answers for its health alone");
    assert_eq!(owner_of(&[worker.clone(), maker.clone()]).await, 0);
    commission(&maker, 10).await;
    assert_eq!(maker.events().await.expect("events").len(), 1, "what the worker captured and projected");
    destroy(&maker, 0).await.expect("an answer").success().expect("ours");
    assert_eq!(maker.events().await.expect("events").len(), 2, "who wrote it reads it, though another projects it");

    let folder = tempfile::tempdir().expect("a folder");
    copy_founding(nodes[0].data(), folder.path()).expect("copied");
    let third = Trial::start_with(folder, site.arguments(&["--role", "serve"])).await.expect("starts");
    let clients = [maker.clone(), third.maker().expect("a client")];
    let one = |number: usize| {
        let client = clients[number % 2].clone();
        // Each pack's request goes to both nodes, many times at once.
        tokio::spawn(async move { destroy(&client, 1 + u64::from(number % 4 >= 2)).await })
    };
    let mut done = Vec::new();
    for task in (0..AT_ONCE).map(one).collect::<Vec<_>>() {
        done.push(task.await.expect("no panic").expect("an answer").success().expect("answered as the first"));
    }
    for (pack, numbers) in [(1, [0, 1]), (2, [2, 3])] {
        let of_pack: Vec<_> = done
            .iter()
            .enumerate()
            .filter(|(number, _)| numbers.contains(&(number % 4)))
            .map(|(_, done)| done)
            .collect();
        assert!(of_pack.iter().all(|one| one["tx"] == of_pack[0]["tx"]), "{of_pack:?}");
        assert!(of_pack.iter().filter(|one| one["repeated"] == false).count() <= 1, "{of_pack:?}");
        let shown = maker.get(&pack_path(&format!("P{pack}"))).await.expect("an answer").success().expect("ours");
        let ends = shown["history"].as_array().expect("a history").iter();
        assert_eq!(ends.filter(|event| event["kind"] == "decommission").count(), 1, "{shown}");
    }
    // What one node acknowledged, the other reads as soon as its replica has the block.
    let read = async || Ok(json!(clients[1].events().await?.len()));
    eventually(Duration::from_secs(5), read, |events| *events == 4).await.expect("the same view");
    third.server.stop().await.expect("stops");
    are_sound(&site, nodes).await;
}
