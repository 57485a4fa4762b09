//! `veridose epcis …`: work on EPCIS documents without a server.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use veridose_epcis::Syntax;

use super::{Outcome, print};

/// Files from this size on get a progress bar.
const PROGRESS_BYTES_MIN: u64 = 4 << 20;

/// What is done with a document; `-` reads standard input.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a document in another syntax
    #[command(after_help = "Example:\n  veridose epcis convert --to json shipment.xml > shipment.jsonld")]
    Convert {
        /// The syntax to write
        #[arg(long, value_enum)]
        to: Form,
        /// The document
        file: PathBuf,
    },
    /// Say everything that is wrong with a document
    #[command(after_help = "Example:\n  veridose epcis validate shipment.xml")]
    Validate {
        /// The document
        file: PathBuf,
    },
    /// Print the event hash id (CBV 2.0) of each event, one a line, in the order of the document
    #[command(after_help = "Example:\n  veridose epcis hash shipment.jsonld")]
    Hash {
        /// The document
        file: PathBuf,
    },
}

/// A syntax of EPCIS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// EPCIS 2.0 JSON-LD
    Json,
    /// EPCIS 2.0 XML
    Xml,
    /// EPCIS 1.2 XML
    Xml12,
}

impl From<Form> for Syntax {
    fn from(form: Form) -> Self {
        match form {
            Form::Json => Self::Json,
            Form::Xml => Self::Xml20,
            Form::Xml12 => Self::Xml12,
        }
    }
}

pub(super) fn run(command: &Command, json: bool) -> anyhow::Result<Outcome> {
    match command {
        Command::Convert { to, file } => convert(file, *to, json),
        Command::Validate { file } => validate(file, json),
        Command::Hash { file } => hash(file, json),
    }
}

fn convert(file: &Path, to: Form, json: bool) -> anyhow::Result<Outcome> {
    let output = BufWriter::new(io::stdout().lock());
    match veridose_epcis::convert(open(file)?, output, to.into()) {
        Ok(_) => Ok(Outcome::Done),
        Err(error) => refuse(&error.to_string(), json),
    }
}

fn validate(file: &Path, json: bool) -> anyhow::Result<Outcome> {
    let validation = veridose_epcis::validate(open(file)?);
    let faults: Vec<_> = validation.faults.iter().map(ToString::to_string).collect();
    let (valid, events) = (validation.is_valid(), validation.events);
    if json {
        let syntax = validation.syntax.map(Syntax::name);
        print(&json!({ "valid": valid, "syntax": syntax, "events": events, "faults": faults }).to_string())?;
    } else if valid {
        let syntax = validation.syntax.map_or("EPCIS", Syntax::name);
        print(&format!("valid {syntax}, {events} events"))?;
    } else {
        for fault in &faults {
            print(fault)?;
        }
        if !validation.complete {
            print("the document was not read to its end")?;
        }
    }
    Ok(if valid { Outcome::Done } else { Outcome::Refused })
}

fn hash(file: &Path, json: bool) -> anyhow::Result<Outcome> {
    let hashes = match veridose_epcis::hashes(open(file)?) {
        Ok(hashes) => hashes,
        Err(error) => return refuse(&error.to_string(), json),
    };
    for hash in hashes {
        match hash {
            Ok(hash) if json => print(&json!({ "hash": hash }).to_string())?,
            Ok(hash) => print(&hash)?,
            Err(error) => return refuse(&error.to_string(), json),
        };
    }
    Ok(Outcome::Done)
}

/// Says why a document is refused: on standard error for people, as JSON on standard output for machines.
fn refuse(problem: &str, json: bool) -> anyhow::Result<Outcome> {
    if json {
        print(&json!({ "problem": problem }).to_string())?;
    } else {
        writeln!(io::stderr(), "veridose: {problem}")?;
    }
    Ok(Outcome::Refused)
}

/// The document, with a progress bar on standard error where it is large and somebody looks on.
fn open(file: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    if file == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let opened = File::open(file).with_context(|| format!("failed to open {}", file.display()))?;
    let size_bytes = opened.metadata().map_or(0, |metadata| metadata.len());
    let reader: Box<dyn Read> =
        if size_bytes < PROGRESS_BYTES_MIN { Box::new(opened) } else { Box::new(bar(size_bytes)?.wrap_read(opened)) };
    Ok(Box::new(BufReader::with_capacity(1 << 16, reader)))
}

/// A bar that counts bytes; it draws nothing when standard error is no terminal.
pub(super) fn bar(size_bytes: u64) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}")?;
    Ok(ProgressBar::new(size_bytes).with_style(style))
}
