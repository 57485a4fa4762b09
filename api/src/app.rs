//! The HTTP server: wiring, start and stop.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpServer, web};
use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use utoipa_actix_web::AppExt as _;

use crate::analysis::Analyses;
use crate::auth::{Authority, Embedded, SessionTerms};
use crate::background::Background;
use crate::config::Config;
use crate::metrics::Metrics;
use crate::node::Node;
use crate::pages::{PublicUrl, Trial};
use crate::passkey::RelyingParty;
use crate::rate::Rate;
use crate::{middleware, routes};

/// How often idle clients' buckets are forgotten.
const FORGET_EVERY: Duration = Duration::from_mins(1);

/// The signals that stop the process, caught from the moment this is made.
pub struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    /// Catches ctrl-c and SIGTERM. A server that is still starting then stops when it has started.
    pub fn catch() -> anyhow::Result<Self> {
        let caught = |kind| signal(kind).context("failed to catch signals");
        Ok(Self { interrupt: caught(SignalKind::interrupt())?, terminate: caught(SignalKind::terminate())? })
    }

    async fn asked(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => tracing::info!("interrupted"),
            _ = self.terminate.recv() => tracing::info!("asked to end"),
        }
    }
}

/// A server that runs.
pub struct Running {
    /// Where it listens: the port that was free, if 0 was asked for.
    pub address: SocketAddr,
    handle: ServerHandle,
    server: JoinHandle<std::io::Result<()>>,
    forgetting: JoinHandle<()>,
    background: Background,
    node: web::Data<Node>,
}

impl Running {
    /// Stops taking requests, lets those in flight end within the configured time, and returns.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.node.live().close();
        self.handle.stop(true).await;
        self.ended().await
    }

    /// Returns when the server has ended, by a signal (ctrl-c, SIGTERM) or a failure.
    pub async fn ended(self) -> anyhow::Result<()> {
        let ended = self.server.await.context("the server's task failed")?;
        self.forgetting.abort();
        self.background.stop().await;
        ended.context("the server failed")
    }
}

/// Takes the address that the server is to listen on.
pub fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).with_context(|| format!("failed to listen on {address}"))
}

/// Starts the server on a node, and the work that goes on behind it, until it is asked to stop.
pub async fn start(config: &Config, listener: TcpListener, node: Arc<Node>, stop: Stop) -> anyhow::Result<Running> {
    let address = listener.local_addr().context("failed to learn the address listened on")?;
    let background = Background::start(Arc::clone(&node), config.role).await?;
    let node = web::Data::from(node);
    let patients = web::Data::new(config.patients.clone());
    let relying_party = web::Data::new(RelyingParty::of(config)?);
    let embedded = config.auth.embedded.then(|| Embedded::open(node.keys(), config)).transpose()?;
    let authority = web::Data::new(Authority::new(config, embedded)?);
    let metrics = web::Data::new(Metrics::default());
    let rate = web::Data::new(Rate::new(config));
    let (terms, trial) = (web::Data::new(SessionTerms::new(config)), web::Data::new(Trial::of(&node, address)));
    let analyses = web::Data::new(Analyses::new(&config.data));
    let public_url = web::Data::new(PublicUrl::of(config));
    let (limits, role, forgetful) = (config.limits, config.role, rate.clone());
    let (serving, ending) = (node.clone(), node.clone());
    let asked = async move {
        stop.asked().await;
        // Requests in flight are waited for, and these would not end by themselves.
        ending.live().close();
    };
    let server = HttpServer::new(move || {
        App::new()
            .app_data(serving.clone())
            .app_data(patients.clone())
            .app_data(relying_party.clone())
            .app_data(authority.clone())
            .app_data(metrics.clone())
            .app_data(rate.clone())
            .app_data(terms.clone())
            .app_data(trial.clone())
            .app_data(public_url.clone())
            .app_data(analyses.clone())
            .configure(|service| routes::surroundings(service, role, limits))
            .wrap(Compress::default())
            .wrap(from_fn(middleware::around))
            .into_utoipa_app()
            .configure(|service| routes::of(role, service))
            .into_app()
    });
    let server = if limits.workers == 0 { server } else { server.workers(limits.workers) };
    let server = server.shutdown_timeout(limits.shutdown_seconds).shutdown_signal(asked).listen(listener)?.run();
    tracing::info!(%address, "listening");
    let forgetting = tokio::spawn(async move {
        let mut tick = tokio::time::interval(FORGET_EVERY);
        loop {
            tick.tick().await;
            forgetful.forget_idle();
        }
    });
    Ok(Running { address, handle: server.handle(), server: tokio::spawn(server), forgetting, background, node })
}
