//! A server of a test's own.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use crate::ground::ground;

/// Longest wait for a server that starts or stops.
const PATIENCE: Duration = Duration::from_mins(1);

/// The built `veridose`: `VERIDOSE_BIN`, or beside the test's own executable.
pub fn binary() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os("VERIDOSE_BIN") {
        return Ok(path.into());
    }
    let test = std::env::current_exe()?;
    let folder = test.ancestors().nth(2).context("a test executable lies in target/PROFILE/deps")?;
    let path = folder.join("veridose");
    ensure!(path.is_file(), "{} is not built: run `cargo build` with the same profile first", path.display());
    Ok(path)
}

/// A running `veridose`, killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    base: String,
    data: PathBuf,
}

impl Server {
    /// Starts `veridose ARGUMENTS… ` on a free port with its data in the directory, and waits until it is ready.
    pub async fn start(data: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        let mut server = Self::spawn(data, arguments)?;
        server.wait_until_ready().await?;
        Ok(server)
    }

    /// Starts it and does not wait.
    pub fn spawn(data: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        Self::spawn_on(free_port()?, data, arguments)
    }

    /// Starts it again where it was, after [`Server::kill_in_place`], and waits until it is ready.
    pub async fn start_again(&mut self, arguments: &[&str]) -> anyhow::Result<()> {
        let (_, port) = self.base.rsplit_once(':').context("the address ends with a port")?;
        *self = Self::spawn_on(port.parse()?, &self.data.clone(), arguments)?;
        self.wait_until_ready().await
    }

    fn spawn_on(port: u16, data: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(data.join("server.log"))?;
        let child = Command::new(binary()?)
            .args(arguments)
            .arg("--data")
            .arg(data)
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .envs(ground(data, arguments)?)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("failed to start veridose")?;
        Ok(Self { child, base: format!("http://127.0.0.1:{port}"), data: data.to_owned() })
    }

    /// Waits for `/readyz`.
    pub async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let begin = Instant::now();
        loop {
            if let Ok(answer) = reqwest::get(format!("{}/readyz", self.base)).await
                && answer.status().is_success()
            {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("veridose ended with {status}:\n{}", self.log());
            }
            ensure!(begin.elapsed() < PATIENCE, "veridose is not ready after {PATIENCE:?}:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Its data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.data.join("server.log")).unwrap_or_default()
    }

    /// The most memory it has held, in bytes (Linux).
    pub fn peak_memory_bytes(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib * 1_024)
    }

    /// SIGKILL, at once.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.kill_in_place()
    }

    /// SIGKILL, and stays what is left of a server: where it was.
    pub fn kill_in_place(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGSTOP: it does nothing until it is woken, and keeps all that it holds.
    pub fn sleep(&self) -> anyhow::Result<()> {
        self.signal("-STOP")
    }

    /// SIGCONT.
    pub fn wake(&self) -> anyhow::Result<()> {
        self.signal("-CONT")
    }

    fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let sent = Command::new("kill").args([signal, &self.id().to_string()]).status()?;
        ensure!(sent.success(), "kill {signal}: {sent}");
        Ok(())
    }

    /// SIGTERM; it must end by itself with exit code 0.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.signal("-TERM")?;
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "veridose stopped with {status}:\n{}", self.log());
                return Ok(());
            }
            ensure!(begin.elapsed() < PATIENCE, "veridose does not stop after {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails only for a process that has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
