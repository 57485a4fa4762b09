//! `veridose scan`: what a scanner, a link or a keyboard hands in, read without a server.

use std::io::{self, BufRead, BufWriter, ErrorKind, Read as _, Write};

use clap::Args;
use serde::Serialize;
use veridose_gs1::scan::{self, Diagnosis, SCAN_BYTES_MAX};
use veridose_gs1::{Element, prefix_length};

use super::Outcome;

/// What is read.
#[derive(Debug, Args)]
#[command(
    after_help = "Each scan becomes one line of JSON: {elements:[{ai,value}], digital_link, urn, problem}. The URN needs to know\n\
                  where the company prefix ends: from --prefix-length, or from a scan that is itself a URN; it is null otherwise.\n\n\
                  Examples:\n  veridose scan '(01)09506000134352(17)271231(10)ABC123(21)XYZ'\n  \
                  veridose scan --prefix-length 7 https://id.gs1.org/01/09506000134352/21/XYZ\n  \
                  veridose scan --stdin < scans.txt"
)]
pub struct Arguments {
    /// The scan, in any form
    #[arg(required_unless_present = "stdin")]
    string: Option<String>,
    /// Read scans from standard input, one a line
    #[arg(long, conflicts_with = "string")]
    stdin: bool,
    /// Digits of the GS1 company prefix, for the URN
    #[arg(long, value_parser = clap::value_parser!(u8).range(6..=12))]
    prefix_length: Option<u8>,
}

/// One scan as it is answered.
#[derive(Debug, Serialize)]
struct Line {
    elements: Vec<Element>,
    digital_link: Option<String>,
    urn: Option<String>,
    problem: Option<Diagnosis>,
}

pub(super) fn run(wanted: &Arguments) -> anyhow::Result<Outcome> {
    let output = BufWriter::new(io::stdout().lock());
    let answered = match &wanted.string {
        Some(text) => answer_all(&mut text.as_bytes(), output, wanted.prefix_length),
        None => answer_all(&mut io::stdin().lock(), output, wanted.prefix_length),
    };
    match answered {
        // A reader that went away (`| head`) has seen what it wanted.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Outcome::Done),
        answered => Ok(answered?),
    }
}

fn answer_all(input: &mut dyn BufRead, mut output: impl Write, length: Option<u8>) -> io::Result<Outcome> {
    let mut outcome = Outcome::Done;
    let mut line = Vec::new();
    while read_line(input, &mut line)? {
        let answer = answer(&String::from_utf8_lossy(&line), length);
        if answer.problem.is_some() {
            outcome = Outcome::Refused;
        }
        serde_json::to_writer(&mut output, &answer)?;
        output.write_all(b"\n")?;
        // Who types scans sees each answer at once.
        output.flush()?;
    }
    Ok(outcome)
}

/// The next line without its end; of a line longer than any scan only so much that its length shows.
fn read_line(input: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let kept = SCAN_BYTES_MAX as u64 + 2;
    if (&mut *input).take(kept).read_until(b'\n', line)? == 0 {
        return Ok(false);
    }
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
    } else if line.len() as u64 == kept {
        input.skip_until(b'\n')?;
    }
    Ok(true)
}

fn answer(text: &str, length: Option<u8>) -> Line {
    match scan::parse(text) {
        Ok(scan) => {
            let length = length.or_else(|| prefix_length(text.trim()));
            // A thing for which EPC has no URN is still read well.
            let urn = length.and_then(|length| scan.urn(length)?.ok());
            Line { elements: scan.elements().to_vec(), digital_link: scan.digital_link(), urn, problem: None }
        }
        Err(problem) => Line { elements: Vec::new(), digital_link: None, urn: None, problem: Some(problem) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(input: &str, length: Option<u8>) -> (String, Outcome) {
        let mut output = Vec::new();
        let outcome = answer_all(&mut input.as_bytes(), &mut output, length).expect("memory takes all");
        (String::from_utf8(output).expect("JSON is UTF-8"), outcome)
    }

    #[test]
    fn every_form_and_every_mistake() {
        let input = "(01)09506000134352(17)271231(10)ABC123(21)XYZ\n\
                     ]d201095060001343521727123110ABC123\u{1d}21XYZ\r\n\
                     https://id.gs1.org/01/09506000134352/21/XYZ\n\
                     urn:epc:id:sgtin:9506000.013435.XYZ\n\
                     urn:epc:id:sscc:9506000.0000000001\n\
                     (01)09506000134351(21)XYZ\n\
                     \n\
                     rubbish";
        let (output, outcome) = answers(input, None);
        assert_eq!(outcome, Outcome::Refused);
        insta::assert_snapshot!(output);
    }

    #[test]
    fn urn_with_a_known_prefix() {
        let (output, outcome) = answers("(01)09506000134352(21)XYZ", Some(7));
        assert_eq!(outcome, Outcome::Done);
        assert!(output.contains(r#""urn":"urn:epc:id:sgtin:9506000.013435.XYZ""#), "{output}");
    }

    #[test]
    fn endless_line_is_cut_and_the_next_one_read() {
        let long = "9".repeat(3 * SCAN_BYTES_MAX);
        let (output, outcome) = answers(&format!("{long}\n(00)095060000000000011\n\u{1}\n"), None);
        assert_eq!((output.lines().count(), outcome), (3, Outcome::Refused));
        assert!(output.lines().next().is_some_and(|line| line.contains("too_long")), "{output}");
    }
}
