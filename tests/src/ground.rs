//! On which ledger and database the flows run: the embedded ledger and SQLite, or, with `VERIDOSE_TEST_LEDGER=fabric`, the network in
//! `VERIDOSE_FABRIC_DIR` and the PostgreSQL server that `VERIDOSE_TEST_POSTGRES` names.
//!
//! The network is one for all tests. Each data directory gets a chaincode definition of its own on the channel, which is a ledger
//! of its own, and a database of its own, when a node first starts in it; every later command on the directory finds both.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex};

use anyhow::{Context as _, ensure};

/// Environment variables.
type Variables = Vec<(&'static str, String)>;

/// What the commands on each directory run with.
static GROUNDS: LazyLock<Mutex<HashMap<PathBuf, Variables>>> = LazyLock::new(Mutex::default);

/// The environment of a command on a data directory.
pub(crate) fn ground(data: &Path, arguments: &[&str]) -> anyhow::Result<Variables> {
    if std::env::var("VERIDOSE_TEST_LEDGER").as_deref() != Ok("fabric") {
        return Ok(Variables::new());
    }
    let mut grounds = GROUNDS.lock().expect("nobody panics while it holds the lock");
    if let Some(known) = grounds.get(data) {
        return Ok(known.clone());
    }
    if !matches!(arguments.first(), Some(&("serve" | "demo"))) {
        return Ok(Variables::new());
    }
    let made = make(&format!("t{}n{}", std::process::id(), grounds.len()))?;
    grounds.insert(data.to_owned(), made.clone());
    Ok(made)
}

/// The database of a data directory, where it is not SQLite in it.
pub(crate) fn database(data: &Path) -> Option<String> {
    let grounds = GROUNDS.lock().expect("nobody panics while it holds the lock");
    let (_, url) = grounds.get(data)?.iter().find(|(name, _)| *name == "VERIDOSE_DATABASE_URL")?;
    Some(url.clone())
}

fn make(name: &str) -> anyhow::Result<Variables> {
    let variable =
        |name| std::env::var(name).with_context(|| format!("{name} is not set, which `tests/run fabric` sets"));
    let (network, folder) = (variable("VERIDOSE_FABRIC_NETWORK")?, variable("VERIDOSE_FABRIC_DIR")?);
    run(Command::new(network).args(["define", name, "--dir", &folder]))?;
    let (server, commands) = (variable("VERIDOSE_TEST_POSTGRES")?, variable("VERIDOSE_TEST_POSTGRES_BIN")?);
    run(Command::new(Path::new(&commands).join("createdb")).args(["--maintenance-db", &server, name]))?;
    let (host, _) = server.rsplit_once('/').context("the URL ends with the name of a database")?;
    let profile = Path::new(&folder).join("organizations/alpine-pharma/connection.json");
    Ok(vec![
        ("VERIDOSE_LEDGER", "fabric".to_owned()),
        ("VERIDOSE_FABRIC_PROFILE", profile.display().to_string()),
        ("VERIDOSE_FABRIC_CHAINCODE", name.to_owned()),
        ("VERIDOSE_DATABASE_URL", format!("{host}/{name}")),
    ])
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().with_context(|| format!("failed to run {command:?}"))?;
    let said = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{command:?}: {}{}", said.0, said.1);
    Ok(())
}
