//! `veridose credential issue`: a verifiable credential of a person, signed with a regulator's key.

use clap::{Subcommand, ValueEnum};
use veridose_contract::{CredentialKind, PartyId};

use super::{Outcome, print};
use crate::access::credential::{Issue, issue};
use crate::config::Config;
use crate::node::{clock, keys};

/// What is done with credentials.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say of a person that it is a clinician or a researcher
    #[command(after_help = "Prints a JWT (application/vc+jwt), which its holder sends in Veridose-Credential.\n\n\
                            Example:\n  veridose credential issue --by medicines-agency --kind clinician --holder dr-lee")]
    Issue {
        /// The regulator that says so; its key lies in the data directory
        #[arg(long, value_parser = PartyId::parse)]
        by: PartyId,
        /// What the person is
        #[arg(long, value_enum)]
        kind: Kind,
        /// How the issuer of the person's tokens calls the person
        #[arg(long)]
        holder: String,
        /// That issuer; this node's own when nothing is said
        #[arg(long)]
        holder_issuer: Option<String>,
        /// For how many days it holds
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3_650))]
        days: u32,
    },
}

/// What a person is.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Kind {
    /// Treats patients
    Clinician,
    /// Does research under an ethics committee
    Researcher,
}

pub(super) fn run(config: &Config, command: &Command) -> anyhow::Result<Outcome> {
    let Command::Issue { by, kind, holder, holder_issuer, days } = command;
    let signer = keys(config)?.signer(by)?;
    let kind = match kind {
        Kind::Clinician => CredentialKind::Clinician,
        Kind::Researcher => CredentialKind::Researcher,
    };
    let issued = issue(
        &signer,
        &Issue {
            kind,
            holder_issuer: holder_issuer.as_deref().unwrap_or_else(|| config.issuer()),
            holder,
            from: clock(config).now(),
            days: *days,
        },
    )?;
    print(&issued)
}
