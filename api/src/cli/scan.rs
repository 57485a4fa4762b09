//! `veridose scan`: a scan in any form, read without a server.

use std::io::BufRead as _;

use clap::Args;
use serde_json::{Value, json};
use veridose_gs1::{prefix_length, scan};

use super::{Outcome, print};

/// What is read.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  veridose scan '(01)09506000134352(17)271231(10)ABC123(21)XYZ'\n  \
                        veridose scan --prefix-length 7 https://id.gs1.org/01/09506000134352/21/XYZ\n  \
                        veridose scan --stdin < scans.txt")]
pub struct Arguments {
    /// The scan: element string, Digital Link, EPC URN
    #[arg(required_unless_present = "stdin", conflicts_with = "stdin")]
    scan: Option<String>,
    /// Read scans from standard input, one a line; `\x1D` and the like stand for FNC1
    #[arg(long)]
    stdin: bool,
    /// Digits of the GS1 company prefix, so that a URN can be written; a scanned URN says it itself
    #[arg(long, value_name = "DIGITS", value_parser = clap::value_parser!(u8).range(6..=12))]
    prefix_length: Option<u8>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::Done;
    let mut one = |text: &str| -> anyhow::Result<()> {
        let (answer, understood) = describe(text, arguments.prefix_length);
        if !understood {
            outcome = Outcome::Refused;
        }
        print(&answer.to_string()).map(|_| ())
    };
    match &arguments.scan {
        Some(text) => one(text)?,
        None => {
            for line in std::io::stdin().lock().lines() {
                one(&line?)?;
            }
        }
    }
    Ok(outcome)
}

/// One JSON object, and whether the scan was understood.
fn describe(text: &str, prefix: Option<u8>) -> (Value, bool) {
    match scan::parse(text) {
        Ok(scan) => {
            let urn = prefix.or_else(|| prefix_length(text)).and_then(|length| scan.urn(length)?.ok());
            let elements: Vec<_> = scan
                .elements()
                .iter()
                .map(|element| json!({ "ai": element.ai.to_string(), "value": element.value }))
                .collect();
            let answer =
                json!({ "elements": elements, "digital_link": scan.digital_link(), "urn": urn, "problem": null });
            (answer, true)
        }
        Err(diagnosis) => {
            let answer = json!({ "elements": [], "digital_link": null, "urn": null, "problem": diagnosis });
            (answer, false)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::describe;

    #[test]
    fn forms_of_one_pack() {
        let (element_string, _) = describe("]d201095060001343521727123110ABC\\x1D21XYZ", None);
        insta::assert_json_snapshot!(element_string);
        let (urn, understood) = describe("urn:epc:id:sgtin:9506000.013435.XYZ", None);
        assert!(understood);
        assert_eq!(urn["urn"], "urn:epc:id:sgtin:9506000.013435.XYZ");
        let (bad, understood) = describe("(01)09506000134351(21)XYZ", None);
        assert!(!understood);
        assert_eq!(bad["problem"]["code"], "wrong_check_digit");
    }
}
