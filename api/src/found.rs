//! Founding a network: who its members are, a certificate authority for each, the network file.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use veridose_contract::{Fingerprint, Genesis, Party, PartyId, Role, Site, Timestamp};
use veridose_ledger::{Network, pki};

use crate::node::KeyStore;

/// A member to be.
#[derive(Debug, Clone)]
pub struct Founder {
    /// Short name.
    pub id: PartyId,
    /// Name in full.
    pub name: String,
    /// What it does in the trade.
    pub role: Role,
    /// Its sites; the first is its main one.
    pub sites: Vec<Site>,
}

/// Where a data directory keeps the network file.
pub fn network_file(data: &Path) -> PathBuf {
    data.join("network.toml")
}

/// Founds a network whose members' keys all lie in this data directory: for trials, and for one operator who acts for all.
pub fn found(data: &Path, keys: &KeyStore, name: &str, founders: &[Founder], now: Timestamp) -> Result<Network> {
    let path = network_file(data);
    ensure!(!path.exists(), "{} exists: this data directory belongs to a network", path.display());
    let members = founders.iter().map(|founder| member(keys, founder, now)).collect::<Result<Vec<_>>>()?;
    // More than half must agree on who else comes in.
    let admit_threshold = u32::try_from(members.len() / 2 + 1)?;
    let genesis = Genesis { name: name.to_owned(), admit_threshold, members };
    let network = Network::new(&format!("veridose.example/{}", origin_of(name)), genesis)?;
    for founder in founders {
        keys.issue(&founder.id, founder.role, founder.sites.first().copied(), now)?;
    }
    // The network file last: a directory without it is founded again, with the keys that are there; one with it has them all.
    write_durably(&path, &network.to_toml())?;
    Ok(network)
}

fn member(keys: &KeyStore, founder: &Founder, now: Timestamp) -> Result<Party> {
    let authority = keys.authority_or_new(&founder.id, now)?;
    let ca: Fingerprint = pki::fingerprint(authority.der());
    Ok(Party {
        id: founder.id.clone(),
        name: founder.name.clone(),
        role: founder.role,
        sites: founder.sites.clone(),
        ca,
        ca_der: authority.der().to_vec(),
    })
}

fn origin_of(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}

fn write_durably(path: &Path, text: &str) -> Result<()> {
    let draft = path.with_extension("toml.draft");
    std::fs::write(&draft, text).with_context(|| format!("failed to write {}", draft.display()))?;
    std::fs::File::open(&draft)?.sync_all()?;
    std::fs::rename(&draft, path)?;
    std::fs::File::open(path.parent().context("the network file lies in a directory")?)?.sync_all()?;
    Ok(())
}

/// The members of the network that a node without one founds to be tried out: invented companies, with GLNs of the prefix that
/// GS1 keeps for examples (950).
pub fn trial_members() -> Vec<Founder> {
    let founder = |id: &str, name: &str, role, sites: &[u64]| Founder {
        id: PartyId::parse(id).expect("written here"),
        name: name.to_owned(),
        role,
        sites: sites.iter().map(|site| Site(*site)).collect(),
    };
    vec![
        founder("alpine-pharma", "Alpine Pharma", Role::Manufacturer, &[9_506_000_100_012]),
        founder("north-wholesale", "North Wholesale", Role::Distributor, &[9_506_000_200_019]),
        founder("south-wholesale", "South Wholesale", Role::Distributor, &[9_506_000_300_016]),
        founder("harbour-pharmacy", "Harbour Pharmacy", Role::Pharmacy, &[9_506_000_400_013]),
        founder("station-pharmacy", "Station Pharmacy", Role::Pharmacy, &[9_506_000_500_010]),
        founder("medicines-agency", "Medicines Agency", Role::Regulator, &[9_506_000_600_017]),
        founder("health-fund", "Health Fund", Role::Payer, &[9_506_000_700_014]),
    ]
}
