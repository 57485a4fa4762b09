//! Configuration: a TOML file, over it the environment, over it the command line. Every setting has a default, so that a node
//! starts from nothing.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::ValueEnum;
use serde::Deserialize;
use veridose_contract::{CredentialKind, PartyId};

use crate::auth::Role;

/// Everything a node can be told.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The directory in which everything lies: ledger, keys, database, network file, spool.
    pub data: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// The database; `SQLite` in the data directory by default.
    pub database: Option<String>,
    /// The form of log lines.
    pub log: LogFormat,
    /// How clients reach this node; the name of the embedded issuer and the root of proofs' links.
    pub public_url: Option<String>,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// What a client may ask for at most.
    pub limits: Limits,
    /// Whose tokens are accepted.
    pub auth: Auth,
    /// How long somebody stays signed in to the pages.
    pub sessions: SessionsConfig,
    /// The node's clock.
    pub clock: Clock,
    /// Patients' affairs.
    pub patients: Patients,
    /// How the trade is watched for what cannot be true.
    pub detection: Detection,
    /// How those are told who subscribed to cases.
    pub webhooks: Webhooks,
    /// Where transactions go.
    pub ledger: Ledger,
    /// Where the key backup lies.
    pub backup: Backup,
    /// Which part of the work this process does.
    pub role: NodeRole,
}

/// Which part of a node's work a process does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum NodeRole {
    /// Everything.
    #[default]
    All,
    /// Answers requests; other processes work through captured documents and write the SQL view.
    Serve,
    /// Works through captured documents and writes the SQL view; of HTTP it answers for its health and counters alone.
    Work,
}

/// Where the key backup lies: in two places, so that neither alone opens anything. Both or none are named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backup {
    /// The key backup. Copies of it may be kept anywhere.
    pub keys: Option<PathBuf>,
    /// Its key, sealed under the passphrase and replaced by each erasure of a patient. Whoever copies it keeps what patients had erased.
    pub key: Option<PathBuf>,
}

/// How long somebody stays signed in to the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionsConfig {
    /// Minutes without a request after which a session ends.
    pub idle_minutes: u32,
    /// Hours after which it ends however busy it is.
    pub hours_max: u32,
}

/// How the trade is watched.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Detection {
    /// Whether it is: the lake is kept, and suspicions become cases.
    pub enabled: bool,
    /// The member that raises cases, whose key this node holds; where none is named, a regulator.
    pub party: Option<PartyId>,
    /// How sure a suspicion must be to become a case, 0 to 1.
    pub score_min: f64,
}

/// How those are told who subscribed to cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Webhooks {
    /// Whether messages may go to addresses of private networks, and over plain HTTP to this machine: for development, or where
    /// receivers are known to be inside.
    pub private_addresses: bool,
    /// Tries before a message is given up and its subscription disabled.
    pub tries_max: u64,
    /// Wait after the first try that failed, in seconds; it doubles, up to six hours.
    pub pause_seconds: u64,
}

/// Where transactions go. Paths are relative to the current directory.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ledger {
    /// Which ledger.
    pub kind: LedgerKind,
    /// Fabric: the connection profile (JSON).
    pub profile: Option<PathBuf>,
    /// Fabric: the channel.
    pub channel: String,
    /// Fabric: the chaincode that runs the contract.
    pub chaincode: String,
    /// Fabric: the node's client certificate (PEM); `users/client/cert.pem` beside the profile where nothing is said.
    pub certificate: Option<PathBuf>,
    /// Fabric: its key (PEM); `users/client/key.pem` beside the profile where nothing is said.
    pub key: Option<PathBuf>,
    /// Fabric: how old, in seconds, the newest word of the other organisations may be before what must be current is not
    /// answered any more.
    pub stale_seconds_max: u64,
}

/// Which ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LedgerKind {
    /// In this process, on this machine.
    #[default]
    Embedded,
    /// A channel of a Hyperledger Fabric network that several organisations run.
    Fabric,
}

/// Patients' affairs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Patients {
    /// The member that keeps the consents of patients whose tokens name nobody else; this node holds its key.
    pub custodian: Option<PartyId>,
    /// Who else than the network's regulators says of persons that they are clinicians or researchers.
    pub credential_issuers: Vec<CredentialIssuer>,
    /// How long a confirmed emergency lasts, in minutes.
    pub emergency_minutes: u32,
    /// On which pages patients sign consents with passkeys of their own.
    pub passkeys: Passkeys,
    /// For how long accesses may fail to reach the ledger, in seconds, before no data of patients are given any more.
    pub unanchored_seconds_max: u64,
    /// How many patients must share age band, gender and place before records without what identifies are given of them.
    pub k_anonymity: u32,
    /// How much of patients' privacy a member may spend on counts for one purpose, ever, in thousandths of epsilon.
    pub epsilon_millis_max: u32,
    /// How much all members together may, for all purposes.
    pub epsilon_millis_all_max: u32,
}

/// The relying party of patients' passkeys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passkeys {
    /// The domain that passkeys are for; the host of `public_url` where nothing is said, without one `localhost`. Another domain is
    /// another relying party: passkeys of the one before sign nothing more.
    pub rp_id: Option<String>,
    /// The origins (`https://…`) of the pages, all of that domain; the one of `public_url` where nothing is said.
    pub origins: Vec<String>,
}

/// An issuer of verifiable credentials that is no member.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialIssuer {
    /// Its name, exactly as its credentials' `issuer` says it: a URL or a DID.
    pub issuer: String,
    /// A file with its public keys, a JWK set (RFC 7517).
    pub keys: PathBuf,
    /// What it may say that a person is; empty for everything.
    #[serde(default)]
    pub kinds: Vec<CredentialKind>,
}

impl Default for Patients {
    fn default() -> Self {
        Self {
            custodian: None,
            credential_issuers: Vec::new(),
            emergency_minutes: 60,
            unanchored_seconds_max: 60,
            k_anonymity: 11,
            epsilon_millis_max: 2_000,
            epsilon_millis_all_max: 10_000,
            passkeys: Passkeys::default(),
        }
    }
}

/// The node's clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Clock {
    /// How far the node's time lies from the machine's, in seconds: to replay documents of another day. 0 in production.
    pub shift_seconds: i64,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people at a terminal.
    Human,
    /// One JSON object a line, for machines.
    Json,
}

/// What a client may ask for at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Size of a JSON body, in bytes, after decompression.
    pub body_bytes_max: usize,
    /// Size of a captured document, in bytes, after decompression.
    pub capture_bytes_max: u64,
    /// How much larger than its compressed form a captured document may be.
    pub decompression_ratio_max: u64,
    /// Rows on one page.
    pub page_max: u32,
    /// Requests a second from one client, sustained; 0 switches the limit off.
    pub requests_per_second: u32,
    /// Requests that one client may send at once before the sustained rate counts.
    pub requests_burst: u32,
    /// Seconds that requests in flight get to end when the node stops.
    pub shutdown_seconds: u64,
    /// Threads that serve HTTP; 0 for one a core.
    pub workers: usize,
}

/// Whose tokens are accepted.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// The issuer whose key lies in this node's data directory and that `veridose token` speaks for.
    pub embedded: bool,
    /// The audience of the embedded issuer's tokens.
    pub audience: String,
    /// `OpenID` Connect issuers.
    pub issuers: Vec<IssuerConfig>,
}

/// An `OpenID` Connect issuer, found by discovery.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// Its URL, exactly as its tokens' `iss` says it.
    pub issuer: String,
    /// The audience its tokens must name.
    pub audience: String,
    /// The name under which it knows this node, so that people sign in to the pages through it; nobody does where none is
    /// given.
    #[serde(default)]
    pub client_id: Option<String>,
    /// A file with the secret that goes with that name, where the issuer asks for one.
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// What is asked of it at a sign-in.
    #[serde(default = "sign_in_scope")]
    pub sign_in_scope: String,
    /// The claim that holds the party.
    #[serde(default = "claim_party")]
    pub party_claim: String,
    /// The claim that holds the role.
    #[serde(default = "claim_role")]
    pub role_claim: String,
    /// The claim that holds the patient's pseudonym.
    #[serde(default = "claim_patient")]
    pub patient_claim: String,
    /// The parties it may speak for; empty for every party.
    #[serde(default)]
    pub parties: Vec<PartyId>,
    /// The roles it may give; empty for every role. A token without the claim has the role where this names a single one.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// What its patients' names begin with here, put before the claim: no patient of another issuer, or of a custodian, is one of
    /// its own. With `patient_claim = "sub"` patients sign in with any identity that they have.
    #[serde(default)]
    pub patient_prefix: String,
}

fn sign_in_scope() -> String {
    "openid".into()
}
fn claim_party() -> String {
    "party".into()
}
fn claim_role() -> String {
    "role".into()
}
fn claim_patient() -> String {
    "patient".into()
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("veridose-data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            database: None,
            log: LogFormat::Human,
            public_url: None,
            trusted_proxies: Vec::new(),
            limits: Limits::default(),
            auth: Auth::default(),
            sessions: SessionsConfig::default(),
            clock: Clock::default(),
            patients: Patients::default(),
            detection: Detection::default(),
            webhooks: Webhooks::default(),
            ledger: Ledger::default(),
            backup: Backup::default(),
            role: NodeRole::default(),
        }
    }
}

impl Default for SessionsConfig {
    /// A shift, and half an hour beside it that nobody works in.
    fn default() -> Self {
        Self { idle_minutes: 30, hours_max: 12 }
    }
}

impl Default for Detection {
    fn default() -> Self {
        Self { enabled: true, party: None, score_min: 0.5 }
    }
}

impl Default for Webhooks {
    /// Half a day of tries.
    fn default() -> Self {
        Self { private_addresses: false, tries_max: 14, pause_seconds: 5 }
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            kind: LedgerKind::default(),
            profile: None,
            channel: "veridose".into(),
            chaincode: "veridose".into(),
            certificate: None,
            key: None,
            stale_seconds_max: 5,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 8 << 20,
            capture_bytes_max: 1 << 30,
            decompression_ratio_max: 200,
            page_max: 1_000,
            requests_per_second: 1_000,
            requests_burst: 2_000,
            shutdown_seconds: 10,
            workers: 0,
        }
    }
}

impl Default for Auth {
    fn default() -> Self {
        Self { embedded: true, audience: "veridose".into(), issuers: Vec::new() }
    }
}

/// What the command line or the environment says over the file.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Overrides {
    /// Configuration file (TOML); veridose.toml in the current directory is read if it is there
    #[arg(long, env = "VERIDOSE_CONFIG", value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Data directory: ledger, keys, database and network file
    #[arg(long, env = "VERIDOSE_DATA_DIR", value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,
    /// Address to listen on
    #[arg(long, env = "VERIDOSE_LISTEN", value_name = "IP:PORT", global = true)]
    pub listen: Option<SocketAddr>,
    /// Database URL, `sqlite:PATH` or `postgres://…`
    #[arg(long, env = "VERIDOSE_DATABASE_URL", value_name = "URL", hide_env_values = true, global = true)]
    pub database: Option<String>,
    /// Form of log lines
    #[arg(long, env = "VERIDOSE_LOG_FORMAT", value_enum, value_name = "FORMAT", global = true)]
    pub log: Option<LogFormat>,
    /// URL by which clients reach this node
    #[arg(long, env = "VERIDOSE_PUBLIC_URL", value_name = "URL", global = true)]
    pub public_url: Option<String>,
    /// Ledger: in this process, or a channel of a Hyperledger Fabric network
    #[arg(long, env = "VERIDOSE_LEDGER", value_enum, value_name = "KIND", global = true)]
    pub ledger: Option<LedgerKind>,
    /// Connection profile of the Fabric network (JSON)
    #[arg(long, env = "VERIDOSE_FABRIC_PROFILE", value_name = "FILE", global = true)]
    pub fabric_profile: Option<PathBuf>,
    /// Name under which the contract is defined on the Fabric channel
    #[arg(long, env = "VERIDOSE_FABRIC_CHAINCODE", value_name = "NAME", global = true)]
    pub fabric_chaincode: Option<String>,
}

impl Config {
    /// Reads the file that `overrides` name, or `veridose.toml` where it is, and lays the overrides over it.
    pub fn load(overrides: Overrides) -> anyhow::Result<Self> {
        let implied = Path::new("veridose.toml");
        let mut config = match &overrides.config {
            Some(file) => Self::read(file)?,
            None if implied.is_file() => Self::read(implied)?,
            None => Self::default(),
        };
        config.data = overrides.data.unwrap_or(config.data);
        config.listen = overrides.listen.unwrap_or(config.listen);
        config.log = overrides.log.unwrap_or(config.log);
        config.database = overrides.database.or(config.database);
        config.public_url = overrides.public_url.or(config.public_url);
        config.ledger.kind = overrides.ledger.unwrap_or(config.ledger.kind);
        config.ledger.profile = overrides.fabric_profile.or(config.ledger.profile);
        config.ledger.chaincode = overrides.fabric_chaincode.unwrap_or(config.ledger.chaincode);
        config.check()?;
        Ok(config)
    }

    fn read(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))?;
        toml::from_str(&text).with_context(|| format!("failed to understand {}", file.display()))
    }

    fn check(&self) -> anyhow::Result<()> {
        for issuer in &self.auth.issuers {
            crate::auth::check_issuer_url(&issuer.issuer)?;
            anyhow::ensure!(!issuer.audience.is_empty(), "issuer {}: the audience is empty", issuer.issuer);
            anyhow::ensure!(
                issuer.issuer != self.issuer(),
                "issuer {}: this is the embedded issuer's own name",
                issuer.issuer
            );
        }
        anyhow::ensure!(
            (0.0..=1.0).contains(&self.detection.score_min),
            "detection.score_min is {}: a probability from 0 to 1",
            self.detection.score_min
        );
        let minutes = self.patients.emergency_minutes;
        anyhow::ensure!(
            (1..=1_440).contains(&minutes),
            "patients.emergency_minutes is {minutes}: an emergency lasts a minute to a day"
        );
        anyhow::ensure!(
            self.backup.keys.is_some() == self.backup.key.is_some(),
            "backup.keys and backup.key go together: the key backup and its key"
        );
        let SessionsConfig { idle_minutes, hours_max } = self.sessions;
        anyhow::ensure!(
            (1..=1_440).contains(&idle_minutes) && (1..=168).contains(&hours_max),
            "sessions: idle_minutes is 1 to 1440 and hours_max 1 to 168, not {idle_minutes} and {hours_max}"
        );
        crate::passkey::RelyingParty::of(self)?;
        anyhow::ensure!(self.limits.page_max > 0, "limits.page_max is 0: no list could be read");
        anyhow::ensure!(
            self.ledger.kind == LedgerKind::Embedded || self.ledger.profile.is_some(),
            "ledger.profile is missing: name the Fabric network's connection profile, or give --fabric-profile"
        );
        self.check_role()
    }

    /// A part of the work is for a process only where others can do the rest.
    pub fn check_role(&self) -> anyhow::Result<()> {
        let shared = self.ledger.kind == LedgerKind::Fabric && self.database_url().starts_with("postgres");
        anyhow::ensure!(
            self.role == NodeRole::All || shared,
            "the roles serve and work are for several processes, which share a PostgreSQL database and a Fabric channel; \
             the embedded ledger and SQLite have one process, of the role all"
        );
        Ok(())
    }

    /// The name of the embedded issuer.
    pub fn issuer(&self) -> &str {
        self.public_url.as_deref().unwrap_or("https://veridose.localhost")
    }

    /// The database's URL.
    pub fn database_url(&self) -> String {
        self.database.clone().unwrap_or_else(|| format!("sqlite:{}", self.data.join("veridose.sqlite").display()))
    }

    /// Where keys lie.
    pub fn keys(&self) -> PathBuf {
        self.data.join("keys")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_below_command_line() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let file = directory.path().join("c.toml");
        std::fs::write(
            &file,
            "listen = \"127.0.0.1:1\"\ndata = \"here\"\n[limits]\npage_max = 7\n\
             [[auth.issuers]]\nissuer = \"https://id.example\"\naudience = \"v\"\nroles = [\"pharmacy\"]\n",
        )
        .expect("write");
        let overrides = Overrides { config: Some(file), data: Some("there".into()), ..Overrides::default() };
        let config = Config::load(overrides).expect("loads");
        assert_eq!((config.listen.port(), config.data.as_path()), (1, Path::new("there")));
        assert_eq!(config.limits.page_max, 7);
        assert_eq!(config.auth.issuers.first().map(|issuer| issuer.party_claim.as_str()), Some("party"));
        assert!(config.auth.embedded);
    }

    #[test]
    fn mistakes_are_named() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let file = directory.path().join("c.toml");
        for (text, said) in [
            ("lissten = 1", "lissten"),
            ("[limits]\npage_max = 0", "page_max"),
            ("[detection]\nscore_min = 2.0", "score_min"),
            ("[sessions]\nidle_minutes = 0", "idle_minutes"),
            ("[patients.passkeys]\nrp_id = \"a.example\"\norigins = [\"https://b.example\"]", "rp_id"),
            ("[patients.passkeys]\norigins = [\"http://b.example\"]", "no https origin"),
            ("[ledger]\nkind = \"fabric\"", "--fabric-profile"),
            ("[ledger]\nkind = \"other\"", "embedded"),
            ("role = \"work\"", "the role all"),
            ("[[auth.issuers]]\nissuer = \"http://id.example\"\naudience = \"v\"", "https"),
            ("[[auth.issuers]]\nissuer = \"https://id.example\"\naudience = \"\"", "audience"),
        ] {
            std::fs::write(&file, text).expect("write");
            let error = Config::load(Overrides { config: Some(file.clone()), ..Overrides::default() }).expect_err(text);
            assert!(format!("{error:#}").contains(said), "{error:#}");
        }
    }
}
