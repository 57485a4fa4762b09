//! The server that peers connect to.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use fabric_sdk::fabric::protos::ChaincodeMessage;
use fabric_sdk::fabric::protos::chaincode_server::{Chaincode as Service, ChaincodeServer};
use tokio::sync::{Semaphore, mpsc, watch};
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, Identity, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming};

use super::session::{self, Shared};
use super::{Chaincode, Metrics};

/// Messages that wait to be sent to one peer; who has one more to send waits.
const OUTGOING_MAX: usize = 1_024;
/// Streams at once: a peer opens one.
const STREAMS_MAX: u32 = 64;
/// How often a silent peer is asked whether it is there, and how long it may take to say so.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(20));
/// What connections may take to close after their streams did.
const CLOSE_MAX: Duration = Duration::from_secs(2);

/// How a chaincode is served.
#[derive(Debug, Clone)]
pub struct Options {
    /// The package's identifier, which `peer lifecycle chaincode install` prints.
    pub package_id: String,
    /// Where peers connect; port 0 takes a free one.
    pub address: SocketAddr,
    /// TLS, if peers are to use it.
    pub tls: Option<Tls>,
    /// Size of a message; a peer takes no more than 100 MiB unless told otherwise.
    pub message_bytes_max: usize,
    /// Transactions under way at once, over all peers.
    pub in_flight_max: usize,
    /// What transactions under way may take to end when the chaincode stops.
    pub stop_max: Duration,
}

impl Options {
    /// The usual limits.
    pub fn new(package_id: impl Into<String>, address: SocketAddr) -> Self {
        Self {
            package_id: package_id.into(),
            address,
            tls: None,
            message_bytes_max: 100 << 20,
            in_flight_max: 1_024,
            stop_max: Duration::from_secs(10),
        }
    }
}

/// Certificates and keys, PEM.
#[derive(Clone)]
pub struct Tls {
    /// The chaincode's certificate, with the chain behind it.
    pub certificate: String,
    /// Its key.
    pub key: String,
    /// Whose certificates peers must show; nothing if they need none.
    pub client_authority: Option<String>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("client_authority", &self.client_authority.is_some()).finish_non_exhaustive()
    }
}

/// Why the server does not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be listened on.
    #[error("failed to listen on {address}")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A certificate or key is not usable.
    #[error("failed to use the TLS certificate, key or client authority")]
    Tls(#[source] tonic::transport::Error),
    /// It ended by itself.
    #[error("the server failed")]
    Serve(#[source] tonic::transport::Error),
}

/// A chaincode that is ready to be connected to.
pub struct Server<C> {
    incoming: TcpIncoming,
    address: SocketAddr,
    builder: tonic::transport::Server,
    shared: Shared<C>,
    stop: watch::Sender<bool>,
}

impl<C: Chaincode> Server<C> {
    /// Listens. Must be called within a tokio runtime.
    pub fn bind(options: Options, chaincode: C, metrics: Arc<Metrics>) -> Result<Self, ServerError> {
        let address = options.address;
        let failed = |source| ServerError::Bind { address, source };
        let mut builder = tonic::transport::Server::builder()
            .http2_keepalive_interval(Some(KEEPALIVE.0))
            .http2_keepalive_timeout(Some(KEEPALIVE.1))
            .max_concurrent_streams(STREAMS_MAX)
            .initial_stream_window_size(8 << 20)
            .initial_connection_window_size(16 << 20);
        if let Some(tls) = &options.tls {
            let mut config = ServerTlsConfig::new().identity(Identity::from_pem(&tls.certificate, &tls.key));
            if let Some(authority) = &tls.client_authority {
                config = config.client_ca_root(Certificate::from_pem(authority));
            }
            builder = builder.tls_config(config).map_err(ServerError::Tls)?;
        }
        let listener = std::net::TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(failed)?;
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let (stop, stopped) = watch::channel(false);
        let permits = Arc::new(Semaphore::new(options.in_flight_max));
        let shared = Shared { chaincode: Arc::new(chaincode), options, metrics, permits, stop: stopped };
        Ok(Self { incoming, address, builder, shared, stop })
    }

    /// Where peers connect.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` ends; then takes no more transactions, lets those under way end within the bound, and closes
    /// the streams.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) -> Result<(), ServerError> {
        let Self { incoming, address: _, mut builder, shared, stop: tell } = self;
        let message_bytes_max = shared.options.message_bytes_max;
        let close_max = shared.options.stop_max + CLOSE_MAX;
        let mut stopped = shared.stop.clone();
        let streams = Streams { shared: Arc::new(shared), open: Arc::new(Semaphore::new(STREAMS_MAX as usize)) };
        let service = ChaincodeServer::new(streams)
            .max_decoding_message_size(message_bytes_max)
            .max_encoding_message_size(message_bytes_max);
        let serve = builder.add_service(service).serve_with_incoming_shutdown(incoming, async move {
            // An error means that the sender is gone, which is a stop as well.
            let _ = stopped.wait_for(|stop| *stop).await;
        });
        let mut serve = std::pin::pin!(serve);
        tokio::select! {
            ended = &mut serve => return ended.map_err(ServerError::Serve),
            () = stop => {
                tell.send_replace(true);
            }
        }
        match tokio::time::timeout(close_max, serve).await {
            Ok(ended) => ended.map_err(ServerError::Serve),
            // A peer that does not close its connection cannot keep the chaincode from ending.
            Err(_) => Ok(()),
        }
    }
}

struct Streams<C> {
    shared: Arc<Shared<C>>,
    open: Arc<Semaphore>,
}

#[tonic::async_trait]
impl<C: Chaincode> Service for Streams<C> {
    type ConnectStream = ReceiverStream<Result<ChaincodeMessage, Status>>;

    async fn connect(
        &self,
        request: Request<Streaming<ChaincodeMessage>>,
    ) -> Result<Response<Self::ConnectStream>, Status> {
        if *self.shared.stop.borrow() {
            return Err(Status::unavailable("the chaincode is stopping"));
        }
        let permit = Arc::clone(&self.open).try_acquire_owned();
        let permit = permit.map_err(|_| Status::resource_exhausted("too many streams are open"))?;
        let (out, outgoing) = mpsc::channel(OUTGOING_MAX);
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            session::run(shared, request.into_inner(), out).await;
            drop(permit);
        });
        Ok(Response::new(ReceiverStream::new(outgoing)))
    }
}
