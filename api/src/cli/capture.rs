//! `veridose capture`: EPCIS files handed to a running node.

use std::fs::File;
use std::io::{BufReader, Read, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use flate2::read::MultiGzDecoder;
use reqwest::Method;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use serde_json::{Value, json};

use super::client::{Answered, Client, Connection, Upload, text_of};
use super::{Outcome, epcis, local, print};

/// First wait between two looks at a job; each next one is twice as long.
const WAIT_MIN: Duration = Duration::from_millis(50);
const WAIT_MAX: Duration = Duration::from_secs(1);
/// Bytes in which a document must begin.
const HEAD_BYTES: u64 = 512;

/// What is captured.
#[derive(Debug, Args)]
#[command(
    after_help = "XML 1.2 and 2.0 and JSON-LD are read, gzip-compressed or not. The exit code is 1 if an event was refused.\n\n\
                  Examples:\n  veridose capture shipment.xml --token-file maker.token\n  \
                  VERIDOSE_TOKEN=… veridose capture --proceed day/*.jsonld.gz"
)]
pub struct Arguments {
    /// EPCIS documents
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Keep the good events of a document with bad ones; otherwise one bad event keeps all of its document out
    #[arg(long)]
    proceed: bool,
    /// The node
    #[command(flatten)]
    connection: Connection,
}

pub(super) fn run(wanted: &Arguments, json: bool) -> Result<Outcome> {
    let client = wanted.connection.client()?;
    let mut outcome = Outcome::Done;
    for file in &wanted.files {
        if capture(&client, file, wanted.proceed, json)? == Outcome::Refused {
            outcome = Outcome::Refused;
        }
    }
    Ok(outcome)
}

fn capture(client: &Client, path: &Path, proceed: bool, json: bool) -> Result<Outcome> {
    let mut file = File::open(path).with_context(|| format!("failed to open {}", path.display()))?;
    let is_table = path.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("csv"));
    let (media, is_gzip) = if is_table {
        ("text/csv", false)
    } else {
        form(&mut file).with_context(|| format!("failed to read {}", path.display()))?
    };
    let bar = epcis::bar(file.metadata()?.len())?;
    let behaviour = if proceed { "proceed" } else { "rollback" };
    let request = client
        .request(Method::POST, "/capture")
        .header(CONTENT_TYPE, media)
        .header("GS1-Capture-Error-Behaviour", behaviour);
    let request = if is_gzip { request.header(CONTENT_ENCODING, "gzip") } else { request };
    let sent = client.exchange(request.body(reqwest::Body::wrap(Upload::new(file, bar.clone())?)));
    bar.finish_and_clear();
    let (answered, headers) = sent?;
    if let refused @ Answered::Refused(_) = answered {
        return tell(path, refused, json);
    }
    let location = headers.get(LOCATION).and_then(|location| location.to_str().ok());
    match location {
        Some(job) if job.starts_with('/') => tell(path, follow(client, job)?, json),
        Some(_) | None => bail!("the node accepted {} and named no job of its own", path.display()),
    }
}

/// The media type, and whether the file is compressed.
fn form(file: &mut File) -> Result<(&'static str, bool)> {
    let mut head = Vec::new();
    Read::by_ref(file).take(2).read_to_end(&mut head)?;
    let is_gzip = head == [0x1f, 0x8b];
    file.rewind()?;
    head.clear();
    if is_gzip {
        MultiGzDecoder::new(BufReader::new(Read::by_ref(file))).take(HEAD_BYTES).read_to_end(&mut head)?;
    } else {
        Read::by_ref(file).take(HEAD_BYTES).read_to_end(&mut head)?;
    }
    file.rewind()?;
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
    match head.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'<') => Ok(("application/xml", is_gzip)),
        Some(b'{') => Ok(("application/ld+json", is_gzip)),
        Some(_) | None => bail!("this is neither XML nor JSON"),
    }
}

/// Waits until the job has ended.
fn follow(client: &Client, job: &str) -> Result<Answered> {
    let bar = local::counter("events")?;
    let mut wait = WAIT_MIN;
    loop {
        let answered = client.send(Method::GET, &format!("{job}?perPage=1000"), None)?;
        let (Answered::Done(state) | Answered::Refused(state)) = &answered;
        bar.set_length(state["events"].as_u64().unwrap_or(0));
        bar.set_position(state["captured"].as_u64().unwrap_or(0));
        if state["running"] != true {
            bar.finish_and_clear();
            return Ok(answered);
        }
        client.pause(wait);
        wait = (wait * 2).min(WAIT_MAX);
    }
}

fn tell(path: &Path, answered: Answered, json: bool) -> Result<Outcome> {
    let job = match answered {
        Answered::Done(job) => job,
        refused @ Answered::Refused(_) => {
            if !json {
                write!(std::io::stderr(), "{}: ", path.display())?;
            }
            return refused.tell(json, |_| Vec::new());
        }
    };
    let is_success = job["success"] == true;
    if json {
        print(&json!({ "file": path.display().to_string(), "job": job }).to_string())?;
    } else {
        for line in lines(path, &job) {
            print(&line)?;
        }
    }
    Ok(if is_success { Outcome::Done } else { Outcome::Refused })
}

fn lines(path: &Path, job: &Value) -> Vec<String> {
    let errors = job["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut lines = vec![format!("{}: {} of {} events captured", path.display(), job["captured"], job["events"])];
    for error in errors {
        let place = error["place"].as_str().map(|place| format!(" ({place})")).unwrap_or_default();
        let event = match error["event"].as_u64() {
            Some(number @ 1..) => format!("event {number}"),
            Some(0) | None => "document".to_owned(),
        };
        lines.push(format!("  {event}{place}: {}: {}", text_of(error, "code"), text_of(error, "title")));
    }
    let count = job["errorCount"].as_u64().unwrap_or(0);
    let more = count.saturating_sub(errors.len() as u64);
    if more > 0 {
        lines.push(format!("  and {more} more errors"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form_of(bytes: &[u8]) -> Result<(&'static str, bool)> {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes).expect("written");
        file.rewind().expect("rewound");
        let found = form(&mut file);
        assert_eq!(file.stream_position().expect("a position"), 0, "the file is sent from its beginning");
        found
    }

    #[test]
    fn form_by_content() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"\n<?xml version='1.0'?>").expect("compressed");
        assert_eq!(form_of(b"\xef\xbb\xbf <x/>").expect("XML"), ("application/xml", false));
        assert_eq!(form_of(b"{}").expect("JSON"), ("application/ld+json", false));
        assert_eq!(form_of(&gzip.finish().expect("compressed")).expect("XML"), ("application/xml", true));
        assert!(form_of(b"").is_err());
        assert!(form_of(b"id,serial").is_err());
    }

    #[test]
    fn job_for_people() {
        let job = json!({
            "captureID": "x", "running": false, "success": false, "events": 3, "captured": 0, "errorCount": 4,
            "errors": [
                {"code": "unknown_item", "title": "no such pack", "event": 2, "place": "line 7"},
                {"code": "not_well_formed", "title": "the document breaks off", "event": 0},
            ],
        });
        insta::assert_snapshot!(lines(Path::new("a.xml"), &job).join("\n"));
    }
}
