//! A Fabric network of a test's own, and nodes on its channel.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use reqwest::Method;
use serde_json::Value;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::client::Client;

/// A network takes two processes for each organisation: one at a time.
static ONE: LazyLock<Arc<Mutex<()>>> = LazyLock::new(Arc::default);

/// A running network, gone when dropped.
#[derive(Debug)]
pub struct FabricNetwork {
    script: PathBuf,
    dir: PathBuf,
    _one: OwnedMutexGuard<()>,
}

impl FabricNetwork {
    /// Starts a network; nothing, if the run is not for Fabric (`tests/run fabric` says where its parts are).
    #[expect(clippy::print_stdout, reason = "what a test prints says why it skipped")]
    pub async fn up(name: &str, arguments: &[&str]) -> anyhow::Result<Option<Self>> {
        let variable = |name| std::env::var_os(name).map(PathBuf::from);
        let parts = (variable("VERIDOSE_FABRIC_NETWORK"), variable("VERIDOSE_FABRIC_NETWORKS"));
        let (Some(script), Some(networks)) = parts else {
            println!("skipped: no VERIDOSE_FABRIC_NETWORK, which `tests/run fabric` sets");
            return Ok(None);
        };
        let chaincode = variable("VERIDOSE_CHAINCODE_BIN").context("VERIDOSE_CHAINCODE_BIN is not set")?;
        let chaincode = chaincode.to_str().context("a path of text")?.to_owned();
        let network = Self { script, dir: networks.join(name), _one: Arc::clone(&ONE).lock_owned().await };
        network.run(&[&["up", "--chaincode", &chaincode], arguments].concat())?;
        Ok(Some(network))
    }

    /// Runs a command of the network script to its end; what it printed.
    pub fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = Command::new(&self.script).args(arguments).arg("--dir").arg(&self.dir).output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "network {}: {said}{}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(said)
    }

    /// A file of an organisation.
    pub fn file(&self, organisation: &str, name: &str) -> PathBuf {
        self.dir.join("organizations").join(organisation).join(name)
    }

    /// The arguments by which a node joins the channel as an organisation. It raises no cases by itself: tests count what stands
    /// on the ledger.
    pub fn joining(&self, organisation: &str) -> Vec<String> {
        let config = self.file(organisation, "node.toml");
        std::fs::write(&config, "[detection]\nenabled = false\n").expect("the network's folder is writable");
        let [profile, config] =
            [self.file(organisation, "connection.json"), config].map(|path| path.display().to_string());
        ["--ledger", "fabric", "--fabric-profile", &profile, "--config", &config].map(str::to_owned).into()
    }

    /// `--organisation` for each of these, as `veridose proof verify` wants them.
    pub fn authorities(&self, organisations: &[(&str, &str)]) -> anyhow::Result<Vec<String>> {
        let mut arguments = Vec::new();
        for (organisation, msp_id) in organisations {
            let folder = self.file(organisation, "msp/cacerts");
            let file = std::fs::read_dir(&folder)?.next().context("an authority's certificate")??.path();
            arguments.extend(["--organisation".to_owned(), format!("{msp_id}={}", file.display())]);
        }
        Ok(arguments)
    }
}

impl Drop for FabricNetwork {
    #[expect(clippy::print_stdout, reason = "a test that failed says where to look")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the network that failed was in {}", self.dir.display());
        }
        if let Err(error) = self.run(&["down", "--purge"]) {
            println!("{error:#}");
        }
    }
}

/// Size and root of a node's log.
pub async fn checkpoint(client: &Client) -> anyhow::Result<(u64, String)> {
    let text = client.request(Method::GET, "/log/checkpoint").send().await?.error_for_status()?.text().await?;
    let mut lines = text.lines().skip(1);
    let size = lines.next().context("a size")?.parse()?;
    Ok((size, lines.next().context("a root")?.to_owned()))
}

/// Asks until the answer is as wanted; the last one if it never is.
pub async fn eventually(
    patience: Duration,
    mut ask: impl AsyncFnMut() -> anyhow::Result<Value>,
    wanted: impl Fn(&Value) -> bool,
) -> anyhow::Result<Value> {
    let begin = Instant::now();
    loop {
        let answer = ask().await?;
        if wanted(&answer) {
            return Ok(answer);
        }
        ensure!(begin.elapsed() < patience, "still {answer} after {patience:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Copies what founds a node (network file and keys) to another directory, so that both are of one network.
pub fn copy_founding(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::copy(from.join("network.toml"), to.join("network.toml"))?;
    copy_folder(&from.join("keys"), &to.join("keys"))
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}
