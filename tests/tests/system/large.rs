//! A large document costs no memory of its size.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::json;
use veridose_tests::{JSON_LD, Trial, commissioning, document, pack, send};

/// Events of the document, each of so many packs and a remark of so many bytes: 20 MB in all, 200 MB with `--long`.
const EVENTS: usize = 900;
const PACKS_AN_EVENT: usize = 20;
const REMARK_BYTES: usize = 21_000;
/// What the document may cost the server at most, in bytes.
const MEMORY_MAX: u64 = 256 << 20;
/// How soon it must be worked through.
const TIME_MAX: Duration = Duration::from_mins(20);

/// The document with its events in a row.
fn large(events: usize) -> String {
    let mut head = document(&[]);
    head["@context"].as_array_mut().expect("a list").push(json!({"ns1": "https://ns1.example.org/"}));
    let head = head.to_string();
    let (start, end) = head.split_at(head.rfind("[]").expect("an empty list of events") + 1);
    let remark = "every word of this remark is kept; ".repeat(REMARK_BYTES / 35);
    let mut text = start.to_owned();
    for number in 0..events {
        let serials: Vec<_> = (0..PACKS_AN_EVENT).map(|pack| format!("{number}-{pack}")).collect();
        let mut event = commissioning(&serials.iter().map(String::as_str).collect::<Vec<_>>(), Some("L1"));
        event["ns1:remark"] = json!(remark);
        let comma = if number == 0 { "" } else { "," };
        write!(text, "{comma}{event}").expect("text grows");
    }
    text.push_str(end);
    text
}

#[tokio::test]
async fn a_large_document_is_captured_in_bounded_memory() {
    let long = std::env::var_os("VERIDOSE_LONG").is_some();
    let events = if long { 10 * EVENTS } else { EVENTS };
    let trial = Trial::start().await.expect("starts");
    let maker = trial.maker().expect("a client");
    let document = large(events);
    assert!(document.len() > events * REMARK_BYTES, "{} bytes", document.len());
    let size = document.len();
    let before = trial.server.peak_memory_bytes().expect("Linux");
    let begin = Instant::now();
    let request = maker.request(reqwest::Method::POST, "/capture").header("GS1-Capture-Error-Behaviour", "proceed");
    let job = send(request.header("Content-Type", JSON_LD).body(document)).await.expect("an answer");
    let job = job.success().expect("received")["captureID"].as_str().expect("a name").to_owned();
    let path = format!("/capture/{job}");
    let job = loop {
        let job = maker.get(&path).await.expect("an answer").success().expect("the job is ours");
        if job["running"] == false {
            break job;
        }
        assert!(begin.elapsed() < TIME_MAX, "{job}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!((&job["success"], &job["captured"]), (&json!(true), &json!(events)), "{job}");
    let peak = trial.server.peak_memory_bytes().expect("Linux");
    println!(
        "measured: {} MiB captured in {:?}, {} MiB of memory before, {} MiB at most",
        size >> 20,
        begin.elapsed(),
        before >> 20,
        peak >> 20
    );
    assert!(peak - before < MEMORY_MAX, "{before} bytes before, {peak} at most");
    let last = pack(&format!("{}-{}", events - 1, PACKS_AN_EVENT - 1));
    assert_eq!(maker.verify(&last).await.expect("a verdict")["outcome"], "authentic");
    trial.server.stop().await.expect("stops");
}
