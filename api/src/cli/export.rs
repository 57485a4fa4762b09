//! `veridose export`: the events that the caller may see, as one EPCIS document.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Outcome;
use super::client::{Answered, Connection};
use super::local;

/// Which events, and where they go.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  veridose export --token-file maker.token -o events.jsonld\n  \
                  veridose export --from 2026-01-01T00:00:00Z --to 2026-02-01T00:00:00Z > january.jsonld")]
pub struct Arguments {
    /// Events that happened at this moment or later, RFC 3339
    #[arg(long, value_parser = moment)]
    from: Option<String>,
    /// Events that happened before this moment, RFC 3339
    #[arg(long, value_parser = moment)]
    to: Option<String>,
    /// The file to write; standard output where nothing is said
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The node
    #[command(flatten)]
    connection: Connection,
}

/// A moment, in UTC so that nothing in it has another meaning in a query.
fn moment(text: &str) -> Result<String, String> {
    let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|error| format!("{error}; write 2026-01-31T00:00:00Z"))?;
    at.to_offset(time::UtcOffset::UTC).format(&Rfc3339).map_err(|error| error.to_string())
}

pub(super) fn run(wanted: &Arguments, json: bool) -> Result<Outcome> {
    let client = wanted.connection.client()?;
    let pages = client.pages(query(wanted));
    match &wanted.output {
        Some(path) => {
            // What broke off is no document: the file comes to its name when it is whole.
            let draft = path.with_added_extension("part");
            let file = File::create(&draft).with_context(|| format!("failed to create {}", draft.display()))?;
            let mut output = BufWriter::new(file);
            let outcome = write(pages, &mut output, json)?;
            output.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            match outcome {
                Outcome::Done => std::fs::rename(&draft, path)?,
                Outcome::Refused => std::fs::remove_file(&draft)?,
            }
            Ok(outcome)
        }
        None => write(pages, &mut BufWriter::new(io::stdout().lock()), json),
    }
}

fn query(wanted: &Arguments) -> String {
    let mut query = "/events?perPage=500&orderBy=eventTime&orderDirection=ASC".to_owned();
    for (name, value) in [("GE_eventTime", &wanted.from), ("LT_eventTime", &wanted.to)] {
        if let Some(value) = value {
            query = format!("{query}&{name}={value}");
        }
    }
    query
}

/// The pages of a query as one document. Of each event only its own page is in memory.
fn write(pages: impl Iterator<Item = Result<Answered>>, output: &mut dyn Write, json: bool) -> Result<Outcome> {
    let bar = local::counter("events")?;
    let mut context = None;
    for page in pages {
        let page = match page? {
            Answered::Done(page) => page,
            refused @ Answered::Refused(_) => return refused.tell(json, |_| Vec::new()),
        };
        let list = &page["epcisBody"]["queryResults"]["resultsBody"]["eventList"];
        let events = list.as_array().context("the answer is no EPCIS query document")?;
        match &context {
            None => {
                begin(&page, output)?;
                context = Some(page["@context"].clone());
            }
            Some(context) => {
                ensure!(page["@context"] == *context, "the node changed its JSON-LD context between pages");
            }
        }
        for event in events {
            output.write_all(if bar.position() == 0 { b"\n" } else { b",\n" })?;
            serde_json::to_writer(&mut *output, event)?;
            bar.inc(1);
        }
    }
    ensure!(context.is_some(), "the node gave no page");
    output.write_all(b"\n]}}\n")?;
    output.flush()?;
    bar.finish_and_clear();
    Ok(Outcome::Done)
}

/// The document as far as its list of events.
fn begin(page: &Value, output: &mut dyn Write) -> io::Result<()> {
    let (context, created) = (&page["@context"], &page["creationDate"]);
    write!(output, "{{\"@context\":{context},\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\",")?;
    write!(output, "\"creationDate\":{created},\"epcisBody\":{{\"eventList\":[")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn page(events: &[Value]) -> Answered {
        Answered::Done(json!({
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
            "type": "EPCISQueryDocument", "schemaVersion": "2.0", "creationDate": "2026-01-31T00:00:00Z",
            "epcisBody": {"queryResults": {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": events}}},
        }))
    }

    fn event(pack: u8) -> Value {
        json!({
            "type": "ObjectEvent", "eventTime": "2026-01-30T10:00:00Z", "eventTimeZoneOffset": "+00:00",
            "epcList": [format!("https://id.gs1.org/01/09506000134352/21/{pack}")], "action": "OBSERVE",
        })
    }

    #[test]
    fn pages_become_one_valid_document() {
        let mut output = Vec::new();
        let pages = [page(&[event(1), event(2)]), page(&[event(3)])];
        assert_eq!(write(pages.into_iter().map(Ok), &mut output, false).expect("written"), Outcome::Done);
        let validation = veridose_epcis::validate(output.as_slice());
        assert!(validation.is_valid(), "{:?}", validation.faults);
        assert_eq!(validation.events, 3);
    }

    #[test]
    fn nothing_found_and_nothing_allowed() {
        let mut output = Vec::new();
        write([page(&[])].into_iter().map(Ok), &mut output, false).expect("written");
        let document: Value = serde_json::from_slice(&output).expect("JSON");
        assert_eq!(document["epcisBody"]["eventList"], json!([]));
        let refused = Answered::Refused(json!({ "code": "forbidden", "detail": "no" }));
        let mut output = Vec::new();
        assert_eq!(write([refused].into_iter().map(Ok), &mut output, false).expect("told"), Outcome::Refused);
        assert!(output.is_empty());
    }

    #[test]
    fn moments_are_in_utc() {
        assert_eq!(moment("2026-01-31T01:00:00+02:00").as_deref(), Ok("2026-01-30T23:00:00Z"));
        assert!(moment("yesterday").is_err());
    }
}
