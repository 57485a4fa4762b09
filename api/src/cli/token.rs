//! `veridose token`.

use std::time::Duration;

use clap::Args;
use veridose_contract::{PartyId, Site};

use super::{Outcome, print};
use crate::auth::{Embedded, Grant, Role};
use crate::config::Config;
use crate::node::keys;

/// What the token shall say.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  veridose token --role pharmacy --party corner-pharmacy\n  \
                        veridose token --role patient --patient p-17 --hours 1")]
pub struct Arguments {
    /// In which capacity it is used
    #[arg(long, value_enum)]
    role: Role,
    /// The organisation it acts for
    #[arg(long, value_parser = PartyId::parse)]
    party: Option<PartyId>,
    /// Who uses it; the party or role when nothing is said
    #[arg(long)]
    subject: Option<String>,
    /// The place it is used from, a GLN
    #[arg(long)]
    site: Option<u64>,
    /// The patient's pseudonym
    #[arg(long, required_if_eq("role", "patient"))]
    patient: Option<String>,
    /// What it reaches of patients' data, as in SMART App Launch: `user/Observation.rs`; all that the role may read and write when nothing is said
    #[arg(long)]
    scope: Option<String>,
    /// For how many hours it is good
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=24 * 365))]
    hours: u64,
}

pub(super) fn run(config: &Config, wanted: Arguments, json: bool) -> anyhow::Result<Outcome> {
    anyhow::ensure!(config.auth.embedded, "the embedded issuer is switched off (auth.embedded)");
    let issuer = Embedded::open(&keys(config)?, config)?;
    let named = wanted.subject.or_else(|| wanted.party.as_ref().map(ToString::to_string));
    let grant = Grant {
        subject: named.unwrap_or_else(|| "veridose-token".into()),
        party: wanted.party,
        role: wanted.role,
        site: wanted.site.map(Site),
        patient: wanted.patient,
        scope: wanted.scope,
        lifetime: Duration::from_secs(wanted.hours * 3_600),
    };
    let token = issuer.mint(&grant)?;
    let expires_in = grant.lifetime.as_secs();
    if json {
        let answer = serde_json::json!({ "access_token": token, "token_type": "Bearer", "expires_in": expires_in });
        return print(&answer.to_string());
    }
    print(&token)
}
