//! TLS: with the right authority, without a client certificate where one is asked for, and with unusable files.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tonic::transport::{Certificate, ClientTlsConfig, Identity};
use veridose_chaincode::shim::{Metrics, Options, Server, Tls};

use super::peer::Peer;
use super::shim::{Served, Trial};

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        // The workspace links two cryptographic libraries; whichever test comes first says which one is meant.
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        let key = KeyPair::generate().expect("a key");
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = parameters.self_signed(&key).expect("a certificate").pem();
        Self { pem, issuer: Issuer::new(parameters, key) }
    }

    fn issue(&self) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let parameters = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let certificate = parameters.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    fn trusted(&self) -> ClientTlsConfig {
        ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&self.pem)).domain_name("localhost")
    }
}

fn served(authority: &Authority, clients: Option<&Authority>) -> Served {
    let (certificate, key) = authority.issue();
    let client_authority = clients.map(|authority| authority.pem.clone());
    Served::start(Trial::default(), |options| options.tls = Some(Tls { certificate, key, client_authority }))
}

#[tokio::test]
async fn a_peer_that_trusts_the_authority_connects_and_another_does_not() {
    let (ours, other) = (Authority::new(), Authority::new());
    let served = served(&ours, None);
    let peer = Peer::connect_with(served.address, Some(ours.trusted())).await.expect("trusted");
    assert_eq!(peer.evaluate("get", &[b"k".to_vec()]).await.response.status, 200);
    assert!(Peer::connect_with(served.address, Some(other.trusted())).await.is_err());
    assert!(Peer::connect_with(served.address, None).await.is_err(), "without TLS");
}

#[tokio::test]
async fn where_peers_must_show_a_certificate_only_the_authoritys_will_do() {
    let (ours, peers, other) = (Authority::new(), Authority::new(), Authority::new());
    let served = served(&ours, Some(&peers));
    let shown = |authority: &Authority| {
        let (certificate, key) = authority.issue();
        Some(ours.trusted().identity(Identity::from_pem(certificate, key)))
    };
    let peer = Peer::connect_with(served.address, shown(&peers)).await.expect("its authority is known");
    assert_eq!(peer.evaluate("get", &[b"k".to_vec()]).await.response.status, 200);
    assert!(Peer::connect_with(served.address, shown(&other)).await.is_err());
    assert!(Peer::connect_with(served.address, Some(ours.trusted())).await.is_err(), "none shown");
}

#[tokio::test]
async fn an_unusable_key_is_an_error_at_the_start() {
    let (certificate, _) = Authority::new().issue();
    let mut options = Options::new("trial:1", "127.0.0.1:0".parse().expect("an address"));
    options.tls = Some(Tls { certificate, key: "no key".to_owned(), client_authority: None });
    let error = Server::bind(options, Trial::default(), Arc::new(Metrics::default())).err().expect("no key");
    assert!(error.to_string().contains("TLS"), "{error}");
}
