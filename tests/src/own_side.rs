//! Signing on an organisation's own side, with the keys that the trial network keeps in the data directory.

use std::path::Path;

use anyhow::Context as _;
use reqwest::Method;
use serde_json::json;
use veridose_contract::merkle::leaf_hash;
use veridose_contract::{Action, Command, Commitment, IdempotencyKey, ItemKey, NetworkId, PartyId, Transaction};
use veridose_ledger::pki::{self, AuthorityCertificate, Passphrase, fingerprint, parse_pem};
use veridose_ledger::{Network, Signer, prepare};

use crate::client::{Client, printed, send};
use crate::factory::now;
use crate::goods::pack;
use crate::server::Server;

/// A member of the trial network that signs many transactions itself.
pub struct OwnSide {
    network: NetworkId,
    signer: Signer,
}

impl OwnSide {
    /// With the keys in a node's data directory.
    pub fn open(data: &Path, party: &str) -> anyhow::Result<Self> {
        let (keys, folder) = (data.join("keys"), data.join("keys").join(party));
        let text = |path: &Path| std::fs::read_to_string(path).with_context(|| path.display().to_string());
        let passphrase = Passphrase::from_file(&keys.join("passphrase"))?;
        let key = pki::open(&text(&folder.join("signer.key"))?, &format!("{party} signer"), &passphrase)?;
        let authority = AuthorityCertificate::parse(&parse_pem(&text(&folder.join("ca.pem"))?)?)?;
        let certificate = parse_pem(&text(&folder.join("signer.pem"))?)?;
        let certificate = pki::check(&certificate, &authority, &PartyId::parse(party)?)?.certificate;
        let network = Network::parse(&text(&data.join("network.toml"))?)?.id;
        Ok(Self { network, signer: Signer::new(&key, certificate)? })
    }

    /// The key that its signatures are checked with.
    pub fn public_key(&self) -> anyhow::Result<[u8; 65]> {
        Ok(pki::subject_and_key(&self.signer.certificate().der)?.1)
    }

    /// A transaction of one command, whose document nobody holds.
    pub fn signed(&self, key: &str, action: Action, items: Vec<ItemKey>) -> anyhow::Result<Transaction> {
        let now = now();
        let command =
            Command { action, happened: now, site: None, payload: Commitment(leaf_hash(key.as_bytes())), items };
        let key = IdempotencyKey(leaf_hash(key.as_bytes())[..16].try_into()?);
        Ok(prepare(&self.signer, self.network, key, now, vec![command])?)
    }
}

/// Alpine Pharma's transaction that destroys a pack: prepared by the node, signed with the command line, as base64.
pub async fn signed_destruction(server: &Server, maker: &Client, serial: &str) -> anyhow::Result<String> {
    let folder = server.data().join("keys/alpine-pharma");
    let (key, certificate) = (folder.join("signer.key"), folder.join("signer.pem"));
    let name = fingerprint(&parse_pem(&std::fs::read_to_string(&certificate)?)?);
    let request = maker.request(Method::POST, "/decommissions").header("Prefer", "return=unsigned");
    let request = request.header("Veridose-Certificate", name.to_string()).header("Idempotency-Key", serial);
    let body = json!({"items": [pack(serial)], "reason": "destroyed"});
    let unsigned = send(request.json(&body)).await?.success()?;
    let file = server.data().join("unsigned.json");
    std::fs::write(&file, unsigned.to_string())?;
    let [key, certificate, file] = [key, certificate, file].map(|path| path.to_str().map(str::to_owned));
    let missing = "a path of text";
    let (key, certificate) = (key.context(missing)?, certificate.context(missing)?);
    let file = file.context(missing)?;
    printed(server.data(), &["sign", "--key", &key, "--certificate", &certificate, &file])
}
