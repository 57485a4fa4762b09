//! PostgreSQL for a test: a database of its own on the server that `tests/run` started, or a server of its own that it may kill.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use sqlx::{AssertSqlSafe, PgPool};
use tempfile::TempDir;

use crate::server::free_port;

/// Longest wait for processes that were killed.
const PATIENCE: Duration = Duration::from_secs(10);

/// A new database on the server that `VERIDOSE_TEST_POSTGRES` names: its URL. `name` keeps the tests' databases apart.
#[expect(clippy::print_stdout, reason = "a test that skips says so on its standard output")]
pub async fn new_database(name: &str) -> anyhow::Result<Option<String>> {
    let Ok(url) = std::env::var("VERIDOSE_TEST_POSTGRES") else {
        println!("skipped: VERIDOSE_TEST_POSTGRES names no server, which `tests/run` starts");
        return Ok(None);
    };
    let name = format!("veridose_{name}_{}", std::process::id());
    let pool = PgPool::connect(&url).await?;
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&pool).await?;
    pool.close().await;
    let (server, _) = url.rsplit_once('/').context("the URL ends with the name of a database")?;
    Ok(Some(format!("{server}/{name}")))
}

/// A server of a test's own, gone when dropped. It waits for the disk as one in production does.
#[derive(Debug)]
pub struct PostgresServer {
    commands: PathBuf,
    folder: TempDir,
    port: u16,
    /// A child of this process, which asks after it: a dead one that nobody asks after is in the next one's way.
    server: Option<Child>,
}

impl PostgresServer {
    /// Makes a cluster and starts it; nothing where PostgreSQL is not installed (`tests/run` says where it is).
    #[expect(clippy::print_stdout, reason = "a test that skips says so on its standard output")]
    pub fn start() -> anyhow::Result<Option<Self>> {
        let Some(commands) = std::env::var_os("VERIDOSE_TEST_POSTGRES_BIN").map(PathBuf::from) else {
            println!("skipped: VERIDOSE_TEST_POSTGRES_BIN names no folder of PostgreSQL's commands");
            return Ok(None);
        };
        let folder = tempfile::tempdir()?;
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777))?;
        let mut server = Self { commands, folder, port: free_port()?, server: None };
        let made = server.command("initdb")?.args(["-U", "veridose", "-A", "trust", "--no-sync"]).output()?;
        ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        server.resume()?;
        Ok(Some(server))
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("postgres://veridose@127.0.0.1:{}/postgres", self.port)
    }

    /// SIGKILL to all of its processes.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        // Asleep it starts no others while they are counted.
        signal("-STOP", server.id())?;
        let others = children(server.id())?;
        for process in &others {
            signal("-KILL", *process)?;
        }
        server.kill()?;
        server.wait()?;
        let begun = Instant::now();
        while others.iter().any(|process| is_alive(*process)) {
            ensure!(begun.elapsed() < PATIENCE, "PostgreSQL outlives SIGKILL");
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Starts it on what is there, and waits until it takes connections.
    pub fn resume(&mut self) -> anyhow::Result<()> {
        let port = self.port.to_string();
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log())?;
        let mut command = self.command("postgres")?;
        command.args(["-p", &port, "-c", "listen_addresses=127.0.0.1", "-k"]).arg(self.folder.path());
        self.server = Some(command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?);
        let begun = Instant::now();
        let is_ready = || {
            let mut ask = Command::new(self.commands.join("pg_isready"));
            ask.args(["-q", "-h", "127.0.0.1", "-p", &port]).status().is_ok_and(|status| status.success())
        };
        while !is_ready() {
            let log = || std::fs::read_to_string(self.log()).unwrap_or_default();
            ensure!(begun.elapsed() < PATIENCE, "PostgreSQL does not take connections:\n{}", log());
        }
        Ok(())
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    /// One of PostgreSQL's commands on the cluster, as a user that PostgreSQL takes: not as root.
    fn command(&self, name: &str) -> anyhow::Result<Command> {
        let mut command = Command::new(self.commands.join(name));
        command.arg("-D").arg(self.folder.path().join("data")).current_dir("/");
        if std::fs::metadata("/proc/self")?.uid() == 0 {
            let users = std::fs::read_to_string("/etc/passwd")?;
            let user =
                ["postgres:", "nobody:"].iter().find_map(|name| users.lines().find(|line| line.starts_with(name)));
            let mut fields = user.context("no user postgres or nobody")?.split(':').skip(2);
            let mut number = || fields.next().context("a number")?.parse().context("a number");
            command.uid(number()?).gid(number()?);
        }
        Ok(command)
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // Fails only for one that does not run, which is what is wanted.
        let _ = self.kill();
    }
}

/// Sends a signal to a process, if it is there.
fn signal(signal: &str, process: u32) -> anyhow::Result<()> {
    Command::new("kill").args([signal, &process.to_string()]).stderr(Stdio::null()).status()?;
    Ok(())
}

/// Whether a process runs: one that ended may be seen until its parent has asked after it.
fn is_alive(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    status.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with(['Z', 'X']))
}

/// The processes that a process started.
fn children(parent: u32) -> anyhow::Result<Vec<u32>> {
    let text = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"))?;
    text.split_whitespace().map(|id| id.parse().context("a process")).collect()
}
