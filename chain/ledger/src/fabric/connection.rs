//! Connections to peers: TLS against the authority that the profile names, opened when first used and again after a break.

use std::time::Duration;

use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

use super::profile::Peer;
use crate::LedgerError;

/// How long a connection may take to open.
const CONNECT: Duration = Duration::from_secs(3);
/// How often an idle connection is tried. A peer ends one that asks more than once a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long the answer to that may take.
const KEEP_ALIVE_ANSWER: Duration = Duration::from_secs(10);
/// Bytes of a message at most: a block with large batches goes into one.
pub(crate) const MESSAGE_BYTES_MAX: usize = 100 << 20;
/// Bytes of headers at most: the refusals of a submit come in one, from each endorser.
const HEADER_BYTES_MAX: u32 = 1 << 20;

/// A peer with the connection to it.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) name: String,
    pub(crate) msp_id: String,
    pub(crate) channel: Channel,
}

impl Connection {
    /// Prepares a connection; nothing is sent yet.
    pub(crate) fn prepare(peer: &Peer) -> Result<Self, LedgerError> {
        let wrong = |error: &dyn std::fmt::Display| {
            LedgerError::Configuration(format!("the connection profile: peer {:?} at {}: {error}", peer.name, peer.url))
        };
        let mut endpoint = Endpoint::from_shared(peer.url.clone())
            .map_err(|error| wrong(&error))?
            .connect_timeout(CONNECT)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE_ANSWER)
            .http2_max_header_list_size(HEADER_BYTES_MAX);
        if let Some(pem) = &peer.authority_pem {
            let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
            if let Some(name) = &peer.server_name {
                tls = tls.domain_name(name);
            }
            endpoint = endpoint.tls_config(tls).map_err(|error| wrong(&error))?;
        }
        Ok(Self { name: peer.name.clone(), msp_id: peer.msp_id.clone(), channel: endpoint.connect_lazy() })
    }
}
