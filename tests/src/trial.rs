//! A node on the trial network of invented members, and callers of it.

use std::path::Path;

use tempfile::TempDir;

use crate::client::{Client, token};
use crate::server::Server;

/// A running node and its data, both gone when dropped.
#[derive(Debug)]
pub struct Trial {
    /// The running node.
    pub server: Server,
    data: TempDir,
    arguments: Vec<String>,
}

impl Trial {
    /// Starts a node in an empty directory.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(tempfile::tempdir()?, Vec::new()).await
    }

    /// Starts a node with arguments of its own.
    pub async fn start_with(data: TempDir, arguments: Vec<String>) -> anyhow::Result<Self> {
        let server = Server::start(data.path(), &serve(&arguments)).await?;
        Ok(Self { server, data, arguments })
    }

    /// Kills the node, if it still runs, and starts it again as it was.
    pub async fn kill_and_resume(self) -> anyhow::Result<Self> {
        let Self { server, data, arguments } = self;
        server.kill()?;
        Self::start_with(data, arguments).await
    }

    /// Its data directory.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// A member's caller.
    pub fn member(&self, role: &str, party: &str) -> anyhow::Result<Client> {
        self.client(role, &["--party", party])
    }

    /// Alpine Pharma.
    pub fn maker(&self) -> anyhow::Result<Client> {
        self.member("manufacturer", "alpine-pharma")
    }

    /// North Wholesale.
    pub fn north(&self) -> anyhow::Result<Client> {
        self.member("distributor", "north-wholesale")
    }

    /// Harbour Pharmacy.
    pub fn harbour(&self) -> anyhow::Result<Client> {
        self.member("pharmacy", "harbour-pharmacy")
    }

    /// The Medicines Agency.
    pub fn agency(&self) -> anyhow::Result<Client> {
        self.member("regulator", "medicines-agency")
    }

    /// A patient whose consents Harbour Pharmacy keeps.
    pub fn patient(&self, pseudonym: &str) -> anyhow::Result<Client> {
        self.client("patient", &["--patient", pseudonym, "--party", "harbour-pharmacy"])
    }

    fn client(&self, role: &str, arguments: &[&str]) -> anyhow::Result<Client> {
        Client::new(self.server.base(), Some(&token(self.data(), role, arguments)?))
    }

    /// Stops the node as its operator would; its data stay.
    pub async fn stop(self) -> anyhow::Result<TempDir> {
        self.server.stop().await?;
        Ok(self.data)
    }

    /// Kills the node; its data stay.
    pub fn kill(self) -> anyhow::Result<TempDir> {
        self.server.kill()?;
        Ok(self.data)
    }

    /// Starts a node on data that another left.
    pub async fn resume(data: TempDir) -> anyhow::Result<Self> {
        Self::start_with(data, Vec::new()).await
    }
}

fn serve(arguments: &[String]) -> Vec<&str> {
    std::iter::once("serve").chain(arguments.iter().map(String::as_str)).collect()
}
