//! PostgreSQL for a test: a database of its own on the server that `tests/run` started, or a server of its own that it may kill.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
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
        let server = Self { commands, folder, port: free_port()? };
        server.run("initdb", &["-U", "veridose", "-A", "trust", "--no-sync"])?;
        server.resume()?;
        Ok(Some(server))
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("postgres://veridose@127.0.0.1:{}/postgres", self.port)
    }

    /// SIGKILL to all of its processes.
    pub fn kill(&self) -> anyhow::Result<()> {
        let file = self.data().join("postmaster.pid");
        let text = std::fs::read_to_string(&file).with_context(|| format!("failed to read {}", file.display()))?;
        let first: u32 = text.lines().next().context("a process")?.trim().parse()?;
        // Asleep it starts no others while they are counted.
        signal("-STOP", first)?;
        let all: Vec<u32> = children(first)?.into_iter().chain([first]).collect();
        for process in &all {
            signal("-KILL", *process)?;
        }
        let begun = Instant::now();
        while all.iter().any(|process| is_alive(*process)) {
            ensure!(begun.elapsed() < PATIENCE, "PostgreSQL outlives SIGKILL");
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Starts it again on what it left.
    pub fn resume(&self) -> anyhow::Result<()> {
        let log = self.folder.path().join("server.log").display().to_string();
        let socket = self.folder.path().display();
        let options = format!("-p {} -k {socket} -c listen_addresses=127.0.0.1 -c max_connections=100", self.port);
        self.run("pg_ctl", &["-s", "-w", "-l", &log, "-o", &options, "start"])
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Runs one of PostgreSQL's commands on the cluster, as a user that PostgreSQL takes.
    fn run(&self, command: &str, arguments: &[&str]) -> anyhow::Result<()> {
        let program = self.commands.join(command);
        let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        let mut run = if is_root { Command::new("runuser") } else { Command::new(&program) };
        if is_root {
            let user = if Path::new("/var/lib/postgresql").exists() { "postgres" } else { "nobody" };
            run.args(["-u", user, "--"]).arg(&program);
        }
        // Its output goes nowhere: the server inherits it and would keep a pipe open.
        let run = run.arg("-D").arg(self.data()).args(arguments).current_dir("/").stdout(Stdio::null());
        let status = run.status().with_context(|| format!("failed to run {}", program.display()))?;
        ensure!(status.success(), "{command} of PostgreSQL: {status}");
        Ok(())
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // Fails only for one that does not run, which is what is wanted.
        let _ = self.run("pg_ctl", &["-s", "-m", "immediate", "stop"]);
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
