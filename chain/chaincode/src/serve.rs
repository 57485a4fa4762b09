//! A chaincode as a program: what the command line and the environment say, done until it is told to stop. The names are
//! those of Fabric's own samples.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::shim::{Chaincode, Metrics, Options, Server, Tls, serve_metrics};

/// Serves chaincode to peers of Hyperledger Fabric.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Arguments {
    /// The package's identifier, which `peer lifecycle chaincode install` prints.
    #[arg(long, env = "CHAINCODE_ID")]
    id: String,
    /// Where peers connect.
    #[arg(long, env = "CHAINCODE_SERVER_ADDRESS", default_value = "127.0.0.1:9999")]
    address: SocketAddr,
    /// The server's TLS certificate, PEM.
    #[arg(long, env = "CHAINCODE_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its key, PEM.
    #[arg(long, env = "CHAINCODE_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Whose certificates peers must show, PEM.
    #[arg(long, env = "CHAINCODE_CLIENT_CA_CERT", requires = "tls_cert")]
    client_ca_cert: Option<PathBuf>,
    /// Where metrics are scraped; none without.
    #[arg(long, env = "CHAINCODE_METRICS_ADDRESS")]
    metrics_address: Option<SocketAddr>,
    /// Transactions under way at once.
    #[arg(long, env = "CHAINCODE_IN_FLIGHT_MAX", default_value_t = 512)]
    in_flight_max: usize,
}

/// Serves the chaincode until SIGTERM or SIGINT.
pub fn serve(arguments: &Arguments, chaincode: impl Chaincode) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(std::io::stderr).init();
    // Several crates link a library for TLS each; one is chosen before any of them looks. It fails if one was chosen.
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    // A transaction may hold a thread while it runs.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(arguments.in_flight_max.max(1))
        .build()?;
    let served = runtime.block_on(run(arguments, chaincode));
    // What was cut off ends at its next read of the state.
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

async fn run(arguments: &Arguments, chaincode: impl Chaincode) -> anyhow::Result<()> {
    let mut options = Options::new(arguments.id.as_str(), arguments.address);
    options.in_flight_max = arguments.in_flight_max;
    options.tls = tls(arguments)?;
    let metrics = Arc::new(Metrics::default());
    let server = Server::bind(options, chaincode, Arc::clone(&metrics))?;
    tracing::info!(address = %server.address(), id = arguments.id, "serving");
    if let Some(address) = arguments.metrics_address {
        tokio::spawn(async move {
            if let Err(error) = serve_metrics(address, metrics).await {
                tracing::error!(%address, %error, "the metrics are not served");
            }
        });
    }
    let mut terminated = signal(SignalKind::terminate())?;
    let stop = async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        tracing::info!("stopping");
    };
    server.run(stop).await?;
    Ok(())
}

fn tls(arguments: &Arguments) -> anyhow::Result<Option<Tls>> {
    let read =
        |path: &PathBuf| std::fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()));
    let (Some(certificate), Some(key)) = (&arguments.tls_cert, &arguments.tls_key) else { return Ok(None) };
    let client_authority = arguments.client_ca_cert.as_ref().map(read).transpose()?;
    Ok(Some(Tls { certificate: read(certificate)?, key: read(key)?, client_authority }))
}
